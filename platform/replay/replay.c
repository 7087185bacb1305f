/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/replay.h"

#include "agent/base/log.h"
#include "platform/replay/replay-crowd.h"
#include "platform/replay/replay-line.h"
#include "platform/replay/replay-survey.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINES_PER_TURN = 4096,
    FRAMES_PER_TURN = 16384,
    FURTHER_AP_DB = 6 /* how much less each further AP hears */
};

struct crowd {
    struct replay *replay;
    struct replay_crowd what;
    struct loop_timer timer;
    int64_t begun;   /* loop_now() time */
    uint64_t next;   /* frame: round * count + device */
    uint64_t frames; /* in all, 0: without end */
    uint8_t *silent; /* a bit for each device */
};

struct replay {
    struct loop *loop;
    struct replay_options options;
    struct radio_sink sink;
    struct replay_counters counters;

    uint8_t *text;
    size_t len;
    struct cursor rest;      /* what is not played yet */
    struct replay_line line; /* the next one of it */
    bool has_line;
    struct loop_timer timer;
    bool started;
    int64_t begun;

    bool has_base_mac;
    bool is_configured; /* the base MAC */
    struct mac base_mac;
    bool says_works; /* else what its devices need */
    uint32_t works;
    struct radio_ap *aps;
    bool *ap_up;
    uint32_t ap_count; /* handles below it are used */
    struct crowd *crowds;
    size_t crowd_count;
    size_t crowds_begun;
    uint8_t *silent; /* of all crowds */
    uint64_t devices;
};

/* --- crowds ---------------------------------------------------------------------------------- */

static uint16_t nearest_ap(const struct replay_crowd *what, uint32_t device, unsigned further)
{
    uint64_t first = (uint64_t)device * what->aps / what->count;

    return (uint16_t)(what->ap + (first + further) % what->aps);
}

static bool ap_is_up(const struct replay *replay, uint16_t ap)
{
    return ap < replay->ap_count && replay->ap_up[ap];
}

static void join(struct crowd *crowd, uint32_t device, const struct mac *mac)
{
    struct replay *replay = crowd->replay;
    const struct replay_crowd *what = &crowd->what;
    struct radio_event event = {.kind = RADIO_CLIENT_JOINED,
                                .joined = {.device = *mac,
                                           .ap = nearest_ap(what, device, 0),
                                           .vlan = what->vlan,
                                           .protocol = what->protocol,
                                           .ssid_len = what->ssid_len}};

    memcpy(event.joined.ssid, what->ssid, what->ssid_len);
    if (ap_is_up(replay, event.joined.ap))
        radio_tell(&replay->sink, &event);
}

static int64_t frame_time(const struct crowd *crowd, uint64_t frame)
{
    uint64_t round = frame / crowd->what.count;
    uint64_t device = frame % crowd->what.count;

    return crowd->begun +
           (int64_t)(round * crowd->what.every + device * crowd->what.every / crowd->what.count);
}

/* One device is heard by its APs. */
static void play_frame(struct crowd *crowd, uint64_t frame)
{
    struct replay *replay = crowd->replay;
    const struct replay_crowd *what = &crowd->what;
    uint32_t device = (uint32_t)(frame % what->count);
    struct radio_sample sample = {.device = replay_mac_plus(&what->mac, device),
                                  .device_class = what->device_class,
                                  .antenna = what->antenna,
                                  .source = what->source,
                                  .snr = what->snr,
                                  .heard = frame_time(crowd, frame)};
    int64_t level = replay_level(what, device, sample.heard - crowd->begun);

    if (what->associated && frame < what->count)
        join(crowd, device, &sample.device);
    for (unsigned i = 0; i < what->heard_by; i++) {
        sample.ap = nearest_ap(what, device, i);
        sample.rssi = replay_clamp(level - (int64_t)i * FURTHER_AP_DB);
        if (!ap_is_up(replay, sample.ap) || (crowd->silent[device / 8] & 1U << device % 8) != 0) {
            replay->counters.silent++;
            continue;
        }
        replay->counters.samples++;
        radio_tell(&replay->sink, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = sample});
    }
}

