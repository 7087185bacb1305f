/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/json.h"

#include "agent/base/cursor.h"
#include "agent/base/hex.h"

#include <stdint.h>
#include <string.h>

struct scanner {
    struct cursor in;
    unsigned depth;
    const char *reason; /* the first fault, found at in.at */
};

static bool refuse(struct scanner *s, const char *reason)
{
    if (s->reason == NULL)
        s->reason = reason;
    return false;
}

/* The next byte without taking it, -1 at the end. */
static int peek(const struct scanner *s)
{
    return cursor_left(&s->in) > 0 ? *s->in.at : -1;
}

static bool take(struct scanner *s, int byte)
{
    if (peek(s) != byte)
        return false;
    cursor_skip(&s->in, 1);
    return true;
}

static int next_token(struct scanner *s)
{
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r')
        cursor_skip(&s->in, 1);
    return peek(s);
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool scan_escape(struct scanner *s)
{
    int byte = peek(s);

    if (byte < 0)
        return refuse(s, "the text ends within a string");
    if (byte == 0 || strchr("\"\\/bfnrtu", byte) == NULL)
        return refuse(s, "an escape that JSON does not know");
    cursor_skip(&s->in, 1);
    for (int left = byte == 'u' ? 4 : 0; left > 0; left--) {
        if (peek(s) < 0 || hex_digit((uint8_t)peek(s)) < 0)
            return refuse(s, "\\u needs four hex digits");
        cursor_skip(&s->in, 1);
    }
    return true;
}

/* RFC 3629, 4: the range of the first byte, that of the second, and how many follow the first. */
static bool scan_utf8(struct scanner *s)
{
    static const struct {
        uint8_t first, last, low, high;
        int tail;
    } forms[] = {{0xC2, 0xDF, 0x80, 0xBF, 1}, {0xE0, 0xE0, 0xA0, 0xBF, 2},
                 {0xE1, 0xEC, 0x80, 0xBF, 2}, {0xED, 0xED, 0x80, 0x9F, 2},
                 {0xEE, 0xEF, 0x80, 0xBF, 2}, {0xF0, 0xF0, 0x90, 0xBF, 3},
                 {0xF1, 0xF3, 0x80, 0xBF, 3}, {0xF4, 0xF4, 0x80, 0x8F, 3}};
    const size_t count = sizeof(forms) / sizeof(forms[0]);
    size_t i = 0;

    while (i < count && (peek(s) < forms[i].first || peek(s) > forms[i].last))
        i++;
    if (i == count)
        return refuse(s, "a byte that is not UTF-8");
    cursor_skip(&s->in, 1);
    for (int n = 0; n < forms[i].tail; n++) {
        if (peek(s) < (n == 0 ? forms[i].low : 0x80) || peek(s) > (n == 0 ? forms[i].high : 0xBF))
            return refuse(s, "a character that is not UTF-8");
        cursor_skip(&s->in, 1);
    }
    return true;
}

static bool scan_string(struct scanner *s)
{
    if (!take(s, '"'))
        return refuse(s, "a string in double quotes must stand here");
    while (!take(s, '"')) {
        int byte = peek(s);
        if (byte < 0)
            return refuse(s, "the text ends within a string");
        if (byte < 0x20)
            return refuse(s, "a control character in a string: is its closing quote missing?");
        if (byte >= 0x80) {
            if (!scan_utf8(s))
                return false;
            continue;
        }
        cursor_skip(&s->in, 1);
        if (byte == '\\' && !scan_escape(s))
            return false;
    }
    return true;
}

static bool scan_digits(struct scanner *s)
{
    if (!is_digit(peek(s)))
        return refuse(s, "a number that is not finished");
    while (is_digit(peek(s)))
        cursor_skip(&s->in, 1);
    return true;
}

static bool scan_number(struct scanner *s)
{
    (void)take(s, '-');
    if (take(s, '0')) {
        if (is_digit(peek(s)))
            return refuse(s, "a number must not begin with 0");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (take(s, '.') && !scan_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '-'))
            (void)take(s, '+');
        return scan_digits(s);
    }
    return true;
}

static bool scan_literal(struct scanner *s)
{
    static const char *const literals[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        size_t len = strlen(literals[i]);
        if (cursor_left(&s->in) >= len && memcmp(s->in.at, literals[i], len) == 0) {
            cursor_skip(&s->in, len);
            return true;
        }
    }
    if (peek(s) < 0)
        return refuse(s, "the text ends where a value must stand");
    return refuse(s, "a value must stand here: a string in double quotes, a number, true, false, "
                     "[ or {");
}

static bool scan_value(struct scanner *s);

static bool scan_member(struct scanner *s)
{
    if (next_token(s) < 0)
        return refuse(s, "the text ends here, but brackets are still open");
    if (!scan_string(s))
        return false;
    if (next_token(s) != ':')
        return refuse(s, "a colon must stand between a name and its value");
    cursor_skip(&s->in, 1);
    return scan_value(s);
}

/* What stands in brackets, which are open. */
static bool scan_items(struct scanner *s, int closing, bool (*scan)(struct scanner *s),
                       const char *complaint)
{
    bool more = next_token(s) != closing;

    while (more) {
        if (!scan(s))
            return false;
        int byte = next_token(s);
        more = take(s, ',');
        if (more && next_token(s) == closing)
            return refuse(s, "nothing may stand between the last comma and the closing bracket");
        if (!more && byte != closing)
            return refuse(s,
                          byte < 0 ? "the text ends here, but brackets are still open" : complaint);
    }
    return take(s, closing);
}

static bool scan_nested(struct scanner *s, bool is_object)
{
    if (s->depth == JSON_DEPTH_MAX)
        return refuse(s, "brackets are nested too deep for a configuration");
    s->depth++;
    cursor_skip(&s->in, 1);
    bool fine = is_object ? scan_items(s, '}', scan_member, "a comma or } must stand here")
                          : scan_items(s, ']', scan_value, "a comma or ] must stand here");
    s->depth--;
    return fine;
}

static bool scan_value(struct scanner *s)
{
    int byte = next_token(s);

    if (byte == '{' || byte == '[')
        return scan_nested(s, byte == '{');
    if (byte == '"')
        return scan_string(s);
    if (byte == '-' || is_digit(byte))
        return scan_number(s);
    return scan_literal(s);
}

static bool scan_document(struct scanner *s)
{
    int byte = next_token(s);

    if (byte < 0)
        return refuse(s, "there is nothing in it: an empty configuration is {}");
    if (byte != '{')
        return refuse(s, "a configuration begins with {");
    if (!scan_value(s))
        return false;
    if (next_token(s) >= 0)
        return refuse(s, "nothing may stand after the last }");
    return true;
}

bool json_check(const char *text, size_t len, struct json_fault *fault)
{
    struct scanner s = {.in = cursor_of(text, len)};

    if (scan_document(&s))
        return true;
    *fault = (struct json_fault){.line = 1, .column = 1, .reason = s.reason};
    for (const uint8_t *at = (const uint8_t *)text; at < s.in.at; at++) {
        fault->column++;
        if (*at == '\n') {
            fault->line++;
            fault->column = 1;
        }
    }
    return false;
}
