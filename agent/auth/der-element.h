/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by der.c and der-names.c: reading DER elements (X.690) through the cursor.
 *
 * Like the cursor they fail closed: a function that meets something else than it was asked for
 * leaves the cursor, and the one it gives, failed.
 */
#ifndef AGENT_AUTH_DER_ELEMENT_H
#define AGENT_AUTH_DER_ELEMENT_H

#include "agent/auth/der.h"
#include "agent/base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTET_STRING = 0x04,
    TAG_OID = 0x06,
    TAG_UTF8_STRING = 0x0c,
    TAG_PRINTABLE_STRING = 0x13,
    TAG_T61_STRING = 0x14,
    TAG_IA5_STRING = 0x16,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_VISIBLE_STRING = 0x1a,
    TAG_UNIVERSAL_STRING = 0x1c,
    TAG_BMP_STRING = 0x1e,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    /* Context-specific: in the TBSCertificate, and in a GeneralName. */
    TAG_VERSION = 0xa0,
    TAG_EXTENSIONS = 0xa3,
    TAG_OTHER_NAME = 0xa0,
    TAG_OTHER_NAME_VALUE = 0xa0,
    TAG_RFC822_NAME = 0x81,
    TAG_DNS_NAME = 0x82,
    TAG_URI = 0x86,
};

struct element {
    uint8_t tag;
    struct cursor body;
};

/* The next element, whatever it is. */
struct element der_element(struct cursor *c);

/* The body of the next element, which must have this tag; else both cursors have failed. */
struct cursor der_enter(struct cursor *c, uint8_t tag);

static inline bool der_next_is(const struct cursor *c, uint8_t tag)
{
    return cursor_left(c) > 0 && c->at[0] == tag;
}

/* Whether everything was read, and nothing else stands there. */
static inline bool der_finished(const struct cursor *c)
{
    return !c->failed && cursor_left(c) == 0;
}

static inline bool der_body_is(const struct cursor *body, const void *expected, size_t len)
{
    return body->at != NULL && cursor_left(body) == len && memcmp(body->at, expected, len) == 0;
}

/* Whether a Name can be read to its end. */
bool der_name_is_sound(const uint8_t *name, size_t len);

/* Adds to out->macs what the subject names: CNs first. */
void der_collect_from_subject(struct der_certificate *out);

/* Adds what a subjectAltName (the extension's value) names; false if that cannot be read. */
bool der_collect_from_alternative_names(struct der_certificate *out, struct cursor *value);

#endif
