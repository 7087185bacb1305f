/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines as hostapd 2.10 and 2.11 wrote them, and such as it passes on for clients that lie. */
#include "platform/hostapd/reports.h"

#include "platform/air/rogues.h"
#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_SIZE = 65536, HANDLES = 19, OTHERS = HANDLES / 4, INTERVAL_MS = 30000 };

struct bed {
    struct loop *loop;
    struct handles *handles;
    struct rogues *rogues;
    struct source_counters *counters;
    struct reports *reports;
    int sockets[2]; /* that there are two is all that is known of them */
    bool held;      /* hostapd does not reply */
    bool busy;
    bool no_beacon;
    bool no_link;
    unsigned links; /* refused requests to measure a link */
    uint8_t token;
    struct mac asked_of;
    char asked[LOG_SIZE];
    char said[LOG_SIZE];
};

static struct bed *bed;

#define STATION "02:00:00:00:03:00"
static const struct mac station = {{0x02, 0, 0, 0, 0x03, 0}};
static const struct mac other_station = {{0x02, 0, 0, 0, 0x04, 0}};

/* Three APs of ours that are told, and one of a radio that is not. */
static struct inventory_interface own(size_t i)
{
    static const uint8_t bands[] = {RADIO_BAND_2GHZ, RADIO_BAND_2GHZ, RADIO_BAND_5GHZ, 0};
    static const uint16_t channels[] = {1, 6, 36, 0};

    return (struct inventory_interface){
        .mac = {{0x02, 0, 0, 0, (uint8_t)(i < 3 ? i : 9), 0}},
        .is_ap = true,
        .has_ap = i < 3,
        .ap = {.ap = (uint16_t)i, .band = bands[i], .channel = channels[i], .up = true}};
}

static bool find_interface(void *context, size_t *index, struct inventory_interface *interface)
{
    (void)context;
    if (*index >= 4)
        return false;
    *interface = own(*index);
    return true;
}

static bool is_own(void *context, const struct mac *bssid)
{
    (void)context;
    return bssid->b[0] == 0x02 && (bssid->b[4] < 3 || bssid->b[4] == 9) && bssid->b[3] == 0;
}

static bool is_client(void *context, const struct mac *mac)
{
    (void)context;
    return mac->b[0] == 0x02;
}

static const struct inventory_operations inventory = {
    .interface = find_interface, .is_own = is_own, .is_client = is_client};

static void take_event(void *context, const struct radio_event *event)
{
    struct bed *b = context;
    size_t len = strlen(b->said);
    char *at = b->said + len;
    size_t left = sizeof(b->said) - len;
    const struct radio_sample *sample = &event->sample;

    if (event->kind == RADIO_SAMPLE && sample->device_class == RADIO_CLASS_CLIENT) {
        assert_int_equal(sample->antenna, RADIO_ANTENNA_COMBINED);
        assert_int_equal(sample->heard, loop_now(b->loop));
        (void)snprintf(at, left, "%02x at %u source %u %d\n", sample->device.b[4], sample->ap,
                       sample->source, sample->rssi);
    } else if (event->kind == RADIO_AP_CHANGED) {
        assert_int_equal(event->ap.slot, RADIO_SLOT_UNKNOWN);
        assert_int_equal(event->ap.band, RADIO_BAND_UNKNOWN);
        assert_int_equal(event->ap.channel, 0);
        assert_int_equal(event->ap.noise, RADIO_DB_UNKNOWN);
        (void)snprintf(at, left, "AP %u is %02x\n", event->ap.ap, event->ap.mac.b[5]);
    } else if (event->kind == RADIO_AP_GONE) {
        (void)snprintf(at, left, "AP %u is gone\n", event->gone);
    }
}

