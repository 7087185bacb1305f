/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of the startup file, as state. */
#include "config/datastore/test-store-bed.h"

#include "config/state/state-parts.h"

#include <unistd.h>

/* Valid data; lyd_free_all() it. */
static struct lyd_node *state_of_store(const struct store *store)
{
    const struct lys_module *module = ly_ctx_get_module_implemented(bed.schema, "nmspd-system");
    struct state_tree state = {.options = {.schema = bed.schema, .store = store}};
    struct state_maker m = {.out_of_memory = false};
    struct lyd_node *root = NULL;

    assert_int_equal(lyd_new_inner(NULL, module, "system-state", 0, &root), LY_SUCCESS);
    state_fill_system(&state, &m, root);
    assert_false(m.out_of_memory);
    assert_int_equal(lyd_validate_module(&root, module, 0, NULL), LY_SUCCESS);
    while (strcmp(LYD_NAME(root), "system-state") != 0) /* the defaults of what is configured */
        root = root->next;
    return root;
}

static void expect_state(const char *quoted)
{
    struct lyd_node *tree = state_of_store(bed.store);
    char *text = NULL;
    char found[2048] = "";

    (void)lyd_print_mem(&text, lyd_child(tree), LYD_JSON, LYD_PRINT_SHRINK);
    if (text != NULL)
        (void)snprintf(found, sizeof(found), "%s", text);
    for (char *at = found; *at != '\0'; at++)
        if (*at == '"')
            *at = '\'';
    assert_string_equal(found, quoted);
    free(text);
    lyd_free_all(tree);
}

#define GOOD         "{'nmspd-nmsp:nmsp':{'enable':true}}"
#define BAD          "{'nmspd-nmsp:nmsp':{\n'enable':7}}"
#define HAS(content) "{'nmspd-system:startup':{" content "}}"

static void a_startup_that_was_taken_has_no_fault(void **state)
{
    (void)state;
    bed_start_with(GOOD);
    expect_state(HAS("'origin':'startup'"));
}

static void a_startup_that_was_not_taken_is_told_with_its_faults_until_it_is_mended(void **state)
{
    (void)state;
    bed_write(bed.path, BAD);
    bed_start();
    expect_state(HAS("'origin':'empty','fault':[{'line':2,'path':'/nmspd-nmsp:nmsp/enable',"
                     "'reason':'must be true or false, without quotes'}]"));
    bed_write(bed.path, GOOD);
    rpc_errors_clear(&bed.errors);
    assert_true(store_reload(bed.store, &bed.errors));
    expect_state(HAS("'origin':'empty'"));
}

static void the_last_good_configuration_is_told_as_the_origin(void **state)
{
    (void)state;
    bed_start_with(GOOD);
    assert_true(bed_save(STORE_RUNNING));
    bed_write(bed.path, "{ nothing");
    bed_restart();
    struct lyd_node *tree = state_of_store(bed.store);
    const struct lyd_node *startup = lyd_child(tree);
    assert_string_equal(lyd_get_value(lyd_child(startup)), "last-good");
    assert_non_null(lyd_child(startup)->next);
    lyd_free_all(tree);
}

static void a_startup_that_is_missing_is_no_fault(void **state)
{
    (void)state;
    bed_start();
    expect_state(HAS("'origin':'empty'"));
}

static void without_a_store_nothing_is_told(void **state)
{
    (void)state;
    struct lyd_node *tree = state_of_store(NULL);
    assert_string_equal(LYD_NAME(tree), "system-state");
    lyd_free_all(tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_before, bed_after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_startup_that_was_taken_has_no_fault),
        TEST(a_startup_that_was_not_taken_is_told_with_its_faults_until_it_is_mended),
        TEST(the_last_good_configuration_is_told_as_the_origin),
        TEST(a_startup_that_is_missing_is_no_fault),
        TEST(without_a_store_nothing_is_told),
    };
    return cmocka_run_group_tests(tests, bed_open, bed_close);
}
