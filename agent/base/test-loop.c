/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deferred calls, signals, clocks, running. Timers and descriptors have files of their own. */
#include "agent/base/test-loop.h"
#include "tests/unit/process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* --- deferred calls */

struct noting_deferred {
    struct loop_deferred deferred;
    char letter;
    struct noting_deferred *next; /* deferred by the handler */
};

static struct noting_deferred letters[4];

static void note_deferred(void *context)
{
    struct noting_deferred *d = context;
    assert_false(d->deferred.pending);
    note(d->letter);
    if (d->next != NULL)
        loop_defer(loop, &d->next->deferred, note_deferred, d->next);
}

static void defer(size_t i)
{
    letters[i].letter = (char)('A' + (int)i);
    loop_defer(loop, &letters[i].deferred, note_deferred, &letters[i]);
}

static int make_deferred(void **state)
{
    memset(letters, 0, sizeof(letters));
    return make_loop(state);
}

static void defer_twice(void *context)
{
    (void)context;
    note('t');
    defer(1);
    defer(0);
    defer(1);
}

static void deferred_calls_run_once_after_the_handlers_in_order(void **state)
{
    struct loop_timer first;
    struct noting second;

    (void)state;
    assert_int_equal(loop_timer_init(loop, &first, defer_twice, NULL), 0);
    init_timers(&second, 1);
    loop_timer_start(&first, 0);
    loop_timer_start(&second.timer, 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "taBA");
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "taBA");
    loop_timer_fini(&first);
    fini_timers(&second, 1);
}

static void a_cancelled_deferred_call_does_not_run(void **state)
{
    static const char *const expected[] = {"BCD", "ACD", "ABD", "ABC"};

    (void)state;
    for (size_t victim = 0; victim < 4; victim++) {
        memset(happened, 0, sizeof(happened));
        for (size_t i = 0; i < 4; i++)
            defer(i);
        loop_deferred_cancel(loop, &letters[victim].deferred);
        loop_deferred_cancel(loop, &letters[victim].deferred);
        assert_false(letters[victim].deferred.pending);
        assert_int_equal(loop_turn(loop, 0), 0);
        assert_string_equal(happened, expected[victim]);
    }
}

static void the_queue_goes_on_after_its_last_call_was_cancelled(void **state)
{
    (void)state;
    defer(0);
    defer(1);
    loop_deferred_cancel(loop, &letters[1].deferred);
    defer(2);
    loop_deferred_cancel(loop, &letters[0].deferred);
    loop_deferred_cancel(loop, &letters[2].deferred);
    defer(3);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "D");
}

static void a_deferred_call_may_defer_another_one_into_the_same_turn(void **state)
{
    (void)state;
    letters[0].next = &letters[1];
    letters[1].letter = 'B';
    defer(0);
    defer(2);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "ACB");
}

static void free_deferred(void *context)
{
    note('f');
    free(context);
}

static void a_deferred_call_may_free_its_own_memory(void **state)
{
    struct noting_deferred *d = calloc(1, sizeof(*d));

    (void)state;
    assert_non_null(d);
    loop_defer(loop, &d->deferred, free_deferred, d);
    defer(1);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "fB");
}

static void a_loop_that_ends_runs_what_was_deferred(void **state)
{
    struct noting_deferred *d = calloc(1, sizeof(*d));

    (void)state;
    assert_non_null(d);
    loop_defer(loop, &d->deferred, free_deferred, d);
    loop_free(loop);
    loop = NULL;
    assert_string_equal(happened, "f");
}

/* Without limit: if the loop waited first, this would never end. */
static void the_loop_does_not_wait_while_a_call_is_deferred(void **state)
{
    struct loop *real = loop_new();

    (void)state;
    assert_non_null(real);
    letters[0].letter = 'A';
    loop_defer(real, &letters[0].deferred, note_deferred, &letters[0]);
    assert_int_equal(loop_turn(real, -1), 0);
    assert_string_equal(happened, "A");
    loop_free(real);
}

/* --- signals */

static int last_signal;
static int signals_seen;

static void take_signal(void *context, int signo)
{
    assert_ptr_equal(context, &last_signal);
    last_signal = signo;
    signals_seen++;
}

