/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP connection with TLS on it that becomes a session: completes the connect, does the
 * handshake within its deadline, has the peer authorised, creates the session and moves its bytes.
 *
 * Invariants:
 * - it goes one way: connect, handshake, session, over; each step but the session has a deadline;
 * - nothing is written and no application byte is read before the peer was authorised and the owner
 *   admitted it;
 * - `ended` is called once, from a deferred call, whatever happens; the owner then takes what it
 *   wants to keep (counters, reason) and frees the connection;
 * - a descriptor that was connected goes to those that linger, so that the peer gets our last
 *   words.
 */
#ifndef AGENT_PEER_CONNECTION_H
#define AGENT_PEER_CONNECTION_H

#include "agent/auth/authlist.h"
#include "agent/diagnosis.h"
#include "agent/peer/lingering.h"
#include "agent/peer/statistics.h"
#include "agent/peer/status.h"
#include "agent/session/session.h"
#include "agent/tls/tls.h"

#include <stdbool.h>

enum {
    CONNECTION_CONNECT_MS = 5000,
    CONNECTION_HANDSHAKE_MS = 10000,
};

/* Why it ended, in the order of how far it came. */
enum connection_end {
    CONNECTION_UNREACHABLE, /* no TCP connection, or none of our memory for it */
    CONNECTION_NO_TLS,      /* the handshake failed or took too long */
    CONNECTION_REFUSED,     /* by the auth list, or by the owner */
    CONNECTION_OVER         /* there was a session, and it is over */
};

struct connection;

struct connection_owner {
    /* As authlist_check(). Asked during the handshake, once more when it is complete, and by
     * connection_recheck(). */
    bool (*authorise)(void *context, const struct certificate_info *peer,
                      struct authlist_decision *decision);
    /* The handshake is complete. NULL lets the session begin, else a sentence why it may not. */
    const char *(*admit)(void *context, const struct mac *identity);
    /* A session began, and: it became active. */
    void (*began)(void *context);
    void (*active)(void *context);
    void (*ended)(void *context, enum connection_end why, const char *reason);
    void *context;
};

/* All but the descriptor and the context (which is kept) outlives the connection. */
struct connection_spec {
    const struct session_context *shared; /* the loop is in it */
    struct lingering *lingering;
    struct tls_context *tls;
    struct statistics *statistics; /* NULL: not counted */
    bool inbound;
    bool legacy_cipher; /* the context is one for old servers */
    int fd;             /* non-blocking, connected or about to be; taken over, also on failure */
};

/* NULL if memory is out. Nothing is done, and no callback called, before the loop turns. */
struct connection *connection_new(const struct connection_spec *spec,
                                  const struct connection_owner *owner);
/* Without a word; after `ended` nothing is left to say. NULL is allowed. */
void connection_free(struct connection *connection);

/* Ends it in order: a session is flushed for at most SESSION_FLUSH_MS. */
void connection_shutdown(struct connection *connection, const char *reason);
/* Ends it now; TLS is closed properly as far as that takes no time. */
void connection_abort(struct connection *connection, const char *reason);
/* Asks the owner again whether this peer may be here, and ends it if not. */
void connection_recheck(struct connection *connection);

/*
 * Why it ended, in a code, with errno, alert and the kind of our key. DIAGNOSIS_NONE: ask the
 * decision if it was CONNECTION_REFUSED, else nobody knows better than the owner, whose admit() or
 * connection_abort() it was.
 */
void connection_diagnosis(const struct connection *connection, struct diagnosis *out);

/* Fills phase, number, MAC, TLS, services and counters. */
void connection_status(const struct connection *connection, struct peer_status *out);
/* It is being ended, or has ended. */
bool connection_ending(const struct connection *connection);
/* Whether the peer's ClientHello is complete, or what may complete it waits to be read. */
bool connection_has_hello(const struct connection *connection);
/* NULL before the session began. It stays readable until connection_free(). */
struct session *connection_session(const struct connection *connection);
/* What the peer's certificate said and what was decided on it; NULL as long as it said nothing. */
const struct certificate_info *connection_peer(const struct connection *connection);
const struct authlist_decision *connection_decision(const struct connection *connection);
/* Made with a context for old servers, whatever was negotiated in the end. */
bool connection_legacy_cipher(const struct connection *connection);

#endif
