/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of one reading: is it news, and what does it make of the average that was there.
 */
#ifndef AGENT_ENGINE_READING_H
#define AGENT_ENGINE_READING_H

#include "agent/engine/table.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

/* From the loop's milliseconds. */
static inline table_time reading_time(int64_t ms)
{
    return (table_time)(uint64_t)(ms / 10);
}

/* A sample that was just added to the table (table_sample_add) has had no reading yet. */
static inline bool reading_is_first(const struct table_sample *known)
{
    return known->rssi == 0;
}

/*
 * The driver tells how long a station has been silent; by how long its answer took to reach us the
 * moment of its last frame seems to move. Within 30 ms an unchanged reading is the same frame, and
 * an older one is none. (Two that differ by 32 dB within this time are taken for one.)
 */
bool reading_is_known(const struct table_sample *known, const struct radio_sample *sample);

/* How long ago, in ms, the device in this slot was heard last; 0 if it has no reading. `now` is the
 * loop's. */
int64_t reading_age_of_newest(const struct table *table, uint32_t slot, int64_t now);

/* Takes it in. `rate` is smooth_rate() of the half-life; 0, or an expired reading in `known`: the
 * new one stands for itself. */
void reading_take(struct table_sample *known, const struct radio_sample *sample, uint32_t rate,
                  bool expired);

#endif
