/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/internal.h"

#include <string.h>

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
        /* Of a device that is back the member may know the new picture already. */
        while (gone != view->gone_count &&
               view_departure(view, gone)->device_class != VIEW_AP_REMOVED &&
               (view_is_back(view, view_departure(view, gone)) ||
                picture_add_gone(views->picture, view_departure(view, gone)) == PICTURE_ADDED))
            gone++;
        body = view_finish_picture(views);
    }
    if (body.used > WIRE_TIMESTAMP_SIZE &&
        !member->deliver(member->context, id, body.base, body.used))
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

/* Members were told of it what this one was not; or a tick for which it was due broke off. */
static bool is_missed(const struct view_member *member, uint32_t slot)
{
    const struct view *view = member->view;
    uint8_t device_class = table_device(engine_table(view->views->engine), slot)->device_class;

    return (view->told[slot].is_told && engine_after(view->told[slot].epoch, member->synced)) ||
           (engine_after(view->broken, member->synced) && view->owed[device_class] != 0 &&
            view_is_due(view, slot, view->owed[device_class]));
}

static bool needs_telling(const struct view_member *member, uint32_t slot)
{
    const struct table_device *device =
        table_device(engine_table(member->view->views->engine), slot);

    return device->used && selection_has_device(member->view->selection, device) &&
           (!member->whole || is_missed(member, slot));
}

/*
 * What this member was told in this epoch is what the view announced, if nobody else is in the
 * view. Otherwise the others know an older reading: the next tick tells everybody the same.
 */
static void remember_synced(struct view_member *member, uint32_t slot, uint32_t epoch)
{
    struct view *view = member->view;
    const struct table_device *device = table_device(engine_table(view->views->engine), slot);
    struct view_told *told = &view->told[slot];
    bool alone = view->members == member && member->next == NULL;

    if (alone || !told->is_told)
        view_remember_told(view, slot, alone ? epoch : member->pass);
    else if (!engine_after(device->changed, told->epoch))
        return;
    if (!alone)
        told->diverged = true;
}

/* Adds devices to the message until it is full; gives the slot of the first that is not in it. */
static uint32_t fill_message(struct view_member *member, uint32_t epoch)
{
    struct views *views = member->view->views;
    const struct table *table = engine_table(views->engine);
    uint32_t slot = member->slot;

    for (; slot < table->slots_used; slot++) {
        if (!needs_telling(member, slot))
            continue;
        enum picture_result result = picture_add(views->picture, slot, member->view->selection);
        if (result == PICTURE_FULL)
            break;
        if (result == PICTURE_ADDED)
            remember_synced(member, slot, epoch);
    }
    return slot;
}

/* One message of devices from where the pass stands; false if there was no room for it. */
static bool sync_message(struct view_member *member, uint32_t epoch)
{
    struct views *views = member->view->views;

    if (!member->has_room(member->context))
        return false;
    view_begin_picture(views);
    uint32_t slot = fill_message(member, epoch);
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

/* From the start, or from where it fell out of the last tick. */
static void begin_pass(struct view_member *member, uint32_t epoch)
{
    member->passing = true;
    member->information = 0;
    if (member->resuming && !engine_after(member->view->announced, member->pass))
        return;
    member->pass = epoch;
    member->slot = 0;
}

/* Once over the table, from where it stands; false if it could not be finished now. */
static bool sync_pass(struct view_member *member)
{
    struct engine *engine = member->view->views->engine;
    uint32_t epoch = engine_epoch_close(engine);

    if (!member->passing)
        begin_pass(member, epoch);
    while (member->slot < engine_table(engine)->slots_used) {
        if (!sync_message(member, epoch))
            return false;
    }
    if (!view_sync_information(member))
        return false;
    member->passing = member->resuming = false;
    member->synced = member->pass;
    member->whole = true;
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
    do {
        if (!sync_pass(member))
            return VIEW_PENDING;
        /* What others were told meanwhile may lie behind; what nobody was told comes with the next
         * tick. */
    } while (engine_after(view->announced, member->pass));
    /* Departures that the others still wait for are known here: they must not come again behind
     * newer pictures. */
    view_flush_departures(view);
    view_flush_left(view);
    member->in_step = true;
    if (memchr(view->skipped, true, sizeof(view->skipped)) != NULL)
        view_make_up(view);
    return member->in_step ? VIEW_SYNCED : VIEW_PENDING;
}
