/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Half of the wolfSSL seam: the connections. library.c has the rest, and its rules: native names
 * only; what is said about the library was tried on 5.5.4.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "agent/auth/der.h"
#include "agent/tls/choice.h"
#include "agent/tls/ending.h"
#include "agent/tls/library.h"
#include "agent/tls/progress.h"
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
    struct choice *choice; /* NULL: there is one identity only, or the choice is over */
    enum choice_identity shown;
    enum tls_role role;
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
    bool io_full; /* the socket took nothing more */

    size_t unfinished; /* length of a write that the library has begun and must be given again */
    struct progress progress;
};

static uint64_t application_bytes_written;

uint64_t tls_application_bytes_written(void)
{
    return application_bytes_written;
}

static WOLFSSL *make_ssl(struct tls *tls, enum choice_identity shown)
{
    WOLFSSL *ssl = wolfSSL_new(tls->context->ctx[shown]);

    if (ssl == NULL) {
        wolfSSL_ERR_clear_error();
        return NULL;
    }
    wolfSSL_SetCertCbCtx(ssl, tls);
    wolfSSL_SetIOReadCtx(ssl, tls);
    wolfSSL_SetIOWriteCtx(ssl, tls);
    return ssl;
}

/* False: memory is out. */
static bool prepare_choice(struct tls *tls)
{
    const struct tls_context *context = tls->context;
    const struct abilities_ours ours = {.role = tls->role,
                                        .cbc = !context->options.strong_cipher,
                                        .key_transport = context->options.legacy_cipher,
                                        .ec_bits = context->ec_bits};

    if (context->ctx[CHOICE_SECOND] == NULL)
        return true;
    tls->choice = calloc(1, sizeof(*tls->choice));
    if (tls->choice == NULL)
        return false;
    choice_begin(tls->choice, &ours, context->kinds);
    if (tls->role == TLS_CLIENT && choice_has_turned(&context->turned, tls->fd))
        tls->shown = CHOICE_SECOND;
    return true;
}

struct tls *tls_new(struct tls_context *context, int fd, tls_authorise *authorise,
                    void *authorise_context)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->fd = fd;
    tls->role = context->options.role;
    tls->context = tls_context_keep(context);
    tls->authorise = authorise;
    tls->authorise_context = authorise_context;
    if (prepare_choice(tls))
        tls->ssl = make_ssl(tls, tls->shown);
    if (tls->ssl == NULL) {
        tls_free(tls);
        return NULL;
    }
    return tls;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    wolfSSL_free(tls->ssl);
    free(tls->choice);
    tls_context_free(tls->context);
    free(tls);
    tls_drop_point_cache();
}

