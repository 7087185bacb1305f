/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tls/crypto.h"
#include "tests/unit/agent-bed.h"
#include "tests/unit/failing.h"
#include "tests/unit/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- identity and base MAC --- */

static void use_new_state_dir(struct scene *s)
{
    (void)snprintf(s->state_dir, sizeof(s->state_dir), "%s/new", far_folder());
}

static void remove_new_state_dir(const struct scene *s)
{
    static const char *const names[] = {"cert.pem", "key.pem", "next-cert.pem", "next-key.pem"};
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", s->state_dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(s->state_dir);
}

static struct mac base_mac_of(const struct scene *s)
{
    struct state_summary summary;

    state_summary(s->agent, &summary);
    return summary.base_mac;
}

static bool identity_is_ready(void *context)
{
    struct state_summary summary;

    state_summary(((struct scene *)context)->agent, &summary);
    return summary.identity_ready;
}

static void an_identity_is_made_in_a_child_and_then_the_servers_are_dialled(void **state)
{
    struct scene *s = *state;

    use_new_state_dir(s);
    scene_start(s, scene_with_server(s));
    assert_true(has_child());
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_IDLE);
    assert_int_equal(scene_peer_at(s, 0).attempts, 0);
    agent_configure(s->agent, scene_with_server(s)); /* does not start another one */
    scene_run_until(s, identity_is_ready);
    assert_int_equal(scene_said("making a key"), 1);
    assert_int_equal(scene_said("identity: MAC address   02:00:00:00:00:01"), 1);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    remove_new_state_dir(s);
}

static void at_the_very_first_start_the_radios_have_three_seconds_to_tell_a_mac(void **state)
{
    struct scene *s = *state;

    use_new_state_dir(s);
    s->has_base_mac = false;
    scene_start(s, scene_base_settings());
    loop_advance(s->bed->loop, 2000);
    assert_int_equal(scene_said("base MAC"), 0);
    s->has_base_mac = true;
    loop_advance(s->bed->loop, 200);
    assert_int_equal(scene_said("base MAC: 02:00:00:00:00:01, of this device"), 1);
    remove_new_state_dir(s);
}

static void without_any_mac_one_is_made_up(void **state)
{
    struct scene *s = *state;

    use_new_state_dir(s);
    s->has_base_mac = false;
    scene_start(s, scene_base_settings());
    loop_advance(s->bed->loop, 3000);
    scene_turn(s);
    assert_int_equal(scene_said("made up"), 1);
    struct mac mac = base_mac_of(s);
    assert_true(mac_is_local(&mac));
    assert_false(mac_is_multicast(&mac));
    scene_run_until(s, identity_is_ready);
    agent_free(s->agent);
    /* The next start finds it in the certificate, without waiting for radios. */
    scene_start(s, scene_base_settings());
    struct mac again = base_mac_of(s);
    assert_true(mac_equal(&mac, &again));
    assert_int_equal(scene_said("as in its certificate"), 1);
    remove_new_state_dir(s);
}

static void a_configured_mac_comes_first_and_one_unlike_the_certificate_is_told(void **state)
{
    struct scene *s = *state;
    struct settings *settings = scene_base_settings();

    settings->radios.has_base_mac = true;
    settings->radios.base_mac = far_macs[FAR_SERVER];
    scene_start(s, settings);
    struct mac mac = base_mac_of(s);
    assert_true(mac_equal(&mac, &far_macs[FAR_SERVER]));
    assert_int_equal(scene_said("the certificate names another MAC than this device's base MAC "
                                "00:50:56:9c:34:89: configure base-mac 02:00:00:00:00:01"),
                     1);
}

