/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/certificate-info.h"

#include "agent/auth/der.h"
#include "agent/tls/crypto.h"

#include <string.h>

bool certificate_info_read(const uint8_t *der, size_t len, size_t chain_length,
                           struct certificate_info *out)
{
    struct der_certificate certificate;

    memset(out, 0, sizeof(*out));
    if (!der_certificate_parse(der, len, &certificate))
        return false;
    der_subject_text(certificate.subject, certificate.subject_len, out->subject,
                     sizeof(out->subject));
    memcpy(out->macs, certificate.macs, sizeof(out->macs));
    out->mac_count = certificate.mac_count;
    out->key_type = certificate.key_type;
    out->key_bits = certificate.key_bits;
    out->not_before = certificate.not_before;
    out->not_after = certificate.not_after;
    out->chain_length = chain_length;
    return tls_sha1(certificate.spki, certificate.spki_len, out->spki_sha1) &&
           tls_sha256(certificate.spki, certificate.spki_len, out->spki_sha256) &&
           tls_sha1(certificate.inner_key, certificate.inner_key_len, out->inner_key_sha1) &&
           tls_sha256(certificate.inner_key, certificate.inner_key_len, out->inner_key_sha256) &&
           tls_sha1(der, len, out->certificate_sha1) &&
           tls_sha256(der, len, out->certificate_sha256);
}