static bool ask(void *context, void *socket, const struct mac *mac)
{
    char text[REPORTS_REQUEST_SIZE];
    size_t len = strlen(bed->asked);

    (void)context;
    assert_true(socket == &bed->sockets[0] || socket == &bed->sockets[1]);
    if (bed->busy)
        return false;
    assert_true(reports_write(bed->reports, mac, text));
    bool link = strncmp(text, "REQ_LINK", 8) == 0;
    bool refused = link ? bed->no_link : bed->no_beacon;
    bed->links += link && refused ? 1 : 0;
    if (!link || !refused)
        (void)snprintf(bed->asked + len, sizeof(bed->asked) - len, "%s\n", text);
    bed->asked_of = *mac;
    if (bed->held)
        return true;
    reports_replied(bed->reports, mac, refused ? 0 : ++bed->token);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    bed = calloc(1, sizeof(*bed));
    assert_non_null(bed);
    bed->loop = loop_new_virtual(1000000, 1800000000000);
    bed->handles = handles_new(HANDLES);
    bed->no_link = true;
    struct source_setup setup = {.loop = bed->loop,
                                 .sink = {take_event, bed},
                                 .handles = bed->handles,
                                 .inventory = {&inventory, bed},
                                 .counters = &bed->counters};
    bed->rogues = setup.rogues = rogues_new(&setup);
    bed->reports = reports_new(&setup, &(struct reports_owner){ask, NULL});
    assert_non_null(bed->reports);
    for (uint16_t i = 0, handle; i < 3; i++)
        assert_true(handles_take(bed->handles, &handle));
    assert_true(reports_configure(bed->reports, INTERVAL_MS / 1000));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    reports_free(bed->reports);
    rogues_free(bed->rogues);
    handles_free(bed->handles);
    loop_free(bed->loop);
    free(bed);
    return 0;
}

/* --- what happens ---------------------------------------------------------------------------- */

static void come(const struct mac *mac, unsigned socket, uint16_t ap)
{
    reports_station(bed->reports, &bed->sockets[socket], ap,
                    &(struct hostapd_station){.mac = *mac, .measures = true});
}

static void advance(int64_t ms)
{
    for (; ms > 0; ms -= 100) {
        loop_advance(bed->loop, ms < 100 ? ms : 100);
        assert_int_equal(loop_turn(bed->loop, 0), 0);
    }
}

static const char *taken(char log[static LOG_SIZE])
{
    static char text[LOG_SIZE];

    memcpy(text, log, LOG_SIZE);
    log[0] = '\0';
    return text;
}

static const char *asked(void)
{
    return taken(bed->asked);
}

static const char *said(void)
{
    return taken(bed->said);
}

static uint64_t count(const char *leaf)
{
    return source_counters_sum(bed->counters, "beacon-reports", leaf);
}

static void event_at(unsigned socket, const char *text)
{
    const struct hostapd_line line = hostapd_parse(cursor_of(text, strlen(text)));

    assert_true(line.kind == HOSTAPD_SENT || line.kind == HOSTAPD_REPORT ||
                line.kind == HOSTAPD_LINK);
    reports_take(bed->reports, &bed->sockets[socket], &line);
}

/* With the token of the last request. */
static void answer(const char *rest)
{
    char text[200];

    (void)snprintf(text, sizeof(text), "<3>BEACON-RESP-RX %02x:00:00:00:%02x:%02x %u %s",
                   bed->asked_of.b[0], bed->asked_of.b[4], bed->asked_of.b[5], bed->token, rest);
    event_at(0, text);
}

static void answer_about(uint8_t bssid_end, uint8_t rcpi)
{
    char text[100];

    (void)snprintf(text, sizeof(text),
                   "00 510b0000000000000000320006%02xff0011920000%02x0000000000", rcpi, bssid_end);
    answer(text);
}

/* The station has come and has been asked. */
static void start(void)
{
    come(&station, 0, 0);
    advance(100);
    assert_int_equal(count("asked"), 1);
    (void)asked();
}

/* --- asking ---------------------------------------------------------------------------------- */

