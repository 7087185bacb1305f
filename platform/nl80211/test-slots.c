/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/poll.h"
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

static struct settings_radio *setting(const char *ifname)
{
    struct settings_radio *radio = &s->radios[s->settings.radio_count++];

    *radio = (struct settings_radio){.poll_seconds = 2};
    (void)snprintf(radio->ifname, sizeof(radio->ifname), "%s", ifname);
    return radio;
}

static void give_ap_mac(struct settings_radio *radio, uint8_t tail)
{
    radio->has_ap_mac = true;
    radio->ap_mac = scene_mac(tail);
}

static const char *description(void)
{
    static char text[512];

    nl80211_describe(s->nl80211, text, sizeof(text));
    return text;
}

/* --- slots --- */

static void radios_of_one_device_are_the_slots_of_its_base_mac(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 1, 1);
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "is 01/0 up"));
    assert_non_null(strstr(said, "is 01/1 up"));
    assert_int_equal(strlen(said),
                     2 * strlen("ap 0 is 01/0 up ch1 clients=0\n") + strlen("working\n"));
}

static void lower_bands_have_lower_slots(void **state)
{
    (void)state;
    s->wiphys[0].bands = 1U << NL80211_BAND_6GHZ;
    scene_wiphy(s, 1)->bands = 1U << NL80211_BAND_5GHZ;
    scene_wiphy(s, 2)->bands = 1U << NL80211_BAND_2GHZ;
    scene_ap(s, 0, 0)->frequency = 5955;
    scene_ap(s, 1, 1)->frequency = SCENE_CHANNEL_36;
    scene_ap(s, 2, 2)->frequency = SCENE_CHANNEL_6;
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "is 01/0 up ch6 "));
    assert_non_null(strstr(said, "is 01/1 up ch36 "));
    assert_non_null(strstr(said, "is 01/2 up ch1 "));
}

static void a_slot_counts_the_radios_that_are_no_ap_too(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 1, 1);
    scene_configure(s);
    assert_non_null(strstr(scene_said(s), "is 01/1 up"));
}

static void radios_that_appear_one_by_one_are_numbered_as_after_a_restart(void **state)
{
    (void)state;
    s->wiphys[0].bands = 1U << NL80211_BAND_5GHZ;
    scene_configure(s);
    scene_wiphy(s, 1)->bands = 1U << NL80211_BAND_2GHZ;
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    scene_ap(s, 0, 0)->frequency = SCENE_CHANNEL_36;
    scene_event(s, NL80211_CMD_NEW_INTERFACE, 10, NULL);
    assert_said("ap 0 is 01/1 up ch36 clients=0\nworking\n");
}

static void an_ap_that_was_told_keeps_its_slot_when_another_radio_appears(void **state)
{
    (void)state;
    s->wiphys[0].bands = 1U << NL80211_BAND_5GHZ;
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    scene_wiphy(s, 1)->bands = 1U << NL80211_BAND_2GHZ;
    (void)scene_ap(s, 1, 1);
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    assert_said("ap 1 is 01/1 up ch1 clients=0\n");
}

static void a_radio_with_an_ap_mac_of_its_own_is_slot_0_of_that_ap(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    (void)scene_ap(s, 1, 1);
    give_ap_mac(setting("wlan1"), 0x22);
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "is 01/0 up"));
    assert_non_null(strstr(said, "is 22/0 up"));
}

static void radios_that_share_an_ap_mac_are_its_slots_in_the_order_of_the_settings(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    scene_ap(s, 1, 1)->frequency = SCENE_CHANNEL_6;
    give_ap_mac(setting("wlan1"), 0x22);
    give_ap_mac(setting("wlan0"), 0x22);
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "is 22/0 up ch6 "));
    assert_non_null(strstr(said, "is 22/1 up ch1 "));
}

static void an_ap_mac_that_is_the_base_mac_makes_no_second_slot_0(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    scene_ap(s, 1, 1)->frequency = SCENE_CHANNEL_6;
    give_ap_mac(setting("wlan1"), 1);
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "is 01/0 up ch1 "));
    assert_non_null(strstr(said, "is 01/1 up ch6 "));
}

static void of_two_interfaces_of_one_radio_the_first_one_configured_wins(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    (void)scene_ap(s, 1, 0);
    give_ap_mac(setting("wlan1"), 0x22);
    give_ap_mac(setting("wlan0"), 0x33);
    scene_configure(s);
    assert_said("ap 0 is 22/0 up ch1 clients=0\nworking\n");
    const char *warned = scene_warned(s);
    assert_non_null(strstr(warned, "the settings of wlan0 are not used"));
    scene_advance(s, 60000);
    assert_string_equal(scene_warned(s), "");
}

