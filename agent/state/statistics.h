/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is counted over all peers, under the names that `show nmsp statistics summary` has for it.
 *
 * Everything counts from the start, or from the last time that it was cleared. All functions take
 * NULL, for connections that nobody counts.
 */
#ifndef AGENT_STATE_STATISTICS_H
#define AGENT_STATE_STATISTICS_H

#include "agent/auth/authlist.h"

#include <stdbool.h>
#include <stdint.h>

struct statistics {
    uint64_t restarts; /* NMSP was switched off and on again */

    /* SSL. A verification is a handshake that came to the peer's certificate, or to its lack. */
    uint64_t verifications;
    uint64_t verification_failures;
    uint64_t verification_successes;
    uint64_t connections_created; /* TLS connections, of both directions */
    uint64_t connections_closed;
    uint64_t accept_attempts; /* inbound alone, as the next three */
    uint64_t accept_failures; /* of the handshake, a refusal by the auth list included */
    uint64_t accept_rejects;  /* one too many: closed before the handshake */
    uint64_t accept_successes;
    uint64_t failed_registrations; /* authorised, and did not become an active session */

    /* AAA, in two steps: the question to the list, and its answer. Asked once a handshake. */
    uint64_t aaa_requests;
    uint64_t aaa_send_failures; /* no list to ask: no new-model, no method list */
    uint64_t aaa_sent;
    uint64_t aaa_responses;
    uint64_t aaa_to_validate;
    uint64_t aaa_validate_errors;
    uint64_t aaa_validate_successes;
};

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
