/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/access/test-nacm.h"

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
    struct lyd_node *tree = parse(two_servers);
    struct lyd_node *found = NULL;
    struct nacm_path path;
    bool particular = false;
    bool memory = false;

    assert_true(nacm_path_read(&path, text, &memory));
    assert_int_equal(lyd_find_path(tree, node, 0, &found), LY_SUCCESS);
    const struct nacm_place place = {found->schema, found, lyd_parent(found)};
    bool is = nacm_path_matches(&path, &place, &particular);
    assert_true(!is || particular == (strchr(text, '[') != NULL));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
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
#undef TEST
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
