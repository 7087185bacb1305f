/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management door: NETCONF (RFC 6241, RFC 6242 framing) on a UNIX socket, inside the event
 * loop.
 *
 * Each client is a session with a user from the socket's credentials. Bounds of sessions stand in
 * config/netconf/session.h, those of the shape of messages in config/netconf/xml-clean.h; a reply
 * that would be longer than NC_REPLY_MAX is too-big, naming the paged rpcs. Who stalls or floods
 * delays nobody.
 */
#ifndef CONFIG_NETCONF_NETCONF_SERVER_H
#define CONFIG_NETCONF_NETCONF_SERVER_H

#include "agent/base/loop.h"
#include "config/access/nacm.h"
#include "config/datastore/store.h"
#include "config/state/state-tree.h"

#include <stdbool.h>
#include <stddef.h>

struct netconf_server;

struct netconf_server_options {
    struct loop *loop;
    struct store *store;
    struct nacm *nacm;
    struct state_tree *state;
    const char *path;  /* of the socket */
    const char *group; /* that may connect (mode 0660), NULL: our own group only */
};

/* Opens the door. NULL with a log message. */
struct netconf_server *netconf_server_new(const struct netconf_server_options *options);
/* Ends all sessions and removes the socket. NULL is allowed. */
void netconf_server_free(struct netconf_server *server);
/* Who has connected; the descriptor is taken over. The door does this by itself. */
void netconf_server_accept(struct netconf_server *server, int fd, uid_t uid, gid_t gid);
size_t netconf_server_sessions(const struct netconf_server *server);

/* Running changed: rules may be others now. */
void netconf_server_running_changed(struct netconf_server *server);
/* To every session that subscribed and may read it (RFC 5277). NULL is allowed. */
void netconf_server_notify(struct netconf_server *server, const struct lyd_node *notification);

#endif
