/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/test-job.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Writes the numbers of its open descriptors. The input tells whether an injected failure was met.
 */
static int list_descriptors(void *input, int out)
{
    const bool *failed = input;

    if (failing_hit() != *failed)
        return 2;
    for (int fd = 0; fd < 1000; fd++) {
        uint8_t number = (uint8_t)fd;
        if (fcntl(fd, F_GETFD) >= 0 && !write_all(out, &number, 1))
            return 1;
    }
    return 0;
}

/* 3 is the result's, 4 tells the parent of the exit. */
static void check_descriptors(bool failed)
{
    bool open[256] = {false};

    run(list_descriptors, &failed, 100);
    assert_int_equal(outcome.how, JOB_OK);
    for (size_t i = 0; i < outcome.len; i++)
        open[outcome.result[i]] = true;
    for (size_t fd = 5; fd < 256; fd++)
        assert_false(open[fd]);
    assert_true(open[3]);
    assert_true(open[4]);
}

static void the_child_sees_no_other_descriptor(void **state)
{
    int many[40];

    (void)state;
    for (size_t i = 0; i < 40; i++)
        many[i] = dup(STDERR_FILENO);
    check_descriptors(false);
    failing_from(FAILING_SYSCALL, 1, ENOSYS); /* a kernel without close_range */
    check_descriptors(true);
    for (size_t i = 0; i < 40; i++)
        (void)close(many[i]);
}

/* Whatever numbers the pipe gets: also those that the child wants to use. */
static void a_job_works_without_standard_descriptors(void **state)
{
    char text[] = "text";
    int saved[3];

    (void)state;
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    for (int closed = 1; closed < 8; closed++) {
        for (int fd = 0; fd < 3; fd++) {
            if ((closed & 1 << fd) != 0)
                (void)close(fd);
        }
        memset(&outcome, 0, sizeof(outcome));
        struct job *job = start(say_text, text, 100);
        bool called = job != NULL && turn_until(loop, &outcome.called);
        for (int fd = 0; fd < 3; fd++)
            (void)dup2(saved[fd], fd);
        assert_true(called);
        assert_int_equal(outcome.how, JOB_OK);
        assert_int_equal(outcome.len, 4);
    }
    for (int fd = 0; fd < 3; fd++)
        (void)close(saved[fd]);
}

static int list_blocked(void *input, int out)
{
    sigset_t blocked;

    (void)input;
    (void)sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int signo = 1; signo < 32; signo++) {
        uint8_t number = (uint8_t)signo;
        if (sigismember(&blocked, signo) == 1 && !write_all(out, &number, 1))
            return 1;
    }
    return 0;
}

static void ignore_signal(void *context, int signo)
{
    (void)context;
    (void)signo;
}

static void the_child_blocks_no_signal(void **state)
{
    (void)state;
    assert_int_equal(loop_signal(loop, SIGTERM, ignore_signal, NULL), 0);
    assert_int_equal(loop_signal(loop, SIGHUP, ignore_signal, NULL), 0);
    run(list_blocked, NULL, 100);
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, 0);
}

static int close_and_linger(void *input, int out)
{
    (void)input;
    (void)write_all(out, "text", 4);
    (void)close(out);
    atomic_store(&shared->closed, true);
    while (!atomic_load(&shared->may_exit))
        (void)sched_yield();
    return 0;
}

static bool child_closed(void *context)
{
    (void)context;
    return atomic_load(&shared->closed);
}

/* If the loop took the closed pipe for the exit, it would wait here for ever. */
static void a_child_that_closes_its_output_early_does_not_stop_the_loop(void **state)
{
    (void)state;
    assert_non_null(start(close_and_linger, NULL, 100));
    assert_true(wait_until(child_closed, NULL));
    for (int i = 0; i < 10; i++)
        assert_int_equal(loop_turn(loop, 0), 0);
    assert_false(outcome.called);
    atomic_store(&shared->may_exit, true);
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(outcome.how, JOB_OK);
    assert_int_equal(outcome.len, 4);
}

/* A killed child may hang in the kernel: waitpid() that never gets it stands for that. */
static void a_child_that_cannot_die_yet_does_not_stop_the_loop_and_is_reaped_later(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_non_null(start(hang, NULL, 100));
    struct job *job = start(hang, NULL, 100);
    assert_non_null(job);
    failing_from(FAILING_WAITPID, 1, 0);
    job_cancel(job);
    loop_advance(loop, LONG_DEADLINE);
    assert_int_equal(outcome.calls, 3);
    assert_int_equal(outcome.how, JOB_TIMED_OUT);
    assert_true(has_child());
    failing_reset();
    assert_true(all_reaped());
}

/* In a process between the test and the child: starts a job that hangs, and dies. */
static _Noreturn void die_with_a_job(void)
{
    struct loop *own = loop_new();
    const struct job_spec spec = {.name = "orphan",
                                  .work = hang,
                                  .done = keep_outcome,
                                  .limit = 1,
                                  .deadline = LONG_DEADLINE};

    if (own == NULL || job_start(own, &spec) == NULL)
        _exit(1);
    while (atomic_load(&shared->child) == 0)
        (void)sched_yield();
    (void)raise(SIGKILL);
    _exit(1);
}

static void a_child_dies_with_its_parent(void **state)
{
    int status = 0;

    (void)state;
    /* The orphan becomes ours, so that its end can be seen. */
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL), 0);
    pid_t between = fork();
    assert_true(between >= 0);
    if (between == 0)
        die_with_a_job();
    assert_int_equal(waitpid(between, &status, 0), between);
    assert_true(WIFSIGNALED(status));
    pid_t orphan = atomic_load(&shared->child);
    assert_true(orphan > 0);
    assert_int_equal(waitpid(orphan, &status, 0), orphan);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0UL, 0UL, 0UL, 0UL), 0);
}

/* --- what cannot be started */

static void check_refused(enum failing_call call, unsigned n, int error)
{
    failing_reset();
    failing_at(call, n, error);
    failing_from(FAILING_CLOSE, 1, EIO); /* cleaning up must not hide why */
    errno = 0;
    assert_null(start(hang, NULL, 100));
    assert_true(failing_hit());
    assert_int_equal(errno, error);
    failing_reset();
    assert_int_equal(loop_turn(loop, 0), 0);
    assert_false(outcome.called);
    assert_true(all_reaped());
}

static void a_job_that_cannot_be_started_leaves_nothing(void **state)
{
    size_t before = open_descriptors();

    (void)state;
    check_refused(FAILING_MALLOC, 1, ENOMEM);
    check_refused(FAILING_MALLOC, 2, ENOMEM); /* the timer's place */
    check_refused(FAILING_PIPE, 1, EMFILE);
    check_refused(FAILING_FORK, 1, EAGAIN);
    check_refused(FAILING_FCNTL, 1, EINVAL);
    check_refused(FAILING_EPOLL_CTL, 1, ENOSPC);
    assert_int_equal(open_descriptors(), before);
    char text[] = "text";
    run(say_text, text, 4);
    assert_int_equal(outcome.how, JOB_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(the_child_sees_no_other_descriptor),
        JOB_TEST(a_job_works_without_standard_descriptors),
        JOB_TEST(the_child_blocks_no_signal),
        JOB_TEST(a_child_that_closes_its_output_early_does_not_stop_the_loop),
        JOB_TEST(a_child_that_cannot_die_yet_does_not_stop_the_loop_and_is_reaped_later),
        JOB_TEST(a_child_dies_with_its_parent),
        JOB_TEST(a_job_that_cannot_be_started_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
