/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every operation, through the socket, with the store behind it. */
#include "config/netconf/test-door.h"

#include <unistd.h>

#define RUNNING        DOOR_GET_CONFIG("running", "")
#define CANDIDATE      DOOR_GET_CONFIG("candidate", "")
#define HOSTNAME(name) DOOR_SYSTEM("<hostname>" name "</hostname>")

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

/* --- the envelope ---------------------------------------------------------------------------- */

static void a_reply_has_all_attributes_of_its_rpc(void **state)
{
    (void)state;
    client_expect(client,
                  "<x:rpc xmlns:x='" DOOR_BASE "' message-id='a&amp;&lt;&quot;1' user='fred' "
                  "xmlns:ex='urn:example' ex:id='7'><x:discard-changes/></x:rpc>",
                  "message-id=\"a&amp;&lt;&quot;1\"", "user=\"fred\"",
                  "xmlns:ex=\"urn:example\" ex:id=\"7\"", "<ok/>", NULL);
}

static void an_rpc_without_message_id_is_refused(void **state)
{
    (void)state;
    client_expect(client, "<rpc xmlns='" DOOR_BASE "'><get/></rpc>", "<error-type>rpc</error-type>",
                  "<error-tag>missing-attribute</error-tag>",
                  "<bad-attribute>message-id</bad-attribute>", "<bad-element>rpc</bad-element>",
                  NULL);
}

static void what_is_no_operation_is_refused_with_its_tag(void **state)
{
    (void)state;
    client_error(client, DOOR_RPC("<reboot/>"), "operation-not-supported");
    client_expect(client, DOOR_RPC("<reboot xmlns='urn:x'/>"),
                  "<error-tag>unknown-namespace</error-tag>", "<bad-element>reboot</bad-element>",
                  "<bad-namespace>urn:x</bad-namespace>", NULL);
    client_error(client, DOOR_RPC(""), "missing-element");
    client_error(client, DOOR_RPC("<get/><get/>"), "unknown-element");
    client_error(client, "<rpc message-id='1' xmlns='urn:x'><get/></rpc>", "unknown-namespace");
    client_error(client, "<call message-id='1' xmlns='" DOOR_BASE "'/>", "unknown-element");
    client_error(client, DOOR_RPC("<system xmlns='urn:nmspd:yang:nmspd-system'/>"),
                 "operation-not-supported");
}

static void what_does_not_fit_an_operation_is_refused_with_its_tag(void **state)
{
    (void)state;
    client_expect(client, DOOR_RPC("<get><depth>3</depth></get>"),
                  "<error-tag>unknown-element</error-tag>", "<bad-element>depth</bad-element>",
                  NULL);
    client_expect(client, DOOR_GET_CONFIG("url", ""), "<error-tag>unknown-element</error-tag>",
                  NULL);
    client_error(client, DOOR_RPC("<get-config/>"), "missing-element");
    client_error(client, DOOR_RPC("<kill-session/>"), "missing-element");
    client_error(client, DOOR_RPC("<kill-session><session-id>x</session-id></kill-session>"),
                 "invalid-value");
    client_error(client, DOOR_EDIT("running", "<test-option>maybe</test-option>", ""),
                 "invalid-value");
    client_error(client, DOOR_GET_CONFIG("running", "<filter type='regex'/>"), "bad-attribute");
    client_expect(client, DOOR_GET_CONFIG("running", "<filter type='xpath'/>"),
                  "<error-tag>missing-attribute</error-tag>",
                  "<bad-attribute>select</bad-attribute>", NULL);
}

/* --- reading --------------------------------------------------------------------------------- */

static void configure(void)
{
    client_ok(client, DOOR_EDIT("running", "",
                                HOSTNAME("ap-1") DOOR_NMSP(
                                    "<server><host>192.0.2.1</host><port>16113</port></server>"
                                    "<server><host>192.0.2.2</host><port>16114</port></server>")));
}

static void get_config_gives_what_was_set(void **state)
{
    (void)state;
    configure();
    client_expect(client, RUNNING, "<hostname>ap-1</hostname>", "<host>192.0.2.1</host>",
                  "!<level>", NULL);
    client_expect(client, DOOR_GET_CONFIG("startup", ""), "<data xmlns=\"" DOOR_BASE "\"></data>",
                  NULL);
}

