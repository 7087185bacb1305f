/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/tls/records.h"

#include <string.h>

/* --- walking --------------------------------------------------------------------------------- */

bool records_header(struct records *records, struct cursor *c)
{
    while (records->have < RECORD_HEADER_SIZE && cursor_left(c) > 0) {
        records->header[records->have++] = cursor_u8(c);
        if (records->have == RECORD_HEADER_SIZE)
            records->left = records_length(records);
    }
    return records->have == RECORD_HEADER_SIZE;
}

uint8_t records_type(const struct records *records)
{
    return records->header[0];
}

uint16_t records_length(const struct records *records)
{
    struct cursor c = cursor_of(records->header + 3, 2);

    return cursor_u16(&c);
}

struct cursor records_body(struct records *records, struct cursor *c)
{
    size_t n = cursor_left(c) < records->left ? cursor_left(c) : records->left;

    records->left -= (uint32_t)n;
    return cursor_sub(c, n);
}

bool records_end(struct records *records)
{
    if (records->left > 0)
        return false;
    records->have = 0;
    return true;
}

/* --- watching -------------------------------------------------------------------------------- */

enum {
    MAJOR_VERSION = 3, /* of all of TLS; the minor one is the library's */
    ALERT_SIZE = 2,
    PLAIN_MAX = 1 << 14,
    /* TLS 1.3: a type and the tag at least (RFC 8446 5.2). */
    TLS13_MIN = 17,
    TLS13_MAX = PLAIN_MAX + 256,
    /* TLS 1.2: a tag, or a block. Content may be empty: whoever speaks TLS 1.0 sends such records
     * against a weakness of CBC. */
    TLS12_MIN = 16,
    TLS12_MAX = PLAIN_MAX + 2048,
};

static bool is_in_order(const struct records_watch *watch, const struct records_state *state)
{
    switch (records_type(&watch->records)) {
    case RECORD_HANDSHAKE:
        return !state->is_tls13 || !state->open;
    case RECORD_ALERT:
        return true;
    case RECORD_CHANGE_CIPHER: /* nobody changes ciphers twice */
        return watch->begun && !watch->is_enciphered && !state->open;
    case RECORD_APPLICATION:
        return watch->begun && (state->is_tls13 || state->open);
    default:
        return false;
    }
}

struct limits {
    uint16_t min;
    uint16_t max;
};

static struct limits limits_of(const struct records_watch *watch, const struct records_state *state)
{
    uint8_t type = records_type(&watch->records);

    if (type == RECORD_CHANGE_CIPHER)
        return (struct limits){1, 1};
    if (state->is_tls13 && type == RECORD_APPLICATION)
        return (struct limits){TLS13_MIN, TLS13_MAX};
    if (watch->is_enciphered)
        return (struct limits){TLS12_MIN, TLS12_MAX};
    if (type == RECORD_ALERT)
        return (struct limits){ALERT_SIZE, ALERT_SIZE};
    return (struct limits){1, PLAIN_MAX};
}

static enum records_fault fault_of(const struct records_watch *watch,
                                   const struct records_state *state)
{
    const uint8_t *header = watch->records.header;
    uint16_t length = records_length(&watch->records);
    struct limits limits = limits_of(watch, state);

    if (header[0] < RECORD_CHANGE_CIPHER || header[0] > RECORD_APPLICATION)
        return RECORDS_TYPE;
    if (header[1] != MAJOR_VERSION)
        return RECORDS_VERSION;
    if (!is_in_order(watch, state))
        return RECORDS_ORDER;
    if (length < limits.min)
        return RECORDS_SHORT;
    return length > limits.max ? RECORDS_LONG : RECORDS_FINE;
}

/* True once a header is there, and found to be right. */
static bool take_header(struct records_watch *watch, const struct records_state *state,
                        records_source *source, void *context)
{
    uint8_t bytes[RECORD_HEADER_SIZE];

    while (watch->records.have < RECORD_HEADER_SIZE) {
        size_t n = source(context, bytes, (size_t)RECORD_HEADER_SIZE - watch->records.have);
        struct cursor c = cursor_of(bytes, n);
        if (n == 0)
            return false;
        if (!records_header(&watch->records, &c))
            continue;
        watch->given = 0;
        watch->fault = fault_of(watch, state);
        if (records_type(&watch->records) == RECORD_HANDSHAKE)
            watch->begun = true;
        if (records_type(&watch->records) == RECORD_CHANGE_CIPHER && !state->is_tls13)
            watch->is_enciphered = true;
    }
    return watch->fault == RECORDS_FINE;
}

size_t records_watch(struct records_watch *watch, const struct records_state *state,
                     records_source *source, void *context, void *buffer, size_t size)
{
    if (watch->fault != RECORDS_FINE || !take_header(watch, state, source, context))
        return 0;
    size_t left = (size_t)RECORD_HEADER_SIZE - watch->given;
    if (left > 0) {
        size_t n = left < size ? left : size;
        memcpy(buffer, watch->records.header + watch->given, n);
        watch->given = (uint8_t)(watch->given + n);
        return n;
    }
    size_t n = source(context, buffer, watch->records.left < size ? watch->records.left : size);
    struct cursor c = cursor_of(buffer, n);
    (void)records_body(&watch->records, &c);
    (void)records_end(&watch->records);
    return n;
}

const char *records_fault_text(enum records_fault fault)
{
    static const char *const texts[] = {
        [RECORDS_FINE] = "",
        [RECORDS_TYPE] = "a record of no type that TLS has",
        [RECORDS_VERSION] = "a record of no version that TLS has",
        [RECORDS_ORDER] = "a record of a type that cannot come there",
        [RECORDS_SHORT] = "a record that is shorter than it can be",
        [RECORDS_LONG] = "a record that is longer than TLS allows",
    };

    return texts[fault];
}
