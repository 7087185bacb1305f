/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/auth/test-der.h"

#include "agent/tls/certificate-info.h"
/* --- keys --- */

static void the_hash_of_a_published_key_is_the_published_hash(void **state)
{
    static const uint8_t expected[] = {0x9e, 0x4d, 0xdd, 0x8d, 0xfc, 0xdd, 0x84, 0x58, 0xba, 0x7b,
                                       0x27, 0x3f, 0xc3, 0x72, 0x84, 0xb3, 0x1a, 0x38, 0x4e, 0xb9};
    struct parts parts = usual_parts();
    struct bytes certificate = assemble(&parts);
    struct certificate_info peer;

    (void)state;
    assert_true(certificate_info_read(certificate.data, certificate.len, 1, &peer));
    assert_memory_equal(peer.spki_sha1, expected, sizeof(expected));
    assert_int_equal(peer.key_type, CERTIFICATE_KEY_RSA);
    assert_int_equal(peer.key_bits, 2048);
    assert_int_equal(peer.mac_count, 1);
    assert_mac(&peer.macs[0], "00:50:56:9c:34:89");
    assert_string_equal(peer.subject, "CN=MSE-0050569c3489");
}

static void the_key_found_is_the_whole_subject_public_key_info(void **state)
{
    struct parts parts = usual_parts();
    struct der_certificate certificate;

    (void)state;
    assert_true(parse_parts(&parts, &certificate));
    assert_int_equal(certificate.spki_len, parts.spki.len);
    assert_memory_equal(certificate.spki, parts.spki.data, parts.spki.len);
}

