/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/statistics.h"

static void a_question_and_its_answer_are_two_steps(void **state)
{
    struct statistics s = {0};

    (void)state;
    statistics_verified(&s, AUTHLIST_OK);
    statistics_verified(&s, AUTHLIST_UNKNOWN_MAC);
    statistics_verified(&s, AUTHLIST_EXPIRED);
    assert_int_equal(s.aaa_requests, 3);
    assert_int_equal(s.aaa_send_failures, 0);
    assert_int_equal(s.aaa_sent, 3);
    assert_int_equal(s.aaa_responses, 3);
    assert_int_equal(s.aaa_to_validate, 3);
    assert_int_equal(s.aaa_validate_errors, 2);
    assert_int_equal(s.aaa_validate_successes, 1);
    assert_int_equal(s.verifications, 3);
    assert_int_equal(s.verification_failures, 2);
    assert_int_equal(s.verification_successes, 1);
}

static void without_a_list_the_question_cannot_be_sent(void **state)
{
    struct statistics s = {0};

    (void)state;
    statistics_verified(&s, AUTHLIST_NO_NEW_MODEL);
    statistics_verified(&s, AUTHLIST_NO_METHOD_LIST);
    assert_int_equal(s.aaa_requests, 2);
    assert_int_equal(s.aaa_send_failures, 2);
    assert_int_equal(s.aaa_sent, 0);
    assert_int_equal(s.aaa_responses, 0);
    assert_int_equal(s.verification_failures, 2);
}

static void no_list_is_asked_about_what_none_can_let_in(void **state)
{
    struct statistics s = {0};

    (void)state;
    statistics_verified(&s, AUTHLIST_WEAK_KEY);
    statistics_unverifiable(&s);
    assert_int_equal(s.aaa_requests, 0);
    assert_int_equal(s.verifications, 2);
    assert_int_equal(s.verification_failures, 2);
}

static void only_inbound_connections_are_accepts(void **state)
{
    struct statistics s = {0};

    (void)state;
    statistics_created(&s, true);
    statistics_created(&s, false);
    statistics_accepted(&s, true);
    statistics_accepted(&s, false);
    statistics_closed(&s);
    assert_int_equal(s.connections_created, 2);
    assert_int_equal(s.connections_closed, 1);
    assert_int_equal(s.accept_attempts, 1);
    assert_int_equal(s.accept_successes, 1);
    assert_int_equal(s.accept_failures, 1);
}

static void a_connection_that_nobody_counts_is_no_fault(void **state)
{
    (void)state;
    statistics_verified(NULL, AUTHLIST_OK);
    statistics_unverifiable(NULL);
    statistics_created(NULL, true);
    statistics_closed(NULL);
    statistics_accepted(NULL, true);
    statistics_not_registered(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_and_its_answer_are_two_steps),
        cmocka_unit_test(without_a_list_the_question_cannot_be_sent),
        cmocka_unit_test(no_list_is_asked_about_what_none_can_let_in),
        cmocka_unit_test(only_inbound_connections_are_accepts),
        cmocka_unit_test(a_connection_that_nobody_counts_is_no_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
