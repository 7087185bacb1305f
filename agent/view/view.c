/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/view.h"

#include "agent/view/ap-info.h"
#include "agent/view/channel-information.h"
#include "agent/view/channel-measurement.h"
#include "agent/view/channel.h"
#include "agent/view/direct.h"
#include "agent/view/places.h"
#include "agent/view/schedule.h"

#include <assert.h>
#include <stdlib.h>

struct view {
    struct view *next;
    struct views *views;
    struct deliver deliver;
    struct channel_shared shared;
    struct channel *channels[DELIVER_CHANNELS]; /* NULL: nothing of it is subscribed */
    struct ap_info *aps;
    struct schedule *schedule;
    uint32_t *tag_frames; /* by index of the table; NULL without rssi-rfid */
    struct loop_deferred make_up;
};

struct views {
    struct engine *engine;
    struct settings_intervals intervals;
    struct measurement *measurement;
    struct places *places;
    struct engine_observer observer;
    struct view *list;
};

static void tell_aps(struct view *view)
{
    ap_info_tick(view->aps);
}

static void tell_statistics(struct view *view)
{
    direct_tell_statistics(&view->deliver);
}

/* What comes at ticks, in this order. */
static const struct {
    enum schedule_item first, last;
    enum deliver_channel number; /* of a channel, if it is one */
    const struct channel_operations *channel;
    void (*tell)(struct view *view); /* else */
} notifications[] = {
    {SCHEDULE_CLIENT, SCHEDULE_ROGUE_CLIENT, DELIVER_MEASUREMENT, &channel_measurement, NULL},
    {SCHEDULE_AP_MONITOR, SCHEDULE_AP_MONITOR, DELIVER_CHANNELS, NULL, tell_aps},
    {SCHEDULE_INFORMATION, SCHEDULE_INFORMATION, DELIVER_INFORMATION, &channel_information, NULL},
    {SCHEDULE_STATISTICS, SCHEDULE_STATISTICS, DELIVER_CHANNELS, NULL, tell_statistics},
};
enum { NOTIFICATIONS = sizeof(notifications) / sizeof(notifications[0]) };

/* --- ticks ----------------------------------------------------------------------------------- */

/* What is owed. Who is out of step learns everything when it has drained; for nobody nothing is
 * encoded. */
static void make_up(void *context)
{
    struct view *view = context;
    int64_t intervals[SCHEDULE_ITEMS];

    for (size_t i = 0; i < NOTIFICATIONS && deliver_anybody(&view->deliver); i++) {
        if (!schedule_take(view->schedule, notifications[i].first, notifications[i].last,
                           intervals))
            continue;
        engine_expire(view->views->engine);
        if (notifications[i].tell != NULL)
            notifications[i].tell(view);
        else if (view->channels[notifications[i].number] != NULL)
            channel_tick(view->channels[notifications[i].number], intervals);
    }
    schedule_next(view->schedule);
}

/*
 * Who is still out of step when the next tick comes is owed the whole view once it has drained
 * (wire-profile "Session" 5): it is told every device, whatever it had. Only once: a pass over all
 * that is under way goes on.
 */
static void on_tick(void *context)
{
    struct view *view = context;
    bool devices = schedule_owes(view->schedule, SCHEDULE_CLIENT, SCHEDULE_ROGUE_CLIENT);

    deliver_count_missed(&view->deliver);
    for (struct view_member *member = view->deliver.members; member != NULL; member = member->next)
        if (devices && !member->in_step && member->whole)
            member->whole = member->passing = member->resuming = false;
    make_up(view);
}

static bool has_news(const void *context)
{
    const struct view *view = context;

    for (unsigned i = 0; i < DELIVER_CHANNELS; i++) {
        if (view->channels[i] != NULL && channel_has_news(view->channels[i]))
            return true;
    }
    return false;
}

static void wake(void *context)
{
    schedule_wake(((struct view *)context)->schedule);
}

static void flush(const struct view *view)
{
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        if (view->channels[i] != NULL)
            channel_flush(view->channels[i]);
}

/* --- what happens ---------------------------------------------------------------------------- */

/* Calls it for all channels of all views. */
static void for_all(const struct views *views, void (*call)(struct channel *, uint32_t),
                    uint32_t index)
{
    for (const struct view *view = views->list; view != NULL; view = view->next)
        for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
            if (view->channels[i] != NULL)
                call(view->channels[i], index);
}

static void on_device_leaving(void *context, uint32_t index)
{
    for_all(context, channel_leave, index);
}

static void on_device_changed(void *context, uint32_t index)
{
    for_all(context, channel_changed, index);
}

static void on_device_heard(void *context, uint32_t index)
{
    for_all(context, channel_heard, index);
}

static void on_moved(void *context)
{
    for_all(context, channel_moved, TABLE_NONE);
}

static void on_ap_changed(void *context, uint16_t ap, const struct radio_ap *before)
{
    struct views *views = context;

    /* A client may have been told to be at an AP that comes only now, or is another one now. */
    if (places_take(views->places, ap, before))
        on_device_changed(views, TABLE_NONE);
    for (struct view *view = views->list; view != NULL; view = view->next) {
        bool selected = subfilter_has_ap(view->deliver.filter, ap);
        subfilter_refresh_ap(view->deliver.filter, views->engine, ap);
        ap_info_changed(view->aps, ap, before, selected);
    }
}

static void on_tag(void *context, uint32_t index, uint32_t frame, const struct radio_tag *tag)
{
    const struct views *views = context;

    for (struct view *view = views->list; view != NULL; view = view->next)
        if (view->tag_frames != NULL)
            direct_tell_tag(&view->deliver, view->tag_frames, index, frame, tag);
}

