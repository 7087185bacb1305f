/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/family.h"
#include "tests/unit/failing.h"
#include "tests/unit/nl80211-scene.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_arp.h>
#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct scene *s;

static int set_up(void **state)
{
    s = scene_new();
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    failing_reset();
    scene_free(*state);
    return 0;
}

#define assert_said(text) assert_string_equal(scene_said(s), text)

static const char *description(void)
{
    static char text[512];

    nl80211_describe(s->nl80211, text, sizeof(text));
    return text;
}

/* --- there, and not there --- */

static void without_nl80211_it_says_once_what_it_looked_for(void **state)
{
    (void)state;
    s->has_family = false;
    scene_configure(s);
    assert_said("");
    assert_non_null(strstr(scene_warned(s), "nl80211 is not available"));
    assert_non_null(strstr(description(), "nl80211 is not available"));
    scene_configure(s);
    scene_advance(s, 3600000);
    assert_string_equal(scene_warned(s), "");
}

static void without_radios_nothing_is_asked_and_nobody_is_woken(void **state)
{
    (void)state;
    s->has_family = false;
    scene_configure(s);
    unsigned sent = s->kernel.sent;
    uint64_t wakeups = loop_wakeups(s->loop);
    loop_advance(s->loop, 24 * 3600000);
    assert_int_equal(s->kernel.sent, sent);
    assert_true(loop_wakeups(s->loop) - wakeups <= 2);
}

static void the_family_is_picked_up_when_it_appears_and_dropped_when_it_goes(void **state)
{
    (void)state;
    s->has_family = false;
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    s->has_family = true;
    scene_family_event(s, CTRL_CMD_NEWFAMILY);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    s->has_family = false;
    scene_family_event(s, CTRL_CMD_DELFAMILY);
    assert_said("ap 0 gone\nworking\n");
    assert_non_null(strstr(description(), "not available"));
    s->has_family = true;
    scene_family_event(s, CTRL_CMD_NEWFAMILY);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
}

static void a_family_that_does_not_answer_is_asked_again(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->kernel.open_error = EMFILE;
    scene_configure(s);
    assert_said("");
    s->kernel.open_error = 0;
    scene_advance(s, 6000);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
}

static void a_wiphy_without_an_ap_interface_is_no_ap(void **state)
{
    (void)state;
    scene_configure(s);
    assert_said("");
    struct scene_interface *interface = scene_ap(s, 0, 0);
    interface->type = NL80211_IFTYPE_STATION;
    scene_event(s, NL80211_CMD_NEW_INTERFACE, interface->ifindex, NULL);
    assert_said("");
    assert_string_equal(description(), "1 radio: phy0 (no AP interface)");
    interface->type = NL80211_IFTYPE_AP;
    scene_event(s, NL80211_CMD_SET_INTERFACE, interface->ifindex, NULL);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    assert_string_equal(description(), "1 radio: phy0 (wlan0, 2.4 GHz channel 1, 0 clients)");
}

static void without_a_wiphy_it_says_that_nl80211_is_there(void **state)
{
    (void)state;
    s->wiphys[0].present = false;
    scene_configure(s);
    assert_non_null(strstr(description(), "nl80211 is available, but has no wiphy"));
}

static void a_radio_that_is_removed_is_gone_with_its_ap(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    interface->present = false;
    s->wiphys[0].present = false;
    scene_event(s, NL80211_CMD_DEL_WIPHY, 0, NULL);
    assert_said("ap 0 gone\nworking\n");
}

static void a_radio_that_comes_back_takes_the_free_slot(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    struct scene_interface *first = scene_ap(s, 0, 0);
    (void)scene_ap(s, 1, 1);
    scene_configure(s);
    (void)scene_said(s);
    first->present = false;
    s->wiphys[0].present = false;
    scene_event(s, NL80211_CMD_DEL_WIPHY, 0, NULL);
    assert_int_equal(strncmp(scene_said(s), "ap ", 3), 0);
    (void)scene_wiphy(s, 2);
    (void)scene_ap(s, 2, 2);
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    assert_non_null(strstr(scene_said(s), "is 01/0 up ch1"));
}

static void an_ap_is_down_while_no_interface_of_it_operates(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    interface->frequency = 0;
    scene_event(s, NL80211_CMD_STOP_AP, interface->ifindex, NULL);
    assert_said("ap 0 is 01/0 down clients=0\n");
    assert_string_equal(description(), "1 radio: phy0 (down)");
    interface->present = false;
    scene_event(s, NL80211_CMD_DEL_INTERFACE, interface->ifindex, NULL);
    assert_said("");
}

