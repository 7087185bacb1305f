/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to bytes. wire_<name>_put() of each element and entry is expanded from layout.h over the
 * put_<kind>() of its fields.
 *
 * Each of them computes its size, takes room for it once, and fills that room through a writer of
 * its own, so that a field that disagreed with its size would fail instead of writing elsewhere.
 */
#include "agent/wire/wire.h"

/* --- fields of fixed size -------------------------------------------------------------------- */

#define put_u8(w, v)       writer_u8(w, v)
#define put_u16(w, v)      writer_u16(w, v)
#define put_u32(w, v)      writer_u32(w, v)
#define put_u64(w, v)      writer_u64(w, v)
#define put_s8(w, v)       writer_s8(w, v)
#define put_mac(w, v)      writer_mac(w, &(v))
#define put_flags8(w, v)   writer_u8(w, v)
#define put_mask64(w, v)   writer_u64(w, v)
#define put_ap_mac(w, v)   writer_mac(w, &(v))
#define put_ap_index(w, v) writer_u16(w, v)

/* --- fields of variable size ----------------------------------------------------------------- */

static void put_len8(struct writer *w, size_t len)
{
    if (len > UINT8_MAX)
        w->failed = true;
    writer_u8(w, (uint8_t)len);
}

static void put_len16(struct writer *w, size_t len)
{
    if (len > UINT16_MAX)
        w->failed = true;
    writer_u16(w, (uint16_t)len);
}

static void put_octets(struct writer *w, struct wire_octets octets, size_t min, size_t max)
{
    if (octets.len < min || octets.len > max)
        w->failed = true;
    writer_bytes(w, octets.at, octets.len);
}

static void put_octets8(struct writer *w, struct wire_octets octets, size_t min, size_t max)
{
    put_len8(w, octets.len);
    put_octets(w, octets, min, max);
}

static void put_octets16(struct writer *w, struct wire_octets octets, size_t min, size_t max)
{
    put_len16(w, octets.len);
    put_octets(w, octets, min, max);
}

static void put_text(struct writer *w, struct wire_text text, size_t min, size_t max)
{
    if (text.len < min || text.len > max || !wire_text_valid(text.at, text.len))
        w->failed = true;
    writer_bytes(w, text.at, text.len);
}

#define put_head(w, v, min, max) put_text(w, v, min, max)

static void put_text8(struct writer *w, struct wire_text text, size_t min, size_t max)
{
    put_len8(w, text.len);
    put_text(w, text, min, max);
}

static void put_address(struct writer *w, struct wire_octets octets, size_t v4, size_t v6)
{
    if (octets.len != v4 && octets.len != v6)
        w->failed = true;
    writer_u8(w, octets.len == v4 ? 4 : 6);
    writer_bytes(w, octets.at, octets.len);
}

/* --- structs --------------------------------------------------------------------------------- */

/* The terms of a sum. NOLINTBEGIN(bugprone-macro-parentheses) */
#define SIZE_F(kind, name, label)
#define SIZE_V(kind, name, label, min, max) +value->name.len
#define SIZE_N(list)
#define SIZE_L(form, name, entry, label) +value->name.size
/* NOLINTEND(bugprone-macro-parentheses) */

#define PUT_F(kind, name, label)           put_##kind(&inner, value->name);
#define PUT_V(kind, name, label, min, max) put_##kind(&inner, value->name, min, max);
#define PUT_N(list)                        put_len8(&inner, value->list.count);
#define PUT_L(form, name, entry, label)    writer_bytes(&inner, value->name.at, value->name.size);

/* `room` is taken in w already; NULL if there was none. */
#define FILL(name)                                                               \
    static inline void fill_##name(struct writer *w, uint8_t *room, size_t size, \
                                   const struct wire_##name *value)              \
    {                                                                            \
        if (room == NULL)                                                        \
            return;                                                              \
        struct writer inner = writer_of(room, size);                             \
        WIRE_FIELDS_##name(PUT_F, PUT_V, PUT_N, PUT_L);                          \
        if (inner.failed)                                                        \
            w->failed = true;                                                    \
    }

