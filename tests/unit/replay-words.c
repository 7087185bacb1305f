/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What scripts configure, say and expect. */
#include "agent/tls/crypto.h"
#include "tests/unit/replay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MACS_MAX = 2048 };

/* --- values -------------------------------------------------------------------------------------
 */

const char *replay_value(const struct replay_words *words, const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < words->count; i++) {
        if (strncmp(words->word[i], key, len) == 0 && words->word[i][len] == '=')
            return words->word[i] + len + 1;
    }
    return NULL;
}

long replay_number(const struct replay_words *words, const char *key, long otherwise)
{
    const char *text = replay_value(words, key);

    return text != NULL ? strtol(text, NULL, 10) : otherwise;
}

uint64_t replay_mask(const char *text)
{
    uint64_t mask = 0;
    char *rest;

    if (text == NULL || strcmp(text, "none") == 0)
        return 0;
    do {
        mask |= WIRE_BIT(strtoul(text, &rest, 10));
        text = rest + 1;
    } while (*rest == ',');
    return mask;
}

/* --- configure ------------------------------------------------------------------------------- */

static unsigned identity_of(char name)
{
    if (name != 'A' && name != 'B')
        replay_fail("an identity is A or B");
    return name == 'A' ? FAR_SERVER : FAR_OTHER_SERVER;
}

/* A, or A/B: the MAC of A with the key of B. */
static void add_user(struct settings_aaa *aaa, const char *who)
{
    size_t i = aaa->user_count++;
    unsigned key = identity_of(who[1] == '/' ? who[2] : who[0]);

    assert_true(i < REPLAY_WORDS);
    aaa->attribute_list_count = aaa->user_count;
    aaa->users[i].mac = far_macs[identity_of(who[0])];
    (void)snprintf(aaa->users[i].attribute_list, SETTINGS_LIST_SIZE, "list%zu", i);
    (void)snprintf(aaa->attribute_lists[i].name, SETTINGS_LIST_SIZE, "list%zu", i);
    aaa->attribute_lists[i].key_hash_len = TLS_SHA256_SIZE;
    memcpy(aaa->attribute_lists[i].key_hash, tls_identity_info(far_identity(key))->spki_sha256,
           TLS_SHA256_SIZE);
}

/* A, or A/B: server A, known by the MAC of B. */
static void add_server(const struct replay *r, struct settings *settings, const char *who)
{
    struct settings_server *server = &settings->servers[settings->server_count++];

    (void)snprintf(server->host, sizeof(server->host), "127.0.0.1");
    server->port = r->ports[who[0] == 'A' ? 0 : 1];
    server->has_mac = who[1] == '/';
    if (server->has_mac)
        server->mac = far_macs[identity_of(who[2])];
}

static bool apply_word(const struct replay *r, struct settings *settings, const char *word)
{
    if (strncmp(word, "server=", 7) == 0)
        add_server(r, settings, word + 7);
    else if (strncmp(word, "user=", 5) == 0)
        add_user(&settings->aaa, word + 5);
    else if (strncmp(word, "interval=", 9) == 0)
        settings->intervals.client = (uint16_t)strtoul(word + 9, NULL, 10);
    else if (strcmp(word, "listen") == 0)
        settings->listen.enabled = true;
    else if (strcmp(word, "off") == 0)
        settings->enabled = false;
    else if (strcmp(word, "no-new-model") == 0)
        settings->aaa.new_model = false;
    else if (strcmp(word, "strong") == 0)
        settings->strong_cipher = true;
    else
        return false;
    return true;
}

struct settings *replay_settings(const struct replay *r, const struct replay_words *words)
{
    struct settings *settings = settings_new();
    struct settings_aaa *aaa;

