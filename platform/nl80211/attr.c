/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/attr.h"

#include <string.h>

/* linux/netlink.h says the same (NLA_HDRLEN, NLA_ALIGNTO, NLA_TYPE_MASK), but in signed numbers. */
static const size_t header_len = 4;
static const size_t alignment = 4;
static const unsigned type_mask = 0x3fff;

/* The next n bytes as they are in memory; false (and nothing copied) if there are fewer. */
static bool copy_native(struct cursor *c, void *out, size_t n)
{
    const uint8_t *from = cursor_bytes(c, n);

    if (from == NULL)
        return false;
    memcpy(out, from, n);
    return true;
}

uint16_t native_u16(struct cursor *c)
{
    uint16_t value = 0;

    (void)copy_native(c, &value, sizeof(value));
    return value;
}

uint32_t native_u32(struct cursor *c)
{
    uint32_t value = 0;

    (void)copy_native(c, &value, sizeof(value));
    return value;
}

bool attribute_next(struct cursor *list, struct attribute *attribute)
{
    size_t padding;

    if (cursor_left(list) == 0)
        return false;
    size_t len = native_u16(list);
    attribute->type = (uint16_t)(native_u16(list) & type_mask);
    if (len < header_len) {
        list->failed = true;
        return false;
    }
    attribute->value = cursor_sub(list, len - header_len);
    if (list->failed)
        return false;
    padding = (alignment - len % alignment) % alignment;
    cursor_skip(list, padding < cursor_left(list) ? padding : cursor_left(list));
    return true;
}

bool attribute_u8(const struct attribute *attribute, uint8_t *out)
{
    struct cursor value = attribute->value;

    return copy_native(&value, out, sizeof(*out));
}

bool attribute_s8(const struct attribute *attribute, int8_t *out)
{
    struct cursor value = attribute->value;

    return copy_native(&value, out, sizeof(*out));
}

bool attribute_u16(const struct attribute *attribute, uint16_t *out)
{
    struct cursor value = attribute->value;

    return copy_native(&value, out, sizeof(*out));
}

bool attribute_u32(const struct attribute *attribute, uint32_t *out)
{
    struct cursor value = attribute->value;

    return copy_native(&value, out, sizeof(*out));
}

bool attribute_u64(const struct attribute *attribute, uint64_t *out)
{
    struct cursor value = attribute->value;

    return copy_native(&value, out, sizeof(*out));
}

bool attribute_mac(const struct attribute *attribute, struct mac *out)
{
    struct cursor value = attribute->value;

    return copy_native(&value, out, sizeof(*out));
}

void attribute_text(const struct attribute *attribute, char *out, size_t size)
{
    struct cursor value = attribute->value;
    size_t len = cursor_left(&value);

    if (len > size - 1)
        len = size - 1;
    memset(out, 0, size);
    (void)copy_native(&value, out, len);
    len = strlen(out);
    memset(out + len, 0, size - len); /* nothing stays behind a NUL */
    for (size_t i = 0; i < len; i++) {
        if (out[i] < 0x20 || out[i] > 0x7e)
            out[i] = '?';
    }
}
