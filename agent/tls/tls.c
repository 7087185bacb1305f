/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The upper half of the wolfSSL seam; the lower one, and its rules, are in crypto.c.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "agent/tls/tls.h"

#include "agent/auth/der.h"
#include "agent/base/log.h"
#include "agent/tls/certificate-info.h"
#include "agent/tls/crypto.h"
#include "agent/tls/progress.h"
#include "agent/tls/stream.h"
#include "agent/tls/suites.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- contexts --- */

struct tls_context {
    WOLFSSL_CTX *ctx;
    char suites[SUITES_SIZE];
    struct tls_options options;
    unsigned keepers;
};

#if defined(WOLFSSL_STATIC_RSA) && defined(WOLFSSL_ALLOW_TLSV10) && !defined(NO_OLD_TLS)
enum { HAS_LEGACY_CIPHER = 1 };
#else
enum { HAS_LEGACY_CIPHER = 0 };
#endif

bool tls_has_legacy_cipher(void)
{
    return HAS_LEGACY_CIPHER;
}

/* A resumed session skips the verify callback: a key that was taken from the list would still get
 * in. Three doors: session ids, tickets, TLS 1.3's pre-shared keys. */
static bool forbid_resumption(WOLFSSL_CTX *ctx, enum tls_role role)
{
    if (wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF) != WOLFSSL_SUCCESS)
        return false;
    (void)wolfSSL_CTX_set_options(ctx, WOLFSSL_OP_NO_TICKET);
    return role == TLS_CLIENT || wolfSSL_CTX_no_ticket_TLSv13(ctx) == 0;
}

/*
 * With what a peer may prove its key. Names of the library's own; the order is its own, too.
 * Without this SHA-1 is among them. What is accepted is another matter: look_at_message().
 */
#ifdef HAVE_ED25519
#define EDDSA_SIGNATURES "ED25519:" /* so that the auth list can tell what it does not accept */
#else
#define EDDSA_SIGNATURES ""
#endif
#define SIGNATURES                                             \
    "ECDSA+SHA512:ECDSA+SHA384:ECDSA+SHA256:" EDDSA_SIGNATURES \
    "RSA-PSS+SHA512:RSA-PSS+SHA384:RSA-PSS+SHA256:RSA+SHA512:RSA+SHA384:RSA+SHA256"

static bool set_signatures(WOLFSSL_CTX *ctx, const struct tls_options *options)
{
    return options->legacy_cipher ||
           wolfSSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) == WOLFSSL_SUCCESS;
}

static bool configure(WOLFSSL_CTX *ctx, const struct tls_options *options, const char *suites)
{
    /* The curves that both builds have. */
    int groups[] = {WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};
    int oldest = options->legacy_cipher ? WOLFSSL_TLSV1 : WOLFSSL_TLSV1_2;

    if (wolfSSL_CTX_SetMinVersion(ctx, oldest) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_groups(ctx, groups, sizeof(groups) / sizeof(groups[0])) !=
            WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(ctx, suites) != WOLFSSL_SUCCESS ||
        !set_signatures(ctx, options) || !forbid_resumption(ctx, options->role))
        return false;
    (void)wolfSSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
    return true;
}

static WOLFSSL_CTX *make_ctx(const struct tls_identity *identity, const struct tls_options *options,
                             const char *suites)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(options->role == TLS_SERVER ? wolfSSLv23_server_method()
                                                                   : wolfSSLv23_client_method());

    /* The identity first: setting a cipher list picks the signature algorithms by our key. */
    if (ctx != NULL && tls_pair_use(ctx, tls_identity_pair(identity)) &&
        configure(ctx, options, suites))
        return ctx;
    wolfSSL_CTX_free(ctx);
    return NULL;
}

