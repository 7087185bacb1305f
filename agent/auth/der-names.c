/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/auth/der-element.h"

#include <ctype.h>

/* One attribute or general name, as text; what is longer names no MAC that matters. */
enum { TEXT_SIZE = 256 };

/* --- MACs in text --- */

static bool all_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

static bool alnum_at(const char *text, size_t len, size_t at)
{
    return at < len && isalnum((unsigned char)text[at]);
}

static bool hex_at(const char *text, size_t len, size_t at)
{
    return at < len && isxdigit((unsigned char)text[at]);
}

/* aa:bb:.. or aabb.ccdd.eeff that goes on before or after is something else: a fingerprint, say. */
static bool group_continues(const char *text, size_t len, size_t at, size_t size)
{
    size_t group = size == 17 ? 2 : 4;
    char separator = text[at + group];
    size_t end = at + size;

    if (alnum_at(text, len, end) || (at > 0 && alnum_at(text, len, at - 1)))
        return true;
    if (at > group && text[at - 1] == separator && all_hex(text + at - 1 - group, group) &&
        (at == group + 1 || !alnum_at(text, len, at - 2 - group)))
        return true;
    return end + group < len && text[end] == separator && all_hex(text + end + 1, group) &&
           !alnum_at(text, len, end + 1 + group);
}

/* The last group of a UUID has twelve digits, and is no MAC. */
static bool ends_uuid(const char *text, size_t at)
{
    return at >= 10 && text[at - 1] == '-' && all_hex(text + at - 5, 4) && text[at - 6] == '-' &&
           all_hex(text + at - 10, 4);
}

/*
 * Twelve digits in a row. What stands before may run into them, as long as it is letters only:
 * "mse0050569c3489" ends in a MAC although its e is a digit too.
 */
static bool run_continues(const char *text, size_t len, size_t at)
{
    if (hex_at(text, len, at + 12) || ends_uuid(text, at))
        return true;
    while (at > 0 && hex_at(text, len, at - 1)) {
        at--;
        if (!isalpha((unsigned char)text[at]))
            return true;
    }
    return false;
}

/* The length of the MAC spelt at `at`, or 0. */
static size_t mac_at(const char *text, size_t len, size_t at, struct mac *mac)
{
    static const size_t sizes[] = {17, 14, 12};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i];
        if (size > len - at || !mac_parse(text + at, size, mac))
            continue;
        if (size == 12 ? run_continues(text, len, at) : group_continues(text, len, at, size))
            continue;
        /* No server has these; decimal serial numbers often look like them. */
        if (!mac_is_multicast(mac) && !mac_is_zero(mac))
            return size;
    }
    return 0;
}

static void add_mac(struct der_certificate *out, const struct mac *mac)
{
    for (size_t i = 0; i < out->mac_count; i++)
        if (mac_equal(&out->macs[i], mac))
            return;
    if (out->mac_count < CERTIFICATE_MACS_MAX)
        out->macs[out->mac_count++] = *mac;
}

static void collect_macs(struct der_certificate *out, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        struct mac mac;
        size_t size = mac_at(text, len, at, &mac);
        if (size > 0)
            add_mac(out, &mac);
        at += size > 0 ? size : 1;
    }
}

/* --- names --- */

struct attribute {
    struct cursor oid;
    struct element value;
};

/* Walks over Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value ANY }. */
struct name_walk {
    struct cursor name;
    struct cursor set;
};

static struct name_walk name_walk_of(const uint8_t *name, size_t len)
{
    struct cursor c = cursor_of(name, len);
    struct cursor body = der_enter(&c, TAG_SEQUENCE);

    body.failed = body.failed || !der_finished(&c);
    return (struct name_walk){.name = body, .set = cursor_of(NULL, 0)};
}

/* False at the end, and when the name is broken: then w->name.failed. */
static bool name_next(struct name_walk *w, struct attribute *out)
{
    if (cursor_left(&w->set) == 0) {
        if (cursor_left(&w->name) == 0)
            return false;
        w->set = der_enter(&w->name, TAG_SET);
    }
    struct cursor pair = der_enter(&w->set, TAG_SEQUENCE);
    out->oid = der_enter(&pair, TAG_OID);
    out->value = der_element(&pair);
    if (!der_finished(&pair) || w->set.failed) {
        w->name.failed = true;
        return false;
    }
    return true;
}

bool der_name_is_sound(const uint8_t *name, size_t len)
{
    struct name_walk walk = name_walk_of(name, len);
    struct attribute attribute;

    while (name_next(&walk, &attribute))
        continue;
    return !walk.name.failed;
}

/* Bytes per character; 0: not text. */
static size_t character_width(uint8_t tag)
{
    switch (tag) {
    case TAG_UTF8_STRING:
    case TAG_PRINTABLE_STRING:
    case TAG_T61_STRING:
    case TAG_IA5_STRING:
    case TAG_VISIBLE_STRING:
    case TAG_RFC822_NAME:
    case TAG_DNS_NAME:
    case TAG_URI:
        return 1;
    case TAG_BMP_STRING:
        return 2;
    case TAG_UNIVERSAL_STRING:
        return 4;
    default:
        return 0;
    }
}

