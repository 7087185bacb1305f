/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stations that one radio has now: what is needed to see who left and what was told already.
 *
 * Found by agent/base/keyed. It grows with the number of stations up to STATIONS_MAX and never
 * shrinks: with known stations nothing is allocated. Entries move when one is added or removed:
 * keep no pointer over either.
 */
#ifndef PLATFORM_NL80211_STATIONS_H
#define PLATFORM_NL80211_STATIONS_H

#include "agent/base/keyed.h"
#include "agent/base/mac.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATIONS_MAX = 2048 };

struct station {
    struct mac mac;
    uint8_t protocol;
    uint32_t ifindex; /* the interface that listed it last */
    uint32_t round;   /* the round of polling in which it was seen last */
    int64_t heard;    /* loop_now() time of the last sample that was told */
    int64_t totals;   /* the same of its statistics */
};

struct stations {
    struct keyed index;
    struct station *list;
    uint32_t size;
    uint32_t count;
};

void stations_init(struct stations *stations, const struct siphash_key *key);
void stations_fini(struct stations *stations);

/* NULL if there is none. */
struct station *stations_find(const struct stations *stations, const struct mac *mac);

/* A new entry, all zero but its MAC, which must not be there yet. NULL if the table is full or
 * memory is out. */
struct station *stations_add(struct stations *stations, const struct mac *mac);

void stations_remove(struct stations *stations, struct station *station);

/* Asks `gone` for each station at least once, and removes those for which it says so. It must not
 * change the table itself. */
void stations_sweep(struct stations *stations, bool (*gone)(void *context, struct station *station),
                    void *context);

/* Forgets all, and keeps the memory. */
void stations_clear(struct stations *stations);

#endif
