/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/attr.h"

#include <linux/netlink.h>
#include <string.h>

/* linux/netlink.h says the same (NLA_ALIGNTO, NLA_TYPE_MASK), but in signed numbers. */
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

/* The hot spot of a poll: one look at the bounds for the header, one for the value. */
bool attribute_next(struct cursor *list, struct attribute *attribute)
{
    struct nlattr header;

    if (cursor_left(list) == 0 || !copy_native(list, &header, sizeof(header)))
        return false;
    if (header.nla_len < sizeof(header)) {
        list->failed = true;
        return false;
    }
    attribute->type = (uint16_t)(header.nla_type & type_mask);
    attribute->value = cursor_sub(list, header.nla_len - sizeof(header));
    if (list->failed)
        return false;
    size_t padding = (alignment - header.nla_len % alignment) % alignment;
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
