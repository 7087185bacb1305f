/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a certificate says, as far as anybody decides by it or tells it. agent/tls reads it. */
#ifndef AGENT_AUTH_CERTIFICATE_H
#define AGENT_AUTH_CERTIFICATE_H

#include "agent/base/mac.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CERTIFICATE_SUBJECT_SIZE = 128,
    CERTIFICATE_MACS_MAX = 4, /* that one certificate may name */
};

/* EC: only P-256, P-384 and P-521 count; others are OTHER. */
enum certificate_key_type { CERTIFICATE_KEY_OTHER, CERTIFICATE_KEY_RSA, CERTIFICATE_KEY_EC };

struct certificate_info {
    char subject[CERTIFICATE_SUBJECT_SIZE]; /* safe to log; cut if longer */
    /* CN first, then other subject attributes, then subjectAltName. */
    struct mac macs[CERTIFICATE_MACS_MAX];
    size_t mac_count;
    uint8_t spki_sha1[20];
    uint8_t spki_sha256[32];
    uint8_t certificate_sha1[20];
    uint8_t certificate_sha256[32];
    uint8_t inner_key_sha1[20]; /* of the key inside of the SubjectPublicKeyInfo: PKCS#1 for RSA */
    uint8_t inner_key_sha256[32];
    enum certificate_key_type key_type;
    unsigned key_bits;
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    size_t chain_length;
};

#endif
