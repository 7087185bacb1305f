/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/wire/wire.h"
#include "tests/unit/agent-bed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- who looks on ---------------------------------------------------------------------------- */

struct seen {
    struct registry_observer observer;
    unsigned ups;
    unsigned downs;
    unsigned refusals;
    struct peer_status up;
    struct peer_status down;
    struct diagnosis why;
    struct diagnosis refused;
    char reason[PEER_REASON_SIZE];
    int64_t lasted;
};

static void see_up(void *context, const struct peer_status *peer)
{
    struct seen *seen = context;

    seen->ups++;
    seen->up = *peer;
}

static void see_down(void *context, const struct peer_status *peer, const struct diagnosis *why,
                     const char *reason, int64_t lasted)
{
    struct seen *seen = context;

    seen->downs++;
    seen->down = *peer;
    seen->why = *why;
    seen->lasted = lasted;
    (void)snprintf(seen->reason, sizeof(seen->reason), "%s", reason);
}

static void see_refused(void *context, const struct diagnosis *why)
{
    struct seen *seen = context;

    seen->refusals++;
    seen->refused = *why;
}

static void look_on(struct scene *s, struct seen *seen)
{
    *seen = (struct seen){.observer = {.session_up = see_up,
                                       .session_down = see_down,
                                       .peer_refused = see_refused,
                                       .context = seen}};
    state_observe(s->agent, &seen->observer);
}

static void a_session_that_comes_up_and_goes_down_is_told_to_all_who_look_on(void **state)
{
    struct scene *s = *state;
    struct registry_observer deaf = {.context = NULL};
    struct seen seen, also;

    scene_start(s, scene_with_server(s));
    look_on(s, &seen);
    state_observe(s->agent, &deaf);
    look_on(s, &also);
    struct far_end *server = scene_take_call(s, FAR_SERVER);
    scene_activate(s, server);
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(seen.ups, 1);
    assert_int_equal(also.ups, 1);
    assert_false(seen.up.inbound);
    assert_string_equal(seen.up.host, "127.0.0.1");
    assert_int_equal(seen.up.port, s->port);
    assert_int_equal(seen.up.phase, PEER_ACTIVE);
    assert_string_equal(seen.up.tls_version, "TLSv1.3");
    assert_true(mac_equal(&seen.up.mac, &far_macs[FAR_SERVER]));

    state_unobserve(s->agent, &seen.observer);
    loop_advance(s->bed->loop, 3000);
    tls_shutdown(server->tls);
    (void)shutdown(server->fd, SHUT_WR);
    scene_run_until(s, scene_none_is_active);
    assert_int_equal(seen.downs, 0);
    assert_int_equal(also.downs, 1);
    assert_int_equal(also.why.code, DIAGNOSIS_PEER_CLOSED);
    assert_true(also.reason[0] != '\0');
    assert_true(also.lasted >= 3000);
    assert_true(mac_equal(&also.down.mac, &far_macs[FAR_SERVER]));
    assert_non_null(strstr(also.down.address, "127.0.0.1:"));
    assert_int_equal(also.refusals, 0);
    state_unobserve(s->agent, &deaf);
    state_unobserve(s->agent, &also.observer);
}

