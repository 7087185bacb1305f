/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the failure of a connection means, as a code: pure functions for agent/connection and
 * whoever dials.
 */
#ifndef AGENT_PEER_FAILURE_H
#define AGENT_PEER_FAILURE_H

#include "agent/diagnosis.h"
#include "agent/tls/tls.h"

/* What a failure (errno) of socket() or connect() says. */
enum diagnosis_code failure_of_connect(int error);

/* Why TLS failed, during the handshake or after it. DIAGNOSIS_NONE: it did not, or the authoriser
 * said no and the auth list knows why. */
enum diagnosis_code failure_of_tls(const struct tls *tls);

/* The limit, in seconds, that ran out where this is the cause; 0: none did. */
unsigned failure_limit(enum diagnosis_code code);

#endif
