/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * <rpc-reply> and <rpc-error> (RFC 6241, 4) as they are written.
 */
#ifndef CONFIG_NETCONF_REPLY_H
#define CONFIG_NETCONF_REPLY_H

#include "config/errors/rpc-error.h"
#include "config/netconf/xmlbuf.h"

struct ly_ctx;
struct lyd_node;

/* The start tag, with the attributes of the <rpc>: an opaque node of libyang, or NULL. */
void reply_begin(struct xmlbuf *text, const struct lyd_node *envelope);
void reply_errors(struct xmlbuf *text, const struct ly_ctx *schema,
                  const struct rpc_errors *errors);
/* An instance identifier of libyang with a prefix before each name. */
void reply_path(struct xmlbuf *text, const char *path);

#endif
