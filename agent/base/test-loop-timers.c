/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/test-loop.h"

#include <errno.h>
#include <stdlib.h>

static void timers_run_in_the_order_of_their_times(void **state)
{
    struct noting t[4];

    (void)state;
    init_timers(t, 4);
    loop_timer_start(&t[0].timer, 30);
    loop_timer_start(&t[1].timer, 10);
    loop_timer_start_at(&t[2].timer, START + 40);
    loop_timer_start(&t[3].timer, 20);
    loop_advance(loop, 100);
    assert_string_equal(happened, "bdac");
    fini_timers(t, 4);
}

static void timers_of_equal_time_run_in_the_order_they_were_started_in(void **state)
{
    struct noting t[20];

    (void)state;
    init_timers(t, 20);
    for (size_t i = 0; i < 20; i++)
        loop_timer_start(&t[i * 7 % 20].timer, 10);
    loop_timer_start(&t[7].timer, 10); /* anew: now it is the last */
    loop_advance(loop, 10);
    assert_string_equal(happened, "aobipcjqdkrelsfmtgnh");
    fini_timers(t, 20);
}

static void a_timer_runs_at_its_own_time_and_not_before(void **state)
{
    struct noting t;

    (void)state;
    init_timers(&t, 1);
    loop_timer_start(&t.timer, 10);
    loop_advance(loop, 9);
    assert_string_equal(happened, "");
    assert_true(loop_timer_running(&t.timer));
    loop_advance(loop, 1);
    assert_string_equal(happened, "a");
    assert_false(loop_timer_running(&t.timer));
    loop_advance(loop, 1000);
    assert_string_equal(happened, "a");
    fini_timers(&t, 1);
}

struct stamps {
    struct loop_timer timer;
    int64_t now[8];
    int64_t wall[8];
    int count;
};

static void stamp(void *context)
{
    struct stamps *s = context;
    s->now[s->count] = loop_now(loop);
    s->wall[s->count++] = loop_wall(loop);
    if (s->count < 3)
        loop_timer_start(&s->timer, 1000);
}

static void both_clocks_show_each_timer_its_own_time(void **state)
{
    struct stamps s = {.count = 0};

    (void)state;
    assert_int_equal(loop_timer_init(loop, &s.timer, stamp, &s), 0);
    loop_timer_start(&s.timer, 5);
    loop_advance(loop, 60000);
    assert_int_equal(s.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(s.now[i], START + 5 + i * 1000);
        assert_int_equal(s.wall[i], START_WALL + 5 + i * 1000);
    }
    assert_int_equal(loop_now(loop), START + 60000);
    assert_int_equal(loop_wall(loop), START_WALL + 60000);
    loop_timer_fini(&s.timer);
}

static void a_restarted_timer_runs_once_at_its_new_time(void **state)
{
    struct noting t[2];

    (void)state;
    init_timers(t, 2);
    loop_timer_start(&t[0].timer, 10);
    loop_timer_start(&t[1].timer, 15);
    loop_timer_start(&t[0].timer, 20); /* later */
    loop_advance(loop, 15);
    assert_string_equal(happened, "b");
    loop_timer_start(&t[0].timer, 1); /* earlier */
    loop_advance(loop, 1);
    assert_string_equal(happened, "ba");
    loop_advance(loop, 100);
    assert_string_equal(happened, "ba");
    fini_timers(t, 2);
}

static void a_stopped_timer_does_not_run(void **state)
{
    struct noting t[3];

    (void)state;
    init_timers(t, 3);
    for (size_t i = 0; i < 3; i++)
        loop_timer_start(&t[i].timer, 10);
    loop_timer_stop(&t[1].timer);
    loop_timer_stop(&t[1].timer);
    assert_false(loop_timer_running(&t[1].timer));
    loop_advance(loop, 10);
    assert_string_equal(happened, "ac");
    loop_timer_start(&t[1].timer, 1);
    loop_advance(loop, 1);
    assert_string_equal(happened, "acb");
    fini_timers(t, 3);
}

static void stop_other(void *context)
{
    struct noting *other = context;
    note('x');
    loop_timer_stop(&other->timer);
}

static void a_handler_may_stop_a_timer_that_is_due_with_it(void **state)
{
    struct noting t[2];
    struct loop_timer stopper;

    (void)state;
    init_timers(t, 2);
    assert_int_equal(loop_timer_init(loop, &stopper, stop_other, &t[0]), 0);
    loop_timer_start(&stopper, 10);
    loop_timer_start(&t[0].timer, 10);
    loop_timer_start(&t[1].timer, 10);
    loop_advance(loop, 10);
    assert_string_equal(happened, "xb");
    loop_timer_fini(&stopper);
    fini_timers(t, 2);
}

