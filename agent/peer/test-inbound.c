/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log-window.h"
#include "agent/base/log.h"
#include "agent/peer/attempt.h"
#include "agent/peer/inbound.h"
#include "agent/wire/wire.h"
#include "tests/unit/failing.h"
#include "tests/unit/far-end.h"
#include "tests/unit/process.h"
#include "tests/unit/session-bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENDS_MAX = INBOUND_SESSIONS_MAX + 1 };

struct scene {
    struct bed *bed;
    struct tls_context *tls;
    struct registry *registry;
    struct inbounds *inbounds;
    struct settings_listen settings;
    struct far_end *ends[ENDS_MAX];
    size_t end_count;
    uint8_t identities; /* each connection gets another MAC */
    bool lets_in;
    bool one_mac;                  /* or all the same */
    enum authlist_verdict verdict; /* where it is not let in */
    struct attempt dialled;        /* a session of ours, where there is one */
    unsigned diagnosed;            /* how often news was told */
    struct diagnosis told;
    unsigned released;
    unsigned lines;
    unsigned presented;
    char line[512];  /* the last warning */
    char said[1024]; /* the end of all that was said */
    uint8_t keys;    /* the key that the far end is taken to have presented */
};

static struct scene *scene;

static struct tls_context *on_tls(void *context, enum tls_role role, bool legacy_cipher)
{
    assert_int_equal(role, TLS_SERVER);
    assert_int_equal(legacy_cipher, ((struct scene *)context)->settings.legacy_cipher);
    return ((struct scene *)context)->tls;
}

static bool on_authorise(void *context, const struct certificate_info *peer,
                         const struct mac *expected, struct authlist_decision *decision)
{
    struct scene *s = context;

    assert_null(expected);
    assert_non_null(peer);
    *decision = (struct authlist_decision){.verdict = s->verdict};
    if (!s->lets_in)
        return false;
    decision->verdict = AUTHLIST_OK;
    decision->has_mac = true;
    if (!s->one_mac)
        s->identities++;
    decision->mac = (struct mac){{0, 0, 0, 0, 1, s->identities}};
    return true;
}

static void on_diagnosed(void *context, const char *who, const struct diagnosis *diagnosis)
{
    struct scene *s = context;

    assert_non_null(strstr(who, "from 127.0.0.1:"));
    s->diagnosed++;
    s->told = *diagnosis;
}

/* What a peer that makes a new key each time presents. */
static void on_explain(void *context, const struct certificate_info *presented,
                       const struct authlist_decision *decision, const struct mac *expected,
                       struct diagnosis *out)
{
    const struct scene *s = context;

    (void)presented;
    (void)expected;
    if (s->keys == 0 || decision == NULL)
        return;
    out->code = DIAGNOSIS_UNKNOWN_MAC;
    out->presented.spki_sha256[0] = s->keys;
    out->presented.certificate_sha256[0] = s->keys;
}

static void on_released(void *context)
{
    ((struct scene *)context)->released++;
}

static void keep_line(enum log_level level, const char *line)
{
    size_t used = strlen(scene->said);

    scene->presented += strstr(line, "it presented") != NULL ? 1 : 0;
    if (used + strlen(line) + 2 > sizeof(scene->said))
        used = 0;
    (void)snprintf(scene->said + used, sizeof(scene->said) - used, "%s\n", line);
    if (level > LOG_LEVEL_WARNING)
        return;
    (void)snprintf(scene->line, sizeof(scene->line), "%s", line);
    scene->lines++;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    scene = s;
    *state = s;
    log_divert(keep_line);
    s->bed = bed_new(64, 4);
    s->tls = tls_context_new(far_identity(FAR_OURS), &(struct tls_options){.role = TLS_SERVER});
    s->lets_in = true;
    s->verdict = AUTHLIST_UNKNOWN_MAC;
    s->registry = registry_new(&(struct registry_options){.shared = &s->bed->shared,
                                                          .tls = on_tls,
                                                          .authorise = on_authorise,
                                                          .explain = on_explain,
                                                          .diagnosed = on_diagnosed,
                                                          .released = on_released,
                                                          .context = s});
    assert_non_null(s->registry);
    s->inbounds = inbounds_new(s->registry, 4);
    s->settings = (struct settings_listen){.enabled = true};
    (void)snprintf(s->settings.address, sizeof(s->settings.address), "127.0.0.1");
    inbounds_configure(s->inbounds, &s->settings);
    return listener_port(inbounds_listener(s->inbounds)) == 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    failing_reset();
    inbounds_free(s->inbounds);
    attempt_free(&s->dialled);
    registry_free(s->registry);
    for (size_t i = 0; i < s->end_count; i++)
        far_free(s->ends[i]);
    tls_context_free(s->tls);
    bed_free(s->bed);
    log_divert(NULL);
    free(s);
    return 0;
}

