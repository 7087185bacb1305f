/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/internal.h"

#include <assert.h>

static const uint8_t lane_class[VIEW_LANES] = {WIRE_CLASS_CLIENT, WIRE_CLASS_TAG,
                                               WIRE_CLASS_ROGUE_AP, WIRE_CLASS_ROGUE_CLIENT};

/* --- delivering ------------------------------------------------------------------------------ */

/* What it has not been told of the tick, if there is one, is where view_sync() goes on. */
static void fall_out(struct view_member *member, uint32_t gone)
{
    const struct view *view = member->view;

    member->in_step = false;
    member->passing = false;
    member->resuming = true;
    member->slot = view->announcing ? view->from : TABLE_NONE;
    member->pass = view->announced;
    member->synced = view->announced - 1;
    member->gone = gone;
    member->left = view->left_sent;
    (*member->missed)++;
}

void view_announce(struct view *view, uint16_t id, const struct writer *body, uint32_t gone)
{
    for (struct view_member *member = view->members; member != NULL; member = member->next) {
        if (member->in_step && member->deliver(member->context, id, body->base, body->used))
            continue;
        if (member->in_step)
            fall_out(member, gone);
        if (id == WIRE_AP_INFO_NOTIFICATION) {
            member->aps_due = true;
            member->ap = 0;
        }
    }
}

bool view_anybody_in_step(const struct view *view)
{
    for (const struct view_member *member = view->members; member != NULL; member = member->next) {
        if (member->in_step)
            return true;
    }
    return false;
}

/* A body of the shared workspace, begun with its timestamp. */
struct writer view_begin_body(struct views *views)
{
    struct writer body = writer_of(views->body, sizeof(views->body) - WIRE_HEADER_SIZE);
    wire_put_timestamp(&body, (uint64_t)loop_wall(views->loop));
    return body;
}

void view_begin_picture(struct views *views)
{
    picture_begin(views->picture, WIRE_TIMESTAMP_SIZE);
}

struct writer view_finish_picture(struct views *views)
{
    struct writer body = view_begin_body(views);
    picture_finish(views->picture, &body);
    assert(!body.failed);
    return body;
}

/* Sends what was gathered, if anything, and begins the next message. */
static void flush_picture(struct view *view, uint32_t gone)
{
    if (!picture_empty(view->views->picture)) {
        struct writer body = view_finish_picture(view->views);
        view_announce(view, WIRE_MEASUREMENT_NOTIFICATION, &body, gone);
    }
    view_begin_picture(view->views);
}

/* --- departures ------------------------------------------------------------------------------ */

static void announce_removed_ap(struct view *view, const struct picture_gone *gone, uint32_t sent)
{
    struct writer body = view_begin_body(view->views);

    (void)picture_put_ap_removed(&gone->mac, &body);
    view_announce(view, WIRE_AP_INFO_NOTIFICATION, &body, sent);
}

/* Is any reading of it in this view? */
static bool view_shows(const struct view *view, const struct table_device *device)
{
    const struct table *table = engine_table(view->views->engine);
    uint32_t place = device->first;

    while (place != TABLE_NONE && !selection_has_ap(view->selection, table->samples[place].ap))
        place = table->samples[place].next;
    return place != TABLE_NONE && selection_has_device(view->selection, device);
}

/*
 * It left and is back: its new picture will replace the old one, so its departure is not told. What
 * was told of it still stands, though, and has to be withdrawn if it leaves again before the new
 * picture.
 */
bool view_is_back(struct view *view, const struct picture_gone *gone)
{
    const struct table *table = engine_table(view->views->engine);
    uint32_t slot =
        gone->device_class == VIEW_AP_REMOVED ? TABLE_NONE : table_find(table, &gone->mac);

    if (slot == TABLE_NONE || !view_shows(view, table_device(table, slot)))
        return false;
    if (!view->told[slot].is_told)
        view->told[slot] = (struct view_told){.is_told = true, .diverged = true};
    return true;
}

