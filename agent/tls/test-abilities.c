/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer can do with, by its messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/tls/abilities.h"
#include "agent/tls/test-hello.h"

#include <string.h>

/* A server's flight of TLS 1.2 or before, up to its request; no signatures: before TLS 1.2. */
static void make_request(const uint8_t *types, uint8_t type_count, const uint16_t *signatures)
{
    static uint8_t certificate[6000];
    uint8_t version[2];
    uint8_t body[256];
    struct writer w = begin_bytes();
    struct writer b = writer_of(body, sizeof(body));

    writer_u16_at(version, signatures != NULL ? TLS_1_2 : TLS_1_1);
    add_message(&w, SERVER_HELLO, version, sizeof(version));
    add_message(&w, CERTIFICATE, certificate, sizeof(certificate));
    writer_u8(&b, type_count);
    writer_bytes(&b, types, type_count);
    if (signatures != NULL) {
        writer_u16(&b, (uint16_t)size_of_list(signatures));
        add_list(&b, signatures);
    }
    writer_u16(&b, 0); /* no authorities */
    add_message(&w, REQUEST, body, b.used);
    end_bytes(&w);
}

static const struct abilities_ours server = {.role = TLS_SERVER, .cbc = true, .ec_bits = 256};
static const struct abilities_ours client = {.role = TLS_CLIENT, .cbc = true, .ec_bits = 256};

static struct abilities read_with(const struct abilities_ours *ours)
{
    struct abilities abilities;

    abilities_begin(&abilities, ours);
    (void)abilities_feed(&abilities, hello_bytes, hello_bytes_len);
    return abilities;
}

static void assert_can(const struct abilities_ours *ours, bool rsa, bool ec)
{
    struct abilities abilities = read_with(ours);

    assert_int_equal(abilities.state, ABILITIES_KNOWN);
    assert_int_equal(abilities.rsa, rsa);
    assert_int_equal(abilities.ec, ec);
}

static void assert_hello(const struct abilities_ours *ours, struct hello hello, bool rsa, bool ec)
{
    make_hello(&hello);
    assert_can(ours, rsa, ec);
}

/* --- ClientHello --- */

static void in_tls_1_3_signature_algorithms_decide(void **state)
{
    const uint16_t *both = LIST(SUITE_1_3, RSA_GCM, EC_GCM);
    const uint16_t *versions = LIST(0x0304, TLS_1_2);

    (void)state;
    assert_hello(&server, (struct hello){both, LIST(PSS, P256), versions}, true, true);
    assert_hello(&server, (struct hello){both, LIST(PSS), versions}, true, false);
    assert_hello(&server, (struct hello){both, LIST(P256, PKCS1), versions}, false, true);
    assert_hello(&server, (struct hello){both, LIST(P384), versions}, false, false);
    assert_hello(&server, (struct hello){both, NULL, versions}, false, false);
    const struct abilities_ours p384 = {.role = TLS_SERVER, .ec_bits = 384};
    assert_hello(&p384, (struct hello){both, LIST(P384), versions}, false, true);
    assert_hello(&p384, (struct hello){both, LIST(P256), versions}, false, false);
}

static void tls_1_3_without_one_of_its_suites_is_tls_1_2(void **state)
{
    (void)state;
    assert_hello(&server, (struct hello){LIST(RSA_GCM), LIST(PKCS1, P256), LIST(0x0304)}, true,
                 false);
}

static void in_tls_1_2_a_suite_and_a_signature_algorithm_are_needed(void **state)
{
    const uint16_t *both = LIST(FALLBACK, RSA_GCM, EC_GCM);

    (void)state;
    assert_hello(&server, (struct hello){both, LIST(PKCS1, P384), NULL}, true, true);
    assert_hello(&server, (struct hello){both, LIST(PSS), NULL}, true, false);
    assert_hello(&server, (struct hello){both, LIST(P256), NULL}, false, true);
    assert_hello(&server, (struct hello){both, LIST(PKCS1_SHA1), NULL}, false, false);
    assert_hello(&server, (struct hello){both, NULL, NULL}, true, true);
    assert_hello(&server, (struct hello){LIST(RSA_GCM), LIST(PKCS1, P256), NULL}, true, false);
    assert_hello(&server, (struct hello){LIST(EC_GCM), LIST(PKCS1, P256), LIST(TLS_1_2)}, false,
                 true);
    assert_hello(&server, (struct hello){LIST(FALLBACK), LIST(PKCS1, P256), NULL}, false, false);
}