static void settings_stay_with_a_radio_while_its_interface_is_away(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    give_ap_mac(setting("wlan0"), 0x22);
    scene_configure(s);
    (void)scene_said(s);
    interface->present = false;
    scene_event(s, NL80211_CMD_DEL_INTERFACE, interface->ifindex, NULL);
    assert_said("ap 0 is 22/0 down clients=0\n");
}

static void an_interface_that_is_renamed_leaves_the_settings_of_its_old_name(void **state)
{
    (void)state;
    struct scene_interface *interface = scene_ap(s, 0, 0);
    give_ap_mac(setting("wlan0"), 0x22);
    give_ap_mac(setting("wlan9"), 0x33);
    scene_configure(s);
    (void)scene_said(s);
    (void)snprintf(interface->name, sizeof(interface->name), "wlan9");
    scene_link_event(s, interface, true);
    assert_said("ap 0 gone\nap 0 is 33/0 up ch1 clients=0\n");
    (void)snprintf(interface->name, sizeof(interface->name), "wlan5");
    scene_link_event(s, interface, true);
    assert_said("ap 0 gone\nap 0 is 01/0 up ch1 clients=0\n");
}

static void more_radios_than_handles_are_left_out_and_said_once(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < 12; i++)
        (void)scene_wiphy(s, i);
    for (uint32_t i = 0; i < 12; i++)
        (void)scene_ap(s, i, i);
    scene_configure(s);
    const char *said = scene_said(s);
    unsigned aps = 0;
    for (const char *at = said; (at = strstr(at, " is ")) != NULL; at++)
        aps++;
    assert_int_equal(aps, 8);
    assert_null(strstr(said, "ap 8"));
    const char *warned = scene_warned(s);
    assert_non_null(strstr(warned, "more than 8 radios"));
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    assert_string_equal(scene_warned(s), "");
}

static void more_interfaces_than_places_are_left_out_and_said_once(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 66; i++)
        (void)scene_ap(s, i, 0);
    scene_configure(s);
    assert_said("ap 0 is 01/0 up ch1 clients=0\nworking\n");
    assert_non_null(strstr(scene_warned(s), "more than 64 wireless interfaces"));
    scene_advance(s, 30000);
    assert_string_equal(scene_warned(s), "");
}

/* --- reconfiguration --- */

static void the_same_settings_again_change_nothing(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    give_ap_mac(setting("wlan0"), 0x22);
    scene_configure(s);
    (void)scene_said(s);
    struct settings_radios same = s->settings;
    nl80211_configure(s->nl80211, &same);
    scene_turn(s);
    assert_said("");
    nl80211_configure(s->nl80211, &s->settings);
}

static void a_new_identity_is_gone_and_comes_and_the_other_radio_is_left_alone(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    scene_ap(s, 1, 1)->frequency = SCENE_CHANNEL_6;
    scene_event(s, NL80211_CMD_NEW_INTERFACE, 11, NULL);
    (void)scene_said(s);
    give_ap_mac(setting("wlan1"), 0x22);
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "gone\n"));
    assert_non_null(strstr(said, "is 22/0 up ch6 clients=0\n"));
    assert_null(strstr(said, "ch1 "));
    assert_null(strstr(said, "working"));
}

static void two_radios_can_swap_their_identities(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    scene_ap(s, 1, 1)->frequency = SCENE_CHANNEL_6;
    give_ap_mac(setting("wlan0"), 0x22);
    give_ap_mac(setting("wlan1"), 0x33);
    scene_configure(s);
    (void)scene_said(s);
    s->radios[0].ap_mac = scene_mac(0x33);
    s->radios[1].ap_mac = scene_mac(0x22);
    scene_configure(s);
    char said[512];
    (void)snprintf(said, sizeof(said), "%s", scene_said(s));
    /* Both are gone before either comes: at no time are there two of one identity. */
    const char *second_gone = strstr(strstr(said, "gone") + 1, "gone");
    assert_non_null(second_gone);
    assert_true(strstr(said, " is ") > second_gone);
    assert_non_null(strstr(said, "is 33/0 up ch1 "));
    assert_non_null(strstr(said, "is 22/0 up ch6 "));
}

static void a_disabled_radio_is_no_ap_and_keeps_its_number(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    (void)scene_ap(s, 1, 1);
    setting("wlan0")->disabled = true;
    scene_configure(s);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "is 01/1 up"));
    assert_null(strstr(said, "/0 "));
    unsigned asked = s->asked[NL80211_CMD_GET_STATION];
    scene_advance(s, 2000);
    assert_int_equal(s->asked[NL80211_CMD_GET_STATION], asked + 1);
    s->settings.radio_count = 0;
    scene_configure(s);
    assert_non_null(strstr(scene_said(s), "is 01/0 up"));
    assert_null(strstr(description(), "disabled"));
}

