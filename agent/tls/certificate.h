/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside tls/: writes a self-signed X.509 certificate (RFC 5280) for a key that somebody else
 * holds. No library: the dates we want, and the structures of the library's own certificate writer
 * change size with its build options.
 */
#ifndef AGENT_TLS_CERTIFICATE_H
#define AGENT_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct certificate_content {
    bool ec;             /* signed with ecdsa-with-SHA256, else sha256WithRSAEncryption */
    const uint8_t *spki; /* DER */
    size_t spki_len;
    const char *common_name; /* UTF-8; subject and issuer */
    const char *not_before;  /* as DER has it: YYMMDDhhmmssZ through 2049, else YYYYMMDDhhmmssZ */
    const char *not_after;
    uint8_t serial[16]; /* big-endian, positive and not 0 */
};

/* Signs, as the content says; gives the signature's size, 0 if it failed. */
typedef size_t certificate_sign(void *context, const uint8_t *data, size_t len, uint8_t *out,
                                size_t size);

/* The certificate's size, or 0: it does not fit, or signing failed. */
size_t certificate_build(const struct certificate_content *content, certificate_sign *sign,
                         void *context, uint8_t *out, size_t size);

#endif
