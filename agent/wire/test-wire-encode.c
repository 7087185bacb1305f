/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writing side, list access, the dump's limits, and what the tables say. */
#include "agent/wire/wire.h"
#include "tests/unit/wire-elements.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct mac ap_mac = {{0x00, 0x00, 0x5e, 0x00, 0x53, 0xa0}};
static const struct mac device = {{0x00, 0x00, 0x5e, 0x00, 0x53, 0x01}};

/* One AP, one device with two samples, and one that is gone. */
static const uint8_t measurement[] = {
    0x01, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x50, 0xff, 0xff, 0xff, 0xff,             /* header */
    0x00, 0x06, 0x00, 0x08, 0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00,             /* time */
    0x00, 0x10, 0x00, 0x0c, 0x00, 0x00, 0x5e, 0x00, 0x53, 0xa0, 0x01, 0x02, 0x00, 0x95, /* AP */
    0x17, 0x9f, 0x00, 0x11, 0x00, 0x18, 0x00, 0x00, 0x5e, 0x00, 0x53, 0x01, 0x01, 0x01, /* device */
    0x00, 0x00, 0x00, 0x03, 0xd3, 0x2f, 0x00, 0x03,                                     /* sample */
    0x00, 0x00, 0x01, 0x03, 0x80, 0x80, 0xff, 0xff,                                     /* sample */
    0x00, 0x11, 0x00, 0x08, 0x00, 0x00, 0x5e, 0x00, 0x53, 0xa0, 0x01, 0x06,             /* gone */
};

static void put_measurement_body(struct writer *w)
{
    wire_put_timestamp(w, 1700000000000);
    size_t table = wire_ap_table_open(w);
    wire_ap_entry_put(
        w, &(struct wire_ap_entry){
               .mac = ap_mac, .slot = 1, .band = 2, .channel = 149, .tx_power = 23, .noise = -97});
    wire_element_close(w, table);
    size_t first = wire_device_measurement_open(w, &device, WIRE_CLASS_CLIENT, 1);
    wire_sample_put(
        w,
        &(struct wire_sample){
            .ap = 0, .antenna = 0, .source = WIRE_SOURCE_DATA, .rssi = -45, .snr = 47, .age = 3});
    wire_sample_put(w, &(struct wire_sample){.ap = 0,
                                             .antenna = 1,
                                             .source = WIRE_SOURCE_DATA,
                                             .rssi = WIRE_DB_UNKNOWN,
                                             .snr = WIRE_DB_UNKNOWN,
                                             .age = WIRE_AGE_MAX});
    wire_element_close(w, first);
    size_t second = wire_device_measurement_open(w, &ap_mac, WIRE_CLASS_CLIENT,
                                                 WIRE_DEVICE_GONE | WIRE_DEVICE_LOCAL);
    wire_element_close(w, second);
}

static bool put_measurement(struct writer *w)
{
    size_t begin = wire_begin(w, WIRE_MEASUREMENT_NOTIFICATION, 0, UINT32_MAX);
    put_measurement_body(w);
    return wire_end(w, begin);
}

static void a_measurement_is_written_byte_for_byte_as_the_profile_says(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct writer w = writer_of(bytes, sizeof(bytes));
    assert_true(put_measurement(&w));
    assert_int_equal(w.used, sizeof(measurement));
    assert_memory_equal(bytes, measurement, sizeof(measurement));
}

static void a_body_with_a_header_of_its_own_is_the_same_message(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct writer w = writer_of(bytes + WIRE_HEADER_SIZE, sizeof(bytes) - WIRE_HEADER_SIZE);
    put_measurement_body(&w);
    assert_false(w.failed);
    wire_header_put(bytes, WIRE_MEASUREMENT_NOTIFICATION, 0, UINT32_MAX, w.used);
    assert_int_equal(WIRE_HEADER_SIZE + w.used, sizeof(measurement));
    assert_memory_equal(bytes, measurement, sizeof(measurement));
}

static void messages_follow_one_another_in_one_buffer(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct wire_message m;
    struct writer w = writer_of(bytes, sizeof(bytes));
    assert_true(wire_end(&w, wire_begin(&w, WIRE_ECHO_REQUEST, 0, 1)));
    assert_true(put_measurement(&w));
    assert_int_equal(w.used, WIRE_HEADER_SIZE + sizeof(measurement));
    assert_int_equal(wire_decode(bytes, WIRE_HEADER_SIZE, &m), WIRE_OK);
    assert_memory_equal(bytes + WIRE_HEADER_SIZE, measurement, sizeof(measurement));
}

