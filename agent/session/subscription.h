/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one session has subscribed: the granted services and its membership in a view (wire-profile
 * "Messages" 30, 31).
 */
#ifndef AGENT_SESSION_SUBSCRIPTION_H
#define AGENT_SESSION_SUBSCRIPTION_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/subfilter.h"
#include "agent/view/view.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct subscription {
    struct engine *engine;
    struct views *views;
    uint64_t granted;
    struct view_member
        members[2]; /* two, so that a new subscription is made before the old one ends */
    struct view_member *member; /* the one that counts */
};

/* `pattern` holds the member's callbacks; it is copied. */
void subscription_init(struct subscription *subscription, struct engine *engine,
                       struct views *views, const struct view_member *pattern);

/*
 * Takes a well-formed Subscribe and puts the body of its positive response. Anything but
 * WIRE_RESULT_OK: nothing was put, and the old subscription stays.
 */
uint16_t subscription_take(struct subscription *subscription, const struct wire_message *message,
                           struct writer *body);

/* Services that are no longer offered end; gives the granted ones that remain. */
void subscription_withdraw(struct subscription *subscription, uint64_t offered);
void subscription_end(struct subscription *subscription);

/* What is subscribed now, for whoever wants to see it. */
struct subscription_facts {
    uint64_t granted;
    uint16_t intervals[SUBFILTER_SERVICES]; /* seconds that apply, 0: none, or not granted */
    bool has_ap_filter;
    size_t ap_filter; /* how many it is restricted to */
    bool has_device_filter;
    size_t device_filter;
};

void subscription_describe(const struct subscription *subscription, struct subscription_facts *out);

/* Something is subscribed that this session has not been told in full. */
bool subscription_behind(const struct subscription *subscription);

#endif
