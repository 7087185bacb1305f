/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contexts, handshakes with pinned keys, records.
 *
 * Only tls.c and crypto.c include wolfSSL. Non-blocking, one thread (OpenWrt builds wolfSSL
 * single-threaded).
 *
 * What is known of wolfSSL 5.5.4 as Debian has it (5.5.4-2+deb12u3) and as OpenWrt builds it, by
 * the advisories up to 5.9.2, and what shields from it. Fixed by Debian: d. Tried by tests: t.
 *
 * - CVE-2024-0901 t: a record of TLS 1.3 that is its tag alone is read up to 64 KiB behind the
 *   buffer; anybody can send it. agent/tls/records refuses it at its header.
 * - CVE-2024-5814 t: a TLS 1.2 server can agree on a suite that was not offered, one without
 *   encryption, too. The suite is compared with the offer before TLS_OK.
 * - CVE-2025-12889 t: in TLS 1.2 any hash is taken in a proof, SHA-1, too; so in ServerKeyExchange.
 *   The message callback looks at it (legacy_cipher: it is taken).
 * - CVE-2023-6935: timing of RSA key transport (Marvin). Not spoken but with legacy_cipher, whose
 *   server role is then exposed; its sessions have no forward secrecy anyway.
 * - CVE-2023-3724 d, CVE-2026-3230, CVE-2023-6937: a server without a key share gives predictable
 *   keys; messages of one record under two keys. Only the listed server itself can do so: what it
 *   said is in the transcript that it signs.
 * - CVE-2026-2645: CertificateVerify before ClientKeyExchange. The key is proved all the same.
 * - CVE-2025-11936: the same group many times in a ClientHello costs memory and time: one message,
 *   within the limits of the listener.
 * - CVE-2026-5194 d, CVE-2026-6731 d, names and constraints of chains, CRLs, OCSP and
 *   X509_verify_cert are about trust by signatures. Nobody is trusted by one: keys are pinned.
 * - CVE-2026-5188: a subjectAltName is counted wrongly by the certificate's parser, which runs
 *   before the callback. 5.5.4 bounds the index; its names are not used here.
 * - CVE-2026-5187: writes behind an object identifier: needs HAVE_OID_DECODING, which neither build
 *   has.
 * - CVE-2026-3547: ALPN lists are not bounded. None is configured, so none is walked.
 * - CVE-2025-11932, CVE-2025-11935, CVE-2026-5507, CVE-2026-6092 d, CVE-2026-11703: PSK, tickets,
 *   resumption: forbidden, and refused by peer_is_proved().
 * - CVE-2023-6936: needs WOLFSSL_CALLBACKS, which neither build has. Our message callback is called
 *   after the length was checked.
 * - CVE-2024-1544: bias of ECDSA nonces seen by somebody on the same machine; an RSA identity has
 *   none.
 * - CVE-2024-5991, -5772: names of hosts are not matched.
 * - CVE-2025-7394 d: RAND_bytes is not used; children seed a generator of their own.
 * - DTLS, QUIC, ECH, RPK, post-handshake authentication, PQC, PKCS#7, PKCS#12, sniffer, Curve25519,
 *   EAX, ARIA, boards' own code: not spoken, not called.
 *
 * The promise: tls_handshake() gives TLS_OK only if the peer presented a certificate, the
 * authoriser accepted its key during this very handshake, and the peer proved to hold that key.
 * Anonymous suites, pre-shared keys and resumption are never offered, and would still be caught by
 * that rule. Before TLS_OK no application byte can be written or read: tls_read and tls_write
 * refuse.
 */
#ifndef AGENT_TLS_TLS_H
#define AGENT_TLS_TLS_H

#include "agent/auth/certificate.h"
#include "agent/tls/ending.h"
#include "agent/tls/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_status {
    TLS_OK,
    TLS_WANT_READ,  /* try again when the descriptor is readable */
    TLS_WANT_WRITE, /* try again when it is writable */
    TLS_CLOSED,     /* the peer ended the connection in order (close_notify) */
    TLS_FAILED      /* for good: tls_failure() and tls_error() say why */
};

enum tls_role { TLS_CLIENT, TLS_SERVER };

/* --- contexts and connections --- */

struct tls_context;

struct tls_options {
    enum tls_role role;
    bool strong_cipher; /* no CBC suites */
    /* For servers of the seed's age: also RSA key transport with AES-CBC-SHA, and TLS 1.0 and 1.1,
     * whatever strong_cipher says. Only if tls_has_legacy_cipher(). */
    bool legacy_cipher;
};

/*
 * Whether this wolfSSL can do legacy_cipher. Neither Debian's nor OpenWrt's can: it must be built
 * with WOLFSSL_STATIC_RSA and WOLFSSL_ALLOW_TLSV10 (scripts/wolfssl legacy). Before tls_init(),
 * too.
 */