static void a_buffer_too_small_by_any_number_of_bytes_fails_and_nothing_is_written_outside(void **s)
{
    (void)s;
    for (size_t size = 0; size < sizeof(measurement); size++) {
        uint8_t *bytes = malloc(size + 1); /* of this size, for the address sanitizer */
        assert_non_null(bytes);
        struct writer w = writer_of(bytes + 1, size);
        assert_false(put_measurement(&w));
        assert_true(w.failed);
        assert_true(w.used <= size);
        free(bytes);
    }
}

static void flags_and_transaction_stand_in_the_header(void **state)
{
    (void)state;
    uint8_t bytes[WIRE_HEADER_SIZE];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct wire_header h;
    assert_true(wire_end(&w, wire_begin(&w, WIRE_STATISTICS_RESPONSE, WIRE_FLAG_MORE, 0x01020304)));
    assert_int_equal(wire_frame_peek(bytes, sizeof(bytes), &h), WIRE_FRAME_OK);
    assert_int_equal(h.flags, WIRE_FLAG_MORE);
    assert_int_equal(h.transaction, 0x01020304);
    assert_int_equal(h.id, WIRE_STATISTICS_RESPONSE);
    assert_int_equal(h.length, WIRE_HEADER_SIZE);
}

static void sizes_are_those_of_the_profile(void **state)
{
    (void)state;
    assert_int_equal(WIRE_MAC_ENTRY_SIZE, 6);
    assert_int_equal(WIRE_AP_ENTRY_SIZE, 12);
    assert_int_equal(WIRE_SAMPLE_SIZE, 8);
    assert_int_equal(WIRE_AP_SLOT_SIZE, 11);
    assert_int_equal(WIRE_TIMESTAMP_SIZE, 12);
    assert_int_equal(WIRE_RESULT_SIZE, 4 + 2);
    assert_int_equal(WIRE_INTERVAL_SIZE, 4 + 3);
    assert_int_equal(WIRE_AP_TABLE_SIZE, 4);
    assert_int_equal(WIRE_DEVICE_MEASUREMENT_SIZE, 4 + 8);
    assert_int_equal(WIRE_CLIENT_INFO_SIZE, 4 + 23);
    assert_int_equal(WIRE_ROGUE_INFO_SIZE, 4 + 35);
    assert_int_equal(WIRE_DEVICE_STATISTICS_SIZE, 4 + 67);
    assert_int_equal(WIRE_TAG_PAYLOAD_SIZE, 4 + 16);
    assert_int_equal(WIRE_AP_INFO_SIZE, 4 + 13);
}

static void a_hundred_devices_at_four_aps_take_what_the_profile_reckons(void **state)
{
    (void)state;
    static uint8_t bytes[8192];
    struct writer w = writer_of(bytes, sizeof(bytes));
    size_t begin = wire_begin(&w, WIRE_MEASUREMENT_NOTIFICATION, 0, 1);
    wire_put_timestamp(&w, 0);
    size_t table = wire_ap_table_open(&w);
    for (uint8_t ap = 0; ap < 4; ap++)
        wire_ap_entry_put(&w, &(struct wire_ap_entry){.mac = ap_mac, .slot = ap});
    wire_element_close(&w, table);
    for (int i = 0; i < 100; i++) {
        size_t one = wire_device_measurement_open(&w, &device, WIRE_CLASS_CLIENT, 0);
        for (uint16_t ap = 0; ap < 4; ap++)
            wire_sample_put(&w, &(struct wire_sample){.ap = ap});
        wire_element_close(&w, one);
    }
    struct wire_message m;
    assert_true(wire_end(&w, begin));
    assert_int_equal(w.used, 12 + 12 + 4 + 48 + 100 * (4 + 8 + 32));
    assert_int_equal(wire_decode(bytes, w.used, &m), WIRE_OK);
}

/* --- what would be malformed is not written -------------------------------------------------- */

