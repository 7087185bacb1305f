/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ap-info elements. */
#include "agent/view/info.h"

#include "tests/unit/session-bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static int set_up(void **state)
{
    *state = bed_new(64, 64);
    for (uint16_t ap = 0; ap < 20; ap++)
        bed_ap(*state, ap);
    return 0;
}

static int tear_down(void **state)
{
    bed_free(*state);
    return 0;
}

static void set_slot(struct bed *bed, uint16_t handle, uint16_t ap, uint8_t slot, bool up,
                     int64_t up_since)
{
    struct radio_ap record = {.ap = handle,
                              .mac = bed_ap_mac(ap),
                              .slot = slot,
                              .band = RADIO_BAND_5GHZ,
                              .channel = (uint16_t)(36 + 4 * slot),
                              .width = 80,
                              .tx_power = 23,
                              .noise = RADIO_DB_UNKNOWN,
                              .utilisation = RADIO_UTILISATION_UNKNOWN,
                              .clients = (uint16_t)(100 + slot),
                              .up = up,
                              .up_since = up_since};

    (void)snprintf(record.name, sizeof(record.name), "ap-%u", ap);
    engine_take(bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = record});
}

/* The one ap-info element that was written. */
static struct wire_ap_info ap_info(const struct writer *body)
{
    static uint8_t frame[WIRE_MESSAGE_CUT];
    struct writer w = writer_of(frame, sizeof(frame));
    size_t begin = wire_begin(&w, WIRE_AP_INFO_NOTIFICATION, 0, 1);
    struct wire_message message;
    struct wire_element element;

    wire_put_timestamp(&w, 1);
    writer_bytes(&w, body->base, body->used);
    assert_true(wire_end(&w, begin));
    assert_int_equal(wire_decode(frame, w.used, &message), WIRE_OK);
    struct wire_walk walk = wire_walk_of(&message);
    assert_true(wire_next(&walk, &element));
    assert_true(wire_next(&walk, &element));
    assert_int_equal(element.type, WIRE_ELEMENT_AP_INFO);
    struct wire_ap_info info = element.ap_info;
    assert_false(wire_next(&walk, &element));
    return info;
}

static struct wire_ap_info told(struct bed *bed, uint16_t handle)
{
    uint8_t buffer[1024];
    struct writer body = writer_of(buffer, sizeof(buffer));

    assert_true(info_put_ap(bed->engine, handle, &body));
    return ap_info(&body);
}

static void an_ap_is_told_with_all_its_slots(void **state)
{
    struct bed *bed = *state;
    struct mac mac = bed_ap_mac(50);
    struct wire_ap_slot slot;

    set_slot(bed, 30, 50, 0, true, loop_now(bed->loop));
    set_slot(bed, 32, 50, 1, false, 0);
    loop_advance(bed->loop, 90999);
    struct wire_ap_info info = told(bed, 30);
    assert_true(mac_equal(&info.mac, &mac));
    assert_int_equal(info.state, WIRE_AP_UP);
    assert_int_equal(info.uptime, 90);
    assert_int_equal(info.name.len, 5);
    assert_memory_equal(info.name.at, "ap-50", 5);
    assert_int_equal(info.slots.count, 2);
    assert_true(wire_ap_slot_get(&info.slots, 1, &slot));
    assert_int_equal(slot.slot, 1);
    assert_int_equal(slot.band, WIRE_BAND_5GHZ);
    assert_int_equal(slot.channel, 40);
    assert_int_equal(slot.width, 80);
    assert_int_equal(slot.tx_power, 23);
    assert_int_equal(slot.noise, WIRE_DB_UNKNOWN);
    assert_int_equal(slot.clients, 101);
    assert_int_equal(slot.utilisation, WIRE_UTILISATION_UNKNOWN);
}

static void an_ap_is_up_since_the_first_of_its_slots_and_down_without_any(void **state)
{
    struct bed *bed = *state;
    int64_t now = loop_now(bed->loop);

    set_slot(bed, 30, 50, 0, true, now - 5000);
    set_slot(bed, 31, 50, 1, true, now - 70000);
    set_slot(bed, 32, 50, 2, false, now - 900000);
    assert_int_equal(told(bed, 30).uptime, 70);
    set_slot(bed, 30, 50, 0, false, 0);
    set_slot(bed, 31, 50, 1, false, 0);
    assert_int_equal(told(bed, 30).state, WIRE_AP_DOWN);
    assert_int_equal(told(bed, 30).uptime, 0);
}

