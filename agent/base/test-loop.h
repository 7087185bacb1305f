/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the loop share: a virtual loop, a record of what happened, timers that note. */
#ifndef AGENT_BASE_TEST_LOOP_H
#define AGENT_BASE_TEST_LOOP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/loop.h"
#include "tests/unit/failing.h"

#include <cmocka.h>
#include <string.h>

#define START      1000
#define START_WALL 1700000000000

/* Most tests run in this loop, whose clock stands until they move it. */
static struct loop *loop;

/* What happened, in order: one letter each. */
static char happened[512];

static inline void note(char what)
{
    size_t len = strlen(happened);
    assert_true(len + 1 < sizeof(happened));
    happened[len] = what;
    happened[len + 1] = '\0';
}

static inline int make_loop(void **state)
{
    (void)state;
    failing_reset();
    memset(happened, 0, sizeof(happened));
    loop = loop_new_virtual(START, START_WALL);
    return loop != NULL ? 0 : -1;
}

static inline int free_loop(void **state)
{
    (void)state;
    failing_reset();
    loop_free(loop);
    loop = NULL;
    return 0;
}

/* A timer that notes its letter; with `again` it starts itself anew, `left` times. */
struct noting {
    struct loop_timer timer;
    char letter;
    int64_t again;
    int left;
};

static inline void note_timer(void *context)
{
    struct noting *t = context;
    note(t->letter);
    if (t->left > 0) {
        t->left--;
        loop_timer_start(&t->timer, t->again);
    }
}

static inline void init_timers(struct noting *timers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        timers[i] = (struct noting){.letter = (char)('a' + (int)i)};
        assert_int_equal(loop_timer_init(loop, &timers[i].timer, note_timer, &timers[i]), 0);
    }
}

static inline void fini_timers(struct noting *timers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        loop_timer_fini(&timers[i].timer);
}

#define IN_LOOP(test) cmocka_unit_test_setup_teardown(test, make_loop, free_loop)

#endif
