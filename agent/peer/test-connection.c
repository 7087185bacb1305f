/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/connection.h"
#include "agent/wire/wire.h"
#include "tests/unit/failing.h"
#include "tests/unit/far-end.h"
#include "tests/unit/process.h"
#include "tests/unit/session-bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- the owner of the connection under test --- */

struct scene {
    struct bed *bed;
    struct lingering *lingering;
    struct tls_context *tls;
    struct connection *connection;
    struct far_end *far;
    struct connection_owner owner;

    unsigned asked;
    unsigned lets_in;            /* so many times; then no more */
    const char *refusal;         /* of admit */
    unsigned failing_allocation; /* after admit; 0: none */
    unsigned admitted;
    unsigned began;
    unsigned active;
    unsigned ended;
    enum connection_end why;
    char reason[PEER_REASON_SIZE];
    uint64_t bytes_before;
};

static bool on_authorise(void *context, const struct certificate_info *peer,
                         struct authlist_decision *decision)
{
    struct scene *s = context;

    s->asked++;
    *decision = (struct authlist_decision){.verdict = AUTHLIST_WRONG_HASH};
    if (s->asked > s->lets_in || peer == NULL)
        return false;
    decision->verdict = AUTHLIST_OK;
    decision->has_mac = true;
    decision->mac = peer->macs[0];
    return true;
}

static const char *on_admit(void *context, const struct mac *identity)
{
    struct scene *s = context;

    assert_true(mac_equal(identity, &far_macs[FAR_SERVER]));
    s->admitted++;
    if (s->failing_allocation > 0)
        failing_malloc_at(s->failing_allocation);
    return s->refusal;
}

static void on_began(void *context)
{
    ((struct scene *)context)->began++;
}

static void on_active(void *context)
{
    struct scene *s = context;

    assert_true(session_active(connection_session(s->connection)));
    s->active++;
}

