/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/internal.h"

#include <assert.h>
#include <stdlib.h>

/* --- membership ------------------------------------------------------------------------------ */

static void view_free(struct view *view)
{
    if (view == NULL)
        return;
    loop_timer_fini(&view->timer);
    loop_deferred_cancel(view->views->loop, &view->ap_deferred);
    selection_free(view->selection);
    free(view->told);
    free(view->rssi);
    free(view->gone);
    free(view->ap_dirty);
    view_information_fini(view);
    free(view->tag_frames);
    free(view);
}

static struct view *view_new(struct views *views, struct selection *selection)
{
    const struct table *table = engine_table(views->engine);
    struct view *view = calloc(1, sizeof(*view));

    if (view == NULL)
        return NULL;
    view->views = views;
    view->selection = selection;
    view->told = calloc(table->device_capacity, sizeof(*view->told));
    view->rssi = calloc(table->sample_capacity, sizeof(*view->rssi));
    view->gone = calloc(VIEW_GONE_RING, sizeof(*view->gone));
    view->ap_dirty = calloc(engine_ap_capacity(views->engine), sizeof(*view->ap_dirty));
    if (view->told == NULL || view->rssi == NULL || view->gone == NULL || view->ap_dirty == NULL ||
        !view_information_init(view) || !view_tags_init(view) ||
        loop_timer_init(views->loop, &view->timer, view_tick, view) != 0) {
        view->selection = NULL; /* the caller frees it */
        view_free(view);
        return NULL;
    }
    view->next = views->list;
    views->list = view;
    view_plan(view);
    return view;
}

static void view_drop(struct view *view)
{
    struct view **link = &view->views->list;

    while (*link != view)
        link = &(*link)->next;
    *link = view->next;
    view_free(view);
}

static struct view *view_find(struct views *views, const struct selection *selection)
{
    struct view *view = views->list;

    while (view != NULL && !selection_equal(view->selection, selection))
        view = view->next;
    return view;
}

bool views_join(struct views *views, struct view_member *member, struct selection *selection)
{
    struct view *view = view_find(views, selection);

    assert(member->view == NULL);
    if (view != NULL)
        selection_free(selection);
    else if ((view = view_new(views, selection)) == NULL) {
        selection_free(selection);
        return false;
    }
    member->view = view;
    member->next = view->members;
    view->members = member;
    member->in_step = member->whole = member->passing = member->resuming = false;
    /* What the others are still to be told of is nothing that this one has to forget. */
    engine_expire(views->engine);
    view_sweep(view);
    view_information_sweep(view);
    member->gone = view->gone_count;
    member->left = view->left_count;
    member->aps_due = (selection_services(view->selection) & WIRE_BIT(WIRE_AP_INFO)) != 0;
    member->ap = 0;
    return true;
}

void views_leave(struct view_member *member)
{
    struct view *view = member->view;

    if (view == NULL)
        return;
    struct view_member **link = &view->members;
    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
    member->view = NULL;
    if (view->members == NULL)
        view_drop(view);
}

const struct selection *view_selection(const struct view_member *member)
{
    return member->view != NULL ? member->view->selection : NULL;
}

void views_withdraw(struct view_member *member, uint64_t services)
{
    if (member->view == NULL)
        return;
    view_flush_departures(member->view);
    view_flush_left(member->view);
    /* Services are withdrawn because of this machine, so all members of the view lose them. */
    selection_withdraw(member->view->selection, services);
    view_plan(member->view);
}

/* --- the set of views ------------------------------------------------------------------------ */

struct views *views_new(struct loop *loop, struct engine *engine)
{
    struct views *views = calloc(1, sizeof(*views));

    if (views == NULL)
        return NULL;
    views->loop = loop;
    views->engine = engine;
    views->picture = picture_new(engine);
    views->ap_moved = calloc(engine_ap_capacity(engine), sizeof(*views->ap_moved));
    views->places = calloc(engine_ap_capacity(engine), sizeof(*views->places));
    if (views->picture == NULL || views->ap_moved == NULL || views->places == NULL) {
        picture_free(views->picture);
        free(views->ap_moved);
        free(views->places);
        free(views);
        return NULL;
    }
    views->intervals = (struct settings_intervals){2, 2, 2, 2};
    views->observer = (struct engine_observer){.device_leaving = view_on_device_leaving,
                                               .device_changed = view_on_device_changed,
                                               .device_heard = view_on_device_heard,
                                               .ap_changed = view_on_ap_changed,
                                               .tag = view_on_tag,
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
    loop_deferred_cancel(views->loop, &views->places_deferred);
    picture_free(views->picture);
    free(views->ap_moved);
    free(views->places);
    free(views);
}

void views_configure(struct views *views, const struct settings_intervals *intervals)
{
    views->intervals = *intervals;
    for (struct view *view = views->list; view != NULL; view = view->next)
        view_plan(view);
}

struct picture *views_picture(const struct views *views)
{
    return views->picture;
}

size_t views_count(const struct views *views)
{
    size_t count = 0;
    for (const struct view *view = views->list; view != NULL; view = view->next)
        count++;
    return count;
}
