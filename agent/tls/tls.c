/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Half of the wolfSSL seam: the connections. library.c has the rest, and its rules: native names
 * only; what is said about the library was tried on 5.5.4.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "agent/auth/der.h"
#include "agent/tls/ending.h"
#include "agent/tls/library.h"
#include "agent/tls/progress.h"
#include "agent/tls/records.h"
#include "agent/tls/seam.h"
#include "agent/tls/tls.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- connections --- */

struct tls {
    WOLFSSL *ssl;
    int fd;
    struct tls_context *context;
    tls_authorise *authorise;
    void *authorise_context;

    struct authlist_peer peer;
    bool has_peer;
    bool authorised; /* by the callback; not yet proved */
    bool open;       /* TLS_OK was given: the only state in which application data moves */
    bool closed;     /* close_notify came */

    enum tls_failure failure; /* no more calls into the library once set and reported */
    bool failed;
    char error[TLS_ERROR_SIZE];
    int io_error; /* errno of the socket; ECONNRESET stands for an end without a word, too */
    bool io_ended;
    bool io_full;  /* the socket took nothing more */
    bool answered; /* it took something */

    struct records_watch watch;
    size_t unfinished; /* length of a write that the library has begun and must be given again */
    struct progress progress;
};

static uint64_t application_bytes_written;

uint64_t tls_application_bytes_written(void)
{
    return application_bytes_written;
}

struct tls *tls_new(struct tls_context *context, int fd, tls_authorise *authorise,
                    void *authorise_context)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->fd = fd;
    tls->context = tls_context_keep(context);
    tls->authorise = authorise;
    tls->authorise_context = authorise_context;
    tls->ssl = wolfSSL_new(context->ctx);
    if (tls->ssl == NULL) {
        wolfSSL_ERR_clear_error();
        tls_free(tls);
        return NULL;
    }
    wolfSSL_SetCertCbCtx(tls->ssl, tls);
    wolfSSL_SetIOReadCtx(tls->ssl, tls);
    wolfSSL_SetIOWriteCtx(tls->ssl, tls);
    (void)wolfSSL_set_msg_callback_arg(tls->ssl, tls);
    return tls;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    wolfSSL_free(tls->ssl);
    tls_context_free(tls->context);
    free(tls);
}

void tls_trace(struct tls *tls, uint64_t number)
{
    progress_begin(&tls->progress, tls->context->options.role, number);
}

/* The first cause stays: what follows from it says less. */
static void set_failure(struct tls *tls, enum tls_failure failure)
{
    if (tls->failure == TLS_FAILURE_NONE)
        tls->failure = failure;
}

