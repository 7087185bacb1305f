/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to messages. read_<name>() of each element and entry is expanded from layout.h over the
 * get_<kind>() of its fields.
 */
#include "agent/wire/wire.h"

/* What is being read: a value, how many APs stand before it, and what was wrong with it first. */
struct scan {
    struct cursor at;
    uint32_t aps;
    enum wire_reason reason;
};

/* In entries that were checked with their message, every ap index is a good one. */
enum { APS_UNLIMITED = UINT16_MAX + 1 };

static void blame(struct scan *s, enum wire_reason reason)
{
    if (s->reason == WIRE_REASON_NONE)
        s->reason = reason;
}

/* --- fields of fixed size -------------------------------------------------------------------- */

#define get_u8(s)     cursor_u8(&(s)->at)
#define get_u16(s)    cursor_u16(&(s)->at)
#define get_u32(s)    cursor_u32(&(s)->at)
#define get_u64(s)    cursor_u64(&(s)->at)
#define get_s8(s)     cursor_s8(&(s)->at)
#define get_mac(s)    cursor_mac(&(s)->at)
#define get_flags8(s) cursor_u8(&(s)->at)
#define get_mask64(s) cursor_u64(&(s)->at)

static inline struct mac get_ap_mac(struct scan *s)
{
    s->aps++;
    return cursor_mac(&s->at);
}

static inline uint16_t get_ap_index(struct scan *s)
{
    uint16_t index = cursor_u16(&s->at);
    if (!s->at.failed && index >= s->aps)
        blame(s, WIRE_REASON_AP_INDEX);
    return index;
}

/* --- fields of variable size ----------------------------------------------------------------- */

static struct wire_octets take(struct scan *s, size_t len, size_t min, size_t max)
{
    if (s->at.failed)
        return (struct wire_octets){.at = NULL, .len = 0};
    if (len < min || len > max)
        blame(s, WIRE_REASON_LENGTH);
    if (len > cursor_left(&s->at))
        blame(s, WIRE_REASON_INNER);
    const uint8_t *at = cursor_bytes(&s->at, len);
    return (struct wire_octets){.at = at, .len = at != NULL ? len : 0};
}

static struct wire_text take_text(struct scan *s, size_t len, size_t min, size_t max)
{
    struct wire_octets octets = take(s, len, min, max);
    struct wire_text text = {.at = (const char *)octets.at, .len = octets.len};
    if (!wire_text_valid(text.at, text.len))
        blame(s, WIRE_REASON_TEXT);
    return text;
}

static inline struct wire_octets get_octets(struct scan *s, size_t min, size_t max)
{
    return take(s, cursor_left(&s->at), min, max);
}

static inline struct wire_octets get_octets8(struct scan *s, size_t min, size_t max)
{
    size_t len = cursor_u8(&s->at);
    return take(s, len, min, max);
}

static inline struct wire_octets get_octets16(struct scan *s, size_t min, size_t max)
{
    size_t len = cursor_u16(&s->at);
    return take(s, len, min, max);
}

static inline struct wire_text get_text(struct scan *s, size_t min, size_t max)
{
    return take_text(s, cursor_left(&s->at), min, max);
}

static inline struct wire_text get_head(struct scan *s, size_t min, size_t max)
{
    size_t len = cursor_left(&s->at);
    return take_text(s, len < max ? len : max, min, max);
}

static inline struct wire_text get_text8(struct scan *s, size_t min, size_t max)
{
    size_t len = cursor_u8(&s->at);
    return take_text(s, len, min, max);
}

static inline struct wire_octets get_address(struct scan *s, size_t v4, size_t v6)
{
    uint8_t family = cursor_u8(&s->at);
    if (!s->at.failed && family != 4 && family != 6)
        blame(s, WIRE_REASON_FAMILY);
    return take(s, family == 4 ? v4 : v6, v4, v6);
}

/* --- lists ----------------------------------------------------------------------------------- */

static void get_list_counted(struct scan *s, struct wire_list *list, void (*check)(struct scan *))
{
    const uint8_t *begin = s->at.at;
    for (size_t i = 0; i < list->count && !s->at.failed; i++) {
        check(s);
        if (s->at.failed)
            blame(s, WIRE_REASON_INNER);
    }
    list->at = begin;
    list->size = (size_t)(s->at.at - begin);
}

