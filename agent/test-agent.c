/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tls/crypto.h"
#include "agent/wire/wire.h"
#include "tests/unit/agent-bed.h"

#include <string.h>
#include <unistd.h>

/* --- sessions and what is told of them --- */

static void it_dials_and_listens_and_tells_of_both(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);

    struct peer_status dialled = scene_peer_at(s, 0);
    struct peer_status came_in = scene_peer_at(s, 1);
    assert_false(dialled.inbound);
    assert_int_equal(dialled.port, s->port);
    assert_true(mac_equal(&dialled.mac, &far_macs[FAR_SERVER]));
    assert_true(came_in.inbound);
    assert_string_equal(came_in.host, "");
    assert_non_null(strstr(came_in.address, "127.0.0.1:"));
    assert_true(mac_equal(&came_in.mac, &far_macs[FAR_OTHER_SERVER]));
    assert_int_equal(came_in.connections, 1);
    assert_int_equal(came_in.next_attempt, -1);
    assert_string_equal(came_in.tls_version, "TLSv1.3");
    assert_int_equal(scene_peer_count(s), 2);
}

static void the_summary_has_it_all(void **state)
{
    struct scene *s = *state;
    struct state_summary summary;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    bed_ap(s->bed, 0);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 2000);
    state_summary(s->agent, &summary);
    assert_true(mac_equal(&summary.base_mac, &far_macs[FAR_OURS]));
    assert_true(summary.enabled);
    assert_true(summary.identity_ready);
    assert_memory_equal(summary.identity.spki_sha256,
                        tls_identity_info(far_identity(FAR_OURS))->spki_sha256, TLS_SHA256_SIZE);
    assert_non_null(strstr(summary.certificate_path, "/cert.pem"));
    assert_int_equal(summary.offered, engine_offered(s->bed->engine));
    assert_int_equal(summary.devices, 1);
    assert_int_equal(summary.samples, 1);
    assert_int_equal(summary.engine.samples, 1);
    assert_int_equal(summary.engine.local_ignored, 0);
    assert_int_equal(summary.aps, 1);
    assert_int_equal(summary.listen_port, s->listen_port);
    assert_int_equal(summary.uptime, 2000);
    assert_true(summary.wakeups > 0);
    assert_string_equal(summary.radios, "two radios of paper");
    assert_int_equal(state_radio_counter(s->agent, "stations", "overruns"), 3);
    assert_non_null(s->radios); /* the platform was configured */
}

static void a_changed_offer_is_told_to_every_session(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_server(s));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    bed_ap(s->bed, 0);
    for (int i = 0; i < 100 && far_frames(s->ends[0], WIRE_CAPABILITY_NOTIFICATION) < 2; i++) {
        scene_turn(s);
        far_step(s->ends[0]);
    }
    assert_int_equal(far_frames(s->ends[0], WIRE_CAPABILITY_NOTIFICATION), 2);
}

/* --- one session per MAC --- */

static void a_server_that_comes_in_beside_our_own_session_is_refused(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    (void)scene_come_in(s, FAR_SERVER);
    scene_run_until(s, scene_last_end_is_closed);
    assert_int_equal(s->ends[1]->len, 0);
    assert_int_equal(scene_said("its MAC has a session already"), 1);
    assert_int_equal(scene_active_count(s), 1);
    assert_false(scene_peer_at(s, 0).inbound);
}

