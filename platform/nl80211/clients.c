/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/clients.h"

#include "agent/base/log.h"
#include "agent/base/number.h"

#include <linux/nl80211.h>
#include <string.h>

/* A frame's age is told in ms but counted in ticks of the kernel's clock: a sample that is newer by
 * less is of the same frame. */
enum { SAME_FRAME_MS = 20 };

/* Statistics of one station are told at most every 10 s; a poll that comes a little early is still
 * the one of its time. */
enum { TOTALS_MS = 10000 - 100 };

#define NEVER (INT64_MIN / 2)

static struct clients_radio *at_radio(struct clients *c, const struct radio *radio)
{
    return &c->by_radio[radio_index(c->radios, radio)];
}

static struct stations *stations_of(struct clients *c, const struct radio *radio)
{
    return &at_radio(c, radio)->stations;
}

/* --- telling --- */

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
static const struct interface *bss_of(struct clients *c, const struct interface *interface)
{
    if (interface->is.ssid_len > 0)
        return interface;
    for (EACH_INTERFACE(other, c->radios)) {
        if (other->is.wiphy == interface->is.wiphy && other->is.ssid_len > 0 && other->is.has_mac &&
            mac_equal(&other->is.mac, &interface->is.mac))
            return other;
    }
    return interface;
}

static bool is_listed(const struct settings_radios *settings, const char *name)
{
    for (size_t i = 0; i < settings->suppressed_count; i++)
        if (strcmp(settings->suppressed[i], name) == 0)
            return true;
    return false;
}

/* By its own name, or a VLAN's by that of its AP. */
static bool is_suppressed(struct clients *c, const struct interface *interface)
{
    return c->settings != NULL && (is_listed(c->settings, interface->is.name) ||
                                   is_listed(c->settings, bss_of(c, interface)->is.name));
}

static void tell_joined(struct clients *c, const struct radio *radio,
                        const struct interface *interface, const struct station *station)
{
    const struct interface *bss = bss_of(c, interface);
    struct radio_event event = {.kind = RADIO_CLIENT_JOINED,
                                .joined = {.device = station->mac,
                                           .ap = radio->handle,
                                           .suppressed = is_suppressed(c, interface),
                                           .vlan = vlan_of(interface),
                                           .protocol = station->protocol,
                                           .ssid_len = bss->is.ssid_len}};

    memcpy(event.joined.ssid, bss->is.ssid, bss->is.ssid_len);
    radio_tell(&c->sink, &event);
}

static void tell_left(struct clients *c, const struct radio *radio, const struct mac *mac)
{
    radio_tell(&c->sink, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                               .left = {.device = *mac, .ap = radio->handle}});
}

static void count(struct clients *c, const struct radio *radio)
{
    own_aps_set_clients(c->aps, radio, stations_of(c, radio)->count);
}

/* --- samples --- */

static bool is_measurement(int8_t signal)
{
    return signal < 0 && signal != RADIO_DB_UNKNOWN;
}

static void tell_samples(struct clients *c, const struct radio *radio, int8_t signal, int64_t heard,
                         const struct nl80211_station *station)
{
    int8_t noise = own_aps_of(c->aps, radio)->noise;
    struct radio_event event = {.kind = RADIO_SAMPLE,
                                .sample = {.device = station->mac,
                                           .ap = radio->handle,
                                           .device_class = RADIO_CLASS_CLIENT,
                                           .antenna = RADIO_ANTENNA_COMBINED,
                                           .source = RADIO_SOURCE_DATA,
                                           .rssi = signal,
                                           .snr = radio_snr(signal, noise),
                                           .heard = heard}};

    radio_tell(&c->sink, &event);
    if ((station->chain_mask & (station->chain_mask - 1)) == 0)
        return; /* a single chain says what all together say */
    for (unsigned chain = 0; chain < NL80211_CHAINS_MAX; chain++) {
        if ((station->chain_mask & (1U << chain)) == 0 || !is_measurement(station->chains[chain]))
            continue;
        event.sample.antenna = (uint8_t)chain;
        event.sample.rssi = station->chains[chain];
        event.sample.snr = radio_snr(event.sample.rssi, noise);
        radio_tell(&c->sink, &event);
    }
}

