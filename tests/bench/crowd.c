/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/crowd.h"

#include "agent/base/log.h"
#include "agent/base/number.h"
#include "platform/replay/replay-line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEVICES_MAX = 4 * 1024 * 1024,
    WAYPOINTS_MAX = 16,
    WORDS_MAX = 24,
    TEXT_MAX = 1 << 20,
    PORTION = 20,     /* ms */
    BATCH = 16384,    /* frames in one turn of the loop */
    FURTHER_AP_DB = 6 /* how much less each further AP hears */
};

struct waypoint {
    int64_t at; /* ms since the crowd began */
    int64_t rssi;
};

struct crowd {
    struct player *player;
    uint64_t count;
    struct mac mac;
    uint64_t ap, aps, heard_by;
    uint64_t every, length; /* length 0: for ever */
    uint64_t walk;          /* 0: they stand still */
    int64_t rssi, rssi_to;
    uint64_t device_class, associated;
    struct radio_client client; /* what all of them are */
    size_t waypoints;
    struct waypoint path[WAYPOINTS_MAX];

    struct loop_timer timer;
    int64_t begun;   /* loop_now() time; 0: not yet */
    uint64_t next;   /* frame: round * count + device */
    uint64_t frames; /* in all, 0: without end */
    uint8_t *silent; /* a bit for each device */
};

/* One thing that happens. */
struct line {
    enum { PLAIN, APS, AP_BACK, DEVICES, SILENT, HEARD } verb;
    int64_t at;
    uint64_t count;           /* of APs */
    struct mac mac;           /* of the device that is silent or heard */
    struct replay_line plain; /* of APS: what the first one is; of AP_BACK: as of ap-gone */
    struct crowd *crowd;
};

struct player {
    struct source_setup setup;
    struct crowd_counters counters;
    struct line *lines;
    size_t line_count;
    size_t next;
    size_t memory;
    struct loop_timer timer;
    bool started;
    int64_t begun;
    bool has_base_mac;
    struct mac base_mac;
    struct radio_ap *aps;
    bool *ap_up;
    uint32_t ap_count;
};

const char *crowd_text;

/* --- reading --------------------------------------------------------------------------------- */

_Noreturn static void bad_line(const char *why)
{
    log_error("crowd: %s", why);
    exit(3);
}

static void *get(struct player *p, size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        bad_line("out of memory");
    p->memory += count * size;
    return memory;
}

struct words {
    char *word[WORDS_MAX];
    size_t count;
};

static struct words split(char *text)
{
    struct words words = {.count = 0};
    char *rest = NULL;

    for (char *w = strtok_r(text, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest)) {
        if (words.count == WORDS_MAX)
            bad_line("too many words");
        words.word[words.count++] = w;
    }
    return words;
}

/* The argument if the key is empty. */
static const char *value(const struct words *words, const char *key)
{
    size_t len = strlen(key);

    if (len == 0)
        return words->count > 1 ? words->word[1] : "";
    for (size_t i = 2; i < words->count; i++) {
        if (strncmp(words->word[i], key, len) == 0 && words->word[i][len] == '=')
            return words->word[i] + len + 1;
    }
    return NULL;
}

static uint64_t number(const struct words *words, const char *key, uint64_t otherwise)
{
    const char *text = value(words, key);
    uint64_t found = otherwise;

    if (text != NULL && !number_text(text, UINT32_MAX, &found))
        bad_line(text);
    return found;
}

static struct mac mac_at(const struct words *words, const char *key)
{
    const char *text = value(words, key);
    struct mac mac;

    if (text == NULL || !mac_parse(text, strlen(text), &mac))
        bad_line("a MAC was expected");
    return mac;
}

static void read_path(struct crowd *crowd, const char *text)
{
    int read = 0;

    while (crowd->waypoints < WAYPOINTS_MAX &&
           sscanf(text, "%" SCNd64 ":%" SCNd64 "%n", /* NOLINT(cert-err34-c) */
                  &crowd->path[crowd->waypoints].at, &crowd->path[crowd->waypoints].rssi,
                  &read) == 2) {
        crowd->waypoints++;
        text += read;
        if (*text == ',')
            text++;
    }
    if (*text != '\0')
        bad_line("no path");
}

static struct crowd *read_crowd(struct player *p, const struct words *words)
{
    struct crowd *crowd = get(p, 1, sizeof(*crowd));
    const char *rssi = value(words, "rssi");
    const char *to = value(words, "to");
    const char *path = value(words, "path");
    const char *ssid = value(words, "ssid");

