/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/reports.h"

#include "agent/base/hex.h"
#include "platform/air/rogues.h"
#include "platform/hostapd/report-aps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACES_MAX = 32,   /* radios that are asked in one REPORTS_PACE_MS */
    DOUBLINGS = 5,    /* of the interval, at most */
    SILENCES = 2,     /* before another way of measuring is tried */
    REQUEST_MAX = 64, /* bytes */
};

/* How the client is to measure, in the order in which it is tried. */
enum way { ACTIVE, PASSIVE, TABLE, WAYS };

enum phase {
    IDLE,   /* is asked at `at` */
    WANTED, /* hostapd is to be told to ask it */
    OPEN    /* it has been asked; answers count until `at` */
};

struct station {
    struct mac mac;
    bool used;
    bool has_link; /* link measurements were not refused yet */
    bool link;     /* what is wanted or open is one */
    bool answered;
    enum phase phase;
    enum way way;
    uint8_t unknown;  /* ways that hostapd would not even send, in a row; WAYS: it is left alone */
    uint8_t silences; /* in a row */
    uint8_t failures; /* in a row: silent or refused */
    uint8_t token;
    uint8_t left; /* reports that still count */
    uint16_t ap;
    void *socket;
    int64_t asked;
    int64_t at;
};

struct counters {
    uint64_t asked;
    uint64_t refused;
    uint64_t silent;
    uint64_t reports;
    uint64_t strange;
    uint64_t unplaced;
};

struct reports {
    struct loop *loop;
    struct radio_sink sink;
    struct inventory inventory;
    struct rogues *rogues;
    struct reports_owner owner;
    struct report_aps aps;
    struct counters counters;
    struct source_counters counted;
    struct loop_timer timer;
    int64_t interval;         /* ms; 0: off */
    struct station *stations; /* REPORTS_STATIONS_MAX, or NULL */
    size_t others;            /* the place of the next channel that is not ours */
    struct pace {
        uint16_t ap;
        int64_t until;
    } paces[PACES_MAX];
};

#define COUNTER(member)                                              \
    {                                                                \
        "beacon-reports/" #member, offsetof(struct counters, member) \
    }
static const struct counter counter_table[] = {
    COUNTER(asked),   COUNTER(refused),  COUNTER(silent), COUNTER(reports),
    COUNTER(strange), COUNTER(unplaced), {NULL, 0}};

static int64_t now_of(const struct reports *r)
{
    return loop_now(r->loop);
}

/* --- stations -------------------------------------------------------------------------------- */

static struct station *end_of(const struct reports *r)
{
    return r->stations != NULL ? r->stations + REPORTS_STATIONS_MAX : NULL;
}

static struct station *find(const struct reports *r, const struct mac *mac)
{
    for (struct station *s = r->stations; s != end_of(r); s++) {
        if (s->used && mac_equal(&s->mac, mac))
            return s;
    }
    return NULL;
}

static struct station *add(struct reports *r, const struct mac *mac)
{
    for (struct station *s = r->stations; s != end_of(r); s++) {
        if (s->used)
            continue;
        *s = (struct station){.mac = *mac, .used = true, .has_link = true, .at = now_of(r)};
        return s;
    }
    r->counters.unplaced++;
    return NULL;
}

/* --- whose turn it is ------------------------------------------------------------------------ */

static int64_t *pace_of(struct reports *r, uint16_t ap)
{
    struct pace *oldest = &r->paces[0];

    for (size_t i = 0; i < PACES_MAX; i++) {
        if (r->paces[i].ap == ap)
            return &r->paces[i].until;
        if (r->paces[i].until < oldest->until)
            oldest = &r->paces[i];
    }
    *oldest = (struct pace){.ap = ap};
    return &oldest->until;
}

/* When something is to be done for it. */
static int64_t time_of(struct reports *r, const struct station *s)
{
    int64_t pace;

    if (!s->used || s->unknown == WAYS || s->phase == WANTED)
        return INT64_MAX;
    if (s->phase == OPEN)
        return s->at;
    pace = *pace_of(r, s->ap);
    return pace > s->at ? pace : s->at;
}

/* Who waits longest of those who can be asked now. */
static struct station *next_of(struct reports *r)
{
    struct station *next = NULL;

    for (struct station *s = r->stations; s != end_of(r); s++) {
        if (s->phase == IDLE && time_of(r, s) <= now_of(r) && (next == NULL || s->at < next->at))
            next = s;
    }
    return next;
}

