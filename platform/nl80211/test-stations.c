/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/nl80211/stations.h"
#include "tests/unit/failing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct siphash_key key = {1, 2};

static struct mac mac_of(unsigned n)
{
    return (struct mac){{0x02, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

static void add(struct stations *stations, unsigned n)
{
    struct mac mac = mac_of(n);
    struct station *station = stations_add(stations, &mac);

    assert_non_null(station);
    station->round = n;
}

static bool has(const struct stations *stations, unsigned n)
{
    struct mac mac = mac_of(n);
    const struct station *station = stations_find(stations, &mac);

    if (station != NULL)
        assert_int_equal(station->round, n);
    return station != NULL;
}

static void removed(struct stations *stations, unsigned n)
{
    struct mac mac = mac_of(n);
    struct station *station = stations_find(stations, &mac);

    assert_non_null(station);
    stations_remove(stations, station);
}

static void an_empty_table_finds_nobody(void **state)
{
    struct stations stations;

    (void)state;
    stations_init(&stations, &key);
    assert_false(has(&stations, 1));
    stations_fini(&stations);
}

static void what_was_added_is_found_until_it_is_removed(void **state)
{
    struct stations stations;

    (void)state;
    stations_init(&stations, &key);
    for (unsigned n = 0; n < 1000; n++)
        add(&stations, n);
    for (unsigned n = 0; n < 1000; n += 3)
        removed(&stations, n);
    for (unsigned n = 0; n < 1000; n++)
        assert_int_equal(has(&stations, n), n % 3 != 0);
    assert_false(has(&stations, 1000));
    assert_int_equal(stations.count, 666);
    stations_fini(&stations);
}

/* Against a plain list of who is there, over every table size and many collisions. */
static void adding_and_removing_in_any_order_loses_nobody(void **state)
{
    enum { MACS = 150, STEPS = 20000 };
    bool there[MACS] = {false};
    struct stations stations;
    unsigned random = 1;
    size_t count = 0;

    (void)state;
    stations_init(&stations, &key);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245U + 12345U;
        unsigned n = (random >> 16) % MACS;
        if (there[n]) {
            removed(&stations, n);
            count--;
        } else {
            add(&stations, n);
            count++;
        }
        there[n] = !there[n];
        n = (random >> 8) % MACS;
        assert_int_equal(has(&stations, n), there[n]);
    }
    for (unsigned n = 0; n < MACS; n++)
        assert_int_equal(has(&stations, n), there[n]);
    assert_int_equal(stations.count, count);
    stations_fini(&stations);
}

static void a_full_table_takes_no_more(void **state)
{
    struct stations stations;
    struct mac more = mac_of(STATIONS_MAX);

    (void)state;
    stations_init(&stations, &key);
    for (unsigned n = 0; n < STATIONS_MAX; n++)
        add(&stations, n);
    assert_null(stations_add(&stations, &more));
    removed(&stations, 5);
    assert_non_null(stations_add(&stations, &more));
    stations_fini(&stations);
}

static bool odd_ones(void *context, struct station *station)
{
    unsigned *asked = context;

    (*asked)++;
    return station->round % 2 == 1;
}

static void a_sweep_asks_for_everybody_and_removes_those_who_are_gone(void **state)
{
    struct stations stations;
    unsigned asked = 0;

    (void)state;
    stations_init(&stations, &key);
    for (unsigned n = 0; n < 500; n++)
        add(&stations, n);
    stations_sweep(&stations, odd_ones, &asked);
    assert_true(asked >= 500);
    assert_int_equal(stations.count, 250);
    for (unsigned n = 0; n < 500; n++)
        assert_int_equal(has(&stations, n), n % 2 == 0);
    stations_fini(&stations);
}

static void without_memory_a_table_keeps_what_it_has(void **state)
{
    struct stations stations;
    struct mac mac = mac_of(0);
    unsigned n = 0;

    (void)state;
    stations_init(&stations, &key);
    failing_malloc_at(1);
    assert_null(stations_add(&stations, &mac));
    failing_reset();
    add(&stations, n++);
    failing_malloc_at(1);
    while (!failing_hit()) {
        mac = mac_of(n);
        struct station *station = stations_add(&stations, &mac);
        if (station != NULL)
            station->round = n++;
    }
    failing_reset();
    for (unsigned i = 0; i < n; i++)
        assert_true(has(&stations, i));
    add(&stations, n);
    stations_fini(&stations);
}

static void known_stations_need_no_allocation(void **state)
{
    struct stations stations;

    (void)state;
    stations_init(&stations, &key);
    for (unsigned n = 0; n < 200; n++)
        add(&stations, n);
    failing_malloc_at(1);
    for (unsigned n = 0; n < 200; n++) {
        removed(&stations, n);
        add(&stations, n);
    }
    assert_false(failing_hit());
    stations_clear(&stations);
    assert_int_equal(stations.count, 0);
    assert_false(has(&stations, 1));
    stations_fini(&stations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_finds_nobody),
        cmocka_unit_test(what_was_added_is_found_until_it_is_removed),
        cmocka_unit_test(adding_and_removing_in_any_order_loses_nobody),
        cmocka_unit_test(a_full_table_takes_no_more),
        cmocka_unit_test(a_sweep_asks_for_everybody_and_removes_those_who_are_gone),
        cmocka_unit_test_teardown(without_memory_a_table_keeps_what_it_has, tear_down),
        cmocka_unit_test_teardown(known_stations_need_no_allocation, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
