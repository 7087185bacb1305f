/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/backoff.h"
#include "tests/unit/failing.h"

#include <errno.h>

static void assert_near(int64_t delay, int64_t nominal)
{
    assert_in_range(delay, nominal * 3 / 4, nominal * 5 / 4);
}

static void it_doubles_from_one_second_to_sixty(void **state)
{
    static const int64_t nominal[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    struct backoff backoff;

    (void)state;
    for (uint64_t seed = 1; seed < 200; seed++) {
        backoff_init(&backoff, seed);
        for (size_t i = 0; i < sizeof(nominal) / sizeof(nominal[0]); i++)
            assert_near(backoff_next(&backoff), nominal[i]);
    }
}

static void a_reset_makes_it_short_again(void **state)
{
    struct backoff backoff;

    (void)state;
    backoff_init(&backoff, 7);
    for (int i = 0; i < 6; i++)
        (void)backoff_next(&backoff);
    backoff_reset(&backoff);
    assert_near(backoff_next(&backoff), 1000);
    assert_near(backoff_next(&backoff), 2000);
}

static void the_jitter_uses_its_whole_range(void **state)
{
    struct backoff backoff;
    unsigned early = 0;
    unsigned late = 0;

    (void)state;
    backoff_init(&backoff, 99);
    for (int i = 0; i < 1000; i++) {
        backoff_reset(&backoff);
        int64_t delay = backoff_next(&backoff);
        early += delay < 850 ? 1 : 0;
        late += delay > 1150 ? 1 : 0;
    }
    /* A fifth of the range each. */
    assert_in_range(early, 150, 250);
    assert_in_range(late, 150, 250);
}

static void two_agents_do_not_wait_alike(void **state)
{
    struct backoff one;
    struct backoff other;
    unsigned same = 0;

    (void)state;
    backoff_init(&one, 0);
    backoff_init(&other, 0);
    for (int i = 0; i < 16; i++)
        same += backoff_next(&one) == backoff_next(&other) ? 1 : 0;
    assert_true(same < 8);
}

static void without_random_numbers_it_still_waits(void **state)
{
    struct backoff backoff;

    (void)state;
    failing_at(FAILING_GETRANDOM, 1, EAGAIN);
    backoff_init(&backoff, 0);
    assert_true(failing_hit());
    failing_reset();
    assert_near(backoff_next(&backoff), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_from_one_second_to_sixty),
        cmocka_unit_test(a_reset_makes_it_short_again),
        cmocka_unit_test(the_jitter_uses_its_whole_range),
        cmocka_unit_test(two_agents_do_not_wait_alike),
        cmocka_unit_test(without_random_numbers_it_still_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
