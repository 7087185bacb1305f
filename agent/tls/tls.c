/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that includes wolfSSL. Native names only; nothing that one of the builds we know
 * (Debian's, OpenWrt's) lacks. What is said here about the library was tried on 5.5.4.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sha.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/signature.h>

#include "agent/auth/der.h"
#include "agent/base/log.h"
#include "agent/tls/ending.h"
#include "agent/tls/library.h"
#include "agent/tls/progress.h"
#include "agent/tls/tls.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#if !defined(WOLFSSL_TLS13) || !defined(HAVE_SUPPORTED_CURVES) || !defined(OPENSSL_EXTRA) || \
    !defined(KEEP_PEER_CERT) || !defined(WOLFSSL_KEY_GEN)
#error \
    "wolfSSL must be built with TLS 1.3, --enable-opensslextra, KEEP_PEER_CERT and key generation"
#endif

/* --- the library --- */

/*
 * Always explicit: the default list of both builds offers anonymous suites, and a verifying client
 * then completes a handshake in which nobody was asked to verify anything. ChaCha20 first: without
 * the CPU's help it is several times faster than AES-GCM.
 */
#define TLS_1_3_SUITES \
    "TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384"
#define AEAD_SUITES                                                             \
    TLS_1_3_SUITES ":ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305" \
                   ":ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256" \
                   ":ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define CBC_SUITES                                       \
    ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256" \
    ":ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384" \
    ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA"

/* RSA key transport: who has the key can read what was recorded. */
#define LEGACY_SUITES ":AES128-SHA:AES256-SHA"

#if defined(WOLFSSL_STATIC_RSA) && defined(WOLFSSL_ALLOW_TLSV10) && !defined(NO_OLD_TLS)
enum { HAS_LEGACY_CIPHER = 1 };
#else
enum { HAS_LEGACY_CIPHER = 0 };
#endif

bool tls_has_legacy_cipher(void)
{
    return HAS_LEGACY_CIPHER;
}

/* Unknown names in a list are skipped without a word, so that a missing one must be looked for. */
static bool has_required_suites(void)
{
    static const char *const required[] = {"TLS13-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
                                           "ECDHE-ECDSA-AES128-GCM-SHA256"};
    char names[16384];

    if (wolfSSL_get_ciphers(names, sizeof(names)) != WOLFSSL_SUCCESS)
        return false;
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
        if (strstr(names, required[i]) == NULL) {
            log_error("this wolfSSL has no %s: it must be built with TLS 1.2, TLS 1.3 and ECDHE",
                      required[i]);
            return false;
        }
    return true;
}

void tls_memory_count(void)
{
    if (wolfSSL_SetAllocators(tls_memory_allocate, tls_memory_free, tls_memory_resize) != 0)
        log_warning("wolfSSL does not take an allocator; its share of the memory is not counted");
}

int tls_init(void)
{
    if (wolfSSL_lib_version_hex() != LIBWOLFSSL_VERSION_HEX) {
        log_error(
            "wolfSSL %s is installed, but this program was built with " LIBWOLFSSL_VERSION_STRING
            ": its structures differ between releases, install the matching package",
            wolfSSL_lib_version());
        return -1;
    }
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        log_error("wolfSSL cannot be initialised");
        return -1;
    }
    if (!has_required_suites()) {
        tls_fini();
        return -1;
    }
    return 0;
}

void tls_fini(void)
{
    (void)wolfSSL_Cleanup();
}

bool tls_sha1(const void *data, size_t len, uint8_t out[static TLS_SHA1_SIZE])
{
    return len <= UINT32_MAX && wc_ShaHash(data, (word32)len, out) == 0;
}

bool tls_sha256(const void *data, size_t len, uint8_t out[static TLS_SHA256_SIZE])
{
    return len <= UINT32_MAX && wc_Sha256Hash(data, (word32)len, out) == 0;
}

/* --- keys and PEM --- */

enum { RSA_BITS = 2048 };

struct tls_key {
    WC_RNG rng;
    RsaKey rsa;
};

struct tls_key *tls_key_generate(void)
{
    struct tls_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        return NULL;
    if (wc_InitRng(&key->rng) != 0) {
        free(key);
        return NULL;
    }
    if (wc_InitRsaKey(&key->rsa, NULL) != 0 ||
        wc_RsaSetRNG(&key->rsa, &key->rng) != 0 || /* blinding */
        wc_MakeRsaKey(&key->rsa, RSA_BITS, WC_RSA_EXPONENT, &key->rng) != 0) {
        tls_key_free(key);
        return NULL;
    }
    return key;
}

