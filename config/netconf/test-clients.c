/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients as they are: what libraries and people send, byte for byte where that matters. What can
 * mean one thing only is done; the rest is refused with the message-id, so that nobody waits, and
 * nothing that was not done is answered <ok/>.
 */
#include "agent/base/log-window.h"
#include "config/netconf/test-door.h"

#include <sys/socket.h>

#define ID              "message-id=\"1\""
#define TAG(tag)        "<error-tag>" tag "</error-tag>"
#define ELEMENT(name)   "<bad-element>" name "</bad-element>"
#define ATTR(name)      "<bad-attribute>" name "</bad-attribute>"
#define NC              " xmlns:nc='" DOOR_BASE "' "
#define YANG            " xmlns:y='urn:ietf:params:xml:ns:yang:1' "
#define NC_RPC(text)    "<nc:rpc" NC "message-id='1'>" text "</nc:rpc>"
#define RUNNING         DOOR_GET_CONFIG("running", "")
#define HOST(text)      DOOR_SYSTEM("<hostname" text "</hostname>")
#define EDIT(content)   DOOR_EDIT("running", "", content)
#define SYSTEM_SPACE    "urn:nmspd:yang:nmspd-system"
#define NACM_SPACE      "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
#define GROUPS(text)    "<nacm xmlns='" NACM_SPACE "'><groups>" text "</groups></nacm>"
#define RULES(text)     "<nacm xmlns='" NACM_SPACE "'>" text "</nacm>"
#define SUBSCRIPTION    "urn:ietf:params:xml:ns:netconf:notification:1.0"
#define OLD_BASE        "urn:ietf:params:xml:ns:netconf:base:1.0"
#define CAPABILITY(uri) "<capabilities><capability>" uri "</capability></capabilities>"
#define HELLO(uri)      "<hello xmlns='" DOOR_BASE "'>" CAPABILITY(uri) "</hello>"
#define BASE_1_1        "urn:ietf:params:netconf:base:1.1"

static struct client *client;

static int open_all(void **state)
{
    if (door_open(state) != 0)
        return 1;
    client = client_open(true);
    client_ok(client, EDIT(HOST(">ap-1")));
    return 0;
}

static int close_all(void **state)
{
    client_close(client);
    return door_close(state);
}

/* --- attributes ------------------------------------------------------------------------------ */

static void unknown(const char *message, const char *attribute, const char *element)
{
    client_expect(client, message, ID, TAG("unknown-attribute"), attribute, element, NULL);
    client_expect(client, RUNNING, "<hostname>ap-1<", NULL);
}

/* netopeer2 #111 and clixon #531: taken for nothing, the entry was made and the answer was ok. */
static void an_attribute_without_the_right_namespace_is_not_passed_over(void **state)
{
    (void)state;
    unknown(EDIT(HOST(" operation='delete'>x")), ATTR("operation"), ELEMENT("hostname"));
    unknown(EDIT(HOST(" operation='delete'>ap-1")), ATTR("operation"), ELEMENT("hostname"));
    unknown(EDIT(HOST(" xmlns:nc='urn:other' nc:operation='delete'>x")), ATTR("operation"),
            ELEMENT("hostname"));
    unknown(EDIT(HOST(" insert='first'>x")), ATTR("insert"), ELEMENT("hostname"));
    unknown(EDIT(HOST(" key='x'>x")), ATTR("key"), ELEMENT("hostname"));
    unknown(EDIT(HOST(" OPERATION='delete'>x")), ATTR("OPERATION"), ELEMENT("hostname"));
    unknown(EDIT(HOST(NC "nc:OPERATION='delete'>x")), ATTR("OPERATION"), ELEMENT("hostname"));
    unknown(EDIT(HOST(YANG "y:operation='delete'>x")), ATTR("operation"), ELEMENT("hostname"));
    unknown(EDIT("<top xmlns='urn:nobody' operation='delete'/>"), ATTR("operation"),
            ELEMENT("top"));
}

