/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/auth/test-der.h"

/* --- MACs --- */

static size_t macs_in_cn(const char *text, struct mac *first)
{
    struct parts parts = usual_parts();
    struct der_certificate certificate;

    parts.subject.len = 0;
    add_text(&parts.subject, CN, text);
    assert_true(parse_parts(&parts, &certificate));
    *first = certificate.macs[0];
    return certificate.mac_count;
}

static void a_mac_is_found_in_every_usual_spelling(void **state)
{
    static const char *const texts[] = {
        "0050569c3489",
        "00:50:56:9c:34:89",
        "00-50-56-9C-34-89",
        "0050.569c.3489",
        "MSE-0050569c3489",
        "mse0050569C3489",
        "MSE-00-50-56-9c-34-89",
        "server 00:50:56:9c:34:89 (spare)",
        "0050.569c.3489.example.com",
        "mse-0050.569c.3489",
        "C1130-0050569c3489",
        "0050569c3489.example.com",
        "urn:mac:0050569c3489",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct mac mac;
        assert_int_equal(macs_in_cn(texts[i], &mac), 1);
        assert_mac(&mac, "00:50:56:9c:34:89");
    }
}

static void the_published_form_of_an_access_point_is_understood(void **state)
{
    struct mac mac;

    (void)state;
    assert_int_equal(macs_in_cn("C1130-00146a1b3744", &mac), 1);
    assert_mac(&mac, "00:14:6a:1b:37:44");
}

static void what_only_looks_like_a_mac_is_none(void **state)
{
    static const char *const texts[] = {
        "mse.example.com",
        "0050569c348",   /* 11 digits */
        "10050569c3489", /* 13 */
        "0050569c34890",
        "00:50:56:9c:34:89:aa:bb:cc:dd", /* a fingerprint */
        "aa:bb:00:50:56:9c:34:89",
        "00:50:56:9c:34-89",
        "00:50:56:9c:34:89a",
        "x00:50:56:9c:34:89",
        "0050.569c.3489.aaaa",
        "550e8400-e29b-41d4-a716-446655440000", /* a UUID */
        "9e4ddd8dfcdd8458ba7b273fc37284b31a384eb9",
        "130012345678", /* multicast: a serial number */
        "000000000000",
        "ff:ff:ff:ff:ff:ff",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct mac mac;
        assert_int_equal(macs_in_cn(texts[i], &mac), 0);
    }
}

static void several_macs_in_one_text_are_all_found(void **state)
{
    struct mac mac;

    (void)state;
    assert_int_equal(macs_in_cn("00:50:56:9c:34:89,0050.569c.348a 0050569c348b", &mac), 3);
    assert_mac(&mac, "00:50:56:9c:34:89");
}

static void add_other_name(struct bytes *names, const char *text)
{
    static const uint8_t oid[] = {0x06, 3, 0x2a, 3, 4};
    struct bytes name = {.len = 0};
    struct bytes string = element(0x0c, text, strlen(text));

    add(&name, oid, sizeof(oid));
    add_element(&name, 0xa0, string.data, string.len);
    add_element(names, 0xa0, name.data, name.len);
}

static void macs_come_from_cn_then_subject_then_alternative_names(void **state)
{
    struct parts parts = usual_parts();
    struct bytes names = {.len = 0};
    struct der_certificate certificate;

    (void)state;
    parts.subject.len = 0;
    add_text(&parts.subject, SERIAL_NUMBER, "0050.569c.3402");
    add_text(&parts.subject, CN, "mse-0050569c3401");
    add_element(&names, 0x82, "0050569c3403.example", 20);
    add_element(&names, 0x86, "urn:00:50:56:9c:34:04", 21);
    add_alternative_names(&parts.extensions, &names);

    assert_true(parse_parts(&parts, &certificate));
    assert_int_equal(certificate.mac_count, 4);
    assert_mac(&certificate.macs[0], "00:50:56:9c:34:01");
    assert_mac(&certificate.macs[1], "00:50:56:9c:34:02");
    assert_mac(&certificate.macs[2], "00:50:56:9c:34:03");
    assert_mac(&certificate.macs[3], "00:50:56:9c:34:04");
}

static void a_mac_in_another_name_is_found(void **state)
{
    struct parts parts = usual_parts();
    struct bytes names = {.len = 0};
    struct der_certificate certificate;

    (void)state;
    parts.subject.len = 0;
    add_text(&parts.subject, CN, "mse");
    add_element(&names, 0x87, "\x7f\x00\x00\x01", 4); /* an IP address: not text */
    add_other_name(&names, "0050569c3489");
    add_extension(&parts.extensions, "\x55\x1d\x0f", 3, &names, true); /* another extension first */
    add_alternative_names(&parts.extensions, &names);

    assert_true(parse_parts(&parts, &certificate));
    assert_int_equal(certificate.mac_count, 1);
    assert_mac(&certificate.macs[0], "00:50:56:9c:34:89");
}

