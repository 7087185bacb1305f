/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds-checked reading and writing of big-endian bytes: the only way any parser of this project
 * touches input.
 *
 * Both fail closed: after the first access past the end, `failed` stays set, reads give zero and
 * writes do nothing. A parser reads a whole structure and checks `failed` once at its end. Neither
 * owns the memory it walks over.
 */
#ifndef AGENT_BASE_CURSOR_H
#define AGENT_BASE_CURSOR_H

#include "agent/base/mac.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct cursor cursor_of(const void *data, size_t len)
{
    const uint8_t *at = data;
    return (struct cursor){.at = at, .end = len > 0 ? at + len : at, .failed = false};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : (size_t)(c->end - c->at);
}

/* The next n bytes, or NULL (and failed) if there are fewer. n = 0 may give any pointer, never
 * dereference it. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
    const uint8_t *at = c->at;
    if (c->failed || n > (size_t)(c->end - c->at)) {
        c->failed = true;
        return NULL;
    }
    if (n > 0)
        c->at += n;
    return at;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
    (void)cursor_bytes(c, n);
}

/* A cursor over the next n bytes, which are taken from this one. A failed one is empty and failed
 * itself. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
    const uint8_t *at = cursor_bytes(c, n);
    struct cursor sub = cursor_of(at, at != NULL ? n : 0);
    sub.failed = c->failed;
    return sub;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 1);
    return p != NULL ? p[0] : 0;
}

static inline int8_t cursor_s8(struct cursor *c)
{
    return (int8_t)cursor_u8(c);
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 2);
    return p != NULL ? (uint16_t)((unsigned)p[0] << 8 | p[1]) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    uint32_t high = cursor_u16(c);
    uint32_t low = cursor_u16(c);
    return c->failed ? 0 : (high << 16) | low;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    uint64_t high = cursor_u32(c);
    uint64_t low = cursor_u32(c);
    return c->failed ? 0 : (high << 32) | low;
}

/* The same, little-endian: what IEEE 802.11 and radiotap have. */
static inline uint16_t cursor_u16_le(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 2);
    return p != NULL ? (uint16_t)(p[0] | (unsigned)p[1] << 8) : 0;
}

static inline uint32_t cursor_u32_le(struct cursor *c)
{
    uint32_t low = cursor_u16_le(c);
    uint32_t high = cursor_u16_le(c);
    return c->failed ? 0 : (high << 16) | low;
}

static inline uint64_t cursor_u64_le(struct cursor *c)
{
    uint64_t low = cursor_u32_le(c);
    uint64_t high = cursor_u32_le(c);
    return c->failed ? 0 : (high << 32) | low;
}

static inline struct mac cursor_mac(struct cursor *c)
{
    struct mac m = {{0}};
    const uint8_t *p = cursor_bytes(c, sizeof(m.b));
    if (p != NULL)
        memcpy(m.b, p, sizeof(m.b));
    return m;
}

/* The writing side: a fixed buffer that is filled from the front. */
struct writer {
    uint8_t *base;
    size_t used;
    size_t size;
    bool failed;
};

static inline struct writer writer_of(void *buffer, size_t size)
{
    return (struct writer){.base = buffer, .used = 0, .size = size, .failed = false};
}

static inline size_t writer_left(const struct writer *w)
{
    return w->failed ? 0 : w->size - w->used;
}

/* Room for n bytes, to be filled by the caller at once, or NULL (and failed). n = 0 may give any
 * pointer, never dereference it. */
static inline uint8_t *writer_room(struct writer *w, size_t n)
{
    if (w->failed || n > w->size - w->used) {
        w->failed = true;
        return NULL;
    }
    if (n == 0)
        return w->base;
    uint8_t *p = w->base + w->used;
    w->used += n;
    return p;
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = writer_room(w, 1);
    if (p != NULL)
        p[0] = v;
}

static inline void writer_s8(struct writer *w, int8_t v)
{
    writer_u8(w, (uint8_t)v);
}

static inline void writer_u16_at(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void writer_u32_at(uint8_t *p, uint32_t v)
{
    writer_u16_at(p, (uint16_t)(v >> 16));
    writer_u16_at(p + 2, (uint16_t)v);
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
    uint8_t *p = writer_room(w, 2);
    if (p != NULL)
        writer_u16_at(p, v);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
    uint8_t *p = writer_room(w, 4);
    if (p != NULL)
        writer_u32_at(p, v);
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
    uint8_t *p = writer_room(w, 8);
    if (p != NULL) {
        writer_u32_at(p, (uint32_t)(v >> 32));
        writer_u32_at(p + 4, (uint32_t)v);
    }
}

static inline void writer_bytes(struct writer *w, const void *data, size_t n)
{
    uint8_t *p = writer_room(w, n);
    if (p != NULL && n > 0)
        memcpy(p, data, n);
}

static inline void writer_mac(struct writer *w, const struct mac *m)
{
    writer_bytes(w, m->b, sizeof(m->b));
}

#endif
