/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/peer/attempt.h"
#include "agent/peer/backoff.h"
#include "agent/peer/peer.h"
#include "agent/wire/wire.h"
#include "tests/unit/failing.h"
#include "tests/unit/far-end.h"
#include "tests/unit/names.h"
#include "tests/unit/process.h"
#include "tests/unit/session-bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- an agent that knows one server --- */

struct scene {
    struct bed *bed;
    struct tls_context *tls;
    struct registry *registry;
    struct peer *peer;
    struct settings_server server;
    int listener; /* the server's; -1: nobody listens there */
    struct far_end *far;

    bool lets_in;
    bool asked_legacy;               /* of the last connection */
    struct registry_entry elsewhere; /* a session with the server */
    struct attempt other;            /* the same, with a connection */
    struct far_end *other_far;
    struct mac expected;
    unsigned released;
    char log[64][512];
    size_t lines;
};

static struct scene *scene; /* for the log */

static struct tls_context *on_tls(void *context, enum tls_role role, bool legacy_cipher)
{
    struct scene *s = context;

    assert_int_equal(role, TLS_CLIENT);
    s->asked_legacy = legacy_cipher; /* it is given the usual one: not every library has another */
    return s->tls;
}

static bool on_authorise(void *context, const struct certificate_info *peer,
                         const struct mac *expected, struct authlist_decision *decision)
{
    struct scene *s = context;

    memset(decision, 0, sizeof(*decision));
    if (expected != NULL)
        s->expected = *expected;
    decision->verdict = s->lets_in ? AUTHLIST_OK : AUTHLIST_UNKNOWN_MAC;
    decision->mac = peer->macs[0];
    decision->has_mac = true;
    return s->lets_in;
}

static void on_released(void *context)
{
    ((struct scene *)context)->released++;
}

static void keep_line(enum log_level level, const char *line)
{
    if (level < LOG_LEVEL_DEBUG && scene->lines < 64)
        (void)snprintf(scene->log[scene->lines++], sizeof(scene->log[0]), "%s", line);
}

static size_t said(const char *part)
{
    size_t count = 0;

    for (size_t i = 0; i < scene->lines; i++)
        count += strstr(scene->log[i], part) != NULL ? 1 : 0;
    return count;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    scene = s;
    *state = s;
    log_divert(keep_line);
    s->bed = bed_new(64, 4);
    s->tls = tls_context_new(far_identity(FAR_OURS), &(struct tls_options){.role = TLS_CLIENT});
    s->lets_in = true;
    s->listener = -1;
    s->registry = registry_new(&(struct registry_options){.shared = &s->bed->shared,
                                                          .tls = on_tls,
                                                          .authorise = on_authorise,
                                                          .released = on_released,
                                                          .context = s});
    return s->registry == NULL || s->tls == NULL;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    failing_reset();
    names_answer("", 0);
    peer_free(s->peer);
    attempt_free(&s->other);
    registry_free(s->registry);
    far_free(s->far);
    far_free(s->other_far);
    if (s->listener >= 0)
        (void)close(s->listener);
    tls_context_free(s->tls);
    bed_free(s->bed);
    log_divert(NULL);
    free(s);
    return 0;
}

static void configure(struct scene *s, const char *host)
{
    (void)snprintf(s->server.host, sizeof(s->server.host), "%s", host);
    s->peer = peer_new(s->registry, &s->server, 1);
    assert_non_null(s->peer);
}

/* A server that listens, on a port of its own. */
static void serve(struct scene *s)
{
    s->listener = far_listen("127.0.0.1", &s->server.port);
}

/* A port at which nobody listens. */
static void serve_nobody(struct scene *s)
{
    (void)close(far_listen("127.0.0.1", &s->server.port));
}

static struct peer_status state_of(const struct scene *s)
{
    struct peer_status state;

    peer_state(s->peer, &state);
    return state;
}

static enum peer_phase phase_of(const struct scene *s)
{
    return state_of(s).phase;
}

