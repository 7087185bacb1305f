/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/compat.h"
#include "config/nacm-rules.h"
#include "config/nacm.h"
#include "config/schema.h"
#include "tests/unit/failing.h"

#include <pwd.h>
#include <unistd.h>

static struct ly_ctx *schema;
static struct nacm *nacm;
static struct rpc_errors errors;

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

static int set_up(void **state)
{
    (void)state;
    nacm = nacm_new(schema);
    rpc_errors_clear(&errors);
    return nacm == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    failing_reset();
    nacm_free(nacm);
    return 0;
}

/* --- data ------------------------------------------------------------------------------------ */

/* JSON with ' in the place of ", and ` in that of '. */
static struct lyd_node *parse(const char *quoted)
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
static void configure(const char *members)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), "{'ietf-netconf-acm:nacm': {%s}}", members);
    struct lyd_node *tree = parse(text);
    assert_true(nacm_configure(nacm, tree));
    lyd_free_all(tree);
}

/* One rule for the group staff, of which ann is. */
static void configure_rule(const char *rule)
{
    char text[2048];

    (void)snprintf(text, sizeof(text),
                   "'groups': {'group': [{'name': 'staff', 'user-name': ['ann']}]},"
                   "'rule-list': [{'name': 'l', 'group': ['staff'], 'rule': [{'name': 'r', %s}]}]",
                   rule);
    configure(text);
}

static struct nacm_user user(const char *name)
{
    struct nacm_user one = {.recovery = false};

    (void)snprintf(one.name, sizeof(one.name), "%s", name);
    return one;
}

static struct nacm_user user_in(const char *name, const char *group)
{
    struct nacm_user one = user(name);

    one.group_count = 1;
    (void)snprintf(one.groups[0], sizeof(one.groups[0]), "%s", group);
    return one;
}

static bool runs(const char *name, const char *module, const char *rpc)
{
    const struct nacm_user one = user(name);
    return nacm_permits_rpc(nacm, &one, module, rpc);
}

static bool hears(const char *name, const char *notification)
{
    const struct nacm_user one = user(name);
    struct lyd_node *node = NULL;

    assert_int_equal(lyd_new_path(NULL, schema, notification, NULL, 0, &node), LY_SUCCESS);
    bool permitted = nacm_permits_notification(nacm, &one, node);
    lyd_free_all(node);
    return permitted;
}

/* The node is still there after what the user may not read was taken out. */
static bool sees(const struct nacm_user *one, const char *data, const char *path)
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

static bool user_sees(const char *name, const char *data, const char *path)
{
    const struct nacm_user one = user(name);
    return sees(&one, data, path);
}

static bool changes(const char *name, const char *from, const char *to)
{
    const struct nacm_user one = user(name);
    struct lyd_node *before = parse(from);
    struct lyd_node *after = parse(to);
    struct lyd_node *diff = NULL;

    rpc_errors_clear(&errors);
    assert_int_equal(lyd_diff_siblings(before, after, 0, &diff), LY_SUCCESS);
    bool permitted = nacm_permits_diff(nacm, &one, diff, &errors);
    lyd_free_all(diff);
    diff = NULL;
    /* A diff that has the defaults says the same. */
    struct rpc_errors again = {.count = 0};
    assert_int_equal(lyd_diff_siblings(before, after, LYD_DIFF_DEFAULTS, &diff), LY_SUCCESS);
    assert_int_equal(nacm_permits_diff(nacm, &one, diff, &again), permitted);
    lyd_free_all(diff);
    lyd_free_all(before);
    lyd_free_all(after);
    return permitted;
}

#define NMSP(members) "{'nmspd-nmsp:nmsp': {" members "}}"
#define AAA(members)  "{'nmspd-aaa:aaa': {" members "}}"

static const char two_servers[] =
    NMSP("'enable': true, 'server': [{'host': 'a', 'port': 1, 'mac': '0050569c3489'}, "
         "{'host': 'b', 'port': 2}]");

/* --- what holds without a rule --------------------------------------------------------------- */

static void without_rules_all_is_read_nothing_is_written_and_what_is_harmless_is_run(void **state)
{
    (void)state;
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']/mac"));
    assert_false(changes("ann", "{}", NMSP("'enable': true")));
    assert_true(runs("ann", "ietf-netconf", "get"));
    assert_true(runs("ann", "ietf-netconf", "edit-config"));
    assert_true(hears("ann", "/nmspd-nmsp:session-up"));
}

