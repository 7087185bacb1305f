/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/link.h"

#include "platform/nl80211/attr.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>

enum { PERM_ADDRESS = 54 }; /* IFLA_PERM_ADDRESS, since Linux 5.6 */

bool link_parse(struct cursor body, struct link *link)
{
    const uint32_t running = IFF_UP | IFF_LOWER_UP;
    struct attribute attribute;

    /* struct ifinfomsg: family and padding, type, index, flags, change mask */
    *link = (struct link){0};
    cursor_skip(&body, 2);
    link->ethernet = native_u16(&body) == ARPHRD_ETHER;
    link->ifindex = native_u32(&body);
    link->running = (native_u32(&body) & running) == running;
    (void)native_u32(&body);
    while (attribute_next(&body, &attribute)) {
        if (attribute.type == IFLA_IFNAME)
            attribute_text(&attribute, link->name, sizeof(link->name));
        else if (attribute.type == IFLA_WIRELESS)
            link->wireless_event = true;
        else if (attribute.type == PERM_ADDRESS)
            link->has_permanent = attribute_mac(&attribute, &link->permanent) &&
                                  !mac_is_zero(&link->permanent) &&
                                  !mac_is_multicast(&link->permanent);
    }
    return !body.failed;
}

bool link_mac_before(const struct mac *x, const struct mac *y)
{
    if (mac_is_local(x) != mac_is_local(y))
        return mac_is_local(y);
    return mac_compare(x, y) < 0;
}
