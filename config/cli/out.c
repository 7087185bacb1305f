/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/out.h"

#include <ctype.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LINE_SIZE = 4096, BUFFER_SIZE = 16384 };

enum pipe_kind { PIPE_NONE, PIPE_INCLUDE, PIPE_EXCLUDE, PIPE_BEGIN, PIPE_SECTION, PIPE_COUNT };

struct out {
    int fd;
    enum pipe_kind pipe;
    regex_t pattern;
    bool begun;          /* PIPE_BEGIN, PIPE_SECTION: within what is wanted */
    size_t indent;       /* PIPE_SECTION: of its first line */
    unsigned long count; /* PIPE_COUNT */
    unsigned page;       /* lines of a page, 0: none */
    unsigned shown;      /* lines of this one */
    bool over;
    bool mask;
    bool mute;
    int (*key)(void *context);
    void *context;
    size_t used;
    char buffer[BUFFER_SIZE];
};

struct out *out_new(int fd)
{
    struct out *out = calloc(1, sizeof(*out));

    if (out == NULL) {
        (void)fputs("nmsp: memory is out\n", stderr);
        exit(EXIT_FAILURE);
    }
    out->fd = fd;
    return out;
}

void out_free(struct out *out)
{
    if (out == NULL)
        return;
    out_flush(out);
    free(out);
}

/* --- bytes ----------------------------------------------------------------------------------- */

void out_flush(struct out *out)
{
    size_t done = 0;

    while (done < out->used) {
        ssize_t count = write(out->fd, out->buffer + done, out->used - done);
        if (count <= 0) {
            out->over = true; /* nobody reads it */
            break;
        }
        done += (size_t)count;
    }
    out->used = 0;
}

void out_raw(struct out *out, const char *text, size_t len)
{
    while (len > 0) {
        size_t room = sizeof(out->buffer) - out->used;
        size_t part = len < room ? len : room;
        memcpy(out->buffer + out->used, text, part);
        out->used += part;
        text += part;
        len -= part;
        if (out->used == sizeof(out->buffer))
            out_flush(out);
    }
}

static void raw(struct out *out, const char *text)
{
    out_raw(out, text, strlen(text));
}

/* --- pages ----------------------------------------------------------------------------------- */

void out_set_pages(struct out *out, unsigned lines, int (*key)(void *context), void *context)
{
    out->page = lines;
    out->key = key;
    out->context = context;
}

/* The last line of a page. A blank shows the next page, Enter one more line, q ends it. */
static void ask(struct out *out)
{
    raw(out, " --More-- ");
    out_flush(out);
    int key = out->key(out->context);
    raw(out, "\b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b");
    if (key == '\r' || key == '\n')
        out->shown = out->page - 2;
    else if (key == ' ')
        out->shown = 0;
    else
        out->over = true;
}

static void put_line(struct out *out, const char *line)
{
    if (out->over || out->mute)
        return;
    if (out->page > 1 && out->shown >= out->page - 1)
        ask(out);
    if (out->over)
        return;
    raw(out, line);
    raw(out, "\n");
    out->shown++;
}

bool out_is_over(const struct out *out)
{
    return out->over;
}

/* --- pipes ----------------------------------------------------------------------------------- */

