/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of what was heard from the air, by MAC, whose size and cost nobody outside can change: a
 * keyed hash chooses a row, a row holds a few entries, and a new one takes the place of the one
 * that was used longest ago. What falls out is forgotten, so only what can be heard again belongs
 * here.
 *
 * An entry is a struct of the owner's whose first member is a struct cache_entry. A pointer to one
 * is good until the next cache_take().
 */
#ifndef PLATFORM_AIR_CACHE_H
#define PLATFORM_AIR_CACHE_H

#include "agent/base/mac.h"
#include "agent/base/siphash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CACHE_ROW = 8 };

struct cache_entry {
    struct mac mac;
    bool used;
    int64_t touched; /* when it was found or taken last */
};

struct cache {
    uint8_t *entries;
    size_t size; /* of an entry */
    size_t rows; /* a power of two */
    struct siphash_key key;
    uint64_t evicted;
};

/* `size`: of the owner's struct. `rows` must be a power of two. 0 or -errno. */
int cache_init(struct cache *cache, size_t size, size_t rows);
/* Does nothing for a cache that is all zero. */
void cache_fini(struct cache *cache);
void cache_clear(struct cache *cache);

/* NULL if it is not there. */
void *cache_find(struct cache *cache, const struct mac *mac, int64_t now);
/* Found, or made all zero but for its struct cache_entry. Never NULL. */
void *cache_take(struct cache *cache, const struct mac *mac, int64_t now);
/* The index-th place, from 0, in no order: NULL if nothing is there. There are rows * CACHE_ROW. */
void *cache_at(struct cache *cache, size_t index);

#endif
