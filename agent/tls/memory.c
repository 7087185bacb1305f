/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wolfSSL's own share of the memory: its allocator hooks, counted. Sizes are what the allocator
 * really gave, so that no header has to be hidden in front of each block.
 */
#include "agent/tls/library.h"
#include "agent/tls/tls.h"

#include <malloc.h>
#include <stdlib.h>

static size_t held;

void *tls_memory_allocate(size_t size)
{
    void *block = malloc(size);
    held += malloc_usable_size(block);
    return block;
}

void tls_memory_free(void *block)
{
    held -= malloc_usable_size(block);
    free(block);
}

void *tls_memory_resize(void *block, size_t size)
{
    size_t before = malloc_usable_size(block);
    void *fresh = realloc(block, size);

    if (fresh != NULL)
        held += malloc_usable_size(fresh) - before;
    return fresh;
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
