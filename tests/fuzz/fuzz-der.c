/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate walker: what a stranger sends before anybody knows who it is. */
#include "agent/auth/der.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What is hashed and shown must lie in the certificate, and be fit to be shown. */
static void check(const struct der_certificate *certificate, const uint8_t *data, size_t size)
{
    static const size_t sizes[] = {1, 2, 3, 8, CERTIFICATE_SUBJECT_SIZE, 4096};
    enum certificate_key_type type;
    unsigned bits;
    char text[4096];

    require(certificate->spki >= data && certificate->spki_len > 0);
    require(certificate->spki_len <= size - (size_t)(certificate->spki - data));
    require(certificate->subject >= data && certificate->subject < certificate->spki);
    require(certificate->mac_count <= CERTIFICATE_MACS_MAX);
    require(der_spki_parse(certificate->spki, certificate->spki_len, &type, &bits));
    require(type == certificate->key_type && bits == certificate->key_bits);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        der_subject_text(certificate->subject, certificate->subject_len, text, sizes[i]);
        size_t len = strnlen(text, sizes[i]);
        require(len < sizes[i]);
        for (size_t c = 0; c < len; c++)
            require(text[c] >= 0x20 && text[c] <= 0x7e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct der_certificate certificate;
    enum certificate_key_type type;
    unsigned bits;

    if (der_certificate_parse(data, size, &certificate))
        check(&certificate, data, size);
    (void)der_spki_parse(data, size, &type, &bits);
    return 0;
}
