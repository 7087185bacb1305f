/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/netconf/filter-xpath.h"

#include <stdio.h>
#include <string.h>

static struct rpc_errors errors;

static bool is_bounded(const char *path)
{
    rpc_errors_clear(&errors);
    bool bounded = filter_xpath_is_bounded(path, &errors);
    assert_int_equal(errors.count, bounded ? 0 : 1);
    return bounded;
}

static void must_be_refused(const char *path, enum rpc_error_tag tag, const char *word)
{
    if (is_bounded(path))
        fail_msg("%s is let through", path);
    if (errors.items[0].tag != tag || strstr(errors.items[0].message, word) == NULL)
        fail_msg("%s: %s: %s", path, rpc_error_tag_text(errors.items[0].tag),
                 errors.items[0].message);
}

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
        "/",
        "//server/host",
        "//n:server[host]/n:port",
        "//*",
        "(//server)[1]",
        "//*[a]",
        "//*[a/b = 'x'][c]",
        "(//*)[a]",
        "(/a/b | /c)/d",
        "/a/n:*/b",
        "/a/b/text()",
        "/a/b[c >= -1 and not(d) or contains(string(e), 'x')]",
        "/a/b[count(c) = count(d) + 1]",
        "/a/b[-c = d]",
        "/a/b[c + 1 < d]",
        "/a/b[position() div 2 = 1]",
        "/a/b[derived-from-or-self(type, 'n:x')]",
        "/a/b[normalize-space(c)=\"it's\"]",
        "/a/b[text() = 'and']",
        "/and/or[mod div div]",
        "/mod[mod = 1]",
        " /a / b [ c ] ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (!is_bounded(paths[i]))
            fail_msg("%s is refused: %s", paths[i], errors.items[0].message);
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
        "/a[b][b][b][b][b][b][b][b][b][b][b][b][b][b][b][b][b]",
        "//*[//*[//*]]",
        "//*/*",
        "//./a",
        "//*[a]/b",
        "(//*)[a]/b",
        "//node()/a",
        "//n:*/a",
        "(/a | //*)/b",
        "//*/..",
        "/a/../b//c",
        "/a/b[* = *]",
        "/a/b[c != (d)]",
        "/a/b[not(c = d)]",
        "/a/b[((((((((((c))))))))))]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        must_be_refused(paths[i], RPC_RESOURCE_DENIED, "could take too long");
}

static void what_is_long_in_any_way_is_refused(void **state)
{
    static const struct {
        const char *begin;
        const char *part;
        const char *end;
    } kinds[] = {{"/a", " | /a", ""},  {"/a", "/a", ""},
                 {"/a", "/..", ""},    {"/a[b", " or b", "]"},
                 {"/a[", "not(", "b"}, {"/a[", "(", "b"},
                 {"", "(", "/a"},      {"/a[. = '", "' or . = '", "']"},
                 {"/a", "[b]", ""},    {"/a[contains(b,'')", " and contains(b,'')", "]"}};
    char path[FILTER_XPATH_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = (size_t)snprintf(path, sizeof(path), "%s", kinds[i].begin);
        while (len + strlen(kinds[i].part) + strlen(kinds[i].end) < sizeof(path))
            len += (size_t)snprintf(path + len, sizeof(path) - len, "%s", kinds[i].part);
        (void)snprintf(path + len, sizeof(path) - len, "%s", kinds[i].end);
        must_be_refused(path, RPC_RESOURCE_DENIED, "could take too long");
    }
}

/* libyang: a SIGFPE of the whole agent for `mod 0`. */
static void mod_is_refused(void **state)
{
    static const char *const paths[] = {
        "/a[1 mod 0]",
        "/a[b mod c]",
        "/a[b mod(0)]",
        "/a[-1 mod -1]",
        "/a[not(position() mod 0)]",
        "//*[contains(string(.), 'n5') or count(*) >= -1 and not(position() mod 0 = last())]"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        must_be_refused(paths[i], RPC_OPERATION_NOT_SUPPORTED, "operator mod ");
}

static void functions_and_axes_without_a_bound_are_refused_by_name(void **state)
{
    static const char *const names[] = {"re-match", "concat",    "translate",
                                        "deref",    "current",   "id",
                                        "lang",     "comment",   "processing-instruction",
                                        "x",        "re-match-", "n:count",
                                        "not-not"};
    static const char *const axes[] = {"ancestor",
                                       "ancestor-or-self",
                                       "attribute",
                                       "descendant",
                                       "descendant-or-self",
                                       "following",
                                       "following-sibling",
                                       "namespace",
                                       "preceding-sibling",
                                       "preceding",
                                       "parent",
                                       "n:self"};
    char path[100];
    char word[40];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(word, sizeof(word), "function %s()", names[i]);
        (void)snprintf(path, sizeof(path), "//*[%s('a', 'b')]", names[i]);
        must_be_refused(path, RPC_OPERATION_NOT_SUPPORTED, word);
        (void)snprintf(path, sizeof(path), "/a[not(b) and (1 + %s (c))]", names[i]);
        must_be_refused(path, RPC_OPERATION_NOT_SUPPORTED, word);
        (void)snprintf(path, sizeof(path), "%s(/a)/b", names[i]);
        must_be_refused(path, RPC_OPERATION_NOT_SUPPORTED, word);
    }
    for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++) {
        (void)snprintf(word, sizeof(word), "axis %s ", axes[i]);
        (void)snprintf(path, sizeof(path), "/a/%s::b", axes[i]);
        must_be_refused(path, RPC_OPERATION_NOT_SUPPORTED, word);
        (void)snprintf(path, sizeof(path), "/a[%s :: b]", axes[i]);
        must_be_refused(path, RPC_OPERATION_NOT_SUPPORTED, word);
    }
}

static void what_is_no_path_is_refused(void **state)
{
    static const char *const paths[] = {
        "",     " ",        "1",        "'a'",       "/a['",       "/a[",       "/a[]",
        "/a]",  "/a b",     "/a | ",    "| /a",      "/a//",       "///a",      "/a/1",
        "(/a",  "/a)",      "()",       "/a[b(]",    "/a[b,c]",    "/@a",       "/a[@b]",
        "$a",   "/a[$b]",   "/a[b=]",   "/a[=]",     "/a::b",      "/a[1 2]",   "/a{b}",
        "/a;b", "/child::", "/a[not(]", "/a[not(b]", "/a[not(,)]", "/a[text(]", "\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (is_bounded(paths[i]))
            fail_msg("%s is let through", paths[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_operators_write_is_let_through),
        cmocka_unit_test(what_multiplies_is_refused),
        cmocka_unit_test(what_is_long_in_any_way_is_refused),
        cmocka_unit_test(functions_and_axes_without_a_bound_are_refused_by_name),
        cmocka_unit_test(mod_is_refused),
        cmocka_unit_test(what_is_no_path_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
