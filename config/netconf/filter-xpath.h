/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an XPath filter may cost: libyang evaluates without a bound, in the agent's only thread.
 */
#ifndef CONFIG_NETCONF_FILTER_XPATH_H
#define CONFIG_NETCONF_FILTER_XPATH_H

#include "config/errors/rpc-error.h"

#include <stdbool.h>

enum { FILTER_XPATH_MAX = 2000 }; /* bytes */

/*
 * Can it be evaluated in a few walks through the data? False with an error that says what cannot be
 * used: only named functions of XPath 1.0 can (operation-not-supported), one search (//), and
 * predicates that look below their own node only, without predicates in them and without comparing
 * nodes with nodes (resource-denied).
 */
bool filter_xpath_is_bounded(const char *xpath, struct rpc_errors *errors);

#endif
