/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/hostapd/hostapd-line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct mac station_mac = {{0x02, 0, 0, 0, 0x01, 0x0a}};

static struct hostapd_line parse(const char *text)
{
    return hostapd_parse(cursor_of(text, strlen(text)));
}

static bool parse_station(const char *text, struct hostapd_station *station)
{
    return hostapd_parse_station(cursor_of(text, strlen(text)), station);
}

static void assert_user(const struct hostapd_station *station, const char *user)
{
    assert_int_equal(station->user_len, strlen(user));
    assert_memory_equal(station->user, user, strlen(user));
}

static void a_probe_request_has_its_station_and_signal(void **state)
{
    struct hostapd_line line = parse("<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0a signal=-37");

    (void)state;
    assert_int_equal(line.kind, HOSTAPD_PROBE);
    assert_true(mac_equal(&line.mac, &station_mac));
    assert_int_equal(line.signal, -37);
}

static void words_that_a_later_version_adds_are_skipped(void **state)
{
    struct hostapd_line line =
        parse("<3>RX-PROBE-REQUEST  vif=wlan0 sa=02:00:00:00:01:0A  signal=-101 ssid=x freq=2412");

    (void)state;
    assert_int_equal(line.kind, HOSTAPD_PROBE);
    assert_int_equal(line.signal, -101);
    line = parse("<3>AP-STA-CONNECTED 02:00:00:00:01:0a auth_alg=open keyid=1\nmore");
    assert_int_equal(line.kind, HOSTAPD_LOGON);
    assert_true(mac_equal(&line.mac, &station_mac));
}

static void any_level_is_accepted_and_none_makes_it_a_reply(void **state)
{
    (void)state;
    assert_int_equal(parse("<2>AP-STA-CONNECTED 02:00:00:00:01:0a").kind, HOSTAPD_LOGON);
    assert_int_equal(parse("<10>AP-STA-CONNECTED 02:00:00:00:01:0a").kind, HOSTAPD_LOGON);
    assert_int_equal(parse("<3AP-STA-CONNECTED 02:00:00:00:01:0a").kind, HOSTAPD_UNKNOWN);
    assert_int_equal(parse("AP-STA-CONNECTED 02:00:00:00:01:0a").kind, HOSTAPD_REPLY);
    assert_int_equal(parse("").kind, HOSTAPD_REPLY);
}

static void a_signal_that_cannot_be_is_none(void **state)
{
    static const char *const signals[] = {
        "0",    "5", "-0", "-128", "-999", "-1000", "-3 7",  "-3x7",
        "--37", "-", "",   "+37",  "37",   "NaN",   "-37.5", "-999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        char text[80] = "<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0a signal=";
        strncat(text, signals[i], sizeof(text) - strlen(text) - 1);
        struct hostapd_line line = parse(text);
        assert_int_equal(line.kind, HOSTAPD_PROBE);
        if (strcmp(signals[i], "-3 7") == 0)
            assert_int_equal(line.signal, -3);
        else
            assert_int_equal(line.signal, RADIO_DB_UNKNOWN);
    }
    assert_int_equal(parse("<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0a").signal, RADIO_DB_UNKNOWN);
    assert_int_equal(parse("<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0a signal=-127").signal, -127);
    assert_int_equal(parse("<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0a signal=-1").signal, -1);
}