/* RFC 6243, 4.5.2 and 6: we have no tagged defaults. */
static void a_value_that_is_called_a_default_is_not_passed_over(void **state)
{
    (void)state;
    unknown(
        EDIT(HOST(" xmlns:wd='urn:ietf:params:xml:ns:netconf:default:1.0' wd:default='true'>x")),
        ATTR("default"), ELEMENT("hostname"));
    unknown(EDIT(HOST(" xmlns:wd='urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults' "
                      "wd:default='true'>x")),
            ATTR("default"), ELEMENT("hostname"));
}

static void an_attribute_where_it_means_nothing_is_not_passed_over(void **state)
{
    (void)state;
    unknown(DOOR_RPC("<edit-config><target><running/></target><config" NC
                     "nc:operation='delete'>" HOST(">x") "</config></edit-config>"),
            ATTR("operation"), ELEMENT("config"));
    unknown(DOOR_RPC("<edit-config><target" NC "nc:operation='delete'><running/></target><config>"
                     "</config></edit-config>"),
            ATTR("operation"), ELEMENT("target"));
    unknown(DOOR_RPC("<discard-changes" NC "nc:operation='delete'/>"), ATTR("operation"),
            ELEMENT("discard-changes"));
    unknown(DOOR_RPC("<commit foo='1'/>"), ATTR("foo"), ELEMENT("commit"));
    unknown(DOOR_RPC("<copy-config><target><running/></target><source><config>" HOST(
                NC "nc:operation='delete'>x") "</config></source></copy-config>"),
            ATTR("operation"), ELEMENT("hostname"));
    unknown(DOOR_RPC("<validate><source><config>" HOST(" operation='delete'>x") "</config></source>"
                                                                                "</validate>"),
            ATTR("operation"), ELEMENT("hostname"));
    unknown(EDIT(DOOR_NMSP("<server" YANG "y:insert='first'><host>a.example</host><port>1</port>"
                           "</server>")),
            ATTR("insert"), ELEMENT("server"));
    unknown(EDIT("<system xmlns='" SYSTEM_SPACE "'" YANG "y:insert='first'/>"), ATTR("insert"),
            ELEMENT("system"));
    unknown(EDIT(RULES("<rule-list" YANG "y:insert='before' y:value='a'><name>b</name>"
                       "</rule-list>")),
            ATTR("value"), ELEMENT("rule-list"));
}

static void an_attribute_that_contradicts_is_refused(void **state)
{
    (void)state;
    client_expect(client,
                  EDIT(HOST(NC "xmlns:m='" DOOR_BASE "' nc:operation='delete' "
                               "m:operation='merge'>ap-1")),
                  ID, TAG("bad-attribute"), ATTR("operation"), ELEMENT("hostname"), NULL);
    client_expect(client, EDIT(HOST(NC "nc:operation='delete' nc:operation='merge'>ap-1")), ID,
                  TAG("malformed-message"), "same attribute twice", NULL);
    client_expect(client,
                  EDIT(RULES("<rule-list" YANG "y:key=\"[name='a']\"><name>b</name></rule-list>")),
                  ID, TAG("bad-attribute"), ATTR("key"), ELEMENT("rule-list"), NULL);
    client_expect(client,
                  EDIT(RULES("<rule-list" YANG "y:insert='last' y:key=\"[name='a']\"><name>b</name>"
                             "</rule-list>")),
                  ID, TAG("bad-attribute"), ATTR("key"), NULL);
    client_expect(client, RUNNING, "<hostname>ap-1<", "!<rule-list", NULL);
}

static void attributes_that_are_ours_are_done_under_any_prefix(void **state)
{
    (void)state;
    client_ok(client, EDIT(RULES("<rule-list><name>a</name></rule-list><rule-list" YANG
                                 "y:insert='before' y:key=\"[name='a']\"><name>b</name>"
                                 "</rule-list>")
                               HOST(" xmlns:a='" DOOR_BASE "' a:operation='replace'>ap-2")));
    client_expect(client, RUNNING, "<name>b</name></rule-list><rule-list><name>a</name>",
                  "<hostname>ap-2<", NULL);
    client_ok(client, EDIT(HOST(" xmlns:a='" DOOR_BASE "' a:operation='delete'>ap-2")));
    client_expect(client, RUNNING, "!<hostname>", NULL);
    client_ok(client, EDIT(GROUPS("<group><name>g</name><user-name" NC "nc:operation='create'>u"
                                  "</user-name></group>")));
}