struct tls_context *tls_context_new(const struct tls_identity *identity,
                                    const struct tls_options *options)
{
    struct tls_context *context = calloc(1, sizeof(*context));

    if (context == NULL)
        goto failed;
    context->keepers = 1;
    context->options = *options;
    suites_write(options->strong_cipher, options->legacy_cipher, context->suites);
    if (!options->legacy_cipher || HAS_LEGACY_CIPHER)
        context->ctx = make_ctx(identity, options, context->suites);
    if (context->ctx == NULL)
        goto failed;
    wolfSSL_ERR_clear_error();
    return context;

failed:
    log_error("the library refused the TLS settings: out of memory, or it lacks a feature");
    tls_context_free(context);
    return NULL;
}

struct tls_context *tls_context_keep(struct tls_context *context)
{
    context->keepers++;
    return context;
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL || --context->keepers > 0)
        return;
    wolfSSL_CTX_free(context->ctx);
    free(context);
}

/* --- connections --- */

struct tls {
    WOLFSSL *ssl;
    struct stream stream;
    struct tls_context *context;
    tls_authorise *authorise;
    void *authorise_context;

    struct certificate_info peer;
    bool has_peer;
    bool authorised; /* by the callback; not yet proved */
    bool open;       /* TLS_OK was given: the only state in which application data moves */
    bool closed;     /* close_notify came */

    enum tls_failure failure; /* no more calls into the library once set and reported */
    bool failed;
    char error[TLS_ERROR_SIZE];
    size_t unfinished; /* length of a write that the library has begun and must be given again */
    struct progress progress;
};

static uint64_t application_bytes_written;

uint64_t tls_application_bytes_written(void)
{
    return application_bytes_written;
}

/* The first cause stays: what follows from it says less. */
static void set_failure(struct tls *tls, enum tls_failure failure)
{
    if (tls->failure == TLS_FAILURE_NONE)
        tls->failure = failure;
}

