/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/receive.h"
#include "platform/air/test-air.h"
#include "tests/unit/failing.h"

#include <linux/nl80211.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BEACON = 0x80, PROBE = 0x40, RESPONSE = 0x50, DATA = 0x08, TO = 1, FROM = 2, BOTH = 3 };
enum { ALL = 0xff }; /* the tail of the broadcast address */

static struct air *air;
static struct receive *receive;
static int signal_now = -60;

static int set_up(void **state)
{
    (void)state;
    signal_now = -60;
    air = air_new();
    receive = receive_new(&air->setup);
    receive_interfaces_changed(receive);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    receive_free(receive);
    air_free(air);
    return 0;
}

static struct mac address(unsigned tail)
{
    static const struct mac groups[] = {{{0x01, 0x40, 0x96, 0, 0, 3}},
                                        {{0x01, 0x0c, 0xcc, 0, 0, 0}}};

    if (tail == 0x1000 || tail == 0x1001)
        return groups[tail - 0x1000];
    return tail == ALL ? (struct mac){{255, 255, 255, 255, 255, 255}} : scene_mac((uint16_t)tail);
}

enum { CCX = 0x1000, AEROSCOUT = 0x1001 };

/* Radiotap with channel 1 and the signal, a header, a body. */
static void hear_on(const char *ifname, uint8_t control, uint8_t flags, unsigned a1, unsigned a2,
                    unsigned a3, const char *body, size_t len)
{
    const struct inventory_interface interface = air_find(air, ifname);
    const struct mac addresses[] = {address(a1), address(a2), address(a3)};
    const uint8_t tap[] = {0, 0, 13, 0, 0x28, 0, 0, 0, 0x6c, 0x09, 0, 0, (uint8_t)signal_now};
    uint8_t bytes[800];
    struct writer w = writer_of(bytes, sizeof(bytes));

    writer_bytes(&w, tap, sizeof(tap));
    writer_u8(&w, control);
    writer_u8(&w, flags);
    writer_u16(&w, 0);
    for (size_t i = 0; i < 3; i++)
        writer_mac(&w, &addresses[i]);
    writer_u8(&w, 0x50);
    writer_u8(&w, 0);
    writer_bytes(&w, body, len);
    assert_false(w.failed);
    receive_frame(receive, &interface, bytes, w.used, w.used);
}

#define HEAR(control, flags, a1, a2, a3, body) \
    hear_on("wlan0", control, flags, a1, a2, a3, body, sizeof(body) - 1)
#define NET               "ttttttttii\x01\0\0\3net\3\1\13"
#define assert_said(text) assert_string_equal(air_said(air), text)

/* --- rogue APs --- */

static void a_foreign_beacon_is_a_rogue_ap_with_facts(void **state)
{
    (void)state;
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    assert_said("sample 20 ap 0 rogue beacon -60 age=0\nrogue 20 ap 0 rogue b1 ch11 e0 net\n");
    scene_advance(air->scene, 100);
    HEAR(RESPONSE, 0, 5, 0x20, 0x20, NET);
    assert_said("sample 20 ap 0 rogue beacon -60 age=0\n");
}

static void facts_are_told_again_when_they_change_and_after_a_while(void **state)
{
    (void)state;
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    scene_advance(air->scene, 100);
    (void)air_said(air);
    HEAR(BEACON, 0, ALL, 0x20, 0x20, "ttttttttii\x11\0\0\3new\3\1\13");
    assert_said("sample 20 ap 0 rogue beacon -60 age=0\nrogue 20 ap 0 rogue b1 ch11 e1 new\n");
    scene_advance(air->scene, ROGUES_REPEAT_MS);
    HEAR(BEACON, 0, ALL, 0x20, 0x20, "ttttttttii\x11\0\0\0\3\1\13");
    assert_said("sample 20 ap 0 rogue beacon -60 age=0\nrogue 20 ap 0 rogue b1 ch11 e1 new\n");
}

static void what_our_own_interfaces_send_is_nothing(void **state)
{
    (void)state;
    (void)air_interface(air, "sta0", 5, 1, NL80211_IFTYPE_STATION);
    receive_interfaces_changed(receive);
    HEAR(BEACON, 0, ALL, 0x80, 0x80, NET);
    HEAR(DATA, FROM, 5, 0x81, 6, "x");
    HEAR(PROBE, 0, ALL, 0x85, ALL, "");
    assert_said("");
}

static void our_uplink_is_no_rogue(void **state)
{
    const struct mac uplink = scene_mac(0x30);

    (void)state;
    rogues_trust(air->rogues, &uplink, loop_now(air->scene->loop));
    HEAR(BEACON, 0, ALL, 0x30, 0x30, NET);
    assert_said("");
    HEAR(DATA, TO, 0x30, 7, ALL, "x");
    assert_said("sample 07 ap 0 client data -60 age=0\n");
    scene_advance(air->scene, ROGUES_TRUST_MS);
    HEAR(BEACON, 0, ALL, 0x30, 0x30, NET);
    assert_said("sample 30 ap 0 rogue beacon -60 age=0\nrogue 30 ap 0 rogue b1 ch11 e0 net\n");
}