static void a_line_without_a_stations_mac_is_not_understood(void **state)
{
    static const char *const lines[] = {
        "<3>RX-PROBE-REQUEST",
        "<3>RX-PROBE-REQUEST sa= signal=-37",
        "<3>RX-PROBE-REQUEST sa=02:00:00:00:01 signal=-37",
        "<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0g signal=-37",
        "<3>RX-PROBE-REQUEST sa=02:00:00:00:01:0a:0b signal=-37",
        "<3>RX-PROBE-REQUEST sa=0200.0000.010a signal=-37",
        "<3>RX-PROBE-REQUEST sa=ff:ff:ff:ff:ff:ff signal=-37",
        "<3>RX-PROBE-REQUEST sa=00:00:00:00:00:00 signal=-37",
        "<3>AP-STA-CONNECTED",
        "<3>AP-STA-CONNECTED nobody",
        "<3>AP-STA-DISCONNECTED 02:00:00:00:01:0a",
        "<3>",
        "<",
        "<<<>>>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(parse(lines[i]).kind, HOSTAPD_UNKNOWN);
}

static void the_end_of_hostapd_is_understood(void **state)
{
    (void)state;
    assert_int_equal(parse("<3>CTRL-EVENT-TERMINATING ").kind, HOSTAPD_END);
    assert_int_equal(parse("<3>CTRL-EVENT-EAP-SUCCESS2 02:00:00:00:01:0a").kind, HOSTAPD_LOGON);
}

static void answers_of_one_word_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(hostapd_parse_answer(cursor_of("OK\n", 3)), HOSTAPD_OK);
    assert_int_equal(hostapd_parse_answer(cursor_of("OK", 2)), HOSTAPD_OK);
    assert_int_equal(hostapd_parse_answer(cursor_of("PONG\n", 5)), HOSTAPD_PONG);
    assert_int_equal(hostapd_parse_answer(cursor_of("OKAY\n", 5)), HOSTAPD_OTHER);
    assert_int_equal(hostapd_parse_answer(cursor_of("FAIL\n", 5)), HOSTAPD_OTHER);
    assert_int_equal(hostapd_parse_answer(cursor_of("", 0)), HOSTAPD_OTHER);
}

static void the_user_of_a_station_is_found(void **state)
{
    struct hostapd_station station;

    (void)state;
    assert_true(parse_station("02:00:00:00:01:0a\nflags=[AUTH][ASSOC]\n"
                              "identity=outer\ndot1xAuthSessionUserName=user@example.org\n"
                              "identity=later\nrx_packets=5\n",
                              &station));
    assert_true(mac_equal(&station.mac, &station_mac));
    assert_true(station.complete);
    assert_user(&station, "user@example.org");
    assert_true(parse_station("02:00:00:00:01:0a\nidentity=outer\n", &station));
    assert_user(&station, "outer");
    assert_true(parse_station("02:00:00:00:01:0a\ndot1xAuthSessionUserName=\n", &station));
    assert_user(&station, "");
    assert_true(station.complete);
}

static void a_line_that_was_cut_is_not_used(void **state)
{
    struct hostapd_station station;

    (void)state;
    assert_true(parse_station("02:00:00:00:01:0a\naid=1\ndot1xAuthSessionUserName=us", &station));
    assert_false(station.complete);
    assert_user(&station, "");
    assert_false(parse_station("02:00:00:00:01:0a", &station));
}

static void a_reply_that_is_no_station_is_refused(void **state)
{
    struct hostapd_station station;

    (void)state;
    assert_false(parse_station("", &station));
    assert_false(parse_station("FAIL\n", &station));
    assert_false(parse_station("UNKNOWN COMMAND\n", &station));
    assert_false(parse_station("\n02:00:00:00:01:0a\n", &station));
    assert_false(parse_station("ff:ff:ff:ff:ff:ff\nidentity=x\n", &station));
}

static void a_name_that_is_too_long_is_cut_between_two_characters(void **state)
{
    char text[200] = "02:00:00:00:01:0a\ndot1xAuthSessionUserName=";
    struct hostapd_station station;

    (void)state;
    for (size_t i = 0; i < RADIO_USER_NAME_MAX - 1; i++)
        strncat(text, "a", sizeof(text) - strlen(text) - 1);
    strncat(text, "\xc3\xa4z\n", sizeof(text) - strlen(text) - 1);
    assert_true(parse_station(text, &station));
    assert_int_equal(station.user_len, RADIO_USER_NAME_MAX - 1);
}

/* --- what clients measured --- */

static const char report[] = "<3>BEACON-RESP-RX 02:00:00:00:01:0a 6 00 "
                             "510600000000000000003200076aff020000000100000000000002020100";

static void a_report_has_its_request_the_ap_and_how_loud_it_is(void **state)
{
    struct hostapd_line line = parse(report);
    const struct mac bssid = {{0x02, 0, 0, 0, 0x01, 0}};

    (void)state;
    assert_int_equal(line.kind, HOSTAPD_REPORT);
    assert_true(mac_equal(&line.mac, &station_mac));
    assert_int_equal(line.token, 6);
    assert_false(line.refused);
    assert_int_equal(line.body, HOSTAPD_BODY_WHOLE);
    assert_true(mac_equal(&line.bssid, &bssid));
    assert_int_equal(line.signal, -57);
    assert_int_equal(line.snr, RADIO_DB_UNKNOWN);
}

