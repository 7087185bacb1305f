/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <edit-config>: each operation in each situation (RFC 6241, 7.2; RFC 7950, 7 and 8.3). */
#include "config/datastore/test-store-bed.h"

#include <stdlib.h>
#include <string.h>

#define ENABLE(operation, value) BED_NMSP("<enable nc:operation='" operation "'>" value "</enable>")
#define LISTEN(operation, content) \
    BED_NMSP("<listen nc:operation='" operation "'>" content "</listen>")
#define SERVER(operation, content)                                                       \
    BED_NMSP("<server nc:operation='" operation "'><host>a</host><port>1</port>" content \
             "</server>")
#define INTERVALS(operation, content) \
    BED_NMSP("<notification nc:operation='" operation "'>" content "</notification>")
#define HAS_SERVER  "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1,'mac':'0050.569c.3489'}]}}"
#define SERVER_PATH "/nmspd-nmsp:nmsp/server[host='a'][port='1']"

static int start_empty(void **state)
{
    int result = bed_before(state);
    if (result == 0)
        bed_start_with("{}");
    return result;
}

static void given(const char *quoted)
{
    bed_write(bed.path, quoted);
    rpc_errors_clear(&bed.errors);
    assert_true(store_reload(bed.store, &bed.errors));
}

/* --- leaves ---------------------------------------------------------------------------------- */

