/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door as such: sockets, hellos, framing, bounds. */
#include "agent/base/log-window.h"
#include "config/netconf/test-door.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

#include <libyang/plugins_types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GET_RUNNING DOOR_GET_CONFIG("running", "")

static void both_say_hello_and_the_server_gives_its_capabilities(void **state)
{
    static const char *const wanted[] = {
        "<capability>urn:ietf:params:netconf:base:1.0</capability>",
        "<capability>urn:ietf:params:netconf:base:1.1</capability>",
        "capability:writable-running:1.0<",
        "capability:candidate:1.0<",
        "capability:confirmed-commit:1.1<",
        "capability:rollback-on-error:1.0<",
        "capability:validate:1.1<",
        "capability:startup:1.0<",
        "capability:xpath:1.0<",
        "with-defaults:1.0?basic-mode=explicit&amp;also-supported=report-all,trim<",
        "capability:notification:1.0<",
        "capability:interleave:1.0<",
        "yang-library:1.1?revision=2019-01-04&amp;content-id=",
        "<capability>urn:nmspd:yang:nmspd-nmsp?module=nmspd-nmsp&amp;revision=",
        "startup,xpath<",
        "<session-id>1</session-id></hello>"};

    (void)state;
    struct client *client = client_connect();
    const char *hello = client_hear(client);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (strstr(hello, wanted[i]) == NULL)
            fail_msg("%s\nlacks %s", hello, wanted[i]);
    assert_null(strstr(hello, "capability:url:"));
    assert_null(strstr(hello, "replay"));
    client_close(client);
}

static void both_framings_work_byte_by_byte(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct client *client = client_open(chunked == 1);
        client->piece = 1;
        client_expect(client, GET_RUNNING, "<rpc-reply", "message-id=\"1\"", "<data", NULL);
        client_ok(client, DOOR_RPC("<close-session/>"));
        client_expect_end(client);
        client_close(client);
    }
}

static void rpcs_sent_in_a_row_are_answered_in_a_row(void **state)
{
    struct client *client = client_open(true);
    char rpc[256];

    (void)state;
    for (int i = 0; i < 50; i++) {
        (void)snprintf(rpc, sizeof(rpc),
                       "<rpc message-id='n%d' xmlns='" DOOR_BASE "'><discard-changes/></rpc>", i);
        client_send(client, rpc);
    }
    for (int i = 0; i < 50; i++) {
        (void)snprintf(rpc, sizeof(rpc), "message-id=\"n%d\"", i);
        assert_non_null(strstr(client_hear(client), rpc));
    }
    client_close(client);
}

static void a_session_does_one_rpc_in_a_turn(void **state)
{
    struct client *flood = client_open(true);
    struct client *other = client_open(true);

    (void)state;
    for (int i = 0; i < 30; i++)
        client_send(flood, GET_RUNNING);
    door_turn(2);
    client_send(other, GET_RUNNING);
    unsigned turns = 0;
    ssize_t count = 0;
    while ((count = recv(other->fd, other->input, sizeof(other->input), MSG_PEEK)) <= 0) {
        door_turn(1);
        assert_true(++turns < 10);
    }
    client_close(flood);
    client_close(other);
}

static void a_hello_that_is_none_ends_the_session(void **state)
{
    static const char *const hellos[] = {
        "<hello/>",
        "hello",
        "",
        "<hello xmlns='" DOOR_BASE "'/>",
        "<hello xmlns='" DOOR_BASE "'><capabilities/></hello>",
        "<hello xmlns='" DOOR_BASE "'><capabilities><capability>urn:ietf:params:netconf:base:2.0"
        "</capability></capabilities></hello>",
        "<hello xmlns='" DOOR_BASE "'><capabilities><capability>urn:ietf:params:netconf:base:1.0"
        "</capability></capabilities><session-id>4</session-id></hello>",
        "<!DOCTYPE a []><hello xmlns='" DOOR_BASE "'><capabilities><capability>"
        "urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>",
        DOOR_RPC("<get/>")};

    (void)state;
    for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
        struct client *client = client_connect();
        (void)client_hear(client);
        client_send(client, hellos[i]);
        client_expect_end(client);
        client_close(client);
    }
}

