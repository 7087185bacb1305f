/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codec's rules one by one. Golden bytes are in test-wire-vectors.c, chance in
 * test-wire-random.c. */
#include "agent/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Elements in hex, to build bodies from. */
#define VERSION  "00010002 0101 "
#define SERVICES "00020008 0000000000000001 "
#define SENDER   "00030006 00505600c0de "
#define TIME     "00060008 0000018bcfe56800 "
#define RESULT   "00070002 0000 "
#define AP_TABLE "0010000c 00005e0053a0 01 02 0024 11a1 "
#define GONE     "00110008 00005e005301 01 02 "
#define SAMPLE_0 "00110010 00005e005301 01 01 0000 ff 03 d3 2f 0003 "
#define CLIENT   "00005e005301 00005e0053a0 01 02 02 0024 000a 05 "
#define STATS    "00140043 00005e005301 01" ZEROS_60 " "
#define ZEROS_12 "000000000000000000000000"
#define ZEROS_60 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12
#define TEXT_16  "61616161616161616161616161616161"
#define TEXT_64  TEXT_16 TEXT_16 TEXT_16 TEXT_16

static uint8_t nibble(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; *hex != '\0'; hex += 2) {
        while (*hex == ' ')
            hex++;
        if (*hex == '\0')
            break;
        out[n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
    }
    return n;
}

/* A frame on the heap, of exactly its size, so that the address sanitizer sees any byte too many.
 * It stays until the next one is built. */
static uint8_t *frame;
static size_t frame_size;

static void build(uint16_t id, const char *body)
{
    uint8_t bytes[2048];
    size_t n = from_hex(body, bytes + WIRE_HEADER_SIZE);
    wire_header_put(bytes, id, 0, 7, n);
    free(frame);
    frame_size = WIRE_HEADER_SIZE + n;
    frame = malloc(frame_size);
    assert_non_null(frame);
    memcpy(frame, bytes, frame_size);
}

static int drop_frame(void **state)
{
    (void)state;
    free(frame);
    frame = NULL;
    return 0;
}

static struct wire_message accepted(uint16_t id, const char *body)
{
    struct wire_message m;
    build(id, body);
    assert_int_equal(wire_decode(frame, frame_size, &m), WIRE_OK);
    assert_int_equal(m.fault.reason, WIRE_REASON_NONE);
    assert_ptr_equal(m.info, wire_message_info(id));
    return m;
}

/* Refused, for this reason, with the blame on this element. */
static void refused(uint16_t id, const char *body, enum wire_reason reason, uint16_t element)
{
    struct wire_message m;
    struct wire_element e;
    build(id, body);
    assert_int_equal(wire_decode(frame, frame_size, &m), WIRE_MALFORMED);
    assert_int_equal(m.fault.reason, reason);
    assert_int_equal(m.fault.element, element);
    assert_int_equal(m.header.id, id);
    assert_int_equal(m.header.transaction, 7);
    assert_int_equal(m.present, 0);
    struct wire_walk walk = wire_walk_of(&m);
    assert_false(wire_next(&walk, &e));
}

/* --- frames ---------------------------------------------------------------------------------- */

static void a_header_is_judged_no_later_and_no_earlier_than_its_bytes_allow(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t decided; /* after so many bytes */
        enum wire_frame verdict;
    } cases[] = {
        {"0100000100000010 00000009 00080000", 16, WIRE_FRAME_OK},
        {"010000010000000c 00000009", 12, WIRE_FRAME_OK},
        {"0000000100000010 00000009", 1, WIRE_FRAME_BAD_VERSION},
        {"160301020001fcff", 1, WIRE_FRAME_BAD_VERSION},
        {"010000010000000b 00000009", 8, WIRE_FRAME_BAD_LENGTH},
        {"0100000100000000 00000009", 8, WIRE_FRAME_BAD_LENGTH},
        {"0100000100010000 00000009", 8, WIRE_FRAME_BAD_LENGTH},
        {"01000001ffffffff 00000009", 8, WIRE_FRAME_BAD_LENGTH},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[16];
        size_t size = from_hex(cases[i].hex, bytes);
        for (size_t n = 0; n <= size; n++) {
            struct wire_header h;
            uint8_t *copy = malloc(n + 1);
            assert_non_null(copy);
            memcpy(copy + 1, bytes, n);
            enum wire_frame verdict = wire_frame_peek(copy + 1, n, &h);
            free(copy);
            assert_int_equal(verdict, n < cases[i].decided ? WIRE_FRAME_MORE : cases[i].verdict);
            assert_int_equal(h.version, n >= 1 ? bytes[0] : 0);
        }
    }
}

