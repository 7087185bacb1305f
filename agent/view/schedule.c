/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/schedule.h"

#include <stdlib.h>

enum { INFORMATION_SECONDS = 1 };

struct schedule {
    const struct engine *engine;
    const struct subfilter *filter;
    const struct settings_intervals *intervals;
    void (*tick)(void *context);
    void *context;
    struct loop_timer timer;
    int64_t due[SCHEDULE_ITEMS]; /* loop_now() times; INT64_MAX: it is not subscribed */
    bool owed[SCHEDULE_ITEMS];
    bool asleep; /* nothing of devices is due */
};

/* --- intervals ------------------------------------------------------------------------------- */

static const struct {
    uint64_t services;
    uint16_t seconds; /* 0: as asked and configured */
    uint8_t bits[2];  /* then: of which is asked, the first that is subscribed */
} items[SCHEDULE_ITEMS] = {
    [SCHEDULE_CLIENT] = {WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY),
                         0,
                         {WIRE_RSSI_MS, WIRE_RSSI_MS_ASSOCIATED_ONLY}},
    [SCHEDULE_TAG] = {WIRE_BIT(WIRE_RSSI_RFID), 0, {WIRE_RSSI_RFID}},
    [SCHEDULE_ROGUE_AP] = {WIRE_BIT(WIRE_RSSI_ROGUE), 0, {WIRE_RSSI_ROGUE}},
    [SCHEDULE_ROGUE_CLIENT] = {WIRE_BIT(WIRE_RSSI_ROGUE), 0, {WIRE_RSSI_ROGUE}},
    [SCHEDULE_AP_MONITOR] = {WIRE_BIT(WIRE_AP_MONITOR), 60, {0}},
    [SCHEDULE_INFORMATION] = {WIRE_BIT(WIRE_INFO_MS) | WIRE_BIT(WIRE_INFO_ROGUE),
                              INFORMATION_SECONDS,
                              {0}},
    [SCHEDULE_STATISTICS] =
        {WIRE_BIT(WIRE_STATS_MS) | WIRE_BIT(WIRE_STATS_RFID) | WIRE_BIT(WIRE_STATS_ROGUE), 60, {0}},
};

static uint16_t larger(const struct settings_intervals *intervals, const struct subfilter *filter,
                       unsigned bit, enum schedule_item item)
{
    const uint16_t configured[SCHEDULE_ITEMS] = {0, intervals->client, intervals->rfid,
                                                 intervals->rogue_ap, intervals->rogue_client};
    uint16_t asked = subfilter_interval(filter, bit);
    return asked > configured[item] ? asked : configured[item];
}

uint16_t schedule_interval(const struct settings_intervals *intervals,
                           const struct subfilter *filter, unsigned bit)
{
    enum schedule_item item = SCHEDULE_CLIENT;

    while (item < SCHEDULE_ROGUE_CLIENT &&
           (bit > 63 || (items[item].services & WIRE_BIT(bit)) == 0))
        item++;
    return item < SCHEDULE_ROGUE_CLIENT ? larger(intervals, filter, bit, item) : 0;
}

/* Seconds between two ticks; 0: nothing was subscribed that comes at them. */
static uint16_t interval_of(const struct schedule *schedule, enum schedule_item item)
{
    uint64_t services = subfilter_services(schedule->filter) & items[item].services;
    bool first = (services & WIRE_BIT(items[item].bits[0])) != 0;

    if (services == 0 || items[item].seconds != 0)
        return services == 0 ? 0 : items[item].seconds;
    return larger(schedule->intervals, schedule->filter, items[item].bits[first ? 0 : 1], item);
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

static bool is_of_devices(enum schedule_item item)
{
    return item <= SCHEDULE_ROGUE_CLIENT || item == SCHEDULE_STATISTICS;
}

static void plan_devices(struct schedule *schedule, bool asleep)
{
    for (enum schedule_item item = 0; item < SCHEDULE_ITEMS; item++) {
        if (!is_of_devices(item))
            continue;
        if (asleep)
            schedule->due[item] = INT64_MAX;
        else if (schedule->asleep)
            schedule->due[item] = next_tick(now_of(schedule), interval_of(schedule, item));
    }
    schedule->asleep = asleep;
}

void schedule_next(struct schedule *schedule, bool news, bool devices)
{
    int64_t now = now_of(schedule);
    int64_t at = engine_expires_at(schedule->engine);

    /* Only if there is something to look at, or to be dropped. */
    if (interval_of(schedule, SCHEDULE_INFORMATION) == 0)
        at = INT64_MAX;
    else if (news || at <= now)
        at = next_tick(now, INFORMATION_SECONDS);
    else if (at != INT64_MAX)
        at = next_tick(at - 1, INFORMATION_SECONDS);
    schedule->due[SCHEDULE_INFORMATION] = at;
    plan_devices(schedule, !devices);
    start_timer(schedule);
}

void schedule_wake(struct schedule *schedule, bool news)
{
    int64_t now = now_of(schedule);
    bool late = schedule->due[SCHEDULE_INFORMATION] - now > INFORMATION_SECONDS * INT64_C(1000);

    if (!schedule->asleep && !(news && late))
        return;
    plan_devices(schedule, false);
    if (news && late)
        schedule->due[SCHEDULE_INFORMATION] = next_tick(now, INFORMATION_SECONDS);
    start_timer(schedule);
}

void schedule_plan(struct schedule *schedule)
{
    for (enum schedule_item item = 0; item < SCHEDULE_ITEMS; item++)
        schedule->due[item] = next_tick(now_of(schedule), interval_of(schedule, item));
    schedule->asleep = false;
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
    schedule->tick(schedule->context);
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
                              void (*tick)(void *context), void *context)
{
    struct schedule *schedule = calloc(1, sizeof(*schedule));

    if (schedule == NULL)
        return NULL;
    *schedule = (struct schedule){.engine = engine,
                                  .filter = filter,
                                  .intervals = intervals,
                                  .tick = tick,
                                  .context = context};
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
