/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources count under the names that nmspd-radio.yang has, and somebody counts under each of them.
 * Here, because it needs two rooms that do not know each other. */
#include "agent/base/log.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"
#include "platform/air/rogues.h"
#include "platform/helper/helper.h"
#include "platform/nl80211/family.h"
#include "platform/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

enum { SOURCES = 16 };

static struct ly_ctx *schema;
static struct source_counters *counted;

static void keep_quiet(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

static const struct lysc_node *state_node(const char *below)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "/nmspd-radio:radio-state/%s", below);
    return lys_find_path(schema, NULL, path, 0);
}

static void every_counter_of_a_source_is_a_leaf(void **state)
{
    size_t tables = 0;

    (void)state;
    for (const struct source_counters *c = counted; c != NULL; c = c->next) {
        tables++;
        for (size_t i = 0; c->table[i].name != NULL; i++) {
            const struct lysc_node *leaf = state_node(c->table[i].name);
            if (leaf == NULL || leaf->nodetype != LYS_LEAF)
                fail_msg("%s is no leaf", c->table[i].name);
        }
    }
    assert_true(tables >= 6);
}

static bool is_counted(const char *name)
{
    for (const struct source_counters *c = counted; c != NULL; c = c->next) {
        for (size_t i = 0; c->table[i].name != NULL; i++) {
            if (strcmp(c->table[i].name, name) == 0)
                return true;
        }
    }
    return false;
}

static void every_leaf_is_a_counter_of_a_source(void **state)
{
    static const char *const containers[] = {"stations", "hostapd", "scan", "monitor"};
    size_t leaves = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
        const struct lysc_node *leaf = NULL;
        while ((leaf = lys_getnext(leaf, state_node(containers[i]), NULL, 0)) != NULL) {
            char name[128];
            (void)snprintf(name, sizeof(name), "%s/%s", containers[i], leaf->name);
            if (!is_counted(name))
                fail_msg("nobody counts %s", name);
            leaves++;
        }
    }
    assert_int_equal(leaves, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_of_a_source_is_a_leaf),
        cmocka_unit_test(every_leaf_is_a_counter_of_a_source),
    };
    struct source_setup setup = {.loop = loop_new(), .counters = &counted};
    void *sources[SOURCES];
    size_t count = 0;

    log_divert(keep_quiet);
    schema = schema_new();
    setup.handles = handles_new(1);
    setup.family = family_new(setup.loop, &(struct family_options){0});
    setup.helper = helper_new(setup.loop);
    setup.rogues = rogues_new(&setup);
    for (; platform_sources[count].make != NULL; count++)
        sources[count] = platform_sources[count].make(&setup);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    while (count-- > 0)
        platform_sources[count].free(sources[count]);
    rogues_free(setup.rogues);
    helper_free(setup.helper);
    family_free(setup.family);
    handles_free(setup.handles);
    schema_free(schema);
    loop_free(setup.loop);
    return failed;
}
