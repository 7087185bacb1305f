/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/collector/delay.h"

#include <string.h>

enum { BUCKET_MS = DELAY_WINDOW_MS / DELAY_BUCKETS };

/* The smallest difference of the window, or this one if there is none. */
static int64_t least_of(struct delay *d, int64_t now, int64_t difference)
{
    int64_t least = difference;
    bool found = false;

    for (unsigned i = 0; i < DELAY_BUCKETS; i++) {
        if (!d->buckets[i].used || d->buckets[i].begin + DELAY_WINDOW_MS <= now)
            continue;
        if (!found || d->buckets[i].least < least)
            least = d->buckets[i].least;
        found = true;
    }
    return least;
}

static void keep(struct delay *d, int64_t now, int64_t difference)
{
    int64_t begin = now - now % BUCKET_MS;
    unsigned i = (unsigned)(now / BUCKET_MS % DELAY_BUCKETS);

    if (!d->buckets[i].used || d->buckets[i].begin != begin || difference < d->buckets[i].least)
        d->buckets[i].least = difference;
    d->buckets[i].begin = begin;
    d->buckets[i].used = true;
}

int64_t delay_take(struct delay *d, int64_t now, uint64_t timestamp)
{
    /* The timestamp is any number: these wrap, and so do no harm. */
    int64_t difference = (int64_t)((uint64_t)now - timestamp);
    int64_t late = (int64_t)((uint64_t)difference - (uint64_t)least_of(d, now, difference));

    if (late > DELAY_STEP_MS || late < -DELAY_STEP_MS) {
        memset(d->buckets, 0, sizeof(d->buckets));
        d->steps++;
        late = 0;
    }
    keep(d, now, difference);
    d->last = late > 0 ? late : 0;
    return now - d->last;
}
