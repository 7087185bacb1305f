/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tags, app-tags and paths of RFC 7950, 15, with a module that breaks every rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/errors/rpc-error.h"
#include "config/schema/compat.h"

static const char module[] =
    "module m { yang-version 1.1; namespace 'urn:m'; prefix m;"
    " container top {"
    "  presence 'it is there';"
    "  list few { key k; min-elements 1; leaf k { type string; } }"
    "  list many { key k; max-elements 1; leaf k { type string; } }"
    "  list one { key k; unique 'a b'; leaf k { type string; } leaf a { type uint8; }"
    "   leaf b { type uint8; } }"
    "  choice c { mandatory true; leaf c1 { type string; } leaf c2 { type string; } }"
    "  leaf must { type uint8; must '. != 1'; must '. != 2' { error-message 'is two: give three'; }"
    "   must '. != 3' { error-message 'is three'; error-app-tag 'own-tag'; }"
    "   must '. != 4' { error-app-tag 'other-tag'; } }"
    "  leaf ref { type leafref { path '../many/k'; } }"
    "  leaf number { type uint8 { range '1..9' { error-message 'is none of 1 to 9'; } } }"
    "  list entry { key k; leaf k { type string; } leaf needed { type string; mandatory true; } }"
    " } }";

static struct ly_ctx *schema;
static struct rpc_errors errors;

static int set_up(void **state)
{
    (void)state;
    ly_log_level(LY_LLERR);
    (void)ly_log_options(LY_LOSTORE);
    return ly_ctx_new(NULL, 0, &schema) != LY_SUCCESS ||
           lys_parse_mem(schema, module, LYS_IN_YANG, NULL) != LY_SUCCESS;
}

static int tear_down(void **state)
{
    (void)state;
    ly_ctx_destroy(schema);
    return 0;
}

static void refuse(const char *xml)
{
    struct lyd_node *tree = NULL;

    ly_err_clean(schema, NULL);
    rpc_errors_clear(&errors);
    LY_ERR result =
        lyd_parse_data_mem(schema, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &tree);
    if (result == LY_SUCCESS)
        result = lyd_validate_all(&tree, schema, LYD_VALIDATE_NO_STATE | COMPAT_VALIDATE_ALL_FAULTS,
                                  NULL);
    assert_int_not_equal(result, LY_SUCCESS);
    rpc_errors_from_libyang(&errors, schema, tree);
    lyd_free_all(tree);
}

/* What must hold of the content of /m:top, beside the rules that it breaks itself. */
#define TOP(content) "<top xmlns='urn:m'><few><k>1</k></few><c1>x</c1>" content "</top>"

static void expect(enum rpc_error_tag tag, const char *app_tag, const char *path)
{
    const struct rpc_error *error = &errors.items[0];

    assert_true(errors.count > 0);
    if (error->tag != tag || strcmp(error->path, path) != 0)
        fail_msg("%s: %s: %s\nbut not %s: %s", rpc_error_tag_text(error->tag), error->path,
                 error->message, rpc_error_tag_text(tag), path);
    assert_int_equal(error->type, RPC_ERROR_APPLICATION);
    if (app_tag == NULL)
        assert_null(error->app_tag);
    else
        assert_string_equal(error->app_tag, app_tag);
    assert_true(error->message[0] != '\0');
}

static void a_must_that_is_violated_is_operation_failed_with_its_own_words_and_app_tag(void **state)
{
    (void)state;
    refuse(TOP("<must>1</must>"));
    expect(RPC_OPERATION_FAILED, "must-violation", "/m:top/must");
    refuse(TOP("<must>2</must>"));
    expect(RPC_OPERATION_FAILED, "must-violation", "/m:top/must");
    assert_string_equal(errors.items[0].message, "is two: give three");
    refuse(TOP("<must>3</must>"));
    expect(RPC_OPERATION_FAILED, "own-tag", "/m:top/must");
    assert_string_equal(errors.items[0].message, "is three");
    refuse(TOP("<must>4</must>"));
    expect(RPC_OPERATION_FAILED, "other-tag", "/m:top/must");
}

