/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/wire/wire.h"
#include "tests/unit/agent-bed.h"

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
        struct state_peer peer = scene_peer_at(s, i);
        assert_int_equal(peer.phase, STATE_ACTIVE);
        assert_int_equal(peer.connections, 1); /* the one that is up */
        assert_int_equal(peer.disconnections, 0);
        assert_int_equal(peer.counters.rx_frames + peer.counters.tx_frames, 0);
    }
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
        TEST(switching_nmsp_off_and_on_is_a_restart_and_off_is_a_diagnosis),
        TEST(who_came_in_and_was_refused_is_told_until_it_gets_in),
        TEST(what_is_wrong_in_the_settings_is_told_without_anybody_coming),
#undef TEST
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
