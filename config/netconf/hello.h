/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hellos (RFC 6241, 8.1): ours with all capabilities, the client's with a base version in common.
 */
#ifndef CONFIG_NETCONF_HELLO_H
#define CONFIG_NETCONF_HELLO_H

#include "config/netconf/service.h"

void hello_send(struct nc_session *session);
/* The client's. False if it is not one, or one that we cannot go on with; the session has ended. */
bool hello_take(struct nc_session *session, const char *text, size_t len);
/* Another number for other modules (RFC 8525, content-id). */
uint32_t hello_content_id(const struct ly_ctx *schema);
/* <capabilities>, as it stands in a hello, and with its name in RFC 6022, too. */
void hello_capabilities(struct xmlbuf *text, const struct ly_ctx *schema);

#endif
