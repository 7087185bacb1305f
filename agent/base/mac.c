/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/mac.h"

#include "agent/base/hex.h"

bool mac_is_zero(const struct mac *m)
{
    static const struct mac zero;
    return mac_equal(m, &zero);
}

/* How many digits stand between two separators: 2 for : and -, 4 for dots, 0 if the spelling is
 * none. */
static size_t group_size(const char *text, size_t len)
{
    if (len == 12)
        return 12;
    if (len == 17 && (text[2] == ':' || text[2] == '-'))
        return 2;
    if (len == 14 && text[4] == '.')
        return 4;
    return 0;
}

bool mac_parse(const char *text, size_t len, struct mac *out)
{
    size_t group = group_size(text, len);
    struct mac m = {{0}};
    size_t digits = 0;

    if (group == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool separator = group < 12 && i % (group + 1) == group;
        if (separator) {
            if (text[i] != text[group])
                return false;
            continue;
        }
        int value = hex_digit((uint8_t)text[i]);
        if (value < 0)
            return false;
        m.b[digits / 2] = (uint8_t)((m.b[digits / 2] << 4) | value);
        digits++;
    }
    *out = m;
    return true;
}

const char *mac_text(const struct mac *m, char buf[static MAC_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *at = buf;

    for (size_t i = 0; i < sizeof(m->b); i++) {
        *at++ = digits[m->b[i] >> 4];
        *at++ = digits[m->b[i] & 15];
        *at++ = ':';
    }
    at[-1] = '\0';
    return buf;
}