static void merge_sets_a_leaf_that_is_there_or_not(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, ENABLE("merge", "true"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':true}}");
    assert_true(bed.applied->enabled);
    bed_accept(STORE_RUNNING, ENABLE("merge", "false"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':false}}");
    assert_false(bed.applied->enabled);
}

static void replace_and_create_set_a_leaf_that_is_not_there(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, ENABLE("replace", "true"));
    bed_accept(STORE_RUNNING,
               BED_NMSP("<strong-cipher nc:operation='create'>true</strong-cipher>"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':true,'strong-cipher':true}}");
    bed_accept(STORE_RUNNING, ENABLE("replace", "false"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':false,'strong-cipher':true}}");
}

static void create_of_a_leaf_that_was_set_is_data_exists(void **state)
{
    (void)state;
    given("{'nmspd-nmsp:nmsp':{'enable':true}}");
    bed_refuse(STORE_RUNNING, ENABLE("create", "true"), RPC_DATA_EXISTS, "/nmspd-nmsp:nmsp/enable");
    bed_refuse(STORE_RUNNING, ENABLE("create", "false"), RPC_DATA_EXISTS,
               "/nmspd-nmsp:nmsp/enable");
}

static void a_default_is_not_there_for_create_and_delete_and_can_be_set_explicitly(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, ENABLE("delete", "false"), RPC_DATA_MISSING,
               "/nmspd-nmsp:nmsp/enable");
    bed_accept(STORE_RUNNING, ENABLE("remove", "false"));
    bed_expect(STORE_RUNNING, "{}");
    bed_accept(STORE_RUNNING, ENABLE("create", "false"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':false}}");
    bed_accept(STORE_RUNNING, ENABLE("delete", "false"));
    bed_expect(STORE_RUNNING, "{}");
    bed_accept(STORE_RUNNING, ENABLE("merge", "false"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':false}}");
}

static void delete_and_remove_bring_the_default_back(void **state)
{
    (void)state;
    given("{'nmspd-nmsp:nmsp':{'enable':true,'notification':{'client-notify-interval':9}}}");
    assert_int_equal(bed.applied->intervals.client, 9);
    bed_accept(STORE_RUNNING, ENABLE("remove", "true"));
    bed_accept(STORE_RUNNING, INTERVALS("merge", "<client-notify-interval nc:operation='delete'>9"
                                                 "</client-notify-interval>"));
    bed_expect(STORE_RUNNING, "{}");
    assert_int_equal(bed.applied->intervals.client, 2);
}

static void a_leaf_is_deleted_without_its_value(void **state)
{
    (void)state;
    given("{'nmspd-nmsp:nmsp':{'enable':true,'notification':{'client-notify-interval':9}}}");
    bed_accept(STORE_RUNNING, BED_NMSP("<enable nc:operation='delete'/>"));
    bed_refuse(STORE_RUNNING, BED_NMSP("<enable nc:operation='delete'/>"), RPC_DATA_MISSING,
               "/nmspd-nmsp:nmsp/enable");
    bed_accept(STORE_RUNNING, BED_NMSP("<enable nc:operation='remove'> </enable>"));
    bed_refuse(STORE_RUNNING,
               BED_NMSP("<notification><rfid-notify-interval nc:operation='delete'/>"
                        "</notification>"),
               RPC_DATA_MISSING, "/nmspd-nmsp:nmsp/notification/rfid-notify-interval");
    bed_accept(STORE_RUNNING,
               BED_NMSP("<notification><client-notify-interval nc:operation='delete'/>"
                        "</notification>"));
    bed_expect(STORE_RUNNING, "{}");
}

/* --- containers ------------------------------------------------------------------------------ */

static void a_presence_container_is_there_by_itself(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, LISTEN("delete", ""), RPC_DATA_MISSING, "/nmspd-nmsp:nmsp/listen");
    bed_accept(STORE_RUNNING, LISTEN("remove", ""));
    bed_accept(STORE_RUNNING, LISTEN("create", ""));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'listen':{}}}");
    assert_true(bed.applied->listen.enabled);
    assert_int_equal(bed.applied->listen.port, 16113);
    bed_refuse(STORE_RUNNING, LISTEN("create", ""), RPC_DATA_EXISTS, "/nmspd-nmsp:nmsp/listen");
    bed_accept(STORE_RUNNING, LISTEN("merge", "<port>7</port>"));
    bed_accept(STORE_RUNNING, LISTEN("merge", "<address>::1</address>"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'listen':{'port':7,'address':'::1'}}}");
    bed_accept(STORE_RUNNING, LISTEN("replace", "<address>::</address>"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'listen':{'address':'::'}}}");
    bed_accept(STORE_RUNNING, LISTEN("delete", ""));
    bed_expect(STORE_RUNNING, "{}");
}

static void a_container_without_presence_is_there_when_something_in_it_is(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, INTERVALS("delete", ""), RPC_DATA_MISSING,
               "/nmspd-nmsp:nmsp/notification");
    bed_accept(STORE_RUNNING, INTERVALS("remove", ""));
    bed_accept(STORE_RUNNING, INTERVALS("create", "<client-notify-interval>3"
                                                  "</client-notify-interval>"));
    bed_refuse(STORE_RUNNING, INTERVALS("create", ""), RPC_DATA_EXISTS,
               "/nmspd-nmsp:nmsp/notification");
    bed_accept(STORE_RUNNING,
               INTERVALS("replace", "<rfid-notify-interval>4</rfid-notify-interval>"));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'notification':{'rfid-notify-interval':4}}}");
    bed_accept(STORE_RUNNING, INTERVALS("delete", ""));
    bed_expect(STORE_RUNNING, "{}");
}

static void a_whole_module_can_be_deleted_and_created_again(void **state)
{
    (void)state;
    given("{'nmspd-nmsp:nmsp':{'enable':true},'nmspd-trace:trace':{'level':'info'}}");
    bed_accept(STORE_RUNNING,
               "<nmsp xmlns='urn:nmspd:yang:nmspd-nmsp' " BED_NC " nc:operation='delete'/>");
    bed_expect(STORE_RUNNING, "{'nmspd-trace:trace':{'level':'info'}}");
    bed_refuse(STORE_RUNNING,
               "<nmsp xmlns='urn:nmspd:yang:nmspd-nmsp' " BED_NC " nc:operation='delete'/>",
               RPC_DATA_MISSING, "/nmspd-nmsp:nmsp");
    bed_accept(STORE_RUNNING, ENABLE("merge", "true"));
}

/* --- lists ----------------------------------------------------------------------------------- */

static void an_entry_is_made_changed_and_replaced_by_its_keys(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, SERVER("merge", "<mac>0050.569c.3489</mac>"));
    bed_expect(STORE_RUNNING, HAS_SERVER);
    bed_accept(STORE_RUNNING, SERVER("merge", "<mac>0050.569c.3488</mac>"));
    assert_int_equal(bed.applied->server_count, 1);
    assert_int_equal(bed.applied->servers[0].mac.b[5], 0x88);
    bed_accept(STORE_RUNNING, SERVER("replace", ""));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'server':[{'host':'a','port':1}]}}");
    bed_accept(STORE_RUNNING, BED_NMSP("<server><port>2</port><host>a</host></server>"));
    assert_int_equal(bed.applied->server_count, 2);
}