static bool is_blocked(int signo)
{
    sigset_t set;
    assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &set), 0);
    return sigismember(&set, signo) == 1;
}

static int make_unblocked(void **state)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    last_signal = 0;
    signals_seen = 0;
    return make_loop(state);
}

static void a_signal_is_handled_inside_the_loop(void **state)
{
    (void)state;
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal, &last_signal), 0);
    assert_int_equal(loop_signal(loop, SIGUSR2, take_signal, &last_signal), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(signals_seen, 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(signals_seen, 1);
    assert_int_equal(last_signal, SIGUSR1);
    assert_int_equal(raise(SIGUSR2), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(last_signal, SIGUSR2);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGUSR2), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(signals_seen, 4);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(signals_seen, 4);
}

static void take_signal_otherwise(void *context, int signo)
{
    (void)context;
    (void)signo;
    note('s');
}

static void a_second_handler_of_a_signal_takes_the_place_of_the_first(void **state)
{
    (void)state;
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal, &last_signal), 0);
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal_otherwise, NULL), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(signals_seen, 0);
    assert_string_equal(happened, "s");
}

static void what_is_no_signal_is_refused(void **state)
{
    static const int wrong[] = {0, -1, 65, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(loop_signal(loop, wrong[i], take_signal, &last_signal), -EINVAL);
}

/* Blocked without a handler, it would be lost: a SIGTERM that nobody hears. */
static void a_signal_that_cannot_be_handled_is_not_blocked(void **state)
{
    size_t before = open_descriptors();

    (void)state;
    failing_at(FAILING_SIGNALFD, 1, EMFILE);
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal, &last_signal), -EMFILE);
    assert_false(is_blocked(SIGUSR1));
    failing_at(FAILING_EPOLL_CTL, 1, ENOSPC);
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal, &last_signal), -ENOSPC);
    assert_false(is_blocked(SIGUSR1));
    assert_int_equal(open_descriptors(), before);
}

static void after_a_failure_another_signal_can_be_handled(void **state)
{
    (void)state;
    failing_at(FAILING_EPOLL_CTL, 1, ENOSPC);
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal, &last_signal), -ENOSPC);
    assert_int_equal(loop_signal(loop, SIGUSR2, take_signal, &last_signal), 0);
    assert_true(is_blocked(SIGUSR2));
    assert_int_equal(raise(SIGUSR2), 0);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_int_equal(last_signal, SIGUSR2);
    failing_at(FAILING_SIGNALFD, 1, ENOMEM);
    assert_int_equal(loop_signal(loop, SIGUSR1, take_signal, &last_signal), -ENOMEM);
    assert_false(is_blocked(SIGUSR1));
    assert_true(is_blocked(SIGUSR2));
}

/* --- clocks */

static void a_jump_of_the_real_time_clock_alters_no_timer(void **state)
{
    struct noting t[2];

    (void)state;
    init_timers(t, 2);
    loop_timer_start(&t[0].timer, 100);
    loop_timer_start(&t[1].timer, 200);
    loop_jump_wall(loop, 1000000);
    assert_int_equal(loop_wall(loop), START_WALL + 1000000);
    loop_advance(loop, 99);
    assert_string_equal(happened, "");
    loop_advance(loop, 1);
    assert_string_equal(happened, "a");
    loop_jump_wall(loop, -2000000000000);
    assert_int_equal(loop_now(loop), START + 100);
    loop_advance(loop, 100);
    assert_string_equal(happened, "ab");
    assert_int_equal(loop_wall(loop), START_WALL + 1000200 - 2000000000000);
    fini_timers(t, 2);
}

static void note_clock(void *context)
{
    note(*(const char *)context);
}