/* Not due timers are in the heap too: their number must not let this one run more often. */
static void a_timer_started_by_its_handler_waits_for_the_next_turn(void **state)
{
    struct noting t[12];

    (void)state;
    init_timers(t, 12);
    for (size_t i = 1; i < 12; i++)
        loop_timer_start(&t[i].timer, 1000);
    t[0].left = 3;
    t[0].again = 0;
    loop_timer_start(&t[0].timer, 0);
    for (size_t turn = 1; turn <= 4; turn++) {
        assert_int_equal(loop_turn(loop, 0), 0);
        assert_int_equal(strlen(happened), turn);
    }
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "aaaa");
    fini_timers(t, 12);
}

static void no_timer_can_keep_another_out_by_starting_in_the_past(void **state)
{
    struct noting t[3];

    (void)state;
    init_timers(t, 3);
    for (size_t i = 0; i < 3; i++) {
        t[i].left = i == 0 ? 5 : 0;
        t[i].again = -50;
        loop_timer_start(&t[i].timer, 0);
    }
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "abc");
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "abca");
    fini_timers(t, 3);
}

static void a_time_in_the_past_is_due_now(void **state)
{
    struct noting t[2];

    (void)state;
    init_timers(t, 2);
    loop_timer_start_at(&t[0].timer, INT64_MIN);
    loop_timer_start(&t[1].timer, -START - 5);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "ab");
    fini_timers(t, 2);
}

static void an_endless_delay_never_ends(void **state)
{
    struct noting t[3];

    (void)state;
    init_timers(t, 3);
    loop_timer_start(&t[0].timer, INT64_MAX);
    loop_timer_start_at(&t[1].timer, INT64_MAX);
    loop_timer_start(&t[2].timer, 1);
    loop_advance(loop, 1000000000000);
    assert_string_equal(happened, "c");
    assert_true(loop_timer_running(&t[0].timer));
    fini_timers(t, 3);
}

static void free_own_timer(void *context)
{
    struct noting *t = context;
    note('f');
    loop_timer_fini(&t->timer);
    free(t);
}

static void a_handler_may_free_its_own_timer(void **state)
{
    struct noting *own = calloc(1, sizeof(*own));
    struct noting t;

    (void)state;
    assert_non_null(own);
    init_timers(&t, 1);
    assert_int_equal(loop_timer_init(loop, &own->timer, free_own_timer, own), 0);
    loop_timer_start(&own->timer, 5);
    loop_timer_start(&t.timer, 5);
    loop_advance(loop, 5);
    assert_string_equal(happened, "fa");
    fini_timers(&t, 1);
}

static void a_finished_timer_is_gone_and_may_be_finished_again(void **state)
{
    struct noting t[2];
    struct loop_timer zero = {.loop = NULL};

    (void)state;
    init_timers(t, 2);
    loop_timer_start(&t[0].timer, 5);
    loop_timer_start(&t[1].timer, 5);
    loop_timer_fini(&t[0].timer);
    loop_timer_fini(&t[0].timer);
    loop_timer_fini(&zero);
    assert_false(loop_timer_running(&t[0].timer));
    loop_advance(loop, 10);
    assert_string_equal(happened, "b");
    fini_timers(t, 2);
}

static void a_timer_without_memory_is_refused_and_the_others_run_on(void **state)
{
    static struct noting t[100];
    struct loop_timer refused = {.loop = NULL};
    size_t refusals = 0;

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        failing_malloc_at(1);
        int result = loop_timer_init(loop, &refused, note_timer, NULL);
        failing_reset();
        if (result == 0)
            loop_timer_fini(&refused);
        else
            assert_int_equal(result, -ENOMEM);
        refusals += result != 0;
        assert_null(refused.loop);
        t[i] = (struct noting){.letter = 'a'};
        assert_int_equal(loop_timer_init(loop, &t[i].timer, note_timer, &t[i]), 0);
        loop_timer_start(&t[i].timer, (int64_t)i);
    }
    assert_true(refusals > 1 && refusals < 10);
    loop_advance(loop, 100);
    assert_int_equal(strlen(happened), 100);
    fini_timers(t, 100);
}

/* Starting in a place that was reserved allocates nothing. */
static void starting_a_timer_cannot_fail(void **state)
{
    struct noting t[40];

    (void)state;
    init_timers(t, 40);
    unsigned before = failing_count(FAILING_MALLOC);
    for (size_t i = 0; i < 40; i++)
        loop_timer_start(&t[i].timer, 1);
    loop_advance(loop, 1);
    assert_int_equal(strlen(happened), 40);
    assert_int_equal(failing_count(FAILING_MALLOC), before);
    fini_timers(t, 40);
}

