/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views: one per distinct subscription (services, filters, intervals), however many sessions share
 * it.
 *
 * A view remembers what it last announced of each device, encodes what is due once per interval
 * tick, and hands the same bodies to every member that is in step. A member that cannot take a body
 * falls out of step: it gets no further ticks, and takes piece by piece, as its output drains
 * (view_sync), what it could not take: the departures that it missed, the rest of the tick with the
 * readings of the moment in which each piece is made, what others were told meanwhile. What changes
 * behind it is due at the next tick, as for everybody, so that a tick that is larger than a
 * member's output tells each device once. A member that is new is told every device in this way.
 * Ticks for which nobody was in step are made up for by one as soon as somebody is.
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
#include "agent/view/selection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture;
struct views;
struct view;

/* Embedded in the session. */
struct view_member {
    struct view *view; /* NULL: not subscribed */
    struct view_member *next;
    bool in_step;
    bool whole;           /* it has been told every device once */
    bool passing;         /* a pass over the table has begun */
    bool resuming;        /* it goes on where it could not take a tick as a whole: at `slot` */
    uint32_t synced;      /* it knows what members were told until this epoch, if `whole` */
    uint32_t pass;        /* the epoch at which the current pass over the table began */
    uint32_t slot;        /* where the current pass stands */
    uint32_t information; /* where it stands in what is known of devices besides readings */
    uint32_t gone;        /* how many departures of the view it has been told */
    uint32_t left;        /* and how many clients that left, in Information */
    bool aps_due;         /* all APs are to be told (ap-info at subscribe) ... */
    uint16_t ap;          /* ... from this handle on */
    uint64_t *missed;     /* counts the ticks that it did not take at once, or not at all */

    /* Queues one notification for this member; false if it has no room for it now. */
    bool (*deliver)(void *context, uint16_t message_id, const uint8_t *body, size_t len);
    /* Room for another message of WIRE_MESSAGE_CUT bytes? */
    bool (*has_room)(void *context);
    void *context;
};

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
 * Joins the view with this selection, which is made if there is none. Takes the selection over
 * (also on failure). The member starts out of step: call view_sync(). False if memory is out.
 */
bool views_join(struct views *views, struct view_member *member, struct selection *selection);
void views_leave(struct view_member *member);

enum view_sync_result view_sync(struct view_member *member);

/* What it has joined with; NULL if it has not. */
const struct selection *view_selection(const struct view_member *member);

/* What applies for a sub-service: the larger of asked and configured, in seconds; 0 for bits
 * without interval. */
uint16_t views_interval(const struct views *views, const struct selection *selection, unsigned bit);

/* The workspace that all encoding shares: free to use by anybody who is not called by a view. */
struct picture *views_picture(const struct views *views);

/* The services of a subscription that are no longer offered end, without a word on the wire. */
void views_withdraw(struct view_member *member, uint64_t services);

size_t views_count(const struct views *views);

#endif