#define SIZE(NAME, name)                                                              \
    size_t wire_##name##_size(const struct wire_##name *value)                        \
    {                                                                                 \
        (void)value;                                                                  \
        return WIRE_##NAME##_SIZE WIRE_FIELDS_##name(SIZE_F, SIZE_V, SIZE_N, SIZE_L); \
    }

#define X(NAME, name)                                                         \
    FILL(name)                                                                \
    SIZE(NAME, name)                                                          \
    void wire_##name##_put(struct writer *w, const struct wire_##name *value) \
    {                                                                         \
        size_t size = wire_##name##_size(value);                              \
        fill_##name(w, writer_room(w, size), size, value);                    \
    }
WIRE_VARIABLE_ENTRIES(X)
#undef X

/* --- entries of fixed size ------------------------------------------------------------------- */

#define X(NAME, name)                                                         \
    SIZE(NAME, name)                                                          \
    void wire_##name##_put(struct writer *w, const struct wire_##name *value) \
    {                                                                         \
        uint8_t *at = writer_room(w, WIRE_##NAME##_SIZE);                     \
        if (at != NULL)                                                       \
            wire_##name##_put_at(at, value);                                  \
    }
WIRE_FIXED_ENTRIES(X)
#undef X

/* --- elements -------------------------------------------------------------------------------- */

/* Writes an element's header; gives room for its value, or NULL. */
static inline uint8_t *open_element(struct writer *w, uint16_t type, size_t size)
{
    if (size - WIRE_ELEMENT_HEADER_SIZE > UINT16_MAX) {
        w->failed = true;
        return NULL;
    }
    uint8_t *room = writer_room(w, size);
    if (room == NULL)
        return NULL;
    writer_u16_at(room, type);
    writer_u16_at(room + 2, (uint16_t)(size - WIRE_ELEMENT_HEADER_SIZE));
    return room + WIRE_ELEMENT_HEADER_SIZE;
}

#define X(copies, type, NAME, name, label)                                    \
    FILL(name)                                                                \
    SIZE(NAME, name)                                                          \
    void wire_##name##_put(struct writer *w, const struct wire_##name *value) \
    {                                                                         \
        size_t size = wire_##name##_size(value);                              \
        uint8_t *room = open_element(w, WIRE_ELEMENT_##NAME, size);           \
        fill_##name(w, room, size - WIRE_ELEMENT_HEADER_SIZE, value);         \
    }
WIRE_ELEMENTS(X)
#undef X

/* --- messages -------------------------------------------------------------------------------- */

enum { LENGTH_OFFSET = 4 };

void wire_header_put(uint8_t out[static WIRE_HEADER_SIZE], uint16_t id, uint8_t flags,
                     uint32_t transaction, size_t body_size)
{
    out[0] = WIRE_VERSION;
    out[1] = flags;
    writer_u16_at(out + 2, id);
    writer_u32_at(out + LENGTH_OFFSET, (uint32_t)(WIRE_HEADER_SIZE + body_size));
    writer_u32_at(out + 8, transaction);
}

size_t wire_begin(struct writer *w, uint16_t id, uint8_t flags, uint32_t transaction)
{
    size_t begin = w->used;
    uint8_t *room = writer_room(w, WIRE_HEADER_SIZE);
    if (room != NULL)
        wire_header_put(room, id, flags, transaction, 0);
    return begin;
}

bool wire_end(struct writer *w, size_t begin)
{
    if (w->failed)
        return false;
    size_t length = w->used - begin;
    if (length < WIRE_HEADER_SIZE || length > WIRE_MESSAGE_MAX) {
        w->failed = true;
        return false;
    }
    writer_u32_at(w->base + begin + LENGTH_OFFSET, (uint32_t)length);
    return true;
}
