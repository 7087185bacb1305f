/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/connection.h"
#include "agent/peer/failure.h"
#include "agent/session/session.h"

#include <errno.h>

/* A connection of paper: these two stand in for those of the TLS seam, which is not linked here. */
struct tls {
    enum tls_failure failure;
    int alert;
};

enum tls_failure tls_failure(const struct tls *tls)
{
    return tls->failure;
}

int tls_alert_received(const struct tls *tls)
{
    return tls->alert;
}

static enum diagnosis_code code_of(enum tls_failure failure)
{
    return failure_of_tls(&(struct tls){failure, -1});
}

/* What a fatal alert says; at level 1 it says the same. */
static enum diagnosis_code code_of_alert(int description)
{
    enum diagnosis_code code =
        failure_of_tls(&(struct tls){TLS_FAILURE_PEER_ALERT, 0x200 + description});

    assert_int_equal(failure_of_tls(&(struct tls){TLS_FAILURE_PEER_ALERT, 0x100 + description}),
                     code);
    return code;
}

static void a_failed_connect_is_told_by_its_errno(void **state)
{
    static const struct {
        int error;
        enum diagnosis_code code;
    } cases[] = {
        {ECONNREFUSED, DIAGNOSIS_PORT_CLOSED},  {ETIMEDOUT, DIAGNOSIS_NO_ANSWER},
        {EMFILE, DIAGNOSIS_NO_RESOURCES},       {ENFILE, DIAGNOSIS_NO_RESOURCES},
        {ENOBUFS, DIAGNOSIS_NO_RESOURCES},      {ENOMEM, DIAGNOSIS_NO_RESOURCES},
        {EHOSTUNREACH, DIAGNOSIS_UNREACHABLE},  {ENETUNREACH, DIAGNOSIS_UNREACHABLE},
        {EADDRNOTAVAIL, DIAGNOSIS_UNREACHABLE}, {EAFNOSUPPORT, DIAGNOSIS_UNREACHABLE},
        {EACCES, DIAGNOSIS_UNREACHABLE},        {0, DIAGNOSIS_UNREACHABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(failure_of_connect(cases[i].error), cases[i].code);
}

static void every_failure_of_tls_has_a_code_but_those_that_others_know(void **state)
{
    (void)state;
    assert_int_equal(code_of(TLS_FAILURE_NONE), DIAGNOSIS_NONE);
    assert_int_equal(code_of(TLS_FAILURE_REFUSED), DIAGNOSIS_NONE); /* the auth list knows */
    assert_int_equal(code_of(TLS_FAILURE_TRANSPORT), DIAGNOSIS_HANDSHAKE_CLOSED);
    assert_int_equal(code_of(TLS_FAILURE_NO_COMMON), DIAGNOSIS_NO_COMMON);
    assert_int_equal(code_of(TLS_FAILURE_OWN_UNWANTED), DIAGNOSIS_OWN_REFUSED);
    assert_int_equal(code_of(TLS_FAILURE_NO_CERTIFICATE), DIAGNOSIS_NO_CERTIFICATE);
    assert_int_equal(code_of(TLS_FAILURE_BAD_CERTIFICATE), DIAGNOSIS_BAD_CERTIFICATE);
    assert_int_equal(code_of(TLS_FAILURE_KEY_SIZE), DIAGNOSIS_KEY_SIZE);
    assert_int_equal(code_of(TLS_FAILURE_WEAK_PROOF), DIAGNOSIS_WEAK_PROOF);
    assert_int_equal(code_of(TLS_FAILURE_RECORD), DIAGNOSIS_BAD_RECORD);
    assert_int_equal(code_of(TLS_FAILURE_UNPROVEN), DIAGNOSIS_UNPROVEN);
    assert_int_equal(code_of(TLS_FAILURE_PROTOCOL), DIAGNOSIS_NOT_TLS);
}

/* RFC 8446 6.2, RFC 5246 7.2 */
static void an_alert_about_certificates_means_ours(void **state)
{
    static const int alerts[] = {41, 42, 43, 44, 45, 46, 48, 49, 116};

    (void)state;
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
        assert_int_equal(code_of_alert(alerts[i]), DIAGNOSIS_OWN_REFUSED);
}

static void an_alert_about_versions_and_ciphers_means_that_none_is_in_common(void **state)
{
    (void)state;
    assert_int_equal(code_of_alert(40), DIAGNOSIS_NO_COMMON);
    assert_int_equal(code_of_alert(70), DIAGNOSIS_NO_COMMON);
    assert_int_equal(code_of_alert(71), DIAGNOSIS_NO_COMMON);
}

static void any_other_alert_is_told_as_it_came(void **state)
{
    static const int alerts[] = {10, 20, 22, 47, 50, 51, 80, 86, 90, 100, 109, 110, 112, 120, 255};

    (void)state;
    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++)
        assert_int_equal(code_of_alert(alerts[i]), DIAGNOSIS_PEER_ALERT);
}

static void a_limit_is_told_where_one_ran_out(void **state)
{
    (void)state;
    for (unsigned code = 0; code < DIAGNOSIS_CODES; code++) {
        unsigned limit = failure_limit((enum diagnosis_code)code);
        switch ((enum diagnosis_code)code) {
        case DIAGNOSIS_NO_ANSWER:
            assert_int_equal(limit, CONNECTION_CONNECT_MS / 1000);
            break;
        case DIAGNOSIS_HANDSHAKE_SILENT:
            assert_int_equal(limit, CONNECTION_HANDSHAKE_MS / 1000);
            break;
        case DIAGNOSIS_NOT_NMSP:
            assert_int_equal(limit, SESSION_CAPABILITY_MS / 1000);
            break;
        case DIAGNOSIS_SILENT:
        case DIAGNOSIS_STALLED:
            assert_int_equal(limit, SESSION_DEAD_INTERVAL_MS / 1000);
            break;
        default:
            assert_int_equal(limit, 0);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_connect_is_told_by_its_errno),
        cmocka_unit_test(every_failure_of_tls_has_a_code_but_those_that_others_know),
        cmocka_unit_test(an_alert_about_certificates_means_ours),
        cmocka_unit_test(an_alert_about_versions_and_ciphers_means_that_none_is_in_common),
        cmocka_unit_test(any_other_alert_is_told_as_it_came),
        cmocka_unit_test(a_limit_is_told_where_one_ran_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