static void come_in(struct scene *s)
{
    int fd = far_connect("127.0.0.1", listener_port(inbounds_listener(s->inbounds)));

    assert_true(fd >= 0);
    assert_true(s->end_count < ENDS_MAX);
    s->ends[s->end_count++] = far_new(fd, TLS_CLIENT, FAR_SERVER);
}

static void run_until(struct scene *s, bool (*holds)(void *context))
{
    assert_true(far_until(s->bed->loop, s->ends, s->end_count, holds, s));
}

static bool last_has_capability(void *context)
{
    const struct scene *s = context;

    return far_frames(s->ends[s->end_count - 1], WIRE_CAPABILITY_NOTIFICATION) > 0;
}

static bool last_is_closed(void *context)
{
    const struct scene *s = context;

    return s->ends[s->end_count - 1]->eof;
}

static size_t count(const struct scene *s)
{
    struct peer_status peer;
    size_t cursor = 0;
    size_t found = 0;

    while (inbounds_next(s->inbounds, &cursor, &peer))
        found++;
    return found;
}

static bool nobody_is_left(void *context)
{
    return count(context) == 0;
}

static bool only_one_is_left(void *context)
{
    return count(context) == 1;
}

/* Comes in, is turned away and forgotten. */
static void be_turned_away(struct scene *s)
{
    come_in(s);
    run_until(s, last_is_closed);
    run_until(s, nobody_is_left);
    far_free(s->ends[--s->end_count]);
}

static void sixteen_sessions_may_come_in(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < INBOUND_SESSIONS_MAX; i++) {
        come_in(s);
        run_until(s, last_has_capability);
    }
    assert_int_equal(count(s), INBOUND_SESSIONS_MAX);
    come_in(s);
    run_until(s, last_is_closed);
    assert_int_equal(s->ends[INBOUND_SESSIONS_MAX]->len, 0);
    assert_non_null(strstr(s->line, "as many inbound sessions as this agent holds"));
    assert_int_equal(inbounds_counters(s->inbounds)->refused, 1);
    for (size_t i = 0; i < INBOUND_SESSIONS_MAX; i++)
        assert_false(s->ends[i]->eof);
}

static void each_is_told_with_its_state(void **state)
{
    struct scene *s = *state;
    struct peer_status peer;
    size_t cursor = 0;

    come_in(s);
    run_until(s, last_has_capability);
    far_say_capability(s->ends[0], s->bed->loop);
    for (int i = 0; i < 100; i++)
        loop_advance(s->bed->loop, 0);
    assert_true(inbounds_next(s->inbounds, &cursor, &peer));
    assert_true(peer.inbound);
    assert_int_equal(peer.phase, PEER_ACTIVE);
    assert_int_equal(peer.connections, 1);
    assert_int_equal(peer.counters.rx_frames, 1);
    assert_true(peer.has_mac);
    assert_false(inbounds_next(s->inbounds, &cursor, &peer));
}

static void those_turned_away_are_told_once_and_counted(void **state)
{
    struct scene *s = *state;

    s->lets_in = false;
    for (int i = 0; i < 5; i++)
        be_turned_away(s);
    assert_int_equal(s->lines, 1);
    assert_int_equal(s->presented, 1);
    assert_non_null(strstr(s->line, "from 127.0.0.1:"));
    assert_int_equal(inbounds_counters(s->inbounds)->refused, 5);
    assert_true(s->released >= 5); /* and as the last descriptor is closed */
    loop_advance(s->bed->loop, 60 * 1000);
    be_turned_away(s);
    assert_int_equal(s->lines, 2);
}

/* How many stand in the report; the last one is kept. */
static size_t refusals(struct scene *s)
{
    size_t cursor = 0;
    size_t found = 0;

    while (inbounds_next_refusal(s->inbounds, &cursor, &s->told))
        found++;
    return found;
}

static void dialled_ended(void *context, struct attempt_end *end)
{
    (void)context;
    (void)end;
}

static bool we_have_a_session(void *context)
{
    return ((struct scene *)context)->dialled.entry.has_session;
}