static void names_are_the_hostname_or_the_aps_own(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    (void)snprintf(setting("wlan0")->ap_name, SETTINGS_NAME_SIZE, "hall");
    scene_configure(s);
    assert_said("ap 0 is 01/0 up ch1 clients=0 name=hall\n");
}

static void a_new_poll_interval_applies_at_once(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    s->settings.default_poll_seconds = 60;
    scene_configure(s);
    unsigned asked = s->asked[NL80211_CMD_GET_STATION];
    s->settings.default_poll_seconds = 1;
    scene_configure(s);
    scene_advance(s, 3000);
    assert_int_equal(s->asked[NL80211_CMD_GET_STATION], asked + 3);
}

static void radios_of_one_interval_are_polled_in_one_wake_up(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    scene_advance(s, 700);
    (void)scene_ap(s, 1, 1);
    scene_event(s, NL80211_CMD_NEW_INTERFACE, 11, NULL);
    unsigned asked = s->asked[NL80211_CMD_GET_STATION];
    int64_t until_due = 2000 - (loop_now(s->loop) + POLL_LEAD_MS) % 2000;
    scene_advance(s, until_due - 1);
    assert_int_equal(s->asked[NL80211_CMD_GET_STATION], asked);
    uint64_t wakeups = loop_wakeups(s->loop);
    loop_advance(s->loop, 1);
    assert_int_equal(s->asked[NL80211_CMD_GET_STATION], asked + 2);
    assert_true(loop_wakeups(s->loop) - wakeups <= 3); /* loop_advance() turns before and after */
}

/* --- the base MAC --- */

static void link(uint32_t ifindex, uint16_t type, struct mac permanent)
{
    for (size_t i = 0; i < SCENE_LINKS; i++) {
        if (s->links[i].present)
            continue;
        s->links[i] = (struct scene_link){true, ifindex, type, permanent};
        return;
    }
}

static uint8_t base_mac(void)
{
    struct mac mac;

    assert_true(nl80211_base_mac(s->nl80211, &mac));
    return mac.b[5];
}

static void without_a_configured_base_mac_it_is_the_lowest_of_a_vendor(void **state)
{
    const struct mac higher = {{0x00, 1, 2, 3, 4, 0x77}};
    const struct mac lower = {{0x00, 1, 2, 3, 4, 0x66}};

    (void)state;
    s->settings.has_base_mac = false;
    link(1, ARPHRD_LOOPBACK, scene_mac(2));
    link(2, ARPHRD_ETHER, scene_mac(3)); /* made up by software */
    link(3, ARPHRD_ETHER, higher);
    link(4, ARPHRD_ETHER, lower);
    link(5, ARPHRD_ETHER, (struct mac){{0}});
    scene_configure(s);
    assert_int_equal(base_mac(), 0x66);
}

static void a_wired_mac_comes_before_that_of_a_radio(void **state)
{
    const struct mac wired = {{0x00, 1, 2, 3, 4, 0x77}};
    const struct mac of_radio = {{0x00, 1, 2, 3, 4, 0x66}};

    (void)state;
    s->settings.has_base_mac = false;
    (void)scene_ap(s, 0, 0);
    link(10, ARPHRD_ETHER, of_radio);
    link(3, ARPHRD_ETHER, wired);
    scene_configure(s);
    assert_int_equal(base_mac(), 0x77);
    assert_said("ap 0 is 77/0 up ch1 clients=0\nworking\n");
}

static void the_base_mac_is_known_right_after_configuring_and_is_kept(void **state)
{
    struct mac mac;

    (void)state;
    s->settings.has_base_mac = false;
    s->has_family = false;
    link(3, ARPHRD_ETHER, scene_mac(0x55));
    assert_false(nl80211_base_mac(s->nl80211, &mac));
    nl80211_configure(s->nl80211, &s->settings);
    assert_int_equal(base_mac(), 0x55);
    link(4, ARPHRD_ETHER, scene_mac(0x44));
    s->has_family = true;
    s->wiphys[0].has_mac = true;
    s->wiphys[0].mac = 0x33;
    scene_family_event(s, CTRL_CMD_NEWFAMILY);
    assert_int_equal(base_mac(), 0x55);
}

