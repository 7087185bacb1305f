/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often connections may come in that then are not authorised: token buckets, one for each
 * address group and one for all together.
 *
 * A connection pays when it comes in and is paid back when it is authorised, so that within any t
 * minutes at most burst + rate * t that were not have begun a handshake; of one group, and in all.
 * The second half of the common bucket waits for somebody new: a group that has paid may use the
 * first half only, until it has stayed away for THROTTLE_FORGET_MS. That its own bucket is full
 * again does not make it new: it may be so because the common one kept it out. The buckets of
 * THROTTLE_GROUPS groups are kept; with more of them the one that has used the least, and of these
 * the one that has been away the longest, is forgotten; the common bucket still holds.
 */
#ifndef AGENT_PEER_THROTTLE_H
#define AGENT_PEER_THROTTLE_H

#include "agent/peer/address.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum { THROTTLE_GROUPS = 256, THROTTLE_FORGET_MS = 10 * 60 * 1000 };

/* Of all zero: full. */
struct throttle_bucket {
    int64_t at;     /* loop_now() of the last look */
    uint64_t spent; /* at that time; a connection costs 60,000, and in a ms `rate` come back */
};

struct throttle {
    struct throttle_bucket all;
    struct throttle_group {
        bool used;
        int64_t seen; /* when it came last, in vain or not */
        struct address_group from;
        struct throttle_bucket bucket;
    } groups[THROTTLE_GROUPS];
};

/* True: this one may come in, and has paid. */
bool throttle_take(struct throttle *throttle, const struct settings_listen *limits,
                   const struct address_group *from, int64_t now);
/* One that paid was authorised. */
void throttle_give_back(struct throttle *throttle, const struct address_group *from);

#endif
