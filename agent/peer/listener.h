/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening socket, and who may occupy us before having proved anything.
 *
 * Off until configured. At most LISTENER_PENDING_MAX connections that are not authorised yet, and
 * LISTENER_PENDING_EACH of them from one address (IPv6: from one /64); what is beyond is accepted,
 * closed and counted, so that it does not wait in the kernel's queue before those that may come in.
 */
#ifndef AGENT_PEER_LISTENER_H
#define AGENT_PEER_LISTENER_H

#include "agent/base/loop.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { LISTENER_PENDING_MAX = 16, LISTENER_PENDING_EACH = 4 };

struct listener;

struct listener_counters {
    uint64_t accepted; /* all that came in */
    uint64_t refused;  /* of these: closed at once */
};

/*
 * Takes over the descriptor (non-blocking) of a connection that came in. `place` stays occupied
 * until listener_settled(). False: it was not taken (out of memory), the descriptor is closed.
 */
typedef bool listener_accepted(void *context, int fd, const struct sockaddr_storage *from,
                               unsigned place);

/* NULL if memory is out. */
struct listener *listener_new(struct loop *loop, listener_accepted *accepted, void *context);
/* Connections that it handed over live on. NULL is allowed. */
void listener_free(struct listener *listener);

/*
 * Starts, moves or stops (not enabled) listening. Never fails: an address that cannot be had is
 * said in the log, with what to do, and tried again with back-off.
 */
void listener_configure(struct listener *listener, const struct settings_listen *settings);

/* The connection at this place was authorised, or is over. */
void listener_settled(struct listener *listener, unsigned place);

const struct listener_counters *listener_counters(const struct listener *listener);
void listener_clear_counters(struct listener *listener);
/* Why it does not listen though it should; empty if all is well. */
const char *listener_trouble(const struct listener *listener);
/* The port it listens on, 0 if it does not: what port 0 became, in tests. */
uint16_t listener_port(const struct listener *listener);

#endif