/* Any member of the group can do so as fast as it likes. */
static void bad_hellos_in_bulk_are_one_line_for_each_cause_and_a_count(void **state)
{
    unsigned lines = 0;

    (void)state;
    door.log[0] = '\0';
    for (unsigned i = 0; i < 100; i++) {
        struct client *client = client_connect();
        (void)client_hear(client);
        client_send(client, i % 2 == 0 ? "<hallo/>" : "<hello xmlns='" DOOR_BASE "'/>");
        client_expect_end(client);
        client_close(client);
    }
    for (const char *at = door.log; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 2);
    assert_non_null(strstr(door.log, "did not begin with a hello: closed"));
    assert_non_null(strstr(door.log, "does not know NETCONF's base 1.0 nor 1.1: closed"));
    loop_advance(door.loop, LOG_WINDOW_MS);
    assert_non_null(strstr(door.log, "did not begin with a hello: 49 more within 60 s"));
    assert_non_null(strstr(door.log, "base 1.0 nor 1.1: 49 more within 60 s"));
}

static void who_says_no_hello_is_closed_in_time(void **state)
{
    struct client *silent = client_connect();
    struct client *slow = client_connect();

    (void)state;
    (void)client_hear(silent);
    (void)client_hear(slow);
    loop_advance(door.loop, NC_HELLO_MS - 1);
    client_send(slow, "<hello");
    client_hear_nothing(silent);
    loop_advance(door.loop, 1);
    client_expect_end(silent);
    client_expect_end(slow);
    client_close(silent);
    client_close(slow);
}

static void an_idle_session_costs_nothing(void **state)
{
    struct client *clients[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        clients[i] = client_open(i % 2 == 0);
        client_expect(clients[i], GET_RUNNING, "<data", NULL);
    }
    door_turn(5);
    uint64_t before = loop_wakeups(door.loop);
    loop_advance(door.loop, 24LL * 3600 * 1000);
    assert_true(loop_wakeups(door.loop) - before <= 3); /* those of loop_advance() itself */
    for (size_t i = 0; i < 4; i++) {
        client_expect(clients[i], GET_RUNNING, "<data", NULL);
        client_close(clients[i]);
    }
}

static void the_session_after_the_last_one_is_closed_at_once(void **state)
{
    struct client *clients[NC_SESSIONS_MAX];

    (void)state;
    if (geteuid() != 0)
        skip(); /* others have four */
    for (size_t i = 0; i < NC_SESSIONS_MAX; i++)
        clients[i] = client_open(true);
    struct client *more = client_connect();
    client_expect_end(more);
    client_close(more);
    assert_non_null(strstr(door.log, "16 sessions already"));
    client_close(clients[3]);
    door_turn(3);
    more = client_open(true);
    client_expect(more, GET_RUNNING, "<data", NULL);
    client_close(more);
    for (size_t i = 0; i < NC_SESSIONS_MAX; i++)
        if (i != 3)
            client_close(clients[i]);
}

/* A session of another user. */
static struct client *connect_as(uid_t uid)
{
    assert_int_equal(chmod(door.path, 0666), 0);
    assert_int_equal(seteuid(uid), 0);
    struct client *client = client_connect();
    assert_int_equal(seteuid(0), 0);
    assert_non_null(client);
    return client;
}

static void users_have_four_sessions_each_and_leave_some_to_root(void **state)
{
    struct client *clients[NC_SESSIONS_MAX];
    size_t count = 0;

    (void)state;
    if (geteuid() != 0)
        skip();
    for (uid_t uid = 60001; uid <= 60003; uid++)
        for (int i = 0; i < 4; i++) {
            clients[count] = connect_as(uid);
            client_greet(clients[count++], true);
        }
    struct client *more = connect_as(60001);
    client_expect_end(more);
    client_close(more);
    assert_non_null(strstr(door.log, "12 sessions of others than root already"));
    client_close(clients[--count]);
    door_turn(3);
    loop_advance(door.loop, 61000);
    more = connect_as(60001);
    client_expect_end(more);
    client_close(more);
    assert_non_null(strstr(door.log, "user 60001 has 4 sessions already"));
    for (int i = 0; i < 5; i++)
        clients[count++] = client_open(true);
    client_expect(clients[count - 1], DOOR_RPC("<get/>"),
                  "<refused-sessions xmlns=\"urn:nmspd:yang:nmspd-netconf\">2<", NULL);
    while (count > 0)
        client_close(clients[--count]);
}

