/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmsp-radio: the only program of this project with a capability. It does two things, for programs
 * that may connect to its socket, on interfaces that its command line names: starts a scan, or
 * passes on what a monitor interface hears. See nmsp-radio(8).
 *
 * It keeps CAP_NET_ADMIN and CAP_NET_RAW, can gain nothing new, and reads nothing from programs but
 * requests of one size; frames it does not look at. It uses none of the agent: its log is standard
 * error. What anybody can make it hold is bounded: CLIENTS_MAX connections, of which the one that
 * has been silent for longest makes way for a new one, and RELAYS_MAX relays.
 */
#include "agent/base/harden.h"
#include "agent/base/local.h"
#include "platform/helper/helper-protocol.h"
#include "platform/helper/privileged.h"
#include "platform/helper/relay.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM        "nmsp-radio"
#define DEFAULT_FOLDER NMSPD_RUNDIR "/nmsp-radio"
#define DEFAULT_SOCKET DEFAULT_FOLDER "/radio.sock"

enum {
    INTERFACES_MAX = 32,
    CLIENTS_MAX = 8,
    CLIENT_BUFFER = 4096, /* for replies that a client does not read */
    RELAYS_MAX = 32,
    RELAYS_PER_USER = 16,
    GROUPS_MAX = 64,
    NOBODY = 65534,
    SCAN_PAUSE_MS =
        2000, /* between two scans of one interface: an AP that only scans serves nobody */
    EXIT_USAGE = 2,
};

struct served {
    char name[HELPER_NAME_SIZE];
    int64_t scanned; /* ms */
};

struct client {
    int fd; /* -1: free */
    uid_t user;
    int64_t asked; /* when it asked or came last: ms */
};

struct program {
    const char *path;
    bool has_group;
    gid_t group;
    uid_t started_by;
    struct served interfaces[INTERFACES_MAX];
    size_t interface_count;
    struct local_door door;
    struct client clients[CLIENTS_MAX];
    struct relay relays[RELAYS_MAX];
};

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs(PROGRAM ": ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

/* --- options -----------------------------------------------------------------------------------
 */

static const char usage[] =
    "usage: " PROGRAM " [--socket PATH] [--group GROUP] --interface NAME...\n"
    "\n"
    "Starts scans and hears on monitor interfaces for nmspd, which has no privileges.\n"
    "\n"
    "      --socket PATH     where to listen (" DEFAULT_SOCKET ")\n"
    "      --group GROUP     whose members may ask; without it root and this user\n"
    "      --interface NAME  an interface to serve; may be given again\n"
    "      --version         print the version\n"
    "  -h, --help            print this\n"
    "\n"
    "Needs CAP_NET_ADMIN to start scans, CAP_NET_RAW for monitor interfaces. See nmsp-radio(8).\n";

enum { OPTION_SOCKET = 256, OPTION_GROUP, OPTION_INTERFACE, OPTION_VERSION };

static const struct option long_options[] = {
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"group", required_argument, NULL, OPTION_GROUP},
    {"interface", required_argument, NULL, OPTION_INTERFACE},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool take_group(struct program *program, const char *name)
{
    const struct group *group = getgrnam(name);

    if (group == NULL) {
        say("there is no group %s", name);
        return false;
    }
    program->has_group = true;
    program->group = group->gr_gid;
    return true;
}

static bool take_interface(struct program *program, const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len >= HELPER_NAME_SIZE || program->interface_count == INTERFACES_MAX) {
        say("%s is no interface name, or one too many", name);
        return false;
    }
    memcpy(program->interfaces[program->interface_count++].name, name, len + 1);
    return true;
}

/* True: go on; else *status is what to exit with. */
static bool take_option(struct program *program, int option, int *status)
{
    *status = EXIT_USAGE;
    switch (option) {
    case OPTION_SOCKET:
        program->path = optarg;
        return true;
    case OPTION_GROUP:
        return take_group(program, optarg);
    case OPTION_INTERFACE:
        return take_interface(program, optarg);
    case OPTION_VERSION:
        (void)printf(PROGRAM " " NMSPD_VERSION "\n");
        *status = EXIT_SUCCESS;
        return false;
    case 'h':
        (void)fputs(usage, stdout);
        *status = EXIT_SUCCESS;
        return false;
    default:
        (void)fputs(usage, stderr);
        return false;
    }
}

static bool parse_options(struct program *program, int argc, char **argv, int *status)
{
    int option;

    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (!take_option(program, option, status))
            return false;
    }
    if (optind == argc && program->interface_count > 0)
        return true;
    (void)fputs(usage, stderr);
    *status = EXIT_USAGE;
    return false;
}