static void refuses(const struct wire_element *element)
{
    static uint8_t bytes[2 * WIRE_MESSAGE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    wire_element_put(&w, element);
    assert_true(w.failed);
}

#define REFUSES(NAME, member, ...) \
    refuses(&(struct wire_element){.type = WIRE_ELEMENT_##NAME, .member = {__VA_ARGS__}})

static void a_value_that_would_be_malformed_is_not_written(void **state)
{
    (void)state;
    static const uint8_t zeros[WIRE_TAG_PAYLOAD_MAX + 1];
    const struct wire_list too_many = {.at = zeros, .size = 0, .count = 256};
    char text[WIRE_TEXT_MAX + 1];
    memset(text, 'a', sizeof(text));
    const struct wire_text long_text = {.at = text, .len = sizeof(text)};

    REFUSES(NAME, name, .text = {.at = "", .len = 0});
    REFUSES(NAME, name, .text = long_text);
    REFUSES(NAME, name, .text = wire_text_of("\xff"));
    REFUSES(SOFTWARE, software, .text = wire_text_of(""));
    REFUSES(RESULT, result, .text = long_text);
    REFUSES(ECHO_DATA, echo_data, .data = {.at = zeros, .len = WIRE_ECHO_MAX + 1});
    REFUSES(CLIENT_INFO, client_info, .ssid = {.at = zeros, .len = WIRE_SSID_MAX + 1});
    REFUSES(CLIENT_INFO, client_info, .user = {.at = zeros, .len = WIRE_USER_MAX + 1});
    REFUSES(CLIENT_INFO, client_info, .addresses = too_many);
    REFUSES(ROGUE_INFO, rogue_info, .ssid = {.at = zeros, .len = WIRE_SSID_MAX + 1});
    REFUSES(TAG_PAYLOAD, tag_payload, .payload = {.at = zeros, .len = sizeof(zeros)});
    REFUSES(AP_INFO, ap_info, .slots = too_many);
    REFUSES(AP_INFO, ap_info, .name = long_text);
    refuses(&(struct wire_element){.type = (enum wire_element_type)999});
}

static void an_address_is_four_or_sixteen_bytes(void **state)
{
    (void)state;
    static const uint8_t zeros[17];
    for (size_t len = 0; len <= sizeof(zeros); len++) {
        uint8_t bytes[32];
        struct writer w = writer_of(bytes, sizeof(bytes));
        wire_address_put(&w, &(struct wire_address){.octets = {.at = zeros, .len = len}});
        assert_int_equal(w.failed, len != 4 && len != 16);
        assert_true(w.failed || bytes[0] == (len == 4 ? 4 : 6));
    }
}

static void what_a_16_bit_length_cannot_hold_is_not_written(void **state)
{
    (void)state;
    static uint8_t bytes[2 * WIRE_MESSAGE_MAX];
    struct writer w = writer_of(bytes, sizeof(bytes));
    const struct wire_list list = {.at = bytes, .size = UINT16_MAX + 1};
    wire_ap_table_put(&w, &(struct wire_ap_table){.aps = list});
    assert_true(w.failed);

    w = writer_of(bytes, sizeof(bytes));
    size_t begin = wire_ap_table_open(&w);
    for (size_t i = 0; i <= UINT16_MAX / WIRE_AP_ENTRY_SIZE; i++)
        wire_ap_entry_put(&w, &(struct wire_ap_entry){.mac = ap_mac});
    assert_false(w.failed);
    wire_element_close(&w, begin);
    assert_true(w.failed);
}

static void a_message_may_fill_65535_bytes_and_no_more(void **state)
{
    (void)state;
    static uint8_t bytes[2 * WIRE_MESSAGE_MAX];
    struct wire_message m;
    struct writer w = writer_of(bytes, sizeof(bytes));
    size_t begin = wire_begin(&w, WIRE_ECHO_REQUEST, 0, 1);
    writer_u16(&w, 0xfffe); /* an unknown element takes up the room */
    writer_u16(&w, WIRE_MESSAGE_MAX - WIRE_HEADER_SIZE - WIRE_ELEMENT_HEADER_SIZE);
    assert_non_null(writer_room(&w, WIRE_MESSAGE_MAX - w.used));
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(bytes, w.used, &m), WIRE_OK);
    writer_u8(&w, 0);
    assert_false(wire_end(&w, begin));
    assert_true(w.failed);
}

/* --- lists, dump, tables --------------------------------------------------------------------- */

static void entries_of_a_list_are_reached_by_index_and_one_by_one(void **state)
{
    (void)state;
    struct wire_message m;
    struct wire_element e = {.type = WIRE_ELEMENT_TIMESTAMP};
    struct wire_sample one;
    assert_int_equal(wire_decode(measurement, sizeof(measurement), &m), WIRE_OK);
    struct wire_walk walk = wire_walk_of(&m);
    while (e.type != WIRE_ELEMENT_DEVICE_MEASUREMENT)
        assert_true(wire_next(&walk, &e));
    const struct wire_list *samples = &e.device_measurement.samples;
    assert_int_equal(samples->count, 2);
    assert_true(wire_sample_get(samples, 1, &one));
    assert_int_equal(one.antenna, 1);
    assert_int_equal(one.rssi, WIRE_DB_UNKNOWN);
    assert_false(wire_sample_get(samples, 2, &one));
    assert_false(wire_sample_get(samples, SIZE_MAX, &one));
    assert_false(wire_sample_get(samples, SIZE_MAX / WIRE_SAMPLE_SIZE + 1, &one));
    struct cursor at = wire_list_cursor(samples);
    assert_true(wire_sample_next(&at, &one));
    assert_int_equal(one.rssi, -45);
    assert_true(wire_sample_next(&at, &one));
    assert_int_equal(one.age, WIRE_AGE_MAX);
    assert_false(wire_sample_next(&at, &one));
}

static void entries_gathered_elsewhere_make_a_list(void **state)
{
    (void)state;
    static const uint8_t v4[4] = {10, 0, 0, 1};
    uint8_t entries[64], bytes[256];
    struct writer list = writer_of(entries, sizeof(entries));
    wire_address_put(&list, &(struct wire_address){.octets = {.at = v4, .len = sizeof(v4)}});
    struct wire_element e = {.type = WIRE_ELEMENT_CLIENT_INFO,
                             .client_info = {.mac = device, .addresses = wire_list_of(&list, 1)}};
    struct writer w = writer_of(bytes, sizeof(bytes));
    size_t begin = wire_begin(&w, WIRE_INFORMATION_NOTIFICATION, 0, 1);
    wire_put_timestamp(&w, 0);
    size_t before = w.used;
    wire_element_put(&w, &e);
    assert_int_equal(w.used - before, WIRE_CLIENT_INFO_SIZE + 5);
    assert_int_equal(wire_element_size(&e), WIRE_CLIENT_INFO_SIZE + 5);
    assert_true(wire_end(&w, begin));

    struct wire_message m;
    char text[512];
    assert_int_equal(wire_decode(bytes, w.used, &m), WIRE_OK);
    wire_dump(&m, text, sizeof(text));
    assert_non_null(strstr(text, "\n  address family=4 hex=0a000001\n"));
}

static void a_dump_is_cut_to_its_buffer_and_tells_its_whole_length(void **state)
{
    (void)state;
    struct wire_message m;
    char whole[1024], piece[1024];
    assert_int_equal(wire_decode(measurement, sizeof(measurement), &m), WIRE_OK);
    size_t len = wire_dump(&m, whole, sizeof(whole));
    assert_int_equal(len, strlen(whole));
    for (size_t size = 0; size <= len + 1; size++) {
        memset(piece, 'x', sizeof(piece));
        assert_int_equal(wire_dump(&m, piece, size), len);
        assert_int_equal(piece[size], 'x');
        if (size > 0) {
            assert_int_equal(strlen(piece), size - 1);
            assert_memory_equal(piece, whole, size - 1);
        }
    }
}

static void a_dump_quotes_all_but_printable_ascii(void **state)
{
    (void)state;
    uint8_t bytes[128];
    char text[512];
    struct wire_message m;
    struct writer w = writer_of(bytes, sizeof(bytes));
    size_t begin = wire_begin(&w, WIRE_SUBSCRIBE_RESPONSE, 0, 1);
    wire_put_result(&w, 1, "\x1f ~\x7f\"\\\xc2\xa0");
    wire_put_services(&w, 0);
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(bytes, w.used, &m), WIRE_OK);
    wire_dump(&m, text, sizeof(text));
    assert_non_null(strstr(text, "\nresult code=1 text=\"\\x1f ~\\x7f\\x22\\x5c\\xc2\\xa0\"\n"));
}

static void a_request_has_its_response_and_nothing_else_has_one(void **state)
{
    (void)state;
#define X(id, ...) id,
    static const uint16_t ids[] = {WIRE_MESSAGES(X, )};
#undef X
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const struct wire_message_info *info = wire_message_info(ids[i]);
        assert_non_null(info);
        assert_int_equal(info->id, ids[i]);
        assert_int_equal(info->role == WIRE_REQUEST, info->answer != WIRE_NO_MESSAGE);
        if (info->role == WIRE_REQUEST)
            assert_int_equal(wire_message_info((uint16_t)info->answer)->role, WIRE_RESPONSE);
    }
    assert_int_equal(wire_message_info(30)->answer, 31);
    assert_int_equal(wire_message_info(30)->sender, WIRE_SERVER);
    assert_int_equal(wire_message_info(31)->sender, WIRE_CONTROLLER);
    assert_int_equal(wire_message_info(7)->sender, WIRE_EITHER);
    assert_null(wire_message_info(WIRE_NO_MESSAGE));
    assert_null(wire_message_info(UINT16_MAX));
}

