/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitor interfaces: what radios hear beyond their own clients. For each that configuration names
 * (struct settings_radio, monitor) nmsp-radio is asked to pass on what it hears, through a pair of
 * sockets (platform/helper/helper-protocol.h); the frames go to platform/air/receive.h. The
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
#include "platform/source.h"

enum {
    MONITORS_MAX = 16,
    MONITOR_FRAMES_PER_TURN = 64,
    MONITOR_STATISTICS_MS = 10000,
    MONITOR_RETRY_MIN_MS = 1000,
    MONITOR_RETRY_MAX_MS = 60000,
};

/* As struct source has them (platform/source.h). */
void *monitor_new(const struct source_setup *setup);
void monitor_free(void *monitor);
void monitor_configure(void *monitor, const struct settings_radios *settings);
void monitor_interfaces_changed(void *monitor);

#endif
