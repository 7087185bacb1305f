/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 as of RFC 3629, section 4. */
#include "agent/wire/wire.h"

/* How many continuation bytes follow a lead byte, and the range of the first of them: a narrower
 * one than 80..BF is what keeps out overlong forms (E0, F0), surrogates (ED) and code points above
 * U+10FFFF (F4). False if no character begins with this byte. */
static bool lead_byte(uint8_t lead, size_t *more, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        *more = 0;
    else if (lead >= 0xc2 && lead <= 0xdf)
        *more = 1;
    else if (lead >= 0xe0 && lead <= 0xef)
        *more = 2;
    else if (lead >= 0xf0 && lead <= 0xf4)
        *more = 3;
    else
        return false;
    return true;
}

bool wire_text_valid(const char *text, size_t len)
{
    struct cursor at = cursor_of(text, len);
    while (cursor_left(&at) > 0) {
        size_t more;
        uint8_t low, high;
        if (!lead_byte(cursor_u8(&at), &more, &low, &high))
            return false;
        for (; more > 0; more--) {
            uint8_t next = cursor_u8(&at); /* 0 behind the end, which continues nothing */
            if (next < low || next > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}
