/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * platform.h from a script instead of radios, for nmspd-scene: the whole program with stations that
 * do exactly what a test says.
 *
 * NMSPD_SCENE names a file, read once, or a FIFO, whose lines are acted on as they come. A line:
 *
 *     [at MS] base-mac MAC
 *     [at MS] ap INDEX mac=MAC [slot=N] [band=N] [channel=N] [power=N] [noise=N] [name=TEXT]
 *     [at MS] ap INDEX gone
 *     [at MS] join MAC ap=INDEX                     associates; nothing is heard of it by that
 *     [at MS] hear MAC ap=INDEX rssi=DBM [snr=DB] [antenna=N] [class=N] [every=MS]
 *     [at MS] silent MAC [ap=INDEX]                 not heard any more, and still associated
 *     [at MS] leave MAC ap=INDEX
 *     [at MS] crowd COUNT ap=INDEX rssi=DBM [every=MS]
 *     [at MS] works|user|address|statistics|rogue|tag ...      as in scenes of nmspd --replay
 *
 * `at` counts from the moment the agent starts collecting; without it a line is acted on at once.
 * `hear` with `every` repeats until it is told otherwise for the same MAC, AP and antenna; without
 * it, the device is heard once. A crowd is MACs 02:c0:00:00:00:00 and up, associated and heard.
 */
#include "agent/base/log.h"
#include "platform/platform.h"
#include "platform/replay/replay-line.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APS_MAX = 16,
    HANDLES_MAX = 64 /* those of other machines, too */,
    HEARINGS_MAX = 4096,
    LINE_SIZE = 256,
    LATER_MAX = 256,
    WORDS_MAX = 12
};

struct hearing {
    struct platform *platform;
    bool used;
    struct radio_sample sample;
    int64_t every;
    struct loop_timer timer;
};

struct later {
    struct platform *platform;
    char line[LINE_SIZE];
    struct loop_timer timer;
};

struct platform {
    struct loop *loop;
    struct radio_sink sink;
    bool started;
    bool has_base_mac;
    struct mac base_mac;
    unsigned aps;
    bool ap_up[APS_MAX];
    bool given[HANDLES_MAX];
    struct hearing *hearings;
    struct later later[LATER_MAX];
    size_t later_count;
    int fd;
    struct loop_watch watch;
    char input[4096];
    size_t input_len;
};

static const char *scene_path(void)
{
    const char *path = getenv("NMSPD_SCENE");

    return path != NULL ? path : "/dev/null";
}

/* --- words ----------------------------------------------------------------------------------- */

struct words {
    char *word[WORDS_MAX];
    size_t count;
};

_Noreturn static void bad_line(const char *why)
{
    log_error("scene: %s", why);
    exit(3);
}

static struct words split(char *line)
{
    struct words words = {.count = 0};
    char *rest = NULL;

    for (char *w = strtok_r(line, " \t\n", &rest); w != NULL; w = strtok_r(NULL, " \t\n", &rest)) {
        if (words.count == WORDS_MAX)
            bad_line("too many words");
        words.word[words.count++] = w;
    }
    return words;
}

static const char *value(const struct words *words, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < words->count; i++) {
        if (strncmp(words->word[i], key, len) == 0 && words->word[i][len] == '=')
            return words->word[i] + len + 1;
    }
    return NULL;
}

static long number(const struct words *words, const char *key, long otherwise)
{
    const char *text = value(words, key);

    return text != NULL ? strtol(text, NULL, 10) : otherwise;
}

static struct mac mac_of(const char *text)
{
    struct mac mac;

    if (text == NULL || !mac_parse(text, strlen(text), &mac))
        bad_line("a MAC was expected");
    return mac;
}

static uint16_t ap_of(const struct words *words)
{
    long ap = number(words, "ap", 0);

    if (ap < 0 || ap >= APS_MAX)
        bad_line("no such ap");
    return (uint16_t)ap;
}

/* --- hearing --------------------------------------------------------------------------------- */

static void hear(void *context)
{
    struct hearing *h = context;
    struct platform *p = h->platform;

    h->sample.heard = loop_now(p->loop);
    radio_tell(&p->sink, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = h->sample});
    if (h->every > 0)
        loop_timer_start(&h->timer, h->every);
}

static void stop_hearing(struct hearing *h)
{
    loop_timer_fini(&h->timer);
    h->used = false;
}

static void silence(struct platform *p, const struct mac *mac, int ap)
{
    for (size_t i = 0; i < HEARINGS_MAX; i++) {
        struct hearing *h = &p->hearings[i];
        if (h->used && (ap < 0 || h->sample.ap == ap) && mac_equal(&h->sample.device, mac))
            stop_hearing(h);
    }
}

static struct hearing *hearing_of(struct platform *p, const struct radio_sample *sample)
{
    struct hearing *unused = NULL;

