/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "config/errors/fault.h"

#include <cmocka.h>
#include <string.h>

static struct config_error error;

static int clear(void **state)
{
    (void)state;
    config_error_clear(&error);
    return 0;
}

static void a_cleared_error_is_none(void **state)
{
    (void)state;
    config_error_add(&error, CONFIG_INVALID, 1, "/a", "x");
    config_error_clear(&error);
    assert_int_equal(error.status, CONFIG_OK);
    assert_int_equal(error.count, 0);
    assert_int_equal(error.omitted, 0);
}

static void the_first_fault_decides_the_status(void **state)
{
    (void)state;
    config_error_add(&error, CONFIG_NO_MEMORY, 0, NULL, "memory is out");
    config_error_add(&error, CONFIG_INVALID, 0, "/a", "is wrong");
    assert_int_equal(error.status, CONFIG_NO_MEMORY);
    assert_int_equal(error.count, 2);
}

/* libyang 3 reports a duplicate once for each of the two. */
static void the_same_fault_is_told_once(void **state)
{
    (void)state;
    config_error_add(&error, CONFIG_INVALID, 3, "/a", "is %s", "wrong");
    config_error_add(&error, CONFIG_INVALID, 9, "/a", "is wrong");
    assert_int_equal(error.count, 1);
    assert_int_equal(error.faults[0].line, 3);
    config_error_add(&error, CONFIG_INVALID, 3, "/b", "is wrong");
    config_error_add(&error, CONFIG_INVALID, 3, "/a", "is missing");
    assert_int_equal(error.count, 3);
    assert_int_equal(error.omitted, 0);
}

static void a_long_text_is_cut_and_still_a_text(void **state)
{
    char text[CONFIG_TEXT_SIZE];
    char longest[2000];

    (void)state;
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    config_error_add(&error, CONFIG_INVALID, 4294967295U, longest, "%s", longest);
    assert_true(strlen(error.faults[0].path) < CONFIG_PATH_SIZE);
    assert_true(strlen(error.faults[0].reason) < CONFIG_REASON_SIZE);
    assert_true(strlen(config_fault_text(&error.faults[0], text, sizeof(text))) <
                CONFIG_TEXT_SIZE - 1);
}

static void text_says_only_what_is_known(void **state)
{
    char text[CONFIG_TEXT_SIZE];

    (void)state;
    config_error_add(&error, CONFIG_INVALID, 0, NULL, "a");
    config_error_add(&error, CONFIG_INVALID, 7, NULL, "b");
    config_error_add(&error, CONFIG_INVALID, 0, "/p", "c");
    config_error_add(&error, CONFIG_INVALID, 7, "/p", "d");
    assert_string_equal(config_fault_text(&error.faults[0], text, sizeof(text)), "a");
    assert_string_equal(config_fault_text(&error.faults[1], text, sizeof(text)), "line 7: b");
    assert_string_equal(config_fault_text(&error.faults[2], text, sizeof(text)), "/p: c");
    assert_string_equal(config_fault_text(&error.faults[3], text, sizeof(text)), "line 7: /p: d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_cleared_error_is_none, clear),
        cmocka_unit_test_setup(the_first_fault_decides_the_status, clear),
        cmocka_unit_test_setup(the_same_fault_is_told_once, clear),
        cmocka_unit_test_setup(a_long_text_is_cut_and_still_a_text, clear),
        cmocka_unit_test_setup(text_says_only_what_is_known, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
