/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/observers.h"

void observers_add(struct engine_observer **list, struct engine_observer *observer)
{
    while (*list != NULL)
        list = &(*list)->next;
    observer->next = NULL;
    *list = observer;
}

void observers_remove(struct engine_observer **list, struct engine_observer *observer)
{
    while (*list != NULL && *list != observer)
        list = &(*list)->next;
    if (*list != NULL)
        *list = observer->next;
}

void observers_tell_leaving(const struct engine_observer *list, uint32_t slot)
{
    for (const struct engine_observer *o = list; o != NULL; o = o->next) {
        if (o->device_leaving != NULL)
            o->device_leaving(o->context, slot);
    }
}

void observers_tell_changed(const struct engine_observer *list, uint32_t slot)
{
    for (const struct engine_observer *o = list; o != NULL; o = o->next) {
        if (o->device_changed != NULL)
            o->device_changed(o->context, slot);
    }
}

void observers_tell_heard(const struct engine_observer *list, uint32_t slot)
{
    for (const struct engine_observer *o = list; o != NULL; o = o->next) {
        if (o->device_heard != NULL)
            o->device_heard(o->context, slot);
    }
}

void observers_tell_ap(const struct engine_observer *list, uint16_t ap,
                       const struct radio_ap *before)
{
    for (const struct engine_observer *o = list; o != NULL; o = o->next) {
        if (o->ap_changed != NULL)
            o->ap_changed(o->context, ap, before);
    }
}

void observers_tell_tag(const struct engine_observer *list, uint32_t slot, uint32_t frame,
                        const struct radio_tag *tag)
{
    for (const struct engine_observer *o = list; o != NULL; o = o->next) {
        if (o->tag != NULL)
            o->tag(o->context, slot, frame, tag);
    }
}

void observers_tell_offer(const struct engine_observer *list)
{
    for (const struct engine_observer *o = list; o != NULL; o = o->next) {
        if (o->offer_changed != NULL)
            o->offer_changed(o->context);
    }
}