static void a_mac_that_is_named_twice_counts_once(void **state)
{
    struct parts parts = usual_parts();
    struct der_certificate certificate;

    (void)state;
    add_text(&parts.subject, CN, "00:50:56:9c:34:89");
    assert_true(parse_parts(&parts, &certificate));
    assert_int_equal(certificate.mac_count, 1);
}

static void more_macs_than_fit_are_left_out(void **state)
{
    struct mac mac;

    (void)state;
    assert_int_equal(
        macs_in_cn("0050569c3481 0050569c3482 0050569c3483 0050569c3484 0050569c3485", &mac),
        CERTIFICATE_MACS_MAX);
    assert_mac(&mac, "00:50:56:9c:34:81");
}

static void a_mac_in_two_byte_characters_is_found(void **state)
{
    static const char wide[] = "\0M\0S\0E\0-\0"
                               "0\0"
                               "0\0"
                               "5\0"
                               "0\0"
                               "5\0"
                               "6\0"
                               "9\0"
                               "c\0"
                               "3\0"
                               "4\0"
                               "8\0"
                               "9";
    struct parts parts = usual_parts();
    struct der_certificate certificate;

    (void)state;
    parts.subject.len = 0;
    add_attribute(&parts.subject, CN, 0x1e, wide, sizeof(wide) - 1);
    assert_true(parse_parts(&parts, &certificate));
    assert_int_equal(certificate.mac_count, 1);
    assert_mac(&certificate.macs[0], "00:50:56:9c:34:89");
}

/* --- the subject as text --- */

static void assert_subject(const struct bytes *names, size_t size, const char *expected)
{
    struct bytes name = wrapped(0x30, names);
    char text[CERTIFICATE_SUBJECT_SIZE];

    assert_true(size <= sizeof(text));
    memset(text, 'x', sizeof(text));
    der_subject_text(name.data, name.len, text, size);
    assert_string_equal(text, expected);
}

static void the_subject_is_one_line(void **state)
{
    struct bytes names = {.len = 0};

    (void)state;
    add_text(&names, CN, "mse-1");
    add_text(&names, ORGANISATION, "Example");
    add_text(&names, 46, "q"); /* dnQualifier: no short name here */
    assert_subject(&names, CERTIFICATE_SUBJECT_SIZE, "CN=mse-1, O=Example, 2.5.4.46=q");
}

static void no_value_can_look_like_another_attribute_or_line(void **state)
{
    struct bytes names = {.len = 0};

    (void)state;
    add_text(&names, ORGANISATION, "a, CN=b\n\x1b[0m\xc3\xa9\\");
    assert_subject(&names, CERTIFICATE_SUBJECT_SIZE, "O=a\\, CN\\=b\\x0a\\x1b[0m\\xc3\\xa9\\\\");
}

static void a_long_subject_is_cut_and_says_so(void **state)
{
    struct bytes names = {.len = 0};

    (void)state;
    add_text(&names, CN, "abcdefghij");
    assert_subject(&names, 14, "CN=abcdefghij");
    assert_subject(&names, 13, "CN=abcdefg..");
    assert_subject(&names, 6, "CN=..");
    assert_subject(&names, 1, "");
}

static void a_value_that_is_no_text_stays_empty(void **state)
{
    struct bytes names = {.len = 0};

    (void)state;
    add_attribute(&names, CN, 0x02, "\x01", 1);
    assert_subject(&names, CERTIFICATE_SUBJECT_SIZE, "CN=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mac_is_found_in_every_usual_spelling),
        cmocka_unit_test(the_published_form_of_an_access_point_is_understood),
        cmocka_unit_test(what_only_looks_like_a_mac_is_none),
        cmocka_unit_test(several_macs_in_one_text_are_all_found),
        cmocka_unit_test(macs_come_from_cn_then_subject_then_alternative_names),
        cmocka_unit_test(a_mac_in_another_name_is_found),
        cmocka_unit_test(a_mac_that_is_named_twice_counts_once),
        cmocka_unit_test(more_macs_than_fit_are_left_out),
        cmocka_unit_test(a_mac_in_two_byte_characters_is_found),
        cmocka_unit_test(the_subject_is_one_line),
        cmocka_unit_test(no_value_can_look_like_another_attribute_or_line),
        cmocka_unit_test(a_long_subject_is_cut_and_says_so),
        cmocka_unit_test(a_value_that_is_no_text_stays_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
