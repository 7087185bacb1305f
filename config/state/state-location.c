/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-internal.h"

#include <arpa/inet.h>

#define COUNTER(name, member)                        \
    {                                                \
        name, offsetof(struct state_summary, member) \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void state_fill_location(struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    static const struct state_counter counters[] = {
        COUNTER("samples-taken", samples_taken),     COUNTER("samples-refused", samples_refused),
        COUNTER("aps-dropped", aps_dropped),         COUNTER("devices-evicted", devices_evicted),
        COUNTER("devices-expired", devices_expired), COUNTER("local-ignored", local_ignored),
    };
    struct state_summary s;

    state_summary(state->options.agent, &s);
    make_number(m, root, "devices", s.devices);
    make_number(m, root, "samples", s.samples);
    make_counters(m, root, counters, COUNT(counters), &s);
}

/* --- numbers as names ------------------------------------------------------------------------ */

static const char *name_of(const char *const *names, size_t count, unsigned number)
{
    return number < count && names[number] != NULL ? names[number] : "unknown";
}

static const char *const classes[] = {[RADIO_CLASS_CLIENT] = "client",
                                      [RADIO_CLASS_TAG] = "tag",
                                      [RADIO_CLASS_ROGUE_AP] = "rogue-ap",
                                      [RADIO_CLASS_ROGUE_CLIENT] = "rogue-client"};
static const char *const sources[] = {"unknown", "probe", "path-loss", "data", "beacon"};
static const char *const protocols[] = {"unknown", "b", "g", "a", "n", "ac", "ax", "be"};
static const char *const bands[] = {"unknown", "2ghz", "5ghz", "6ghz"};
static const char *const encryptions[] = {"none", "wep", "wpa", "wpa2", "wpa3"};
static const char *const vendors[] = {"unknown", "g2", "aeroscout"};

static uint8_t class_of(const char *name)
{
    for (uint8_t i = RADIO_CLASS_CLIENT; name != NULL && i <= RADIO_CLASS_ROGUE_CLIENT; i++)
        if (strcmp(classes[i], name) == 0)
            return i;
    return 0;
}

/* --- what is known of a device --------------------------------------------------------------- */

static void fill_address(struct state_maker *m, struct lyd_node *node,
                         const struct facts_address *address)
{
    char text[INET6_ADDRSTRLEN];
    int family = address->family == 6 ? AF_INET6 : AF_INET;

    if (inet_ntop(family, address->octets, text, sizeof(text)) != NULL)
        make_text(m, node, "address", text);
}

static void fill_client(struct state_maker *m, struct lyd_node *device,
                        const struct facts_client *client)
{
    struct lyd_node *node = make_inner(m, device, "client");

    if (client->ssid_len > 0)
        make_safe(m, node, "ssid", client->ssid, client->ssid_len);
    make_number(m, node, "vlan", client->vlan);
    make_text(m, node, "protocol", name_of(protocols, COUNT(protocols), client->protocol));
    if (client->user_len > 0)
        make_safe(m, node, "user", client->user, client->user_len);
    for (size_t i = 0; i < client->address_count; i++)
        fill_address(m, node, &client->addresses[i]);
}

static void fill_rogue(struct state_maker *m, struct lyd_node *device,
                       const struct facts_rogue *rogue)
{
    struct lyd_node *node = make_inner(m, device, "rogue");

    if (rogue->ssid_len > 0)
        make_safe(m, node, "ssid", rogue->ssid, rogue->ssid_len);
    if (rogue->channel != 0)
        make_number(m, node, "channel", rogue->channel);
    make_text(m, node, "band", name_of(bands, COUNT(bands), rogue->band));
    make_text(m, node, "encryption", name_of(encryptions, COUNT(encryptions), rogue->encryption));
    make_time(m, node, "first-seen", rogue->first_seen);
}

static void fill_tag(struct state_maker *m, struct lyd_node *device, const struct facts_tag *tag)
{
    struct lyd_node *node = make_inner(m, device, "tag");

    make_text(m, node, "vendor", name_of(vendors, COUNT(vendors), tag->vendor));
    if (tag->ccx_version != 0)
        make_number(m, node, "ccx-version", tag->ccx_version);
    if (tag->tx_power != RADIO_DB_UNKNOWN)
        make_signed(m, node, "tx-power", tag->tx_power);
    if (tag->channel != 0)
        make_number(m, node, "channel", tag->channel);
    make_number(m, node, "sequence", tag->sequence);
    make_number(m, node, "payload-length", tag->payload_len);
}

static void fill_statistics(struct state_maker *m, struct lyd_node *device,
                            const struct facts_statistics *s)
{
    struct lyd_node *node = make_inner(m, device, "statistics");

    make_number(m, node, "received-bytes", s->rx_bytes);
    make_number(m, node, "sent-bytes", s->tx_bytes);
    make_number(m, node, "received-packets", s->rx_packets);
    make_number(m, node, "sent-packets", s->tx_packets);
    make_number(m, node, "retries", s->tx_retries);
    make_number(m, node, "failed", s->tx_failed);
    if (s->rx_rate != 0)
        make_number(m, node, "receive-rate", s->rx_rate);
    if (s->tx_rate != 0)
        make_number(m, node, "send-rate", s->tx_rate);
    if (s->connected != 0)
        make_number(m, node, "connected", s->connected);
}

static void fill_facts(struct state_maker *m, struct lyd_node *device,
                       const struct facts_record *facts)
{
    switch (facts->kind) {
    case FACTS_CLIENT:
        fill_client(m, device, &facts->client);
        break;
    case FACTS_TAG:
        fill_tag(m, device, &facts->tag);
        break;
    case FACTS_ROGUE:
        fill_rogue(m, device, &facts->rogue);
        break;
    default:
        break;
    }
    if (facts->has_statistics)
        fill_statistics(m, device, &facts->statistics);
}

/* --- pages ----------------------------------------------------------------------------------- */

static void fill_reading(struct state_maker *m, struct lyd_node *device,
                         const struct state_reading *reading)
{
    struct lyd_node *node = make_entry(m, device, "reading");

    make_mac(m, node, "ap-mac", &reading->ap);
    make_number(m, node, "slot", reading->slot);
    if (reading->antenna != RADIO_ANTENNA_COMBINED)
        make_number(m, node, "antenna", reading->antenna);
    make_signed(m, node, "rssi", reading->rssi);
    if (reading->snr != RADIO_DB_UNKNOWN)
        make_signed(m, node, "snr", reading->snr);
    make_text(m, node, "source", name_of(sources, COUNT(sources), reading->source));
    make_number(m, node, "age", (uint64_t)reading->age);
}

/* Gives the number of readings. */
static uint32_t fill_device(const struct state_tree *state, struct state_maker *m,
                            struct lyd_node *rpc, const struct state_device_filter *filter,
                            const struct state_device *device)
{
    struct state_reading_cursor cursor = {.begun = false};
    struct state_reading reading;
    char mac[MAC_TEXT_SIZE];
    uint32_t readings = 0;
    struct lyd_node *node = make_entry_of(m, rpc, "device", mac_text(&device->mac, mac));

    make_text(m, node, "class", name_of(classes, COUNT(classes), device->device_class));
    make_bool(m, node, "locally-administered", device->is_local);
    make_time(m, node, "last-heard", device->last_seen);
    if (device->is_associated) {
        struct lyd_node *associated = make_inner(m, node, "associated");
        if (device->has_associated_ap) {
            make_mac(m, associated, "ap-mac", &device->associated_ap);
            make_number(m, associated, "slot", device->associated_slot);
        }
    }
    for (; state_next_reading(state->options.agent, device, filter, &cursor, &reading); readings++)
        fill_reading(m, node, &reading);
    if (device->has_facts)
        fill_facts(m, node, &device->facts);
    return readings;
}

struct page {
    struct state_device_filter filter;
    struct state_device_cursor cursor;
    uint32_t limit;
    bool is_single;
    struct mac single;
};

static void read_page(const struct lyd_node *rpc, struct page *page)
{
    uint32_t slot = 0;

    *page = (struct page){.limit = 50};
    (void)input_number(rpc, "after", &page->cursor.next);
    (void)input_number(rpc, "limit", &page->limit);
    page->filter.device_class = class_of(input_text(rpc, "class"));
    page->is_single = input_mac(rpc, "mac", &page->single);
    page->filter.has_ap = input_mac(rpc, "ap-mac", &page->filter.ap);
    page->filter.has_slot = input_number(rpc, "slot", &slot);
    page->filter.slot = (uint8_t)slot;
}

static void fill_page(const struct state_tree *state, struct state_maker *m, struct lyd_node *rpc,
                      struct page *page)
{
    enum state_found found = STATE_LOOKED;
    struct state_device device;
    uint32_t readings = 0;

    for (uint32_t i = 0; i < page->limit && readings < STATE_READINGS_MAX; i++) {
        found = state_next_device(state->options.agent, &page->filter, &page->cursor, &device);
        if (found != STATE_FOUND)
            break;
        readings += fill_device(state, m, rpc, &page->filter, &device);
    }
    if (found != STATE_END)
        make_number(m, rpc, "next", page->cursor.next);
}

bool state_read_devices_rpc(struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
                            struct rpc_errors *errors)
{
    struct state_device device;
    struct page page;

    (void)errors;
    read_page(rpc, &page);
    state_output(rpc, m);
    if (!page.is_single) {
        fill_page(state, m, rpc, &page);
    } else if (state_find_device(state->options.agent, &page.single, &device) &&
               (page.filter.device_class == 0 || page.filter.device_class == device.device_class)) {
        (void)fill_device(state, m, rpc, &page.filter, &device);
    }
    return true;
}