static void a_subtree_filter_selects(void **state)
{
    (void)state;
    configure();
#define SUBTREE(content) DOOR_GET_CONFIG("running", "<filter type='subtree'>" content "</filter>")
    client_expect(client, SUBTREE(DOOR_SYSTEM("")), "<hostname>ap-1", "!<nmsp", NULL);
    client_expect(client, SUBTREE(DOOR_NMSP("<server/>")), "192.0.2.1", "192.0.2.2", "!<system",
                  "!<enable>", NULL);
    client_expect(client, SUBTREE(DOOR_NMSP("<server><host>192.0.2.2</host></server>")),
                  "!192.0.2.1", "192.0.2.2", "<port>16114", NULL);
    client_expect(client, SUBTREE(DOOR_NMSP("<server><host> 192.0.2.2 </host><mac/></server>")),
                  "<host>192.0.2.2</host><port>16114</port></server>", "!192.0.2.1", NULL);
    client_expect(client,
                  SUBTREE(DOOR_NMSP("<server><host>192.0.2.2</host><port>016114</port></server>")),
                  "192.0.2.2", NULL);
    client_expect(client,
                  SUBTREE(DOOR_NMSP("<server><host>192.0.2.1</host></server>"
                                    "<server><port>16114</port></server>")),
                  "192.0.2.1", "192.0.2.2", NULL);
    client_expect(client, SUBTREE("<system xmlns=''/>"), "<hostname>ap-1", NULL);
    client_expect(client, SUBTREE("<system/>"), "<data xmlns=\"" DOOR_BASE "\"></data>", NULL);
    client_expect(client, SUBTREE(""), "<data xmlns=\"" DOOR_BASE "\"></data>", NULL);
    client_expect(client, SUBTREE(DOOR_SYSTEM("<hostname>ap-2</hostname>")),
                  "<data xmlns=\"" DOOR_BASE "\"></data>", NULL);
    client_expect(client, SUBTREE(DOOR_SYSTEM("<hostname>ap-1</hostname>")), "<hostname>ap-1",
                  NULL);
    client_expect(client, SUBTREE(DOOR_SYSTEM("<hostname x='1'/>")),
                  "<data xmlns=\"" DOOR_BASE "\"></data>", NULL);
    client_expect(client, SUBTREE("<s:system xmlns:s='urn:nmspd:yang:nmspd-system'/>"),
                  "<hostname>ap-1", NULL);
}

static void an_xpath_filter_selects(void **state)
{
    (void)state;
    configure();
#define XPATH(select)                                                                            \
    DOOR_GET_CONFIG("running", "<filter xmlns:n='urn:nmspd:yang:nmspd-nmsp' xmlns:s='urn:nmspd:" \
                               "yang:nmspd-system' type='xpath' select=\"" select "\"/>")
    client_expect(client, XPATH("/n:nmsp/n:server[n:host='192.0.2.2']"), "192.0.2.2", "!192.0.2.1",
                  "!<system", NULL);
    client_expect(client, XPATH("/n:nmsp/n:server/n:port | //s:hostname"), "<port>16113",
                  "<port>16114", "<host>192.0.2.1", "<hostname>ap-1", NULL);
    client_expect(client, XPATH("/n:nmsp[n:server]"), "192.0.2.1", NULL);
    client_expect(client, XPATH("/n:nmsp/n:server[1]/n:mac"),
                  "<data xmlns=\"" DOOR_BASE "\"></data>", NULL);
    client_error(client, XPATH("count(/n:nmsp)"), "invalid-value");
    client_error(client, XPATH("/n:nmsp["), "invalid-value");
    client_error(client, XPATH("//*[//*[//*]]"), "resource-denied");
    client_error(client, XPATH("/x:nmsp"), "invalid-value");
}

/* The first took 87 s where ten servers were configured. */
static void an_xpath_that_could_take_long_is_refused_by_name(void **state)
{
#define ANY_XPATH(select) "<filter type='xpath' select=\"" select "\"/>"
#define EVIL              ANY_XPATH("//*[re-match('aaaaaaaaaaaaaaaaaaaaaa!','(a+)+[bc]')]")
    static const char *const rpcs[] = {
        DOOR_RPC("<get>" EVIL "</get>"), DOOR_GET_CONFIG("running", EVIL),
        DOOR_RPC(
            "<create-subscription xmlns='urn:ietf:params:xml:ns:netconf:notification:1.0'>" EVIL
            "</create-subscription>")};

    (void)state;
    configure();
    for (size_t i = 0; i < sizeof(rpcs) / sizeof(rpcs[0]); i++)
        client_expect(client, rpcs[i], "<error-tag>operation-not-supported</error-tag>",
                      "the function re-match()", NULL);
    client_expect(client, DOOR_GET_CONFIG("running", ANY_XPATH("//*[//*[//*]]")),
                  "<error-tag>resource-denied</error-tag>", NULL);
    client_expect(client, DOOR_GET_CONFIG("running", ANY_XPATH("//*[contains(., 'ap-1')]")),
                  "<hostname>ap-1", NULL);
}

static void defaults_are_reported_as_asked(void **state)
{
#define DEFAULTS(mode)                                                                        \
    DOOR_GET_CONFIG(                                                                          \
        "running",                                                                            \
        "<with-defaults xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults'>" mode \
        "</with-defaults>")
    (void)state;
    client_ok(
        client,
        DOOR_EDIT("running", "",
                  "<trace xmlns='urn:nmspd:yang:nmspd-trace'><level>warning</level></trace>"));
    client_expect(client, DEFAULTS("explicit"), "<level>warning</level>", "!<buffer-size>", NULL);
    client_expect(client, DEFAULTS("report-all"), "<level>warning</level>",
                  "<buffer-size>65536</buffer-size>", NULL);
    client_expect(client, DEFAULTS("trim"), "!<level>", "!<buffer-size>", NULL);
    client_expect(client, DEFAULTS("report-all-tagged"), "<error-tag>invalid-value</error-tag>",
                  "<bad-element>with-defaults</bad-element>", NULL);
}

