/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log-window.h"
#include "agent/base/log.h"
#include "tests/unit/failing.h"

#include <stdio.h>
#include <string.h>

static struct loop *loop;
static struct log_window window;
static char lines[4096];
static unsigned line_count;

static void keep_line(enum log_level level, const char *line)
{
    size_t used = strlen(lines);

    (void)level;
    (void)snprintf(lines + used, sizeof(lines) - used, "%s\n", line);
    line_count++;
}

static int set_up(void **state)
{
    (void)state;
    lines[0] = '\0';
    line_count = 0;
    log_divert(keep_line);
    loop = loop_new_virtual(1000, 1000);
    return log_window_init(&window, loop, "others");
}

static int tear_down(void **state)
{
    (void)state;
    log_window_fini(&window);
    loop_free(loop);
    log_divert(NULL);
    return 0;
}

static void a_cause_is_told_once_in_a_window_and_counted_at_its_end(void **state)
{
    (void)state;
    assert_true(log_window_open(&window, "from a", "one", 1));
    for (int i = 0; i < 999; i++)
        assert_false(log_window_open(&window, "from a", "one", 1));
    assert_true(log_window_open(&window, "from a", "another", 1));
    assert_true(log_window_open(&window, "from b", "one", 1));
    loop_advance(loop, LOG_WINDOW_MS - 1);
    assert_int_equal(line_count, 0);
    loop_advance(loop, 1);
    assert_string_equal(lines, "from a: one: 999 more within 60 s\n");
    assert_true(log_window_open(&window, "from a", "one", 1));
    loop_advance(loop, LOG_WINDOW_MS);
    assert_int_equal(line_count, 1);
}

static void some_causes_may_be_told_more_often(void **state)
{
    unsigned told = 0;

    (void)state;
    for (int i = 0; i < 30; i++)
        told += log_window_open(&window, "from a", "session up", 20);
    assert_int_equal(told, 20);
    loop_advance(loop, LOG_WINDOW_MS);
    assert_string_equal(lines, "from a: session up: 10 more within 60 s\n");
}

static void nobody_has_more_than_some_causes_and_all_have_some(void **state)
{
    unsigned told = 0;
    char text[32];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "cause %d", i);
        told += log_window_open(&window, "from a", text, 1);
    }
    assert_int_equal(told, LOG_WINDOW_EACH);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "from %d", i);
        told += log_window_open(&window, text, "one", 1);
    }
    assert_int_equal(told, LOG_WINDOW_CAUSES);
    loop_advance(loop, LOG_WINDOW_MS);
    assert_string_equal(lines, "others: 1990 more within 60 s\n");
    loop_advance(loop, 10 * LOG_WINDOW_MS);
    assert_int_equal(line_count, 1);
}

static void long_texts_are_cut_and_stay_one(void **state)
{
    char text[200];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_true(log_window_open(&window, text, text, 1));
    assert_false(log_window_open(&window, text, text, 1));
    /* A text that only begins in the same way is another one. */
    assert_true(log_window_open(&window, "xx", text, 1));
}

static void what_was_held_back_is_told_when_it_ends(void **state)
{
    (void)state;
    (void)log_window_open(&window, "from a", "one", 1);
    (void)log_window_open(&window, "from a", "one", 1);
    log_window_fini(&window);
    assert_string_equal(lines, "from a: one: 1 more within 60 s\n");
    assert_int_equal(log_window_init(&window, loop, "others"), 0);
}

static void nothing_runs_while_nothing_happens(void **state)
{
    (void)state;
    assert_false(loop_timer_running(&window.timer));
    (void)log_window_open(&window, "from a", "one", 1);
    assert_true(loop_timer_running(&window.timer));
    loop_advance(loop, LOG_WINDOW_MS);
    assert_false(loop_timer_running(&window.timer));
    assert_int_equal(line_count, 0);
}

static void without_memory_there_is_none(void **state)
{
    struct log_window other;
    struct loop_timer timers[64];
    size_t count = 0;

    (void)state;
    memset(&other, 0, sizeof(other));
    log_window_fini(&other);
    memset(timers, 0, sizeof(timers));
    failing_malloc_at(1);
    /* The heap has room for some more timers before it must grow. */
    while (count < 64 && loop_timer_init(loop, &timers[count], NULL, NULL) == 0)
        count++;
    failing_malloc_at(1);
    assert_int_not_equal(log_window_init(&other, loop, "others"), 0);
    failing_reset();
    log_window_fini(&other);
    while (count > 0)
        loop_timer_fini(&timers[--count]);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cause_is_told_once_in_a_window_and_counted_at_its_end),
        TEST(some_causes_may_be_told_more_often),
        TEST(nobody_has_more_than_some_causes_and_all_have_some),
        TEST(long_texts_are_cut_and_stay_one),
        TEST(what_was_held_back_is_told_when_it_ends),
        TEST(nothing_runs_while_nothing_happens),
        TEST(without_memory_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
