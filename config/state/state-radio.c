/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-parts.h"

const char *const state_band_names[] = {"unknown", "2ghz", "5ghz", "6ghz", NULL};

/* Each container has counters of sources only, under the names that sources know, too. */
static void fill_counters(const struct agent *agent, struct state_maker *m, struct lyd_node *node)
{
    const struct lysc_node *leaf = NULL;

    while (node != NULL && (leaf = lys_getnext(leaf, node->schema, NULL, 0)) != NULL)
        make_number(m, node, leaf->name,
                    state_radio_counter(agent, node->schema->name, leaf->name));
}

void state_fill_radio(const struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_TEXT, state_summary, radios, "sources"),
        FIELD(FIELD_NUMBER, state_summary, aps, "aps"),
        FIELD_END,
    };
    const struct agent *agent = state->options.agent;
    const struct lysc_node *child = NULL;
    struct state_summary s;

    state_summary(agent, &s);
    make_fields(m, root, fields, &s);
    while ((child = lys_getnext(child, root->schema, NULL, 0)) != NULL)
        if (child->nodetype == LYS_CONTAINER)
            fill_counters(agent, m, make_inner(m, root, child->name));
}

static void fill_ap(struct state_maker *m, struct lyd_node *rpc, const struct state_ap *state)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_TEXT, radio_ap, name, "name"),
        FIELD(FIELD_BOOL, radio_ap, up, "up"),
        FIELD_NAMED(FIELD_NAME, radio_ap, band, "band", state_band_names),
        FIELD(FIELD_SOME, radio_ap, channel, "channel"),
        FIELD(FIELD_SOME, radio_ap, width, "width"),
        FIELD(FIELD_DB, radio_ap, tx_power, "tx-power"),
        FIELD(FIELD_DB, radio_ap, noise, "noise"),
        FIELD(FIELD_NUMBER, radio_ap, clients, "clients"),
        FIELD_END,
    };
    const struct radio_ap *ap = &state->ap;
    char mac[MAC_TEXT_SIZE];
    char slot[8];

    (void)snprintf(slot, sizeof(slot), "%u", (unsigned)ap->slot);
    struct lyd_node *node = make_entry(m, rpc, "ap", mac_text(&ap->mac, mac), slot);
    make_fields(m, node, fields, ap);
    if (state->has_access_point)
        make_mac(m, node, "access-point", &state->access_point);
    if (ap->up)
        make_number(m, node, "up-time", (uint64_t)(state->up / 1000));
    if (ap->utilisation != RADIO_UTILISATION_UNKNOWN)
        make_number(m, node, "utilisation", ap->utilisation);
}

bool state_read_aps_rpc(const struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
                        struct rpc_errors *errors)
{
    const struct agent *agent = state->options.agent;
    struct state_ap_cursor cursor = {0};
    struct mac mac;
    struct state_ap ap;
    uint32_t limit = 100;
    uint32_t count = 0;

    (void)errors;
    (void)input_number(rpc, "after", &cursor.next);
    (void)input_number(rpc, "limit", &limit);
    bool is_single = input_mac(rpc, "mac", &mac);
    make_output(rpc, m);
    while (count < limit && (is_single ? state_next_slot(agent, &mac, &cursor, &ap)
                                       : state_next_ap(agent, &cursor, &ap))) {
        fill_ap(m, rpc, &ap);
        count++;
    }
    if (count == limit)
        make_number(m, rpc, "next", cursor.next);
    return true;
}