static void want(struct reports *r, struct station *s)
{
    bool was_link = s->link;

    *pace_of(r, s->ap) = now_of(r) + REPORTS_PACE_MS;
    s->phase = WANTED;
    s->link = s->has_link && !was_link;
    if (r->owner.ask(r->owner.context, s->socket, &s->mac))
        return;
    s->phase = IDLE;
    s->link = was_link;
}

/* The client had its turn: both requests of it, or one. */
static void finish(struct reports *r, struct station *s, bool failed)
{
    s->phase = IDLE;
    if (s->link) { /* what is left is the other one */
        s->at = now_of(r);
        return;
    }
    s->failures = (uint8_t)(!failed ? 0 : s->failures < DOUBLINGS ? s->failures + 1 : DOUBLINGS);
    s->at = s->asked + (r->interval << s->failures);
}

static void next_way(struct station *s)
{
    s->way = s->way + 1 == WAYS ? ACTIVE : (enum way)(s->way + 1);
    s->silences = 0;
}

static void is_silent(struct reports *r, struct station *s)
{
    r->counters.silent++;
    if (!s->link && ++s->silences == SILENCES)
        next_way(s);
    finish(r, s, true);
}

static void time_is_over(struct reports *r, struct station *s)
{
    if (!s->answered) {
        is_silent(r, s);
        return;
    }
    s->silences = 0;
    finish(r, s, false);
}

static void on_timer(void *context)
{
    struct reports *r = context;
    struct station *next;
    int64_t then = report_aps_expire(&r->aps, now_of(r));

    for (struct station *s = r->stations; s != end_of(r); s++) {
        if (s->used && s->phase == OPEN && s->at <= now_of(r))
            time_is_over(r, s);
    }
    while ((next = next_of(r)) != NULL)
        want(r, next);
    for (struct station *s = r->stations; s != end_of(r); s++) {
        int64_t at = time_of(r, s);
        then = at < then ? at : then;
    }
    if (then != INT64_MAX)
        loop_timer_start_at(&r->timer, then);
}

/* Soon: this is called in the middle of things. */
static void plan(struct reports *r, const struct station *s)
{
    int64_t at = time_of(r, s);

    if (at != INT64_MAX && (!loop_timer_running(&r->timer) || at < r->timer.at))
        loop_timer_start_at(&r->timer, at);
}

/* --- the request ----------------------------------------------------------------------------- */

struct request {
    struct writer w;
    struct channel {
        uint8_t class; /* operating class, IEEE 802.11-2020, table E-4 */
        uint8_t number;
    } channels[REPORTS_CHANNELS_MAX];
    size_t count;
};

static uint8_t class_of(uint8_t band, uint16_t channel)
{
    static const struct {
        uint8_t band;
        uint8_t first;
        uint8_t last;
        uint8_t class;
    } classes[] = {
        {RADIO_BAND_2GHZ, 1, 13, 81},     {RADIO_BAND_2GHZ, 14, 14, 82},
        {RADIO_BAND_5GHZ, 36, 48, 115},   {RADIO_BAND_5GHZ, 52, 64, 118},
        {RADIO_BAND_5GHZ, 100, 144, 121}, {RADIO_BAND_5GHZ, 149, 177, 125},
        {RADIO_BAND_6GHZ, 1, 233, 131},
    };

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (classes[i].band == band && channel >= classes[i].first && channel <= classes[i].last)
            return classes[i].class;
    }
    return 0;
}

static void add_channel(struct request *request, uint8_t band, uint16_t channel)
{
    uint8_t class = class_of(band, channel);

    if (class == 0 || request->count == REPORTS_CHANNELS_MAX)
        return;
    for (size_t i = 0; i < request->count; i++) {
        if (request->channels[i].class == class && request->channels[i].number == channel)
            return;
    }
    request->channels[request->count++] = (struct channel){class, (uint8_t)channel};
}

/* Those of our APs, always; of others that were heard as many as fit, in turn. */
static void add_channels(struct reports *r, struct request *request)
{
    struct inventory_interface interface;
    size_t began = r->others;
    bool around = false;
    uint8_t band;
    uint16_t channel;

    for (size_t i = 0; inventory_at(&r->inventory, i, &interface); i++) {
        if (interface.is_ap && interface.has_ap && interface.ap.up)
            add_channel(request, interface.ap.band, interface.ap.channel);
    }
    while (request->count < REPORTS_CHANNELS_MAX && (!around || r->others < began)) {
        if (rogues_next_channel(r->rogues, &r->others, now_of(r), &band, &channel)) {
            add_channel(request, band, channel);
        } else if (!around) {
            around = true;
            r->others = 0;
        } else {
            break;
        }
    }
}