/* netopeer2 #252: which one was meant cannot be known. */
static void an_attribute_with_a_prefix_that_nobody_declared_is_malformed(void **state)
{
    (void)state;
    client_expect(client, EDIT(HOST(" nc:operation='delete'>x")), ID, TAG("malformed-message"),
                  "prefix", NULL);
}

/* --- namespaces ------------------------------------------------------------------------------ */

/* ncclient's m.get(filter='<filter>...</filter>'), as netopeer2 #1639, #1250 and yangsuite #97 tell
 * of it: under a prefixed <rpc> the element has no namespace. */
static void a_parameter_without_a_namespace_is_netconfs(void **state)
{
    (void)state;
    client_expect(client, NC_RPC("<nc:get><filter>" DOOR_SYSTEM("") "</filter></nc:get>"), ID,
                  "<hostname>ap-1<", "!<nmsp", NULL);
    client_expect(client,
                  NC_RPC("<nc:get-config><source><running/></source><filter type='subtree'>"
                         "<system/></filter></nc:get-config>"),
                  ID, "<hostname>ap-1<", NULL);
    client_expect(client, NC_RPC("<get-config><source><running/></source></get-config>"), ID,
                  "<hostname>ap-1<", NULL);
    client_ok(client, NC_RPC("<nc:edit-config><target><running/></target><config>" HOST(
                          ">ap-3") "</config></nc:edit-config>"));
    client_expect(client, RUNNING, "<hostname>ap-3<", NULL);
    client_expect(client,
                  "<rpc message-id='1'><get-config><source><running/></source></get-config></rpc>",
                  ID, "<hostname>ap-3<", NULL);
}

static void data_without_a_namespace_is_nobodys(void **state)
{
    (void)state;
    client_expect(client,
                  NC_RPC("<nc:edit-config><nc:target><nc:running/></nc:target><config><system>"
                         "<hostname>x</hostname></system></config></nc:edit-config>"),
                  ID, TAG("unknown-namespace"), ELEMENT("system"), NULL);
    /* OpenDaylight to netopeer2 #388: what has NETCONF's by default. */
    client_expect(client, EDIT("<system><hostname>x</hostname></system>"), ID,
                  TAG("unknown-element"), ELEMENT("system"), NULL);
    client_expect(client, DOOR_RPC("<get xmlns=''/>"), ID, TAG("unknown-namespace"), ELEMENT("get"),
                  NULL);
    client_expect(client, DOOR_RPC("<nc:get/>"), ID, TAG("malformed-message"), "prefix", NULL);
    client_expect(client, "<rpc message-id='1' xmlns='urn:x'><get/></rpc>", ID,
                  TAG("unknown-namespace"), NULL);
    client_expect(client, RUNNING, "<hostname>ap-1<", NULL);
}

/* ncclient #558: it puts every filter into NETCONF's namespace. */
static void the_filter_of_a_subscription_may_be_netconfs(void **state)
{
    (void)state;
    client_ok(client, NC_RPC("<create-subscription xmlns='" SUBSCRIPTION "'><nc:filter "
                             "type='xpath' xmlns:n='urn:ietf:params:xml:ns:yang:ietf-netconf-"
                             "notifications' select='/n:netconf-session-end'/>"
                             "</create-subscription>"));
    struct client *other = client_open(true);
    client_hear_nothing(client);
    client_close(other);
    assert_non_null(strstr(client_hear(client), "<netconf-session-end"));
}

