/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/hosts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct hosts hosts;

static int set_up(void **state)
{
    (void)state;
    memset(&hosts, 0, sizeof(hosts));
    return 0;
}

static struct address_host host_of(const char *text, uint16_t port, uint32_t scope)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(&address, &in, sizeof(in));
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&address, &in6, sizeof(in6));
    }
    return address_host(&address);
}

static bool has(const char *text, uint16_t port, uint32_t scope)
{
    struct address_host host = host_of(text, port, scope);

    return hosts_has(&hosts, &host);
}

static void note(const char *text, uint16_t port, uint32_t scope)
{
    struct address_host host = host_of(text, port, scope);

    hosts_note(&hosts, &host);
}

static void a_host_is_known_by_its_whole_address_and_no_port(void **state)
{
    (void)state;
    assert_false(has("192.0.2.1", 1, 0));
    note("192.0.2.1", 1, 0);
    assert_true(has("192.0.2.1", 2, 0));
    assert_true(has("::ffff:192.0.2.1", 3, 0));
    assert_false(has("192.0.2.2", 1, 0));
    assert_false(has("::192.0.2.1", 1, 0));
    note("2001:db8::1", 1, 0);
    assert_true(has("2001:db8::1", 2, 0));
    assert_false(has("2001:db8::2", 2, 0)); /* of the same /64 */
    note("fe80::1", 1, 2);
    assert_true(has("fe80::1", 1, 2));
    assert_false(has("fe80::1", 1, 3)); /* on another link */
}

static struct address_host host_number(uint32_t number)
{
    struct address_host host = {.bytes = {1}};

    memcpy(host.bytes + 4, &number, sizeof(number));
    return host;
}

static bool has_number(uint32_t number)
{
    struct address_host host = host_number(number);

    return hosts_has(&hosts, &host);
}

static void note_number(uint32_t number)
{
    struct address_host host = host_number(number);

    hosts_note(&hosts, &host);
}

static void with_more_than_fit_the_one_that_was_away_the_longest_is_forgotten(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < HOSTS_MAX; i++)
        note_number(i);
    note_number(0); /* is here again */
    for (uint32_t i = 0; i < HOSTS_MAX; i++)
        assert_true(has_number(i));
    note_number(5000);
    assert_true(has_number(5000));
    assert_true(has_number(0));
    assert_false(has_number(1));
    assert_true(has_number(2));
    for (uint32_t i = 0; i < 3 * HOSTS_MAX; i++)
        note_number(10000 + i);
    for (uint32_t i = 0; i < HOSTS_MAX; i++)
        assert_true(has_number(10000 + 2 * HOSTS_MAX + i));
    assert_false(has_number(10000 + 2 * HOSTS_MAX - 1));
    assert_false(has_number(0));
}

static void one_that_comes_often_takes_one_place(void **state)
{
    (void)state;
    note_number(1);
    for (uint32_t i = 0; i < 3 * HOSTS_MAX; i++)
        note_number(2);
    assert_true(has_number(1));
    assert_int_equal(hosts.count, 2);
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_is_known_by_its_whole_address_and_no_port),
        TEST(with_more_than_fit_the_one_that_was_away_the_longest_is_forgotten),
        TEST(one_that_comes_often_takes_one_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