static void create_and_delete_of_an_entry_ask_whether_it_is_there(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, SERVER("delete", ""), RPC_DATA_MISSING, SERVER_PATH);
    bed_accept(STORE_RUNNING, SERVER("remove", ""));
    bed_accept(STORE_RUNNING, SERVER("create", "<mac>0050.569c.3489</mac>"));
    bed_refuse(STORE_RUNNING, SERVER("create", ""), RPC_DATA_EXISTS, SERVER_PATH);
    bed_refuse(STORE_RUNNING, SERVER("merge", "<mac nc:operation='create'>0050.569c.3489</mac>"),
               RPC_DATA_EXISTS, SERVER_PATH "/mac");
    bed_accept(STORE_RUNNING, SERVER("merge", "<mac nc:operation='delete'/>"));
    bed_refuse(STORE_RUNNING, SERVER("merge", "<mac nc:operation='delete'/>"), RPC_DATA_MISSING,
               SERVER_PATH "/mac");
    bed_accept(STORE_RUNNING, SERVER("delete", ""));
    bed_expect(STORE_RUNNING, "{}");
}

static void a_key_alone_cannot_be_deleted(void **state)
{
    (void)state;
    given(HAS_SERVER);
    bed_refuse(STORE_RUNNING,
               BED_NMSP("<server><host>a</host><port nc:operation='delete'>1</port></server>"),
               RPC_BAD_ATTRIBUTE, SERVER_PATH "/port");
}

static void an_entry_that_stands_twice_in_an_edit_is_a_bad_element(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING,
               BED_NMSP("<server><host>a</host><port>1</port></server>"
                        "<server><host>a</host><port>1</port></server>"),
               RPC_BAD_ELEMENT, SERVER_PATH);
    assert_string_equal(bed.errors.items[0].bad_element, "server");
    bed_refuse(STORE_RUNNING, BED_NMSP("<enable>true</enable><enable>false</enable>"),
               RPC_BAD_ELEMENT, "/nmspd-nmsp:nmsp/enable");
}

static void an_entry_of_a_leaf_list_is_its_value(void **state)
{
#define GROUP(content) BED_NACM("<groups><group><name>g</name>" content "</group></groups>")
#define GROUP_PATH     "/ietf-netconf-acm:nacm/groups/group[name='g']/user-name[.='a']"
    (void)state;
    bed_accept(STORE_RUNNING, GROUP("<user-name>a</user-name><user-name>b</user-name>"));
    bed_accept(STORE_RUNNING, GROUP("<user-name>a</user-name>"));
    bed_refuse(STORE_RUNNING, GROUP("<user-name nc:operation='create'>a</user-name>"),
               RPC_DATA_EXISTS, GROUP_PATH);
    bed_accept(STORE_RUNNING, GROUP("<user-name nc:operation='delete'>a</user-name>"));
    bed_refuse(STORE_RUNNING, GROUP("<user-name nc:operation='delete'>a</user-name>"),
               RPC_DATA_MISSING, GROUP_PATH);
    bed_accept(STORE_RUNNING, GROUP("<user-name nc:operation='remove'>a</user-name>"));
    bed_expect(STORE_RUNNING,
               "{'ietf-netconf-acm:nacm':{'groups':{'group':[{'name':'g','user-name':['b']}]}}}");
}

/* --- default operations ---------------------------------------------------------------------- */

static bool edit_none(const char *xml)
{
    return bed_edit_as(1, STORE_RUNNING, xml, STORE_NONE, STORE_SET, STORE_STOP_ON_ERROR);
}

