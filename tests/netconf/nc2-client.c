/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client on libnetconf2, another implementation of NETCONF: it reads all schemas of the agent
 * (get-schema), and does with its typed trees what ncclient does with text.
 *
 *     nc2-client ssh PORT USER PUBLIC PRIVATE
 *     nc2-client inout RELAY SOCKET
 *
 * It prints a line for each thing that it saw, for the test to compare, and ends with "done".
 */
#include <nc_client.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TIMEOUT_MS = 20000 };

static int program_argc;
static char **program_argv;

static void die(const char *what)
{
    (void)fprintf(stderr, "nc2-client: %s\n", what);
    exit(1);
}

static void on_log(const struct nc_session *session, NC_VERB_LEVEL level, const char *text)
{
    (void)session;
    if (level <= NC_VERB_WARNING)
        (void)fprintf(stderr, "libnetconf2: %s\n", text);
}

/* --- sessions -------------------------------------------------------------------------------- */

/* The port is one that the test has opened itself. */
static int accept_host(const char *name, ssh_session session, void *context)
{
    (void)name;
    (void)session;
    (void)context;
    return 0;
}

static struct nc_session *connect_ssh(void)
{
    if (program_argc != 6)
        die("usage: nc2-client ssh PORT USER PUBLIC PRIVATE");
    nc_client_ssh_set_auth_hostkey_check_clb(accept_host, NULL);
    nc_client_ssh_set_auth_pref(NC_SSH_AUTH_PUBLICKEY, 3);
    if (nc_client_ssh_get_keypair_count() == 0 &&
        nc_client_ssh_add_keypair(program_argv[4], program_argv[5]) != 0)
        die("cannot take the key");
    (void)nc_client_ssh_set_username(program_argv[3]);
    return nc_connect_ssh("127.0.0.1", (uint16_t)atoi(program_argv[2]), NULL);
}

static struct nc_session *connect_relay(void)
{
    int ends[2];