static void get_gives_the_state_of_the_protocol(void **state)
{
    (void)state;
    configure();
    client_ok(client, DOOR_RPC("<lock><target><candidate/></target></lock>"));
    client_expect(client, DOOR_RPC("<get/>"), "<hostname>ap-1", "<netconf-state",
                  "<locked-by-session>1</locked-by-session>", "<locked-time>2027-01-1",
                  "<identifier>nmspd-nmsp</identifier>", "<location>NETCONF</location>",
                  "<session-id>1</session-id>", "unix-socket</transport>", "<netconf-start-time>",
                  "<in-sessions>1</in-sessions>", "<yang-library", "<content-id>",
                  "<replaySupport>false</replaySupport>", "denied-operations", NULL);
    client_expect(client,
                  DOOR_RPC("<get><filter><netconf-state xmlns='urn:ietf:params:xml:ns:yang:ietf-"
                           "netconf-monitoring'><statistics/></netconf-state></filter></get>"),
                  "<in-rpcs>", "!<schemas>", "!<hostname>", NULL);
}

static void get_schema_gives_the_text_of_a_module(void **state)
{
#define SCHEMA(content)                                                                         \
    DOOR_RPC("<get-schema xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring'>" content \
             "</get-schema>")
    (void)state;
    client_expect(client, SCHEMA("<identifier>nmspd-trace</identifier>"), "module nmspd-trace {",
                  "container trace {", NULL);
    client_expect(client,
                  SCHEMA("<identifier>ietf-yang-types</identifier><version>2013-07-15</version>"
                         "<format>yang</format>"),
                  "module ietf-yang-types {", NULL);
    client_error(client, SCHEMA("<identifier>nothing</identifier>"), "invalid-value");
    client_error(client,
                 SCHEMA("<identifier>nmspd-trace</identifier><version>2000-01-01</version>"),
                 "invalid-value");
    client_error(client, SCHEMA("<identifier>nmspd-trace</identifier><format>yin</format>"),
                 "invalid-value");
    client_error(client, SCHEMA(""), "missing-element");
}

static void a_reply_over_the_limit_is_too_big_and_says_what_to_do(void **state)
{
    const char *head = "<rpc message-id='1' xmlns='" DOOR_BASE
                       "'><edit-config><target><candidate/></target><config>" HOSTNAME(
                           "ap-1") "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>"
                                   "<rule-list><name>r</name><rule><name>r</name>"
                                   "<action>permit</action><comment>";
    const char *tail = "</comment></rule></rule-list></nacm></config></edit-config></rpc>";
    char *message = malloc(NC_REPLY_MAX + 1000);

    (void)state;
    assert_non_null(message);
    size_t len = (size_t)snprintf(message, 1000, "%s", head);
    memset(message + len, 'c', NC_REPLY_MAX);
    (void)snprintf(message + len + NC_REPLY_MAX, 100, "%s", tail);
    client_ok(client, message);
    client_expect(client, CANDIDATE, "<error-tag>too-big</error-tag>", "read in pages", "!<data",
                  NULL);
    client_expect(client, DOOR_GET_CONFIG("candidate", "<filter>" DOOR_SYSTEM("") "</filter>"),
                  "<hostname>ap-1", NULL);
    free(message);
}

/* --- changing -------------------------------------------------------------------------------- */

static void an_edit_that_is_wrong_is_refused_with_tag_and_path(void **state)
{
    (void)state;
    client_expect(client, DOOR_EDIT("running", "", DOOR_NMSP("<enable>maybe</enable>")),
                  "<error-tag>invalid-value</error-tag>",
                  "<error-path xmlns:nmspd-nmsp=\"urn:nmspd:yang:nmspd-nmsp\">"
                  "/nmspd-nmsp:nmsp/nmspd-nmsp:enable</error-path>",
                  NULL);
    client_expect(
        client,
        DOOR_EDIT("running", "",
                  DOOR_NMSP("<server xmlns:nc='" DOOR_BASE "' nc:operation='delete'>"
                            "<host>a.example</host><port>1</port></server>")),
        "<error-tag>data-missing</error-tag>",
        "nmspd-nmsp:server[nmspd-nmsp:host='a.example'][nmspd-nmsp:port='1']</error-path>", NULL);
    client_error(client, DOOR_EDIT("running", "", DOOR_NMSP("<nothing/>")), "unknown-element");
    client_error(client, DOOR_EDIT("running", "", "<x xmlns='urn:x'/>"), "unknown-namespace");
    client_expect(client, DOOR_RPC("<edit-config><target><running/></target></edit-config>"),
                  "<rpc-error>", NULL);
    client_expect(client, RUNNING, "<data xmlns=\"" DOOR_BASE "\"></data>", NULL);
}

static void the_candidate_is_committed_or_discarded(void **state)
{
    (void)state;
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("one")));
    client_expect(client, RUNNING, "!<hostname>", NULL);
    client_expect(client, CANDIDATE, "<hostname>one", NULL);
    client_ok(client, DOOR_RPC("<validate><source><candidate/></source></validate>"));
    client_ok(client, DOOR_RPC("<commit/>"));
    client_expect(client, RUNNING, "<hostname>one", NULL);
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("two")));
    client_ok(client, DOOR_RPC("<discard-changes/>"));
    client_expect(client, CANDIDATE, "<hostname>one", NULL);
    assert_int_equal(door.applies, 1);
}