/* The text of a string, one byte each; '?' for what has no place in a byte. */
static size_t string_text(const struct element *e, char text[static TEXT_SIZE])
{
    struct cursor body = e->body;
    size_t width = character_width(e->tag);
    size_t used = 0;

    while (width > 0 && used < TEXT_SIZE && cursor_left(&body) >= width) {
        uint32_t character = 0;
        for (size_t i = 0; i < width; i++)
            character = (character << 8) | cursor_u8(&body);
        text[used++] = character < 0x100 ? (char)character : '?';
    }
    return used;
}

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

static void collect_some(struct der_certificate *out, bool common_names)
{
    struct name_walk walk = name_walk_of(out->subject, out->subject_len);
    struct attribute attribute;
    char text[TEXT_SIZE];

    while (name_next(&walk, &attribute)) {
        bool is_cn = der_body_is(&attribute.oid, oid_common_name, sizeof(oid_common_name));
        if (is_cn == common_names)
            collect_macs(out, text, string_text(&attribute.value, text));
    }
}

void der_collect_from_subject(struct der_certificate *out)
{
    collect_some(out, true);
    collect_some(out, false);
}

/* subjectAltName ::= SEQUENCE OF GeneralName: DNS, URI, mail and otherName { OID, [0] text }. */
bool der_collect_from_alternative_names(struct der_certificate *out, struct cursor *value)
{
    struct cursor names = der_enter(value, TAG_SEQUENCE);
    char text[TEXT_SIZE];

    while (cursor_left(&names) > 0) {
        struct element name = der_element(&names);
        if (name.tag == TAG_OTHER_NAME) {
            (void)der_enter(&name.body, TAG_OID);
            struct cursor wrapped = der_enter(&name.body, TAG_OTHER_NAME_VALUE);
            struct element inner = der_element(&wrapped);
            if (!der_finished(&wrapped) || !der_finished(&name.body))
                return false;
            name = inner;
        }
        collect_macs(out, text, string_text(&name, text));
    }
    return der_finished(&names) && der_finished(value);
}

/* --- the subject as a line --- */

struct line {
    char *text;
    size_t size;
    size_t used;
    bool cut;
};

/* All of it or nothing: an escape is never cut in two. */
static void line_add(struct line *line, const char *text, size_t len)
{
    if (line->cut || line->used + len >= line->size) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->used, text, len);
    line->used += len;
}

static void line_add_number(struct line *line, uint32_t value)
{
    char digits[10];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    line_add(line, digits + at, sizeof(digits) - at);
}

/* A foreign character: no value can look like another attribute, or like another line. */
static void line_add_foreign(struct line *line, char c)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;

    if (byte < 0x20 || byte > 0x7e) {
        const char escape[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
        line_add(line, escape, sizeof(escape));
    } else if (strchr("\\,+=\"<>;", c) != NULL) {
        const char escape[] = {'\\', c};
        line_add(line, escape, sizeof(escape));
    } else {
        line_add(line, &c, 1);
    }
}

static void line_add_dotted(struct line *line, struct cursor oid)
{
    uint32_t arc = 0;
    bool first = true;

    while (cursor_left(&oid) > 0) {
        uint8_t byte = cursor_u8(&oid);
        arc = (arc << 7) | (byte & 0x7f);
        if ((byte & 0x80) != 0)
            continue;
        if (first) {
            uint32_t top = arc < 80 ? arc / 40 : 2;
            line_add_number(line, top);
            arc -= top * 40;
        }
        first = false;
        line_add(line, ".", 1);
        line_add_number(line, arc);
        arc = 0;
    }
}

static void line_add_type(struct line *line, const struct cursor *oid)
{
    static const struct {
        uint8_t last; /* all are 2.5.4.x */
        const char *name;
    } types[] = {
        {3, "CN"}, {5, "serialNumber"}, {6, "C"}, {7, "L"}, {8, "ST"}, {10, "O"}, {11, "OU"},
    };

    if (cursor_left(oid) == 3 && memcmp(oid->at, oid_common_name, 2) == 0)
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
            if (oid->at[2] == types[i].last) {
                line_add(line, types[i].name, strlen(types[i].name));
                return;
            }
    line_add_dotted(line, *oid);
}

void der_subject_text(const uint8_t *subject, size_t len, char *text, size_t size)
{
    struct name_walk walk = name_walk_of(subject, len);
    struct line line = {.text = text, .size = size};
    struct attribute attribute;
    char value[TEXT_SIZE];

    if (size == 0)
        return;
    while (!line.cut && name_next(&walk, &attribute)) {
        if (line.used > 0)
            line_add(&line, ", ", 2);
        line_add_type(&line, &attribute.oid);
        line_add(&line, "=", 1);
        size_t value_len = string_text(&attribute.value, value);
        for (size_t i = 0; i < value_len; i++)
            line_add_foreign(&line, value[i]);
    }
    if (line.cut && size > 2) {
        line.used = line.used > size - 3 ? size - 3 : line.used;
        memcpy(text + line.used, "..", 2);
        line.used += 2;
    }
    text[line.used] = '\0';
}
