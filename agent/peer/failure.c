/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/failure.h"

#include "agent/peer/connection.h"
#include "agent/session/session.h"

#include <errno.h>

enum diagnosis_code failure_of_connect(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return DIAGNOSIS_PORT_CLOSED;
    case ETIMEDOUT:
        return DIAGNOSIS_NO_ANSWER;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return DIAGNOSIS_NO_RESOURCES;
    default:
        return DIAGNOSIS_UNREACHABLE;
    }
}

unsigned failure_limit(enum diagnosis_code code)
{
    switch (code) {
    case DIAGNOSIS_NO_ANSWER:
        return CONNECTION_CONNECT_MS / 1000;
    case DIAGNOSIS_HANDSHAKE_SILENT:
        return CONNECTION_HANDSHAKE_MS / 1000;
    case DIAGNOSIS_NOT_NMSP:
        return SESSION_CAPABILITY_MS / 1000;
    case DIAGNOSIS_SILENT:
    case DIAGNOSIS_STALLED:
        return SESSION_DEAD_INTERVAL_MS / 1000;
    default:
        return 0;
    }
}

static enum diagnosis_code alert_diagnosis(int alert)
{
    switch (alert & 0xff) {
    case 40: /* handshake_failure */
    case 70: /* protocol_version */
    case 71: /* insufficient_security */
        return DIAGNOSIS_NO_COMMON;
    case 41:  /* no_certificate: what a controller of the technote's age says of a refused one */
    case 42:  /* bad_certificate */
    case 43:  /* unsupported_certificate */
    case 44:  /* certificate_revoked */
    case 45:  /* certificate_expired */
    case 46:  /* certificate_unknown */
    case 48:  /* unknown_ca */
    case 49:  /* access_denied */
    case 116: /* certificate_required */
        return DIAGNOSIS_OWN_REFUSED;
    default:
        return DIAGNOSIS_PEER_ALERT;
    }
}

enum diagnosis_code failure_of_tls(const struct tls *tls)
{
    static const enum diagnosis_code codes[] = {
        [TLS_FAILURE_NONE] = DIAGNOSIS_NONE,
        [TLS_FAILURE_TRANSPORT] = DIAGNOSIS_HANDSHAKE_CLOSED,
        [TLS_FAILURE_NO_COMMON] = DIAGNOSIS_NO_COMMON,
        [TLS_FAILURE_OWN_UNWANTED] = DIAGNOSIS_OWN_REFUSED,
        [TLS_FAILURE_NO_CERTIFICATE] = DIAGNOSIS_NO_CERTIFICATE,
        [TLS_FAILURE_BAD_CERTIFICATE] = DIAGNOSIS_BAD_CERTIFICATE,
        [TLS_FAILURE_REFUSED] = DIAGNOSIS_NONE,
        [TLS_FAILURE_KEY_SIZE] = DIAGNOSIS_KEY_SIZE,
        [TLS_FAILURE_WEAK_PROOF] = DIAGNOSIS_WEAK_PROOF,
        [TLS_FAILURE_RECORD] = DIAGNOSIS_BAD_RECORD,
        [TLS_FAILURE_UNPROVEN] = DIAGNOSIS_UNPROVEN,
        [TLS_FAILURE_PROTOCOL] = DIAGNOSIS_NOT_TLS,
    };
    enum tls_failure failure = tls_failure(tls);

    return failure == TLS_FAILURE_PEER_ALERT ? alert_diagnosis(tls_alert_received(tls))
                                             : codes[failure];
}
