/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wolfSSL's own share of the memory: its allocator hooks, counted and kept apart. Private keys, the
 * secrets of sessions and the state of the random generator lie in it and nowhere else (but for the
 * keys of identities, which are taken from here, too), so that a child can be rid of them all. The
 * links stand in front of each block. Sizes are what the allocator really gave.
 */
#include "agent/tls/memory.h"

#include <malloc.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct link {
    struct link *next;
    struct link *previous;
};

enum {
    ALIGNED = alignof(max_align_t),
    LINK_SIZE = (sizeof(struct link) + ALIGNED - 1) / ALIGNED * ALIGNED,
};

static struct link all = {&all, &all};
static size_t held;

static struct link *link_of(void *block)
{
    return (struct link *)(void *)((char *)block - LINK_SIZE);
}

static void *block_of(struct link *link)
{
    return (char *)link + LINK_SIZE;
}

static size_t size_of(struct link *link)
{
    return malloc_usable_size(link) - LINK_SIZE;
}

void *tls_memory_allocate(size_t size)
{
    struct link *link = size <= SIZE_MAX - LINK_SIZE ? malloc(LINK_SIZE + size) : NULL;

    if (link == NULL)
        return NULL;
    held += malloc_usable_size(link);
    *link = (struct link){.next = all.next, .previous = &all};
    all.next->previous = link;
    all.next = link;
    return block_of(link);
}

/* What is freed may have held a secret, and would lie in the heap of every child. */
void tls_memory_free(void *block)
{
    if (block == NULL)
        return;
    struct link *link = link_of(block);
    link->next->previous = link->previous;
    link->previous->next = link->next;
    held -= malloc_usable_size(link);
    explicit_bzero(block, size_of(link));
    free(link);
}

void *tls_memory_resize(void *block, size_t size)
{
    void *fresh = tls_memory_allocate(size);

    if (fresh == NULL || block == NULL)
        return fresh;
    size_t before = size_of(link_of(block));
    memcpy(fresh, block, before < size ? before : size);
    tls_memory_free(block);
    return fresh;
}

void tls_memory_wipe(void)
{
    for (struct link *link = all.next; link != &all; link = link->next)
        explicit_bzero(block_of(link), size_of(link));
}

void tls_memory_return(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

size_t tls_memory(void)
{
    return held;
}