/* Of ours, with the only MAC that there is. */
static void have_a_session(struct scene *s)
{
    static const struct attempt_owner owner = {.ended = dialled_ended};
    struct tls_context *tls =
        tls_context_new(far_identity(FAR_OURS), &(struct tls_options){.role = TLS_CLIENT});
    int fds[2];

    s->one_mac = true;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    attempt_init(&s->dialled, s->registry, false, &owner, s);
    assert_true(attempt_open(&s->dialled, fds[0], tls, false));
    tls_context_free(tls);
    s->ends[s->end_count++] = far_new(fds[1], TLS_SERVER, FAR_SERVER);
    run_until(s, we_have_a_session);
}

static void a_second_one_of_a_mac_is_told_unless_we_dial_the_same_host(void **state)
{
    struct scene *s = *state;

    have_a_session(s);
    (void)snprintf(s->dialled.address, sizeof(s->dialled.address), "127.0.0.2:16113");
    be_turned_away(s);
    be_turned_away(s);
    assert_int_equal(s->diagnosed, 1);
    assert_int_equal(refusals(s), 1);
    assert_int_equal(s->told.code, DIAGNOSIS_SESSION_EXISTS);
    assert_int_equal(s->told.count, 2);
    (void)snprintf(s->dialled.address, sizeof(s->dialled.address), "127.0.0.1:16113");
    be_turned_away(s);
    assert_int_equal(refusals(s), 1);
    assert_int_equal(s->told.count, 2);
}

static void a_session_that_ends_badly_is_told_until_it_is_back(void **state)
{
    struct scene *s = *state;

    come_in(s);
    run_until(s, last_has_capability);
    far_say_capability(s->ends[0], s->bed->loop);
    assert_true(far_write(s->ends[0], s->bed->loop, "\x01\0\0\x07\0\0\0\x01\0\0\0\x01", 12));
    run_until(s, last_is_closed);
    run_until(s, nobody_is_left);
    assert_int_equal(s->diagnosed, 1);
    assert_int_equal(refusals(s), 1);
    assert_int_equal(s->told.code, DIAGNOSIS_NOT_NMSP);
    come_in(s);
    run_until(s, last_has_capability);
    far_say_capability(s->ends[1], s->bed->loop);
    for (int i = 0; i < 100; i++)
        loop_advance(s->bed->loop, 0);
    assert_int_equal(refusals(s), 0);
    /* And one that is closed in order is no trouble. */
    tls_shutdown(s->ends[1]->tls);
    run_until(s, nobody_is_left);
    assert_int_equal(refusals(s), 0);
    assert_int_equal(s->diagnosed, 1);
}

/* Reasons are worded by libraries, and vary as the other side likes: they are one cause. */
static void one_cause_is_one_entry_however_it_is_worded(void **state)
{
    static const enum authlist_verdict verdicts[] = {AUTHLIST_UNKNOWN_MAC, AUTHLIST_NO_HASH,
                                                     AUTHLIST_WRONG_HASH};
    struct scene *s = *state;

    s->lets_in = false;
    s->keys = 1;
    for (int i = 0; i < 12; i++) {
        s->verdict = verdicts[i % 3];
        be_turned_away(s);
    }
    assert_int_equal(s->lines, 1);
    assert_int_equal(inbounds_counters(s->inbounds)->refused, 12);
    loop_advance(s->bed->loop, 60 * 1000);
    assert_non_null(strstr(s->said, "from 127.0.0.1: no session (unknown-mac, key 01"));
    assert_non_null(strstr(s->said, "): 11 more within 60 s"));
}

/* Nor does it come to an end: ten causes a minute in all, five of one address. */
static void nobody_can_fill_the_log(void **state)
{
    struct scene *s = *state;

    s->lets_in = false;
    for (int i = 0; i < 40; i++) {
        s->keys++;
        be_turned_away(s);
    }
    assert_int_equal(s->lines, LOG_WINDOW_EACH);
    assert_int_equal(s->diagnosed, LOG_WINDOW_EACH);
    assert_int_equal(inbounds_counters(s->inbounds)->refused, 40);
    loop_advance(s->bed->loop, 60 * 1000);
    assert_non_null(strstr(s->said, "listener: other connections without a session: 35 more"));
    /* What was held back is still news. */
    be_turned_away(s);
    assert_int_equal(s->diagnosed, LOG_WINDOW_EACH + 1);
}

