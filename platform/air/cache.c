/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/cache.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cache_init(struct cache *cache, size_t size, size_t rows)
{
    assert(size >= sizeof(struct cache_entry) && rows > 0 && (rows & (rows - 1)) == 0);
    *cache = (struct cache){.size = size, .rows = rows};
    int error = siphash_key_random(&cache->key);
    if (error != 0)
        return error;
    cache->entries = calloc(rows * CACHE_ROW, size);
    return cache->entries != NULL ? 0 : -ENOMEM;
}

void cache_fini(struct cache *cache)
{
    free(cache->entries);
    *cache = (struct cache){0};
}

void cache_clear(struct cache *cache)
{
    memset(cache->entries, 0, cache->rows * CACHE_ROW * cache->size);
}

/* calloc's memory fits every type, and `size` keeps each entry aligned. */
static struct cache_entry *entry_at(struct cache *cache, size_t index)
{
    return (void *)(cache->entries + index * cache->size);
}

static size_t row_of(const struct cache *cache, const struct mac *mac)
{
    return (size_t)(siphash_mac(&cache->key, mac) & (cache->rows - 1)) * CACHE_ROW;
}

void *cache_find(struct cache *cache, const struct mac *mac, int64_t now)
{
    size_t row = row_of(cache, mac);

    for (size_t i = row; i < row + CACHE_ROW; i++) {
        struct cache_entry *entry = entry_at(cache, i);
        if (entry->used && mac_equal(&entry->mac, mac)) {
            entry->touched = now;
            return entry;
        }
    }
    return NULL;
}

/* A free place of the row, else that of the entry which was used longest ago. */
static struct cache_entry *place_in(struct cache *cache, size_t row)
{
    struct cache_entry *oldest = entry_at(cache, row);

    for (size_t i = row; i < row + CACHE_ROW && oldest->used; i++) {
        struct cache_entry *entry = entry_at(cache, i);
        if (!entry->used || entry->touched < oldest->touched)
            oldest = entry;
    }
    return oldest;
}

void *cache_take(struct cache *cache, const struct mac *mac, int64_t now)
{
    struct cache_entry *entry = cache_find(cache, mac, now);

    if (entry != NULL)
        return entry;
    entry = place_in(cache, row_of(cache, mac));
    if (entry->used)
        cache->evicted++;
    memset(entry, 0, cache->size);
    entry->mac = *mac;
    entry->used = true;
    entry->touched = now;
    return entry;
}

void *cache_at(struct cache *cache, size_t index)
{
    struct cache_entry *entry = entry_at(cache, index);

    return entry->used ? entry : NULL;
}