static void who_declared_no_ability_is_not_asked(void **state)
{
    (void)state;
    reports_station(bed->reports, &bed->sockets[0], 0,
                    &(struct hostapd_station){.mac = station, .measures = false});
    advance(10 * INTERVAL_MS);
    assert_string_equal(asked(), "");
}

static void it_is_asked_for_the_channels_of_our_aps_and_of_those_that_were_heard(void **state)
{
    struct rogues_beacon beacon = {.bssid = {{0x00, 0x11, 0x92, 0, 0, 1}},
                                   .ap = &(struct radio_ap){.ap = 0, .band = RADIO_BAND_2GHZ},
                                   .frequency = 2462,
                                   .network = {.is_infrastructure = true},
                                   .signal = -66,
                                   .noise = RADIO_DB_UNKNOWN,
                                   .heard = loop_now(bed->loop)};

    (void)state;
    rogues_heard(bed->rogues, &beacon, loop_now(bed->loop), &(struct radio_sink){take_event, bed});
    come(&station, 0, 0);
    advance(100);
    assert_string_equal(asked(), "REQ_BEACON " STATION " 51ff0000320001ffffffffffff020100"
                                 "33045101060b33027324\n");
}

static void more_channels_than_fit_are_asked_for_in_turn(void **state)
{
    static const uint16_t frequencies[] = {2417, 2422, 2427, 2432, 2442, 2447, 2452, 2457};
    unsigned found = 0;

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct rogues_beacon beacon = {.bssid = {{0x00, 0x11, 0x92, 0, 0, (uint8_t)i}},
                                       .ap = &(struct radio_ap){.band = RADIO_BAND_2GHZ},
                                       .frequency = frequencies[i],
                                       .network = {.is_infrastructure = true},
                                       .signal = -66,
                                       .heard = loop_now(bed->loop)};
        rogues_heard(bed->rogues, &beacon, loop_now(bed->loop),
                     &(struct radio_sink){take_event, bed});
    }
    come(&station, 0, 0);
    for (int round = 0; round < 2; round++) {
        advance(round == 0 ? 100 : INTERVAL_MS);
        const char *text = strstr(asked(), "020100");
        assert_non_null(text);
        /* Two of ours and five others of one class, and one of ours of another. */
        assert_memory_equal(text, "0201003308510106", 16);
        assert_non_null(strstr(text, "33027324"));
        for (const char *at = text + 16; strncmp(at, "33027324", 8) != 0; at += 2)
            found |= 1u << strtoul((char[]){at[0], at[1], '\0'}, NULL, 16);
        answer("00 ");
    }
    for (size_t i = 0; i < 8; i++)
        assert_true((found & 1u << (frequencies[i] - 2407) / 5) != 0);
}

static void it_is_asked_again_after_the_interval(void **state)
{
    (void)state;
    start();
    answer("00 ");
    advance(INTERVAL_MS - 200);
    assert_string_equal(asked(), "");
    advance(200);
    assert_int_equal(count("asked"), 2);
    assert_int_equal(count("silent") + count("refused"), 0);
}

static void a_radio_asks_one_client_in_a_second_and_several_radios_at_once(void **state)
{
    (void)state;
    come(&station, 0, 0);
    come(&other_station, 0, 0);
    advance(100);
    assert_int_equal(count("asked"), 1);
    advance(REPORTS_PACE_MS - 200);
    assert_int_equal(count("asked"), 1);
    advance(100);
    assert_int_equal(count("asked"), 2);
    come(&(struct mac){{0x02, 0, 0, 0, 0x05, 0}}, 1, 1);
    advance(100);
    assert_int_equal(count("asked"), 3);
}

static void everybody_has_a_turn_where_there_are_more_clients_than_seconds(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 60; i++)
        come(&(struct mac){{0x02, 0, 0, 1, 0x05, i}}, 0, 0);
    for (int i = 0; i < 600; i++) {
        advance(100);
        if (bed->token > 0 && bed->asked[0] != '\0')
            answer("00 ");
    }
    (void)asked();
    assert_in_range(count("asked"), 60, 61);
    bed->asked[0] = '\0';
    for (int i = 0; i < 20; i++)
        advance(100);
    assert_non_null(strstr(asked(), " 02:00:00:01:05:0")); /* the first ones again */
}