static void on_ended(void *context, enum connection_end why, const char *reason)
{
    struct scene *s = context;

    s->ended++;
    s->why = why;
    (void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static struct scene *scene_new(enum tls_role role)
{
    struct scene *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->bed = bed_new(64, 4);
    s->lingering = lingering_new(s->bed->loop, NULL, NULL);
    assert_non_null(s->lingering);
    s->tls = tls_context_new(far_identity(FAR_OURS), &(struct tls_options){.role = role});
    assert_non_null(s->tls);
    s->lets_in = UINT32_MAX;
    s->owner = (struct connection_owner){.authorise = on_authorise,
                                         .admit = on_admit,
                                         .began = on_began,
                                         .active = on_active,
                                         .ended = on_ended,
                                         .context = s};
    s->bytes_before = tls_application_bytes_written();
    return s;
}

static void scene_free(struct scene *s)
{
    connection_free(s->connection);
    lingering_free(s->lingering);
    far_free(s->far);
    tls_context_free(s->tls);
    bed_free(s->bed);
    free(s);
}

static struct connection *make_connection(struct scene *s, int fd)
{
    return connection_new(
        &(struct connection_spec){
            .shared = &s->bed->shared, .lingering = s->lingering, .tls = s->tls, .fd = fd},
        &s->owner);
}

/* Both ends of a local stream; ours has the given role. */
static struct scene *pair_new(enum tls_role role)
{
    struct scene *s = scene_new(role);
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    s->far = far_new(fds[1], role == TLS_SERVER ? TLS_CLIENT : TLS_SERVER, FAR_SERVER);
    s->connection = make_connection(s, fds[0]);
    assert_non_null(s->connection);
    return s;
}

static void run_until(struct scene *s, bool (*holds)(void *context))
{
    assert_true(far_until(s->bed->loop, &s->far, 1, holds, s));
}

static bool has_began(void *context)
{
    return ((struct scene *)context)->began > 0;
}

static bool began_or_ended(void *context)
{
    const struct scene *s = context;

    return s->began > 0 || s->ended > 0;
}

static bool is_active(void *context)
{
    return ((struct scene *)context)->active > 0;
}

static bool has_ended(void *context)
{
    return ((struct scene *)context)->ended > 0;
}

static bool far_has_ended(void *context)
{
    return ((struct scene *)context)->far->eof;
}

static bool far_has_capability(void *context)
{
    return far_frames(((struct scene *)context)->far, WIRE_CAPABILITY_NOTIFICATION) > 0;
}

static struct scene *session_new_of(enum tls_role role)
{
    struct scene *s = pair_new(role);

    run_until(s, has_began);
    run_until(s, far_has_capability);
    far_say_capability(s->far, s->bed->loop);
    run_until(s, is_active);
    return s;
}

static void assert_refused_without_a_byte(struct scene *s, const char *reason)
{
    run_until(s, has_ended);
    run_until(s, far_has_ended);
    assert_int_equal(s->why, CONNECTION_REFUSED);
    assert_non_null(strstr(s->reason, reason));
    assert_int_equal(s->began, 0);
    assert_null(connection_session(s->connection));
    assert_int_equal(s->far->len, 0);
    assert_int_equal(tls_application_bytes_written(), s->bytes_before);
}

static struct peer_status status_of(const struct scene *s)
{
    struct peer_status status = {.phase = PEER_IDLE};

    connection_status(s->connection, &status);
    return status;
}

/* --- becoming a session --- */

static void it_becomes_a_session_in_both_roles(void **state)
{
    (void)state;
    for (int role = TLS_CLIENT; role <= TLS_SERVER; role++) {
        struct scene *s = pair_new((enum tls_role)role);
        assert_int_equal(status_of(s).phase, PEER_CONNECTING);
        run_until(s, has_began);
        assert_int_equal(status_of(s).phase, PEER_WAITING);
        assert_int_equal(s->admitted, 1);
        run_until(s, far_has_capability);
        far_say_capability(s->far, s->bed->loop);
        run_until(s, is_active);
        assert_int_equal(status_of(s).phase, PEER_ACTIVE);
        assert_int_equal(s->active, 1);
        assert_int_equal(s->ended, 0);
        assert_true(
            mac_equal(session_identity(connection_session(s->connection)), &far_macs[FAR_SERVER]));
        assert_string_equal(status_of(s).tls_version, "TLSv1.3");
        assert_true(status_of(s).tls_cipher[0] != '\0');
        assert_int_equal(connection_decision(s->connection)->verdict, AUTHLIST_OK);
        scene_free(s);
    }
}

static void nothing_happens_before_the_loop_turns(void **state)
{
    struct scene *s = pair_new(TLS_CLIENT);

    (void)state;
    assert_int_equal(s->asked, 0);
    assert_int_equal(status_of(s).phase, PEER_CONNECTING);
    assert_null(connection_peer(s->connection));
    assert_string_equal(status_of(s).tls_version, "");
    scene_free(s);
}

static void a_peer_that_is_not_authorised_gets_no_byte(void **state)
{
    (void)state;
    for (int role = TLS_CLIENT; role <= TLS_SERVER; role++) {
        struct scene *s = pair_new((enum tls_role)role);
        s->lets_in = 0;
        assert_refused_without_a_byte(s, authlist_verdict_name(AUTHLIST_WRONG_HASH));
        assert_int_equal(s->admitted, 0);
        assert_int_equal(connection_decision(s->connection)->verdict, AUTHLIST_WRONG_HASH);
        assert_non_null(connection_peer(s->connection));
        scene_free(s);
    }
}

static void a_list_that_changes_during_the_handshake_is_asked_again(void **state)
{
    struct scene *s = pair_new(TLS_SERVER);

    (void)state;
    s->lets_in = 1;
    assert_refused_without_a_byte(s, authlist_verdict_name(AUTHLIST_WRONG_HASH));
    assert_int_equal(s->asked, 2);
    scene_free(s);
}

static void a_peer_that_is_not_admitted_gets_no_byte(void **state)
{
    struct scene *s = pair_new(TLS_SERVER);

    (void)state;
    s->refusal = "its MAC has a session already";
    assert_refused_without_a_byte(s, s->refusal);
    assert_int_equal(s->admitted, 1);
    scene_free(s);
}

static void a_handshake_has_ten_seconds(void **state)
{
    struct scene *s = pair_new(TLS_SERVER);

    (void)state;
    loop_advance(s->bed->loop, CONNECTION_HANDSHAKE_MS - 1);
    assert_int_equal(status_of(s).phase, PEER_HANDSHAKE);
    assert_int_equal(s->ended, 0);
    loop_advance(s->bed->loop, 1);
    assert_int_equal(s->ended, 1);
    assert_int_equal(s->why, CONNECTION_NO_TLS);
    assert_non_null(strstr(s->reason, "within 10 s"));
    scene_free(s);
}

static void a_peer_that_leaves_during_the_handshake_is_told(void **state)
{
    struct scene *s = pair_new(TLS_CLIENT);

    (void)state;
    far_free(s->far);
    s->far = NULL;
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_NO_TLS);
    assert_true(s->reason[0] != '\0');
    scene_free(s);
}

static void a_peer_that_refuses_us_is_told_with_its_alert(void **state)
{
    struct scene *s = pair_new(TLS_SERVER);

    (void)state;
    s->far->lets_in = false;
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_NO_TLS);
    assert_non_null(strstr(s->reason, "certificate"));
    scene_free(s);
}

