/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that can be right pass as they came, others not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/tls/records.h"

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* --- a connection */

enum { ANY = 0x17, MAX = 1 << 14 };

static const struct records_state tls12 = {.is_tls13 = false};
static const struct records_state tls12_open = {.is_tls13 = false, .open = true};
static const struct records_state tls13 = {.is_tls13 = true};
static const struct records_state tls13_open = {.is_tls13 = true, .open = true};

struct source {
    const uint8_t *data;
    size_t len;
    size_t at;
    size_t piece; /* what one call gives at most */
};

static size_t take(void *context, void *buffer, size_t size)
{
    struct source *source = context;
    size_t n = source->len - source->at;

    n = n < size ? n : size;
    n = n < source->piece ? n : source->piece;
    memcpy(buffer, source->data + source->at, n);
    source->at += n;
    return n;
}

static uint8_t bytes[0x10000 + 64];

static size_t put_record(size_t at, uint8_t type, uint16_t length)
{
    const uint8_t header[] = {type, 3, 3, (uint8_t)(length >> 8), (uint8_t)length};

    memcpy(bytes + at, header, sizeof(header));
    memset(bytes + at + sizeof(header), ANY, length);
    return at + sizeof(header) + length;
}

/* As the library asks: for a header, then for a body. Gives how many bytes it got. */
static size_t drain(struct records_watch *watch, const struct records_state *state,
                    struct source *source, uint8_t *out)
{
    size_t got = 0;
    size_t n;

    do {
        n = records_watch(watch, state, take, source, out + got, 4096);
        got += n;
    } while (n > 0 || (source->at < source->len && watch->fault == RECORDS_FINE));
    return got;
}

/* A record after a ClientHello or what else was there before, in pieces of any size. */
static enum records_fault fault_in(const struct records_state *state, bool is_enciphered,
                                   uint8_t type, uint16_t length)
{
    static uint8_t out[sizeof(bytes)];
    enum records_fault first = RECORDS_FINE;

    for (size_t piece = 1; piece <= 4096; piece = piece == 1 ? 3 : piece * 1365 + 1) {
        struct records_watch watch = {.begun = true, .is_enciphered = is_enciphered};
        struct source source = {.data = bytes, .len = put_record(0, type, length), .piece = piece};
        size_t got = drain(&watch, state, &source, out);
        if (piece == 1)
            first = watch.fault;
        assert_int_equal(watch.fault, first);
        assert_int_equal(got, first == RECORDS_FINE ? source.len : 0);
        assert_memory_equal(out, bytes, got);
        if (first != RECORDS_FINE) { /* nothing but the header was taken, and it stays so */
            assert_int_equal(source.at, RECORD_HEADER_SIZE);
            assert_int_equal(records_watch(&watch, state, take, &source, out, 1), 0);
        }
    }
    return first;
}

/* --- the rules */

static void a_record_that_is_its_tag_alone_is_refused(void **state)
{
    (void)state;
    for (uint16_t length = 0; length <= 16; length++) {
        assert_int_equal(fault_in(&tls13, false, RECORD_APPLICATION, length), RECORDS_SHORT);
        assert_int_equal(fault_in(&tls13_open, false, RECORD_APPLICATION, length), RECORDS_SHORT);
        assert_true(fault_in(&tls12, false, RECORD_APPLICATION, length) != RECORDS_FINE);
    }
    assert_int_equal(fault_in(&tls13, false, RECORD_APPLICATION, 17), RECORDS_FINE);
    assert_int_equal(fault_in(&tls13_open, false, RECORD_APPLICATION, 17), RECORDS_FINE);
}

static void application_data_cannot_come_before_the_handshake_is_over(void **state)
{
    (void)state;
    assert_int_equal(fault_in(&tls12, false, RECORD_APPLICATION, 100), RECORDS_ORDER);
    assert_int_equal(fault_in(&tls12, true, RECORD_APPLICATION, 100), RECORDS_ORDER);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_APPLICATION, 100), RECORDS_FINE);
}