static void turn(struct scene *s)
{
    loop_advance(s->bed->loop, 0);
}

static bool is_active(void *context)
{
    return phase_of(context) == PEER_ACTIVE;
}

static bool is_waiting(void *context)
{
    struct scene *s = context;

    return phase_of(s) == PEER_WAITING && far_frames(s->far, WIRE_CAPABILITY_NOTIFICATION) > 0;
}

static bool is_over(void *context)
{
    return ((struct scene *)context)->far->eof;
}

static bool is_in_backoff(void *context)
{
    return phase_of(context) == PEER_BACKOFF;
}

static void run_until(struct scene *s, bool (*holds)(void *context))
{
    assert_true(far_until(s->bed->loop, &s->far, 1, holds, s));
}

/* The server takes the agent's call. */
static void accept_call(struct scene *s)
{
    int fd = far_accept(s->bed->loop, s->listener);

    assert_true(fd >= 0);
    far_free(s->far);
    s->far = far_new(fd, TLS_SERVER, FAR_SERVER);
}

static void accept_session(struct scene *s)
{
    accept_call(s);
    run_until(s, is_waiting);
    far_say_capability(s->far, s->bed->loop);
    run_until(s, is_active);
}

static void hang_up(struct scene *s)
{
    tls_shutdown(s->far->tls);
    run_until(s, is_in_backoff);
}

/* Until the next round has failed too; gives the pause before it. */
static int64_t next_pause(struct scene *s)
{
    uint64_t attempts = state_of(s).attempts;
    int64_t pause = state_of(s).next_attempt;

    assert_int_equal(phase_of(s), PEER_BACKOFF);
    loop_advance(s->bed->loop, pause - 1);
    assert_int_equal(state_of(s).attempts, attempts);
    loop_advance(s->bed->loop, 1);
    run_until(s, is_in_backoff);
    assert_true(state_of(s).attempts > attempts);
    return pause;
}

static void assert_near(int64_t delay, int64_t nominal)
{
    assert_in_range(delay, nominal * 3 / 4, nominal * 5 / 4);
}

/* --- the way to a session --- */

static void it_is_idle_until_it_is_started(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    assert_int_equal(phase_of(s), PEER_IDLE);
    loop_advance(s->bed->loop, 100000);
    assert_int_equal(state_of(s).attempts, 0);
    assert_true(peer_is_over(s->peer));
}

static void it_dials_and_tells_what_it_has(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    assert_int_equal(phase_of(s), PEER_CONNECTING);
    accept_session(s);
    struct peer_status now = state_of(s);
    assert_false(now.inbound);
    assert_string_equal(now.host, "127.0.0.1");
    assert_int_equal(now.port, s->server.port);
    assert_true(now.has_mac);
    assert_true(mac_equal(&now.mac, &far_macs[FAR_SERVER]));
    assert_string_equal(now.tls_version, "TLSv1.3");
    assert_int_equal(now.connections, 1);
    assert_int_equal(now.disconnections, 0);
    assert_int_equal(now.attempts, 1);
    assert_int_equal(now.next_attempt, -1);
    assert_int_equal(now.counters.rx_frames, 1);
    assert_string_equal(now.last_reason, "");
    assert_int_equal(said("session up with 00:50:56:9c:34:89"), 1);
}

static void the_configured_mac_is_what_is_expected(void **state)
{
    struct scene *s = *state;

    serve(s);
    s->server.has_mac = true;
    s->server.mac = far_macs[FAR_SERVER];
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    assert_true(mac_equal(&s->expected, &far_macs[FAR_SERVER]));
}

static void a_name_is_looked_up_in_each_round(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "mse.test");
    names_fail(EAI_AGAIN, 0);
    peer_start(s->peer);
    assert_int_equal(phase_of(s), PEER_RESOLVING);
    run_until(s, is_in_backoff);
    assert_non_null(strstr(state_of(s).last_reason, "its name cannot be resolved"));
    assert_int_equal(state_of(s).attempts, 0);
    names_answer("mse.test", 1);
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    accept_session(s);
}

