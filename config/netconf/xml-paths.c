/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libyang reads as XPath while it parses a message, before anybody could ask what it is or
 * whose: the attribute select, the paths of rules (ietf-netconf-acm), and what libyang has of its
 * own (ietf-yang-schema-mount). For each operator of a
 * row it walks along all that came before, so that 60 KB of "-" take 3 s. Therefore they must be
 * short, and few in all.
 */
#include "agent/base/cursor.h"
#include "config/netconf/xml.h"

#include <string.h>

enum { SHORT = 128 }; /* what costs nothing and does not count */

struct paths {
    struct cursor in;
    unsigned depth;
    unsigned path_depth; /* of the <path> that is open; 0: none is */
    size_t path_begin;   /* what was left of the input there */
    size_t sum;
};

static bool comes(const struct cursor *in, const char *text)
{
    struct cursor ahead = *in;
    size_t len = strlen(text);
    const uint8_t *bytes = cursor_bytes(&ahead, len);

    return bytes != NULL && memcmp(bytes, text, len) == 0;
}

/* Behind the next such text. What is never ended is left to the parser. */
static void skip_behind(struct cursor *in, const char *text)
{
    size_t left = cursor_left(in);
    struct cursor ahead = *in;
    const uint8_t *start = left > 0 ? cursor_bytes(&ahead, left) : NULL;
    const uint8_t *found = start != NULL ? memmem(start, left, text, strlen(text)) : NULL;

    cursor_skip(in, found != NULL ? (size_t)(found - start) + strlen(text) : left);
}

static bool take(struct paths *paths, size_t len)
{
    if (len > SHORT)
        paths->sum += len;
    return len <= XML_PATH_MAX && paths->sum <= XML_PATHS_MAX;
}

static bool is_path(const uint8_t *name, size_t len)
{
    static const char *const names[] = {"path", "select", "locked-node", "target",
                                        "parent-reference"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t own = strlen(names[i]);
        if (len >= own && memcmp(name + len - own, names[i], own) == 0 &&
            (len == own || name[len - own - 1] == ':'))
            return true;
    }
    return false;
}

/* From behind the < of an element to behind its >; its attributes are taken. */
static bool take_tag(struct paths *paths)
{
    struct cursor ahead = paths->in;
    size_t left = cursor_left(&ahead);
    const uint8_t *name = left > 0 ? cursor_bytes(&ahead, left) : NULL;
    size_t len = 0;
    uint8_t last = 0;

    while (len < left && strchr(" \t\r\n/>", name[len]) == NULL)
        len++;
    cursor_skip(&paths->in, len);
    while (cursor_left(&paths->in) > 0) {
        uint8_t byte = cursor_u8(&paths->in);
        if (byte == '>')
            break;
        if (byte == '"' || byte == '\'') {
            size_t before = cursor_left(&paths->in);
            skip_behind(&paths->in, byte == '"' ? "\"" : "'");
            if (!take(paths, before - cursor_left(&paths->in)))
                return false;
        }
        last = byte;
    }
    if (last == '/')
        return true;
    paths->depth++;
    if (paths->path_depth == 0 && is_path(name, len)) {
        paths->path_depth = paths->depth;
        paths->path_begin = cursor_left(&paths->in);
    }
    return true;
}

static bool take_end(struct paths *paths)
{
    size_t len = paths->path_begin - cursor_left(&paths->in);
    bool ends = paths->path_depth != 0 && paths->depth == paths->path_depth;

    paths->depth -= paths->depth > 0;
    skip_behind(&paths->in, ">");
    if (!ends)
        return true;
    paths->path_depth = 0;
    return take(paths, len);
}

static bool take_markup(struct paths *paths)
{
    if (comes(&paths->in, "!--"))
        skip_behind(&paths->in, "-->");
    else if (comes(&paths->in, "![CDATA["))
        skip_behind(&paths->in, "]]>");
    else if (comes(&paths->in, "?"))
        skip_behind(&paths->in, "?>");
    else if (comes(&paths->in, "/"))
        return take_end(paths);
    else
        return take_tag(paths);
    return true;
}

bool xml_paths_are_short(const char *text, size_t len)
{
    struct paths paths = {.in = cursor_of(text, len)};

    for (;;) {
        skip_behind(&paths.in, "<");
        if (cursor_left(&paths.in) == 0)
            break;
        if (!take_markup(&paths))
            return false;
    }
    /* One that is never ended is not well-formed, but is read before that is seen. */
    return paths.path_depth == 0 || take(&paths, paths.path_begin);
}