void tls_key_free(struct tls_key *key)
{
    if (key == NULL)
        return;
    (void)wc_FreeRsaKey(&key->rsa);
    (void)wc_FreeRng(&key->rng);
    explicit_bzero(key, sizeof(*key));
    free(key);
}

/* The library's counts: negative is an error. */
static size_t size_of(int result)
{
    return result > 0 ? (size_t)result : 0;
}

size_t tls_key_public(struct tls_key *key, uint8_t *out, size_t size)
{
    return size_of(wc_RsaKeyToPublicDer(&key->rsa, out, (word32)size));
}

size_t tls_key_private(struct tls_key *key, uint8_t *out, size_t size)
{
    return size_of(wc_RsaKeyToDer(&key->rsa, out, (word32)size));
}

size_t tls_key_sign(struct tls_key *key, const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
    word32 out_len = (word32)size;
    int status =
        wc_SignatureGenerate(WC_HASH_TYPE_SHA256, WC_SIGNATURE_TYPE_RSA_W_ENC, data, (word32)len,
                             out, &out_len, &key->rsa, sizeof(key->rsa), &key->rng);
    return status == 0 ? out_len : 0;
}

size_t tls_pem_encode(enum tls_pem what, const uint8_t *der, size_t len, char *out, size_t size)
{
    return size_of(wc_DerToPem(der, (word32)len, (byte *)out, (word32)size,
                               what == TLS_PEM_KEY ? PRIVATEKEY_TYPE : CERT_TYPE));
}

size_t tls_pem_decode(enum tls_pem what, const char *pem, size_t len, uint8_t *out, size_t size)
{
    const byte *in = (const byte *)pem;

    if (what == TLS_PEM_KEY)
        return size_of(wc_KeyPemToDer(in, (int)len, out, (int)size, NULL));
    return size_of(wc_CertPemToDer(in, (int)len, out, (int)size, CERT_TYPE));
}

/* --- contexts --- */

struct tls_context {
    WOLFSSL_CTX *ctx;
    enum tls_role role;
    bool legacy_cipher;
    unsigned keepers;
};

static bool use_identity(WOLFSSL_CTX *ctx, const struct tls_identity *identity)
{
    return wolfSSL_CTX_use_certificate_buffer(ctx, identity->certificate,
                                              (long)identity->certificate_len,
                                              WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(ctx, identity->key, (long)identity->key_len,
                                             WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_check_private_key(ctx) == WOLFSSL_SUCCESS;
}

bool tls_pair_fits(const struct tls_identity *identity)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_server_method());
    bool fits = ctx != NULL && use_identity(ctx, identity);

    wolfSSL_CTX_free(ctx);
    wolfSSL_ERR_clear_error();
    return fits;
}

static int verify_peer(int preverify, WOLFSSL_X509_STORE_CTX *store);
static int receive(WOLFSSL *ssl, char *buffer, int size, void *context);
static int transmit(WOLFSSL *ssl, char *data, int size, void *context);

/* A resumed session skips the verify callback: a key that was taken from the list would still get
 * in. Three doors: session ids, tickets, TLS 1.3's pre-shared keys. */
static bool forbid_resumption(WOLFSSL_CTX *ctx, enum tls_role role)
{
    if (wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF) != WOLFSSL_SUCCESS)
        return false;
    (void)wolfSSL_CTX_set_options(ctx, WOLFSSL_OP_NO_TICKET);
    return role == TLS_CLIENT || wolfSSL_CTX_no_ticket_TLSv13(ctx) == 0;
}

static bool set_suites(WOLFSSL_CTX *ctx, const struct tls_options *options)
{
    char suites[1024];
    int len = snprintf(suites, sizeof(suites), "%s%s%s", AEAD_SUITES,
                       options->strong_cipher ? "" : CBC_SUITES,
                       options->legacy_cipher ? LEGACY_SUITES : "");

    assert(len > 0 && (size_t)len < sizeof(suites));
    return wolfSSL_CTX_set_cipher_list(ctx, suites) == WOLFSSL_SUCCESS;
}

