/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/listener.h"
#include "agent/wire/wire.h"
#include "tests/unit/agent-bed.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The diagnosis at this place, or one with the code DIAGNOSIS_CODES if there are not so many. */
static struct diagnosis diagnosis_at(const struct scene *s, size_t place)
{
    struct state_diagnosis_cursor cursor = {0};
    struct diagnosis d;

    while (state_next_diagnosis(s->agent, &cursor, &d)) {
        if (place-- == 0)
            return d;
    }
    diagnosis_init(&d, DIAGNOSIS_CODES);
    return d;
}

static void a_session_counts_and_clearing_starts_anew(void **state)
{
    struct scene *s = *state;
    struct statistics now;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    state_statistics(s->agent, &now);
    assert_int_equal(now.verifications, 2);
    assert_int_equal(now.verification_successes, 2);
    assert_int_equal(now.connections_created, 2);
    assert_int_equal(now.connections_closed, 0);
    assert_int_equal(now.accept_attempts, 1);
    assert_int_equal(now.accept_successes, 1);
    assert_int_equal(now.aaa_requests, 2);
    assert_int_equal(now.aaa_validate_successes, 2);
    assert_int_equal(now.failed_registrations, 0);
    assert_int_equal(scene_peer_at(s, 0).counters.rx_by_id[WIRE_CAPABILITY_NOTIFICATION], 1);
    assert_int_equal(scene_peer_at(s, 1).counters.tx_by_id[WIRE_CAPABILITY_NOTIFICATION], 1);
    assert_true(scene_peer_at(s, 0).has_connection);
    assert_true(scene_peer_at(s, 0).connection != scene_peer_at(s, 1).connection);

    state_clear_statistics(s->agent);
    state_statistics(s->agent, &now);
    assert_int_equal(now.verifications + now.connections_created + now.accept_attempts, 0);
    for (size_t i = 0; i < 2; i++) {
        struct peer_status peer = scene_peer_at(s, i);
        assert_int_equal(peer.phase, PEER_ACTIVE);
        assert_int_equal(peer.connections, 1); /* the one that is up */
        assert_int_equal(peer.disconnections, 0);
        assert_int_equal(peer.counters.rx_frames + peer.counters.tx_frames, 0);
    }
}

/* Everything that state.h counts over all peers, and how much of it there is. */
static uint64_t sum_of_statistics(const struct scene *s)
{
    struct statistics now;
    struct state_summary summary;
    uint64_t words[sizeof(now) / sizeof(uint64_t)];
    uint64_t sum = 0;

    state_statistics(s->agent, &now);
    state_summary(s->agent, &summary);
    memcpy(words, &now, sizeof(words));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        sum += words[i];
    return sum + summary.listener.accepted + summary.listener.refused + summary.listener.throttled +
           summary.listener.evicted + summary.inbound.handshakes_failed + summary.inbound.refused;
}

static void assert_nothing_counted(const struct session_counters *counters)
{
    const struct session_counters none = {.rx_frames = 0};

    assert_memory_equal(counters, &none, sizeof(none));
}

static bool first_has_ended(void *context)
{
    return scene_peer_at(context, 0).disconnections == 1;
}

static bool one_has_made_room(void *context)
{
    struct state_summary now;

    state_summary(((const struct scene *)context)->agent, &now);
    return now.listener.evicted > 0;
}

static void clearing_leaves_no_counter_and_every_session(void **state)
{
    struct scene *s = *state;
    struct settings *off = scene_base_settings();
    int fds[LISTENER_PENDING_EACH + 1];

    off->enabled = false;
    scene_start(s, off);
    agent_configure(s->agent, scene_with_listener(s, scene_with_server(s)));
    struct far_end *server = scene_take_call(s, FAR_SERVER);
    scene_activate(s, server);
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    tls_shutdown(server->tls);
    (void)shutdown(server->fd, SHUT_WR);
    scene_run_until(s, first_has_ended);
    for (size_t i = 0; i <= LISTENER_PENDING_EACH; i++)
        fds[i] = far_connect("127.0.0.1", s->listen_port);
    scene_run_until(s, one_has_made_room);
    assert_true(scene_peer_at(s, 0).counters.rx_frames > 0); /* of the last session */
    assert_true(scene_peer_at(s, 0).attempts > 0);
    uint64_t number = scene_peer_at(s, 1).connection;

    state_clear_statistics(s->agent);
    assert_int_equal(sum_of_statistics(s), 0);
    struct peer_status away = scene_peer_at(s, 0);
    assert_int_equal(away.connections + away.disconnections + away.attempts, 0);
    assert_nothing_counted(&away.counters);
    assert_int_equal(away.diagnosis.code, DIAGNOSIS_PEER_CLOSED); /* no counter */
    struct peer_status up = scene_peer_at(s, 1);
    assert_int_equal(up.phase, PEER_ACTIVE);
    assert_int_equal(up.connection, number);
    assert_int_equal(up.disconnections, 0);
    assert_nothing_counted(&up.counters);
    for (size_t i = 0; i <= LISTENER_PENDING_EACH; i++)
        (void)close(fds[i]);
}

