/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel: one notification about devices that is told when there is news, as one machine for
 * all such notifications. What is news, and how it is put into a message, says a row of operations
 * (channel-measurement.c, channel-information.c).
 *
 * The channel remembers what was announced of each device, keeps departures in a ring until all
 * members have been told, tells members in step what is new at each tick, and takes one that is
 * not in step over the table in a pass of its own. Nothing is kept for each device and member.
 *
 * What holds:
 *
 *  1. Epochs order it all. A change carries the epoch in which it was made; a tick closes that
 *     epoch, and all that it announces carries the closed one (`deliver->announced`).
 *  2. announced.is: the device stands in the picture of whoever is in step. It is set when it was
 *     put into a message, and cleared only together with noting its departure.
 *  3. announced.epoch, and what an operation remembers: what all who are in step know, and all
 *     others will be told by their passes. Where that cannot be (4), announced.diverged.
 *  4. diverged: members know different things of the device: it is due at the next tick, whatever
 *     changed. A pass sets it that told a member of several what the others do not know; so does a
 *     device that is back before its departure was told (7).
 *  5. A tick breaks off when nobody is in step any more. What it still had to tell is owed to those
 *     who are behind that epoch: their passes tell what of it is due by then.
 *  6. A member that falls out of step knows the departures of the messages before the one that it
 *     could not take, and of the table all below the device with which that one began; everything,
 *     if it fell out of a message of no tick (TABLE_NONE). Its pass goes on there, in the epoch of
 *     that tick, unless members in step were told something since: then from the start, with what
 *     was announced in that epoch or later.
 *  7. Departures are numbered. A device that is in the view again when its departure is to be told
 *     is announced anew instead; until then announced.is stands, so that leaving once more is told.
 *  8. A pass tells a member what was announced after `synced` (until it is `whole`: every device),
 *     each as it is in that moment. When it is through, synced is the epoch at which it began; if
 *     members in step were told something meanwhile, another one follows. Only then the member is
 *     in step again.
 *  9. Departures are flushed: at the begin of a tick and at its end; when the ring is full; before
 *     APs are told that have changed; before services are withdrawn; before a member is put in
 *     step, which knows them already: they do not come to it once more behind newer messages.
 * 10. A member that has not been told CHANNEL_DEPARTURES or fewer departures can be put right. One
 *     that missed more is lost (VIEW_LOST), for the ring holds no more.
 * 11. One message is put together at a time, in workspaces that all views share.
 */
#ifndef AGENT_VIEW_CHANNEL_H
#define AGENT_VIEW_CHANNEL_H

#include "agent/base/cursor.h"
#include "agent/view/deliver.h"
#include "agent/view/measurement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHANNEL_DEPARTURES = 4096, CHANNEL_DEPARTURE = 16 };

struct channel;

/* What was announced of a device. */
#define CHANNEL_WHAT ((UINT32_C(1) << 30) - 1)
struct channel_announced {
    uint32_t epoch;
    uint32_t what : 30; /* what `remember` gave */
    uint32_t is : 1;
    uint32_t diverged : 1;
};

/*
 * By AP handle: when the AP became another one last, and what it was before, for those who have
 * told that a device is there. One array for all views (view.c).
 */
struct place {
    struct mac mac;
    uint8_t slot;
    bool moved;       /* it is somewhere else; who was told to be here has still to be looked at */
    uint32_t changed; /* the epoch in which MAC, slot, band or channel became others */
};

/* Differs what is told of a device that is at this AP? */
static inline bool place_differs(const struct radio_ap *x, const struct radio_ap *y)
{
    return !mac_equal(&x->mac, &y->mac) || x->slot != y->slot || x->band != y->band ||
           x->channel != y->channel;
}

/* What operations work with. */
struct channel_context {
    struct channel *channel;
    const struct engine *engine;
    const struct table *table;
    const struct subfilter *filter;
    const struct channel_announced *announced; /* by index of the table */
    struct measurement *measurement;
    const struct place *places; /* by AP handle */
    void *own;                  /* memory of the notification's own, all 0 at first */
};

struct channel_message {
    uint16_t id; /* the channel's, if `put_departure` sets no other */
    struct writer body;
};

/* What the engine's observers say of a device; TABLE_NONE: of all. */
enum channel_event {
    CHANNEL_LEAVING, /* it is about to go */
    CHANNEL_NEWS,    /* of what it is, or what is known of it */
    CHANNEL_HEARD,
    CHANNEL_MOVED /* APs have gone, or have become others (struct place) */
};