static void a_frame_that_is_not_all_there_tells_how_long_it_will_be(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct wire_header h;
    from_hex("010200010000ffff 00000009 00080000", bytes);
    assert_int_equal(wire_frame_peek(bytes, 7, &h), WIRE_FRAME_MORE);
    assert_int_equal(h.length, 0);
    assert_int_equal(wire_frame_peek(bytes, 8, &h), WIRE_FRAME_MORE);
    assert_int_equal(h.length, WIRE_MESSAGE_MAX);
    assert_int_equal(wire_frame_peek(bytes, 16, &h), WIRE_FRAME_MORE);
    assert_int_equal(h.flags, 2);
    assert_int_equal(h.id, WIRE_ECHO_REQUEST);
    assert_int_equal(h.transaction, 9);
}

static void bytes_behind_a_frame_belong_to_the_next_one(void **state)
{
    (void)state;
    uint8_t bytes[32];
    struct wire_header h;
    size_t n = from_hex("010000010000000c 00000009 0100000200", bytes);
    assert_int_equal(wire_frame_peek(bytes, n, &h), WIRE_FRAME_OK);
    assert_int_equal(h.length, 12);
}

static void decoding_anything_but_one_whole_frame_is_refused(void **state)
{
    (void)state;
    struct wire_message m;
    build(WIRE_ECHO_REQUEST, "00080001 61");
    for (size_t n = 0; n < frame_size; n++) {
        assert_int_equal(wire_decode(frame, n, &m), WIRE_MALFORMED);
        assert_int_equal(m.fault.reason, WIRE_REASON_FRAME);
    }
    uint8_t longer[64] = {0};
    memcpy(longer, frame, frame_size);
    assert_int_equal(wire_decode(longer, frame_size + 1, &m), WIRE_MALFORMED);
    assert_int_equal(m.fault.reason, WIRE_REASON_FRAME);
    longer[0] = 2;
    assert_int_equal(wire_decode(longer, frame_size, &m), WIRE_MALFORMED);
    assert_int_equal(m.fault.reason, WIRE_REASON_FRAME);
}

static void an_unknown_message_keeps_its_header_and_nothing_else(void **state)
{
    (void)state;
    struct wire_message m;
    struct wire_element e;
    build(3, SERVICES);
    assert_int_equal(wire_decode(frame, frame_size, &m), WIRE_UNSUPPORTED);
    assert_int_equal(m.header.id, 3);
    assert_int_equal(m.header.transaction, 7);
    assert_null(m.info);
    struct wire_walk walk = wire_walk_of(&m);
    assert_false(wire_next(&walk, &e));
}

/* --- what is malformed ----------------------------------------------------------------------- */

static void an_element_that_runs_past_its_message_is_refused(void **state)
{
    (void)state;
    refused(WIRE_ECHO_REQUEST, "00080002 61", WIRE_REASON_OVERRUN, WIRE_ELEMENT_ECHO_DATA);
    refused(WIRE_ECHO_REQUEST, "7777ffff", WIRE_REASON_OVERRUN, 0x7777);
    refused(WIRE_ECHO_REQUEST, "00080000 0008 00", WIRE_REASON_OVERRUN, WIRE_ELEMENT_ECHO_DATA);
    refused(WIRE_ECHO_REQUEST, "00", WIRE_REASON_OVERRUN, 0);
}

