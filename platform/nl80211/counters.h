/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nl80211's source counts, all of it. */
#ifndef PLATFORM_NL80211_COUNTERS_H
#define PLATFORM_NL80211_COUNTERS_H

#include <stdint.h>

struct nl80211_counters {
    uint64_t dumps;             /* station dumps completed */
    uint64_t dumps_interrupted; /* restarted because the table changed meanwhile */
    uint64_t dumps_abandoned;   /* given up after the bounded number of restarts */
    uint64_t overruns;          /* events lost: everything was dumped again */
    uint64_t timeouts;          /* requests that got no answer in time */
    uint64_t errors;            /* requests refused by the kernel */
    uint64_t invalid_samples;   /* no measurement (0 dBm and above, no signal) */
    uint64_t malformed;         /* messages that could not be parsed */
    uint64_t untracked;         /* stations seen beyond what a radio may remember */
};

#endif