/* One AP Channel Report for each class. */
static void put_channels(struct request *request)
{
    enum { AP_CHANNEL_REPORT = 51 };

    for (size_t i = 0; i < request->count; i++) {
        uint8_t class = request->channels[i].class;
        if (class == 0)
            continue;
        writer_u8(&request->w, AP_CHANNEL_REPORT);
        uint8_t *len = writer_room(&request->w, 1);
        size_t begin = request->w.used;
        writer_u8(&request->w, class);
        for (size_t j = i; j < request->count; j++) {
            if (request->channels[j].class != class)
                continue;
            writer_u8(&request->w, request->channels[j].number);
            request->channels[j].class = 0;
        }
        if (len != NULL)
            *len = (uint8_t)(request->w.used - begin);
    }
}

/* IEEE 802.11-2020, 9.4.2.20.7, as hostapd takes it. Without details, or each report would carry a
 * part of the beacon. */
static void put_request(struct reports *r, struct request *request, enum way way)
{
    /* Some clients refuse a duration of 0, even where there is nothing to wait for. */
    static const struct {
        uint8_t mode;
        uint16_t duration; /* TU */
    } ways[] = {[ACTIVE] = {1, 50}, [PASSIVE] = {0, 110}, [TABLE] = {2, 50}};
    static const uint8_t any[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t no_details[] = {2, 1, 0};
    enum { REPORTED_CHANNELS = 255 };
    struct writer *w = &request->w;

    add_channels(r, request);
    writer_u8(w, request->count > 0 ? request->channels[0].class : 81);
    writer_u8(w, request->count > 0 ? REPORTED_CHANNELS : 0);
    writer_bytes(w, &(const uint8_t[2]){0}, 2); /* no random delay */
    writer_u8(w, (uint8_t)ways[way].duration);
    writer_u8(w, (uint8_t)(ways[way].duration >> 8));
    writer_u8(w, ways[way].mode);
    writer_bytes(w, any, sizeof(any));
    writer_bytes(w, no_details, sizeof(no_details));
    put_channels(request);
}

bool reports_write(struct reports *r, const struct mac *mac, char text[static REPORTS_REQUEST_SIZE])
{
    const struct station *s = find(r, mac);
    uint8_t bytes[REQUEST_MAX];
    char station[MAC_TEXT_SIZE];
    char hex[2 * REQUEST_MAX + 1];
    struct request request = {.w = writer_of(bytes, sizeof(bytes))};

    if (s == NULL || s->phase != WANTED)
        return false;
    if (s->link) {
        (void)snprintf(text, REPORTS_REQUEST_SIZE, "REQ_LINK_MEASUREMENT %s",
                       mac_text(mac, station));
        return true;
    }
    put_request(r, &request, s->way);
    (void)snprintf(text, REPORTS_REQUEST_SIZE, "REQ_BEACON %s %s", mac_text(mac, station),
                   hex_text(bytes, request.w.used, hex));
    return true;
}

/* hostapd sends a request only if the client declared this very way of measuring. What was not sent
 * costs no airtime. */
void reports_replied(struct reports *r, const struct mac *mac, uint8_t token)
{
    struct station *s = find(r, mac);

    if (s == NULL || s->phase != WANTED)
        return;
    s->asked = now_of(r);
    if (token != 0) {
        r->counters.asked++;
        s->phase = OPEN;
        s->token = token;
        s->answered = false;
        s->left = REPORTS_EACH_MAX;
        s->at = s->asked + (s->link ? REPORTS_LINK_MS : REPORTS_OPEN_MS);
        s->unknown = s->link ? s->unknown : 0;
        plan(r, s);
        return;
    }
    *pace_of(r, s->ap) = s->asked;
    s->phase = IDLE;
    s->at = s->asked;
    if (s->link) {
        s->has_link = false;
    } else {
        r->counters.refused++;
        s->unknown++;
        next_way(s);
    }
    plan(r, s);
}

/* --- the answer ------------------------------------------------------------------------------ */

static void tell(struct reports *r, const struct station *s, const struct hostapd_line *line,
                 uint16_t ap, uint8_t source)
{
    const struct radio_event event = {.kind = RADIO_SAMPLE,
                                      .sample = {.device = s->mac,
                                                 .ap = ap,
                                                 .device_class = RADIO_CLASS_CLIENT,
                                                 .antenna = RADIO_ANTENNA_COMBINED,
                                                 .source = source,
                                                 .rssi = line->signal,
                                                 .snr = line->snr,
                                                 .heard = now_of(r)}};

    r->counters.reports++;
    radio_tell(&r->sink, &event);
}

static void take_report(struct reports *r, struct station *s, const struct hostapd_line *line)
{
    uint16_t ap;

    s->answered = true;
    switch (report_aps_find(&r->aps, &line->bssid, now_of(r), &ap)) {
    case REPORT_AP_FOUND:
        if (ap != s->ap)
            tell(r, s, line, ap, RADIO_SOURCE_BEACON_REPORT);
        break;
    case REPORT_AP_OURS_UNTOLD:
        break;
    case REPORT_AP_FULL:
        r->counters.unplaced++;
        break;
    }
}

static void is_refused(struct reports *r, struct station *s)
{
    r->counters.refused++;
    next_way(s);
    finish(r, s, true);
    plan(r, s);
}

/* Is it about the request that is open? */
static bool is_expected(const struct station *s, const void *socket,
                        const struct hostapd_line *line)
{
    return s != NULL && s->phase == OPEN && s->socket == socket && s->token == line->token &&
           s->link == (line->kind == HOSTAPD_LINK);
}

void reports_take(struct reports *r, const void *socket, const struct hostapd_line *line)
{
    struct station *s = find(r, &line->mac);

    if (line->kind == HOSTAPD_SENT) {
        if (is_expected(s, socket, line) && !line->acked && !s->answered) {
            is_silent(r, s);
            plan(r, s);
        }
        return;
    }
    if (!is_expected(s, socket, line) || s->left == 0 || line->body == HOSTAPD_BODY_BROKEN) {
        r->counters.strange++;
        return;
    }
    s->left--;
    if (line->kind == HOSTAPD_LINK) {
        tell(r, s, line, s->ap, RADIO_SOURCE_LINK_MEASUREMENT);
        finish(r, s, false);
        plan(r, s);
    } else if (line->body == HOSTAPD_BODY_WHOLE) {
        take_report(r, s, line);
    } else if (!line->refused) {
        s->answered = true;
    } else if (!s->answered) {
        is_refused(r, s);
    }
}

/* --- who can be asked ------------------------------------------------------------------------ */

void reports_station(struct reports *r, void *socket, uint16_t ap,
                     const struct hostapd_station *station)
{
    struct station *s = find(r, &station->mac);

    if (s != NULL && (!station->measures || s->socket != socket))
        s->used = false;
    if (!station->measures || r->interval == 0)
        return;
    if (s == NULL || !s->used)
        s = add(r, &station->mac);
    if (s == NULL)
        return;
    s->socket = socket;
    s->ap = ap;
    plan(r, s);
}

void reports_left(struct reports *r, const struct radio_departure *left)
{
    struct station *s = find(r, &left->device);

    if (s != NULL && s->ap == left->ap)
        s->used = false;
}

void reports_forget(struct reports *r, const void *socket)
{
    for (struct station *s = r->stations; s != end_of(r); s++) {
        if (s->socket == socket)
            s->used = false;
    }
}

/* --- life ------------------------------------------------------------------------------------ */

struct reports *reports_new(const struct source_setup *setup, const struct reports_owner *owner)
{
    struct reports *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->loop = setup->loop;
    r->sink = setup->sink;
    r->inventory = setup->inventory;
    r->rogues = setup->rogues;
    r->owner = *owner;
    report_aps_init(&r->aps, setup);
    if (loop_timer_init(r->loop, &r->timer, on_timer, r) != 0) {
        free(r);
        return NULL;
    }
    source_counters_add(setup->counters, &r->counted, counter_table, &r->counters);
    return r;
}

void reports_free(struct reports *r)
{
    if (r == NULL)
        return;
    loop_timer_fini(&r->timer);
    free(r->stations);
    free(r);
}

bool reports_configure(struct reports *r, uint16_t interval)
{
    bool was_on = r->interval != 0;

    r->interval = interval * INT64_C(1000);
    r->aps.stale = r->interval * 4;
    if (interval == 0) {
        loop_timer_stop(&r->timer);
        (void)report_aps_expire(&r->aps, INT64_MAX);
        free(r->stations);
        r->stations = NULL;
        return false;
    }
    if (r->stations == NULL)
        r->stations = calloc(REPORTS_STATIONS_MAX, sizeof(*r->stations));
    if (r->stations == NULL)
        r->interval = 0;
    return !was_on && r->interval != 0;
}

bool reports_is_on(const struct reports *r)
{
    return r->interval != 0;
}