static void noise_instead_of_tls_ends_it(void **state)
{
    struct scene *s = scene_new(TLS_SERVER);
    int fds[2];
    static const char noise[] = "GET / HTTP/1.0\r\n\r\n";

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    s->connection = make_connection(s, fds[0]);
    assert_int_equal(write(fds[1], noise, sizeof(noise)), sizeof(noise));
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_NO_TLS);
    assert_int_equal(tls_application_bytes_written(), s->bytes_before);
    (void)close(fds[1]);
    scene_free(s);
}

/* --- TCP --- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
        assert_int_equal(errno, EINPROGRESS);
    return fd;
}

static void a_refused_connect_is_unreachable(void **state)
{
    struct scene *s = scene_new(TLS_CLIENT);
    uint16_t port = 0;

    (void)state;
    (void)close(far_listen("127.0.0.1", &port));
    s->connection = make_connection(s, connect_to(port));
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_UNREACHABLE);
    assert_string_equal(s->reason, strerror(ECONNREFUSED));
    scene_free(s);
}

/* A listener whose queue is full does not answer: that is how a host that drops packets looks. */
static void a_connect_without_an_answer_has_five_seconds(void **state)
{
    struct scene *s = scene_new(TLS_CLIENT);
    uint16_t port = 0;
    int listener = far_listen("127.0.0.1", &port);
    int fillers[4];

    (void)state;
    assert_int_equal(listen(listener, 0), 0);
    for (size_t i = 0; i < 4; i++)
        fillers[i] = connect_to(port);
    s->connection = make_connection(s, connect_to(port));
    loop_advance(s->bed->loop, CONNECTION_CONNECT_MS - 1);
    assert_int_equal(s->ended, 0);
    assert_int_equal(status_of(s).phase, PEER_CONNECTING);
    loop_advance(s->bed->loop, 1);
    assert_int_equal(s->ended, 1);
    assert_int_equal(s->why, CONNECTION_UNREACHABLE);
    assert_string_equal(s->reason, "no answer within 5 s");
    for (size_t i = 0; i < 4; i++)
        (void)close(fillers[i]);
    (void)close(listener);
    scene_free(s);
}

/* --- a session's life --- */

static void a_peer_that_closes_in_order_gets_the_same(void **state)
{
    struct scene *s = session_new_of(TLS_CLIENT);

    (void)state;
    tls_shutdown(s->far->tls);
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_OVER);
    assert_string_equal(s->reason, "the peer closed the connection");
    run_until(s, far_has_ended);
    assert_int_equal(s->far->status, TLS_CLOSED); /* not cut off */
    scene_free(s);
}

static void a_peer_that_vanishes_is_noticed(void **state)
{
    struct scene *s = session_new_of(TLS_SERVER);

    (void)state;
    far_free(s->far);
    s->far = NULL;
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_OVER);
    assert_true(s->reason[0] != '\0');
    scene_free(s);
}

static void finishing_says_all_and_closes_in_order(void **state)
{
    struct scene *s = session_new_of(TLS_SERVER);

    (void)state;
    connection_shutdown(s->connection, "the agent stops");
    assert_true(connection_ending(s->connection));
    connection_shutdown(s->connection, "twice is once");
    run_until(s, has_ended);
    assert_int_equal(s->ended, 1);
    assert_int_equal(s->why, CONNECTION_OVER);
    assert_string_equal(s->reason, "the agent stops");
    run_until(s, far_has_ended);
    assert_int_equal(s->far->status, TLS_CLOSED);
    scene_free(s);
}

static void finishing_before_there_is_a_session_ends_it_at_once(void **state)
{
    struct scene *s = pair_new(TLS_SERVER);

    (void)state;
    connection_shutdown(s->connection, "the agent stops");
    assert_int_equal(s->ended, 0); /* never out of a call */
    bed_turn(s->bed);
    assert_int_equal(s->ended, 1);
    assert_string_equal(s->reason, "the agent stops");
    connection_abort(s->connection, "too late");
    bed_turn(s->bed);
    assert_int_equal(s->ended, 1);
    scene_free(s);
}

