/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Before each text in the ring. A record never wraps: what is left at the end is skipped. */
struct record {
    int64_t wall;
    uint32_t number;
    uint16_t len;  /* of the text */
    uint8_t level; /* enum trace_level, or SKIP */
};

enum { SKIP = 0xff, ALIGNMENT = 8 };

struct ring {
    uint8_t *bytes;
    size_t size;
    size_t first; /* where the oldest record is */
    size_t used;  /* bytes from there on, skipped ones included */
};

static struct {
    const struct loop *loop;
    struct ring ring;
    uint32_t next; /* number of the next line */
    enum trace_level level;
    /* Where the line was that was read last: the next one is looked for from there on. */
    bool has_mark;
    uint32_t mark_number;
    size_t mark;
} trace = {.level = TRACE_WARNING, .next = 1};

/* --- the ring -------------------------------------------------------------------------------- */

static size_t rounded(size_t size)
{
    return size / ALIGNMENT * ALIGNMENT;
}

static size_t record_size(size_t len)
{
    return rounded(sizeof(struct record) + len + ALIGNMENT - 1);
}

static struct record record_at(const struct ring *ring, size_t at)
{
    struct record record;

    memcpy(&record, ring->bytes + at, sizeof(record));
    return record;
}

static size_t room_to_end(const struct ring *ring, size_t at)
{
    return ring->size - at;
}

/* How many bytes the place takes; false if it is skipped room, which reaches to the end. */
static bool look_at(const struct ring *ring, size_t at, struct record *record, size_t *step)
{
    *step = room_to_end(ring, at);
    if (*step < sizeof(*record))
        return false;
    *record = record_at(ring, at);
    if (record->level == SKIP)
        return false;
    *step = record_size(record->len);
    return true;
}

static void drop_oldest(struct ring *ring)
{
    struct record record;
    size_t step;

    (void)look_at(ring, ring->first, &record, &step);
    if (trace.mark == ring->first)
        trace.has_mark = false;
    ring->first = (ring->first + step) % ring->size;
    ring->used -= step;
}

static void make_room(struct ring *ring, size_t size)
{
    while (ring->size - ring->used < size)
        drop_oldest(ring);
}

static void skip_to_start(struct ring *ring, size_t at)
{
    const struct record skip = {.level = SKIP};

    if (room_to_end(ring, at) >= sizeof(skip))
        memcpy(ring->bytes + at, &skip, sizeof(skip));
    ring->used += room_to_end(ring, at);
}

static void put(struct ring *ring, const struct record *record, const void *text)
{
    size_t size = record_size(record->len);
    size_t at = (ring->first + ring->used) % ring->size;

    if (room_to_end(ring, at) < size) {
        make_room(ring, room_to_end(ring, at));
        skip_to_start(ring, at);
        at = 0;
    }
    make_room(ring, size);
    memcpy(ring->bytes + at, record, sizeof(*record));
    memcpy(ring->bytes + at + sizeof(*record), text, record->len);
    ring->used += size;
}

/* --- life ------------------------------------------------------------------------------------ */

static bool is_size(size_t size)
{
    return size >= TRACE_MIN_SIZE && size <= TRACE_MAX_SIZE;
}

int trace_init(const struct loop *loop, size_t size)
{
    if (!is_size(size))
        return -EINVAL;
    uint8_t *bytes = malloc(rounded(size));
    if (bytes == NULL)
        return -ENOMEM;
    trace.loop = loop;
    trace.ring = (struct ring){.bytes = bytes, .size = rounded(size)};
    trace.next = 1;
    trace.level = TRACE_WARNING;
    trace.has_mark = false;
    return 0;
}

void trace_fini(void)
{
    free(trace.ring.bytes);
    trace.ring = (struct ring){.bytes = NULL};
    trace.has_mark = false;
}

void trace_set_level(enum trace_level level)
{
    trace.level = level;
}

enum trace_level trace_level(void)
{
    return trace.level;
}

bool trace_enabled(enum trace_level level)
{
    return trace.ring.bytes != NULL && level <= trace.level;
}

