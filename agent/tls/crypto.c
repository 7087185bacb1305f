/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower half of the wolfSSL seam; contexts and connections are in tls.c. Native names only;
 * nothing that one of the builds we know (Debian's, OpenWrt's) lacks. What is said here about the
 * library was tried on 5.5.4.
 */
#include "agent/tls/crypto.h"

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
#include "agent/tls/memory.h"

#include <stdlib.h>
#include <string.h>

#if !defined(WOLFSSL_TLS13) || !defined(HAVE_SUPPORTED_CURVES) || !defined(OPENSSL_EXTRA) || \
    !defined(KEEP_PEER_CERT) || !defined(WOLFSSL_KEY_GEN) || !defined(HAVE_ECC)
#error \
    "wolfSSL must be built with TLS 1.3, --enable-opensslextra, KEEP_PEER_CERT, ECC and key generation"
#endif

/* --- the library --- */

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

/* --- its memory --- */

void tls_memory_count(void)
{
    if (wolfSSL_SetAllocators(tls_memory_allocate, tls_memory_free, tls_memory_resize) != 0)
        log_warning("wolfSSL does not take an allocator; its share of the memory is not counted");
}

void tls_drop_point_cache(void)
{
#ifdef FP_ECC
    wc_ecc_fp_free();
#endif
    tls_memory_return();
}

void tls_forget_secrets(void)
{
    tls_drop_point_cache(); /* the library would go on using it */
    tls_memory_wipe();
}

/* --- digests --- */

bool tls_sha1(const void *data, size_t len, uint8_t out[static TLS_SHA1_SIZE])
{
    return len <= UINT32_MAX && wc_ShaHash(data, (word32)len, out) == 0;
}

bool tls_sha256(const void *data, size_t len, uint8_t out[static TLS_SHA256_SIZE])
{
    return len <= UINT32_MAX && wc_Sha256Hash(data, (word32)len, out) == 0;
}

/* --- keys, and the pair of a key and its certificate --- */

enum { RSA_BITS = 2048, P256_BYTES = 32 };

struct tls_key {
    enum certificate_key_type kind;
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

struct tls_key *tls_key_generate(enum certificate_key_type kind)
{
    struct tls_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        return NULL;
    key->kind = kind;
    if (wc_InitRng(&key->rng) != 0) {
        free(key);
        return NULL;
    }
    if (!(kind == CERTIFICATE_KEY_EC ? make_ec(key) : make_rsa(key))) {
        tls_key_free(key);
        return NULL;
    }
    return key;
}

void tls_key_free(struct tls_key *key)
{
    if (key == NULL)
        return;
    if (key->kind == CERTIFICATE_KEY_EC)
        (void)wc_ecc_free(&key->ec);
    else
        (void)wc_FreeRsaKey(&key->rsa);
    (void)wc_FreeRng(&key->rng);
    explicit_bzero(key, sizeof(*key));
    free(key);
}

bool tls_can_compute(enum certificate_key_type type, unsigned bits)
{
    return type != CERTIFICATE_KEY_RSA || bits <= RSA_MAX_SIZE;
}

size_t tls_key_public(struct tls_key *key, uint8_t *out, size_t size)
{
    const int with_algorithm = 1;

    if (key->kind == CERTIFICATE_KEY_EC)
        return tls_size_of(wc_EccPublicKeyToDer(&key->ec, out, (word32)size, with_algorithm));
    return tls_size_of(wc_RsaKeyToPublicDer(&key->rsa, out, (word32)size));
}

size_t tls_key_private(struct tls_key *key, uint8_t *out, size_t size)
{
    if (key->kind == CERTIFICATE_KEY_EC)
        return tls_size_of(wc_EccKeyToDer(&key->ec, out, (word32)size));
    return tls_size_of(wc_RsaKeyToDer(&key->rsa, out, (word32)size));
}

size_t tls_key_sign(struct tls_key *key, const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
    const bool is_ec = key->kind == CERTIFICATE_KEY_EC;
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
    return tls_size_of(wc_DerToPem(der, (word32)len, (byte *)out, (word32)size, pem_type(what)));
}

size_t tls_pem_decode(enum tls_pem what, const char *pem, size_t len, uint8_t *out, size_t size)
{
    const byte *in = (const byte *)pem;

    if (what != TLS_PEM_CERTIFICATE)
        return tls_size_of(wc_KeyPemToDer(in, (int)len, out, (int)size, NULL));
    return tls_size_of(wc_CertPemToDer(in, (int)len, out, (int)size, CERT_TYPE));
}

bool tls_pair_use(WOLFSSL_CTX *ctx, const struct tls_pair *pair)
{
    return wolfSSL_CTX_use_certificate_buffer(ctx, pair->certificate, (long)pair->certificate_len,
                                              WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(ctx, pair->key, (long)pair->key_len,
                                             WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
           wolfSSL_CTX_check_private_key(ctx) == WOLFSSL_SUCCESS;
}

bool tls_pair_fits(const struct tls_pair *pair)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_server_method());
    bool fits = ctx != NULL && tls_pair_use(ctx, pair);

    wolfSSL_CTX_free(ctx);
    wolfSSL_ERR_clear_error();
    tls_drop_point_cache(); /* looking at an EC key fills it */
    return fits;
}