/* A message of the limit, without its last bytes. */
static void send_unfinished(struct client *client)
{
    static const char head[] = "\n#4194304\n";
    char *message = malloc(NC_MESSAGE_MAX);

    assert_non_null(message);
    memset(message, ' ', NC_MESSAGE_MAX);
    memcpy(message, GET_RUNNING, sizeof(GET_RUNNING) - 1);
    client_send_raw(client, head, sizeof(head) - 1);
    client_send_raw(client, message, NC_MESSAGE_MAX - 100);
    free(message);
    door_turn(NC_MESSAGE_MAX / 8192 + 10);
}

static void finish(struct client *client)
{
    char rest[104];

    memset(rest, ' ', sizeof(rest));
    memcpy(rest + 100, "\n##\n", 4);
    client_send_raw(client, rest, sizeof(rest));
    assert_non_null(strstr(client_hear(client), "<data"));
}

/* 16 sessions had 70 MB buffered. */
static void what_all_have_not_finished_is_bounded_and_the_biggest_goes(void **state)
{
    struct client *clients[4];
    struct client *small = client_open(true);
    int ended = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        clients[i] = client_open(true);
        send_unfinished(clients[i]);
    }
    clients[3] = small;
    client_send_raw(small, "\n#100\n<rpc", 11); /* which nobody is closed for */
    if (geteuid() != 0)
        assert_non_null(strstr(door.log, "does not finish or read"));
    else
        assert_null(strstr(door.log, "does not finish or read"));
    if (geteuid() == 0) {
        struct client *fourth = client_open(true);
        send_unfinished(fourth);
        assert_non_null(strstr(door.log, "does not finish or read"));
        for (size_t i = 0; i < 3; i++) {
            char byte;
            door_turn(1);
            if (recv(clients[i]->fd, &byte, 1, MSG_PEEK) == 0)
                ended++;
            else
                finish(clients[i]);
        }
        char byte;
        ended += recv(fourth->fd, &byte, 1, MSG_PEEK) == 0;
        assert_int_equal(ended, 1);
        client_close(fourth);
    }
    for (size_t i = 0; i < 4; i++)
        client_close(clients[i]);
}

static void others_cannot_hold_what_is_kept_for_root(void **state)
{
    struct client *clients[3];
    struct client *root = NULL;

    (void)state;
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < 3; i++) {
        clients[i] = connect_as(60001 + (uid_t)i);
        client_greet(clients[i], true);
        send_unfinished(clients[i]);
    }
    assert_non_null(strstr(door.log, "(60002) holds 41942"));
    root = client_open(true);
    send_unfinished(root);
    finish(root);
    client_expect(root, DOOR_RPC("<get/>"),
                  "<crowded-sessions xmlns=\"urn:nmspd:yang:nmspd-netconf\">1<", NULL);
    client_expect_end(clients[1]);
    for (size_t i = 0; i < 3; i++)
        client_close(clients[i]);
    client_close(root);
}

/* A message that was answered holds nothing any more. */
static void a_long_message_is_given_back_when_it_is_answered(void **state)
{
    struct client *client = client_open(true);

    (void)state;
    for (int i = 0; i < 4; i++) {
        send_unfinished(client);
        finish(client);
    }
    assert_null(strstr(door.log, "does not finish"));
    client_close(client);
}

static void answers_that_nobody_reads_are_bounded_in_all(void **state)
{
    enum { SIZE = 1000000 };
    static const char head[] = "<edit-config><target><running/></target><config>"
                               "<nacm xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-acm'>"
                               "<rule-list><name>r</name><rule><name>r</name>"
                               "<action>permit</action><comment>";
    struct client *clients[NC_SESSIONS_MAX - 1];
    struct client *root = client_open(true);
    char *message = malloc(SIZE + 1000);

    (void)state;
    assert_non_null(message);
    if (geteuid() != 0) {
        free(message);
        client_close(root);
        skip();
    }
    size_t len =
        (size_t)snprintf(message, 1000, "<rpc message-id='1' xmlns='" DOOR_BASE "'>%s", head);
    memset(message + len, 'c', SIZE);
    (void)snprintf(message + len + SIZE, 100,
                   "</comment></rule></rule-list></nacm></config></edit-config></rpc>");
    client_ok(root, message);
    free(message);
    for (size_t i = 0; i < NC_SESSIONS_MAX - 1; i++) {
        clients[i] = client_open(true);
        client_send(clients[i], GET_RUNNING);
        door_turn(3);
    }
    assert_non_null(strstr(door.log, "does not finish or read"));
    client_expect(root, DOOR_RPC("<close-session/>"), "<ok/>", NULL);
    for (size_t i = 0; i < NC_SESSIONS_MAX - 1; i++)
        client_close(clients[i]);
    client_close(root);
}