static void the_format_of_a_schema_may_be_netconfs(void **state)
{
    (void)state;
    client_expect(client,
                  NC_RPC("<get-schema xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring'>"
                         "<identifier>nmspd-trace</identifier><nc:format>yang</nc:format>"
                         "</get-schema>"),
                  ID, "module nmspd-trace {", NULL);
}

/* --- filters --------------------------------------------------------------------------------- */

#define FILTER(attributes, content) \
    DOOR_GET_CONFIG("running",      \
                    "<filter xmlns:s='" SYSTEM_SPACE "'" NC attributes ">" content "</filter>")

/* libyang #1619, netopeer2 #925: answered with nothing at all. */
static void a_filter_may_have_its_attributes_in_netconfs_namespace(void **state)
{
    (void)state;
    client_expect(client, FILTER("nc:type='xpath' nc:select='/s:system/s:hostname'", ""), ID,
                  "<hostname>ap-1<", NULL);
    client_expect(client, FILTER("nc:type='subtree'", DOOR_SYSTEM("")), "<hostname>ap-1<", NULL);
    client_expect(client, FILTER("type = 'xpath'\n select = '/s:system/s:hostname'", ""),
                  "<hostname>ap-1<", NULL);
}

static void a_filter_that_cannot_be_understood_is_not_answered_with_nothing(void **state)
{
    (void)state;
    client_expect(client, FILTER("type='subtree' nc:type='xpath' nc:select='/s:system'", ""), ID,
                  TAG("bad-attribute"), ATTR("type"), ELEMENT("filter"), NULL);
    client_expect(client, FILTER("select='/s:system'", ""), ID, TAG("bad-attribute"),
                  ATTR("select"), ELEMENT("filter"), NULL);
    client_expect(client, FILTER("type='subtree' depth='3'", DOOR_SYSTEM("")), ID,
                  TAG("unknown-attribute"), ATTR("depth"), ELEMENT("filter"), NULL);
    client_expect(client, FILTER("s:type='xpath' s:select='/s:system'", ""), ID,
                  TAG("unknown-attribute"), ELEMENT("filter"), NULL);
    client_expect(client, FILTER("", "/system/hostname"), ID, TAG("bad-element"), ELEMENT("filter"),
                  NULL);
    client_expect(client, FILTER("", "system" DOOR_SYSTEM("")), ID, TAG("bad-element"),
                  ELEMENT("filter"), NULL);
    /* robotframework-ncclient #11: the name of a module is no prefix. */
    client_expect(client, FILTER("type='xpath' select='/nmspd-system:system'", ""), ID,
                  TAG("invalid-value"), ATTR("select"), NULL);
}

/* --- XML ------------------------------------------------------------------------------------- */

static void becomes(const char *message, const char *hostname)
{
    client_ok(client, message);
    client_expect(client, RUNNING, hostname, NULL);
}

static void what_means_nothing_in_xml_means_nothing(void **state)
{
    (void)state;
    becomes(EDIT(HOST(">a<!-- c -->b")), "<hostname>ab<");
    becomes(EDIT(HOST(">a<?p q?>c")), "<hostname>ac<");
    becomes(EDIT(HOST(" xml:lang='en'>ad")), "<hostname>ad<");
    becomes(EDIT(HOST("><![CDATA[ae]]>")), "<hostname>ae<");
    becomes(EDIT(HOST(">a&#102;")), "<hostname>af<");
    becomes("\xEF\xBB\xBF" EDIT(HOST(">ag")), "<hostname>ag<");
    becomes("\xEF\xBB\xBF\n<?xml version='1.0' encoding='UTF-8'?>\r\n" EDIT(HOST(">ah")),
            "<hostname>ah<");
    becomes(DOOR_RPC("<edit-config xml:space='preserve'>\r\n<target><!-- t --><running> </running>"
                     "</target><![CDATA[ ]]><default-operation>\r\n  merge \r\n"
                     "</default-operation>\r\n<config>" HOST(">ai") "</config></edit-config>\r\n"),
            "<hostname>ai<");
    /* RFC 7950, 7.14.4 has an order; everybody can do without. */
    becomes(
        DOOR_RPC("<edit-config><config>" HOST(
            ">aj") "</config><error-option>rollback-on-error"
                   "</error-option><default-operation>merge</default-operation><target><running/>"
                   "</target></edit-config>"),
        "<hostname>aj<");
}

