/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results, deadlines, cancelling. What concerns the child itself has a file of its own. */
#include "agent/base/test-job.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

static int say_and_fail(void *input, int out)
{
    (void)say_text(input, out);
    return 3;
}

static int say_and_die(void *input, int out)
{
    (void)say_text(input, out);
    (void)raise(SIGKILL);
    return 0;
}

static int say_much(void *input, int out)
{
    static uint8_t much[BIG];
    const size_t *len = input;

    for (size_t i = 0; i < *len; i++)
        much[i] = (uint8_t)(i * 7 >> 3);
    return write_all(out, much, *len) ? 0 : 1;
}

static int say_without_end(void *input, int out)
{
    (void)input;
    while (write_all(out, "more", 4))
        ;
    return 0;
}

static int say_and_hang(void *input, int out)
{
    (void)say_text(input, out);
    return hang(input, out);
}

/* --- results */

static void the_result_is_delivered(void **state)
{
    char text[] = "result";

    (void)state;
    run(say_text, text, 100);
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, 6);
    assert_memory_equal(outcome.result, "result", 6);
}

static void a_result_may_be_empty(void **state)
{
    (void)state;
    run(say_nothing, NULL, 100);
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, 0);
    run(say_nothing, NULL, 0);
    assert_int_equal(outcome.how, JOB_OK);
}

static void the_child_sees_its_input_as_it_was_at_the_start(void **state)
{
    char text[] = "before";

    (void)state;
    assert_non_null(start(say_text, text, 100));
    memcpy(text, "after!", 6);
    assert_true(turn_until(loop, &outcome.called));
    assert_memory_equal(outcome.result, "before", 6);
}

static void a_result_larger_than_a_pipe_arrives_whole(void **state)
{
    size_t len = BIG;

    (void)state;
    run(say_much, &len, BIG);
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, BIG);
    for (size_t i = 0; i < BIG; i++)
        assert_int_equal(outcome.result[i], (uint8_t)(i * 7 >> 3));
}

static void a_result_that_comes_byte_by_byte_arrives_whole(void **state)
{
    size_t len = 500;

    (void)state;
    failing_short_io(1);
    run(say_much, &len, 500);
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, 500);
    assert_int_equal(outcome.result[499], (uint8_t)(499 * 7 >> 3));
}

static void a_result_up_to_its_limit_is_good_and_one_byte_more_is_not(void **state)
{
    (void)state;
    for (size_t len = 1; len < 70000; len = len * 3 + 1) {
        size_t more = len + 1;
        run(say_much, &len, len);
        assert_int_equal(outcome.how, JOB_OK);
        assert_int_equal(outcome.len, len);
        run(say_much, &more, len);
        assert_int_equal(outcome.how, JOB_FAILED);
        assert_int_equal(outcome.len, 0);
        assert_non_null(strstr(warning, "test"));
    }
    size_t one = 1;
    run(say_much, &one, 0);
    assert_int_equal(outcome.how, JOB_FAILED);
}

static void a_child_that_never_stops_talking_is_stopped(void **state)
{
    (void)state;
    run(say_without_end, NULL, 1000);
    assert_int_equal(outcome.how, JOB_FAILED);
}

static void a_child_that_exits_with_other_than_0_has_failed(void **state)
{
    char text[] = "half";

    (void)state;
    run(say_and_fail, text, 100);
    assert_int_equal(outcome.how, JOB_FAILED);
    assert_int_equal(outcome.len, 0);
}

static void a_child_that_dies_has_failed(void **state)
{
    char text[] = "half";

    (void)state;
    run(say_and_die, text, 100);
    assert_int_equal(outcome.how, JOB_FAILED);
    assert_int_equal(outcome.len, 0);
}

static void a_result_that_cannot_be_read_is_a_failure(void **state)
{
    char text[] = "text";

    (void)state;
    assert_non_null(start(say_text, text, 100));
    failing_from(FAILING_READ, 1, EIO);
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(outcome.how, JOB_FAILED);
    assert_int_equal(outcome.len, 0);
}

static void an_interrupted_read_is_tried_again(void **state)
{
    char text[] = "text";

    (void)state;
    assert_non_null(start(say_text, text, 100));
    failing_at(FAILING_READ, 1, EINTR);
    failing_at(FAILING_WAITPID, 1, EINTR);
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, 4);
}

/* --- the end of time */

static void a_job_past_its_deadline_is_stopped(void **state)
{
    char text[] = "partly";

    (void)state;
    assert_non_null(start(say_and_hang, text, 100));
    loop_advance(loop, LONG_DEADLINE - 1);
    assert_false(outcome.called);
    loop_advance(loop, 1);
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.how, JOB_TIMED_OUT);
    assert_int_equal(outcome.len, 0);
    assert_non_null(strstr(warning, "test"));
    assert_true(all_reaped());
}