/* The same frame is not told twice: a silent station's value only gets older. */
static void take_sample(struct clients *c, const struct radio *radio, struct station *entry,
                        const struct nl80211_station *station)
{
    int64_t heard = loop_now(c->loop) - (station->has_inactive ? (int64_t)station->inactive : 0);
    int8_t signal = station->has_signal ? station->signal : station->average;

    if (heard <= entry->heard + SAME_FRAME_MS)
        return;
    if (!(station->has_signal || station->has_average) || !is_measurement(signal)) {
        c->counters->invalid_samples++;
        if (entry->heard == NEVER)
            at_radio(c, radio)->waiting = true;
        return;
    }
    entry->heard = heard;
    tell_samples(c, radio, signal, heard, station);
}

/* --- statistics --- */

static void take_totals(struct clients *c, const struct radio *radio, struct station *entry,
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

    entry->totals = loop_now(c->loop);
    radio_tell(&c->sink, &event);
}

/* --- coming --- */

static struct station *entry_for(struct clients *c, const struct radio *radio,
                                 const struct mac *mac)
{
    struct stations *stations = stations_of(c, radio);
    bool *overfull = &at_radio(c, radio)->overfull;
    struct station *entry = stations_find(stations, mac);

    if (entry != NULL)
        return entry;
    entry = stations_add(stations, mac);
    if (entry != NULL) {
        entry->heard = NEVER;
        entry->totals = NEVER;
        count(c, radio);
        c->changed(c->context);
        return entry;
    }
    c->counters->untracked++;
    if (!*overfull)
        log_warning("radio %s: more than %d stations: the others are not tracked", radio->is.name,
                    STATIONS_MAX);
    *overfull = true;
    return NULL;
}

/* The most modern rate seen: a single management frame at 6 Mbit/s makes nobody an 802.11a client.
 */
static bool update(struct station *entry, const struct interface *interface, uint8_t protocol)
{
    bool changed = entry->ifindex != interface->is.ifindex || protocol > entry->protocol;

    entry->ifindex = interface->is.ifindex;
    if (protocol > entry->protocol)
        entry->protocol = protocol;
    return changed;
}

void clients_seen(struct clients *c, const struct interface *interface,
                  const struct nl80211_station *station)
{
    const struct radio *radio = radios_of(c->radios, interface);

    if (!clients_collected(c, interface) || !own_aps_told(c->aps, radio))
        return;
    if (!station->has_mac || mac_is_multicast(&station->mac) || mac_is_zero(&station->mac)) {
        c->counters->malformed++;
        return;
    }
    if (!nl80211_station_is_client(station)) {
        at_radio(c, radio)->waiting = true;
        return;
    }
    struct station *entry = entry_for(c, radio, &station->mac);
    if (entry == NULL)
        return;
    entry->round = at_radio(c, radio)->round;
    if (update(entry, interface,
               nl80211_protocol(station->phy, own_aps_of(c->aps, radio)->is.band)))
        tell_joined(c, radio, interface, entry);
    take_sample(c, radio, entry, station);
    if (station->has_totals && loop_now(c->loop) - entry->totals >= TOTALS_MS)
        take_totals(c, radio, entry, station);
}

/* --- going --- */

/* What sweeps are about. */
struct sweep {
    struct clients *clients;
    const struct radio *radio;
    uint32_t ifindex;
};

/* A station that moved to another BSS of this radio is deleted from the first one later. */
static bool was_listed_by(struct clients *c, const struct station *entry,
                          const struct interface *interface)
{
    const struct interface *last = radios_interface(c->radios, entry->ifindex);

    return last == NULL || last == interface || last->is.type == NL80211_IFTYPE_AP_VLAN ||
           interface->is.type == NL80211_IFTYPE_AP_VLAN;
}

void clients_lost(struct clients *c, const struct interface *interface, const struct mac *mac)
{
    const struct radio *radio = radios_of(c->radios, interface);
    struct station *entry = radio != NULL ? stations_find(stations_of(c, radio), mac) : NULL;

    if (entry == NULL || !was_listed_by(c, entry, interface))
        return;
    stations_remove(stations_of(c, radio), entry);
    tell_left(c, radio, mac);
    count(c, radio);
    c->changed(c->context);
}

static bool missed_the_round(void *context, struct station *station)
{
    const struct sweep *sweep = context;
    struct clients *c = sweep->clients;
    const struct interface *interface = radios_interface(c->radios, station->ifindex);
    uint32_t round = at_radio(c, sweep->radio)->round;

    if (station->round == round)
        return false;
    /* The dump that should have listed it failed: nothing is known. */
    if (interface != NULL && clients_collected(c, interface) &&
        c->by_interface[interface_index(c->radios, interface)].complete != round)
        return false;
    tell_left(c, sweep->radio, &station->mac);
    return true;
}

void clients_begin_round(struct clients *c, const struct radio *radio)
{
    at_radio(c, radio)->round++;
    at_radio(c, radio)->waiting = false;
}

