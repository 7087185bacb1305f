/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of a view share: view.c (the set, membership), lanes.c (when what is due), tick.c
 * (what is due, to members in step), sync.c (one member that is not), information.c (clients and
 * rogues by their facts), direct.c (counters, frames of tags). For nobody else.
 */
#ifndef AGENT_VIEW_INTERNAL_H
#define AGENT_VIEW_INTERNAL_H

#include "agent/view/picture.h"
#include "agent/view/record.h"
#include "agent/view/view.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Departures that a member may miss and still be put right. */
    VIEW_GONE_RING = 4096,
    VIEW_LEFT_RING = 4096, /* likewise, of clients in Information */
    VIEW_AP_REMOVED = 0,   /* as the class of a departure: an AP, not a device */
};

/* What comes at one interval. */
enum view_lane {
    VIEW_LANE_CLIENT,
    VIEW_LANE_TAG,
    VIEW_LANE_ROGUE_AP,
    VIEW_LANE_ROGUE_CLIENT,
    VIEW_LANE_AP_MONITOR,
    VIEW_LANE_INFORMATION,
    VIEW_LANE_STATISTICS,
    VIEW_LANES
};

/* What the members of a view have been told of a device. */
struct view_told {
    uint32_t epoch;
    uint32_t at : 30;      /* the lower bits of a table_time */
    uint32_t is_told : 1;  /* it stands in somebody's picture of the world */
    uint32_t diverged : 1; /* members were told different readings: announce it again to all */
};
#define VIEW_TOLD_AT ((UINT32_C(1) << 30) - 1)

/* What they have been told of it in Information. */
struct view_informed {
    uint32_t told; /* the epoch in which it was told last */
    uint16_t ap;   /* that it was told to be at */
    uint8_t kind;  /* enum record_kind: as what */
    uint8_t flags;
};

/* A bit for each slot of the table. */
struct view_slots {
    uint64_t *words;
    uint32_t count; /* words */
    bool any;
};

/* A client that left: where it was. */
struct view_left {
    struct mac mac;
    struct mac ap;
    uint8_t slot;
};

struct view {
    struct view *next;
    struct views *views;
    struct selection *selection;
    struct view_member *members;
    struct loop_timer timer;
    int64_t due[VIEW_LANES]; /* loop_now() times; INT64_MAX: the lane is not in use */
    struct view_told *told;  /* by slot of the table */
    int8_t *rssi;            /* by place of the table's samples: what was told */
    struct picture_gone *gone;
    uint32_t gone_count; /* departures so far; the last VIEW_GONE_RING of them are in the ring */
    uint32_t gone_sent;  /* departures that the members in step have been told */
    bool announcing;     /* a message of this view is being put together ... */
    uint32_t from;       /* ... and this is the first slot that the members have not been told */
    uint32_t announced;  /* the epoch in which members in step were told something last */
    /* Intervals by class of the current tick, in ms; 0: it is not for them. */
    int64_t ticking[WIRE_CLASS_ROGUE_CLIENT + 1];
    /* The epoch of the last tick that broke off because nobody was in step any more, and the
     * intervals of the classes that were due then. */
    uint32_t broken;
    int64_t owed[WIRE_CLASS_ROGUE_CLIENT + 1];
    bool skipped[VIEW_LANES]; /* lanes that were due while nobody was in step */
    bool *ap_dirty;           /* by handle */
    uint16_t dirty_from;      /* those that are dirty lie from here ... */
    uint16_t dirty_to;        /* ... to below here */
    struct loop_deferred ap_deferred;

    struct view_informed *informed; /* by slot of the table; NULL without information services */
    struct view_left *left;         /* a ring, as that of departures */
    uint32_t left_count;
    uint32_t left_sent;
    struct view_slots news;  /* what there may be something new of in Information */
    struct view_slots heard; /* whose AP may have become another one: looked at in their turn */
    uint32_t slice;          /* whose turn it is */
    bool look_again;         /* at all of them, at the next look */
    uint32_t *tag_frames;    /* by slot: the frame that was told last; NULL without rssi-rfid */
};

