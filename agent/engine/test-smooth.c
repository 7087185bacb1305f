/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The integers against the law in double precision. */
#include "agent/engine/smooth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

static const uint16_t half_lives[] = {1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300};
enum { HALF_LIVES = sizeof(half_lives) / sizeof(half_lives[0]) };

static uint32_t seed = 1;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * sides) >> 32);
}

static double weight_by_the_law(uint16_t half_life, uint32_t elapsed)
{
    return -expm1(-log(2) * elapsed / (100.0 * half_life));
}

/* The largest error in dB over a sequence that `next` makes up, beginning at -60 dBm. */
static double worst_error(uint16_t half_life, int readings,
                          void (*next)(int i, int8_t *reading, uint32_t *elapsed))
{
    uint32_t rate = smooth_rate(half_life);
    int32_t average = -60 * SMOOTH_DB;
    double law = -60;
    double worst = 0;

    for (int i = 0; i < readings; i++) {
        int8_t reading;
        uint32_t elapsed;
        next(i, &reading, &elapsed);
        average = smooth_step(average, reading, smooth_weight(rate, elapsed));
        law += (reading - law) * weight_by_the_law(half_life, elapsed);
        double error = fabs(law - (double)average / SMOOTH_DB);
        worst = error > worst ? error : worst;
    }
    return worst;
}

static void check_error(void (*next)(int i, int8_t *reading, uint32_t *elapsed))
{
    for (size_t h = 0; h < HALF_LIVES; h++) {
        double worst = worst_error(half_lives[h], 200000, next);
        /* Half a dB more is added by rounding to whole dB: 1 dB in all. */
        if (worst > 0.5)
            fail_msg("half-life %u s: off by %f dB", half_lives[h], worst);
    }
}

static void usual(int i, int8_t *reading, uint32_t *elapsed)
{
    (void)i;
    *reading = (int8_t)(-40 - (int)dice(50));
    *elapsed = 1 + dice(400);
}

static void dense(int i, int8_t *reading, uint32_t *elapsed)
{
    (void)i;
    *reading = (int8_t)(-1 - (int)dice(127));
    *elapsed = dice(2);
}

static void of_any_distance(int i, int8_t *reading, uint32_t *elapsed)
{
    (void)i;
    *reading = (int8_t)(-1 - (int)dice(127));
    *elapsed = dice(UINT32_MAX) >> dice(32);
}

/* Many steps of less than half a last bit one way, few large ones back: the worst for rounding. */
static void one_sided(int i, int8_t *reading, uint32_t *elapsed)
{
    *reading = i % 100 == 99 ? -127 : -59;
    *elapsed = 1;
}

static void from_end_to_end(int i, int8_t *reading, uint32_t *elapsed)
{
    *reading = i / 40000 % 2 == 0 ? -1 : -127;
    *elapsed = 1;
}

static void usual_readings_follow_the_law_within_one_db(void **state)
{
    (void)state;
    check_error(usual);
}

static void dense_readings_follow_the_law_within_one_db(void **state)
{
    (void)state;
    check_error(dense);
}

static void readings_of_any_distance_in_time_follow_the_law_within_one_db(void **state)
{
    (void)state;
    check_error(of_any_distance);
}

static void roundings_do_not_add_up_to_one_db(void **state)
{
    (void)state;
    check_error(one_sided);
    check_error(from_end_to_end);
}

static void the_weight_is_that_of_the_law_within_a_thousandth(void **state)
{
    (void)state;
    for (size_t h = 0; h < HALF_LIVES; h++) {
        uint32_t rate = smooth_rate(half_lives[h]);
        for (uint32_t elapsed = 1; elapsed < 400000; elapsed += 1 + elapsed / 50) {
            double law = weight_by_the_law(half_lives[h], elapsed);
            double ours = smooth_weight(rate, elapsed) / (double)SMOOTH_ALL;
            if (fabs(ours / law - 1) > 0.001)
                fail_msg("half-life %u s, %u: %.9f is not %.9f", half_lives[h], elapsed, ours, law);
        }
    }
}

static void after_one_half_life_half_of_a_step_is_left(void **state)
{
    (void)state;
    for (size_t h = 0; h < HALF_LIVES; h++) {
        uint32_t weight = smooth_weight(smooth_rate(half_lives[h]), half_lives[h] * 100u);
        int32_t average = smooth_step(-80 * SMOOTH_DB, -40, weight);
        assert_true(fabs((double)average / SMOOTH_DB + 60) < 0.001);
    }
}

static void without_a_half_life_the_last_reading_stands(void **state)
{
    (void)state;
    assert_int_equal(smooth_rate(0), 0);
    for (uint32_t elapsed = 0; elapsed < 1000; elapsed += 7) {
        uint32_t weight = smooth_weight(smooth_rate(0), elapsed);
        assert_int_equal(smooth_step(-93 * SMOOTH_DB, -17, weight), -17 * SMOOTH_DB);
    }
}

static void a_reading_at_the_same_moment_moves_nothing(void **state)
{
    (void)state;
    for (size_t h = 0; h < HALF_LIVES; h++)
        assert_int_equal(
            smooth_step(-93 * SMOOTH_DB, -17, smooth_weight(smooth_rate(half_lives[h]), 0)),
            -93 * SMOOTH_DB);
}

static void a_constant_reading_is_reached_from_either_side(void **state)
{
    (void)state;
    for (size_t h = 0; h < HALF_LIVES; h++) {
        uint32_t weight = smooth_weight(smooth_rate(half_lives[h]), 1);
        for (int from = -127; from <= -1; from += 126) {
            int32_t average = from * SMOOTH_DB;
            for (uint32_t i = 0; i < 20u * 100u * half_lives[h]; i++)
                average = smooth_step(average, -64, weight);
            assert_int_equal(smooth_round(average), -64);
        }
    }
}

static void averages_are_rounded_to_the_nearest_db_and_the_rest_fits_sixteen_bits(void **state)
{
    (void)state;
    for (int32_t average = -127 * SMOOTH_DB; average <= -1 * SMOOTH_DB; average += 17) {
        int32_t rest = average - smooth_round(average) * SMOOTH_DB;
        assert_true(rest >= INT16_MIN && rest <= INT16_MAX);
    }
    assert_int_equal(smooth_round(-60 * SMOOTH_DB), -60);
    assert_int_equal(smooth_round(-60 * SMOOTH_DB + 32767), -60);
    assert_int_equal(smooth_round(-60 * SMOOTH_DB + 32768), -59);
    assert_int_equal(smooth_round(-60 * SMOOTH_DB - 32768), -60);
    assert_int_equal(smooth_round(-60 * SMOOTH_DB - 32769), -61);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_readings_follow_the_law_within_one_db),
        cmocka_unit_test(dense_readings_follow_the_law_within_one_db),
        cmocka_unit_test(readings_of_any_distance_in_time_follow_the_law_within_one_db),
        cmocka_unit_test(roundings_do_not_add_up_to_one_db),
        cmocka_unit_test(the_weight_is_that_of_the_law_within_a_thousandth),
        cmocka_unit_test(after_one_half_life_half_of_a_step_is_left),
        cmocka_unit_test(without_a_half_life_the_last_reading_stands),
        cmocka_unit_test(a_reading_at_the_same_moment_moves_nothing),
        cmocka_unit_test(a_constant_reading_is_reached_from_either_side),
        cmocka_unit_test(averages_are_rounded_to_the_nearest_db_and_the_rest_fits_sixteen_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