static void a_real_time_clock_that_was_set_is_told_once_and_before_timers(void **state)
{
    static char letter = 'c';
    struct noting t;

    (void)state;
    init_timers(&t, 1);
    loop_jump_wall(loop, 1000000);
    loop_on_clock_set(loop, note_clock, &letter);
    loop_advance(loop, 3600000); /* both go the same way */
    assert_string_equal(happened, "");
    loop_timer_start(&t.timer, 0);
    loop_jump_wall(loop, -1000);
    loop_advance(loop, 5);
    assert_string_equal(happened, "ca");
    loop_jump_wall(loop, 1000000000000000);
    loop_advance(loop, 5);
    assert_string_equal(happened, "cac");
    for (int i = 0; i < 4; i++) { /* drawn to another time: what counts is the sum */
        loop_jump_wall(loop, LOOP_CLOCK_SET_MS / 4);
        assert_string_equal(happened, "cac");
        loop_advance(loop, 1);
    }
    assert_string_equal(happened, "cacc");
    loop_jump_wall(loop, -LOOP_CLOCK_SET_MS + 1);
    loop_advance(loop, 1);
    loop_on_clock_set(loop, NULL, NULL);
    loop_jump_wall(loop, 1000);
    loop_advance(loop, 1);
    assert_string_equal(happened, "cacc");
    fini_timers(&t, 1);
}

static void a_virtual_clock_stands_still_by_itself(void **state)
{
    (void)state;
    loop_refresh(loop);
    assert_int_equal(loop_turn(loop, 1), 0);
    assert_int_equal(loop_now(loop), START);
    assert_int_equal(loop_wall(loop), START_WALL);
}

static void advancing_by_nothing_is_one_turn(void **state)
{
    struct noting t;
    uint64_t before = loop_wakeups(loop);

    (void)state;
    init_timers(&t, 1);
    loop_advance(loop, 0);
    assert_int_equal(loop_wakeups(loop), before + 1);
    loop_timer_start(&t.timer, 0);
    loop_advance(loop, 0);
    assert_string_equal(happened, "a");
    assert_int_equal(loop_now(loop), START);
    fini_timers(&t, 1);
}

static void an_hour_of_idleness_costs_what_its_timers_cost(void **state)
{
    struct noting t;
    uint64_t before = loop_wakeups(loop);

    (void)state;
    init_timers(&t, 1);
    t.left = 59;
    t.again = 60000;
    loop_timer_start(&t.timer, 60000);
    loop_advance(loop, 3600000);
    assert_int_equal(strlen(happened), 60);
    assert_int_equal(loop_wakeups(loop), before + 61); /* one for where it began */
    fini_timers(&t, 1);
}

