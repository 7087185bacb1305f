/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/poll.h"
#include "platform/nl80211/stations.h"
#include "tests/unit/failing.h"
#include "tests/unit/nl80211-scene.h"

#include <errno.h>
#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { POLL_MS = 2000 };

static struct scene *s;
static struct scene_interface *wlan0;

/* One AP that is up, and nothing said yet. */
static int set_up(void **state)
{
    s = scene_new();
    *state = s;
    wlan0 = scene_ap(s, 0, 0);
    scene_configure(s);
    (void)scene_said(s);
    return 0;
}

static int tear_down(void **state)
{
    failing_reset();
    scene_free(*state);
    return 0;
}

#define assert_said(text) assert_string_equal(scene_said(s), text)

static void poll(void)
{
    scene_advance(s, POLL_MS - (loop_now(s->loop) + POLL_LEAD_MS) % POLL_MS);
}

/* A station that was told, and the events about it forgotten. */
static struct scene_station *known(uint16_t mac)
{
    struct scene_station *station = scene_station(s, wlan0, mac);

    poll();
    assert_non_null(strstr(scene_said(s), "joined"));
    return station;
}

static void fault(enum scene_fault fault, unsigned times)
{
    s->fault = fault;
    s->fault_command = NL80211_CMD_GET_STATION;
    s->fault_times = times;
}

/* --- samples --- */

static void a_poll_tells_who_is_there_and_how_loud(void **state)
{
    (void)state;
    scene_station(s, wlan0, 0xa)->signal = -51;
    struct scene_station *other = scene_station(s, wlan0, 0xb);
    other->signal = -77;
    other->inactive = 300;
    poll();
    assert_said("joined 0a ap 0 p=0 vlan=0 ssid=net\n"
                "sample 0a ap 0 -51 age=0\n"
                "joined 0b ap 0 p=0 vlan=0 ssid=net\n"
                "sample 0b ap 0 -77 age=300\n"
                "ap 0 is 01/0 up ch1 clients=2\n");
}

static void the_stations_of_an_ap_are_told_as_soon_as_it_is_found(void **state)
{
    (void)state;
    wlan0->frequency = 0;
    scene_event(s, NL80211_CMD_STOP_AP, wlan0->ifindex, NULL);
    (void)scene_said(s);
    (void)scene_station(s, wlan0, 0xa);
    wlan0->frequency = SCENE_CHANNEL_6;
    scene_event(s, NL80211_CMD_START_AP, wlan0->ifindex, NULL);
    assert_non_null(strstr(scene_said(s), "sample 0a ap 0 -40 age=0"));
}

static void the_same_frame_is_not_told_twice(void **state)
{
    struct scene_station *station = known(0xa);

    (void)state;
    station->inactive = POLL_MS - 7; /* the kernel's clock ticks in steps */
    poll();
    assert_said("");
    station->inactive = 2 * POLL_MS + 10;
    poll();
    assert_said("");
    station->inactive = 500;
    poll();
    assert_said("sample 0a ap 0 -40 age=500\n");
}

static void a_signal_of_0_dbm_or_more_is_counted_and_never_told(void **state)
{
    static const int faults[] = {0, 1, 127, -128};

    (void)state;
    struct scene_station *station = known(0xa);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        station->signal = faults[i];
        poll();
        assert_said("");
        assert_int_equal(scene_counted(s, "stations", "invalid-samples"), i + 1);
    }
}

static void a_station_without_any_signal_is_a_client_without_a_reading(void **state)
{
    (void)state;
    scene_station(s, wlan0, 0xa)->signal = 1000;
    poll();
    assert_said("joined 0a ap 0 p=0 vlan=0 ssid=net\nap 0 is 01/0 up ch1 clients=1\n");
    assert_true(scene_counted(s, "stations", "invalid-samples") > 0);
}

static void without_the_last_signal_the_average_is_taken(void **state)
{
    (void)state;
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    station->signal = 1000;
    station->average = -66;
    poll();
    assert_non_null(strstr(scene_said(s), "sample 0a ap 0 -66 age=0\n"));
}