/* --- the socket --------------------------------------------------------------------------------
 */

static bool listen_on(struct program *program)
{
    gid_t group = program->has_group ? program->group : (gid_t)-1;
    int error = 0;

    if (strcmp(program->path, DEFAULT_SOCKET) == 0)
        error = local_make_folder(DEFAULT_FOLDER, (uid_t)-1, (gid_t)-1);
    if (error == 0)
        error = local_listen(&program->door, program->path, SOCK_SEQPACKET, group, CLIENTS_MAX);
    if (error == LOCAL_UNSAFE)
        say("%s: its folder, or one above it, belongs to another user or can be written by others, "
            "who could put a socket of their own there: use a folder of root's with mode 0755",
            program->path);
    else if (error == -EADDRINUSE)
        say("%s is there already: somebody listens on it, or it is no socket", program->path);
    else if (error != 0)
        say("cannot listen on %s: %s", program->path, strerror(-error));
    else if (program->door.group_error != 0)
        say("%s cannot be given to the group of --group: %s; start this program as root, or with "
            "that group",
            program->path, strerror(program->door.group_error));
    else
        return true;
    local_close(&program->door);
    return false;
}

/* --- privileges --------------------------------------------------------------------------------
 */

/* Nothing more can be had after this, by whatever means. Root becomes nobody, so that it owns no
 * files either. */
static bool drop_privileges(void)
{
    static const struct harden_user nobody = {.uid = NOBODY, .gid = NOBODY};
    const uint64_t kept = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;
    struct harden_fault fault;

    if (harden_drop(geteuid() == 0 ? &nobody : NULL, kept, &fault) == 0)
        return true;
    say("cannot drop privileges: %s: %s", fault.what, strerror(fault.error));
    return false;
}

/* --- who may ask -------------------------------------------------------------------------------
 */

static bool is_in_group(int fd, gid_t primary, gid_t wanted)
{
    gid_t groups[GROUPS_MAX];
    socklen_t len = sizeof(groups);

    if (primary == wanted)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

static bool may_ask(const struct program *program, int fd, uid_t *user)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof(peer))
        return false;
    *user = peer.uid;
    return peer.uid == 0 || peer.uid == program->started_by ||
           (program->has_group && is_in_group(fd, peer.gid, program->group));
}

static int64_t now_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drop_client(struct client *client)
{
    (void)close(client->fd);
    client->fd = -1;
}

/* A free place, or that of the one which has been silent for longest. */
static struct client *make_place(struct program *program)
{
    struct client *oldest = &program->clients[0];

    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &program->clients[i];
        if (client->fd < 0)
            return client;
        if (client->asked < oldest->asked)
            oldest = client;
    }
    drop_client(oldest);
    return oldest;
}