static void a_confirmed_commit_is_rolled_back_or_confirmed(void **state)
{
    (void)state;
#define CONFIRMED DOOR_RPC("<commit><confirmed/><confirm-timeout>5</confirm-timeout></commit>")
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("one")));
    client_ok(client, CONFIRMED);
    client_expect(client, RUNNING, "<hostname>one", NULL);
    loop_advance(door.loop, 5000);
    client_expect(client, RUNNING, "!<hostname>", NULL);

    client_ok(client, DOOR_RPC("<discard-changes/>"));
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("two")));
    client_ok(client, CONFIRMED);
    client_ok(client, DOOR_RPC("<cancel-commit/>"));
    client_expect(client, RUNNING, "!<hostname>", NULL);

    client_ok(client, DOOR_RPC("<discard-changes/>"));
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("three")));
    client_ok(client, DOOR_RPC("<commit><confirmed/><persist>tok</persist></commit>"));
    client_close(client);
    client = client_open(false);
    client_error(client, DOOR_RPC("<commit><persist-id>other</persist-id></commit>"),
                 "invalid-value");
    client_ok(client, DOOR_RPC("<commit><persist-id>tok</persist-id></commit>"));
    loop_advance(door.loop, 601 * 1000);
    client_expect(client, RUNNING, "<hostname>three", NULL);
    client_expect(client, DOOR_RPC("<cancel-commit/>"), "<rpc-error>", NULL);
}

static void a_confirmed_commit_goes_with_its_session(void **state)
{
    (void)state;
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("one")));
    client_ok(client, CONFIRMED);
    client_close(client);
    door_turn(3);
    client = client_open(true);
    client_expect(client, RUNNING, "!<hostname>", NULL);
}

static void copies_go_to_every_datastore(void **state)
{
#define COPY(target, source) \
    DOOR_RPC("<copy-config><target>" target "</target><source>" source "</source></copy-config>")
    (void)state;
    configure();
    client_ok(client, COPY("<startup/>", "<running/>"));
    loop_advance(door.loop, STORE_SAVE_MS); /* saves are paced */
    client_expect(client, DOOR_GET_CONFIG("startup", ""), "<hostname>ap-1", NULL);
    assert_int_equal(access(door.startup, R_OK), 0);
    client_ok(client, COPY("<candidate/>", "<config>" HOSTNAME("new") "</config>"));
    client_expect(client, CANDIDATE, "<hostname>new", "!192.0.2.1", NULL);
    client_ok(client, COPY("<running/>", "<candidate/>"));
    client_expect(client, RUNNING, "<hostname>new", "!192.0.2.1", NULL);
    client_ok(client, COPY("<running/>", "<startup/>"));
    client_expect(client, RUNNING, "<hostname>ap-1", "192.0.2.1", NULL);
    client_error(client, COPY("<running/>", "<running/>"), "invalid-value");
    client_expect(client, COPY("<running/>", "<config>" HOSTNAME("-bad_") "</config>"),
                  "<rpc-error>", NULL);
    client_ok(client, DOOR_RPC("<delete-config><target><startup/></target></delete-config>"));
    client_expect(client, DOOR_GET_CONFIG("startup", ""), "!<hostname>", NULL);
    client_error(client, DOOR_RPC("<delete-config><target><running/></target></delete-config>"),
                 "unknown-element");
}

static void a_client_that_leaves_while_startup_is_written_does_no_harm(void **state)
{
    (void)state;
    configure();
    client_send(client, COPY("<startup/>", "<running/>"));
    door_turn(1);
    client_close(client);
    door_turn(50);
    client = client_open(true);
    client_expect(client, RUNNING, "<hostname>ap-1", NULL);
}

static void a_configuration_is_validated_wherever_it_stands(void **state)
{
#define VALIDATE(source) DOOR_RPC("<validate><source>" source "</source></validate>")
    (void)state;
    client_ok(client, VALIDATE("<running/>"));
    client_ok(client, COPY("<startup/>", "<running/>"));
    client_ok(client, VALIDATE("<startup/>"));
    client_ok(client, VALIDATE("<config>" HOSTNAME("fine") "</config>"));
    client_ok(client, VALIDATE("<config/>"));
    client_expect(client, VALIDATE("<config>" DOOR_NMSP("<enable>5</enable>") "</config>"),
                  "<error-tag>invalid-value</error-tag>", NULL);
}

/* --- locks and sessions ---------------------------------------------------------------------- */

