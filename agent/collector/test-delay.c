/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/collector/delay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#define BEGUN INT64_C(1000)
#define HOUR  INT64_C(3600000)
#define DAY   (24 * HOUR)

/* A generator of its own: the same numbers everywhere. */
static uint32_t seed;

static int64_t below(uint32_t limit)
{
    seed = seed * 1664525U + 1013904223U;
    return (int64_t)((seed >> 8) % limit);
}

/* The other clock at our time `now`. */
struct clock {
    int64_t ahead;
    int64_t ppm;
};

static uint64_t reads(const struct clock *clock, int64_t now)
{
    return (uint64_t)(INT64_C(1800000000000) + now + clock->ahead + now * clock->ppm / 1000000);
}

/* How far what is found is from when it was made: above 0, it is told too fresh. */
static int64_t error_of(struct delay *d, const struct clock *clock, int64_t made, int64_t way)
{
    return delay_take(d, made + way, reads(clock, made)) - made;
}

static void the_first_message_did_not_wait(void **state)
{
    struct delay d = {.last = 0};
    struct clock clock = {.ahead = -HOUR};

    (void)state;
    assert_int_equal(error_of(&d, &clock, BEGUN, 0), 0);
    assert_int_equal(d.last, 0);
}

static void what_waited_in_a_queue_is_not_told_as_fresh(void **state)
{
    struct delay d = {.last = 0};
    struct clock clock = {.ahead = HOUR};

    (void)state;
    (void)error_of(&d, &clock, BEGUN, 2);
    assert_int_equal(error_of(&d, &clock, BEGUN + 100, 20000), 2);
    assert_int_equal(d.last, 19998);
    assert_int_equal(d.steps, 0);
}

static void a_day_of_drift_does_not_add_up(void **state)
{
    static const int64_t ppms[] = {500, -500};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct delay d = {.last = 0};
        struct clock clock = {.ahead = HOUR, .ppm = ppms[i]};
        seed = 7;
        for (int64_t now = BEGUN; now < DAY; now += 1000) {
            /* On its way for 5 to 104 ms, and one of twenty for up to 10 s. */
            int64_t way = 5 + below(100) + (below(20) == 0 ? below(10000) : 0);
            int64_t error = error_of(&d, &clock, now, way);
            assert_in_range(error + 31, 0, 31 + 104 + 31);
        }
        assert_int_equal(d.steps, 0);
    }
}

static void a_small_step_is_followed_and_nothing_is_told_too_fresh(void **state)
{
    static const int64_t steps[] = {5000, -5000};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct delay d = {.last = 0};
        struct clock clock = {.ahead = 0};
        int64_t now = BEGUN;
        for (; now < 100000; now += 500)
            assert_in_range(error_of(&d, &clock, now, 10), 0, 10);
        clock.ahead = steps[i];
        for (; now < 100000 + DELAY_WINDOW_MS + 5000; now += 500)
            assert_true(error_of(&d, &clock, now, 10) <= 10);
        for (; now < 300000; now += 500)
            assert_in_range(error_of(&d, &clock, now, 10), 0, 10);
        assert_int_equal(d.steps, 0);
    }
}

static void a_step_of_an_hour_begins_anew_at_once(void **state)
{
    static const int64_t steps[] = {HOUR, -HOUR};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct delay d = {.last = 0};
        struct clock clock = {.ahead = 0};
        int64_t now = BEGUN;
        for (; now < 50000; now += 500)
            (void)error_of(&d, &clock, now, 10);
        clock.ahead = steps[i];
        for (; now < 100000; now += 500)
            assert_in_range(error_of(&d, &clock, now, 10), 0, 10);
        assert_int_equal(d.steps, 1);
    }
}

static void any_timestamp_gives_a_time_that_is_not_later_than_now(void **state)
{
    struct delay d = {.last = 0};
    static const uint64_t stamps[] = {
        0, UINT64_MAX, 1, (uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1, 1800000000000};

    (void)state;
    seed = 3;
    for (int64_t now = BEGUN; now < 5000; now++) {
        uint64_t stamp = stamps[below(sizeof(stamps) / sizeof(stamps[0]))];
        int64_t made = delay_take(&d, now, stamp + (uint64_t)below(40000));
        assert_in_range(now - made, 0, DELAY_STEP_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_message_did_not_wait),
        cmocka_unit_test(what_waited_in_a_queue_is_not_told_as_fresh),
        cmocka_unit_test(a_day_of_drift_does_not_add_up),
        cmocka_unit_test(a_small_step_is_followed_and_nothing_is_told_too_fresh),
        cmocka_unit_test(a_step_of_an_hour_begins_anew_at_once),
        cmocka_unit_test(any_timestamp_gives_a_time_that_is_not_later_than_now),
    };
    return cmocka_run_group_tests_name("delay", tests, NULL, NULL);
}
