/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of scans and monitors have in common: a machine with radios (nl80211/scene.h) on
 * which the table of rogues stands, and all events as lines of text:
 *
 *   sample MM ap H CLASS SOURCE [a=ANTENNA] RSSI [snr=S] age=MS
 *   rogue MM ap H CLASS bB chC eE SSID           statistics MM ap H CLASS rx=N/BYTES tx=N/BYTES
 *   tag MM ap H v=V seq=N ch=C PAYLOAD           works MASK
 *
 * with MM as the MAC's last byte; CLASS: client, tag, rogue, roguec; SOURCE: probe, data, beacon.
 *
 * phy0 has the AP wlan0 (MAC ..:80, channel 1, handle 0), phy1 the AP wlan1 (..:81, channel 6).
 */
#ifndef PLATFORM_AIR_TEST_AIR_H
#define PLATFORM_AIR_TEST_AIR_H

#include "platform/air/rogues.h"
#include "platform/helper/helper.h"
#include "tests/unit/nl80211-scene.h"

struct air {
    struct scene *scene;
    struct helper *helper;
    struct rogues *rogues;
    struct source_setup setup; /* for what hears others */
    struct scene_interface *wlan0;
    struct scene_interface *wlan1;
    size_t log_len;
    char log[65536];
};

/* Of a sink; the context is the struct air. */
void air_take(void *air, const struct radio_event *event);

struct air *air_new(void);
void air_free(struct air *air);
/* The lines since the last call. */
const char *air_said(struct air *air);
/* The interface as the sources see it. */
struct inventory_interface air_find(struct air *air, const char *name);
/* What all that were given the setup counted. */
uint64_t air_counted(const struct air *air, const char *container, const char *leaf);
/* One more interface of this type (NL80211_IFTYPE_*), taken up at once. */
struct scene_interface *air_interface(struct air *air, const char *name, uint32_t n, uint32_t wiphy,
                                      uint32_t type);

#endif
