/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wolfSSL's own share of the memory: the C library's, counted, and wiped when it is freed. Private
 * keys of ours lie in it, too. Knows no library.
 */
#ifndef AGENT_TLS_MEMORY_H
#define AGENT_TLS_MEMORY_H

#include <stddef.h>

/* As malloc(), free() and realloc(). */
void *tls_memory_allocate(size_t size);
void tls_memory_free(void *block);
void *tls_memory_resize(void *block, size_t size);

/* Bytes that the library holds now: contexts, connections, its caches. 0 if they are not counted
 * (tls_memory_count()). */
size_t tls_memory(void);

/* All that is held, with all links between blocks left as they are: see tls_forget_secrets(). */
void tls_memory_wipe(void);

/* After much was freed at once: gives it back to the system, where the C library does not do so by
 * itself. */
void tls_memory_return(void);

#endif