static void get_list_rest(struct scan *s, struct wire_list *list, void (*check)(struct scan *))
{
    const uint8_t *begin = s->at.at;
    size_t size = cursor_left(&s->at);
    list->count = 0;
    while (cursor_left(&s->at) > 0) {
        check(s);
        if (s->at.failed)
            blame(s, WIRE_REASON_REMAINDER);
        list->count++;
    }
    list->at = begin;
    list->size = size;
}

/* --- structs --------------------------------------------------------------------------------- */

#define GET_F(kind, name, label)           value->name = get_##kind(s);
#define GET_V(kind, name, label, min, max) value->name = get_##kind(s, min, max);
#define GET_N(list)                        value->list.count = cursor_u8(&s->at);
#define GET_L(form, name, entry, label)    get_list_##form(s, &value->name, check_##entry);

#define READ(name)                                                     \
    static void read_##name(struct scan *s, struct wire_##name *value) \
    {                                                                  \
        WIRE_FIELDS_##name(GET_F, GET_V, GET_N, GET_L)                 \
    }

#define X(NAME, name)                        \
    READ(name)                               \
    static void check_##name(struct scan *s) \
    {                                        \
        struct wire_##name value;            \
        read_##name(s, &value);              \
    }
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X

#define X(copies, type, NAME, name, label) READ(name)
WIRE_ELEMENTS(X)
#undef X

static void read_element(struct scan *s, struct wire_element *out)
{
    switch (out->type) {
#define X(copies, type, NAME, name, label) \
    case WIRE_ELEMENT_##NAME:              \
        read_##name(s, &out->name);        \
        break;
        WIRE_ELEMENTS(X)
#undef X
    }
    if (s->at.failed)
        blame(s, WIRE_REASON_SHORT);
}

/* The bit of an element type in the masks, 0 for a type that is not in the layout. */
static uint32_t element_bit(uint16_t type)
{
    switch (type) {
#define X(copies, type, NAME, name, label) \
    case WIRE_ELEMENT_##NAME:              \
        return WIRE_HAS(NAME);
        WIRE_ELEMENTS(X)
#undef X
    default:
        return 0;
    }
}

static uint32_t listed(const struct wire_message_info *info)
{
    return info->must | info->may | info->some;
}

/* The next element's type, and its value as a cursor of its own, which has failed if the element
 * runs past the end. */
static struct cursor take_element(struct cursor *at, uint16_t *type)
{
    *type = cursor_u16(at);
    size_t len = cursor_u16(at);
    return cursor_sub(at, len);
}

/* --- frames ---------------------------------------------------------------------------------- */

enum wire_frame wire_frame_peek(const uint8_t *data, size_t len, struct wire_header *out)
{
    struct cursor at = cursor_of(data, len);

    *out = (struct wire_header){.version = cursor_u8(&at)};
    if (at.failed)
        return WIRE_FRAME_MORE;
    if (out->version != WIRE_VERSION)
        return WIRE_FRAME_BAD_VERSION;
    out->flags = cursor_u8(&at);
    out->id = cursor_u16(&at);
    out->length = cursor_u32(&at);
    if (at.failed)
        return WIRE_FRAME_MORE;
    if (out->length < WIRE_HEADER_SIZE || out->length > WIRE_MESSAGE_MAX)
        return WIRE_FRAME_BAD_LENGTH;
    out->transaction = cursor_u32(&at);
    return len < out->length ? WIRE_FRAME_MORE : WIRE_FRAME_OK;
}

/* --- messages -------------------------------------------------------------------------------- */

#define X(copies, type, NAME, name, label) | (IS_##copies ? WIRE_HAS(NAME) : 0)
#define IS_ONE                             1
#define IS_MANY                            0
static const uint32_t comes_once = 0 WIRE_ELEMENTS(X);
#undef X

/* Elements that come once become members of the message. */
static void keep(struct wire_message *m, const struct wire_element *element)
{
    switch (element->type) {
#define KEEP_MANY(NAME, name)
#define KEEP_ONE(NAME, name)     \
    case WIRE_ELEMENT_##NAME:    \
        m->name = element->name; \
        break;
#define X(copies, type, NAME, name, label) KEEP_##copies(NAME, name)
        WIRE_ELEMENTS(X)
#undef X
    default:
        break;
    }
}