static void a_socket_that_is_busy_is_tried_again(void **state)
{
    (void)state;
    bed->busy = true;
    come(&station, 0, 0);
    advance(500);
    bed->busy = false;
    assert_string_equal(asked(), "");
    advance(REPORTS_PACE_MS);
    assert_int_equal(count("asked"), 1);
}

static void while_hostapd_has_not_replied_nothing_else_is_asked(void **state)
{
    (void)state;
    start();
    bed->held = true;
    advance(10 * INTERVAL_MS);
    const char *text = asked();
    assert_non_null(strchr(text, '\n'));
    assert_ptr_equal(strchr(text, '\n'), strrchr(text, '\n'));
    assert_int_equal(count("asked"), 1);
    bed->held = false;
    reports_replied(bed->reports, &station, 9);
    assert_int_equal(count("asked"), 2);
    advance(4 * INTERVAL_MS);
    assert_int_equal(count("asked"), 3);
}

/* --- answers --------------------------------------------------------------------------------- */

static void reports_are_samples_of_our_aps_and_of_bssids(void **state)
{
    (void)state;
    start();
    event_at(0, "<3>BEACON-REQ-TX-STATUS " STATION " 1 ack=1");
    answer("00 510b000000000000000032000658ff001192000001000000000002020100");
    answer("00 510100000000000000003200078aff020000000000000000000002020100"); /* its own AP */
    answer("00 510600000000000000003200076aff020000000100000000000002020100");
    answer("00 732400000000000000003200074aff020000000200000000000002020100");
    answer("00 732400000000000000003200074aff020000000900000000000002020100"); /* not told */
    assert_string_equal(said(), "AP 3 is 01\n03 at 3 source 5 -66\n"
                                "03 at 1 source 5 -57\n03 at 2 source 5 -73\n");
    assert_int_equal(count("reports"), 3);
    assert_int_equal(count("strange"), 0);
}

static void what_was_not_asked_for_or_cannot_be_is_thrown_away_and_counted(void **state)
{
    static const char *const lines[] = {
        /* a token that nobody asked for, and none at all; another station; of another request */
        "<3>BEACON-RESP-RX " STATION " 0 00 510600000000000000003200076aff0200000001000000000000",
        "<3>BEACON-RESP-RX " STATION " 77 00 510600000000000000003200076aff0200000001000000000000",
        "<3>BEACON-RESP-RX 02:00:00:00:04:00 1 00 "
        "510600000000000000003200076aff0200000001000000000000",
        "<3>LINK-MSR-RESP-RX " STATION " 1 230214090000aa20",
        /* all zero, a group's, the station itself */
        "<3>BEACON-RESP-RX " STATION " 1 00 510600000000000000003200076aff0000000000000000000000",
        "<3>BEACON-RESP-RX " STATION " 1 00 510600000000000000003200076affffffffffffff0000000000",
        "<3>BEACON-RESP-RX " STATION " 1 00 510600000000000000003200076aff0200000003000000000000",
        /* cut; no digits; RCPI 0, 255, and 220, which is 0 dBm */
        "<3>BEACON-RESP-RX " STATION " 1 00 5106000000000000000032000700ff00000000",
        "<3>BEACON-RESP-RX " STATION " 1 00 51060000000000000000320007",
        "<3>BEACON-RESP-RX " STATION " 1 00 51g600000000000000003200076aff0200000001000000000000",
        "<3>BEACON-RESP-RX " STATION " 1 00 5106000000000000000032000700ff0200000001000000000000",
        "<3>BEACON-RESP-RX " STATION " 1 00 51060000000000000000320007ffff0200000001000000000000",
        "<3>BEACON-RESP-RX " STATION " 1 00 73240000000000000000320007dcff0200000001000000000000",
    };

    (void)state;
    start();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        event_at(0, lines[i]);
        assert_int_equal(count("strange"), i + 1);
    }
    event_at(1, "<3>BEACON-RESP-RX " STATION
                " 1 00 510600000000000000003200076aff0200000001000000000000");
    assert_int_equal(count("strange"), sizeof(lines) / sizeof(lines[0]) + 1);
    assert_string_equal(said(), "");
    advance(REPORTS_OPEN_MS);
    assert_int_equal(count("silent"), 1); /* none of that was an answer */
}