static void take_client(struct program *program)
{
    const int size = CLIENT_BUFFER;
    int fd = accept4(program->door.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    uid_t user;

    if (fd < 0)
        return;
    if (!may_ask(program, fd, &user)) {
        (void)close(fd);
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    *make_place(program) = (struct client){.fd = fd, .user = user, .asked = now_ms()};
}

/* Those that are silent for long go. How long it may be until the next one does, or -1. */
static int drop_idle(struct program *program)
{
    int64_t now = now_ms();
    int64_t next = -1;

    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &program->clients[i];
        int64_t left = client->asked + HELPER_IDLE_MS - now;
        if (client->fd >= 0 && left <= 0)
            drop_client(client);
        else if (client->fd >= 0 && (next < 0 || left < next))
            next = left;
    }
    return (int)next;
}

/* --- requests ----------------------------------------------------------------------------------
 */

/* The interface that is asked for, if it is served. */
static struct served *find_served(struct program *program, const struct helper_request *request)
{
    for (size_t i = 0; i < program->interface_count; i++) {
        char padded[HELPER_NAME_SIZE] = "";
        (void)snprintf(padded, sizeof(padded), "%s", program->interfaces[i].name);
        if (memcmp(padded, request->ifname, sizeof(padded)) == 0)
            return &program->interfaces[i];
    }
    return NULL;
}

static int scan(struct served *served)
{
    int64_t now = now_ms();

    if (served->scanned != 0 && now - served->scanned < SCAN_PAUSE_MS)
        return EBUSY;
    served->scanned = now;
    return privileged_scan(served->name);
}

static struct relay *find_place(struct program *program, uid_t user)
{
    struct relay *place = NULL;
    size_t count = 0;

    for (size_t i = 0; i < RELAYS_MAX; i++) {
        struct relay *relay = &program->relays[i];
        if (relay->packet < 0)
            place = relay;
        else if (relay->user == user)
            count++;
    }
    return count < RELAYS_PER_USER ? place : NULL;
}

/* 0 or an errno. */
static int monitor(struct program *program, const struct served *served, uid_t user, int *theirs)
{
    struct relay *relay = find_place(program, user);

    if (relay == NULL)
        return EUSERS;
    relay->user = user;
    return relay_open(relay, served->name, theirs);
}

/* With a descriptor if fd is one. */
static bool answer(int client, const struct helper_reply *reply, int fd)
{
    struct helper_reply copy = *reply;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {.iov_base = &copy, .iov_len = sizeof(copy)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
    }
    return sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(copy);
}

static bool serve(struct program *program, const struct client *client,
                  const struct helper_request *request)
{
    struct helper_reply reply = {.magic = HELPER_MAGIC, .kind = request->kind};
    struct served *served = find_served(program, request);
    int fd = -1;

    if (served == NULL)
        reply.error = EPERM;
    else if (request->kind == HELPER_SCAN)
        reply.error = scan(served);
    else
        reply.error = monitor(program, served, client->user, &fd);
    bool good = answer(client->fd, &reply, fd);
    if (fd >= 0)
        (void)close(fd); /* the client has it, or nobody: then the relay's end tells */
    return good;
}

/* False: this client has gone, or does not speak our language. */
static bool hear_client(struct program *program, struct client *client)
{
    struct helper_request request;
    ssize_t len = recv(client->fd, &request, sizeof(request), MSG_TRUNC | MSG_DONTWAIT);

    if (len < 0)
        return errno == EAGAIN || errno == EINTR;
    if (len != (ssize_t)sizeof(request) || request.magic != HELPER_MAGIC ||
        (request.kind != HELPER_SCAN && request.kind != HELPER_MONITOR))
        return false;
    client->asked = now_ms();
    return serve(program, client, &request);
}

/* --- the loop ----------------------------------------------------------------------------------
 */

/* What is waited for: the listener, each client, both ends of each relay. */
enum { CLIENTS_AT = 1, PACKETS_AT = CLIENTS_AT + CLIENTS_MAX, PAIRS_AT = PACKETS_AT + RELAYS_MAX };

struct waiting {
    struct pollfd fds[PAIRS_AT + RELAYS_MAX];
};

/* Of a pair only its end is of interest, which is always told. */
static void watch(const struct program *program, struct waiting *waiting)
{
    waiting->fds[0] = (struct pollfd){.fd = program->door.fd, .events = POLLIN};
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        waiting->fds[CLIENTS_AT + i] =
            (struct pollfd){.fd = program->clients[i].fd, .events = POLLIN};
    for (size_t i = 0; i < RELAYS_MAX; i++) {
        waiting->fds[PACKETS_AT + i] =
            (struct pollfd){.fd = program->relays[i].packet, .events = POLLIN};
        waiting->fds[PAIRS_AT + i] = (struct pollfd){.fd = program->relays[i].pair};
    }
}

/* Those who ask for a place come after those who give one back. */
static void turn(struct program *program, const struct waiting *waiting)
{
    for (size_t i = 0; i < RELAYS_MAX; i++) {
        struct relay *relay = &program->relays[i];
        if (waiting->fds[PAIRS_AT + i].revents != 0 ||
            (waiting->fds[PACKETS_AT + i].revents != 0 && relay_move(relay) != 0))
            relay_close(relay);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &program->clients[i];
        if (waiting->fds[CLIENTS_AT + i].revents != 0 && !hear_client(program, client))
            drop_client(client);
    }
    if (waiting->fds[0].revents != 0)
        take_client(program);
}

static int run(struct program *program)
{
    static struct waiting waiting;

    for (;;) {
        int patience = drop_idle(program);
        watch(program, &waiting);
        if (poll(waiting.fds, PAIRS_AT + RELAYS_MAX, patience) >= 0) {
            turn(program, &waiting);
        } else if (errno != EINTR) {
            say("poll: %s", strerror(errno));
            return EXIT_FAILURE;
        }
    }
}

int main(int argc, char **argv)
{
    static struct program program = {.path = DEFAULT_SOCKET};
    int status = EXIT_FAILURE;

    program.started_by = geteuid();
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        program.clients[i].fd = -1;
    for (size_t i = 0; i < RELAYS_MAX; i++)
        program.relays[i] = (struct relay){.packet = -1, .pair = -1};
    if (!parse_options(&program, argc, argv, &status))
        return status;
    if (!listen_on(&program) || !drop_privileges())
        return EXIT_FAILURE;
    say("serves %zu interfaces on %s", program.interface_count, program.path);
    return run(&program);
}
