/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nl80211 knows of the interfaces, for the sources that stand beside it. */
#include "platform/nl80211/internal.h"

#include <linux/nl80211.h>
#include <string.h>

static void place_of(struct nl80211 *n, const struct interface *interface,
                     struct nl80211_place *place)
{
    const struct radio *radio = radio_of(n, interface);

    *place = (struct nl80211_place){
        .ifindex = interface->is.ifindex,
        .wiphy = interface->is.wiphy,
        .mac = interface->is.mac,
        .is_ap = interface_is_ap(interface),
        .is_vlan = interface->is.type == NL80211_IFTYPE_AP_VLAN,
        .is_monitor = interface->is.type == NL80211_IFTYPE_MONITOR,
        .is_station = interface->is.type == NL80211_IFTYPE_STATION,
        .is_disabled = radio != NULL && radio->choice.disabled,
    };
    memcpy(place->name, interface->is.name, sizeof(place->name));
    if (radio == NULL || !radio->told)
        return;
    place->has_ap = true;
    place->ap = radio->ap;
}

bool nl80211_place(struct nl80211 *n, size_t index, struct nl80211_place *place)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        if (n->interfaces[i].used && n->interfaces[i].is.has_ifindex && index-- == 0) {
            place_of(n, &n->interfaces[i], place);
            return true;
        }
    }
    return false;
}

bool nl80211_is_own(const struct nl80211 *n, const struct mac *bssid)
{
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        const struct interface *interface = &n->interfaces[i];
        if (interface->used && interface_is_ap(interface) && interface->is.has_mac &&
            mac_equal(&interface->is.mac, bssid))
            return true;
    }
    return false;
}

bool nl80211_is_client(const struct nl80211 *n, const struct mac *station)
{
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (n->radios[i].used && stations_find(&n->radios[i].stations, station) != NULL)
            return true;
    }
    return false;
}
