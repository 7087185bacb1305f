/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

enum { LINE_SIZE = 1024 };

static struct {
    const char *program;
    bool to_syslog;
    enum log_level level;
    void (*divert)(enum log_level level, const char *line);
} target = {.program = "nmspd", .level = LOG_LEVEL_INFO};

void log_open(const char *program, bool to_syslog, enum log_level level)
{
    target.program = program;
    target.to_syslog = to_syslog;
    target.level = level;
    if (to_syslog)
        openlog(program, LOG_PID, LOG_DAEMON);
}

void log_close(void)
{
    if (target.to_syslog)
        closelog();
    target.to_syslog = false;
}

void log_forked(void)
{
    if (!target.to_syslog)
        return;
    closelog();
    openlog(target.program, LOG_PID, LOG_DAEMON);
}

void log_set_level(enum log_level level)
{
    target.level = level;
}

bool log_enabled(enum log_level level)
{
    return level <= target.level;
}

void log_divert(void (*take)(enum log_level level, const char *line))
{
    target.divert = take;
}

static void write_line(enum log_level level, const char *line)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};

    if (target.divert != NULL)
        target.divert(level, line);
    else if (target.to_syslog)
        syslog(priorities[level], "%s", line);
    else
        (void)fprintf(stderr, "%s: %s%s\n", target.program, words[level], line);
}

static void log_at(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void log_at(enum log_level level, const char *format, va_list arguments)
{
    char line[LINE_SIZE];

    if (!log_enabled(level))
        return;
    int len = vsnprintf(line, sizeof(line), format, arguments);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof(line))
        memcpy(line + sizeof(line) - 3, "..", 3);
    write_line(level, line);
}

/* One body for the four levels; a macro because a va_list cannot be passed through a second `...`.
 */
#define LOG_AT(level)                 \
    va_list arguments;                \
    va_start(arguments, format);      \
    log_at(level, format, arguments); \
    va_end(arguments)

void log_error(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_ERROR);
}

void log_warning(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_WARNING);
}

void log_info(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_INFO);
}

void log_debug(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_DEBUG);
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\';
}

/* How many bytes of text can be written into `room`; `used` becomes their written length. */
static size_t fitting(const unsigned char *text, size_t len, size_t room, size_t *used)
{
    size_t count = 0;

    *used = 0;
    while (count < len) {
        size_t need = is_plain(text[count]) ? 1 : 4;
        if (need > room - *used)
            break;
        *used += need;
        count++;
    }
    return count;
}

static void write_safe(const unsigned char *text, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        if (is_plain(text[i])) {
            *out++ = (char)text[i];
        } else {
            *out++ = '\\';
            *out++ = 'x';
            *out++ = digits[text[i] >> 4];
            *out++ = digits[text[i] & 15];
        }
    }
}

const char *log_safe(const void *text, size_t len, char *buf, size_t size)
{
    const char *end = "";
    size_t used = 0;

    if (size == 0)
        return buf;
    size_t count = fitting(text, len, size - 1, &used);
    if (count < len) {
        count = size < 3 ? 0 : fitting(text, len, size - 3, &used);
        if (size < 3)
            used = 0;
        else
            end = "..";
    }
    write_safe(text, count, buf);
    memcpy(buf + used, end, strlen(end) + 1);
    return buf;
}
