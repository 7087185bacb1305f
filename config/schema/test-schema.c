/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    schema_free(NULL);
    return 0;
}

static const struct lys_module *embedded(size_t index)
{
    const struct schema_module *module = &schema_modules[index];
    const struct lys_module *loaded = ly_ctx_get_module(schema, module->name, module->revision);

    if (loaded == NULL)
        fail_msg("%s@%s is not loaded", module->name, module->revision);
    return loaded;
}

static void every_embedded_module_is_implemented(void **state)
{
    (void)state;
    assert_true(schema_module_count >= 6);
    for (size_t i = 0; i < schema_module_count; i++) {
        assert_true(embedded(i)->implemented);
        assert_non_null(embedded(i)->compiled);
        assert_true(i == 0 || strcmp(schema_modules[i - 1].name, schema_modules[i].name) < 0);
    }
}

static void every_module_and_revision_has_a_description_and_a_reference(void **state)
{
    const bool full = strcmp(getenv("NMSPD_YANG"), "full") == 0; /* else they are left out */

    (void)state;
    for (size_t i = 0; i < schema_module_count; i++) {
        const struct lys_module *module = embedded(i);
        LY_ARRAY_COUNT_TYPE u = 0;
        assert_true((module->dsc != NULL) == full);
        assert_true((module->ref != NULL) == full);
        assert_true((module->org != NULL) == full);
        assert_true((module->contact != NULL) == full);
        assert_true(LY_ARRAY_COUNT(module->parsed->revs) > 0);
        LY_ARRAY_FOR(module->parsed->revs, u)
        {
            assert_true((module->parsed->revs[u].dsc != NULL) == full);
            assert_true((module->parsed->revs[u].ref != NULL) == full);
        }
    }
}

static void the_namespace_of_a_module_follows_from_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_module_count; i++) {
        char expected[128];
        (void)snprintf(expected, sizeof(expected), "urn:nmspd:yang:%s", schema_modules[i].name);
        assert_string_equal(embedded(i)->ns, expected);
    }
}

static bool has_data(const char *name)
{
    return strcmp(name, "nmspd-types") != 0 && strcmp(name, "nmspd-netconf") != 0;
}

/* One container at the top of each module keeps room for what comes later beside it. */
static void a_module_has_at_most_one_container_of_configuration(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_module_count; i++) {
        size_t count = 0;
        for (const struct lysc_node *node = embedded(i)->compiled->data; node; node = node->next) {
            count += (node->flags & LYS_CONFIG_W) != 0;
            assert_int_equal(node->nodetype, LYS_CONTAINER);
        }
        assert_int_equal(count, has_data(schema_modules[i].name) ? 1 : 0);
    }
}

static bool has_feature(const char *name)
{
    const struct lys_module *module = ly_ctx_get_module_implemented(schema, "ietf-netconf");
    assert_non_null(module);
    return lys_feature_value(module, name) == LY_SUCCESS;
}

static void the_modules_of_netconf_are_there_with_what_the_door_can_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_standard_module_count; i++) {
        const struct schema_module *module = &schema_standard_modules[i];
        const struct lys_module *loaded = ly_ctx_get_module(schema, module->name, module->revision);
        assert_non_null(loaded);
        assert_true(loaded->implemented);
        assert_ptr_equal(schema_find(module->name, NULL), module);
    }
    assert_non_null(ly_ctx_get_module_implemented(schema, "ietf-yang-library"));
    assert_null(schema_find("ietf-yang-library", NULL));
    assert_true(has_feature("candidate"));
    assert_true(has_feature("confirmed-commit"));
    assert_true(has_feature("xpath"));
    assert_false(has_feature("url"));
}

static void a_schema_can_be_made_again_and_beside_another(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct ly_ctx *other = schema_new();
        assert_non_null(other);
        schema_free(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_embedded_module_is_implemented),
        cmocka_unit_test(every_module_and_revision_has_a_description_and_a_reference),
        cmocka_unit_test(the_namespace_of_a_module_follows_from_its_name),
        cmocka_unit_test(a_module_has_at_most_one_container_of_configuration),
        cmocka_unit_test(the_modules_of_netconf_are_there_with_what_the_door_can_do),
        cmocka_unit_test(a_schema_can_be_made_again_and_beside_another),
    };
    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