static void suites_that_we_do_not_offer_do_not_count(void **state)
{
    const struct abilities_ours strong = {.role = TLS_SERVER};
    const struct abilities_ours legacy = {.role = TLS_SERVER, .key_transport = true};
    struct hello hello = {LIST(RSA_CBC, EC_CBC, TRANSPORT), LIST(PKCS1, P256), NULL};

    (void)state;
    assert_hello(&server, hello, true, true);
    assert_hello(&strong, hello, false, false);
    assert_hello(&legacy, hello, true, false);
}

static void a_hello_without_extensions_can_be_read(void **state)
{
    struct hello hello = {LIST(EC_CBC), NULL, NULL};
    uint8_t body[256];
    size_t len = hello_body(&hello, body, sizeof(body));
    struct writer w = begin_bytes();

    (void)state;
    add_message(&w, CLIENT_HELLO, body, len - 10); /* the groups, and the length of all */
    end_bytes(&w);
    assert_can(&server, false, true);
}

static void it_may_come_in_any_pieces_and_records(void **state)
{
    struct hello hello = {LIST(RSA_GCM, EC_GCM), LIST(P256), NULL};
    uint8_t body[256];
    size_t len = hello_body(&hello, body, sizeof(body));
    uint8_t message[300] = {CLIENT_HELLO, 0, (uint8_t)(len >> 8), (uint8_t)len};
    struct abilities abilities;

    (void)state;
    memcpy(message + 4, body, len);
    for (size_t piece = 1; piece < len + 4; piece++) {
        struct writer w = begin_bytes();
        for (size_t at = 0; at < len + 4; at += piece) {
            size_t n = len + 4 - at < piece ? len + 4 - at : piece;
            writer_u8(&w, RECORD);
            writer_u16(&w, TLS_1_2);
            writer_u16(&w, (uint16_t)n);
            writer_bytes(&w, message + at, n);
        }
        end_bytes(&w);
        abilities_begin(&abilities, &server);
        for (size_t i = 0; i + 1 < hello_bytes_len; i++)
            assert_int_equal(abilities_feed(&abilities, hello_bytes + i, 1), ABILITIES_MORE);
        assert_int_equal(abilities_feed(&abilities, hello_bytes + hello_bytes_len - 1, 1),
                         ABILITIES_KNOWN);
        assert_true(abilities.ec && !abilities.rsa);
    }
}

static void assert_unknown(const void *data, size_t len)
{
    struct abilities abilities;

    abilities_begin(&abilities, &server);
    assert_int_equal(abilities_feed(&abilities, data, len), ABILITIES_UNKNOWN);
    assert_false(abilities.rsa || abilities.ec);
    /* And stays so. */
    make_hello(&(struct hello){LIST(RSA_GCM), NULL, NULL});
    assert_int_equal(abilities_feed(&abilities, hello_bytes, hello_bytes_len), ABILITIES_UNKNOWN);
}

static void what_is_no_client_hello_is_not_known(void **state)
{
    static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 40};
    static const uint8_t other[] = {22, 3, 3, 0, 4, 2, 0, 0, 0};
    static const uint8_t empty[] = {22, 3, 3, 0, 4, 1, 0, 0, 0};
    static const uint8_t no_record[] = {22, 3, 3, 0, 0};
    static const uint8_t too_long[] = {22, 3, 3, 0, 4, 1, 0, 0x10, 0x01};
    static const uint8_t record_too_long[] = {22, 3, 3, 0x40, 0x01};
    static const uint8_t ssl_2[] = {0x80, 0x2e, 1, 3, 1};

    (void)state;
    assert_unknown("GET / HTTP/1.1\r\n", 16);
    assert_unknown(alert, sizeof(alert));
    assert_unknown(other, sizeof(other));
    assert_unknown(empty, sizeof(empty));
    assert_unknown(no_record, sizeof(no_record));
    assert_unknown(too_long, sizeof(too_long));
    assert_unknown(record_too_long, sizeof(record_too_long));
    assert_unknown(ssl_2, sizeof(ssl_2));
}

