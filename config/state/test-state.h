/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the state tree share: an agent in its bed, its state, rpcs and notifications.
 */
#ifndef CONFIG_STATE_TEST_STATE_H
#define CONFIG_STATE_TEST_STATE_H

#include "config/schema/compat.h"
#include "config/schema/schema.h"
#include "config/state/state-tree.h"
#include "tests/unit/agent-bed.h"
#include "tests/unit/failing.h"

static struct ly_ctx *schema;
static struct state_tree *tree_of_state;
static struct rpc_errors errors;

/* The last notification of each name. */
static struct {
    unsigned count;
    struct lyd_node *last;
} told;

static inline int make_schema(void **state)
{
    schema = schema_new();
    return schema == NULL ? 1 : far_identities_make(state);
}

static inline int free_schema(void **state)
{
    schema_free(schema);
    return far_identities_remove(state);
}

static inline int tear_down(void **state)
{
    failing_reset();
    lyd_free_all(told.last);
    told.last = NULL;
    told.count = 0;
    state_tree_free(tree_of_state);
    tree_of_state = NULL;
    return scene_tear_down(state);
}

static inline void keep_notification(void *context, const struct lyd_node *notification)
{
    (void)context;
    lyd_free_all(told.last);
    told.count++;
    assert_int_equal(lyd_dup_single(notification, NULL, LYD_DUP_RECURSIVE, &told.last), LY_SUCCESS);
    assert_int_equal(lyd_validate_op(told.last, NULL, LYD_TYPE_NOTIF_YANG, NULL), LY_SUCCESS);
}

static inline struct scene *start(void **state, struct settings *settings)
{
    struct scene *s = *state;

    scene_start(s, settings);
    const struct state_tree_options options = {
        .schema = schema, .agent = s->agent, .notify = keep_notification};
    tree_of_state = state_tree_new(&options);
    assert_non_null(tree_of_state);
    rpc_errors_clear(&errors);
    return s;
}

/* --- trees ----------------------------------------------------------------------------------- */

static inline const char *value_at(const struct lyd_node *tree, const char *path)
{
    struct ly_set *found = NULL;

    assert_int_equal(lyd_find_xpath(tree, path, &found), LY_SUCCESS);
    if (found->count == 0)
        fail_msg("there is no %s", path);
    const char *value = lyd_get_value(found->dnodes[0]);
    ly_set_free(found, NULL);
    return value;
}

static inline unsigned count_at(const struct lyd_node *tree, const char *path)
{
    struct ly_set *found = NULL;

    assert_int_equal(lyd_find_xpath(tree, path, &found), LY_SUCCESS);
    unsigned count = found->count;
    ly_set_free(found, NULL);
    return count;
}

static inline struct lyd_node *state_of_agent(void)
{
    static const char *const modules[] = {"nmspd-nmsp", "nmspd-location", "nmspd-radio"};
    struct lyd_node *tree = NULL;

    assert_true(state_tree_add(tree_of_state, &tree));
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        const struct lys_module *module = ly_ctx_get_module_implemented(schema, modules[i]);
        if (lyd_validate_module(&tree, module, 0, NULL) != LY_SUCCESS)
            fail_msg("%s: %s", modules[i], ly_err_last(schema)->msg);
    }
    return tree;
}

/* An rpc with its input as XML, ready to be run. */
static inline struct lyd_node *rpc_of(const char *module, const char *name, const char *input)
{
    struct lyd_node *rpc = NULL;
    struct lyd_node *op = NULL;
    struct ly_in *in = NULL;
    char xml[512];

    (void)snprintf(xml, sizeof(xml), "<%s xmlns=\"urn:nmspd:yang:%s\">%s</%s>", name, module, input,
                   name);
    assert_int_equal(ly_in_new_memory(xml, &in), LY_SUCCESS);
    if (lyd_parse_op(schema, NULL, in, LYD_XML, LYD_TYPE_RPC_YANG, &rpc, &op) != LY_SUCCESS ||
        lyd_validate_op(rpc, NULL, LYD_TYPE_RPC_YANG, NULL) != LY_SUCCESS)
        fail_msg("%s: %s", xml, ly_err_last(schema)->msg);
    ly_in_free(in, 0);
    return rpc;
}

/* The answer, validated; the caller frees it. */
static inline struct lyd_node *run(const char *module, const char *name, const char *input)
{
    struct lyd_node *rpc = rpc_of(module, name, input);

    if (!state_tree_rpc(tree_of_state, rpc, &errors))
        fail_msg("%s: %s", name, errors.items[0].message);
    if (lyd_validate_op(rpc, NULL, LYD_TYPE_REPLY_YANG, NULL) != LY_SUCCESS)
        fail_msg("%s: %s", name, ly_err_last(schema)->msg);
    return rpc;
}

static inline void run_in_vain(const char *module, const char *name, const char *input)
{
    struct lyd_node *rpc = rpc_of(module, name, input);

    rpc_errors_clear(&errors);
    assert_false(state_tree_rpc(tree_of_state, rpc, &errors));
    assert_int_equal(errors.count, 1);
    assert_true(errors.items[0].message[0] != '\0');
    lyd_free_all(rpc);
}

static inline size_t size_as_xml(const struct lyd_node *tree)
{
    char *text = NULL;

    assert_int_equal(lyd_print_mem(&text, tree, LYD_XML, LYD_PRINT_WITHSIBLINGS), LY_SUCCESS);
    size_t len = strlen(text);
    free(text);
    return len;
}

#endif
