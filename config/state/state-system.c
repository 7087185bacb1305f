/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/store.h"
#include "config/state/state-parts.h"

static const char *const origins[] = {
    [STORE_FROM_STARTUP] = "startup",
    [STORE_FROM_LAST_GOOD] = "last-good",
    [STORE_FROM_NOTHING] = "empty",
};

void state_fill_system(const struct state_tree *state, struct state_maker *m, struct lyd_node *root)
{
    static const struct state_field fields[] = {
        FIELD(FIELD_SOME, config_fault, line, "line"),
        FIELD(FIELD_TEXT, config_fault, path, "path"),
        FIELD(FIELD_TEXT, config_fault, reason, "reason"),
        FIELD_END,
    };
    const struct store *store = state->options.store;

    if (store == NULL)
        return;
    const struct config_error *fault = store_startup_fault(store);
    struct lyd_node *startup = make_inner(m, root, "startup");

    make_text(m, startup, "origin", origins[store_origin(store)]);
    if (fault == NULL || fault->status == CONFIG_NOT_FOUND)
        return;
    for (size_t i = 0; i < fault->count; i++)
        make_fields(m, make_entry(m, startup, "fault", NULL, NULL), fields, &fault->faults[i]);
    if (fault->omitted > 0)
        make_number(m, startup, "more-faults", fault->omitted);
}
