/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-parts.h"

#include <arpa/inet.h>

void state_fill_location(const struct state_tree *state, struct state_maker *m,
                         struct lyd_node *root)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_NUMBER, state_summary, devices, "devices"),
        FIELD(FIELD_NUMBER, state_summary, samples, "samples"),
        FIELD_END,
    };
    struct state_summary s;

    state_summary(state->options.agent, &s);
    make_fields(m, root, fields, &s);
    make_counters(m, root, engine_counter_table, &s.engine);
    make_counters(m, root, device_info_counter_table, &s.info);
}

/* --- numbers as names ------------------------------------------------------------------------ */

static const char *const classes[] = {"unknown", "client", "tag", "rogue-ap", "rogue-client", NULL};
static const char *const sources[] = {"unknown", "probe",         "path-loss",        "data",
                                      "beacon",  "beacon-report", "link-measurement", "ack",
                                      NULL};
static const char *const protocols[] = {"unknown", "b", "g", "a", "n", "ac", "ax", "be", NULL};
static const char *const encryptions[] = {"none", "wep", "wpa", "wpa2", "wpa3", NULL};
static const char *const vendors[] = {"unknown", "g2", "aeroscout", NULL};

static uint8_t class_of(const char *name)
{
    for (uint8_t i = RADIO_CLASS_CLIENT; name != NULL && classes[i] != NULL; i++)
        if (strcmp(classes[i], name) == 0)
            return i;
    return 0;
}

/* --- what is known of a device --------------------------------------------------------------- */

static void fill_client(struct state_maker *m, struct lyd_node *device,
                        const struct client_info *client)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_NUMBER, client_info, vlan, "vlan"),
        FIELD_NAMED(FIELD_NAME, client_info, protocol, "protocol", protocols),
        FIELD_END,
    };
    struct lyd_node *node = make_inner(m, device, "client");

    make_fields(m, node, fields, client);
    make_safe(m, node, "ssid", client->ssid, client->ssid_len);
    make_safe(m, node, "user", client->user, client->user_len);
    for (size_t i = 0; i < client->address_count; i++) {
        const struct client_address *address = &client->addresses[i];
        char text[INET6_ADDRSTRLEN];
        if (inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->octets, text,
                      sizeof(text)) != NULL)
            make_text(m, node, "address", text);
    }
}

static void fill_rogue(struct state_maker *m, struct lyd_node *device,
                       const struct rogue_info *rogue)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_SOME, rogue_info, channel, "channel"),
        FIELD_NAMED(FIELD_NAME, rogue_info, band, "band", state_band_names),
        FIELD_NAMED(FIELD_NAME, rogue_info, encryption, "encryption", encryptions),
        FIELD(FIELD_TIME, rogue_info, first_seen, "first-seen"),
        FIELD_END,
    };
    struct lyd_node *node = make_inner(m, device, "rogue");

    make_fields(m, node, fields, rogue);
    make_safe(m, node, "ssid", rogue->ssid, rogue->ssid_len);
}

static void fill_info(struct state_maker *m, struct lyd_node *device,
                      const struct device_info *info)
{
    static const struct state_field tag[] = {
        FIELD_NAMED(FIELD_NAME, tag_info, vendor, "vendor", vendors),
        FIELD(FIELD_SOME, tag_info, ccx_version, "ccx-version"),
        FIELD(FIELD_DB, tag_info, tx_power, "tx-power"),
        FIELD(FIELD_SOME, tag_info, channel, "channel"),
        FIELD(FIELD_NUMBER, tag_info, sequence, "sequence"),
        FIELD(FIELD_NUMBER, tag_info, payload_len, "payload-length"),
        FIELD_END,
    };
    static const struct state_field statistics[] = {
        FIELD(FIELD_NUMBER, device_statistics, rx_bytes, "received-bytes"),
        FIELD(FIELD_NUMBER, device_statistics, tx_bytes, "sent-bytes"),
        FIELD(FIELD_NUMBER, device_statistics, rx_packets, "received-packets"),
        FIELD(FIELD_NUMBER, device_statistics, tx_packets, "sent-packets"),
        FIELD(FIELD_NUMBER, device_statistics, tx_retries, "retries"),
        FIELD(FIELD_NUMBER, device_statistics, tx_failed, "failed"),
        FIELD(FIELD_SOME, device_statistics, rx_rate, "receive-rate"),
        FIELD(FIELD_SOME, device_statistics, tx_rate, "send-rate"),
        FIELD(FIELD_SOME, device_statistics, connected, "connected"),
        FIELD_END,
    };

    if (info->kind == DEVICE_INFO_CLIENT)
        fill_client(m, device, &info->client);
    else if (info->kind == DEVICE_INFO_TAG)
        make_fields(m, make_inner(m, device, "tag"), tag, &info->tag);
    else if (info->kind == DEVICE_INFO_ROGUE)
        fill_rogue(m, device, &info->rogue);
    if (info->has_statistics)
        make_fields(m, make_inner(m, device, "statistics"), statistics, &info->statistics);
}