static void broken_framing_ends_the_session_alone(void **state)
{
    struct client *client = client_open(true);
    struct client *other = client_open(true);

    (void)state;
    client_send_raw(client, "<rpc/>]]>]]>", 12);
    client_expect_end(client);
    client_expect(other, GET_RUNNING, "<data", NULL);
    client_close(client);
    client_close(other);
}

static char *long_message(size_t len)
{
    char *message = malloc(len + 1);

    assert_non_null(message);
    memset(message, ' ', len);
    message[len] = '\0';
    return message;
}

static void a_message_over_the_limit_ends_the_session(void **state)
{
    char *message = long_message((size_t)NC_MESSAGE_MAX + 1);

    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct client *client = client_open(chunked == 1);
        client_send(client, message);
        client_expect_end(client);
        client_close(client);
    }
    free(message);
}

static void a_message_of_the_limit_is_answered(void **state)
{
    static const char rpc[] = GET_RUNNING;
    char *message = long_message(NC_MESSAGE_MAX);
    struct client *client = client_open(true);

    (void)state;
    memcpy(message, rpc, sizeof(rpc) - 1);
    client_expect(client, message, "<data", NULL);
    client_close(client);
    free(message);
}

static void what_is_not_well_formed_is_malformed_or_the_end(void **state)
{
    static const char *const messages[] = {"<rpc",
                                           "garbage",
                                           "<rpc message-id='1' xmlns='" DOOR_BASE "'><get></rpc>",
                                           "<!DOCTYPE rpc [<!ENTITY a 'b'>]>" DOOR_RPC("<get/>"),
                                           "<a></b>",
                                           "<a/><b/>",
                                           "<rpc message-id='1' xmlns='" DOOR_BASE
                                           "'><nc:get/></rpc>"};

    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct client *client = client_open(true);
        client_error(client, messages[i], "malformed-message");
        client_expect(client, GET_RUNNING, "<data", NULL);
        client_close(client);
        client = client_open(false);
        client_send(client, messages[i]);
        client_expect_end(client);
        client_close(client);
    }
}

/* libyang takes a time that grows with the square of elements that stand twice. */
static void elements_are_bounded(void **state)
{
    static const char element[] = "<hostname>a</hostname>";
    struct client *client = client_open(true);
    char *message = malloc(sizeof(element) * 20000 + 1000);
    size_t len = (size_t)snprintf(message, 1000, "<rpc message-id='1'>");

    (void)state;
    assert_non_null(message);
    for (int i = 0; i < 4097; i++)
        len += (size_t)snprintf(message + len, sizeof(element), "%s", element);
    (void)snprintf(message + len, 10, "</rpc>");
    client_expect(client, message, "too-big", "message-id=\"1\"", "more than 4096 elements in it",
                  NULL);
    len = (size_t)snprintf(message, 1000, "<rpc message-id='1'>");
    for (int i = 0; i < 16384; i++)
        len += (size_t)snprintf(message + len, 20,
                                i % 1000 == 0     ? "<a>"
                                : i % 1000 == 999 ? "</a>"
                                                  : "<b/>");
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(message + len, 20, "<c/>");
    (void)snprintf(message + len, 20, "</a></rpc>");
    client_expect(client, message, "too-big", "message-id=\"1\"", "more than 16384 elements", NULL);
    free(message);
    client_close(client);
}

/* --- what libyang reads as XPath -------------------------------------------------------------- */

static LY_ERR must_have_a_known_name(struct lysc_node *node, void *context, ly_bool *skip)
{
    struct lysc_type *type = NULL;
    struct lysc_type **types = &type;
    size_t count = 1;

    (void)skip;
    if ((node->nodetype & LYD_NODE_TERM) == 0)
        return LY_SUCCESS;
    type = ((struct lysc_node_leaf *)node)->type;
    if (type->basetype == LY_TYPE_UNION) {
        types = ((struct lysc_type_union *)type)->types;
        count = LY_ARRAY_COUNT(types);
    }
    for (size_t i = 0; i < count; i++) {
        if (strstr(types[i]->plugin->id, "xpath") == NULL &&
            strstr(types[i]->plugin->id, "instance") == NULL)
            continue;
        /* As the content of this, 3000 bytes are too long. */
        char text[4000];
        int len = snprintf(text, sizeof(text), "<a><n:%s x='1'>x%3000s</n:%s></a>", node->name, "x",
                           node->name);
        struct xml_message message;
        assert_true(xml_clean(text, (size_t)len, &message));
        if (!message.long_paths)
            fail_msg("%s:%s is not looked for by xml_clean()", node->module->name, node->name);
        xml_message_fini(&message);
        ++*(unsigned *)context;
    }
    return LY_SUCCESS;
}