/* What an AP was that has gone, or has become another one. */
struct view_place {
    struct mac mac;
    uint8_t slot;
    bool moved; /* it has, and who was told to be there has still to be looked at */
};

struct views {
    struct loop *loop;
    struct engine *engine;
    struct settings_intervals intervals;
    struct picture *picture;
    struct engine_observer observer;
    struct view *list;
    struct view_place *places; /* by handle */
    struct loop_deferred places_deferred;
    uint32_t *ap_moved; /* by handle: the epoch in which its MAC, slot, band or channel changed */
    uint8_t body[WIRE_MESSAGE_CUT];
};

/* A body in the shared workspace, begun with its timestamp. */
struct writer view_begin_body(struct views *views);
void view_begin_picture(struct views *views);
struct writer view_finish_picture(struct views *views);

static inline const struct picture_gone *view_departure(const struct view *view, uint32_t number)
{
    return &view->gone[number % VIEW_GONE_RING];
}

/* To all members in step. `gone`: the departures that a member which cannot take it has been told
 * for sure. */
void view_announce(struct view *view, uint16_t id, const struct writer *body, uint32_t gone);

/* The device's readings, as they are now, were told in this epoch. */
void view_remember_told(struct view *view, uint32_t slot, uint32_t epoch);

/* Seconds between two ticks of a lane, 0: nothing was subscribed that comes on it. */
uint16_t view_lane_interval(const struct view *view, enum view_lane lane);
/* Works out anew when each lane is due. */
void view_plan(struct view *view);
/* Marks the lanes that are due now as skipped, until somebody takes them. */
void view_take_due(struct view *view);
/* After a look at the device table: when to wake up next. */
void view_schedule(struct view *view);
void view_tick(void *context);
/* A member is in step again: what was due while nobody was comes now. */
void view_make_up(struct view *view);
bool view_anybody_in_step(const struct view *view);
/* Has the device, whose class has this interval, to be told? */
bool view_is_due(const struct view *view, uint32_t slot, int64_t interval);
/* Notes the departure of every device that was told and is not in the view any more. */
void view_sweep(struct view *view);
/* The device of a departure is in the view again: nothing is to be told. */
bool view_is_back(struct view *view, const struct picture_gone *gone);
/* Tells the members in step of all departures that wait. */
void view_flush_departures(struct view *view);
/* There may be something to tell in Information: at the next full second. */
void view_wake(struct view *view);
/* Observers of the engine; the context is the set of views. */
void view_on_device_changed(void *context, uint32_t slot);
void view_on_device_heard(void *context, uint32_t slot);
void view_on_device_leaving(void *context, uint32_t slot);
void view_on_ap_changed(void *context, uint16_t ap, const struct radio_ap *before);
void view_on_tag(void *context, uint32_t slot, uint32_t frame, const struct radio_tag *tag);

/* Memory that only some services need; false if there is none. */
bool view_information_init(struct view *view);
void view_information_fini(struct view *view);
bool view_tags_init(struct view *view);

/* Tells the members in step what changed. */
void view_inform(struct view *view);
/* Is there anything to be looked at? */
bool view_has_news(const struct view *view);
/* Tells them of the clients that left and wait to be told. */
void view_flush_left(struct view *view);
void view_information_leaving(struct view *view, uint32_t slot);
/* Notes the leaving of every client that was told and is not in the view any more. */
void view_information_sweep(struct view *view);
/* Before the views know of it. */
void view_information_ap_changed(struct views *views, uint16_t ap, const struct radio_ap *before,
                                 const struct radio_ap *after);
/* For one member that is not in step; false if there was no room. */
bool view_sync_left(struct view_member *member);
bool view_sync_information(struct view_member *member);

void view_tell_statistics(struct view *view);

#endif
