/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views: one per distinct subscription (services, filters, intervals), however many sessions share
 * it.
 *
 * A view remembers what it last announced of each device, encodes what is due once per interval
 * tick, and hands the same bodies to every member that is in step. A member that cannot take a body
 * falls out of step: it gets no further ticks, and takes piece by piece, as its output drains
 * (view_sync), what it could not take: the departures that it missed, the rest of the tick with the
 * samples of the moment in which each piece is made, what others were told meanwhile. What changes
 * behind it is due at the next tick, as for everybody, so that a tick that is larger than a
 * member's output tells each device once. A member that is new is told every device in this way.
 * Ticks for which nobody was in step are made up for by one as soon as somebody is, later in that
 * turn of the loop.
 *
 * No per-device state per member and no growing queue (wire-profile "Session" 5). Departures are
 * remembered in a ring per view; a member that missed more than the ring holds cannot be made right
 * and is told so (VIEW_LOST).
 */
#ifndef AGENT_VIEW_VIEW_H
#define AGENT_VIEW_VIEW_H

#include "agent/base/loop.h"
#include "agent/engine/engine.h"
#include "agent/settings.h"
#include "agent/view/deliver.h"
#include "agent/view/measurement.h"
#include "agent/view/subfilter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct views;

enum view_sync_result {
    VIEW_SYNCED,  /* in step from here on */
    VIEW_PENDING, /* out of room: call again when the output has drained */
    VIEW_LOST     /* departures were forgotten: only a new session can be right again */
};

struct views *views_new(struct loop *loop, struct engine *engine);
/* All members must have left. */
void views_free(struct views *views);
/* The configured intervals changed. */
void views_configure(struct views *views, const struct settings_intervals *intervals);

/*
 * Joins the view with this filter, which is made if there is none. Takes the filter over
 * (also on failure). The member starts out of step: call view_sync(). False if memory is out.
 */
bool views_join(struct views *views, struct view_member *member, struct subfilter *filter);
void views_leave(struct view_member *member);

enum view_sync_result view_sync(struct view_member *member);

/* What it has joined with; NULL if it has not. */
const struct subfilter *view_filter(const struct view_member *member);

/* What applies for a sub-service: the larger of asked and configured, in seconds; 0 for bits
 * without interval. */
uint16_t views_interval(const struct views *views, const struct subfilter *filter, unsigned bit);

/* The workspace that all encoding shares: free to use by anybody who is not called by a view. */
struct measurement *views_measurement(const struct views *views);

/* It is subscribed to something that it has not been told in full. */
bool view_is_behind(const struct view_member *member);

/* The services of a subscription that are no longer offered end, without a word on the wire. */
void views_withdraw(struct view_member *member, uint64_t services);

size_t views_count(const struct views *views);

/* When this device was last put into a measurement, of whichever view (loop_now(), to a second).
 * False: no view has told it, or it was longer ago than is remembered, some minutes at least. */
bool views_announced(const struct views *views, uint32_t index, int64_t *at);

#endif
