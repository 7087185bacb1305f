/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/receive.h"

#include "platform/air/dot11.h"
#include "platform/air/radiotap.h"
#include "platform/nl80211/message.h"

#include <stdlib.h>
#include <string.h>

/* A rogue client or a tag. */
struct heard_station {
    struct cache_entry entry;
    uint8_t device_class; /* 0: it is neither any more */
    int64_t as_of;        /* when it last was that */
    bool device_info_told;
    int64_t device_info_at;
    struct radio_rogue facts; /* as told last */
    bool changed;             /* the statistics, since they were told */
    struct radio_statistics statistics;
};

struct receive {
    struct source_setup setup;
    struct cache stations;
    struct mac own[RECEIVE_OWN_MAX];
    size_t own_count;
    struct receive_counters {
        uint64_t frames; /* that monitor interfaces heard */
        uint64_t malformed;
        uint64_t invalid_samples; /* no measurement: 0 dBm and above, no signal */
    } counters;
    struct source_counters counted;
};

static const struct counter counter_table[] = {
    {"monitor/frames", offsetof(struct receive, counters.frames)},
    {"monitor/malformed", offsetof(struct receive, counters.malformed)},
    {"monitor/forgotten", offsetof(struct receive, stations.evicted)},
    {"stations/invalid-samples", offsetof(struct receive, counters.invalid_samples)},
    {NULL, 0}};

/* One frame on its way. */
struct arrival {
    struct radiotap tap;
    struct dot11_frame frame;
    struct radio_ap ap;
    size_t whole; /* bytes of the frame, without what stood around it */
};

struct receive *receive_new(const struct source_setup *setup)
{
    struct receive *h = calloc(1, sizeof(*h));

    if (h == NULL)
        return NULL;
    h->setup = *setup;
    if (cache_init(&h->stations, sizeof(struct heard_station), RECEIVE_STATIONS_MAX / CACHE_ROW) !=
        0) {
        free(h);
        return NULL;
    }
    source_counters_add(setup->counters, &h->counted, counter_table, h);
    return h;
}

void receive_free(struct receive *h)
{
    if (h == NULL)
        return;
    cache_fini(&h->stations);
    free(h);
}

void receive_interfaces_changed(struct receive *h)
{
    struct inventory_interface interface;

    h->own_count = 0;
    for (size_t i = 0; inventory_at(&h->setup.inventory, i, &interface); i++) {
        if (h->own_count < RECEIVE_OWN_MAX && !mac_is_zero(&interface.mac))
            h->own[h->own_count++] = interface.mac;
    }
}

static bool is_own(const struct receive *h, const struct mac *mac)
{
    for (size_t i = 0; i < h->own_count; i++) {
        if (mac_equal(&h->own[i], mac))
            return true;
    }
    return false;
}

/* --- telling -----------------------------------------------------------------------------------
 */

static int8_t noise_of(const struct arrival *a)
{
    if (a->tap.noise < 0 && a->tap.noise != RADIO_DB_UNKNOWN)
        return a->tap.noise;
    bool same_channel = a->tap.frequency != 0 && nl80211_band(a->tap.frequency) == a->ap.band &&
                        nl80211_channel(a->tap.frequency) == a->ap.channel;
    return same_channel ? a->ap.noise : RADIO_DB_UNKNOWN;
}

static void tell_sample(struct receive *h, const struct arrival *a, uint8_t device_class,
                        uint8_t source)
{
    int8_t noise = noise_of(a);
    struct radio_event event = {.kind = RADIO_SAMPLE,
                                .sample = {.device = a->frame.transmitter,
                                           .ap = a->ap.ap,
                                           .device_class = device_class,
                                           .antenna = RADIO_ANTENNA_COMBINED,
                                           .source = source,
                                           .rssi = a->tap.signal,
                                           .snr = radio_snr(a->tap.signal, noise),
                                           .heard = loop_now(h->setup.loop)}};

    radio_tell(&h->setup.sink, &event);
    if ((a->tap.antenna_mask & (a->tap.antenna_mask - 1)) == 0)
        return; /* a single antenna says what all together say */
    for (unsigned i = 0; i < RADIOTAP_ANTENNAS_MAX; i++) {
        int8_t signal = a->tap.antennas[i];
        if ((a->tap.antenna_mask & (1U << i)) == 0 || signal >= 0 || signal == RADIO_DB_UNKNOWN)
            continue;
        event.sample.antenna = (uint8_t)i;
        event.sample.rssi = signal;
        event.sample.snr = radio_snr(signal, noise);
        radio_tell(&h->setup.sink, &event);
    }
}