static bool configure(WOLFSSL_CTX *ctx, const struct tls_options *options)
{
    /* The curves that both builds have. */
    int groups[] = {WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};
    int oldest = options->legacy_cipher ? WOLFSSL_TLSV1 : WOLFSSL_TLSV1_2;

    if (wolfSSL_CTX_SetMinVersion(ctx, oldest) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_groups(ctx, groups, sizeof(groups) / sizeof(groups[0])) !=
            WOLFSSL_SUCCESS ||
        !set_suites(ctx, options) || !forbid_resumption(ctx, options->role))
        return false;
    /* The only callback that can accept a self-signed certificate. */
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           verify_peer);
    wolfSSL_CTX_SetIORecv(ctx, receive);
    wolfSSL_CTX_SetIOSend(ctx, transmit);
    (void)wolfSSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
    return true;
}

struct tls_context *tls_context_new(const struct tls_identity *identity,
                                    const struct tls_options *options)
{
    struct tls_context *context = calloc(1, sizeof(*context));

    if (context == NULL)
        goto failed;
    context->keepers = 1;
    context->role = options->role;
    context->legacy_cipher = options->legacy_cipher;
    if (options->legacy_cipher && !HAS_LEGACY_CIPHER)
        goto failed;
    context->ctx = wolfSSL_CTX_new(options->role == TLS_SERVER ? wolfSSLv23_server_method()
                                                               : wolfSSLv23_client_method());
    /* The identity first: setting a cipher list picks the signature algorithms by our key. */
    if (context->ctx == NULL || !use_identity(context->ctx, identity) ||
        !configure(context->ctx, options))
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
    int fd;
    enum tls_role role;
    bool legacy_cipher;
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

struct tls *tls_new(struct tls_context *context, int fd, tls_authorise *authorise,
                    void *authorise_context)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->fd = fd;
    tls->role = context->role;
    tls->legacy_cipher = context->legacy_cipher;
    tls->authorise = authorise;
    tls->authorise_context = authorise_context;
    tls->ssl = wolfSSL_new(context->ctx);
    if (tls->ssl == NULL) {
        wolfSSL_ERR_clear_error();
        free(tls);
        return NULL;
    }
    wolfSSL_SetCertCbCtx(tls->ssl, tls);
    wolfSSL_SetIOReadCtx(tls->ssl, tls);
    wolfSSL_SetIOWriteCtx(tls->ssl, tls);
    return tls;
}

/*
 * Debian builds the library with a cache of points of elliptic curves, which grows to 10 MB within
 * some dozen handshakes. Peers' points hardly ever come twice, and a router has better use for the
 * memory.
 */
static void drop_point_cache(void)
{
#ifdef FP_ECC
    wc_ecc_fp_free();
    tls_memory_return();
#endif
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    wolfSSL_free(tls->ssl);
    free(tls);
    drop_point_cache();
}

void tls_trace(struct tls *tls, uint64_t number)
{
    progress_begin(&tls->progress, tls->role, number);
}

/* Our own, not the library's: no SIGPIPE, and the true cause stays known. */
static int receive(WOLFSSL *ssl, char *buffer, int size, void *context)
{
    struct tls *tls = context;
    ssize_t n;

    (void)ssl;
    do {
        n = recv(tls->fd, buffer, (size_t)size, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        progress_received(&tls->progress, buffer, (size_t)n);
        return (int)n;
    }
    if (n == 0) {
        tls->io_ended = true;
        return WOLFSSL_CBIO_ERR_CONN_CLOSE;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return WOLFSSL_CBIO_ERR_WANT_READ;
    tls->io_error = errno;
    return WOLFSSL_CBIO_ERR_GENERAL;
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
    size_t len = size_of(key_len);
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
    default:
        break;
    }
    /* The library's own certificate parser, which comes before our callback. */
    if (code <= ASN_PARSE_E && code >= ASN_ALT_NAME_E)
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
    int result = tls->role == TLS_SERVER ? wolfSSL_accept(tls->ssl) : wolfSSL_connect(tls->ssl);
    if (result != WOLFSSL_SUCCESS)
        return status_of(tls, result);
    wolfSSL_ERR_clear_error();
    if (!peer_is_proved(tls)) {
        set_failure(tls, TLS_FAILURE_UNPROVEN);
        return fail(tls, 0);
    }
    tls->open = true;
    drop_point_cache();
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
    return tls->legacy_cipher;
}

const struct authlist_peer *tls_peer(const struct tls *tls)
{
    return tls->has_peer ? &tls->peer : NULL;
}
