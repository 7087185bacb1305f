/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message as it is written anew: what is left out, what is added, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/netconf/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NC  "xmlns:nc='" XML_NETCONF "'"
#define NCD "xmlns:nc=\"" XML_NETCONF "\""

static void expect(const char *text, const char *clean)
{
    struct xml_message message;

    if (!xml_clean(text, strlen(text), &message))
        fail_msg("%s: %s", text, message.reason);
    assert_string_equal(message.text.bytes, clean);
    xml_message_fini(&message);
}

static void refused(const char *text, size_t len, enum xml_fault fault, bool has_root)
{
    struct xml_message message;

    assert_false(xml_clean(text, len, &message));
    if (message.fault != fault || (message.root > 0) != has_root)
        fail_msg("%s: %d, %s, root %zu", text, (int)message.fault, message.reason, message.root);
    assert_non_null(message.reason);
    xml_message_fini(&message);
}

static void expect_refusal(const char *text, enum xml_fault fault, bool has_root)
{
    refused(text, strlen(text), fault, has_root);
}

static void what_means_nothing_is_left_out(void **state)
{
    (void)state;
    expect("\xEF\xBB\xBF<a xmlns='u'/>", "<a xmlns=\"u\"/>");
    expect("\xEF\xBB\xBF <?xml version='1.0'?>\n<!-- x --><a xmlns='u'/> <!-- y -->\n",
           "<a xmlns=\"u\"/>");
    expect("<a xmlns='u'><b>x<!-- <c> -->y<?p q?>z</b></a>", "<a xmlns=\"u\"><b>xyz</b></a>");
    expect("<a xmlns='u'>\n <b/>\r\n <c/>\t</a >", "<a xmlns=\"u\"><b/><c/></a>");
    expect("<a xmlns='u' xml:lang='en'><b xml:lang='en' xml:space='preserve' c='1'/></a>",
           "<a xmlns=\"u\" xml:lang=\"en\"><b c=\"1\"/></a>");
    expect("<a xmlns='u'><b>\n  merge \n</b><c> </c></a>",
           "<a xmlns=\"u\"><b>merge</b><c></c></a>");
}

static void text_is_written_as_xml_means_it(void **state)
{
    (void)state;
    expect("<a xmlns='u'><b>1\r\n2\r3</b></a>", "<a xmlns=\"u\"><b>1\n2\n3</b></a>");
    expect("<a xmlns = 'u'\n m='1\r\n2\t3'/>", "<a xmlns=\"u\" m=\"1 2 3\"/>");
    expect("<a xmlns='u' m='\"'/>", "<a xmlns=\"u\" m='\"'/>");
    expect("<a xmlns='u'><b>x<![CDATA[<&>]]]]>y<![CDATA[\r\n\r]]></b></a>",
           "<a xmlns=\"u\"><b>x&lt;&amp;&gt;]]y</b></a>");
    expect("<a xmlns='u'><b><![CDATA[1\r\n2\r3]]></b></a>", "<a xmlns=\"u\"><b>1\n2\n3</b></a>");
    expect("<a xmlns='u'><![CDATA[ ]]><b/><![CDATA[ ]]></a>", "<a xmlns=\"u\"><b/></a>");
    expect("<a xmlns='u'><b>&lt;&#x41;&#66;&#32;</b></a>",
           "<a xmlns=\"u\"><b>&lt;&#x41;&#66;&#32;</b></a>");
}

