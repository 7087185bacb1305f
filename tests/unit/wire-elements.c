/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/wire-elements.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* --- encoded again --------------------------------------------------------------------------- */

void wire_element_put(struct writer *w, const struct wire_element *element)
{
    switch (element->type) {
#define X(copies, type, NAME, name, label)    \
    case WIRE_ELEMENT_##NAME:                 \
        wire_##name##_put(w, &element->name); \
        return;
        WIRE_ELEMENTS(X)
#undef X
    }
    w->failed = true;
}

size_t wire_element_size(const struct wire_element *element)
{
    switch (element->type) {
#define X(copies, type, NAME, name, label) \
    case WIRE_ELEMENT_##NAME:              \
        return wire_##name##_size(&element->name);
        WIRE_ELEMENTS(X)
#undef X
    }
    return 0;
}

size_t wire_reencode(const struct wire_message *m, uint8_t *out, size_t size)
{
    struct writer w = writer_of(out, size);
    struct wire_walk walk = wire_walk_of(m);
    struct wire_element element;
    size_t begin = wire_begin(&w, m->header.id, m->header.flags, m->header.transaction);

    while (wire_next(&walk, &element)) {
        size_t before = w.used;
        wire_element_put(&w, &element);
        if (w.used - before != wire_element_size(&element))
            return 0;
    }
    return wire_end(&w, begin) ? w.used : 0;
}

/* --- the dump: each element and entry is one line; entries of lists follow, indented --------- */

const char *wire_element_name(uint16_t type)
{
    switch (type) {
#define X(copies, number, NAME, name, label) \
    case number:                             \
        return label;
        WIRE_ELEMENTS(X)
#undef X
    default:
        return NULL;
    }
}

/* Text as it would be without a limit, of which the first `size` bytes are kept. */
struct sink {
    char *text;
    size_t size;
    size_t used;
};

static void say_char(struct sink *out, char c)
{
    if (out->used < out->size)
        out->text[out->used] = c;
    out->used++;
}

static void say_text(struct sink *out, const char *text)
{
    while (*text != '\0')
        say_char(out, *text++);
}

/* For numbers: what is longer than the piece would be cut. */
static void say(struct sink *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct sink *out, const char *format, ...)
{
    char piece[64];
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    if (n > 0)
        say_text(out, piece);
}

static void say_hex(struct sink *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    say_char(out, digits[byte >> 4]);
    say_char(out, digits[byte & 0x0f]);
}

/* The one field of a line whose label is empty stands alone. */
static void say_label(struct sink *out, const char *label)
{
    say_char(out, ' ');
    say_text(out, label);
    if (label[0] != '\0')
        say_char(out, '=');
}

/* --- fields of fixed size: what stands behind the label -------------------------------------- */

#define dump_u8(out, v)       say(out, "%u", (unsigned)(v))
#define dump_u16(out, v)      say(out, "%u", (unsigned)(v))
#define dump_u32(out, v)      say(out, "%" PRIu32, v)
#define dump_u64(out, v)      say(out, "%" PRIu64, v)
#define dump_s8(out, v)       say(out, "%d", (int)(v))
#define dump_flags8(out, v)   say(out, "0x%02x", (unsigned)(v))
#define dump_mask64(out, v)   say(out, "0x%016" PRIx64, v)
#define dump_ap_index(out, v) say(out, "%u", (unsigned)(v))
#define dump_ap_mac(out, v)   dump_mac(out, v)

static void dump_mac(struct sink *out, struct mac mac)
{
    char text[MAC_TEXT_SIZE];
    say_text(out, mac_text(&mac, text));
}

/* --- fields of variable size ----------------------------------------------------------------- */

#define dump_octets8(out, label, v)  dump_octets(out, label, v)
#define dump_octets16(out, label, v) dump_octets(out, label, v)
#define dump_head(out, label, v)     dump_text(out, label, v)
#define dump_text8(out, label, v)    dump_text(out, label, v)

static void dump_octets(struct sink *out, const char *label, struct wire_octets octets)
{
    say_label(out, label);
    for (size_t i = 0; i < octets.len; i++)
        say_hex(out, octets.at[i]);
}

static void dump_text(struct sink *out, const char *label, struct wire_text text)
{
    say_label(out, label);
    say_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\') {
            say_char(out, c);
        } else {
            say_text(out, "\\x");
            say_hex(out, (uint8_t)c);
        }
    }
    say_char(out, '"');
}

/* Its family is known by its size. */
static void dump_address(struct sink *out, const char *label, struct wire_octets octets)
{
    say(out, " family=%d", octets.len == 4 ? 4 : 6);
    dump_octets(out, label, octets);
}

/* --- structs --------------------------------------------------------------------------------- */

#define LINE_F(kind, name, label) \
    say_label(out, label);        \
    dump_##kind(out, value->name);
#define LINE_V(kind, name, label, min, max) dump_##kind(out, label, value->name);
#define LINE_N(list)
#define LINE_L(form, name, entry, label)

#define LIST_F(kind, name, label)
#define LIST_V(kind, name, label, min, max)
#define LIST_N(list)
#define LIST_L(form, name, entry, label) dump_list_##entry(out, label, &value->name);

#define DUMP_LINE(name)                                                             \
    static void dump_line_##name(struct sink *out, const struct wire_##name *value) \
    {                                                                               \
        (void)value;                                                                \
        WIRE_FIELDS_##name(LINE_F, LINE_V, LINE_N, LINE_L);                         \
        say_char(out, '\n');                                                        \
    }

#define X(NAME, name)                                                 \
    DUMP_LINE(name)                                                   \
    static void dump_list_##name(struct sink *out, const char *label, \
                                 const struct wire_list *list)        \
    {                                                                 \
        struct cursor at = wire_list_cursor(list);                    \
        struct wire_##name entry;                                     \
        while (wire_##name##_next(&at, &entry)) {                     \
            say_text(out, "  ");                                      \
            say_text(out, label);                                     \
            dump_line_##name(out, &entry);                            \
        }                                                             \
    }
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X

#define X(copies, type, NAME, name, label)                                               \
    DUMP_LINE(name)                                                                      \
    static void dump_##name##_element(struct sink *out, const struct wire_##name *value) \
    {                                                                                    \
        dump_line_##name(out, value);                                                    \
        WIRE_FIELDS_##name(LIST_F, LIST_V, LIST_N, LIST_L)                               \
    }
WIRE_ELEMENTS(X)
#undef X

static void dump_element(struct sink *out, const struct wire_element *element)
{
    say_text(out, wire_element_name((uint16_t)element->type));
    switch (element->type) {
#define X(copies, type, NAME, name, label)          \
    case WIRE_ELEMENT_##NAME:                       \
        dump_##name##_element(out, &element->name); \
        break;
        WIRE_ELEMENTS(X)
#undef X
    }
}

size_t wire_dump(const struct wire_message *message, char *text, size_t size)
{
    struct sink out = {.text = text, .size = size > 0 ? size - 1 : 0};
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;

    say(&out, "message %u", message->header.id);
    say(&out, " flags 0x%02x", message->header.flags);
    say(&out, " transaction %" PRIu32 "\n", message->header.transaction);
    while (wire_next(&walk, &element))
        dump_element(&out, &element);
    if (size > 0)
        text[out.used < out.size ? out.used : out.size] = '\0';
    return out.used;
}
