/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/replay/replay.h"

#include "agent/base/log.h"
#include "platform/handles.h"
#include "platform/replay/replay-line.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES_PER_TURN = 4096 };

struct replay {
    struct loop *loop;
    struct replay_options options;
    struct radio_sink sink;
    uint64_t samples; /* told */

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
    bool says_capabilities; /* else what its samples need */
    uint32_t capabilities;
    bool *ap_up; /* by handle */
    uint32_t aps_up;
    struct handles *handles; /* the scene has the lowest ones */
};

/* --- lines ----------------------------------------------------------------------------------- */

/* The next line that says something, or REPLAY_NOTHING at the end; counts the lines it has passed.
 * False: `error` says what is wrong with it. */
static bool read_line(struct cursor *rest, struct replay_line *line, uint32_t *number,
                      char error[static REPLAY_ERROR_SIZE])
{
    line->kind = REPLAY_NOTHING;
    while (cursor_left(rest) > 0 && line->kind == REPLAY_NOTHING) {
        const uint8_t *end = memchr(rest->at, '\n', cursor_left(rest));
        size_t len = end != NULL ? (size_t)(end - rest->at) : cursor_left(rest);
        const uint8_t *text = cursor_bytes(rest, len);
        if (end != NULL)
            cursor_skip(rest, 1);
        (*number)++;
        if (!replay_line_parse(text, len, line, error))
            return false;
    }
    return true;
}

/* --- playing --------------------------------------------------------------------------------- */

/* True if it changes anything. */
static bool set_up(struct replay *replay, uint16_t ap, bool up)
{
    bool was_up = replay->ap_up[ap];

    replay->ap_up[ap] = up;
    replay->aps_up += (uint32_t)up - (uint32_t)was_up;
    return up || was_up;
}

static void act(struct replay *replay, struct replay_line *line)
{
    const struct radio_event *event = replay_line_event(line, replay->begun + line->at);

    if (line->kind == REPLAY_BASE_MAC) {
        replay->has_base_mac = true;
        if (!replay->is_configured)
            replay->base_mac = line->base_mac;
    }
    if (line->kind >= RADIO_KINDS ||
        (line->kind == RADIO_AP_CHANGED && !set_up(replay, event->ap.ap, true)) ||
        ((line->kind == RADIO_AP_GONE || line->kind == RADIO_AP_LOST) &&
         !set_up(replay, event->gone, false)))
        return;
    replay->samples += line->kind == RADIO_SAMPLE;
    radio_tell(&replay->sink, event);
}