static struct heard_station *station_take(struct receive *h, const struct arrival *a,
                                          uint8_t device_class)
{
    int64_t now = loop_now(h->setup.loop);
    struct heard_station *station = cache_take(&h->stations, &a->frame.transmitter, now);

    if (station->device_class != device_class) {
        station->device_class = device_class;
        station->device_info_told = false;
        station->statistics =
            (struct radio_statistics){.device = a->frame.transmitter, .device_class = device_class};
    }
    station->as_of = now;
    return station;
}

static void count_received(struct heard_station *station, const struct arrival *a)
{
    struct radio_statistics *statistics = &station->statistics;

    statistics->ap = a->ap.ap;
    statistics->rx_bytes += a->whole;
    statistics->rx_packets++;
    if (a->tap.rate != 0)
        statistics->rx_rate = a->tap.rate;
    station->changed = true;
}

/* What a rogue AP sends to its client, as far as the client is known. */
static void count_sent(struct receive *h, const struct arrival *a)
{
    struct heard_station *station =
        cache_find(&h->stations, &a->frame.receiver, loop_now(h->setup.loop));

    if (station == NULL || station->device_class != RADIO_CLASS_ROGUE_CLIENT)
        return;
    station->statistics.tx_bytes += a->whole;
    station->statistics.tx_packets++;
    station->statistics.tx_retries += a->frame.retry;
    if (a->tap.rate != 0)
        station->statistics.tx_rate = a->tap.rate;
    station->changed = true;
}

void receive_tell_statistics(struct receive *h)
{
    for (size_t i = 0; i < RECEIVE_STATIONS_MAX; i++) {
        struct heard_station *station = cache_at(&h->stations, i);
        if (station == NULL || !station->changed || station->device_class == 0)
            continue;
        station->changed = false;
        radio_tell(&h->setup.sink, &(struct radio_event){.kind = RADIO_STATISTICS,
                                                         .statistics = station->statistics});
    }
}

/* --- rogue clients -----------------------------------------------------------------------------
 */

static bool same_facts(const struct radio_rogue *x, const struct radio_rogue *y)
{
    return x->band == y->band && x->channel == y->channel && x->encryption == y->encryption &&
           x->ssid_len == y->ssid_len && memcmp(x->ssid, y->ssid, x->ssid_len) == 0;
}

static void tell_facts(struct receive *h, const struct arrival *a, const struct rogue *rogue,
                       struct heard_station *station)
{
    int64_t now = loop_now(h->setup.loop);
    struct radio_rogue facts = {.device = a->frame.transmitter,
                                .ap = a->ap.ap,
                                .device_class = RADIO_CLASS_ROGUE_CLIENT,
                                .band = rogue->band,
                                .channel = rogue->channel,
                                .encryption = rogue->encryption,
                                .ssid_len = rogue->ssid_len};

    memcpy(facts.ssid, rogue->ssid, rogue->ssid_len);
    if (station->device_info_told && same_facts(&facts, &station->facts) &&
        now - station->device_info_at < ROGUES_REPEAT_MS)
        return;
    station->device_info_told = true;
    station->device_info_at = now;
    station->facts = facts;
    radio_tell(&h->setup.sink, &(struct radio_event){.kind = RADIO_ROGUE, .rogue = facts});
}

static void hear_rogue_client(struct receive *h, const struct arrival *a, const struct rogue *rogue)
{
    struct heard_station *station = station_take(h, a, RADIO_CLASS_ROGUE_CLIENT);

    tell_sample(h, a, RADIO_CLASS_ROGUE_CLIENT, RADIO_SOURCE_DATA);
    tell_facts(h, a, rogue, station);
    count_received(station, a);
}

/* --- kinds of frames ---------------------------------------------------------------------------
 */

static void hear_beacon(struct receive *h, const struct arrival *a)
{
    struct rogues_beacon beacon = {.bssid = a->frame.address3,
                                   .ap = &a->ap,
                                   .frequency = a->tap.frequency,
                                   .signal = a->tap.signal,
                                   .noise = noise_of(a),
                                   .heard = loop_now(h->setup.loop)};

    if (!mac_equal(&a->frame.transmitter, &a->frame.address3))
        return; /* somebody's, in another's name */
    if (!dot11_parse_beacon(a->frame.body, &beacon.network)) {
        h->counters.malformed++;
        return;
    }
    rogues_heard(h->setup.rogues, &beacon, loop_now(h->setup.loop), &h->setup.sink);
}

static void hear_probe(struct receive *h, const struct arrival *a)
{
    int64_t now = loop_now(h->setup.loop);
    const struct heard_station *station = cache_find(&h->stations, &a->frame.transmitter, now);
    bool rogue = station != NULL && station->device_class == RADIO_CLASS_ROGUE_CLIENT &&
                 now - station->as_of < RECEIVE_ROGUE_MS &&
                 !inventory_is_client(&h->setup.inventory, &a->frame.transmitter);

    tell_sample(h, a, rogue ? RADIO_CLASS_ROGUE_CLIENT : RADIO_CLASS_CLIENT, RADIO_SOURCE_PROBE);
}

