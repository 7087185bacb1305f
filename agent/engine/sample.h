/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of one sample: is it news, and what does it make of the average that was there.
 */
#ifndef AGENT_ENGINE_SAMPLE_H
#define AGENT_ENGINE_SAMPLE_H

#include "agent/engine/table.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

/* From the loop's milliseconds. */
static inline table_time sample_time(int64_t ms)
{
    return (table_time)(uint64_t)(ms / 10);
}

/* A sample that was just added to the table (table_sample_add) has no level yet. */
static inline bool sample_is_first(const struct table_sample *known)
{
    return known->rssi == 0;
}

/*
 * The driver tells how long a station has been silent; by how long its answer took to reach us the
 * moment of its last frame seems to move. Within 30 ms an unchanged level is the same frame, and
 * an older one is none. (Two that differ by 32 dB within this time are taken for one.)
 */
bool sample_is_known(const struct table_sample *known, const struct radio_sample *sample);

/* How long ago, in ms, the device in this slot was heard last; 0 if it has no sample. `now` is the
 * loop's. */
int64_t sample_age_of_newest(const struct table *table, uint32_t slot, int64_t now);

/* Takes it in. `rate` is smooth_rate() of the half-life; 0, or an expired sample in `known`: the
 * new one stands for itself. */
void sample_take(struct table_sample *known, const struct radio_sample *sample, uint32_t rate,
                 bool expired);

#endif