/* What a late loop has missed for good: everything but the last interval. */
static void skip_old(struct crowd *crowd, int64_t now)
{
    int64_t behind = now - frame_time(crowd, crowd->next);
    uint64_t rounds;

    if (behind <= crowd->what.every || crowd->next < crowd->what.count)
        return;
    rounds = (uint64_t)behind / crowd->what.every;
    crowd->next += rounds * crowd->what.count;
    crowd->replay->counters.skipped += rounds * crowd->what.count;
}

static void play_crowd(void *context)
{
    struct crowd *crowd = context;
    int64_t now = loop_now(crowd->replay->loop);
    unsigned played = 0;

    skip_old(crowd, now);
    while (crowd->frames == 0 || crowd->next < crowd->frames) {
        int64_t due = frame_time(crowd, crowd->next);
        if (due > now || played++ == FRAMES_PER_TURN) {
            int64_t portion = now + REPLAY_PORTION;
            bool dense = crowd->what.every / crowd->what.count < REPLAY_PORTION;
            loop_timer_start_at(&crowd->timer, due > now && dense && due < portion ? portion : due);
            return;
        }
        play_frame(crowd, crowd->next++);
    }
}

static void begin_crowd(struct replay *replay, int64_t at)
{
    struct crowd *crowd = &replay->crowds[replay->crowds_begun++];
    const struct replay_crowd *what = &replay->line.u.crowd;

    assert(replay->crowds_begun <= replay->crowd_count);
    crowd->what = *what;
    crowd->begun = at;
    crowd->next = 0;
    crowd->frames = what->length > 0
                        ? (what->length + (uint64_t)what->every - 1) / what->every * what->count
                        : 0;
    play_crowd(crowd);
}

static void set_silent(struct replay *replay, const struct mac *mac, bool silent)
{
    for (size_t i = 0; i < replay->crowds_begun; i++) {
        struct crowd *crowd = &replay->crowds[i];
        uint64_t device = replay_mac_number(mac) - replay_mac_number(&crowd->what.mac);
        if (device >= crowd->what.count)
            continue;
        uint8_t bit = (uint8_t)(1U << device % 8);
        if (silent)
            crowd->silent[device / 8] |= bit;
        else
            crowd->silent[device / 8] &= (uint8_t)~bit;
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

static void put_ap(struct replay *replay, const struct radio_ap *ap)
{
    replay->aps[ap->ap] = *ap;
    replay->ap_up[ap->ap] = true;
    radio_tell(&replay->sink, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = *ap});
}

static void drop_ap(struct replay *replay, uint16_t ap)
{
    if (!replay->ap_up[ap])
        return;
    replay->ap_up[ap] = false;
    radio_tell(&replay->sink, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = ap});
}

/* Comes back as it was last; one that never was stays away. */
static void restore_ap(struct replay *replay, uint16_t ap, int64_t at)
{
    if (replay->ap_up[ap] || mac_is_zero(&replay->aps[ap].mac))
        return;
    replay->aps[ap].up_since = at;
    put_ap(replay, &replay->aps[ap]);
}

static void put_aps(struct replay *replay, const struct replay_aps *aps)
{
    for (uint32_t i = 0; i < aps->count; i++) {
        struct radio_ap ap = aps->first;
        ap.ap = (uint16_t)(ap.ap + i);
        ap.mac = replay_mac_plus(&aps->first.mac, i);
        if (ap.name[0] != '\0')
            (void)snprintf(ap.name, sizeof(ap.name), "%.50s-%" PRIu32, aps->first.name, i);
        put_ap(replay, &ap);
    }
}

static void act(struct replay *replay, struct replay_line *line)
{
    int64_t at = replay->begun + line->at;

    replay->counters.lines++;
    switch (line->kind) {
    case REPLAY_BASE_MAC:
        replay->has_base_mac = true;
        if (!replay->is_configured)
            replay->base_mac = line->u.mac;
        break;
    case RADIO_AP_CHANGED:
        put_ap(replay, &replay_line_event(line, at)->ap);
        break;
    case REPLAY_APS:
        line->u.aps.first.up_since = at - line->age;
        put_aps(replay, &line->u.aps);
        break;
    case RADIO_AP_GONE:
        drop_ap(replay, line->event.gone);
        break;
    case REPLAY_AP_BACK:
        restore_ap(replay, line->event.gone, at);
        break;
    case REPLAY_DEVICES:
        begin_crowd(replay, at);
        break;
    case REPLAY_SILENT:
    case REPLAY_HEARD:
        set_silent(replay, &line->u.mac, line->kind == REPLAY_SILENT);
        break;
    default:
        replay->counters.samples += line->kind == RADIO_SAMPLE;
        if (line->kind < RADIO_KINDS)
            radio_tell(&replay->sink, replay_line_event(line, at));
    }
}

