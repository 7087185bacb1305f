/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/netconf/printer.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

static struct ly_ctx *schema;

static int make_schema(void **state)
{
    (void)state;
    schema = schema_new();
    return schema == NULL;
}

static int free_schema(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

/* With all defaults, as the datastores are. */
static struct lyd_node *tree_of(const char *json)
{
    struct lyd_node *tree = NULL;

    assert_int_equal(
        lyd_parse_data_mem(schema, json, LYD_JSON, LYD_PARSE_STRICT, LYD_VALIDATE_NO_STATE, &tree),
        LY_SUCCESS);
    return tree;
}

/* The same as libyang's own printer writes, in each mode of defaults. */
static void expect_same(const struct lyd_node *tree)
{
    static const uint32_t modes[] = {LYD_PRINT_WD_EXPLICIT, LYD_PRINT_WD_ALL, LYD_PRINT_WD_TRIM};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct xmlbuf text = {.limit = 1 << 20};
        char *theirs = NULL;
        assert_int_equal(lyd_print_mem(&theirs, tree, LYD_XML,
                                       modes[i] | LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS),
                         LY_SUCCESS);
        printer_tree(&(struct printer){.out = &text, .options = modes[i]}, tree);
        xmlbuf_add(&text, "", 1);
        assert_false(text.full);
        assert_string_equal(text.bytes, theirs != NULL ? theirs : "");
        xmlbuf_fini(&text);
        free(theirs);
    }
}

static void expect_same_json(const char *json)
{
    struct lyd_node *tree = tree_of(json);

    expect_same(tree);
    lyd_free_all(tree);
}

static void a_configuration_is_written_as_libyang_writes_it(void **state)
{
    (void)state;
    expect_same_json("{}");
    expect_same_json(
        "{\"nmspd-system:system\":{\"hostname\":\"a\"},"
        "\"nmspd-nmsp:nmsp\":{\"enable\":true,\"listen\":{},"
        "\"server\":[{\"host\":\"h\",\"port\":16113,\"mac\":\"0050.569c.3489\"}]},"
        "\"nmspd-location:location\":{\"algorithm\":\"simple\",\"expiry\":{\"client\":15}},"
        "\"nmspd-radio:radios\":{\"radio\":[{\"interface\":\"wlan0\",\"ap-name\":\"a<b&c>\"}]}}");
}

static void a_value_with_names_of_modules_declares_their_prefixes(void **state)
{
    (void)state;
    expect_same_json("{\"ietf-netconf-acm:nacm\":{\"rule-list\":[{\"name\":\"l\",\"group\":[\"*\"],"
                     "\"rule\":[{\"name\":\"r\",\"action\":\"deny\",\"access-operations\":\"read\","
                     "\"path\":\"/nmspd-aaa:aaa/attribute-list[name='x']\"}]}]}}");
}

static void an_identity_has_the_prefix_of_its_module(void **state)
{
    struct lyd_node *tree = NULL;
    const char *path = "/ietf-netconf-monitoring:netconf-state/sessions/session[session-id='1']"
                       "/transport";

    (void)state;
    assert_int_equal(lyd_new_path(NULL, schema, path, "nmspd-netconf:unix-socket", 0, &tree),
                     LY_SUCCESS);
    expect_same(tree);
    lyd_free_all(tree);
}

static void a_state_is_written_as_libyang_writes_it(void **state)
{
    struct lyd_node *tree = NULL;

    (void)state;
    assert_int_equal(ly_ctx_get_yanglib_data(schema, &tree, "%u", 1U), LY_SUCCESS);
    expect_same(tree);
    lyd_free_all(tree);
}

static void attributes_are_kept(void **state)
{
    struct lyd_node *tree = tree_of("{\"nmspd-system:system\":{\"hostname\":\"a\"}}");
    struct xmlbuf text = {.limit = 1 << 20};
    struct lyd_node *name = NULL;

    (void)state;
    assert_int_equal(lyd_find_path(tree, "/nmspd-system:system/hostname", 0, &name), LY_SUCCESS);
    assert_int_equal(lyd_new_meta(schema, name, NULL, "ietf-netconf:operation", "merge", 0, NULL),
                     LY_SUCCESS);
    printer_tree(&(struct printer){.out = &text, .options = LYD_PRINT_WD_EXPLICIT}, tree);
    xmlbuf_add(&text, "", 1);
    assert_non_null(strstr(text.bytes, ":operation=\"merge\">a</hostname>"));
    xmlbuf_fini(&text);
    lyd_free_all(tree);
}

static void a_tree_beyond_the_limit_makes_the_text_full(void **state)
{
    struct lyd_node *tree = tree_of("{\"nmspd-system:system\":{\"hostname\":\"a\"}}");

    (void)state;
    for (size_t limit = 0; limit < 70; limit++) {
        struct xmlbuf text = {.limit = limit};
        printer_tree(&(struct printer){.out = &text, .options = LYD_PRINT_WD_EXPLICIT}, tree);
        assert_true(text.full);
        assert_true(text.len <= limit);
        xmlbuf_fini(&text);
    }
    lyd_free_all(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_is_written_as_libyang_writes_it),
        cmocka_unit_test(a_value_with_names_of_modules_declares_their_prefixes),
        cmocka_unit_test(an_identity_has_the_prefix_of_its_module),
        cmocka_unit_test(a_state_is_written_as_libyang_writes_it),
        cmocka_unit_test(attributes_are_kept),
        cmocka_unit_test(a_tree_beyond_the_limit_makes_the_text_full),
    };
    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