    assert_non_null(settings);
    aaa = &settings->aaa;
    settings->enabled = true;
    settings->location = r->bed->location;
    settings->listen.port = r->listen_port;
    (void)snprintf(settings->listen.address, sizeof(settings->listen.address), "127.0.0.1");
    aaa->new_model = true;
    aaa->users = calloc(REPLAY_WORDS, sizeof(*aaa->users));
    aaa->attribute_lists = calloc(REPLAY_WORDS, sizeof(*aaa->attribute_lists));
    aaa->method_lists = calloc(1, sizeof(*aaa->method_lists));
    assert_true(aaa->users != NULL && aaa->attribute_lists != NULL && aaa->method_lists != NULL);
    aaa->method_list_count = 1;
    aaa->method_lists[0].local = true;
    (void)snprintf(aaa->method_lists[0].name, SETTINGS_LIST_SIZE, "wcm_loc_serv_cert");
    for (size_t i = 1; i < words->count; i++) {
        if (!apply_word(r, settings, words->word[i]))
            replay_fail("an unknown setting");
    }
    return settings;
}

/* --- says ------------------------------------------------------------------------------------ */

static void send_bytes(struct replay *r, struct replay_end *end, const uint8_t *data, size_t len)
{
    if (end->peer != NULL)
        bed_say(end->peer, data, len);
    else if (end->far == NULL || !far_write(end->far, r->bed->loop, data, len))
        replay_fail("this end cannot write");
}

static void send_written(struct replay *r, struct replay_end *end, struct writer *w, size_t begin)
{
    assert_true(wire_end(w, begin));
    send_bytes(r, end, w->base, w->used);
}

static void say_capability(struct replay *r, struct replay_end *end,
                           const struct replay_words *words)
{
    uint8_t buffer[256];
    struct writer w = writer_of(buffer, sizeof(buffer));
    size_t begin = wire_begin(&w, WIRE_CAPABILITY_NOTIFICATION, 0, 1);
    const char *sender = replay_value(words, "sender");
    uint8_t version = (uint8_t)replay_number(words, "version", WIRE_VERSION);

    wire_put_protocol_version(&w, version, version);
    wire_put_services(&w, 0);
    wire_put_sender_id(&w, &far_macs[identity_of(sender != NULL ? sender[0] : 'A')]);
    wire_put_timestamp(&w, 1700000000000);
    send_written(r, end, &w, begin);
}

static void say_echo(struct replay *r, struct replay_end *end, const struct replay_words *words)
{
    uint8_t buffer[128];
    uint8_t data[WIRE_ECHO_MAX] = {0};

    for (long i = replay_number(words, "times", 1); i > 0; i--) {
        struct writer w = writer_of(buffer, sizeof(buffer));
        uint16_t id = strcmp(words->word[2], "echo") == 0 ? WIRE_ECHO_REQUEST : WIRE_ECHO_RESPONSE;
        size_t begin = wire_begin(&w, id, 0, (uint32_t)replay_number(words, "transaction", 1));
        if (replay_value(words, "size") != NULL)
            wire_put_echo_data(&w, data, (size_t)replay_number(words, "size", 0));
        send_written(r, end, &w, begin);
    }
}

/* Numbers of devices or APs, or COUNTx for so many of them. */
static struct wire_list macs_of(const char *text, bool devices, struct mac *macs)
{
    size_t count = 0;
    char *rest = NULL;

    for (const char *at = text; at != NULL && strcmp(text, "none") != 0; at = rest + 1) {
        unsigned long n = strtoul(at, &rest, 10);
        bool many = *rest == 'x';
        for (unsigned long i = many ? 1 : n; i <= n; i++) {
            assert_true(count < MACS_MAX);
            macs[count++] = devices ? bed_mac((uint32_t)i) : bed_ap_mac((uint16_t)i);
        }
        if (*rest != ',')
            break;
    }
    return (struct wire_list){(const uint8_t *)macs, count * sizeof(*macs), count};
}

