/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: what identity.c needs of the library, given by library.c. Sizes in bytes; a size of
 * 0 as a result means failure.
 */
#ifndef AGENT_TLS_LIBRARY_H
#define AGENT_TLS_LIBRARY_H

#include "agent/auth/authlist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_identity {
    uint8_t *certificate; /* DER */
    size_t certificate_len;
    uint8_t *key; /* DER: PKCS#1, SEC 1 or PKCS#8; wiped before it is freed */
    size_t key_len;
    struct authlist_peer facts;
};

/* A new private key. */
struct tls_key;

/* RSA-2048, or AUTHLIST_KEY_EC: P-256. NULL: out of memory or of randomness. */
struct tls_key *tls_key_generate(enum authlist_key_type kind);
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

/* Whether the library can use this pair: it reads both, and the key is the certificate's. */
bool tls_pair_fits(const struct tls_identity *identity);

/* Whether the library can compute with such a key; too large ones it does not tell from wrong ones.
 */
bool tls_can_compute(const struct authlist_peer *peer);

/* After much was freed at once: gives it back to the system, where the C library does not do so by
 * itself. */
void tls_memory_return(void);

/* What wolfSSL is given as its allocator: the C library's, counted for tls_memory(), and wiped when
 * it is freed, and by tls_memory_wipe(). For private keys of ours as well. */
void *tls_memory_allocate(size_t size);
void tls_memory_free(void *block);
void *tls_memory_resize(void *block, size_t size);

#endif
