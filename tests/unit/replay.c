/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/replay.h"

#include "agent/base/log.h"
#include "agent/state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_ROUNDS = 6, PATIENCE_MS = 15000 };

static struct replay *current; /* for the log */
static const char *current_place;

_Noreturn void replay_fail(const char *why)
{
    for (size_t i = 0; i < current->lines; i++)
        print_message("    %s\n", current->log[i]);
    fail_msg("%s: %s", current_place, why);
    abort(); /* not reached */
}

static int64_t real_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- words ----------------------------------------------------------------------------------- */

/* Words are parted by blanks; in a word, "..." holds blanks together. */
static struct replay_words split(char *line)
{
    struct replay_words words = {.count = 0};
    bool quoted = false;
    bool in_word = false;
    char *to = line;

    for (const char *at = line; *at != '\0' && (*at != '#' || quoted); at++) {
        if (*at == '"') {
            quoted = !quoted;
        } else if (*at == ' ' && !quoted) {
            if (in_word)
                *to++ = '\0';
            in_word = false;
        } else {
            if (!in_word && words.count == REPLAY_WORDS)
                replay_fail("too many words");
            if (!in_word)
                words.word[words.count++] = to;
            in_word = true;
            *to++ = *at;
        }
    }
    *to = '\0';
    return words;
}

/* --- the platform and the log ---------------------------------------------------------------- */

static void radio_configure(void *platform, const struct settings_radios *settings)
{
    (void)platform;
    (void)settings;
}

static bool radio_base_mac(void *platform, struct mac *mac)
{
    (void)platform;
    *mac = far_macs[FAR_OURS];
    return true;
}

static void radio_describe(void *platform, char *text, size_t size)
{
    (void)platform;
    (void)snprintf(text, size, "radios of paper");
}

static uint64_t radio_counter(void *platform, const char *container, const char *leaf)
{
    (void)platform;
    (void)container;
    (void)leaf;
    return 0;
}

static void keep_line(enum log_level level, const char *line)
{
    if (level < LOG_LEVEL_DEBUG && current->lines < REPLAY_LOG_LINES)
        (void)snprintf(current->log[current->lines++], sizeof(current->log[0]), "%s", line);
}

struct replay *replay_new(void)
{
    struct replay *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    current = r;
    current_place = "set-up";
    log_divert(keep_line);
    r->bed = bed_new(1024, 8);
    r->radio = (struct radio_operations){.configure = radio_configure,
                                         .base_mac = radio_base_mac,
                                         .describe = radio_describe,
                                         .counter = radio_counter,
                                         .take_handle = bed_take_handle,
                                         .give_back_handle = bed_give_back_handle};
    for (size_t i = 0; i < REPLAY_SERVERS; i++)
        r->listeners[i] = far_listen("127.0.0.1", &r->ports[i]);
    (void)close(far_listen("127.0.0.1", &r->listen_port)); /* a port that is free */
    return r;
}

/* --- ends ------------------------------------------------------------------------------------ */

static void close_end(struct replay_end *end)
{
    far_free(end->far);
    if (end->peer != NULL)
        bed_peer_free(end->peer);
    if (end->mute >= 0)
        (void)close(end->mute);
    end->far = NULL;
    end->peer = NULL;
    end->mute = -1;
}

void replay_free(struct replay *r)
{
    agent_free(r->agent);
    for (size_t i = 0; i < r->end_count; i++) {
        close_end(r->ends[i]);
        free(r->ends[i]);
    }
    for (size_t i = 0; i < REPLAY_SERVERS; i++) {
        if (r->listeners[i] >= 0)
            (void)close(r->listeners[i]);
    }
    bed_free(r->bed);
    log_divert(NULL);
    free(r);
}

static struct replay_end *find_end(const struct replay *r, const char *name)
{
    for (size_t i = 0; i < r->end_count; i++) {
        if (strcmp(r->ends[i]->name, name) == 0)
            return r->ends[i];
    }
    return NULL;
}

struct replay_end *replay_end(struct replay *r, const char *name)
{
    struct replay_end *end = find_end(r, name);

    if (end == NULL)
        replay_fail("there is no such end");
    return end;
}

/* A new one, or the old one of this name anew. */
static struct replay_end *make_end(struct replay *r, const char *name)
{
    struct replay_end *end = find_end(r, name);

