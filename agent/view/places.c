/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/places.h"

#include <stdlib.h>

struct places {
    const struct engine *engine;
    void (*moved)(void *context);
    void *context;
    struct loop_deferred deferred;
    struct place *before; /* by handle */
    uint32_t *changed;    /* by handle: an epoch */
};

struct places *places_new(const struct engine *engine, void (*moved)(void *context), void *context)
{
    struct places *places = calloc(1, sizeof(*places));

    if (places == NULL)
        return NULL;
    places->engine = engine;
    places->moved = moved;
    places->context = context;
    places->before = calloc(engine_ap_capacity(engine), sizeof(*places->before));
    places->changed = calloc(engine_ap_capacity(engine), sizeof(*places->changed));
    if (places->before != NULL && places->changed != NULL)
        return places;
    places_free(places);
    return NULL;
}

void places_free(struct places *places)
{
    if (places == NULL)
        return;
    loop_deferred_cancel(engine_loop(places->engine), &places->deferred);
    free(places->before);
    free(places->changed);
    free(places);
}

static void tell_moved(void *context)
{
    struct places *places = context;

    places->moved(places->context);
    for (uint16_t ap = 0; ap < engine_ap_capacity(places->engine); ap++)
        places->before[ap].moved = false;
    loop_deferred_cancel(engine_loop(places->engine), &places->deferred);
}

bool places_differ(const struct radio_ap *x, const struct radio_ap *y)
{
    return !mac_equal(&x->mac, &y->mac) || x->slot != y->slot || x->band != y->band ||
           x->channel != y->channel;
}

bool places_take(struct places *places, uint16_t ap, const struct radio_ap *before)
{
    const struct radio_ap *after = engine_ap(places->engine, ap);
    bool differs = before == NULL || after == NULL || places_differ(before, after);

    if (differs)
        places->changed[ap] = engine_epoch(places->engine);
    if (places->before[ap].moved)
        tell_moved(places);
    if (before == NULL || (after != NULL && mac_equal(&before->mac, &after->mac)))
        return differs;
    places->before[ap] = (struct place){.mac = before->mac, .slot = before->slot, .moved = true};
    loop_defer(engine_loop(places->engine), &places->deferred, tell_moved, places);
    return differs;
}

struct place places_of(const struct places *places, uint16_t ap)
{
    const struct radio_ap *now = engine_ap(places->engine, ap);

    if (places->before[ap].moved || now == NULL)
        return places->before[ap];
    return (struct place){.mac = now->mac, .slot = now->slot};
}

bool places_changed_after(const struct places *places, uint16_t ap, uint32_t epoch)
{
    return engine_after(places->changed[ap], epoch);
}