static void an_ap_is_told_under_its_lowest_handle_only(void **state)
{
    struct bed *bed = *state;
    uint8_t buffer[1024];
    struct writer body = writer_of(buffer, sizeof(buffer));

    set_slot(bed, 30, 50, 0, true, 0);
    set_slot(bed, 31, 50, 1, true, 0);
    assert_true(info_put_ap(bed->engine, 31, &body));
    assert_true(info_put_ap(bed->engine, 29, &body)); /* there is none */
    assert_int_equal(body.used, 0);
    bed_ap_gone(bed, 30);
    assert_int_equal(told(bed, 31).slots.count, 1);
}

static void what_is_no_slot_is_not_told_and_is_not_told_to_be_removed(void **state)
{
    struct bed *bed = *state;
    struct bed_peer *peer = bed_active_peer(bed);
    uint8_t buffer[1024];
    struct writer body = writer_of(buffer, sizeof(buffer));

    set_slot(bed, 30, 50, 0, true, 0);
    bed_say_services(peer, WIRE_SUBSCRIBE_REQUEST, 1, WIRE_BIT(WIRE_AP_INFO));
    unsigned before = peer->count[WIRE_AP_INFO_NOTIFICATION];
    set_slot(bed, 31, 50, RADIO_SLOT_UNKNOWN, false, 0);
    set_slot(bed, 32, 51, RADIO_SLOT_UNKNOWN, false, 0);
    bed_turn(bed);
    assert_true(info_put_ap(bed->engine, 32, &body));
    assert_int_equal(body.used, 0);
    assert_int_equal(told(bed, 30).slots.count, 1);
    bed_ap_gone(bed, 31);
    bed_ap_gone(bed, 32);
    bed_turn(bed);
    assert_int_equal(peer->count[WIRE_AP_INFO_NOTIFICATION], before);
    bed_ap_gone(bed, 30);
    bed_turn(bed);
    assert_int_equal(peer->count[WIRE_AP_INFO_NOTIFICATION], before + 1);
    bed_peer_free(peer);
}

static void of_more_than_sixteen_slots_the_first_sixteen_are_told(void **state)
{
    struct bed *bed = *state;
    struct wire_ap_slot slot;

    for (uint8_t i = 0; i < 20; i++)
        set_slot(bed, (uint16_t)(30 + i), 50, i, i == 19, 0);
    struct wire_ap_info info = told(bed, 30);
    assert_int_equal(info.slots.count, 16);
    for (size_t i = 0; i < 16; i++) {
        assert_true(wire_ap_slot_get(&info.slots, i, &slot));
        assert_int_equal(slot.slot, i);
    }
}

static void an_ap_that_does_not_fit_is_refused_and_nothing_is_written(void **state)
{
    struct bed *bed = *state;
    const size_t size = 4 + 13 + 11 + 5; /* a slot and a name of five letters */
    uint8_t buffer[64];

    set_slot(bed, 30, 50, 0, true, 0);
    struct writer body = writer_of(buffer, size - 1);
    assert_false(info_put_ap(bed->engine, 30, &body));
    assert_int_equal(body.used, 0);
    assert_false(body.failed);
    body = writer_of(buffer, size);
    assert_true(info_put_ap(bed->engine, 30, &body));
    assert_int_equal(body.used, size);
    body = writer_of(buffer, 16);
    struct mac mac = bed_ap_mac(50);
    assert_false(info_put_ap_removed(&mac, &body));
    assert_false(body.failed);
}

static void a_removed_ap_has_state_two_and_nothing_else(void **state)
{
    uint8_t buffer[64];
    struct writer body = writer_of(buffer, sizeof(buffer));
    struct mac mac = bed_ap_mac(50);

    (void)state;
    assert_true(info_put_ap_removed(&mac, &body));
    struct wire_ap_info info = ap_info(&body);
    assert_true(mac_equal(&info.mac, &mac));
    assert_int_equal(info.state, WIRE_AP_REMOVED);
    assert_int_equal(info.uptime, 0);
    assert_int_equal(info.slots.count, 0);
    assert_int_equal(info.name.len, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ap_is_told_with_all_its_slots),
        TEST(an_ap_is_up_since_the_first_of_its_slots_and_down_without_any),
        TEST(an_ap_is_told_under_its_lowest_handle_only),
        TEST(what_is_no_slot_is_not_told_and_is_not_told_to_be_removed),
        TEST(of_more_than_sixteen_slots_the_first_sixteen_are_told),
        TEST(an_ap_that_does_not_fit_is_refused_and_nothing_is_written),
        TEST(a_removed_ap_has_state_two_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
