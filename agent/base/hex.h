/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as lower-case hexadecimal text, which is how key hashes are shown and configured; and a
 * digit of such a text.
 */
#ifndef AGENT_BASE_HEX_H
#define AGENT_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Writes 2 * len digits and a terminator into text and returns it. */
static inline const char *hex_text(const uint8_t *bytes, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
    return text;
}

/* What a hexadecimal digit of either case is worth, or -1. */
static inline int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
