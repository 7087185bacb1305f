/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that a NETCONF server on libnetconf2 can be, as the measure for ours: one session at a
 * time on a UNIX socket, and one datastore that never changes. It waits in poll() itself, because
 * libnetconf2's own waiting would be measured instead of its work.
 *
 *     bench-nc2-server SOCKET DATA.xml YANG-FOLDERS MODULE...
 *
 * It prints "ready" when it listens.
 */
#include <nc_server.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct lyd_node *data;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench-nc2-server: %s\n", what);
    exit(1);
}

/* libnetconf2 frees what it is given. */
static struct nc_server_reply *on_rpc(struct lyd_node *rpc, struct nc_session *session)
{
    struct lyd_node *output = NULL;
    struct lyd_node *copy = NULL;

    (void)session;
    if (strcmp(LYD_NAME(rpc), "get-config") != 0)
        return nc_server_reply_err(nc_err(LYD_CTX(rpc), NC_ERR_OP_NOT_SUPPORTED, NC_ERR_TYPE_APP));
    if (lyd_dup_siblings(data, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &copy) != LY_SUCCESS ||
        lyd_dup_single(rpc, NULL, 0, &output) != LY_SUCCESS ||
        lyd_new_any(output, NULL, "data", copy, 1, LYD_ANYDATA_DATATREE, 1, NULL) != LY_SUCCESS)
        die("no memory");
    return nc_server_reply_data(output, NC_WD_EXPLICIT, NC_PARAMTYPE_FREE);
}

static struct ly_ctx *read_modules(const char *folders, char **names)
{
    static const char *features[] = {"*", NULL};
    struct ly_ctx *schema = NULL;

    if (ly_ctx_new(folders, 0, &schema) != LY_SUCCESS)
        die("the folders of the modules cannot be read");
    for (; *names != NULL; names++)
        if (ly_ctx_load_module(schema, *names, NULL, features) == NULL)
            die(*names);
    return schema;
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)
        die("cannot listen");
    return fd;
}

static void serve(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct nc_pollsession *sessions = nc_ps_new();
    struct nc_session *session = NULL;
    int result = 0;

    if (nc_accept_inout(fd, fd, "bench", &session) != NC_MSG_HELLO ||
        nc_ps_add_session(sessions, session) != 0)
        die("no session");
    while ((result & (NC_PSPOLL_SESSION_TERM | NC_PSPOLL_ERROR)) == 0 && poll(&ready, 1, -1) == 1)
        result = nc_ps_poll(sessions, 0, NULL);
    nc_session_free(session, NULL);
    nc_ps_free(sessions);
    (void)close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        die("usage: bench-nc2-server SOCKET DATA.xml YANG-FOLDERS MODULE...");
    struct ly_ctx *schema = read_modules(argv[3], argv + 4);
    if (lyd_parse_data_path(schema, argv[2], LYD_XML, LYD_PARSE_STRICT, LYD_VALIDATE_NO_STATE,
                            &data) != LY_SUCCESS)
        die("the data cannot be read");
    if (nc_server_init(schema) != 0)
        die("libnetconf2 does not start");
    nc_set_global_rpc_clb(on_rpc);
    (void)signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(argv[1]);
    (void)puts("ready");
    (void)fflush(stdout);
    for (;;)
        serve(accept(listener, NULL, NULL));
}
