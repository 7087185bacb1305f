/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rogue APs from nl80211's scan results: what the kernel remembers of networks that any program's
 * scan found. Reading them needs no capability; it is done every few seconds and when the kernel
 * tells that a scan ended. Scans of our own are made only if configuration asks for them, by
 * nmsp-radio.
 *
 * A result is a reading of the time when its frame was heard, and is told once. Results are told
 * per wiphy: one that two radios have is two readings. Own scans are asked for on one interface of
 * each radio, a station's before an AP's; an interface that is refused gives way to the next.
 */
#ifndef PLATFORM_AIR_SCAN_H
#define PLATFORM_AIR_SCAN_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "platform/air/rogues.h"
#include "platform/helper/helper.h"
#include "platform/netlink.h"
#include "platform/nl80211/nl80211.h"

enum {
    SCAN_PERIOD_MS = 4000,   /* between two readings of the results */
    SCAN_AGE_MAX_MS = 60000, /* what was heard longer ago is no reading any more */
};

struct scan;

struct scan_options {
    struct nl80211 *nl80211; /* all three must outlive the scan */
    struct rogues *rogues;
    struct helper *helper;
    const struct netlink_io *io; /* NULL: the kernel */
    void *io_context;
    uint64_t (*boottime)(void *context); /* ns on CLOCK_BOOTTIME; NULL: the kernel's */
    void *boottime_context;
};

/* NULL if memory is out. Nothing is asked before scan_configure(). */
struct scan *scan_new(struct loop *loop, const struct scan_options *options,
                      const struct radio_events *events, void *events_context);
/* NULL is allowed. */
void scan_free(struct scan *scan);

void scan_configure(struct scan *scan, const struct settings_radios *settings);
/* Interfaces came, went or changed. */
void scan_places_changed(struct scan *scan);
/* Adds what was counted here. */
void scan_count(const struct scan *scan, struct radio_counters *counters);

#endif
