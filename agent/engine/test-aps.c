/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/aps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/failing.h"

static struct mac mac_of(uint32_t n)
{
    return (struct mac){{0x00, 0x11, 0x22, 0x33, (uint8_t)(n >> 8), (uint8_t)n}};
}

static void put(struct aps *aps, uint16_t ap, uint32_t n)
{
    struct radio_ap record = {.ap = ap, .mac = mac_of(n)};
    aps_put(aps, &record);
}

static uint16_t first(const struct aps *aps, uint32_t n)
{
    struct mac mac = mac_of(n);
    return aps_first(aps, &mac);
}

static void the_slots_of_an_ap_are_found_in_ascending_order(void **state)
{
    struct aps aps;
    (void)state;
    assert_int_equal(aps_init(&aps, 8), 0);
    put(&aps, 5, 1);
    put(&aps, 2, 1);
    put(&aps, 3, 2);
    put(&aps, 7, 1);
    assert_int_equal(first(&aps, 1), 2);
    assert_int_equal(aps_next(&aps, 2), 5);
    assert_int_equal(aps_next(&aps, 5), 7);
    assert_int_equal(aps_next(&aps, 7), APS_NONE);
    assert_int_equal(first(&aps, 3), APS_NONE);
    assert_int_equal(aps.count, 4);
    aps_fini(&aps);
}

static void a_slot_that_goes_or_gets_another_mac_is_found_no_more(void **state)
{
    struct aps aps;
    (void)state;
    assert_int_equal(aps_init(&aps, 8), 0);
    put(&aps, 0, 1);
    put(&aps, 1, 1);
    put(&aps, 0, 2);
    assert_int_equal(first(&aps, 1), 1);
    assert_int_equal(first(&aps, 2), 0);
    assert_int_equal(aps.count, 2);
    aps_remove(&aps, 1);
    assert_int_equal(first(&aps, 1), APS_NONE);
    assert_null(aps_get(&aps, 1));
    assert_null(aps_get(&aps, 8));
    assert_non_null(aps_get(&aps, 0));
    assert_int_equal(aps.count, 1);
    aps_fini(&aps);
}

/* The first handle of each MAC, looked up the slow way. */
static uint16_t first_by_looking(const struct aps *aps, uint16_t from, const struct mac *mac)
{
    for (uint16_t ap = from; ap < aps->capacity; ap++) {
        if (aps_get(aps, ap) != NULL && mac_equal(&aps_get(aps, ap)->mac, mac))
            return ap;
    }
    return APS_NONE;
}

static void the_index_agrees_with_looking_at_all(void **state)
{
    struct aps aps;
    uint32_t random = 7;
    (void)state;
    assert_int_equal(aps_init(&aps, 50), 0);
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        uint16_t ap = (uint16_t)((random >> 8) % 50);
        struct mac mac = mac_of((random >> 16) % 20);
        if (random >> 30 == 0 && aps_get(&aps, ap) != NULL)
            aps_remove(&aps, ap);
        else
            put(&aps, ap, (random >> 16) % 20);
        uint16_t found = aps_first(&aps, &mac);
        assert_int_equal(found, first_by_looking(&aps, 0, &mac));
        for (; found != APS_NONE; found = aps_next(&aps, found))
            assert_int_equal(aps_next(&aps, found),
                             first_by_looking(&aps, (uint16_t)(found + 1), &mac));
    }
    aps_fini(&aps);
}

static void no_aps_when_memory_or_randomness_is_out(void **state)
{
    struct aps aps;
    (void)state;
    for (unsigned nth = 1; nth <= 4; nth++) {
        failing_reset();
        failing_malloc_at(nth);
        assert_true(aps_init(&aps, 8) < 0);
        assert_true(failing_hit());
    }
    failing_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_slots_of_an_ap_are_found_in_ascending_order),
        cmocka_unit_test(a_slot_that_goes_or_gets_another_mac_is_found_no_more),
        cmocka_unit_test(the_index_agrees_with_looking_at_all),
        cmocka_unit_test(no_aps_when_memory_or_randomness_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
