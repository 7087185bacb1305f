/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/number.h"

bool number_append(uint64_t *value, uint8_t digit, uint64_t max)
{
    if (digit < '0' || digit > '9')
        return false;
    uint64_t worth = (uint64_t)(digit - '0');
    if (worth > max || *value > (max - worth) / 10)
        return false;
    *value = *value * 10 + worth;
    return true;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

bool number_take(struct cursor *c, uint64_t max, uint64_t *out)
{
    struct cursor ahead = *c;
    uint64_t value = 0;

    if (cursor_left(&ahead) == 0 || !is_digit(*ahead.at))
        return false;
    while (cursor_left(&ahead) > 0 && is_digit(*ahead.at))
        if (!number_append(&value, cursor_u8(&ahead), max))
            return false;
    *c = ahead;
    *out = value;
    return true;
}

bool number_whole(struct cursor c, uint64_t max, uint64_t *out)
{
    uint64_t value;

    if (!number_take(&c, max, &value) || cursor_left(&c) > 0)
        return false;
    *out = value;
    return true;
}

bool number_text(const char *text, uint64_t max, uint64_t *out)
{
    return number_whole(cursor_of(text, strlen(text)), max, out);
}
