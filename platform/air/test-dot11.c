/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/dot11.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TO = 1, FROM = 2, RETRY = 8, PROTECTED = 0x40, ORDER = 0x80 };

static const struct mac one = {{2, 1, 1, 1, 1, 1}};
static const struct mac two = {{2, 2, 2, 2, 2, 2}};
static const struct mac three = {{2, 3, 3, 3, 3, 3}};
static const struct mac ccx = {{0x01, 0x40, 0x96, 0, 0, 3}};
static const struct mac aeroscout = {{0x01, 0x0c, 0xcc, 0, 0, 0}};
static struct dot11_frame frame;

/* A header with three addresses and sequence number 0x123, then a body. */
static bool parse(uint8_t control, uint8_t flags, const struct mac *a1, const struct mac *a3,
                  const void *body, size_t body_len)
{
    static uint8_t bytes[700];
    struct writer w = writer_of(bytes, sizeof(bytes));

    writer_u8(&w, control);
    writer_u8(&w, flags);
    writer_u16(&w, 0);
    writer_mac(&w, a1);
    writer_mac(&w, &two);
    writer_mac(&w, a3);
    writer_u8(&w, 0x35);
    writer_u8(&w, 0x12);
    writer_bytes(&w, body, body_len);
    return dot11_parse(cursor_of(bytes, w.used), &frame);
}

/* --- headers --- */

