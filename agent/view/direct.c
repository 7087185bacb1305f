/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/direct.h"

#include "agent/view/channel-measurement.h"
#include "agent/view/info.h"
#include "agent/wire/wire.h"

#include <stdlib.h>

struct direct {
    struct deliver *deliver;
    const struct engine *engine;
    struct channel *departures;
    uint32_t *frames; /* by index of the table: what was told last; NULL without rssi-rfid */
    struct loop_deferred deferred;
    uint16_t from; /* APs that are dirty lie from here ... */
    uint16_t to;   /* ... to below here */
    bool dirty[];  /* by handle */
};

struct direct *direct_new(struct deliver *deliver, struct channel *departures)
{
    bool tags = (subfilter_services(deliver->filter) & WIRE_BIT(WIRE_RSSI_RFID)) != 0;
    struct direct *direct = calloc(1, sizeof(*direct) + engine_ap_capacity(deliver->engine));

    if (direct == NULL)
        return NULL;
    direct->deliver = deliver;
    direct->engine = deliver->engine;
    direct->departures = departures;
    if (tags)
        direct->frames =
            calloc(engine_table(deliver->engine)->device_capacity, sizeof(*direct->frames));
    if (!tags || direct->frames != NULL)
        return direct;
    free(direct);
    return NULL;
}

void direct_free(struct direct *direct)
{
    if (direct == NULL)
        return;
    loop_deferred_cancel(engine_loop(direct->engine), &direct->deferred);
    free(direct->frames);
    free(direct);
}

/* --- APs ------------------------------------------------------------------------------------- */

void direct_tell_aps(struct direct *direct, bool all)
{
    struct writer body = deliver_begin(direct->deliver);
    uint16_t from = all ? 0 : direct->from;
    uint16_t to = all ? engine_ap_capacity(direct->engine) : direct->to;

    for (uint16_t ap = from; ap < to; ap++) {
        bool wanted = subfilter_has_ap(direct->deliver->filter, ap) && (all || direct->dirty[ap]);
        direct->dirty[ap] = false;
        if (!wanted || info_put_ap(direct->engine, ap, &body))
            continue;
        deliver_to_all(direct->deliver, WIRE_AP_INFO_NOTIFICATION, &body);
        body = deliver_begin(direct->deliver);
        (void)info_put_ap(direct->engine, ap, &body);
    }
    direct->from = direct->to = 0;
    deliver_to_all(direct->deliver, WIRE_AP_INFO_NOTIFICATION, &body);
}

static void tell_dirty_aps(void *context)
{
    struct direct *direct = context;

    channel_flush(direct->departures);
    direct_tell_aps(direct, false);
}

/* Facts that make an AP another one for a server; load, noise and clients come with ap-monitor. */
static bool differ(const struct radio_ap *x, const struct radio_ap *y)
{
    return place_differs(x, y) || x->width != y->width || x->tx_power != y->tx_power ||
           x->up != y->up || strcmp(x->name, y->name) != 0;
}

/* `selected`: it was in the view before it changed. */
static void mark(struct direct *direct, const struct mac *mac, bool selected)
{
    uint16_t ap = engine_ap_first(direct->engine, mac); /* info_put_ap tells it there */
    bool first = direct->from == direct->to;

    if (ap != ENGINE_NO_AP) {
        direct->dirty[ap] = subfilter_has_ap(direct->deliver->filter, ap);
        if (first || ap < direct->from)
            direct->from = ap;
        if (first || ap >= direct->to)
            direct->to = (uint16_t)(ap + 1);
    } else if (selected) {
        channel_measurement_ap_removed(direct->departures, mac);
    }
    loop_defer(engine_loop(direct->engine), &direct->deferred, tell_dirty_aps, direct);
}

/* Where samples belong whose slot is not known is nothing to tell. */
static const struct radio_ap *slot_or_null(const struct radio_ap *ap)
{
    return ap != NULL && ap->slot != RADIO_SLOT_UNKNOWN ? ap : NULL;
}

void direct_take_ap(struct direct *direct, uint16_t ap, const struct radio_ap *before)
{
    const struct radio_ap *after = slot_or_null(engine_ap(direct->engine, ap));
    bool selected = subfilter_has_ap(direct->deliver->filter, ap);

    before = slot_or_null(before);
    subfilter_refresh_ap(direct->deliver->filter, direct->engine, ap);
    if ((subfilter_services(direct->deliver->filter) & WIRE_BIT(WIRE_AP_INFO)) == 0 ||
        (before == NULL && after == NULL) ||
        (before != NULL && after != NULL && !differ(before, after)))
        return;
    if (before != NULL && (after == NULL || !mac_equal(&before->mac, &after->mac)))
        mark(direct, &before->mac, selected);
    if (after != NULL)
        mark(direct, &after->mac, selected);
}

bool direct_sync_aps(const struct direct *direct, struct view_member *member)
{
    while (member->ap < engine_ap_capacity(direct->engine)) {
        uint16_t ap = member->ap;
        if (!member->has_room(member->context))
            return false;
        struct writer body = deliver_begin(direct->deliver);
        while (ap < engine_ap_capacity(direct->engine) &&
               (!subfilter_has_ap(direct->deliver->filter, ap) ||
                info_put_ap(direct->engine, ap, &body)))
            ap++;
        if (!deliver_to(member, WIRE_AP_INFO_NOTIFICATION, &body))
            return false;
        member->ap = ap;
    }
    return true;
}

/* --- counters and tags ----------------------------------------------------------------------- */

void direct_tell_statistics(struct direct *direct)
{
    struct writer body = deliver_begin(direct->deliver);

    for (uint32_t index = 0; index < engine_table(direct->engine)->slots_used; index++) {
        if (info_put_statistics(direct->engine, index, direct->deliver->filter, &body) != PUT_FULL)
            continue;
        deliver_to_all(direct->deliver, WIRE_STATISTICS_NOTIFICATION, &body);
        body = deliver_begin(direct->deliver);
        (void)info_put_statistics(direct->engine, index, direct->deliver->filter, &body);
    }
    deliver_to_all(direct->deliver, WIRE_STATISTICS_NOTIFICATION, &body);
}

void direct_take_tag(struct direct *direct, uint32_t index, uint32_t frame,
                     const struct radio_tag *tag)
{
    const struct subfilter *filter = direct->deliver->filter;

    if (direct->frames == NULL || direct->frames[index] == frame ||
        !subfilter_has(filter, WIRE_FAMILY_MEASUREMENT,
                       table_device(engine_table(direct->engine), index)) ||
        !subfilter_has_ap(filter, tag->ap))
        return;
    direct->frames[index] = frame;
    deliver_pass_over(direct->deliver, false);
    struct writer body = deliver_begin(direct->deliver);
    (void)info_put_tag(tag, &body);
    deliver_to_all(direct->deliver, WIRE_TAG_NOTIFICATION, &body);
}
