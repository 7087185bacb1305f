/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening socket, and who may occupy us before having proved anything.
 *
 * Off until configured. At most LISTENER_PENDING_MAX connections that are not authorised yet, and
 * LISTENER_PENDING_EACH of them from one address (IPv6: from one /64). When there is no place for
 * one that comes, another one goes: the oldest of those whose ClientHello is not there, else the
 * oldest. LISTENER_PENDING_KEPT places are for known addresses alone, those of configured servers
 * and of earlier authorised connections; and no other one can push these out.
 *
 * Others than the known are throttled (agent/peer/throttle), before anything is done for them: what
 * is too much is accepted and closed at once, so that it does not wait in the kernel's queue before
 * those that may come in.
 */
#ifndef AGENT_PEER_LISTENER_H
#define AGENT_PEER_LISTENER_H

#include "agent/base/counter.h"
#include "agent/base/loop.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { LISTENER_PENDING_MAX = 16, LISTENER_PENDING_EACH = 4, LISTENER_PENDING_KEPT = 4 };

struct listener;

/* clang-format off */
#define LISTENER_COUNTERS(X)                                                                             \
    X(accepted, "accepted")      /* all that came in */                                                  \
    X(refused, "closed-at-once") /* of these: closed at once, because no place could be made */          \
    X(throttled, "throttled")    /* of these: closed at once, because too many came to nothing before */ \
    X(evicted, "evicted")        /* of these: closed later, to make a place for another one */
/* clang-format on */

struct listener_counters {
    LISTENER_COUNTERS(COUNTER_MEMBER)
};

extern const struct counter listener_counter_table[];

struct listener_owner {
    /*
     * Takes over the descriptor (non-blocking) of a connection that came in. `place` stays occupied
     * until listener_settled(). False: it was not taken (out of memory), the descriptor is closed.
     */
    bool (*accepted)(void *context, int fd, const struct sockaddr_storage *from, unsigned place);
    /* Whether this is an address of a configured server or of an earlier authorised connection. */
    bool (*knows)(void *context, const struct sockaddr_storage *from);
    /* Whether the ClientHello of the connection at this place is complete. */
    bool (*has_hello)(void *context, unsigned place);
    /* Ends the connection at this place, and settles it before it returns. */
    void (*evict)(void *context, unsigned place);
    /* One was closed at once; throttled, or there was no place. */
    void (*turned_away)(void *context, const struct sockaddr_storage *from, bool throttled);
    void *context;
};

/* NULL if memory is out. */
struct listener *listener_new(struct loop *loop, const struct listener_owner *owner);
/* Connections that it handed over live on. NULL is allowed. */
void listener_free(struct listener *listener);

/*
 * Starts, moves or stops (not enabled) listening. Never fails: an address that cannot be had is
 * said in the log, with what to do, and tried again with back-off.
 */
void listener_configure(struct listener *listener, const struct settings_listen *settings);

/* Patient: while all places for strangers are occupied nobody is accepted, so that many who come at
 * once wait in the kernel's queue, and do not push each other out. For who has access points. */
void listener_be_patient(struct listener *listener, bool patient);

/* The connection at this place was authorised, or is over without that. */
void listener_settled(struct listener *listener, unsigned place, bool authorised);

const struct listener_counters *listener_counters(const struct listener *listener);
void listener_clear_counters(struct listener *listener);
/* Why it does not listen though it should; empty if all is well. */
const char *listener_trouble(const struct listener *listener);
/* The port it listens on, 0 if it does not: what port 0 became, in tests. */
uint16_t listener_port(const struct listener *listener);

#endif
