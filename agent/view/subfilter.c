/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/subfilter.h"

#include <stdlib.h>

#define CLIENTS (WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY))

struct mac_set {
    bool present;
    size_t count;
    struct mac *macs; /* sorted, each once */
};

struct subfilter {
    uint64_t services;
    struct mac_set aps;
    struct mac_set devices;
    uint16_t intervals[SUBFILTER_SERVICES];
    uint16_t ap_capacity;
    bool *ap_selected; /* by handle */
};

/* --- sets of MACs ---------------------------------------------------------------------------- */

static int by_mac(const void *x, const void *y)
{
    return mac_compare(x, y);
}

static enum subfilter_result set_read(struct mac_set *set, bool present,
                                      const struct wire_list *list)
{
    struct wire_mac_entry entry;

    set->present = present;
    if (!present || list->count == 0)
        return SUBFILTER_OK;
    if (list->count > WIRE_FILTER_MAX)
        return SUBFILTER_TOO_MANY;
    set->macs = calloc(list->count, sizeof(*set->macs));
    if (set->macs == NULL)
        return SUBFILTER_NO_MEMORY;
    for (size_t i = 0; wire_mac_entry_get(list, i, &entry); i++)
        set->macs[i] = entry.mac;
    qsort(set->macs, list->count, sizeof(*set->macs), by_mac);
    set->count = 1;
    for (size_t i = 1; i < list->count; i++) {
        if (!mac_equal(&set->macs[i], &set->macs[set->count - 1]))
            set->macs[set->count++] = set->macs[i];
    }
    return SUBFILTER_OK;
}

static bool set_passes(const struct mac_set *set, const struct mac *mac)
{
    if (!set->present)
        return true;
    return set->count > 0 &&
           bsearch(mac, set->macs, set->count, sizeof(*set->macs), by_mac) != NULL;
}

static bool set_equal(const struct mac_set *x, const struct mac_set *y)
{
    return x->present == y->present && x->count == y->count &&
           (x->count == 0 || memcmp(x->macs, y->macs, x->count * sizeof(*x->macs)) == 0);
}

/* --- what is asked for ----------------------------------------------------------------------- */

static void read_intervals(struct subfilter *filter, const struct wire_message *message)
{
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;

    while (wire_next(&walk, &element)) {
        if (element.type == WIRE_ELEMENT_INTERVAL && element.interval.bit < SUBFILTER_SERVICES)
            filter->intervals[element.interval.bit] = element.interval.seconds > WIRE_INTERVAL_MAX
                                                          ? WIRE_INTERVAL_MAX
                                                          : element.interval.seconds;
    }
}

enum subfilter_result subfilter_new(const struct engine *engine, const struct wire_message *message,
                                    uint64_t services, struct subfilter **out)
{
    enum subfilter_result result = SUBFILTER_NO_MEMORY;
    struct subfilter *filter = calloc(1, sizeof(*filter));

    *out = NULL;
    if (filter == NULL)
        return SUBFILTER_NO_MEMORY;
    filter->services = services;
    filter->ap_capacity = engine_ap_capacity(engine);
    filter->ap_selected = calloc(filter->ap_capacity, sizeof(*filter->ap_selected));
    if (filter->ap_selected != NULL)
        result = set_read(&filter->aps, (message->present & WIRE_HAS(AP_FILTER)) != 0,
                          &message->ap_filter.macs);
    if (result == SUBFILTER_OK)
        result = set_read(&filter->devices, (message->present & WIRE_HAS(DEVICE_FILTER)) != 0,
                          &message->device_filter.macs);
    if (result != SUBFILTER_OK) {
        subfilter_free(filter);
        return result;
    }
    read_intervals(filter, message);
    subfilter_refresh(filter, engine);
    *out = filter;
    return SUBFILTER_OK;
}

void subfilter_free(struct subfilter *filter)
{
    if (filter == NULL)
        return;
    free(filter->aps.macs);
    free(filter->devices.macs);
    free(filter->ap_selected);
    free(filter);
}

bool subfilter_equal(const struct subfilter *x, const struct subfilter *y)
{
    return x->services == y->services && set_equal(&x->aps, &y->aps) &&
           set_equal(&x->devices, &y->devices) &&
           memcmp(x->intervals, y->intervals, sizeof(x->intervals)) == 0;
}

uint64_t subfilter_services(const struct subfilter *filter)
{
    return filter->services;
}

void subfilter_withdraw(struct subfilter *filter, uint64_t services)
{
    filter->services &= ~services;
}

bool subfilter_ap_filter(const struct subfilter *filter, size_t *count)
{
    *count = filter->aps.count;
    return filter->aps.present;
}

bool subfilter_device_filter(const struct subfilter *filter, size_t *count)
{
    *count = filter->devices.count;
    return filter->devices.present;
}

uint16_t subfilter_interval(const struct subfilter *filter, unsigned bit)
{
    return bit < SUBFILTER_SERVICES ? filter->intervals[bit] : 0;
}

void subfilter_refresh_ap(struct subfilter *filter, const struct engine *engine, uint16_t ap)
{
    const struct radio_ap *record = engine_ap(engine, ap);
    filter->ap_selected[ap] = record != NULL && set_passes(&filter->aps, &record->mac);
}

void subfilter_refresh(struct subfilter *filter, const struct engine *engine)
{
    for (uint16_t ap = 0; ap < filter->ap_capacity; ap++)
        subfilter_refresh_ap(filter, engine, ap);
}

bool subfilter_has(const struct subfilter *filter, enum wire_family family,
                   const struct table_device *device)
{
    static const uint64_t services[][WIRE_CLASS_ROGUE_CLIENT + 1] = {
        [WIRE_FAMILY_MEASUREMENT] = {0, CLIENTS, WIRE_BIT(WIRE_RSSI_RFID),
                                     WIRE_BIT(WIRE_RSSI_ROGUE), WIRE_BIT(WIRE_RSSI_ROGUE)},
        [WIRE_FAMILY_INFORMATION] = {0, WIRE_BIT(WIRE_INFO_MS), 0, WIRE_BIT(WIRE_INFO_ROGUE),
                                     WIRE_BIT(WIRE_INFO_ROGUE)},
        [WIRE_FAMILY_STATISTICS] = {0, WIRE_BIT(WIRE_STATS_MS), WIRE_BIT(WIRE_STATS_RFID),
                                    WIRE_BIT(WIRE_STATS_ROGUE), WIRE_BIT(WIRE_STATS_ROGUE)}};
    uint64_t granted = filter->services;

    if (device->device_class > WIRE_CLASS_ROGUE_CLIENT)
        return false;
    if ((device->flags & TABLE_ASSOCIATED) == 0)
        granted &= ~WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY);
    return (granted & services[family][device->device_class]) != 0 &&
           set_passes(&filter->devices, &device->mac);
}

bool subfilter_has_ap(const struct subfilter *filter, uint16_t ap)
{
    return ap < filter->ap_capacity && filter->ap_selected[ap];
}

struct subfilter_aps subfilter_aps(const struct subfilter *filter)
{
    return (struct subfilter_aps){filter->ap_selected, filter->ap_capacity};
}
