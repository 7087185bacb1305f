/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "config/datastore/json.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* From memory of exactly this length, so that a sanitizer sees any byte read beyond it. */
static bool check_exact(const char *text, size_t len, struct json_fault *fault)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    bool fine = json_check(copy, len, fault);
    free(copy);
    return fine;
}

static void assert_refused(const char *text, unsigned line, unsigned column, const char *reason)
{
    struct json_fault fault = {0};

    if (check_exact(text, strlen(text), &fault))
        fail_msg("this was taken for JSON: %s", text);
    assert_string_equal(fault.reason, reason);
    if (fault.line != line || fault.column != column)
        fail_msg("%s: the fault is at %u:%u, not %u:%u", text, line, column, fault.line,
                 fault.column);
}

static const char *const good[] = {
    "{}",
    " \t\r\n{ \n } \n",
    "{\"a\":{}}",
    "{\"a\":[],\"b\":[1,2],\"c\":[{},{}]}",
    "{\"a\":\"\",\"b\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\"}",
    "{\"a\":0,\"b\":-0,\"c\":10,\"d\":1.5,\"e\":1e9,\"f\":-1.25E-3,\"g\":2E+1}",
    "{\"a\":true,\"b\":false,\"c\":null}",
    "{ \"a\" : [ 1 , 2 ] , \"b\" : { \"c\" : true } }",
    /* UTF-8 at both ends of each length */
    "{\"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F"
    "\xBF"
    "\xBF\":1}",
};

static void what_rfc_8259_allows_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct json_fault fault = {0};
        if (!check_exact(good[i], strlen(good[i]), &fault))
            fail_msg("%s: %u:%u: %s", good[i], fault.line, fault.column, fault.reason);
    }
}

static void a_text_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        size_t len = (size_t)(strrchr(good[i], '}') - good[i]);
        for (; len > 0; len--) {
            struct json_fault fault = {0};
            if (check_exact(good[i], len, &fault))
                fail_msg("the first %zu bytes were taken for JSON: %s", len, good[i]);
            assert_non_null(fault.reason);
        }
    }
}

static void a_document_is_one_object_and_nothing_else(void **state)
{
    (void)state;
    assert_refused("", 1, 1, "there is nothing in it: an empty configuration is {}");
    assert_refused(" \n ", 2, 2, "there is nothing in it: an empty configuration is {}");
    assert_refused("[]", 1, 1, "a configuration begins with {");
    assert_refused("\"{}\"", 1, 1, "a configuration begins with {");
    assert_refused("\xEF\xBB\xBF{}", 1, 1, "a configuration begins with {");
    assert_refused("{} {}", 1, 4, "nothing may stand after the last }");
    assert_refused("{}}", 1, 3, "nothing may stand after the last }");
    assert_refused("// note\n{}", 1, 1, "a configuration begins with {");
}

static void a_fault_is_told_with_its_line_and_column(void **state)
{
    (void)state;
    assert_refused("{\n \"a\": 1\n \"b\": 2\n}", 3, 2, "a comma or } must stand here");
    assert_refused("{\"a\":[1 2]}", 1, 9, "a comma or ] must stand here");
    assert_refused("{\"a\":1,}", 1, 8,
                   "nothing may stand between the last comma and the closing bracket");
    assert_refused("{\"a\":[1,\n]}", 2, 1,
                   "nothing may stand between the last comma and the closing bracket");
    assert_refused("{\"a\" 1}", 1, 6, "a colon must stand between a name and its value");
    assert_refused("{a:1}", 1, 2, "a string in double quotes must stand here");
    assert_refused("{'a':1}", 1, 2, "a string in double quotes must stand here");
    assert_refused("{,}", 1, 2, "a string in double quotes must stand here");
}

static void what_ends_too_early_is_said_to_end(void **state)
{
    (void)state;
    assert_refused("{", 1, 2, "the text ends here, but brackets are still open");
    assert_refused("{\"a\":1", 1, 7, "the text ends here, but brackets are still open");
    assert_refused("{\"a\":1,", 1, 8, "the text ends here, but brackets are still open");
    assert_refused("{\"a\":[1", 1, 8, "the text ends here, but brackets are still open");
    assert_refused("{\"a\":", 1, 6, "the text ends where a value must stand");
    assert_refused("{\"a", 1, 4, "the text ends within a string");
    assert_refused("{\"a\\", 1, 5, "the text ends within a string");
    assert_refused("{\"a\\u12", 1, 8, "\\u needs four hex digits");
}

