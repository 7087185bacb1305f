/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/ap-info.h"

#include "agent/view/channel-measurement.h"
#include "agent/view/info.h"
#include "agent/wire/wire.h"

#include <stdlib.h>

struct ap_info {
    struct deliver *deliver;
    struct channel *departures;
    struct loop_deferred deferred;
    uint16_t from; /* those that are dirty lie from here ... */
    uint16_t to;   /* ... to below here */
    bool dirty[];  /* by handle */
};

struct ap_info *ap_info_new(struct deliver *deliver, struct channel *departures)
{
    struct ap_info *aps = calloc(1, sizeof(*aps) + engine_ap_capacity(deliver->engine));

    if (aps == NULL)
        return NULL;
    aps->deliver = deliver;
    aps->departures = departures;
    return aps;
}

void ap_info_free(struct ap_info *aps)
{
    if (aps != NULL)
        loop_deferred_cancel(engine_loop(aps->deliver->engine), &aps->deferred);
    free(aps);
}

static void tell(struct ap_info *aps, bool all)
{
    const struct engine *engine = aps->deliver->engine;
    struct writer body = deliver_begin(aps->deliver);
    uint16_t from = all ? 0 : aps->from;
    uint16_t to = all ? engine_ap_capacity(engine) : aps->to;

    for (uint16_t ap = from; ap < to; ap++) {
        bool wanted = subfilter_has_ap(aps->deliver->filter, ap) && (all || aps->dirty[ap]);
        aps->dirty[ap] = false;
        if (!wanted || info_put_ap(engine, ap, &body))
            continue;
        deliver_to_all(aps->deliver, WIRE_AP_INFO_NOTIFICATION, &body);
        body = deliver_begin(aps->deliver);
        (void)info_put_ap(engine, ap, &body);
    }
    aps->from = aps->to = 0;
    deliver_to_all(aps->deliver, WIRE_AP_INFO_NOTIFICATION, &body);
}

void ap_info_tick(struct ap_info *aps)
{
    tell(aps, true);
}

/* --- changes --------------------------------------------------------------------------------- */

static void tell_dirty(void *context)
{
    struct ap_info *aps = context;

    channel_flush(aps->departures);
    tell(aps, false);
}

/* Facts that make an AP another one for a server; load, noise and clients come with ap-monitor. */
static bool differ(const struct radio_ap *x, const struct radio_ap *y)
{
    return places_differ(x, y) || x->width != y->width || x->tx_power != y->tx_power ||
           x->up != y->up || strcmp(x->name, y->name) != 0;
}

static void mark(struct ap_info *aps, const struct mac *mac, bool selected)
{
    uint16_t ap = engine_ap_first(aps->deliver->engine, mac); /* info_put_ap tells it there */
    bool first = aps->from == aps->to;

    if (ap != ENGINE_NO_AP) {
        aps->dirty[ap] = subfilter_has_ap(aps->deliver->filter, ap);
        if (first || ap < aps->from)
            aps->from = ap;
        if (first || ap >= aps->to)
            aps->to = (uint16_t)(ap + 1);
    } else if (selected) {
        channel_measurement_ap_removed(aps->departures, mac);
    }
    loop_defer(engine_loop(aps->deliver->engine), &aps->deferred, tell_dirty, aps);
}

void ap_info_changed(struct ap_info *aps, uint16_t ap, const struct radio_ap *before, bool selected)
{
    const struct radio_ap *after = engine_ap(aps->deliver->engine, ap);

    if ((subfilter_services(aps->deliver->filter) & WIRE_BIT(WIRE_AP_INFO)) == 0 ||
        (before != NULL && after != NULL && !differ(before, after)))
        return;
    if (before != NULL && (after == NULL || !mac_equal(&before->mac, &after->mac)))
        mark(aps, &before->mac, selected);
    if (after != NULL)
        mark(aps, &after->mac, selected);
}

/* --- one member ------------------------------------------------------------------------------ */

void ap_info_join(const struct ap_info *aps, struct view_member *member)
{
    uint64_t services = subfilter_services(aps->deliver->filter);
    member->ap = (services & WIRE_BIT(WIRE_AP_INFO)) != 0 ? 0 : DELIVER_NO_APS;
}

bool ap_info_sync(const struct ap_info *aps, struct view_member *member)
{
    const struct engine *engine = aps->deliver->engine;

    while (member->ap < engine_ap_capacity(engine)) {
        uint16_t ap = member->ap;
        if (!member->has_room(member->context))
            return false;
        struct writer body = deliver_begin(aps->deliver);
        while (ap < engine_ap_capacity(engine) &&
               (!subfilter_has_ap(aps->deliver->filter, ap) || info_put_ap(engine, ap, &body)))
            ap++;
        if (!deliver_to(member, WIRE_AP_INFO_NOTIFICATION, &body))
            return false;
        member->ap = ap;
    }
    return true;
}
