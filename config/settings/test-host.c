/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings/host.h"

#include <cmocka.h>
#include <string.h>

static void addresses_are_known_in_every_spelling(void **state)
{
    static const char *const addresses[] = {
        "192.0.2.1",    "0.0.0.0",     "255.255.255.255",      "::",
        "::1",          "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1",
        "fe80::1%eth0", "fe80::1%1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        assert_true(host_is_address(addresses[i]));
        assert_true(host_looks_like_address(addresses[i]));
    }
}

static void what_looks_like_an_address_need_not_be_one(void **state)
{
    static const char *const alike[] = {
        "",          "1",        "192.0.2",        "192.0.2.256", "192.0.2.1.",
        "1.2.3.4.5", "01.2.3.4", "192.0.2.1%eth0", ":",           "1::2::3",
        "12345::",   "::1%",     "%eth0",          "g::1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
        assert_false(host_is_address(alike[i]));
        assert_true(host_looks_like_address(alike[i]));
    }
}

static void a_name_is_neither_an_address_nor_like_one(void **state)
{
    static const char *const names[] = {"a", "mse.example.net", "1a", "192.0.2.1.example", "-"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_false(host_is_address(names[i]));
        assert_false(host_looks_like_address(names[i]));
    }
}

static void a_text_longer_than_any_host_is_no_address(void **state)
{
    char text[1024];

    (void)state;
    memset(text, '0', sizeof(text) - 1);
    memcpy(text + sizeof(text) - 4, "::1", 3);
    text[sizeof(text) - 1] = '\0';
    assert_false(host_is_address(text));
}

static void one_place_in_two_spellings_is_the_same(void **state)
{
    (void)state;
    assert_true(host_same("192.0.2.1", "192.0.2.1"));
    assert_true(host_same("2001:db8::1", "2001:DB8:0:0:0:0:0:1"));
    assert_true(host_same("fe80::1%eth0", "FE80::1%eth0"));
    assert_true(host_same("mse.example.net", "MSE.Example.NET"));
    assert_true(host_same("mse.example.net", "mse.example.net."));
}

static void two_places_are_not_the_same(void **state)
{
    (void)state;
    assert_false(host_same("192.0.2.1", "192.0.2.2"));
    assert_false(host_same("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(host_same("fe80::1%eth0", "fe80::1%eth1"));
    assert_false(host_same("fe80::1%eth0", "fe80::1"));
    assert_false(host_same("a", "ab"));
    assert_false(host_same("a", ""));
    assert_false(host_same("192.0.2.1", "mse.example.net"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_known_in_every_spelling),
        cmocka_unit_test(what_looks_like_an_address_need_not_be_one),
        cmocka_unit_test(a_name_is_neither_an_address_nor_like_one),
        cmocka_unit_test(a_text_longer_than_any_host_is_no_address),
        cmocka_unit_test(one_place_in_two_spellings_is_the_same),
        cmocka_unit_test(two_places_are_not_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