static bool next_line(struct replay *replay)
{
    char error[REPLAY_ERROR_SIZE];
    uint32_t number = 0;

    bool read = read_line(&replay->rest, &replay->line, &number, error);
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

/* --- a look at the whole scene before it is played -------------------------------------------- */

struct survey {
    int64_t at;
    uint32_t lines;
    uint32_t aps;           /* handles below it */
    uint32_t capabilities;  /* that its samples need */
    bool says_capabilities; /* itself */
};

static bool fail(char error[static REPLAY_ERROR_SIZE], const char *text)
{
    (void)snprintf(error, REPLAY_ERROR_SIZE, "%s", text);
    return false;
}

static uint32_t aps_of(const struct replay_line *line)
{
    switch (line->kind) {
    case RADIO_AP_CHANGED:
        return line->event.ap.ap + UINT32_C(1);
    case RADIO_AP_GONE:
    case RADIO_AP_LOST:
        return line->event.gone + UINT32_C(1);
    case RADIO_WITHDRAWN:
        return line->event.withdrawn.ap + UINT32_C(1);
    case RADIO_SAMPLE:
        return line->event.sample.ap + UINT32_C(1);
    case RADIO_CLIENT_JOINED:
        return line->event.joined.ap + UINT32_C(1);
    case RADIO_CLIENT_LEFT:
        return line->event.left.ap + UINT32_C(1);
    case RADIO_STATISTICS:
        return line->event.statistics.ap + UINT32_C(1);
    case RADIO_ROGUE:
        return line->event.rogue.ap + UINT32_C(1);
    case RADIO_TAG:
        return line->event.tag.ap + UINT32_C(1);
    default:
        return 0;
    }
}

static bool survey_line(const struct replay_options *options, struct survey *survey,
                        const struct replay_line *line, char error[static REPLAY_ERROR_SIZE])
{
    uint32_t aps = aps_of(line);

    if ((survey->lines++ == 0) != (line->kind == REPLAY_SCENE))
        return fail(error, "\"scene 1\" is the first line, and no other");
    if (line->at < survey->at)
        return fail(error, "times must not go back");
    survey->at = line->at;
    if (aps > options->ap_capacity) {
        (void)snprintf(error, REPLAY_ERROR_SIZE,
                       "it needs room for %" PRIu32 " APs; the configured capacity is %u", aps,
                       (unsigned)options->ap_capacity);
        return false;
    }
    survey->aps = aps > survey->aps ? aps : survey->aps;
    if (line->kind == RADIO_CAPABILITIES)
        survey->says_capabilities = true;
    if (line->kind == RADIO_SAMPLE)
        survey->capabilities |= UINT32_C(1)
                                << (line->event.sample.device_class - RADIO_CLASS_CLIENT);
    return true;
}

static bool survey_scene(const void *text, size_t len, const struct replay_options *options,
                         struct survey *survey)
{
    static struct replay_line line;
    char error[REPLAY_ERROR_SIZE];
    struct cursor rest = cursor_of(text, len);
    uint32_t number = 0;

    *survey = (struct survey){.at = 0};
    do {
        if (!read_line(&rest, &line, &number, error) ||
            (line.kind != REPLAY_NOTHING && !survey_line(options, survey, &line, error))) {
            log_error("%s, line %" PRIu32 ": %s", options->name, number, error);
            return false;
        }
    } while (line.kind != REPLAY_NOTHING);
    if (survey->lines > 0)
        return true;
    log_error("%s: a scene begins with \"scene 1\"", options->name);
    return false;
}

/* --- taking a scene -------------------------------------------------------------------------- */

static bool take_scene(struct replay *replay)
{
    struct survey survey;

    if (!survey_scene(replay->text, replay->len, &replay->options, &survey))
        return false;
    replay->says_capabilities = survey.says_capabilities;
    replay->capabilities = survey.capabilities;
    replay->ap_up = calloc(survey.aps + (size_t)1, sizeof(*replay->ap_up));
    replay->handles = handles_new(replay->options.ap_capacity);
    for (uint32_t i = 0; replay->handles != NULL && i < survey.aps; i++) {
        uint16_t handle;
        (void)handles_take(replay->handles, &handle);
    }
    if (replay->ap_up != NULL && replay->handles != NULL &&
        loop_timer_init(replay->loop, &replay->timer, play_lines, replay) == 0) {
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
    loop_timer_fini(&replay->timer);
    free(replay->ap_up);
    handles_free(replay->handles);
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
    if (!replay->says_capabilities && replay->capabilities != 0)
        radio_tell(&replay->sink, &(struct radio_event){.kind = RADIO_CAPABILITIES,
                                                        .capabilities = replay->capabilities});
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

    (void)snprintf(text, size,
                   "REPLAY, nothing is measured: scene %s, %" PRIu32 " APs, %" PRIu64
                   " samples told",
                   replay->options.name, replay->aps_up, replay->samples);
}

static uint64_t counter(void *platform, const char *container, const char *leaf)
{
    (void)platform;
    (void)container;
    (void)leaf;
    return 0;
}

static bool take_handle(void *platform, uint16_t *handle)
{
    return handles_take(((const struct replay *)platform)->handles, handle);
}

static void give_back_handle(void *platform, uint16_t handle)
{
    handles_give_back(((const struct replay *)platform)->handles, handle);
}

const struct radio_operations *replay_operations(void)
{
    static const struct radio_operations operations = {.configure = configure,
                                                       .base_mac = base_mac,
                                                       .describe = describe,
                                                       .counter = counter,
                                                       .take_handle = take_handle,
                                                       .give_back_handle = give_back_handle};

    return &operations;
}