    if (end == NULL) {
        if (r->end_count == REPLAY_ENDS)
            replay_fail("too many ends");
        end = malloc(sizeof(*end));
        assert_non_null(end);
        r->ends[r->end_count++] = end;
    } else {
        close_end(end);
    }
    memset(end, 0, sizeof(*end));
    end->mute = -1;
    (void)snprintf(end->name, sizeof(end->name), "%s", name);
    return end;
}

static void take_frame(struct replay_end *end, const uint8_t *frame, size_t len)
{
    struct wire_message m;

    if (wire_decode(frame, len, &m) != WIRE_OK || len > WIRE_MESSAGE_CUT)
        replay_fail("the agent sent a message that is not well-formed");
    end->count[m.header.id]++;
    memcpy(end->last[m.header.id], frame, len);
    if (m.info->role == WIRE_NOTIFICATION && m.header.transaction != ++end->notification)
        replay_fail("the agent left a number of a notification out");
    if (m.header.id == WIRE_SUBSCRIBE_RESPONSE && m.result.code == WIRE_RESULT_OK)
        end->belief.count = 0;
    if (m.header.id == WIRE_MEASUREMENT_NOTIFICATION)
        belief_take(&end->belief, &m);
}

/* Takes whole frames out of what the far end received; what it gives changes while things happen.
 */
static size_t hear_end(struct replay_end *end)
{
    struct far_end *far = end->far;
    struct wire_header header;
    size_t used = 0;

    if (far == NULL)
        return 0;
    far_step(far);
    while (wire_frame_peek(far->received + used, far->len - used, &header) == WIRE_FRAME_OK) {
        take_frame(end, far->received + used, header.length);
        used += header.length;
    }
    memmove(far->received, far->received + used, far->len - used);
    far->len -= used;
    end->heard += used;
    return end->heard + far->len + (size_t)far->handshake * 3 + (size_t)far->status * 7 +
           (far->eof ? 31 : 0);
}

static size_t hear_all(struct replay *r)
{
    size_t sum = r->lines;

    for (size_t i = 0; i < r->end_count; i++)
        sum += hear_end(r->ends[i]);
    return sum;
}

void replay_settle(struct replay *r)
{
    size_t before = hear_all(r);
    int quiet = 0;

    while (quiet < QUIET_ROUNDS) {
        assert_int_equal(loop_turn(r->bed->loop, quiet > 1 ? 1 : 0), 0);
        loop_advance(r->bed->loop, 0);
        size_t now = hear_all(r);
        quiet = now == before ? quiet + 1 : 0;
        before = now;
    }
}

/* --- steps: the agent and time --------------------------------------------------------------- */

static bool is_ready(const struct replay *r)
{
    struct state_summary summary;

    state_summary(r->agent, &summary);
    return summary.identity_ready;
}

static void do_configure(struct replay *r, const struct replay_words *words)
{
    const struct agent_options options = {.loop = r->bed->loop,
                                          .engine = r->bed->engine,
                                          .radio = &r->radio,
                                          .platform = r,
                                          .state_dir = far_folder(),
                                          .software = "nmspd test"};
    struct settings *settings = replay_settings(r, words);
    int64_t end = real_now() + PATIENCE_MS;

    if (r->agent != NULL) {
        agent_configure(r->agent, settings);
        return;
    }
    r->agent = agent_new(&options, settings);
    if (r->agent == NULL)
        replay_fail("the agent does not start");
    while (!is_ready(r)) {
        if (real_now() >= end)
            replay_fail("the agent has no identity");
        assert_int_equal(loop_turn(r->bed->loop, 10), 0);
    }
}

/* MS; or until the next try of a server, which may still have to be planned. */
static void do_advance(struct replay *r, const struct replay_words *words)
{
    const char *next = replay_value(words, "next");
    struct peer_status peer = {.next_attempt = -1};
    int64_t end = real_now() + PATIENCE_MS;

    replay_settle(r);
    if (next == NULL) {
        loop_advance(r->bed->loop, strtol(words->word[words->count - 1], NULL, 10));
        return;
    }
    while (!replay_server(r, next, &peer) || peer.next_attempt < 0) {
        if (real_now() >= end)
            replay_fail("no try is planned");
        replay_settle(r);
    }
    loop_advance(r->bed->loop, peer.next_attempt - replay_number(words, "less", 0));
}

