/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nl80211 knows of the interfaces, for the sources that stand beside it. */
#include "platform/nl80211/internal.h"

#include <linux/nl80211.h>
#include <string.h>

static void tell_interface(struct nl80211 *n, const struct interface *interface,
                           struct inventory_interface *out)
{
    const struct radio *radio = radio_of(n, interface);

    *out = (struct inventory_interface){
        .ifindex = interface->is.ifindex,
        .wiphy = interface->is.wiphy,
        .mac = interface->is.mac,
        .is_ap = interface_is_ap(interface),
        .is_vlan = interface->is.type == NL80211_IFTYPE_AP_VLAN,
        .is_monitor = interface->is.type == NL80211_IFTYPE_MONITOR,
        .is_station = interface->is.type == NL80211_IFTYPE_STATION,
        .is_disabled = radio != NULL && radio->choice.disabled,
    };
    memcpy(out->name, interface->is.name, sizeof(out->name));
    if (radio == NULL || !radio->told)
        return;
    out->has_ap = true;
    out->ap = radio->ap;
}

static bool find_interface(void *nl80211, size_t *index, struct inventory_interface *out)
{
    struct nl80211 *n = nl80211;

    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        if (!n->interfaces[i].used || !n->interfaces[i].is.has_ifindex)
            continue;
        if (*index == 0) {
            tell_interface(n, &n->interfaces[i], out);
            return true;
        }
        (*index)--;
    }
    return false;
}

static bool is_own(void *nl80211, const struct mac *bssid)
{
    const struct nl80211 *n = nl80211;

    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        const struct interface *interface = &n->interfaces[i];
        if (interface->used && interface_is_ap(interface) && interface->is.has_mac &&
            mac_equal(&interface->is.mac, bssid))
            return true;
    }
    return false;
}

static bool is_client(void *nl80211, const struct mac *station)
{
    const struct nl80211 *n = nl80211;

    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used && stations_find(&n->radios[i].stations, station) != NULL)
            return true;
    }
    return false;
}

const struct inventory_operations nl80211_inventory = {
    .interface = find_interface, .is_own = is_own, .is_client = is_client};