static void a_device_without_wires_takes_what_its_radios_have_and_keeps_it(void **state)
{
    (void)state;
    s->settings.has_base_mac = false;
    s->wiphys[0].has_mac = true;
    s->wiphys[0].mac = 0x33;
    scene_configure(s);
    assert_int_equal(base_mac(), 0x33);
    struct scene_wiphy *later = scene_wiphy(s, 1);
    later->has_mac = true;
    later->mac = 0x22;
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    assert_int_equal(base_mac(), 0x33);
}

static void a_device_without_permanent_macs_takes_an_interfaces_own(void **state)
{
    (void)state;
    s->settings.has_base_mac = false;
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    assert_int_equal(base_mac(), 0x80);
    assert_said("ap 0 is 80/0 up ch1 clients=0\nworking\n");
}

static void without_any_mac_there_is_no_ap_until_one_is_configured(void **state)
{
    struct mac mac;

    (void)state;
    s->settings.has_base_mac = false;
    scene_configure(s);
    assert_false(nl80211_base_mac(s->nl80211, &mac));
    s->settings.has_base_mac = true;
    scene_configure(s);
    assert_int_equal(base_mac(), 1);
}

static void links_that_cannot_be_listed_are_asked_for_again_or_done_without(void **state)
{
    (void)state;
    s->settings.has_base_mac = false;
    (void)scene_ap(s, 0, 0);
    link(3, ARPHRD_ETHER, scene_mac(0x55));
    s->fault = FAULT_SILENT;
    s->fault_command = 0;
    s->fault_times = 1;
    scene_configure(s);
    assert_said("");
    scene_advance(s, 7000);
    assert_non_null(strstr(scene_said(s), "is 55/0 up"));
}

static void where_links_are_forbidden_the_radios_mac_is_used(void **state)
{
    (void)state;
    s->settings.has_base_mac = false;
    (void)scene_ap(s, 0, 0);
    s->fault = FAULT_REFUSE;
    s->fault_error = EPERM;
    s->fault_command = 0;
    s->fault_times = 1;
    scene_configure(s);
    assert_said("ap 0 is 80/0 up ch1 clients=0\nworking\n");
    assert_non_null(strstr(scene_warned(s), "base MAC"));
}

static void a_new_base_mac_gives_the_radios_a_new_identity(void **state)
{
    (void)state;
    (void)scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    s->settings.base_mac = scene_mac(0x99);
    scene_configure(s);
    assert_said("ap 0 gone\nap 0 is 99/0 up ch1 clients=0\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(radios_of_one_device_are_the_slots_of_its_base_mac),
        TEST(lower_bands_have_lower_slots),
        TEST(a_slot_counts_the_radios_that_are_no_ap_too),
        TEST(radios_that_appear_one_by_one_are_numbered_as_after_a_restart),
        TEST(an_ap_that_was_told_keeps_its_slot_when_another_radio_appears),
        TEST(a_radio_with_an_ap_mac_of_its_own_is_slot_0_of_that_ap),
        TEST(radios_that_share_an_ap_mac_are_its_slots_in_the_order_of_the_settings),
        TEST(an_ap_mac_that_is_the_base_mac_makes_no_second_slot_0),
        TEST(of_two_interfaces_of_one_radio_the_first_one_configured_wins),
        TEST(settings_stay_with_a_radio_while_its_interface_is_away),
        TEST(an_interface_that_is_renamed_leaves_the_settings_of_its_old_name),
        TEST(more_radios_than_handles_are_left_out_and_said_once),
        TEST(more_interfaces_than_places_are_left_out_and_said_once),
        TEST(the_same_settings_again_change_nothing),
        TEST(a_new_identity_is_gone_and_comes_and_the_other_radio_is_left_alone),
        TEST(two_radios_can_swap_their_identities),
        TEST(a_disabled_radio_is_no_ap_and_keeps_its_number),
        TEST(names_are_the_hostname_or_the_aps_own),
        TEST(a_new_poll_interval_applies_at_once),
        TEST(radios_of_one_interval_are_polled_in_one_wake_up),
        TEST(without_a_configured_base_mac_it_is_the_lowest_of_a_vendor),
        TEST(a_wired_mac_comes_before_that_of_a_radio),
        TEST(the_base_mac_is_known_right_after_configuring_and_is_kept),
        TEST(a_device_without_wires_takes_what_its_radios_have_and_keeps_it),
        TEST(a_device_without_permanent_macs_takes_an_interfaces_own),
        TEST(without_any_mac_there_is_no_ap_until_one_is_configured),
        TEST(links_that_cannot_be_listed_are_asked_for_again_or_done_without),
        TEST(where_links_are_forbidden_the_radios_mac_is_used),
        TEST(a_new_base_mac_gives_the_radios_a_new_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
