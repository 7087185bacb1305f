/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library as such: start and end, digests, keys, PEM. The lowest part of tls/; what is above
 * it, in this order: certificate-info, identity, tls (contexts and connections).
 *
 * Sizes in bytes; a size of 0 as a result means failure.
 */
#ifndef AGENT_TLS_CRYPTO_H
#define AGENT_TLS_CRYPTO_H

#include "agent/auth/certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Once per process, before and after everything else. 0, or -1 with a log message: the library
 * lacks a feature, or is another version than the one this program was built with (its structures
 * change with every release).
 */
int tls_init(void);
void tls_fini(void);

/* --- its memory: agent/tls/memory.h has the rest --- */

/* Before tls_init, if tls_memory() is to tell anything. */
void tls_memory_count(void);

/*
 * Debian builds the library with a cache of points of elliptic curves, which grows to 10 MB within
 * some dozen handshakes. Peers' points hardly ever come twice, and a router has better use for the
 * memory. To be called some time after handshakes, not after each: it takes longer than they do.
 */
void tls_drop_point_cache(void);

/*
 * In a forked child, which shall know nothing secret: wipes all that the library holds and all
 * private keys. Contexts, connections and identities are of no use there any more, and must not
 * even be freed; making a new key works. Needs tls_memory_count().
 */
void tls_forget_secrets(void);

/* --- digests --- */

enum { TLS_SHA1_SIZE = 20, TLS_SHA256_SIZE = 32 };

bool tls_sha1(const void *data, size_t len, uint8_t out[static TLS_SHA1_SIZE]);
bool tls_sha256(const void *data, size_t len, uint8_t out[static TLS_SHA256_SIZE]);

/* --- keys --- */

/* Whether the library can compute with such a key; too large ones it does not tell from wrong ones.
 */
bool tls_can_compute(enum certificate_key_type type, unsigned bits);

/* A new private key. */
struct tls_key;

/* RSA-2048, or CERTIFICATE_KEY_EC: P-256. NULL: out of memory or of randomness. */
struct tls_key *tls_key_generate(enum certificate_key_type kind);
void tls_key_free(struct tls_key *key);

/* The SubjectPublicKeyInfo, and the private key as PKCS#1 or SEC 1, both DER. */
size_t tls_key_public(struct tls_key *key, uint8_t *out, size_t size);
size_t tls_key_private(struct tls_key *key, uint8_t *out, size_t size);

/* sha256WithRSAEncryption (RFC 8017 8.2) or ecdsa-with-SHA256 (RFC 5758 3.2). */
size_t tls_key_sign(struct tls_key *key, const uint8_t *data, size_t len, uint8_t *out,
                    size_t size);

enum tls_pem { TLS_PEM_CERTIFICATE, TLS_PEM_RSA_KEY, TLS_PEM_EC_KEY };

/* PEM (RFC 7468); of a file with several certificates the first is decoded. Keys are written as
 * "RSA PRIVATE KEY" and "EC PRIVATE KEY", and read in every unencrypted form, whichever they are.
 */
size_t tls_pem_encode(enum tls_pem what, const uint8_t *der, size_t len, char *out, size_t size);
size_t tls_pem_decode(enum tls_pem what, const char *pem, size_t len, uint8_t *out, size_t size);

/* A certificate and its private key (PKCS#1, SEC 1 or PKCS#8), both DER. */
struct tls_pair {
    uint8_t *certificate;
    size_t certificate_len;
    uint8_t *key;
    size_t key_len;
};

/* Whether the library can use this pair: it reads both, and the key is the certificate's. */
bool tls_pair_fits(const struct tls_pair *pair);

/* --- for tls.c alone --- */

struct WOLFSSL_CTX;

/* False: the pair does not fit. */
bool tls_pair_use(struct WOLFSSL_CTX *ctx, const struct tls_pair *pair);

/* The library's counts: negative is an error. */
static inline size_t tls_size_of(int result)
{
    return result > 0 ? (size_t)result : 0;
}

#endif