static void a_deadline_on_the_real_clock_comes_by_itself(void **state)
{
    const struct job_spec spec = {.name = "test",
                                  .work = hang,
                                  .done = keep_outcome,
                                  .context = &outcome,
                                  .limit = 1,
                                  .deadline = 20};
    struct loop *real = loop_new();

    (void)state;
    assert_non_null(real);
    assert_non_null(job_start(real, &spec));
    assert_true(turn_until(real, &outcome.called));
    assert_int_equal(outcome.how, JOB_TIMED_OUT);
    loop_free(real);
}

static void a_finished_job_has_no_deadline_any_more(void **state)
{
    char text[] = "text";

    (void)state;
    run(say_text, text, 100);
    loop_advance(loop, 2 * LONG_DEADLINE);
    assert_int_equal(outcome.calls, 1);
}

/* --- cancelling */

static void a_cancelled_job_leaves_nothing_and_calls_nobody(void **state)
{
    (void)state;
    struct job *job = start(hang, NULL, 100);
    assert_non_null(job);
    assert_true(has_child());
    job_cancel(job);
    assert_true(all_reaped());
    loop_advance(loop, 2 * LONG_DEADLINE);
    assert_false(outcome.called);
    job_cancel(NULL);
}

static void a_job_cancelled_after_its_child_is_dead_calls_nobody(void **state)
{
    siginfo_t info;

    (void)state;
    struct job *job = start(say_nothing, NULL, 100);
    assert_non_null(job);
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    job_cancel(job);
    assert_true(all_reaped());
    loop_advance(loop, 1);
    assert_false(outcome.called);
}

/* The owner's teardown, called from `done`, may not know that the job is over. */
static void cancelling_a_job_in_its_own_done_does_nothing(void **state)
{
    (void)state;
    outcome.cancel = start(say_nothing, NULL, 100);
    assert_non_null(outcome.cancel);
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(outcome.how, JOB_OK);
    outcome.called = false;
    outcome.cancel = start(hang, NULL, 100);
    assert_non_null(outcome.cancel);
    loop_advance(loop, LONG_DEADLINE);
    assert_int_equal(outcome.how, JOB_TIMED_OUT);
    assert_int_equal(outcome.calls, 2);
}

static void a_done_may_cancel_another_job(void **state)
{
    (void)state;
    outcome.cancel = start(hang, NULL, 100);
    assert_non_null(outcome.cancel);
    assert_non_null(start(say_nothing, NULL, 100));
    assert_true(turn_until(loop, &outcome.called));
    loop_advance(loop, 2 * LONG_DEADLINE);
    assert_int_equal(outcome.calls, 1);
}

static void start_next(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    char text[] = "second";

    (void)result;
    (void)len;
    *(enum job_result *)context = how;
    assert_non_null(start(say_text, text, 100));
}

static void a_done_may_start_the_next_job(void **state)
{
    enum job_result first = JOB_FAILED;
    const struct job_spec spec = {.name = "first",
                                  .work = say_nothing,
                                  .done = start_next,
                                  .context = &first,
                                  .limit = 1,
                                  .deadline = LONG_DEADLINE};

    (void)state;
    assert_non_null(job_start(loop, &spec));
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(first, JOB_OK);
    assert_memory_equal(outcome.result, "second", 6);
}

static void count_done(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    int *left = context;

    assert_int_equal(how, JOB_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(result, "text", 4);
    if (--*left == 0)
        outcome.called = true;
}

static void many_jobs_run_at_once(void **state)
{
    char text[] = "text";
    int left = 12;
    const struct job_spec spec = {.name = "one of many",
                                  .work = say_text,
                                  .input = text,
                                  .done = count_done,
                                  .context = &left,
                                  .limit = 10,
                                  .deadline = LONG_DEADLINE};

    (void)state;
    for (int i = 0; i < 12; i++)
        assert_non_null(job_start(loop, &spec));
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(the_result_is_delivered),
        JOB_TEST(a_result_may_be_empty),
        JOB_TEST(the_child_sees_its_input_as_it_was_at_the_start),
        JOB_TEST(a_result_larger_than_a_pipe_arrives_whole),
        JOB_TEST(a_result_that_comes_byte_by_byte_arrives_whole),
        JOB_TEST(a_result_up_to_its_limit_is_good_and_one_byte_more_is_not),
        JOB_TEST(a_child_that_never_stops_talking_is_stopped),
        JOB_TEST(a_child_that_exits_with_other_than_0_has_failed),
        JOB_TEST(a_child_that_dies_has_failed),
        JOB_TEST(a_result_that_cannot_be_read_is_a_failure),
        JOB_TEST(an_interrupted_read_is_tried_again),
        JOB_TEST(a_job_past_its_deadline_is_stopped),
        JOB_TEST(a_deadline_on_the_real_clock_comes_by_itself),
        JOB_TEST(a_finished_job_has_no_deadline_any_more),
        JOB_TEST(a_cancelled_job_leaves_nothing_and_calls_nobody),
        JOB_TEST(a_job_cancelled_after_its_child_is_dead_calls_nobody),
        JOB_TEST(cancelling_a_job_in_its_own_done_does_nothing),
        JOB_TEST(a_done_may_cancel_another_job),
        JOB_TEST(a_done_may_start_the_next_job),
        JOB_TEST(many_jobs_run_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
