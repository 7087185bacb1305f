/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/air/cache.h"
#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct entry {
    struct cache_entry entry;
    uint32_t value;
};

enum { ROWS = 4 };

static struct cache cache;

static int set_up(void **state)
{
    (void)state;
    return cache_init(&cache, sizeof(struct entry), ROWS);
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    cache_fini(&cache);
    return 0;
}

static struct mac mac_of(uint32_t i)
{
    return (struct mac){
        {2, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

static void what_is_taken_is_found_and_was_zero(void **state)
{
    struct mac mac = mac_of(1);

    (void)state;
    assert_null(cache_find(&cache, &mac, 1));
    struct entry *entry = cache_take(&cache, &mac, 1);
    assert_int_equal(entry->value, 0);
    entry->value = 7;
    assert_ptr_equal(cache_find(&cache, &mac, 2), entry);
    assert_ptr_equal(cache_take(&cache, &mac, 3), entry);
    assert_int_equal(entry->value, 7);
    cache_clear(&cache);
    assert_null(cache_find(&cache, &mac, 4));
}

static void a_flood_of_macs_takes_no_more_room_than_there_is(void **state)
{
    size_t used = 0;

    (void)state;
    for (uint32_t i = 0; i < 10000; i++) {
        struct mac mac = mac_of(i);
        (void)cache_take(&cache, &mac, i);
        assert_non_null(cache_find(&cache, &mac, i));
    }
    for (size_t i = 0; i < ROWS * CACHE_ROW; i++)
        used += cache_at(&cache, i) != NULL;
    assert_int_equal(used, ROWS * CACHE_ROW);
    assert_int_equal(cache.evicted, 10000 - ROWS * CACHE_ROW);
}

static void what_is_used_stays_while_others_fall_out(void **state)
{
    struct mac kept = mac_of(1);

    (void)state;
    ((struct entry *)cache_take(&cache, &kept, 0))->value = 7;
    for (uint32_t i = 2; i < 1000; i++) {
        struct mac mac = mac_of(i);
        (void)cache_take(&cache, &mac, 2 * i);
        struct entry *entry = cache_find(&cache, &kept, 2 * i + 1);
        assert_non_null(entry);
        assert_int_equal(entry->value, 7);
    }
}

static void without_memory_or_a_key_there_is_no_cache(void **state)
{
    struct cache other;

    (void)state;
    failing_malloc_at(1);
    assert_true(cache_init(&other, sizeof(struct entry), ROWS) < 0);
    failing_reset();
    cache_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_taken_is_found_and_was_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_of_macs_takes_no_more_room_than_there_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_used_stays_while_others_fall_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_memory_or_a_key_there_is_no_cache, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