    *crowd = (struct crowd){.player = p,
                            .count = number(words, "", 0),
                            .mac = mac_at(words, "mac"),
                            .ap = number(words, "ap", 0),
                            .aps = number(words, "aps", 1),
                            .heard_by = number(words, "heard-by", 1),
                            .every = number(words, "every", 1000),
                            .length = number(words, "for", 0),
                            .walk = number(words, "walk", 0),
                            .rssi = rssi != NULL ? strtol(rssi, NULL, 10) : -50,
                            .device_class = number(words, "class", RADIO_CLASS_CLIENT),
                            .associated = number(words, "associated", 0),
                            .client = {.vlan = (uint16_t)number(words, "vlan", 0),
                                       .protocol = (uint8_t)number(words, "protocol", 6)}};
    crowd->rssi_to = to != NULL ? strtol(to, NULL, 10) : crowd->rssi;
    if (crowd->count == 0 || crowd->count > DEVICES_MAX || crowd->every < 10 ||
        crowd->heard_by > crowd->aps || crowd->ap + crowd->aps > UINT16_MAX)
        bad_line("no such crowd");
    if (path != NULL)
        read_path(crowd, path);
    if (ssid != NULL)
        crowd->client.ssid_len = (uint8_t)strnlen(ssid, RADIO_SSID_MAX);
    if (ssid != NULL)
        memcpy(crowd->client.ssid, ssid, crowd->client.ssid_len);
    crowd->silent = get(p, crowd->count / 8 + 1, 1);
    return crowd;
}

static void read_plain(struct line *line, const char *text)
{
    char error[REPLAY_ERROR_SIZE];

    if (!replay_line_parse((const uint8_t *)text, strlen(text), &line->plain, error))
        bad_line(error);
}

/* "aps COUNT ..." is "ap FIRST ..." so many times. */
static void read_aps(struct line *line, const struct words *words)
{
    char text[REPLAY_LINE_MAX];
    int len = snprintf(text, sizeof(text), "ap %" PRIu64, number(words, "first", 0));

    for (size_t i = 2; i < words->count && len > 0 && len < (int)sizeof(text); i++) {
        if (strncmp(words->word[i], "first=", 6) != 0)
            len += snprintf(text + len, sizeof(text) - (size_t)len, " %s", words->word[i]);
    }
    read_plain(line, text);
    line->count = number(words, "", 0);
}

static void read_line(struct player *p, struct line *line, char *text)
{
    static const char *const verbs[] = {[APS] = "aps ",
                                        [AP_BACK] = "ap-back ",
                                        [DEVICES] = "devices ",
                                        [SILENT] = "silent ",
                                        [HEARD] = "heard "};
    char back[32];

    if (text[0] == '@') {
        line->at = strtol(text + 1, &text, 10);
        text += *text == ' ';
    }
    for (unsigned verb = APS; verb <= HEARD; verb++) {
        if (strncmp(text, verbs[verb], strlen(verbs[verb])) == 0)
            line->verb = verb;
    }
    if (line->verb == PLAIN) {
        read_plain(line, text);
        return;
    }
    struct words words = split(text);
    if (line->verb == DEVICES) {
        line->crowd = read_crowd(p, &words);
    } else if (line->verb == APS) {
        read_aps(line, &words);
    } else if (line->verb == AP_BACK) {
        (void)snprintf(back, sizeof(back), "ap-gone %s", value(&words, ""));
        read_plain(line, back);
    } else {
        line->mac = mac_at(&words, "");
    }
}

/* Handles below this are used. */
static uint64_t aps_of(const struct line *line)
{
    if (line->verb == DEVICES)
        return line->crowd->ap + line->crowd->aps;
    if (line->plain.kind == RADIO_AP_GONE)
        return line->plain.event.gone + UINT64_C(1);
    if (line->verb == PLAIN && line->plain.kind != RADIO_AP_CHANGED)
        return 0;
    return line->plain.event.ap.ap + (line->verb == APS ? line->count : 1);
}

static uint32_t capabilities_of(const struct line *line)
{
    unsigned device_class = line->verb == DEVICES ? (unsigned)line->crowd->device_class
                            : line->plain.kind == RADIO_SAMPLE
                                ? line->plain.event.sample.device_class
                                : 0;

    return device_class == 0 ? 0 : UINT32_C(1) << (device_class - RADIO_CLASS_CLIENT);
}

