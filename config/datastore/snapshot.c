/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/snapshot.h"

#include "config/schema/compat.h"

struct snapshot *snapshot_new(struct lyd_node *tree)
{
    struct snapshot *snapshot = malloc(sizeof(*snapshot));

    if (snapshot == NULL) {
        lyd_free_all(tree);
        return NULL;
    }
    *snapshot = (struct snapshot){.users = 1, .tree = tree};
    return snapshot;
}

struct snapshot *snapshot_share(struct snapshot *snapshot)
{
    snapshot->users++;
    return snapshot;
}

void snapshot_drop(struct snapshot *snapshot)
{
    if (snapshot == NULL || --snapshot->users > 0)
        return;
    lyd_free_all(snapshot->tree);
    free(snapshot);
}

void snapshot_swap(struct snapshot **place, struct snapshot *snapshot)
{
    struct snapshot *old = *place;

    *place = snapshot;
    snapshot_drop(old);
}

bool snapshot_copy(const struct lyd_node *tree, struct lyd_node **copy, struct rpc_errors *errors)
{
    *copy = NULL;
    return tree == NULL ||
           lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, copy) ==
               LY_SUCCESS ||
           rpc_error_refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
}
