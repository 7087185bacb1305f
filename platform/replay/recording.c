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
    const struct radio_events *events;
    void *events_context;
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

/* An empty line of the given kind, to be filled. */
static struct replay_line *begin_line(struct recording *record, enum replay_kind kind,
                                      int64_t heard)
{
    int64_t now = loop_now(record->loop);

    record->line.kind = kind;
    record->line.at = now - record->begun;
    record->line.age = now > heard ? now - heard : 0;
    if (record->line.at > REPLAY_TIME_MAX && record->fd >= 0)
        stop(record, "a scene lasts no longer");
    return &record->line;
}

static void put_base_mac(struct recording *record)
{
    struct mac mac;

    if (record->radio == NULL || !record->radio->base_mac(record->platform, &mac) ||
        (record->has_base_mac && mac_equal(&mac, &record->base_mac)))
        return;
    record->has_base_mac = true;
    record->base_mac = mac;
    begin_line(record, REPLAY_BASE_MAC, INT64_MAX)->u.mac = mac;
    put_line(record);
}

/* --- events ---------------------------------------------------------------------------------- */

static void recording_ap(void *context, const struct radio_ap *ap)
{
    struct recording *record = context;

    put_base_mac(record);
    begin_line(record, REPLAY_AP, ap->up_since)->u.ap = *ap;
    put_line(record);
    record->events->ap_changed(record->events_context, ap);
}

static void recording_ap_gone(void *context, uint16_t ap)
{
    struct recording *record = context;

    begin_line(record, REPLAY_AP_GONE, INT64_MAX)->u.ap.ap = ap;
    put_line(record);
    record->events->ap_gone(record->events_context, ap);
}

static void recording_sample(void *context, const struct radio_sample *sample)
{
    struct recording *record = context;

    begin_line(record, REPLAY_SAMPLE, sample->heard)->u.sample = *sample;
    put_line(record);
    record->events->sample(record->events_context, sample);
}

static void recording_joined(void *context, const struct radio_client *client)
{
    struct recording *record = context;

    begin_line(record, REPLAY_JOIN, INT64_MAX)->u.client = *client;
    put_line(record);
    record->events->client_joined(record->events_context, client);
}

static void recording_left(void *context, uint16_t ap, const struct mac *device)
{
    struct recording *record = context;
    struct replay_line *line = begin_line(record, REPLAY_LEAVE, INT64_MAX);

    line->u.client.ap = ap;
    line->u.client.device = *device;
    put_line(record);
    record->events->client_left(record->events_context, ap, device);
}

static void recording_user(void *context, const struct radio_user *user)
{
    struct recording *record = context;

    begin_line(record, REPLAY_USER, INT64_MAX)->u.user = *user;
    put_line(record);
    record->events->client_user(record->events_context, user);
}

static void recording_address(void *context, const struct radio_address *address)
{
    struct recording *record = context;

    begin_line(record, REPLAY_ADDRESS, INT64_MAX)->u.address = *address;
    put_line(record);
    record->events->address(record->events_context, address);
}

static void recording_statistics(void *context, const struct radio_statistics *statistics)
{
    struct recording *record = context;

    begin_line(record, REPLAY_STATISTICS, INT64_MAX)->u.statistics = *statistics;
    put_line(record);
    record->events->statistics(record->events_context, statistics);
}

static void recording_rogue(void *context, const struct radio_rogue *rogue)
{
    struct recording *record = context;

    begin_line(record, REPLAY_ROGUE, INT64_MAX)->u.rogue = *rogue;
    put_line(record);
    record->events->rogue(record->events_context, rogue);
}

static void recording_tag(void *context, const struct radio_tag *tag)
{
    struct recording *record = context;
    struct replay_line *line = begin_line(record, REPLAY_TAG, tag->heard);

    line->u.tag = *tag;
    if (tag->payload_len > 0)
        memcpy(line->payload, tag->payload, tag->payload_len);
    put_line(record);
    record->events->tag(record->events_context, tag);
}

static void recording_works(void *context, uint32_t works)
{
    struct recording *record = context;

    begin_line(record, REPLAY_WORKS, INT64_MAX)->u.works = works;
    put_line(record);
    record->events->working_changed(record->events_context, works);
}

const struct radio_events *recording_events(void)
{
    static const struct radio_events events = {
        .ap_changed = recording_ap,
        .ap_gone = recording_ap_gone,
        .sample = recording_sample,
        .client_joined = recording_joined,
        .client_left = recording_left,
        .client_user = recording_user,
        .address = recording_address,
        .statistics = recording_statistics,
        .rogue = recording_rogue,
        .tag = recording_tag,
        .working_changed = recording_works,
    };
    return &events;
}

/* --- life ------------------------------------------------------------------------------------ */

struct recording *recording_new(struct loop *loop, const char *path,
                                const struct radio_events *events, void *events_context)
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
    record->events = events;
    record->events_context = events_context;
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
