/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/mac.h"

#include <cmocka.h>
#include <stdlib.h>

static const struct mac sample = {{0x00, 0x1b, 0x0c, 0xaf, 0xfe, 0x9d}};

/* From memory of exactly this length, so that a sanitizer sees any byte read beyond it. */
static bool parse_exact(const char *text, size_t len, struct mac *out)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    bool ok = mac_parse(copy, len, out);
    free(copy);
    return ok;
}

static void every_usual_spelling_is_read(void **state)
{
    static const char *const spellings[] = {
        "001b0caffe9d",      "001B0CAFFE9D",      "001b0CaFFe9D",
        "00:1b:0c:af:fe:9d", "00:1B:0C:AF:FE:9D", "00-1b-0c-af-fe-9d",
        "00-1B-0c-AF-fe-9D", "001b.0caf.fe9d",    "001B.0CAF.FE9D",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        struct mac m = {{0}};
        assert_true(parse_exact(spellings[i], strlen(spellings[i]), &m));
        assert_true(mac_equal(&m, &sample));
    }
}

static void a_wrong_spelling_is_refused_and_leaves_the_output_alone(void **state)
{
    static const char *const spellings[] = {
        "",
        "00:1b:0c:af:fe:9",   /* one digit short */
        "00:1b:0c:af:fe:9d ", /* something after */
        " 00:1b:0c:af:fe:9d", /* something before */
        "00:1b:0c:af:fe-9d",  /* mixed separators */
        "00-1b:0c:af:fe:9d",
        "00:1b-0c:af:fe:9d",
        "00:1b:0c:af:fe.9d",
        "00.1b.0c.af.fe.9d", /* dots stand between four digits */
        "001b:0caf:fe9d",
        "001b-0caf-fe9d",
        "001b.0caf:fe9d",
        "001b.0caf.fe9.d",
        "00 1b 0c af fe 9d",
        "00_1b_0c_af_fe_9d",
        "00:1b:0c:af:fe:9g",
        "0g:1b:0c:af:fe:9d",
        "00:1b:0c:af:fe:+9",
        "0x1b0caffe9d",
        "001b0caffe9:",
        ":::::::::::::::::",
        "..............",
        "00::1b:0c:af:fe:9",
        "00:1b:0c:af:fe:9d:",
        "00:1b:0c:af:fe:9d:00",
        "001b0caffe9d00",
        "001b.0caf.fe9d.",
        "00:1b:0c:af:fe:\xb9\xb9",
        "@@:@@:@@:@@:@@:@@", /* the neighbours of the digits in ASCII */
        "//://://://://://",
        "GG:GG:GG:GG:GG:GG",
        "``:``:``:``:``:``",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        struct mac m = sample;
        assert_false(parse_exact(spellings[i], strlen(spellings[i]), &m));
        assert_true(mac_equal(&m, &sample));
    }
}

static void a_spelling_of_any_other_length_is_refused(void **state)
{
    static const char *const endless[] = {
        "00000000000000000000000000",
        "00:00:00:00:00:00:00:00:00:00",
        "00-00-00-00-00-00-00-00-00-00",
        "0000.0000.0000.0000.0000.0000",
    };
    static const size_t right[] = {12, 17, 17, 14};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t len = 0; len <= 20; len++) {
            struct mac m;
            assert_int_equal(parse_exact(endless[i], len, &m), len == right[i]);
        }
    }
}

static void a_nul_inside_is_refused(void **state)
{
    static const char *const spellings[] = {"001b0caffe9d", "00:1b:0c:af:fe:9d", "001b.0caf.fe9d"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(spellings[i]);
        for (size_t at = 0; at < len; at++) {
            char text[20];
            struct mac m;
            memcpy(text, spellings[i], len);
            text[at] = '\0';
            assert_false(parse_exact(text, len, &m));
        }
    }
}

/* Every byte at every place: only digits where digits belong, only the separator where it belongs.
 */
static void any_wrong_byte_at_any_place_is_refused(void **state)
{
    static const char good[] = "0a:1b:2c:3d:4e:5f";
    static const char hex[] = "0123456789abcdefABCDEF";

    (void)state;
    for (size_t at = 0; at < 17; at++) {
        for (int byte = 1; byte < 256; byte++) {
            char text[18];
            struct mac m;
            bool right = at % 3 == 2 ? byte == ':' : strchr(hex, byte) != NULL;
            memcpy(text, good, sizeof(good));
            text[at] = (char)byte;
            assert_int_equal(parse_exact(text, 17, &m), right);
        }
    }
}

static void text_is_lower_case_with_colons_and_reads_back(void **state)
{
    char buf[MAC_TEXT_SIZE + 1];
    struct mac back;

    (void)state;
    memset(buf, 'x', sizeof(buf));
    assert_ptr_equal(mac_text(&sample, buf), buf);
    assert_string_equal(buf, "00:1b:0c:af:fe:9d");
    assert_int_equal(buf[MAC_TEXT_SIZE], 'x');
    for (unsigned i = 0; i < 256; i++) {
        struct mac m = {{(uint8_t)i, (uint8_t)(255 - i), 0, 255, (uint8_t)(i / 2), (uint8_t)i}};
        assert_true(mac_parse(mac_text(&m, buf), MAC_TEXT_SIZE - 1, &back));
        assert_true(mac_equal(&m, &back));
    }
}

static void only_six_zero_bytes_are_zero(void **state)
{
    (void)state;
    assert_true(mac_is_zero(&(struct mac){{0}}));
    for (size_t i = 0; i < 6; i++) {
        struct mac m = {{0}};
        m.b[i] = 1;
        assert_false(mac_is_zero(&m));
    }
}

static void the_first_byte_says_local_and_multicast(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        struct mac m = {{(uint8_t)i, 0xff, 0xff, 0xff, 0xff, 0xff}};
        assert_int_equal(mac_is_local(&m), (i >> 1) & 1);
        assert_int_equal(mac_is_multicast(&m), i & 1);
    }
}

static void macs_are_ordered_as_their_bytes_are(void **state)
{
    struct mac low = {{1, 2, 3, 4, 5, 6}};
    struct mac high = {{1, 2, 3, 4, 5, 0x86}};

    (void)state;
    assert_true(mac_compare(&low, &high) < 0);
    assert_true(mac_compare(&high, &low) > 0);
    assert_int_equal(mac_compare(&low, &low), 0);
    assert_false(mac_equal(&low, &high));
    assert_int_equal(sizeof(struct mac), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_usual_spelling_is_read),
        cmocka_unit_test(a_wrong_spelling_is_refused_and_leaves_the_output_alone),
        cmocka_unit_test(a_spelling_of_any_other_length_is_refused),
        cmocka_unit_test(a_nul_inside_is_refused),
        cmocka_unit_test(any_wrong_byte_at_any_place_is_refused),
        cmocka_unit_test(text_is_lower_case_with_colons_and_reads_back),
        cmocka_unit_test(only_six_zero_bytes_are_zero),
        cmocka_unit_test(the_first_byte_says_local_and_multicast),
        cmocka_unit_test(macs_are_ordered_as_their_bytes_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
