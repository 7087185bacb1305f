/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The certificate walker: just enough DER (X.690) and X.509 (RFC 5280) to find what the auth list
 * decides on.
 *
 * Ours, because the library's ways to the SubjectPublicKeyInfo disagree (some give the inner key
 * for RSA), and because for self-signed certificates the library checks neither dates nor key
 * sizes. Reads through the cursor only, allocates nothing, knows no library.
 */
#ifndef AGENT_AUTH_DER_H
#define AGENT_AUTH_DER_H

#include "agent/auth/certificate.h"
#include "agent/base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct der_certificate {
    const uint8_t *spki; /* the whole SubjectPublicKeyInfo, header included: what is hashed */
    size_t spki_len;
    const uint8_t *inner_key; /* what its BIT STRING holds: PKCS#1 for RSA, the point for EC */
    size_t inner_key_len;
    enum certificate_key_type key_type;
    unsigned key_bits;
    int64_t not_before; /* seconds since 1970-01-01 UTC, 64 bits on every machine */
    int64_t not_after;
    const uint8_t *subject; /* the whole Name */
    size_t subject_len;
    struct mac macs[CERTIFICATE_MACS_MAX]; /* CN first, then other subject attributes, then
                                              subjectAltName */
    size_t mac_count;
};

/* Pointers go into `data`. False: not a certificate this walker can read; *out is then undefined.
 */
bool der_certificate_parse(const uint8_t *data, size_t len, struct der_certificate *out);

/* Type and size of a key from its SubjectPublicKeyInfo alone. */
bool der_spki_parse(const uint8_t *data, size_t len, enum certificate_key_type *type,
                    unsigned *bits);

/* The subject as one line ("CN=..., O=..."), safe to log. */
void der_subject_text(const uint8_t *subject, size_t len, char *text, size_t size);

#endif
