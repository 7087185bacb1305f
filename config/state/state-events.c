/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-parts.h"

#include "agent/base/log.h"

/* NULL: memory is out. */
static struct lyd_node *begin(const struct state_tree *state, const char *name)
{
    const struct lys_module *module =
        ly_ctx_get_module_implemented(state->options.schema, "nmspd-nmsp");
    struct lyd_node *node = NULL;

    return lyd_new_inner(NULL, module, name, 0, &node) == LY_SUCCESS ? node : NULL;
}

static void tell(const struct state_tree *state, const struct state_maker *m, struct lyd_node *node)
{
    if (node != NULL && !m->out_of_memory)
        state->options.notify(state->options.context, node);
    else
        log_warning("there is no memory for a notification");
    lyd_free_tree(node);
}

static void name_peer(struct state_maker *m, struct lyd_node *node, const struct peer_status *peer)
{
    make_peer_name(m, node, peer->inbound, peer->host, peer->port, peer->address);
    if (peer->has_mac)
        make_mac(m, node, "mac", &peer->mac);
}

static void on_up(void *context, const struct peer_status *peer)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_TEXT, peer_status, tls_version, "tls-version"),
        FIELD(FIELD_TEXT, peer_status, tls_cipher, "tls-cipher"),
        FIELD(FIELD_BOOL, peer_status, legacy_cipher, "legacy-cipher"),
        FIELD_END,
    };
    const struct state_tree *state = context;
    struct state_maker m = {.out_of_memory = false};
    struct lyd_node *node = begin(state, "session-up");

    name_peer(&m, node, peer);
    make_fields(&m, node, fields, peer);
    tell(state, &m, node);
}

static void on_down(void *context, const struct peer_status *peer, const struct diagnosis *why,
                    const char *reason, int64_t lasted)
{
    const struct state_tree *state = context;
    struct state_maker m = {.out_of_memory = false};
    struct lyd_node *node = begin(state, "session-down");

    name_peer(&m, node, peer);
    if (why->code != DIAGNOSIS_NONE)
        make_text(&m, node, "code", diagnosis_code_name(why->code));
    make_some(&m, node, "reason", reason);
    make_number(&m, node, "duration", (uint64_t)(lasted / 1000));
    tell(state, &m, node);
}

static void on_refused(void *context, const struct diagnosis *why)
{
    const struct state_tree *state = context;
    struct state_maker m = {.out_of_memory = false};
    struct lyd_node *node = begin(state, "peer-refused");

    make_peer_name(&m, node, why->inbound, why->host, why->port, why->address);
    make_diagnosis(&m, node, why);
    tell(state, &m, node);
}

void state_events_init(struct state_tree *state)
{
    state->observer = (struct registry_observer){
        .session_up = on_up, .session_down = on_down, .peer_refused = on_refused, .context = state};
    if (state->options.notify != NULL)
        state_observe(state->options.agent, &state->observer);
}

void state_events_fini(struct state_tree *state)
{
    if (state->options.notify != NULL)
        state_unobserve(state->options.agent, &state->observer);
}
