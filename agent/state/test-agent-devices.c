/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/agent-bed.h"

#include <string.h>

static const struct state_device_filter all = {.device_class = 0};

static struct scene *start(void **state)
{
    struct scene *s = *state;

    scene_start(s, scene_base_settings());
    for (uint16_t ap = 0; ap < 3; ap++)
        bed_ap(s->bed, ap);
    return s;
}

/* How many devices the cursor gives from where it stands. */
static unsigned count_devices(const struct scene *s, const struct state_device_filter *filter)
{
    struct state_device_cursor cursor = {0};
    struct state_device device;
    unsigned count = 0;

    while (state_next_device(s->agent, filter, &cursor, &device) == STATE_FOUND)
        count++;
    return count;
}

static unsigned count_readings(const struct scene *s, const struct state_device *device,
                               const struct state_device_filter *filter)
{
    struct state_reading_cursor cursor = {.begun = false};
    struct state_reading reading;
    unsigned count = 0;

    while (state_next_reading(s->agent, device, filter, &cursor, &reading))
        count++;
    return count;
}

static void every_device_is_given_once(void **state)
{
    struct scene *s = start(state);
    struct state_device_cursor cursor = {0};
    struct state_device device;
    bool given[40] = {false};

    for (uint32_t i = 0; i < 40; i++)
        bed_hear(s->bed, i, 0, -50);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(state_next_device(s->agent, &all, &cursor, &device), STATE_FOUND);
        assert_false(given[device.mac.b[5]]);
        given[device.mac.b[5]] = true;
    }
    assert_int_equal(state_next_device(s->agent, &all, &cursor, &device), STATE_END);
}

static void devices_are_found_by_the_ap_that_hears_them(void **state)
{
    struct scene *s = start(state);
    struct state_device_filter filter = {.has_ap = true, .ap = bed_ap_mac(1)};
    struct state_device device;

    for (uint32_t i = 0; i < 10; i++)
        bed_hear(s->bed, i, 0, -50);
    bed_hear(s->bed, 3, 1, -60);
    bed_hear(s->bed, 4, 1, -60);
    assert_int_equal(count_devices(s, &all), 10);
    assert_int_equal(count_devices(s, &filter), 2);
    filter.has_slot = true;
    assert_int_equal(count_devices(s, &filter), 2);
    filter.slot = 1;
    assert_int_equal(count_devices(s, &filter), 0);
    filter = (struct state_device_filter){.has_ap = true, .ap = bed_ap_mac(3)};
    assert_int_equal(count_devices(s, &filter), 0);

    filter.ap = bed_ap_mac(1);
    struct mac mac = bed_mac(3);
    assert_true(state_find_device(s->agent, &mac, &device));
    assert_int_equal(device.readings, 2);
    assert_int_equal(count_readings(s, &device, &all), 2);
    assert_int_equal(count_readings(s, &device, &filter), 1);
}

static void devices_are_found_by_their_class(void **state)
{
    struct scene *s = start(state);
    struct state_device_filter filter = {.device_class = RADIO_CLASS_ROGUE_AP};
    struct state_device_counts counts;

    bed_hear(s->bed, 1, 0, -50);
    bed_join(s->bed, 2, 0);
    bed_hear(s->bed, 2, 0, -50);
    bed_hear_as(s->bed, RADIO_CLASS_ROGUE_AP, 3, 0, -70);
    bed_hear_as(s->bed, RADIO_CLASS_TAG, 4, 0, -70);
    assert_int_equal(count_devices(s, &filter), 1);
    state_count_devices(s->agent, &counts);
    assert_int_equal(counts.by_class[RADIO_CLASS_CLIENT], 2);
    assert_int_equal(counts.by_class[RADIO_CLASS_TAG], 1);
    assert_int_equal(counts.by_class[RADIO_CLASS_ROGUE_AP], 1);
    assert_int_equal(counts.by_class[RADIO_CLASS_ROGUE_CLIENT], 0);
    assert_int_equal(counts.associated, 1);
}

