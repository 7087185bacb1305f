/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/server.h"

#include "agent/base/log.h"
#include "config/netconf/internal.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    ACCEPTS_PER_TURN = 16,
    STARVED_MS = 1000,
    REASON_SIZE = 80,
};

/* --- accepting ------------------------------------------------------------------------------- */

bool server_may_tell(struct server *server, const char *user, const char *cause)
{
    char who[LOG_WINDOW_TEXT_SIZE];

    (void)snprintf(who, sizeof(who), "management: %s", user);
    return log_window_open(&server->log, who, cause, 1);
}

/* The sessions of a user; of all but root, if `uid` is 0. */
static int sessions_of(const struct server *server, uid_t uid)
{
    int count = 0;

    for (const struct nc_session *session = server->sessions; session; session = session->next)
        count += uid == 0 ? session->uid != 0 : session->uid == uid;
    return count;
}

/* Root must always get in, so that it can mend things and end the sessions of others. */
static bool has_place(const struct server *server, uid_t uid, char reason[REASON_SIZE])
{
    int limit = SERVER_SESSIONS_MAX;

    if (server->session_count >= SERVER_SESSIONS_MAX) {
        (void)snprintf(reason, REASON_SIZE, "there are %d sessions already", limit);
        return false;
    }
    limit = SERVER_SESSIONS_MAX - SERVER_SESSIONS_ROOT;
    if (uid != 0 && sessions_of(server, 0) >= limit) {
        (void)snprintf(reason, REASON_SIZE, "there are %d sessions of others than root already",
                       limit);
        return false;
    }
    limit = SERVER_SESSIONS_USER;
    if (uid != 0 && sessions_of(server, uid) >= limit) {
        (void)snprintf(reason, REASON_SIZE, "user %lu has %d sessions already", (unsigned long)uid,
                       limit);
        return false;
    }
    return true;
}

static void refuse(struct server *server, int fd, const char *reason)
{
    (void)close(fd);
    server->refused_sessions++;
    if (server_may_tell(server, "all users", reason))
        log_warning("management: %s, so that another one was closed; end one of them "
                    "(kill-session)",
                    reason);
}

static void take_in(struct server *server, int fd)
{
    struct ucred peer = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t size = sizeof(peer);
    char reason[REASON_SIZE];

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        if (server_may_tell(server, "somebody", "who connected cannot be told"))
            log_warning("management: who connected cannot be told (%s): closed", strerror(errno));
        (void)close(fd);
        return;
    }
    if (!has_place(server, peer.uid, reason)) {
        refuse(server, fd, reason);
        return;
    }
    if (nc_session_new(server, fd, peer.uid, peer.gid) == NULL &&
        server_may_tell(server, "all users", "no memory for a session"))
        log_warning("management: no memory for a session");
}

static void pause_accepting(struct server *server, int error)
{
    if (!server->starved)
        log_warning("management: cannot accept: %s; raise the limit of open files, or see who "
                    "holds them in /proc/%d/fd",
                    strerror(error), (int)getpid());
    server->starved = true;
    loop_watch_set(&server->watch, 0);
    loop_timer_start(&server->pause, STARVED_MS);
}

static void on_pause(void *context)
{
    struct server *server = context;

    loop_watch_set(&server->watch, LOOP_READ);
}

