/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed: pipes, pages, and nothing that a program takes for a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/cli/out.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

static struct out *out;
static int file;
static char printed[65536];

static int set_up(void **state)
{
    (void)state;
    file = memfd_create("out", 0);
    out = out_new(file);
    return file < 0;
}

static int tear_down(void **state)
{
    (void)state;
    out_free(out);
    return close(file);
}

static void expect(const char *text)
{
    out_end(out);
    ssize_t len = pread(file, printed, sizeof(printed) - 1, 0);
    assert_true(len >= 0);
    printed[len] = '\0';
    assert_string_equal(printed, text);
}

static void lines(void)
{
    out_text(out, "one a");
    out_text(out, " two");
    out_text(out, " three a");
    out_text(out, "four");
}

static void include_and_exclude_choose_lines(void **state)
{
    (void)state;
    assert_true(out_begin(out, "include LINE", "a$"));
    lines();
    out_end(out);
    assert_true(out_begin(out, "exclude LINE", "a$|four"));
    lines();
    expect("one a\n three a\n two\n");
}

static void begin_and_section_choose_blocks(void **state)
{
    (void)state;
    assert_true(out_begin(out, "begin LINE", "two"));
    lines();
    out_end(out);
    assert_true(out_begin(out, "section LINE", "one"));
    lines();
    expect(" two\n three a\nfour\none a\n two\n three a\n");
}

static void count_counts(void **state)
{
    (void)state;
    assert_true(out_begin(out, "count LINE", "a"));
    lines();
    expect("Number of lines which match regexp = 2\n");
    assert_false(out_begin(out, "include LINE", "("));
}

static int next_key;

static int press(void *context)
{
    (void)context;
    return next_key;
}

static void a_page_ends_with_a_question(void **state)
{
    (void)state;
    next_key = 'q';
    out_set_pages(out, 3, press, NULL);
    assert_true(out_begin(out, NULL, NULL));
    lines();
    assert_true(out_is_over(out));
    expect("one a\n two\n --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b");
}

static void nothing_is_printed_that_programs_take_for_a_failure(void **state)
{
    static const char *const searched[] = {"ERROR:",
                                           "invalid input",
                                           "incomplete command",
                                           "ambiguous command",
                                           "% Invalid",
                                           "connection timed out",
                                           "not found",
                                           "% Error",
                                           "Bad mask",
                                           "overlaps with",
                                           "Command authorization failed"};

    (void)state;
    assert_true(out_begin(out, NULL, NULL));
    for (size_t i = 0; i < sizeof(searched) / sizeof(searched[0]); i++)
        out_line(out, "Peer: %s (%s)", searched[i], searched[i]);
    out_line(out, "%% at column 0");
    out_end(out);
    ssize_t len = pread(file, printed, sizeof(printed) - 1, 0);
    printed[len] = '\0';
    for (size_t i = 0; i < sizeof(searched) / sizeof(searched[0]); i++)
        if (strcasestr(printed, searched[i]) != NULL)
            fail_msg("'%s' is printed: %s", searched[i], printed);
    assert_null(strstr(printed, "\n%"));
}

static void what_comes_from_outside_is_quoted(void **state)
{
    char buf[OUT_QUOTED_SIZE];
    char longer[2000];

    (void)state;
    assert_string_equal(out_quoted("corp-5", buf), "corp-5");
    assert_string_equal(out_quoted("404 not found", buf), "\"404\\x20not\\x20found\"");
    assert_string_equal(out_quoted("% Invalid", buf), "\"\\x25\\x20Invalid\"");
    assert_string_equal(out_quoted("ERROR:", buf), "\"ERROR\\x3a\"");
    assert_string_equal(out_quoted("", buf), "\"\"");
    memset(longer, ' ', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_true(strlen(out_quoted(longer, buf)) < sizeof(buf));
}

static void macs_are_masked_and_hashes_are_not(void **state)
{
    (void)state;
    assert_true(out_begin(out, NULL, NULL));
    out_set_mask(out, true);
    out_text(out, "0050.569c.3489 is 00:50:56:9c:34:89 or 0050569c3489.");
    out_text(out, "hash 6ab919e20afc103d025aaf210c2a9dda151af940");
    expect("0050.56xx.xxxx is 00:50:56:xx:xx:xx or 005056xxxxxx.\n"
           "hash 6ab919e20afc103d025aaf210c2a9dda151af940\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(include_and_exclude_choose_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begin_and_section_choose_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(count_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_ends_with_a_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_printed_that_programs_take_for_a_failure, set_up,
                                        tear_down),
        cmocka_unit_test(what_comes_from_outside_is_quoted),
        cmocka_unit_test_setup_teardown(macs_are_masked_and_hashes_are_not, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
