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
    switch (tls_failure(tls)) {
    case TLS_FAILURE_PEER_ALERT:
        return alert_diagnosis(tls_alert_received(tls));
    case TLS_FAILURE_NO_COMMON:
        return DIAGNOSIS_NO_COMMON;
    case TLS_FAILURE_OWN_UNWANTED:
        return DIAGNOSIS_OWN_REFUSED;
    case TLS_FAILURE_NO_CERTIFICATE:
        return DIAGNOSIS_NO_CERTIFICATE;
    case TLS_FAILURE_BAD_CERTIFICATE:
        return DIAGNOSIS_BAD_CERTIFICATE;
    case TLS_FAILURE_KEY_SIZE:
        return DIAGNOSIS_KEY_SIZE;
    case TLS_FAILURE_WEAK_PROOF:
        return DIAGNOSIS_WEAK_PROOF;
    case TLS_FAILURE_RECORD:
        return DIAGNOSIS_BAD_RECORD;
    case TLS_FAILURE_UNPROVEN:
        return DIAGNOSIS_UNPROVEN;
    case TLS_FAILURE_PROTOCOL:
        return DIAGNOSIS_NOT_TLS;
    case TLS_FAILURE_TRANSPORT:
        return DIAGNOSIS_HANDSHAKE_CLOSED;
    case TLS_FAILURE_NONE:
    case TLS_FAILURE_REFUSED:
        break;
    }
    return DIAGNOSIS_NONE;
}
