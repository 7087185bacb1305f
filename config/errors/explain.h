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

#include "config/errors/fault.h"

#include <stdbool.h>

struct ly_ctx;
struct ly_err_item;
struct lyd_node;

/*
 * Adds a fault for each error that libyang holds for this schema; at least one. `tree` is the data
 * as far as there is any, or NULL. Leaves libyang's errors as they are.
 */
void explain_errors(const struct ly_ctx *schema, const struct lyd_node *tree,
                    struct config_error *error);

/* The same for one of libyang's errors: fills the path, the reason and the line. */
void explain_error(const struct ly_ctx *schema, const struct lyd_node *tree,
                   const struct ly_err_item *item, struct config_fault *fault);
/* Is it a `must` that is violated? Its module may have given it words and an app-tag of its own. */
bool explain_is_must(const struct ly_ctx *schema, const struct ly_err_item *item);

/* Is it the value of an attribute? libyang 2 says so by a path that leads to no leaf, 3 by one that
 * ends in /@module:attribute. */
bool explain_is_attribute(const struct ly_ctx *schema, const struct ly_err_item *item);

#endif
