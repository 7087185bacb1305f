/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine of <edit-config>: operations of RFC 6241 7.2 and RFC 7950 7.x on a tree of libyang.
 *
 * Used by config/datastore/store.c alone. It knows nothing of datastores, locks or rights.
 */
#ifndef CONFIG_DATASTORE_EDIT_H
#define CONFIG_DATASTORE_EDIT_H

#include "config/datastore/terms.h"
#include "config/errors/rpc-error.h"

#include <stdbool.h>

struct lyd_node;

struct edit {
    struct ly_ctx *schema;
    struct lyd_node **tree; /* what is changed: siblings at the top */
    bool go_on;             /* after an error, with what else there is */
    bool failed;
    const struct store_access *access; /* who must be allowed to name nodes; NULL: anybody */
    struct rpc_errors *errors;
};

/*
 * Applies `config`, which is left alone, to *edit->tree; missing defaults are put in at the end. On
 * failure the tree holds a part of the change (all that can be done, if edit->go_on): work on a
 * copy. False with errors.
 */
bool edit_apply(struct edit *edit, const struct lyd_node *config,
                enum store_default_operation default_operation);

#endif