static void several_chains_are_told_beside_the_combined_reading(void **state)
{
    static const int8_t chains[] = {-41, -44, -128, -47, -50};

    (void)state;
    struct scene_station *station = known(0xa);
    memcpy(station->chains, chains, sizeof(chains));
    station->chain_count = 5;
    poll();
    assert_said("sample 0a ap 0 -40 age=0\n"
                "sample 0a ap 0 a=0 -41 age=0\n"
                "sample 0a ap 0 a=1 -44 age=0\n"
                "sample 0a ap 0 a=3 -47 age=0\n");
    station->chain_count = 1;
    poll();
    assert_said("sample 0a ap 0 -40 age=0\n");
}

static void the_snr_is_told_when_the_noise_is_known(void **state)
{
    (void)state;
    s->survey.frequency = SCENE_CHANNEL_1;
    s->survey.noise = -90;
    struct scene_station *station = known(0xa);
    scene_advance(s, 10000);
    (void)scene_said(s);
    station->signal = -71;
    poll();
    assert_said("sample 0a ap 0 -71 snr=19 age=0\n");
    station->signal = -95;
    poll();
    assert_said("sample 0a ap 0 -95 snr=-5 age=0\n");
}

/* --- who is a client --- */

static void stations_of_other_interfaces_are_no_clients(void **state)
{
    static const uint32_t types[] = {NL80211_IFTYPE_STATION, NL80211_IFTYPE_MESH_POINT,
                                     NL80211_IFTYPE_ADHOC, NL80211_IFTYPE_MONITOR};

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        struct scene_interface *interface = scene_ap(s, i + 1, 0);
        interface->type = types[i];
        scene_event(s, NL80211_CMD_NEW_INTERFACE, interface->ifindex, NULL);
        struct scene_station *station = scene_station(s, interface, (uint16_t)(0x20 + i));
        scene_event(s, NL80211_CMD_NEW_STATION, 0, station);
    }
    poll();
    assert_said("");
}

static void tdls_peers_and_stations_that_are_not_associated_are_no_clients(void **state)
{
    (void)state;
    struct scene_station *peer = scene_station(s, wlan0, 0xa);
    peer->flags_known |= 1U << NL80211_STA_FLAG_TDLS_PEER;
    peer->flags |= 1U << NL80211_STA_FLAG_TDLS_PEER;
    struct scene_station *stranger = scene_station(s, wlan0, 0xb);
    stranger->flags = 0;
    poll();
    assert_said("");
    stranger->flags = stranger->flags_known;
    poll();
    assert_int_equal(strncmp(scene_said(s), "joined 0b", 9), 0);
}

static void a_station_whose_flags_are_not_told_is_taken_as_listed(void **state)
{
    (void)state;
    scene_station(s, wlan0, 0xa)->flags_known = 0;
    poll();
    assert_int_equal(strncmp(scene_said(s), "joined 0a", 9), 0);
}

static void a_station_of_a_vlan_has_its_number_and_the_ssid_of_the_ap(void **state)
{
    (void)state;
    struct scene_interface *vlan = scene_ap(s, 1, 0);
    vlan->type = NL80211_IFTYPE_AP_VLAN;
    vlan->mac = wlan0->mac;
    vlan->ssid = NULL;
    vlan->frequency = 0; /* some drivers tell the AP's channel only */
    (void)snprintf(vlan->name, sizeof(vlan->name), "wlan0.12");
    (void)scene_station(s, vlan, 0xa);
    scene_event(s, NL80211_CMD_NEW_INTERFACE, vlan->ifindex, NULL);
    assert_int_equal(strncmp(scene_said(s), "joined 0a ap 0 p=0 vlan=12 ssid=net\n", 36), 0);
}

