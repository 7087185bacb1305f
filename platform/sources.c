/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sources there are. A file of its own: a test has another table. */
#include "platform/air/monitor.h"
#include "platform/air/scan.h"
#include "platform/hostapd/hostapd.h"
#include "platform/neighbours/neighbours.h"
#include "platform/nl80211/nl80211.h"
#include "platform/source.h"

const struct source platform_sources[] = {
    {.make = neighbours_new,
     .free = neighbours_free,
     .configure = neighbours_configure,
     .client_changed = neighbours_client_changed},
    {.make = nl80211_new,
     .free = nl80211_free,
     .configure = nl80211_configure,
     .describe = nl80211_describe,
     .base_mac = nl80211_base_mac,
     .inventory = &nl80211_inventory},
    {.make = hostapd_new,
     .free = hostapd_free,
     .configure = hostapd_configure,
     .describe = hostapd_describe,
     .interfaces_changed = hostapd_interfaces_changed,
     .client_changed = hostapd_client_changed},
    {.make = scan_new,
     .free = scan_free,
     .configure = scan_configure,
     .interfaces_changed = scan_interfaces_changed},
    {.make = monitor_new,
     .free = monitor_free,
     .configure = monitor_configure,
     .interfaces_changed = monitor_interfaces_changed},
    {0},
};
