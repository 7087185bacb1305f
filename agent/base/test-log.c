/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/log.h"
#include "tests/unit/failing.h"

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static char last_line[2048];
static enum log_level last_level;
static int lines;

static void take(enum log_level level, const char *line)
{
    last_level = level;
    lines++;
    (void)snprintf(last_line, sizeof(last_line), "%s", line);
}

static int divert(void **state)
{
    (void)state;
    lines = 0;
    last_line[0] = '\0';
    log_divert(take);
    return 0;
}

static int restore(void **state)
{
    (void)state;
    log_divert(NULL);
    log_close();
    log_open("nmspd", false, LOG_LEVEL_INFO);
    failing_reset();
    return 0;
}

/* --- levels and targets */

static int lines_at(enum log_level level)
{
    log_set_level(level);
    lines = 0;
    log_error("e");
    log_warning("w");
    log_info("i");
    log_debug("d");
    return lines;
}

static void a_level_lets_through_itself_and_what_is_worse(void **state)
{
    (void)state;
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        assert_int_equal(lines_at((enum log_level)level), level + 1);
        for (int asked = LOG_LEVEL_ERROR; asked <= LOG_LEVEL_DEBUG; asked++)
            assert_int_equal(log_enabled((enum log_level)asked), asked <= level);
    }
}

static void each_function_has_its_level(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_DEBUG);
    log_error("error %d", 1);
    assert_int_equal(last_level, LOG_LEVEL_ERROR);
    assert_string_equal(last_line, "error 1");
    log_warning("%s", "warning");
    assert_int_equal(last_level, LOG_LEVEL_WARNING);
    log_info("info");
    assert_int_equal(last_level, LOG_LEVEL_INFO);
    log_debug("debug");
    assert_int_equal(last_level, LOG_LEVEL_DEBUG);
    assert_int_equal(lines, 4);
}

static void a_line_that_fits_is_whole_and_a_longer_one_is_cut(void **state)
{
    static char text[3000];

    (void)state;
    for (int len = 1000; len < 1100; len++) {
        memset(text, 'a', (size_t)len);
        text[len] = '\0';
        log_info("%s", text);
        if (len <= 1023) {
            assert_string_equal(last_line, text);
            continue;
        }
        assert_int_equal(strlen(last_line), 1023);
        assert_string_equal(last_line + 1020, "a..");
    }
    log_info("%2999d", 1);
    assert_string_equal(last_line + 1020, " ..");
}