static void sub_services_have_the_bits_and_names_of_the_public_record(void **state)
{
    (void)state;
    uint64_t offered = 0;
    for (int family = WIRE_FAMILY_RESERVED + 1; family <= WIRE_FAMILY_CONTROL; family++) {
        assert_int_equal(offered & wire_family_mask((enum wire_family)family), 0);
        offered |= wire_family_mask((enum wire_family)family);
    }
    assert_int_equal(offered, 0x68ea27);
    assert_int_equal(wire_family_mask(WIRE_FAMILY_MEASUREMENT), 0x27);
    assert_int_equal(wire_family_mask(WIRE_FAMILY_INFORMATION), 0xa00);
    assert_int_equal(wire_family_mask(WIRE_FAMILY_STATISTICS), 0xe000);
    assert_string_equal(wire_service_name(WIRE_ON_DEMAND), "on-demand");
    assert_string_equal(wire_service_name(22), "ap-info");
    assert_null(wire_service_name(23));
}

static void everything_that_a_log_may_name_has_a_name(void **state)
{
    (void)state;
    for (int reason = WIRE_REASON_NONE; reason <= WIRE_REASON_MISSING; reason++)
        assert_non_null(wire_reason_text((enum wire_reason)reason));
    assert_string_equal(wire_element_name(WIRE_ELEMENT_AP_INFO), "ap-info");
    assert_null(wire_element_name(12));
    assert_string_equal(wire_result_name(WIRE_RESULT_NOT_PERMITTED), "not permitted");
    assert_string_equal(wire_result_name(3), "unknown");
    assert_string_equal(wire_message_info(15)->name, "Measurement Notification");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_measurement_is_written_byte_for_byte_as_the_profile_says),
        cmocka_unit_test(a_body_with_a_header_of_its_own_is_the_same_message),
        cmocka_unit_test(messages_follow_one_another_in_one_buffer),
        cmocka_unit_test(
            a_buffer_too_small_by_any_number_of_bytes_fails_and_nothing_is_written_outside),
        cmocka_unit_test(flags_and_transaction_stand_in_the_header),
        cmocka_unit_test(sizes_are_those_of_the_profile),
        cmocka_unit_test(a_hundred_devices_at_four_aps_take_what_the_profile_reckons),
        cmocka_unit_test(a_value_that_would_be_malformed_is_not_written),
        cmocka_unit_test(an_address_is_four_or_sixteen_bytes),
        cmocka_unit_test(what_a_16_bit_length_cannot_hold_is_not_written),
        cmocka_unit_test(a_message_may_fill_65535_bytes_and_no_more),
        cmocka_unit_test(entries_of_a_list_are_reached_by_index_and_one_by_one),
        cmocka_unit_test(entries_gathered_elsewhere_make_a_list),
        cmocka_unit_test(a_dump_is_cut_to_its_buffer_and_tells_its_whole_length),
        cmocka_unit_test(a_dump_quotes_all_but_printable_ascii),
        cmocka_unit_test(a_request_has_its_response_and_nothing_else_has_one),
        cmocka_unit_test(sub_services_have_the_bits_and_names_of_the_public_record),
        cmocka_unit_test(everything_that_a_log_may_name_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
