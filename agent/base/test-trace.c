/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/trace.h"
#include "tests/unit/failing.h"

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 2015-06-03 22:28:10.762 UTC, the first line of the technote. */
static const int64_t technote_time = INT64_C(1433370490762);

static struct loop *loop;

static int begin(void **state)
{
    (void)state;
    loop = loop_new_virtual(1000, technote_time);
    assert_non_null(loop);
    assert_int_equal(trace_init(loop, TRACE_MIN_SIZE), 0);
    trace_set_level(TRACE_DEBUG);
    return 0;
}

static int end(void **state)
{
    (void)state;
    failing_reset();
    trace_fini();
    loop_free(loop);
    return 0;
}

static unsigned count_lines(void)
{
    struct trace_entry entry;
    unsigned count = 0;

    for (bool more = trace_first(&entry); more; more = trace_after(entry.number, &entry))
        count++;
    return count;
}

/* --- levels, form */

static void a_level_lets_through_itself_and_what_is_worse(void **state)
{
    (void)state;
    for (int level = TRACE_ERR; level <= TRACE_DEBUG; level++) {
        trace_clear();
        trace_set_level((enum trace_level)level);
        assert_int_equal(trace_level(), level);
        for (int asked = TRACE_ERR; asked <= TRACE_DEBUG; asked++) {
            assert_int_equal(trace_enabled((enum trace_level)asked), asked <= level);
            trace_line((enum trace_level)asked, "at %s", trace_level_name((enum trace_level)asked));
        }
        assert_int_equal(count_lines(), level + 1);
    }
}

static void lines_that_are_not_kept_take_no_number(void **state)
{
    struct trace_entry entry;

    (void)state;
    trace_set_level(TRACE_WARNING);
    trace_line(TRACE_ERR, "first");
    trace_line(TRACE_DEBUG, "not kept");
    trace_line(TRACE_WARNING, "second");
    assert_true(trace_first(&entry));
    assert_int_equal(entry.level, TRACE_ERR);
    uint32_t number = entry.number;
    assert_true(trace_after(number, &entry));
    assert_int_equal(entry.number, number + 1);
    assert_int_equal(entry.level, TRACE_WARNING);
    assert_string_equal(entry.text, "second");
    assert_false(trace_after(entry.number, &entry));
}

static void nothing_is_kept_before_the_start_and_after_the_end(void **state)
{
    struct trace_entry entry;

    (void)state;
    trace_fini();
    assert_false(trace_enabled(TRACE_ERR));
    trace_line(TRACE_ERR, "lost");
    assert_false(trace_first(&entry));
    assert_false(trace_last(1, &entry));
    assert_int_equal(trace_resize(TRACE_MIN_SIZE), -EINVAL);
    assert_int_equal(trace_init(loop, TRACE_MIN_SIZE), 0);
    assert_int_equal(trace_level(), TRACE_WARNING);
    assert_false(trace_first(&entry));
}

static void a_line_is_printed_as_the_technote_prints_it(void **state)
{
    char wanted[TRACE_LINE_SIZE];
    char got[TRACE_LINE_SIZE];
    struct trace_entry entry;

    (void)state;
    trace_renumber(0xa27);
    trace_line(TRACE_INFO, "allocate connection %d", 0);
    assert_true(trace_first(&entry));
    (void)snprintf(wanted, sizeof(wanted),
                   "[06/03/15 22:28:10.762 UTC a27 %ld] allocate connection 0", (long)getpid());
    assert_string_equal(trace_format(&entry, got), wanted);
}

static void each_part_of_the_time_has_its_zeros(void **state)
{
    struct trace_entry entry = {.number = 0xffffffff, .wall = INT64_C(4070908800000) + 1};
    char wanted[TRACE_LINE_SIZE];
    char got[TRACE_LINE_SIZE];

    (void)state;
    (void)snprintf(wanted, sizeof(wanted), "[01/01/99 00:00:00.001 UTC ffffffff %ld] ",
                   (long)getpid());
    assert_string_equal(trace_format(&entry, got), wanted);
}

static void a_line_has_the_time_of_the_loop(void **state)
{
    struct trace_entry entry;

    (void)state;
    trace_line(TRACE_INFO, "now");
    assert_true(trace_first(&entry));
    assert_int_equal(entry.wall, loop_wall(loop));
}

static void a_line_that_fits_is_whole_and_a_longer_one_is_cut(void **state)
{
    char text[TRACE_TEXT_MAX + 20];
    struct trace_entry entry;

    (void)state;
    for (size_t len = 0; len < sizeof(text); len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        trace_clear();
        trace_line(TRACE_INFO, "%s", text);
        trace_line(TRACE_INFO, "next");
        assert_true(trace_first(&entry));
        assert_int_equal(strlen(entry.text), len < TRACE_TEXT_MAX ? len : TRACE_TEXT_MAX);
        assert_memory_equal(entry.text, text, strlen(entry.text));
        assert_true(trace_after(entry.number, &entry));
        assert_string_equal(entry.text, "next");
    }
}

/* --- numbers */