static void the_default_operation_none_changes_nothing_and_says_what_is_missing(void **state)
{
    (void)state;
    given("{'nmspd-nmsp:nmsp':{'enable':true}}");
    assert_true(edit_none(BED_NMSP("<enable>false</enable>")));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'enable':true}}");
    assert_false(edit_none(BED_NMSP("<server><host>a</host><port>1</port>"
                                    "<mac nc:operation='remove'/></server>")));
    bed_expect_error(RPC_DATA_MISSING, SERVER_PATH);
    assert_false(edit_none(BED_NMSP("<listen><port nc:operation='merge'>1</port></listen>")));
    bed_expect_error(RPC_DATA_MISSING, "/nmspd-nmsp:nmsp/listen");
    assert_true(edit_none(BED_NMSP("<notification><rfid-notify-interval nc:operation='create'>4"
                                   "</rfid-notify-interval></notification>")));
    assert_true(edit_none(BED_NMSP("<enable nc:operation='delete'/>")));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'notification':{'rfid-notify-interval':4}}}");
}

static void the_default_operation_replace_replaces_the_whole_datastore(void **state)
{
    (void)state;
    given("{'nmspd-nmsp:nmsp':{'enable':true},'nmspd-trace:trace':{'level':'info'}}");
    assert_true(bed_edit_as(1, STORE_RUNNING, BED_NMSP("<strong-cipher>true</strong-cipher>"),
                            STORE_REPLACE, STORE_SET, STORE_STOP_ON_ERROR));
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
    assert_true(bed_edit_as(1, STORE_RUNNING, "", STORE_REPLACE, STORE_SET, STORE_STOP_ON_ERROR));
    bed_expect(STORE_RUNNING, "{}");
}

/* --- order and choices ----------------------------------------------------------------------- */

#define RULE(attributes, name)                                        \
    "<rule " attributes "><name>" name "</name><action>deny</action>" \
    "</rule>"
#define RULES(content) BED_NACM("<rule-list><name>l</name>" content "</rule-list>")

static void expect_rules(const char *names)
{
    char found[64] = "";
    const struct lyd_node *rule = NULL;
    struct lyd_node *list = NULL;

    assert_int_equal(lyd_find_path(store_tree(bed.store, STORE_RUNNING),
                                   "/ietf-netconf-acm:nacm/rule-list[name='l']", 0, &list),
                     LY_SUCCESS);
    LY_LIST_FOR(lyd_child(list), rule)
    {
        if (strcmp(rule->schema->name, "rule") == 0)
            strncat(found, lyd_get_value(lyd_child(rule)), 8);
    }
    assert_string_equal(found, names);
}

static void entries_that_users_order_stand_where_they_are_inserted(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, RULES(RULE("", "a") RULE("", "b")));
    expect_rules("ab");
    bed_accept(STORE_RUNNING, RULES(RULE("yang:insert='first'", "c")));
    expect_rules("cab");
    bed_accept(STORE_RUNNING, RULES(RULE("yang:insert='last'", "c")));
    expect_rules("abc");
    bed_accept(STORE_RUNNING, RULES(RULE("yang:insert='before' yang:key=\"[name='b']\"", "d")));
    expect_rules("adbc");
    bed_accept(STORE_RUNNING, RULES(RULE("yang:insert='after' nc:operation='create' "
                                         "yang:key=\"[name='b']\"",
                                         "e")));
    expect_rules("adbec");
    bed_accept(STORE_RUNNING, RULES(RULE("yang:insert='after' xmlns:n='urn:ietf:params:xml:ns:"
                                         "yang:ietf-netconf-acm' nc:operation='replace' "
                                         "yang:key=\"[n:name='c']\"",
                                         "a")));
    expect_rules("dbeca");
    bed_accept(STORE_RUNNING, RULES(RULE("", "b")));
    expect_rules("dbeca");
    bed_accept(STORE_RUNNING, RULES(RULE("nc:operation='replace'", "b")));
    expect_rules("dbeca");
}

static void an_order_is_a_change_even_if_nothing_else_is(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, RULES(RULE("", "a") RULE("", "b")));
    unsigned applies = bed.applies;
    bed_accept(STORE_RUNNING, RULES(RULE("yang:insert='last'", "a")));
    expect_rules("ba");
    assert_int_equal(bed.applies, applies + 1);
}