static void a_radio_that_is_down_is_not_polled(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    scene_configure(s);
    interface->frequency = 0;
    scene_event(s, NL80211_CMD_STOP_AP, interface->ifindex, NULL);
    unsigned sent = s->kernel.sent;
    scene_advance(s, 3600000);
    assert_int_equal(s->kernel.sent, sent);
}

static void a_channel_switch_is_followed(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    interface->frequency = SCENE_CHANNEL_36;
    scene_event(s, NL80211_CMD_CH_SWITCH_NOTIFY, interface->ifindex, NULL);
    assert_said("ap 0 is 01/0 up ch36 clients=0\n");
}

static void what_gives_no_event_is_found_by_the_next_survey(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    interface->frequency = SCENE_CHANNEL_6;
    scene_advance(s, 12000);
    assert_said("ap 0 is 01/0 up ch6 clients=0\n");
}

static void an_interface_that_goes_down_or_up_is_looked_at_again(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    interface->frequency = 0;
    scene_configure(s);
    assert_said("ap 0 is 01/0 down clients=0\nworking\n");
    interface->frequency = SCENE_CHANNEL_6;
    scene_link_event(s, interface, true);
    assert_said("ap 0 is 01/0 up ch6 clients=0\n");
    unsigned asked = s->asked[NL80211_CMD_GET_INTERFACE];
    scene_link_event(s, interface, true);
    assert_int_equal(s->asked[NL80211_CMD_GET_INTERFACE], asked);
}

/* --- surveys --- */

static void the_survey_of_the_channel_in_use_gives_noise_and_utilisation(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->survey.frequency = SCENE_CHANNEL_1;
    s->survey.noise = -92;
    s->survey.active = 1000;
    s->survey.busy = 500;
    scene_configure(s);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    scene_advance(s, 2000);
    assert_said("ap 0 is 01/0 up ch1 clients=0 noise=-92\n");
    s->survey.active = 11000;
    s->survey.busy = 3000; /* a quarter of the time since */
    scene_advance(s, 10000);
    assert_said("ap 0 is 01/0 up ch1 clients=0 noise=-92 util=63\n");
}

static void another_channel_has_no_noise_until_its_own_survey(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    s->survey.frequency = SCENE_CHANNEL_1;
    s->survey.noise = -92;
    scene_configure(s);
    scene_advance(s, 2000);
    (void)scene_said(s);
    interface->frequency = SCENE_CHANNEL_6;
    scene_event(s, NL80211_CMD_CH_SWITCH_NOTIFY, interface->ifindex, NULL);
    assert_said("ap 0 is 01/0 up ch6 clients=0\n");
    scene_advance(s, 12000); /* the survey still tells the old channel only */
    assert_said("");
    s->survey.frequency = SCENE_CHANNEL_6;
    s->survey.noise = -85;
    scene_advance(s, 12000);
    assert_said("ap 0 is 01/0 up ch6 clients=0 noise=-85\n");
}

static void events_that_cannot_be_heard_are_said_and_polls_go_on(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->kernel.join_error = EPERM;
    scene_configure(s);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    const char *warned = scene_warned(s);
    assert_non_null(strstr(warned, "group mlme cannot be heard"));
    unsigned asked = s->asked[NL80211_CMD_GET_STATION];
    scene_advance(s, 2000);
    assert_int_equal(s->asked[NL80211_CMD_GET_STATION], asked + 1);
}

static void small_changes_of_the_medium_are_not_told(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->survey.frequency = SCENE_CHANNEL_1;
    s->survey.noise = -92;
    s->survey.active = 1000;
    scene_configure(s);
    scene_advance(s, 12000);
    (void)scene_said(s);
    s->survey.noise = -91;
    s->survey.active = 11000;
    s->survey.busy = 100;
    scene_advance(s, 12000);
    assert_said("ap 0 is 01/0 up ch1 clients=0 noise=-92 util=2\n");
    s->survey.active = 21000;
    s->survey.busy = 400;
    scene_advance(s, 12000);
    assert_said("");
    s->survey.noise = -89;
    scene_advance(s, 12000);
    assert_said("ap 0 is 01/0 up ch1 clients=0 noise=-89 util=2\n");
}

static void a_counter_that_starts_again_gives_no_utilisation(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->survey.frequency = SCENE_CHANNEL_1;
    s->survey.active = 50000;
    s->survey.busy = 40000;
    scene_configure(s);
    scene_advance(s, 12000);
    (void)scene_said(s);
    s->survey.active = 10;
    s->survey.busy = 5;
    scene_advance(s, 12000);
    assert_said("");
    s->survey.active = 110;
    s->survey.busy = 1005; /* busier than the time that passed */
    scene_advance(s, 12000);
    assert_said("");
}