static void an_answer_has_so_many_reports_and_no_more(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < REPORTS_EACH_MAX + 8; i++)
        answer_about(1, 0x58);
    assert_int_equal(count("reports"), REPORTS_EACH_MAX);
    assert_int_equal(count("strange"), 8);
}

static void nothing_heard_is_an_answer(void **state)
{
    (void)state;
    start();
    answer("00 ");
    advance(INTERVAL_MS + 100);
    assert_string_equal(said(), "");
    assert_int_equal(count("asked"), 2);
    assert_int_equal(count("silent"), 0);
}

static void who_refuses_is_asked_less_and_less_often_and_in_other_ways(void **state)
{
    static const char *const modes[] = {"320001", "6e0000", "320002", "320001"};
    int64_t pause = INTERVAL_MS;

    (void)state;
    come(&station, 0, 0);
    advance(100);
    for (unsigned i = 0; i < 8; i++) {
        const char *text = asked();
        if (i < 4)
            assert_non_null(strstr(text, modes[i]));
        answer(i % 2 == 0 ? "02" : "04 0000000000000000000000008000000000000000000000000000");
        assert_int_equal(count("refused"), i + 1);
        pause = i < 5 ? 2 * pause : pause;
        advance(pause - 200);
        assert_int_equal(count("asked"), i + 1);
        advance(200);
        assert_int_equal(count("asked"), i + 2);
    }
    answer("00 "); /* it is back */
    advance(INTERVAL_MS);
    assert_int_equal(count("asked"), 10);
}

static void who_is_silent_is_asked_less_often_and_its_late_answer_does_not_count(void **state)
{
    (void)state;
    start();
    advance(REPORTS_OPEN_MS);
    assert_int_equal(count("silent"), 1);
    answer_about(1, 0x58);
    assert_int_equal(count("strange"), 1);
    assert_string_equal(said(), "");
    advance(2 * INTERVAL_MS - REPORTS_OPEN_MS - 200);
    assert_int_equal(count("asked"), 1);
    advance(200);
    assert_int_equal(count("asked"), 2);
    assert_non_null(strstr(asked(), "320001")); /* it may have slept */
    advance(4 * INTERVAL_MS);
    assert_non_null(strstr(asked(), "6e0000"));
    assert_int_equal(count("silent"), 2);
}

static void who_is_out_of_reach_is_silent_at_once(void **state)
{
    (void)state;
    start();
    event_at(0, "<3>BEACON-REQ-TX-STATUS " STATION " 77 ack=0");
    assert_int_equal(count("silent"), 0);
    event_at(0, "<3>BEACON-REQ-TX-STATUS " STATION " 1 ack=0");
    assert_int_equal(count("silent"), 1);
    advance(2 * INTERVAL_MS);
    assert_int_equal(count("asked"), 2);
}

static void who_can_measure_in_no_way_is_left_alone_until_it_comes_again(void **state)
{
    (void)state;
    bed->no_beacon = true;
    come(&station, 0, 0);
    advance(100 * INTERVAL_MS);
    assert_int_equal(count("asked"), 0);
    assert_int_equal(count("refused"), 3);
    (void)asked();
    come(&station, 0, 0); /* it is merely told once more */
    advance(INTERVAL_MS);
    assert_string_equal(asked(), "");
    bed->no_beacon = false;
    reports_left(bed->reports, &(struct radio_departure){.device = station, .ap = 0});
    come(&station, 0, 0);
    advance(100);
    assert_int_equal(count("asked"), 1);
}

