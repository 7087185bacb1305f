/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/internal.h"

#include "agent/base/log.h"
#include "agent/base/number.h"

#include <linux/nl80211.h>
#include <stdlib.h>
#include <string.h>

/* A frame's age is told in ms but counted in ticks of the kernel's clock: a sample that is newer by
 * less is of the same frame. */
enum { SAME_FRAME_MS = 20 };

/* Statistics of one station are told at most every 10 s; a poll that comes a little early is still
 * the one of its time. */
enum { TOTALS_MS = 10000 - 100 };

#define NEVER (INT64_MIN / 2)

struct departure {
    struct nl80211 *n;
    struct radio *radio;
    const struct interface *interface; /* only this one's stations, or NULL */
};

/* hostapd names the interface of a VLAN <interface>.<VLAN id> (hostapd.conf, vlan_file). */
static uint16_t vlan_of(const struct interface *interface)
{
    const char *dot = strrchr(interface->is.name, '.');
    uint64_t vlan = 0;

    if (interface->is.type == NL80211_IFTYPE_AP_VLAN && dot != NULL)
        (void)number_text(dot + 1, 4094, &vlan);
    return (uint16_t)vlan;
}

/* A VLAN's interface shares the AP's MAC, and may not repeat its SSID. */
static const struct interface *bss_of(struct nl80211 *n, const struct interface *interface)
{
    if (interface->is.ssid_len > 0)
        return interface;
    for (size_t i = 0; i < INTERFACES_MAX; i++) {
        const struct interface *other = &n->interfaces[i];
        if (other->used && other->is.wiphy == interface->is.wiphy && other->is.ssid_len > 0 &&
            other->is.has_mac && mac_equal(&other->is.mac, &interface->is.mac))
            return other;
    }
    return interface;
}

static void tell_left(struct nl80211 *n, const struct radio *radio, const struct mac *mac)
{
    radio_tell(&n->setup.sink,
               &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                     .left = {.device = *mac, .ap = radio->handle}});
}

static void tell_client(struct nl80211 *n, const struct radio *radio,
                        const struct interface *interface, const struct station *station)
{
    const struct interface *bss = bss_of(n, interface);
    struct radio_event event = {.kind = RADIO_CLIENT_JOINED,
                                .joined = {.device = station->mac,
                                           .ap = radio->handle,
                                           .vlan = vlan_of(interface),
                                           .protocol = station->protocol,
                                           .ssid_len = bss->is.ssid_len}};

    memcpy(event.joined.ssid, bss->is.ssid, bss->is.ssid_len);
    radio_tell(&n->setup.sink, &event);
}

/* --- samples --- */

static bool is_measurement(int8_t signal)
{
    return signal < 0 && signal != RADIO_DB_UNKNOWN;
}

static int8_t snr_of(int8_t signal, int8_t noise)
{
    int snr = signal - noise;

    if (noise == RADIO_DB_UNKNOWN || snr > INT8_MAX || snr <= RADIO_DB_UNKNOWN)
        return RADIO_DB_UNKNOWN;
    return (int8_t)snr;
}

static void tell_samples(struct nl80211 *n, const struct radio *radio, int8_t signal, int64_t heard,
                         const struct nl80211_station *station)
{
    struct radio_event event = {.kind = RADIO_SAMPLE,
                                .sample = {.device = station->mac,
                                           .ap = radio->handle,
                                           .device_class = RADIO_CLASS_CLIENT,
                                           .antenna = RADIO_ANTENNA_COMBINED,
                                           .source = RADIO_SOURCE_DATA,
                                           .rssi = signal,
                                           .snr = snr_of(signal, radio->noise),
                                           .heard = heard}};

    radio_tell(&n->setup.sink, &event);
    if ((station->chain_mask & (station->chain_mask - 1)) == 0)
        return; /* a single chain says what all together say */
    for (unsigned chain = 0; chain < NL80211_CHAINS_MAX; chain++) {
        if ((station->chain_mask & (1U << chain)) == 0 || !is_measurement(station->chains[chain]))
            continue;
        event.sample.antenna = (uint8_t)chain;
        event.sample.rssi = station->chains[chain];
        event.sample.snr = snr_of(event.sample.rssi, radio->noise);
        radio_tell(&n->setup.sink, &event);
    }
}

/* The same frame is not told twice: a silent station's value only gets older. */
static void take_sample(struct nl80211 *n, struct radio *radio, struct station *entry,
                        const struct nl80211_station *station)
{
    int64_t heard =
        loop_now(n->setup.loop) - (station->has_inactive ? (int64_t)station->inactive : 0);
    int8_t signal = station->has_signal ? station->signal : station->average;

    if (heard <= entry->heard + SAME_FRAME_MS)
        return;
    if (!(station->has_signal || station->has_average) || !is_measurement(signal)) {
        n->counters.invalid_samples++;
        if (entry->heard == NEVER)
            radio->waiting = true;
        return;
    }
    entry->heard = heard;
    tell_samples(n, radio, signal, heard, station);
}

/* --- statistics --- */

