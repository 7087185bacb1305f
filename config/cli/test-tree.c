/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/cli/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[64 * 1024];

static struct tree *read_text(const char *text)
{
    (void)snprintf(message, sizeof(message), "%s", text);
    return tree_read(message, strlen(message));
}

static void refuses(const char *text)
{
    assert_null(read_text(text));
}

static void names_have_no_prefix_and_texts_no_markup(void **state)
{
    struct tree *tree = read_text("<?xml version='1.0'?>\n<nc:a x=\"1 > 0\" xmlns:nc='u'>"
                                  "<b>1 &lt; 2 &#38; &#x33;</b><!-- <c/> --><c/>"
                                  "<d><![CDATA[<&>]]></d></nc:a>\n");

    (void)state;
    assert_non_null(tree);
    assert_string_equal(tree->name, "a");
    assert_string_equal(tree_text(tree, "b"), "1 < 2 & 3");
    assert_string_equal(tree_text(tree, "c"), "");
    assert_string_equal(tree_text(tree, "d"), "<&>");
    assert_null(tree_text(tree, "e"));
    free(tree);
}

static void paths_lead_to_the_first_and_lists_to_each(void **state)
{
    struct tree *tree = read_text("<a><l><k>1</k></l><x/><l><k>22</k></l></a>");
    uint64_t sum = 0;

    (void)state;
    for (TREE_EACH(entry, tree, "l"))
        sum += tree_number(entry, "k");
    assert_int_equal(sum, 23);
    assert_string_equal(tree_text(tree, "l/k"), "1");
    assert_true(tree_is(tree, "l/k", "1"));
    assert_string_equal(tree_or(tree, "l/m", "-"), "-");
    assert_null(tree_at(NULL, "l"));
    free(tree);
}

static void characters_beyond_ascii_are_utf8(void **state)
{
    struct tree *tree = read_text("<a>&#228;&#x20ac;&#x1f600;</a>");

    (void)state;
    assert_string_equal(tree->text, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    free(tree);
}

static void what_is_not_well_formed_is_refused(void **state)
{
    (void)state;
    refuses("");
    refuses("text");
    refuses("<a>");
    refuses("</a>");
    refuses("<a></a></a>");
    refuses("<a/><b/>");
    refuses("<a b='></a>");
    refuses("<a>&none;</a>");
    refuses("<a>&#0;</a>");
    refuses("<a>&#xffffffffffff;</a>");
    refuses("<a>&amp</a>");
    refuses("<!DOCTYPE a><a/>");
    refuses("<a><![CDATA[</a>");
}

static void depth_is_bounded(void **state)
{
    char text[1024] = "";

    (void)state;
    for (int i = 0; i < 65; i++)
        (void)strcat(text, "<a>");
    for (int i = 0; i < 65; i++)
        (void)strcat(text, "</a>");
    refuses(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_no_prefix_and_texts_no_markup),
        cmocka_unit_test(paths_lead_to_the_first_and_lists_to_each),
        cmocka_unit_test(characters_beyond_ascii_are_utf8),
        cmocka_unit_test(what_is_not_well_formed_is_refused),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