/* --- membership ------------------------------------------------------------------------------ */

static void view_free(struct view *view)
{
    if (view == NULL)
        return;
    loop_deferred_cancel(engine_loop(view->views->engine), &view->make_up);
    schedule_free(view->schedule);
    ap_info_free(view->aps);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        channel_free(view->channels[i]);
    free(view->tag_frames);
    subfilter_free(view->deliver.filter);
    free(view);
}

static bool is_wanted(const struct channel_operations *channel, uint64_t services)
{
    return channel->services == 0 || (channel->services & services) != 0;
}

/* Memory that only some services need; false if there is none. */
static bool make_channels(struct view *view)
{
    uint64_t services = subfilter_services(view->deliver.filter);
    uint32_t devices = engine_table(view->views->engine)->device_capacity;

    for (size_t i = 0; i < NOTIFICATIONS; i++) {
        enum deliver_channel number = notifications[i].number;
        if (notifications[i].channel == NULL || !is_wanted(notifications[i].channel, services))
            continue;
        view->channels[number] = channel_new(notifications[i].channel, number, &view->shared);
        if (view->channels[number] == NULL)
            return false;
    }
    if ((services & WIRE_BIT(WIRE_RSSI_RFID)) == 0)
        return true;
    view->tag_frames = calloc(devices, sizeof(*view->tag_frames));
    return view->tag_frames != NULL;
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
    view->shared = (struct channel_shared){.deliver = &view->deliver,
                                           .measurement = views->measurement,
                                           .places = views->places,
                                           .wake = wake,
                                           .context = view};
    view->schedule = schedule_new(views->engine, filter, &views->intervals,
                                  &(struct schedule_owner){on_tick, has_news, view});
    if (view->schedule == NULL || !make_channels(view) ||
        (view->aps = ap_info_new(&view->deliver, view->channels[DELIVER_MEASUREMENT])) == NULL) {
        view_free(view);
        return NULL;
    }
    view->next = views->list;
    views->list = view;
    schedule_plan(view->schedule);
    return view;
}

static struct view *find_view(const struct views *views, const struct subfilter *filter)
{
    struct view *view = views->list;

    while (view != NULL && !subfilter_equal(view->deliver.filter, filter))
        view = view->next;
    return view;
}

bool views_join(struct views *views, struct view_member *member, struct subfilter *filter)
{
    struct view *view = find_view(views, filter);

    assert(member->view == NULL);
    if (view != NULL)
        subfilter_free(filter);
    else if ((view = view_new(views, filter)) == NULL)
        return false;
    member->view = view;
    member->next = view->deliver.members;
    view->deliver.members = member;
    member->in_step = member->whole = member->passing = member->resuming = false;
    /* What the others are still to be told of is nothing that this one has to forget. */
    engine_expire(views->engine);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++) {
        if (view->channels[i] == NULL)
            continue;
        channel_sweep(view->channels[i]);
        channel_join(view->channels[i], member);
    }
    ap_info_join(view->aps, member);
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
    for (size_t i = 0; i < NOTIFICATIONS; i++) {
        const struct channel_operations *channel = notifications[i].channel;
        if (channel == NULL || is_wanted(channel, subfilter_services(view->deliver.filter)))
            continue;
        channel_free(view->channels[notifications[i].number]);
        view->channels[notifications[i].number] = NULL;
    }
    schedule_plan(view->schedule);
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

/* From the start, or from where it fell out of the last tick. */
static void begin_pass(struct view_member *member, uint32_t epoch)
{
    member->passing = true;
    if (member->resuming && !engine_after(member->view->deliver.announced, member->pass))
        return;
    member->pass = epoch;
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        member->at[i].index = 0;
}

/* Once over the table, from where it stands; false if it could not be finished now. */
static bool sync_pass(struct view_member *member)
{
    struct view *view = member->view;
    uint32_t epoch = engine_epoch_close(view->views->engine);

    if (!member->passing)
        begin_pass(member, epoch);
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++) {
        if (view->channels[i] != NULL && !channel_sync(view->channels[i], member, epoch))
            return false;
    }
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
        if (view->channels[i] != NULL && channel_is_lost(view->channels[i], member))
            return VIEW_LOST;
    for (unsigned i = 0; i < DELIVER_CHANNELS; i++)
        if (view->channels[i] != NULL && !channel_sync_departures(view->channels[i], member))
            return VIEW_PENDING;
    if (!ap_info_sync(view->aps, member))
        return VIEW_PENDING;
    do {
        if (!sync_pass(member))
            return VIEW_PENDING;
        /* What others were told meanwhile may lie behind; what nobody was told comes with the next
         * tick. */
    } while (engine_after(view->deliver.announced, member->pass));
    flush(view);
    member->in_step = true;
    if (schedule_owes(view->schedule, 0, SCHEDULE_ITEMS - 1))
        make_up(view);
    return member->in_step ? VIEW_SYNCED : VIEW_PENDING;
}

/* --- the set of views ------------------------------------------------------------------------ */

struct views *views_new(struct loop *loop, struct engine *engine)
{
    struct views *views = calloc(1, sizeof(*views));

    (void)loop;
    if (views == NULL)
        return NULL;
    views->engine = engine;
    views->measurement = measurement_new(engine);
    views->places = places_new(engine, on_moved, views);
    if (views->measurement == NULL || views->places == NULL) {
        measurement_free(views->measurement);
        places_free(views->places);
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
    places_free(views->places);
    measurement_free(views->measurement);
    free(views);
}

void views_configure(struct views *views, const struct settings_intervals *intervals)
{
    views->intervals = *intervals;
    for (struct view *view = views->list; view != NULL; view = view->next)
        schedule_plan(view->schedule);
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