static void a_server_that_comes_in_twice_is_refused_the_second_time(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_base_settings()));
    scene_activate(s, scene_come_in(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    (void)scene_come_in(s, FAR_SERVER);
    scene_run_until(s, scene_last_end_is_closed);
    assert_false(s->ends[0]->eof);
    assert_int_equal(s->ends[1]->len, 0);
}

static void our_own_call_takes_the_place_of_one_that_came_in(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    int call = far_accept(s->bed->loop, s->listener); /* it rings, and is answered later */
    scene_activate(s, scene_come_in(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    scene_activate(s, scene_add_end(s, call, TLS_SERVER, FAR_SERVER));
    scene_run_until(s, scene_first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED); /* in order */
    scene_run_until(s, scene_one_is_active);
    assert_false(scene_peer_at(s, 0).inbound);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_ACTIVE);
    assert_int_equal(scene_said("the session that this agent initiated takes its place"), 1);
}

static void a_session_that_is_being_ended_makes_room_for_a_new_one(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    s->ends[0]->reads = false;
    struct settings *settings = scene_with_listener(s, scene_base_settings());
    agent_configure(s->agent, settings); /* its last words may take 2 s */
    scene_activate(s, scene_come_in(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_true(scene_peer_at(s, scene_peer_count(s) - 1).inbound);
}

/* --- new settings --- */

static void a_user_that_is_removed_loses_its_session_at_once(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    struct settings *settings = scene_with_listener(s, scene_with_server(s));
    settings->aaa.users[1].mac = far_macs[FAR_OURS];
    agent_configure(s->agent, settings);
    scene_turn(s);
    assert_int_equal(scene_active_count(s), 1);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_ACTIVE);
    settings = scene_with_listener(s, scene_with_server(s));
    settings->aaa.new_model = false;
    agent_configure(s->agent, settings);
    scene_turn(s);
    assert_int_equal(scene_active_count(s), 0);
    scene_run_until(s, scene_first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
}

static void servers_that_stay_keep_their_session(void **state)
{
    struct scene *s = *state;
    uint16_t other_port = 0;
    int other = far_listen("127.0.0.1", &other_port);
    struct settings *settings = scene_with_server(s);

    scene_start(s, settings);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    settings = scene_base_settings();
    scene_add_server(settings, "127.0.0.1", other_port);
    scene_add_server(settings, "127.0.0.1", s->port);
    agent_configure(s->agent, settings);
    scene_activate(s,
                   scene_add_end(s, far_accept(s->bed->loop, other), TLS_SERVER, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    assert_int_equal(scene_peer_count(s), 2);

    settings = scene_base_settings();
    scene_add_server(settings, "127.0.0.1", other_port);
    agent_configure(s->agent, settings);
    scene_run_until(s, scene_first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(scene_peer_count(s), 1); /* and the other one is forgotten */
    assert_int_equal(scene_peer_at(s, 0).port, other_port);
    (void)close(other);
}

static void the_knobs_of_location_are_turned_while_it_runs(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_base_settings();
    struct state_summary summary;

    scene_start(s, scene_base_settings());
    bed_ap(s->bed, 0);
    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 7000);
    state_summary(s->agent, &summary);
    assert_int_equal(summary.devices, 1);
    settings->location.expiry_client = 6;
    settings->location.ignore_local_macs = true;
    agent_configure(s->agent, settings);
    state_summary(s->agent, &summary);
    assert_int_equal(summary.devices, 0);
    assert_int_equal(summary.engine.devices_expired, 1);
    assert_true(engine_location(s->bed->engine)->ignore_local_macs);
}

static void switched_off_it_is_silent_and_switched_on_it_is_back(void **state)
{
    struct scene *s = *state;
    struct state_summary summary;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    struct settings *settings = scene_with_listener(s, scene_with_server(s));
    settings->enabled = false;
    agent_configure(s->agent, settings);
    scene_run_until(s, scene_none_is_active);
    scene_run_until(s, scene_first_end_is_closed);
    scene_run_until(s, scene_last_end_is_closed);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_IDLE);
    assert_int_equal(far_connect("127.0.0.1", s->listen_port), -1);
    state_summary(s->agent, &summary);
    assert_false(summary.enabled);
    assert_int_equal(summary.listen_port, 0);
    agent_configure(s->agent, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
}

static void no_listener_any_more_ends_what_came_in(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    agent_configure(s->agent, scene_with_server(s));
    scene_run_until(s, scene_last_end_is_closed);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_ACTIVE);
    scene_run_until(s, scene_one_is_active);
}

static void what_waits_for_the_next_start_is_told(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_base_settings());
    struct settings *settings = scene_base_settings();
    settings->capacity.devices = 17;
    settings->radios.has_base_mac = true;
    settings->radios.base_mac = far_macs[FAR_SERVER];
    agent_configure(s->agent, settings);
    assert_int_equal(scene_said("another capacity is taken up"), 1);
    assert_int_equal(scene_said("another base MAC is taken up"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_dials_and_listens_and_tells_of_both),
        TEST(the_summary_has_it_all),
        TEST(a_changed_offer_is_told_to_every_session),
        TEST(a_server_that_comes_in_beside_our_own_session_is_refused),
        TEST(a_server_that_comes_in_twice_is_refused_the_second_time),
        TEST(our_own_call_takes_the_place_of_one_that_came_in),
        TEST(a_session_that_is_being_ended_makes_room_for_a_new_one),
        TEST(a_user_that_is_removed_loses_its_session_at_once),
        TEST(servers_that_stay_keep_their_session),
        TEST(the_knobs_of_location_are_turned_while_it_runs),
        TEST(switched_off_it_is_silent_and_switched_on_it_is_back),
        TEST(no_listener_any_more_ends_what_came_in),
        TEST(what_waits_for_the_next_start_is_told),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