static void an_interface_that_is_no_vlan_by_its_name_has_none(void **state)
{
    static const char *const names[] = {"wlan0.sta1", "wlan0.", "wlan0.5000", "wlan0.-1"};

    (void)state;
    for (uint16_t i = 0; i < 4; i++) {
        struct scene_interface *vlan = scene_ap(s, 1U + i, 0);
        vlan->type = NL80211_IFTYPE_AP_VLAN;
        (void)snprintf(vlan->name, sizeof(vlan->name), "%s", names[i]);
        (void)scene_station(s, vlan, 0xa);
        scene_event(s, NL80211_CMD_NEW_INTERFACE, vlan->ifindex, NULL);
        assert_non_null(strstr(scene_said(s), "vlan=0"));
        vlan->present = false;
        s->stations[0].present = false;
        scene_event(s, NL80211_CMD_DEL_INTERFACE, vlan->ifindex, NULL);
        (void)scene_said(s);
    }
}

static void the_protocol_is_the_most_modern_one_seen(void **state)
{
    (void)state;
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    station->rate_kind = NL80211_RATE_INFO_BITRATE32;
    station->rate = 10;
    poll();
    assert_non_null(strstr(scene_said(s), "joined 0a ap 0 p=1 "));
    station->rate_kind = NL80211_RATE_INFO_HE_MCS;
    poll();
    assert_said("joined 0a ap 0 p=6 vlan=0 ssid=net\nsample 0a ap 0 -40 age=0\n");
    station->rate_kind = NL80211_RATE_INFO_BITRATE32;
    station->rate = 60;
    poll();
    assert_said("sample 0a ap 0 -40 age=0\n");
}

/* --- statistics --- */

static void statistics_are_told_at_most_every_10_s(void **state)
{
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    unsigned told = 0;

    (void)state;
    station->counts = true;
    station->rx_bytes = UINT64_C(5000000000);
    station->rate_kind = NL80211_RATE_INFO_BITRATE32;
    station->rate = 60;
    poll();
    assert_non_null(strstr(scene_said(s), "statistics 0a ap 0 rx=5000000000 rate=6000\n"));
    for (int i = 0; i < 30; i++) { /* a minute */
        station->rx_bytes++;
        poll();
        if (strstr(scene_said(s), "statistics 0a") != NULL)
            told++;
    }
    assert_int_equal(told, 6);
}

static void counters_that_are_all_0_are_no_statistics(void **state)
{
    struct scene_station *station = scene_station(s, wlan0, 0xa);

    (void)state;
    station->counts = true;
    for (int i = 0; i < 10; i++) {
        poll();
        assert_null(strstr(scene_said(s), "statistics"));
    }
    station->rx_bytes = 1;
    poll();
    assert_non_null(strstr(scene_said(s), "statistics 0a ap 0 rx=1 rate=0\n"));
}

static void a_new_ssid_is_told_with_its_clients(void **state)
{
    (void)state;
    (void)known(0xa);
    wlan0->ssid = "other";
    scene_event(s, NL80211_CMD_SET_INTERFACE, wlan0->ifindex, NULL);
    poll();
    assert_int_equal(strncmp(scene_said(s), "joined 0a ap 0 p=0 vlan=0 ssid=other\n", 36), 0);
}

static void clients_of_a_suppressed_interface_are_told_as_such_at_the_next_poll(void **state)
{
    char names[][SETTINGS_IFNAME_SIZE] = {"elsewhere", "wlan0"};

    (void)state;
    (void)known(0xa);
    s->settings.suppressed = names;
    s->settings.suppressed_count = 1;
    scene_configure(s);
    poll();
    assert_null(strstr(scene_said(s), "joined"));
    s->settings.suppressed_count = 2;
    scene_configure(s);
    poll();
    assert_int_equal(strncmp(scene_said(s), "joined 0a ap 0 p=0 vlan=0 ssid=net suppressed\n", 46),
                     0);
    poll();
    assert_null(strstr(scene_said(s), "joined"));
    s->settings.suppressed_count = 0;
    scene_configure(s);
    poll();
    assert_int_equal(strncmp(scene_said(s), "joined 0a ap 0 p=0 vlan=0 ssid=net\n", 35), 0);
}

