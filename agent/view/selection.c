/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/selection.h"

#include <stdlib.h>

struct filter {
    bool present;
    size_t count;
    struct mac *macs; /* sorted, each once */
};

struct selection {
    uint64_t services;
    struct filter aps;
    struct filter devices;
    uint16_t intervals[SELECTION_SERVICES];
    uint16_t ap_capacity;
    bool *ap_selected; /* by handle */
};

/* --- filters --------------------------------------------------------------------------------- */

static int by_mac(const void *x, const void *y)
{
    return mac_compare(x, y);
}

static enum selection_result filter_read(struct filter *filter, bool present,
                                         const struct wire_list *list)
{
    struct wire_mac_entry entry;

    filter->present = present;
    if (!present || list->count == 0)
        return SELECTION_OK;
    if (list->count > SELECTION_FILTER_MAX)
        return SELECTION_TOO_MANY;
    filter->macs = calloc(list->count, sizeof(*filter->macs));
    if (filter->macs == NULL)
        return SELECTION_NO_MEMORY;
    for (size_t i = 0; wire_mac_entry_get(list, i, &entry); i++)
        filter->macs[i] = entry.mac;
    qsort(filter->macs, list->count, sizeof(*filter->macs), by_mac);
    filter->count = 1;
    for (size_t i = 1; i < list->count; i++) {
        if (!mac_equal(&filter->macs[i], &filter->macs[filter->count - 1]))
            filter->macs[filter->count++] = filter->macs[i];
    }
    return SELECTION_OK;
}

static bool filter_passes(const struct filter *filter, const struct mac *mac)
{
    if (!filter->present)
        return true;
    return filter->count > 0 &&
           bsearch(mac, filter->macs, filter->count, sizeof(*filter->macs), by_mac) != NULL;
}

static bool filter_equal(const struct filter *x, const struct filter *y)
{
    return x->present == y->present && x->count == y->count &&
           (x->count == 0 || memcmp(x->macs, y->macs, x->count * sizeof(*x->macs)) == 0);
}

/* --- selections ------------------------------------------------------------------------------ */

static void read_intervals(struct selection *selection, const struct wire_message *message)
{
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;

    while (wire_next(&walk, &element)) {
        if (element.type == WIRE_ELEMENT_INTERVAL && element.interval.bit < SELECTION_SERVICES)
            selection->intervals[element.interval.bit] =
                element.interval.seconds > WIRE_INTERVAL_MAX ? WIRE_INTERVAL_MAX
                                                             : element.interval.seconds;
    }
}

enum selection_result selection_new(const struct engine *engine, const struct wire_message *message,
                                    uint64_t services, struct selection **out)
{
    enum selection_result result = SELECTION_NO_MEMORY;
    struct selection *selection = calloc(1, sizeof(*selection));

    *out = NULL;
    if (selection == NULL)
        return SELECTION_NO_MEMORY;
    selection->services = services;
    selection->ap_capacity = engine_ap_capacity(engine);
    selection->ap_selected = calloc(selection->ap_capacity, sizeof(*selection->ap_selected));
    if (selection->ap_selected == NULL)
        goto out;
    result = filter_read(&selection->aps, (message->present & WIRE_HAS(AP_FILTER)) != 0,
                         &message->ap_filter.macs);
    if (result != SELECTION_OK)
        goto out;
    result = filter_read(&selection->devices, (message->present & WIRE_HAS(DEVICE_FILTER)) != 0,
                         &message->device_filter.macs);
    if (result != SELECTION_OK)
        goto out;
    read_intervals(selection, message);
    selection_refresh(selection, engine);
    *out = selection;
    selection = NULL;
out:
    selection_free(selection);
    return result;
}

void selection_free(struct selection *selection)
{
    if (selection == NULL)
        return;
    free(selection->aps.macs);
    free(selection->devices.macs);
    free(selection->ap_selected);
    free(selection);
}

bool selection_equal(const struct selection *x, const struct selection *y)
{
    return x->services == y->services && filter_equal(&x->aps, &y->aps) &&
           filter_equal(&x->devices, &y->devices) &&
           memcmp(x->intervals, y->intervals, sizeof(x->intervals)) == 0;
}