enum channel_sight {
    CHANNEL_ABSENT, /* it is not in the view, or has to depart before it is announced again */
    CHANNEL_SAME,   /* all members know it as it is */
    CHANNEL_CHANGED /* there is something else to tell, or it was not told */
};

/* What makes a notification. */
struct channel_operations {
    uint16_t id;           /* of the message */
    bool departures_apart; /* they stand in messages of their own */
    uint64_t services;     /* it lives while one of these is subscribed; 0: always */
    size_t departure;      /* bytes that are kept of one, at most CHANNEL_DEPARTURE */
    /* Bytes of `own`. */
    size_t (*size)(const struct table *table);

    /* Around each message; both NULL: `put` writes into it. */
    void (*begin)(const struct channel_context *c);
    void (*finish)(const struct channel_context *c, struct writer *body);

    /* What there is to tell of the device now, against what was announced. */
    enum channel_sight (*look)(const struct channel_context *c, uint32_t index);
    /* What was looked at last, or is due, as it is now; PUT_NOTHING: it is absent. */
    enum put_result (*put)(const struct channel_context *c, uint32_t index,
                           struct channel_message *message);
    /* What was put or looked at last is announced: gives what is to be kept of it, of which
     * CHANNEL_WHAT is. */
    uint32_t (*remember)(const struct channel_context *c, uint32_t index);
    /* Of the last tick, which broke off: was it due in it, and is it still? */
    bool (*is_owed)(const struct channel_context *c, uint32_t index);

    /* Writes what is to be kept of a device that departs; false: it goes without a word. */
    bool (*depart)(const struct channel_context *c, uint32_t index, void *departure);
    /* The device's index if it is in the view again and looked at, else TABLE_NONE. */
    uint32_t (*back)(const struct channel_context *c, const void *departure);
    bool (*put_departure)(const struct channel_context *c, const void *departure,
                          struct channel_message *message);

    /* Tells members in step, by channel_open(), _tell(), _leave(), _close(), what is due.
     * `intervals`: in ms by class of device, 0: it is not for that class. */
    void (*tick)(const struct channel_context *c, const int64_t *intervals);
    /* Both NULL: the notification is told at intervals only. */
    void (*take)(const struct channel_context *c, enum channel_event event, uint32_t index);
    bool (*has_news)(const struct channel_context *c);
};

/* NULL if memory is out. */
struct channel *channel_new(const struct channel_operations *operations,
                            enum deliver_channel number, struct deliver *deliver,
                            struct measurement *measurement, const struct place *places);
/* All that follow allow NULL, which is a channel of which nothing is subscribed. */
void channel_free(struct channel *channel);

/* NULL: nothing is subscribed. */
const struct channel_announced *channel_announced_of(const struct channel *channel, uint32_t index);

/* --- for members in step --------------------------------------------------------------------- */

void channel_tick(struct channel *channel, const int64_t *intervals);
/* Tells all departures that wait. */
void channel_flush(struct channel *channel);
/* This device is about to go. */
void channel_leave(struct channel *channel, uint32_t index);
/* What was announced of it holds no more, but it has not left. */
void channel_diverge(struct channel *channel, uint32_t index);
/* Something that is no device departed. */
void channel_depart(struct channel *channel, const void *departure);

bool channel_has_news(const struct channel *channel);
void channel_take(struct channel *channel, enum channel_event event, uint32_t index);

/* A tick, for the operations: begins in a new epoch, tells devices in the order of their indexes,
 * ends. */
void channel_open(struct channel *channel);
/* False: nobody is in step any more, and it was not told. */
bool channel_tell(struct channel *channel, uint32_t index);
void channel_close(struct channel *channel);

/* --- for one that is not --------------------------------------------------------------------- */

/* It has nothing to be told of what departed before; who is not in the view any more has, even if
 * that is still to be told to others. */
void channel_join(struct channel *channel, struct view_member *member);
bool channel_is_lost(const struct channel *channel, const struct view_member *member);
/* Both give false if there was no room to finish it now. `epoch`: closed just now. */
bool channel_sync_departures(struct channel *channel, struct view_member *member);
bool channel_sync(struct channel *channel, struct view_member *member, uint32_t epoch);

#endif
