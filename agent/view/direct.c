/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told as it is, without regard to what was told before: counters every minute, frames of
 * tags at once. Who is out of step then has missed it.
 */
#include "agent/view/internal.h"

#include <stdlib.h>

void view_tell_statistics(struct view *view)
{
    struct engine *engine = view->views->engine;
    const struct table *table = engine_table(engine);

    engine_expire(engine);
    struct writer body = view_begin_body(view->views);
    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        if (!table_device(table, slot)->used ||
            record_put_statistics(engine, slot, view->selection, &body) != RECORD_FULL)
            continue;
        view_announce(view, WIRE_STATISTICS_NOTIFICATION, &body, view->gone_sent);
        body = view_begin_body(view->views);
        (void)record_put_statistics(engine, slot, view->selection, &body);
    }
    if (body.used > WIRE_TIMESTAMP_SIZE)
        view_announce(view, WIRE_STATISTICS_NOTIFICATION, &body, view->gone_sent);
}

bool view_tags_init(struct view *view)
{
    if ((selection_services(view->selection) & WIRE_BIT(WIRE_RSSI_RFID)) == 0)
        return true;
    view->tag_frames =
        calloc(engine_table(view->views->engine)->device_capacity, sizeof(*view->tag_frames));
    return view->tag_frames != NULL;
}

static void count_missed(struct view *view)
{
    for (struct view_member *member = view->members; member != NULL; member = member->next) {
        if (!member->in_step)
            (*member->missed)++;
    }
}

void view_on_tag(void *context, uint32_t slot, uint32_t frame, const struct radio_tag *tag)
{
    struct views *views = context;
    const struct table_device *device = table_device(engine_table(views->engine), slot);

    for (struct view *view = views->list; view != NULL; view = view->next) {
        if (view->tag_frames == NULL || view->tag_frames[slot] == frame ||
            !selection_has_device(view->selection, device) ||
            !selection_has_ap(view->selection, tag->ap))
            continue;
        view->tag_frames[slot] = frame;
        count_missed(view);
        struct writer body = view_begin_body(views);
        (void)record_put_tag(tag, &body);
        view_announce(view, WIRE_TAG_NOTIFICATION, &body, view->gone_sent);
    }
}
