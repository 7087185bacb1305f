/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When one view is told what: ticks at intervals, and Information, for which there is only
 * something to do when something has changed.
 *
 * Ticks fall on multiples of their interval, so that all views with one interval share one wake-up.
 * What was due and could not be told, because nobody was in step, stays owed.
 */
#ifndef AGENT_VIEW_SCHEDULE_H
#define AGENT_VIEW_SCHEDULE_H

#include "agent/engine/engine.h"
#include "agent/settings.h"
#include "agent/view/subfilter.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

/* What comes at one interval. */
enum schedule_item {
    SCHEDULE_CLIENT = WIRE_CLASS_CLIENT, /* measurements, by class of device */
    SCHEDULE_TAG = WIRE_CLASS_TAG,
    SCHEDULE_ROGUE_AP = WIRE_CLASS_ROGUE_AP,
    SCHEDULE_ROGUE_CLIENT = WIRE_CLASS_ROGUE_CLIENT,
    SCHEDULE_AP_MONITOR,
    SCHEDULE_INFORMATION,
    SCHEDULE_STATISTICS,
    SCHEDULE_ITEMS
};

struct schedule;

/* NULL if memory is out. The filter and the intervals stay the caller's, and may change: call
 * schedule_plan() then. `tick`: something is owed. */
struct schedule *schedule_new(const struct engine *engine, const struct subfilter *filter,
                              const struct settings_intervals *intervals,
                              void (*tick)(void *context), void *context);
/* NULL is allowed. */
void schedule_free(struct schedule *schedule);

/* Works out anew when each item is due; call schedule_next() then. */
void schedule_plan(struct schedule *schedule);
/* There may be devices to tell of; `news`: in Information, too, at the next full second. */
void schedule_wake(struct schedule *schedule, bool news);
/* After a look at the device table: when to wake up next. `news`: there is something to be looked
 * at for Information. `devices`: there are any, or somebody who has not been told that there are
 * none; without, only APs have ticks. */
void schedule_next(struct schedule *schedule, bool news, bool devices);

/* Is any of these items owed? */
bool schedule_owes(const struct schedule *schedule, enum schedule_item first,
                   enum schedule_item last);
/* The same, and they are not any more. `intervals`: in ms by item, 0: it was not owed. */
bool schedule_take(struct schedule *schedule, enum schedule_item first, enum schedule_item last,
                   int64_t intervals[static SCHEDULE_ITEMS]);

/* What applies for a sub-service: the larger of asked and configured, in seconds; 0 for bits
 * without interval. */
uint16_t schedule_interval(const struct settings_intervals *intervals,
                           const struct subfilter *filter, unsigned bit);

#endif
