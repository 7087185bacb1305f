/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door when memory, descriptors or the other end fail. */
#include "config/netconf/test-door.h"
#include "tests/unit/failing.h"

#include <errno.h>
#include <unistd.h>

#define RUNNING DOOR_GET_CONFIG("running", "")

static int close_all(void **state)
{
    failing_reset();
    return door_close(state);
}

static void an_rpc_without_memory_is_refused_or_ends_its_session_alone(void **state)
{
    static const char *const rpcs[] = {
        DOOR_RPC("<get/>"),
        DOOR_GET_CONFIG("running", "<filter><a xmlns='urn:a'><b/></a></filter>"),
        DOOR_GET_CONFIG("running", "<filter type='xpath' select='/*'/>"),
        DOOR_RPC("<nothing/>"),
        DOOR_RPC("<copy-config><target><candidate/></target><source><running/></source>"
                 "</copy-config>"),
        DOOR_RPC("<create-subscription xmlns='urn:ietf:params:xml:ns:netconf:notification:1.0'>"
                 "<filter type='xpath' select='/*'/></create-subscription>"),
        "<rpc",
    };
    struct client *other = client_open(true);

    (void)state;
    for (size_t i = 0; i < sizeof(rpcs) / sizeof(rpcs[0]); i++) {
        bool hit = true;
        for (unsigned n = 1; hit; n++) {
            struct client *client = client_open(true);
            failing_malloc_at(n);
            client_send(client, rpcs[i]);
            door_turn(4);
            hit = failing_hit();
            failing_reset();
            const char *answer = client_hear(client);
            if (answer != NULL && strstr(answer, "<rpc-reply") == NULL)
                fail_msg("%u of %s: %s", n, rpcs[i], answer);
            client_close(client);
            door_turn(2);
        }
        client_expect(other, RUNNING, "<data", NULL);
    }
    client_close(other);
}

static void a_client_without_memory_for_it_is_closed(void **state)
{
    bool hit = true;

    (void)state;
    for (unsigned n = 1; hit; n++) {
        struct client *client = client_connect();
        failing_malloc_at(n);
        door_turn(3);
        hit = failing_hit();
        failing_reset();
        (void)client_hear(client);
        client_close(client);
        door_turn(3);
    }
    client_close(client_open(true));
}

static void a_door_without_memory_is_not_opened(void **state)
{
    bool hit = true;

    (void)state;
    for (unsigned n = 1; hit; n++) {
        netconf_server_free(door.server);
        failing_malloc_at(n);
        door_start();
        hit = failing_hit();
        failing_reset();
        assert_true(hit || door.server != NULL);
    }
    client_close(client_open(true));
}

static void who_comes_while_descriptors_are_out_waits_for_a_second(void **state)
{
    (void)state;
    failing_from(FAILING_ACCEPT, 1, EMFILE);
    struct client *client = client_connect();
    door_turn(5);
    assert_non_null(strstr(door.log, "cannot accept"));
    failing_reset();
    client_hear_nothing(client);
    loop_advance(door.loop, 1000);
    client_greet(client, true);
    client_expect(client, RUNNING, "<data", NULL);
    client_close(client);
}

static void a_socket_that_cannot_be_made_is_told(void **state)
{
    static const enum failing_call calls[] = {FAILING_SOCKET, FAILING_BIND, FAILING_LISTEN,
                                              FAILING_EPOLL_CTL};

    (void)state;
    netconf_server_free(door.server);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        door.log[0] = '\0';
        failing_at(calls[i], 1, EACCES);
        door_start();
        failing_reset();
        assert_null(door.server);
        assert_non_null(strstr(door.log, "cannot listen on"));
        assert_int_not_equal(access(door.path, F_OK), 0);
    }
}

static void a_broken_connection_ends_its_session_alone(void **state)
{
    static const enum failing_call calls[] = {FAILING_RECV, FAILING_SEND};
    struct client *other = client_open(true);

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct client *client = client_open(true);
        client_ok(client, DOOR_RPC("<lock><target><running/></target></lock>"));
        client_send(client, RUNNING);
        failing_at(calls[i], 1, ECONNRESET);
        door_turn(3);
        assert_true(failing_hit());
        failing_reset();
        client_expect_end(client);
        client_close(client);
        client_ok(other, DOOR_RPC("<lock><target><running/></target></lock>"));
        client_ok(other, DOOR_RPC("<unlock><target><running/></target></unlock>"));
    }
    client_close(other);
}

static void short_reads_and_writes_lose_nothing(void **state)
{
    struct client *client = client_open(true);

    (void)state;
    failing_short_io(3);
    for (int i = 0; i < 3; i++)
        client_expect(client, RUNNING, "<data", "</rpc-reply>", NULL);
    failing_reset();
    client_close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_open, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_rpc_without_memory_is_refused_or_ends_its_session_alone),
        TEST(a_client_without_memory_for_it_is_closed),
        TEST(a_door_without_memory_is_not_opened),
        TEST(who_comes_while_descriptors_are_out_waits_for_a_second),
        TEST(a_socket_that_cannot_be_made_is_told),
        TEST(a_broken_connection_ends_its_session_alone),
        TEST(short_reads_and_writes_lose_nothing),
    };
    return cmocka_run_group_tests(tests, door_schema, door_no_schema);
}