static int64_t milliseconds(clockid_t clock)
{
    struct timespec t;
    assert_int_equal(clock_gettime(clock, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void a_real_loop_has_the_systems_clocks_in_milliseconds(void **state)
{
    int64_t before = milliseconds(CLOCK_MONOTONIC);
    struct loop *real = loop_new();

    (void)state;
    assert_non_null(real);
    assert_in_range(loop_now(real), before, milliseconds(CLOCK_MONOTONIC));
    before = milliseconds(CLOCK_MONOTONIC);
    loop_refresh(real);
    assert_in_range(loop_now(real), before, milliseconds(CLOCK_MONOTONIC));
    assert_true(loop_wall(real) > 1577836800000);  /* 2020 */
    assert_true(loop_wall(real) < 32503680000000); /* 3000 */
    loop_free(real);
}

/* --- running, on the real clock */

static void stop_with_seven(void *context)
{
    note('s');
    loop_stop(context, 7);
}

static void a_running_loop_waits_for_its_timer_and_gives_the_status(void **state)
{
    struct loop *real = loop_new();
    struct loop_timer timer;

    (void)state;
    assert_non_null(real);
    assert_int_equal(loop_timer_init(real, &timer, stop_with_seven, real), 0);
    int64_t before = loop_now(real);
    loop_timer_start(&timer, 20);
    assert_int_equal(loop_run(real), 7);
    assert_true(loop_now(real) >= before + 20);
    assert_true(loop_wakeups(real) <= 2); /* it slept */
    loop_timer_start(&timer, 0);
    assert_int_equal(loop_run(real), 7); /* and can run again */
    assert_string_equal(happened, "ss");
    loop_timer_fini(&timer);
    loop_free(real);
}

static void a_stop_before_the_run_is_not_lost(void **state)
{
    struct loop *real = loop_new();

    (void)state;
    assert_non_null(real);
    loop_stop(real, 3);
    assert_int_equal(loop_run(real), 3);
    loop_free(real);
}

static void stop_on_ready(void *context, unsigned ready)
{
    (void)ready;
    loop_stop(context, 5);
}

static void a_descriptor_ends_the_waiting(void **state)
{
    struct loop *real = loop_new();
    struct loop_watch watch;
    int fd = eventfd(1, EFD_CLOEXEC);

    (void)state;
    assert_non_null(real);
    assert_true(fd >= 0);
    assert_int_equal(loop_watch_add(real, &watch, fd, LOOP_READ, stop_on_ready, real), 0);
    assert_int_equal(loop_run(real), 5);
    loop_watch_remove(&watch);
    loop_free(real);
    (void)close(fd);
}

static void an_interrupted_wait_is_no_error_and_any_other_is(void **state)
{
    struct noting t;

    (void)state;
    init_timers(&t, 1);
    loop_timer_start(&t.timer, 0);
    failing_at(FAILING_EPOLL_WAIT, 1, EINTR);
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_string_equal(happened, "a");
    failing_at(FAILING_EPOLL_WAIT, 1, EBADF);
    assert_int_equal(loop_turn(loop, 0), -EBADF);
    failing_at(FAILING_EPOLL_WAIT, 1, EINVAL);
    assert_int_equal(loop_run(loop), -EINVAL);
    fini_timers(&t, 1);
}

static void a_loop_without_memory_or_descriptor_is_not_made(void **state)
{
    size_t before = open_descriptors();

    (void)state;
    failing_malloc_at(1);
    assert_null(loop_new());
    failing_malloc_at(1);
    assert_null(loop_new_virtual(0, 0));
    failing_at(FAILING_EPOLL_CREATE, 1, EMFILE);
    errno = 0;
    assert_null(loop_new());
    assert_int_equal(errno, EMFILE);
    assert_int_equal(open_descriptors(), before);
    loop_free(NULL);
}

static void a_freed_loop_leaves_no_descriptor(void **state)
{
    size_t before = open_descriptors();
    struct loop *real = loop_new();

    (void)state;
    assert_non_null(real);
    assert_int_equal(loop_signal(real, SIGUSR1, take_signal, &last_signal), 0);
    assert_true(open_descriptors() > before);
    loop_free(real);
    assert_int_equal(open_descriptors(), before);
}

#define WITH_DEFERRED(test) cmocka_unit_test_setup_teardown(test, make_deferred, free_loop)
#define WITH_SIGNALS(test)  cmocka_unit_test_setup_teardown(test, make_unblocked, free_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DEFERRED(deferred_calls_run_once_after_the_handlers_in_order),
        WITH_DEFERRED(a_cancelled_deferred_call_does_not_run),
        WITH_DEFERRED(the_queue_goes_on_after_its_last_call_was_cancelled),
        WITH_DEFERRED(a_deferred_call_may_defer_another_one_into_the_same_turn),
        WITH_DEFERRED(a_deferred_call_may_free_its_own_memory),
        WITH_DEFERRED(a_loop_that_ends_runs_what_was_deferred),
        WITH_DEFERRED(the_loop_does_not_wait_while_a_call_is_deferred),
        WITH_SIGNALS(a_signal_is_handled_inside_the_loop),
        WITH_SIGNALS(a_second_handler_of_a_signal_takes_the_place_of_the_first),
        WITH_SIGNALS(what_is_no_signal_is_refused),
        WITH_SIGNALS(a_signal_that_cannot_be_handled_is_not_blocked),
        WITH_SIGNALS(after_a_failure_another_signal_can_be_handled),
        IN_LOOP(a_jump_of_the_real_time_clock_alters_no_timer),
        IN_LOOP(a_real_time_clock_that_was_set_is_told_once_and_before_timers),
        IN_LOOP(a_virtual_clock_stands_still_by_itself),
        IN_LOOP(advancing_by_nothing_is_one_turn),
        IN_LOOP(an_hour_of_idleness_costs_what_its_timers_cost),
        IN_LOOP(a_real_loop_has_the_systems_clocks_in_milliseconds),
        IN_LOOP(a_running_loop_waits_for_its_timer_and_gives_the_status),
        IN_LOOP(a_stop_before_the_run_is_not_lost),
        IN_LOOP(a_descriptor_ends_the_waiting),
        IN_LOOP(an_interrupted_wait_is_no_error_and_any_other_is),
        IN_LOOP(a_loop_without_memory_or_descriptor_is_not_made),
        IN_LOOP(a_freed_loop_leaves_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
