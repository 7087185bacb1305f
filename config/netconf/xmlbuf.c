/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/xmlbuf.h"

#include "config/schema/compat.h"

#include <time.h>

enum { FIRST_SIZE = 1024 };

void xmlbuf_fini(struct xmlbuf *text)
{
    free(text->bytes);
    *text = (struct xmlbuf){.limit = text->limit};
}

static bool make_room(struct xmlbuf *text, size_t more)
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

void xmlbuf_add(struct xmlbuf *text, const void *bytes, size_t len)
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

void xmlbuf_put(struct xmlbuf *text, const char *xml)
{
    xmlbuf_add(text, xml, strlen(xml));
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

static void escape(struct xmlbuf *text, const char *content, const char *special)
{
    while (*content != '\0') {
        size_t plain = strcspn(content, special);
        xmlbuf_add(text, content, plain);
        content += plain;
        if (*content != '\0')
            xmlbuf_put(text, entity(*content++));
    }
}

void xmlbuf_escape(struct xmlbuf *text, const char *content)
{
    escape(text, content, "<>&\"\r");
}

void xmlbuf_attribute(struct xmlbuf *text, const char *value)
{
    escape(text, value, "<>&\"\n\r\t");
}

void xmlbuf_namespace(struct xmlbuf *text, const char *prefix, const char *space)
{
    xmlbuf_put(text, prefix != NULL ? " xmlns:" : " xmlns");
    xmlbuf_put(text, prefix != NULL ? prefix : "");
    xmlbuf_put(text, "=\"");
    xmlbuf_attribute(text, space);
    xmlbuf_put(text, "\"");
}

void xmlbuf_end(struct xmlbuf *text, const char *name)
{
    xmlbuf_put(text, "</");
    xmlbuf_put(text, name);
    xmlbuf_put(text, ">");
}

void xmlbuf_element(struct xmlbuf *text, const char *name, const char *content)
{
    if (content == NULL || content[0] == '\0')
        return;
    xmlbuf_put(text, "<");
    xmlbuf_put(text, name);
    xmlbuf_put(text, ">");
    xmlbuf_escape(text, content);
    xmlbuf_end(text, name);
}

void xmlbuf_number(struct xmlbuf *text, const char *name, uint32_t number)
{
    char digits[16];

    (void)snprintf(digits, sizeof(digits), "%u", (unsigned)number);
    xmlbuf_element(text, name, digits);
}

const char *xmlbuf_time(int64_t wall, char buf[XMLBUF_TIME_SIZE])
{
    time_t seconds = (time_t)(wall / 1000);
    char day[24];
    struct tm utc;

    (void)gmtime_r(&seconds, &utc);
    (void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(buf, XMLBUF_TIME_SIZE, "%s.%03dZ", day, (int)(wall % 1000));
    return buf;
}