/* subscribe, or request with an id: services, filters, one interval. */
static void say_request(struct replay *r, struct replay_end *end, const struct replay_words *words)
{
    static uint8_t buffer[WIRE_MESSAGE_MAX];
    static struct mac macs[MACS_MAX];
    const char *devices = replay_value(words, "devices");
    const char *aps = replay_value(words, "aps");
    const char *interval = replay_value(words, "interval");
    struct writer w = writer_of(buffer, sizeof(buffer));
    uint16_t id = (uint16_t)replay_number(words, "id", WIRE_SUBSCRIBE_REQUEST);
    size_t begin = wire_begin(&w, id, 0, (uint32_t)replay_number(words, "transaction", 1));

    if (replay_value(words, "services") != NULL)
        wire_put_services(&w, replay_mask(replay_value(words, "services")));
    if (devices != NULL)
        wire_device_filter_put(&w,
                               &(struct wire_device_filter){.macs = macs_of(devices, true, macs)});
    if (aps != NULL)
        wire_ap_filter_put(&w, &(struct wire_ap_filter){.macs = macs_of(aps, false, macs)});
    if (interval != NULL) {
        char *rest;
        uint8_t bit = (uint8_t)strtoul(interval, &rest, 10);
        wire_put_interval(&w, bit, (uint16_t)strtoul(rest + 1, NULL, 10));
    }
    send_written(r, end, &w, begin);
}

/* bytes=HEX, whole or one by one. */
static void say_bytes(struct replay *r, struct replay_end *end, const struct replay_words *words)
{
    const char *hex = replay_value(words, "hex");
    uint8_t bytes[256] = {0};
    size_t len = 0;

    for (; hex != NULL && hex[0] != '\0' && len < sizeof(bytes); hex += 2)
        bytes[len++] = (uint8_t)strtoul((const char[]){hex[0], hex[1], '\0'}, NULL, 16);
    if (strcmp(words->word[2], "bytes") == 0)
        send_bytes(r, end, bytes, len);
    for (size_t i = 0; i < len && strcmp(words->word[2], "single") == 0; i++)
        send_bytes(r, end, bytes + i, 1);
}

bool replay_say(struct replay *r, struct replay_end *end, const struct replay_words *words)
{
    static const struct {
        const char *word;
        void (*say)(struct replay *r, struct replay_end *end, const struct replay_words *words);
    } sayings[] = {
        {"capability", say_capability}, {"echo", say_echo},       {"echo-response", say_echo},
        {"subscribe", say_request},     {"request", say_request}, {"bytes", say_bytes},
        {"single", say_bytes},
    };

    for (size_t i = 0; words->count > 2 && i < sizeof(sayings) / sizeof(sayings[0]); i++) {
        if (strcmp(sayings[i].word, words->word[2]) != 0)
            continue;
        for (long n = replay_number(words, "repeat", 1); n > 0; n--)
            sayings[i].say(r, end, words);
        return true;
    }
    return false;
}

/* --- expect: numbers ------------------------------------------------------------------------- */

/* N, or LOW..HIGH with either left out; no text: anything. */
static bool in_range(const char *text, int64_t value)
{
    const char *dots = text != NULL ? strstr(text, "..") : NULL;

    if (text == NULL)
        return true;
    if (dots == NULL)
        return value == strtoll(text, NULL, 10);
    return (dots == text || value >= strtoll(text, NULL, 10)) &&
           (dots[2] == '\0' || value <= strtoll(dots + 2, NULL, 10));
}

static bool number_is(const struct replay_words *words, const char *key, int64_t value)
{
    return in_range(replay_value(words, key), value);
}

static bool text_has(const struct replay_words *words, const char *key, const char *text)
{
    const char *part = replay_value(words, key);

    return part == NULL || strstr(text, part) != NULL;
}

static bool mask_is(const struct replay_words *words, const char *key, uint64_t mask)
{
    const char *text = replay_value(words, key);

    return text == NULL || replay_mask(text) == mask;
}

/* --- expect: the agent's own view --------------------------------------------------------------
 */

bool replay_server(const struct replay *r, const char *name, struct peer_status *out)
{
    struct state_peer_cursor cursor = {0};
    uint16_t port = r->ports[name[0] == 'A' ? 0 : 1];

    while (state_next_peer(r->agent, &cursor, out)) {
        if (!out->inbound && out->port == port)
            return true;
    }
    return false;
}