static void entries_that_are_not_unique_are_named(void **state)
{
    (void)state;
    refuse(TOP("<one><k>x</k><a>1</a><b>2</b></one><one><k>y</k><a>1</a><b>2</b></one>"));
    assert_int_equal(errors.items[0].tag, RPC_OPERATION_FAILED);
    assert_string_equal(errors.items[0].app_tag, "data-not-unique");
    assert_non_null(strstr(errors.items[0].path, "/m:top/one"));
    assert_non_null(strstr(errors.items[0].message, "a b"));
}

static void too_few_and_too_many_entries_have_their_app_tags(void **state)
{
    (void)state;
    refuse("<top xmlns='urn:m'><c1>x</c1></top>");
    expect(RPC_OPERATION_FAILED, "too-few-elements", "/m:top/few");
    refuse(TOP("<many><k>1</k></many><many><k>a/b[</k></many>"));
    expect(RPC_OPERATION_FAILED, "too-many-elements", "/m:top/many");
}

static void a_choice_that_is_missing_is_data_missing(void **state)
{
    (void)state;
    refuse("<top xmlns='urn:m'><few><k>1</k></few></top>");
    assert_int_equal(errors.items[0].tag, RPC_DATA_MISSING);
    assert_string_equal(errors.items[0].app_tag, "missing-choice");
    assert_non_null(strstr(errors.items[0].path, "/m:top"));
}

static void a_reference_that_leads_nowhere_is_data_missing(void **state)
{
    (void)state;
    refuse(TOP("<ref>x</ref>"));
    expect(RPC_DATA_MISSING, "instance-required", "/m:top/ref");
}

static void a_mandatory_leaf_that_is_missing_is_data_missing_at_its_place(void **state)
{
    (void)state;
    refuse(TOP("<entry><k>x</k><needed>1</needed></entry><entry><k>y</k></entry>"));
    expect(RPC_DATA_MISSING, NULL, "/m:top/entry[k='y']/needed");
}

static void a_value_out_of_its_range_is_invalid_in_the_words_of_the_module(void **state)
{
    (void)state;
    refuse(TOP("<number>0</number>"));
    expect(RPC_INVALID_VALUE, NULL, "/m:top/number");
    assert_string_equal(errors.items[0].message, "is none of 1 to 9");
    refuse(TOP("<number>x</number>"));
    expect(RPC_INVALID_VALUE, NULL, "/m:top/number");
}

static void a_key_that_is_missing_is_a_missing_element(void **state)
{
    (void)state;
    refuse(TOP("<entry><needed>x</needed></entry>"));
    expect(RPC_MISSING_ELEMENT, NULL, "/m:top/entry/k");
    assert_string_equal(errors.items[0].bad_element, "k");
}

static void what_the_schema_does_not_know_is_an_unknown_element(void **state)
{
    (void)state;
    refuse(TOP("<what/>"));
    expect(RPC_UNKNOWN_ELEMENT, NULL, "/m:top/what");
    assert_string_equal(errors.items[0].bad_element, "what");
    refuse("<what xmlns='urn:what'/>");
    assert_int_equal(errors.items[0].tag, RPC_UNKNOWN_NAMESPACE);
}

static void without_a_reason_there_is_an_error_all_the_same(void **state)
{
    (void)state;
    ly_err_clean(schema, NULL);
    rpc_errors_clear(&errors);
    rpc_errors_from_libyang(&errors, schema, NULL);
    assert_int_equal(errors.count, 1);
    assert_int_equal(errors.items[0].tag, RPC_OPERATION_FAILED);
}

/* --- the set --------------------------------------------------------------------------------- */

