/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/peer/address.h"
#include "agent/peer/resolve.h"

#include <string.h>

static struct sockaddr_storage address(const char *host)
{
    struct resolve_result result;

    resolve_numeric(host, 16113, &result);
    assert_int_equal(result.count, 1);
    return result.addresses[0];
}

static void assert_text(const char *host, const char *expected)
{
    struct sockaddr_storage one = address(host);
    char text[ADDRESS_TEXT_SIZE];

    assert_string_equal(address_text(&one, text), expected);
}

static bool same_group(const char *x, const char *y)
{
    struct sockaddr_storage first = address(x);
    struct sockaddr_storage second = address(y);
    struct address_group one = address_group(&first);
    struct address_group other = address_group(&second);

    return address_group_equal(&one, &other);
}

static void an_address_is_shown_with_its_port(void **state)
{
    (void)state;
    assert_text("192.0.2.1", "192.0.2.1:16113");
    assert_text("2001:db8::1", "[2001:db8::1]:16113");
    assert_text("fe80::1%lo", "[fe80::1%lo]:16113");
}

static void an_ipv4_address_inside_an_ipv6_one_is_shown_as_what_it_is(void **state)
{
    (void)state;
    assert_text("::ffff:192.0.2.1", "192.0.2.1:16113");
}

static void every_ipv4_address_counts_for_itself(void **state)
{
    (void)state;
    assert_true(same_group("192.0.2.1", "192.0.2.1"));
    assert_true(same_group("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(same_group("192.0.2.1", "192.0.2.2"));
}

static void ipv6_addresses_count_by_their_64(void **state)
{
    (void)state;
    assert_true(same_group("2001:db8::1", "2001:db8::2:0:0:1"));
    assert_false(same_group("2001:db8::1", "2001:db8:0:1::1"));
    assert_false(same_group("2001:db8::1", "192.0.2.1"));
    /* Its first bytes are those of 0.0.0.0. */
    assert_false(same_group("::1", "0.0.0.0"));
}

static void one_host_is_told_from_another_whatever_the_ports(void **state)
{
    (void)state;
    assert_true(address_same_host("192.0.2.1:16113", "192.0.2.1:40000"));
    assert_true(address_same_host("[2001:db8::1]:16113", "[2001:db8::1]:1"));
    assert_false(address_same_host("192.0.2.1:16113", "192.0.2.11:16113"));
    assert_false(address_same_host("[2001:db8::1]:16113", "[2001:db8::2]:16113"));
    assert_false(address_same_host("", "192.0.2.1:16113"));
}

static void a_name_is_no_numeric_address(void **state)
{
    struct resolve_result result;

    (void)state;
    resolve_numeric("mse.example.net", 16113, &result);
    assert_int_equal(result.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_shown_with_its_port),
        cmocka_unit_test(an_ipv4_address_inside_an_ipv6_one_is_shown_as_what_it_is),
        cmocka_unit_test(every_ipv4_address_counts_for_itself),
        cmocka_unit_test(ipv6_addresses_count_by_their_64),
        cmocka_unit_test(one_host_is_told_from_another_whatever_the_ports),
        cmocka_unit_test(a_name_is_no_numeric_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
