/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name server is this test: it brings its own getaddrinfo(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "agent/peer/resolve.h"
#include "tests/unit/failing.h"
#include "tests/unit/names.h"
#include "tests/unit/process.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct answer {
    bool came;
    struct resolve_result result;
};

static void on_resolved(void *context, const struct resolve_result *result)
{
    struct answer *answer = context;

    assert_false(answer->came);
    answer->came = true;
    answer->result = *result;
}

static struct answer resolve(const char *host)
{
    struct loop *loop = loop_new();
    struct answer answer = {.came = false};

    assert_non_null(resolve_start(loop, host, 16113, on_resolved, &answer));
    assert_false(answer.came);
    assert_true(turn_until(loop, &answer.came));
    loop_free(loop);
    assert_false(has_child());
    return answer;
}

static uint32_t ipv4(const struct resolve_result *result, size_t i)
{
    struct sockaddr_in in;

    assert_int_equal(result->addresses[i].ss_family, AF_INET);
    memcpy(&in, &result->addresses[i], sizeof(in));
    assert_int_equal(ntohs(in.sin_port), 16113);
    return ntohl(in.sin_addr.s_addr);
}

static void a_name_gives_its_addresses_in_order(void **state)
{
    (void)state;
    names_answer("mse.test", 3);
    struct answer answer = resolve("mse.test");
    assert_int_equal(answer.result.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ipv4(&answer.result, i), 0x7f000001 + i);
}

static void of_many_addresses_eight_are_kept(void **state)
{
    (void)state;
    names_answer("mse.test", 20);
    assert_int_equal(resolve("mse.test").result.count, RESOLVE_ADDRESSES_MAX);
}

static void a_name_that_nobody_knows_says_so(void **state)
{
    (void)state;
    names_answer("mse.test", 1);
    struct answer answer = resolve("other.test");
    assert_int_equal(answer.result.count, 0);
    assert_string_equal(answer.result.reason, gai_strerror(EAI_NONAME));
}

static void a_system_error_is_told_as_what_it_is(void **state)
{
    (void)state;
    names_fail(EAI_SYSTEM, ENETDOWN);
    assert_string_equal(resolve("mse.test").result.reason, strerror(ENETDOWN));
}

static void a_name_without_addresses_says_so(void **state)
{
    (void)state;
    names_answer("mse.test", 0);
    struct answer answer = resolve("mse.test");
    assert_int_equal(answer.result.count, 0);
    assert_string_equal(answer.result.reason, "it has no address");
}

static void a_name_server_that_does_not_answer_has_five_seconds(void **state)
{
    struct loop *loop = loop_new_virtual(0, 0);
    struct answer answer = {.came = false};

    (void)state;
    names_hang();
    assert_non_null(resolve_start(loop, "mse.test", 16113, on_resolved, &answer));
    loop_advance(loop, RESOLVE_DEADLINE_MS - 1);
    assert_false(answer.came);
    loop_advance(loop, 1);
    assert_true(answer.came);
    assert_int_equal(answer.result.count, 0);
    assert_non_null(strstr(answer.result.reason, "within 5 s"));
    loop_free(loop);
}

static void a_cancelled_look_up_leaves_nothing(void **state)
{
    struct loop *loop = loop_new_virtual(0, 0);
    struct answer answer = {.came = false};

    (void)state;
    names_hang();
    struct resolve *one = resolve_start(loop, "mse.test", 16113, on_resolved, &answer);
    assert_non_null(one);
    resolve_cancel(one);
    resolve_cancel(NULL);
    loop_advance(loop, RESOLVE_DEADLINE_MS);
    assert_false(answer.came);
    assert_true(children_end());
    loop_free(loop);
}

static void without_a_child_there_is_no_look_up(void **state)
{
    struct loop *loop = loop_new_virtual(0, 0);
    struct answer answer = {.came = false};

    (void)state;
    failing_at(FAILING_FORK, 1, EAGAIN);
    assert_null(resolve_start(loop, "mse.test", 16113, on_resolved, &answer));
    assert_int_equal(errno, EAGAIN);
    for (unsigned n = 1;; n++) {
        failing_reset();
        failing_malloc_at(n);
        struct resolve *one = resolve_start(loop, "mse.test", 16113, on_resolved, &answer);
        bool failed = failing_hit();
        failing_reset();
        resolve_cancel(one);
        if (!failed)
            break;
        assert_null(one);
    }
    assert_false(answer.came);
    loop_free(loop);
}

static int forget(void **state)
{
    (void)state;
    failing_reset();
    names_answer("", 0);
    return 0;
}

static void no_line(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

#define TEST(function) cmocka_unit_test_teardown(function, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_gives_its_addresses_in_order),
        TEST(of_many_addresses_eight_are_kept),
        TEST(a_name_that_nobody_knows_says_so),
        TEST(a_system_error_is_told_as_what_it_is),
        TEST(a_name_without_addresses_says_so),
        TEST(a_name_server_that_does_not_answer_has_five_seconds),
        TEST(a_cancelled_look_up_leaves_nothing),
        TEST(without_a_child_there_is_no_look_up),
    };

    log_divert(no_line);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
