/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/netconf_server.h"

#include "agent/base/local.h"
#include "agent/base/log.h"
#include "config/netconf/dispatch.h"
#include "config/netconf/filter.h"
#include "config/netconf/hello.h"
#include "config/netconf/notifications.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

#include <errno.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16, ACCEPTS_PER_TURN = 16, STARVED_MS = 1000 };

struct netconf_server {
    struct service service;
    const char *group;
    struct loop_deferred rest;
    char *path;
    struct local_door door;
    struct loop_watch watch;
    struct loop_timer pause; /* no descriptors are left: nobody is accepted for a while */
    bool starved;
};

/* --- sessions -------------------------------------------------------------------------------- */

static void on_message(struct nc_session *session, const char *text, size_t len, const char *lost)
{
    if (session->greeted)
        dispatch(session, text, len, lost);
    else if (hello_take(session, text, len))
        notifications_session_start(session);
}

static void on_rest(void *context)
{
    struct netconf_server *server = context;

    if (nc_sessions_count(server->service.sessions) > 0)
        return;
    ly_ctx_destroy(server->service.xml);
    server->service.xml = NULL;
}

static void on_ended(struct nc_session *session, enum nc_end how, uint32_t killed_by)
{
    struct service *service = service_of(session);
    struct netconf_server *server = (struct netconf_server *)service; /* its first member */

    filter_free(session->events);
    store_session_ended(service->store, session->id);
    if (session->greeted)
        notifications_session_end(session, how, killed_by);
    /* Later, because what the last session was doing may not be done yet. */
    if (nc_sessions_count(service->sessions) == 0)
        loop_defer(service->loop, &server->rest, on_rest, server);
}

void netconf_server_accept(struct netconf_server *server, int fd, uid_t uid, gid_t gid)
{
    struct service *service = &server->service;
    struct nc_session *session = nc_session_new(service->sessions, fd, uid, gid);

    if (session != NULL && service->xml == NULL)
        service->xml = xml_schema();
    if (session != NULL && service->xml != NULL)
        hello_send(session);
    else if (session != NULL)
        nc_session_drop(session, NC_OTHER, "cannot be served: memory is out");
}

size_t netconf_server_sessions(const struct netconf_server *server)
{
    return nc_sessions_count(server->service.sessions);
}

/* --- accepting ------------------------------------------------------------------------------- */

static void take_in(struct netconf_server *server, int fd)
{
    struct ucred peer = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
        netconf_server_accept(server, fd, peer.uid, peer.gid);
        return;
    }
    if (nc_sessions_may_tell(server->service.sessions, "somebody", "who connected cannot be told"))
        log_warning("management: who connected cannot be told (%s): closed", strerror(errno));
    (void)close(fd);
}

static void pause_accepting(struct netconf_server *server, int error)
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
    struct netconf_server *server = context;

    loop_watch_set(&server->watch, LOOP_READ);
}

static void on_incoming(void *context, unsigned ready)
{
    struct netconf_server *server = context;

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
static gid_t group_of(const struct netconf_server *server)
{
    const char *name = server->group;
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

static bool open_failed(const struct netconf_server *server, int error)
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

static bool open_door(struct netconf_server *server)
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
                    server->path, server->group, strerror(door->group_error));
    error = loop_watch_add(server->service.loop, &server->watch, door->fd, LOOP_READ, on_incoming,
                           server);
    if (error == 0)
        return true;
    local_close(door);
    return open_failed(server, error);
}

/* --- from outside ---------------------------------------------------------------------------- */

static void release(struct netconf_server *server)
{
    nc_sessions_free(server->service.sessions);
    loop_deferred_cancel(server->service.loop, &server->rest);
    loop_timer_fini(&server->pause);
    ly_ctx_destroy(server->service.xml);
    free(server->path);
    free(server);
}

struct netconf_server *netconf_server_new(const struct netconf_server_options *options)
{
    struct netconf_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return NULL;
    const struct nc_sessions_options sessions = {
        .loop = options->loop, .take = on_message, .ended = on_ended, .context = &server->service};
    server->service = (struct service){.loop = options->loop,
                                       .store = options->store,
                                       .nacm = options->nacm,
                                       .state = options->state,
                                       .schema = store_schema(options->store),
                                       .sessions = nc_sessions_new(&sessions),
                                       .started = loop_wall(options->loop)};
    server->group = options->group;
    server->door.fd = -1;
    server->path = strdup(options->path);
    if (server->path != NULL && server->service.sessions != NULL &&
        loop_timer_init(options->loop, &server->pause, on_pause, server) == 0 &&
        open_door(server)) {
        netconf_server_running_changed(server);
        log_info("management: NETCONF on %s", server->path);
        return server;
    }
    release(server);
    return NULL;
}

void netconf_server_free(struct netconf_server *server)
{
    if (server == NULL)
        return;
    loop_watch_remove(&server->watch);
    local_close(&server->door);
    release(server);
}

void netconf_server_running_changed(struct netconf_server *server)
{
    struct nacm *nacm = server->service.nacm;

    if (nacm != NULL && !nacm_configure(nacm, store_tree(server->service.store, STORE_RUNNING)))
        log_error("management: no memory to take up the rules of nacm: the old ones stay");
}

void netconf_server_notify(struct netconf_server *server, const struct lyd_node *notification)
{
    if (server != NULL)
        notifications_send(&server->service, notification);
}