    for (size_t i = 0; i < HEARINGS_MAX; i++) {
        struct hearing *h = &p->hearings[i];
        if (!h->used && unused == NULL)
            unused = h;
        if (h->used && h->sample.ap == sample->ap && h->sample.antenna == sample->antenna &&
            mac_equal(&h->sample.device, &sample->device))
            return h;
    }
    if (unused == NULL || loop_timer_init(p->loop, &unused->timer, hear, unused) != 0)
        bad_line("too many devices");
    unused->used = true;
    unused->platform = p;
    return unused;
}

static void do_hear(struct platform *p, const struct words *words, const struct mac *device)
{
    const struct radio_sample sample = {
        .device = *device,
        .ap = ap_of(words),
        .device_class = (uint8_t)number(words, "class", RADIO_CLASS_CLIENT),
        .antenna = (uint8_t)number(words, "antenna", RADIO_ANTENNA_COMBINED),
        .source = RADIO_SOURCE_DATA,
        .rssi = (int8_t)number(words, "rssi", -50),
        .snr = (int8_t)number(words, "snr", RADIO_DB_UNKNOWN)};
    struct hearing *h = hearing_of(p, &sample);

    h->sample = sample;
    h->every = number(words, "every", 0);
    hear(h);
    if (h->every == 0)
        stop_hearing(h);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void do_ap(struct platform *p, const struct words *words)
{
    long index = words->count > 1 ? strtol(words->word[1], NULL, 10) : -1;
    const char *name = value(words, "name");

    if (index < 0 || index >= APS_MAX)
        bad_line("no such ap");
    if (words->count > 2 && strcmp(words->word[2], "gone") == 0) {
        p->ap_up[index] = false;
        radio_tell(&p->sink, &(struct radio_event){.kind = RADIO_AP_GONE, .gone = (uint16_t)index});
        return;
    }
    struct radio_ap ap = {.ap = (uint16_t)index,
                          .mac = mac_of(value(words, "mac")),
                          .slot = (uint8_t)number(words, "slot", 0),
                          .band = (uint8_t)number(words, "band", RADIO_BAND_2GHZ),
                          .channel = (uint16_t)number(words, "channel", 6),
                          .width = 20,
                          .tx_power = (int8_t)number(words, "power", 20),
                          .noise = (int8_t)number(words, "noise", -95),
                          .utilisation = RADIO_UTILISATION_UNKNOWN,
                          .up = true,
                          .up_since = loop_now(p->loop)};
    (void)snprintf(ap.name, sizeof(ap.name), "%s", name != NULL ? name : "scene");
    p->ap_up[index] = true;
    radio_tell(&p->sink, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = ap});
}

static void join(struct platform *p, const struct mac *device, uint16_t ap)
{
    static const char ssid[] = "scene";
    struct radio_client client = {
        .device = *device, .ap = ap, .protocol = 6, .ssid_len = sizeof(ssid) - 1};

    memcpy(client.ssid, ssid, sizeof(ssid) - 1);
    radio_tell(&p->sink, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = client});
}

static void do_crowd(struct platform *p, const struct words *words)
{
    long count = words->count > 1 ? strtol(words->word[1], NULL, 10) : 0;

    for (long i = 0; i < count; i++) {
        struct mac mac = {{0x02, 0xc0, 0x00, 0x00, (uint8_t)(i >> 8), (uint8_t)i}};
        join(p, &mac, ap_of(words));
        do_hear(p, words, &mac);
    }
}

/* The facts that are told as they stand; false if the line is none of them. */
static bool tell_fact(struct platform *p, const char *text)
{
    struct replay_line line;
    char error[REPLAY_ERROR_SIZE];

    if (!replay_line_parse((const uint8_t *)text, strlen(text), &line, error))
        return false;
    switch (line.kind) {
    case RADIO_CAPABILITIES:
    case RADIO_USER:
    case RADIO_ADDRESS:
    case RADIO_STATISTICS:
    case RADIO_ROGUE:
    case RADIO_TAG:
        radio_tell(&p->sink, replay_line_event(&line, loop_now(p->loop)));
        return true;
    default:
        return false;
    }
}

static void act(struct platform *p, char *line)
{
    if (tell_fact(p, line))
        return;
    struct words words = split(line);
    const char *verb = words.count > 0 ? words.word[0] : "#";
    const char *second = words.count > 1 ? words.word[1] : NULL;

    if (verb[0] == '#')
        return;
    if (strcmp(verb, "ap") == 0) {
        do_ap(p, &words);
        return;
    }
    if (strcmp(verb, "crowd") == 0) {
        do_crowd(p, &words);
        return;
    }
    struct mac mac = mac_of(second);
    if (strcmp(verb, "base-mac") == 0) {
        p->has_base_mac = true;
        p->base_mac = mac;
    } else if (strcmp(verb, "join") == 0) {
        join(p, &mac, ap_of(&words));
    } else if (strcmp(verb, "hear") == 0) {
        do_hear(p, &words, &mac);
    } else if (strcmp(verb, "silent") == 0) {
        silence(p, &mac, (int)number(&words, "ap", -1));
    } else if (strcmp(verb, "leave") == 0) {
        silence(p, &mac, ap_of(&words));
        radio_tell(&p->sink, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                                   .left = {.device = mac, .ap = ap_of(&words)}});
    } else {
        bad_line(verb);
    }
}