static void kinds_are_told_apart(void **state)
{
    (void)state;
    assert_true(parse(0x80, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_BEACON);
    assert_true(parse(0x40, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_PROBE_REQUEST);
    assert_true(parse(0x50, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_PROBE_RESPONSE);
    assert_true(parse(0x08, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_DATA);
    assert_true(frame.has_body);
    assert_true(parse(0x48, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_DATA);
    assert_false(frame.has_body);
    assert_true(parse(0xb0, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_OTHER);
    assert_true(parse(0xd4, 0, &one, &two, "", 0));
    assert_int_equal(frame.kind, DOT11_OTHER);
}

static void addresses_sequence_and_flags_are_read(void **state)
{
    (void)state;
    assert_true(parse(0x08, TO | RETRY | PROTECTED, &one, &three, "x", 1));
    assert_true(frame.to_ds && frame.retry && frame.is_protected && !frame.from_ds);
    assert_true(mac_equal(&frame.receiver, &one));
    assert_true(mac_equal(&frame.transmitter, &two));
    assert_true(mac_equal(&frame.address3, &three));
    assert_int_equal(frame.sequence, 0x123);
    assert_int_equal(cursor_left(&frame.body), 1);
}

static void qos_ht_control_and_the_fourth_address_stand_before_the_body(void **state)
{
    (void)state;
    assert_true(parse(0x88, TO, &one, &three, "qqx", 3));
    assert_int_equal(cursor_left(&frame.body), 1);
    assert_true(parse(0x88, TO | ORDER, &one, &three, "qqhhhhx", 7));
    assert_int_equal(cursor_left(&frame.body), 1);
    assert_true(parse(0x08, TO | ORDER, &one, &three, "x", 1));
    assert_int_equal(cursor_left(&frame.body), 1);
    assert_true(parse(0x88, TO | FROM, &one, &three, "\2\1\1\1\1\1qqx", 9));
    assert_true(mac_equal(&frame.address4, &one));
    assert_int_equal(cursor_left(&frame.body), 1);
}

static void a_frame_shorter_than_its_header_is_refused(void **state)
{
    static const uint8_t whole[] = {0x88, 3, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
                                    2,    2, 2, 2, 2, 2, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0};

    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++)
        assert_false(dot11_parse(cursor_of(whole, len), &frame));
    assert_true(dot11_parse(cursor_of(whole, sizeof(whole)), &frame));
    assert_false(dot11_parse(cursor_of("\x81\0", 2), &frame)); /* another protocol version */
}

static void the_bssid_is_where_the_ds_bits_put_it(void **state)
{
    struct mac bssid;

    (void)state;
    assert_true(parse(0x08, TO, &one, &three, "", 0) && dot11_bssid(&frame, &bssid));
    assert_true(mac_equal(&bssid, &one));
    assert_true(parse(0x08, FROM, &one, &three, "", 0) && dot11_bssid(&frame, &bssid));
    assert_true(mac_equal(&bssid, &two));
    assert_true(parse(0x08, 0, &one, &three, "", 0) && dot11_bssid(&frame, &bssid));
    assert_true(mac_equal(&bssid, &three));
    assert_true(parse(0x08, TO | FROM, &one, &three, "\2\1\1\1\1\1", 6));
    assert_false(dot11_bssid(&frame, &bssid));
}

/* --- networks --- */

static struct dot11_network network_of(uint16_t capability, const char *elements, size_t len)
{
    struct dot11_network network;

    dot11_parse_elements(cursor_of(elements, len), capability, &network);
    return network;
}

#define NETWORK(capability, elements) network_of(capability, elements, sizeof(elements) - 1)
#define RSN(akm) \
    "\x30\x14\x01\x00\x00\x0f\xac\x04\x01\x00\x00\x0f\xac\x04\x01\x00\x00\x0f\xac" akm "\x00\x00"
#define WPA "\xdd\x06\x00\x50\xf2\x01\x01\x00"

static void encryption_is_the_best_that_is_offered(void **state)
{
    (void)state;
    assert_int_equal(NETWORK(0x0001, "").encryption, 0);
    assert_int_equal(NETWORK(0x0011, "").encryption, 1);
    assert_int_equal(NETWORK(0x0011, WPA).encryption, 2);
    assert_int_equal(NETWORK(0x0011, "\xdd\x06\x00\x50\xf2\x02\x01\x00").encryption, 1);
    assert_int_equal(NETWORK(0x0011, RSN("\x02")).encryption, 3);
    assert_int_equal(NETWORK(0x0011, RSN("\x02") WPA).encryption, 3);
    assert_int_equal(NETWORK(0x0011, RSN("\x08")).encryption, 4);
    assert_int_equal(NETWORK(0x0011, RSN("\x12")).encryption, 4);
    assert_int_equal(NETWORK(0x0011, RSN("\x0c")).encryption, 4);
    assert_int_equal(NETWORK(0x0011, "\x30\x02\x01\x00").encryption, 3); /* all by default */
    /* personal and SAE side by side */
    assert_int_equal(NETWORK(0x0011, "\x30\x16\x01\x00\x00\x0f\xac\x04\x01\x00\x00\x0f\xac\x04\x02"
                                     "\x00\x00\x0f\xac\x02\x00\x0f\xac\x08")
                         .encryption,
                     4);
    /* an AKM of somebody else with the same number */
    assert_int_equal(NETWORK(0x0011, "\x30\x12\x01\x00\x00\x0f\xac\x04\x01\x00\x00\x0f\xac\x04\x01"
                                     "\x00\x00\x50\xf2\x08")
                         .encryption,
                     3);
}

static void the_name_and_the_channel_are_read(void **state)
{
    struct dot11_network network = NETWORK(1, "\0\3abc\3\1\13");

    (void)state;
    assert_true(network.has_ssid);
    assert_int_equal(network.ssid_len, 3);
    assert_memory_equal(network.ssid, "abc", 3);
    assert_int_equal(network.channel, 11);
    assert_int_equal(NETWORK(1, "\x3d\2\44\0").channel, 36);
}

static void a_hidden_name_has_no_bytes(void **state)
{
    (void)state;
    assert_int_equal(NETWORK(1, "\0\0").ssid_len, 0);
    assert_true(NETWORK(1, "\0\4\0\0\0\0").has_ssid);
    assert_int_equal(NETWORK(1, "\0\4\0\0\0\0").ssid_len, 0);
}

static void a_name_of_more_than_32_bytes_is_not_taken(void **state)
{
    char element[2 + 33] = {0, 33};

    (void)state;
    memset(element + 2, 'a', 33);
    assert_false(network_of(1, element, sizeof(element)).has_ssid);
    element[1] = 32;
    assert_int_equal(network_of(1, element, 34).ssid_len, 32);
}

static void an_element_past_the_end_leaves_those_before_it(void **state)
{
    struct dot11_network network = NETWORK(1, "\0\1a\3\1\6\x30\x14\1\0");

    (void)state;
    assert_int_equal(network.ssid_len, 1);
    assert_int_equal(network.channel, 6);
    assert_int_equal(network.encryption, 0);
    assert_int_equal(NETWORK(1, "\0\1a\3").ssid_len, 1);
}

static void a_beacon_has_fixed_fields_before_its_elements(void **state)
{
    struct dot11_network network;

    (void)state;
    assert_true(dot11_parse_beacon(cursor_of("ttttttttii\x10\0\0\1a", 15), &network));
    assert_int_equal(network.encryption, 1);
    assert_int_equal(network.ssid_len, 1);
    assert_false(dot11_parse_beacon(cursor_of("ttttttttii\x10", 11), &network));
}

/* --- tags --- */

static uint8_t vendor;
static struct cursor payload;

static void a_ccx_tags_frame_is_one_wherever_the_group_stands(void **state)
{
    (void)state;
    assert_true(parse(0x08, 0, &ccx, &three, "\xaa\xaa\3\0\x40\x96\0\0PAY", 11));
    assert_true(dot11_is_tag(&frame, &vendor, &payload));
    assert_int_equal(vendor, 0);
    assert_int_equal(cursor_left(&payload), 3);
    assert_memory_equal(payload.at, "PAY", 3);
    assert_true(parse(0x08, TO, &one, &ccx, "raw", 3));
    assert_true(dot11_is_tag(&frame, &vendor, &payload));
    assert_int_equal(cursor_left(&payload), 3);
}

static void aeroscouts_frames_have_both_ds_bits_or_none(void **state)
{
    (void)state;
    assert_true(parse(0x08, TO | FROM, &aeroscout, &one, "\2\2\2\2\2\2", 6));
    assert_true(dot11_is_tag(&frame, &vendor, &payload));
    assert_int_equal(vendor, 2);
    assert_int_equal(cursor_left(&payload), 0);
    assert_true(parse(0x08, 0, &aeroscout, &one, "ab", 2));
    assert_true(dot11_is_tag(&frame, &vendor, &payload));
    assert_true(parse(0x08, TO, &one, &aeroscout, "ab", 2));
    assert_false(dot11_is_tag(&frame, &vendor, &payload));
}

static void what_an_ap_passes_on_is_no_tags_frame(void **state)
{
    (void)state;
    assert_true(parse(0x08, FROM, &ccx, &three, "ab", 2));
    assert_false(dot11_is_tag(&frame, &vendor, &payload));
    assert_true(parse(0x08, TO | FROM, &aeroscout, &one, "\2\3\3\3\3\3", 6));
    assert_false(dot11_is_tag(&frame, &vendor, &payload));
}

static void encrypted_frames_and_other_groups_are_no_tags(void **state)
{
    static const struct mac other = {{0x01, 0x40, 0x96, 0, 0, 4}};

    (void)state;
    assert_true(parse(0x08, PROTECTED, &ccx, &three, "ab", 2));
    assert_false(dot11_is_tag(&frame, &vendor, &payload));
    assert_true(parse(0x08, 0, &other, &three, "ab", 2));
    assert_false(dot11_is_tag(&frame, &vendor, &payload));
    assert_true(parse(0x80, 0, &ccx, &three, "ab", 2));
    assert_false(dot11_is_tag(&frame, &vendor, &payload));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(addresses_sequence_and_flags_are_read),
        cmocka_unit_test(qos_ht_control_and_the_fourth_address_stand_before_the_body),
        cmocka_unit_test(a_frame_shorter_than_its_header_is_refused),
        cmocka_unit_test(the_bssid_is_where_the_ds_bits_put_it),
        cmocka_unit_test(encryption_is_the_best_that_is_offered),
        cmocka_unit_test(the_name_and_the_channel_are_read),
        cmocka_unit_test(a_hidden_name_has_no_bytes),
        cmocka_unit_test(a_name_of_more_than_32_bytes_is_not_taken),
        cmocka_unit_test(an_element_past_the_end_leaves_those_before_it),
        cmocka_unit_test(a_beacon_has_fixed_fields_before_its_elements),
        cmocka_unit_test(a_ccx_tags_frame_is_one_wherever_the_group_stands),
        cmocka_unit_test(aeroscouts_frames_have_both_ds_bits_or_none),
        cmocka_unit_test(what_an_ap_passes_on_is_no_tags_frame),
        cmocka_unit_test(encrypted_frames_and_other_groups_are_no_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
