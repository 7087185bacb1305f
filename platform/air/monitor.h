/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitor interfaces: what radios hear beyond their own clients. For each that configuration names
 * (struct settings_radio, monitor) nmsp-radio is asked to pass on what it hears, through a pair of
 * sockets (platform/helper/helper-protocol.h); the frames go to platform/air/hearing.h. The
 * interface itself must be there and up: nobody here makes one.
 *
 * A pair that ends (the interface went or was taken down, the helper is not there) is asked for
 * again: at once when the interface appears, else after a while that doubles from 1 s to 60 s,
 * until a frame is heard. What was dropped because nobody read in time is counted.
 */
#ifndef PLATFORM_AIR_MONITOR_H
#define PLATFORM_AIR_MONITOR_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "platform/air/rogues.h"
#include "platform/helper/helper.h"
#include "platform/nl80211/nl80211.h"

enum {
    MONITORS_MAX = 16,
    MONITOR_FRAMES_PER_TURN = 64,
    MONITOR_STATISTICS_MS = 10000,
    MONITOR_RETRY_MIN_MS = 1000,
    MONITOR_RETRY_MAX_MS = 60000,
};

struct monitor;

/* All must outlive it. NULL if memory is out. */
struct monitor *monitor_new(struct loop *loop, struct nl80211 *nl80211, struct rogues *rogues,
                            struct helper *helper, const struct radio_events *events,
                            void *events_context);
/* NULL is allowed. */
void monitor_free(struct monitor *monitor);

void monitor_configure(struct monitor *monitor, const struct settings_radios *settings);
/* Interfaces came, went or changed. */
void monitor_places_changed(struct monitor *monitor);
/* Adds what was counted here. */
void monitor_count(struct monitor *monitor, struct radio_counters *counters);

#endif