/* Neither ESS nor IBSS, no name, elements mesh configuration and mesh id; IBSS; both, which is
 * nonsense. */
static void mesh_points_and_ad_hoc_networks_are_no_rogues_and_counted(void **state)
{
    (void)state;
    HEAR(BEACON, 0, ALL, 0x20, 0x20, "ttttttttii\x00\0\0\0\x71\7\1\1\0\1\0\0\x9\x72\4mesh");
    HEAR(BEACON, 0, ALL, 0x21, 0x21,
         "ttttttttii\x02\0\0\x8"
         "freifunk\3\1\13");
    HEAR(BEACON, 0, ALL, 0x22, 0x22, "ttttttttii\x03\0\0\3net\3\1\13");
    assert_said("");
    assert_int_equal(air_counted(air, "monitor", "other-networks"), 3);
    /* Whoever talks to one is a client as any other. */
    HEAR(DATA, TO, 0x20, 0x30, 0x31, "xxxxxxxx");
    assert_said("sample 30 ap 0 client data -60 age=0\n");
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    assert_said("sample 20 ap 0 rogue beacon -60 age=0\nrogue 20 ap 0 rogue b1 ch11 e0 net\n");
}

static void a_beacon_in_anothers_name_is_nothing(void **state)
{
    (void)state;
    HEAR(BEACON, 0, ALL, 0x20, 0x21, NET);
    assert_said("");
}

/* --- stations --- */

static void probes_and_data_of_stations_are_clients(void **state)
{
    (void)state;
    HEAR(PROBE, 0, ALL, 5, ALL, "");
    HEAR(DATA, TO, 0x81, 6, ALL, "x");
    HEAR(DATA, 0, 9, 7, 0x44, "x");
    assert_said("sample 05 ap 0 client probe -60 age=0\n"
                "sample 06 ap 0 client data -60 age=0\n"
                "sample 07 ap 0 client data -60 age=0\n");
}

static void who_talks_to_a_rogue_ap_is_its_client(void **state)
{
    (void)state;
    HEAR(DATA, TO, 0x20, 5, ALL, "x");
    assert_said("sample 05 ap 0 client data -60 age=0\n");
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    (void)air_said(air);
    HEAR(DATA, TO, 0x20, 5, ALL, "x");
    assert_said("sample 05 ap 0 roguec data -60 age=0\nrogue 05 ap 0 roguec b1 ch11 e0 net\n");
    HEAR(PROBE, 0, ALL, 5, ALL, "");
    assert_said("sample 05 ap 0 roguec probe -60 age=0\n");
    HEAR(DATA, FROM, 5, 0x20, 9, "xy");
    assert_said("sample 20 ap 0 rogue data -60 age=0\n");
    receive_tell_statistics(receive);
    assert_said("statistics 05 ap 0 roguec rx=1/25 tx=1/26\n");
    receive_tell_statistics(receive);
    assert_said("");
}

static void a_rogue_client_that_moved_or_fell_silent_is_a_client_again(void **state)
{
    (void)state;
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    HEAR(DATA, TO, 0x20, 5, ALL, "x");
    HEAR(DATA, TO, 0x20, 6, ALL, "x");
    HEAR(DATA, TO, 0x80, 5, ALL, "x");
    (void)air_said(air);
    HEAR(PROBE, 0, ALL, 5, ALL, "");
    assert_said("sample 05 ap 0 client probe -60 age=0\n");
    scene_advance(air->scene, RECEIVE_ROGUE_MS);
    HEAR(PROBE, 0, ALL, 6, ALL, "");
    assert_said("sample 06 ap 0 client probe -60 age=0\n");
}

static void an_associated_client_stays_one_whatever_is_sent_in_its_name(void **state)
{
    (void)state;
    (void)scene_station(air->scene, air->wlan0, 5);
    scene_advance(air->scene, 4000);
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    (void)air_said(air);
    HEAR(DATA, TO, 0x20, 5, ALL, "x");
    HEAR(DATA, 0, CCX, 5, 0x20, "tag");
    HEAR(BEACON, 0, ALL, 5, 5, NET);
    assert_said("sample 05 ap 0 client data -60 age=0\nsample 05 ap 0 client data -60 age=0\n");
}

static void frames_between_aps_are_nothing(void **state)
{
    (void)state;
    HEAR(DATA, BOTH, 0x20, 0x21, 5, "\2\0\0\0\0\6x");
    HEAR(DATA, FROM, 5, 0x21, 6, "x");
    assert_said("");
}

