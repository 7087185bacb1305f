/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-tree.h"

#include "config/state/state-parts.h"

/* --- state ----------------------------------------------------------------------------------- */

static const struct {
    const char *module;
    const char *name;
    state_fill *fill;
} roots[] = {
    {"nmspd-nmsp", "nmsp-state", state_fill_nmsp},
    {"nmspd-location", "location-state", state_fill_location},
    {"nmspd-radio", "radio-state", state_fill_radio},
    {"nmspd-system", "system-state", state_fill_system},
};

static bool add_root(const struct state_tree *state, size_t which, struct lyd_node **tree)
{
    const struct lys_module *module =
        ly_ctx_get_module_implemented(state->options.schema, roots[which].module);
    struct state_maker m = {.out_of_memory = false};
    struct lyd_node *root = NULL;

    if (lyd_new_inner(NULL, module, roots[which].name, 0, &root) != LY_SUCCESS)
        return false;
    roots[which].fill(state, &m, root);
    if (lyd_insert_sibling(*tree, root, tree) == LY_SUCCESS)
        return !m.out_of_memory;
    lyd_free_tree(root);
    return false;
}

bool state_tree_add(const struct state_tree *state, struct lyd_node **tree)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (!add_root(state, i, tree))
            return false;
    return true;
}

/* --- rpcs ------------------------------------------------------------------------------------ */

static const struct {
    const char *module;
    const char *name;
    state_rpc *run;
} rpcs[] = {
    {"nmspd-nmsp", "clear-statistics", state_clear_statistics_rpc},
    {"nmspd-nmsp", "reconnect", state_reconnect_rpc},
    {"nmspd-nmsp", "renew-certificate", state_renew_certificate_rpc},
    {"nmspd-nmsp", "live-summary", state_live_summary_rpc},
    {"nmspd-nmsp", "read-access-points", state_read_access_points_rpc},
    {"nmspd-location", "read-devices", state_read_devices_rpc},
    {"nmspd-radio", "read-aps", state_read_aps_rpc},
    {"nmspd-trace", "read-trace", state_read_trace_rpc},
    {"nmspd-trace", "clear-trace", state_clear_trace_rpc},
};

static state_rpc *find_rpc(const struct lyd_node *rpc)
{
    for (size_t i = 0; i < sizeof(rpcs) / sizeof(rpcs[0]); i++)
        if (strcmp(rpc->schema->name, rpcs[i].name) == 0 &&
            strcmp(rpc->schema->module->name, rpcs[i].module) == 0)
            return rpcs[i].run;
    return NULL;
}

bool state_tree_rpc(const struct state_tree *state, struct lyd_node *rpc, struct rpc_errors *errors)
{
    struct state_maker m = {.out_of_memory = false};
    state_rpc *run = find_rpc(rpc);

    if (run == NULL) {
        (void)rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_OPERATION_NOT_SUPPORTED, NULL,
                            "%s is not an operation of this agent", rpc->schema->name);
        return false;
    }
    if (!run(state, rpc, &m, errors))
        return false;
    if (!m.out_of_memory)
        return true;
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, NULL, "memory is out");
    return false;
}

/* --- life ------------------------------------------------------------------------------------ */

struct state_tree *state_tree_new(const struct state_tree_options *options)
{
    struct state_tree *state = calloc(1, sizeof(*state));

    if (state == NULL)
        return NULL;
    state->options = *options;
    state_events_init(state);
    return state;
}

void state_tree_free(struct state_tree *state)
{
    if (state == NULL)
        return;
    state_events_fini(state);
    free(state);
}
