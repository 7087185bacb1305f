/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/auth/der.h"

#include "agent/auth/der-element.h"
#include "agent/base/number.h"

/* --- elements --- */

/*
 * DER only: definite lengths in their shortest form. Whoever reads more than that may see another
 * certificate than the library does, and then the key that is hashed is not the key that is proved.
 */
static size_t read_length(struct cursor *c)
{
    size_t length = cursor_u8(c);

    if (length < 0x80)
        return length;
    size_t count = length & 0x7f;
    if (count < 1 || count > 3) { /* no certificate has 16 MiB */
        c->failed = true;
        return 0;
    }
    length = 0;
    for (size_t i = 0; i < count; i++)
        length = (length << 8) | cursor_u8(c);
    if (length < 0x80 || length >> (8 * (count - 1)) == 0)
        c->failed = true;
    return length;
}

struct element der_element(struct cursor *c)
{
    struct element e = {.tag = cursor_u8(c)};

    if ((e.tag & 0x1f) == 0x1f) /* multi-byte tags occur nowhere in what we read */
        c->failed = true;
    e.body = cursor_sub(c, read_length(c));
    return e;
}

struct cursor der_enter(struct cursor *c, uint8_t tag)
{
    struct element e = der_element(c);

    if (e.tag != tag)
        c->failed = true;
    e.body.failed = c->failed;
    return e.body;
}

/* As der_enter(), with the header: *start is where the element begins, *len its whole length. */
static struct cursor enter_whole(struct cursor *c, uint8_t tag, const uint8_t **start, size_t *len)
{
    *start = c->at;
    struct cursor body = der_enter(c, tag);
    *len = c->failed ? 0 : (size_t)(c->at - *start);
    return body;
}

/* --- keys --- */

static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