/* Judges one value, and takes it into the message if it is good. */
static enum wire_reason accept(struct wire_message *m, struct cursor value, uint16_t type,
                               uint32_t *aps)
{
    uint32_t bit = element_bit(type);
    if ((bit & listed(m->info)) == 0)
        return WIRE_REASON_NONE;
    if ((bit & comes_once & m->present) != 0)
        return WIRE_REASON_DUPLICATE;
    struct wire_element element = {.type = (enum wire_element_type)type};
    struct scan s = {.at = value, .aps = *aps, .reason = WIRE_REASON_NONE};
    read_element(&s, &element);
    if (s.reason != WIRE_REASON_NONE)
        return s.reason;
    *aps = s.aps;
    m->present |= bit;
    keep(m, &element);
    return WIRE_REASON_NONE;
}

/* The type of an element that should be there, or 0. */
static uint16_t missing(const struct wire_message *m)
{
    uint32_t absent = m->info->must & ~m->present;
    if ((m->info->some & m->present) == 0)
        absent |= m->info->some;
#define X(copies, type, NAME, name, label) \
    if ((absent & WIRE_HAS(NAME)) != 0)    \
        return WIRE_ELEMENT_##NAME;
    WIRE_ELEMENTS(X)
#undef X
    return 0;
}

static struct wire_fault check_body(struct wire_message *m)
{
    struct cursor at = cursor_of(m->body, m->body_size);
    struct wire_fault fault = {.reason = WIRE_REASON_NONE};
    uint32_t aps = 0;

    while (cursor_left(&at) > 0) {
        fault.offset = WIRE_HEADER_SIZE + (uint32_t)(at.at - m->body);
        struct cursor value = take_element(&at, &fault.element);
        if (value.failed)
            fault.reason = WIRE_REASON_OVERRUN;
        else
            fault.reason = accept(m, value, fault.element, &aps);
        if (fault.reason != WIRE_REASON_NONE)
            return fault;
    }
    fault = (struct wire_fault){.element = missing(m)};
    if (fault.element != 0) {
        fault.reason = WIRE_REASON_MISSING;
        fault.offset = m->header.length;
    }
    return fault;
}

enum wire_verdict wire_decode(const uint8_t *frame, size_t len, struct wire_message *out)
{
    *out = (struct wire_message){.present = 0};
    if (wire_frame_peek(frame, len, &out->header) != WIRE_FRAME_OK || out->header.length != len) {
        out->fault.reason = WIRE_REASON_FRAME;
        return WIRE_MALFORMED;
    }
    out->info = wire_message_info(out->header.id);
    if (out->info == NULL)
        return WIRE_UNSUPPORTED;
    out->body = frame + WIRE_HEADER_SIZE;
    out->body_size = len - WIRE_HEADER_SIZE;
    out->fault = check_body(out);
    if (out->fault.reason == WIRE_REASON_NONE)
        return WIRE_OK;
    out->present = 0;
    out->body_size = 0;
    return WIRE_MALFORMED;
}

struct wire_walk wire_walk_of(const struct wire_message *message)
{
    return (struct wire_walk){
        .at = cursor_of(message->body, message->body_size), .info = message->info, .aps = 0};
}

bool wire_next(struct wire_walk *walk, struct wire_element *out)
{
    while (cursor_left(&walk->at) > 0) {
        uint16_t type;
        struct scan s = {.at = take_element(&walk->at, &type), .aps = walk->aps};
        if ((element_bit(type) & listed(walk->info)) == 0)
            continue;
        out->type = (enum wire_element_type)type;
        read_element(&s, out);
        walk->aps = s.aps;
        return s.reason == WIRE_REASON_NONE;
    }
    return false;
}

/* --- list entries ---------------------------------------------------------------------------- */

#define X(NAME, name)                                                   \
    bool wire_##name##_next(struct cursor *at, struct wire_##name *out) \
    {                                                                   \
        struct scan s = {.at = *at, .aps = APS_UNLIMITED};              \
        read_##name(&s, out);                                           \
        *at = s.at;                                                     \
        return !s.at.failed && s.reason == WIRE_REASON_NONE;            \
    }
WIRE_FIXED_ENTRIES(X)
WIRE_VARIABLE_ENTRIES(X)
#undef X

#define X(NAME, name)                                                                           \
    bool wire_##name##_get(const struct wire_list *list, size_t index, struct wire_##name *out) \
    {                                                                                           \
        struct cursor at = wire_list_cursor(list);                                              \
        if (index >= list->count)                                                               \
            return false;                                                                       \
        cursor_skip(&at, index *WIRE_##NAME##_SIZE);                                            \
        return wire_##name##_next(&at, out);                                                    \
    }
WIRE_FIXED_ENTRIES(X)
#undef X
