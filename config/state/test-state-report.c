/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/state/test-state.h"

static void report(const struct scene *s)
{
    state_report(&(struct state_tree_options){.schema = schema, .agent = s->agent});
}

static void the_report_is_the_state_in_the_log(void **state)
{
    static const char *const parts[] = {
        "report: nmsp: enabled=true base-mac=02:00:00:00:00:01",
        "report: nmsp: agent: uptime=",
        "report: nmsp: agent: software: nmspd test",
        "report: nmsp: certificate: key-type=rsa subject=CN=agent-020000000001 ",
        "report: nmsp: capability: service=rssi-ms,",
        "report: nmsp: listener: port=",
        "report: nmsp: statistics: ssl: verifications=1 ",
        "report: location: devices=0 samples=0 samples-taken=0 ",
        "report: radio: sources: two radios of paper",
        "report: radio: stations: dumps=7 ",
        " mac=00:50:56:9c:34:89 phase=active ",
        " connections=1 disconnections=0 attempts=1",
        ": counters: received-frames=1 sent-frames=1 ",
        ": counters: received: 7 Capability Notification 1",
        "report: trace: level ",
        "report: end",
    };
    struct scene *s = *state;

    (void)start(state, scene_with_listener(s, scene_with_server(s)));
    bed_ap(s->bed, 0);
    scene_activate(s, scene_take_call(s, FAR_SERVER));
    scene_run_until(s, scene_one_is_active);
    report(s);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (scene_said(parts[i]) == 0)
            fail_msg("it does not say %s", parts[i]);
    assert_int_equal(scene_said("report: server 127.0.0.1 port "), 4);
    assert_int_equal(scene_said("direction="), 0);
    assert_int_equal(scene_said("diagnosis"), 0);
}

static bool is_refused(void *context)
{
    return scene_peer_at(context, 0).diagnosis.code == DIAGNOSIS_UNKNOWN_MAC;
}

static void what_is_wrong_stands_in_sentences_under_the_name_of_the_peer(void **state)
{
    static const char *const parts[] = {
        ": diagnosis: address=127.0.0.1:",
        " code=unknown-mac ",
        ": diagnosis: cause: The peer (",
        ": diagnosis: remedy: ",
        ": diagnosis: line: username 0050569c3489 ",
        ": diagnosis: presented: subject=CN=",
    };
    struct settings *settings = scene_with_server(*state);

    settings->aaa.user_count = 0;
    struct scene *s = start(state, settings);
    (void)scene_take_call(s, FAR_SERVER);
    scene_run_until(s, is_refused);
    report(s);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (scene_said(parts[i]) == 0)
            fail_msg("it does not say %s", parts[i]);
    assert_int_equal(scene_said("report: nmsp: diagnosis"), 0);
}

static void what_is_about_the_configuration_alone_is_about_no_peer(void **state)
{
    struct settings *settings = scene_base_settings();

    (void)snprintf(settings->aaa.users[0].attribute_list, SETTINGS_LIST_SIZE, "nowhere");
    report(start(state, settings));
    assert_true(scene_said("report: nmsp: diagnosis: code=dangling-list") > 0);
}

static void a_long_line_goes_on_under_the_same_title(void **state)
{
    report(start(state, scene_base_settings()));
    assert_int_equal(scene_said("report: nmsp: certificate: key-type=rsa "), 1);
    assert_int_equal(scene_said("report: nmsp: certificate: file=/"), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_report_is_the_state_in_the_log),
        TEST(what_is_wrong_stands_in_sentences_under_the_name_of_the_peer),
        TEST(what_is_about_the_configuration_alone_is_about_no_peer),
        TEST(a_long_line_goes_on_under_the_same_title),
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