static void the_addresses_are_tried_in_turn(void **state)
{
    struct scene *s = *state;

    s->listener = far_listen("127.0.0.3", &s->server.port);
    configure(s, "mse.test");
    names_answer("mse.test", 3);
    peer_start(s->peer);
    accept_session(s);
    assert_int_equal(state_of(s).attempts, 3);
    assert_non_null(strstr(state_of(s).address, "127.0.0.3:"));
}

static void of_a_round_that_failed_the_address_that_came_farthest_is_told(void **state)
{
    struct scene *s = *state;

    s->listener = far_listen("127.0.0.1", &s->server.port); /* the second and third refuse */
    s->lets_in = false;
    configure(s, "mse.test");
    names_answer("mse.test", 3);
    peer_start(s->peer);
    accept_call(s);
    run_until(s, is_in_backoff);
    assert_int_equal(state_of(s).attempts, 3);
    assert_non_null(strstr(state_of(s).last_reason, "127.0.0.1:"));
    assert_non_null(strstr(state_of(s).last_reason, "not let in"));
}

/* --- again and again --- */

static void the_pauses_grow_to_a_minute(void **state)
{
    static const int64_t nominal[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    struct scene *s = *state;

    serve_nobody(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    run_until(s, is_in_backoff);
    for (size_t i = 0; i < sizeof(nominal) / sizeof(nominal[0]); i++)
        assert_near(next_pause(s), nominal[i]);
    /* One line for all of them. */
    assert_int_equal(said("no session"), 1);
    assert_non_null(strstr(state_of(s).last_reason, strerror(ECONNREFUSED)));
}

static void a_session_of_a_minute_makes_them_short_again(void **state)
{
    struct scene *s = *state;

    serve_nobody(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    run_until(s, is_in_backoff);
    for (int i = 0; i < 5; i++)
        (void)next_pause(s);
    s->listener = far_listen("127.0.0.1", &s->server.port);
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    accept_session(s);
    assert_int_equal(said("happened 5 more times"), 1);
    hang_up(s);
    assert_near(state_of(s).next_attempt, 60000);

    loop_advance(s->bed->loop, state_of(s).next_attempt);
    accept_session(s);
    /* In steps below the dead interval, each with a sign of life. */
    for (int i = 0; i < 6; i++) {
        loop_advance(s->bed->loop, PEER_SETTLED_MS / 6);
        far_say_capability(s->far, s->bed->loop);
        turn(s);
    }
    assert_int_equal(phase_of(s), PEER_ACTIVE);
    hang_up(s);
    assert_near(state_of(s).next_attempt, 1000);
    assert_int_equal(state_of(s).connections, 2);
    assert_int_equal(state_of(s).disconnections, 2);
    assert_int_equal(said("session down"), 2);
}

static void what_the_last_session_counted_stays(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    hang_up(s);
    assert_int_equal(state_of(s).counters.rx_frames, 1);
    assert_string_equal(state_of(s).last_reason, "the peer closed the connection");
    assert_true(s->released > 0);
}

static void a_session_without_a_capability_is_told_as_that(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_call(s);
    run_until(s, is_waiting);
    loop_advance(s->bed->loop, SESSION_CAPABILITY_MS);
    run_until(s, is_in_backoff);
    assert_int_equal(said("session ended before it was active"), 1);
    assert_int_equal(state_of(s).disconnections, 1);
}

/* --- refused --- */

static void a_refused_server_is_told_with_what_it_presented(void **state)
{
    struct scene *s = *state;

    serve(s);
    s->lets_in = false;
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_call(s);
    run_until(s, is_in_backoff);
    assert_int_equal(said("not let in"), 1);
    assert_int_equal(said("it presented CN=MSE-0050569c3489, MAC 00:50:56:9c:34:89, key RSA 2048"),
                     1);
    assert_int_equal(state_of(s).connections, 0);
    /* A second time it is no news. */
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    accept_call(s);
    run_until(s, is_in_backoff);
    assert_int_equal(said("it presented"), 1);
}

static void a_new_list_lets_a_refused_server_be_tried_at_once(void **state)
{
    struct scene *s = *state;

    serve(s);
    s->lets_in = false;
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_call(s);
    run_until(s, is_in_backoff);
    s->lets_in = true;
    peer_recheck(s->peer);
    accept_session(s);
    peer_recheck(s->peer); /* and now changes nothing */
    turn(s);
    assert_int_equal(phase_of(s), PEER_ACTIVE);
    s->lets_in = false;
    peer_recheck(s->peer);
    run_until(s, is_in_backoff);
    assert_int_equal(said("session down after 0 s: not let in any more"), 1);
}

/* strong-cipher may have been taken back, or legacy-cipher given. */
static void new_settings_let_a_server_be_tried_at_once_that_had_no_cipher_in_common(void **state)
{
    static const uint8_t protocol_version[] = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46};
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    int fd = far_accept(s->bed->loop, s->listener);
    assert_int_equal(send(fd, protocol_version, sizeof(protocol_version), 0), 7);
    run_until(s, is_in_backoff);
    (void)close(fd);
    assert_int_equal(state_of(s).diagnosis.code, DIAGNOSIS_NO_COMMON);
    peer_recheck(s->peer);
    assert_int_equal(state_of(s).attempts, 2);
    accept_session(s);
}

static void a_new_list_does_not_hurry_a_server_that_is_away(void **state)
{
    struct scene *s = *state;

    serve_nobody(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    run_until(s, is_in_backoff);
    uint64_t attempts = state_of(s).attempts;
    peer_recheck(s->peer);
    turn(s);
    assert_int_equal(state_of(s).attempts, attempts);
}

static void another_expected_mac_is_checked_at_once(void **state)
{
    struct scene *s = *state;
    struct settings_server other;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    other = s->server;
    other.has_mac = true;
    other.mac = far_macs[FAR_OTHER_SERVER];
    s->lets_in = false;
    peer_configure(s->peer, &other);
    run_until(s, is_in_backoff);
    assert_true(mac_equal(&s->expected, &far_macs[FAR_OTHER_SERVER]));
    assert_true(peer_server(s->peer)->has_mac);
}

static void without_legacy_cipher_a_session_that_was_made_with_it_is_made_anew(void **state)
{
    struct scene *s = *state;

    serve(s);
    s->server.legacy_cipher = true;
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    assert_true(s->asked_legacy);
    assert_true(state_of(s).legacy_cipher);
    s->server.legacy_cipher = false;
    peer_configure(s->peer, &s->server);
    peer_configure(s->peer, &s->server); /* as often as you like */
    run_until(s, is_over);
    assert_int_equal(s->far->status, TLS_CLOSED); /* in order */
    accept_session(s);
    assert_int_equal(state_of(s).attempts, 2);
    assert_false(s->asked_legacy);
    assert_false(state_of(s).legacy_cipher);
    assert_int_equal(said("session down after 0 s: it was made with legacy-cipher"), 1);
    s->server.legacy_cipher = true; /* which is for new connections */
    peer_configure(s->peer, &s->server);
    turn(s);
    assert_int_equal(phase_of(s), PEER_ACTIVE);
    assert_false(state_of(s).legacy_cipher);
    assert_int_equal(state_of(s).attempts, 2);
}

static bool has_dialled_twice(void *context)
{
    return state_of(context).attempts == 2;
}

static void without_legacy_cipher_what_is_on_its_way_is_dialled_anew(void **state)
{
    struct scene *s = *state;

    serve(s);
    s->server.legacy_cipher = true;
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    s->server.legacy_cipher = false;
    peer_configure(s->peer, &s->server);
    run_until(s, has_dialled_twice);
    assert_false(s->asked_legacy);
    assert_int_equal(said("no session"), 0); /* nothing has failed */
}

/* --- held --- */

static void take_mac(struct scene *s)
{
    s->elsewhere = (struct registry_entry){.has_session = true, .identity = far_macs[FAR_SERVER]};
    registry_add(s->registry, &s->elsewhere);
}

static void give_mac_back(struct scene *s)
{
    registry_remove(s->registry, &s->elsewhere);
}

static void a_server_whose_mac_has_a_session_is_not_dialled(void **state)
{
    struct scene *s = *state;

    serve(s);
    s->server.has_mac = true;
    s->server.mac = far_macs[FAR_SERVER];
    take_mac(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    assert_int_equal(phase_of(s), PEER_HELD);
    loop_advance(s->bed->loop, 100000);
    peer_release(s->peer); /* still taken */
    assert_int_equal(phase_of(s), PEER_HELD);
    assert_int_equal(state_of(s).attempts, 0);
    give_mac_back(s);
    peer_release(s->peer);
    accept_session(s);
    assert_int_equal(said("not dialled"), 1);
}

static void a_server_is_held_by_the_mac_it_had_last(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    tls_shutdown(s->far->tls);
    run_until(s, is_in_backoff);
    take_mac(s);
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    assert_int_equal(phase_of(s), PEER_HELD);
    give_mac_back(s);
    peer_recheck(s->peer);
    assert_int_equal(phase_of(s), PEER_CONNECTING);
}

static bool is_held(void *context)
{
    return phase_of(context) == PEER_HELD;
}

static void other_ended(void *context, struct attempt_end *end)
{
    (void)context;
    (void)end;
}

static bool other_has_session(void *context)
{
    return ((struct scene *)context)->other.entry.has_session;
}

/* Another session with the same server, over another connection. */
static void have_a_session(struct scene *s)
{
    static const struct attempt_owner owner = {.ended = other_ended};
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    attempt_init(&s->other, s->registry, false, &owner, s);
    assert_true(attempt_open(&s->other, fds[0], s->tls, false));
    s->other_far = far_new(fds[1], TLS_SERVER, FAR_SERVER);
    assert_true(far_until(s->bed->loop, &s->other_far, 1, other_has_session, s));
}

static void a_server_that_turns_out_to_have_a_session_is_held(void **state)
{
    struct scene *s = *state;

    serve(s);
    have_a_session(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer); /* nobody knows its MAC yet */
    accept_call(s);
    run_until(s, is_held);
    assert_int_equal(state_of(s).connections, 0);
}

/* --- stopping --- */

static bool is_idle(void *context)
{
    return phase_of(context) == PEER_IDLE;
}

static void stopping_ends_the_session_and_dials_no_more(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    peer_stop(s->peer, "NMSP is switched off");
    run_until(s, is_idle);
    assert_true(peer_is_over(s->peer));
    assert_string_equal(state_of(s).last_reason, "NMSP is switched off");
    uint64_t attempts = state_of(s).attempts;
    loop_advance(s->bed->loop, 100000);
    assert_int_equal(state_of(s).attempts, attempts);
    peer_start(s->peer);
    accept_session(s);
}

static void stopping_works_in_every_phase(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_stop(s->peer, "not even started");
    peer_start(s->peer); /* connecting */
    peer_stop(s->peer, "switched off");
    run_until(s, is_idle);

    names_hang();
    peer_free(s->peer);
    configure(s, "mse.test");
    peer_start(s->peer);
    assert_int_equal(phase_of(s), PEER_RESOLVING);
    peer_stop(s->peer, "switched off");
    assert_int_equal(phase_of(s), PEER_IDLE);
    assert_true(children_end());

    peer_start(s->peer);
    peer_free(s->peer); /* while it looks up */
    s->peer = NULL;
    assert_true(children_end());
}

static void started_while_its_old_session_is_being_ended_it_comes_back(void **state)
{
    struct scene *s = *state;

    serve(s);
    configure(s, "127.0.0.1");
    peer_start(s->peer);
    accept_session(s);
    peer_stop(s->peer, "switched off");
    peer_start(s->peer);
    run_until(s, is_in_backoff);
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    accept_session(s);
}

/* --- trouble of our own --- */

static void what_it_cannot_have_itself_is_a_failed_round(void **state)
{
    static const struct {
        enum failing_call call;
        int error;
    } cases[] = {{FAILING_SOCKET, EMFILE}, {FAILING_CONNECT, ENETUNREACH}};
    struct scene *s = *state;

    serve(s);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_free(s->peer);
        configure(s, "127.0.0.1");
        failing_at(cases[i].call, 1, cases[i].error);
        peer_start(s->peer);
        assert_int_equal(phase_of(s), PEER_BACKOFF);
        assert_non_null(strstr(state_of(s).last_reason, strerror(cases[i].error)));
    }
    failing_malloc_at(2); /* the connection; the name server needs the first one */
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    assert_non_null(strstr(state_of(s).last_reason, strerror(ENOMEM)));
    tls_context_free(s->tls);
    s->tls = NULL;
    loop_advance(s->bed->loop, state_of(s).next_attempt);
    assert_string_equal(state_of(s).last_reason, "there is no TLS context");
}

static void without_a_child_for_the_look_up_the_round_fails(void **state)
{
    struct scene *s = *state;

    configure(s, "mse.test");
    failing_at(FAILING_FORK, 1, EAGAIN);
    peer_start(s->peer);
    assert_int_equal(phase_of(s), PEER_BACKOFF);
    assert_non_null(strstr(state_of(s).last_reason, strerror(EAGAIN)));
}

static void without_memory_there_is_none(void **state)
{
    struct scene *s = *state;

    for (unsigned n = 1;; n++) {
        struct loop *loop = loop_new_virtual(0, 0);
        struct session_context shared = {.loop = loop};
        struct registry *registry = registry_new(&(struct registry_options){.shared = &shared});
        failing_malloc_at(n);
        struct peer *peer = peer_new(registry, &s->server, 1);
        bool failed = failing_hit();
        failing_reset();
        peer_free(peer);
        registry_free(registry);
        loop_free(loop);
        if (!failed)
            break;
        assert_null(peer);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_idle_until_it_is_started),
        TEST(it_dials_and_tells_what_it_has),
        TEST(the_configured_mac_is_what_is_expected),
        TEST(a_name_is_looked_up_in_each_round),
        TEST(the_addresses_are_tried_in_turn),
        TEST(of_a_round_that_failed_the_address_that_came_farthest_is_told),
        TEST(the_pauses_grow_to_a_minute),
        TEST(a_session_of_a_minute_makes_them_short_again),
        TEST(what_the_last_session_counted_stays),
        TEST(a_session_without_a_capability_is_told_as_that),
        TEST(a_refused_server_is_told_with_what_it_presented),
        TEST(a_new_list_lets_a_refused_server_be_tried_at_once),
        TEST(new_settings_let_a_server_be_tried_at_once_that_had_no_cipher_in_common),
        TEST(a_new_list_does_not_hurry_a_server_that_is_away),
        TEST(another_expected_mac_is_checked_at_once),
        TEST(without_legacy_cipher_a_session_that_was_made_with_it_is_made_anew),
        TEST(without_legacy_cipher_what_is_on_its_way_is_dialled_anew),
        TEST(a_server_whose_mac_has_a_session_is_not_dialled),
        TEST(a_server_is_held_by_the_mac_it_had_last),
        TEST(a_server_that_turns_out_to_have_a_session_is_held),
        TEST(stopping_ends_the_session_and_dials_no_more),
        TEST(stopping_works_in_every_phase),
        TEST(started_while_its_old_session_is_being_ended_it_comes_back),
        TEST(what_it_cannot_have_itself_is_a_failed_round),
        TEST(without_a_child_for_the_look_up_the_round_fails),
        TEST(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
