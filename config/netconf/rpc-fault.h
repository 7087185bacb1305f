/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with an rpc: which tag of RFC 6241 fits, and which element or attribute it is.
 */
#ifndef CONFIG_NETCONF_RPC_FAULT_H
#define CONFIG_NETCONF_RPC_FAULT_H

#include "config/errors/rpc-error.h"

#include <stdbool.h>

struct ly_ctx;
struct lyd_node;

/* What is wrong with a message of xml_parse() that libyang refused: true with an error if it can be
 * told. */
bool rpc_fault(struct ly_ctx *schema, const struct lyd_node *xml, struct rpc_errors *errors);
/* The first parameter of an operation, as libyang parsed it, that must be given and is not; NULL:
 * none is missing. */
const char *rpc_missing(const struct lyd_node *op);
/* A <config> or <filter> of text is none: true with an error. */
bool rpc_text_fault(const struct lyd_node *op, struct rpc_errors *errors);
/*
 * An attribute of this operation or in it, of xml_parse(), that is unknown, has a wrong value or
 * would mean nothing where it stands: true with its error. What asks for nothing that we do is not
 * passed over, but in the content of a <filter> (RFC 6241, 6.2.2).
 */
bool rpc_attribute_fault(struct ly_ctx *schema, const struct lyd_node *operation,
                         struct rpc_errors *errors);

#endif