static void stopped(void *context)
{
    ((struct replay *)context)->stopped = true;
}

static void do_stop(struct replay *r, const struct replay_words *words)
{
    (void)words;
    agent_stop(r->agent, stopped, r);
}

static void do_jump(struct replay *r, const struct replay_words *words)
{
    loop_jump_wall(r->bed->loop, strtoll(words->word[1], NULL, 10));
}

/* Polls, because sockets are the kernel's; time stands still meanwhile. */
static void do_expect(struct replay *r, const struct replay_words *words)
{
    int64_t end = real_now() + PATIENCE_MS;

    do {
        replay_settle(r);
        if (replay_holds(r, words))
            return;
    } while (real_now() < end);
    replay_fail("this does not hold");
}

/* --- steps: radios --------------------------------------------------------------------------- */

static uint16_t ap_of(const struct replay_words *words)
{
    return (uint16_t)replay_number(words, "ap", 0);
}

static uint32_t second(const struct replay_words *words)
{
    if (words->count < 2)
        replay_fail("a number is missing");
    return (uint32_t)strtoul(words->word[1], NULL, 10);
}

static void do_ap(struct replay *r, const struct replay_words *words)
{
    if (words->count > 2 && strcmp(words->word[2], "gone") == 0)
        bed_ap_gone(r->bed, (uint16_t)second(words));
    else
        bed_ap(r->bed, (uint16_t)second(words));
}

/* One device, or with an x behind the number so many. */
static void do_hear(struct replay *r, const struct replay_words *words)
{
    uint32_t last = second(words);
    bool many = strchr(words->word[1], 'x') != NULL;

    for (uint32_t i = many ? 1 : last; i <= last; i++)
        bed_hear(r->bed, i, ap_of(words), (int8_t)replay_number(words, "rssi", -50));
}

static void do_join(struct replay *r, const struct replay_words *words)
{
    bed_join(r->bed, second(words), ap_of(words));
}

static void do_leave(struct replay *r, const struct replay_words *words)
{
    bed_leave(r->bed, second(words), ap_of(words));
}

/* --- steps: an end ---------------------------------------------------------------------------- */

static size_t server_of(const char *name)
{
    if ((name[0] != 'A' && name[0] != 'B') || name[1] != '\0')
        replay_fail("a server is A or B");
    return (size_t)(name[0] - 'A');
}

static unsigned identity_of(const char *name)
{
    return server_of(name) == 0 ? FAR_SERVER : FAR_OTHER_SERVER;
}

static bool is(const struct replay_words *words, const char *verb)
{
    return strcmp(words->word[1], verb) == 0;
}

static bool shakes_hands(const struct replay_end *end)
{
    return end->far->handshake == TLS_WANT_READ || end->far->handshake == TLS_WANT_WRITE;
}

static void shake_hands(struct replay *r, struct replay_end *end)
{
    int64_t deadline = real_now() + PATIENCE_MS;

    while (shakes_hands(end) && real_now() < deadline)
        replay_settle(r);
    if (shakes_hands(end))
        replay_fail("the handshake does not come to an end");
    replay_settle(r);
}

/* The server takes the agent's call. */
static void do_answers(struct replay *r, const struct replay_words *words)
{
    size_t server = server_of(words->word[0]);
    bool mute = words->count > 2 && strcmp(words->word[2], "mute") == 0;
    const char *as = replay_value(words, "as");
    struct replay_end *end = make_end(r, words->word[0]);
    int fd = far_accept(r->bed->loop, r->listeners[server]);

    if (fd < 0)
        replay_fail("the agent does not call");
    if (mute) {
        end->mute = fd;
        return;
    }
    end->far = far_new(fd, TLS_SERVER, identity_of(as != NULL ? as : words->word[0]));
    end->far->lets_in = words->count < 3 || strcmp(words->word[2], "refusing") != 0;
    shake_hands(r, end);
}

static void do_dials(struct replay *r, const struct replay_words *words)
{
    const char *from = replay_value(words, "from");
    const char *as = replay_value(words, "as");
    struct replay_end *end = make_end(r, words->word[0]);
    int fd = far_connect(from != NULL ? from : "127.0.0.1", r->listen_port);

    if (fd < 0)
        replay_fail("the agent does not listen");
    if (as == NULL) {
        end->mute = fd;
        replay_settle(r);
        return;
    }
    end->far = far_new(fd, TLS_CLIENT, identity_of(as));
    shake_hands(r, end);
}

