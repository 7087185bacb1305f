/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/sample.h"

#include "agent/engine/smooth.h"

enum { SAME_FRAME = 3 }; /* units of 10 ms */
#define LAST_BITS 31U    /* what is kept of the last sample */

bool sample_is_known(const struct table_sample *known, const struct radio_sample *sample)
{
    int32_t later = (int32_t)(sample_time(sample->heard) - known->heard);

    if (sample_is_first(known))
        return false;
    return later < -SAME_FRAME ||
           (later <= SAME_FRAME && ((uint8_t)sample->rssi & LAST_BITS) == known->last);
}

/* The noise is that of this frame, the signal is the average. */
static int8_t snr_of(int8_t average, const struct radio_sample *sample)
{
    int snr = average - sample->rssi + sample->snr;

    if (sample->snr == RADIO_DB_UNKNOWN)
        return RADIO_DB_UNKNOWN;
    return (int8_t)(snr > INT8_MAX ? INT8_MAX : snr < -INT8_MAX ? -INT8_MAX : snr);
}

void sample_take(struct table_sample *known, const struct radio_sample *sample, uint32_t rate,
                 bool expired)
{
    table_time heard = sample_time(sample->heard);
    int32_t elapsed = (int32_t)(heard - known->heard);
    int32_t average = sample->rssi * SMOOTH_DB;

    if (rate != 0 && !expired && !sample_is_first(known))
        average = smooth_step(known->rssi * SMOOTH_DB + known->rest, sample->rssi,
                              smooth_weight(rate, elapsed > 0 ? (uint32_t)elapsed : 0));
    known->heard = heard;
    known->rssi = smooth_round(average);
    known->rest = (int16_t)(average - known->rssi * SMOOTH_DB);
    known->last = (uint8_t)sample->rssi & LAST_BITS;
    known->source = sample->source & 7u;
    known->snr = snr_of(known->rssi, sample);
}

int64_t sample_age_of_newest(const struct table *table, uint32_t slot, int64_t now)
{
    table_time time = sample_time(now);
    int32_t least = INT32_MAX;

    for (uint32_t place = table->devices[slot].first; place != TABLE_NONE;
         place = table->samples[place].next) {
        int32_t age = (int32_t)(time - table->samples[place].heard);
        if (age < least)
            least = age;
    }
    if (least == INT32_MAX || least < 0)
        least = 0;
    return least * INT64_C(10);
}