/* The departures since the last time, to the members in step; leaves a message begun. */
static void announce_gone(struct view *view)
{
    uint32_t sent = view->gone_sent;

    while (view->gone_sent != view->gone_count) {
        const struct picture_gone *gone = view_departure(view, view->gone_sent);
        if (gone->device_class == VIEW_AP_REMOVED) {
            flush_picture(view, sent);
            announce_removed_ap(view, gone, sent);
        } else if (!view_is_back(view, gone) &&
                   picture_add_gone(view->views->picture, gone) == PICTURE_FULL) {
            flush_picture(view, sent);
            continue;
        }
        view->gone_sent++;
    }
}

/* Sends all departures that wait, in a message of their own unless one is being put together. */
void view_flush_departures(struct view *view)
{
    uint32_t sent = view->gone_sent;

    if (!view->announcing)
        view_begin_picture(view->views);
    announce_gone(view);
    if (!view->announcing)
        flush_picture(view, sent);
}

static void remember_gone(struct view *view, const struct picture_gone *gone)
{
    if (view->gone_count - view->gone_sent == VIEW_GONE_RING)
        view_flush_departures(view);
    view->gone[view->gone_count % VIEW_GONE_RING] = *gone;
    view->gone_count++;
}

static void device_left(struct view *view, uint32_t slot)
{
    const struct table_device *device = table_device(engine_table(view->views->engine), slot);

    if (!view->told[slot].is_told)
        return;
    view->told[slot].is_told = false;
    remember_gone(view, &(struct picture_gone){device->mac, device->device_class, device->flags});
}

/* Who is not in the view any more left it, even if the next tick is still to come. */
void view_sweep(struct view *view)
{
    const struct table *table = engine_table(view->views->engine);

    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        if (view->told[slot].is_told && !view_shows(view, table_device(table, slot)))
            device_left(view, slot);
    }
}

void view_on_device_leaving(void *context, uint32_t slot)
{
    struct views *views = context;
    for (struct view *view = views->list; view != NULL; view = view->next) {
        device_left(view, slot);
        view_information_leaving(view, slot);
    }
}

/* --- telling devices ------------------------------------------------------------------------- */

static uint8_t threshold_of(const struct settings_location *location, uint8_t device_class)
{
    if (device_class == WIRE_CLASS_CLIENT)
        return location->threshold_client;
    return device_class == WIRE_CLASS_TAG ? location->threshold_tags
                                          : location->threshold_rogue_aps;
}

static unsigned distance(int8_t x, int8_t y)
{
    return (unsigned)(x > y ? x - y : y - x);
}

/* The largest change of a selected reading against what was told. */
static unsigned movement(const struct view *view, const struct table_device *device)
{
    const struct table *table = engine_table(view->views->engine);
    struct selection_aps aps = selection_aps(view->selection);
    unsigned most = 0;

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        unsigned moved = distance(sample->rssi, view->rssi[place]);
        if (selection_aps_have(aps, sample->ap) && moved > most)
            most = moved;
    }
    return most;
}

static table_time time_now(const struct views *views)
{
    return (table_time)(uint64_t)(loop_now(views->loop) / 10);
}

/* Would what was told expire at the server before the tick after this one? */
static bool must_refresh(const struct view *view, const struct view_told *told,
                         uint8_t device_class, int64_t interval)
{
    int64_t since = (int64_t)((time_now(view->views) - told->at) & VIEW_TOLD_AT) * 10;
    return since + interval >= engine_expiry(view->views->engine, device_class);
}

bool view_is_due(const struct view *view, uint32_t slot, int64_t interval)
{
    const struct table_device *device = table_device(engine_table(view->views->engine), slot);
    const struct view_told *told = &view->told[slot];

    if (!told->is_told || told->diverged)
        return true;
    if (!engine_after(device->changed, told->epoch))
        return false;
    if (engine_after(device->restructured, told->epoch))
        return true;
    return movement(view, device) >=
               threshold_of(engine_location(view->views->engine), device->device_class) ||
           must_refresh(view, told, device->device_class, interval);
}

void view_remember_told(struct view *view, uint32_t slot, uint32_t epoch)
{
    const struct table *table = engine_table(view->views->engine);

    view->told[slot] = (struct view_told){
        .epoch = epoch, .at = time_now(view->views) & VIEW_TOLD_AT, .is_told = true};
    for (uint32_t place = table_device(table, slot)->first; place != TABLE_NONE;
         place = table->samples[place].next)
        view->rssi[place] = table->samples[place].rssi;
}