static void xml_that_is_none_is_refused_with_its_message_id(void **state)
{
    static const char *const messages[] = {
        "<!DOCTYPE rpc [<!ENTITY a 'b'>]>" DOOR_RPC("<get/>"),
        "<!DOCTYPE rpc>" DOOR_RPC("<get/>"),
        DOOR_RPC("<get/>") DOOR_RPC("<get/>"),
        DOOR_RPC("<get>"),
        "<rpc message-id='1' xmlns='" DOOR_BASE "'><get>",
        DOOR_RPC("<get><filter type='xpath' select='&'/></get>"), /* libnetconf2 #289 */
        EDIT(HOST(">&foo;")),
        EDIT(HOST(">a&#4294967394;")),
        DOOR_RPC("<:get/>"),
        DOOR_RPC("<a:b:get xmlns:a='" DOOR_BASE "'/>"),
        DOOR_RPC("<get/>") "x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
        client_expect(client, messages[i], ID, TAG("malformed-message"), NULL);
    client_expect(client, RUNNING, "<hostname>ap-1<", NULL);
}

static void text_where_elements_must_stand_is_refused(void **state)
{
    (void)state;
    client_expect(client,
                  DOOR_EDIT("running", "<default-operation>replace</default-operation>", "garbage"),
                  ID, TAG("bad-element"), ELEMENT("config"), NULL);
    client_expect(client, EDIT("garbage"), ID, TAG("bad-element"), ELEMENT("config"), NULL);
    client_expect(client, EDIT("garbage" HOST(">x")), ID, TAG("bad-element"), ELEMENT("config"),
                  NULL);
    client_expect(client, EDIT(HOST(">x") "garbage"), ID, TAG("bad-element"), ELEMENT("config"),
                  NULL);
    client_expect(client,
                  DOOR_RPC("<copy-config><target><running/></target><source><config>garbage"
                           "</config></source></copy-config>"),
                  ID, TAG("bad-element"), ELEMENT("config"), NULL);
    client_expect(client,
                  DOOR_RPC("<validate><source><config>garbage</config></source></validate>"), ID,
                  TAG("bad-element"), ELEMENT("config"), NULL);
    client_expect(client, DOOR_RPC("text<discard-changes/>"), ID, TAG("bad-element"),
                  ELEMENT("rpc"), NULL);
    client_expect(client, DOOR_RPC("<close-session>now</close-session>"), ID, TAG("bad-element"),
                  ELEMENT("close-session"), NULL);
    client_expect(client, RUNNING, "<hostname>ap-1<", NULL);
}

/* --- the envelope ---------------------------------------------------------------------------- */

static void attributes_of_an_rpc_are_given_back_whatever_becomes_of_it(void **state)
{
    (void)state;
#define RPC(content)                                                                            \
    "<rpc message-id='a&quot;&apos;&lt;\"&#10;b' xmlns='" DOOR_BASE "' xmlns:z='urn:z' z:a='1'" \
    " xml:lang='en'>" content "</rpc>"
#define BACK \
    "message-id=\"a&quot;'&lt;&quot;&#10;b\"", "xmlns:z=\"urn:z\" z:a=\"1\"", "xml:lang=\"en\""
    client_expect(client, RPC("<discard-changes/>"), BACK, "<ok/>", NULL);
    client_expect(client, RPC("<reboot/>"), BACK, TAG("operation-not-supported"), NULL);
    client_expect(client, RPC("<get>"), BACK, TAG("malformed-message"), NULL);
    client_expect(client, RPC("x<get/>"), BACK, TAG("bad-element"), NULL);
    client_expect(client, RPC(""), BACK, TAG("missing-element"), NULL);
    client_expect(client, RPC("<get x='y'/>"), BACK, TAG("unknown-attribute"), NULL);
    client_expect(client, RPC("<get/><get/>"), BACK, TAG("unknown-element"), NULL);
    client_expect(client, RPC(DOOR_RPC("<get/>")), BACK, TAG("operation-not-supported"), NULL);
}

static void a_message_id_must_be_an_attribute_of_no_namespace(void **state)
{
    (void)state;
    client_expect(client, "<nc:rpc" NC "nc:message-id='1'><nc:get/></nc:rpc>",
                  TAG("missing-attribute"), ATTR("message-id"), NULL);
    client_expect(client, DOOR_HELLO_1, TAG("unknown-element"), ELEMENT("hello"), NULL);
}

/* libyang 2.1 reads behind what is not there, or frees what was never set. */
static void an_rpc_without_an_operation_and_an_action_come_to_no_parser(void **state)
{
#define ACTION(content) DOOR_RPC("<action xmlns='urn:ietf:params:xml:ns:yang:1'" content)
    (void)state;
    client_expect(client, "<rpc message-id=\"1\" xmlns=\"" DOOR_BASE "\"/>", ID,
                  TAG("missing-element"), ELEMENT("rpc"), NULL);
    client_expect(client, "<r:rpc xmlns:r='" DOOR_BASE "' message-id='1'/>", ID,
                  TAG("missing-element"), NULL);
    client_expect(client, DOOR_RPC(""), ID, TAG("missing-element"), NULL);
    client_expect(client, DOOR_RPC(" text "), ID, TAG("missing-element"), NULL);
    client_expect(client, DOOR_RPC("<!-- c -->"), ID, TAG("missing-element"), NULL);
    client_expect(client, ACTION("/>"), ID, TAG("operation-not-supported"), NULL);
    client_expect(client, ACTION("></action>"), ID, TAG("operation-not-supported"), NULL);
    client_expect(client, ACTION(">text</action>"), ID, TAG("operation-not-supported"), NULL);
    client_expect(client, ACTION(">" DOOR_SYSTEM("") "</action>"), ID,
                  TAG("operation-not-supported"), NULL);
    client_expect(client, DOOR_RPC("<action/>"), ID, TAG("operation-not-supported"), NULL);
}

static void a_key_that_stands_twice_is_refused(void **state)
{
    (void)state;
    client_expect(client, EDIT(RULES("<rule-list><name>a</name><name>b</name></rule-list>")), ID,
                  TAG("bad-element"), ELEMENT("name"), NULL);
    client_expect(client, EDIT(RULES("<rule-list><name>a</name><name>a</name></rule-list>")), ID,
                  TAG("bad-element"), ELEMENT("name"), NULL);
    client_expect(client, RUNNING, "!<rule-list", NULL);
}

static void elements_in_a_value_are_refused_wherever_they_stand(void **state)
{
    (void)state;
    client_expect(client, EDIT(DOOR_NMSP("<server><host><a><b/></a></host><x><y/></x></server>")),
                  ID, "<rpc-error>", NULL);
    client_expect(client,
                  EDIT(DOOR_NMSP("<server" NC "nc:operation='remove'><host nc:operation='merge'/>"
                                 "</server>")),
                  ID, "<rpc-error>", NULL);
    client_expect(client,
                  EDIT(RULES("<rule-list><name>a</name><rule><name>b</name><action>permit</action>"
                             "<comment><c/></comment></rule></rule-list>")),
                  ID, "<rpc-error>", NULL);
    client_expect(client, EDIT(RULES("<rule-list><name><c/></name></rule-list>")), ID,
                  "<rpc-error>", NULL);
    client_expect(client, DOOR_RPC("<commit><persist><a/></persist></commit>"), ID,
                  TAG("unknown-element"), NULL);
    client_expect(client, RUNNING, "<hostname>ap-1<", "!<rule-list", NULL);
}

/* --- streams --------------------------------------------------------------------------------- */

static struct client *stranger(const char *hello)
{
    struct client *made = client_connect();

    assert_non_null(made);
    assert_non_null(client_hear(made));
    client_send_raw(made, hello, strlen(hello));
    framing_decoder_chunked(made->decoder);
    made->chunked = true;
    return made;
}

#define OK   DOOR_RPC("<discard-changes/>")
#define SIZE "92"

static void answers_two(const char *hello, const char *stream)
{
    struct client *made = stranger(hello);

    assert_int_equal(strlen(OK), atoi(SIZE));
    client_send_raw(made, stream, strlen(stream));
    for (int i = 0; i < 2; i++) {
        const char *answer = client_hear(made);
        assert_non_null(answer);
        assert_non_null(strstr(answer, "<ok/>"));
    }
    client_close(made);
}

/* scrapligo before its #251: no line feed before a message, and one or two behind it. */
static void line_ends_more_or_fewer_between_messages_are_taken(void **state)
{
    (void)state;
    answers_two(HELLO(BASE_1_1) "]]>]]>\n", "#" SIZE "\n" OK "\n##\n\n#" SIZE "\n" OK "\n##\n\n");
    answers_two(HELLO(BASE_1_1) "\n]]>]]>\n\n",
                "\n#" SIZE "\n" OK "\n##\n\n\n\n#" SIZE "\n" OK "\n##\n");
    answers_two(HELLO(BASE_1_1) "\r\n]]>]]>\r\n",
                "\r\n#" SIZE "\r\n" OK "\r\n##\r\n\r\n#" SIZE "\r\n" OK "\r\n##\r\n");
}

/* OpenYuma #28; net-netconf and others call base:1.0 by its namespace, or have none. */
static void hellos_of_all_sorts_are_taken(void **state)
{
    static const char *const hellos[] = {
        HELLO("\n      " BASE_1_1 "\n    "), HELLO("urn:ietf:params:netconf:base:<!-- x -->1.1"),
        "<hello>" CAPABILITY(BASE_1_1) "</hello>",
        "\xEF\xBB\xBF<?xml version='1.0'?>\n" HELLO(BASE_1_1),
        "<nc:hello" NC "message-id='0'>" CAPABILITY(BASE_1_1) "</nc:hello>"};

    (void)state;
    for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
        struct client *made = stranger(hellos[i]);
        client_send_raw(made, "]]>]]>", 6);
        client_ok(made, OK);
        client_close(made);
    }
    struct client *old = client_connect();
    (void)client_hear(old);
    client_send(old, HELLO(OLD_BASE));
    client_ok(old, OK);
    client_close(old);
}