/* RFC 8446 5.2, RFC 5246 6.2.3 */
static void no_record_is_longer_than_allowed(void **state)
{
    (void)state;
    assert_int_equal(fault_in(&tls13, false, RECORD_APPLICATION, MAX + 256), RECORDS_FINE);
    assert_int_equal(fault_in(&tls13, false, RECORD_APPLICATION, MAX + 257), RECORDS_LONG);
    assert_int_equal(fault_in(&tls13, false, RECORD_APPLICATION, 0xffff - 0x7000), RECORDS_LONG);
    assert_int_equal(fault_in(&tls13, false, RECORD_HANDSHAKE, MAX), RECORDS_FINE);
    assert_int_equal(fault_in(&tls13, false, RECORD_HANDSHAKE, MAX + 1), RECORDS_LONG);
    assert_int_equal(fault_in(&tls12, false, RECORD_HANDSHAKE, MAX), RECORDS_FINE);
    assert_int_equal(fault_in(&tls12, false, RECORD_HANDSHAKE, MAX + 1), RECORDS_LONG);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_APPLICATION, MAX + 2048), RECORDS_FINE);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_APPLICATION, MAX + 2049), RECORDS_LONG);
    assert_int_equal(fault_in(&tls12, true, RECORD_HANDSHAKE, MAX + 2049), RECORDS_LONG);
}

static void no_record_is_shorter_than_it_can_be(void **state)
{
    (void)state;
    assert_int_equal(fault_in(&tls12, false, RECORD_HANDSHAKE, 0), RECORDS_SHORT);
    assert_int_equal(fault_in(&tls13, false, RECORD_HANDSHAKE, 0), RECORDS_SHORT);
    assert_int_equal(fault_in(&tls12, true, RECORD_HANDSHAKE, 15), RECORDS_SHORT);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_APPLICATION, 15), RECORDS_SHORT);
    for (uint16_t length = 0; length < 4; length++) {
        bool is_right = length == 2;
        assert_int_equal(fault_in(&tls12, false, RECORD_ALERT, length) == RECORDS_FINE, is_right);
        assert_int_equal(fault_in(&tls13, false, RECORD_ALERT, length) == RECORDS_FINE, is_right);
        is_right = length == 1;
        assert_int_equal(fault_in(&tls12, false, RECORD_CHANGE_CIPHER, length) == RECORDS_FINE,
                         is_right);
        assert_int_equal(fault_in(&tls13, false, RECORD_CHANGE_CIPHER, length) == RECORDS_FINE,
                         is_right);
    }
    assert_int_equal(fault_in(&tls12_open, true, RECORD_ALERT, 2), RECORDS_SHORT);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_ALERT, 18), RECORDS_FINE); /* ChaCha20 */
}

/* TLS 1.0 with AES-CBC: a MAC and its padding (RFC 2246 6.2.3.2); in TLS 1.2 with ChaCha20 the tag
 * (RFC 7905). */
static void an_empty_fragment_is_right(void **state)
{
    (void)state;
    assert_int_equal(fault_in(&tls12_open, true, RECORD_APPLICATION, 32), RECORDS_FINE);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_APPLICATION, 16), RECORDS_FINE);
}

static void other_types_and_versions_are_none_of_tls(void **state)
{
    static uint8_t out[64];

    (void)state;
    for (unsigned type = 0; type <= 0xff; type++)
        if (type < RECORD_CHANGE_CIPHER || type > RECORD_APPLICATION)
            assert_int_equal(fault_in(&tls12, false, (uint8_t)type, 16), RECORDS_TYPE);
    for (unsigned major = 0; major <= 0xff; major++) {
        struct records_watch watch = {.begun = false};
        struct source source = {
            .data = bytes, .len = put_record(0, RECORD_HANDSHAKE, 16), .piece = 99};
        bytes[1] = (uint8_t)major;
        (void)drain(&watch, &tls13, &source, out);
        assert_int_equal(watch.fault, major == 3 ? RECORDS_FINE : RECORDS_VERSION);
    }
}