static void a_peer_that_is_removed_from_the_list_is_closed_at_once(void **state)
{
    struct scene *s = session_new_of(TLS_CLIENT);

    (void)state;
    connection_recheck(s->connection);
    assert_false(connection_ending(s->connection));
    s->lets_in = 0;
    connection_recheck(s->connection);
    bed_turn(s->bed);
    assert_int_equal(s->ended, 1);
    assert_int_equal(s->why, CONNECTION_REFUSED);
    assert_non_null(strstr(s->reason, "not let in any more"));
    run_until(s, far_has_ended);
    assert_int_equal(s->far->status, TLS_CLOSED);
    scene_free(s);
}

static void what_it_counted_can_be_read_until_it_is_freed(void **state)
{
    struct scene *s = session_new_of(TLS_CLIENT);

    (void)state;
    connection_abort(s->connection, "enough");
    bed_turn(s->bed);
    assert_int_equal(s->ended, 1);
    assert_int_equal(session_counters(connection_session(s->connection))->rx_frames, 1);
    scene_free(s);
}

/* --- input --- */

static size_t put_echo(uint8_t *out, size_t size, uint32_t transaction)
{
    static const uint8_t data[WIRE_ECHO_MAX];
    struct writer w = writer_of(out, size);
    size_t begin = wire_begin(&w, WIRE_ECHO_REQUEST, 0, transaction);

    wire_put_echo_data(&w, data, sizeof(data));
    assert_true(wire_end(&w, begin));
    return w.used;
}

struct tick {
    struct loop_timer timer;
    const struct session *session;
    uint64_t frames; /* received when it ran */
};

static void note_tick(void *context)
{
    struct tick *tick = context;

    tick->frames = session_counters(tick->session)->rx_frames;
}

enum { ECHOES = 4000 };

static uint8_t *many_echoes(size_t *len)
{
    uint8_t *data = malloc(ECHOES * 80);

    assert_non_null(data);
    *len = 0;
    for (uint32_t i = 0; i < ECHOES; i++)
        *len += put_echo(data + *len, 80, i + 1);
    return data;
}

static bool all_echoes_answered(void *context)
{
    struct scene *s = context;

    return session_counters(connection_session(s->connection))->tx_echo_responses >= ECHOES;
}

/* 320,000 bytes that are there at once must not be taken in one turn. */
static void no_peer_keeps_the_loop_from_the_others(void **state)
{
    struct scene *s = session_new_of(TLS_CLIENT);
    struct tick tick = {.session = connection_session(s->connection)};
    int big = 1 << 20;
    size_t len;
    uint8_t *data = many_echoes(&len);

    (void)state;
    assert_int_equal(setsockopt(s->far->fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big)), 0);
    assert_int_equal(loop_timer_init(s->bed->loop, &tick.timer, note_tick, &tick), 0);
    for (size_t at = 0; at < len;) {
        size_t written = 0;
        assert_int_equal(tls_write(s->far->tls, data + at, len - at, &written), TLS_OK);
        at += written;
    }
    assert_int_equal(loop_turn(s->bed->loop, 0), 0);
    loop_timer_start(&tick.timer, 0);
    assert_int_equal(loop_turn(s->bed->loop, 0), 0);
    assert_true(tick.frames > 1);
    assert_true(tick.frames < ECHOES / 2);
    run_until(s, all_echoes_answered);
    loop_timer_fini(&tick.timer);
    free(data);
    scene_free(s);
}

