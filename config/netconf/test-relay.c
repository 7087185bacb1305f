/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay as sshd starts it: a program between a client and the door. */
#include "config/netconf/test-door.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNNING DOOR_GET_CONFIG("running", "")

static const char *program;

struct relay {
    pid_t child;
    struct client *client;
};

static struct relay start(const char *path)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(pair[1], STDIN_FILENO);
        (void)dup2(pair[1], STDOUT_FILENO);
        (void)dup2(nothing, STDERR_FILENO);
        (void)close(pair[0]);
        (void)close(pair[1]);
        (void)execl(program, program, "--socket", path, (char *)NULL);
        _exit(127);
    }
    (void)close(pair[1]);
    assert_true(child > 0);
    assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    return (struct relay){.child = child, .client = client_on(pair[0])};
}

static void expect_exit(const struct relay *relay, int wanted)
{
    int status = 0;

    assert_int_equal(waitpid(relay->child, &status, 0), relay->child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), wanted);
    client_close(relay->client);
}

static void a_session_goes_through_the_relay(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        struct relay relay = start(door.path);
        client_greet(relay.client, chunked == 1);
        client_ok(relay.client, DOOR_EDIT("running", "", DOOR_SYSTEM("<hostname>a</hostname>")));
        client_expect(relay.client, RUNNING, "<hostname>a</hostname>", NULL);
        client_ok(relay.client, DOOR_RPC("<close-session/>"));
        client_expect_end(relay.client);
        expect_exit(&relay, 0);
    }
}

static void what_was_sent_before_the_end_of_input_is_answered(void **state)
{
    struct relay relay = start(door.path);

    (void)state;
    client_greet(relay.client, true);
    client_send(relay.client, RUNNING);
    client_send(relay.client, RUNNING);
    assert_int_equal(shutdown(relay.client->fd, SHUT_WR), 0);
    assert_non_null(strstr(client_hear(relay.client), "<data"));
    assert_non_null(strstr(client_hear(relay.client), "<data"));
    client_expect_end(relay.client);
    expect_exit(&relay, 0);
}

static void the_end_of_the_agent_ends_the_relay(void **state)
{
    struct relay relay = start(door.path);

    (void)state;
    client_greet(relay.client, true);
    netconf_server_free(door.server);
    door.server = NULL;
    client_expect_end(relay.client);
    expect_exit(&relay, 0);
}

static void large_messages_pass_both_ways(void **state)
{
    struct relay relay = start(door.path);
    size_t len = 3 * 1000 * 1000;
    char *message = malloc(len + 1);

    (void)state;
    assert_non_null(message);
    memset(message, ' ', len);
    message[len] = '\0';
    memcpy(message, RUNNING, strlen(RUNNING));
    client_greet(relay.client, true);
    client_expect(relay.client, message, "<data", NULL);
    client_expect(relay.client,
                  DOOR_RPC("<get-schema xmlns='urn:ietf:params:xml:ns:yang:ietf-netconf-"
                           "monitoring'><identifier>ietf-netconf</identifier></get-schema>"),
                  "module ietf-netconf {", NULL);
    client_ok(relay.client, DOOR_RPC("<close-session/>"));
    client_expect_end(relay.client);
    expect_exit(&relay, 0);
    free(message);
}

static void without_an_agent_the_relay_says_so(void **state)
{
    struct relay relay = start("/proc/none/management.sock");

    (void)state;
    client_expect_end(relay.client);
    expect_exit(&relay, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, door_open, door_close)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_goes_through_the_relay),
        TEST(what_was_sent_before_the_end_of_input_is_answered),
        TEST(the_end_of_the_agent_ends_the_relay),
        TEST(large_messages_pass_both_ways),
        TEST(without_an_agent_the_relay_says_so),
    };
    if (argc < 2)
        return 2;
    program = argv[1];
    return cmocka_run_group_tests(tests, door_schema, door_no_schema);
}