static void who_left_or_is_elsewhere_is_not_asked_and_does_not_answer(void **state)
{
    (void)state;
    start();
    reports_left(bed->reports, &(struct radio_departure){.device = station, .ap = 1});
    answer_about(1, 0x58);
    assert_int_equal(count("reports"), 1);
    reports_left(bed->reports, &(struct radio_departure){.device = station, .ap = 0});
    answer_about(1, 0x58);
    assert_int_equal(count("strange"), 1);
    come(&station, 0, 0);
    reports_forget(bed->reports, &bed->sockets[0]);
    advance(10 * INTERVAL_MS);
    assert_int_equal(count("asked"), 1);
    come(&station, 0, 0);
    come(&station, 1, 1);
    advance(10 * INTERVAL_MS);
    reports_forget(bed->reports, &bed->sockets[0]);
    (void)asked();
    advance(100 * INTERVAL_MS);
    assert_string_not_equal(asked(), "");
}

/* --- bounds ---------------------------------------------------------------------------------- */

static void
bssids_that_are_made_up_take_a_quarter_of_the_handles_and_go_when_they_are_old(void **state)
{
    (void)state;
    start();
    for (uint8_t i = 0; i < OTHERS + 3; i++)
        answer_about(i, 0x58);
    assert_string_equal(said(),
                        "AP 3 is 00\n03 at 3 source 5 -66\nAP 4 is 01\n03 at 4 source 5 -66\n"
                        "AP 5 is 02\n03 at 5 source 5 -66\nAP 6 is 03\n03 at 6 source 5 -66\n");
    assert_int_equal(count("unplaced"), 3);
    advance(INTERVAL_MS);
    answer_about(2, 0x58);
    assert_string_equal(said(), "03 at 5 source 5 -66\n");
    advance(3 * INTERVAL_MS + 100);
    assert_string_equal(said(), "AP 3 is gone\nAP 4 is gone\nAP 6 is gone\n");
    reports_left(bed->reports, &(struct radio_departure){.device = station, .ap = 0});
    advance(INTERVAL_MS);
    assert_string_equal(said(), "AP 5 is gone\n"); /* though nobody is asked any more */
}

static void more_clients_than_there_is_room_for_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < REPORTS_STATIONS_MAX + 2; i++)
        come(&(struct mac){{0x02, 0, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}}, 0, 0);
    assert_int_equal(count("unplaced"), 2);
}

static void nothing_is_allocated_while_it_works(void **state)
{
    (void)state;
    failing_malloc_at(1);
    start();
    for (uint8_t i = 0; i < 10; i++)
        answer_about(i, 0x58);
    advance(5 * INTERVAL_MS);
    assert_false(failing_hit());
}

static void switched_off_it_forgets_and_asks_nobody(void **state)
{
    (void)state;
    start();
    answer_about(1, 0x58);
    (void)said();
    assert_false(reports_configure(bed->reports, 0));
    assert_string_equal(said(), "AP 3 is gone\n");
    assert_false(reports_is_on(bed->reports));
    come(&station, 0, 0);
    advance(10 * INTERVAL_MS);
    assert_int_equal(count("asked"), 1);
    assert_true(reports_configure(bed->reports, 10));
    assert_false(reports_configure(bed->reports, 20));
    come(&station, 0, 0);
    advance(100);
    assert_int_equal(count("asked"), 2);
}

static void without_memory_it_stays_off(void **state)
{
    (void)state;
    (void)reports_configure(bed->reports, 0);
    failing_malloc_at(1);
    assert_false(reports_configure(bed->reports, 10));
    assert_true(failing_hit());
    failing_reset();
    assert_false(reports_is_on(bed->reports));
    come(&station, 0, 0);
    assert_true(reports_configure(bed->reports, 10));
}

