/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Half of the wolfSSL seam: the library itself, digests, keys and contexts. The connections are in
 * tls.c. Native names only; nothing that one of the builds we know (Debian's, OpenWrt's) lacks.
 * What is said here about the library was tried on 5.5.4.
 */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sha.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/signature.h>

#include "agent/base/log.h"
#include "agent/tls/library.h"
#include "agent/tls/seam.h"
#include "agent/tls/tls.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(WOLFSSL_TLS13) || !defined(HAVE_SUPPORTED_CURVES) || !defined(OPENSSL_EXTRA) || \
    !defined(KEEP_PEER_CERT) || !defined(WOLFSSL_KEY_GEN) || !defined(HAVE_ECC)
#error \
    "wolfSSL must be built with TLS 1.3, --enable-opensslextra, KEEP_PEER_CERT, ECC and key generation"
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

enum { RSA_BITS = 2048, P256_BYTES = 32 };

struct tls_key {
    enum authlist_key_type kind;
    WC_RNG rng;
    union {
        RsaKey rsa;
        ecc_key ec;
    };
};

static bool make_rsa(struct tls_key *key)
{
    return wc_InitRsaKey(&key->rsa, NULL) == 0 &&
           wc_RsaSetRNG(&key->rsa, &key->rng) == 0 && /* blinding */
           wc_MakeRsaKey(&key->rsa, RSA_BITS, WC_RSA_EXPONENT, &key->rng) == 0;
}

static bool make_ec(struct tls_key *key)
{
    return wc_ecc_init(&key->ec) == 0 &&
           wc_ecc_make_key_ex(&key->rng, P256_BYTES, &key->ec, ECC_SECP256R1) == 0;
}

struct tls_key *tls_key_generate(enum authlist_key_type kind)
{
    struct tls_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        return NULL;
    key->kind = kind;
    if (wc_InitRng(&key->rng) != 0) {
        free(key);
        return NULL;
    }
    if (!(kind == AUTHLIST_KEY_EC ? make_ec(key) : make_rsa(key))) {
        tls_key_free(key);
        return NULL;
    }
    return key;
}

void tls_key_free(struct tls_key *key)
{
    if (key == NULL)
        return;
    if (key->kind == AUTHLIST_KEY_EC)
        (void)wc_ecc_free(&key->ec);
    else
        (void)wc_FreeRsaKey(&key->rsa);
    (void)wc_FreeRng(&key->rng);
    explicit_bzero(key, sizeof(*key));
    free(key);
}

size_t tls_key_public(struct tls_key *key, uint8_t *out, size_t size)
{
    const int with_algorithm = 1;

    if (key->kind == AUTHLIST_KEY_EC)
        return seam_size_of(wc_EccPublicKeyToDer(&key->ec, out, (word32)size, with_algorithm));
    return seam_size_of(wc_RsaKeyToPublicDer(&key->rsa, out, (word32)size));
}

size_t tls_key_private(struct tls_key *key, uint8_t *out, size_t size)
{
    if (key->kind == AUTHLIST_KEY_EC)
        return seam_size_of(wc_EccKeyToDer(&key->ec, out, (word32)size));
    return seam_size_of(wc_RsaKeyToDer(&key->rsa, out, (word32)size));
}

size_t tls_key_sign(struct tls_key *key, const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
    const bool is_ec = key->kind == AUTHLIST_KEY_EC;
    word32 out_len = (word32)size;
    int status = wc_SignatureGenerate(
        WC_HASH_TYPE_SHA256, is_ec ? WC_SIGNATURE_TYPE_ECC : WC_SIGNATURE_TYPE_RSA_W_ENC, data,
        (word32)len, out, &out_len, is_ec ? (const void *)&key->ec : (const void *)&key->rsa,
        (word32)(is_ec ? sizeof(key->ec) : sizeof(key->rsa)), &key->rng);
    return status == 0 ? out_len : 0;
}

static int pem_type(enum tls_pem what)
{
    switch (what) {
    case TLS_PEM_RSA_KEY:
        return PRIVATEKEY_TYPE;
    case TLS_PEM_EC_KEY:
        return ECC_PRIVATEKEY_TYPE;
    default:
        return CERT_TYPE;
    }
}

size_t tls_pem_encode(enum tls_pem what, const uint8_t *der, size_t len, char *out, size_t size)
{
    return seam_size_of(wc_DerToPem(der, (word32)len, (byte *)out, (word32)size, pem_type(what)));
}

size_t tls_pem_decode(enum tls_pem what, const char *pem, size_t len, uint8_t *out, size_t size)
{
    const byte *in = (const byte *)pem;

    if (what != TLS_PEM_CERTIFICATE)
        return seam_size_of(wc_KeyPemToDer(in, (int)len, out, (int)size, NULL));
    return seam_size_of(wc_CertPemToDer(in, (int)len, out, (int)size, CERT_TYPE));
}

/* --- contexts --- */

static bool use_identity(WOLFSSL_CTX *ctx, const struct tls_identity *identity)
{
    return wolfSSL_CTX_use_certificate_buffer(ctx, identity->certificate,
                                              (long)identity->certificate_len,
                                              WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(ctx, identity->key, (long)identity->key_len,
                                             WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_check_private_key(ctx) == WOLFSSL_SUCCESS;
}

void tls_drop_point_cache(void)
{
#ifdef FP_ECC
    wc_ecc_fp_free();
#endif
    tls_memory_return();
}

bool tls_can_compute(const struct authlist_peer *peer)
{
    return peer->key_type != AUTHLIST_KEY_RSA || peer->key_bits <= RSA_MAX_SIZE;
}

bool tls_pair_fits(const struct tls_identity *identity)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_server_method());
    bool fits = ctx != NULL && use_identity(ctx, identity);

    wolfSSL_CTX_free(ctx);
    wolfSSL_ERR_clear_error();
    tls_drop_point_cache(); /* looking at an EC key fills it */
    return fits;
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
 * Without this SHA-1 is among them. What is accepted is another matter: seam_set_callbacks().
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

static void write_suites(const struct tls_options *options, char suites[static SEAM_SUITES_SIZE])
{
    int len = snprintf(suites, SEAM_SUITES_SIZE, ":%s%s%s", AEAD_SUITES,
                       options->strong_cipher ? "" : CBC_SUITES,
                       options->legacy_cipher ? LEGACY_SUITES : "");

    assert(len > 0 && len < SEAM_SUITES_SIZE);
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
    seam_set_callbacks(ctx, options);
    (void)wolfSSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE);
    return true;
}

static WOLFSSL_CTX *make_ctx(const struct tls_identity *identity, const struct tls_options *options,
                             const char *suites)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(options->role == TLS_SERVER ? wolfSSLv23_server_method()
                                                                   : wolfSSLv23_client_method());

    /* The identity first: setting a cipher list picks the signature algorithms by our key. */
    if (ctx != NULL && use_identity(ctx, identity) && configure(ctx, options, suites))
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
    write_suites(options, context->suites);
    if (!options->legacy_cipher || HAS_LEGACY_CIPHER)
        context->ctx = make_ctx(identity, options, context->suites + 1);
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
