/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/rogues.h"

#include "platform/nl80211/message.h"

#include <stdlib.h>
#include <string.h>

struct rogues {
    struct inventory inventory;
    struct cache cache;
    uint64_t other_networks; /* beacons of mesh points and ad-hoc networks */
    struct source_counters counted;
};

static const struct counter counter_table[] = {
    {"monitor/forgotten", offsetof(struct rogues, cache.evicted)},
    {"monitor/other-networks", offsetof(struct rogues, other_networks)},
    {NULL, 0}};

struct rogues *rogues_new(const struct source_setup *setup)
{
    struct rogues *rogues = calloc(1, sizeof(*rogues));

    if (rogues == NULL)
        return NULL;
    rogues->inventory = setup->inventory;
    if (cache_init(&rogues->cache, sizeof(struct rogue), ROGUES_MAX / CACHE_ROW) != 0) {
        free(rogues);
        return NULL;
    }
    source_counters_add(setup->counters, &rogues->counted, counter_table, rogues);
    return rogues;
}

void rogues_free(struct rogues *rogues)
{
    if (rogues == NULL)
        return;
    cache_fini(&rogues->cache);
    free(rogues);
}

/* --- whose sample it is --- */

bool rogues_ap(struct rogues *rogues, const struct inventory_interface *interface, uint8_t band,
               struct radio_ap *ap)
{
    struct inventory_interface other;
    bool found = false;

    if (interface->is_disabled)
        return false;
    if (interface->has_ap) {
        *ap = interface->ap;
        return true;
    }
    for (size_t i = 0; inventory_at(&rogues->inventory, i, &other); i++) {
        if (!other.has_ap)
            continue;
        bool better = found && other.ap.band == band && ap->band != band;
        bool lower = found && other.ap.ap < ap->ap && (other.ap.band == band || ap->band != band);
        if (!found || better || lower)
            *ap = other.ap;
        found = true;
    }
    return found;
}

bool rogues_have_ap(const struct rogues *rogues)
{
    struct inventory_interface interface;

    for (size_t i = 0; inventory_at(&rogues->inventory, i, &interface); i++) {
        if (interface.has_ap)
            return true;
    }
    return false;
}

/* --- what is known --- */

static bool is_trusted(const struct rogue *rogue, int64_t now)
{
    return rogue->is_trusted && now - rogue->trusted < ROGUES_TRUST_MS;
}

void rogues_trust(struct rogues *rogues, const struct mac *bssid, int64_t now)
{
    struct rogue *rogue = cache_take(&rogues->cache, bssid, now);

    rogue->is_trusted = true;
    rogue->trusted = now;
}

const struct rogue *rogues_find(struct rogues *rogues, const struct mac *bssid, int64_t now)
{
    const struct rogue *rogue = cache_find(&rogues->cache, bssid, now);

    if (rogue == NULL || !rogue->is_ap || is_trusted(rogue, now))
        return NULL;
    return inventory_is_own(&rogues->inventory, bssid) ? NULL : rogue;
}

bool rogues_next_channel(struct rogues *rogues, size_t *place, int64_t now, uint8_t *band,
                         uint16_t *channel)
{
    while (*place < ROGUES_MAX) {
        const struct rogue *rogue = cache_at(&rogues->cache, (*place)++);
        if (rogue == NULL || !rogue->is_ap || rogue->channel == 0 ||
            now - rogue->entry.touched >= ROGUES_CHANNEL_MS)
            continue;
        *band = rogue->band;
        *channel = rogue->channel;
        return true;
    }
    return false;
}

/* Beacons of hidden networks have no name: one that a probe response told stays. True if anything
 * changed. */
