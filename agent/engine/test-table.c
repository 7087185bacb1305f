/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static struct mac mac_of(uint32_t n)
{
    return (struct mac){
        {0x00, 0x11, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static uint32_t add(struct table *table, uint32_t n)
{
    struct mac mac = mac_of(n);
    return table_add(table, &mac, 1);
}

static uint32_t find(const struct table *table, uint32_t n)
{
    struct mac mac = mac_of(n);
    return table_find(table, &mac);
}

static void a_device_is_found_until_it_is_removed(void **state)
{
    struct table table;
    (void)state;
    assert_int_equal(table_init(&table, 4, 8), 0);
    assert_int_equal(find(&table, 1), TABLE_NONE);
    uint32_t slot = add(&table, 1);
    assert_int_equal(find(&table, 1), slot);
    table_remove(&table, slot);
    assert_int_equal(find(&table, 1), TABLE_NONE);
    assert_int_equal(table.device_count, 0);
    table_fini(&table);
}

static void a_full_table_takes_no_device_and_names_the_oldest(void **state)
{
    struct table table;
    (void)state;
    assert_int_equal(table_init(&table, 3, 8), 0);
    uint32_t first = add(&table, 1);
    uint32_t second = add(&table, 2);
    (void)add(&table, 3);
    assert_int_equal(add(&table, 4), TABLE_NONE);
    assert_int_equal(table_oldest(&table, TABLE_NONE), first);
    assert_int_equal(table_oldest(&table, first), second);
    table_touch(&table, first);
    assert_int_equal(table_oldest(&table, TABLE_NONE), second);
    table_fini(&table);
}

static void associated_clients_are_evicted_last_of_all(void **state)
{
    struct table table;
    (void)state;
    assert_int_equal(table_init(&table, 3, 8), 0);
    uint32_t client = add(&table, 1);
    table_set_associated(&table, client, true, 0);
    uint32_t stranger = add(&table, 2);
    assert_int_equal(table_oldest(&table, TABLE_NONE), stranger);
    table_remove(&table, stranger);
    assert_int_equal(table_oldest(&table, TABLE_NONE), client);
    assert_int_equal(table_oldest(&table, client), TABLE_NONE);
    table_set_associated(&table, client, false, 0);
    assert_int_equal(table_oldest(&table, TABLE_NONE), client);
    table_fini(&table);
}

static bool every_second(const struct table_sample *sample, const void *context)
{
    (void)context;
    return sample->ap % 2 == 1;
}

static void dropped_samples_give_their_places_back(void **state)
{
    struct table table;
    (void)state;
    assert_int_equal(table_init(&table, 2, 4), 0);
    uint32_t slot = add(&table, 1);
    for (uint16_t ap = 0; ap < 4; ap++)
        assert_int_not_equal(table_sample_add(&table, slot, ap, 255, 0), TABLE_NONE);
    assert_int_equal(table_sample_add(&table, slot, 4, 255, 0), TABLE_NONE);
    assert_int_equal(table_sample_drop(&table, slot, every_second, NULL), 2);
    assert_int_equal(table_device(&table, slot)->sample_count, 2);
    assert_int_not_equal(table_sample_find(&table, slot, 0, 255, 0), TABLE_NONE);
    assert_int_equal(table_sample_find(&table, slot, 1, 255, 0), TABLE_NONE);
    assert_int_not_equal(table_sample_add(&table, slot, 7, 255, 0), TABLE_NONE);
    assert_int_not_equal(table_sample_add(&table, slot, 8, 255, 0), TABLE_NONE);
    assert_int_equal(table_sample_add(&table, slot, 9, 255, 0), TABLE_NONE);
    table_remove(&table, slot);
    assert_int_equal(table.sample_count, 0);
    table_fini(&table);
}

static void the_weakest_of_sixteen_aps_is_named(void **state)
{
    struct table table;
    uint16_t weakest;
    int16_t rssi;
    (void)state;
    assert_int_equal(table_init(&table, 1, 64), 0);
    uint32_t slot = add(&table, 1);
    for (uint16_t ap = 0; ap < TABLE_APS_PER_DEVICE; ap++) {
        assert_false(table_weakest_ap(&table, slot, 99, &weakest, &rssi));
        for (uint8_t antenna = 0; antenna < 2; antenna++) {
            uint32_t place = table_sample_add(&table, slot, ap, antenna, 0);
            /* The weaker antenna of AP 5 is the weakest reading, but its better one is not. */
            table.samples[place].rssi = (int8_t)(ap == 5 && antenna == 0 ? -99 : -40 - ap);
        }
    }
    assert_true(table_weakest_ap(&table, slot, 99, &weakest, &rssi));
    assert_int_equal(weakest, 15);
    assert_int_equal(rssi, -55);
    assert_false(table_weakest_ap(&table, slot, 3, &weakest, &rssi));
    table_fini(&table);
}

enum { MODEL_KEYS = 40, MODEL_DEVICES = 24, MODEL_STEPS = 20000 };

/* Random additions and removals in a small table, so that the index is crowded and holes are closed
 * often. */
static void the_table_agrees_with_a_naive_model(void **state)
{
    struct table table;
    bool there[MODEL_KEYS] = {false};
    uint32_t count = 0;
    uint32_t random = 12345;
    (void)state;
    assert_int_equal(table_init(&table, MODEL_DEVICES, MODEL_DEVICES), 0);
    for (int step = 0; step < MODEL_STEPS; step++) {
        random = random * 1664525u + 1013904223u;
        uint32_t key = (random >> 16) % MODEL_KEYS;
        uint32_t slot = find(&table, key);
        assert_int_equal(slot != TABLE_NONE, there[key]);
        if (there[key]) {
            table_remove(&table, slot);
            there[key] = false;
            count--;
        } else if (count < MODEL_DEVICES) {
            slot = add(&table, key);
            assert_int_not_equal(slot, TABLE_NONE);
            assert_int_not_equal(table_sample_add(&table, slot, 1, 255, 0), TABLE_NONE);
            there[key] = true;
            count++;
        } else {
            assert_int_equal(add(&table, key), TABLE_NONE);
        }
        assert_int_equal(table.device_count, count);
        assert_int_equal(table.sample_count, count);
    }
    for (uint32_t key = 0; key < MODEL_KEYS; key++)
        assert_int_equal(find(&table, key) != TABLE_NONE, there[key]);
    table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_found_until_it_is_removed),
        cmocka_unit_test(a_full_table_takes_no_device_and_names_the_oldest),
        cmocka_unit_test(associated_clients_are_evicted_last_of_all),
        cmocka_unit_test(dropped_samples_give_their_places_back),
        cmocka_unit_test(the_weakest_of_sixteen_aps_is_named),
        cmocka_unit_test(the_table_agrees_with_a_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
