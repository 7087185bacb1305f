/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What whoever owns a connection (agent/peer, agent/inbound) asks of the agent: who may come in,
 * which MAC has a session already; and what both say of a connection in the same words.
 */
#ifndef AGENT_PEER_GATE_H
#define AGENT_PEER_GATE_H

#include "agent/auth/authlist.h"
#include "agent/diagnosis.h"
#include "agent/peer/address.h"
#include "agent/peer/connection.h"
#include "agent/peer/farewell.h"
#include "agent/peer/status.h"
#include "agent/session/session.h"
#include "agent/tls/tls.h"

#include <stdbool.h>

/* Outlives everything that was given it. */
struct gate {
    const struct session_context *shared; /* the loop is in it */
    struct farewell *farewell;
    /* For new connections; NULL with a log message if it cannot be had. */
    struct tls_context *(*tls)(void *context, enum tls_role role, bool legacy_cipher);
    /* As authlist_check(), with the list and the time of now. */
    bool (*authorise)(void *context, const struct certificate_info *peer,
                      const struct mac *expected, struct authlist_decision *decision);
    /* One session per MAC: NULL lets this connection have it, else a sentence why not. */
    const char *(*admit)(void *context, const struct mac *identity, bool inbound);
    bool (*has_session)(void *context, const struct mac *identity);
    /* Of a MAC that has a session: it is ours to the host of this address (with its port), which
     * then dials us as we dial it, and all is well. NULL: never. */
    bool (*crosses)(void *context, const struct mac *identity, const char *address);
    /* Whether a configured server stands at this address. NULL: none does. */
    bool (*dials)(void *context, const struct address_host *host);
    /* Adds what only the agent knows: the clock, our identity and, unless the decision is NULL, the
     * auth list's side of a refusal. May be NULL, as the next one. */
    void (*explain)(void *context, const struct certificate_info *presented,
                    const struct authlist_decision *decision, const struct mac *expected,
                    struct diagnosis *out);
    /* This is news; `who` is the peer's name in the log. */
    void (*diagnosed)(void *context, const char *who, const struct diagnosis *diagnosis);
    /* A session is up; it is over again, after `lasted` ms. May be NULL. */
    void (*up)(void *context, const struct peer_status *peer);
    void (*down)(void *context, const struct peer_status *peer, const struct diagnosis *why,
                 const char *reason, int64_t lasted);
    struct statistics *statistics; /* NULL: nothing is counted */
    /* A connection was freed: a MAC may be free, a stop may be complete. */
    void (*released)(void *context);
    void *context;
};

/* One line of the log with what a peer's certificate says, as an auth list needs it. */
void gate_log_presented(const char *who, const struct certificate_info *peer);

/* One line if the peer's certificate names no MAC, so that its entry was found by the key hash
 * alone.
 */
void gate_log_hash_alone(const char *who, const struct connection *connection);

/* Why a connection ended. The code stays DIAGNOSIS_NONE where it was the owner's admit(). */
void gate_diagnose(const struct gate *gate, const struct connection *connection,
                   enum connection_end why, const struct mac *expected, struct diagnosis *out);
/* The same without a connection: it failed before there was one. */
void gate_explain(const struct gate *gate, struct diagnosis *out);
/* Tells news. */
void gate_tell(const struct gate *gate, const char *who, const struct diagnosis *diagnosis);

/* Tell of sessions. */
void gate_up(const struct gate *gate, const struct peer_status *peer);
void gate_down(const struct gate *gate, const struct peer_status *peer, const struct diagnosis *why,
               const char *reason, int64_t lasted);

/* Fills phase, address aside, MAC, TLS, services and counters. */
void gate_describe(const struct gate *gate, const struct connection *connection,
                   struct peer_status *out);

#endif