static void a_vlan_is_suppressed_with_its_interface(void **state)
{
    char names[][SETTINGS_IFNAME_SIZE] = {"wlan0"};
    struct scene_interface *vlan = scene_ap(s, 1, 0);

    (void)state;
    s->settings.suppressed = names;
    s->settings.suppressed_count = 1;
    scene_configure(s);
    vlan->type = NL80211_IFTYPE_AP_VLAN;
    vlan->mac = wlan0->mac;
    vlan->ssid = NULL;
    (void)snprintf(vlan->name, sizeof(vlan->name), "wlan0.12");
    (void)scene_station(s, vlan, 0xa);
    scene_event(s, NL80211_CMD_NEW_INTERFACE, vlan->ifindex, NULL);
    assert_int_equal(strncmp(scene_said(s), "joined 0a ap 0 p=0 vlan=12 ssid=net suppressed\n", 47),
                     0);
}

static void a_mac_that_no_station_can_have_is_malformed(void **state)
{
    (void)state;
    scene_station(s, wlan0, 0xa)->multicast = true;
    poll();
    assert_said("");
    assert_int_equal(scene_counted(s, "stations", "malformed"), 1);
}

/* --- coming and going --- */

static void who_is_missing_from_a_complete_dump_has_left(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    (void)known(0xb);
    (void)scene_said(s);
    station->present = false;
    s->generation++;
    poll();
    assert_said("sample 0b ap 0 -40 age=0\nleft 0a ap 0\nap 0 is 01/0 up ch1 clients=1\n");
}

static void who_is_missing_from_an_interrupted_dump_stays_until_a_complete_one(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    station->present = false;
    fault(FAULT_INTERRUPT, 3);
    poll();
    assert_said("");
    assert_int_equal(scene_counted(s, "stations", "dumps-interrupted"), 3);
    assert_int_equal(scene_counted(s, "stations", "dumps-abandoned"), 1);
    poll();
    assert_said("left 0a ap 0\nap 0 is 01/0 up ch1 clients=0\n");
}

static void an_interrupted_dump_is_repeated_at_once_a_few_times(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    station->present = false;
    fault(FAULT_INTERRUPT, 2);
    poll();
    assert_said("left 0a ap 0\nap 0 is 01/0 up ch1 clients=0\n");
    assert_int_equal(scene_counted(s, "stations", "dumps-interrupted"), 2);
    assert_int_equal(scene_counted(s, "stations", "dumps-abandoned"), 0);
}

static void a_dump_whose_generation_changes_is_incomplete(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    (void)known(0xb);
    (void)known(0xc);
    (void)scene_said(s);
    station->present = false;
    fault(FAULT_GENERATION, 3);
    poll();
    assert_null(strstr(scene_said(s), "left"));
    assert_int_equal(scene_counted(s, "stations", "dumps-abandoned"), 1);
    poll();
    assert_non_null(strstr(scene_said(s), "left 0a"));
}

static void a_dump_without_an_answer_makes_nobody_leave_and_is_counted(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    station->present = false;
    fault(FAULT_SILENT, 1);
    poll();
    scene_advance(s, NETLINK_DEADLINE_MS);
    assert_said("");
    assert_int_equal(scene_counted(s, "stations", "timeouts"), 1);
    assert_non_null(strstr(scene_warned(s), "cannot be listed (no answer)"));
    poll();
    assert_said("left 0a ap 0\nap 0 is 01/0 up ch1 clients=0\n");
}

static void a_dump_that_keeps_failing_is_said_once(void **state)
{
    char said[80];

    (void)state;
    (void)snprintf(said, sizeof(said), "cannot be listed (%s)", strerror(EIO));
    (void)known(0xa);
    s->fault_error = EIO;
    fault(FAULT_REFUSE, 10);
    poll();
    assert_non_null(strstr(scene_warned(s), said));
    for (int i = 0; i < 9; i++)
        poll();
    assert_string_equal(scene_warned(s), "");
    assert_int_equal(scene_counted(s, "stations", "errors"), 10);
    assert_said("");
}