static void a_lock_keeps_others_out_and_goes_with_its_session(void **state)
{
#define LOCK(what)   DOOR_RPC("<lock><target><" what "/></target></lock>")
#define UNLOCK(what) DOOR_RPC("<unlock><target><" what "/></target></unlock>")
    struct client *other = client_open(false);

    (void)state;
    client_ok(client, LOCK("running"));
    client_expect(other, LOCK("running"), "<error-tag>lock-denied</error-tag>",
                  "<session-id>1</session-id>", NULL);
    client_expect(other, DOOR_EDIT("running", "", HOSTNAME("x")), "<error-tag>in-use</error-tag>",
                  NULL);
    client_expect(other, UNLOCK("running"), "<rpc-error>", NULL);
    client_ok(client, UNLOCK("running"));
    client_ok(client, LOCK("candidate"));
    client_ok(client, LOCK("startup"));
    client_ok(client, DOOR_RPC("<close-session/>"));
    client_expect_end(client);
    client_ok(other, LOCK("candidate"));
    client_ok(other, LOCK("startup"));
    client_close(other);
}

static void a_session_is_killed_by_another_one_only(void **state)
{
    struct client *other = client_open(false);

    (void)state;
    client_ok(other, LOCK("running"));
    client_error(client, DOOR_RPC("<kill-session><session-id>1</session-id></kill-session>"),
                 "invalid-value");
    client_error(client, DOOR_RPC("<kill-session><session-id>99</session-id></kill-session>"),
                 "invalid-value");
    client_ok(client, DOOR_RPC("<kill-session><session-id>2</session-id></kill-session>"));
    client_expect_end(other);
    client_ok(client, LOCK("running"));
    client_close(other);
}

/* --- notifications --------------------------------------------------------------------------- */

#define SUBSCRIBE(content)                                                                      \
    DOOR_RPC(                                                                                   \
        "<create-subscription xmlns='urn:ietf:params:xml:ns:netconf:notification:1.0'>" content \
        "</create-subscription>")

static void a_subscriber_gets_events_and_goes_on_with_rpcs(void **state)
{
    (void)state;
    client_ok(client, SUBSCRIBE("<stream>NETCONF</stream>"));
    struct client *other = client_open(true);
    const char *event = client_hear(client);
    assert_non_null(strstr(event, "<notification xmlns=\"urn:ietf:params:xml:ns:netconf:"
                                  "notification:1.0\"><eventTime>2027-01-15T08:00:00.000Z<"));
    assert_non_null(strstr(event, "<netconf-session-start"));
    assert_non_null(strstr(event, "<session-id>2</session-id>"));
    client_expect(client, RUNNING, "<data", NULL);
    client_expect(client, DOOR_RPC("<kill-session><session-id>2</session-id></kill-session>"),
                  "<netconf-session-end", "<killed-by>1</killed-by>",
                  "<termination-reason>killed</termination-reason>", NULL);
    assert_non_null(strstr(client_hear(client), "<ok/>"));
    client_close(other);
}

static void a_filter_says_which_events(void **state)
{
    (void)state;
    client_ok(client,
              SUBSCRIBE("<filter type='xpath' xmlns:n='urn:ietf:params:xml:ns:yang:ietf-netconf-"
                        "notifications' select='/n:netconf-session-end'/>"));
    struct client *subtree = client_open(true);
    client_ok(subtree,
              SUBSCRIBE("<filter><netconf-session-end xmlns='urn:ietf:params:xml:ns:yang:ietf-"
                        "netconf-notifications'><session-id>3</session-id></netconf-session-end>"
                        "</filter>"));
    struct client *other = client_open(true);
    client_hear_nothing(client);
    client_ok(other, DOOR_RPC("<close-session/>"));
    client_expect_end(other);
    assert_non_null(strstr(client_hear(client), "<termination-reason>closed<"));
    assert_non_null(strstr(client_hear(subtree), "<session-id>3<"));
    client_close(other);
    client_close(client_open(true));
    assert_non_null(strstr(client_hear(client), "<termination-reason>dropped<"));
    client_hear_nothing(subtree);
    client_close(subtree);
}

static void a_subscription_that_cannot_be_had_is_refused(void **state)
{
    (void)state;
    client_error(client, SUBSCRIBE("<stream>SNMP</stream>"), "invalid-value");
    client_error(client, SUBSCRIBE("<startTime>2026-01-01T00:00:00Z</startTime>"),
                 "operation-not-supported");
    client_error(client, SUBSCRIBE("<stopTime>2026-01-01T00:00:00Z</stopTime>"), "missing-element");
    client_error(client, SUBSCRIBE("<startTime>yesterday</startTime>"), "invalid-value");
    client_ok(client, SUBSCRIBE(""));
    client_error(client, SUBSCRIBE(""), "operation-failed");
}

static void a_subscriber_that_reads_nothing_is_closed(void **state)
{
    (void)state;
    client_ok(client, SUBSCRIBE(""));
    struct client *other = client_open(true);
    unsigned sessions = 0;
    while (strstr(door.log, "does not read its notifications") == NULL) {
        struct client *guest = client_open(true);
        client_close(guest);
        door_turn(2);
        assert_true(++sessions < 20000);
    }
    client_expect(other, RUNNING, "<data", NULL);
    client_close(other);
}

/* --- rights ---------------------------------------------------------------------------------- */

static struct client *open_as_nobody(void)
{
    assert_int_equal(chown(door.path, 65534, (gid_t)-1), 0);
    assert_int_equal(seteuid(65534), 0);
    struct client *nobody = client_open(true);
    assert_int_equal(seteuid(0), 0);
    return nobody;
}

