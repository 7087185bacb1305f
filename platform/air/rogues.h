/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * APs that are not ours, as all sources heard them: one table for scan results and monitor
 * interfaces, so that one beacon is one sample, facts are told once, and the monitor knows whose
 * clients are rogue clients.
 *
 * What is no rogue: a mesh point or an ad-hoc network, which are no access points, and counted; the
 * BSSID of an AP interface of this machine, and the network that a station
 * interface of this machine is associated with (its uplink): whoever configured that trusts it. The
 * kernel's scan results say which that is. Nor does a beacon make a rogue of a client of ours:
 * anybody can send one with its MAC.
 *
 * Which AP heard it: that of the radio. A radio without one (a spare radio that only scans or
 * monitors) stands in the same place as the device's others: its samples are told as those of the
 * device's AP radio in the same band, else of the first one. A radio that is disabled tells
 * nothing.
 */
#ifndef PLATFORM_AIR_ROGUES_H
#define PLATFORM_AIR_ROGUES_H

#include "platform/air/cache.h"
#include "platform/air/dot11.h"
#include "platform/source.h"

enum {
    ROGUES_MAX = 2048,
    /* A beacon's age is told in ticks of a clock: one that is newer by less is the same. */
    ROGUES_SAME_FRAME_MS = 20,
    /* Facts are told again after this, for an agent that forgot the device meanwhile. */
    ROGUES_REPEAT_MS = 30000,
    /* A network is trusted this long after it was last seen to be our uplink. */
    ROGUES_TRUST_MS = 60000,
    ROGUES_HEARERS = 4,
    ROGUES_CHANNEL_MS = 600000,
};

struct rogues;

/* One that was heard, as far as it is known. */
struct rogue {
    struct cache_entry entry;
    bool is_ap;      /* its beacon was heard: the facts hold */
    bool was_told;   /* the facts, at `told` */
    bool is_trusted; /* it is our uplink, as of `trusted` */
    int64_t told;
    int64_t trusted;
    /* Its last beacon, by those of our APs that heard it last. */
    struct rogue_hearer {
        uint16_t ap;
        bool used;
        int64_t heard;
    } hearers[ROGUES_HEARERS];
    uint8_t band;
    uint16_t channel;
    uint8_t encryption;
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
};

struct rogues_beacon {
    struct mac bssid;
    const struct radio_ap *ap; /* of rogues_ap() */
    uint32_t frequency;        /* MHz that it was heard on, 0: unknown */
    struct dot11_network network;
    int8_t signal; /* dBm, below 0 */
    int8_t noise;  /* dBm; RADIO_DB_UNKNOWN: that of the AP if it is on the same channel */
    int64_t heard;
};

/* Of the setup it uses the inventory and the counters. NULL if memory is out. */
struct rogues *rogues_new(const struct source_setup *setup);
void rogues_free(struct rogues *rogues);

/* Which AP a frame that was heard on this interface belongs to; false: nobody's. */
bool rogues_ap(struct rogues *rogues, const struct inventory_interface *interface, uint8_t band,
               struct radio_ap *ap);

/* Is there any AP that something can be told of? */
bool rogues_have_ap(const struct rogues *rogues);

/* Our uplink. */
void rogues_trust(struct rogues *rogues, const struct mac *bssid, int64_t now);

/* A beacon, a probe response or a scan result: tells a sample and, if they are new, the facts. It
 * is nothing if the BSSID is no rogue's, or if this frame was told before. */
void rogues_heard(struct rogues *rogues, const struct rogues_beacon *beacon, int64_t now,
                  const struct radio_sink *sink);

/* One more channel on which rogue APs were heard within ROGUES_CHANNEL_MS; *place, from 0, goes on
 * behind it. False: there are no more. The same channel may come several times. */
bool rogues_next_channel(struct rogues *rogues, size_t *place, int64_t now, uint8_t *band,
                         uint16_t *channel);

/* The rogue AP with this BSSID, or NULL. Good until the next call. */
const struct rogue *rogues_find(struct rogues *rogues, const struct mac *bssid, int64_t now);

#endif
