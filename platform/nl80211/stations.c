/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/stations.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

void stations_init(struct stations *stations, const struct siphash_key *key)
{
    *stations = (struct stations){.key = *key};
}

void stations_fini(struct stations *stations)
{
    free(stations->slots);
    stations->slots = NULL;
    stations->size = 0;
    stations->count = 0;
}

static size_t home_of(const struct stations *stations, const struct mac *mac)
{
    return (size_t)siphash_mac(&stations->key, mac) & (stations->size - 1);
}

/* Where the MAC is, or the free place where its search ends; never more than half is used. */
static struct station *place_of(const struct stations *stations, const struct mac *mac)
{
    size_t place = home_of(stations, mac);

    while (stations->slots[place].used && !mac_equal(&stations->slots[place].mac, mac))
        place = (place + 1) & (stations->size - 1);
    return &stations->slots[place];
}

struct station *stations_find(const struct stations *stations, const struct mac *mac)
{
    if (stations->count == 0)
        return NULL;
    struct station *station = place_of(stations, mac);
    return station->used ? station : NULL;
}

static bool grow(struct stations *stations)
{
    struct stations larger = *stations;

    larger.size = stations->size == 0 ? FIRST_SIZE : stations->size * 2;
    larger.slots = calloc(larger.size, sizeof(*larger.slots));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < stations->size; i++) {
        if (stations->slots[i].used)
            *place_of(&larger, &stations->slots[i].mac) = stations->slots[i];
    }
    free(stations->slots);
    stations->slots = larger.slots;
    stations->size = larger.size;
    return true;
}

struct station *stations_add(struct stations *stations, const struct mac *mac)
{
    if (stations->count == STATIONS_MAX)
        return NULL;
    if (stations->count * 2 >= stations->size && !grow(stations))
        return NULL;
    struct station *station = place_of(stations, mac);
    *station = (struct station){.mac = *mac, .used = true};
    stations->count++;
    return station;
}

/* Whether the entry at `from` may stand at the free place `to`: not before its home (cyclically).
 */
static bool may_move(const struct stations *stations, size_t from, size_t to)
{
    size_t mask = stations->size - 1;
    size_t home = home_of(stations, &stations->slots[from].mac);

    return ((from - home) & mask) >= ((from - to) & mask);
}

void stations_remove(struct stations *stations, struct station *station)
{
    size_t mask = stations->size - 1;
    size_t hole = (size_t)(station - stations->slots);

    for (size_t i = (hole + 1) & mask; stations->slots[i].used; i = (i + 1) & mask) {
        if (may_move(stations, i, hole)) {
            stations->slots[hole] = stations->slots[i];
            hole = i;
        }
    }
    stations->slots[hole].used = false;
    stations->count--;
}

void stations_sweep(struct stations *stations, bool (*gone)(void *context, struct station *station),
                    void *context)
{
    size_t i = 0;

    /* Removing fills the place with an entry from further on: the same place is looked at again. */
    while (i < stations->size) {
        struct station *station = &stations->slots[i];
        if (station->used && gone(context, station))
            stations_remove(stations, station);
        else
            i++;
    }
}

void stations_clear(struct stations *stations)
{
    if (stations->count > 0)
        memset(stations->slots, 0, stations->size * sizeof(*stations->slots));
    stations->count = 0;
}