static void on_incoming(void *context, unsigned ready)
{
    struct server *server = context;

    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = accept4(server->door.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            server->starved = false;
            take_in(server, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            pause_accepting(server, errno);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
        /* Anything else is the fate of one connection that broke while it waited (accept(2)). */
    }
}

/* --- opening --------------------------------------------------------------------------------- */

/* The group that may connect; -1: our own. */
static gid_t group_of(const struct server *server)
{
    const char *name = server->options.group;
    const struct group *group = name != NULL ? getgrnam(name) : NULL;

    if (name != NULL && group == NULL)
        log_warning("management: there is no group %s: only root and the user of this program can "
                    "connect; make it with `groupadd --system %s`",
                    name, name);
    return group != NULL ? group->gr_gid : (gid_t)-1;
}

static const char *remedy(int error)
{
    switch (error) {
    case ENOENT:
        return "its folder is missing; make it for the user of this program, or let the supervisor "
               "(RuntimeDirectory=nmspd), or choose another path with --management";
    case EADDRINUSE:
        return "another program listens there, or it is no socket; stop it or remove it, or choose "
               "another path with --management";
    case EACCES:
    case EPERM:
    case EROFS:
        return "the user of this program must be able to write into its folder, or choose another "
               "path with --management";
    default:
        return "choose another path with --management";
    }
}

static bool open_failed(const struct server *server, int error)
{
    if (error == LOCAL_UNSAFE)
        log_error("management: cannot listen on %s: its folder, or one above it, belongs to "
                  "another user or can be written by others, who could put a socket of their own "
                  "there: mend that (root or this program's user, mode 0755), or choose another "
                  "path with --management; the agent runs without it",
                  server->path);
    else
        log_error("management: cannot listen on %s: %s: %s; the agent runs without it",
                  server->path, strerror(-error), remedy(-error));
    return false;
}

static bool open_door(struct server *server)
{
    struct local_door *door = &server->door;
    int error = local_listen(door, server->path, SOCK_STREAM, group_of(server), BACKLOG);

    if (error != 0)
        return open_failed(server, error);
    if (door->replaced)
        log_info("management: %s was left behind and is replaced", server->path);
    if (door->group_error != 0)
        log_warning("management: %s cannot be given to group %s (%s): let the supervisor start "
                    "this program with that group",
                    server->path, server->options.group, strerror(door->group_error));
    error = loop_watch_add(server->options.loop, &server->watch, door->fd, LOOP_READ, on_incoming,
                           server);
    if (error == 0)
        return true;
    local_close(door);
    return open_failed(server, error);
}

/* --- from outside ---------------------------------------------------------------------------- */

bool server_wake(struct server *server)
{
    if (server->xml == NULL)
        server->xml = xml_schema();
    return server->xml != NULL;
}

static void on_rest(void *context)
{
    struct server *server = context;

    if (server->session_count > 0 || server->xml == NULL)
        return;
    ly_ctx_destroy(server->xml);
    server->xml = NULL;
}

/* Later, because what the last session was doing may not be done yet. */
void server_rest(struct server *server)
{
    loop_defer(server->options.loop, &server->rest, on_rest, server);
}

static void release(struct server *server)
{
    loop_deferred_cancel(server->options.loop, &server->rest);
    loop_timer_fini(&server->pause);
    log_window_fini(&server->log);
    if (server->xml != NULL)
        ly_ctx_destroy(server->xml);
    free(server->path);
    free(server);
}

struct server *server_new(const struct server_options *options)
{
    struct server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return NULL;
    server->options = *options;
    server->schema = store_schema(options->store);
    server->started = loop_wall(options->loop);
    server->door.fd = -1;
    server->path = strdup(options->path);
    if (server->path != NULL &&
        loop_timer_init(options->loop, &server->pause, on_pause, server) == 0 &&
        log_window_init(&server->log, options->loop, "management: what other clients did") == 0 &&
        open_door(server)) {
        server_running_changed(server);
        log_info("management: NETCONF on %s", server->path);
        return server;
    }
    release(server);
    return NULL;
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    while (server->sessions != NULL)
        nc_session_end(server->sessions, NC_OTHER, 0);
    loop_watch_remove(&server->watch);
    local_close(&server->door);
    release(server);
}

void server_running_changed(struct server *server)
{
    struct nacm *nacm = server->options.nacm;

    if (nacm != NULL && !nacm_configure(nacm, store_tree(server->options.store, STORE_RUNNING)))
        log_error("management: no memory to take up the rules of nacm: the old ones stay");
}