static bool next_line(struct replay *replay)
{
    char error[REPLAY_ERROR_SIZE];
    uint32_t number = 0;

    bool read = replay_next_line(&replay->rest, &replay->line, &number, error);
    assert(read);
    (void)read;
    replay->has_line = replay->line.kind != REPLAY_NOTHING;
    return replay->has_line;
}

static void play_lines(void *context)
{
    struct replay *replay = context;
    int64_t now = loop_now(replay->loop);

    for (unsigned i = 0; replay->has_line && i < LINES_PER_TURN; i++) {
        if (replay->begun + replay->line.at > now)
            break;
        act(replay, &replay->line);
        (void)next_line(replay);
    }
    if (replay->has_line)
        loop_timer_start_at(&replay->timer, replay->begun + replay->line.at);
    else
        log_info("replay: the last line of %s was played", replay->options.name);
}

/* --- taking a scene -------------------------------------------------------------------------- */

/* Each crowd's bits; read a second time, because a crowd begins while others play. */
static void share_silent(struct replay *replay)
{
    char error[REPLAY_ERROR_SIZE];
    struct cursor rest = cursor_of(replay->text, replay->len);
    uint8_t *silent = replay->silent;
    uint32_t number = 0;

    for (size_t i = 0; i < replay->crowd_count;) {
        (void)replay_next_line(&rest, &replay->line, &number, error);
        if (replay->line.kind != REPLAY_DEVICES)
            continue;
        replay->crowds[i++].silent = silent;
        silent += (replay->line.u.crowd.count + 7) / 8;
    }
}

static bool make_rooms(struct replay *replay, const struct replay_survey *survey)
{
    replay->aps = calloc(survey->aps + (size_t)1, sizeof(*replay->aps));
    replay->ap_up = calloc(survey->aps + (size_t)1, sizeof(*replay->ap_up));
    replay->crowds = calloc(survey->crowds + 1, sizeof(*replay->crowds));
    replay->silent = calloc(survey->silent_bytes + 1, 1);
    if (replay->aps == NULL || replay->ap_up == NULL || replay->crowds == NULL ||
        replay->silent == NULL)
        return false;
    replay->ap_count = survey->aps;
    replay->devices = survey->devices;
    replay->says_works = survey->says_works;
    replay->works = survey->works;
    for (size_t i = 0; i < survey->crowds; i++) {
        struct crowd *crowd = &replay->crowds[i];
        crowd->replay = replay;
        if (loop_timer_init(replay->loop, &crowd->timer, play_crowd, crowd) != 0)
            return false;
        replay->crowd_count++;
    }
    share_silent(replay);
    return true;
}

static bool take_scene(struct replay *replay)
{
    struct replay_survey survey;

    if (!replay_survey_take(replay->text, replay->len, &replay->options, &survey))
        return false;
    if (loop_timer_init(replay->loop, &replay->timer, play_lines, replay) == 0 &&
        make_rooms(replay, &survey)) {
        replay->rest = cursor_of(replay->text, replay->len);
        return true;
    }
    log_error("%s: there is no memory for this scene", replay->options.name);
    return false;
}

/* Takes the text over. */
static struct replay *make(struct loop *loop, uint8_t *text, size_t len,
                           const struct replay_options *options, const struct radio_sink *sink)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    if (replay == NULL) {
        free(text);
        return NULL;
    }
    replay->loop = loop;
    replay->options = *options;
    if (options->devices_max == 0)
        replay->options.devices_max = REPLAY_DEVICES_MAX;
    replay->sink = *sink;
    replay->text = text;
    replay->len = len;
    if (take_scene(replay))
        return replay;
    replay_free(replay);
    return NULL;
}

