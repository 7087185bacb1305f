/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of access control share: rules and data that can be read in C, and users.
 */
#ifndef CONFIG_ACCESS_TEST_NACM_H
#define CONFIG_ACCESS_TEST_NACM_H

#include "config/access/nacm-rules.h"
#include "config/access/nacm.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"
#include "tests/unit/failing.h"

static struct ly_ctx *schema;
static struct nacm *nacm;
static struct rpc_errors errors;

static inline int make_schema(void **state)
{
    (void)state;
    schema = schema_new();
    return schema == NULL;
}

static inline int free_schema(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

static inline int set_up(void **state)
{
    (void)state;
    nacm = nacm_new(schema);
    rpc_errors_clear(&errors);
    return nacm == NULL;
}

static inline int tear_down(void **state)
{
    (void)state;
    failing_reset();
    nacm_free(nacm);
    return 0;
}

/* --- data ------------------------------------------------------------------------------------ */

/* JSON with ' in the place of ", and ` in that of '. */
static inline struct lyd_node *parse(const char *quoted)
{
    struct lyd_node *tree = NULL;
    char *text = strdup(quoted);

    assert_non_null(text);
    for (char *at = strpbrk(text, "'`"); at != NULL; at = strpbrk(at + 1, "'`"))
        *at = *at == '`' ? '\'' : '"';
    if (lyd_parse_data_mem(schema, text, LYD_JSON, LYD_PARSE_STRICT | LYD_PARSE_NO_STATE,
                           LYD_VALIDATE_NO_STATE, &tree) != LY_SUCCESS)
        fail_msg("%s: %s", quoted, ly_err_last(schema)->msg);
    free(text);
    return tree;
}

/* The members of ietf-netconf-acm:nacm. */
static inline void configure(const char *members)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), "{'ietf-netconf-acm:nacm': {%s}}", members);
    struct lyd_node *tree = parse(text);
    assert_true(nacm_configure(nacm, tree));
    lyd_free_all(tree);
}

/* One rule for the group staff, of which ann is. */
static inline void configure_rule(const char *rule)
{
    char text[2048];

    (void)snprintf(text, sizeof(text),
                   "'groups': {'group': [{'name': 'staff', 'user-name': ['ann']}]},"
                   "'rule-list': [{'name': 'l', 'group': ['staff'], 'rule': [{'name': 'r', %s}]}]",
                   rule);
    configure(text);
}

static inline struct nacm_user user(const char *name)
{
    struct nacm_user one = {.recovery = false};

    (void)snprintf(one.name, sizeof(one.name), "%s", name);
    return one;
}

static inline struct nacm_user user_in(const char *name, const char *group)
{
    struct nacm_user one = user(name);

    one.group_count = 1;
    (void)snprintf(one.groups[0], sizeof(one.groups[0]), "%s", group);
    return one;
}

static inline bool user_runs(const struct nacm_user *one, const char *module, const char *rpc)
{
    const struct lys_module *own = ly_ctx_get_module_implemented(schema, module);
    const struct lys_module *netconf = ly_ctx_get_module_implemented(schema, "ietf-netconf");
    const struct lysc_node *node = lys_find_child(NULL, own, rpc, 0, LYS_RPC, 0);

    if (node != NULL)
        return nacm_permits_rpc(nacm, one, node);
    /* As if the module had one of this name, too. */
    node = lys_find_child(NULL, netconf, rpc, 0, LYS_RPC, 0);
    assert_non_null(node);
    struct lysc_node same = *node;
    same.module = (struct lys_module *)own;
    return nacm_permits_rpc(nacm, one, &same);
}

static inline bool runs(const char *name, const char *module, const char *rpc)
{
    const struct nacm_user one = user(name);
    return user_runs(&one, module, rpc);
}

static inline bool hears(const char *name, const char *notification)
{
    const struct nacm_user one = user(name);
    struct lyd_node *node = NULL;

    assert_int_equal(lyd_new_path(NULL, schema, notification, NULL, 0, &node), LY_SUCCESS);
    bool permitted = nacm_permits_notification(nacm, &one, node);
    lyd_free_all(node);
    return permitted;
}

/* The node is still there after what the user may not read was taken out. */
static inline bool sees(const struct nacm_user *one, const char *data, const char *path)
{
    struct lyd_node *tree = parse(data);
    struct ly_set *found = NULL;
    bool there = false;

    nacm_prune(nacm, one, &tree);
    if (tree != NULL) {
        assert_int_equal(lyd_find_xpath(tree, path, &found), LY_SUCCESS);
        there = found->count > 0;
        ly_set_free(found, NULL);
    }
    lyd_free_all(tree);
    return there;
}

static inline bool user_sees(const char *name, const char *data, const char *path)
{
    const struct nacm_user one = user(name);
    return sees(&one, data, path);
}

static inline bool user_changes(const struct nacm_user *one, const char *from, const char *to)
{
    struct lyd_node *before = parse(from);
    struct lyd_node *after = parse(to);
    struct lyd_node *diff = NULL;

    rpc_errors_clear(&errors);
    assert_int_equal(lyd_diff_siblings(before, after, 0, &diff), LY_SUCCESS);
    bool permitted = nacm_permits_diff(nacm, one, diff, &errors);
    lyd_free_all(diff);
    diff = NULL;
    /* A diff that has the defaults says the same. */
    struct rpc_errors again = {.count = 0};
    assert_int_equal(lyd_diff_siblings(before, after, LYD_DIFF_DEFAULTS, &diff), LY_SUCCESS);
    assert_int_equal(nacm_permits_diff(nacm, one, diff, &again), permitted);
    lyd_free_all(diff);
    lyd_free_all(before);
    lyd_free_all(after);
    return permitted;
}

static inline bool changes(const char *name, const char *from, const char *to)
{
    const struct nacm_user one = user(name);
    return user_changes(&one, from, to);
}

#define NMSP(members) "{'nmspd-nmsp:nmsp': {" members "}}"
#define AAA(members)  "{'nmspd-aaa:aaa': {" members "}}"

static const char two_servers[] __attribute__((unused)) =
    NMSP("'enable': true, 'server': [{'host': 'a', 'port': 1, 'mac': '0050569c3489'}, "
         "{'host': 'b', 'port': 2}]");

#endif