/* --- tags --- */

static void a_tags_frame_is_told_with_its_payload(void **state)
{
    (void)state;
    HEAR(DATA, 0, CCX, 9, 0x44, "\xaa\xaa\3\0\x40\x96\0\0hello");
    assert_said("sample 09 ap 0 tag data -60 age=0\ntag 09 ap 0 v=0 seq=5 ch=1 hello\n");
    HEAR(DATA, BOTH, AEROSCOUT, 8, 0x44, "\2\0\0\0\0\10");
    assert_said("sample 08 ap 0 tag data -60 age=0\ntag 08 ap 0 v=2 seq=5 ch=1 \n");
    receive_tell_statistics(receive);
    assert_non_null(strstr(air_said(air), "statistics 09 ap 0 tag rx=1/37 tx=0/0\n"));
}

static void a_payload_of_more_than_500_bytes_is_cut(void **state)
{
    static char body[600];
    char expected[700];

    (void)state;
    memset(body, 'x', sizeof(body));
    hear_on("wlan0", DATA, 0, CCX, 9, 0x44, body, sizeof(body));
    (void)snprintf(expected, sizeof(expected),
                   "sample 09 ap 0 tag data -60 age=0\ntag 09 ap 0 v=0 seq=5 ch=1 %.500s\n", body);
    assert_said(expected);
}

/* --- whose readings --- */

static void a_radio_without_an_ap_lends_its_readings_to_the_one_of_that_band(void **state)
{
    (void)state;
    (void)scene_wiphy(air->scene, 2);
    scene_event(air->scene, NL80211_CMD_NEW_WIPHY, 0, NULL);
    (void)air_interface(air, "mon2", 6, 2, NL80211_IFTYPE_MONITOR);
    hear_on("mon2", PROBE, 0, ALL, 5, ALL, "", 0);
    assert_said("sample 05 ap 0 client probe -60 age=0\n");
    hear_on("wlan1", PROBE, 0, ALL, 5, ALL, "", 0);
    assert_said("sample 05 ap 1 client probe -60 age=0\n");
}

static void without_any_ap_nothing_is_told(void **state)
{
    const struct inventory_interface nowhere = {0};

    (void)state;
    air->scene->interfaces[0].present = false;
    air->scene->interfaces[1].present = false;
    air->scene->wiphys[0].present = false;
    air->scene->wiphys[1].present = false;
    scene_event(air->scene, NL80211_CMD_DEL_WIPHY, 0, NULL);
    receive_frame(receive, &nowhere, "\0\0\x9\0\x20\0\0\0\xc4\x40\0\0\0??????\2\0\0\0\0\5??????\0",
                  33, 33);
    assert_said("");
}

static void a_disabled_radio_tells_nothing(void **state)
{
    struct inventory_interface interface = air_find(air, "wlan0");
    struct radio_ap ap;

    (void)state;
    interface.is_disabled = true;
    assert_false(rogues_ap(air->rogues, &interface, RADIO_BAND_2GHZ, &ap));
}

/* --- what is no measurement --- */

static void no_signal_and_signals_of_0_and_above_are_counted_not_told(void **state)
{
    static const int wrong[] = {0, 1, 127, -128};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        signal_now = wrong[i];
        HEAR(PROBE, 0, ALL, 5, ALL, "");
        HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    }
    assert_said("");
    assert_int_equal(air_counted(air, "stations", "invalid-samples"), 8);
    assert_int_equal(air_counted(air, "monitor", "frames"), 8);
}

/* Both tables have room for 2,048. */
static void rogues_and_tags_beyond_what_is_remembered_are_counted(void **state)
{
    (void)state;
    HEAR(BEACON, 0, ALL, 0x20, 0x20, NET);
    HEAR(DATA, 0, CCX, 0x21, CCX, "");
    assert_int_equal(air_counted(air, "monitor", "forgotten"), 0);
    for (unsigned tail = 0x2000; tail < 0x2000 + 2 * ROGUES_MAX; tail++) {
        HEAR(BEACON, 0, ALL, tail, tail, NET);
        (void)air_said(air);
    }
    uint64_t rogues = air_counted(air, "monitor", "forgotten");
    assert_true(rogues >= ROGUES_MAX);
    for (unsigned tail = 0x4000; tail < 0x4000 + 2 * RECEIVE_STATIONS_MAX; tail++) {
        HEAR(DATA, 0, CCX, tail, CCX, "");
        (void)air_said(air);
    }
    assert_true(air_counted(air, "monitor", "forgotten") >= rogues + RECEIVE_STATIONS_MAX);
}