/* An RSA SubjectPublicKeyInfo with a modulus of that many bytes that begins with `first`. */
static struct bytes rsa_key(uint8_t first, size_t modulus_len, uint8_t exponent)
{
    static const uint8_t algorithm[] = {0x30, 13,   0x06, 9,    0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    uint8_t modulus[513] = {0};
    struct bytes numbers = {.len = 0};
    struct bytes bits = {.data = {0}, .len = 1};
    struct bytes spki = {.len = 0};

    memset(modulus + 1, 0x5a, modulus_len);
    modulus[1] = first;
    if ((first & 0x80) != 0)
        add_element(&numbers, 0x02, modulus, modulus_len + 1);
    else
        add_element(&numbers, 0x02, modulus + 1, modulus_len);
    add_element(&numbers, 0x02, &exponent, 1);
    struct bytes key = wrapped(0x30, &numbers);
    add(&bits, key.data, key.len);
    add(&spki, algorithm, sizeof(algorithm));
    add_element(&spki, 0x03, bits.data, bits.len);
    return wrapped(0x30, &spki);
}

static void rsa_bits_are_counted_from_the_first_one_of_the_modulus(void **state)
{
    static const struct {
        size_t len;
        unsigned bits;
        uint8_t first;
    } cases[] = {{256, 2048, 0x80}, {256, 2047, 0x40}, {256, 2041, 0x01},
                 {128, 1024, 0xff}, {512, 4096, 0x80}, {1, 1, 0x01}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes key = rsa_key(cases[i].first, cases[i].len, 3);
        enum certificate_key_type type = CERTIFICATE_KEY_OTHER;
        unsigned bits = 0;
        assert_true(der_spki_parse(key.data, key.len, &type, &bits));
        assert_int_equal(type, CERTIFICATE_KEY_RSA);
        assert_int_equal(bits, cases[i].bits);
    }
}

static void an_rsa_exponent_with_which_everybody_can_sign_is_refused(void **state)
{
    static const uint8_t exponents[] = {0, 1, 2, 4, 0x80};
    enum certificate_key_type type;
    unsigned bits;

    (void)state;
    for (size_t i = 0; i < sizeof(exponents); i++) {
        struct bytes key = rsa_key(0x80, 256, exponents[i]);
        assert_false(der_spki_parse(key.data, key.len, &type, &bits));
    }
}

static struct bytes ec_key(const void *curve, size_t curve_len, uint8_t form, size_t point_len)
{
    static const uint8_t oid[] = {0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct bytes algorithm = {.len = 0};
    struct bytes bits = {.data = {0, form}, .len = 1 + point_len};
    struct bytes spki = {.len = 0};

    add(&algorithm, oid, sizeof(oid));
    add_element(&algorithm, 0x06, curve, curve_len);
    add_element(&spki, 0x30, algorithm.data, algorithm.len);
    add_element(&spki, 0x03, bits.data, bits.len);
    return wrapped(0x30, &spki);
}

static void only_three_curves_count_as_ec(void **state)
{
    static const struct {
        const char *oid;
        size_t oid_len;
        enum certificate_key_type type;
        unsigned bits;
        size_t point_len;
    } cases[] = {
        {"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, CERTIFICATE_KEY_EC, 256, 65},
        {"\x2b\x81\x04\x00\x22", 5, CERTIFICATE_KEY_EC, 384, 97},
        {"\x2b\x81\x04\x00\x23", 5, CERTIFICATE_KEY_EC, 521, 133},
        {"\x2b\x81\x04\x00\x0a", 5, CERTIFICATE_KEY_OTHER, 0, 65},             /* secp256k1 */
        {"\x2a\x86\x48\xce\x3d\x03\x01\x01", 8, CERTIFICATE_KEY_OTHER, 0, 49}, /* P-192 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes key = ec_key(cases[i].oid, cases[i].oid_len, 4, cases[i].point_len);
        enum certificate_key_type type = CERTIFICATE_KEY_RSA;
        unsigned bits = 1;
        assert_true(der_spki_parse(key.data, key.len, &type, &bits));
        assert_int_equal(type, cases[i].type);
        assert_int_equal(bits, cases[i].bits);
    }
}

static void an_ec_point_of_the_wrong_size_is_refused(void **state)
{
    static const char p256[] = "\x2a\x86\x48\xce\x3d\x03\x01\x07";
    enum certificate_key_type type;
    unsigned bits;
    struct bytes key = ec_key(p256, 8, 4, 64);

    (void)state;
    assert_false(der_spki_parse(key.data, key.len, &type, &bits));
    key = ec_key(p256, 8, 2, 65);
    assert_false(der_spki_parse(key.data, key.len, &type, &bits));
    key = ec_key(p256, 8, 2, 33);
    assert_true(der_spki_parse(key.data, key.len, &type, &bits));
}

static void a_key_of_another_algorithm_is_told_apart(void **state)
{
    static const uint8_t ed25519[] = {0x30, 12,   0x30, 5, 0x06, 3, 0x2b,
                                      0x65, 0x70, 0x03, 3, 0,    1, 2};
    enum certificate_key_type type = CERTIFICATE_KEY_RSA;
    unsigned bits = 1;

    (void)state;
    assert_true(der_spki_parse(ed25519, sizeof(ed25519), &type, &bits));
    assert_int_equal(type, CERTIFICATE_KEY_OTHER);
    assert_int_equal(bits, 0);
}

/* --- dates --- */

static bool parse_not_after(const char *text, uint8_t tag, int64_t *seconds)
{
    struct parts parts = usual_parts();
    struct der_certificate certificate;

    parts.validity.len = 0;
    add_time(&parts.validity, "150101000000Z");
    add_element(&parts.validity, tag, text, strlen(text));
    bool ok = parse_parts(&parts, &certificate);
    *seconds = certificate.not_after;
    return ok;
}

static void dates_are_seconds_since_1970_on_every_machine(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"700101000000Z", 0},
        {"691231235959Z", -1},
        {"000101000000Z", 946684800},
        {"000229120000Z", 951825600},
        {"380119031408Z", INT64_C(2147483648)},
        {"491231235959Z", INT64_C(2524607999)},
        {"500101000000Z", -631152000},
        {"20500101000000Z", INT64_C(2524608000)},
        {"21000301000000Z", INT64_C(4107542400)},
        {"99991231235959Z", INT64_C(253402300799)},
        {"00010101000000Z", INT64_C(-62135596800)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t seconds = 1;
        bool general = strlen(cases[i].text) == 15;
        assert_true(parse_not_after(cases[i].text, general ? 0x18 : 0x17, &seconds));
        assert_true(seconds == cases[i].seconds);
    }
}

static void a_date_that_does_not_exist_is_refused(void **state)
{
    static const char *const texts[] = {
        "351301000000Z", "350001000000Z", "350230000000Z",  "350100000000Z",
        "350132000000Z", "350431000000Z", "350229000000Z",  "350101240000Z",
        "350101006000Z", "350101000060Z", "3501010000Z",    "350101000000",
        "350101000000+", "35010100000aZ", "3501010000000Z", "",
        "35010100 000Z",
    };
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(parse_not_after(texts[i], 0x17, &seconds));
    assert_false(parse_not_after("21000229000000Z", 0x18, &seconds));
    assert_false(parse_not_after("00000101000000Z", 0x18, &seconds));
    assert_false(parse_not_after("350101000000Z", 0x16, &seconds));
    assert_true(parse_not_after("20960229000000Z", 0x18, &seconds));
}

/* --- what is no certificate --- */

static void a_certificate_cut_anywhere_is_refused(void **state)
{
    struct parts parts = usual_parts();
    struct bytes certificate = assemble(&parts);
    struct der_certificate out;

    (void)state;
    assert_true(parse(&certificate, &out));
    while (certificate.len > 0) {
        certificate.len--;
        assert_false(parse(&certificate, &out));
    }
}

static void a_byte_after_the_certificate_is_refused(void **state)
{
    struct parts parts = usual_parts();
    struct bytes certificate = assemble(&parts);
    struct der_certificate out;

    (void)state;
    add(&certificate, "", 1);
    assert_false(parse(&certificate, &out));
}

static void a_length_that_is_not_in_its_shortest_form_is_refused(void **state)
{
    static const char *const subjects[] = {
        "\x30\x80\x00\x00",         /* indefinite */
        "\x30\x81\x00",             /* one byte too many */
        "\x30\x82\x00\x00",         /* two */
        "\x30\x84\x00\x00\x00\x00", /* four: nothing here is so large */
        "\x3f\x20\x00",             /* a tag of several bytes */
    };
    static const size_t lengths[] = {4, 3, 4, 6, 3};
    struct parts parts = usual_parts();
    struct der_certificate out;

    (void)state;
    /* As the first element of the subject, where an empty SET would do. */
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        parts.subject.len = 0;
        add(&parts.subject, subjects[i], lengths[i]);
        assert_false(parse_parts(&parts, &out));
    }
}

static void a_broken_subject_or_extension_is_refused(void **state)
{
    struct parts parts = usual_parts();
    struct bytes names = {.len = 0};
    struct der_certificate out;

    (void)state;
    add(&names,
        "\x82\x05"
        "ab",
        4); /* a DNS name that runs past its list */
    add_alternative_names(&parts.extensions, &names);
    assert_false(parse_parts(&parts, &out));

    parts = usual_parts();
    add(&parts.subject, "\x31\x02\x30\x00", 4); /* an attribute without type and value */
    assert_false(parse_parts(&parts, &out));
}

static void bytes_between_validity_and_key_are_refused(void **state)
{
    struct parts parts = usual_parts();
    struct der_certificate out;

    (void)state;
    add(&parts.validity, "\x05\x00", 2);
    assert_false(parse_parts(&parts, &out));

    parts = usual_parts();
    add(&parts.spki, "\x05\x00", 2); /* skipped: it stands where unique identifiers may */
    assert_true(parse_parts(&parts, &out));
    assert_int_equal(out.spki_len, 294);
}

static void no_changed_byte_makes_the_key_lie_outside(void **state)
{
    struct parts parts = usual_parts();
    struct bytes certificate = assemble(&parts);
    unsigned accepted = 0;

    (void)state;
    for (size_t i = 0; i < certificate.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct der_certificate out;
            certificate.data[i] ^= (uint8_t)(1u << bit);
            if (der_certificate_parse(certificate.data, certificate.len, &out)) {
                accepted++;
                assert_true(out.spki >= certificate.data);
                assert_true(out.spki + out.spki_len <= certificate.data + certificate.len);
                assert_true(out.mac_count <= CERTIFICATE_MACS_MAX);
            }
            certificate.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(accepted > 0); /* most of a key is any bits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_of_a_published_key_is_the_published_hash),
        cmocka_unit_test(the_key_found_is_the_whole_subject_public_key_info),
        cmocka_unit_test(rsa_bits_are_counted_from_the_first_one_of_the_modulus),
        cmocka_unit_test(an_rsa_exponent_with_which_everybody_can_sign_is_refused),
        cmocka_unit_test(only_three_curves_count_as_ec),
        cmocka_unit_test(an_ec_point_of_the_wrong_size_is_refused),
        cmocka_unit_test(a_key_of_another_algorithm_is_told_apart),
        cmocka_unit_test(dates_are_seconds_since_1970_on_every_machine),
        cmocka_unit_test(a_date_that_does_not_exist_is_refused),
        cmocka_unit_test(a_certificate_cut_anywhere_is_refused),
        cmocka_unit_test(a_byte_after_the_certificate_is_refused),
        cmocka_unit_test(a_length_that_is_not_in_its_shortest_form_is_refused),
        cmocka_unit_test(a_broken_subject_or_extension_is_refused),
        cmocka_unit_test(bytes_between_validity_and_key_are_refused),
        cmocka_unit_test(no_changed_byte_makes_the_key_lie_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
