/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/netconf/filter.h"

static void what_operators_write_is_let_through(void **state)
{
    static const char *const paths[] = {
        "/n:nmsp",
        "/n:nmsp/server[host='192.0.2.1'][port='16113']/mac",
        "/n:nmsp/server[host = '//..[' or port>1]",
        "//server",
        "/n:nmsp | /a:aaa/user",
        "/n:nmsp//host",
        "/a/b/../c",
        "/a/b[c/d = 'x'][position() = 2]",
        "child::a/self::node()",
        "/a/*[b] | /a/c[1]",
        "/a/b[starts-with(c, \"/\")]",
        "/a/b[c * d]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (!filter_xpath_is_bounded(paths[i]))
            fail_msg("%s is refused", paths[i]);
}

static void what_multiplies_is_refused(void **state)
{
    static const char *const paths[] = {
        "//*[//*]",
        "//a//b",
        "//a | //b",
        "/a/b[c[d]]",
        "/a/b[/a/b = 1]",
        "/a/b[ /a/b = 1]",
        "/a/b[(/a)]",
        "/a/b[c=/a/b]",
        "/a/b[.//c]",
        "/a/b[../b]",
        "/a/b[ancestor::a]",
        "/a/b[ancestor-or-self::a]",
        "/a/b[current()/c]",
        "/a/b[deref(c)/d]",
        "/descendant::a/descendant::b",
        "//a/following::b",
        "/a[b][b][b][b][b][b][b][b][b][b][b][b][b][b][b][b][b]",
        "/a['",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (filter_xpath_is_bounded(paths[i]))
            fail_msg("%s is let through", paths[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_operators_write_is_let_through),
        cmocka_unit_test(what_multiplies_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