static void switching_nmsp_off_and_on_is_a_restart_and_off_is_a_diagnosis(void **state)
{
    struct scene *s = *state;
    struct statistics now;

    scene_start(s, scene_with_server(s));
    struct settings *off = scene_with_server(s);
    off->enabled = false;
    agent_configure(s->agent, off);
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_DISABLED);
    assert_int_equal(diagnosis_at(s, 0).port, s->port);
    assert_int_equal(scene_peer_at(s, 0).diagnosis.code, DIAGNOSIS_DISABLED);
    agent_configure(s->agent, scene_with_server(s));
    state_statistics(s->agent, &now);
    assert_int_equal(now.restarts, 1);
}

static void without_an_identity_the_servers_are_told_as_not_dialled(void **state)
{
    struct scene *s = *state;

    (void)snprintf(s->state_dir, sizeof(s->state_dir), "/dev/null/no-folder");
    scene_start(s, scene_with_server(s));
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_NO_IDENTITY);
    assert_int_equal(diagnosis_at(s, 0).port, s->port);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_IDLE);
    agent_configure(s->agent, scene_with_listener(s, scene_base_settings()));
    assert_int_equal(scene_peer_count(s), 0);
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_NO_IDENTITY);
    assert_int_equal(diagnosis_at(s, 1).code, DIAGNOSIS_CODES);
    agent_configure(s->agent, scene_base_settings()); /* nobody would have one */
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_CODES);
}

static bool one_is_refused(void *context)
{
    return diagnosis_at(context, 0).code != DIAGNOSIS_CODES;
}

static void who_came_in_and_was_refused_is_told_until_it_gets_in(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_with_listener(s, scene_base_settings());

    settings->aaa.user_count = 1; /* not the other one */
    scene_start(s, settings);
    (void)scene_come_in(s, FAR_OTHER_SERVER);
    scene_run_until(s, one_is_refused);
    struct diagnosis d = diagnosis_at(s, 0);
    assert_true(d.inbound);
    assert_int_equal(d.code, DIAGNOSIS_UNKNOWN_MAC);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.port, s->listen_port);
    assert_true(d.has_own);
    assert_true(mac_equal(&d.presented.macs[0], &far_macs[FAR_OTHER_SERVER]));

    agent_configure(s->agent, scene_with_listener(s, scene_base_settings()));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_CODES);
}

static void a_server_that_was_lost_and_is_there_again_as_a_dialled_one_is_told_no_more(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_base_settings()));
    struct far_end *far = scene_come_in(s, FAR_SERVER);
    scene_activate(s, far);
    scene_run_until(s, scene_one_is_active);
    (void)shutdown(far->fd, SHUT_WR); /* without a word */
    scene_run_until(s, scene_none_is_active);
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_LOST);

    agent_configure(s->agent, scene_with_listener(s, scene_with_server(s)));
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_LOST);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_CODES);
}

static void what_is_wrong_in_the_settings_is_told_without_anybody_coming(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_base_settings();

    settings->aaa.users[0].attribute_list[0] = '?';
    settings->kept[settings->kept_count++] = "/a/knob";
    scene_start(s, settings);
    assert_int_equal(diagnosis_at(s, 0).code, DIAGNOSIS_DANGLING_LIST);
    assert_int_equal(diagnosis_at(s, 0).list[0], '?');
    assert_int_equal(diagnosis_at(s, 1).code, DIAGNOSIS_NOT_ACTED_ON);
    assert_string_equal(diagnosis_at(s, 1).knob, "/a/knob");
    assert_int_equal(diagnosis_at(s, 2).code, DIAGNOSIS_CODES);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, scene_tear_down)
        TEST(a_session_counts_and_clearing_starts_anew),
        TEST(clearing_leaves_no_counter_and_every_session),
        TEST(switching_nmsp_off_and_on_is_a_restart_and_off_is_a_diagnosis),
        TEST(without_an_identity_the_servers_are_told_as_not_dialled),
        TEST(who_came_in_and_was_refused_is_told_until_it_gets_in),
        TEST(a_server_that_was_lost_and_is_there_again_as_a_dialled_one_is_told_no_more),
        TEST(what_is_wrong_in_the_settings_is_told_without_anybody_coming),
#undef TEST
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