static void numbers_wrap_and_the_order_stays(void **state)
{
    struct trace_entry entry;

    (void)state;
    trace_renumber(UINT32_MAX - 1);
    for (unsigned i = 0; i < 4; i++)
        trace_line(TRACE_INFO, "%u", i);
    assert_true(trace_first(&entry));
    for (uint32_t i = 0; i < 4; i++) {
        char text[8];
        assert_int_equal(entry.number, (uint32_t)(UINT32_MAX - 1 + i));
        (void)snprintf(text, sizeof(text), "%u", (unsigned)i);
        assert_string_equal(entry.text, text);
        assert_int_equal(trace_after(entry.number, &entry), i < 3);
    }
    assert_true(trace_last(2, &entry));
    assert_int_equal(entry.number, 0);
}

static void forgetting_lines_does_not_reset_the_numbers(void **state)
{
    struct trace_entry entry;

    (void)state;
    trace_line(TRACE_INFO, "old");
    assert_true(trace_first(&entry));
    uint32_t number = entry.number;
    trace_clear();
    assert_false(trace_first(&entry));
    assert_false(trace_after(number, &entry));
    trace_line(TRACE_INFO, "new");
    assert_true(trace_after(number, &entry));
    assert_int_equal(entry.number, number + 1);
}

/* --- reading */

static void a_reader_that_was_overtaken_goes_on_with_the_oldest_line(void **state)
{
    struct trace_entry entry;
    struct trace_entry oldest;

    (void)state;
    trace_line(TRACE_INFO, "seen");
    assert_true(trace_first(&entry));
    uint32_t seen = entry.number;
    for (unsigned i = 0; i < 1000; i++)
        trace_line(TRACE_INFO, "line %u", i);
    assert_true(trace_first(&oldest));
    assert_true(oldest.number > seen + 1);
    assert_true(trace_after(seen, &entry));
    assert_int_equal(entry.number, oldest.number);
    assert_string_equal(entry.text, oldest.text);
}

static void reading_and_writing_by_turns_loses_nothing(void **state)
{
    struct trace_entry entry = {.number = 0};

    (void)state;
    for (uint32_t i = 1; i <= 2000; i++) {
        trace_line(TRACE_INFO, "line %u", (unsigned)i);
        if (i % 3 != 0)
            continue;
        for (uint32_t want = i - 2; want <= i; want++) {
            assert_true(trace_after(entry.number, &entry));
            assert_int_equal(entry.number, want);
        }
        assert_false(trace_after(entry.number, &entry));
    }
}

static void the_last_lines_are_the_last_or_all(void **state)
{
    struct trace_entry entry;

    (void)state;
    assert_false(trace_last(3, &entry));
    for (unsigned i = 1; i <= 5; i++)
        trace_line(TRACE_INFO, "%u", i);
    assert_false(trace_last(0, &entry));
    assert_true(trace_last(1, &entry));
    assert_string_equal(entry.text, "5");
    assert_true(trace_last(3, &entry));
    assert_string_equal(entry.text, "3");
    assert_true(trace_last(9, &entry));
    assert_string_equal(entry.text, "1");
}

/* --- sizes */

static void fill(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        trace_line(TRACE_INFO, "%0*u", (int)(i * 37 % 100), i);
}

static void a_larger_ring_keeps_all_lines(void **state)
{
    struct trace_entry before;
    struct trace_entry after;

    (void)state;
    fill(500);
    unsigned count = count_lines();
    assert_true(trace_first(&before));
    assert_int_equal(trace_resize(2 * TRACE_MIN_SIZE), 0);
    assert_int_equal(trace_size(), 2 * TRACE_MIN_SIZE);
    assert_int_equal(count_lines(), count);
    assert_true(trace_first(&after));
    assert_memory_equal(&before.text, &after.text, strlen(before.text) + 1);
    assert_int_equal(before.number, after.number);
    fill(1);
    assert_int_equal(count_lines(), count + 1);
}

static void a_smaller_ring_keeps_the_newest_lines(void **state)
{
    struct trace_entry before;
    struct trace_entry after;

    (void)state;
    assert_int_equal(trace_resize(4 * TRACE_MIN_SIZE), 0);
    fill(1000);
    unsigned count = count_lines();
    assert_true(trace_last(1, &before));
    assert_int_equal(trace_resize(TRACE_MIN_SIZE), 0);
    assert_true(count_lines() < count / 3);
    assert_true(count_lines() > count / 6);
    assert_true(trace_last(1, &after));
    assert_int_equal(before.number, after.number);
    assert_string_equal(before.text, after.text);
}

static void an_empty_ring_can_be_resized(void **state)
{
    (void)state;
    assert_int_equal(trace_resize(TRACE_MAX_SIZE), 0);
    assert_int_equal(count_lines(), 0);
    fill(3);
    assert_int_equal(count_lines(), 3);
    trace_clear();
    assert_int_equal(trace_resize(TRACE_MIN_SIZE), 0);
    fill(3);
    assert_int_equal(count_lines(), 3);
}

