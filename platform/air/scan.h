/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rogue APs from nl80211's scan results: what the kernel remembers of networks that any program's
 * scan found. Reading them needs no capability; it is done every few seconds and when the kernel
 * tells that a scan ended. Scans of our own are made only if configuration asks for them, by
 * nmsp-radio.
 *
 * A result is a sample of the time when its frame was heard, and is told once. Results are told
 * per wiphy: one that two radios have is two samples. Own scans are asked for on one interface of
 * each radio, a station's before an AP's; an interface that is refused gives way to the next.
 */
#ifndef PLATFORM_AIR_SCAN_H
#define PLATFORM_AIR_SCAN_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "platform/source.h"

enum {
    SCAN_PERIOD_MS = 4000,   /* between two readings of the results */
    SCAN_AGE_MAX_MS = 60000, /* what was heard longer ago is no sample any more */
};

/* As struct source has them (platform/source.h). */
void *scan_new(const struct source_setup *setup);
void scan_free(void *scan);
void scan_configure(void *scan, const struct settings_radios *settings);
void scan_interfaces_changed(void *scan);

/* For tests: another clock than CLOCK_BOOTTIME, in ns. */
void scan_set_boottime(void *scan, uint64_t (*boottime)(void *context), void *context);

#endif