static void a_driver_without_surveys_is_not_asked_again(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->fault = FAULT_REFUSE;
    s->fault_error = EOPNOTSUPP;
    s->fault_command = NL80211_CMD_GET_SURVEY;
    s->fault_times = 1;
    scene_configure(s);
    scene_advance(s, 60000);
    assert_int_equal(s->asked[NL80211_CMD_GET_SURVEY], 1);
    assert_int_equal(scene_counted(s, "stations", "errors"), 0);
}

/* --- trouble --- */

static void a_dump_of_interfaces_that_is_interrupted_is_repeated_at_once(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->fault = FAULT_INTERRUPT;
    s->fault_command = NL80211_CMD_GET_INTERFACE;
    s->fault_times = 2;
    scene_configure(s);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
}

static void an_incomplete_dump_of_wiphys_removes_none(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    s->wiphys[0].present = false;
    s->fault = FAULT_INTERRUPT;
    s->fault_command = NL80211_CMD_GET_WIPHY;
    s->fault_times = 3;
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    assert_said("");
    s->wiphys[0].present = true;
    scene_advance(s, 6000);
    assert_said("");
}

static void a_dump_of_wiphys_that_gets_no_answer_is_tried_again(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->fault = FAULT_SILENT;
    s->fault_command = NL80211_CMD_GET_WIPHY;
    s->fault_times = 1;
    scene_configure(s);
    assert_said("");
    scene_advance(s, 7000);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    assert_int_equal(scene_counted(s, "stations", "timeouts"), 1);
}

static void without_memory_there_is_no_platform_and_no_leak(void **state)
{
    unsigned failures = 0;

    (void)state;
    for (unsigned n = 1;; n++) {
        struct loop *loop = loop_new_virtual(0, 0);
        struct source_counters *counters = NULL;
        struct source_setup setup = scene_setup(s);
        setup.loop = loop;
        setup.counters = &counters;
        failing_malloc_at(n);
        setup.family = family_new(loop, &(struct family_options){.io = setup.io});
        struct nl80211 *one = setup.family != NULL ? nl80211_new(&setup) : NULL;
        bool hit = failing_hit();
        failing_reset();
        if (hit)
            assert_null(one);
        nl80211_free(one);
        family_free(setup.family);
        loop_free(loop);
        if (!hit)
            break;
        failures++;
    }
    assert_true(failures > 3);
}

static void a_long_description_is_cut_and_terminated(void **state)
{
    char text[40];

    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    memset(text, 'x', sizeof(text));
    nl80211_describe(s->nl80211, text, 20);
    assert_string_equal(text, "2 radios: phy0 (wla");
    assert_int_equal(text[20], 'x');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_nl80211_it_says_once_what_it_looked_for),
        TEST(without_radios_nothing_is_asked_and_nobody_is_woken),
        TEST(the_family_is_picked_up_when_it_appears_and_dropped_when_it_goes),
        TEST(a_family_that_does_not_answer_is_asked_again),
        TEST(a_wiphy_without_an_ap_interface_is_no_ap),
        TEST(without_a_wiphy_it_says_that_nl80211_is_there),
        TEST(a_radio_that_is_removed_is_gone_with_its_ap),
        TEST(a_radio_that_comes_back_takes_the_free_slot),
        TEST(an_ap_is_down_while_no_interface_of_it_operates),
        TEST(a_radio_that_is_down_is_not_polled),
        TEST(a_channel_switch_is_followed),
        TEST(what_gives_no_event_is_found_by_the_next_survey),
        TEST(an_interface_that_goes_down_or_up_is_looked_at_again),
        TEST(the_survey_of_the_channel_in_use_gives_noise_and_utilisation),
        TEST(another_channel_has_no_noise_until_its_own_survey),
        TEST(events_that_cannot_be_heard_are_said_and_polls_go_on),
        TEST(small_changes_of_the_medium_are_not_told),
        TEST(a_counter_that_starts_again_gives_no_utilisation),
        TEST(a_driver_without_surveys_is_not_asked_again),
        TEST(a_dump_of_interfaces_that_is_interrupted_is_repeated_at_once),
        TEST(an_incomplete_dump_of_wiphys_removes_none),
        TEST(a_dump_of_wiphys_that_gets_no_answer_is_tried_again),
        TEST(without_memory_there_is_no_platform_and_no_leak),
        TEST(a_long_description_is_cut_and_terminated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