static void a_size_beyond_the_limits_is_refused(void **state)
{
    (void)state;
    fill(3);
    assert_int_equal(trace_resize(TRACE_MIN_SIZE - 1), -EINVAL);
    assert_int_equal(trace_resize(TRACE_MAX_SIZE + 1), -EINVAL);
    assert_int_equal(trace_size(), TRACE_MIN_SIZE);
    assert_int_equal(count_lines(), 3);
    trace_fini();
    assert_int_equal(trace_init(loop, TRACE_MIN_SIZE - 1), -EINVAL);
    assert_int_equal(trace_init(loop, TRACE_MAX_SIZE + 1), -EINVAL);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    fill(3);
    failing_malloc_at(1);
    assert_int_equal(trace_resize(TRACE_MAX_SIZE), -ENOMEM);
    assert_true(failing_hit());
    assert_int_equal(trace_size(), TRACE_MIN_SIZE);
    assert_int_equal(count_lines(), 3);
    failing_reset();
    trace_fini();
    failing_malloc_at(1);
    assert_int_equal(trace_init(loop, TRACE_MIN_SIZE), -ENOMEM);
    assert_false(trace_enabled(TRACE_ERR));
}

/* --- against a model that keeps everything */

enum { MODEL_LINES = 20000, RECORD_MAX = TRACE_TEXT_MAX + 32 };

static struct {
    uint32_t number;
    uint16_t len;
    char fill;
} model[MODEL_LINES];
static size_t model_first; /* the oldest that the ring still had when it was last looked at */
static size_t model_end;

static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % limit;
}

static void write_random_line(uint32_t number)
{
    char text[2 * TRACE_TEXT_MAX];
    uint32_t len = random_below(4) == 0 ? random_below(sizeof(text) - 1) : random_below(60);
    char byte = (char)('a' + random_below(26));

    memset(text, byte, len);
    text[len] = '\0';
    trace_line(TRACE_ERR, "%s", text);
    model[model_end].number = number;
    model[model_end].len = (uint16_t)(len > TRACE_TEXT_MAX ? TRACE_TEXT_MAX : len);
    model[model_end].fill = byte;
    model_end++;
}

static void assert_entry_is(const struct trace_entry *entry, size_t at)
{
    char text[TRACE_TEXT_MAX + 1];

    memset(text, model[at].fill, model[at].len);
    text[model[at].len] = '\0';
    assert_int_equal(entry->number, model[at].number);
    assert_string_equal(entry->text, text);
}

/* What the ring has are the newest lines without a gap, and no more are gone than had to go. */
static void compare_with_model(void)
{
    struct trace_entry entry;
    size_t bytes = 0;
    size_t at = model_end;

    if (!trace_first(&entry)) {
        assert_int_equal(model_first, model_end);
        return;
    }
    while (at > model_first && model[at - 1].number != entry.number)
        at--;
    assert_true(at > model_first);
    at--;
    bool dropped = at > model_first;
    model_first = at;
    for (; at < model_end; at++) {
        assert_entry_is(&entry, at);
        bytes += (size_t)model[at].len + 24;
        assert_int_equal(trace_after(entry.number, &entry), at + 1 < model_end);
    }
    if (dropped)
        assert_true(bytes + 2 * RECORD_MAX > trace_size());
}

static void the_ring_is_the_end_of_all_lines_whatever_is_done(void **state)
{
    uint32_t number = UINT32_MAX - 3000;

    (void)state;
    random_state = 1;
    model_first = model_end = 0;
    trace_renumber(number);
    while (model_end < MODEL_LINES) {
        switch (random_below(300)) {
        case 0:
            trace_clear();
            model_first = model_end;
            break;
        case 1:
            compare_with_model();
            assert_int_equal(trace_resize(TRACE_MIN_SIZE + random_below(3 * TRACE_MIN_SIZE)), 0);
            compare_with_model();
            break;
        case 2:
        case 3:
        case 4:
            compare_with_model();
            break;
        default:
            write_random_line(number++);
            break;
        }
    }
    compare_with_model();
}

#define WITH_RING(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RING(a_level_lets_through_itself_and_what_is_worse),
        WITH_RING(lines_that_are_not_kept_take_no_number),
        WITH_RING(nothing_is_kept_before_the_start_and_after_the_end),
        WITH_RING(a_line_is_printed_as_the_technote_prints_it),
        WITH_RING(each_part_of_the_time_has_its_zeros),
        WITH_RING(a_line_has_the_time_of_the_loop),
        WITH_RING(a_line_that_fits_is_whole_and_a_longer_one_is_cut),
        WITH_RING(numbers_wrap_and_the_order_stays),
        WITH_RING(forgetting_lines_does_not_reset_the_numbers),
        WITH_RING(a_reader_that_was_overtaken_goes_on_with_the_oldest_line),
        WITH_RING(reading_and_writing_by_turns_loses_nothing),
        WITH_RING(the_last_lines_are_the_last_or_all),
        WITH_RING(a_larger_ring_keeps_all_lines),
        WITH_RING(a_smaller_ring_keeps_the_newest_lines),
        WITH_RING(an_empty_ring_can_be_resized),
        WITH_RING(a_size_beyond_the_limits_is_refused),
        WITH_RING(without_memory_nothing_changes),
        WITH_RING(the_ring_is_the_end_of_all_lines_whatever_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
