/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The access points of a controller, in pages. */
#include "config/state/state-parts.h"

static void fill_radio(struct state_maker *m, struct lyd_node *node, const struct state_ap *state)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_MAC, radio_ap, mac, "mac"),
        FIELD(FIELD_NUMBER, radio_ap, slot, "slot"),
        FIELD(FIELD_TEXT, radio_ap, name, "name"),
        FIELD(FIELD_BOOL, radio_ap, up, "up"),
        FIELD_NAMED(FIELD_NAME, radio_ap, band, "band", state_band_names),
        FIELD(FIELD_SOME, radio_ap, channel, "channel"),
        FIELD_END,
    };

    make_fields(m, make_entry(m, node, "radio", NULL, NULL), fields, &state->ap);
}

static void fill_session(struct state_maker *m, struct lyd_node *node,
                         const struct peer_status *peer)
{
    static const struct state_field fields[] = {
        FIELD_NAMED(FIELD_NAME, peer_status, phase, "phase", peer_phase_names),
        FIELD(FIELD_TEXT, peer_status, address, "address"),
        FIELD(FIELD_NUMBER, peer_status, connection, "connection"),
        FIELD(FIELD_TEXT, peer_status, tls_version, "tls-version"),
        FIELD(FIELD_TEXT, peer_status, tls_cipher, "tls-cipher"),
        FIELD_END,
    };

    make_fields(m, node, fields, peer);
    make_session_counters(m, node, &peer->counters);
}

static void fill_access_point(const struct state_tree *state, struct state_maker *m,
                              struct lyd_node *rpc, const struct collector_status *ap)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_TEXT, collector_status, name, "name"),
        FIELD(FIELD_BOOL, collector_status, is_up, "up"),
        FIELD(FIELD_NUMBER, collector_status, macs, "ap-macs"),
        FIELD(FIELD_NUMBER, collector_status, slots, "slots"),
        FIELD(FIELD_NUMBER, collector_status, devices, "devices"),
        FIELD(FIELD_NUMBER, collector_status, samples, "samples-held"),
        FIELD(FIELD_NUMBER, collector_status, rate, "rate"),
        FIELD_END,
    };
    static const struct state_field session[] = {
        FIELD(FIELD_MS, collector_status, delay, "delay"),
        FIELD(FIELD_NUMBER, collector_status, clock_steps, "clock-steps"),
        FIELD_END,
    };
    const struct agent *agent = state->options.agent;
    struct state_access_point_cursor cursor = {0};
    struct peer_status peer;
    struct state_ap radio;
    char mac[MAC_TEXT_SIZE];
    struct lyd_node *node = make_entry(m, rpc, "access-point", mac_text(&ap->identity, mac), NULL);

    make_fields(m, node, fields, ap);
    make_number(m, node, "since", (uint64_t)(state_access_point_age(agent, ap) / 1000));
    if (ap->is_up)
        make_fields(m, node, session, ap);
    make_services(m, make_inner(m, node, "offered"), ap->offered);
    make_services(m, make_inner(m, node, "granted"), ap->granted);
    make_counters(m, make_inner(m, node, "collected"), collector_counter_table, &ap->counters);
    while (state_next_access_point_slot(agent, &ap->identity, &cursor, &radio))
        fill_radio(m, node, &radio);
    if (state_access_point_peer(agent, &ap->identity, &peer))
        fill_session(m, make_inner(m, node, "session"), &peer);
}

bool state_read_access_points_rpc(const struct state_tree *state, struct lyd_node *rpc,
                                  struct state_maker *m, struct rpc_errors *errors)
{
    const struct agent *agent = state->options.agent;
    struct collector_status page[STATE_ACCESS_POINTS_MAX];
    struct state_access_point_cursor cursor = {0};
    struct mac mac;
    uint32_t after = 0;
    uint32_t limit = STATE_ACCESS_POINTS_MAX;

    (void)errors;
    (void)input_number(rpc, "after", &after);
    (void)input_number(rpc, "limit", &limit);
    bool is_single = input_mac(rpc, "mac", &mac);
    make_output(rpc, m);
    cursor.next = after;
    size_t count = is_single ? state_find_access_point(agent, &mac, &page[0])
                             : state_next_access_points(agent, &cursor, page, limit);
    for (size_t i = 0; i < count; i++)
        fill_access_point(state, m, rpc, &page[i]);
    if (!is_single && count == (limit < STATE_ACCESS_POINTS_MAX ? limit : STATE_ACCESS_POINTS_MAX))
        make_number(m, rpc, "next", cursor.next);
    return true;
}