static void a_value_that_is_none_is_refused(void **state)
{
    static const char any_value[] = "a value must stand here: a string in double quotes, a number, "
                                    "true, false, [ or {";
    (void)state;
    assert_refused("{\"a\":yes}", 1, 6, any_value);
    assert_refused("{\"a\":True}", 1, 6, any_value);
    assert_refused("{\"a\":tru}", 1, 6, any_value);
    assert_refused("{\"a\":'b'}", 1, 6, any_value);
    assert_refused("{\"a\":.5}", 1, 6, any_value);
    assert_refused("{\"a\":+1}", 1, 6, any_value);
    assert_refused("{\"a\":}", 1, 6, any_value);
    assert_refused("{\"a\":truefalse}", 1, 10, "a comma or } must stand here");
}

static void a_number_has_the_form_of_the_rfc(void **state)
{
    (void)state;
    assert_refused("{\"a\":01}", 1, 7, "a number must not begin with 0");
    assert_refused("{\"a\":-}", 1, 7, "a number that is not finished");
    assert_refused("{\"a\":1.}", 1, 8, "a number that is not finished");
    assert_refused("{\"a\":1e}", 1, 8, "a number that is not finished");
    assert_refused("{\"a\":1e-+1}", 1, 9, "a number that is not finished");
    assert_refused("{\"a\":0x10}", 1, 7, "a comma or } must stand here");
}

static void a_string_holds_text_only(void **state)
{
    struct json_fault fault = {0};

    (void)state;
    assert_refused("{\"a\":\"b\n\"}", 1, 8,
                   "a control character in a string: is its closing quote missing?");
    assert_refused("{\"a\":\"\\x41\"}", 1, 8, "an escape that JSON does not know");
    assert_refused("{\"a\":\"\\u00g0\"}", 1, 11, "\\u needs four hex digits");
    assert_false(check_exact("{\"a\":\"\0\"}", 9, &fault));
    assert_string_equal(fault.reason,
                        "a control character in a string: is its closing quote missing?");
    assert_false(check_exact("{\"a\":\"\\\0\"}", 10, &fault));
    assert_string_equal(fault.reason, "an escape that JSON does not know");
    assert_false(check_exact("{}\0", 3, &fault));
    assert_string_equal(fault.reason, "nothing may stand after the last }");
}

static void bytes_that_are_not_utf8_are_refused(void **state)
{
    static const char *const bad[] = {
        "{\"\x80\":1}",             /* begins within a character */
        "{\"\xC1\xBF\":1}",         /* a longer form than is needed */
        "{\"\xE0\x9F\xBF\":1}",     /* the same in three */
        "{\"\xF0\x8F\xBF\xBF\":1}", /* and in four bytes */
        "{\"\xED\xA0\x80\":1}",     /* a surrogate */
        "{\"\xF4\x90\x80\x80\":1}", /* above U+10FFFF */
        "{\"\xF5\x80\x80\x80\":1}",
        "{\"\xFF\":1}",
        "{\"\xE4\":1}", /* Latin-1 */
        "{\"\xE2\x82\":1}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct json_fault fault = {0};
        assert_false(check_exact(bad[i], strlen(bad[i]), &fault));
        assert_non_null(strstr(fault.reason, "not UTF-8"));
    }
}

static bool check_nested(char opening, unsigned depth, struct json_fault *fault)
{
    size_t len = 0;
    char *text = malloc((size_t)depth * 6 + 2);

    assert_non_null(text);
    for (unsigned i = 0; i < depth; i++) {
        const char *open = i == 0 || opening == '{' ? "{\"a\":" : "[";
        memcpy(text + len, open, strlen(open));
        len += strlen(open);
    }
    text[len++] = '1';
    for (unsigned i = depth; i > 0; i--)
        text[len++] = i == 1 || opening == '{' ? '}' : ']';
    bool fine = check_exact(text, len, fault);
    free(text);
    return fine;
}

static void nesting_is_bounded(void **state)
{
    struct json_fault fault = {0};

    (void)state;
    assert_true(check_nested('{', JSON_DEPTH_MAX, &fault));
    assert_true(check_nested('[', JSON_DEPTH_MAX, &fault));
    assert_false(check_nested('{', JSON_DEPTH_MAX + 1, &fault));
    assert_string_equal(fault.reason, "brackets are nested too deep for a configuration");
    assert_false(check_nested('[', 1000000, &fault));
    assert_string_equal(fault.reason, "brackets are nested too deep for a configuration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_rfc_8259_allows_is_taken),
        cmocka_unit_test(a_text_cut_anywhere_is_refused),
        cmocka_unit_test(a_document_is_one_object_and_nothing_else),
        cmocka_unit_test(a_fault_is_told_with_its_line_and_column),
        cmocka_unit_test(what_ends_too_early_is_said_to_end),
        cmocka_unit_test(a_value_that_is_none_is_refused),
        cmocka_unit_test(a_number_has_the_form_of_the_rfc),
        cmocka_unit_test(a_string_holds_text_only),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(nesting_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