static const struct curve {
    uint8_t oid[8];
    size_t oid_len;
    unsigned bits;
} curves[] = {
    {{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 8, 256}, /* prime256v1 */
    {{0x2b, 0x81, 0x04, 0x00, 0x22}, 5, 384},                   /* secp384r1 */
    {{0x2b, 0x81, 0x04, 0x00, 0x23}, 5, 521},                   /* secp521r1 */
};

/* A positive INTEGER without its sign byte. */
static struct cursor enter_positive(struct cursor *c)
{
    struct cursor body = der_enter(c, TAG_INTEGER);
    size_t len = cursor_left(&body);

    if (len == 0 || (body.at[0] & 0x80) != 0 ||
        (len > 1 && body.at[0] == 0 && (body.at[1] & 0x80) == 0)) {
        body.failed = c->failed = true;
        return body;
    }
    if (len > 1 && body.at[0] == 0)
        cursor_skip(&body, 1);
    return body;
}

static unsigned count_bits(const struct cursor *number)
{
    unsigned bits = 8 * (unsigned)cursor_left(number);

    for (unsigned mask = 0x80; mask > 0 && (number->at[0] & mask) == 0; mask >>= 1)
        bits--;
    return bits;
}

static bool parse_rsa_key(struct cursor bits, unsigned *key_bits)
{
    struct cursor key = der_enter(&bits, TAG_SEQUENCE);
    struct cursor modulus = enter_positive(&key);
    struct cursor exponent = enter_positive(&key);

    if (!der_finished(&key) || !der_finished(&bits))
        return false;
    /* An even exponent is none, and with 1 everybody can sign. */
    bool usable = (exponent.end[-1] & 1) != 0 && count_bits(&exponent) > 1;
    *key_bits = count_bits(&modulus);
    return usable && *key_bits > 0;
}

/* The point only needs the right size here: the library computes with it, we hash it. */
static bool parse_ec_point(const struct cursor *point, unsigned bits)
{
    size_t coordinate = (bits + 7) / 8;
    size_t len = cursor_left(point);

    if (len == 1 + 2 * coordinate)
        return point->at[0] == 4;
    return len == 1 + coordinate && (point->at[0] == 2 || point->at[0] == 3);
}

static const struct curve *find_curve(const struct cursor *oid)
{
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        if (der_body_is(oid, curves[i].oid, curves[i].oid_len))
            return &curves[i];
    return NULL;
}

static bool parse_key(struct cursor *spki, enum certificate_key_type *type, unsigned *bits)
{
    struct cursor algorithm = der_enter(spki, TAG_SEQUENCE);
    struct cursor oid = der_enter(&algorithm, TAG_OID);
    struct cursor key = der_enter(spki, TAG_BIT_STRING);

    *type = CERTIFICATE_KEY_OTHER;
    *bits = 0;
    /* Whole bytes only: no kind of key has other ones. */
    if (cursor_u8(&key) != 0 || !der_finished(spki) || algorithm.failed || key.failed)
        return false;
    if (der_body_is(&oid, oid_rsa, sizeof(oid_rsa))) {
        *type = CERTIFICATE_KEY_RSA;
        return parse_rsa_key(key, bits);
    }
    if (der_body_is(&oid, oid_ec, sizeof(oid_ec))) {
        struct element parameters = der_element(&algorithm);
        const struct curve *curve = parameters.tag == TAG_OID && der_finished(&algorithm)
                                        ? find_curve(&parameters.body)
                                        : NULL;
        if (curve == NULL)
            return true;
        *type = CERTIFICATE_KEY_EC;
        *bits = curve->bits;
        return parse_ec_point(&key, curve->bits);
    }
    return true;
}

bool der_spki_parse(const uint8_t *data, size_t len, enum certificate_key_type *type,
                    unsigned *bits)
{
    struct cursor c = cursor_of(data, len);
    struct cursor spki = der_enter(&c, TAG_SEQUENCE);

    return parse_key(&spki, type, bits) && der_finished(&c);
}

/* What the BIT STRING of a sound SubjectPublicKeyInfo holds. */
static void find_inner_key(struct cursor spki, struct der_certificate *out)
{
    (void)der_enter(&spki, TAG_SEQUENCE);
    struct cursor key = der_enter(&spki, TAG_BIT_STRING);
    cursor_skip(&key, 1); /* unused bits: none */
    out->inner_key = key.at;
    out->inner_key_len = cursor_left(&key);
}

/* --- dates --- */

static unsigned read_number(struct cursor *c, unsigned digits)
{
    uint64_t value = 0;

    if (!number_whole(cursor_sub(c, digits), 9999, &value))
        c->failed = true;
    return (unsigned)value;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to the first of January of a year from 1 on. */
static int64_t days_to_year(unsigned year)
{
    int64_t before = (int64_t)year - 1;
    return before * 365 + before / 4 - before / 100 + before / 400 - 719162;
}

/* RFC 5280, 4.1.2.5: with seconds, in UTC, two-digit years from 1950 on. */
static bool parse_time(struct cursor *c, int64_t *seconds)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct element e = der_element(c);
    struct cursor *text = &e.body;
    unsigned year = 0;

    if (e.tag == TAG_GENERALIZED_TIME) {
        year = read_number(text, 4);
    } else if (e.tag == TAG_UTC_TIME) {
        year = read_number(text, 2);
        year += year < 50 ? 2000 : 1900;
    }
    unsigned month = read_number(text, 2);
    unsigned day = read_number(text, 2);
    unsigned hour = read_number(text, 2);
    unsigned minute = read_number(text, 2);
    unsigned second = read_number(text, 2);
    if (cursor_u8(text) != 'Z' || !der_finished(text) || c->failed)
        return false;
    if (year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59)
        return false;
    unsigned last = month_days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
    if (day < 1 || day > last)
        return false;

    int64_t days = days_to_year(year) + day - 1;
    for (unsigned m = 1; m < month; m++)
        days += month_days[m - 1] + (m == 2 && is_leap(year) ? 1 : 0);
    *seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

/* --- certificates --- */

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING } */
static bool parse_extensions(struct cursor *tbs, struct der_certificate *out)
{
    static const uint8_t oid_alternative_name[] = {0x55, 0x1d, 0x11};
    struct cursor wrapper = der_enter(tbs, TAG_EXTENSIONS);
    struct cursor list = der_enter(&wrapper, TAG_SEQUENCE);

    while (cursor_left(&list) > 0) {
        struct cursor extension = der_enter(&list, TAG_SEQUENCE);
        struct cursor oid = der_enter(&extension, TAG_OID);
        if (der_next_is(&extension, TAG_BOOLEAN))
            (void)der_enter(&extension, TAG_BOOLEAN);
        struct cursor value = der_enter(&extension, TAG_OCTET_STRING);
        if (!der_finished(&extension))
            return false;
        if (der_body_is(&oid, oid_alternative_name, sizeof(oid_alternative_name)) &&
            !der_collect_from_alternative_names(out, &value))
            return false;
    }
    return der_finished(&list) && der_finished(&wrapper);
}

/* TBSCertificate up to the key; what follows it is optional. RFC 5280, 4.1. */
static bool parse_fixed_part(struct cursor *tbs, struct der_certificate *out)
{
    if (der_next_is(tbs, TAG_VERSION))
        (void)der_enter(tbs, TAG_VERSION);
    (void)der_enter(tbs, TAG_INTEGER);  /* serial number */
    (void)der_enter(tbs, TAG_SEQUENCE); /* signature algorithm */
    (void)der_enter(tbs, TAG_SEQUENCE); /* issuer */
    struct cursor validity = der_enter(tbs, TAG_SEQUENCE);
    if (!parse_time(&validity, &out->not_before) || !parse_time(&validity, &out->not_after) ||
        !der_finished(&validity))
        return false;
    (void)enter_whole(tbs, TAG_SEQUENCE, &out->subject, &out->subject_len);
    struct cursor spki = enter_whole(tbs, TAG_SEQUENCE, &out->spki, &out->spki_len);
    if (tbs->failed || !der_name_is_sound(out->subject, out->subject_len))
        return false;
    find_inner_key(spki, out);
    return parse_key(&spki, &out->key_type, &out->key_bits);
}

bool der_certificate_parse(const uint8_t *data, size_t len, struct der_certificate *out)
{
    struct cursor c = cursor_of(data, len);
    struct cursor certificate = der_enter(&c, TAG_SEQUENCE);
    struct cursor tbs = der_enter(&certificate, TAG_SEQUENCE);

    (void)der_enter(&certificate, TAG_SEQUENCE); /* signature algorithm: we pin, we do not verify */
    (void)der_enter(&certificate, TAG_BIT_STRING);
    if (!der_finished(&certificate) || !der_finished(&c))
        return false;

    *out = (struct der_certificate){.mac_count = 0};
    if (!parse_fixed_part(&tbs, out))
        return false;
    der_collect_from_subject(out);
    while (cursor_left(&tbs) > 0 && !der_next_is(&tbs, TAG_EXTENSIONS))
        (void)der_element(&tbs); /* unique identifiers */
    if (der_next_is(&tbs, TAG_EXTENSIONS) && !parse_extensions(&tbs, out))
        return false;
    return der_finished(&tbs);
}