#define NACM(content) \
    "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>" content "</nacm>"
#define RULE(name, more, access, action)                                                   \
    "<rule><name>" name "</name>" more "<access-operations>" access "</access-operations>" \
    "<action>" action "</action></rule>"
#define RULES(content)                                                                     \
    NACM("<groups><group><name>staff</name><user-name>nobody</user-name></group></groups>" \
         "<rule-list><name>secret-list</name><group>staff</group>" content "</rule-list>")
#define DATA_RULE(name, path, access, action)                                               \
    RULE(name,                                                                              \
         "<path xmlns:s='urn:nmspd:yang:nmspd-system' xmlns:n='urn:nmspd:yang:nmspd-nmsp' " \
         "xmlns:nacm='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>" path "</path>",       \
         access, action)

/* A member saved over a file that waited for SIGHUP, discarded root's candidate, and locked. */
static void without_rules_only_root_changes_or_locks_anything(void **state)
{
    static const char *const changing[] = {
        COPY("<startup/>", "<running/>"),
        COPY("<candidate/>", "<running/>"),
        COPY("<running/>", "<config/>"),
        DOOR_RPC("<delete-config><target><startup/></target></delete-config>"),
        DOOR_RPC("<discard-changes/>"),
        DOOR_RPC("<commit/>"),
        DOOR_RPC("<commit><confirmed/><confirm-timeout>4294967295</confirm-timeout>"
                 "<persist>x</persist></commit>"),
        DOOR_RPC("<cancel-commit/>"),
        DOOR_RPC("<cancel-commit><persist-id>x</persist-id></cancel-commit>"),
        VALIDATE("<running/>"),
        VALIDATE("<config/>"),
        LOCK("running"),
        LOCK("candidate"),
        LOCK("startup"),
        UNLOCK("running"),
        DOOR_EDIT("running", "", HOSTNAME("x")),
        DOOR_EDIT("candidate", "", HOSTNAME("x")),
        DOOR_EDIT("candidate", "<default-operation>replace</default-operation>", ""),
        DOOR_RPC("<kill-session><session-id>1</session-id></kill-session>")};

    (void)state;
    if (geteuid() != 0)
        skip();
    client_ok(client, DOOR_EDIT("running", "", HOSTNAME("ap-1")));
    client_ok(client, DOOR_EDIT("candidate", "", HOSTNAME("mine")));
    struct client *nobody = open_as_nobody();
    for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
        client_error(nobody, changing[i], "access-denied");
    client_expect(client, CANDIDATE, "<hostname>mine", NULL);
    client_expect(nobody, RUNNING, "<hostname>ap-1", NULL);
    assert_int_equal(access(door.startup, R_OK), -1);
    /* One right to write is enough for the operations around it, but a rule goes before it. */
    client_ok(client, DOOR_RPC("<discard-changes/>"));
    client_ok(client,
              DOOR_EDIT("running", "",
                        RULES(RULE("no", "<rpc-name>copy-config</rpc-name>", "*", "deny")
                                  DATA_RULE("host", "/s:system/s:hostname", "update", "permit"))));
    client_ok(nobody, LOCK("candidate"));
    client_ok(nobody, DOOR_EDIT("candidate", "", HOSTNAME("theirs")));
    client_ok(nobody, DOOR_RPC("<commit/>"));
    client_ok(nobody, UNLOCK("candidate"));
    client_error(nobody, COPY("<startup/>", "<running/>"), "access-denied");
    client_expect(client, RUNNING, "<hostname>theirs", NULL);
    client_close(nobody);
}

/* One entry of two, and a leaf of every entry: whole, through filters, and for those who may. */
static void what_may_not_be_read_is_not_there_for_filters_either(void **state)
{
#define SERVER(host, mac) "<server><host>" host "</host><port>1</port><mac>" mac "</mac></server>"
#define NMSP_XPATH(path)                                                                   \
    DOOR_GET_CONFIG("running", "<filter type='xpath' xmlns:n='urn:nmspd:yang:nmspd-nmsp' " \
                               "select=\"" path "\"/>")
#define NMSP_SUBTREE(content) DOOR_GET_CONFIG("running", "<filter>" DOOR_NMSP(content) "</filter>")
    static const char *const hidden[] = {
        NMSP_SUBTREE("<server><mac>0050.569c.3402</mac></server>"),
        NMSP_SUBTREE("<server><mac>0050.569c.3402</mac><host/></server>"),
        NMSP_SUBTREE("<server><mac/></server>"),
        NMSP_SUBTREE("<server><host>a</host></server>"),
        NMSP_XPATH("//n:mac"),
        NMSP_XPATH("/n:nmsp/n:server[n:mac='0050.569c.3402']"),
        NMSP_XPATH("/n:nmsp/n:server[n:host='a']"),
        NMSP_XPATH("/n:nmsp/n:server[2]")};
    static const char *const seen[] = {
        RUNNING,
        NMSP_SUBTREE("<server/>"),
        NMSP_SUBTREE("<server><host>b</host></server>"),
        NMSP_SUBTREE("<server><port>1</port><host/><port/></server>"),
        NMSP_XPATH("/n:nmsp/n:server"),
        NMSP_XPATH("//n:port"),
        NMSP_XPATH("/n:nmsp/n:server[1]/n:host | //n:port")};

    (void)state;
    if (geteuid() != 0)
        skip();
    client_ok(client,
              DOOR_EDIT("running", "",
                        DOOR_NMSP(SERVER("a", "0050.569c.3401") SERVER("b", "0050.569c.3402"))));
    client_ok(client,
              DOOR_EDIT("running", "",
                        RULES(DATA_RULE("entry", "/n:nmsp/n:server[n:host='a'][n:port='1']", "read",
                                        "deny")
                                  DATA_RULE("leaf", "/n:nmsp/n:server/n:mac", "*", "deny"))));
    struct client *nobody = open_as_nobody();
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        client_expect(client, hidden[i], "<server>", NULL);
        assert_null(strstr(client_ask(nobody, hidden[i]), "<server>"));
    }
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        const char *answer = client_ask(nobody, seen[i]);
        assert_non_null(strstr(answer, "<server><host>b</host><port>1</port></server>"));
        assert_null(strstr(answer, "<host>a"));
        assert_null(strstr(answer, "<mac>"));
    }
    client_close(nobody);
}