static bool take_facts(struct rogue *rogue, const struct rogues_beacon *beacon)
{
    const struct dot11_network *network = &beacon->network;
    uint8_t band = beacon->frequency != 0 ? nl80211_band(beacon->frequency) : rogue->band;
    /* The network's own word counts: neighbouring channels of 2.4 GHz hear each other. */
    uint16_t channel =
        network->channel != 0 ? network->channel : nl80211_channel(beacon->frequency);
    bool renamed =
        network->ssid_len > 0 && (network->ssid_len != rogue->ssid_len ||
                                  memcmp(network->ssid, rogue->ssid, network->ssid_len) != 0);
    bool changed = !rogue->is_ap || renamed || band != rogue->band || channel != rogue->channel ||
                   network->encryption != rogue->encryption;

    rogue->is_ap = true;
    rogue->band = band;
    rogue->channel = channel;
    rogue->encryption = network->encryption;
    if (renamed) {
        rogue->ssid_len = network->ssid_len;
        memcpy(rogue->ssid, network->ssid, network->ssid_len);
    }
    return changed;
}

/* The AP's entry, or the one that gives way to it, which is then unused. */
static struct rogue_hearer *hearer_of(struct rogue *rogue, uint16_t ap)
{
    struct rogue_hearer *oldest = &rogue->hearers[0];

    for (size_t i = 0; i < ROGUES_HEARERS; i++) {
        struct rogue_hearer *hearer = &rogue->hearers[i];
        if (hearer->used && hearer->ap == ap)
            return hearer;
        if (oldest->used && (!hearer->used || hearer->heard < oldest->heard))
            oldest = hearer;
    }
    oldest->used = false;
    return oldest;
}

/* --- telling --- */

static void tell_sample(const struct rogues_beacon *beacon, const struct rogue *rogue,
                        const struct radio_sink *sink)
{
    bool same_channel = rogue->channel != 0 && beacon->ap->channel == rogue->channel &&
                        beacon->ap->band == rogue->band;
    int8_t noise =
        beacon->noise == RADIO_DB_UNKNOWN && same_channel ? beacon->ap->noise : beacon->noise;
    const struct radio_event event = {.kind = RADIO_SAMPLE,
                                      .sample = {.device = beacon->bssid,
                                                 .ap = beacon->ap->ap,
                                                 .device_class = RADIO_CLASS_ROGUE_AP,
                                                 .antenna = RADIO_ANTENNA_COMBINED,
                                                 .source = RADIO_SOURCE_BEACON,
                                                 .rssi = beacon->signal,
                                                 .snr = radio_snr(beacon->signal, noise),
                                                 .heard = beacon->heard}};

    radio_tell(sink, &event);
}

static void tell_facts(const struct rogues_beacon *beacon, const struct rogue *rogue,
                       const struct radio_sink *sink)
{
    struct radio_event event = {.kind = RADIO_ROGUE,
                                .rogue = {.device = beacon->bssid,
                                          .ap = beacon->ap->ap,
                                          .device_class = RADIO_CLASS_ROGUE_AP,
                                          .band = rogue->band,
                                          .channel = rogue->channel,
                                          .encryption = rogue->encryption,
                                          .ssid_len = rogue->ssid_len}};

    memcpy(event.rogue.ssid, rogue->ssid, rogue->ssid_len);
    radio_tell(sink, &event);
}

void rogues_heard(struct rogues *rogues, const struct rogues_beacon *beacon, int64_t now,
                  const struct radio_sink *sink)
{
    if (mac_is_multicast(&beacon->bssid) || mac_is_zero(&beacon->bssid) ||
        inventory_is_own(&rogues->inventory, &beacon->bssid) ||
        inventory_is_client(&rogues->inventory, &beacon->bssid))
        return;
    if (!beacon->network.is_infrastructure) {
        rogues->other_networks++;
        return;
    }
    struct rogue *rogue = cache_take(&rogues->cache, &beacon->bssid, now);
    if (is_trusted(rogue, now))
        return;
    struct rogue_hearer *hearer = hearer_of(rogue, beacon->ap->ap);
    if (hearer->used && beacon->heard <= hearer->heard + ROGUES_SAME_FRAME_MS)
        return;
    *hearer = (struct rogue_hearer){beacon->ap->ap, true, beacon->heard};
    bool changed = take_facts(rogue, beacon);
    tell_sample(beacon, rogue, sink);
    if (!changed && rogue->was_told && now - rogue->told < ROGUES_REPEAT_MS)
        return;
    rogue->was_told = true;
    rogue->told = now;
    tell_facts(beacon, rogue, sink);
}
