/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management door: NETCONF (RFC 6241, RFC 6242 framing) on a UNIX socket, inside the event
 * loop.
 *
 * Each client is a session with a user from the socket's credentials. Bounds: SERVER_SESSIONS_MAX
 * sessions, SERVER_SESSIONS_USER of one user, SERVER_SESSIONS_ROOT of them for root alone;
 * SERVER_HELD_MAX bytes for what all sessions have not finished or not read, SERVER_HELD_ROOT of
 * them for root alone, where the session that holds most is closed, and no one for its first
 * SERVER_HELD_FREE; messages of SERVER_MESSAGE_MAX, replies of SERVER_REPLY_MAX (then too-big,
 * naming the paged rpcs), a hello within SERVER_HELLO_MS, one rpc in work per session and none read
 * before its reply has drained; a reader that takes nothing for 30 seconds, or falls behind with
 * its notifications, is closed. The shape of messages is bounded in config/netconf/xml.h. Who
 * stalls or floods delays nobody.
 */
#ifndef CONFIG_NETCONF_SERVER_H
#define CONFIG_NETCONF_SERVER_H

#include "agent/base/loop.h"
#include "config/access/nacm.h"
#include "config/datastore/store.h"
#include "config/state/state-tree.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SERVER_SESSIONS_MAX = 16,
    SERVER_SESSIONS_USER = 4,
    SERVER_SESSIONS_ROOT = 4,
    SERVER_MESSAGE_MAX = 4 * 1024 * 1024,
    SERVER_REPLY_MAX = 1024 * 1024,
    SERVER_HELD_FREE = 64 * 1024,
    SERVER_HELD_ROOT = SERVER_MESSAGE_MAX,
    SERVER_HELD_MAX = 3 * SERVER_MESSAGE_MAX,
    SERVER_HELLO_MS = 10000,
};

struct server;

struct server_options {
    struct loop *loop;
    struct store *store;
    struct nacm *nacm;
    struct state_tree *state;
    const char *path;  /* of the socket */
    const char *group; /* that may connect (mode 0660), NULL: our own group only */
};

/* Opens the door. NULL with a log message. */
struct server *server_new(const struct server_options *options);
/* Ends all sessions and removes the socket. NULL is allowed. */
void server_free(struct server *server);

/* Running changed: rules may be others now. */
void server_running_changed(struct server *server);
/* To every session that subscribed and may read it (RFC 5277). */
void server_notify(struct server *server, const struct lyd_node *notification);

#endif
