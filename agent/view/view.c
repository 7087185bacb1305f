/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/view.h"

#include "agent/view/channel-information.h"
#include "agent/view/channel-measurement.h"
#include "agent/view/direct.h"
#include "agent/view/schedule.h"

#include <assert.h>
#include <stdlib.h>

struct view {
    struct view *next;
    struct views *views;
    struct deliver deliver;
    struct channel *channels[DELIVER_CHANNELS]; /* NULL: nothing of it is subscribed */
    struct direct *direct;
    struct schedule *schedule;
    struct loop_deferred owed;
};

/* When epochs were announced: enough for minutes, in seconds. */
enum { TIMES = 256, TIMES_APART_MS = 1000 };

struct views {
    struct loop *loop;
    struct engine *engine;
    struct settings_intervals intervals;
    struct measurement *measurement;
    struct place *places; /* by AP handle */
    struct loop_deferred moved;
    struct engine_observer observer;
    struct view *list;
    struct {
        uint32_t epoch;
        int64_t at;
    } times[TIMES]; /* a ring */
    size_t times_noted;
};

static const struct channel_operations *const rows[DELIVER_CHANNELS] = {
    [DELIVER_MEASUREMENT] = &channel_measurement, [DELIVER_INFORMATION] = &channel_information};

/* --- when ------------------------------------------------------------------------------------ */

static void note_time(struct views *views, uint32_t epoch)
{
    int64_t now = loop_now(views->loop);

    if (views->times_noted > 0 &&
        now - views->times[(views->times_noted - 1) % TIMES].at < TIMES_APART_MS)
        return;
    views->times[views->times_noted % TIMES].epoch = epoch;
    views->times[views->times_noted % TIMES].at = now;
    views->times_noted++;
}

bool views_announced(const struct views *views, uint32_t index, int64_t *at)
{
    uint32_t epoch = 0;
    bool is = false;

    for (const struct view *view = views->list; view != NULL; view = view->next) {
        const struct channel_announced *announced =
            channel_announced_of(view->channels[DELIVER_MEASUREMENT], index);
        if (announced == NULL || !announced->is || (is && !engine_after(announced->epoch, epoch)))
            continue;
        is = true;
        epoch = announced->epoch;
    }
    for (size_t back = 1; is && back <= TIMES && back <= views->times_noted; back++) {
        size_t place = (views->times_noted - back) % TIMES;
        *at = views->times[place].at;
        if (!engine_after(views->times[place].epoch, epoch))
            return true;
    }
    return false;
}

/* --- ticks ----------------------------------------------------------------------------------- */

static bool has_news(const struct view *view)
{
    bool any = false;

    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        any = any || channel_has_news(view->channels[i]);
    return any;
}

static void plan_next(struct view *view)
{
    bool devices = engine_table(view->views->engine)->device_count > 0;

    schedule_next(view->schedule, has_news(view), devices || !deliver_everybody(&view->deliver));
}

static void plan(struct view *view)
{
    schedule_plan(view->schedule);
    plan_next(view);
}

/* Is it owed, and is anybody there to be told? Then it is not owed any more. */
static bool take(struct view *view, enum schedule_item first, enum schedule_item last,
                 int64_t *intervals)
{
    if (!deliver_anybody(&view->deliver) || !schedule_take(view->schedule, first, last, intervals))
        return false;
    engine_expire(view->views->engine);
    return true;
}

/* Who is out of step learns everything when it has drained; for nobody nothing is encoded. */
static void tell_owed(void *context)
{
    struct view *view = context;
    int64_t intervals[SCHEDULE_ITEMS];

    if (take(view, SCHEDULE_CLIENT, SCHEDULE_ROGUE_CLIENT, intervals)) {
        channel_tick(view->channels[DELIVER_MEASUREMENT], intervals);
        note_time(view->views, view->deliver.announced);
    }
    if (take(view, SCHEDULE_AP_MONITOR, SCHEDULE_AP_MONITOR, intervals))
        direct_tell_aps(view->direct, true);
    if (take(view, SCHEDULE_INFORMATION, SCHEDULE_INFORMATION, intervals))
        channel_tick(view->channels[DELIVER_INFORMATION], intervals);
    if (take(view, SCHEDULE_STATISTICS, SCHEDULE_STATISTICS, intervals))
        direct_tell_statistics(view->direct);
    plan_next(view);
}

static void on_tick(void *context)
{
    struct view *view = context;

    deliver_pass_over(&view->deliver,
                      schedule_owes(view->schedule, SCHEDULE_CLIENT, SCHEDULE_ROGUE_CLIENT));
    tell_owed(view);
}