static void a_peer_that_came_in_is_told_with_its_address(void **state)
{
    struct scene *s = *state;
    struct seen seen;

    scene_start(s, scene_with_listener(s, scene_base_settings()));
    look_on(s, &seen);
    scene_activate(s, scene_come_in(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(seen.ups, 1);
    assert_true(seen.up.inbound);
    assert_non_null(strstr(seen.up.address, "127.0.0.1:"));
    agent_configure(s->agent, scene_base_settings());
    scene_run_until(s, scene_none_is_active);
    assert_int_equal(seen.downs, 1);
    assert_int_equal(seen.why.code, DIAGNOSIS_ENDED_HERE);
    assert_true(mac_equal(&seen.down.mac, &far_macs[FAR_SERVER]));
}

/* 10000-01-01, in ms: the far ends' certificates have just ended. */
#define END_MS INT64_C(253402300800000)

static void sessions_whose_certificates_end_are_told_with_cause_and_mac(void **state)
{
    struct scene *s = *state;
    struct seen seen;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    look_on(s, &seen);
    loop_jump_wall(s->bed->loop, END_MS - loop_wall(s->bed->loop) + 6000);
    scene_turn(s);
    assert_int_equal(seen.downs, 1);
    assert_int_equal(seen.why.code, DIAGNOSIS_EXPIRED);
    assert_int_equal(seen.why.skew, 7); /* of the last second that it was valid for */
    assert_true(mac_equal(&seen.down.mac, &far_macs[FAR_SERVER]));
    assert_int_equal(seen.refusals, 1);
    assert_int_equal(seen.refused.code, DIAGNOSIS_EXPIRED);

    loop_jump_wall(s->bed->loop, -60000);
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_one_is_active);
    loop_jump_wall(s->bed->loop, 60000);
    scene_turn(s);
    assert_int_equal(seen.downs, 2);
    assert_true(seen.down.inbound);
    assert_int_equal(seen.why.code, DIAGNOSIS_EXPIRED);
    assert_true(seen.down.has_mac);
    assert_true(mac_equal(&seen.down.mac, &far_macs[FAR_OTHER_SERVER]));
    assert_int_equal(seen.refusals, 2);
    assert_true(mac_equal(&seen.refused.mac, &far_macs[FAR_OTHER_SERVER]));
}

static bool is_refused(void *context)
{
    struct diagnosis d;
    struct state_diagnosis_cursor cursor = {0};
    const struct scene *s = context;

    return state_next_diagnosis(s->agent, &cursor, &d) &&
           diagnosis_class(d.code) == DIAGNOSIS_REFUSED;
}

static struct settings *without_users(struct settings *settings)
{
    settings->aaa.user_count = 0;
    return settings;
}

static void a_server_that_is_not_let_in_is_told_with_the_cause(void **state)
{
    struct scene *s = *state;
    struct seen seen;

    scene_start(s, without_users(scene_with_server(s)));
    look_on(s, &seen);
    (void)scene_take_call(s, FAR_SERVER);
    scene_run_until(s, is_refused);
    assert_int_equal(seen.refusals, 1);
    assert_int_equal(seen.refused.code, DIAGNOSIS_UNKNOWN_MAC);
    assert_string_equal(seen.refused.host, "127.0.0.1");
    assert_true(seen.refused.has_presented);
    assert_int_equal(seen.ups + seen.downs, 0);
}

static void a_peer_that_comes_in_again_and_again_is_told_as_refused_once(void **state)
{
    struct scene *s = *state;
    struct seen seen;

    scene_start(s, scene_with_listener(s, without_users(scene_base_settings())));
    look_on(s, &seen);
    for (unsigned i = 0; i < 3; i++) {
        (void)scene_come_in(s, FAR_SERVER);
        scene_run_until(s, scene_last_end_is_closed);
    }
    assert_int_equal(seen.refusals, 1);
    assert_true(seen.refused.inbound);
    assert_int_equal(seen.refused.code, DIAGNOSIS_UNKNOWN_MAC);
}

static void what_is_no_refusal_is_not_told_as_one(void **state)
{
    (void)state;
    assert_false(diagnosis_class(DIAGNOSIS_NONE) == DIAGNOSIS_REFUSED);
    assert_false(diagnosis_class(DIAGNOSIS_PORT_CLOSED) == DIAGNOSIS_REFUSED);
    assert_false(diagnosis_class(DIAGNOSIS_OWN_REFUSED) == DIAGNOSIS_REFUSED);
    assert_true(diagnosis_class(DIAGNOSIS_NO_CERTIFICATE) == DIAGNOSIS_REFUSED);
    assert_true(diagnosis_class(DIAGNOSIS_WRONG_HASH) == DIAGNOSIS_REFUSED);
    assert_true(diagnosis_class(DIAGNOSIS_TOO_MANY) == DIAGNOSIS_REFUSED);
    assert_false(diagnosis_class(DIAGNOSIS_LOST) == DIAGNOSIS_REFUSED);
    assert_false(diagnosis_class(DIAGNOSIS_NOT_ACTED_ON) == DIAGNOSIS_REFUSED);
}

/* --- reconnecting ---------------------------------------------------------------------------- */

static void a_server_is_dialled_again_as_soon_as_its_session_has_ended(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_server(s));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    int64_t before = loop_now(s->bed->loop);
    assert_int_equal(state_reconnect(s->agent, "127.0.0.1"), 1);
    scene_run_until(s, scene_first_end_is_closed);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_true(loop_now(s->bed->loop) - before < 1000);
    struct peer_status peer = scene_peer_at(s, 0);
    assert_int_equal(peer.connections, 2);
    assert_int_equal(peer.disconnections, 1);
    assert_int_equal(scene_said("an operator asked for it"), 1);
}

static bool first_waits(void *context)
{
    return scene_peer_at(context, 0).phase == PEER_BACKOFF;
}

static void a_server_that_is_waited_for_is_dialled_now(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_base_settings();

    scene_add_server(settings, "127.0.0.1", s->listen_port); /* where nobody listens */
    scene_start(s, settings);
    scene_run_until(s, first_waits);
    uint64_t attempts = scene_peer_at(s, 0).attempts;
    assert_int_equal(state_reconnect(s->agent, NULL), 1);
    scene_turn(s);
    assert_int_equal(scene_peer_at(s, 0).attempts, attempts + 1);
}