static void what_is_read_as_xpath_has_a_name_that_is_looked_for(void **state)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;
    unsigned count = 0;

    (void)state;
    while ((module = ly_ctx_get_module_iter(door.schema, &index)) != NULL)
        if (module->implemented)
            assert_int_equal(lysc_module_dfs_full(module, must_have_a_known_name, &count),
                             LY_SUCCESS);
    assert_true(count > 1);
}

/* libyang takes a time that grows with the square of the operators: 60 KB of them took 3 s. */
static void what_is_read_as_xpath_is_short(void **state)
{
    enum { SIZE = 1 << 20 };
    static const char *const places[][2] = {
        {"<get><filter type='xpath' select='", "'/></get>"},
        {"<get><filter type=\"xpath\" nc:select=\"", "\"/></get>"},
        {"<edit-config><target><running/></target><config><nacm xmlns='urn:ietf:params:xml:ns:yang:"
         "ietf-netconf-acm'><rule-list><name>l</name><rule><name>r</name><path>",
         "</path><action>deny</action></rule></rule-list></nacm></config></edit-config>"},
        {"<edit-config><target><running/></target><config><schema-mounts xmlns='urn:ietf:params:"
         "xml:ns:yang:ietf-yang-schema-mount'><mount-point><module>m</module><label>l</label>"
         "<shared-schema><parent-reference>",
         "</parent-reference></shared-schema></mount-point></schema-mounts></config>"
         "</edit-config>"},
        {"<edit-config><target><running/></target><config><a:nacm xmlns:a='urn:ietf:params:xml:ns:"
         "yang:ietf-netconf-acm'><a:rule-list><a:name>l</a:name><a:rule><a:name>r</a:name><a:path "
         "><!-- </a:path> --><![CDATA[</a:path>]]>",
         "</a:path></a:rule></a:rule-list></a:nacm></config></edit-config>"}};
    char *message = malloc(SIZE + 1000);
    struct client *client = client_open(true);

    (void)state;
    assert_non_null(message);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t len = (size_t)snprintf(message, 1000,
                                      "<rpc message-id='1' xmlns:nc='" DOOR_BASE
                                      "' xmlns='" DOOR_BASE "'>%s/a[",
                                      places[i][0]);
        memset(message + len, '-', SIZE);
        (void)snprintf(message + len + SIZE, 500, "1]%s</rpc>", places[i][1]);
        client_expect(client, message, "<rpc-error>", "longer than 2500 bytes", NULL);
        /* Many that are just not too long, one beside the other. */
        len = (size_t)snprintf(
            message, 1000, "<rpc message-id='1' xmlns:nc='" DOOR_BASE "' xmlns='" DOOR_BASE "'>");
        while (len < 200000) {
            len += (size_t)snprintf(message + len, 1000, "%s/a[", places[i][0]);
            memset(message + len, '-', 2000);
            len += 2000;
            len += (size_t)snprintf(message + len, 1000, "1]%s", places[i][1]);
        }
        (void)snprintf(message + len, 100, "</rpc>");
        client_expect(client, message, "<rpc-error>", "longer than 32768", NULL);
    }
    client_expect(client, GET_RUNNING, "<data", NULL);
    client_close(client);
    free(message);
}

static void nesting_and_attributes_are_bounded(void **state)
{
    struct client *client = client_open(true);
    char *message = malloc(100000);
    size_t len = 0;

    (void)state;
    assert_non_null(message);
    for (int i = 0; i < 20000; i++)
        len += (size_t)snprintf(message + len, 100000 - len, "<a>");
    client_error(client, message, "too-big");
    len = (size_t)snprintf(message, 100000, "<rpc ");
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(message + len, 100000 - len, "xmlns:a%d='x' ", i);
    (void)snprintf(message + len, 100000 - len, "/>");
    client_error(client, message, "too-big");
    free(message);
    client_close(client);
}