uint64_t selection_services(const struct selection *selection)
{
    return selection->services;
}

void selection_withdraw(struct selection *selection, uint64_t services)
{
    selection->services &= ~services;
}

bool selection_has_device_filter(const struct selection *selection)
{
    return selection->devices.present;
}

bool selection_ap_filter(const struct selection *selection, size_t *count)
{
    *count = selection->aps.count;
    return selection->aps.present;
}

bool selection_device_filter(const struct selection *selection, size_t *count)
{
    *count = selection->devices.count;
    return selection->devices.present;
}

uint16_t selection_interval(const struct selection *selection, unsigned bit)
{
    return bit < SELECTION_SERVICES ? selection->intervals[bit] : 0;
}

void selection_refresh_ap(struct selection *selection, const struct engine *engine, uint16_t ap)
{
    const struct radio_ap *record = engine_ap(engine, ap);
    selection->ap_selected[ap] = record != NULL && filter_passes(&selection->aps, &record->mac);
}

void selection_refresh(struct selection *selection, const struct engine *engine)
{
    for (uint16_t ap = 0; ap < selection->ap_capacity; ap++)
        selection_refresh_ap(selection, engine, ap);
}

static bool has_class(const struct selection *selection, const struct table_device *device)
{
    uint64_t services = selection->services;

    switch (device->device_class) {
    case WIRE_CLASS_CLIENT:
        if ((services & WIRE_BIT(WIRE_RSSI_MS)) != 0)
            return true;
        return (services & WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY)) != 0 &&
               (device->flags & TABLE_ASSOCIATED) != 0;
    case WIRE_CLASS_TAG:
        return (services & WIRE_BIT(WIRE_RSSI_RFID)) != 0;
    case WIRE_CLASS_ROGUE_AP:
    case WIRE_CLASS_ROGUE_CLIENT:
        return (services & WIRE_BIT(WIRE_RSSI_ROGUE)) != 0;
    default:
        return false;
    }
}

bool selection_has_device(const struct selection *selection, const struct table_device *device)
{
    return has_class(selection, device) && filter_passes(&selection->devices, &device->mac);
}

static bool has_service(const struct selection *selection, const struct table_device *device,
                        const uint64_t by_class[static WIRE_CLASS_ROGUE_CLIENT + 1])
{
    return device->device_class <= WIRE_CLASS_ROGUE_CLIENT &&
           (selection->services & by_class[device->device_class]) != 0 &&
           filter_passes(&selection->devices, &device->mac);
}

bool selection_has_information(const struct selection *selection, const struct table_device *device)
{
    static const uint64_t by_class[WIRE_CLASS_ROGUE_CLIENT + 1] = {
        [WIRE_CLASS_CLIENT] = WIRE_BIT(WIRE_INFO_MS),
        [WIRE_CLASS_ROGUE_AP] = WIRE_BIT(WIRE_INFO_ROGUE),
        [WIRE_CLASS_ROGUE_CLIENT] = WIRE_BIT(WIRE_INFO_ROGUE)};

    return has_service(selection, device, by_class);
}

bool selection_has_statistics(const struct selection *selection, const struct table_device *device)
{
    static const uint64_t by_class[WIRE_CLASS_ROGUE_CLIENT + 1] = {
        [WIRE_CLASS_CLIENT] = WIRE_BIT(WIRE_STATS_MS),
        [WIRE_CLASS_TAG] = WIRE_BIT(WIRE_STATS_RFID),
        [WIRE_CLASS_ROGUE_AP] = WIRE_BIT(WIRE_STATS_ROGUE),
        [WIRE_CLASS_ROGUE_CLIENT] = WIRE_BIT(WIRE_STATS_ROGUE)};

    return has_service(selection, device, by_class);
}

bool selection_has_ap(const struct selection *selection, uint16_t ap)
{
    return ap < selection->ap_capacity && selection->ap_selected[ap];
}

struct selection_aps selection_aps(const struct selection *selection)
{
    return (struct selection_aps){selection->ap_selected, selection->ap_capacity};
}