/* What a call writes to standard error, in buf. */
static void capture(void (*call)(void), char *buf, size_t size)
{
    int ends[2];
    int saved = dup(STDERR_FILENO);

    assert_true(saved >= 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    call();
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t got = read(ends[0], buf, size - 1);
    buf[got > 0 ? got : 0] = '\0';
    (void)close(saved);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void say_all(void)
{
    log_error("no key in %s: run x", "/f");
    log_warning("late");
    log_info("up");
    log_debug("detail");
}

static void standard_error_gets_program_and_level(void **state)
{
    char text[256];

    (void)state;
    log_open("nmsp-radio", false, LOG_LEVEL_DEBUG);
    capture(say_all, text, sizeof(text));
    assert_string_equal(text, "nmsp-radio: error: no key in /f: run x\n"
                              "nmsp-radio: warning: late\n"
                              "nmsp-radio: up\n"
                              "nmsp-radio: debug: detail\n");
    log_open("nmsp-radio", false, LOG_LEVEL_ERROR);
    capture(say_all, text, sizeof(text));
    assert_string_equal(text, "nmsp-radio: error: no key in /f: run x\n");
}

static void syslog_gets_the_priority_and_the_line_as_data(void **state)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
    static void (*const functions[])(const char *format, ...) = {log_error, log_warning, log_info,
                                                                 log_debug};

    (void)state;
    log_open("nmspd", true, LOG_LEVEL_DEBUG);
    assert_string_equal(failing_syslog()->program, "nmspd");
    for (size_t i = 0; i < 4; i++) {
        functions[i]("100%% of %s", "%n%s");
        assert_int_equal(failing_syslog()->priority, priorities[i]);
        assert_string_equal(failing_syslog()->line, "100% of %n%s");
    }
}

static void say_one(void)
{
    log_info("after");
}

static void a_closed_syslog_gets_nothing_more(void **state)
{
    char text[64];

    (void)state;
    log_open("nmspd", true, LOG_LEVEL_INFO);
    log_close();
    assert_null(failing_syslog()->program);
    capture(say_one, text, sizeof(text));
    assert_string_equal(text, "nmspd: after\n");
    assert_string_equal(failing_syslog()->line, "");
}

static void a_forked_child_gets_a_syslog_connection_of_its_own(void **state)
{
    (void)state;
    log_open("nmspd", false, LOG_LEVEL_INFO);
    log_forked();
    assert_int_equal(failing_syslog()->closed, 0);
    assert_null(failing_syslog()->program);
    log_open("nmspd", true, LOG_LEVEL_INFO);
    log_forked();
    assert_int_equal(failing_syslog()->closed, 1);
    assert_string_equal(failing_syslog()->program, "nmspd");
}

/* --- log_safe */

static void write_token(unsigned char c, char token[static 5])
{
    if (c >= ' ' && c <= '~' && c != '\\')
        (void)snprintf(token, 5, "%c", c);
    else
        (void)snprintf(token, 5, "\\x%02x", c);
}

/* The definition, written the slow way: whole if it fits, else whole characters and two dots. */
static void expect_safe(const unsigned char *text, size_t len, char *out, size_t size)
{
    char whole[512] = "";
    char cut[512] = "";
    char token[5];

    for (size_t i = 0; i < len; i++) {
        write_token(text[i], token);
        if (strlen(whole) == strlen(cut) && strlen(cut) + strlen(token) + 3 <= size)
            strncat(cut, token, sizeof(cut) - strlen(cut) - 1);
        strncat(whole, token, sizeof(whole) - strlen(whole) - 1);
    }
    strncat(cut, "..", sizeof(cut) - strlen(cut) - 1);
    (void)snprintf(out, 512, "%s", strlen(whole) < size ? whole : size >= 3 ? cut : "");
}

/* From and into memory of exactly these sizes. */
static void check_safe(const void *text, size_t len, size_t size)
{
    char expected[512];
    char *buf = malloc(size);
    unsigned char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(buf);
    assert_non_null(copy);
    memcpy(copy, text, len);
    memset(buf, 'x', size);
    expect_safe(copy, len, expected, size);
    assert_ptr_equal(log_safe(copy, len, buf, size), buf);
    assert_non_null(memchr(buf, '\0', size));
    assert_string_equal(buf, expected);
    free(buf);
    free(copy);
}

static void foreign_text_is_safe_and_terminated_in_a_buffer_of_any_size(void **state)
{
    static const char *const texts[] = {
        "",     "a",        "ab",       "abc",           "abcdefgh", "\n",
        "a\n",  "\na",      "\n\n\n",   "ab\ncd\x7fxyz", "\\",       "a\\x0a",
        "\x1b", "a\nb\nc",  "ab\n",     "abc\n",         "\nabc",    "\xc3\xa4\xff",
        "..",   "\"'%s%n ", "abcdefg\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]);
        for (size_t size = 1; size <= 4 * len + 5; size++) {
            check_safe(texts[i], len, size);
            check_safe(texts[i], len + 1, size); /* the terminator is a byte like any other */
        }
    }
}

static void text_that_fits_exactly_is_not_cut(void **state)
{
    char buf[9];

    (void)state;
    assert_string_equal(log_safe("abc", 3, buf, 4), "abc");
    assert_string_equal(log_safe("abc", 3, buf, 3), "..");
    assert_string_equal(log_safe("abcd\n", 5, buf, 9), "abcd\\x0a");
    assert_string_equal(log_safe("abcd\n", 5, buf, 8), "abcd..");
    assert_string_equal(log_safe("\n\n", 2, buf, 9), "\\x0a\\x0a");
    assert_string_equal(log_safe("\n\n", 2, buf, 8), "\\x0a..");
    assert_string_equal(log_safe("\n\n", 2, buf, 6), "..");
}

static void a_buffer_of_no_size_is_not_touched(void **state)
{
    char buf[1] = {'x'};

    (void)state;
    assert_ptr_equal(log_safe("abc", 3, buf, 0), buf);
    assert_int_equal(buf[0], 'x');
    assert_ptr_equal(log_safe("", 0, buf, 0), buf);
    assert_int_equal(buf[0], 'x');
    assert_string_equal(log_safe(NULL, 0, buf, 1), "");
}

static void only_printable_ascii_stands_for_itself(void **state)
{
    char buf[8];
    char token[5];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        unsigned char c = (unsigned char)byte;
        write_token(c, token);
        assert_string_equal(log_safe(&c, 1, buf, sizeof(buf)), token);
        assert_int_equal(strlen(token), byte >= 0x20 && byte < 0x7f && byte != '\\' ? 1 : 4);
    }
}

static void two_texts_never_look_alike(void **state)
{
    char x[32];
    char y[32];

    (void)state;
    (void)log_safe("\n", 1, x, sizeof(x));
    (void)log_safe("\\x0a", 4, y, sizeof(y));
    assert_string_not_equal(x, y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_level_lets_through_itself_and_what_is_worse, divert,
                                        restore),
        cmocka_unit_test_setup_teardown(each_function_has_its_level, divert, restore),
        cmocka_unit_test_setup_teardown(a_line_that_fits_is_whole_and_a_longer_one_is_cut, divert,
                                        restore),
        cmocka_unit_test_teardown(standard_error_gets_program_and_level, restore),
        cmocka_unit_test_teardown(syslog_gets_the_priority_and_the_line_as_data, restore),
        cmocka_unit_test_teardown(a_closed_syslog_gets_nothing_more, restore),
        cmocka_unit_test_teardown(a_forked_child_gets_a_syslog_connection_of_its_own, restore),
        cmocka_unit_test(foreign_text_is_safe_and_terminated_in_a_buffer_of_any_size),
        cmocka_unit_test(text_that_fits_exactly_is_not_cut),
        cmocka_unit_test(a_buffer_of_no_size_is_not_touched),
        cmocka_unit_test(only_printable_ascii_stands_for_itself),
        cmocka_unit_test(two_texts_never_look_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
