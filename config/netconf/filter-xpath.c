/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long may an XPath expression of a client take? The loop waits for it, so that it must not be
 * more than a few walks through the data.
 *
 * What multiplies is what starts again from far away for each node: searches (//, most axes) beyond
 * the first, and predicates that look elsewhere than below their own node, or have predicates
 * themselves.
 */
#include "config/netconf/filter.h"

#include <ctype.h>
#include <string.h>

enum { PREDICATES_MAX = 16 };

struct reading {
    const char *at;
    char before; /* the last character that is no blank; NUL: none yet */
    unsigned depth;
    unsigned predicates;
    unsigned searches;
};

static bool begins(const struct reading *reading, const char *text)
{
    return strncmp(reading->at, text, strlen(text)) == 0;
}

/* Does a step stand before it, so that / goes on from there? */
static bool goes_on(char before)
{
    return isalnum((unsigned char)before) != 0 ||
           (before != '\0' && strchr("_-.*])", before) != NULL);
}

/* child:: and self:: lead no further than names do. */
static bool is_far_axis(const struct reading *reading, const char *start)
{
    size_t len = (size_t)(reading->at - start);

    return !(len >= 5 && memcmp(reading->at - 5, "child", 5) == 0) &&
           !(len >= 4 && memcmp(reading->at - 4, "self", 4) == 0 &&
             !(len >= 5 && reading->at[-5] == '-'));
}

/* False: it leads away from below the node that a predicate is about. */
static bool take_path(struct reading *reading, const char *start)
{
    bool search = begins(reading, "//");
    bool far = begins(reading, "::") && is_far_axis(reading, start);
    bool up = begins(reading, "..");
    bool absolute = *reading->at == '/' && !goes_on(reading->before);
    bool far_function = begins(reading, "current(") || begins(reading, "deref(");

    reading->searches += search || far;
    if (search || up || begins(reading, "::"))
        reading->at++;
    if (reading->depth > 0 && (search || far || up || absolute || far_function))
        return false;
    return reading->searches <= 1;
}

static bool skip_literal(struct reading *reading)
{
    const char *end = strchr(reading->at + 1, *reading->at);

    if (end != NULL)
        reading->at = end;
    return end != NULL;
}

static bool take(struct reading *reading, const char *start)
{
    switch (*reading->at) {
    case '\'':
    case '"':
        return skip_literal(reading);
    case '[':
        reading->predicates++;
        return ++reading->depth <= 1 && reading->predicates <= PREDICATES_MAX;
    case ']':
        reading->depth -= reading->depth > 0;
        return true;
    default:
        return take_path(reading, start);
    }
}

bool filter_xpath_is_bounded(const char *xpath)
{
    struct reading reading = {.at = xpath};

    for (; *reading.at != '\0'; reading.at++) {
        if (strchr(" \t\r\n", *reading.at) != NULL)
            continue;
        if (!take(&reading, xpath))
            return false;
        reading.before = *reading.at;
    }
    return true;
}