static void a_connection_begins_with_a_handshake_or_an_alert(void **state)
{
    static const enum records_fault first[] = {RECORDS_ORDER, RECORDS_FINE, RECORDS_FINE,
                                               RECORDS_ORDER};
    static uint8_t out[64];

    (void)state;
    for (unsigned type = RECORD_CHANGE_CIPHER; type <= RECORD_APPLICATION; type++) {
        uint16_t length = type == RECORD_CHANGE_CIPHER ? 1 : type == RECORD_ALERT ? 2 : 40;
        struct records_watch watch = {.begun = false};
        struct source source = {
            .data = bytes, .len = put_record(0, (uint8_t)type, length), .piece = 99};
        (void)drain(&watch, &tls13, &source, out);
        assert_int_equal(watch.fault, first[type - RECORD_CHANGE_CIPHER]);
    }
}

static void ciphers_change_once_and_what_follows_is_enciphered(void **state)
{
    static uint8_t out[256];
    struct records_watch watch = {.begun = false};
    struct source source = {.data = bytes, .piece = 1};

    (void)state;
    source.len = put_record(0, RECORD_HANDSHAKE, 50);
    source.len = put_record(source.len, RECORD_CHANGE_CIPHER, 1);
    source.len = put_record(source.len, RECORD_HANDSHAKE, 40);
    assert_int_equal(drain(&watch, &tls12, &source, out), source.len);
    assert_true(watch.is_enciphered);
    source.len = put_record(source.len, RECORD_CHANGE_CIPHER, 1);
    (void)drain(&watch, &tls12, &source, out);
    assert_int_equal(watch.fault, RECORDS_ORDER);
    /* In TLS 1.3 they mean nothing, as long as the handshake goes on. */
    assert_int_equal(fault_in(&tls13, false, RECORD_CHANGE_CIPHER, 1), RECORDS_FINE);
    assert_int_equal(fault_in(&tls13_open, false, RECORD_CHANGE_CIPHER, 1), RECORDS_ORDER);
    assert_int_equal(fault_in(&tls12_open, true, RECORD_CHANGE_CIPHER, 1), RECORDS_ORDER);
    assert_int_equal(fault_in(&tls13_open, false, RECORD_HANDSHAKE, 40), RECORDS_ORDER);
}

/* --- pieces */

/* A header that is not all there is not given; a library that asks for less gets less. */
static void a_header_is_held_back_until_it_is_there(void **state)
{
    struct records_watch watch = {.begun = false};
    struct source source = {.data = bytes, .piece = 99};
    uint8_t out[16];
    size_t len = put_record(0, RECORD_HANDSHAKE, 3);

    (void)state;
    for (source.len = 1; source.len < RECORD_HEADER_SIZE; source.len++)
        assert_int_equal(records_watch(&watch, &tls13, take, &source, out, 5), 0);
    source.len = len;
    assert_int_equal(records_watch(&watch, &tls13, take, &source, out, 2), 2);
    assert_int_equal(records_watch(&watch, &tls13, take, &source, out + 2, 9), 3);
    /* What is behind the record is not given with it. */
    source.len = put_record(len, RECORD_APPLICATION, 3);
    assert_int_equal(records_watch(&watch, &tls13, take, &source, out + 5, 9), 3);
    assert_memory_equal(out, bytes, len);
    assert_int_equal(records_watch(&watch, &tls13, take, &source, out, 9), 0);
    assert_int_equal(watch.fault, RECORDS_SHORT);
}

static void every_fault_has_its_words(void **state)
{
    (void)state;
    assert_string_equal(records_fault_text(RECORDS_FINE), "");
    for (int fault = RECORDS_TYPE; fault <= RECORDS_LONG; fault++)
        assert_non_null(strstr(records_fault_text((enum records_fault)fault), "a record"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_that_is_its_tag_alone_is_refused),
        cmocka_unit_test(application_data_cannot_come_before_the_handshake_is_over),
        cmocka_unit_test(no_record_is_longer_than_allowed),
        cmocka_unit_test(no_record_is_shorter_than_it_can_be),
        cmocka_unit_test(an_empty_fragment_is_right),
        cmocka_unit_test(other_types_and_versions_are_none_of_tls),
        cmocka_unit_test(a_connection_begins_with_a_handshake_or_an_alert),
        cmocka_unit_test(ciphers_change_once_and_what_follows_is_enciphered),
        cmocka_unit_test(a_header_is_held_back_until_it_is_there),
        cmocka_unit_test(every_fault_has_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