static void hear_tag(struct receive *h, const struct arrival *a, uint8_t vendor,
                     struct cursor payload)
{
    size_t len = cursor_left(&payload);
    struct radio_tag tag = {.device = a->frame.transmitter,
                            .ap = a->ap.ap,
                            .vendor = vendor,
                            .tx_power = RADIO_DB_UNKNOWN,
                            .channel = (uint8_t)nl80211_channel(a->tap.frequency),
                            .sequence = a->frame.sequence,
                            .heard = loop_now(h->setup.loop)};

    tag.payload_len = (uint16_t)(len < RADIO_TAG_PAYLOAD_MAX ? len : RADIO_TAG_PAYLOAD_MAX);
    tag.payload = cursor_bytes(&payload, tag.payload_len);
    tell_sample(h, a, RADIO_CLASS_TAG, RADIO_SOURCE_DATA);
    radio_tell(&h->setup.sink, &(struct radio_event){.kind = RADIO_TAG, .tag = tag});
    count_received(station_take(h, a, RADIO_CLASS_TAG), a);
}

/* A station's frame: a rogue AP's client, or one of everybody else's. */
static void hear_station(struct receive *h, const struct arrival *a, const struct mac *bssid)
{
    int64_t now = loop_now(h->setup.loop);
    const struct rogue *rogue = NULL;

    if (!inventory_is_client(&h->setup.inventory, &a->frame.transmitter))
        rogue = rogues_find(h->setup.rogues, bssid, now);
    if (rogue != NULL) {
        hear_rogue_client(h, a, rogue);
        return;
    }
    struct heard_station *station = cache_find(&h->stations, &a->frame.transmitter, now);
    if (station != NULL && station->device_class == RADIO_CLASS_ROGUE_CLIENT)
        station->device_class = 0; /* it moved */
    tell_sample(h, a, RADIO_CLASS_CLIENT, RADIO_SOURCE_DATA);
}

static void hear_data(struct receive *h, const struct arrival *a)
{
    struct cursor payload;
    struct mac bssid;
    uint8_t vendor;

    if (dot11_is_tag(&a->frame, &vendor, &payload) &&
        !inventory_is_client(&h->setup.inventory, &a->frame.transmitter)) {
        hear_tag(h, a, vendor, payload);
        return;
    }
    if (!dot11_bssid(&a->frame, &bssid))
        return;
    if (!a->frame.from_ds) {
        hear_station(h, a, &bssid);
    } else if (rogues_find(h->setup.rogues, &bssid, loop_now(h->setup.loop)) != NULL) {
        tell_sample(h, a, RADIO_CLASS_ROGUE_AP, RADIO_SOURCE_DATA);
        count_sent(h, a);
    }
}

/* --- one frame ---------------------------------------------------------------------------------
 */

/* False: it is broken, and counted, or nothing was heard. */
static bool take_apart(struct receive *h, struct cursor bytes, size_t around, struct arrival *a)
{
    size_t before = cursor_left(&bytes);

    if (!radiotap_parse(&bytes, &a->tap)) {
        h->counters.malformed++;
        return false;
    }
    if (a->tap.transmitted)
        return false;
    if (a->tap.bad || !dot11_parse(bytes, &a->frame)) {
        h->counters.malformed++;
        return false;
    }
    a->whole = around - (before - cursor_left(&bytes));
    return a->frame.kind != DOT11_OTHER;
}

static void dispatch(struct receive *h, const struct arrival *a)
{
    switch (a->frame.kind) {
    case DOT11_BEACON:
    case DOT11_PROBE_RESPONSE:
        hear_beacon(h, a);
        break;
    case DOT11_PROBE_REQUEST:
        hear_probe(h, a);
        break;
    case DOT11_DATA:
        hear_data(h, a);
        break;
    default:
        break;
    }
}

void receive_frame(struct receive *h, const struct inventory_interface *interface,
                   const void *frame, size_t len, size_t whole)
{
    struct arrival a;

    h->counters.frames++;
    if (!take_apart(h, cursor_of(frame, len), whole > len ? whole : len, &a))
        return;
    if (mac_is_multicast(&a.frame.transmitter) || mac_is_zero(&a.frame.transmitter) ||
        is_own(h, &a.frame.transmitter) ||
        !rogues_ap(h->setup.rogues, interface, nl80211_band(a.tap.frequency), &a.ap))
        return;
    if (a.tap.signal >= 0 || a.tap.signal == RADIO_DB_UNKNOWN) {
        h->counters.invalid_samples++;
        return;
    }
    dispatch(h, &a);
}
