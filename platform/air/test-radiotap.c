/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/radiotap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct radiotap tap;
static struct cursor frame;

#define PARSE(...) parse((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static bool parse(const uint8_t *bytes, size_t len)
{
    static uint8_t copy[512];

    memcpy(copy, bytes, len);
    frame = cursor_of(copy, len);
    return radiotap_parse(&frame, &tap);
}

static void a_header_without_fields_says_nothing(void **state)
{
    (void)state;
    assert_true(PARSE(0, 0, 8, 0, 0, 0, 0, 0, 0xaa, 0xbb));
    assert_int_equal(cursor_left(&frame), 2);
    assert_int_equal(tap.signal, RADIO_DB_UNKNOWN);
    assert_int_equal(tap.noise, RADIO_DB_UNKNOWN);
    assert_int_equal(tap.frequency, 0);
    assert_int_equal(tap.antenna, RADIO_ANTENNA_COMBINED);
    assert_false(tap.bad || tap.transmitted || tap.has_fcs);
}

static void fields_stand_where_their_alignment_puts_them(void **state)
{
    (void)state;
    /* TSFT, flags, rate, channel, signal, noise, antenna, receive flags */
    assert_true(PARSE(0, 0, 30, 0, 0x6f, 0x48, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0x80, 0x10, 22, 0x6c,
                      0x09, 0xa0, 0, 0xc4, 0xa1, 2, 0 /* padding */, 0, 0, 0, 0, /* frame */ 8, 0,
                      1, 2, 3, 4));
    assert_true(tap.tsft == 0x8000000000000201ULL);
    assert_true(tap.has_fcs);
    assert_int_equal(tap.rate, 11000);
    assert_int_equal(tap.frequency, 2412);
    assert_int_equal(tap.signal, -60);
    assert_int_equal(tap.noise, -95);
    assert_int_equal(tap.antenna, 2);
    assert_int_equal(tap.antennas[2], -60);
    assert_int_equal(cursor_left(&frame), 2); /* the checksum is off */
}

static void antennas_of_later_namespaces_leave_the_combined_signal_alone(void **state)
{
    (void)state;
    /* signal; then twice: antenna and signal */
    assert_true(PARSE(0, 0, 21, 0, 0x20, 0, 0, 0xa0, 0x20, 0x08, 0, 0xa0, 0x20, 0x08, 0, 0, 0xd0,
                      0xc0, 0, 0xd6, 1));
    assert_int_equal(tap.signal, -48);
    assert_int_equal(tap.antenna_mask, 3);
    assert_int_equal(tap.antennas[0], -64);
    assert_int_equal(tap.antennas[1], -42);
    assert_int_equal(tap.antenna, RADIO_ANTENNA_COMBINED);
}

static void a_vendors_fields_are_skipped_by_their_length(void **state)
{
    (void)state;
    /* a vendor's namespace with 3 bytes of its own, then radiotap's with a signal */
    assert_true(PARSE(0, 0, 28, 0, 0x02, 0, 0, 0xc0, 0xff, 0xff, 0, 0xa0, 0x20, 0, 0, 0, 0x40, 0,
                      0x00, 0x11, 0x22, 0, 3, 0, 9, 9, 9, 0xc4));
    assert_true(tap.bad);
    assert_int_equal(tap.signal, -60);
}

static void a_field_of_unknown_length_ends_the_reading(void **state)
{
    (void)state;
    assert_true(PARSE(0, 0, 10, 0, 0x22, 0, 0, 0x10, 0x10, 0xc4, 7));
    assert_int_equal(tap.signal, -60);
    assert_true(tap.has_fcs);
    assert_int_equal(cursor_left(&frame), 1); /* too short for a checksum */
}

static void bits_of_a_second_word_are_not_taken_for_those_of_the_first(void **state)
{
    (void)state;
    assert_true(PARSE(0, 0, 13, 0, 0x20, 0, 0, 0x80, 0x20, 0, 0, 0, 0xc4));
    assert_int_equal(tap.signal, -60);
}

static void a_frame_of_our_own_sending_is_told(void **state)
{
    (void)state;
    assert_true(PARSE(0, 0, 10, 0, 0, 0x80, 0, 0, 0, 0));
    assert_true(tap.transmitted);
}

static void a_wrong_checksum_or_physical_header_is_told(void **state)
{
    (void)state;
    assert_true(PARSE(0, 0, 9, 0, 2, 0, 0, 0, 0x40));
    assert_true(tap.bad);
    assert_true(PARSE(0, 0, 10, 0, 0, 0x40, 0, 0, 2, 0));
    assert_true(tap.bad);
}

static void a_header_that_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_false(parse((const uint8_t *)"", 0));
    assert_false(PARSE(0, 0, 8));
    assert_false(PARSE(1, 0, 8, 0, 0, 0, 0, 0));
    assert_false(PARSE(0, 0, 3, 0, 0, 0, 0, 0));
    assert_false(PARSE(0, 0, 9, 0, 0, 0, 0, 0));                 /* past the end */
    assert_false(PARSE(0, 0, 6, 0, 0, 0, 0, 0));                 /* into its presence word */
    assert_false(PARSE(0, 0, 8, 0, 0x20, 0, 0, 0, 0xc4));        /* without its field */
    assert_false(PARSE(0, 0, 8, 0, 0, 0, 0, 0x80, 0, 0));        /* without its next word */
    assert_false(PARSE(0, 0, 12, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0)); /* without its vendor */
}

static void a_chain_of_presence_words_without_end_is_refused(void **state)
{
    uint8_t bytes[400];

    (void)state;
    memset(bytes, 0x80, sizeof(bytes));
    memcpy(bytes, (const uint8_t[]){0, 0, 0x90, 1}, 4);
    assert_false(parse(bytes, sizeof(bytes)));
}

static void no_beginning_of_a_header_is_taken_for_all_of_it(void **state)
{
    static const uint8_t whole[] = {0,    0,    28,   0, 0x02, 0, 0, 0xc0, 0xff, 0xff,
                                    0,    0xa0, 0x20, 0, 0,    0, 0, 0,    0x00, 0x11,
                                    0x22, 0,    3,    0, 9,    9, 9, 0xc4};

    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++)
        assert_false(parse(whole, len));
    assert_true(parse(whole, sizeof(whole)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_without_fields_says_nothing),
        cmocka_unit_test(fields_stand_where_their_alignment_puts_them),
        cmocka_unit_test(antennas_of_later_namespaces_leave_the_combined_signal_alone),
        cmocka_unit_test(a_vendors_fields_are_skipped_by_their_length),
        cmocka_unit_test(a_field_of_unknown_length_ends_the_reading),
        cmocka_unit_test(bits_of_a_second_word_are_not_taken_for_those_of_the_first),
        cmocka_unit_test(a_frame_of_our_own_sending_is_told),
        cmocka_unit_test(a_wrong_checksum_or_physical_header_is_told),
        cmocka_unit_test(a_header_that_cannot_be_is_refused),
        cmocka_unit_test(a_chain_of_presence_words_without_end_is_refused),
        cmocka_unit_test(no_beginning_of_a_header_is_taken_for_all_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