static void one_radio_that_fails_does_not_hold_up_the_other(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    struct scene_interface *wlan1 = scene_ap(s, 1, 1);
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    (void)scene_station(s, wlan1, 0xb);
    (void)scene_said(s);
    s->fault_ifindex = wlan0->ifindex;
    fault(FAULT_SILENT, 100);
    poll();
    scene_advance(s, NETLINK_DEADLINE_MS);
    assert_non_null(strstr(scene_said(s), "sample 0b ap 1"));
}

static void a_station_that_is_deleted_has_left_at_once(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    station->present = false;
    scene_event(s, NL80211_CMD_DEL_STATION, 0, station);
    assert_said("left 0a ap 0\nap 0 is 01/0 up ch1 clients=0\n");
    scene_event(s, NL80211_CMD_DEL_STATION, 0, station);
    assert_said("");
}

static void a_new_station_is_told_when_it_has_associated(void **state)
{
    (void)state;
    s->settings.default_poll_seconds = 60;
    scene_configure(s);
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    station->flags = 0;
    station->signal = 0;
    struct scene_station event = *station;
    event.flags_known = 0; /* as mac80211 sends it */
    scene_event(s, NL80211_CMD_NEW_STATION, 0, &event);
    scene_advance(s, 200);
    assert_said("");
    station->flags = station->flags_known;
    station->signal = -40;
    scene_advance(s, 200);
    assert_said("joined 0a ap 0 p=0 vlan=0 ssid=net\n"
                "sample 0a ap 0 -40 age=0\n"
                "ap 0 is 01/0 up ch1 clients=1\n");
}

static void an_event_that_tells_the_association_is_believed_at_once(void **state)
{
    (void)state;
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    scene_event(s, NL80211_CMD_NEW_STATION, 0, station);
    assert_int_equal(strncmp(scene_said(s), "joined 0a", 9), 0);
}

static void a_station_that_never_associates_costs_a_few_early_rounds_only(void **state)
{
    (void)state;
    s->settings.default_poll_seconds = 60;
    scene_configure(s);
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    station->flags = 0;
    unsigned asked = s->asked[NL80211_CMD_GET_STATION];
    scene_event(s, NL80211_CMD_NEW_STATION, 0, station);
    scene_advance(s, 10000);
    assert_int_equal(s->asked[NL80211_CMD_GET_STATION], asked + 3);
    assert_said("");
}

static void a_first_reading_that_is_invalid_is_followed_by_an_early_one(void **state)
{
    (void)state;
    s->settings.default_poll_seconds = 60;
    scene_configure(s);
    struct scene_station *station = scene_station(s, wlan0, 0xa);
    station->signal = 0;
    scene_event(s, NL80211_CMD_NEW_STATION, 0, station);
    scene_advance(s, 200);
    assert_null(strstr(scene_said(s), "sample"));
    station->signal = -40;
    scene_advance(s, 200);
    assert_said("sample 0a ap 0 -40 age=0\n");
}

static void a_station_that_moves_to_another_bss_of_the_radio_stays_a_client(void **state)
{
    (void)state;
    struct scene_interface *wlan1 = scene_ap(s, 1, 0);
    wlan1->ssid = "second";
    scene_event(s, NL80211_CMD_NEW_INTERFACE, wlan1->ifindex, NULL);
    struct scene_station *station = known(0xa);
    struct scene_station old = *station;
    station->ifindex = wlan1->ifindex;
    scene_event(s, NL80211_CMD_NEW_STATION, 0, station);
    assert_int_equal(strncmp(scene_said(s), "joined 0a ap 0 p=0 vlan=0 ssid=second\n", 38), 0);
    scene_event(s, NL80211_CMD_DEL_STATION, 0, &old);
    poll();
    assert_null(strstr(scene_said(s), "left"));
}

static void a_station_that_moves_to_another_radio_is_a_client_there(void **state)
{
    (void)state;
    (void)scene_wiphy(s, 1);
    struct scene_interface *wlan1 = scene_ap(s, 1, 1);
    scene_event(s, NL80211_CMD_NEW_WIPHY, 0, NULL);
    struct scene_station *station = known(0xa);
    station->ifindex = wlan1->ifindex;
    poll();
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "left 0a ap 0\n"));
    assert_non_null(strstr(said, "joined 0a ap 1 "));
}

