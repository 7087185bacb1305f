/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which AP a client reports about: one of this machine's by its BSSID, or one that is somebody
 * else's. The latter is told as the AP (BSSID, slot RADIO_SLOT_UNKNOWN) while it is reported: that
 * claims nothing, and who knows the BSSID knows the AP.
 *
 * Clients can make BSSIDs up: of all handles a quarter may be spent on them, at most
 * REPORT_APS_MAX; who is reported while all are fresh has no place.
 */
#ifndef PLATFORM_HOSTAPD_REPORT_APS_H
#define PLATFORM_HOSTAPD_REPORT_APS_H

#include "platform/source.h"

enum { REPORT_APS_MAX = 64 };

struct report_aps {
    struct radio_sink sink;
    struct handles *handles;
    struct inventory inventory;
    int64_t stale; /* ms without a report after which a place is free */
    uint16_t max;
    struct report_ap {
        struct mac bssid;
        bool used;
        uint16_t ap;
        int64_t reported;
    } aps[REPORT_APS_MAX];
};

enum report_ap_result {
    REPORT_AP_FOUND,
    REPORT_AP_OURS_UNTOLD, /* ours, of a radio that is not collected from */
    REPORT_AP_FULL         /* there is no place for it */
};

void report_aps_init(struct report_aps *aps, const struct source_setup *setup);

/* The handle; what is not ours is told before it is given. */
enum report_ap_result report_aps_find(struct report_aps *aps, const struct mac *bssid, int64_t now,
                                      uint16_t *ap);
/* Those that have not been reported for `stale` are gone, and that is told. Gives when the next one
 * will be; INT64_MAX: there is none. */
int64_t report_aps_expire(struct report_aps *aps, int64_t now);

#endif
