/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the messages of all sessions work on; made by netconf_server.c, and the context of its
 * sessions.
 */
#ifndef CONFIG_NETCONF_SERVICE_H
#define CONFIG_NETCONF_SERVICE_H

#include "config/access/nacm.h"
#include "config/datastore/store.h"
#include "config/netconf/session.h"
#include "config/state/state-tree.h"

struct service {
    struct loop *loop;
    struct store *store;
    struct nacm *nacm;        /* NULL: everybody may read */
    struct state_tree *state; /* NULL: there is none */
    struct ly_ctx *schema;
    struct ly_ctx *xml; /* of xml_schema(), while there are sessions */
    struct nc_sessions *sessions;
    int64_t started; /* loop_wall */
};

static inline struct service *service_of(const struct nc_session *session)
{
    return (struct service *)nc_session_context(session);
}

#endif