/* The bytes, or 0: it ended, broke (for good) or has none yet. */
static size_t take_from_socket(void *context, void *buffer, size_t size)
{
    struct tls *tls = context;
    ssize_t n;

    if (tls->io_ended || tls->io_error != 0)
        return 0;
    do {
        n = recv(tls->fd, buffer, size, 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        tls->io_ended = true;
    else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        tls->io_error = errno;
    return n > 0 ? (size_t)n : 0;
}

/* Our own, not the library's: no SIGPIPE, the true cause stays known, and every record is looked at
 * before the library reads it. */
static int receive(WOLFSSL *ssl, char *buffer, int size, void *context)
{
    struct tls *tls = context;
    const struct records_state state = {.is_tls13 = wolfSSL_GetVersion(ssl) == WOLFSSL_TLSV1_3,
                                        .open = tls->open};
    if (tls->failure != TLS_FAILURE_NONE)
        return WOLFSSL_CBIO_ERR_GENERAL;
    size_t n =
        records_watch(&tls->watch, &state, take_from_socket, tls, buffer, seam_size_of(size));

    if (n > 0) {
        progress_received(&tls->progress, buffer, n);
        return (int)n;
    }
    if (tls->watch.fault != RECORDS_FINE) {
        set_failure(tls, tls->watch.fault <= RECORDS_VERSION && !tls->watch.begun
                             ? TLS_FAILURE_PROTOCOL
                             : TLS_FAILURE_RECORD);
        return WOLFSSL_CBIO_ERR_GENERAL;
    }
    if (tls->io_ended)
        return WOLFSSL_CBIO_ERR_CONN_CLOSE;
    return tls->io_error != 0 ? WOLFSSL_CBIO_ERR_GENERAL : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int transmit(WOLFSSL *ssl, char *data, int size, void *context)
{
    struct tls *tls = context;
    ssize_t n;

    (void)ssl;
    tls->io_full = false;
    do {
        n = send(tls->fd, data, (size_t)size, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        tls->answered = true;
        progress_sent(&tls->progress, data, (size_t)n);
        return (int)n;
    }
    tls->io_full = errno == EAGAIN || errno == EWOULDBLOCK;
    if (tls->io_full)
        return WOLFSSL_CBIO_ERR_WANT_WRITE;
    tls->io_error = errno;
    return WOLFSSL_CBIO_ERR_GENERAL;
}

/* --- the verdict on the peer --- */

static bool ask_authoriser(struct tls *tls, const WOLFSSL_X509_STORE_CTX *store)
{
    const WOLFSSL_BUFFER_INFO *leaf = store->certs;
    struct authlist_peer peer;

    /* In TLS 1.2 a client's empty Certificate message comes here, too. */
    if (store->totalCerts < 1 || leaf == NULL || leaf->buffer == NULL || leaf->length == 0) {
        set_failure(tls, TLS_FAILURE_NO_CERTIFICATE);
        return false;
    }
    if (!tls_certificate_facts(leaf->buffer, leaf->length, (size_t)store->totalCerts, &peer)) {
        set_failure(tls, TLS_FAILURE_BAD_CERTIFICATE);
        return false;
    }
    /* One handshake, one certificate. */
    if (tls->has_peer)
        return tls->authorised && memcmp(peer.certificate_sha256, tls->peer.certificate_sha256,
                                         sizeof(peer.certificate_sha256)) == 0;
    tls->peer = peer;
    tls->has_peer = true;
    progress_asks(&tls->progress);
    bool authorised = tls->authorise(tls->authorise_context, &tls->peer);
    progress_answered(&tls->progress, authorised);
    if (!authorised)
        set_failure(tls, TLS_FAILURE_REFUSED);
    else if (!tls_can_compute(&tls->peer))
        set_failure(tls, TLS_FAILURE_KEY_SIZE);
    return authorised && tls->failure == TLS_FAILURE_NONE;
}

/*
 * The library's verify callback: 0 ends the handshake with a fatal alert, 1 overrides whatever it
 * had against the certificate. It comes before the peer has proved to hold the key.
 */
static int verify_peer(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    struct tls *tls = store->userCtx;

    if (tls == NULL)
        return 0;
    /*
     * What came with the certificate decides nothing: its key is pinned. But nothing is overridden
     * there either, because the library would remember a CA certificate accepted by us as trusted.
     */
    if (store->error_depth > 0) {
        if (preverify == 0)
            set_failure(tls, TLS_FAILURE_BAD_CERTIFICATE);
        return preverify;
    }
    tls->authorised = ask_authoriser(tls, store);
    return tls->authorised ? 1 : 0;
}

/* SignatureScheme (RFC 8446 4.2.3), which in TLS 1.2 is a hash and a signature (RFC
 * 5246 7.4.1.4.1).
 */
static bool is_strong(uint16_t scheme)
{
    enum { HASH_SHA256 = 4, HASH_SHA512 = 6, WITH_ITS_HASH = 8 };

    return (scheme >> 8 >= HASH_SHA256 && scheme >> 8 <= HASH_SHA512) ||
           scheme >> 8 == WITH_ITS_HASH;
}

/*
 * The library's message callback: it shows what is about to be read, up to TLS 1.2. The signatures
 * that were asked for bind the peer only; the library takes any hash that it knows. (In TLS 1.3 it
 * takes SHA-256 and better only.) What is refused here ends with the next record that is asked for.
 */
static void look_at_message(int sent, int version, int type, const void *data, size_t len,
                            WOLFSSL *ssl, void *context)
{
    enum { HEADER = 4, SERVER_KEY_EXCHANGE = 12, CERTIFICATE_VERIFY = 15, NAMED_CURVE = 3 };
    struct tls *tls = context;
    struct cursor c = cursor_of(data, len);

    (void)version;
    (void)ssl;
    if (tls == NULL || sent != 0 || type != RECORD_HANDSHAKE)
        return;
    uint8_t kind = cursor_u8(&c);
    cursor_skip(&c, HEADER - 1);
    if (kind == SERVER_KEY_EXCHANGE) { /* a curve and a point (RFC 8422 5.4) come first */
        if (cursor_u8(&c) != NAMED_CURVE)
            return; /* is_offered() refuses what has another one */
        cursor_skip(&c, 2);
        cursor_skip(&c, cursor_u8(&c));
    } else if (kind != CERTIFICATE_VERIFY) {
        return;
    }
    if (!is_strong(cursor_u16(&c)))
        set_failure(tls, TLS_FAILURE_WEAK_PROOF);
}

void seam_set_callbacks(WOLFSSL_CTX *ctx, const struct tls_options *options)
{
    /* The only callback that can accept a self-signed certificate. */
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           verify_peer);
    wolfSSL_CTX_SetIORecv(ctx, receive);
    wolfSSL_CTX_SetIOSend(ctx, transmit);
    if (!options->legacy_cipher)
        (void)wolfSSL_CTX_set_msg_callback(ctx, look_at_message);
}

/*
 * Whether the certificate that the library ended the handshake with is the one that was authorised,
 * and whether the key that the library read from it is the one that we hashed: our certificate
 * walker and the library's parser must not be played against each other. What the library gives is
 * the whole SubjectPublicKeyInfo, or (some versions, RSA) the key inside, which is its last part.
 */
static bool is_authorised_certificate(const struct tls *tls, WOLFSSL_X509 *certificate)
{
    uint8_t digest[TLS_SHA256_SIZE];
    uint8_t key[2048];
    int key_len = sizeof(key);
    int der_len = 0;
    struct der_certificate ours;
    const uint8_t *der = wolfSSL_X509_get_der(certificate, &der_len);

    if (der == NULL || der_len <= 0 || !tls_sha256(der, (size_t)der_len, digest) ||
        memcmp(digest, tls->peer.certificate_sha256, sizeof(digest)) != 0)
        return false;
    if (!der_certificate_parse(der, (size_t)der_len, &ours) ||
        wolfSSL_X509_get_pubkey_buffer(certificate, key, &key_len) != WOLFSSL_SUCCESS)
        return false;
    size_t len = seam_size_of(key_len);
    return len > 0 && len >= ours.key_bits / 8 && len <= ours.spki_len &&
           memcmp(ours.spki + ours.spki_len - len, key, len) == 0;
}

/* As a client of TLS 1.2 the library takes whatever suite the server says, one without encryption
 * among them (CVE-2024-5814). */
static bool is_offered(const struct tls *tls)
{
    char name[64];
    int len = snprintf(name, sizeof(name), ":%s", wolfSSL_get_cipher_name(tls->ssl));
    const char *at = tls->context->suites;

    assert(len > 1 && (size_t)len < sizeof(name));
    while ((at = strstr(at, name)) != NULL) {
        at += len;
        if (*at == ':' || *at == '\0')
            return true;
    }
    return false;
}

/* Fail closed: however the handshake came to its end, this is what it must have been. */
static bool peer_is_proved(const struct tls *tls)
{
    bool proved = false;

    if (!tls->authorised || tls->failure != TLS_FAILURE_NONE || wolfSSL_session_reused(tls->ssl))
        return false;
    WOLFSSL_X509 *certificate = wolfSSL_get_peer_certificate(tls->ssl);
    if (certificate != NULL)
        proved = is_authorised_certificate(tls, certificate);
    wolfSSL_X509_free(certificate);
    return proved;
}

/* --- failures --- */

enum { ALERT_FATAL = 2 };

static int alert_value(const WOLFSSL_ALERT *alert)
{
    return alert->code < 0 ? -1 : alert->level * 256 + alert->code;
}

int tls_alert_received(const struct tls *tls)
{
    WOLFSSL_ALERT_HISTORY history;

    if (wolfSSL_get_alert_history(tls->ssl, &history) != WOLFSSL_SUCCESS)
        return -1;
    return alert_value(&history.last_rx);
}

int tls_alert_sent(const struct tls *tls)
{
    WOLFSSL_ALERT_HISTORY history;

    if (wolfSSL_get_alert_history(tls->ssl, &history) != WOLFSSL_SUCCESS)
        return -1;
    return alert_value(&history.last_tx);
}

static enum tls_failure classify_code(const struct tls *tls, int code)
{
    switch (code) {
    case NO_PEER_CERT:
        return TLS_FAILURE_NO_CERTIFICATE;
    case MATCH_SUITE_ERROR:
    case VERSION_ERROR:
        return TLS_FAILURE_NO_COMMON;
    case INVALID_PARAMETER:
        if (tls->context->options.role == TLS_CLIENT)
            return TLS_FAILURE_OWN_UNWANTED;
        break;
    default:
        break;
    }
    /* The library's own certificate parser, which comes before our callback. */
    if ((code <= ASN_PARSE_E && code >= ASN_ALT_NAME_E) || code == ECC_CURVE_OID_E)
        return TLS_FAILURE_BAD_CERTIFICATE;
    /* Whatever went wrong between the certificate and the end: the proof did not come. The library
     * has many codes for it, from a bad signature to a message out of order. */
    if (tls->authorised && !tls->open)
        return TLS_FAILURE_UNPROVEN;
    return TLS_FAILURE_PROTOCOL;
}

static enum tls_failure classify(const struct tls *tls, int code)
{
    int alert = tls_alert_received(tls);

    if (tls->failure != TLS_FAILURE_NONE)
        return tls->failure;
    if (alert >= ALERT_FATAL * 256)
        return TLS_FAILURE_PEER_ALERT;
    if (tls->io_error != 0 || tls->io_ended)
        return TLS_FAILURE_TRANSPORT;
    return classify_code(tls, code);
}

static enum tls_status fail(struct tls *tls, int code)
{
    char reason[WOLFSSL_MAX_ERROR_SZ];

    if (tls->watch.fault != RECORDS_FINE)
        (void)snprintf(reason, sizeof(reason), "%s", records_fault_text(tls->watch.fault));
    else
        wolfSSL_ERR_error_string_n((unsigned long)code, reason, sizeof(reason));
    tls->failure = classify(tls, code);
    ending_describe(&(struct ending){.failure = tls->failure,
                                     .alert = tls_alert_received(tls),
                                     .io_error = tls->io_error,
                                     .reason = reason,
                                     .code = code},
                    tls->error);
    progress_alerts(&tls->progress, tls_alert_sent(tls), tls_alert_received(tls));
    progress_failed(&tls->progress, tls->error);
    tls->open = false;
    tls->failed = true;
    return TLS_FAILED;
}

/* What a call into the library meant that gave no success. */
static enum tls_status status_of(struct tls *tls, int result)
{
    int code = wolfSSL_get_error(tls->ssl, result);

    /* Errors are also kept in a queue that nobody empties but us. */
    wolfSSL_ERR_clear_error();
    switch (code) {
    case WOLFSSL_ERROR_WANT_READ:
        progress_waits(&tls->progress);
        return TLS_WANT_READ;
    case WOLFSSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case WOLFSSL_ERROR_ZERO_RETURN:
        if (tls->open) {
            tls->closed = true;
            progress_alerts(&tls->progress, tls_alert_sent(tls), tls_alert_received(tls));
            return TLS_CLOSED;
        }
        break;
    case 0:
        /* wolfSSL_accept forgets why it stopped when a flight does not fit the socket twice in a
         * row (TLS 1.3; seen in 5.5.4). */
        if (tls->io_full)
            return TLS_WANT_WRITE;
        break;
    default:
        break;
    }
    return fail(tls, code);
}

/* --- the life of a connection --- */

enum tls_status tls_handshake(struct tls *tls)
{
    if (tls->failed)
        return TLS_FAILED;
    if (tls->open)
        return TLS_OK;
    int result = tls->context->options.role == TLS_SERVER ? wolfSSL_accept(tls->ssl)
                                                          : wolfSSL_connect(tls->ssl);
    if (result != WOLFSSL_SUCCESS)
        return status_of(tls, result);
    wolfSSL_ERR_clear_error();
    if (!is_offered(tls))
        set_failure(tls, TLS_FAILURE_NO_COMMON);
    else if (!peer_is_proved(tls))
        set_failure(tls, TLS_FAILURE_UNPROVEN);
    if (tls->failure != TLS_FAILURE_NONE)
        return fail(tls, 0);
    tls->open = true;
    progress_done(&tls->progress, tls_version(tls), tls_cipher(tls));
    return TLS_OK;
}

bool tls_has_answered(const struct tls *tls)
{
    return tls->answered;
}

enum tls_status tls_read(struct tls *tls, void *buffer, size_t size, size_t *got)
{
    *got = 0;
    if (tls->closed)
        return TLS_CLOSED;
    if (!tls->open)
        return TLS_FAILED;
    assert(size > 0);
    int result = wolfSSL_read(tls->ssl, buffer, size > INT_MAX ? INT_MAX : (int)size);
    if (result <= 0)
        return status_of(tls, result);
    *got = (size_t)result;
    return TLS_OK;
}

enum tls_status tls_write(struct tls *tls, const void *data, size_t len, size_t *written)
{
    *written = 0;
    if (!tls->open)
        return TLS_FAILED;
    assert(len > 0 && len >= tls->unfinished);
    if (tls->unfinished > 0) {
        len = tls->unfinished;
    } else {
        len = len > TLS_RECORD_MAX ? TLS_RECORD_MAX : len;
        application_bytes_written += len;
        tls->unfinished = len;
    }
    int result = wolfSSL_write(tls->ssl, data, (int)len);
    if (result <= 0)
        return status_of(tls, result);
    *written = (size_t)result;
    tls->unfinished = 0;
    return TLS_OK;
}

void tls_shutdown(struct tls *tls)
{
    if (!tls->open)
        return;
    (void)wolfSSL_shutdown(tls->ssl);
    wolfSSL_ERR_clear_error();
    progress_alerts(&tls->progress, tls_alert_sent(tls), tls_alert_received(tls));
}

/* --- what is to be told --- */

enum tls_failure tls_failure(const struct tls *tls)
{
    return tls->failed ? tls->failure : TLS_FAILURE_NONE;
}

const char *tls_error(const struct tls *tls)
{
    return tls->error;
}

const char *tls_version(const struct tls *tls)
{
    return tls->open ? wolfSSL_get_version(tls->ssl) : "";
}

const char *tls_cipher(const struct tls *tls)
{
    return tls->open ? wolfSSL_get_cipher_name(tls->ssl) : "";
}

bool tls_legacy_cipher(const struct tls *tls)
{
    return tls->context->options.legacy_cipher;
}

const struct authlist_peer *tls_peer(const struct tls *tls)
{
    return tls->has_peer ? &tls->peer : NULL;
}
