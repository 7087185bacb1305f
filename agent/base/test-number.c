/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/hex.h"
#include "agent/base/number.h"

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* No number is worth this. */
enum { UNTOUCHED = 12345 };

/* From memory of exactly this length, so that a sanitizer sees any byte read beyond it. */
static bool whole_exact(const char *bytes, size_t len, uint64_t max, uint64_t *out)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    bool ok = number_whole(cursor_of(copy, len), max, out);
    free(copy);
    return ok;
}

static void expect(const char *text, uint64_t max, uint64_t value)
{
    uint64_t out = UNTOUCHED;

    if (!whole_exact(text, strlen(text), max, &out) || out != value)
        fail_msg("\"%s\" of at most %" PRIu64 " is %" PRIu64, text, max, out);
    out = UNTOUCHED;
    assert_true(number_text(text, max, &out));
    assert_true(out == value);
}

static void expect_refused(const char *text, uint64_t max)
{
    uint64_t out = UNTOUCHED;

    if (whole_exact(text, strlen(text), max, &out) || number_text(text, max, &out))
        fail_msg("\"%s\" of at most %" PRIu64 " was taken as %" PRIu64, text, max, out);
    assert_true(out == UNTOUCHED);
}

static void test_each_width_ends_where_it_ends(void **state)
{
    static const struct {
        uint64_t max;
        const char *last, *over, *tens;
    } widths[] = {
        {0, "0", "1", "00000000000000000000000000000010"},
        {9, "9", "10", "90"},
        {INT8_MAX, "127", "128", "1270"},
        {UINT8_MAX, "255", "256", "2550"},
        {4094, "4094", "4095", "40940"},
        {UINT16_MAX, "65535", "65536", "655350"},
        {INT32_MAX, "2147483647", "2147483648", "21474836470"},
        {UINT32_MAX, "4294967295", "4294967296", "42949672950"},
        {INT64_MAX, "9223372036854775807", "9223372036854775808", "92233720368547758070"},
        {UINT64_MAX, "18446744073709551615", "18446744073709551616", "184467440737095516150"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        expect("0", widths[i].max, 0);
        expect(widths[i].last, widths[i].max, widths[i].max);
        expect_refused(widths[i].over, widths[i].max);
        expect_refused(widths[i].tens, widths[i].max);
        expect_refused("99999999999999999999999999999999999999999", widths[i].max);
    }
}

/* What a 32-bit machine's strtoul() makes 4294967295 of. */
static void test_beyond_a_long_of_32_bits_is_refused_on_every_machine(void **state)
{
    (void)state;
    expect_refused("99999999999", UINT32_MAX);
    expect("99999999999", UINT64_MAX, UINT64_C(99999999999));
}

static void test_nothing_but_digits_is_a_number(void **state)
{
    static const char *const texts[] = {
        "",    " ",   " 1",  "1 ",   "\t1",  "\n1",   "1\n",
        "+1",  "-1",  "-0",  "+",    "-",    "0x10",  "0X1",
        "1.0", "1e3", "1,0", "1_0",  "12a",  "a",     "/",
        ":",   "1/",  "1:",  "\x80", "\xb2", "1\xb2", "\xd9\xa1" /* an Arabic one */,
        "NaN", "inf"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refused(texts[i], UINT64_MAX);
}

static void test_a_nul_is_no_digit(void **state)
{
    uint64_t out = UNTOUCHED;

    (void)state;
    assert_false(whole_exact("1\0", 2, UINT64_MAX, &out));
    assert_false(whole_exact("\0", 1, UINT64_MAX, &out));
    assert_false(whole_exact("1\0002", 3, UINT64_MAX, &out));
    assert_true(out == UNTOUCHED);
}

static void test_leading_zeros_are_digits(void **state)
{
    (void)state;
    expect("007", 7, 7);
    expect("010", 10, 10); /* not eight */
    expect("0000000000000000000000000000000000000000255", UINT8_MAX, 255);
}

static void test_take_stops_behind_the_digits(void **state)
{
    struct cursor c = cursor_of("42]x", 4);
    uint64_t out = UNTOUCHED;

    (void)state;
    assert_true(number_take(&c, UINT8_MAX, &out));
    assert_true(out == 42);
    assert_int_equal(cursor_left(&c), 2);
    assert_false(number_take(&c, UINT8_MAX, &out));
    assert_int_equal(cursor_left(&c), 2);
    assert_true(out == 42);
}

static void test_take_that_fails_moves_nothing(void **state)
{
    struct cursor c = cursor_of("256", 3);
    struct cursor failed = cursor_of("1", 1);
    uint64_t out = UNTOUCHED;

    (void)state;
    assert_false(number_take(&c, UINT8_MAX, &out));
    assert_int_equal(cursor_left(&c), 3);
    assert_false(c.failed);
    cursor_skip(&failed, 2);
    assert_false(number_take(&failed, UINT8_MAX, &out));
    assert_false(number_whole(failed, UINT8_MAX, &out));
    assert_true(out == UNTOUCHED);
}

static void test_a_digit_at_a_time_has_the_same_end(void **state)
{
    static const char digits[] = "4294967295";
    uint64_t value = 0;

    (void)state;
    for (const char *d = digits; *d != '\0'; d++)
        assert_true(number_append(&value, (uint8_t)*d, UINT32_MAX));
    assert_true(value == UINT32_MAX);
    assert_false(number_append(&value, '0', UINT32_MAX));
    assert_true(value == UINT32_MAX);
    assert_true(number_append(&value, '6', UINT64_MAX));
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++)
        if (byte < '0' || byte > '9')
            assert_false(number_append(&value, (uint8_t)byte, UINT64_MAX));
    assert_true(value == UINT64_C(42949672956));
}

/* Against the printer of the C library: both ways, around every power of two and of ten. */
static void test_what_is_printed_is_read(void **state)
{
    char text[32];

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        for (uint64_t value = (UINT64_C(1) << bit) - 1; value <= (UINT64_C(1) << bit) + 1;
             value++) {
            (void)snprintf(text, sizeof(text), "%" PRIu64, value);
            expect(text, value, value);
            if (value > 0)
                expect_refused(text, value - 1);
        }
    for (uint64_t ten = 1; ten < UINT64_MAX / 10; ten *= 10) {
        (void)snprintf(text, sizeof(text), "%" PRIu64, ten);
        expect(text, ten, ten);
        expect_refused(text, ten - 1);
    }
}

static void test_hexadecimal_digits(void **state)
{
    static const char digits[] = "0123456789abcdef";

    (void)state;
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
        unsigned low = byte >= 'A' && byte <= 'F' ? byte + 'a' - 'A' : byte;
        const char *found = memchr(digits, (int)low, 16);
        assert_int_equal(hex_digit((uint8_t)byte), found != NULL ? found - digits : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_width_ends_where_it_ends),
        cmocka_unit_test(test_beyond_a_long_of_32_bits_is_refused_on_every_machine),
        cmocka_unit_test(test_nothing_but_digits_is_a_number),
        cmocka_unit_test(test_a_nul_is_no_digit),
        cmocka_unit_test(test_leading_zeros_are_digits),
        cmocka_unit_test(test_take_stops_behind_the_digits),
        cmocka_unit_test(test_take_that_fails_moves_nothing),
        cmocka_unit_test(test_a_digit_at_a_time_has_the_same_end),
        cmocka_unit_test(test_what_is_printed_is_read),
        cmocka_unit_test(test_hexadecimal_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
