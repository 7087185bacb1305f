/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/schedule.h"

#include <stdlib.h>

enum { INFORMATION_SECONDS = 1 };

struct schedule {
    const struct engine *engine;
    const struct subfilter *filter;
    const struct settings_intervals *intervals;
    struct schedule_owner owner;
    struct loop_timer timer;
    int64_t due[SCHEDULE_ITEMS]; /* loop_now() times; INT64_MAX: it is not subscribed */
    bool owed[SCHEDULE_ITEMS];
};

/* --- intervals ------------------------------------------------------------------------------- */

static uint16_t larger(const struct subfilter *filter, unsigned bit, uint16_t configured)
{
    uint16_t asked = subfilter_interval(filter, bit);
    return asked > configured ? asked : configured;
}

uint16_t schedule_interval(const struct settings_intervals *intervals,
                           const struct subfilter *filter, unsigned bit)
{
    switch (bit) {
    case WIRE_RSSI_MS:
    case WIRE_RSSI_MS_ASSOCIATED_ONLY:
        return larger(filter, bit, intervals->client);
    case WIRE_RSSI_RFID:
        return larger(filter, bit, intervals->rfid);
    case WIRE_RSSI_ROGUE:
        return larger(filter, bit, intervals->rogue_ap);
    default:
        return 0;
    }
}

/* Seconds between two ticks; 0: nothing was subscribed that comes at them. */
static uint16_t interval_of(const struct schedule *schedule, enum schedule_item item)
{
    static const struct {
        uint64_t services;
        uint16_t seconds; /* 0: as asked and configured */
    } items[SCHEDULE_ITEMS] = {
        [SCHEDULE_CLIENT] = {WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY), 0},
        [SCHEDULE_TAG] = {WIRE_BIT(WIRE_RSSI_RFID), 0},
        [SCHEDULE_ROGUE_AP] = {WIRE_BIT(WIRE_RSSI_ROGUE), 0},
        [SCHEDULE_ROGUE_CLIENT] = {WIRE_BIT(WIRE_RSSI_ROGUE), 0},
        [SCHEDULE_AP_MONITOR] = {WIRE_BIT(WIRE_AP_MONITOR), 60},
        [SCHEDULE_INFORMATION] = {WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_INFO_ROGUE),
                                  INFORMATION_SECONDS},
        [SCHEDULE_STATISTICS] = {WIRE_BIT(WIRE_STATS_MS) | WIRE_BIT(WIRE_STATS_RFID) |
                                     WIRE_BIT(WIRE_STATS_ROGUE),
                                 60},
    };
    uint64_t services = subfilter_services(schedule->filter) & items[item].services;
    unsigned bit = WIRE_RSSI_ROGUE;

    if (services == 0 || items[item].seconds != 0)
        return services != 0 ? items[item].seconds : 0;
    if (item == SCHEDULE_ROGUE_CLIENT)
        return larger(schedule->filter, bit, schedule->intervals->rogue_client);
    if (item == SCHEDULE_CLIENT)
        bit =
            (services & WIRE_BIT(WIRE_RSSI_MS)) != 0 ? WIRE_RSSI_MS : WIRE_RSSI_MS_ASSOCIATED_ONLY;
    else if (item == SCHEDULE_TAG)
        bit = WIRE_RSSI_RFID;
    return schedule_interval(schedule->intervals, schedule->filter, bit);
}

/* --- when ------------------------------------------------------------------------------------ */

static int64_t next_tick(int64_t now, uint16_t seconds)
{
    int64_t interval = seconds * INT64_C(1000);
    return seconds == 0 ? INT64_MAX : (now / interval + 1) * interval;
}

static int64_t now_of(const struct schedule *schedule)
{
    return loop_now(engine_loop(schedule->engine));
}

static void start_timer(struct schedule *schedule)
{
    int64_t first = INT64_MAX;

    for (enum schedule_item item = 0; item < SCHEDULE_ITEMS; item++)
        first = schedule->due[item] < first ? schedule->due[item] : first;
    if (first == INT64_MAX)
        loop_timer_stop(&schedule->timer);
    else
        loop_timer_start_at(&schedule->timer, first);
}

/* Only if there is something to look at, or to be dropped. */
static int64_t next_look(const struct schedule *schedule)
{
    int64_t now = now_of(schedule);
    int64_t at = engine_expires_at(schedule->engine);

    if (interval_of(schedule, SCHEDULE_INFORMATION) == 0)
        return INT64_MAX;
    if (schedule->owner.has_news(schedule->owner.context) || at <= now)
        return next_tick(now, INFORMATION_SECONDS);
    return at == INT64_MAX ? INT64_MAX : next_tick(at - 1, INFORMATION_SECONDS);
}

void schedule_next(struct schedule *schedule)
{
    schedule->due[SCHEDULE_INFORMATION] = next_look(schedule);
    start_timer(schedule);
}

void schedule_wake(struct schedule *schedule)
{
    int64_t now = now_of(schedule);

    if (schedule->due[SCHEDULE_INFORMATION] - now <= INFORMATION_SECONDS * INT64_C(1000))
        return;
    schedule->due[SCHEDULE_INFORMATION] = next_tick(now, INFORMATION_SECONDS);
    start_timer(schedule);
}

void schedule_plan(struct schedule *schedule)
{
    for (enum schedule_item item = 0; item < SCHEDULE_ITEMS; item++)
        schedule->due[item] = next_tick(now_of(schedule), interval_of(schedule, item));
    schedule_next(schedule);
}

/* --- what is owed ---------------------------------------------------------------------------- */

static void on_timer(void *context)
{
    struct schedule *schedule = context;
    int64_t now = now_of(schedule);

    for (enum schedule_item item = 0; item < SCHEDULE_ITEMS; item++) {
        if (schedule->due[item] > now)
            continue;
        schedule->due[item] = next_tick(now, interval_of(schedule, item));
        schedule->owed[item] = true;
    }
    schedule->owner.tick(schedule->owner.context);
}

bool schedule_owes(const struct schedule *schedule, enum schedule_item first,
                   enum schedule_item last)
{
    return memchr(&schedule->owed[first], true, last - first + 1U) != NULL;
}

bool schedule_take(struct schedule *schedule, enum schedule_item first, enum schedule_item last,
                   int64_t intervals[static SCHEDULE_ITEMS])
{
    bool any = schedule_owes(schedule, first, last);

    memset(intervals, 0, SCHEDULE_ITEMS * sizeof(*intervals));
    for (enum schedule_item item = first; item <= last; item++) {
        if (schedule->owed[item])
            intervals[item] = interval_of(schedule, item) * INT64_C(1000);
        schedule->owed[item] = false;
    }
    return any;
}

/* --- life ------------------------------------------------------------------------------------ */

struct schedule *schedule_new(const struct engine *engine, const struct subfilter *filter,
                              const struct settings_intervals *intervals,
                              const struct schedule_owner *owner)
{
    struct schedule *schedule = calloc(1, sizeof(*schedule));

    if (schedule == NULL)
        return NULL;
    schedule->engine = engine;
    schedule->filter = filter;
    schedule->intervals = intervals;
    schedule->owner = *owner;
    if (loop_timer_init(engine_loop(engine), &schedule->timer, on_timer, schedule) == 0)
        return schedule;
    free(schedule);
    return NULL;
}

void schedule_free(struct schedule *schedule)
{
    if (schedule != NULL)
        loop_timer_fini(&schedule->timer);
    free(schedule);
}