void tls_trace(struct tls *tls, uint64_t number)
{
    progress_begin(&tls->progress, tls->role, number);
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

/* Our own, not the library's: no SIGPIPE, and the true cause stays known. */
static int receive(WOLFSSL *ssl, char *buffer, int size, void *context)
{
    struct tls *tls = context;
    size_t n = 0;

    (void)ssl;
    if (tls->choice != NULL)
        n = choice_take(tls->choice, buffer, (size_t)size);
    if (n == 0)
        n = take_from_socket(tls, buffer, (size_t)size);
    if (n > 0) {
        progress_received(&tls->progress, buffer, n);
        if (tls->choice != NULL && tls->role == TLS_CLIENT)
            (void)abilities_feed(&tls->choice->abilities, buffer, n);
        return (int)n;
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
        progress_sent(&tls->progress, data, (size_t)n);
        return (int)n;
    }
    tls->io_full = errno == EAGAIN || errno == EWOULDBLOCK;
    if (tls->io_full)
        return WOLFSSL_CBIO_ERR_WANT_WRITE;
    tls->io_error = errno;
    return WOLFSSL_CBIO_ERR_GENERAL;
}

/* --- which identity is shown --- */

/* As a server. True when the library may go on: a peer that is gone is the library's to judge. */
static bool choose_by_hello(struct tls *tls)
{
    if (!choice_hold(tls->choice, take_from_socket, tls) && !tls->io_ended && tls->io_error == 0)
        return false;
    tls->choice->made = true;
    if (choice_fitting(tls->choice) == tls->shown)
        return true;
    WOLFSSL *other = make_ssl(tls, CHOICE_SECOND);
    if (other != NULL) { /* without memory it is the first, which the peer will turn down */
        wolfSSL_free(tls->ssl);
        tls->ssl = other;
        tls->shown = CHOICE_SECOND;
    }
    return true;
}

static bool use_on(WOLFSSL *ssl, const struct tls_identity *identity)
{
    return wolfSSL_use_certificate_buffer(ssl, identity->certificate,
                                          (long)identity->certificate_len,
                                          WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_use_PrivateKey_buffer(ssl, identity->key, (long)identity->key_len,
                                         WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

/*
 * As a client: the library asks when the CertificateRequest is there, and we have read it then,
 * too, unless it is TLS 1.3. 1 goes on, 0 ends the handshake.
 */
static int choose_by_request(WOLFSSL *ssl, void *nothing)
{
    struct tls *tls = wolfSSL_GetIOReadCtx(ssl);

    (void)nothing;
    if (tls == NULL || tls->choice == NULL || tls->choice->abilities.state != ABILITIES_KNOWN)
        return 1;
    enum choice_identity wanted = choice_fitting(tls->choice);
    if (wanted == tls->shown)
        return 1;
    tls->shown = wanted;
    return use_on(ssl, tls->context->identities[wanted]) ? 1 : 0;
}

/* --- the verdict on the peer --- */

/* The first cause stays: what follows from it says less. */
static void set_failure(struct tls *tls, enum tls_failure failure)
{
    if (tls->failure == TLS_FAILURE_NONE)
        tls->failure = failure;
}

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
    return authorised;
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

void seam_set_callbacks(WOLFSSL_CTX *ctx, enum tls_role role)
{
    /* The only callback that can accept a self-signed certificate. */
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           verify_peer);
    wolfSSL_CTX_SetIORecv(ctx, receive);
    wolfSSL_CTX_SetIOSend(ctx, transmit);
    if (role == TLS_CLIENT)
        wolfSSL_CTX_set_cert_cb(ctx, choose_by_request, NULL);
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
        if (tls->role == TLS_CLIENT)
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

    wolfSSL_ERR_error_string_n((unsigned long)code, reason, sizeof(reason));
    tls->failure = classify(tls, code);
    /* In TLS 1.3 that is all a client learns of it, before anything of ours is sent. The next
     * connection shows the other one. */
    if (tls->failure == TLS_FAILURE_OWN_UNWANTED && tls->choice != NULL)
        choice_turn(&tls->context->turned, tls->fd);
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

/* When it is open, unless the peer was so hasty that something is held still. */
static void drop_choice(struct tls *tls)
{
    if (tls->choice == NULL || tls->choice->held_given < tls->choice->held_len)
        return;
    free(tls->choice);
    tls->choice = NULL;
}

enum tls_status tls_handshake(struct tls *tls)
{
    if (tls->failed)
        return TLS_FAILED;
    if (tls->open)
        return TLS_OK;
    if (tls->choice != NULL && tls->role == TLS_SERVER && !tls->choice->made &&
        !choose_by_hello(tls)) {
        progress_waits(&tls->progress);
        return TLS_WANT_READ;
    }
    int result = tls->role == TLS_SERVER ? wolfSSL_accept(tls->ssl) : wolfSSL_connect(tls->ssl);
    if (result != WOLFSSL_SUCCESS)
        return status_of(tls, result);
    wolfSSL_ERR_clear_error();
    if (!peer_is_proved(tls)) {
        set_failure(tls, TLS_FAILURE_UNPROVEN);
        return fail(tls, 0);
    }
    tls->open = true;
    drop_choice(tls);
    tls_drop_point_cache();
    progress_done(&tls->progress, tls_version(tls), tls_cipher(tls));
    return TLS_OK;
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

enum authlist_key_type tls_shown_key(const struct tls *tls)
{
    return tls->context->kinds[tls->shown];
}

const struct authlist_peer *tls_peer(const struct tls *tls)
{
    return tls->has_peer ? &tls->peer : NULL;
}