/* Answers that nobody takes: the agent stops reading, costs nothing, and goes on later. */
static void a_peer_that_asks_and_does_not_read_costs_no_turns(void **state)
{
    struct scene *s = session_new_of(TLS_CLIENT);
    struct session *session = connection_session(s->connection);
    int small = 4096;
    size_t len;
    uint8_t *data = many_echoes(&len);
    size_t at = 0;

    (void)state;
    assert_int_equal(setsockopt(s->far->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    s->far->reads = false;
    for (int idle = 0; at < len && idle < 20;) {
        size_t written = 0;
        if (tls_write(s->far->tls, data + at, len - at, &written) == TLS_OK)
            idle = 0;
        else
            idle++;
        at += written;
        assert_int_equal(loop_turn(s->bed->loop, 5), 0);
    }
    assert_true(at < len);
    assert_false(session_wants_read(session));
    uint64_t before = loop_wakeups(s->bed->loop);
    assert_int_equal(loop_turn(s->bed->loop, 30),
                     0); /* returns when its time is over, not before */
    assert_int_equal(loop_turn(s->bed->loop, 30), 0);
    assert_int_equal(loop_wakeups(s->bed->loop), before + 2);

    s->far->reads = true;
    while (at < len) {
        size_t written = 0;
        far_step(s->far);
        if (tls_write(s->far->tls, data + at, len - at, &written) == TLS_OK)
            at += written;
        assert_int_equal(loop_turn(s->bed->loop, 5), 0);
        s->far->len = 0; /* room for more */
    }
    run_until(s, all_echoes_answered);
    free(data);
    scene_free(s);
}

static void a_peer_that_vanishes_while_nothing_is_read_is_noticed(void **state)
{
    struct scene *s = session_new_of(TLS_CLIENT);
    size_t len;
    uint8_t *data = many_echoes(&len);
    size_t at = 0;

    (void)state;
    s->far->reads = false;
    for (int idle = 0; at < len && idle < 20; idle++) {
        size_t written = 0;
        if (tls_write(s->far->tls, data + at, len - at, &written) == TLS_OK)
            idle = 0;
        at += written;
        assert_int_equal(loop_turn(s->bed->loop, 2), 0);
    }
    far_free(s->far);
    s->far = NULL;
    run_until(s, has_ended);
    assert_int_equal(s->why, CONNECTION_OVER);
    free(data);
    scene_free(s);
}

/* --- without memory --- */

static void without_memory_there_is_no_connection_and_no_leak(void **state)
{
    struct scene *s = scene_new(TLS_SERVER);
    size_t before = open_descriptors();

    (void)state;
    for (unsigned n = 1;; n++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
        failing_malloc_at(n);
        s->connection = make_connection(s, fds[0]);
        bool failed = failing_hit();
        failing_reset();
        (void)close(fds[1]);
        if (!failed)
            break;
        assert_null(s->connection);
        assert_int_equal(open_descriptors(), before);
    }
    assert_non_null(s->connection);
    scene_free(s);
}

static void without_a_watch_there_is_no_connection(void **state)
{
    struct scene *s = scene_new(TLS_SERVER);
    size_t before = open_descriptors();
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    failing_at(FAILING_EPOLL_CTL, 1, ENOSPC);
    assert_null(make_connection(s, fds[0]));
    (void)close(fds[1]);
    assert_int_equal(open_descriptors(), before);
    scene_free(s);
}

static void without_memory_for_the_session_it_ends_with_that_reason(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        struct scene *s = pair_new(TLS_SERVER);
        s->failing_allocation = n;
        assert_true(far_until(s->bed->loop, &s->far, 1, began_or_ended, s));
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(s->ended, failed ? 1 : 0);
        if (failed) {
            assert_int_equal(s->why, CONNECTION_UNREACHABLE);
            assert_non_null(strstr(s->reason, "no memory"));
            assert_int_equal(tls_application_bytes_written(), s->bytes_before);
        }
        scene_free(s);
        if (!failed)
            break;
    }
}

static int reset_failures(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

#define TEST(function) cmocka_unit_test_teardown(function, reset_failures)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_becomes_a_session_in_both_roles),
        TEST(nothing_happens_before_the_loop_turns),
        TEST(a_peer_that_is_not_authorised_gets_no_byte),
        TEST(a_list_that_changes_during_the_handshake_is_asked_again),
        TEST(a_peer_that_is_not_admitted_gets_no_byte),
        TEST(a_handshake_has_ten_seconds),
        TEST(a_peer_that_leaves_during_the_handshake_is_told),
        TEST(a_peer_that_refuses_us_is_told_with_its_alert),
        TEST(noise_instead_of_tls_ends_it),
        TEST(a_refused_connect_is_unreachable),
        TEST(a_connect_without_an_answer_has_five_seconds),
        TEST(a_peer_that_closes_in_order_gets_the_same),
        TEST(a_peer_that_vanishes_is_noticed),
        TEST(finishing_says_all_and_closes_in_order),
        TEST(finishing_before_there_is_a_session_ends_it_at_once),
        TEST(a_peer_that_is_removed_from_the_list_is_closed_at_once),
        TEST(what_it_counted_can_be_read_until_it_is_freed),
        TEST(no_peer_keeps_the_loop_from_the_others),
        TEST(a_peer_that_asks_and_does_not_read_costs_no_turns),
        TEST(a_peer_that_vanishes_while_nothing_is_read_is_noticed),
        TEST(without_memory_there_is_no_connection_and_no_leak),
        TEST(without_a_watch_there_is_no_connection),
        TEST(without_memory_for_the_session_it_ends_with_that_reason),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
