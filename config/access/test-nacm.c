/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/access/test-nacm.h"

#include <pwd.h>
#include <unistd.h>

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
    assert_true(user_runs(&root, "ietf-netconf", "kill-session"));
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
    assert_false(user_runs(&ann, "ietf-netconf", "get"));
    (void)snprintf(text, sizeof(text), "'enable-external-groups': false, %s", lists);
    configure(text);
    assert_true(user_runs(&ann, "ietf-netconf", "get"));
}

static void a_list_for_all_groups_is_for_those_who_are_in_one(void **state)
{
    const struct nacm_user ann = user_in("ann", "wheel");
    const struct nacm_user bob = user("bob");

    (void)state;
    configure("'rule-list': [{'name': 'l', 'group': ['*'], "
              "'rule': [{'name': 'r', 'action': 'deny'}]}]");
    assert_false(user_runs(&ann, "ietf-netconf", "get"));
    assert_true(user_runs(&bob, "ietf-netconf", "get"));
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

/* nmspd.json(5) shows it. */
static void the_rules_of_the_manual_let_operators_change_intervals_and_reconnect(void **state)
{
    const struct nacm_user admin = user_in("ann", "nmsp");

    (void)state;
    configure("'rule-list': [{'name': 'operators', 'group': ['nmsp'], 'rule': ["
              "{'name': 'intervals', 'path': '/nmspd-nmsp:nmsp/notification', "
              "'access-operations': '*', 'action': 'permit'},"
              "{'name': 'reconnect', 'module-name': 'nmspd-nmsp', 'rpc-name': 'reconnect', "
              "'action': 'permit'}]}]");
    assert_true(user_runs(&admin, "nmspd-nmsp", "reconnect"));
    assert_false(user_runs(&admin, "nmspd-nmsp", "renew-certificate"));
    assert_true(user_changes(&admin, "{}", NMSP("'notification': {'client-notify-interval': 9}")));
    assert_false(user_changes(&admin, "{}", NMSP("'enable': true")));
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

static void whoever_may_write_nothing_may_not_lock_commit_or_save(void **state)
{
    static const char *const operations[] = {
        "copy-config", "commit", "cancel-commit", "discard-changes", "lock", "unlock", "validate"};

    (void)state;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        configure("");
        assert_false(runs("ann", "ietf-netconf", operations[i]));
        configure_rule("'path': '/nmspd-nmsp:nmsp', 'access-operations': 'read', "
                       "'action': 'permit'");
        assert_false(runs("ann", "ietf-netconf", operations[i]));
        configure_rule("'path': '/nmspd-nmsp:nmsp', 'action': 'deny'");
        assert_false(runs("ann", "ietf-netconf", operations[i]));
        configure_rule("'rpc-name': 'reconnect', 'action': 'permit'");
        assert_false(runs("ann", "ietf-netconf", operations[i]));
        configure_rule("'path': '/nmspd-nmsp:nmsp', 'access-operations': 'update', "
                       "'action': 'permit'");
        assert_true(runs("ann", "ietf-netconf", operations[i]));
        assert_false(runs("bob", "ietf-netconf", operations[i]));
        configure("'write-default': 'permit'");
        assert_true(runs("ann", "ietf-netconf", operations[i]));
        configure("'write-default': 'permit', 'exec-default': 'deny'");
        assert_false(runs("ann", "ietf-netconf", operations[i]));
    }
    configure_rule("'rpc-name': 'commit', 'action': 'permit'");
    assert_true(runs("ann", "ietf-netconf", "commit"));
    assert_false(runs("ann", "ietf-netconf", "lock"));
}

static bool may_name(const char *data, const char *path, enum nacm_naming how)
{
    const struct nacm_user ann = user("ann");
    struct lyd_node *tree = parse(data);
    struct lyd_node *node = NULL;

    rpc_errors_clear(&errors);
    assert_int_equal(lyd_find_path(tree, path, 0, &node), LY_SUCCESS);
    bool may = nacm_permits_naming(nacm, &ann, lyd_parent(node), node->schema, node, how, &errors);
    assert_int_equal(errors.count, may ? 0 : 1);
    lyd_free_all(tree);
    return may;
}

static void what_is_not_read_is_named_only_by_who_may_change_it_blindly(void **state)
{
    static const char server[] = "/nmspd-nmsp:nmsp/server[host='a'][port='1']";
    static const char enable[] = "/nmspd-nmsp:nmsp/enable";
    static const char nmsp[] = "/nmspd-nmsp:nmsp";

    (void)state;
    configure("");
    assert_true(may_name(two_servers, server, NACM_TELLING));
    configure("'read-default': 'deny'");
    for (int how = NACM_TELLING; how <= NACM_REMOVING; how++) {
        assert_false(may_name(two_servers, server, (enum nacm_naming)how));
        assert_false(may_name(two_servers, enable, (enum nacm_naming)how));
        assert_int_equal(may_name(two_servers, nmsp, (enum nacm_naming)how), how == NACM_SETTING);
    }
    configure("'read-default': 'deny', 'write-default': 'permit'");
    assert_false(may_name(two_servers, enable, NACM_TELLING));
    assert_true(may_name(two_servers, enable, NACM_SETTING));
    assert_true(may_name(two_servers, server, NACM_REPLACING));
    assert_true(may_name(two_servers, server, NACM_REMOVING));
    configure_rule("'path': '/nmspd-nmsp:nmsp/server[host=`a`][port=`1`]', "
                   "'access-operations': 'read', 'action': 'deny'");
    assert_false(may_name(two_servers, server, NACM_TELLING));
    assert_false(
        may_name(two_servers, "/nmspd-nmsp:nmsp/server[host='a'][port='1']/mac", NACM_SETTING));
    assert_true(may_name(two_servers, "/nmspd-nmsp:nmsp/server[host='b'][port='2']", NACM_TELLING));
    /* The right to update alone would tell whether it is there. */
    configure_rule("'path': '/nmspd-nmsp:nmsp/enable', 'access-operations': 'update', "
                   "'action': 'permit'");
    assert_true(may_name(two_servers, enable, NACM_TELLING)); /* it is read */
}

static void a_path_is_told_to_who_may_read_it(void **state)
{
    const struct nacm_user ann = user("ann");

    (void)state;
    configure("");
    assert_true(nacm_permits_path(nacm, &ann, "/nmspd-nmsp:nmsp/enable"));
    assert_true(nacm_permits_path(nacm, &ann, "/nmspd-nmsp:nmsp/server[host='a/b'][port='1']/x"));
    assert_true(nacm_permits_path(nacm, &ann, "/x:y"));
    assert_false(nacm_permits_path(nacm, &ann, "/ietf-netconf-acm:nacm/rule-list[name='l']"));
    assert_false(nacm_permits_path(
        nacm, &ann, "/ietf-netconf-acm:nacm/rule-list[name=\"]/'\"]/rule[name='r']/action"));
    assert_false(nacm_permits_path(nacm, &ann, "/ietf-netconf-acm:nacm/nothing[x='/']"));
    assert_false(nacm_permits_path(nacm, &ann, "/ietf-netconf-acm:nacm/enable-nacm"));
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
        TEST(chiefs_watchers_and_guests_have_what_their_lists_say),
        TEST(the_rules_of_the_manual_let_operators_change_intervals_and_reconnect),
        TEST(the_counters_are_state_of_the_module),
        TEST(the_user_of_a_socket_has_a_name_and_unix_groups),
        TEST(a_user_without_a_name_is_called_by_number_and_has_no_groups),
        TEST(whoever_may_write_nothing_may_not_lock_commit_or_save),
        TEST(what_is_not_read_is_named_only_by_who_may_change_it_blindly),
        TEST(a_path_is_told_to_who_may_read_it),
        TEST(without_memory_for_new_rules_the_old_ones_stay),
#undef TEST
    };

    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
