/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: certificates made by hand, right ones and wrong ones. */
#ifndef AGENT_AUTH_TEST_DER_H
#define AGENT_AUTH_TEST_DER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/auth/der.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t data[4096];
    size_t len;
};

static inline void add(struct bytes *b, const void *data, size_t len)
{
    assert_true(b->len + len <= sizeof(b->data));
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void add_element(struct bytes *b, uint8_t tag, const void *content, size_t len)
{
    const uint8_t header[] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};
    const uint8_t short_header[] = {tag, (uint8_t)len};
    const uint8_t medium_header[] = {tag, 0x81, (uint8_t)len};

    if (len < 0x80)
        add(b, short_header, sizeof(short_header));
    else if (len < 0x100)
        add(b, medium_header, sizeof(medium_header));
    else
        add(b, header, sizeof(header));
    add(b, content, len);
}

static inline struct bytes element(uint8_t tag, const void *content, size_t len)
{
    struct bytes b = {.len = 0};
    add_element(&b, tag, content, len);
    return b;
}

static inline struct bytes wrapped(uint8_t tag, const struct bytes *content)
{
    return element(tag, content->data, content->len);
}

enum { CN = 3, SERIAL_NUMBER = 5, ORGANISATION = 10 };

/* Adds a relative name { 2.5.4.type, string of this tag }. */
static inline void add_attribute(struct bytes *name, uint8_t type, uint8_t tag, const void *value,
                                 size_t len)
{
    const uint8_t oid[] = {0x06, 0x03, 0x55, 0x04, type};
    struct bytes pair = {.len = 0};

    add(&pair, oid, sizeof(oid));
    add_element(&pair, tag, value, len);
    struct bytes sequence = wrapped(0x30, &pair);
    add_element(name, 0x31, sequence.data, sequence.len);
}

static inline void add_text(struct bytes *name, uint8_t type, const char *text)
{
    add_attribute(name, type, 0x0c, text, strlen(text));
}

struct parts {
    struct bytes validity; /* two times */
    struct bytes subject;  /* relative names */
    struct bytes spki;
    struct bytes extensions; /* Extension elements; none if empty */
};

static inline struct bytes assemble(const struct parts *parts)
{
    static const uint8_t version[] = {0xa0, 3, 2, 1, 2};
    static const uint8_t serial[] = {0x02, 1, 1};
    static const uint8_t algorithm[] = {0x30, 4, 0x06, 2, 0x2a, 3};
    static const uint8_t signature[] = {0x03, 3, 0, 1, 2};
    struct bytes tbs = {.len = 0};

    add(&tbs, version, sizeof(version));
    add(&tbs, serial, sizeof(serial));
    add(&tbs, algorithm, sizeof(algorithm));
    add_element(&tbs, 0x30, NULL, 0); /* an empty issuer */
    add_element(&tbs, 0x30, parts->validity.data, parts->validity.len);
    add_element(&tbs, 0x30, parts->subject.data, parts->subject.len);
    add(&tbs, parts->spki.data, parts->spki.len);
    if (parts->extensions.len > 0) {
        struct bytes list = wrapped(0x30, &parts->extensions);
        add_element(&tbs, 0xa3, list.data, list.len);
    }
    struct bytes body = wrapped(0x30, &tbs);
    add(&body, algorithm, sizeof(algorithm));
    add(&body, signature, sizeof(signature));
    return wrapped(0x30, &body);
}

static inline void add_time(struct bytes *validity, const char *text)
{
    size_t len = strlen(text);
    add_element(validity, len == 15 ? 0x18 : 0x17, text, len);
}

/* A key whose hash a controller has published together with it. */
static inline struct bytes published_key(void)
{
    struct bytes key = {.len = 0};
    char path[512];

    assert_non_null(getenv("NMSPD_DATA"));
    (void)snprintf(path, sizeof(path), "%s/ssc-spki.der", getenv("NMSPD_DATA"));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    key.len = fread(key.data, 1, sizeof(key.data), file);
    (void)fclose(file);
    assert_int_equal(key.len, 294);
    return key;
}

static inline struct parts usual_parts(void)
{
    struct parts parts = {.spki = published_key()};

    add_time(&parts.validity, "150101000000Z");
    add_time(&parts.validity, "350101000000Z");
    add_text(&parts.subject, CN, "MSE-0050569c3489");
    return parts;
}

/* Parses from memory of exactly this size, so that valgrind and ASan see any step outside. */
static inline bool parse(const struct bytes *certificate, struct der_certificate *out)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(certificate->len > 0 ? certificate->len : 1);
    assert_non_null(copy);
    memcpy(copy, certificate->data, certificate->len);
    bool ok = der_certificate_parse(copy, certificate->len, out);
    if (certificate->len == 0) {
        free(copy);
        copy = NULL;
    }
    return ok;
}

static inline bool parse_parts(const struct parts *parts, struct der_certificate *out)
{
    struct bytes certificate = assemble(parts);
    return parse(&certificate, out);
}

static inline void assert_mac(const struct mac *mac, const char *expected)
{
    char text[MAC_TEXT_SIZE];
    assert_string_equal(mac_text(mac, text), expected);
}

static inline void add_extension(struct bytes *list, const char *oid, size_t oid_len,
                                 const struct bytes *value, bool critical)
{
    static const uint8_t is_true[] = {0x01, 1, 0xff};
    struct bytes extension = {.len = 0};

    add_element(&extension, 0x06, oid, oid_len);
    if (critical)
        add(&extension, is_true, sizeof(is_true));
    add_element(&extension, 0x04, value->data, value->len);
    add_element(list, 0x30, extension.data, extension.len);
}

static inline void add_alternative_names(struct bytes *list, const struct bytes *names)
{
    struct bytes sequence = wrapped(0x30, names);
    add_extension(list, "\x55\x1d\x11", 3, &sequence, false);
}

#endif
