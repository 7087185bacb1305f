/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of a view share: view.c (the set, membership), tick.c (what is due, to members in
 * step), sync.c (one member that is not). For nobody else.
 */
#ifndef AGENT_VIEW_INTERNAL_H
#define AGENT_VIEW_INTERNAL_H

#include "agent/view/picture.h"
#include "agent/view/view.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* Departures that a member may miss and still be put right. */
    VIEW_GONE_RING = 4096,
    VIEW_AP_REMOVED = 0, /* as the class of a departure: an AP, not a device */
};

/* What comes at one interval. */
enum view_lane {
    VIEW_LANE_CLIENT,
    VIEW_LANE_TAG,
    VIEW_LANE_ROGUE_AP,
    VIEW_LANE_ROGUE_CLIENT,
    VIEW_LANE_AP_MONITOR,
    VIEW_LANES
};

/* What the members of a view have been told of a device. */
struct view_told {
    uint32_t epoch;
    table_time at;
    bool is_told;  /* it stands in somebody's picture of the world */
    bool diverged; /* members were told different readings: announce it again to all */
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
    bool announcing;     /* a message of this view is being put together */
    bool *ap_dirty;      /* by handle */
    struct loop_deferred ap_deferred;
};

struct views {
    struct loop *loop;
    struct engine *engine;
    struct settings_intervals intervals;
    struct picture *picture;
    struct engine_observer observer;
    struct view *list;
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

/* The device's readings, as they are now, were told in this epoch. */
void view_remember_told(struct view *view, uint32_t slot, uint32_t epoch);

/* Works out anew when each lane is due. */
void view_plan(struct view *view);
void view_tick(void *context);
/* Notes the departure of every device that was told and is not in the view any more. */
void view_sweep(struct view *view);
/* The device of a departure is in the view again: nothing is to be told. */
bool view_is_back(struct view *view, const struct picture_gone *gone);
/* Tells the members in step of all departures that wait. */
void view_flush_departures(struct view *view);
/* Observers of the engine; the context is the set of views. */
void view_on_device_leaving(void *context, uint32_t slot);
void view_on_ap_changed(void *context, uint16_t ap, const struct radio_ap *before);

#endif