static void one_that_came_in_is_ended_and_not_dialled(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_base_settings()));
    scene_activate(s, scene_come_in(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    assert_int_equal(state_reconnect(s->agent, "127.0.0.2"), 0);
    assert_int_equal(state_reconnect(s->agent, "127.0.0.1"), 1);
    scene_run_until(s, scene_first_end_is_closed);
    assert_int_equal(scene_peer_count(s), 0);
}

static void others_are_not_touched(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_with_listener(s, scene_base_settings());

    scene_add_server(settings, "localhost", s->port);
    scene_start(s, settings);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    assert_int_equal(state_reconnect(s->agent, "LOCALHOST"), 1);
    scene_run_until(s, scene_first_end_is_closed);
    assert_false(s->ends[1]->eof);
    assert_int_equal(scene_active_count(s), 1);
    assert_int_equal(state_reconnect(s->agent, "nowhere.example"), 0);
}

static void switched_off_there_is_nobody_to_reconnect(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_with_server(s);

    settings->enabled = false;
    scene_start(s, settings);
    assert_int_equal(state_reconnect(s->agent, NULL), 0);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_IDLE);
}

/* --- subscriptions --------------------------------------------------------------------------- */

static void subscribe(struct scene *s, struct far_end *end)
{
    const struct mac devices[] = {bed_mac(1), bed_mac(2), bed_mac(2)};
    const struct mac aps[] = {bed_ap_mac(0)};
    uint8_t message[512];
    struct writer w = writer_of(message, sizeof(message));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_REQUEST, 0, 2);

    wire_put_services(&w, WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_AP_INFO) | WIRE_BIT(WIRE_WIPS));
    wire_device_filter_put(&w,
                           &(struct wire_device_filter){.macs = {(const uint8_t *)devices, 18, 3}});
    wire_ap_filter_put(&w, &(struct wire_ap_filter){.macs = {(const uint8_t *)aps, 6, 1}});
    wire_put_interval(&w, WIRE_RSSI_MS, 17);
    assert_true(wire_end(&w, begin));
    assert_true(far_write(end, s->bed->loop, message, w.used));
}

static bool is_subscribed(void *context)
{
    return scene_peer_at(context, 0).granted != 0;
}

static void what_a_peer_has_subscribed_is_told_with_its_filters_and_intervals(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_server(s));
    bed_ap(s->bed, 0);
    struct far_end *end = scene_take_call(s, FAR_SERVER);
    scene_activate(s, end);
    scene_run_until(s, scene_one_is_active);
    struct peer_status before = scene_peer_at(s, 0);
    assert_true(before.has_session);
    assert_int_equal(before.subscription.granted, 0);
    assert_false(before.subscription.has_ap_filter);
    subscribe(s, end);
    scene_run_until(s, is_subscribed);
    struct peer_status peer = scene_peer_at(s, 0);
    assert_int_equal(peer.subscription.granted, WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_AP_INFO));
    assert_int_equal(peer.subscription.intervals[WIRE_RSSI_MS], 17);
    assert_int_equal(peer.subscription.intervals[WIRE_AP_INFO], 0);
    assert_true(peer.subscription.has_ap_filter);
    assert_int_equal(peer.subscription.ap_filter, 1);
    assert_true(peer.subscription.has_device_filter);
    assert_int_equal(peer.subscription.device_filter, 2);
    loop_advance(s->bed->loop, 2000);
    assert_true(scene_peer_at(s, 0).session_age >= 2000);
}

static void services_and_messages_have_names(void **state)
{
    (void)state;
    assert_string_equal(state_service_name(0), "rssi-ms");
    assert_string_equal(state_service_name(22), "ap-info");
    assert_null(state_service_name(63));
    assert_string_equal(state_message_name(1), "Echo Request");
    assert_null(state_message_name(12345));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_that_comes_up_and_goes_down_is_told_to_all_who_look_on),
        TEST(a_peer_that_came_in_is_told_with_its_address),
        TEST(sessions_whose_certificates_end_are_told_with_cause_and_mac),
        TEST(a_server_that_is_not_let_in_is_told_with_the_cause),
        TEST(a_peer_that_comes_in_again_and_again_is_told_as_refused_once),
        cmocka_unit_test(what_is_no_refusal_is_not_told_as_one),
        TEST(a_server_is_dialled_again_as_soon_as_its_session_has_ended),
        TEST(a_server_that_is_waited_for_is_dialled_now),
        TEST(one_that_came_in_is_ended_and_not_dialled),
        TEST(others_are_not_touched),
        TEST(switched_off_there_is_nobody_to_reconnect),
        TEST(what_a_peer_has_subscribed_is_told_with_its_filters_and_intervals),
        cmocka_unit_test(services_and_messages_have_names),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
