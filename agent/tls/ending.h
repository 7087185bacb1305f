/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a connection failed: a code, its name, and the facts that go with it. No library. */
#ifndef AGENT_TLS_ENDING_H
#define AGENT_TLS_ENDING_H

/* clang-format off */

/*
 * Why a connection failed, for counters, diagnosis and the log: X(NAME, name, the library's words are
 * told with it). OWN_UNWANTED: the server asks for no certificate of our kind, so that it was shown
 * none; the library has the same code for some servers that break the rules.
 */
#define TLS_FAILURES(X)                                                                                           \
    X(NONE,            "none",            false)                                                                  \
    X(TRANSPORT,       "closed",          false) /* the socket broke, or the peer closed it without a word */     \
    X(PEER_ALERT,      "alert",           false) /* the peer gave up: tls_alert_received() has its reason */      \
    X(NO_COMMON,       "no-common",       true)  /* no version, cipher suite or group in common */                \
    X(OWN_UNWANTED,    "own-unwanted",    true)                                                                   \
    X(NO_CERTIFICATE,  "no-certificate",  false) /* the peer presented none: AUTHLIST_NO_CERTIFICATE */           \
    X(BAD_CERTIFICATE, "bad-certificate", true)  /* it cannot be read or used: AUTHLIST_MALFORMED */              \
    X(REFUSED,         "refused",         false) /* the authoriser said no: its verdict says why */               \
    X(KEY_SIZE,        "key-size",        false) /* authorised, and larger than the library can compute with */   \
    X(WEAK_PROOF,      "weak-proof",      false) /* authorised, but signs over less than SHA-256 */               \
    X(UNPROVEN,        "unproven",        true)  /* authorised, but the peer did not prove to hold the key */     \
    X(RECORD,          "bad-record",      true)  /* one that cannot be right: the library was not given it */     \
    X(PROTOCOL,        "not-tls",         true)  /* anything else that is not TLS as we speak it */

/* clang-format on */

enum tls_failure {
#define TLS_FAILURE(code, name, library) TLS_FAILURE_##code,
    TLS_FAILURES(TLS_FAILURE)
#undef TLS_FAILURE
};

enum { TLS_ERROR_SIZE = 160 };

struct ending {
    enum tls_failure failure;
    int alert;    /* received, as tls_alert_received() gives it */
    int io_error; /* errno of the socket, or 0 */
    const char
        *reason; /* the library's words for its error code, or NULL: it was not the library */
};

/* "unproven", "alert 42 (bad_certificate)", "closed (Connection timed out)", "not-tls (...)". */
void ending_describe(const struct ending *ending, char text[static TLS_ERROR_SIZE]);

/* "bad_certificate" and so on (RFC 8446 6.2) for level * 256 + description, or for the description
 * alone. */
const char *tls_alert_name(int alert);

#endif
