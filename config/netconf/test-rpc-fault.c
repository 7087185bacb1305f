/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of an rpc that does not fit: the element or the attribute, its path, the sentence.
 */
#include "config/netconf/test-door.h"

#define TYPE(type)      "<error-type>" type "</error-type>"
#define TAG(tag)        "<error-tag>" tag "</error-tag>"
#define ELEMENT(name)   "<bad-element>" name "</bad-element>"
#define ATTRIBUTE(name) "<bad-attribute>" name "</bad-attribute>"
#define EDIT(content)   DOOR_EDIT("running", "", content)
#define NC              " xmlns:nc='" DOOR_BASE "' "
#define YANG            " xmlns:y='urn:ietf:params:xml:ns:yang:1' "
#define NACM(content) \
    "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>" content "</nacm>"
#define LOCATION(name, input) "<" name " xmlns='urn:nmspd:yang:nmspd-location'>" input "</" name ">"

static struct client *client;

static int open_all(void **state)
{
    if (door_open(state) != 0)
        return 1;
    client = client_open(true);
    return 0;
}

static int close_all(void **state)
{
    client_close(client);
    return door_close(state);
}

/* --- parameters ------------------------------------------------------------------------------ */

static void expect_missing(const char *message, const char *element)
{
    client_expect(client, message, TYPE("protocol"), TAG("missing-element"), element, NULL);
}

static void a_parameter_that_is_missing_is_named_without_a_prefix(void **state)
{
    (void)state;
    expect_missing(DOOR_RPC("<get-config/>"), ELEMENT("source"));
    expect_missing(DOOR_RPC("<get-config><source/></get-config>"), ELEMENT("source"));
    expect_missing(DOOR_RPC("<lock/>"), ELEMENT("target"));
    expect_missing(DOOR_RPC("<edit-config><config/></edit-config>"), ELEMENT("target"));
    expect_missing(DOOR_RPC("<edit-config><target><running/></target></edit-config>"),
                   ELEMENT("config"));
    expect_missing(DOOR_RPC("<copy-config><target><running/></target></copy-config>"),
                   ELEMENT("source"));
    expect_missing(DOOR_RPC("<kill-session/>"), ELEMENT("session-id"));
}

static void a_parameter_that_stands_twice_is_the_protocols_matter(void **state)
{
    (void)state;
    client_expect(client,
                  DOOR_RPC("<get-config><source><running/></source><source><running/></source>"
                           "</get-config>"),
                  TYPE("protocol"), TAG("bad-element"), ELEMENT("source"), NULL);
}

static void a_parameter_out_of_range_is_told_with_the_sentence_of_its_module(void **state)
{
    (void)state;
    client_expect(client, DOOR_RPC(LOCATION("read-devices", "<limit>200</limit>")),
                  TYPE("protocol"), TAG("invalid-value"), ELEMENT("limit"), "is out of range",
                  "!is not a value of its type", NULL);
    client_expect(client, DOOR_EDIT("running", "<test-option>maybe</test-option>", ""),
                  TAG("invalid-value"), "must be &quot;test-then-set&quot;", NULL);
}

/* --- attributes ------------------------------------------------------------------------------ */

static void an_attribute_with_a_wrong_value_is_named_with_its_own_element(void **state)
{
    (void)state;
    client_expect(client, EDIT(DOOR_SYSTEM("<hostname" NC "nc:operation='destroy'>x</hostname>")),
                  TYPE("application"), TAG("bad-attribute"), ATTRIBUTE("operation"),
                  ELEMENT("hostname"), ">/nmspd-system:system/nmspd-system:hostname</error-path>",
                  "give merge, replace", NULL);
    client_expect(client,
                  EDIT("<system xmlns='urn:nmspd:yang:nmspd-system'" NC
                       "nc:operation=''><hostname>x</hostname></system>"),
                  TAG("bad-attribute"), ELEMENT("system"), ">/nmspd-system:system</error-path>",
                  NULL);
    client_expect(client,
                  EDIT(NACM("<groups><group><name>a'b</name><user-name" NC "nc:operation='x'>u"
                            "</user-name></group></groups>")),
                  TAG("bad-attribute"), ELEMENT("user-name"),
                  "ietf-netconf-acm:group[ietf-netconf-acm:name=&quot;a'b&quot;]", NULL);
    client_expect(client, EDIT(DOOR_NMSP("<enable" YANG "y:insert='middle'>true</enable>")),
                  TAG("bad-attribute"), ATTRIBUTE("insert"), ELEMENT("enable"), NULL);
}

static void an_attribute_that_is_not_known_is_named_with_its_own_element(void **state)
{
    (void)state;
    client_expect(client, EDIT(DOOR_SYSTEM("<hostname" NC "nc:urgency='high'>x</hostname>")),
                  TYPE("application"), TAG("unknown-attribute"), ATTRIBUTE("urgency"),
                  ELEMENT("hostname"), ">/nmspd-system:system/nmspd-system:hostname</error-path>",
                  NULL);
    client_expect(client,
                  DOOR_RPC("<validate><source><config>" DOOR_SYSTEM(
                      "<hostname" NC "nc:urgency='high'>x</hostname>") "</config></source>"
                                                                       "</validate>"),
                  TAG("unknown-attribute"), ATTRIBUTE("urgency"), NULL);
}

/* --- datastores ------------------------------------------------------------------------------ */

static void an_unknown_namespace_in_data_stands_in_no_path(void **state)
{
    (void)state;
    client_expect(client, EDIT("<top xmlns='urn:nobody'/>"), TAG("unknown-namespace"),
                  ELEMENT("top"), "<bad-namespace>urn:nobody</bad-namespace>", "!<error-path",
                  NULL);
}

static void a_startup_without_a_file_is_empty_and_valid(void **state)
{
    (void)state;
    client_ok(client, DOOR_RPC("<delete-config><target><startup/></target></delete-config>"));
    client_ok(client, DOOR_RPC("<validate><source><startup/></source></validate>"));
    client_expect(client, DOOR_GET_CONFIG("startup", ""), "<data xmlns=\"" DOOR_BASE "\"></data>",
                  NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_parameter_that_is_missing_is_named_without_a_prefix),
        TEST(a_parameter_that_stands_twice_is_the_protocols_matter),
        TEST(a_parameter_out_of_range_is_told_with_the_sentence_of_its_module),
        TEST(an_attribute_with_a_wrong_value_is_named_with_its_own_element),
        TEST(an_attribute_that_is_not_known_is_named_with_its_own_element),
        TEST(an_unknown_namespace_in_data_stands_in_no_path),
        TEST(a_startup_without_a_file_is_empty_and_valid),
    };
    return cmocka_run_group_tests(tests, door_schema, door_no_schema);
}