static bool counters_hold(const struct replay_words *words, const struct session_counters *c)
{
    return number_is(words, "missed", (int64_t)c->missed_ticks) &&
           number_is(words, "malformed", (int64_t)c->malformed) &&
           number_is(words, "unsupported", (int64_t)c->unsupported) &&
           number_is(words, "foreign", (int64_t)c->foreign_sender) &&
           number_is(words, "received", (int64_t)c->rx_frames);
}

static bool peer_holds(const struct replay_words *words, const struct peer_status *peer)
{
    const char *phase = replay_value(words, "phase");

    return (phase == NULL || strstr(peer_phase_names[peer->phase], phase) != NULL) &&
           number_is(words, "connections", (int64_t)peer->connections) &&
           number_is(words, "disconnections", (int64_t)peer->disconnections) &&
           number_is(words, "attempts", (int64_t)peer->attempts) &&
           number_is(words, "next", peer->next_attempt) &&
           text_has(words, "reason", peer->last_reason) &&
           mask_is(words, "granted", peer->granted) && counters_hold(words, &peer->counters);
}

/* expect server A ... */
static bool server_holds(struct replay *r, const struct replay_words *words)
{
    struct peer_status peer;
    bool found = replay_server(r, words->word[2], &peer);

    return replay_value(words, "configured") != NULL ? !found : found && peer_holds(words, &peer);
}

/* expect inbound: how many there are, how many of them are active, and the listener's counts. */
static bool inbound_holds(struct replay *r, const struct replay_words *words)
{
    struct state_peer_cursor cursor = {0};
    struct state_summary summary;
    struct peer_status peer;
    int64_t count = 0;
    int64_t active = 0;

    state_summary(r->agent, &summary);
    while (state_next_peer(r->agent, &cursor, &peer)) {
        count += peer.inbound ? 1 : 0;
        active += peer.inbound && peer.phase == PEER_ACTIVE ? 1 : 0;
    }
    return number_is(words, "count", count) && number_is(words, "active", active) &&
           number_is(words, "accepts", (int64_t)summary.listener.accepted) &&
           number_is(words, "closed-at-once", (int64_t)summary.listener.refused) &&
           number_is(words, "throttled", (int64_t)summary.listener.throttled) &&
           number_is(words, "evicted", (int64_t)summary.listener.evicted) &&
           number_is(words, "failed", (int64_t)summary.inbound.handshakes_failed) &&
           number_is(words, "refused", (int64_t)summary.inbound.refused) &&
           number_is(words, "port", summary.listen_port == r->listen_port ? 1 : 0);
}

/* expect log "..." [times=N] */
static bool log_holds(struct replay *r, const struct replay_words *words)
{
    int64_t count = 0;

    for (size_t i = 0; i < r->lines; i++)
        count += strstr(r->log[i], words->word[2]) != NULL ? 1 : 0;
    return replay_value(words, "times") != NULL ? number_is(words, "times", count) : count > 0;
}

/* --- expect: what an end has seen --------------------------------------------------------------
 */

static uint16_t id_of(const char *word)
{
    static const struct {
        const char *word;
        uint16_t id;
    } ids[] = {
        {"echo-request", WIRE_ECHO_REQUEST},
        {"echo-response", WIRE_ECHO_RESPONSE},
        {"capability", WIRE_CAPABILITY_NOTIFICATION},
        {"subscribe-response", WIRE_SUBSCRIBE_RESPONSE},
        {"measurement", WIRE_MEASUREMENT_NOTIFICATION},
        {"measurement-response", WIRE_MEASUREMENT_RESPONSE},
        {"information-response", WIRE_INFORMATION_RESPONSE},
        {"ap-info", WIRE_AP_INFO_NOTIFICATION},
    };

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (strcmp(ids[i].word, word) == 0)
            return ids[i].id;
    }
    replay_fail("no such message");
}

/* What both kinds of ends have. */
struct view_of_end {
    const unsigned *count;
    uint8_t (*last)[WIRE_MESSAGE_CUT];
    const struct belief *belief;
};

