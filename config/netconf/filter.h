/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters of <get>, <get-config> and <create-subscription>: subtrees (RFC 6241, 6) and XPath (8.9).
 */
#ifndef CONFIG_NETCONF_FILTER_H
#define CONFIG_NETCONF_FILTER_H

#include "config/errors/rpc-error.h"
#include "config/netconf/printer.h"

#include <stdbool.h>

struct lyd_node;
struct filter;

enum { FILTER_NODES_MAX = 2000 };

/*
 * `op` is the operation as libyang parsed it, `element` the same as xml_parse() gives it. *filter:
 * what its <filter> says, or NULL if there is none. It does not need the two any more. False with
 * errors.
 */
bool filter_new(const struct lyd_node *op, const struct lyd_node *element, struct filter **filter,
                struct rpc_errors *errors);
void filter_free(struct filter *filter); /* NULL is allowed */

/* Could anything of this namespace be let through? */
bool filter_wants(const struct filter *filter, const char *space);

/* libyang evaluates an XPath filter: for it, what is not to be seen must be gone from the tree. */
bool filter_is_xpath(const struct filter *filter);

/*
 * Prints what the filter lets through of `tree` (siblings), with the keys of what it is in; for a
 * subtree filter, what the printer does not see is not there. NULL: all of it. False with errors.
 */
bool filter_print(const struct filter *filter, const struct lyd_node *tree,
                  const struct printer *printer, struct rpc_errors *errors);

#endif