/* --- timers against a naive model: 10,000 operations from a fixed seed. */

enum { MODEL_TIMERS = 40, MODEL_STEPS = 10000, MODEL_RUNS = 64 };

struct model {
    struct loop_timer timer[MODEL_TIMERS];
    bool running[MODEL_TIMERS];
    int64_t at[MODEL_TIMERS];
    uint64_t order[MODEL_TIMERS];
    uint64_t starts;
    int64_t now;
    uint32_t seed;
    size_t expected_at;
    size_t runs;
};

static struct model model;

static uint32_t random_below(uint32_t n)
{
    model.seed = model.seed * 1664525U + 1013904223U;
    return (model.seed >> 8) % n;
}

static void model_start(size_t i, int64_t delay)
{
    loop_timer_start(&model.timer[i], delay);
    model.running[i] = true;
    model.at[i] = loop_now(loop) + (delay > 0 ? delay : 0);
    model.order[i] = ++model.starts;
}

/* The running timer that must be the next: found by looking at all of them. */
static size_t model_first(void)
{
    size_t first = MODEL_TIMERS;

    for (size_t i = 0; i < MODEL_TIMERS; i++) {
        if (!model.running[i])
            continue;
        if (first == MODEL_TIMERS || model.at[i] < model.at[first] ||
            (model.at[i] == model.at[first] && model.order[i] < model.order[first]))
            first = i;
    }
    return first;
}

static void model_handler(void *context)
{
    size_t i = (size_t)((struct loop_timer *)context - model.timer);

    assert_int_equal(i, model_first());
    assert_int_equal(loop_now(loop), model.at[i]);
    assert_false(loop_timer_running(&model.timer[i]));
    model.running[i] = false;
    model.runs++;
    if (i % 3 == 0)
        model_start(i, 1 + (int64_t)(i % 7));
    if (i % 5 == 0) {
        size_t other = (i * 11 + 1) % MODEL_TIMERS;
        loop_timer_stop(&model.timer[other]);
        model.running[other] = false;
    }
}

static void model_step(void)
{
    size_t i = random_below(MODEL_TIMERS);

    switch (random_below(8)) {
    case 0:
        loop_timer_stop(&model.timer[i]);
        model.running[i] = false;
        break;
    case 1:
        loop_timer_fini(&model.timer[i]);
        model.running[i] = false;
        assert_int_equal(loop_timer_init(loop, &model.timer[i], model_handler, &model.timer[i]), 0);
        break;
    case 2:
        model.now += random_below(20);
        loop_advance(loop, model.now - loop_now(loop));
        break;
    default:
        model_start(i, (int64_t)random_below(50) - 3);
        break;
    }
}

static void the_heap_agrees_with_a_naive_model(void **state)
{
    (void)state;
    memset(&model, 0, sizeof(model));
    model.seed = 20240229;
    model.now = START;
    for (size_t i = 0; i < MODEL_TIMERS; i++)
        assert_int_equal(loop_timer_init(loop, &model.timer[i], model_handler, &model.timer[i]), 0);
    for (int step = 0; step < MODEL_STEPS; step++) {
        model_step();
        for (size_t i = 0; i < MODEL_TIMERS; i++)
            assert_int_equal(loop_timer_running(&model.timer[i]), model.running[i]);
        size_t first = model_first();
        assert_true(first == MODEL_TIMERS || model.at[first] >= loop_now(loop));
    }
    assert_true(model.runs > 1000);
    for (size_t i = 0; i < MODEL_TIMERS; i++)
        loop_timer_fini(&model.timer[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_LOOP(timers_run_in_the_order_of_their_times),
        IN_LOOP(timers_of_equal_time_run_in_the_order_they_were_started_in),
        IN_LOOP(a_timer_runs_at_its_own_time_and_not_before),
        IN_LOOP(both_clocks_show_each_timer_its_own_time),
        IN_LOOP(a_restarted_timer_runs_once_at_its_new_time),
        IN_LOOP(a_stopped_timer_does_not_run),
        IN_LOOP(a_handler_may_stop_a_timer_that_is_due_with_it),
        IN_LOOP(a_timer_started_by_its_handler_waits_for_the_next_turn),
        IN_LOOP(no_timer_can_keep_another_out_by_starting_in_the_past),
        IN_LOOP(a_time_in_the_past_is_due_now),
        IN_LOOP(an_endless_delay_never_ends),
        IN_LOOP(a_handler_may_free_its_own_timer),
        IN_LOOP(a_finished_timer_is_gone_and_may_be_finished_again),
        IN_LOOP(a_timer_without_memory_is_refused_and_the_others_run_on),
        IN_LOOP(starting_a_timer_cannot_fail),
        IN_LOOP(the_heap_agrees_with_a_naive_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