/* A session without a connection, whose peer takes as many bytes as the script lets it. */
static void do_begins(struct replay *r, const struct replay_words *words)
{
    make_end(r, words->word[0])->peer = bed_peer_new(r->bed);
}

static void do_window(struct replay *r, const struct replay_words *words)
{
    struct bed_peer *peer = replay_end(r, words->word[0])->peer;

    if (peer == NULL || words->count != 3)
        replay_fail("only a session that `begins` has a window");
    bool all = strcmp(words->word[2], "all") == 0;
    bed_open_window(peer, all ? SIZE_MAX : strtoul(words->word[2], NULL, 10));
}

static void do_listening(struct replay *r, const struct replay_words *words)
{
    size_t server = server_of(words->word[0]);

    if (r->listeners[server] >= 0)
        (void)close(r->listeners[server]);
    r->listeners[server] = -1;
    if (is(words, "opens"))
        r->listeners[server] = far_listen("127.0.0.1", &r->ports[server]);
}

static void do_end_of(struct replay *r, const struct replay_words *words)
{
    struct replay_end *end = replay_end(r, words->word[0]);
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (end->mute >= 0) {
        (void)close(end->mute);
        end->mute = -1;
        return;
    }
    if (is(words, "closes"))
        tls_shutdown(end->far->tls);
    if (is(words, "half-closes"))
        assert_int_equal(shutdown(end->far->fd, SHUT_WR), 0);
    if (is(words, "aborts")) {
        assert_int_equal(setsockopt(end->far->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)),
                         0);
        close_end(end);
    }
    replay_settle(r);
}

static void do_reading(struct replay *r, const struct replay_words *words)
{
    replay_end(r, words->word[0])->far->reads = is(words, "reads");
}

static void do_finish(struct replay *r, const struct replay_words *words)
{
    session_shutdown(replay_end(r, words->word[0])->peer->session, "the agent stops");
    bed_turn(r->bed);
}

static void do_offer(struct replay *r, const struct replay_words *words)
{
    session_offer_changed(replay_end(r, words->word[0])->peer->session);
    bed_turn(r->bed);
}

static void do_says(struct replay *r, const struct replay_words *words)
{
    replay_settle(r);
    if (!replay_say(r, replay_end(r, words->word[0]), words))
        replay_fail("an end cannot say that");
    replay_settle(r);
}

/* --- the line -------------------------------------------------------------------------------- */

struct verb {
    const char *word;
    void (*act)(struct replay *r, const struct replay_words *words);
};

static const struct verb first_words[] = {
    {"configure", do_configure}, {"advance", do_advance}, {"stop", do_stop},
    {"clock-jumps", do_jump},    {"expect", do_expect},   {"ap", do_ap},
    {"hear", do_hear},           {"join", do_join},       {"leave", do_leave},
};

/* After the name of an end. */
static const struct verb second_words[] = {
    {"answers", do_answers},    {"dials", do_dials},           {"begins", do_begins},
    {"window", do_window},      {"opens", do_listening},       {"shuts", do_listening},
    {"closes", do_end_of},      {"half-closes", do_end_of},    {"aborts", do_end_of},
    {"reads", do_reading},      {"stops-reading", do_reading}, {"says", do_says},
    {"is-finished", do_finish}, {"is-offered-anew", do_offer},
};

static const struct verb *find_verb(const struct verb *verbs, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(verbs[i].word, word) == 0)
            return &verbs[i];
    }
    return NULL;
}

void replay_step(struct replay *r, char *line, const char *place)
{
    const struct verb *verb;

    current_place = place;
    struct replay_words words = split(line);
    if (words.count == 0)
        return;
    verb = find_verb(first_words, sizeof(first_words) / sizeof(first_words[0]), words.word[0]);
    if (verb == NULL && words.count > 1)
        verb =
            find_verb(second_words, sizeof(second_words) / sizeof(second_words[0]), words.word[1]);
    if (verb == NULL)
        replay_fail("there is no such step");
    verb->act(r, &words);
}