static struct view_of_end look_at(struct replay_end *end)
{
    if (end->peer != NULL)
        return (struct view_of_end){end->peer->count, end->peer->last, &end->peer->belief};
    return (struct view_of_end){end->count, end->last, &end->belief};
}

/* got MESSAGE [N] [result=N] [services=N,N] [transaction=N] */
static bool got_holds(const struct view_of_end *end, const struct replay_words *words)
{
    uint16_t id = id_of(words->word[3]);
    struct wire_header header;
    struct wire_message m;

    if (words->count > 4 && strchr(words->word[4], '=') == NULL &&
        !in_range(words->word[4], end->count[id]))
        return false;
    if (end->count[id] == 0)
        return words->count > 4;
    assert_int_equal(wire_frame_peek(end->last[id], WIRE_MESSAGE_CUT, &header), WIRE_FRAME_OK);
    assert_int_equal(wire_decode(end->last[id], header.length, &m), WIRE_OK);
    return number_is(words, "result", m.result.code) &&
           mask_is(words, "services", m.services.mask) &&
           number_is(words, "transaction", m.header.transaction);
}

/* believes [DEVICE] [ap=N rssi=N] [aps=N] [devices=N] [gone=N] [not] */
static bool belief_holds(const struct belief *belief, const struct replay_words *words)
{
    const char *rssi = replay_value(words, "rssi");
    struct mac ap = bed_ap_mac((uint16_t)replay_number(words, "ap", 0));

    if (!number_is(words, "devices", (int64_t)belief->count) ||
        !number_is(words, "gone", belief->gone))
        return false;
    if (words->count < 4 || strchr(words->word[3], '=') != NULL)
        return true;
    struct mac mac = bed_mac((uint32_t)strtoul(words->word[3], NULL, 10));
    const struct belief_device *device = belief_find(belief, &mac);
    if (words->count > 4 && strcmp(words->word[4], "not") == 0)
        return device == NULL;
    if (device == NULL || !number_is(words, "aps", (int64_t)device->count))
        return false;
    for (size_t i = 0; rssi != NULL && i < device->count; i++) {
        if (mac_equal(&device->samples[i].ap, &ap))
            return device->samples[i].rssi == strtol(rssi, NULL, 10);
    }
    return rssi == NULL;
}

static bool is_closed(const struct replay_end *end, const struct replay_words *words)
{
    if (end->peer != NULL)
        return end->peer->closed && (words->count < 4 || strstr(end->peer->reason, words->word[3]));
    return end->far != NULL ? end->far->eof : end->mute < 0 || far_is_closed(end->mute);
}

static bool end_holds(struct replay *r, const struct replay_words *words)
{
    struct replay_end *end = replay_end(r, words->word[1]);
    struct view_of_end seen = look_at(end);
    const char *what = words->count > 2 ? words->word[2] : "";

    if (strcmp(what, "closed") == 0)
        return is_closed(end, words);
    if (strcmp(what, "open") == 0)
        return !is_closed(end, words);
    if (strcmp(what, "flushed") == 0)
        return end->peer->closed && end->peer->flushed;
    if (strcmp(what, "got") == 0 && words->count > 3)
        return got_holds(&seen, words);
    if (strcmp(what, "believes") == 0)
        return belief_holds(seen.belief, words);
    if (strcmp(what, "counts") == 0)
        return counters_hold(words, session_counters(end->peer->session));
    replay_fail("this cannot be expected of an end");
}

bool replay_holds(struct replay *r, const struct replay_words *words)
{
    const char *what = words->count > 1 ? words->word[1] : "";

    if (strcmp(what, "stopped") == 0)
        return r->stopped;
    if (strcmp(what, "server") == 0 && words->count > 2)
        return server_holds(r, words);
    if (strcmp(what, "inbound") == 0)
        return inbound_holds(r, words);
    if (strcmp(what, "log") == 0 && words->count > 2)
        return log_holds(r, words);
    return end_holds(r, words);
}