static void one_that_comes_and_goes_all_the_time_does_not_fill_the_log_either(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 50; i++) {
        come_in(s);
        run_until(s, last_has_capability);
        far_say_capability(s->ends[0], s->bed->loop);
        for (int j = 0; j < 20; j++)
            loop_advance(s->bed->loop, 0);
        tls_shutdown(s->ends[0]->tls);
        run_until(s, nobody_is_left);
        far_free(s->ends[--s->end_count]);
    }
    loop_advance(s->bed->loop, 60 * 1000);
    assert_non_null(strstr(s->said, "listener: sessions up or down: 36 more within 60 s"));
}

static void a_handshake_that_fails_is_counted(void **state)
{
    struct scene *s = *state;

    come_in(s);
    loop_advance(s->bed->loop, 0);
    loop_advance(s->bed->loop, CONNECTION_HANDSHAKE_MS);
    assert_int_equal(inbounds_counters(s->inbounds)->handshakes_failed, 1);
    assert_int_equal(count(s), 0);
    assert_non_null(strstr(s->line, "within 10 s"));
}

static void those_without_a_session_leave_their_place_when_they_go(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 2 * LISTENER_PENDING_MAX; i++) {
        come_in(s);
        loop_advance(s->bed->loop, 0);
        far_free(s->ends[--s->end_count]);
        run_until(s, nobody_is_left);
    }
    assert_int_equal(listener_counters(inbounds_listener(s->inbounds))->refused, 0);
}

static void stopping_closes_all_in_order(void **state)
{
    struct scene *s = *state;

    come_in(s);
    run_until(s, last_has_capability);
    inbounds_stop(s->inbounds, "the agent stops");
    assert_int_equal(listener_port(inbounds_listener(s->inbounds)), 0);
    run_until(s, last_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
    run_until(s, nobody_is_left);
}

static void without_legacy_cipher_what_came_in_with_it_is_ended_in_order(void **state)
{
    struct scene *s = *state;

    come_in(s);
    run_until(s, last_has_capability);
    s->settings.legacy_cipher = true;
    inbounds_configure(s->inbounds, &s->settings); /* for new connections */
    come_in(s);
    run_until(s, last_has_capability);
    come_in(s); /* it is in the middle of its handshake */
    loop_advance(s->bed->loop, 0);
    assert_int_equal(count(s), 3);
    s->settings.legacy_cipher = false;
    inbounds_configure(s->inbounds, &s->settings);
    run_until(s, last_is_closed);
    run_until(s, only_one_is_left);
    assert_true(s->ends[1]->eof);
    assert_int_equal(s->ends[1]->status, TLS_CLOSED);
    assert_false(s->ends[0]->eof);
    assert_int_equal(s->diagnosed, 0); /* nothing is wrong */
    come_in(s);
    run_until(s, last_has_capability);
    assert_int_equal(count(s), 2);
}

static void without_a_context_or_memory_nobody_comes_in(void **state)
{
    struct scene *s = *state;
    struct tls_context *tls = s->tls;
    size_t before = open_descriptors();

    s->tls = NULL;
    come_in(s);
    loop_advance(s->bed->loop, 0);
    s->tls = tls;
    assert_int_equal(count(s), 0);
    come_in(s);
    failing_malloc_at(1);
    loop_advance(s->bed->loop, 0);
    failing_reset();
    assert_int_equal(count(s), 0);
    assert_int_equal(listener_counters(inbounds_listener(s->inbounds))->refused, 2);
    for (size_t i = 0; i < 2; i++)
        far_free(s->ends[i]);
    s->end_count = 0;
    assert_int_equal(open_descriptors(), before);
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct inbounds *other = inbounds_new(s->registry, 4);
        bool failed = failing_hit();
        failing_reset();
        inbounds_free(other);
        if (!failed)
            break;
        assert_null(other);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sixteen_sessions_may_come_in),
        TEST(each_is_told_with_its_state),
        TEST(those_turned_away_are_told_once_and_counted),
        TEST(a_second_one_of_a_mac_is_told_unless_we_dial_the_same_host),
        TEST(a_session_that_ends_badly_is_told_until_it_is_back),
        TEST(one_cause_is_one_entry_however_it_is_worded),
        TEST(nobody_can_fill_the_log),
        TEST(one_that_comes_and_goes_all_the_time_does_not_fill_the_log_either),
        TEST(a_handshake_that_fails_is_counted),
        TEST(those_without_a_session_leave_their_place_when_they_go),
        TEST(stopping_closes_all_in_order),
        TEST(without_legacy_cipher_what_came_in_with_it_is_ended_in_order),
        TEST(without_a_context_or_memory_nobody_comes_in),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