/* What is refused all the same is told: who it was, and why. */
static void ends(const char *hello, const char *stream, const char *reason)
{
    char line[200];

    loop_advance(door.loop, LOG_WINDOW_MS); /* each is told once within a window */
    struct client *made = stranger(hello);
    door.log[0] = '\0';
    client_send_raw(made, stream, strlen(stream));
    client_expect_end(made);
    client_close(made);
    (void)snprintf(line, sizeof(line), "(root) %s", reason);
    if (strstr(door.log, line) == NULL)
        fail_msg("the log says: %s", door.log);
}

static void a_stream_that_cannot_be_read_is_closed_with_a_word(void **state)
{
    (void)state;
    ends(HELLO(BASE_1_1) "]]>]]>", OK "]]>]]>", "sent what is no chunk");
    ends(HELLO(BASE_1_1) "]]>]]>", "\n#0" SIZE "\n", "sent what is no chunk");
    ends(HELLO(BASE_1_1) "]]>]]>", "\n##\n", "sent what is no chunk");
    /* OpenYuma #28: sizes that do not count the line feeds. */
    ends(HELLO(BASE_1_1) "]]>]]>", "\n#4\n<rpc\n\n#18\n message-id=\"102\"\n\n#79\n",
         "sent what is no chunk");
    ends(HELLO("urn:ietf:params:netconf:base:1.0") "]]>]]>", "\n#" SIZE "\n" OK "\n##\n",
         "sent a chunk, though it did not say that it knows base:1.1");
    ends("\n#4\n", HELLO(BASE_1_1) "\n##\n", "sent its hello in chunks");
    ends("", "\n#4294967295\n", "sent its hello in chunks");
    /* net-netconf #40: no marker between them. */
    ends(HELLO(BASE_1_1), OK "]]>]]>", "sent a hello that is none: the message goes on behind");
    ends("<!DOCTYPE hello>" HELLO(BASE_1_1), "]]>]]>",
         "sent a hello that is none: a document type");
    ends(HELLO("urn:ietf:params:netconf:base:1.0") "]]>]]>", "<rpc>]]>]]>",
         "sent what is no message: the message is not well-formed");
    ends(HELLO(BASE_1_1) "]]>]]>", "\n#4294967295\n", "sent a message of more than 4 MiB");
}

