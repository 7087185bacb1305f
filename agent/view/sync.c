/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/internal.h"

/* --- synchronising one member ---------------------------------------------------------------- */

static bool has_more_gone(const struct view_member *member)
{
    return member->gone != member->view->gone_count;
}

/* One message of departures; false if there was no room for it. */
static bool sync_gone_message(struct view_member *member)
{
    struct view *view = member->view;
    struct views *views = view->views;
    uint32_t gone = member->gone;
    struct writer body;
    uint16_t id = WIRE_MEASUREMENT_NOTIFICATION;

    if (!member->has_room(member->context))
        return false;
    if (view_departure(view, gone)->device_class == VIEW_AP_REMOVED) {
        id = WIRE_AP_INFO_NOTIFICATION;
        body = view_begin_body(views);
        (void)picture_put_ap_removed(&view_departure(view, gone)->mac, &body);
        gone++;
    } else {
        view_begin_picture(views);
        while (gone != view->gone_count &&
               view_departure(view, gone)->device_class != VIEW_AP_REMOVED &&
               picture_add_gone(views->picture, view_departure(view, gone)) == PICTURE_ADDED)
            gone++;
        body = view_finish_picture(views);
    }
    if (!member->deliver(member->context, id, body.base, body.used))
        return false;
    member->gone = gone;
    return true;
}

static bool sync_aps(struct view_member *member)
{
    struct views *views = member->view->views;

    while (member->aps_due) {
        struct writer body = view_begin_body(views);
        uint16_t ap = member->ap;
        if (!member->has_room(member->context))
            return false;
        while (ap < engine_ap_capacity(views->engine) &&
               (!selection_has_ap(member->view->selection, ap) ||
                picture_put_ap(views->engine, ap, &body)))
            ap++;
        if (body.used > WIRE_TIMESTAMP_SIZE &&
            !member->deliver(member->context, WIRE_AP_INFO_NOTIFICATION, body.base, body.used))
            return false;
        member->ap = ap;
        member->aps_due = ap < engine_ap_capacity(views->engine);
    }
    return true;
}

static bool needs_telling(const struct view_member *member, const struct table_device *device)
{
    return device->used && selection_has_device(member->view->selection, device) &&
           (!member->whole || engine_after(device->changed, member->synced));
}

/*
 * What this member was told is what the view announced, if nobody else is in the view. Otherwise
 * the others know an older reading: the next tick tells everybody the same.
 */
static void remember_synced(struct view_member *member, uint32_t slot)
{
    struct view *view = member->view;
    const struct table_device *device = table_device(engine_table(view->views->engine), slot);
    struct view_told *told = &view->told[slot];
    bool alone = view->members == member && member->next == NULL;

    if (alone || !told->is_told)
        view_remember_told(view, slot, member->pass);
    else if (!engine_after(device->changed, told->epoch))
        return;
    if (!alone)
        told->diverged = true;
}

/* Adds devices to the message until it is full; gives the slot of the first that is not in it. */
static uint32_t fill_message(struct view_member *member)
{
    struct views *views = member->view->views;
    const struct table *table = engine_table(views->engine);
    uint32_t slot = member->slot;

    for (; slot < table->slots_used; slot++) {
        if (!needs_telling(member, table_device(table, slot)))
            continue;
        enum picture_result result = picture_add(views->picture, slot, member->view->selection);
        if (result == PICTURE_FULL)
            break;
        if (result == PICTURE_ADDED)
            remember_synced(member, slot);
    }
    return slot;
}

/* One message of devices from where the pass stands; false if there was no room for it. */
static bool sync_message(struct view_member *member)
{
    struct views *views = member->view->views;

    if (!member->has_room(member->context))
        return false;
    view_begin_picture(views);
    uint32_t slot = fill_message(member);
    if (!picture_empty(views->picture)) {
        struct writer body = view_finish_picture(views);
        if (!member->deliver(member->context, WIRE_MEASUREMENT_NOTIFICATION, body.base, body.used))
            return false;
    }
    member->slot = slot;
    return true;
}

static bool sync_gone(struct view_member *member)
{
    while (has_more_gone(member)) {
        if (!sync_gone_message(member))
            return false;
    }
    return true;
}

enum view_sync_result view_sync(struct view_member *member)
{
    struct view *view = member->view;
    struct engine *engine = view->views->engine;

    if (member->in_step)
        return VIEW_SYNCED;
    engine_expire(engine);
    if (view->gone_count - member->gone > VIEW_GONE_RING ||
        view->left_count - member->left > VIEW_LEFT_RING)
        return VIEW_LOST;
    if (!sync_gone(member) || !view_sync_left(member) || !sync_aps(member))
        return VIEW_PENDING;
    for (bool paused = member->passing;; paused = false) {
        if (!member->passing) {
            member->pass = engine_epoch_close(engine);
            member->slot = member->information = 0;
            member->passing = true;
        }
        while (member->slot < engine_table(engine)->slots_used) {
            if (!sync_message(member))
                return VIEW_PENDING;
        }
        if (!view_sync_information(member))
            return VIEW_PENDING;
        member->passing = false;
        member->synced = member->pass;
        member->whole = true;
        /* A pass without a pause saw the table as it is now: nothing can have been missed. */
        if (!paused)
            break;
    }
    /* Departures that the others still wait for are known here: they must not come again behind
     * newer pictures. */
    view_flush_departures(view);
    view_flush_left(view);
    member->in_step = true;
    return VIEW_SYNCED;
}