static void a_place_beside_an_entry_that_is_not_there_is_refused(void **state)
{
    const char *path = "/ietf-netconf-acm:nacm/rule-list[name='l']/rule[name='c']";

    (void)state;
    bed_accept(STORE_RUNNING, RULES(RULE("", "a")));
    bed_refuse(STORE_RUNNING, RULES(RULE("yang:insert='before' yang:key=\"[name='x']\"", "c")),
               RPC_BAD_ATTRIBUTE, path);
    assert_string_equal(bed.errors.items[0].app_tag, "missing-instance");
    assert_string_equal(bed.errors.items[0].bad_attribute, "key");
    bed_refuse(STORE_RUNNING, RULES(RULE("yang:insert='after'", "c")), RPC_MISSING_ATTRIBUTE, path);
    bed_refuse(STORE_RUNNING,
               BED_NACM("<groups><group yang:insert='first'><name>g</name></group></groups>"),
               RPC_UNKNOWN_ATTRIBUTE, "/ietf-netconf-acm:nacm/groups/group[name='g']");
}

#define RULE_OF(content) RULES("<rule><name>a</name><action>deny</action>" content "</rule>")
#define RULE_PATH        "/ietf-netconf-acm:nacm/rule-list[name='l']/rule[name='a']"

static void one_case_of_a_choice_takes_the_other_out(void **state)
{
    (void)state;
    bed_accept(STORE_RUNNING, RULE_OF("<rpc-name>get</rpc-name>"));
    bed_accept(STORE_RUNNING, RULE_OF("<notification-name>n</notification-name>"));
    bed_expect(STORE_RUNNING,
               "{'ietf-netconf-acm:nacm':{'rule-list':[{'name':'l','rule':[{'name':'a',"
               "'notification-name':'n','action':'deny'}]}]}}");
    bed_accept(STORE_RUNNING, RULE_OF("<notification-name nc:operation='delete'>n"
                                      "</notification-name><rpc-name>get</rpc-name>"));
    bed_refuse(STORE_RUNNING,
               RULE_OF("<rpc-name>get</rpc-name><notification-name>n</notification-name>"),
               RPC_BAD_ELEMENT, RULE_PATH "/notification-name");
}

/* --- what is no configuration ---------------------------------------------------------------- */

static void a_wrong_value_is_refused_with_the_sentence_of_its_module(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING,
               INTERVALS("merge", "<client-notify-interval>0</client-notify-interval>"),
               RPC_INVALID_VALUE, "/nmspd-nmsp:nmsp/notification/client-notify-interval");
    assert_string_equal(bed.errors.items[0].message, "is out of range: give 1 to 180 seconds");
    assert_int_equal(bed.errors.items[0].type, RPC_ERROR_APPLICATION);
    bed_refuse(STORE_RUNNING, ENABLE("merge", "perhaps"), RPC_INVALID_VALUE,
               "/nmspd-nmsp:nmsp/enable");
    assert_non_null(strstr(bed.errors.items[0].message, "true or false"));
    bed_refuse(STORE_RUNNING, BED_NMSP("<enable/>"), RPC_INVALID_VALUE, "/nmspd-nmsp:nmsp/enable");
    bed_refuse(STORE_RUNNING, ENABLE("delete", "perhaps"), RPC_INVALID_VALUE,
               "/nmspd-nmsp:nmsp/enable");
    bed_refuse(STORE_RUNNING, BED_NMSP("<enable nc:operation='destroy'/>"), RPC_BAD_ATTRIBUTE,
               "/nmspd-nmsp:nmsp/enable");
    assert_string_equal(bed.errors.items[0].bad_attribute, "operation");
    bed_refuse(STORE_RUNNING, SERVER("merge", "<mac>ff</mac>"), RPC_INVALID_VALUE,
               SERVER_PATH "/mac");
    bed_refuse(STORE_RUNNING, BED_NMSP("<server><host>a</host><port>0</port></server>"),
               RPC_INVALID_VALUE, "/nmspd-nmsp:nmsp/server/port");
    assert_non_null(strstr(bed.errors.items[0].message, "16113"));
}

static void a_key_that_is_missing_is_named(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, BED_NMSP("<server><host>a</host></server>"), RPC_MISSING_ELEMENT,
               "/nmspd-nmsp:nmsp/server");
    assert_string_equal(bed.errors.items[0].bad_element, "port");
    bed_refuse(STORE_RUNNING, BED_NMSP("<server nc:operation='delete'/>"), RPC_MISSING_ELEMENT,
               "/nmspd-nmsp:nmsp/server");
    assert_string_equal(bed.errors.items[0].bad_element, "host");
}