static void ending_a_session_of_others_and_deleting_a_datastore_need_a_rule(void **state)
{
    (void)state;
    assert_false(runs("ann", "ietf-netconf", "kill-session"));
    assert_false(runs("ann", "ietf-netconf", "delete-config"));
    configure_rule("'rpc-name': 'kill-session', 'module-name': 'ietf-netconf', 'action': 'permit'");
    assert_true(runs("ann", "ietf-netconf", "kill-session"));
    assert_false(runs("ann", "ietf-netconf", "delete-config"));
}

static void an_operation_that_is_denied_in_its_module_needs_a_rule(void **state)
{
    (void)state;
    assert_true(runs("ann", "nmspd-nmsp", "live-summary"));
    assert_false(runs("ann", "nmspd-nmsp", "reconnect"));
    assert_false(runs("ann", "nmspd-nmsp", "clear-statistics"));
    assert_false(runs("ann", "nmspd-nmsp", "renew-certificate"));
    assert_false(runs("ann", "nmspd-trace", "clear-trace"));
    configure_rule("'module-name': 'nmspd-nmsp', 'action': 'permit'");
    assert_true(runs("ann", "nmspd-nmsp", "reconnect"));
    assert_false(runs("ann", "nmspd-trace", "clear-trace"));
}

static void a_session_can_always_be_closed_by_its_user(void **state)
{
    (void)state;
    configure("'exec-default': 'deny'");
    assert_true(runs("ann", "ietf-netconf", "close-session"));
    assert_false(runs("ann", "ietf-netconf", "get"));
    assert_false(runs("ann", "nmspd-nmsp", "close-session"));
}

static void the_defaults_decide_where_no_rule_does(void **state)
{
    (void)state;
    configure("'read-default': 'deny', 'write-default': 'permit', 'exec-default': 'deny'");
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
    assert_true(changes("ann", "{}", NMSP("'enable': true")));
    assert_false(runs("ann", "ietf-netconf", "get"));
    assert_false(hears("ann", "/nmspd-nmsp:session-up"));
}

static void the_recovery_session_may_everything(void **state)
{
    struct nacm_user root = user("root");
    struct lyd_node *diff = NULL;
    struct lyd_node *after = parse("{'ietf-netconf-acm:nacm': {'write-default': 'permit'}}");

    (void)state;
    root.recovery = true;
    configure("'read-default': 'deny', 'exec-default': 'deny'");
    assert_true(nacm_permits_rpc(nacm, &root, "ietf-netconf", "kill-session"));
    assert_true(sees(&root, two_servers, "/nmspd-nmsp:nmsp"));
    assert_int_equal(lyd_diff_siblings(NULL, after, 0, &diff), LY_SUCCESS);
    assert_true(nacm_permits_diff(nacm, &root, diff, &errors));
    lyd_free_all(diff);
    lyd_free_all(after);
}

