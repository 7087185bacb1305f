/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/store.h"
#include "config/state/state-internal.h"

static const char *const origins[] = {
    [STORE_FROM_STARTUP] = "startup",
    [STORE_FROM_LAST_GOOD] = "last-good",
    [STORE_FROM_NOTHING] = "empty",
};

static void fill_fault(struct state_maker *m, struct lyd_node *startup,
                       const struct config_fault *fault)
{
    struct lyd_node *node = make_entry(m, startup, "fault");

    if (fault->line != 0)
        make_number(m, node, "line", fault->line);
    make_some_text(m, node, "path", fault->path);
    make_some_text(m, node, "reason", fault->reason);
}

void state_fill_system(struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    const struct store *store = state->options.store;

    if (store == NULL)
        return;
    const struct config_error *fault = store_startup_fault(store);
    struct lyd_node *startup = make_inner(m, root, "startup");

    make_text(m, startup, "origin", origins[store_origin(store)]);
    if (fault == NULL || fault->status == CONFIG_NOT_FOUND)
        return;
    for (size_t i = 0; i < fault->count; i++)
        fill_fault(m, startup, &fault->faults[i]);
    if (fault->omitted > 0)
        make_number(m, startup, "more-faults", fault->omitted);
}