/* As ncclient writes what its user gives it: a filter without the prefix of the <rpc> around it. */
static void what_has_no_namespace_gets_the_one_that_it_can_only_have(void **state)
{
    (void)state;
    expect("<nc:rpc " NC "><nc:get><filter/></nc:get></nc:rpc>",
           "<nc:rpc " NCD "><nc:get><nc:filter/></nc:get></nc:rpc>");
    expect("<nc:rpc " NC "><get><source><running/></source></get></nc:rpc>",
           "<nc:rpc " NCD "><nc:get><nc:source><nc:running/></nc:source></nc:get></nc:rpc>");
    expect("<rpc><get/></rpc>", "<rpc xmlns=\"" XML_NETCONF "\"><get/></rpc>");
    expect("<rpc><n:sub xmlns:n='n'><stream/></n:sub></rpc>",
           "<rpc xmlns=\"" XML_NETCONF "\"><n:sub xmlns:n=\"n\"><n:stream/></n:sub></rpc>");
    expect("<nc:rpc " NC "><create-subscription xmlns='n'><nc:filter/></create-subscription>"
           "</nc:rpc>",
           "<nc:rpc " NCD "><create-subscription xmlns=\"n\"><filter/></create-subscription>"
           "</nc:rpc>");
    expect("<rpc xmlns='b'><n:sub xmlns:n='n'><stream/><x xmlns='n'/></n:sub></rpc>",
           "<rpc xmlns=\"b\"><n:sub xmlns:n=\"n\"><n:stream/><x xmlns=\"n\"/></n:sub></rpc>");
    expect("<nc:rpc " NC "><sub xmlns='n'><nc:x xmlns:nc='z'/></sub></nc:rpc>",
           "<nc:rpc " NCD "><sub xmlns=\"n\"><nc:x xmlns:nc=\"z\"/></sub></nc:rpc>");
    expect("<nc:rpc " NC "><get xmlns=''/></nc:rpc>", "<nc:rpc " NCD "><get xmlns=\"\"/></nc:rpc>");
}

/* RFC 6241, 6.2.1: without a namespace it is in any. */
static void what_has_no_namespace_in_content_has_none(void **state)
{
    (void)state;
    expect("<nc:rpc " NC "><nc:get><filter><a><b/></a><c:d xmlns:c='c'><e/></c:d></filter></nc:get>"
           "</nc:rpc>",
           "<nc:rpc " NCD "><nc:get><nc:filter><a xmlns=\"\"><b/></a><c:d xmlns:c=\"c\">"
           "<e xmlns=\"\"/></c:d></nc:filter></nc:get></nc:rpc>");
    expect("<rpc><e><config><a> x </a></config></e></rpc>",
           "<rpc xmlns=\"" XML_NETCONF "\"><e><config><a xmlns=\"\"> x </a></config></e></rpc>");
}