static void switched_off_it_permits_everything_to_everybody(void **state)
{
    (void)state;
    configure("'enable-nacm': false, 'read-default': 'deny', 'exec-default': 'deny'");
    assert_true(runs("ann", "ietf-netconf", "delete-config"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
    assert_true(changes("ann", "{}", "{'ietf-netconf-acm:nacm': {'write-default': 'permit'}}"));
    assert_true(hears("ann", "/nmspd-nmsp:session-up"));
}

static void the_rules_themselves_are_hidden_from_all_who_have_no_rule_for_them(void **state)
{
    static const char data[] = "{'ietf-netconf-acm:nacm': {'groups': {'group': [{'name': 'g'}]}}}";

    (void)state;
    assert_false(user_sees("ann", data, "/ietf-netconf-acm:nacm"));
    configure("'write-default': 'permit'");
    assert_false(changes("ann", "{}", data));
    configure_rule("'path': '/ietf-netconf-acm:nacm', 'action': 'permit'");
    assert_true(user_sees("ann", data, "/ietf-netconf-acm:nacm/groups/group[name='g']"));
    assert_true(changes("ann", "{}", data));
}

/* --- groups ---------------------------------------------------------------------------------- */

static void a_rule_is_for_the_groups_of_its_list_alone(void **state)
{
    (void)state;
    configure_rule("'module-name': 'nmspd-nmsp', 'action': 'deny'");
    assert_false(runs("ann", "nmspd-nmsp", "live-summary"));
    assert_true(runs("bob", "nmspd-nmsp", "live-summary"));
}

static void unix_groups_count_unless_they_are_switched_off(void **state)
{
    static const char lists[] = "'rule-list': [{'name': 'l', 'group': ['wheel'], "
                                "'rule': [{'name': 'r', 'action': 'deny'}]}]";
    const struct nacm_user ann = user_in("ann", "wheel");
    char text[512];

    (void)state;
    configure(lists);
    assert_false(nacm_permits_rpc(nacm, &ann, "ietf-netconf", "get"));
    (void)snprintf(text, sizeof(text), "'enable-external-groups': false, %s", lists);
    configure(text);
    assert_true(nacm_permits_rpc(nacm, &ann, "ietf-netconf", "get"));
}

static void a_list_for_all_groups_is_for_those_who_are_in_one(void **state)
{
    const struct nacm_user ann = user_in("ann", "wheel");
    const struct nacm_user bob = user("bob");

    (void)state;
    configure("'rule-list': [{'name': 'l', 'group': ['*'], "
              "'rule': [{'name': 'r', 'action': 'deny'}]}]");
    assert_false(nacm_permits_rpc(nacm, &ann, "ietf-netconf", "get"));
    assert_true(nacm_permits_rpc(nacm, &bob, "ietf-netconf", "get"));
}

/* --- rules ----------------------------------------------------------------------------------- */

static void the_first_rule_that_matches_decides(void **state)
{
    (void)state;
    configure("'groups': {'group': [{'name': 'staff', 'user-name': ['ann']}]},"
              "'rule-list': ["
              "{'name': 'first', 'group': ['other'], 'rule': [{'name': 'r', 'action': 'permit'}]},"
              "{'name': 'second', 'group': ['staff'], 'rule': ["
              "{'name': 'r1', 'rpc-name': 'lock', 'action': 'deny'},"
              "{'name': 'r2', 'rpc-name': '*', 'module-name': 'ietf-netconf', 'action': 'permit'},"
              "{'name': 'r3', 'rpc-name': 'get', 'action': 'deny'}]},"
              "{'name': 'third', 'group': ['staff'], 'rule': [{'name': 'r', 'action': 'deny'}]}]");
    assert_false(runs("ann", "ietf-netconf", "lock"));
    assert_true(runs("ann", "ietf-netconf", "get"));
    assert_true(runs("ann", "ietf-netconf", "kill-session"));
    assert_false(runs("ann", "nmspd-nmsp", "live-summary"));
}

static void a_rule_without_the_operation_is_none(void **state)
{
    (void)state;
    configure_rule("'access-operations': 'read update', 'action': 'deny'");
    assert_true(runs("ann", "ietf-netconf", "get"));
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
    configure_rule("'access-operations': 'exec', 'action': 'deny'");
    assert_false(runs("ann", "ietf-netconf", "get"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
}

static void a_rule_about_one_kind_says_nothing_about_another(void **state)
{
    (void)state;
    configure_rule("'rpc-name': '*', 'action': 'deny'");
    assert_false(runs("ann", "ietf-netconf", "get"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
    assert_true(hears("ann", "/nmspd-nmsp:session-up"));
    configure_rule("'notification-name': '*', 'action': 'deny'");
    assert_true(runs("ann", "ietf-netconf", "get"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
    assert_false(hears("ann", "/nmspd-nmsp:session-up"));
    configure_rule("'path': '/', 'action': 'deny'");
    assert_true(runs("ann", "ietf-netconf", "get"));
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp"));
    assert_true(hears("ann", "/nmspd-nmsp:session-up"));
}

static void a_notification_is_denied_by_its_name(void **state)
{
    (void)state;
    configure_rule("'notification-name': 'peer-refused', 'access-operations': 'read', "
                   "'action': 'deny'");
    assert_false(hears("ann", "/nmspd-nmsp:peer-refused"));
    assert_true(hears("ann", "/nmspd-nmsp:session-up"));
    assert_true(hears("bob", "/nmspd-nmsp:peer-refused"));
}

static void the_ends_of_a_replay_and_of_a_subscription_are_told_to_everybody(void **state)
{
    (void)state;
    configure("'read-default': 'deny'");
    assert_true(hears("ann", "/nc-notifications:replayComplete"));
    assert_true(hears("ann", "/nc-notifications:notificationComplete"));
    assert_false(hears("ann", "/nmspd-nmsp:session-up"));
}

static void a_module_is_that_of_the_node_or_of_the_operation(void **state)
{
    static const char data[] =
        "{'nmspd-nmsp:nmsp': {'enable': true}, 'nmspd-aaa:aaa': {'new-model': true}}";

    (void)state;
    configure_rule("'module-name': 'nmspd-aaa', 'action': 'deny'");
    assert_true(user_sees("ann", data, "/nmspd-nmsp:nmsp/enable"));
    assert_false(user_sees("ann", data, "/nmspd-aaa:aaa"));
}

/* --- paths ----------------------------------------------------------------------------------- */

static void a_path_is_about_the_node_and_all_that_is_in_it(void **state)
{
    (void)state;
    configure_rule("'path': '/nmspd-nmsp:nmsp/server', 'action': 'deny'");
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/enable"));
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server"));
    configure_rule("'path': '/nmspd-nmsp:nmsp/server/mac', 'action': 'deny'");
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']"));
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server/mac"));
}

static void keys_of_a_path_choose_the_entries(void **state)
{
    (void)state;
    configure_rule("'path': '/nmspd-nmsp:nmsp/server[host=`a`][port=`1`]', 'action': 'deny'");
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='b']"));
    configure_rule("'path': '/nmspd-nmsp:nmsp/server[port=`1`][host=`a`]/mac', 'action': 'deny'");
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server/mac"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']/port"));
    configure_rule("'path': '/nmspd-nmsp:nmsp/server[host=`c`][port=`1`]', 'action': 'deny'");
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']"));
}

static void a_mac_in_a_path_is_meant_in_every_spelling(void **state)
{
    static const char users[] = AAA("'user': [{'mac': '0050569c3489', 'attribute-list': 'L'}, "
                                    "{'mac': '0050569c348a', 'attribute-list': 'L'}]");

    (void)state;
    configure_rule("'path': '/nmspd-aaa:aaa/user[mac=`00:50:56:9C:34:89`]', 'action': 'deny'");
    assert_false(user_sees("ann", users, "/nmspd-aaa:aaa/user[mac='0050569c3489']"));
    assert_true(user_sees("ann", users, "/nmspd-aaa:aaa/user[mac='0050569c348a']"));
}

static void an_entry_of_a_leaf_list_is_named_by_its_value(void **state)
{
    static const char groups[] = "{'ietf-netconf-acm:nacm': {'groups': {'group': ["
                                 "{'name': 'g', 'user-name': ['x', 'y']}]}}}";

    (void)state;
    configure("'groups': {'group': [{'name': 'staff', 'user-name': ['ann']}]},"
              "'rule-list': [{'name': 'l', 'group': ['staff'], 'rule': ["
              "{'name': 'r', 'path': '/ietf-netconf-acm:nacm/groups/group/user-name[.=`x`]', "
              "'action': 'deny'},"
              "{'name': 's', 'path': '/ietf-netconf-acm:nacm', 'action': 'permit'}]}]");
    assert_false(user_sees("ann", groups, "/ietf-netconf-acm:nacm/groups/group/user-name[.='x']"));
    assert_true(user_sees("ann", groups, "/ietf-netconf-acm:nacm/groups/group/user-name[.='y']"));
}

static void a_path_in_xml_is_read_with_the_prefixes_of_its_xml(void **state)
{
    static const char xml[] =
        "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>"
        "<groups><group><name>staff</name><user-name>ann</user-name></group></groups>"
        "<rule-list><name>l</name><group>staff</group><rule><name>r</name>"
        "<path "
        "xmlns:x='urn:nmspd:yang:nmspd-nmsp'>/x:nmsp/x:server[x:host=\"a\"][x:port=\"1\"]</path>"
        "<action>deny</action></rule></rule-list></nacm>";
    struct lyd_node *tree = NULL;

    (void)state;
    assert_int_equal(
        lyd_parse_data_mem(schema, xml, LYD_XML, LYD_PARSE_STRICT, LYD_VALIDATE_NO_STATE, &tree),
        LY_SUCCESS);
    assert_true(nacm_configure(nacm, tree));
    lyd_free_all(tree);
    assert_false(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']"));
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='b']"));
}

/* Whether the path is that of a node of two_servers, or of one it is in. */
static bool matches(const char *text, const char *node)
{
    const struct lyd_node *chain[NACM_DEPTH_MAX];
    struct lyd_node *tree = parse(two_servers);
    struct lyd_node *found = NULL;
    struct nacm_path path;
    size_t depth = 0;
    bool memory = false;

    assert_true(nacm_path_read(&path, text, &memory));
    assert_int_equal(lyd_find_path(tree, node, 0, &found), LY_SUCCESS);
    for (const struct lyd_node *at = found; at != NULL; at = lyd_parent(at))
        depth++;
    for (size_t i = depth; i > 0; i--, found = lyd_parent(found))
        chain[i - 1] = found;
    bool is = nacm_path_matches(&path, chain, depth);
    nacm_path_free(&path);
    lyd_free_all(tree);
    return is;
}

static void a_path_may_name_some_of_the_keys_in_any_order(void **state)
{
    static const char mac[] = "/nmspd-nmsp:nmsp/server[host='a'][port='1']/mac";

    (void)state;
    assert_true(matches("/", mac));
    assert_true(matches(" /nmspd-nmsp:nmsp / nmspd-nmsp:server [ port = '1' ] / mac ", mac));
    assert_true(matches("/nmspd-nmsp:nmsp/server[nmspd-nmsp:port=\"1\"][host='a']", mac));
    assert_true(matches("/nmspd-nmsp:nmsp/server[1]", mac));
    assert_false(matches("/nmspd-nmsp:nmsp/server[2]", mac));
    assert_false(matches("/nmspd-nmsp:nmsp/server[port='2']", mac));
    assert_false(matches("/nmspd-nmsp:nmsp/server[legacy='1']", mac));
    assert_false(matches("/nmspd-nmsp:nmsp/server[.='1']", mac));
    assert_false(matches("/nmspd-aaa:nmsp", mac));
    assert_false(matches("/nmspd-nmsp:nmsp/server/mac/mac", mac));
    assert_true(matches("/nmspd-nmsp:nmsp/server/mac[.='00:50:56:9c:34:89']", mac));
}

static void what_is_no_instance_identifier_is_no_path(void **state)
{
    static const char *const paths[] = {
        "",
        "nmspd-nmsp:nmsp",
        "//nmspd-nmsp:nmsp",
        "/nmspd-nmsp:nmsp/",
        "/nmspd-nmsp:nmsp//server",
        "/nmspd-nmsp:nmsp | /nmspd-aaa:aaa",
        "/nmspd-nmsp:nmsp/*",
        "/nmspd-nmsp:*",
        "/*:nmsp",
        "/a:b:c",
        "/:nmsp",
        "/nmspd-nmsp:",
        "/nmsp",
        "/nmspd-nmsp:nmsp/..",
        "/nmspd-nmsp:nmsp[",
        "/nmspd-nmsp:nmsp[]",
        "/nmspd-nmsp:nmsp/server[host]",
        "/nmspd-nmsp:nmsp/server[host",
        "/nmspd-nmsp:nmsp/server[host ",
        "/nmspd-nmsp:nmsp/server[host=",
        "/nmspd-nmsp:nmsp/server[host='a",
        "/nmspd-nmsp:nmsp/server[host='a'",
        "/nmspd-nmsp:nmsp/server[host=$USER]",
        "/nmspd-nmsp:nmsp/server[host='a' or port='1']",
        "/nmspd-nmsp:nmsp/server[0]",
        "/nmspd-nmsp:nmsp/server[99999999999]",
        "/nmspd-nmsp:nmsp/server[.]",
        "/nmspd-nmsp:nmsp/server[text()='a']",
        "/nmspd-nmsp:nmsp=",
    };
    struct nacm_path path;

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        bool memory = true;
        if (nacm_path_read(&path, paths[i], &memory) || memory)
            fail_msg("%s is taken", paths[i]);
    }
}

static void a_path_that_is_too_deep_is_no_path(void **state)
{
    char deep[1024] = "/nmspd-nmsp:nmsp";
    struct nacm_path path;
    bool memory = false;

    (void)state;
    for (size_t i = 0; i < NACM_DEPTH_MAX; i++)
        (void)snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "/a");
    assert_false(nacm_path_read(&path, deep, &memory));
    assert_false(memory);
    assert_null(path.text);
}

static void what_is_pruned_first_at_the_top_leaves_the_rest(void **state)
{
    static const char data[] = "{'nmspd-aaa:aaa': {'new-model': true}, "
                               "'nmspd-nmsp:nmsp': {'enable': true}, "
                               "'nmspd-trace:trace': {'level': 'info'}}";

    (void)state;
    configure_rule("'path': '/nmspd-aaa:aaa', 'action': 'deny'");
    assert_true(user_sees("ann", data, "/nmspd-nmsp:nmsp/enable"));
    assert_true(user_sees("ann", data, "/nmspd-trace:trace/level"));
    assert_false(user_sees("ann", data, "/nmspd-aaa:aaa"));
}

static void keys_stay_with_their_entry(void **state)
{
    (void)state;
    configure_rule("'path': '/nmspd-nmsp:nmsp/server/host', 'action': 'deny'");
    assert_true(user_sees("ann", two_servers, "/nmspd-nmsp:nmsp/server[host='a']/mac"));
}

/* --- changes --------------------------------------------------------------------------------- */

static void permit_only(const char *operations)
{
    char rule[256];

    (void)snprintf(rule, sizeof(rule),
                   "'path': '/nmspd-nmsp:nmsp', 'access-operations': '%s', 'action': 'permit'",
                   operations);
    configure_rule(rule);
}

static void each_change_needs_its_own_right(void **state)
{
    static const char three[] = NMSP("'notification': {'client-notify-interval': 3}");
    static const char four[] = NMSP("'notification': {'client-notify-interval': 4}");
    static const char one_server[] = NMSP("'server': [{'host': 'a', 'port': 1}]");

    (void)state;
    permit_only("create");
    assert_true(changes("ann", "{}", three));
    assert_true(changes("ann", "{}", one_server));
    assert_false(changes("ann", three, four));
    assert_false(changes("ann", three, "{}"));
    assert_false(changes("ann", one_server, "{}"));
    permit_only("update");
    assert_false(changes("ann", "{}", three));
    assert_true(changes("ann", three, four));
    assert_false(changes("ann", three, "{}"));
    permit_only("delete");
    assert_false(changes("ann", "{}", three));
    assert_false(changes("ann", three, four));
    assert_true(changes("ann", three, "{}"));
    assert_true(changes("ann", one_server, "{}"));
}

static void what_comes_by_itself_needs_no_right(void **state)
{
    (void)state;
    configure_rule("'path': '/nmspd-nmsp:nmsp/listen/address', 'access-operations': 'create', "
                   "'action': 'permit'");
    assert_false(changes("ann", "{}", NMSP("'listen': {'address': '::'}")));
    configure("'groups': {'group': [{'name': 'staff', 'user-name': ['ann']}]},"
              "'rule-list': [{'name': 'l', 'group': ['staff'], 'rule': ["
              "{'name': 'r', 'path': '/nmspd-nmsp:nmsp/listen/port', 'action': 'deny'},"
              "{'name': 's', 'path': '/nmspd-nmsp:nmsp/listen', 'action': 'permit'}]}]");
    assert_true(changes("ann", "{}", NMSP("'listen': {}")));
    assert_true(changes("ann", NMSP("'listen': {}"), "{}"));
    assert_false(changes("ann", "{}", NMSP("'listen': {'port': 99}")));
    assert_false(changes("ann", NMSP("'listen': {'port': 99}"), NMSP("'listen': {}")));
}

static void every_node_of_what_is_created_or_deleted_needs_the_right(void **state)
{
    static const char with_mac[] = NMSP("'server': [{'host': 'a', 'port': 1, "
                                        "'mac': '0050569c3489'}]");
    static const char without_mac[] = NMSP("'server': [{'host': 'a', 'port': 1}]");

    (void)state;
    configure("'groups': {'group': [{'name': 'staff', 'user-name': ['ann']}]},"
              "'rule-list': [{'name': 'l', 'group': ['staff'], 'rule': ["
              "{'name': 'r', 'path': '/nmspd-nmsp:nmsp/server/mac', 'action': 'deny'},"
              "{'name': 's', 'path': '/nmspd-nmsp:nmsp/server', 'action': 'permit'}]}]");
    assert_true(changes("ann", "{}", without_mac));
    assert_false(changes("ann", "{}", with_mac));
    assert_false(changes("ann", with_mac, "{}"));
    assert_false(changes("ann", without_mac, with_mac));
    assert_true(changes("ann", without_mac, "{}"));
}

static void what_is_refused_is_named_with_its_path_and_counted(void **state)
{
    (void)state;
    assert_false(changes("ann", "{}", two_servers));
    assert_int_equal(errors.count, 1);
    assert_int_equal(errors.items[0].tag, RPC_ACCESS_DENIED);
    assert_int_equal(errors.items[0].type, RPC_ERROR_APPLICATION);
    assert_string_equal(errors.items[0].path, "/nmspd-nmsp:nmsp/enable");
    assert_non_null(strstr(errors.items[0].message, "user ann may not create this"));
    assert_int_equal(nacm_counters(nacm)->denied_data_writes, 2); /* it was asked with two diffs */
    assert_int_equal(nacm_counters(nacm)->denied_operations, 0);
    assert_false(runs("ann", "ietf-netconf", "kill-session"));
    assert_int_equal(nacm_counters(nacm)->denied_operations, 1);
    configure("'read-default': 'deny'");
    assert_false(hears("ann", "/nmspd-nmsp:session-up"));
    assert_int_equal(nacm_counters(nacm)->denied_notifications, 1);
}

static void moving_an_entry_is_an_update(void **state)
{
    static const char before[] = "{'ietf-netconf-acm:nacm': {'rule-list': ["
                                 "{'name': 'a'}, {'name': 'b'}]}}";
    static const char after[] = "{'ietf-netconf-acm:nacm': {'rule-list': ["
                                "{'name': 'b'}, {'name': 'a'}]}}";

    (void)state;
    configure_rule("'path': '/ietf-netconf-acm:nacm', 'access-operations': 'update', "
                   "'action': 'permit'");
    assert_true(changes("ann", before, after));
    configure_rule("'path': '/ietf-netconf-acm:nacm', 'access-operations': 'create delete', "
                   "'action': 'permit'");
    assert_false(changes("ann", before, after));
}

/* --- a whole configuration, after the example of RFC 8341, appendix A ------------------------- */

static const char three_groups[] =
    "'groups': {'group': [{'name': 'chiefs', 'user-name': ['ada', 'ben']}, "
    "{'name': 'watchers', 'user-name': ['wil', 'vic']}, "
    "{'name': 'guests', 'user-name': ['guest']}]},"
    "'rule-list': ["
    "{'name': 'guests-may-not', 'group': ['guests'], 'rule': ["
    "{'name': 'no-nacm', 'module-name': 'ietf-netconf-acm', 'access-operations': '*', "
    "'action': 'deny'}]},"
    "{'name': 'watchers-may', 'group': ['watchers'], 'rule': ["
    "{'name': 'capabilities', 'module-name': 'ietf-netconf-monitoring', "
    "'access-operations': 'read', 'action': 'permit'},"
    "{'name': 'no-kill', 'module-name': 'ietf-netconf', 'rpc-name': 'kill-session', "
    "'access-operations': 'exec', 'action': 'deny'},"
    "{'name': 'any-rpc', 'access-operations': 'exec', 'action': 'permit'}]},"
    "{'name': 'chiefs-may', 'group': ['chiefs'], 'rule': ["
    "{'name': 'all', 'access-operations': '*', 'action': 'permit'}]},"
    "{'name': 'all-may', 'group': ['*'], 'rule': ["
    "{'name': 'hidden-list', 'path': '/nmspd-aaa:aaa/attribute-list', "
    "'access-operations': 'read create update delete', 'action': 'deny'},"
    "{'name': 'own-server', 'path': '/nmspd-nmsp:nmsp/server[host=`guest`][port=`1`]', "
    "'access-operations': 'create update delete', 'action': 'permit'},"
    "{'name': 'no-refusals', 'module-name': 'nmspd-nmsp', 'notification-name': 'peer-refused', "
    "'access-operations': 'read', 'action': 'deny'}]}]";

static void chiefs_watchers_and_guests_have_what_their_lists_say(void **state)
{
    static const char lists[] = AAA("'new-model': true, 'attribute-list': [{'name': 'L'}]");
    static const char own[] = NMSP("'server': [{'host': 'guest', 'port': 1}]");
    static const char foreign[] = NMSP("'server': [{'host': 'other', 'port': 1}]");

    (void)state;
    configure(three_groups);
    assert_true(runs("ada", "ietf-netconf", "kill-session"));
    assert_true(runs("ada", "nmspd-nmsp", "reconnect"));
    assert_true(changes("ben", "{}", lists));
    assert_true(user_sees("ada", lists, "/nmspd-aaa:aaa/attribute-list"));
    assert_true(hears("ada", "/nmspd-nmsp:peer-refused"));

    assert_false(runs("wil", "ietf-netconf", "kill-session"));
    assert_true(runs("wil", "ietf-netconf", "delete-config"));
    assert_true(runs("vic", "nmspd-nmsp", "reconnect"));
    assert_false(user_sees("wil", lists, "/nmspd-aaa:aaa/attribute-list"));
    assert_true(user_sees("wil", lists, "/nmspd-aaa:aaa/new-model"));
    assert_false(hears("wil", "/nmspd-nmsp:peer-refused"));

    assert_true(changes("guest", "{}", own));
    assert_true(changes("guest", own, "{}"));
    assert_false(changes("guest", "{}", foreign));
    assert_false(runs("guest", "nmspd-nmsp", "reconnect"));
    assert_true(hears("guest", "/nmspd-nmsp:session-up"));

    assert_true(user_sees("stranger", lists, "/nmspd-aaa:aaa/attribute-list"));
    assert_false(changes("stranger", "{}", own));
}

/* --- state, users, memory -------------------------------------------------------------------- */

static void validate_nacm(struct lyd_node **tree)
{
    const struct lys_module *module = ly_ctx_get_module_implemented(schema, "ietf-netconf-acm");
    assert_int_equal(lyd_validate_module(tree, module, 0, NULL), LY_SUCCESS);
}

static void the_counters_are_state_of_the_module(void **state)
{
    struct lyd_node *tree = parse(two_servers);
    struct lyd_node *found = NULL;

    (void)state;
    assert_false(runs("ann", "ietf-netconf", "kill-session"));
    assert_true(nacm_add_state(nacm, &tree));
    assert_int_equal(lyd_find_path(tree, "/ietf-netconf-acm:nacm/denied-operations", 0, &found),
                     LY_SUCCESS);
    assert_string_equal(lyd_get_value(found), "1");
    validate_nacm(&tree);
    lyd_free_all(tree);
    tree = parse("{'ietf-netconf-acm:nacm': {'write-default': 'permit'}}");
    assert_true(nacm_add_state(nacm, &tree));
    validate_nacm(&tree);
    lyd_free_all(tree);
}

static void the_user_of_a_socket_has_a_name_and_unix_groups(void **state)
{
    const struct passwd *root = getpwuid(0);
    struct nacm_user one;

    (void)state;
    assert_non_null(root);
    nacm_user_of(0, root->pw_gid, &one);
    assert_true(one.recovery);
    assert_string_equal(one.name, root->pw_name);
    assert_true(one.group_count > 0);
    assert_string_equal(one.groups[0], "root");
}

static void a_user_without_a_name_is_called_by_number_and_has_no_groups(void **state)
{
    struct nacm_user one;

    (void)state;
    nacm_user_of(54321987, 0, &one);
    assert_false(one.recovery);
    assert_string_equal(one.name, "54321987");
    assert_int_equal(one.group_count, 0);
}

static void without_memory_for_new_rules_the_old_ones_stay(void **state)
{
    struct lyd_node *tree = NULL;
    char text[4096];
    unsigned failures = 0;

    (void)state;
    configure("'exec-default': 'deny'");
    (void)snprintf(text, sizeof(text), "{'ietf-netconf-acm:nacm': {%s}}", three_groups);
    tree = parse(text);
    for (unsigned nth = 1;; nth++) {
        failing_malloc_at(nth);
        bool done = nacm_configure(nacm, tree);
        bool failed = failing_hit();
        failing_reset();
        assert_int_equal(done, !failed);
        if (!failed)
            break;
        failures++;
        assert_false(runs("ann", "ietf-netconf", "get"));
    }
    assert_true(failures > 20);
    assert_true(runs("ann", "ietf-netconf", "get"));
    lyd_free_all(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(without_rules_all_is_read_nothing_is_written_and_what_is_harmless_is_run),
        TEST(ending_a_session_of_others_and_deleting_a_datastore_need_a_rule),
        TEST(an_operation_that_is_denied_in_its_module_needs_a_rule),
        TEST(a_session_can_always_be_closed_by_its_user),
        TEST(the_defaults_decide_where_no_rule_does),
        TEST(the_recovery_session_may_everything),
        TEST(switched_off_it_permits_everything_to_everybody),
        TEST(the_rules_themselves_are_hidden_from_all_who_have_no_rule_for_them),
        TEST(a_rule_is_for_the_groups_of_its_list_alone),
        TEST(unix_groups_count_unless_they_are_switched_off),
        TEST(a_list_for_all_groups_is_for_those_who_are_in_one),
        TEST(the_first_rule_that_matches_decides),
        TEST(a_rule_without_the_operation_is_none),
        TEST(a_rule_about_one_kind_says_nothing_about_another),
        TEST(a_notification_is_denied_by_its_name),
        TEST(the_ends_of_a_replay_and_of_a_subscription_are_told_to_everybody),
        TEST(a_module_is_that_of_the_node_or_of_the_operation),
        TEST(a_path_is_about_the_node_and_all_that_is_in_it),
        TEST(keys_of_a_path_choose_the_entries),
        TEST(a_mac_in_a_path_is_meant_in_every_spelling),
        TEST(a_path_may_name_some_of_the_keys_in_any_order),
        TEST(an_entry_of_a_leaf_list_is_named_by_its_value),
        TEST(a_path_in_xml_is_read_with_the_prefixes_of_its_xml),
        TEST(what_is_no_instance_identifier_is_no_path),
        TEST(a_path_that_is_too_deep_is_no_path),
        TEST(what_is_pruned_first_at_the_top_leaves_the_rest),
        TEST(keys_stay_with_their_entry),
        TEST(each_change_needs_its_own_right),
        TEST(what_comes_by_itself_needs_no_right),
        TEST(every_node_of_what_is_created_or_deleted_needs_the_right),
        TEST(what_is_refused_is_named_with_its_path_and_counted),
        TEST(moving_an_entry_is_an_update),
        TEST(chiefs_watchers_and_guests_have_what_their_lists_say),
        TEST(the_counters_are_state_of_the_module),
        TEST(the_user_of_a_socket_has_a_name_and_unix_groups),
        TEST(a_user_without_a_name_is_called_by_number_and_has_no_groups),
        TEST(without_memory_for_new_rules_the_old_ones_stay),
#undef TEST
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
