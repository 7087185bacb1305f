/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Each container has counters of sources only, under the names that sources know, too. */
static void fill_counters(const struct agent *agent, struct state_maker *m, struct lyd_node *node)
{
    const struct lysc_node *leaf = NULL;

    while (node != NULL && (leaf = lys_getnext(leaf, node->schema, NULL, 0)) != NULL)
        make_number(m, node, leaf->name,
                    state_radio_counter(agent, node->schema->name, leaf->name));
}

void state_fill_radio(struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    const struct agent *agent = state->options.agent;
    const struct lysc_node *child = NULL;
    struct state_summary s;

    state_summary(agent, &s);
    make_some_text(m, root, "sources", s.radios);
    make_number(m, root, "aps", s.aps);
    while ((child = lys_getnext(child, root->schema, NULL, 0)) != NULL) {
        if (child->nodetype == LYS_CONTAINER)
            fill_counters(agent, m, make_inner(m, root, child->name));
    }
}

static void make_db(struct state_maker *m, struct lyd_node *node, const char *name, int8_t db)
{
    if (db != RADIO_DB_UNKNOWN)
        make_signed(m, node, name, db);
}

static void fill_ap(struct state_maker *m, struct lyd_node *rpc, const struct state_ap *state)
{
    static const char *const bands[] = {"unknown", "2ghz", "5ghz", "6ghz"};
    const struct radio_ap *ap = &state->ap;
    char mac[MAC_TEXT_SIZE];
    char slot[8];

    (void)snprintf(slot, sizeof(slot), "%u", (unsigned)ap->slot);
    struct lyd_node *node = make_entry_of_two(m, rpc, "ap", mac_text(&ap->mac, mac), slot);
    make_some_text(m, node, "name", ap->name);
    make_bool(m, node, "up", ap->up);
    if (ap->up)
        make_number(m, node, "up-time", (uint64_t)(state->up / 1000));
    make_text(m, node, "band", ap->band < COUNT(bands) ? bands[ap->band] : bands[0]);
    if (ap->channel != 0)
        make_number(m, node, "channel", ap->channel);
    if (ap->width != 0)
        make_number(m, node, "width", ap->width);
    make_db(m, node, "tx-power", ap->tx_power);
    make_db(m, node, "noise", ap->noise);
    if (ap->utilisation != RADIO_UTILISATION_UNKNOWN)
        make_number(m, node, "utilisation", ap->utilisation);
    make_number(m, node, "clients", ap->clients);
}

bool state_read_aps_rpc(struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
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
    state_output(rpc, m);
    while (count < limit && (is_single ? state_next_slot(agent, &mac, &cursor, &ap)
                                       : state_next_ap(agent, &cursor, &ap))) {
        fill_ap(m, rpc, &ap);
        count++;
    }
    if (count == limit)
        make_number(m, rpc, "next", cursor.next);
    return true;
}