static void read_text(struct player *p, char *text)
{
    size_t lines = 1;
    uint64_t aps = 0;
    char *rest = NULL;

    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    p->lines = get(p, lines, sizeof(*p->lines));
    for (char *t = strtok_r(text, "\n", &rest); t != NULL; t = strtok_r(NULL, "\n", &rest)) {
        struct line *line = &p->lines[p->line_count++];
        read_line(p, line, t);
        aps = aps_of(line) > aps ? aps_of(line) : aps;
    }
    p->ap_count = (uint32_t)aps;
    p->aps = get(p, aps + 1, sizeof(*p->aps));
    p->ap_up = get(p, aps + 1, sizeof(*p->ap_up));
}

static void read_file(struct player *p)
{
    const char *path = getenv("NMSPD_CROWD");
    FILE *file = fopen(path != NULL ? path : "/dev/null", "re");
    char *text = calloc(1, TEXT_MAX);

    if (file == NULL || text == NULL)
        bad_line(strerror(errno));
    if (fread(text, 1, TEXT_MAX, file) == TEXT_MAX)
        bad_line("the text is too long");
    (void)fclose(file);
    read_text(p, text);
    free(text);
}

/* --- how loud -------------------------------------------------------------------------------- */

static uint64_t mac_number(const struct mac *mac)
{
    struct cursor c = cursor_of(mac->b, sizeof(mac->b));
    uint64_t high = cursor_u16(&c);

    return high << 32 | cursor_u32(&c);
}

static struct mac mac_plus(const struct mac *mac, uint64_t n)
{
    struct mac sum;
    struct writer w = writer_of(sum.b, sizeof(sum.b));
    uint64_t all = mac_number(mac) + n;

    writer_u16(&w, (uint16_t)(all >> 32));
    writer_u32(&w, (uint32_t)all);
    return sum;
}

/* A sample as it can be told: dBm of an int8_t, and not the one that means unknown. */
static int8_t clamp(int64_t rssi)
{
    if (rssi < INT8_MIN + 1)
        return INT8_MIN + 1;
    return rssi > INT8_MAX ? INT8_MAX : (int8_t)rssi;
}

/* Straight between two levels. */
static int64_t between(int64_t from, int64_t to, int64_t part, int64_t whole)
{
    return from + (to - from) * part / whole;
}

static int64_t on_path(const struct crowd *crowd, int64_t since)
{
    const struct waypoint *path = crowd->path;
    size_t i = 0;

    while (i < crowd->waypoints && path[i].at <= since)
        i++;
    if (i == 0)
        return path[0].rssi;
    if (i == crowd->waypoints)
        return path[i - 1].rssi;
    return between(path[i - 1].rssi, path[i].rssi, since - path[i - 1].at,
                   path[i].at - path[i - 1].at);
}

/* At the loudest AP, `since` ms after the crowd began. */
static int64_t level(const struct crowd *crowd, uint32_t device, int64_t since)
{
    if (crowd->waypoints > 0)
        return on_path(crowd, since);
    if (crowd->rssi == crowd->rssi_to)
        return crowd->rssi;
    /* Neighbours in number stand far from each other. */
    uint32_t where = (device * UINT32_C(2654435761)) >> 22;
    if (crowd->walk == 0)
        return between(crowd->rssi, crowd->rssi_to, where, 1023);
    int64_t half = (int64_t)crowd->walk / 2;
    int64_t phase = (since + (int64_t)crowd->walk * where / 1024) % (2 * half);
    return between(crowd->rssi, crowd->rssi_to, phase < half ? phase : 2 * half - phase, half);
}

/* --- crowds ---------------------------------------------------------------------------------- */

static uint16_t nearest_ap(const struct crowd *crowd, uint64_t device, unsigned further)
{
    return (uint16_t)(crowd->ap + (device * crowd->aps / crowd->count + further) % crowd->aps);
}

static void join(struct crowd *crowd, uint64_t device)
{
    struct player *p = crowd->player;
    struct radio_event event = {.kind = RADIO_CLIENT_JOINED, .joined = crowd->client};

    event.joined.device = mac_plus(&crowd->mac, device);
    event.joined.ap = nearest_ap(crowd, device, 0);
    if (p->ap_up[event.joined.ap])
        radio_tell(&p->setup.sink, &event);
}

static int64_t frame_time(const struct crowd *crowd, uint64_t frame)
{
    uint64_t device = frame % crowd->count;

    return crowd->begun +
           (int64_t)(frame / crowd->count * crowd->every + device * crowd->every / crowd->count);
}