/* --- pages ----------------------------------------------------------------------------------- */

static void fill_reading(struct state_maker *m, struct lyd_node *device,
                         const struct state_reading *reading)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_MAC, state_reading, ap, "ap-mac"),
        FIELD(FIELD_NUMBER, state_reading, slot, "slot"),
        FIELD(FIELD_SIGNED, state_reading, rssi, "rssi"),
        FIELD(FIELD_DB, state_reading, snr, "snr"),
        FIELD_NAMED(FIELD_NAME, state_reading, source, "source", sources),
        FIELD(FIELD_MS, state_reading, age, "age"),
        FIELD_END,
    };
    struct lyd_node *node = make_entry(m, device, "reading", NULL, NULL);

    make_fields(m, node, fields, reading);
    if (reading->antenna != RADIO_ANTENNA_COMBINED)
        make_number(m, node, "antenna", reading->antenna);
}

/* Gives the number of readings. */
static uint32_t fill_device(const struct state_tree *state, struct state_maker *m,
                            struct lyd_node *rpc, const struct state_device_filter *filter,
                            const struct state_device *device)
{
    static const struct state_field fields[] = {
        FIELD_NAMED(FIELD_NAME, state_device, device_class, "class", classes),
        FIELD(FIELD_BOOL, state_device, is_local, "locally-administered"),
        FIELD(FIELD_TIME, state_device, last_seen, "last-heard"),
        FIELD_END,
    };
    static const struct state_field announced[] = {
        FIELD(FIELD_TIME, state_device, last_announced, "last-announced"),
        FIELD_END,
    };
    static const struct state_field ap[] = {
        FIELD(FIELD_MAC, state_device, associated_ap, "ap-mac"),
        FIELD(FIELD_NUMBER, state_device, associated_slot, "slot"),
        FIELD_END,
    };
    struct state_reading_cursor cursor = {.begun = false};
    struct state_reading reading;
    char mac[MAC_TEXT_SIZE];
    uint32_t readings = 0;
    struct lyd_node *node = make_entry(m, rpc, "device", mac_text(&device->mac, mac), NULL);

    make_fields(m, node, fields, device);
    if (device->has_announced)
        make_fields(m, node, announced, device);
    if (device->is_associated) {
        struct lyd_node *associated = make_inner(m, node, "associated");
        if (device->has_associated_ap)
            make_fields(m, associated, ap, device);
    }
    for (; state_next_reading(state->options.agent, device, filter, &cursor, &reading); readings++)
        fill_reading(m, node, &reading);
    if (device->has_info)
        fill_info(m, node, &device->info);
    return readings;
}

static void fill_page(const struct state_tree *state, struct state_maker *m, struct lyd_node *rpc,
                      const struct state_device_filter *filter, struct state_device_cursor *cursor,
                      uint32_t limit)
{
    enum state_found found = STATE_LOOKED;
    struct state_device device;
    uint32_t readings = 0;

    for (uint32_t i = 0; i < limit && readings < STATE_READINGS_MAX; i++) {
        found = state_next_device(state->options.agent, filter, cursor, &device);
        if (found != STATE_FOUND)
            break;
        readings += fill_device(state, m, rpc, filter, &device);
    }
    if (found != STATE_END)
        make_number(m, rpc, "next", cursor->next);
}

bool state_read_devices_rpc(const struct state_tree *state, struct lyd_node *rpc,
                            struct state_maker *m, struct rpc_errors *errors)
{
    struct state_device_filter filter = {.device_class = class_of(input_text(rpc, "class"))};
    struct state_device_cursor cursor = {0};
    struct state_device device;
    struct mac single;
    uint32_t limit = 50;
    uint32_t slot = 0;

    (void)errors;
    (void)input_number(rpc, "after", &cursor.next);
    (void)input_number(rpc, "limit", &limit);
    bool is_single = input_mac(rpc, "mac", &single);
    filter.has_ap = input_mac(rpc, "ap-mac", &filter.ap);
    filter.has_slot = input_number(rpc, "slot", &slot);
    filter.slot = (uint8_t)slot;
    make_output(rpc, m);
    if (!is_single)
        fill_page(state, m, rpc, &filter, &cursor, limit);
    else if (state_find_device(state->options.agent, &single, &device) &&
             (filter.device_class == 0 || filter.device_class == device.device_class))
        (void)fill_device(state, m, rpc, &filter, &device);
    return true;
}