static void flush(const struct view *view)
{
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        channel_flush(view->channels[i]);
}

/* --- what happens ---------------------------------------------------------------------------- */

static void tell_channels(const struct views *views, enum channel_event event, uint32_t index)
{
    for (const struct view *view = views->list; view != NULL; view = view->next) {
        for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
            channel_take(view->channels[i], event, index);
        schedule_wake(view->schedule, has_news(view));
    }
}

static void on_device_leaving(void *context, uint32_t index)
{
    tell_channels(context, CHANNEL_LEAVING, index);
}

static void on_device_changed(void *context, uint32_t index)
{
    tell_channels(context, CHANNEL_NEWS, index);
}

static void on_device_heard(void *context, uint32_t index)
{
    tell_channels(context, CHANNEL_HEARD, index);
}

/* Many APs may go at once: who was told to be there is looked at once for all of them. */
static void on_moved(void *context)
{
    struct views *views = context;

    tell_channels(views, CHANNEL_MOVED, TABLE_NONE);
    for (uint16_t ap = 0; ap < engine_ap_capacity(views->engine); ap++)
        views->places[ap].moved = false;
    loop_deferred_cancel(views->loop, &views->moved);
}

static void on_ap_changed(void *context, uint16_t ap, const struct radio_ap *before)
{
    struct views *views = context;
    const struct radio_ap *after = engine_ap(views->engine, ap);
    struct place *place = &views->places[ap];

    if (place->moved)
        on_moved(views);
    if (before == NULL || after == NULL || place_differs(before, after)) {
        place->changed = engine_epoch(views->engine);
        /* A client may have been told to be at an AP that comes only now, or is another one now. */
        on_device_changed(views, TABLE_NONE);
    }
    if (before != NULL && (after == NULL || !mac_equal(&before->mac, &after->mac))) {
        *place = (struct place){before->mac, before->slot, true, place->changed};
        loop_defer(views->loop, &views->moved, on_moved, views);
    }
    for (const struct view *view = views->list; view != NULL; view = view->next)
        direct_take_ap(view->direct, ap, before);
}

static void on_tag(void *context, uint32_t index, uint32_t frame, const struct radio_tag *tag)
{
    const struct views *views = context;

    for (const struct view *view = views->list; view != NULL; view = view->next)
        direct_take_tag(view->direct, index, frame, tag);
}

/* --- membership ------------------------------------------------------------------------------ */

static void view_free(struct view *view)
{
    loop_deferred_cancel(view->views->loop, &view->owed);
    schedule_free(view->schedule);
    direct_free(view->direct);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        channel_free(view->channels[i]);
    subfilter_free(view->deliver.filter);
    free(view);
}

static bool is_subscribed(const struct view *view, unsigned number)
{
    uint64_t services = rows[number]->services;
    return services == 0 || (subfilter_services(view->deliver.filter) & services) != 0;
}

/* Takes the filter over, also on failure. */
static struct view *view_new(struct views *views, struct subfilter *filter)
{
    struct view *view = calloc(1, sizeof(*view));

    if (view == NULL) {
        subfilter_free(filter);
        return NULL;
    }
    view->views = views;
    view->deliver = (struct deliver){.engine = views->engine, .filter = filter};
    bool done = true;
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++) {
        if (!is_subscribed(view, i))
            continue;
        view->channels[i] =
            channel_new(rows[i], i, &view->deliver, views->measurement, views->places);
        done = done && view->channels[i] != NULL;
    }
    view->direct = direct_new(&view->deliver, view->channels[DELIVER_MEASUREMENT]);
    view->schedule = schedule_new(views->engine, filter, &views->intervals, on_tick, view);
    if (!done || view->direct == NULL || view->schedule == NULL) {
        view_free(view);
        return NULL;
    }
    view->next = views->list;
    views->list = view;
    plan(view);
    return view;
}

bool views_join(struct views *views, struct view_member *member, struct subfilter *filter)
{
    struct view *view = views->list;

    assert(member->view == NULL);
    while (view != NULL && !subfilter_equal(view->deliver.filter, filter))
        view = view->next;
    if (view != NULL)
        subfilter_free(filter);
    else if ((view = view_new(views, filter)) == NULL)
        return false;
    member->view = view;
    member->next = view->deliver.members;
    view->deliver.members = member;
    member->in_step = member->whole = member->passing = member->resuming = false;
    bool aps = (subfilter_services(view->deliver.filter) & WIRE_BIT(WIRE_AP_INFO)) != 0;
    member->ap = aps ? 0 : DELIVER_NO_APS;
    engine_expire(views->engine);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        channel_join(view->channels[i], member);
    schedule_wake(view->schedule, false);
    return true;
}

