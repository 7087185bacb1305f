/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/stations.h"

#include <stdlib.h>

enum { FIRST_SIZE = 32 };

void stations_init(struct stations *stations, const struct siphash_key *key)
{
    *stations = (struct stations){.index = {.key = *key}};
}

void stations_fini(struct stations *stations)
{
    free(stations->list);
    keyed_fini(&stations->index);
    *stations = (struct stations){.index = {.key = stations->index.key}};
}

static uint64_t hash_of(const void *owner, uint32_t number)
{
    const struct stations *stations = owner;
    return siphash_mac(&stations->index.key, &stations->list[number].mac);
}

static bool is(const void *owner, uint32_t number, const void *mac)
{
    const struct stations *stations = owner;
    return mac_equal(&stations->list[number].mac, mac);
}

struct station *stations_find(const struct stations *stations, const struct mac *mac)
{
    uint64_t hash = siphash_mac(&stations->index.key, mac);
    uint32_t number = keyed_find(&stations->index, hash, is, stations, mac);

    return number != KEYED_NONE ? &stations->list[number] : NULL;
}

static bool grow(struct stations *stations)
{
    uint32_t size = stations->size == 0 ? FIRST_SIZE : stations->size * 2;
    struct station *list = realloc(stations->list, size * sizeof(*list));

    if (list == NULL)
        return false;
    stations->list = list;
    if (!keyed_reserve(&stations->index, size, stations->count, hash_of, stations))
        return false;
    stations->size = size;
    return true;
}

struct station *stations_add(struct stations *stations, const struct mac *mac)
{
    if (stations->count == STATIONS_MAX || (stations->count == stations->size && !grow(stations)))
        return NULL;
    struct station *station = &stations->list[stations->count];
    *station = (struct station){.mac = *mac};
    keyed_put(&stations->index, hash_of(stations, stations->count), stations->count);
    stations->count++;
    return station;
}

void stations_remove(struct stations *stations, struct station *station)
{
    uint32_t number = (uint32_t)(station - stations->list);
    uint32_t last = stations->count - 1;

    keyed_remove(&stations->index, number, hash_of, stations);
    if (number != last) {
        keyed_renumber(&stations->index, hash_of(stations, last), last, number);
        *station = stations->list[last];
    }
    stations->count--;
}

void stations_sweep(struct stations *stations, bool (*gone)(void *context, struct station *station),
                    void *context)
{
    /* Removing fills the place with the last entry, which was asked already. */
    for (uint32_t i = stations->count; i-- > 0;)
        if (gone(context, &stations->list[i]))
            stations_remove(stations, &stations->list[i]);
}

void stations_clear(struct stations *stations)
{
    keyed_clear(&stations->index);
    stations->count = 0;
}
