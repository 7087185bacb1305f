/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is running. Whatever is to be it is validated, made settings and permitted first, then taken
 * whole and handed to the agent.
 */
#ifndef CONFIG_DATASTORE_RUNNING_H
#define CONFIG_DATASTORE_RUNNING_H

#include "config/datastore/snapshot.h"
#include "config/datastore/terms.h"

struct running {
    const struct store_options *options;
    struct snapshot *now;
    const char *kept[SETTINGS_KEPT_MAX]; /* what the log was told */
    size_t kept_count;
};

/* All that can be held against a tree before it runs (defaults are put in): its settings, or NULL
 * with errors. */
struct settings *running_try(const struct running *running, struct lyd_node **tree,
                             struct rpc_errors *errors);
/* May this change be made? *changes: is there one? False with errors. */
bool running_permits(const struct store_access *access, const struct lyd_node *from,
                     const struct lyd_node *to, bool *changes, struct rpc_errors *errors);

/* At the start: the agent gets its settings later. Both are taken over; false if memory is out. */
bool running_begin(struct running *running, struct lyd_node *tree, struct settings *settings);
/* Running is `tree` from now on; it is taken over in any case. `always`: settings are applied and
 * what is not acted on is told though nothing changed. */
bool running_take(struct running *running, const struct store_access *access, struct lyd_node *tree,
                  bool always, struct rpc_errors *errors);
/* The same without asking anybody, for what was running before. */
bool running_take_back(struct running *running, struct snapshot *snapshot);

#endif