/* One device is heard by its APs. */
static void play_frame(struct crowd *crowd, uint64_t frame)
{
    struct player *p = crowd->player;
    uint64_t device = frame % crowd->count;
    bool silent = (crowd->silent[device / 8] & 1U << device % 8) != 0;
    struct radio_event event = {.kind = RADIO_SAMPLE,
                                .sample = {.device = mac_plus(&crowd->mac, device),
                                           .device_class = (uint8_t)crowd->device_class,
                                           .antenna = RADIO_ANTENNA_COMBINED,
                                           .source = RADIO_SOURCE_DATA,
                                           .snr = RADIO_DB_UNKNOWN,
                                           .heard = frame_time(crowd, frame)}};
    int64_t loudest = level(crowd, (uint32_t)device, event.sample.heard - crowd->begun);

    if (crowd->associated != 0 && frame < crowd->count)
        join(crowd, device);
    for (unsigned i = 0; i < crowd->heard_by; i++) {
        event.sample.ap = nearest_ap(crowd, device, i);
        event.sample.rssi = clamp(loudest - (int64_t)i * FURTHER_AP_DB);
        if (silent || !p->ap_up[event.sample.ap]) {
            p->counters.silent++;
            continue;
        }
        p->counters.samples++;
        radio_tell(&p->setup.sink, &event);
    }
}

/* What a late loop has missed for good: everything but the last interval. */
static void skip_old(struct crowd *crowd, int64_t now)
{
    int64_t behind = now - frame_time(crowd, crowd->next);

    if (behind <= (int64_t)crowd->every || crowd->next < crowd->count)
        return;
    uint64_t frames = (uint64_t)behind / crowd->every * crowd->count;
    crowd->next += frames;
    crowd->player->counters.skipped += frames;
}

static void play_crowd(void *context)
{
    struct crowd *crowd = context;
    int64_t now = loop_now(crowd->player->setup.loop);
    unsigned played = 0;

    skip_old(crowd, now);
    while (crowd->frames == 0 || crowd->next < crowd->frames) {
        int64_t due = frame_time(crowd, crowd->next);
        if (due > now || played++ == BATCH) {
            int64_t portion = now + PORTION;
            bool dense = crowd->every / crowd->count < PORTION;
            loop_timer_start_at(&crowd->timer, due > now && dense && due < portion ? portion : due);
            return;
        }
        play_frame(crowd, crowd->next++);
    }
}

static void begin_crowd(struct crowd *crowd, int64_t at)
{
    crowd->begun = at;
    if (crowd->length > 0)
        crowd->frames = (crowd->length + crowd->every - 1) / crowd->every * crowd->count;
    play_crowd(crowd);
}

static void set_silent(struct player *p, const struct mac *mac, bool silent)
{
    for (size_t i = 0; i < p->line_count; i++) {
        struct crowd *crowd = p->lines[i].crowd;
        uint64_t device = crowd != NULL ? mac_number(mac) - mac_number(&crowd->mac) : 0;
        if (crowd == NULL || crowd->begun == 0 || device >= crowd->count)
            continue;
        uint8_t bit = (uint8_t)(1U << device % 8);
        if (silent)
            crowd->silent[device / 8] |= bit;
        else
            crowd->silent[device / 8] &= (uint8_t)~bit;
    }
}

/* --- lines ----------------------------------------------------------------------------------- */

static void put_ap(struct player *p, const struct radio_ap *ap)
{
    p->aps[ap->ap] = *ap;
    p->ap_up[ap->ap] = true;
    radio_tell(&p->setup.sink, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = *ap});
}

static void put_aps(struct player *p, const struct line *line, const struct radio_ap *first)
{
    for (uint64_t i = 0; i < line->count; i++) {
        struct radio_ap ap = *first;
        ap.ap = (uint16_t)(ap.ap + i);
        ap.mac = mac_plus(&first->mac, i);
        if (ap.name[0] != '\0')
            (void)snprintf(ap.name, sizeof(ap.name), "%.40s-%" PRIu64, first->name, i);
        put_ap(p, &ap);
    }
}

static void act_plain(struct player *p, const struct radio_event *event)
{
    if (event->kind == RADIO_AP_CHANGED) {
        put_ap(p, &event->ap);
        return;
    }
    if (event->kind == RADIO_AP_GONE && !p->ap_up[event->gone])
        return;
    if (event->kind == RADIO_AP_GONE)
        p->ap_up[event->gone] = false;
    p->counters.samples += event->kind == RADIO_SAMPLE;
    radio_tell(&p->setup.sink, event);
}

/* One that never was stays away. */
static void restore_ap(struct player *p, uint16_t ap, int64_t at)
{
    if (p->ap_up[ap] || mac_is_zero(&p->aps[ap].mac))
        return;
    p->aps[ap].up_since = at;
    put_ap(p, &p->aps[ap]);
}