static void a_hello_that_ends_inside_of_a_field_is_not_known(void **state)
{
    struct hello hello = {LIST(RSA_GCM, EC_GCM), LIST(P256), LIST(TLS_1_2)};
    uint8_t body[256];
    size_t len = hello_body(&hello, body, sizeof(body));
    const size_t before_extensions = 2 + 32 + 1 + 2 + 4 + 2;

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        struct writer w = begin_bytes();
        if (cut == before_extensions)
            continue;
        add_message(&w, CLIENT_HELLO, body, cut);
        end_bytes(&w);
        assert_int_equal(read_with(&server).state, ABILITIES_UNKNOWN);
    }
}

/* --- CertificateRequest --- */

static const uint8_t rsa_sign[] = {1};
static const uint8_t ecdsa_sign[] = {64};
static const uint8_t both_sign[] = {2, 64, 1};

static void a_request_goes_by_its_types_and_signature_algorithms(void **state)
{
    (void)state;
    make_request(both_sign, 3, LIST(PKCS1, P256));
    assert_can(&client, true, true);
    make_request(both_sign, 3, LIST(P256));
    assert_can(&client, false, true);
    make_request(both_sign, 3, LIST(PSS));
    assert_can(&client, true, false);
    make_request(rsa_sign, 1, LIST(PKCS1, P256));
    assert_can(&client, true, false);
    make_request(ecdsa_sign, 1, LIST(PKCS1, P256));
    assert_can(&client, false, true);
}

static void before_tls_1_2_it_has_types_only(void **state)
{
    (void)state;
    make_request(both_sign, 3, NULL);
    assert_can(&client, true, true);
    make_request(ecdsa_sign, 1, NULL);
    assert_can(&client, false, true);
}

static void a_server_that_does_not_ask_or_does_it_unseen_tells_nothing(void **state)
{
    static const uint8_t version[] = {3, 3};
    static const uint8_t change[] = {20, 3, 3, 0, 1, 1};
    struct writer w = begin_bytes();

    (void)state;
    add_message(&w, SERVER_HELLO, version, sizeof(version));
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_MORE);
    add_message(&w, DONE, NULL, 0);
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_UNKNOWN);
    w = begin_bytes();
    add_message(&w, SERVER_HELLO, version, sizeof(version));
    writer_bytes(&w, change, sizeof(change)); /* TLS 1.3 */
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_UNKNOWN);
    w = begin_bytes();
    add_message(&w, SERVER_HELLO, version, 1);
    end_bytes(&w);
    assert_int_equal(read_with(&client).state, ABILITIES_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_tls_1_3_signature_algorithms_decide),
        cmocka_unit_test(tls_1_3_without_one_of_its_suites_is_tls_1_2),
        cmocka_unit_test(in_tls_1_2_a_suite_and_a_signature_algorithm_are_needed),
        cmocka_unit_test(suites_that_we_do_not_offer_do_not_count),
        cmocka_unit_test(a_hello_without_extensions_can_be_read),
        cmocka_unit_test(it_may_come_in_any_pieces_and_records),
        cmocka_unit_test(what_is_no_client_hello_is_not_known),
        cmocka_unit_test(a_hello_that_ends_inside_of_a_field_is_not_known),
        cmocka_unit_test(a_request_goes_by_its_types_and_signature_algorithms),
        cmocka_unit_test(before_tls_1_2_it_has_types_only),
        cmocka_unit_test(a_server_that_does_not_ask_or_does_it_unseen_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
