/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events (RFC 5277): one stream, NETCONF, without a past. Subscribed sessions go on with other rpcs
 * (interleave).
 */
#ifndef CONFIG_NETCONF_NOTIFICATIONS_H
#define CONFIG_NETCONF_NOTIFICATIONS_H

#include "config/netconf/service.h"

struct lyd_node;

/* To every session that subscribed, wants it and may read it. */
void notifications_send(struct service *service, const struct lyd_node *notification);
/* Those of the protocol itself (RFC 6470). */
void notifications_session_start(const struct nc_session *session);
void notifications_session_end(const struct nc_session *session, enum nc_end how,
                               uint32_t killed_by);

#endif