/* --- ticks ----------------------------------------------------------------------------------- */

/* False if nobody listens any more. */
static bool announce_device(struct view *view, uint32_t slot, uint32_t epoch, uint32_t gone)
{
    enum picture_result result = picture_add(view->views->picture, slot, view->selection);

    if (result == PICTURE_FULL) {
        flush_picture(view, gone);
        if (!view_anybody_in_step(view))
            return false;
        view->from = slot;
        result = picture_add(view->views->picture, slot, view->selection);
        assert(result == PICTURE_ADDED);
    }
    if (result == PICTURE_ADDED)
        view_remember_told(view, slot, epoch);
    else
        device_left(view, slot);
    return true;
}

static bool everybody_in_step(const struct view *view)
{
    const struct view_member *member = view->members;

    while (member != NULL && member->in_step)
        member = member->next;
    return member == NULL;
}

/* The members that have fallen out go on with it as they drain (sync.c). */
static void break_off(struct view *view)
{
    for (unsigned c = 0; c <= WIRE_CLASS_ROGUE_CLIENT; c++) {
        if (view->ticking[c] != 0)
            view->owed[c] = view->ticking[c];
    }
    view->broken = view->announced;
}

/* Of the classes whose lanes are due now. */
static void announce_table(struct view *view, uint32_t epoch, uint32_t gone)
{
    const struct table *table = engine_table(view->views->engine);

    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        const struct table_device *device = table_device(table, slot);
        int64_t interval = view->ticking[device->device_class];
        if (!device->used || interval == 0)
            continue;
        if (!selection_has_device(view->selection, device))
            device_left(view, slot);
        else if (view_is_due(view, slot, interval) && !announce_device(view, slot, epoch, gone)) {
            break_off(view);
            return;
        }
    }
}

static void announce_devices(struct view *view)
{
    struct views *views = view->views;
    uint32_t gone = view->gone_sent;

    if (everybody_in_step(view))
        memset(view->owed, 0, sizeof(view->owed));
    engine_expire(views->engine);
    view->announced = engine_epoch_close(views->engine);
    view->announcing = true;
    view->from = 0;
    view_begin_picture(views);
    announce_gone(view);
    announce_table(view, view->announced, gone);
    announce_gone(view);
    flush_picture(view, gone);
    view->announcing = false;
}

static void announce_aps(struct view *view, bool all)
{
    struct engine *engine = view->views->engine;
    struct writer body = view_begin_body(view->views);
    uint16_t from = all ? 0 : view->dirty_from;
    uint16_t to = all ? engine_ap_capacity(engine) : view->dirty_to;

    for (uint16_t ap = from; ap < to; ap++) {
        bool wanted = selection_has_ap(view->selection, ap) && (all || view->ap_dirty[ap]);
        view->ap_dirty[ap] = false;
        if (!wanted)
            continue;
        if (!picture_put_ap(engine, ap, &body)) {
            view_announce(view, WIRE_AP_INFO_NOTIFICATION, &body, view->gone_sent);
            body = view_begin_body(view->views);
            (void)picture_put_ap(engine, ap, &body);
        }
    }
    view->dirty_from = view->dirty_to = 0;
    if (body.used > WIRE_TIMESTAMP_SIZE)
        view_announce(view, WIRE_AP_INFO_NOTIFICATION, &body, view->gone_sent);
}

/*
 * Who is still out of step when the next tick comes is owed the whole view once it has drained
 * (wire-profile "Session" 5): it is told every device, whatever it had. Only once: a pass over all
 * that is under way goes on.
 */
static void pass_over(struct view_member *member, bool devices)
{
    (*member->missed)++;
    if (devices && member->whole)
        member->whole = member->passing = member->resuming = false;
}

static void pass_over_slow_members(struct view *view)
{
    bool devices = false;

    for (enum view_lane lane = 0; lane < VIEW_LANES; lane++)
        devices = devices || (view->skipped[lane] && lane_class[lane] != 0);
    for (struct view_member *member = view->members; member != NULL; member = member->next) {
        if (!member->in_step)
            pass_over(member, devices);
    }
}