static void act_later(void *context)
{
    struct later *later = context;

    act(later->platform, later->line);
}

/* Cuts `at MS` off and acts now or then. */
static void take_line(struct platform *p, char *line)
{
    char *rest;

    if (strncmp(line, "at ", 3) != 0) {
        act(p, line);
        return;
    }
    int64_t delay = strtol(line + 3, &rest, 10);
    if (p->later_count == LATER_MAX)
        bad_line("too many lines with a time");
    struct later *later = &p->later[p->later_count++];
    later->platform = p;
    (void)snprintf(later->line, sizeof(later->line), "%s", rest);
    if (loop_timer_init(p->loop, &later->timer, act_later, later) != 0)
        bad_line("out of memory");
    loop_timer_start(&later->timer, delay);
}

static void take_input(struct platform *p)
{
    char *end;

    while ((end = memchr(p->input, '\n', p->input_len)) != NULL) {
        char line[LINE_SIZE];
        size_t len = (size_t)(end - p->input) + 1;
        if (len > sizeof(line))
            bad_line("a line is too long");
        memcpy(line, p->input, len - 1);
        line[len - 1] = '\0';
        p->input_len -= len;
        memmove(p->input, p->input + len, p->input_len);
        take_line(p, line);
    }
}

static void on_readable(void *context, unsigned ready)
{
    struct platform *p = context;
    ssize_t got;

    (void)ready;
    while ((got = read(p->fd, p->input + p->input_len, sizeof(p->input) - p->input_len)) > 0) {
        p->input_len += (size_t)got;
        take_input(p);
    }
}

/* --- platform.h ------------------------------------------------------------------------------ */

struct platform *platform_new(struct loop *loop, const struct platform_options *options,
                              const struct radio_sink *sink)
{
    struct platform *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return NULL;
    p->hearings = calloc(HEARINGS_MAX, sizeof(*p->hearings));
    if (p->hearings == NULL) {
        free(p);
        return NULL;
    }
    assert(options->ap_capacity >= APS_MAX);
    p->loop = loop;
    p->sink = *sink;
    /* Also for writing: a FIFO then never ends, however many tests come and go at its other end. */
    p->fd = open(scene_path(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (p->fd < 0)
        bad_line(strerror(errno));
    return p;
}

void platform_free(struct platform *p)
{
    if (p == NULL)
        return;
    loop_watch_remove(&p->watch);
    for (size_t i = 0; i < HEARINGS_MAX; i++) {
        if (p->hearings[i].used)
            stop_hearing(&p->hearings[i]);
    }
    for (size_t i = 0; i < p->later_count; i++)
        loop_timer_fini(&p->later[i].timer);
    (void)close(p->fd);
    free(p->hearings);
    free(p);
}

static void configure(void *platform, const struct settings_radios *settings)
{
    struct platform *p = platform;

    if (settings->has_base_mac) {
        p->has_base_mac = true;
        p->base_mac = settings->base_mac;
    }
    if (p->started)
        return;
    p->started = true;
    on_readable(p, LOOP_READ);
    /* A regular file cannot be watched, and has been read to its end. */
    (void)loop_watch_add(p->loop, &p->watch, p->fd, LOOP_READ, on_readable, p);
}

static bool base_mac(void *platform, struct mac *mac)
{
    struct platform *p = platform;

    *mac = p->base_mac;
    return p->has_base_mac;
}

static void describe(void *platform, char *text, size_t size)
{
    struct platform *p = platform;
    unsigned up = 0;

    for (size_t i = 0; i < APS_MAX; i++)
        up += p->ap_up[i] ? 1 : 0;
    (void)snprintf(text, size, "a scene with %u APs", up);
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
    struct platform *p = platform;

    for (*handle = APS_MAX; *handle < HANDLES_MAX; (*handle)++) {
        if (p->given[*handle])
            continue;
        p->given[*handle] = true;
        return true;
    }
    return false;
}

static void give_back_handle(void *platform, uint16_t handle)
{
    ((struct platform *)platform)->given[handle] = false;
}

const struct radio_operations *platform_operations(void)
{
    static const struct radio_operations operations = {.configure = configure,
                                                       .base_mac = base_mac,
                                                       .describe = describe,
                                                       .counter = counter,
                                                       .take_handle = take_handle,
                                                       .give_back_handle = give_back_handle};

    return &operations;
}