bool tls_has_legacy_cipher(void);

/*
 * TLS 1.2 and 1.3, ECDHE (legacy_cipher aside), groups P-256 and P-384. In TLS 1.2 the groups of a
 * client also tell a server which curves its certificate may have: one on OpenSSL with a P-521 key
 * gives up, and gets in by TLS 1.3 only; one on wolfSSL presents it all the same, and gets in.
 *
 * What holds with one identity (5.5.4), whose kind of key need not be the peer's:
 * - TLS 1.3: any mix, if the peer takes our kind. A server that does not says so enciphered: the
 *   handshake fails with TLS_FAILURE_OWN_UNWANTED, before anything of ours was sent.
 * - TLS 1.2 as a server: a client must offer suites of our kind, else there is nothing in common.
 *   The certificate request names our kind only, which OpenSSL overlooks and stricter clients with
 *   a key of the other kind may not: they then show none.
 * - TLS 1.2 as a client: any mix, if the server takes our kind and its own: if its request names no
 *   signature algorithm of the kind of its own key, the handshake fails (TLS_FAILURE_OWN_UNWANTED).
 *
 * The identity is not needed any more once it is there. NULL with a log message.
 */
struct tls_context *tls_context_new(const struct tls_identity *identity,
                                    const struct tls_options *options);
/* For who will need it later: it lasts until each of them has freed it, too. Gives it back. */
struct tls_context *tls_context_keep(struct tls_context *context);
/* Connections that still run keep what they need of it. NULL is allowed. */
void tls_context_free(struct tls_context *context);

/*
 * Asked once per handshake, from inside the library's verify callback, with what the peer's
 * certificate says. True lets the peer in if it then proves to hold the key. Must not free the
 * connection. Not asked at all if the peer presents no certificate or one that cannot be read:
 * tls_failure() tells.
 *
 * The answer is all there is about key strength and dates: the library checks neither for a pinned
 * certificate. authlist_check() does.
 */
typedef bool tls_authorise(void *context, const struct certificate_info *peer);

struct tls;

/* The descriptor is non-blocking, connected and stays the caller's. NULL if memory is out. */
struct tls *tls_new(struct tls_context *context, int fd, tls_authorise *authorise,
                    void *authorise_context);
/* Before the handshake: from now on the trace tells how it goes on, under this number. */
void tls_trace(struct tls *tls, uint64_t number);
/* Frees without a word on the wire. NULL is allowed. */
void tls_free(struct tls *tls);

enum tls_status tls_handshake(struct tls *tls);
/* Anything of ours was sent: of a server, the peer's ClientHello was complete. */
bool tls_has_answered(const struct tls *tls);

/* TLS_OK: *got > 0 bytes were read. Call until TLS_WANT_READ: data may wait inside the library. */
enum tls_status tls_read(struct tls *tls, void *buffer, size_t size, size_t *got);

enum { TLS_RECORD_MAX = 16384 };

/*
 * TLS_OK: the first *written bytes (at most one record, TLS_RECORD_MAX) are taken. After
 * TLS_WANT_* the next call must begin with the same bytes, and have no fewer: part of them may be
 * on the wire already.
 */
enum tls_status tls_write(struct tls *tls, const void *data, size_t len, size_t *written);

/* --- the end of a connection --- */

/* Sends close_notify (best effort, never blocks); nothing before TLS_OK and after a failure. */
void tls_shutdown(struct tls *tls);

/*
 * How the owner of the descriptor must end a connection, after TLS_FAILED as after tls_shutdown(),
 * so that our last words reach the peer: tls_free(), shutdown(fd, SHUT_WR), read and throw away
 * what arrives until the peer has closed too or a few hundred ms have passed, close(fd). A socket
 * that is closed with input unread sends a reset, and the peer's kernel then throws away the alert
 * that says why.
 */

/* --- what is to be told --- */

/* Why a connection failed, for counters and diagnosis. */
enum tls_failure tls_failure(const struct tls *tls);
/* Why the handshake or the connection failed, as ending_describe() tells it: safe to log; empty if
 * it did not. */
const char *tls_error(const struct tls *tls);
/* "TLSv1.3" and "TLS13-CHACHA20-POLY1305-SHA256"; empty before the handshake is done. */
const char *tls_version(const struct tls *tls);
const char *tls_cipher(const struct tls *tls);
/* Whether its context is for old servers. */
bool tls_legacy_cipher(const struct tls *tls);
/* The last alert in each direction: level * 256 + description, or -1. */
int tls_alert_received(const struct tls *tls);
int tls_alert_sent(const struct tls *tls);
/* What the peer presented, or NULL if it presented nothing usable so far. */
const struct certificate_info *tls_peer(const struct tls *tls);

/* Application bytes handed to the library since the process started: 0 after refusals, and a test
 * holds us to it. */
uint64_t tls_application_bytes_written(void);

#endif