static void a_message_that_is_too_big_is_told_with_its_message_id(void **state)
{
    struct client *made = stranger(HELLO(BASE_1_1) "]]>]]>");
    static const char start[] =
        "\n#81\n<rpc message-id='1' xmlns='" DOOR_BASE "'><edit-config>\n#4294967295\n";

    (void)state;
    client_send_raw(made, start, sizeof(start) - 1);
    const char *answer = client_hear(made);
    assert_non_null(answer);
    assert_non_null(strstr(answer, ID));
    assert_non_null(strstr(answer, TAG("too-big")));
    client_expect_end(made);
    client_close(made);
}

static void who_says_no_hello_in_time_is_told_of(void **state)
{
    struct client *silent = client_connect();

    (void)state;
    (void)client_hear(silent);
    loop_advance(door.loop, NC_HELLO_MS);
    client_expect_end(silent);
    assert_non_null(strstr(door.log, "(root) did not say hello in time"));
    client_close(silent);
}

static void a_connection_that_ends_within_a_message_is_told_of(void **state)
{
    struct client *made = stranger(HELLO(BASE_1_1) "]]>]]>\n#400\n<rpc");

    (void)state;
    assert_int_equal(shutdown(made->fd, SHUT_WR), 0);
    client_expect_end(made);
    assert_non_null(strstr(door.log, "(root) ended in the middle of a message"));
    client_close(made);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_attribute_without_the_right_namespace_is_not_passed_over),
        TEST(a_value_that_is_called_a_default_is_not_passed_over),
        TEST(an_attribute_where_it_means_nothing_is_not_passed_over),
        TEST(an_attribute_that_contradicts_is_refused),
        TEST(attributes_that_are_ours_are_done_under_any_prefix),
        TEST(an_attribute_with_a_prefix_that_nobody_declared_is_malformed),
        TEST(a_parameter_without_a_namespace_is_netconfs),
        TEST(data_without_a_namespace_is_nobodys),
        TEST(the_filter_of_a_subscription_may_be_netconfs),
        TEST(the_format_of_a_schema_may_be_netconfs),
        TEST(a_filter_may_have_its_attributes_in_netconfs_namespace),
        TEST(a_filter_that_cannot_be_understood_is_not_answered_with_nothing),
        TEST(what_means_nothing_in_xml_means_nothing),
        TEST(xml_that_is_none_is_refused_with_its_message_id),
        TEST(text_where_elements_must_stand_is_refused),
        TEST(attributes_of_an_rpc_are_given_back_whatever_becomes_of_it),
        TEST(a_message_id_must_be_an_attribute_of_no_namespace),
        TEST(an_rpc_without_an_operation_and_an_action_come_to_no_parser),
        TEST(a_key_that_stands_twice_is_refused),
        TEST(elements_in_a_value_are_refused_wherever_they_stand),
        TEST(line_ends_more_or_fewer_between_messages_are_taken),
        TEST(hellos_of_all_sorts_are_taken),
        TEST(a_stream_that_cannot_be_read_is_closed_with_a_word),
        TEST(a_message_that_is_too_big_is_told_with_its_message_id),
        TEST(who_says_no_hello_in_time_is_told_of),
        TEST(a_connection_that_ends_within_a_message_is_told_of),
    };
    return cmocka_run_group_tests(tests, door_schema, door_no_schema);
}