void views_leave(struct view_member *member)
{
    struct view *view = member->view;

    if (view == NULL)
        return;
    struct view_member **link = &view->deliver.members;
    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
    member->view = NULL;
    if (view->deliver.members != NULL)
        return;
    struct view **place = &view->views->list;
    while (*place != view)
        place = &(*place)->next;
    *place = view->next;
    view_free(view);
}

void views_withdraw(struct view_member *member, uint64_t services)
{
    struct view *view = member->view;

    if (view == NULL)
        return;
    flush(view);
    /* Services are withdrawn because of this machine, so all members of the view lose them. */
    subfilter_withdraw(view->deliver.filter, services);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++) {
        if (is_subscribed(view, i))
            continue;
        channel_free(view->channels[i]);
        view->channels[i] = NULL;
    }
    plan(view);
}

const struct subfilter *view_filter(const struct view_member *member)
{
    return member->view != NULL ? member->view->deliver.filter : NULL;
}

bool view_is_behind(const struct view_member *member)
{
    return member->view != NULL && !member->in_step;
}

/* --- one member that is not in step ---------------------------------------------------------- */

/* Once over the table, from where it stands; false if it could not be finished now. */
static bool sync_pass(struct view_member *member)
{
    struct view *view = member->view;
    uint32_t epoch = engine_epoch_close(view->views->engine);
    bool resumes = member->resuming && !engine_after(view->deliver.announced, member->pass);

    note_time(view->views, epoch);
    if (!member->passing && !resumes) {
        member->pass = epoch;
        for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
            member->at[i].index = 0;
    }
    member->passing = true;
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        if (!channel_sync(view->channels[i], member, epoch))
            return false;
    member->passing = member->resuming = false;
    member->synced = member->pass;
    member->whole = true;
    return true;
}

enum view_sync_result view_sync(struct view_member *member)
{
    struct view *view = member->view;

    if (member->in_step)
        return VIEW_SYNCED;
    engine_expire(view->views->engine);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        if (channel_is_lost(view->channels[i], member))
            return VIEW_LOST;
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        if (!channel_sync_departures(view->channels[i], member))
            return VIEW_PENDING;
    if (!direct_sync_aps(view->direct, member))
        return VIEW_PENDING;
    do {
        if (!sync_pass(member))
            return VIEW_PENDING;
        /* What others were told meanwhile may lie behind; what nobody was told comes with the next
         * tick. */
    } while (engine_after(view->deliver.announced, member->pass));
    flush(view);
    member->in_step = true;
    /* Later in this turn: nobody is told of others while a session is being flushed. */
    if (schedule_owes(view->schedule, 0, SCHEDULE_ITEMS - 1))
        loop_defer(view->views->loop, &view->owed, tell_owed, view);
    return VIEW_SYNCED;
}

/* --- the set of views ------------------------------------------------------------------------ */

struct views *views_new(struct loop *loop, struct engine *engine)
{
    struct views *views = calloc(1, sizeof(*views));

    if (views == NULL)
        return NULL;
    views->loop = loop;
    views->engine = engine;
    views->measurement = measurement_new(engine);
    views->places = calloc(engine_ap_capacity(engine), sizeof(*views->places));
    if (views->measurement == NULL || views->places == NULL) {
        measurement_free(views->measurement);
        free(views->places);
        free(views);
        return NULL;
    }
    views->intervals = (struct settings_intervals){2, 2, 2, 2};
    views->observer = (struct engine_observer){.device_leaving = on_device_leaving,
                                               .device_changed = on_device_changed,
                                               .device_heard = on_device_heard,
                                               .ap_changed = on_ap_changed,
                                               .tag = on_tag,
                                               .context = views};
    engine_observe(engine, &views->observer);
    return views;
}

void views_free(struct views *views)
{
    if (views == NULL)
        return;
    assert(views->list == NULL);
    engine_unobserve(views->engine, &views->observer);
    loop_deferred_cancel(views->loop, &views->moved);
    free(views->places);
    measurement_free(views->measurement);
    free(views);
}

void views_configure(struct views *views, const struct settings_intervals *intervals)
{
    views->intervals = *intervals;
    for (struct view *view = views->list; view != NULL; view = view->next)
        plan(view);
}

uint16_t views_interval(const struct views *views, const struct subfilter *filter, unsigned bit)
{
    return schedule_interval(&views->intervals, filter, bit);
}

struct measurement *views_measurement(const struct views *views)
{
    return views->measurement;
}

size_t views_count(const struct views *views)
{
    size_t count = 0;
    for (const struct view *view = views->list; view != NULL; view = view->next)
        count++;
    return count;
}