/* RCPI is in half dB from -110 dBm on, RSNI in half dB from -10 dB on. */
static void levels_are_exact(void **state)
{
    static const struct {
        uint8_t rcpi;
        int8_t signal;
        uint8_t rsni;
        int8_t snr;
    } cases[] = {{0x8a, -41, 0, -10}, {0x4a, -73, 20, 0},  {0x58, -66, 21, 0},
                 {1, -110, 254, 117}, {219, -1, 100, 40},  {218, -1, 255, -128},
                 {0, -128, 0, -10},   {220, -128, 0, -10}, {255, -128, 0, -10}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        (void)snprintf(text, sizeof(text),
                       "<3>BEACON-RESP-RX 02:00:00:00:01:0a 6 00 51060000000000000000320007%02x%02x"
                       "0200000001000000000000",
                       cases[i].rcpi, cases[i].rsni);
        struct hostapd_line line = parse(text);
        assert_int_equal(line.signal, cases[i].signal);
        assert_int_equal(line.snr, cases[i].snr);
        assert_int_equal(line.body, cases[i].signal == RADIO_DB_UNKNOWN ? HOSTAPD_BODY_BROKEN
                                                                        : HOSTAPD_BODY_WHOLE);
    }
}

/* As telephones were seen to report: RCPI c9, cf and bb, RSNI 23 and 15 are dBm and dB. */
static void levels_that_are_dbm_are_taken_as_such(void **state)
{
    static const struct {
        const char *levels;
        int8_t signal;
        int8_t snr;
    } cases[] = {{"c923", -55, 35}, {"cf23", -49, 35}, {"bb15", -69, 21}, {"bd17", -67, 23},
                 {"a401", -92, 1},  {"725c", -53, 36}, {"362c", -83, 12}, {"b4aa", -20, 75}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        (void)snprintf(text, sizeof(text),
                       "<3>BEACON-RESP-RX 02:00:00:00:01:0a 2 00 01748adfce42a0cc9600010000%s"
                       "ea9f8015f472000000000001e0015ce12d01",
                       cases[i].levels);
        struct hostapd_line line = parse(text);
        assert_int_equal(line.body, HOSTAPD_BODY_WHOLE);
        assert_int_equal(line.signal, cases[i].signal);
        assert_int_equal(line.snr, cases[i].snr);
    }
}

static void every_cut_of_a_report_is_broken(void **state)
{
    size_t whole = strlen(report) - 2 * 4; /* without its subelements */
    size_t header = strlen("<3>BEACON-RESP-RX 02:00:00:00:01:0a 6 00 ");

    (void)state;
    for (size_t len = header + 1; len < whole; len++) {
        struct hostapd_line line = hostapd_parse(cursor_of(report, len));
        assert_int_equal(line.kind, HOSTAPD_REPORT);
        assert_int_equal(line.body, HOSTAPD_BODY_BROKEN);
    }
    assert_int_equal(hostapd_parse(cursor_of(report, whole)).body, HOSTAPD_BODY_WHOLE);
    assert_int_equal(hostapd_parse(cursor_of(report, header)).body, HOSTAPD_BODY_EMPTY);
}

static void refusals_and_what_became_of_a_request_are_understood(void **state)
{
    (void)state;
    assert_true(parse("<3>BEACON-RESP-RX 02:00:00:00:01:0a 11 02").refused);
    assert_true(parse("<3>BEACON-RESP-RX 02:00:00:00:01:0a 13 04 ").refused);
    assert_int_equal(parse("<3>BEACON-RESP-RX 02:00:00:00:01:0a 13 04 ").body, HOSTAPD_BODY_EMPTY);
    assert_int_equal(parse("<3>BEACON-RESP-RX 02:00:00:00:01:0a 137 04 "
                           "0000000000000000000000008000000000000000000000000000")
                         .body,
                     HOSTAPD_BODY_EMPTY);
    struct hostapd_line line = parse("<3>BEACON-REQ-TX-STATUS 02:00:00:00:01:0a 6 ack=1");
    assert_int_equal(line.kind, HOSTAPD_SENT);
    assert_int_equal(line.token, 6);
    assert_true(line.acked);
    assert_false(parse("<3>BEACON-REQ-TX-STATUS 02:00:00:00:01:0a 6 ack=0").acked);
    line = parse("<3>LINK-MSR-RESP-RX 02:00:00:00:01:0a 9 230214090000aa20");
    assert_int_equal(line.kind, HOSTAPD_LINK);
    assert_int_equal(line.body, HOSTAPD_BODY_WHOLE);
    assert_int_equal(line.signal, -25);
    assert_int_equal(line.snr, 6);
}