/* What root has in /nacm could be guessed: data-exists was answered, or access-denied. */
static void what_may_not_be_read_cannot_be_guessed_by_edits(void **state)
{
#define NC(operation)          "xmlns:nc='" DOOR_BASE "' nc:operation='" operation "'"
#define IN_LIST(name, content) NACM("<rule-list><name>" name "</name>" content "</rule-list>")
#define OF_LIST(name, operation) \
    NACM("<rule-list " NC(operation) "><name>" name "</name></rule-list>")
#define LEAF(operation, value) \
    NACM("<enable-external-groups " NC(operation) ">" value "</enable-external-groups>")
    static const char *const there_and_not[][2] = {
        {OF_LIST("secret-list", "create"), OF_LIST("other", "create")},
        {OF_LIST("secret-list", "delete"), OF_LIST("other", "delete")},
        {OF_LIST("secret-list", "remove"), OF_LIST("other", "remove")},
        {OF_LIST("secret-list", "merge"), OF_LIST("other", "merge")},
        {IN_LIST("secret-list", "<group>staff</group>"), IN_LIST("other", "<group>x</group>")},
        {LEAF("merge", "false"), LEAF("merge", "true")},
        {LEAF("create", "false"), LEAF("create", "true")},
        {LEAF("delete", ""), NACM("<read-default " NC("delete") "/>")},
        {LEAF("remove", ""), NACM("<read-default " NC("remove") "/>")}};
    static const char *const targets[] = {"running", "candidate"};

    (void)state;
    if (geteuid() != 0)
        skip();
    client_ok(client, DOOR_EDIT("running", "",
                                HOSTNAME("ap-1") RULES(
                                    DATA_RULE("host", "/s:system/s:hostname", "*", "permit"))));
    client_ok(client, DOOR_EDIT("running", "", LEAF("merge", "false")));
    struct client *nobody = open_as_nobody();
    client_expect(nobody, RUNNING, "<hostname>ap-1", "!secret-list", NULL);
    for (size_t i = 0; i < sizeof(there_and_not) / sizeof(there_and_not[0]); i++)
        for (size_t t = 0; t < 2; t++)
            for (size_t k = 0; k < 2; k++) {
                char message[2000];
                (void)snprintf(message, sizeof(message), DOOR_EDIT("%s", "", "%s"), targets[t],
                               there_and_not[i][k]);
                client_error(nobody, message, "access-denied");
                (void)snprintf(message, sizeof(message),
                               COPY("<candidate/>", "<config>" HOSTNAME("ap-1") "%s</config>"),
                               there_and_not[i][k]);
                /* Operations belong to edit-config alone. */
                client_error(nobody, message,
                             strstr(there_and_not[i][k], "nc:operation") != NULL
                                 ? "unknown-attribute"
                                 : "access-denied");
                (void)snprintf(message, sizeof(message),
                               DOOR_EDIT("running",
                                         "<default-operation>none</default-operation>"
                                         "<test-option>test-only</test-option>"
                                         "<error-option>continue-on-error</error-option>",
                                         "%s"),
                               there_and_not[i][k]);
                client_error(nobody, message, "access-denied");
            }
    /* What a replacement would take away is told without its name. */
    client_expect(
        nobody,
        DOOR_EDIT("candidate", "<default-operation>replace</default-operation>", HOSTNAME("ap-1")),
        "access-denied", "!secret-list", NULL);
    client_ok(nobody, DOOR_EDIT("running", "", HOSTNAME("theirs")));
    client_close(nobody);
}

