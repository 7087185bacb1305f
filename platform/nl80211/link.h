/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces as rtnetlink tells them (linux/rtnetlink.h, RTM_NEWLINK): what nl80211 gives
 * no event for, and the permanent MACs of this device.
 */
#ifndef PLATFORM_NL80211_LINK_H
#define PLATFORM_NL80211_LINK_H

#include "agent/base/cursor.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct link {
    uint32_t ifindex;
    bool ethernet;       /* frames as on Ethernet: not a monitor, tunnel or loopback */
    bool running;        /* up, and with a carrier */
    bool wireless_event; /* an old-style wireless event in the clothes of a change */
    char name[SETTINGS_IFNAME_SIZE];
    bool has_permanent;
    struct mac permanent; /* what the hardware came with */
};

/* `body` is what follows the netlink header. False if the message is broken. */
bool link_parse(struct cursor body, struct link *link);

/*
 * Of two permanent MACs the one that stands for the device: one that a vendor assigned before one
 * that software made up, then the lower.
 */
bool link_mac_before(const struct mac *x, const struct mac *y);

#endif