static void an_event_without_a_request_is_not_understood(void **state)
{
    static const char *const lines[] = {
        "<3>BEACON-RESP-RX",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a 6",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a 256 00 ",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a -6 00 ",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a 6 0",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a 6 000",
        "<3>BEACON-RESP-RX 02:00:00:00:01:0a 6 0g",
        "<3>BEACON-RESP-RX ff:ff:ff:ff:ff:ff 6 00 ",
        "<3>BEACON-REQ-TX-STATUS 02:00:00:00:01:0a ack=1",
        "<3>LINK-MSR-RESP-RX 02:00:00:00:01:0a",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(parse(lines[i]).kind, HOSTAPD_UNKNOWN);
}

static void a_token_is_a_number_and_all_else_a_refusal(void **state)
{
    (void)state;
    assert_int_equal(hostapd_parse_token(cursor_of("6", 1)), 6);
    assert_int_equal(hostapd_parse_token(cursor_of("255\n", 4)), 255);
    assert_int_equal(hostapd_parse_token(cursor_of("256", 3)), 0);
    assert_int_equal(hostapd_parse_token(cursor_of("FAIL\n", 5)), 0);
    assert_int_equal(hostapd_parse_token(cursor_of("UNKNOWN COMMAND\n", 16)), 0);
    assert_int_equal(hostapd_parse_token(cursor_of("", 0)), 0);
}

static void the_ability_to_measure_is_a_bit_of_the_capabilities(void **state)
{
    static const struct {
        const char *value;
        bool measures;
    } cases[] = {{"0x1421", true},  {"0x421", false},   {"0x1000", true},  {"0xffff", true},
                 {"0x0", false},    {"0x", false},      {"1421", false},   {"", false},
                 {"0x10g0", false}, {"0x11421", false}, {"0x1421 ", false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hostapd_station station;
        char text[100];
        (void)snprintf(text, sizeof(text), "02:00:00:00:01:0a\ncapability=%s\nx=1\n",
                       cases[i].value);
        assert_true(parse_station(text, &station));
        assert_int_equal(station.measures, cases[i].measures);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_request_has_its_station_and_signal),
        cmocka_unit_test(words_that_a_later_version_adds_are_skipped),
        cmocka_unit_test(any_level_is_accepted_and_none_makes_it_a_reply),
        cmocka_unit_test(a_signal_that_cannot_be_is_none),
        cmocka_unit_test(a_line_without_a_stations_mac_is_not_understood),
        cmocka_unit_test(the_end_of_hostapd_is_understood),
        cmocka_unit_test(answers_of_one_word_are_told_apart),
        cmocka_unit_test(the_user_of_a_station_is_found),
        cmocka_unit_test(a_line_that_was_cut_is_not_used),
        cmocka_unit_test(a_reply_that_is_no_station_is_refused),
        cmocka_unit_test(a_name_that_is_too_long_is_cut_between_two_characters),
        cmocka_unit_test(a_report_has_its_request_the_ap_and_how_loud_it_is),
        cmocka_unit_test(levels_are_exact),
        cmocka_unit_test(levels_that_are_dbm_are_taken_as_such),
        cmocka_unit_test(every_cut_of_a_report_is_broken),
        cmocka_unit_test(refusals_and_what_became_of_a_request_are_understood),
        cmocka_unit_test(an_event_without_a_request_is_not_understood),
        cmocka_unit_test(a_token_is_a_number_and_all_else_a_refusal),
        cmocka_unit_test(the_ability_to_measure_is_a_bit_of_the_capabilities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