struct replay *replay_new(struct loop *loop, const void *text, size_t len,
                          const struct replay_options *options, const struct radio_sink *sink)
{
    uint8_t *copy = malloc(len + 1);

    if (copy == NULL)
        return NULL;
    if (len > 0)
        memcpy(copy, text, len);
    return make(loop, copy, len, options, sink);
}

/* All of a regular file; NULL and errno. */
static uint8_t *read_file(const char *path, size_t *len)
{
    struct stat facts;
    uint8_t *text = NULL;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return NULL;
    if (fstat(fd, &facts) != 0)
        goto out;
    errno = S_ISREG(facts.st_mode) ? EFBIG : EINVAL;
    if (!S_ISREG(facts.st_mode) || facts.st_size > REPLAY_TEXT_MAX)
        goto out;
    text = malloc((size_t)facts.st_size + 1);
    *len = 0;
    while (text != NULL && got > 0 && *len < (size_t)facts.st_size) {
        got = read(fd, text + *len, (size_t)facts.st_size - *len);
        *len += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        free(text);
        text = NULL;
    }
out:
    (void)close(fd);
    return text;
}

struct replay *replay_open(struct loop *loop, const struct replay_options *options,
                           const struct radio_sink *sink)
{
    size_t len = 0;
    uint8_t *text = read_file(options->name, &len);

    if (text == NULL) {
        log_error("the scene %s cannot be read: %s", options->name, strerror(errno));
        return NULL;
    }
    return make(loop, text, len, options, sink);
}

void replay_free(struct replay *replay)
{
    if (replay == NULL)
        return;
    for (size_t i = 0; i < replay->crowd_count; i++)
        loop_timer_fini(&replay->crowds[i].timer);
    loop_timer_fini(&replay->timer);
    free(replay->crowds);
    free(replay->silent);
    free(replay->aps);
    free(replay->ap_up);
    free(replay->text);
    free(replay);
}

/* --- operations ------------------------------------------------------------------------------ */

static void start(struct replay *replay)
{
    replay->started = true;
    replay->begun = loop_now(replay->loop);
    log_warning("REPLAY: nothing is measured; all that location servers are told is the scene %s",
                replay->options.name);
    if (!replay->says_works && replay->works != 0)
        radio_tell(&replay->sink, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                        .capabilities = replay->works});
    if (next_line(replay))
        play_lines(replay);
}

static void configure(void *platform, const struct settings_radios *settings)
{
    struct replay *replay = platform;

    if (settings->has_base_mac) {
        replay->has_base_mac = replay->is_configured = true;
        replay->base_mac = settings->base_mac;
    }
    if (!replay->started)
        start(replay);
}

static bool base_mac(void *platform, struct mac *mac)
{
    const struct replay *replay = platform;

    *mac = replay->base_mac;
    return replay->has_base_mac;
}

static void describe(void *platform, char *text, size_t size)
{
    const struct replay *replay = platform;
    uint32_t up = 0;

    for (uint32_t i = 0; i < replay->ap_count; i++)
        up += replay->ap_up[i] ? 1 : 0;
    (void)snprintf(text, size,
                   "REPLAY, nothing is measured: scene %s, %" PRIu32 " APs, %" PRIu64
                   " samples told, %" PRIu64 " frames skipped, %" PRIu64 " KiB",
                   replay->options.name, up, replay->counters.samples, replay->counters.skipped,
                   (uint64_t)replay_memory(replay) / 1024);
}

static uint64_t counter(void *platform, const char *container, const char *leaf)
{
    (void)platform;
    (void)container;
    (void)leaf;
    return 0;
}

const struct radio_operations *replay_operations(void)
{
    static const struct radio_operations operations = {
        .configure = configure, .base_mac = base_mac, .describe = describe, .counter = counter};

    return &operations;
}

const struct replay_counters *replay_counters(const struct replay *replay)
{
    return &replay->counters;
}

size_t replay_memory(const struct replay *replay)
{
    return sizeof(*replay) + replay->len +
           replay->ap_count * (sizeof(*replay->aps) + sizeof(*replay->ap_up)) +
           replay->crowd_count * sizeof(*replay->crowds) + (size_t)(replay->devices / 8);
}