    if (program_argc != 4 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        die("usage: nc2-client inout RELAY SOCKET");
    pid_t child = fork();
    if (child < 0)
        die("cannot fork");
    if (child == 0) {
        (void)dup2(ends[1], STDIN_FILENO);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl(program_argv[2], program_argv[2], "--socket", program_argv[3], (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    return nc_connect_inout(ends[0], ends[0], NULL);
}

static struct nc_session *connect_agent(void)
{
    bool over_ssh = program_argc > 1 && strcmp(program_argv[1], "ssh") == 0;
    struct nc_session *session = over_ssh ? connect_ssh() : connect_relay();

    if (session == NULL)
        die("no session");
    return session;
}

/* --- rpcs ------------------------------------------------------------------------------------ */

struct reply {
    struct lyd_node *envelope;
    struct lyd_node *data;
};

static struct reply ask(struct nc_session *session, struct nc_rpc *rpc)
{
    struct reply reply = {NULL, NULL};
    uint64_t id = 0;
    NC_MSG_TYPE type = rpc != NULL ? nc_send_rpc(session, rpc, TIMEOUT_MS, &id) : NC_MSG_ERROR;

    if (type != NC_MSG_RPC)
        die("an rpc could not be sent");
    do
        type = nc_recv_reply(session, rpc, id, TIMEOUT_MS, &reply.envelope, &reply.data);
    while (type == NC_MSG_NOTIF);
    if (type != NC_MSG_REPLY)
        die("no reply came");
    nc_rpc_free(rpc);
    return reply;
}

static void forget(struct reply reply)
{
    lyd_free_all(reply.envelope);
    lyd_free_all(reply.data);
}

/* The text of the first element of this name in the envelope, whose nodes no schema knows. */
static const char *text_of(const struct lyd_node *node, const char *name)
{
    for (; node != NULL; node = node->next) {
        const struct lyd_node_opaq *opaque = (const struct lyd_node_opaq *)node;
        if (node->schema != NULL)
            continue;
        if (strcmp(opaque->name.name, name) == 0)
            return opaque->value;
        const char *below = text_of(opaque->child, name);
        if (below != NULL)
            return below;
    }
    return NULL;
}

static void expect_ok(const char *what, struct reply reply)
{
    const char *tag = text_of(reply.envelope, "error-tag");

    (void)printf("%s %s\n", what, tag != NULL ? tag : "ok");
    forget(reply);
}

static void print_hostname(struct nc_session *session)
{
    struct reply reply = ask(
        session, nc_rpc_getconfig(NC_DATASTORE_RUNNING, NULL, NC_WD_UNKNOWN, NC_PARAMTYPE_CONST));
    const struct lyd_node_any *any = (const struct lyd_node_any *)lyd_child(reply.data);
    struct lyd_node *found = NULL;

    if (any == NULL || any->value_type != LYD_ANYDATA_DATATREE)
        die("get-config gave no data");
    if (lyd_find_path(any->value.tree, "/nmspd-system:system/hostname", 0, &found) != LY_SUCCESS)
        die("get-config gave no host name");
    (void)printf("get-config %s\n", lyd_get_value(found));
    forget(reply);
}

static void edit(struct nc_session *session, const char *what, const char *config)
{
    expect_ok(what,
              ask(session, nc_rpc_edit(NC_DATASTORE_CANDIDATE, NC_RPC_EDIT_DFLTOP_MERGE,
                                       NC_RPC_EDIT_TESTOPT_UNKNOWN, NC_RPC_EDIT_ERROPT_ROLLBACK,
                                       config, NC_PARAMTYPE_CONST)));
}

#define SYSTEM(hostname) \
    "<system xmlns=\"urn:nmspd:yang:nmspd-system\"><hostname>" hostname "</hostname></system>"

static void change(struct nc_session *session)
{
    edit(session, "edit-config", SYSTEM("libnetconf2"));
    expect_ok("validate",
              ask(session, nc_rpc_validate(NC_DATASTORE_CANDIDATE, NULL, NC_PARAMTYPE_CONST)));
    expect_ok("commit", ask(session, nc_rpc_commit(0, 0, NULL, NULL, NC_PARAMTYPE_CONST)));
    print_hostname(session);
    edit(session, "wrong-value", SYSTEM("-not a name-"));
    expect_ok("discard-changes", ask(session, nc_rpc_discard()));
    expect_ok("unlock", ask(session, nc_rpc_unlock(NC_DATASTORE_RUNNING)));
    expect_ok("kill-session", ask(session, nc_rpc_kill(4000000000U)));
}

/* A second session is an event of the first one. */
static void watch(struct nc_session *session)
{
    struct lyd_node *envelope = NULL;
    struct lyd_node *event = NULL;

    expect_ok("create-subscription",
              ask(session, nc_rpc_subscribe(NULL, NULL, NULL, NULL, NC_PARAMTYPE_CONST)));
    struct nc_session *other = connect_agent();
    if (nc_recv_notif(session, TIMEOUT_MS, &envelope, &event) != NC_MSG_NOTIF || event == NULL)
        die("no notification came");
    (void)printf("notification %s of another session: %s\n", LYD_NAME(event),
                 strtoul(text_of(envelope, "eventTime"), NULL, 10) > 2000 ? "yes" : "no");
    lyd_free_all(envelope);
    lyd_free_all(event);
    nc_session_free(other, NULL);
}

int main(int argc, char **argv)
{
    program_argc = argc;
    program_argv = argv;
    nc_client_init();
    nc_set_print_clb_session(on_log);
    struct nc_session *session = connect_agent();
    (void)printf("hello %s %s\n", nc_session_get_version(session) == 1 ? "1.1" : "1.0",
                 nc_session_cpblt(session, "urn:ietf:params:netconf:capability:candidate") != NULL
                     ? "candidate"
                     : "");
    print_hostname(session);
    change(session);
    watch(session);
    nc_session_free(session, NULL);
    nc_client_destroy();
    (void)puts("done");
    return 0;
}
