/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/certificate.h"

#include "agent/base/cursor.h"

#include <string.h>

enum {
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTET_STRING = 0x04,
    TAG_UTF8_STRING = 0x0c,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_VERSION = 0xa0,
    TAG_EXTENSIONS = 0xa3,
};

enum { SIGNATURE_SIZE = 1024 };

/* AlgorithmIdentifier { sha256WithRSAEncryption, NULL } */
static const uint8_t sha256_with_rsa[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                          0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
/* AlgorithmIdentifier { ecdsa-with-SHA256 } */
static const uint8_t sha256_with_ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                            0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t oid_common_name[] = {0x06, 0x03, 0x55, 0x04, 0x03};
/* basicConstraints, critical: not a CA. */
static const uint8_t basic_constraints[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
                                            0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00};
/* extKeyUsage: serverAuth, clientAuth, for we are both. No keyUsage: one without keyCertSign keeps
 * OpenSSL before 3.0 from trusting a self-signed certificate that it was told to trust. */
static const uint8_t extended_key_usage[] = {
    0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d, 0x25, 0x04, 0x16, 0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01,
    0x05, 0x05, 0x07, 0x03, 0x01, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};

/* Begins an element; gives where its content starts, for end_element(). */
static size_t begin_element(struct writer *w, uint8_t tag)
{
    writer_u8(w, tag);
    return w->used;
}

/* Only now the length is known: makes room for it in front of the content. */
static void end_element(struct writer *w, size_t start)
{
    size_t len = w->used - start;
    uint8_t header[3];
    size_t header_len = 0;

    if (w->failed || len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    if (len >= 0x80) {
        header[header_len++] = len > 0xff ? 0x82 : 0x81;
        if (len > 0xff)
            header[header_len++] = (uint8_t)(len >> 8);
    }
    header[header_len++] = (uint8_t)len;
    if (writer_room(w, header_len) == NULL)
        return;
    memmove(w->base + start + header_len, w->base + start, len);
    memcpy(w->base + start, header, header_len);
}

static void add_element(struct writer *w, uint8_t tag, const void *content, size_t len)
{
    size_t element = begin_element(w, tag);

    writer_bytes(w, content, len);
    end_element(w, element);
}

static void add_version_3(struct writer *w)
{
    static const uint8_t version = 2;
    size_t version_tag = begin_element(w, TAG_VERSION);

    add_element(w, TAG_INTEGER, &version, 1);
    end_element(w, version_tag);
}

static void add_name(struct writer *w, const char *common_name)
{
    size_t name = begin_element(w, TAG_SEQUENCE);
    size_t set = begin_element(w, TAG_SET);
    size_t attribute = begin_element(w, TAG_SEQUENCE);

    writer_bytes(w, oid_common_name, sizeof(oid_common_name));
    add_element(w, TAG_UTF8_STRING, common_name, strlen(common_name));
    end_element(w, attribute);
    end_element(w, set);
    end_element(w, name);
}

static void add_time(struct writer *w, const char *time)
{
    size_t len = strlen(time);
    add_element(w, len == 13 ? TAG_UTC_TIME : TAG_GENERALIZED_TIME, time, len);
}

static void add_validity(struct writer *w, const struct certificate_content *content)
{
    size_t validity = begin_element(w, TAG_SEQUENCE);

    add_time(w, content->not_before);
    add_time(w, content->not_after);
    end_element(w, validity);
}

static void add_extensions(struct writer *w)
{
    size_t extensions = begin_element(w, TAG_EXTENSIONS);
    size_t list = begin_element(w, TAG_SEQUENCE);

    writer_bytes(w, basic_constraints, sizeof(basic_constraints));
    writer_bytes(w, extended_key_usage, sizeof(extended_key_usage));
    end_element(w, list);
    end_element(w, extensions);
}

static void add_algorithm(struct writer *w, const struct certificate_content *content)
{
    if (content->ec)
        writer_bytes(w, sha256_with_ecdsa, sizeof(sha256_with_ecdsa));
    else
        writer_bytes(w, sha256_with_rsa, sizeof(sha256_with_rsa));
}

static void add_to_be_signed(struct writer *w, const struct certificate_content *content)
{
    size_t tbs = begin_element(w, TAG_SEQUENCE);

    add_version_3(w);
    add_element(w, TAG_INTEGER, content->serial, sizeof(content->serial));
    add_algorithm(w, content);
    add_name(w, content->common_name);
    add_validity(w, content);
    add_name(w, content->common_name);
    writer_bytes(w, content->spki, content->spki_len);
    add_extensions(w);
    end_element(w, tbs);
}

size_t certificate_build(const struct certificate_content *content, certificate_sign *sign,
                         void *context, uint8_t *out, size_t size)
{
    struct writer w = writer_of(out, size);
    uint8_t signature[SIGNATURE_SIZE];
    size_t certificate = begin_element(&w, TAG_SEQUENCE);
    size_t tbs = w.used;

    add_to_be_signed(&w, content);
    if (w.failed)
        return 0;
    size_t signature_len = sign(context, w.base + tbs, w.used - tbs, signature, sizeof(signature));
    if (signature_len == 0)
        return 0;
    add_algorithm(&w, content);
    size_t bits = begin_element(&w, TAG_BIT_STRING);
    writer_u8(&w, 0); /* no unused bits */
    writer_bytes(&w, signature, signature_len);
    end_element(&w, bits);
    end_element(&w, certificate);
    return w.failed ? 0 : w.used;
}