/* Gives whether there is one among them. */
static bool take_device_lanes(struct view *view)
{
    bool any = false;

    memset(view->ticking, 0, sizeof(view->ticking));
    for (enum view_lane lane = 0; lane < VIEW_LANES; lane++) {
        if (!view->skipped[lane] || lane_class[lane] == 0)
            continue;
        view->skipped[lane] = false;
        view->ticking[lane_class[lane]] = view_lane_interval(view, lane) * INT64_C(1000);
        any = true;
    }
    return any;
}

/* Is it due, and is anybody there to be told? */
static bool take_lane(struct view *view, enum view_lane lane)
{
    if (!view->skipped[lane] || !view_anybody_in_step(view))
        return false;
    view->skipped[lane] = false;
    return true;
}

void view_make_up(struct view *view)
{
    /* Who is out of step learns everything when it has drained; for nobody nothing is encoded. */
    if (view_anybody_in_step(view) && take_device_lanes(view))
        announce_devices(view);
    if (take_lane(view, VIEW_LANE_AP_MONITOR))
        announce_aps(view, true);
    if (take_lane(view, VIEW_LANE_INFORMATION))
        view_inform(view);
    if (take_lane(view, VIEW_LANE_STATISTICS))
        view_tell_statistics(view);
    view_schedule(view);
}

void view_tick(void *context)
{
    struct view *view = context;

    view_take_due(view);
    pass_over_slow_members(view);
    view_make_up(view);
}

/* --- APs ------------------------------------------------------------------------------------- */

static void announce_dirty_aps(void *context)
{
    struct view *view = context;

    view_flush_departures(view);
    announce_aps(view, false);
}

/* What information says of the AP that a device goes by. */
static bool place_differs(const struct radio_ap *x, const struct radio_ap *y)
{
    return !mac_equal(&x->mac, &y->mac) || x->slot != y->slot || x->band != y->band ||
           x->channel != y->channel;
}

/* Facts that make an AP another one for a server; load, noise and clients come with ap-monitor. */
static bool ap_differs(const struct radio_ap *x, const struct radio_ap *y)
{
    return place_differs(x, y) || x->width != y->width || x->tx_power != y->tx_power ||
           x->up != y->up || strcmp(x->name, y->name) != 0;
}

static void mark_dirty(struct view *view, uint16_t ap, bool dirty)
{
    bool first = view->dirty_from == view->dirty_to;

    view->ap_dirty[ap] = dirty;
    if (first || ap < view->dirty_from)
        view->dirty_from = ap;
    if (first || ap >= view->dirty_to)
        view->dirty_to = (uint16_t)(ap + 1);
}

static void mark_ap(struct view *view, const struct mac *mac, bool selected)
{
    uint16_t first = engine_ap_first(view->views->engine, mac); /* picture_put_ap tells it there */

    if (first != ENGINE_NO_AP) {
        mark_dirty(view, first, selection_has_ap(view->selection, first));
    } else if (selected) {
        remember_gone(view, &(struct picture_gone){*mac, VIEW_AP_REMOVED, 0});
    }
    loop_defer(view->views->loop, &view->ap_deferred, announce_dirty_aps, view);
}

void view_on_ap_changed(void *context, uint16_t ap, const struct radio_ap *before)
{
    struct views *views = context;
    const struct radio_ap *after = engine_ap(views->engine, ap);

    if (before == NULL || after == NULL || place_differs(before, after))
        views->ap_moved[ap] = engine_epoch(views->engine);
    view_information_ap_changed(views, ap, before, after);
    for (struct view *view = views->list; view != NULL; view = view->next) {
        bool selected = selection_has_ap(view->selection, ap);
        selection_refresh_ap(view->selection, views->engine, ap);
        if ((selection_services(view->selection) & WIRE_BIT(WIRE_AP_INFO)) == 0)
            continue;
        if (before != NULL && after != NULL && !ap_differs(before, after))
            continue;
        if (before != NULL && (after == NULL || !mac_equal(&before->mac, &after->mac)))
            mark_ap(view, &before->mac, selected);
        if (after != NULL)
            mark_ap(view, &after->mac, selected);
    }
}
