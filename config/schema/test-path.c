/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/schema/compat.h"
#include "config/schema/path.h"
#include "config/schema/schema.h"

static void assert_step(struct cursor *in, struct path_step *step, const char *module,
                        const char *name, const char *keys)
{
    assert_true(path_next(in, step));
    assert_true(path_is(step->module, module));
    assert_true(path_is(step->name, name));
    assert_true(path_is(step->keys, keys));
}

static void a_name_without_a_module_is_in_that_of_the_step_before(void **state)
{
    struct cursor in = path_cursor("/a:b/c[d='/e']/f:g[1] / h [ . = \"]\" ]");
    struct path_step step = {.name = {NULL, 0}};

    (void)state;
    assert_step(&in, &step, "a", "b", "");
    assert_step(&in, &step, "a", "c", "[d='/e']");
    assert_step(&in, &step, "f", "g", "[1]");
    assert_step(&in, &step, "f", "h", "[ . = \"]\" ]");
    assert_false(path_next(&in, &step));
    assert_int_equal(cursor_left(&in), 0);
    assert_true(path_is(step.name, "h"));
}

static void keys_are_read_one_by_one(void **state)
{
    struct cursor keys = path_cursor("[x:k='v'][y=\"it's\"][.=''][42]");
    struct path_key key;

    (void)state;
    assert_true(path_next_key(&keys, &key));
    assert_true(path_is(key.name, "k"));
    assert_true(path_is(key.value, "v"));
    assert_true(path_next_key(&keys, &key));
    assert_true(path_is(key.value, "it's"));
    assert_true(path_next_key(&keys, &key));
    assert_int_equal(key.name.len, 0);
    assert_int_equal(key.value.len, 0);
    assert_int_equal(key.position, 0);
    assert_true(path_next_key(&keys, &key));
    assert_int_equal(key.position, 42);
    assert_false(path_next_key(&keys, &key));
}

static void an_attribute_is_a_step_too(void **state)
{
    struct path_step step;

    (void)state;
    assert_true(path_last("/a:b/@m:operation", &step));
    assert_true(path_is(step.module, "@m"));
    assert_true(path_is(step.name, "operation"));
    assert_true(path_last("/a:b/@c", &step));
    assert_true(path_is(step.name, "@c"));
}

static void what_is_no_path_is_told_by_what_is_left(void **state)
{
    static const char *const paths[] = {"a:b",     "/a:b/",   "/a:b[c='d",
                                        "/a:b[0]", "/a:b[c]", "/a:b c"};
    struct path_step step;

    (void)state;
    assert_true(path_last("", &step));
    assert_int_equal(step.name.len, 0);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_false(path_last(paths[i], &step));
}

static void a_path_leads_to_a_node_of_data_or_an_rpc(void **state)
{
    struct ly_ctx *schema = schema_new();

    (void)state;
    assert_string_equal(path_node(schema, "/nmspd-nmsp:nmsp/server[host='a']/port")->name, "port");
    assert_int_equal(path_node(schema, "/ietf-netconf:get-config")->nodetype, LYS_RPC);
    assert_string_equal(path_node(schema, "/ietf-netconf:get-config/source/running")->name,
                        "running");
    assert_null(path_node(schema, "/nmsp"));
    assert_null(path_node(schema, "/nmspd-nmsp:nope"));
    assert_null(path_node(schema, "/nmspd-nmsp:nmsp/server[host='a"));
    assert_null(path_node(schema, ""));
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_without_a_module_is_in_that_of_the_step_before),
        cmocka_unit_test(keys_are_read_one_by_one),
        cmocka_unit_test(an_attribute_is_a_step_too),
        cmocka_unit_test(what_is_no_path_is_told_by_what_is_left),
        cmocka_unit_test(a_path_leads_to_a_node_of_data_or_an_rpc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
