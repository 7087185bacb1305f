/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of jobs share: a virtual loop, what `done` was told, what children do. */
#ifndef AGENT_BASE_TEST_JOB_H
#define AGENT_BASE_TEST_JOB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/job.h"
#include "agent/base/log.h"
#include "tests/unit/failing.h"
#include "tests/unit/process.h"

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Longer than any test may take: no job of the real clock ends by it. */
#define LONG_DEADLINE 3600000

enum { BIG = 300000 };

static struct loop *loop;

/* What parent and children see both. */
struct shared {
    atomic_bool closed;
    atomic_bool may_exit;
    atomic_int child;
};

static struct shared *shared;

/* What `done` was told. */
struct outcome {
    bool called;
    int calls;
    enum job_result how;
    size_t len;
    uint8_t result[BIG];
    struct job *cancel; /* in `done` */
};

static struct outcome outcome;
static size_t descriptors_before;
static char warning[256];

static inline void keep_warning(enum log_level level, const char *line)
{
    assert_int_equal(level, LOG_LEVEL_WARNING);
    (void)snprintf(warning, sizeof(warning), "%s", line);
}

static inline void keep_outcome(void *context, enum job_result how, const uint8_t *result,
                                size_t len)
{
    struct outcome *o = context;

    o->called = true;
    o->calls++;
    o->how = how;
    o->len = len;
    assert_true(len <= sizeof(o->result));
    memcpy(o->result, result, len);
    job_cancel(o->cancel);
}

static inline int set_up(void **state)
{
    (void)state;
    failing_reset();
    memset(&outcome, 0, sizeof(outcome));
    warning[0] = '\0';
    log_divert(keep_warning);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -1;
    descriptors_before = open_descriptors();
    loop = loop_new_virtual(1000, 0);
    return loop != NULL ? 0 : -1;
}

static inline struct job *start(int (*work)(void *input, int out), void *input, size_t limit)
{
    const struct job_spec spec = {.name = "test",
                                  .work = work,
                                  .input = input,
                                  .done = keep_outcome,
                                  .context = &outcome,
                                  .limit = limit,
                                  .deadline = LONG_DEADLINE};
    return job_start(loop, &spec);
}

/* Runs a job to its end. */
static inline void run(int (*work)(void *input, int out), void *input, size_t limit)
{
    memset(&outcome, 0, sizeof(outcome));
    assert_non_null(start(work, input, limit));
    assert_false(outcome.called);
    assert_true(turn_until(loop, &outcome.called));
    assert_int_equal(outcome.calls, 1);
}

/* --- what children do. They never assert: a failed assertion would run the parent's tests on. */

static inline bool write_all(int out, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        ssize_t put = write(out, at, len);
        if (put <= 0)
            return false;
        at += put;
        len -= (size_t)put;
    }
    return true;
}

static inline int say_text(void *input, int out)
{
    const char *text = input;
    return write_all(out, text, strlen(text)) ? 0 : 1;
}

static inline int say_nothing(void *input, int out)
{
    (void)input;
    (void)out;
    return 0;
}

static inline int hang(void *input, int out)
{
    (void)input;
    (void)out;
    atomic_store(&shared->child, getpid());
    while (pause() < 0)
        ;
    return 0;
}

static inline void set_flag(void *context, enum job_result how, const uint8_t *result, size_t len)
{
    bool *flag = context;
    (void)how;
    (void)result;
    (void)len;
    *flag = true;
}

/* True if no child is left, dead or alive. A killed one that a busy machine did not let die in time
 * is reaped at the end of later jobs, as job.h promises: these are them. */
static inline bool all_reaped(void)
{
    for (int i = 0; i < 100 && has_child(); i++) {
        bool over = false;
        const struct job_spec spec = {.name = "reaper",
                                      .work = say_nothing,
                                      .done = set_flag,
                                      .context = &over,
                                      .deadline = LONG_DEADLINE};
        if (job_start(loop, &spec) == NULL || !turn_until(loop, &over))
            return false;
    }
    return !has_child();
}

/* After every test: no child, dead or alive, and no descriptor is left; loop_free() asserts that no
 * timer and no watch is. */
static inline int tear_down(void **state)
{
    (void)state;
    failing_reset();
    log_divert(NULL);
    bool reaped = all_reaped();
    loop_free(loop);
    (void)munmap(shared, sizeof(*shared));
    return reaped && open_descriptors() == descriptors_before ? 0 : -1;
}

#define JOB_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