static void an_interface_that_stops_loses_its_clients_before_the_ap_is_down(void **state)
{
    (void)state;
    (void)known(0xa);
    wlan0->frequency = 0;
    scene_event(s, NL80211_CMD_STOP_AP, wlan0->ifindex, NULL);
    assert_said("left 0a ap 0\nap 0 is 01/0 down clients=0\n");
}

static void an_interface_that_is_removed_loses_its_clients_and_the_radio_goes_on(void **state)
{
    (void)state;
    struct scene_interface *wlan1 = scene_ap(s, 1, 0);
    scene_event(s, NL80211_CMD_NEW_INTERFACE, wlan1->ifindex, NULL);
    (void)scene_station(s, wlan1, 0xb);
    (void)known(0xa);
    wlan1->present = false;
    s->fault_ifindex = wlan1->ifindex;
    s->fault_error = ENODEV;
    fault(FAULT_REFUSE, 1);
    poll(); /* the dump finds out before the event comes */
    assert_non_null(strstr(scene_said(s), "left 0b ap 0\n"));
    assert_string_equal(scene_warned(s), "");
    poll();
    assert_said("sample 0a ap 0 -40 age=0\n");
}

static void a_new_identity_has_all_its_clients_again(void **state)
{
    (void)state;
    (void)known(0xa);
    s->settings.base_mac = scene_mac(0x99);
    scene_configure(s);
    assert_said("ap 0 gone\nap 0 is 99/0 up ch1 clients=1\njoined 0a ap 0 p=0 vlan=0 ssid=net\n");
    poll();
    assert_said("sample 0a ap 0 -40 age=0\n");
}

/* --- many, and lost --- */

static void a_departure_during_a_dump_makes_it_incomplete(void **state)
{
    (void)state;
    /* So many that their dump takes several turns. */
    for (uint16_t i = 0; i < 2000; i++)
        (void)scene_station(s, wlan0, i);
    poll();
    (void)scene_said(s);
    uint64_t complete = scene_counted(s, "stations", "dumps");
    scene_advance(s, POLL_MS - 1);
    loop_advance(s->loop, 1);
    assert_int_equal(scene_counted(s, "stations", "dumps"), complete); /* it is under way */
    s->stations[1].present = false;
    scene_event(s, NL80211_CMD_DEL_STATION, 0, &s->stations[1]);
    assert_int_equal(scene_counted(s, "stations", "dumps-interrupted"), 1);
    assert_int_equal(scene_counted(s, "stations", "dumps"), complete + 1);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "left 01 ap 0\n"));
    assert_non_null(strstr(said, "ap 0 is 01/0 up ch1 clients=1999\n"));
}

static void lost_events_are_counted_and_everything_is_dumped_again(void **state)
{
    (void)state;
    struct scene_station *station = known(0xa);
    station->present = false;
    (void)scene_wiphy(s, 1);
    (void)scene_ap(s, 1, 1);
    scene_overrun(s);
    scene_overrun(s);
    assert_said("");
    scene_advance(s, 100);
    const char *said = scene_said(s);
    assert_non_null(strstr(said, "left 0a ap 0\n"));
    assert_non_null(strstr(said, "ap 1 is 01/1 up"));
    assert_int_equal(scene_counted(s, "stations", "overruns"), 2);
    const char *warned = scene_warned(s);
    assert_non_null(strstr(warned, "events of the kernel were lost"));
    assert_null(strstr(strstr(warned, "lost") + 1, "lost"));
}

static void known_stations_are_polled_without_any_allocation_of_ours(void **state)
{
    (void)state;
    /* The fake kernel allocates a datagram for each put: all that is counted is its own. */
    for (uint16_t i = 0; i < 20; i++)
        (void)scene_station(s, wlan0, (uint16_t)(0x10 + i));
    poll();
    poll();
    failing_reset();
    poll();
    /* One datagram of stations and the end of the dump, unless it was the survey's turn. */
    assert_int_equal(failing_count(FAILING_MALLOC), 2);
}