bool out_begin(struct out *out, const char *kind, const char *pattern)
{
    static const char *const kinds[] = {
        [PIPE_INCLUDE] = "include", [PIPE_EXCLUDE] = "exclude", [PIPE_BEGIN] = "begin",
        [PIPE_SECTION] = "section", [PIPE_COUNT] = "count",
    };

    out->pipe = PIPE_NONE;
    out->begun = out->over = false;
    out->count = 0;
    out->shown = 0;
    if (kind == NULL)
        return true;
    if (regcomp(&out->pattern, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    for (unsigned i = PIPE_INCLUDE; i <= PIPE_COUNT; i++)
        if (strncmp(kind, kinds[i], strlen(kinds[i])) == 0)
            out->pipe = i;
    return true;
}

static bool is_wanted(struct out *out, const char *line)
{
    size_t indent = strspn(line, " ");
    bool matches = out->pipe != PIPE_NONE && regexec(&out->pattern, line, 0, NULL, 0) == 0;

    switch (out->pipe) {
    case PIPE_INCLUDE:
        return matches;
    case PIPE_EXCLUDE:
        return !matches;
    case PIPE_BEGIN:
        out->begun = out->begun || matches;
        return out->begun;
    case PIPE_SECTION:
        if (matches && !(out->begun && indent > out->indent)) {
            out->begun = true;
            out->indent = indent;
        } else if (indent <= out->indent) {
            out->begun = false;
        }
        return out->begun;
    case PIPE_COUNT:
        out->count += matches ? 1 : 0;
        return false;
    case PIPE_NONE:
        break;
    }
    return true;
}

void out_end(struct out *out)
{
    char line[64];

    if (out->pipe == PIPE_COUNT) {
        (void)snprintf(line, sizeof(line), "Number of lines which match regexp = %lu", out->count);
        put_line(out, line);
    }
    if (out->pipe != PIPE_NONE)
        regfree(&out->pattern);
    out->pipe = PIPE_NONE;
    out_flush(out);
}

/* --- words ----------------------------------------------------------------------------------- */

static const struct {
    const char *searched; /* without regard to case */
    const char *instead;
} words[] = {
    {"connection timed out", "the connection was given up"},
    {"not found", "not there"},
    {"error:", "error,"},
    {"invalid input", "input that is none"},
    {"incomplete command", "command that is not whole"},
    {"ambiguous command", "command of several meanings"},
    {"unknown command", "command that is not known"},
    {"% invalid", "invalid"},
    {"% error", "error"},
    {"bad mask", "mask that is none"},
    {"overlaps with", "lies over"},
    {"command authorization failed", "the command was not permitted"},
};

void out_reword(char *text, size_t size)
{
    char rest[LINE_SIZE];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char *found;
        while ((found = strcasestr(text, words[i].searched)) != NULL) {
            (void)snprintf(rest, sizeof(rest), "%s", found + strlen(words[i].searched));
            (void)snprintf(found, size - (size_t)(found - text), "%s%s", words[i].instead, rest);
        }
    }
    if (text[0] == '%')
        text[0] = '*';
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || strchr("-_.+@/", c) != NULL || (unsigned char)c >= 0x80;
}

const char *out_quoted(const char *text, char buf[static OUT_QUOTED_SIZE])
{
    size_t used = 0;
    size_t len = strlen(text);
    bool plain = len > 0 && len < OUT_QUOTED_SIZE;

    for (size_t i = 0; i < len && plain; i++)
        plain = is_plain(text[i]);
    if (plain)
        return text;
    buf[used++] = '"';
    for (size_t i = 0; i < len && used + 6 < OUT_QUOTED_SIZE; i++) {
        /* What is escaped already stays: the agent has made it printable. */
        if ((is_plain(text[i]) || text[i] == '\\') && text[i] != '"')
            buf[used++] = text[i];
        else
            used += (size_t)snprintf(buf + used, OUT_QUOTED_SIZE - used, "\\x%02x",
                                     (unsigned)(unsigned char)text[i]);
    }
    buf[used++] = '"';
    buf[used] = '\0';
    return buf;
}

/* --- lines ----------------------------------------------------------------------------------- */

void out_set_mute(struct out *out, bool mute)
{
    out->mute = mute;
}

void out_set_mask(struct out *out, bool mask)
{
    out->mask = mask;
}

/* The length of a MAC at the front of a text, 0: there is none. */
static size_t mac_length(const char *text)
{
    static const char *const shapes[] = {"xx:xx:xx:xx:xx:xx", "xxxx.xxxx.xxxx", "xxxxxxxxxxxx"};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        size_t len = 0;
        while (shapes[i][len] != '\0' && text[len] != '\0' &&
               (shapes[i][len] == 'x' ? isxdigit((unsigned char)text[len]) != 0
                                      : text[len] == shapes[i][len]))
            len++;
        if (shapes[i][len] == '\0' && !isxdigit((unsigned char)text[len]))
            return len;
    }
    return 0;
}

/* What stands in a longer row of digits, as key hashes do, is no MAC. */
static void mask_macs(char *text)
{
    bool within = false;

    for (size_t i = 0; text[i] != '\0'; i++) {
        size_t len = within ? 0 : mac_length(text + i);
        for (size_t k = len / 2; k < len; k++)
            if (isxdigit((unsigned char)text[i + k]))
                text[i + k] = 'x';
        i += len > 0 ? len - 1 : 0;
        within = isxdigit((unsigned char)text[i]) != 0;
    }
}

void out_verbatim(struct out *out, const char *line)
{
    char text[LINE_SIZE];

    if (out->over)
        return;
    (void)snprintf(text, sizeof(text), "%s", line);
    if (out->mask)
        mask_macs(text);
    if (is_wanted(out, text))
        put_line(out, text);
}

void out_text(struct out *out, const char *line)
{
    char text[LINE_SIZE];

    (void)snprintf(text, sizeof(text), "%s", line);
    out_reword(text, sizeof(text));
    out_verbatim(out, text);
}

void out_line(struct out *out, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    out_reword(text, sizeof(text));
    out_verbatim(out, text);
}
