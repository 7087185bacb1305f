/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree that never changes any more, shared by the datastores that hold it.
 */
#ifndef CONFIG_DATASTORE_SNAPSHOT_H
#define CONFIG_DATASTORE_SNAPSHOT_H

#include "config/errors/rpc-error.h"

struct lyd_node;

struct snapshot {
    unsigned users;
    struct lyd_node *tree;
};

/* Takes the tree over, freed if memory is out (NULL). */
struct snapshot *snapshot_new(struct lyd_node *tree);
struct snapshot *snapshot_share(struct snapshot *snapshot);
void snapshot_drop(struct snapshot *snapshot); /* NULL is allowed */
/* What was there is dropped. */
void snapshot_swap(struct snapshot **place, struct snapshot *snapshot);

/* A tree of one's own; false with an error if memory is out. */
bool snapshot_copy(const struct lyd_node *tree, struct lyd_node **copy, struct rpc_errors *errors);

#endif