static void a_slow_reader_holds_up_only_itself_and_is_closed(void **state)
{
    struct client *slow = client_open(true);
    struct client *other = client_open(true);
    const char *schema = DOOR_RPC("<get-schema xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-"
                                  "monitoring'><identifier>ietf-netconf</identifier></get-schema>");

    (void)state;
    for (int i = 0; i < 100; i++)
        client_send(slow, schema);
    door_turn(200);
    client_expect(other, GET_RUNNING, "<data", NULL);
    loop_advance(door.loop, 29999);
    client_expect(other, GET_RUNNING, "<data", NULL);
    assert_null(strstr(door.log, "does not read"));
    loop_advance(door.loop, 1);
    assert_non_null(strstr(door.log, "does not read its answer"));
    client_expect(other, GET_RUNNING, "<data", NULL);
    client_close(slow);
    client_close(other);
}

static void a_client_that_half_closes_gets_its_answers(void **state)
{
    struct client *client = client_open(true);

    (void)state;
    for (int i = 0; i < 3; i++)
        client_send(client, GET_RUNNING);
    assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(client_hear(client), "<data"));
    client_expect_end(client);
    client_close(client);
}

static void the_socket_is_for_user_and_group_only(void **state)
{
    struct stat found;

    (void)state;
    assert_int_equal(stat(door.path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0660);
}

static void a_socket_that_was_left_behind_is_replaced_and_a_living_one_is_not(void **state)
{
    struct netconf_server *first = door.server;

    (void)state;
    door_start();
    assert_null(door.server);
    assert_non_null(strstr(door.log, "another program listens there"));
    door.server = first;
    client_close(client_open(true));
    netconf_server_free(first);

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", door.path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    (void)close(fd);
    door_start();
    assert_non_null(door.server);
    client_close(client_open(true));
}

static void what_is_no_socket_is_left_alone(void **state)
{
    FILE *file = NULL;

    (void)state;
    netconf_server_free(door.server);
    file = fopen(door.path, "w");
    assert_non_null(file);
    (void)fclose(file);
    door_start();
    assert_null(door.server);
    assert_int_equal(access(door.path, F_OK), 0);
    assert_int_equal(unlink(door.path), 0);
}

static void a_missing_folder_is_told_with_what_to_do(void **state)
{
    (void)state;
    netconf_server_free(door.server);
    (void)snprintf(door.path, sizeof(door.path), "%s/missing/management.sock", door.folder);
    door_start();
    assert_null(door.server);
    assert_non_null(strstr(door.log, "RuntimeDirectory=nmspd"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_open, door_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_say_hello_and_the_server_gives_its_capabilities),
        TEST(both_framings_work_byte_by_byte),
        TEST(rpcs_sent_in_a_row_are_answered_in_a_row),
        TEST(a_session_does_one_rpc_in_a_turn),
        TEST(a_hello_that_is_none_ends_the_session),
        TEST(bad_hellos_in_bulk_are_one_line_for_each_cause_and_a_count),
        TEST(who_says_no_hello_is_closed_in_time),
        TEST(an_idle_session_costs_nothing),
        TEST(the_session_after_the_last_one_is_closed_at_once),
        TEST(users_have_four_sessions_each_and_leave_some_to_root),
        TEST(what_all_have_not_finished_is_bounded_and_the_biggest_goes),
        TEST(others_cannot_hold_what_is_kept_for_root),
        TEST(a_long_message_is_given_back_when_it_is_answered),
        TEST(answers_that_nobody_reads_are_bounded_in_all),
        TEST(broken_framing_ends_the_session_alone),
        TEST(a_message_over_the_limit_ends_the_session),
        TEST(a_message_of_the_limit_is_answered),
        TEST(what_is_not_well_formed_is_malformed_or_the_end),
        TEST(elements_are_bounded),
        TEST(what_is_read_as_xpath_has_a_name_that_is_looked_for),
        TEST(what_is_read_as_xpath_is_short),
        TEST(nesting_and_attributes_are_bounded),
        TEST(a_slow_reader_holds_up_only_itself_and_is_closed),
        TEST(a_client_that_half_closes_gets_its_answers),
        TEST(the_socket_is_for_user_and_group_only),
        TEST(a_socket_that_was_left_behind_is_replaced_and_a_living_one_is_not),
        TEST(what_is_no_socket_is_left_alone),
        TEST(a_missing_folder_is_told_with_what_to_do),
    };
    return cmocka_run_group_tests(tests, door_schema, door_no_schema);
}