static void an_unknown_element_and_an_unknown_namespace_are_told_apart(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, BED_NMSP("<enabled>true</enabled>"), RPC_UNKNOWN_ELEMENT,
               "/nmspd-nmsp:nmsp/enabled");
    assert_string_equal(bed.errors.items[0].bad_element, "enabled");
    assert_non_null(strstr(bed.errors.items[0].message, "enable, strong-cipher"));
    bed_refuse(STORE_RUNNING, "<nothing xmlns='urn:nmspd:yang:nmspd-nmsp'/>", RPC_UNKNOWN_ELEMENT,
               "/nmspd-nmsp:nothing");
    bed_refuse(STORE_RUNNING, "<nmsp xmlns='urn:nobody'/>", RPC_UNKNOWN_NAMESPACE, "");
    assert_string_equal(bed.errors.items[0].bad_element, "nmsp");
    assert_string_equal(bed.errors.items[0].bad_namespace, "urn:nobody");
    bed_refuse(STORE_RUNNING, SERVER("merge", "<speed>1</speed>"), RPC_UNKNOWN_ELEMENT,
               SERVER_PATH "/speed");
    bed_refuse(STORE_RUNNING, SERVER("merge", "<speed xmlns='urn:nobody'>1</speed>"),
               RPC_UNKNOWN_NAMESPACE, SERVER_PATH);
}

static void text_and_elements_where_they_cannot_stand_are_bad_elements(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, BED_NMSP("<listen>yes</listen>"), RPC_BAD_ELEMENT,
               "/nmspd-nmsp:nmsp/listen");
    bed_refuse(STORE_RUNNING, BED_NMSP("<enable><yes/></enable>"), RPC_BAD_ELEMENT,
               "/nmspd-nmsp:nmsp/enable");
}

static void state_is_not_configuration(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, BED_NACM("<denied-operations>1</denied-operations>"),
               RPC_UNKNOWN_ELEMENT, "/ietf-netconf-acm:nacm/denied-operations");
    bed_refuse(STORE_RUNNING, BED_NACM("<denied-operations>x</denied-operations>"),
               RPC_UNKNOWN_ELEMENT, "/ietf-netconf-acm:nacm/denied-operations");
}

static void refuse_to_parse(const char *xml)
{
    struct lyd_node *tree = NULL;

    rpc_errors_clear(&bed.errors);
    ly_err_clean(bed.schema, NULL);
    assert_int_not_equal(
        lyd_parse_data_mem(bed.schema, xml, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_OPAQ, 0, &tree),
        LY_SUCCESS);
    rpc_errors_from_libyang(&bed.errors, bed.schema, tree);
    lyd_free_all(tree);
}

/* libyang does not parse these at all: a server tells what it says. */
static void an_attribute_that_is_wrong_or_unknown_is_told_by_its_tag(void **state)
{
    (void)state;
    refuse_to_parse(ENABLE("destroy", "true"));
    /* libyang 2 names the parent, 3 the element. */
    assert_int_equal(bed.errors.items[0].tag, RPC_BAD_ATTRIBUTE);
    assert_memory_equal(bed.errors.items[0].path, "/nmspd-nmsp:nmsp", 16);
    assert_null(strchr(bed.errors.items[0].path, '@'));
    assert_string_equal(bed.errors.items[0].bad_attribute, "operation");
    refuse_to_parse(BED_NMSP("<enable nc:speed='1'>true</enable>"));
    assert_int_equal(bed.errors.items[0].tag, RPC_UNKNOWN_ATTRIBUTE);
    assert_string_equal(bed.errors.items[0].bad_attribute, "speed");
}

/* --- constraints ----------------------------------------------------------------------------- */

