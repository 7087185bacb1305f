/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery to the members of one view: one body to all that are in step, and what becomes of a
 * member that cannot take it. Knows no notification.
 *
 * A member is in step if it has been told all that members were told. One that cannot take a
 * message falls out of step: it gets no further ones, and notes what it has not got, which is where
 * the message began in its channel (`resume`). From there its pass goes on as it drains.
 */
#ifndef AGENT_VIEW_DELIVER_H
#define AGENT_VIEW_DELIVER_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/subfilter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each has a pass over the device table and departures of its own; told in this order. */
enum deliver_channel { DELIVER_MEASUREMENT, DELIVER_INFORMATION, DELIVER_CHANNELS };

enum { DELIVER_NO_APS = UINT16_MAX };

struct deliver_position {
    uint32_t index;      /* of the device table: from here on; TABLE_NONE: it has been told all */
    uint32_t departures; /* how many it has been told */
};

/* Embedded in the session, which sets the first four; the rest is the view's. */
struct view_member {
    /* Queues one notification for this member; false if it has no room for it now. */
    bool (*deliver)(void *context, uint16_t message_id, const uint8_t *body, size_t len);
    /* Room for another message of WIRE_MESSAGE_CUT bytes? */
    bool (*has_room)(void *context);
    void *context;
    uint64_t *missed; /* counts the ticks that it did not take at once, or not at all */

    struct view *view; /* NULL: not subscribed */
    struct view_member *next;
    bool in_step;
    bool whole;      /* it has been told every device once */
    bool passing;    /* a pass over the table has begun */
    bool resuming;   /* ... or will, where it could not take a tick as a whole */
    uint32_t synced; /* it knows what members were told until this epoch, if `whole` */
    uint32_t pass;   /* the epoch at which the current pass began */
    uint16_t ap;     /* all APs from this handle on are to be told; DELIVER_NO_APS: none */
    struct deliver_position at[DELIVER_CHANNELS];
};

struct deliver {
    struct engine *engine;
    struct subfilter *filter; /* what the members have subscribed */
    struct view_member *members;
    uint32_t announced; /* the epoch in which members in step were told something last */
    /* Where a member goes on that cannot take the message that is next. */
    struct deliver_position resume[DELIVER_CHANNELS];
};

/* A body in a workspace that all share, begun with its timestamp. */
struct writer deliver_begin(const struct deliver *deliver);
/* To all members in step, if there is something in it. */
void deliver_to_all(struct deliver *deliver, uint16_t id, const struct writer *body);
/* To one that is not; false if it has no room. */
bool deliver_to(const struct view_member *member, uint16_t id, const struct writer *body);

/* Is any member in step? Are all? */
bool deliver_anybody(const struct deliver *deliver);
bool deliver_everybody(const struct deliver *deliver);
/*
 * Every member that is out of step misses something. `again`: it is owed the whole view once it has
 * drained (wire-profile "Session" 5) and will be told every device, whatever it had. Only once: a
 * pass over all that is under way goes on.
 */
void deliver_pass_over(const struct deliver *deliver, bool again);

#endif
