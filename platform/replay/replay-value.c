/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/replay-value.h"

#include "agent/base/hex.h"
#include "agent/base/number.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { DB_MIN = INT8_MIN, DB_MAX = INT8_MAX };

static const char *const class_names[] = {"", "client", "tag", "rogue-ap", "rogue-client"};
static const struct {
    const char *name;
    uint32_t bit;
} works_names[] = {{"clients", RADIO_CAN_CLIENTS},
                   {"tags", RADIO_CAN_TAGS},
                   {"rogue-aps", RADIO_CAN_ROGUE_APS},
                   {"rogue-clients", RADIO_CAN_ROGUE_CLIENTS}};
enum { WORKS_NAMES = sizeof(works_names) / sizeof(works_names[0]) };

/* --- pieces of text -------------------------------------------------------------------------- */

bool replay_text_is(const struct cursor *c, const char *text)
{
    size_t len = strlen(text);

    return cursor_left(c) == len && memcmp(c->at, text, len) == 0;
}

struct cursor replay_piece(struct cursor *c, char separator)
{
    size_t len = 0;

    while (len < cursor_left(c) && c->at[len] != (uint8_t)separator)
        len++;
    struct cursor found = cursor_sub(c, len);
    if (cursor_left(c) > 0)
        cursor_skip(c, 1);
    return found;
}

struct cursor replay_word(struct cursor *line)
{
    struct cursor word = cursor_of(NULL, 0);

    while (cursor_left(line) > 0 && cursor_left(&word) == 0)
        word = replay_piece(line, ' ');
    return word;
}

bool replay_number(struct cursor c, int64_t min, int64_t max, int64_t *out)
{
    bool negative = cursor_left(&c) > 0 && *c.at == '-';
    uint64_t magnitude;

    if (negative)
        cursor_skip(&c, 1);
    if (!number_whole(c, INT64_MAX, &magnitude))
        return false;
    *out = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return *out >= min && *out <= max;
}

static bool take_hex(struct cursor *c, uint8_t *out)
{
    int high = hex_digit(cursor_u8(c));
    int low = hex_digit(cursor_u8(c));

    *out = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    return !c->failed && high >= 0 && low >= 0;
}

/* Percent-encoded octets. */
static bool take_octets(struct cursor c, uint8_t *out, size_t size, size_t *len)
{
    for (*len = 0; cursor_left(&c) > 0; (*len)++) {
        uint8_t octet = cursor_u8(&c);
        if (*len == size || (octet == '%' && !take_hex(&c, &octet)))
            return false;
        out[*len] = octet;
    }
    return true;
}

static bool take_mac(struct cursor c, struct mac *mac)
{
    return mac_parse((const char *)c.at, cursor_left(&c), mac);
}

/* --- values ---------------------------------------------------------------------------------- */