static void a_fault_tells_where_its_element_begins(void **state)
{
    (void)state;
    struct wire_message m;
    build(WIRE_SUBSCRIBE_REQUEST, SERVICES "000b0002 0000");
    assert_int_equal(wire_decode(frame, frame_size, &m), WIRE_MALFORMED);
    assert_int_equal(m.fault.offset, 24);
    build(WIRE_SUBSCRIBE_REQUEST, "000b0003 000000");
    assert_int_equal(wire_decode(frame, frame_size, &m), WIRE_MALFORMED);
    assert_int_equal(m.fault.reason, WIRE_REASON_MISSING);
    assert_int_equal(m.fault.offset, frame_size);
}

static void a_value_too_short_for_its_fields_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint16_t id;
        uint16_t element;
    } cases[] = {
        {"00010001 01", WIRE_CAPABILITY_NOTIFICATION, WIRE_ELEMENT_PROTOCOL_VERSION},
        {"00020007 00000000000000", WIRE_CAPABILITY_NOTIFICATION, WIRE_ELEMENT_SERVICES},
        {"00030005 0000000000", WIRE_CAPABILITY_NOTIFICATION, WIRE_ELEMENT_SENDER_ID},
        {"00060000", WIRE_CAPABILITY_NOTIFICATION, WIRE_ELEMENT_TIMESTAMP},
        {"00070001 00", WIRE_SUBSCRIBE_RESPONSE, WIRE_ELEMENT_RESULT},
        {"000b0002 0000", WIRE_SUBSCRIBE_REQUEST, WIRE_ELEMENT_INTERVAL},
        {"00110007 00005e00530101", WIRE_MEASUREMENT_NOTIFICATION, WIRE_ELEMENT_DEVICE_MEASUREMENT},
        {"00140042 00005e005301" ZEROS_60, WIRE_STATISTICS_NOTIFICATION,
         WIRE_ELEMENT_DEVICE_STATISTICS},
        {"00120014" CLIENT, WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_CLIENT_INFO},
        {"00120015" CLIENT "00", WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_CLIENT_INFO},
        {"00120016" CLIENT "0000", WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_CLIENT_INFO},
        {"0013000c" ZEROS_12, WIRE_INFORMATION_NOTIFICATION, WIRE_ELEMENT_ROGUE_INFO},
        {"0015000f 000000" ZEROS_12, WIRE_TAG_NOTIFICATION, WIRE_ELEMENT_TAG_PAYLOAD},
        {"0016000c" ZEROS_12, WIRE_AP_INFO_NOTIFICATION, WIRE_ELEMENT_AP_INFO},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refused(cases[i].id, cases[i].body, WIRE_REASON_SHORT, cases[i].element);
}

static void a_list_with_a_remainder_is_refused(void **state)
{
    (void)state;
    refused(WIRE_SUBSCRIBE_REQUEST, SERVICES "00090007 00505600c0de 00", WIRE_REASON_REMAINDER,
            WIRE_ELEMENT_DEVICE_FILTER);
    refused(WIRE_SUBSCRIBE_REQUEST, SERVICES "000a0005 00505600c0", WIRE_REASON_REMAINDER,
            WIRE_ELEMENT_AP_FILTER);
    refused(WIRE_MEASUREMENT_NOTIFICATION, "0010000d 00005e0053a0 01 02 0024 11a1 00",
            WIRE_REASON_REMAINDER, WIRE_ELEMENT_AP_TABLE);
    refused(WIRE_MEASUREMENT_NOTIFICATION, AP_TABLE "0011000f 00005e005301 0101 0000ff03d32f00",
            WIRE_REASON_REMAINDER, WIRE_ELEMENT_DEVICE_MEASUREMENT);
}

static void empty_lists_are_legal_and_not_absent(void **state)
{
    (void)state;
    struct wire_message m = accepted(WIRE_SUBSCRIBE_REQUEST, SERVICES "00090000");
    assert_true((m.present & WIRE_HAS(DEVICE_FILTER)) != 0);
    assert_true((m.present & WIRE_HAS(AP_FILTER)) == 0);
    assert_int_equal(m.device_filter.macs.count, 0);
}