static void a_full_set_counts_what_it_drops(void **state)
{
    (void)state;
    rpc_errors_clear(&errors);
    for (int i = 0; i < RPC_ERRORS_MAX + 3; i++) {
        struct rpc_error *error =
            rpc_error_add(&errors, RPC_ERROR_PROTOCOL, RPC_IN_USE, "/p", "error %d", i);
        assert_non_null(error);
        error->session = 1;
    }
    assert_int_equal(errors.count, RPC_ERRORS_MAX);
    assert_int_equal(errors.omitted, 3);
    assert_string_equal(errors.items[RPC_ERRORS_MAX - 1].message, "error 7");
    rpc_errors_clear(&errors);
    assert_int_equal(errors.count + errors.omitted, 0);
}

static void foreign_text_is_made_safe(void **state)
{
    (void)state;
    rpc_errors_clear(&errors);
    (void)rpc_error_add(&errors, RPC_ERROR_RPC, RPC_BAD_ELEMENT, "/a\nb", "c\x1b[d");
    assert_null(strchr(errors.items[0].path, '\n'));
    assert_null(strchr(errors.items[0].message, '\x1b'));
}

static void faults_become_errors_with_their_paths(void **state)
{
    struct config_error faults;

    (void)state;
    rpc_errors_clear(&errors);
    config_error_clear(&faults);
    config_error_add(&faults, CONFIG_INVALID, 3, "/a:b", "is wrong");
    config_error_add(&faults, CONFIG_INVALID, 4, "/a:c", "is wrong too");
    rpc_errors_from_faults(&errors, &faults);
    assert_int_equal(errors.count, 2);
    expect(RPC_INVALID_VALUE, NULL, "/a:b");
    rpc_errors_clear(&errors);
    config_error_clear(&faults);
    config_error_add(&faults, CONFIG_NO_MEMORY, 0, NULL, "memory is out");
    rpc_errors_from_faults(&errors, &faults);
    expect(RPC_RESOURCE_DENIED, NULL, "");
}

static void every_tag_and_type_has_the_name_of_the_rfc(void **state)
{
    (void)state;
    assert_string_equal(rpc_error_tag_text(RPC_IN_USE), "in-use");
    assert_string_equal(rpc_error_tag_text(RPC_LOCK_DENIED), "lock-denied");
    assert_string_equal(rpc_error_tag_text(RPC_MALFORMED_MESSAGE), "malformed-message");
    for (int tag = RPC_IN_USE; tag <= RPC_MALFORMED_MESSAGE; tag++)
        assert_non_null(rpc_error_tag_text((enum rpc_error_tag)tag));
    for (int type = RPC_ERROR_TRANSPORT; type <= RPC_ERROR_APPLICATION; type++)
        assert_non_null(rpc_error_type_text((enum rpc_error_type)type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_must_that_is_violated_is_operation_failed_with_its_own_words_and_app_tag),
        cmocka_unit_test(entries_that_are_not_unique_are_named),
        cmocka_unit_test(too_few_and_too_many_entries_have_their_app_tags),
        cmocka_unit_test(a_choice_that_is_missing_is_data_missing),
        cmocka_unit_test(a_reference_that_leads_nowhere_is_data_missing),
        cmocka_unit_test(a_mandatory_leaf_that_is_missing_is_data_missing_at_its_place),
        cmocka_unit_test(a_value_out_of_its_range_is_invalid_in_the_words_of_the_module),
        cmocka_unit_test(a_key_that_is_missing_is_a_missing_element),
        cmocka_unit_test(what_the_schema_does_not_know_is_an_unknown_element),
        cmocka_unit_test(without_a_reason_there_is_an_error_all_the_same),
        cmocka_unit_test(a_full_set_counts_what_it_drops),
        cmocka_unit_test(foreign_text_is_made_safe),
        cmocka_unit_test(faults_become_errors_with_their_paths),
        cmocka_unit_test(every_tag_and_type_has_the_name_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
