/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted over all peers, under the names that `show nmsp statistics summary` has for it.
 *
 * Everything counts from the start, or from the last time that it was cleared. All functions take
 * NULL, for connections that nobody counts.
 */
#ifndef AGENT_PEER_STATISTICS_H
#define AGENT_PEER_STATISTICS_H

#include "agent/auth/authlist.h"
#include "agent/base/counter.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define STATISTICS_GLOBAL(X)                                         \
    X(restarts, "restarts") /* NMSP was switched off and on again */

#define STATISTICS_SSL(X)                                                                                             \
    X(verifications, "verifications")                   /* handshakes that came to the certificate, or to its lack */ \
    X(verification_failures, "verification-failures")                                                                 \
    X(verification_successes, "verification-successes")                                                               \
    X(connections_created, "connections-created")       /* TLS connections, of both directions */                     \
    X(connections_closed, "connections-closed")                                                                       \
    X(accept_attempts, "accept-attempts")               /* inbound alone, as the next three */                        \
    X(accept_failures, "accept-failures")               /* of the handshake, a refusal by the auth list included */   \
    X(accept_rejects, "accept-rejects")                 /* one too many: closed before the handshake */               \
    X(accept_successes, "accept-successes")                                                                           \
    X(failed_registrations, "failed-registrations")     /* authorised, and did not become an active session */

/* In two steps: the question to the list, and its answer. Asked once a handshake. */
#define STATISTICS_AAA(X)                                                                              \
    X(aaa_requests, "requests")                                                                        \
    X(aaa_send_failures, "send-failures")           /* no list to ask: no new-model, no method list */ \
    X(aaa_sent, "sent")                                                                                \
    X(aaa_responses, "responses")                                                                      \
    X(aaa_to_validate, "to-validate")                                                                  \
    X(aaa_validate_errors, "validate-errors")                                                          \
    X(aaa_validate_successes, "validate-successes")
/* clang-format on */

struct statistics {
    STATISTICS_GLOBAL(COUNTER_MEMBER)
    STATISTICS_SSL(COUNTER_MEMBER)
    STATISTICS_AAA(COUNTER_MEMBER)
};

extern const struct counter statistics_global_table[];
extern const struct counter statistics_ssl_table[];
extern const struct counter statistics_aaa_table[];

/* The authoriser gave this verdict during a handshake. */
void statistics_verified(struct statistics *statistics, enum authlist_verdict verdict);
/* The handshake came to the certificate, and there was none to ask about. */
void statistics_unverifiable(struct statistics *statistics);

void statistics_created(struct statistics *statistics, bool inbound);
void statistics_closed(struct statistics *statistics);
/* How the handshake of an inbound connection ended. */
void statistics_accepted(struct statistics *statistics, bool success);
void statistics_not_registered(struct statistics *statistics);

#endif