static void broken_frames_are_counted_and_those_we_sent_are_not(void **state)
{
    const struct inventory_interface interface = air_find(air, "wlan0");

    (void)state;
    receive_frame(receive, &interface, "", 0, 0);
    receive_frame(receive, &interface, "\1\0\x8\0\0\0\0\0", 8, 8);         /* radiotap's version */
    receive_frame(receive, &interface, "\0\0\x8\0\0\0\0\0\x40\0", 10, 10); /* half a header */
    receive_frame(receive, &interface, "\0\0\x9\0\2\0\0\0\x40", 9, 9);     /* a wrong checksum */
    HEAR(BEACON, 0, ALL, 0x20, 0x20, "ttt");
    assert_int_equal(air_counted(air, "monitor", "malformed"), 5);
    receive_frame(receive, &interface, "\0\0\xa\0\0\x80\0\0\0\0\x40", 11, 11);
    receive_frame(receive, &interface, "\0\0\x8\0\0\0\0\0\xd4\0", 10, 10); /* an acknowledgement */
    assert_int_equal(air_counted(air, "monitor", "malformed"), 5);
    assert_int_equal(air_counted(air, "monitor", "frames"), 7);
    assert_said("");
}

static void antennas_are_readings_of_their_own(void **state)
{
    static const uint8_t frame[] = {0,
                                    0,
                                    20,
                                    0,
                                    0x60,
                                    0,
                                    0,
                                    0xa0,
                                    0x20,
                                    0x08,
                                    0,
                                    0xa0,
                                    0x20,
                                    0x08,
                                    0,
                                    0,
                                    /* signal, noise: not aligned */ 0xd0,
                                    0xa6,
                                    0xc0,
                                    0,
                                    0x40,
                                    0,
                                    0,
                                    0,
                                    255,
                                    255,
                                    255,
                                    255,
                                    255,
                                    255,
                                    2,
                                    0,
                                    0,
                                    0,
                                    0,
                                    5,
                                    255,
                                    255,
                                    255,
                                    255,
                                    255,
                                    255,
                                    0,
                                    0};
    static const uint8_t whole[] = {
        0,    0,    22,   0, 0x60, 0, 0,    0xa0, 0x20, 0x08, 0,   0xa0, 0x20, 0x08, 0,   0,
        0xd0, 0xa6, 0xc0, 0, 0xd6, 1, 0x40, 0,    0,    0,    255, 255,  255,  255,  255, 255,
        2,    0,    0,    0, 0,    5, 255,  255,  255,  255,  255, 255,  0,    0};
    const struct inventory_interface interface = air_find(air, "wlan0");

    (void)state;
    receive_frame(receive, &interface, frame, sizeof(frame), sizeof(frame));
    assert_said("");
    assert_int_equal(air_counted(air, "monitor", "malformed"), 1);
    receive_frame(receive, &interface, whole, sizeof(whole), sizeof(whole));
    assert_said("sample 05 ap 0 client probe -48 snr=42 age=0\n"
                "sample 05 ap 0 client probe a=0 -64 snr=26 age=0\n"
                "sample 05 ap 0 client probe a=1 -42 snr=48 age=0\n");
}

static void without_memory_there_is_nothing(void **state)
{
    (void)state;
    for (unsigned n = 1;; n++) {
        failing_malloc_at(n);
        struct receive *other = receive_new(&air->setup);
        bool failed = failing_hit();
        failing_reset();
        receive_free(other);
        if (!failed)
            break;
        assert_null(other);
    }
    failing_malloc_at(2);
    assert_null(rogues_new(&air->setup));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_foreign_beacon_is_a_rogue_ap_with_facts),
        TEST(facts_are_told_again_when_they_change_and_after_a_while),
        TEST(what_our_own_interfaces_send_is_nothing),
        TEST(our_uplink_is_no_rogue),
        TEST(mesh_points_and_ad_hoc_networks_are_no_rogues_and_counted),
        TEST(a_beacon_in_anothers_name_is_nothing),
        TEST(probes_and_data_of_stations_are_clients),
        TEST(who_talks_to_a_rogue_ap_is_its_client),
        TEST(a_rogue_client_that_moved_or_fell_silent_is_a_client_again),
        TEST(an_associated_client_stays_one_whatever_is_sent_in_its_name),
        TEST(frames_between_aps_are_nothing),
        TEST(a_tags_frame_is_told_with_its_payload),
        TEST(a_payload_of_more_than_500_bytes_is_cut),
        TEST(a_radio_without_an_ap_lends_its_readings_to_the_one_of_that_band),
        TEST(without_any_ap_nothing_is_told),
        TEST(a_disabled_radio_tells_nothing),
        TEST(no_signal_and_signals_of_0_and_above_are_counted_not_told),
        TEST(rogues_and_tags_beyond_what_is_remembered_are_counted),
        TEST(broken_frames_are_counted_and_those_we_sent_are_not),
        TEST(antennas_are_readings_of_their_own),
        TEST(without_memory_there_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
