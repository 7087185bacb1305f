/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a connection failed, as a code and in words. No library. */
#ifndef AGENT_TLS_ENDING_H
#define AGENT_TLS_ENDING_H

/* Why a connection failed, for counters and diagnosis. */
enum tls_failure {
    TLS_FAILURE_NONE,
    TLS_FAILURE_TRANSPORT,  /* the socket broke, or the peer closed it without a word */
    TLS_FAILURE_PEER_ALERT, /* the peer gave up: tls_alert_received() has its reason */
    TLS_FAILURE_NO_COMMON,  /* no version, cipher suite or group in common */
    /* The server asks for no certificate of our kind, so that it was shown none. The library has
     * the same code for some servers that break the rules, and does not tell which it was. */
    TLS_FAILURE_OWN_UNWANTED,
    TLS_FAILURE_NO_CERTIFICATE,  /* the peer presented none: AUTHLIST_NO_CERTIFICATE */
    TLS_FAILURE_BAD_CERTIFICATE, /* it cannot be read or used: AUTHLIST_MALFORMED */
    TLS_FAILURE_REFUSED,         /* the authoriser said no: its verdict says why */
    /* Authorised, and larger than the library can compute with. */
    TLS_FAILURE_KEY_SIZE,
    /* Authorised, but its proof is a signature over a hash that is not SHA-256 or better. */
    TLS_FAILURE_WEAK_PROOF,
    TLS_FAILURE_UNPROVEN, /* authorised, but the peer did not prove to hold the key */
    /* A record that cannot be right, which the library was therefore not given. */
    TLS_FAILURE_RECORD,
    TLS_FAILURE_PROTOCOL /* anything else that is not TLS as we speak it */
};

enum { TLS_ERROR_SIZE = 160 };

struct ending {
    enum tls_failure failure;
    int alert;          /* received, as tls_alert_received() gives it */
    int io_error;       /* errno of the socket, or 0 */
    const char *reason; /* the library's words for its error code */
    int code;
};

void ending_describe(const struct ending *ending, char text[static TLS_ERROR_SIZE]);

/* "bad_certificate" and so on (RFC 8446 6.2) for level * 256 + description, or for the description
 * alone. */
const char *tls_alert_name(int alert);

#endif
