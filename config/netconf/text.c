/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/text.h"

#include "config/schema/compat.h"

#include <time.h>

enum { FIRST_SIZE = 1024 };

void text_fini(struct text *text)
{
    free(text->bytes);
    *text = (struct text){.limit = text->limit};
}

static bool make_room(struct text *text, size_t more)
{
    size_t size = text->size > 0 ? text->size : FIRST_SIZE;

    if (more > text->limit - text->len)
        return false;
    while (size < text->len + more)
        size *= 2;
    if (size == text->size)
        return true;
    char *bytes = realloc(text->bytes, size);
    if (bytes == NULL)
        return false;
    text->bytes = bytes;
    text->size = size;
    return true;
}

void text_add(struct text *text, const void *bytes, size_t len)
{
    if (text->full || len == 0)
        return;
    if (!make_room(text, len)) {
        text->full = true;
        return;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

void text_put(struct text *text, const char *xml)
{
    text_add(text, xml, strlen(xml));
}

static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\n':
        return "&#10;"; /* in an attribute it would become a blank */
    case '\r':
        return "&#13;";
    case '\t':
        return "&#9;";
    default:
        return NULL;
    }
}

static void escape(struct text *text, const char *content, const char *special)
{
    while (*content != '\0') {
        size_t plain = strcspn(content, special);
        text_add(text, content, plain);
        content += plain;
        if (*content != '\0')
            text_put(text, entity(*content++));
    }
}

void text_escape(struct text *text, const char *content)
{
    escape(text, content, "<>&\"\r");
}

void text_attribute(struct text *text, const char *value)
{
    escape(text, value, "<>&\"\n\r\t");
}

void text_element(struct text *text, const char *name, const char *content)
{
    if (content == NULL || content[0] == '\0')
        return;
    text_put(text, "<");
    text_put(text, name);
    text_put(text, ">");
    text_escape(text, content);
    text_put(text, "</");
    text_put(text, name);
    text_put(text, ">");
}

const char *text_time(int64_t wall, char buf[TEXT_TIME_SIZE])
{
    time_t seconds = (time_t)(wall / 1000);
    char day[24];
    struct tm utc;

    (void)gmtime_r(&seconds, &utc);
    (void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(buf, TEXT_TIME_SIZE, "%s.%03dZ", day, (int)(wall % 1000));
    return buf;
}