static void stations_beyond_the_capacity_are_counted_and_said_once(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < STATIONS_MAX + 3; i++)
        (void)scene_station(s, wlan0, i);
    poll();
    (void)scene_said(s);
    assert_int_equal(scene_counted(s, "stations", "untracked"), 3);
    assert_non_null(strstr(scene_warned(s), "more than 2048 stations"));
    poll();
    assert_string_equal(scene_warned(s), "");
    assert_null(strstr(scene_said(s), "left"));
}

static void without_memory_a_station_waits_for_the_next_poll(void **state)
{
    (void)state;
    (void)scene_station(s, wlan0, 0xa);
    /* The fake kernel's two datagrams come before the table. */
    failing_reset();
    failing_malloc_at(3);
    poll();
    assert_true(failing_hit());
    failing_reset();
    assert_said("");
    poll();
    assert_int_equal(strncmp(scene_said(s), "joined 0a", 9), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_poll_tells_who_is_there_and_how_loud),
        TEST(the_stations_of_an_ap_are_told_as_soon_as_it_is_found),
        TEST(the_same_frame_is_not_told_twice),
        TEST(a_signal_of_0_dbm_or_more_is_counted_and_never_told),
        TEST(a_station_without_any_signal_is_a_client_without_a_reading),
        TEST(without_the_last_signal_the_average_is_taken),
        TEST(several_chains_are_told_beside_the_combined_reading),
        TEST(the_snr_is_told_when_the_noise_is_known),
        TEST(stations_of_other_interfaces_are_no_clients),
        TEST(tdls_peers_and_stations_that_are_not_associated_are_no_clients),
        TEST(a_station_whose_flags_are_not_told_is_taken_as_listed),
        TEST(a_station_of_a_vlan_has_its_number_and_the_ssid_of_the_ap),
        TEST(an_interface_that_is_no_vlan_by_its_name_has_none),
        TEST(the_protocol_is_the_most_modern_one_seen),
        TEST(statistics_are_told_at_most_every_10_s),
        TEST(counters_that_are_all_0_are_no_statistics),
        TEST(a_new_ssid_is_told_with_its_clients),
        TEST(clients_of_a_suppressed_interface_are_told_as_such_at_the_next_poll),
        TEST(a_vlan_is_suppressed_with_its_interface),
        TEST(a_mac_that_no_station_can_have_is_malformed),
        TEST(who_is_missing_from_a_complete_dump_has_left),
        TEST(who_is_missing_from_an_interrupted_dump_stays_until_a_complete_one),
        TEST(an_interrupted_dump_is_repeated_at_once_a_few_times),
        TEST(a_dump_whose_generation_changes_is_incomplete),
        TEST(a_dump_without_an_answer_makes_nobody_leave_and_is_counted),
        TEST(a_dump_that_keeps_failing_is_said_once),
        TEST(one_radio_that_fails_does_not_hold_up_the_other),
        TEST(a_station_that_is_deleted_has_left_at_once),
        TEST(a_new_station_is_told_when_it_has_associated),
        TEST(an_event_that_tells_the_association_is_believed_at_once),
        TEST(a_station_that_never_associates_costs_a_few_early_rounds_only),
        TEST(a_first_reading_that_is_invalid_is_followed_by_an_early_one),
        TEST(a_station_that_moves_to_another_bss_of_the_radio_stays_a_client),
        TEST(a_station_that_moves_to_another_radio_is_a_client_there),
        TEST(an_interface_that_stops_loses_its_clients_before_the_ap_is_down),
        TEST(an_interface_that_is_removed_loses_its_clients_and_the_radio_goes_on),
        TEST(a_new_identity_has_all_its_clients_again),
        TEST(a_departure_during_a_dump_makes_it_incomplete),
        TEST(lost_events_are_counted_and_everything_is_dumped_again),
        TEST(known_stations_are_polled_without_any_allocation_of_ours),
        TEST(stations_beyond_the_capacity_are_counted_and_said_once),
        TEST(without_memory_a_station_waits_for_the_next_poll),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