static int receive(WOLFSSL *ssl, char *buffer, int size, void *context)
{
    struct tls *tls = context;
    const struct records_watch *watch = &tls->stream.watch;
    const struct records_state state = {.is_tls13 = wolfSSL_GetVersion(ssl) == WOLFSSL_TLSV1_3,
                                        .open = tls->open};
    if (tls->failure != TLS_FAILURE_NONE)
        return WOLFSSL_CBIO_ERR_GENERAL;
    size_t n = stream_receive(&tls->stream, &state, buffer, tls_size_of(size));

    if (n > 0) {
        progress_received(&tls->progress, buffer, n);
        return (int)n;
    }
    if (watch->fault != RECORDS_FINE) {
        set_failure(tls, watch->fault <= RECORDS_VERSION && !watch->begun ? TLS_FAILURE_PROTOCOL
                                                                          : TLS_FAILURE_RECORD);
        return WOLFSSL_CBIO_ERR_GENERAL;
    }
    if (tls->stream.ended)
        return WOLFSSL_CBIO_ERR_CONN_CLOSE;
    return tls->stream.error != 0 ? WOLFSSL_CBIO_ERR_GENERAL : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int transmit(WOLFSSL *ssl, char *data, int size, void *context)
{
    struct tls *tls = context;
    size_t n = stream_send(&tls->stream, data, tls_size_of(size));

    (void)ssl;
    if (n == 0)
        return tls->stream.full ? WOLFSSL_CBIO_ERR_WANT_WRITE : WOLFSSL_CBIO_ERR_GENERAL;
    progress_sent(&tls->progress, data, n);
    return (int)n;
}

/* --- the verdict on the peer --- */

static bool ask_authoriser(struct tls *tls, const WOLFSSL_X509_STORE_CTX *store)
{
    const WOLFSSL_BUFFER_INFO *leaf = store->certs;
    struct certificate_info peer;

    /* In TLS 1.2 a client's empty Certificate message comes here, too. */
    if (store->totalCerts < 1 || leaf == NULL || leaf->buffer == NULL || leaf->length == 0) {
        set_failure(tls, TLS_FAILURE_NO_CERTIFICATE);
        return false;
    }
    if (!certificate_info_read(leaf->buffer, leaf->length, (size_t)store->totalCerts, &peer)) {
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
    else if (!tls_can_compute(peer.key_type, peer.key_bits))
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
    size_t len = tls_size_of(key_len);
    return len > 0 && len >= ours.key_bits / 8 && len <= ours.spki_len &&
           memcmp(ours.spki + ours.spki_len - len, key, len) == 0;
}

/* As a client of TLS 1.2 the library takes whatever suite the server says, one without encryption
 * among them (CVE-2024-5814). */
static bool is_offered(const struct tls *tls)
{
    return suites_have(tls->context->suites, wolfSSL_get_cipher_name(tls->ssl));
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
    /* Whatever went wrong between the certificate and the end: the proof did not come. The library
     * has many codes for it, from a bad signature to a message out of order; and a signature is
     * parsed as certificates are. */
    if (tls->authorised && !tls->open)
        return TLS_FAILURE_UNPROVEN;
    /* The library's own certificate parser, which comes before our callback. */
    if ((code <= ASN_PARSE_E && code >= ASN_ALT_NAME_E) || code == ECC_CURVE_OID_E)
        return TLS_FAILURE_BAD_CERTIFICATE;
    return TLS_FAILURE_PROTOCOL;
}

static enum tls_failure classify(const struct tls *tls, int code)
{
    int alert = tls_alert_received(tls);

    if (tls->failure != TLS_FAILURE_NONE)
        return tls->failure;
    if (alert >= ALERT_FATAL * 256)
        return TLS_FAILURE_PEER_ALERT;
    if (tls->stream.error != 0 || tls->stream.ended)
        return TLS_FAILURE_TRANSPORT;
    return classify_code(tls, code);
}

static enum tls_status fail(struct tls *tls, int code)
{
    char words[WOLFSSL_MAX_ERROR_SZ];
    const char *reason = NULL;

    if (tls->stream.watch.fault != RECORDS_FINE)
        reason = records_fault_text(tls->stream.watch.fault);
    else if (code != 0) /* it was found by the library */
        reason = words;
    wolfSSL_ERR_error_string_n((unsigned long)code, words, sizeof(words));
    tls->failure = classify(tls, code);
    ending_describe(&(struct ending){.failure = tls->failure,
                                     .alert = tls_alert_received(tls),
                                     .io_error = tls->stream.error,
                                     .reason = reason},
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
        if (tls->stream.full)
            return TLS_WANT_WRITE;
        break;
    default:
        break;
    }
    return fail(tls, code);
}

/* --- the life of a connection --- */

static void set_callbacks(struct tls *tls)
{
    /* The only callback that can accept a self-signed certificate. */
    wolfSSL_set_verify(tls->ssl, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       verify_peer);
    wolfSSL_SetCertCbCtx(tls->ssl, tls);
    wolfSSL_SSLSetIORecv(tls->ssl, receive);
    wolfSSL_SSLSetIOSend(tls->ssl, transmit);
    wolfSSL_SetIOReadCtx(tls->ssl, tls);
    wolfSSL_SetIOWriteCtx(tls->ssl, tls);
    if (!tls->context->options.legacy_cipher)
        (void)wolfSSL_set_msg_callback(tls->ssl, look_at_message);
    (void)wolfSSL_set_msg_callback_arg(tls->ssl, tls);
}

struct tls *tls_new(struct tls_context *context, int fd, tls_authorise *authorise,
                    void *authorise_context)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->stream.fd = fd;
    tls->context = tls_context_keep(context);
    tls->authorise = authorise;
    tls->authorise_context = authorise_context;
    tls->ssl = wolfSSL_new(context->ctx);
    if (tls->ssl == NULL) {
        wolfSSL_ERR_clear_error();
        tls_free(tls);
        return NULL;
    }
    set_callbacks(tls);
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
    progress_begin(&tls->progress, tls->context->options.role == TLS_SERVER, number);
}

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
    return tls->stream.answered;
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

const struct certificate_info *tls_peer(const struct tls *tls)
{
    return tls->has_peer ? &tls->peer : NULL;
}
