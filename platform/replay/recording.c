/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/recording.h"

#include "agent/base/log.h"
#include "platform/replay/replay-line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUFFER_SIZE = 65536, WRITE_MS = 1000 };

struct recording {
    struct loop *loop;
    const char *path;
    struct radio_sink sink;
    const struct radio_operations *radio;
    void *platform;
    int fd; /* -1: it has ended */
    int64_t begun;
    int64_t size; /* of the file, whole lines */
    int64_t limit;
    uint64_t lines;
    bool has_base_mac;
    struct mac base_mac;
    struct loop_timer timer;
    struct replay_line line;
    struct writer w;
    uint8_t buffer[BUFFER_SIZE];
};

/* --- the file -------------------------------------------------------------------------------- */

static void stop(struct recording *record, const char *why)
{
    log_error("the recording %s ends here: %s; it has %" PRId64 " bytes and can be replayed",
              record->path, why, record->size);
    /* What was written of a line is cut off. */
    if (ftruncate(record->fd, record->size) != 0)
        log_warning("its last line is not whole: %s", strerror(errno));
    (void)close(record->fd);
    record->fd = -1;
    loop_timer_stop(&record->timer);
}

static void flush(void *context)
{
    struct recording *record = context;
    size_t done = 0;

    while (record->fd >= 0 && done < record->w.used) {
        ssize_t wrote = write(record->fd, record->buffer + done, record->w.used - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            stop(record, wrote < 0 ? strerror(errno) : "nothing can be written");
        else
            done += (size_t)wrote;
    }
    record->size += (int64_t)done;
    record->w = writer_of(record->buffer, sizeof(record->buffer));
}

static void put_line(struct recording *record)
{
    if (record->fd < 0)
        return;
    if (writer_left(&record->w) < REPLAY_LINE_MAX)
        flush(record);
    if (record->size + (int64_t)record->w.used + REPLAY_LINE_MAX > record->limit) {
        flush(record);
        if (record->fd >= 0)
            stop(record, "it has reached its bound");
    }
    if (record->fd < 0)
        return;
    replay_line_write(&record->line, &record->w);
    record->lines++;
    if (!loop_timer_running(&record->timer))
        loop_timer_start(&record->timer, WRITE_MS);
}

/* A line of the given kind; what it tells is filled in. */
static void put_kind(struct recording *record, unsigned kind, int64_t heard)
{
    int64_t now = loop_now(record->loop);

    record->line.kind = kind;
    record->line.at = now - record->begun;
    record->line.age = now > heard ? now - heard : 0;
    if (record->line.at > REPLAY_TIME_MAX && record->fd >= 0)
        stop(record, "a scene lasts no longer");
    put_line(record);
}

static void put_base_mac(struct recording *record)
{
    struct mac mac;

    if (record->radio == NULL || !record->radio->base_mac(record->platform, &mac) ||
        (record->has_base_mac && mac_equal(&mac, &record->base_mac)))
        return;
    record->has_base_mac = true;
    record->base_mac = mac;
    record->line.base_mac = mac;
    put_kind(record, REPLAY_BASE_MAC, INT64_MAX);
}

/* --- events ---------------------------------------------------------------------------------- */

static int64_t heard_at(const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_AP_CHANGED:
        return event->ap.up_since;
    case RADIO_SAMPLE:
        return event->sample.heard;
    case RADIO_TAG:
        return event->tag.heard;
    default:
        return INT64_MAX;
    }
}

void recording_take(void *context, const struct radio_event *event)
{
    struct recording *record = context;

    if (event->kind == RADIO_AP_CHANGED)
        put_base_mac(record);
    record->line.event = *event;
    if (event->kind == RADIO_TAG && event->tag.payload_len > 0)
        memcpy(record->line.payload, event->tag.payload, event->tag.payload_len);
    put_kind(record, event->kind, heard_at(event));
    radio_tell(&record->sink, event);
}

/* --- life ------------------------------------------------------------------------------------ */

struct recording *recording_new(struct loop *loop, const char *path, const struct radio_sink *sink)
{
    static const char head[] = "scene 1\n";
    struct recording *record = calloc(1, sizeof(*record));

    if (record == NULL)
        return NULL;
    record->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (record->fd < 0) {
        log_error("cannot record into %s, which must be a new file: %s", path, strerror(errno));
        free(record);
        return NULL;
    }
    record->loop = loop;
    record->path = path;
    record->sink = *sink;
    record->begun = loop_now(loop);
    record->limit = RECORDING_MAX;
    record->w = writer_of(record->buffer, sizeof(record->buffer));
    writer_bytes(&record->w, head, sizeof(head) - 1);
    if (loop_timer_init(loop, &record->timer, flush, record) != 0) {
        (void)close(record->fd);
        free(record);
        return NULL;
    }
    log_warning("what radios tell is recorded in %s, with the MACs of all that is heard", path);
    return record;
}

void recording_free(struct recording *record)
{
    if (record == NULL)
        return;
    flush(record);
    loop_timer_fini(&record->timer);
    if (record->fd >= 0)
        (void)close(record->fd);
    free(record);
}

void recording_source(struct recording *record, const struct radio_operations *radio,
                      void *platform)
{
    record->radio = radio;
    record->platform = platform;
}

void recording_flush(struct recording *record)
{
    flush(record);
}

uint64_t recording_lines(const struct recording *record)
{
    return record->lines;
}

bool recording_goes_on(const struct recording *record)
{
    return record->fd >= 0;
}

void recording_limit(struct recording *record, int64_t bytes)
{
    record->limit = bytes;
}
