/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long to wait before the next try: 1 s, doubling to 60 s, each with +-25 % jitter, so that a
 * thousand agents do not come back to a restarted server in the same second.
 */
#ifndef AGENT_PEER_BACKOFF_H
#define AGENT_PEER_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_LAST_MS = 60000, BACKOFF_JITTER_PERCENT = 25 };

struct backoff {
    uint64_t random; /* state of a small generator; guessing it gains nothing */
    int64_t delay;   /* ms, before jitter */
};

/* A seed of 0 asks the kernel for one. */
void backoff_init(struct backoff *backoff, uint64_t seed);
/* The time to wait now, in ms; the next one is twice as long. */
int64_t backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);

#endif