static void a_mandatory_leaf_that_is_missing_is_data_missing_with_its_path(void **state)
{
    (void)state;
    bed_refuse(STORE_RUNNING, BED_AAA("<user><mac>0050.569c.3489</mac></user>"), RPC_DATA_MISSING,
               "/nmspd-aaa:aaa/user[mac='0050.569c.3489']/attribute-list");
    given("{'nmspd-aaa:aaa':{'user':[{'mac':'0050.569c.3489','attribute-list':'x'}]}}");
    bed_refuse(STORE_RUNNING,
               BED_AAA("<user><mac>0050.569c.3489</mac>"
                       "<attribute-list nc:operation='delete'/></user>"),
               RPC_DATA_MISSING, "/nmspd-aaa:aaa/user[mac='0050.569c.3489']/attribute-list");
}

static void too_many_entries_have_their_app_tag(void **state)
{
    char xml[4096] = "<nmsp xmlns='urn:nmspd:yang:nmspd-nmsp'>";

    (void)state;
    for (int i = 1; i <= 17; i++) {
        size_t used = strlen(xml);
        (void)snprintf(xml + used, sizeof(xml) - used,
                       "<server><host>h</host><port>%d</port></server>", i);
    }
    strcat(xml, "</nmsp>");
    assert_false(bed_edit(STORE_RUNNING, xml));
    assert_int_equal(bed.errors.items[0].tag, RPC_OPERATION_FAILED);
    assert_string_equal(bed.errors.items[0].app_tag, "too-many-elements");
    assert_string_equal(bed.errors.items[0].path, "/nmspd-nmsp:nmsp/server");
    bed_expect(STORE_RUNNING, "{}");
}

static void what_yang_cannot_say_is_checked_before_running_changes(void **state)
{
    (void)state;
    given(HAS_SERVER);
    unsigned applies = bed.applies;
    bed_refuse(STORE_RUNNING,
               BED_AAA("<user><mac>0050.569c.3489</mac><attribute-list>x</attribute-list></user>"
                       "<user><mac>0050569c3489</mac><attribute-list>x</attribute-list></user>"),
               RPC_INVALID_VALUE, "/nmspd-aaa:aaa/user[mac='0050569c3489']");
    bed_refuse(STORE_RUNNING, SERVER("merge", "<legacy-cipher>true</legacy-cipher>"),
               RPC_INVALID_VALUE, SERVER_PATH "/legacy-cipher");
    assert_int_equal(bed.applies, applies);
}

/* --- options --------------------------------------------------------------------------------- */

static void test_only_says_what_would_be_and_changes_nothing(void **state)
{
    const char *bad = BED_AAA("<user><mac>0050.569c.3489</mac></user>");

    (void)state;
    for (int target = STORE_RUNNING; target <= STORE_CANDIDATE; target++) {
        assert_true(bed_edit_as(1, (enum store_id)target, ENABLE("merge", "true"), STORE_MERGE,
                                STORE_TEST_ONLY, STORE_STOP_ON_ERROR));
        assert_false(bed_edit_as(1, (enum store_id)target, bad, STORE_MERGE, STORE_TEST_ONLY,
                                 STORE_STOP_ON_ERROR));
        bed_expect_error(RPC_DATA_MISSING,
                         "/nmspd-aaa:aaa/user[mac='0050.569c.3489']/attribute-list");
        bed_expect((enum store_id)target, "{}");
    }
    assert_int_equal(bed.applies, 0);
}

static void an_edit_that_fails_in_part_changes_nothing(void **state)
{
    const enum store_error_option options[] = {STORE_STOP_ON_ERROR, STORE_ROLLBACK_ON_ERROR};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_false(bed_edit_as(1, STORE_RUNNING,
                                 BED_NMSP("<strong-cipher>true</strong-cipher>"
                                          "<enable nc:operation='delete'/>"
                                          "<listen nc:operation='delete'/>"),
                                 STORE_MERGE, STORE_SET, options[i]));
        assert_int_equal(bed.errors.count, 1);
        bed_expect(STORE_RUNNING, "{}");
    }
}

static void continue_on_error_does_the_rest_and_tells_all(void **state)
{
    (void)state;
    assert_false(bed_edit_as(1, STORE_RUNNING,
                             BED_NMSP("<enable nc:operation='delete'>true</enable>"
                                      "<strong-cipher>true</strong-cipher>"
                                      "<listen nc:operation='delete'/>"
                                      "<notification><client-notify-interval>0"
                                      "</client-notify-interval></notification>"),
                             STORE_MERGE, STORE_SET, STORE_CONTINUE_ON_ERROR));
    assert_int_equal(bed.errors.count, 3);
    bed_expect(STORE_RUNNING, "{'nmspd-nmsp:nmsp':{'strong-cipher':true}}");
}