static void a_device_is_told_with_its_ap_what_is_known_and_its_readings(void **state)
{
    struct scene *s = start(state);
    struct state_reading_cursor cursor = {.begun = false};
    struct state_reading reading;
    struct state_device device;
    struct mac mac = bed_mac(7);
    struct mac ap = bed_ap_mac(1);

    bed_join(s->bed, 7, 1);
    bed_hear(s->bed, 7, 1, -44);
    bed_user(s->bed, 7, "ann");
    loop_advance(s->bed->loop, 1500);
    assert_true(state_find_device(s->agent, &mac, &device));
    assert_true(device.is_associated);
    assert_true(device.has_associated_ap);
    assert_true(mac_equal(&device.associated_ap, &ap));
    assert_false(device.is_local);
    assert_true(device.has_info);
    assert_int_equal(device.info.kind, DEVICE_INFO_CLIENT);
    assert_memory_equal(device.info.client.user, "ann", 3);
    assert_int_equal(loop_wall(s->bed->loop) - device.last_seen, 1500);
    assert_true(state_next_reading(s->agent, &device, &all, &cursor, &reading));
    assert_true(mac_equal(&reading.ap, &ap));
    assert_int_equal(reading.rssi, -44);
    assert_int_equal(reading.snr, 51);
    assert_int_equal(reading.source, RADIO_SOURCE_DATA);
    assert_int_equal(reading.age, 1500);
    assert_false(state_next_reading(s->agent, &device, &all, &cursor, &reading));
    mac = bed_mac(8);
    assert_false(state_find_device(s->agent, &mac, &device));
}

static void what_is_too_old_is_not_told(void **state)
{
    struct scene *s = start(state);
    struct mac mac = bed_mac(1);
    struct state_device device;

    bed_hear(s->bed, 1, 0, -50);
    loop_advance(s->bed->loop, 16000);
    assert_false(state_find_device(s->agent, &mac, &device));
    assert_int_equal(count_devices(s, &all), 0);
}

static void aps_are_told_one_by_one_and_by_mac(void **state)
{
    struct scene *s = start(state);
    struct state_ap_cursor cursor = {0};
    struct state_ap ap;
    struct mac mac = bed_ap_mac(2);

    bed_ap_gone(s->bed, 1);
    loop_advance(s->bed->loop, 5000);
    assert_true(state_next_ap(s->agent, &cursor, &ap));
    assert_int_equal(ap.ap.ap, 0);
    assert_int_equal(ap.ap.channel, 6);
    assert_int_equal(ap.up, 5000);
    assert_true(state_next_ap(s->agent, &cursor, &ap));
    assert_int_equal(ap.ap.ap, 2);
    assert_false(state_next_ap(s->agent, &cursor, &ap));

    struct radio_ap second = ap.ap;
    second.ap = 3;
    second.slot = 1;
    second.up = false;
    engine_take(s->bed->engine, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = second});
    cursor = (struct state_ap_cursor){0};
    assert_true(state_next_slot(s->agent, &mac, &cursor, &ap));
    assert_int_equal(ap.ap.slot, 0);
    assert_true(state_next_slot(s->agent, &mac, &cursor, &ap));
    assert_int_equal(ap.ap.slot, 1);
    assert_int_equal(ap.up, 0);
    assert_false(state_next_slot(s->agent, &mac, &cursor, &ap));
    mac = bed_ap_mac(9);
    cursor = (struct state_ap_cursor){0};
    assert_false(state_next_slot(s->agent, &mac, &cursor, &ap));
}

/* The bed's table is small: a larger one under the same agent's functions. */
static void a_call_looks_at_a_bounded_number_of_devices(void **state)
{
    enum { MANY = STATE_LOOK_MAX + 100 };
    struct scene *s = *state;
    struct state_device_filter filter = {.has_ap = true};
    struct state_device_cursor cursor = {0};
    struct state_device device;

    bed_free(s->bed);
    s->bed = bed_new(MANY, 4);
    loop_jump_wall(s->bed->loop, INT64_C(2000000000000));
    (void)start(state);
    filter.ap = bed_ap_mac(1);
    for (uint32_t i = 0; i < MANY; i++)
        bed_hear(s->bed, i, 0, -50);
    bed_hear(s->bed, MANY - 1, 1, -50);
    assert_int_equal(state_next_device(s->agent, &filter, &cursor, &device), STATE_LOOKED);
    assert_int_equal(cursor.next, STATE_LOOK_MAX);
    assert_int_equal(state_next_device(s->agent, &filter, &cursor, &device), STATE_FOUND);
    struct mac last = bed_mac(MANY - 1);
    assert_true(mac_equal(&device.mac, &last));
    assert_int_equal(state_next_device(s->agent, &filter, &cursor, &device), STATE_END);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scene_set_up, scene_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_device_is_given_once),
        TEST(devices_are_found_by_the_ap_that_hears_them),
        TEST(devices_are_found_by_their_class),
        TEST(a_device_is_told_with_its_ap_what_is_known_and_its_readings),
        TEST(what_is_too_old_is_not_told),
        TEST(aps_are_told_one_by_one_and_by_mac),
        TEST(a_call_looks_at_a_bounded_number_of_devices),
    };

    return cmocka_run_group_tests(tests, far_identities_make, far_identities_remove);
}