static void act(struct player *p, struct line *line)
{
    int64_t at = p->begun + line->at;

    switch (line->verb) {
    case PLAIN:
        if (line->plain.kind < RADIO_KINDS)
            act_plain(p, replay_line_event(&line->plain, at));
        break;
    case APS:
        put_aps(p, line, &replay_line_event(&line->plain, at)->ap);
        break;
    case AP_BACK:
        restore_ap(p, line->plain.event.gone, at);
        break;
    case DEVICES:
        begin_crowd(line->crowd, at);
        break;
    case SILENT:
    case HEARD:
        set_silent(p, &line->mac, line->verb == SILENT);
        break;
    }
}

static void play_lines(void *context)
{
    struct player *p = context;

    for (; p->next < p->line_count; p->next++) {
        struct line *line = &p->lines[p->next];
        if (p->begun + line->at > loop_now(p->setup.loop)) {
            loop_timer_start_at(&p->timer, p->begun + line->at);
            return;
        }
        act(p, line);
    }
}

/* What its devices need, unless it says so itself. */
static void tell_capabilities(struct player *p)
{
    struct radio_event event = {.kind = RADIO_CAPABILITIES, .capabilities = 0};

    for (size_t i = 0; i < p->line_count; i++) {
        if (p->lines[i].verb == PLAIN && p->lines[i].plain.kind == RADIO_CAPABILITIES)
            return;
        event.capabilities |= capabilities_of(&p->lines[i]);
    }
    if (event.capabilities != 0)
        radio_tell(&p->setup.sink, &event);
}

/* --- the source ------------------------------------------------------------------------------ */

void *crowd_new(const struct source_setup *setup)
{
    struct player *p = calloc(1, sizeof(*p));
    char *text = crowd_text != NULL ? strdup(crowd_text) : NULL;
    uint16_t handle;

    if (p == NULL)
        return NULL;
    p->setup = *setup;
    if (text != NULL)
        read_text(p, text);
    else
        read_file(p);
    free(text);
    /* Alone here, it gets them in order: its numbers are the handles. */
    for (uint32_t i = 0; i < p->ap_count; i++) {
        if (!handles_take(setup->handles, &handle) || handle != i)
            bad_line("the configured capacity has no room for so many APs");
    }
    if (loop_timer_init(setup->loop, &p->timer, play_lines, p) != 0)
        bad_line("out of memory");
    for (size_t i = 0; i < p->line_count; i++) {
        struct crowd *crowd = p->lines[i].crowd;
        if (crowd != NULL && loop_timer_init(setup->loop, &crowd->timer, play_crowd, crowd) != 0)
            bad_line("out of memory");
        if (p->lines[i].verb == PLAIN && p->lines[i].plain.kind == REPLAY_BASE_MAC) {
            p->has_base_mac = true;
            p->base_mac = p->lines[i].plain.base_mac;
        }
    }
    return p;
}

void crowd_free(void *crowd)
{
    struct player *p = crowd;

    if (p == NULL)
        return;
    for (size_t i = 0; i < p->line_count; i++) {
        if (p->lines[i].crowd == NULL)
            continue;
        loop_timer_fini(&p->lines[i].crowd->timer);
        free(p->lines[i].crowd->silent);
        free(p->lines[i].crowd);
    }
    loop_timer_fini(&p->timer);
    free(p->lines);
    free(p->aps);
    free(p->ap_up);
    free(p);
}

void crowd_configure(void *crowd, const struct settings_radios *settings)
{
    struct player *p = crowd;

    if (settings->has_base_mac) {
        p->has_base_mac = true;
        p->base_mac = settings->base_mac;
    }
    if (p->started)
        return;
    p->started = true;
    p->begun = loop_now(p->setup.loop);
    tell_capabilities(p);
    play_lines(p);
}

bool crowd_base_mac(void *crowd, struct mac *mac)
{
    const struct player *p = crowd;

    *mac = p->base_mac;
    return p->has_base_mac;
}

void crowd_describe(void *crowd, char *text, size_t size)
{
    const struct player *p = crowd;

    (void)snprintf(text, size,
                   "a crowd, nothing is measured: %" PRIu64 " samples told, %" PRIu64
                   " frames skipped, %zu KiB",
                   p->counters.samples, p->counters.skipped, p->memory / 1024);
}

const struct crowd_counters *crowd_counters(const void *crowd)
{
    return &((const struct player *)crowd)->counters;
}