static void what_is_not_well_formed_is_refused(void **state)
{
    static const struct {
        const char *text;
        bool has_root;
    } cases[] = {{"", false},
                 {" ", false},
                 {"x", false},
                 {"<", false},
                 {"<a", false},
                 {"<a b", false},
                 {"<a b>", false},
                 {"<a b=c/>", false},
                 {"<a b='c/>", false},
                 {"<a b='<'/>", false},
                 {"<a b='&x;'/>", false},
                 {"<a b='1' b='2'/>", false},
                 {"<a b='1'c='2'/>", false},
                 {"<:a/>", false},
                 {"<a:/>", false},
                 {"</a>", false},
                 {"<!-- <a/>", true},
                 {"x<a/>", true},
                 {"<!DOCTYPE a [<!ENTITY b '<c>'>]><a/>", true},
                 {"<a>", true},
                 {"<a></b>", true},
                 {"<a><b></a></b>", true},
                 {"<a/>x", true},
                 {"<a/><b/>", true},
                 {"<a><!-- ", true},
                 {"<a><![CDATA[", true},
                 {"<a><?x ", true},
                 {"<a>&b;</a>", true},
                 {"<a>&l<!-- -->t;</a>", true},
                 {"<a>&#;</a>", true},
                 {"<a>&#x;</a>", true},
                 {"<a>&#12a;</a>", true},
                 {"<a>&#4294967394;</a>", true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_refusal(cases[i].text, XML_MALFORMED, cases[i].has_root);
    refused("<a>\0</a>", 9, XML_MALFORMED, true);
    refused("\0<a/>", 5, XML_MALFORMED, false);
}

/* libyang takes an element behind text for the end of its parent. */
static void text_beside_elements_is_refused(void **state)
{
    struct xml_message message;

    (void)state;
    expect_refusal("<a>x<b/></a>", XML_MIXED, true);
    expect_refusal("<a><b/>x</a>", XML_MIXED, true);
    expect_refusal("<a><b/><![CDATA[x]]></a>", XML_MIXED, true);
    expect_refusal("<a>&#32;<b/></a>", XML_MIXED, true);
    assert_false(xml_clean("<a><n:b>x<c/></n:b></a>", 23, &message));
    assert_string_equal(message.element, "b");
    xml_message_fini(&message);
}

static void bounds_hold(void **state)
{
    static char text[400000];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 64; i++)
        len += (size_t)snprintf(text + len, 8, "<a>");
    for (int i = 0; i < 64; i++)
        len += (size_t)snprintf(text + len, 8, "</a>");
    struct xml_message message;
    assert_true(xml_clean(text, len, &message));
    xml_message_fini(&message);
    for (len = 0; len < 65 * (size_t)3; len += 3)
        (void)snprintf(text + len, 8, "<a>");
    expect_refusal(text, XML_TOO_BIG, true);
    len = (size_t)snprintf(text, 16, "<a><b ");
    for (int i = 0; i < 65; i++)
        len += (size_t)snprintf(text + len, 16, "x%d='' ", i);
    (void)snprintf(text + len, 16, "/></a>");
    expect_refusal(text, XML_TOO_BIG, true);
    len = (size_t)snprintf(text, 16, "<a>");
    for (int i = 0; i < 4097; i++)
        len += (size_t)snprintf(text + len, 16, "<b/>");
    (void)snprintf(text + len, 16, "</a>");
    expect_refusal(text, XML_TOO_BIG, true);
}

/* A prefix that is given to thousands of elements must not make a message of any length. */
static void what_is_written_out_is_bounded(void **state)
{
    enum { PREFIX = 10000, ELEMENTS = 4000 };
    char *text = malloc(2 * PREFIX + 8 * ELEMENTS + 1000);
    size_t len = 0;

    (void)state;
    assert_non_null(text);
    text[len++] = '<';
    memset(text + len, 'p', PREFIX);
    len += PREFIX;
    len += (size_t)snprintf(text + len, 100, ":rpc><get>");
    for (int i = 0; i < ELEMENTS; i++)
        len += (size_t)snprintf(text + len, 8, "<b/>");
    refused(text, len, XML_TOO_BIG, true);
    free(text);
}

static void what_the_message_has_is_counted(void **state)
{
    struct xml_message message;

    (void)state;
    assert_true(xml_clean("<rpc a='1'/>", 12, &message));
    assert_int_equal(message.elements, 1);
    assert_false(message.attributes || message.action);
    xml_message_fini(&message);
    assert_true(xml_clean("<rpc><y:action xmlns:y='y' b='1'/></rpc>", 40, &message));
    assert_int_equal(message.elements, 2);
    assert_true(message.attributes && message.action);
    xml_message_fini(&message);
    assert_true(xml_clean("<rpc><a xmlns='y' xml:lang='e'><action/></a></rpc>", 50, &message));
    assert_false(message.attributes || message.action);
    xml_message_fini(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_nothing_is_left_out),
        cmocka_unit_test(text_is_written_as_xml_means_it),
        cmocka_unit_test(what_has_no_namespace_gets_the_one_that_it_can_only_have),
        cmocka_unit_test(what_has_no_namespace_in_content_has_none),
        cmocka_unit_test(what_is_not_well_formed_is_refused),
        cmocka_unit_test(text_beside_elements_is_refused),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(what_is_written_out_is_bounded),
        cmocka_unit_test(what_the_message_has_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