static void take_totals(struct nl80211 *n, const struct radio *radio, struct station *entry,
                        const struct nl80211_station *station)
{
    const struct radio_event event = {.kind = RADIO_STATISTICS,
                                      .statistics = {.device = station->mac,
                                                     .ap = radio->handle,
                                                     .device_class = RADIO_CLASS_CLIENT,
                                                     .rx_bytes = station->rx_bytes,
                                                     .tx_bytes = station->tx_bytes,
                                                     .rx_packets = station->rx_packets,
                                                     .tx_packets = station->tx_packets,
                                                     .tx_retries = station->tx_retries,
                                                     .tx_failed = station->tx_failed,
                                                     .rx_rate = station->rx_rate,
                                                     .tx_rate = station->tx_rate,
                                                     .connected = station->connected}};

    entry->totals = loop_now(n->setup.loop);
    radio_tell(&n->setup.sink, &event);
}

/* --- coming and going --- */

static struct station *entry_for(struct nl80211 *n, struct radio *radio, const struct mac *mac)
{
    struct station *entry = stations_find(&radio->stations, mac);

    if (entry != NULL)
        return entry;
    entry = stations_add(&radio->stations, mac);
    if (entry != NULL) {
        entry->heard = NEVER;
        entry->totals = NEVER;
        settle_later(n); /* the AP's number of clients */
        return entry;
    }
    n->counters.untracked++;
    if (!radio->overfull)
        log_warning("radio %s: more than %d stations: the others are not tracked", radio->is.name,
                    STATIONS_MAX);
    radio->overfull = true;
    return NULL;
}

/* The most modern rate seen: a single management frame at 6 Mbit/s makes nobody an 802.11a client.
 */
static bool update_facts(struct station *entry, const struct interface *interface, uint8_t protocol)
{
    bool changed = entry->ifindex != interface->is.ifindex || protocol > entry->protocol;

    entry->ifindex = interface->is.ifindex;
    if (protocol > entry->protocol)
        entry->protocol = protocol;
    return changed;
}

void client_seen(struct nl80211 *n, struct interface *interface,
                 const struct nl80211_station *station)
{
    struct radio *radio = radio_of(n, interface);

    if (!interface->polled || radio == NULL || !radio->told)
        return;
    if (!station->has_mac || mac_is_multicast(&station->mac) || mac_is_zero(&station->mac)) {
        n->counters.malformed++;
        return;
    }
    if (!nl80211_station_is_client(station)) {
        radio->waiting = true;
        return;
    }
    struct station *entry = entry_for(n, radio, &station->mac);
    if (entry == NULL)
        return;
    entry->round = radio->round;
    if (update_facts(entry, interface, nl80211_protocol(station->phy, radio->ap.band)))
        tell_client(n, radio, interface, entry);
    take_sample(n, radio, entry, station);
    if (station->has_totals && loop_now(n->setup.loop) - entry->totals >= TOTALS_MS)
        take_totals(n, radio, entry, station);
}

/* A station that moved to another BSS of this radio is deleted from the first one later. */
static bool was_listed_by(struct nl80211 *n, const struct station *entry,
                          const struct interface *interface)
{
    const struct interface *last = interface_find(n, entry->ifindex);

    return last == NULL || last == interface || last->is.type == NL80211_IFTYPE_AP_VLAN ||
           interface->is.type == NL80211_IFTYPE_AP_VLAN;
}

void client_lost(struct nl80211 *n, struct interface *interface, const struct mac *mac)
{
    struct radio *radio = radio_of(n, interface);

    interface->disturbed = interface->awaiting;
    if (radio == NULL)
        return;
    struct station *entry = stations_find(&radio->stations, mac);
    if (entry == NULL || !was_listed_by(n, entry, interface))
        return;
    stations_remove(&radio->stations, entry);
    tell_left(n, radio, mac);
    settle_later(n);
}

static bool missed_the_round(void *context, struct station *station)
{
    const struct departure *departure = context;
    const struct radio *radio = departure->radio;
    const struct interface *interface = interface_find(departure->n, station->ifindex);

    if (station->round == radio->round)
        return false;
    /* The dump that should have listed it failed: nothing is known. */
    if (interface != NULL && interface->polled && interface->complete_round != radio->round)
        return false;
    tell_left(departure->n, radio, &station->mac);
    return true;
}

void clients_end_round(struct nl80211 *n, struct radio *radio)
{
    struct departure departure = {.n = n, .radio = radio};
    uint32_t before = radio->stations.count;

    stations_sweep(&radio->stations, missed_the_round, &departure);
    if (radio->stations.count != before)
        settle_later(n);
    if (radio->stations.count < STATIONS_MAX / 2)
        radio->overfull = false;
}

static bool of_interface(void *context, struct station *station)
{
    const struct departure *departure = context;

    if (station->ifindex != departure->interface->is.ifindex)
        return false;
    tell_left(departure->n, departure->radio, &station->mac);
    return true;
}

void clients_drop_interface(struct nl80211 *n, const struct interface *interface)
{
    struct departure departure = {.n = n, .radio = radio_of(n, interface), .interface = interface};

    if (departure.radio != NULL)
        stations_sweep(&departure.radio->stations, of_interface, &departure);
}

static bool tell_again(void *context, struct station *station)
{
    const struct departure *departure = context;
    const struct interface *interface = interface_find(departure->n, station->ifindex);

    station->heard = NEVER;
    station->totals = NEVER;
    if (interface != NULL)
        tell_client(departure->n, departure->radio, interface, station);
    return false;
}

void clients_tell_again(struct nl80211 *n, struct radio *radio)
{
    struct departure departure = {.n = n, .radio = radio};

    stations_sweep(&radio->stations, tell_again, &departure);
}