static void texts_outside_their_length_are_refused(void **state)
{
    (void)state;
    refused(WIRE_CAPABILITY_NOTIFICATION, "00040000", WIRE_REASON_LENGTH, WIRE_ELEMENT_NAME);
    refused(WIRE_CAPABILITY_NOTIFICATION, "00040041 61" TEXT_64, WIRE_REASON_LENGTH,
            WIRE_ELEMENT_NAME);
    refused(WIRE_CAPABILITY_NOTIFICATION, "00050000", WIRE_REASON_LENGTH, WIRE_ELEMENT_SOFTWARE);
    struct wire_message m =
        accepted(WIRE_CAPABILITY_NOTIFICATION, VERSION SERVICES SENDER TIME "00040040" TEXT_64);
    assert_int_equal(m.name.text.len, 64);
}

static void only_utf_8_is_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain", true},
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xbf", false},
        {"\xc0\x80", false},
        {"\xc1\xbf", false},
        {"\xc2", false},
        {"\xc2\x7f", false},
        {"\xc2\xc0", false},
        {"\xe0\x9f\xbf", false},
        {"\xe1\x80", false},
        {"\xe1\x80z", false},
        {"\xed\xa0\x80", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf1\x80\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xfe", false},
        {"\xff", false},
        {"ok\xe2\x82\xac.\x80", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(wire_text_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid);
    assert_true(wire_text_valid("\0", 1));
    refused(WIRE_CAPABILITY_NOTIFICATION, "00040002 c080", WIRE_REASON_TEXT, WIRE_ELEMENT_NAME);
    refused(WIRE_SUBSCRIBE_RESPONSE, "00070003 0000 ff", WIRE_REASON_TEXT, WIRE_ELEMENT_RESULT);
}

static void echo_data_over_64_bytes_is_refused(void **state)
{
    (void)state;
    struct wire_message m = accepted(WIRE_ECHO_REQUEST, "00080040" TEXT_64);
    assert_int_equal(m.echo_data.data.len, 64);
    refused(WIRE_ECHO_REQUEST, "00080041 00" TEXT_64, WIRE_REASON_LENGTH, WIRE_ELEMENT_ECHO_DATA);
}

static void inner_lengths_past_the_value_are_refused(void **state)
{
    (void)state;
    const uint16_t info = WIRE_INFORMATION_NOTIFICATION;
    refused(info, "00120017" CLIENT "00 02 61", WIRE_REASON_INNER, WIRE_ELEMENT_CLIENT_INFO);
    refused(info, "00120017" CLIENT "00 00 01", WIRE_REASON_INNER, WIRE_ELEMENT_CLIENT_INFO);
    refused(info, "00120019" CLIENT "01 04 0a0000", WIRE_REASON_INNER, WIRE_ELEMENT_CLIENT_INFO);
    refused(info, "0012001a" CLIENT "02 04 0a000001", WIRE_REASON_INNER, WIRE_ELEMENT_CLIENT_INFO);
    refused(WIRE_TAG_NOTIFICATION, "00150010 00" ZEROS_12 "000001", WIRE_REASON_INNER,
            WIRE_ELEMENT_TAG_PAYLOAD);
    refused(WIRE_AP_INFO_NOTIFICATION, "0016000d 00005e0053a0 01 00 00000000 00", WIRE_REASON_INNER,
            WIRE_ELEMENT_AP_INFO);
}

static void inner_lengths_over_their_limit_are_refused(void **state)
{
    (void)state;
    refused(WIRE_INFORMATION_NOTIFICATION, "00120038" CLIENT "00 21 61" TEXT_16 TEXT_16 "00",
            WIRE_REASON_LENGTH, WIRE_ELEMENT_CLIENT_INFO);
    refused(WIRE_INFORMATION_NOTIFICATION, "00120058" CLIENT "00 00 41 61" TEXT_64,
            WIRE_REASON_LENGTH, WIRE_ELEMENT_CLIENT_INFO);
    refused(WIRE_AP_INFO_NOTIFICATION, "0016004e 00005e0053a0 00 00 00000000 41 61" TEXT_64,
            WIRE_REASON_LENGTH, WIRE_ELEMENT_AP_INFO);
}

static void an_address_of_an_unknown_family_is_refused(void **state)
{
    (void)state;
    refused(WIRE_INFORMATION_NOTIFICATION, "0012001c" CLIENT "01 05 0a000001 0000",
            WIRE_REASON_FAMILY, WIRE_ELEMENT_CLIENT_INFO);
}

static void a_second_copy_of_a_single_element_is_refused(void **state)
{
    (void)state;
    refused(WIRE_MEASUREMENT_NOTIFICATION, TIME GONE TIME, WIRE_REASON_DUPLICATE,
            WIRE_ELEMENT_TIMESTAMP);
    refused(WIRE_SUBSCRIBE_REQUEST, SERVICES "000a0000 000a0000", WIRE_REASON_DUPLICATE,
            WIRE_ELEMENT_AP_FILTER);
}

/* Takes each of the must elements away in turn; the whole must be accepted. */
static void needs_all(uint16_t id, const char *const parts[], const uint16_t types[], size_t n)
{
    char body[512];
    for (size_t without = 0; without <= n; without++) {
        body[0] = '\0';
        for (size_t i = 0; i < n; i++)
            if (i != without)
                strncat(body, parts[i], sizeof(body) - strlen(body) - 1);
        if (without == n)
            accepted(id, body);
        else
            refused(id, body, WIRE_REASON_MISSING, types[without]);
    }
}

#define NEEDS(id, parts, ...) \
    needs_all(id, parts, (const uint16_t[]){__VA_ARGS__}, sizeof(parts) / sizeof((parts)[0]))

static void a_missing_must_element_is_refused(void **state)
{
    (void)state;
    const char *const hello[] = {VERSION, SERVICES, SENDER, TIME};
    const char *const granted[] = {RESULT, SERVICES};
    const char *const asked[] = {SERVICES};
    const char *const answer[] = {RESULT, TIME};
    const char *const measured[] = {TIME, GONE};
    const char *const counted[] = {TIME, STATS};
    NEEDS(WIRE_CAPABILITY_NOTIFICATION, hello, 1, 2, 3, 6);
    NEEDS(WIRE_SUBSCRIBE_RESPONSE, granted, 7, 2);
    NEEDS(WIRE_SUBSCRIBE_REQUEST, asked, 2);
    NEEDS(WIRE_MEASUREMENT_REQUEST, asked, 2);
    NEEDS(WIRE_INFORMATION_REQUEST, asked, 2);
    NEEDS(WIRE_STATISTICS_REQUEST, asked, 2);
    NEEDS(WIRE_MEASUREMENT_RESPONSE, answer, 7, 6);
    NEEDS(WIRE_INFORMATION_RESPONSE, answer, 7, 6);
    NEEDS(WIRE_STATISTICS_RESPONSE, answer, 7, 6);
    NEEDS(WIRE_MEASUREMENT_NOTIFICATION, measured, 6, 17);
    NEEDS(WIRE_STATISTICS_NOTIFICATION, counted, 6, 20);
    refused(WIRE_AP_INFO_NOTIFICATION, TIME, WIRE_REASON_MISSING, WIRE_ELEMENT_AP_INFO);
    refused(WIRE_TAG_NOTIFICATION, TIME, WIRE_REASON_MISSING, WIRE_ELEMENT_TAG_PAYLOAD);
}

static void an_information_notification_needs_one_record_of_either_kind(void **state)
{
    (void)state;
    const uint16_t id = WIRE_INFORMATION_NOTIFICATION;
    accepted(id, TIME "00120017" CLIENT "00 00 00");
    accepted(id, TIME "00130023 0000000000" ZEROS_12 ZEROS_12 "000000000000");
    refused(id, TIME, WIRE_REASON_MISSING, WIRE_ELEMENT_CLIENT_INFO);
}

static void an_ap_index_needs_an_ap_before_it(void **state)
{
    (void)state;
    const uint16_t id = WIRE_MEASUREMENT_NOTIFICATION;
    const uint16_t type = WIRE_ELEMENT_DEVICE_MEASUREMENT;
    accepted(id, TIME AP_TABLE SAMPLE_0);
    refused(id, TIME SAMPLE_0, WIRE_REASON_AP_INDEX, type);
    refused(id, TIME SAMPLE_0 AP_TABLE, WIRE_REASON_AP_INDEX, type);
    refused(id, TIME "00100000" SAMPLE_0, WIRE_REASON_AP_INDEX, type);
    refused(id, TIME AP_TABLE "00110010 00005e005301 01 01 0001 ff 03 d3 2f 0003",
            WIRE_REASON_AP_INDEX, type);
    accepted(id,
             TIME AP_TABLE SAMPLE_0 AP_TABLE "00110010 00005e005301 01 01 0001 ff 03 d3 2f 0003");
}

/* --- what is not ----------------------------------------------------------------------------- */

static void unknown_and_unlisted_elements_are_skipped_unread(void **state)
{
    (void)state;
    /* A filter with a remainder is none of this message's business. */
    struct wire_message m = accepted(WIRE_ECHO_REQUEST, "00090001 00 fffe0003 010203 00080001 61");
    assert_int_equal(m.present, WIRE_HAS(ECHO_DATA));
    struct wire_walk walk = wire_walk_of(&m);
    struct wire_element e;
    assert_true(wire_next(&walk, &e));
    assert_int_equal(e.type, WIRE_ELEMENT_ECHO_DATA);
    assert_memory_equal(e.echo_data.data.at, "a", 1);
    assert_false(wire_next(&walk, &e));
    assert_false(wire_next(&walk, &e));
}

static void tails_of_fixed_layouts_are_ignored(void **state)
{
    (void)state;
    struct wire_message m = accepted(WIRE_SUBSCRIBE_RESPONSE,
                                     "0002000a 00000000000000050000 00070043 0004" TEXT_64 "ff");
    assert_int_equal(m.services.mask, 5);
    assert_int_equal(m.result.code, WIRE_RESULT_OUT_OF_RESOURCES);
    assert_int_equal(m.result.text.len, 64);
}

static void numbers_without_a_meaning_are_passed_on(void **state)
{
    (void)state;
    struct wire_message m =
        accepted(WIRE_MEASUREMENT_NOTIFICATION, TIME "00110008 00005e005301 09 fa");
    struct wire_walk walk = wire_walk_of(&m);
    struct wire_element e;
    assert_true(wire_next(&walk, &e));
    assert_true(wire_next(&walk, &e));
    assert_int_equal(e.device_measurement.device_class, 9);
    assert_int_equal(e.device_measurement.flags, 0xfa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_judged_no_later_and_no_earlier_than_its_bytes_allow),
        cmocka_unit_test(a_frame_that_is_not_all_there_tells_how_long_it_will_be),
        cmocka_unit_test(bytes_behind_a_frame_belong_to_the_next_one),
        cmocka_unit_test(decoding_anything_but_one_whole_frame_is_refused),
        cmocka_unit_test(an_unknown_message_keeps_its_header_and_nothing_else),
        cmocka_unit_test(an_element_that_runs_past_its_message_is_refused),
        cmocka_unit_test(a_fault_tells_where_its_element_begins),
        cmocka_unit_test(a_value_too_short_for_its_fields_is_refused),
        cmocka_unit_test(a_list_with_a_remainder_is_refused),
        cmocka_unit_test(empty_lists_are_legal_and_not_absent),
        cmocka_unit_test(texts_outside_their_length_are_refused),
        cmocka_unit_test(only_utf_8_is_text),
        cmocka_unit_test(echo_data_over_64_bytes_is_refused),
        cmocka_unit_test(inner_lengths_past_the_value_are_refused),
        cmocka_unit_test(inner_lengths_over_their_limit_are_refused),
        cmocka_unit_test(an_address_of_an_unknown_family_is_refused),
        cmocka_unit_test(a_second_copy_of_a_single_element_is_refused),
        cmocka_unit_test(a_missing_must_element_is_refused),
        cmocka_unit_test(an_information_notification_needs_one_record_of_either_kind),
        cmocka_unit_test(an_ap_index_needs_an_ap_before_it),
        cmocka_unit_test(unknown_and_unlisted_elements_are_skipped_unread),
        cmocka_unit_test(tails_of_fixed_layouts_are_ignored),
        cmocka_unit_test(numbers_without_a_meaning_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, drop_frame);
}
