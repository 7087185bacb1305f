/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace ring: what an operator reads when a session does not come up (`show trace messages
 * nmsp`).
 *
 * A fixed number of bytes; the oldest lines go when new ones come. Lines can be read at any time,
 * also while others are written: a reader asks for what came after the last number it saw. Every
 * line has a number, one more than the line before; it is 32 bits wide and wraps. The text is one
 * line, without a line feed, and holds no secret; foreign text in it must have gone through
 * log_safe().
 *
 * Printed form (technote of the Catalyst 3850): "[MM/DD/YY HH:MM:SS.mmm UTC <number in hex>
 * <process id>] text".
 */
#ifndef AGENT_BASE_TRACE_H
#define AGENT_BASE_TRACE_H

#include "agent/base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trace_level { TRACE_ERR, TRACE_WARNING, TRACE_INFO, TRACE_DEBUG };

enum {
    TRACE_DEFAULT_SIZE = 64 * 1024,
    TRACE_MIN_SIZE = 4 * 1024,
    TRACE_MAX_SIZE = 1024 * 1024,
    TRACE_TEXT_MAX = 240, /* a longer line is cut */
    TRACE_LINE_SIZE = TRACE_TEXT_MAX + 64,
};

struct trace_entry {
    uint32_t number;
    enum trace_level level;
    int64_t wall; /* ms since 1970 */
    char text[TRACE_TEXT_MAX + 1];
};

/* Once, before the first line; the times are the loop's, the size as for trace_resize(). Level:
 * warning. 0, -EINVAL or -ENOMEM. */
int trace_init(const struct loop *loop, size_t size);
void trace_fini(void);

void trace_set_level(enum trace_level level);
enum trace_level trace_level(void);
/* For the caller that would work to make up a line. False before trace_init. */
bool trace_enabled(enum trace_level level);

void trace_line(enum trace_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The oldest line that came after `number`, or the oldest at all if that one is gone. False: none
 * yet. One after the other this takes no time, however many lines there are. */
bool trace_after(uint32_t number, struct trace_entry *out);
/* The oldest line there is. False: none. */
bool trace_first(struct trace_entry *out);
/* The first of the last `count` lines, or of fewer if there are fewer. False: none. */
bool trace_last(uint32_t count, struct trace_entry *out);

/* Forgets all lines; numbers go on. */
void trace_clear(void);
/* Another size, within the limits; the lines are kept as far as they fit. 0, -EINVAL or -ENOMEM
 * (nothing changes). */
int trace_resize(size_t size);
size_t trace_size(void);
/* For tests: forgets all lines, and the next one has this number. */
void trace_renumber(uint32_t next);

/* "err", "warning", "info", "debug". */
const char *trace_level_name(enum trace_level level);

/* The printed form, without a line feed. Gives buf. */
const char *trace_format(const struct trace_entry *entry, char buf[static TRACE_LINE_SIZE]);

#endif