static void startup_cannot_be_edited(void **state)
{
    (void)state;
    assert_false(bed_edit(STORE_STARTUP, ENABLE("merge", "true")));
    bed_expect_error(RPC_OPERATION_NOT_SUPPORTED, "");
}

static void an_edit_that_changes_nothing_leaves_the_agent_alone(void **state)
{
    (void)state;
    given(HAS_SERVER);
    unsigned applies = bed.applies;
    bed_accept(STORE_RUNNING, SERVER("merge", "<mac>0050.569c.3489</mac>"));
    assert_int_equal(bed.applies, applies);
}

static void what_is_not_permitted_is_not_done(void **state)
{
    (void)state;
    given(HAS_SERVER);
    bed.forbidden = SERVER_PATH "/mac";
    bed_refuse(STORE_RUNNING, SERVER("merge", "<mac>0050.569c.3488</mac>"), RPC_ACCESS_DENIED,
               SERVER_PATH "/mac");
    bed_refuse(STORE_CANDIDATE, SERVER("delete", ""), RPC_ACCESS_DENIED, SERVER_PATH "/mac");
    bed_accept(STORE_RUNNING, SERVER("merge", "<mac>0050.569c.3489</mac>"));
    bed_accept(STORE_RUNNING, ENABLE("merge", "true"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_empty, bed_after)
    const struct CMUnitTest tests[] = {
        TEST(merge_sets_a_leaf_that_is_there_or_not),
        TEST(replace_and_create_set_a_leaf_that_is_not_there),
        TEST(create_of_a_leaf_that_was_set_is_data_exists),
        TEST(a_default_is_not_there_for_create_and_delete_and_can_be_set_explicitly),
        TEST(delete_and_remove_bring_the_default_back),
        TEST(a_leaf_is_deleted_without_its_value),
        TEST(a_presence_container_is_there_by_itself),
        TEST(a_container_without_presence_is_there_when_something_in_it_is),
        TEST(a_whole_module_can_be_deleted_and_created_again),
        TEST(an_entry_is_made_changed_and_replaced_by_its_keys),
        TEST(create_and_delete_of_an_entry_ask_whether_it_is_there),
        TEST(a_key_alone_cannot_be_deleted),
        TEST(an_entry_that_stands_twice_in_an_edit_is_a_bad_element),
        TEST(an_entry_of_a_leaf_list_is_its_value),
        TEST(the_default_operation_none_changes_nothing_and_says_what_is_missing),
        TEST(the_default_operation_replace_replaces_the_whole_datastore),
        TEST(entries_that_users_order_stand_where_they_are_inserted),
        TEST(an_order_is_a_change_even_if_nothing_else_is),
        TEST(a_place_beside_an_entry_that_is_not_there_is_refused),
        TEST(one_case_of_a_choice_takes_the_other_out),
        TEST(a_wrong_value_is_refused_with_the_sentence_of_its_module),
        TEST(a_key_that_is_missing_is_named),
        TEST(an_unknown_element_and_an_unknown_namespace_are_told_apart),
        TEST(text_and_elements_where_they_cannot_stand_are_bad_elements),
        TEST(state_is_not_configuration),
        TEST(an_attribute_that_is_wrong_or_unknown_is_told_by_its_tag),
        TEST(a_mandatory_leaf_that_is_missing_is_data_missing_with_its_path),
        TEST(too_many_entries_have_their_app_tag),
        TEST(what_yang_cannot_say_is_checked_before_running_changes),
        TEST(test_only_says_what_would_be_and_changes_nothing),
        TEST(an_edit_that_fails_in_part_changes_nothing),
        TEST(continue_on_error_does_the_rest_and_tells_all),
        TEST(startup_cannot_be_edited),
        TEST(an_edit_that_changes_nothing_leaves_the_agent_alone),
        TEST(what_is_not_permitted_is_not_done),
    };
    return cmocka_run_group_tests(tests, bed_open, bed_close);
}