static void a_key_that_is_gone_is_not_replaced(void **state)
{
    struct scene *s = *state;
    char path[128];

    use_new_state_dir(s);
    assert_int_equal(mkdir(s->state_dir, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/cert.pem", s->state_dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    scene_start(s, scene_with_server(s));
    assert_false(has_child());
    assert_int_equal(scene_said("but not its key"), 1);
    loop_advance(s->bed->loop, 3600 * 1000);
    assert_int_equal(scene_peer_at(s, 0).phase, PEER_IDLE);
    assert_int_equal(scene_peer_at(s, 0).attempts, 0);
    /* Mended and reloaded it goes on. */
    assert_int_equal(unlink(path), 0);
    agent_configure(s->agent, scene_with_server(s));
    scene_run_until(s, identity_is_ready);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    remove_new_state_dir(s);
}

static bool could_not_be_made(void *context)
{
    (void)context;
    return scene_said("identity: it could not be made") > 0;
}

static void an_identity_that_cannot_be_made_is_tried_again(void **state)
{
    struct scene *s = *state;

    (void)snprintf(s->state_dir, sizeof(s->state_dir), "%s/cert.pem/no", far_folder());
    scene_start(s, scene_base_settings());
    scene_run_until(s, could_not_be_made);
    failing_at(FAILING_FORK, 1, EAGAIN);
    agent_configure(s->agent, scene_base_settings());
    assert_int_equal(scene_said("no child process for making the key"), 1);
    loop_advance(s->bed->loop, 5 * 60 * 1000);
    assert_true(has_child());
}

/* --- renewal --- */

static bool is_shown(const struct far_end *end, const struct certificate_info *identity)
{
    return memcmp(tls_peer(end->tls)->spki_sha256, identity->spki_sha256, TLS_SHA256_SIZE) == 0;
}

static bool is_renewed(void *context)
{
    (void)context;
    return scene_said("identity: SHA2 key hash ") == 2;
}

static void a_renewed_identity_is_shown_to_new_connections_and_sessions_live_on(void **state)
{
    struct scene *s = *state;
    struct state_summary before;
    struct state_summary after;

    use_new_state_dir(s);
    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    assert_non_null(
        state_renew_identity(s->agent, CERTIFICATE_KEY_OTHER)); /* the first one is being made */
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    state_summary(s->agent, &before);
    assert_true(is_shown(s->ends[0], &before.identity));
    assert_null(state_renew_identity(s->agent, CERTIFICATE_KEY_EC));
    assert_non_null(state_renew_identity(s->agent, CERTIFICATE_KEY_EC)); /* one at a time */
    scene_run_until(s, is_renewed);
    state_summary(s->agent, &after);
    assert_memory_not_equal(before.identity.spki_sha256, after.identity.spki_sha256,
                            TLS_SHA256_SIZE);
    assert_int_equal(before.identity.key_type, CERTIFICATE_KEY_RSA);
    assert_int_equal(after.identity.key_type, CERTIFICATE_KEY_EC);
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    assert_true(is_shown(s->ends[1], &after.identity));
    assert_true(is_shown(s->ends[0], &before.identity));
    assert_false(s->ends[0]->eof);
    remove_new_state_dir(s);
}

static bool could_not_be_renewed(void *context)
{
    (void)context;
    return scene_said("identity: it could not be renewed; the old one stays") > 0;
}

static void a_renewal_that_fails_is_told_and_changes_nothing(void **state)
{
    struct scene *s = *state;
    struct state_summary before;
    struct state_summary after;
    char path[128];

    use_new_state_dir(s);
    scene_start(s, scene_with_server(s));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    state_summary(s->agent, &before);
    (void)snprintf(path, sizeof(path), "%s/next-key.pem", s->state_dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_null(state_renew_identity(s->agent, CERTIFICATE_KEY_OTHER));
    scene_run_until(s, could_not_be_renewed);
    state_summary(s->agent, &after);
    assert_memory_equal(before.identity.spki_sha256, after.identity.spki_sha256, TLS_SHA256_SIZE);
    assert_int_equal(scene_active_count(s), 1);
    assert_int_equal(rmdir(path), 0);
    remove_new_state_dir(s);
}

static void a_state_directory_with_too_long_a_path_is_no_start(void **state)
{
    struct scene *s = *state;
    char path[400];
    struct agent_options options = {.loop = s->bed->loop,
                                    .engine = s->bed->engine,
                                    .radio = &s->radio,
                                    .platform = s,
                                    .state_dir = path,
                                    .software = "nmspd test"};

    memset(path, 'x', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_null(agent_new(&options, scene_base_settings()));
    assert_int_equal(scene_said(strerror(ENAMETOOLONG)), 1);
}

/* --- stopping --- */

static void on_stopped(void *context)
{
    struct scene *s = context;

    assert_false(s->stopped);
    s->stopped = true;
}

static bool has_stopped(void *context)
{
    return ((struct scene *)context)->stopped;
}

static void without_sessions_it_stops_at_once(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_base_settings());
    agent_stop(s->agent, on_stopped, s);
    assert_false(s->stopped);
    scene_turn(s);
    assert_true(s->stopped);
}

static void it_stops_when_all_sessions_have_ended_in_order(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_activate(s, scene_come_in(s, FAR_OTHER_SERVER));
    scene_run_until(s, scene_two_are_active);
    agent_stop(s->agent, on_stopped, s);
    agent_stop(s->agent, on_stopped, s);              /* once is enough */
    agent_configure(s->agent, scene_base_settings()); /* too late */
    scene_run_until(s, scene_last_end_is_closed);
    scene_run_until(s, scene_first_end_is_closed);
    assert_int_equal(s->ends[0]->status, TLS_CLOSED);
    assert_int_equal(s->ends[1]->status, TLS_CLOSED);
    for (size_t i = 0; i < 2; i++) {
        far_free(s->ends[i]);
        s->ends[i] = NULL;
    }
    scene_run_until(s, has_stopped);
}

static void a_server_that_does_not_close_delays_the_stop_by_300_ms_only(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_server(s));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    agent_stop(s->agent, on_stopped, s);
    scene_turn(s);
    assert_false(s->stopped);
    loop_advance(s->bed->loop, 300);
    scene_turn(s);
    assert_true(s->stopped);
    assert_int_equal(scene_said("not every session"), 0);
}

static void while_it_stops_nobody_gets_a_session(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    (void)scene_come_in(s, FAR_OTHER_SERVER);
    scene_turn(s);
    agent_stop(s->agent, on_stopped, s);
    scene_run_until(s, scene_last_end_is_closed);
    assert_int_equal(s->ends[1]->len, 0);
}

static void it_can_be_freed_in_any_state(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_with_listener(s, scene_with_server(s)));
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    (void)scene_come_in(s, FAR_OTHER_SERVER);
    scene_turn(s);
    agent_stop(s->agent, on_stopped, s);
    agent_free(s->agent);
    s->agent = NULL;
    scene_turn(s);
    assert_false(s->stopped);
}

static void without_memory_it_does_not_start_or_runs_without_what_it_could_not_have(void **state)
{
    struct scene *s = *state;
    bool failed = true;

    for (unsigned n = 1; failed; n++) {
        struct settings *settings = scene_with_listener(s, scene_with_server(s));
        failing_malloc_at(n);
        s->agent = scene_make_agent(s, settings);
        failed = failing_hit();
        failing_reset();
        agent_free(s->agent);
        s->agent = NULL;
        scene_turn(s);
    }
    assert_true(s->lines > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_identity_is_made_in_a_child_and_then_the_servers_are_dialled),
        TEST(at_the_very_first_start_the_radios_have_three_seconds_to_tell_a_mac),
        TEST(without_any_mac_one_is_made_up),
        TEST(a_configured_mac_comes_first_and_one_unlike_the_certificate_is_told),
        TEST(a_key_that_is_gone_is_not_replaced),
        TEST(an_identity_that_cannot_be_made_is_tried_again),
        TEST(a_renewed_identity_is_shown_to_new_connections_and_sessions_live_on),
        TEST(a_renewal_that_fails_is_told_and_changes_nothing),
        TEST(a_state_directory_with_too_long_a_path_is_no_start),
        TEST(without_sessions_it_stops_at_once),
        TEST(it_stops_when_all_sessions_have_ended_in_order),
        TEST(a_server_that_does_not_close_delays_the_stop_by_300_ms_only),
        TEST(while_it_stops_nobody_gets_a_session),
        TEST(it_can_be_freed_in_any_state),
        TEST(without_memory_it_does_not_start_or_runs_without_what_it_could_not_have),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
