/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink attributes: type, length, value, padded to four bytes, in the machine's byte order
 * (linux/netlink.h, struct nlattr).
 *
 * The walker never leaves its cursor, whatever the lengths say. A value that is shorter than what
 * is asked of it is not taken; a longer one gives its beginning, as the kernel's attributes grow.
 */
#ifndef PLATFORM_NL80211_ATTR_H
#define PLATFORM_NL80211_ATTR_H

#include "agent/base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attribute {
    uint16_t type; /* without the flag bits */
    struct cursor value;
};

/*
 * The next attribute of the list, which a nested attribute's value is as well. False at the end,
 * and, with list->failed set, at a length that cannot be.
 */
bool attribute_next(struct cursor *list, struct attribute *attribute);

/* Each is false, and leaves *out alone, if the value is too short. */
bool attribute_u8(const struct attribute *attribute, uint8_t *out);
bool attribute_s8(const struct attribute *attribute, int8_t *out);
bool attribute_u16(const struct attribute *attribute, uint16_t *out);
bool attribute_u32(const struct attribute *attribute, uint32_t *out);
bool attribute_u64(const struct attribute *attribute, uint64_t *out);
bool attribute_mac(const struct attribute *attribute, struct mac *out);

/* Up to the first NUL or the value's end, cut to size - 1 bytes; always terminated. A byte that is
 * not printable ASCII becomes '?', so that a name can be written to a log. */
void attribute_text(const struct attribute *attribute, char *out, size_t size);

/* The same for a fixed header in the machine's byte order: 0 and a failed cursor if it is short. */
uint16_t native_u16(struct cursor *c);
uint32_t native_u32(struct cursor *c);

#endif
