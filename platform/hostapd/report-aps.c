/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/report-aps.h"

void report_aps_init(struct report_aps *aps, const struct source_setup *setup)
{
    *aps = (struct report_aps){
        .sink = setup->sink, .handles = setup->handles, .inventory = setup->inventory};
    aps->max = (uint16_t)(handles_capacity(setup->handles) / 4);
    if (aps->max > REPORT_APS_MAX)
        aps->max = REPORT_APS_MAX;
}

static void drop(struct report_aps *aps, struct report_ap *ap)
{
    ap->used = false;
    radio_tell(&aps->sink, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = ap->ap});
    handles_give_back(aps->handles, ap->ap);
}

int64_t report_aps_expire(struct report_aps *aps, int64_t now)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < aps->max; i++) {
        struct report_ap *ap = &aps->aps[i];
        if (!ap->used)
            continue;
        if (now - ap->reported >= aps->stale)
            drop(aps, ap);
        else if (ap->reported + aps->stale < next)
            next = ap->reported + aps->stale;
    }
    return next;
}

static bool find_own(const struct report_aps *aps, const struct mac *bssid, uint16_t *ap)
{
    struct inventory_interface interface;

    for (size_t i = 0; inventory_at(&aps->inventory, i, &interface); i++) {
        if (!interface.is_ap || !interface.has_ap || !mac_equal(&interface.mac, bssid))
            continue;
        *ap = interface.ap.ap;
        return true;
    }
    return false;
}

static struct report_ap *find_other(struct report_aps *aps, const struct mac *bssid)
{
    for (size_t i = 0; i < aps->max; i++) {
        if (aps->aps[i].used && mac_equal(&aps->aps[i].bssid, bssid))
            return &aps->aps[i];
    }
    return NULL;
}

static struct report_ap *add_other(struct report_aps *aps, const struct mac *bssid, int64_t now)
{
    size_t i = 0;

    (void)report_aps_expire(aps, now);
    while (i < aps->max && aps->aps[i].used)
        i++;
    if (i == aps->max || !handles_take(aps->handles, &aps->aps[i].ap))
        return NULL;
    struct report_ap *ap = &aps->aps[i];
    struct radio_event event = {.kind = RADIO_AP_CHANGED,
                                .ap = {.ap = ap->ap,
                                       .mac = *bssid,
                                       .slot = RADIO_SLOT_UNKNOWN,
                                       .tx_power = RADIO_DB_UNKNOWN,
                                       .noise = RADIO_DB_UNKNOWN,
                                       .utilisation = RADIO_UTILISATION_UNKNOWN}};
    ap->used = true;
    ap->bssid = *bssid;
    radio_tell(&aps->sink, &event);
    return ap;
}

enum report_ap_result report_aps_find(struct report_aps *aps, const struct mac *bssid, int64_t now,
                                      uint16_t *ap)
{
    if (find_own(aps, bssid, ap))
        return REPORT_AP_FOUND;
    if (inventory_is_own(&aps->inventory, bssid))
        return REPORT_AP_OURS_UNTOLD;
    struct report_ap *other = find_other(aps, bssid);
    if (other == NULL)
        other = add_other(aps, bssid, now);
    if (other == NULL)
        return REPORT_AP_FULL;
    other->reported = now;
    *ap = other->ap;
    return REPORT_AP_FOUND;
}