void clients_listed(struct clients *c, const struct interface *interface)
{
    const struct radio *radio = radios_of(c->radios, interface);

    c->by_interface[interface_index(c->radios, interface)].complete =
        radio != NULL ? at_radio(c, radio)->round : 0;
}

void clients_end_round(struct clients *c, const struct radio *radio)
{
    struct stations *stations = stations_of(c, radio);
    struct sweep sweep = {.clients = c, .radio = radio};
    uint32_t before = stations->count;

    stations_sweep(stations, missed_the_round, &sweep);
    count(c, radio);
    if (stations->count != before)
        c->changed(c->context);
    if (stations->count < STATIONS_MAX / 2)
        at_radio(c, radio)->overfull = false;
}

bool clients_waiting(struct clients *c, const struct radio *radio)
{
    return at_radio(c, radio)->waiting;
}

/* --- interfaces and radios --- */

void clients_collect(struct clients *c, const struct interface *interface)
{
    c->by_interface[interface_index(c->radios, interface)].collected = true;
    c->by_interface[interface_index(c->radios, interface)].suppressed = is_suppressed(c, interface);
}

bool clients_collected(const struct clients *c, const struct interface *interface)
{
    return c->by_interface[interface_index(c->radios, interface)].collected;
}

static bool is_of_interface(void *context, struct station *station)
{
    const struct sweep *sweep = context;

    if (station->ifindex != sweep->ifindex)
        return false;
    tell_left(sweep->clients, sweep->radio, &station->mac);
    return true;
}

void clients_drop(struct clients *c, const struct interface *interface)
{
    struct sweep sweep = {
        .clients = c, .radio = radios_of(c->radios, interface), .ifindex = interface->is.ifindex};

    memset(&c->by_interface[interface_index(c->radios, interface)], 0, sizeof(c->by_interface[0]));
    if (sweep.radio == NULL)
        return;
    stations_sweep(stations_of(c, sweep.radio), is_of_interface, &sweep);
    count(c, sweep.radio);
}

static bool tell_again(void *context, struct station *station)
{
    const struct sweep *sweep = context;
    const struct interface *interface = radios_interface(sweep->clients->radios, station->ifindex);

    station->heard = NEVER;
    station->totals = NEVER;
    if (interface != NULL)
        tell_joined(sweep->clients, sweep->radio, interface, station);
    return false;
}

void clients_tell_again(struct clients *c, const struct radio *radio)
{
    struct sweep sweep = {.clients = c, .radio = radio};

    stations_sweep(stations_of(c, radio), tell_again, &sweep);
}

void clients_forget(struct clients *c, const struct radio *radio)
{
    stations_clear(stations_of(c, radio));
    count(c, radio);
}

static bool forget_interface(void *context, struct station *station)
{
    const uint32_t *ifindex = context;

    if (station->ifindex == *ifindex)
        station->ifindex = 0;
    return false;
}

void clients_changed(struct clients *c, const struct interface *interface)
{
    const struct radio *radio = radios_of(c->radios, interface);
    uint32_t ifindex = interface->is.ifindex;

    if (radio != NULL)
        stations_sweep(stations_of(c, radio), forget_interface, &ifindex);
}

void clients_configure(struct clients *c, const struct settings_radios *settings)
{
    c->settings = settings;
    for (EACH_INTERFACE(interface, c->radios)) {
        bool *suppressed = &c->by_interface[interface_index(c->radios, interface)].suppressed;
        if (*suppressed == is_suppressed(c, interface))
            continue;
        *suppressed = !*suppressed;
        clients_changed(c, interface);
    }
}

void clients_radio_gone(struct clients *c, const struct radio *radio)
{
    stations_fini(stations_of(c, radio));
    memset(at_radio(c, radio), 0, sizeof(c->by_radio[0]));
    stations_init(stations_of(c, radio), &c->key);
}

bool clients_have(const struct clients *c, const struct mac *station)
{
    for (size_t i = 0; i < RADIOS_MAX; i++) {
        if (stations_find(&c->by_radio[i].stations, station) != NULL)
            return true;
    }
    return false;
}

/* --- life --- */

int clients_init(struct clients *c)
{
    int error = siphash_key_random(&c->key);

    for (size_t i = 0; i < RADIOS_MAX; i++)
        stations_init(&c->by_radio[i].stations, &c->key);
    return error;
}

void clients_fini(struct clients *c)
{
    for (size_t i = 0; i < RADIOS_MAX; i++)
        stations_fini(&c->by_radio[i].stations);
}
