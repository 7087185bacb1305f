/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper of the other tests: if it fails nothing, they prove nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/log.h"
#include "tests/unit/failing.h"
#include "tests/unit/process.h"

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int reset(void **state)
{
    (void)state;
    failing_reset();
    return 0;
}

/* Keeps the compiler from knowing that memory is not used. */
static void *volatile sink;

static bool allocate(void)
{
    sink = malloc(8);
    bool ok = sink != NULL;
    free(sink);
    return ok;
}

static void only_the_nth_allocation_fails(void **state)
{
    (void)state;
    failing_malloc_at(2);
    assert_true(allocate());
    assert_false(failing_hit());
    errno = 0;
    assert_false(allocate());
    assert_int_equal(errno, ENOMEM);
    assert_true(failing_hit());
    assert_true(allocate());
    assert_int_equal(failing_count(FAILING_MALLOC), 3);
}

static void every_kind_of_allocation_is_reached(void **state)
{
    char *text = NULL;

    (void)state;
    failing_from(FAILING_MALLOC, 1, ENOMEM);
    sink = malloc(1);
    assert_null(sink);
    sink = calloc(1, 1);
    assert_null(sink);
    sink = realloc(NULL, 1);
    assert_null(sink);
    sink = reallocarray(NULL, 1, 1);
    assert_null(sink);
    sink = strdup("x");
    assert_null(sink);
    sink = strndup("x", 1);
    assert_null(sink);
    assert_int_equal(asprintf(&text, "%d", 1), -1);
    assert_int_equal(failing_count(FAILING_MALLOC), 7);
}

static void what_does_not_fail_is_done(void **state)
{
    char *text = NULL;

    (void)state;
    assert_int_equal(asprintf(&text, "%s-%d", "text", 12), 7);
    assert_string_equal(text, "text-12");
    free(text);
    text = strndup("abc", 2);
    assert_string_equal(text, "ab");
    free(text);
}

static void a_failure_can_last(void **state)
{
    (void)state;
    failing_from(FAILING_MALLOC, 2, ENOMEM);
    assert_true(allocate());
    assert_false(allocate());
    assert_false(allocate());
    failing_reset();
    assert_true(allocate());
    assert_false(failing_hit());
}

static void the_library_under_test_is_reached(void **state)
{
    (void)state;
    failing_malloc_at(1);
    assert_null(loop_new());
    assert_true(failing_hit());
}

static void opening_a_file_is_reached_under_its_64_bit_name(void **state)
{
    (void)state;
    failing_at(FAILING_OPEN, 1, EACCES);
    errno = 0;
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    assert_int_equal(errno, EACCES);
    failing_at(FAILING_FCNTL, 1, EPERM);
    assert_int_equal(fcntl(0, F_GETFD), -1);
    assert_int_equal(errno, EPERM);
}

static void a_failed_close_has_closed(void **state)
{
    size_t before = open_descriptors();
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    failing_at(FAILING_CLOSE, 1, EIO);
    assert_int_equal(close(fd), -1);
    assert_int_equal(open_descriptors(), before);
}

static void error_0_is_an_answer_of_0(void **state)
{
    char c = 'x';

    (void)state;
    failing_at(FAILING_READ, 1, 0);
    assert_int_equal(read(-1, &c, 1), 0);
    failing_at(FAILING_WAITPID, 1, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
}

static void input_and_output_can_be_cut_short(void **state)
{
    int ends[2];
    char buf[8];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    failing_short_io(3);
    assert_int_equal(write(ends[0], "abcdefgh", 8), 3);
    assert_int_equal(send(ends[0], "defgh", 5, 0), 3);
    assert_int_equal(read(ends[1], buf, sizeof(buf)), 3);
    failing_short_io(0);
    assert_int_equal(recv(ends[1], buf + 3, 5, 0), 3);
    assert_memory_equal(buf, "abcdef", 6);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void descriptors_and_children_are_seen(void **state)
{
    size_t before = open_descriptors();
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(open_descriptors(), before + 2);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_false(has_child());
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_true(has_child());
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(has_child());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_the_nth_allocation_fails, reset),
        cmocka_unit_test_teardown(every_kind_of_allocation_is_reached, reset),
        cmocka_unit_test_teardown(what_does_not_fail_is_done, reset),
        cmocka_unit_test_teardown(a_failure_can_last, reset),
        cmocka_unit_test_teardown(the_library_under_test_is_reached, reset),
        cmocka_unit_test_teardown(opening_a_file_is_reached_under_its_64_bit_name, reset),
        cmocka_unit_test_teardown(a_failed_close_has_closed, reset),
        cmocka_unit_test_teardown(error_0_is_an_answer_of_0, reset),
        cmocka_unit_test_teardown(input_and_output_can_be_cut_short, reset),
        cmocka_unit_test_teardown(descriptors_and_children_are_seen, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