static bool take_class(const struct cursor *c, uint8_t *out)
{
    for (unsigned i = RADIO_CLASS_CLIENT; i <= RADIO_CLASS_ROGUE_CLIENT; i++) {
        if (replay_text_is(c, class_names[i])) {
            *out = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool take_works(struct cursor c, uint32_t *works)
{
    *works = 0;
    if (replay_text_is(&c, "nothing"))
        return true;
    while (cursor_left(&c) > 0) {
        struct cursor name = replay_piece(&c, ',');
        uint32_t bit = 0;
        for (size_t i = 0; i < WORKS_NAMES; i++)
            bit |= replay_text_is(&name, works_names[i].name) ? works_names[i].bit : 0;
        if (bit == 0)
            return false;
        *works |= bit;
    }
    return *works != 0;
}

static bool take_payload(struct cursor c, struct replay_line *line)
{
    size_t len = cursor_left(&c) / 2;

    if (len > sizeof(line->payload) || cursor_left(&c) % 2 != 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!take_hex(&c, &line->payload[i]))
            return false;
    }
    line->event.tag.payload_len = (uint16_t)len;
    return true;
}

static bool take_address(struct cursor c, struct radio_address *address)
{
    char text[INET6_ADDRSTRLEN];
    size_t len = cursor_left(&c);

    if (len >= sizeof(text))
        return false;
    memcpy(text, c.at, len);
    text[len] = '\0';
    if (strlen(text) != len)
        return false;
    address->family = strchr(text, ':') != NULL ? 6 : 4;
    return inet_pton(address->family == 6 ? AF_INET6 : AF_INET, text, address->address) == 1;
}

static bool take_named(struct cursor c, const struct field *field, struct replay_line *line)
{
    uint8_t *at = (uint8_t *)line + field->at;
    size_t len;

    if (field->type == VALUE_NAME) {
        if (!take_octets(c, at, field->size - 1, &len) || memchr(at, '\0', len) != NULL)
            return false;
        at[len] = '\0';
        return true;
    }
    if (!take_octets(c, at, field->size, &len))
        return false;
    ((uint8_t *)line)[field->length] = (uint8_t)len;
    return true;
}

static void put_number(const struct field *field, struct replay_line *line, int64_t value)
{
    uint8_t *at = (uint8_t *)line + field->at;

    switch (field->type) {
    case VALUE_U8:
        *at = (uint8_t)value;
        break;
    case VALUE_S8:
        *(int8_t *)at = (int8_t)value;
        break;
    case VALUE_FLAG:
        *(bool *)at = value != 0;
        break;
    case VALUE_U16:
        memcpy(at, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
        break;
    case VALUE_U32:
        memcpy(at, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
        break;
    default:
        memcpy(at, &value, sizeof(value));
    }
}

bool replay_value_take(struct cursor c, const struct field *field, struct replay_line *line)
{
    uint8_t *at = (uint8_t *)line + field->at;
    uint64_t total;
    int64_t value;

    switch (field->type) {
    case VALUE_CLASS:
        return take_class(&c, at);
    case VALUE_MAC:
        return take_mac(c, (struct mac *)at);
    case VALUE_WORKS:
        return take_works(c, &line->event.capabilities);
    case VALUE_NAME:
    case VALUE_OCTETS:
        return take_named(c, field, line);
    case VALUE_PAYLOAD:
        return take_payload(c, line);
    case VALUE_ADDRESS:
        return take_address(c, &line->event.address);
    case VALUE_U64:
        if (!number_whole(c, UINT64_MAX, &total))
            return false;
        memcpy(at, &total, sizeof(total));
        return true;
    default:
        if (!replay_number(c, field->min, field->max, &value))
            return false;
        put_number(field, line, value);
        return true;
    }
}

static void put_text(struct writer *w, const char *text)
{
    writer_bytes(w, text, strlen(text));
}

void replay_put(struct writer *w, const char *format, ...)
{
    char text[64];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put_text(w, text);
}

static void put_octets(struct writer *w, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (octets[i] <= ' ' || octets[i] >= 0x7f || octets[i] == '%')
            replay_put(w, "%%%02x", octets[i]);
        else
            writer_u8(w, octets[i]);
    }
}

static void put_works(struct writer *w, uint32_t works)
{
    const char *separator = "";

    if (works == 0)
        put_text(w, "nothing");
    for (size_t i = 0; i < WORKS_NAMES; i++) {
        if ((works & works_names[i].bit) == 0)
            continue;
        replay_put(w, "%s%s", separator, works_names[i].name);
        separator = ",";
    }
}

static void put_address(struct writer *w, const struct radio_address *address)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->address, text,
                  sizeof(text)) != NULL)
        put_text(w, text);
}

static void write_number(struct writer *w, const struct field *field, const uint8_t *at)
{
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;

    switch (field->type) {
    case VALUE_U16:
        memcpy(&u16, at, sizeof(u16));
        replay_put(w, "%u", (unsigned)u16);
        break;
    case VALUE_U32:
        memcpy(&u32, at, sizeof(u32));
        replay_put(w, "%" PRIu32, u32);
        break;
    case VALUE_U64:
    case VALUE_S64: /* never below 0 */
        memcpy(&u64, at, sizeof(u64));
        replay_put(w, "%" PRIu64, u64);
        break;
    case VALUE_S8:
        replay_put(w, "%d", *(const int8_t *)at);
        break;
    case VALUE_FLAG:
        replay_put(w, "%d", *(const bool *)at ? 1 : 0);
        break;
    default:
        replay_put(w, "%u", *at);
    }
}

void replay_value_write(struct writer *w, const struct field *field, const struct replay_line *line)
{
    const uint8_t *at = (const uint8_t *)line + field->at;
    char mac[MAC_TEXT_SIZE];

    switch (field->type) {
    case VALUE_CLASS:
        put_text(w, *at <= RADIO_CLASS_ROGUE_CLIENT ? class_names[*at] : "");
        break;
    case VALUE_MAC:
        put_text(w, mac_text((const struct mac *)at, mac));
        break;
    case VALUE_WORKS:
        put_works(w, line->event.capabilities);
        break;
    case VALUE_NAME:
        put_octets(w, at, strlen((const char *)at));
        break;
    case VALUE_OCTETS:
        put_octets(w, at, ((const uint8_t *)line)[field->length]);
        break;
    case VALUE_PAYLOAD:
        for (size_t i = 0; i < line->event.tag.payload_len; i++)
            replay_put(w, "%02x", line->payload[i]);
        break;
    case VALUE_ADDRESS:
        put_address(w, &line->event.address);
        break;
    default:
        write_number(w, field, at);
    }
}