static void faults_are_not_told_to_who_may_not_read_them(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    client_ok(client, DOOR_EDIT("running", "",
                                RULES(DATA_RULE("host", "/s:system/s:hostname", "*", "permit"))));
    /* A rule without its action. */
    client_ok(client, DOOR_EDIT("candidate", "",
                                NACM("<rule-list><name>secret-list</name><rule><name>secret-rule"
                                     "</name></rule></rule-list>")));
    client_expect(client, VALIDATE("<candidate/>"), "secret-rule", NULL);
    struct client *nobody = open_as_nobody();
    client_expect(nobody, VALIDATE("<candidate/>"), "access-denied", "!secret", NULL);
    client_expect(nobody, DOOR_RPC("<commit/>"), "access-denied", "!secret", NULL);
    client_expect(nobody, VALIDATE("<config>" DOOR_NMSP("<enable>5</enable>") "</config>"),
                  "invalid-value", "/nmspd-nmsp:nmsp/nmspd-nmsp:enable", NULL);
    client_expect(nobody, VALIDATE("<config>" DOOR_NMSP("<nothing/>") "</config>"),
                  "unknown-element", NULL);
    client_close(nobody);
}

static void root_alone_saves_over_what_was_changed_by_hand(void **state)
{
#define FORCE "<force xmlns='urn:nmspd:yang:nmspd-netconf'/>"
#define FORCED                                                                           \
    DOOR_RPC("<copy-config><target><startup/></target><source><running/></source>" FORCE \
             "</copy-config>")
    FILE *file = fopen(door.startup, "w");

    (void)state;
    assert_non_null(file);
    assert_true(fputs("{}", file) >= 0);
    assert_int_equal(fclose(file), 0);
    client_expect(client, COPY("<startup/>", "<running/>"), "operation-failed",
                  "<error-app-tag>startup-changed</error-app-tag>", NULL);
    loop_advance(door.loop, STORE_SAVE_MS);
    if (geteuid() == 0) {
        client_ok(client, DOOR_EDIT("running", "", RULES(RULE("all", "", "*", "permit"))));
        struct client *nobody = open_as_nobody();
        client_error(nobody, FORCED, "access-denied");
        client_ok(client, FORCED);
        loop_advance(door.loop, STORE_SAVE_MS);
        client_ok(nobody, COPY("<startup/>", "<running/>"));
        client_close(nobody);
    }
}

static void without_rules_others_read_and_do_not_write(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    client_ok(client, DOOR_EDIT("running", "", HOSTNAME("ap-1")));
    struct client *nobody = open_as_nobody();
    client_expect(nobody, RUNNING, "<hostname>ap-1", NULL);
    client_expect(nobody, DOOR_EDIT("running", "", HOSTNAME("x")),
                  "<error-tag>access-denied</error-tag>",
                  "/nmspd-system:system/nmspd-system:hostname</error-path>", NULL);
    client_error(nobody, DOOR_RPC("<kill-session><session-id>1</session-id></kill-session>"),
                 "access-denied");
    client_error(nobody, DOOR_RPC("<delete-config><target><startup/></target></delete-config>"),
                 "access-denied");
    client_ok(client, DOOR_EDIT("running", "",
                                "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>"
                                "<read-default>deny</read-default></nacm>"));
    client_expect(nobody, RUNNING, "!<hostname>", NULL);
    client_expect(nobody, DOOR_RPC("<get/>"), "!<hostname>", "!<session-id>", NULL);
    client_ok(nobody, DOOR_RPC("<close-session/>"));
    client_close(nobody);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_reply_has_all_attributes_of_its_rpc),
        TEST(an_rpc_without_message_id_is_refused),
        TEST(what_is_no_operation_is_refused_with_its_tag),
        TEST(what_does_not_fit_an_operation_is_refused_with_its_tag),
        TEST(get_config_gives_what_was_set),
        TEST(a_subtree_filter_selects),
        TEST(an_xpath_filter_selects),
        TEST(an_xpath_that_could_take_long_is_refused_by_name),
        TEST(defaults_are_reported_as_asked),
        TEST(get_gives_the_state_of_the_protocol),
        TEST(get_schema_gives_the_text_of_a_module),
        TEST(a_reply_over_the_limit_is_too_big_and_says_what_to_do),
        TEST(an_edit_that_is_wrong_is_refused_with_tag_and_path),
        TEST(the_candidate_is_committed_or_discarded),
        TEST(a_confirmed_commit_is_rolled_back_or_confirmed),
        TEST(a_confirmed_commit_goes_with_its_session),
        TEST(copies_go_to_every_datastore),
        TEST(a_client_that_leaves_while_startup_is_written_does_no_harm),
        TEST(a_configuration_is_validated_wherever_it_stands),
        TEST(a_lock_keeps_others_out_and_goes_with_its_session),
        TEST(a_session_is_killed_by_another_one_only),
        TEST(a_subscriber_gets_events_and_goes_on_with_rpcs),
        TEST(a_filter_says_which_events),
        TEST(a_subscription_that_cannot_be_had_is_refused),
        TEST(a_subscriber_that_reads_nothing_is_closed),
        TEST(without_rules_others_read_and_do_not_write),
        TEST(what_may_not_be_read_is_not_there_for_filters_either),
        TEST(without_rules_only_root_changes_or_locks_anything),
        TEST(what_may_not_be_read_cannot_be_guessed_by_edits),
        TEST(faults_are_not_told_to_who_may_not_read_them),
        TEST(root_alone_saves_over_what_was_changed_by_hand),
    };
    return cmocka_run_group_tests(tests, door_schema, door_no_schema);
}