void trace_line(enum trace_level level, const char *format, ...)
{
    char text[TRACE_TEXT_MAX + 1];
    va_list arguments;

    if (!trace_enabled(level))
        return;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    const struct record record = {.wall = loop_wall(trace.loop),
                                  .number = trace.next++,
                                  .len = (uint16_t)(len > TRACE_TEXT_MAX ? TRACE_TEXT_MAX : len),
                                  .level = (uint8_t)level};
    put(&trace.ring, &record, text);
}

void trace_renumber(uint32_t next)
{
    trace_clear();
    trace.next = next;
}

/* --- reading --------------------------------------------------------------------------------- */

static void give(const struct record *record, size_t at, struct trace_entry *out)
{
    *out = (struct trace_entry){
        .number = record->number, .level = (enum trace_level)record->level, .wall = record->wall};
    memcpy(out->text, trace.ring.bytes + at + sizeof(*record), record->len);
    out->text[record->len] = '\0';
    trace.has_mark = true;
    trace.mark_number = record->number;
    trace.mark = at;
}

/*
 * The first of the last `count` lines. Counted from the end, so that it does not matter where the
 * numbers wrap; a count beyond what there is means the oldest line.
 */
static bool find(uint32_t count, struct trace_entry *out)
{
    const struct ring *ring = &trace.ring;
    size_t at = ring->first;
    struct record record;
    size_t step;

    if (ring->bytes == NULL)
        return false;
    if (trace.has_mark && trace.next - trace.mark_number >= count)
        at = trace.mark;
    for (size_t seen = (at + ring->size - ring->first) % ring->size; seen < ring->used;) {
        if (look_at(ring, at, &record, &step) && trace.next - record.number <= count) {
            give(&record, at, out);
            return true;
        }
        seen += step;
        at = (at + step) % ring->size;
    }
    return false;
}

bool trace_after(uint32_t number, struct trace_entry *out)
{
    return find(trace.next - 1 - number, out);
}

bool trace_first(struct trace_entry *out)
{
    return find(UINT32_MAX, out);
}

bool trace_last(uint32_t count, struct trace_entry *out)
{
    return find(count, out);
}

/* --- managing -------------------------------------------------------------------------------- */

void trace_clear(void)
{
    trace.ring.first = 0;
    trace.ring.used = 0;
    trace.has_mark = false;
}

size_t trace_size(void)
{
    return trace.ring.size;
}

int trace_resize(size_t size)
{
    struct ring *old = &trace.ring;
    struct record record;
    size_t step;

    if (!is_size(size) || old->bytes == NULL)
        return -EINVAL;
    struct ring fresh = {.bytes = malloc(rounded(size)), .size = rounded(size)};
    if (fresh.bytes == NULL)
        return -ENOMEM;
    trace.has_mark = false;
    for (size_t at = old->first, seen = 0; seen < old->used;) {
        if (look_at(old, at, &record, &step))
            put(&fresh, &record, old->bytes + at + sizeof(record));
        seen += step;
        at = (at + step) % old->size;
    }
    free(old->bytes);
    *old = fresh;
    return 0;
}

const char *trace_level_name(enum trace_level level)
{
    static const char *const names[] = {[TRACE_ERR] = "err",
                                        [TRACE_WARNING] = "warning",
                                        [TRACE_INFO] = "info",
                                        [TRACE_DEBUG] = "debug"};

    return names[level];
}

const char *trace_format(const struct trace_entry *entry, char buf[static TRACE_LINE_SIZE])
{
    time_t when = (time_t)(entry->wall / 1000);
    struct tm utc = {.tm_mday = 1};

    (void)gmtime_r(&when, &utc);
    (void)snprintf(buf, TRACE_LINE_SIZE, "[%02d/%02d/%02d %02d:%02d:%02d.%03d UTC %x %ld] %s",
                   utc.tm_mon + 1, utc.tm_mday, utc.tm_year % 100, utc.tm_hour, utc.tm_min,
                   utc.tm_sec, (int)(entry->wall % 1000), entry->number, (long)getpid(),
                   entry->text);
    return buf;
}