/* --- link measurements ----------------------------------------------------------------------- */

static void where_hostapd_can_the_link_is_measured_before_each_report(void **state)
{
    (void)state;
    bed->no_link = false;
    start();
    event_at(0, "<3>LINK-MSR-RESP-RX " STATION " 1 230214090000aa20");
    assert_string_equal(said(), "03 at 0 source 6 -25\n");
    event_at(0, "<3>LINK-MSR-RESP-RX " STATION " 1 230214090000aa20");
    assert_int_equal(count("strange"), 1); /* one answer is all */
    advance(REPORTS_PACE_MS);
    assert_non_null(strstr(asked(), "REQ_BEACON"));
    answer_about(1, 0x58);
    advance(INTERVAL_MS);
    assert_string_equal(asked(), "REQ_LINK_MEASUREMENT " STATION "\n");
    advance(REPORTS_LINK_MS + 100);
    assert_int_equal(count("silent"), 1);
    assert_non_null(strstr(asked(), "REQ_BEACON"));
}

static void a_link_report_that_cannot_be_is_thrown_away(void **state)
{
    static const char *const lines[] = {
        "<3>LINK-MSR-RESP-RX " STATION " 1 230214090000ff20",
        "<3>LINK-MSR-RESP-RX " STATION " 1 230214090000",
        "<3>LINK-MSR-RESP-RX " STATION " 1 240214090000aa20",
        "<3>LINK-MSR-RESP-RX " STATION " 1",
        "<3>LINK-MSR-RESP-RX " STATION " 2 230214090000aa20",
    };

    (void)state;
    bed->no_link = false;
    start();
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        event_at(0, lines[i]);
        assert_int_equal(count("strange"), i + 1);
    }
    assert_string_equal(said(), "");
}

static void where_it_cannot_it_is_asked_for_once(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 4; i++) {
        answer("00 ");
        advance(INTERVAL_MS);
    }
    assert_int_equal(count("asked"), 5);
    assert_int_equal(bed->links, 1);
    assert_int_equal(count("refused"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_declared_no_ability_is_not_asked),
        TEST(it_is_asked_for_the_channels_of_our_aps_and_of_those_that_were_heard),
        TEST(more_channels_than_fit_are_asked_for_in_turn),
        TEST(it_is_asked_again_after_the_interval),
        TEST(a_radio_asks_one_client_in_a_second_and_several_radios_at_once),
        TEST(everybody_has_a_turn_where_there_are_more_clients_than_seconds),
        TEST(a_socket_that_is_busy_is_tried_again),
        TEST(while_hostapd_has_not_replied_nothing_else_is_asked),
        TEST(reports_are_samples_of_our_aps_and_of_bssids),
        TEST(what_was_not_asked_for_or_cannot_be_is_thrown_away_and_counted),
        TEST(an_answer_has_so_many_reports_and_no_more),
        TEST(nothing_heard_is_an_answer),
        TEST(who_refuses_is_asked_less_and_less_often_and_in_other_ways),
        TEST(who_is_silent_is_asked_less_often_and_its_late_answer_does_not_count),
        TEST(who_is_out_of_reach_is_silent_at_once),
        TEST(who_can_measure_in_no_way_is_left_alone_until_it_comes_again),
        TEST(who_left_or_is_elsewhere_is_not_asked_and_does_not_answer),
        TEST(bssids_that_are_made_up_take_a_quarter_of_the_handles_and_go_when_they_are_old),
        TEST(more_clients_than_there_is_room_for_are_counted),
        TEST(nothing_is_allocated_while_it_works),
        TEST(switched_off_it_forgets_and_asks_nobody),
        TEST(without_memory_it_stays_off),
        TEST(where_hostapd_can_the_link_is_measured_before_each_report),
        TEST(a_link_report_that_cannot_be_is_thrown_away),
        TEST(where_it_cannot_it_is_asked_for_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
