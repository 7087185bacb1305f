/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libyang found wrong with data, in words that an operator can act on.
 *
 * The sentences that the YANG modules carry are passed on as they are. For the rest the schema is
 * asked what would have been right, so that the wording does not hang on libyang's version; what
 * cannot be recognised keeps libyang's words.
 */
#ifndef CONFIG_ERRORS_EXPLAIN_H
#define CONFIG_ERRORS_EXPLAIN_H

#include "config/errors/rpc-error.h"

struct lyd_node;
struct lysc_node;

/*
 * Adds a fault for each error that libyang holds for this schema; at least one. `tree` is the data
 * as far as there is any, or NULL. Leaves libyang's errors as they are. For rpc-errors this is
 * rpc_errors_from_libyang().
 */
void explain_errors(const struct ly_ctx *schema, const struct lyd_node *tree,
                    struct config_error *error);

/* Is the text a value of this leaf, as far as can be told without data? If not, the reason. */
bool explain_value(struct ly_ctx *schema, const struct lysc_node *leaf, const char *value,
                   char reason[static CONFIG_REASON_SIZE]);

/* Adds to a text that something is not known, and what may stand in this node, or at the top
 * (NULL). */
void explain_unknown(const struct ly_ctx *schema, const struct lysc_node *parent,
                     char text[static CONFIG_REASON_SIZE]);

#endif
