/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One scan result (linux/nl80211.h, NL80211_CMD_NEW_SCAN_RESULTS in the answer to
 * NL80211_CMD_GET_SCAN, and enum nl80211_bss): a network that the kernel remembers from its last
 * scans.
 */
#ifndef PLATFORM_NL80211_BSS_H
#define PLATFORM_NL80211_BSS_H

#include "agent/base/cursor.h"
#include "platform/air/dot11.h"

#include <stdbool.h>
#include <stdint.h>

struct nl80211_scan_result {
    bool has_bssid;
    struct mac bssid;
    uint32_t frequency; /* MHz; 0: not told */
    bool has_signal;
    int8_t signal;   /* dBm, below 0: anything else is no measurement and not taken */
    bool bad_signal; /* a signal was told, but it was no measurement */
    bool has_boottime;
    uint64_t boottime; /* ns on CLOCK_BOOTTIME, when it was heard */
    bool has_age;
    uint32_t age;   /* ms since it was heard */
    bool is_joined; /* the interface that was asked is associated with it, or in its IBSS */
    struct dot11_network network;
};

/* False if the attribute list is broken. */
bool nl80211_parse_bss(struct cursor body, struct nl80211_scan_result *bss);

#endif
