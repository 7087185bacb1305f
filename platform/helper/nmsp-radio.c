/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmsp-radio: the only program of this project with a capability. It does two things, for programs
 * that may connect to its socket, on interfaces that its command line names: starts a scan, or
 * opens and filters a packet socket on a monitor interface and hands it over. See nmsp-radio(8).
 *
 * It keeps CAP_NET_ADMIN and CAP_NET_RAW, can gain nothing new, and reads nothing from outside but
 * requests of one size. It uses none of the agent: its log is standard error.
 */
#include "agent/base/local.h"
#include "platform/helper/helper-protocol.h"
#include "platform/helper/privileged.h"

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
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM        "nmsp-radio"
#define DEFAULT_SOCKET "/run/nmspd/radio.sock"

enum {
    INTERFACES_MAX = 32,
    CLIENTS_MAX = 8,
    GROUPS_MAX = 64,
    NOBODY = 65534,
    SCAN_PAUSE_S = 2, /* between two scans of one interface: an AP that only scans serves nobody */
    EXIT_USAGE = 2,
};

struct served {
    char name[HELPER_NAME_SIZE];
    time_t scanned;
};

struct program {
    const char *path;
    bool has_group;
    gid_t group;
    uid_t started_by;
    struct served interfaces[INTERFACES_MAX];
    size_t interface_count;
    int listener;
    int clients[CLIENTS_MAX]; /* -1: free */
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
    "Starts scans and opens monitor interfaces for nmspd, which has no privileges.\n"
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

/* What a program before us left behind goes away; anything else that has the name stays. */
static bool make_way(const struct sockaddr_un *address)
{
    struct stat found;

    if (lstat(address->sun_path, &found) != 0 || !S_ISSOCK(found.st_mode))
        return true;
    if (!local_is_stale(address, SOCK_SEQPACKET)) {
        say("somebody listens on %s already", address->sun_path);
        return false;
    }
    if (unlink(address->sun_path) == 0)
        return true;
    say("%s was left behind and cannot be removed: %s", address->sun_path, strerror(errno));
    return false;
}

static bool listen_on(struct program *program)
{
    struct sockaddr_un address;

    if (!local_address(program->path, &address)) {
        say("%s is too long for a socket", program->path);
        return false;
    }
    if (!make_way(&address))
        return false;
    program->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0117); /* 0660 from its first moment */
    bool good = program->listener >= 0 &&
                bind(program->listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                (!program->has_group || chown(program->path, (uid_t)-1, program->group) == 0) &&
                listen(program->listener, CLIENTS_MAX) == 0;
    (void)umask(before);
    if (!good)
        say("cannot listen on %s: %s", program->path, strerror(errno));
    return good;
}

/* --- privileges --------------------------------------------------------------------------------
 */

static const uint32_t kept = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;

static bool set_capabilities(uint32_t wanted)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall(SYS_capget, &head, data) != 0)
        return false;
    data[0].permitted &= wanted;
    data[0].effective = data[0].permitted;
    data[0].inheritable = 0;
    data[1] = (struct __user_cap_data_struct){0};
    return syscall(SYS_capset, &head, data) == 0;
}

/* Nothing more can be had after this, by whatever means. Root becomes nobody, so that it owns no
 * files either. */
static bool drop_privileges(void)
{
    const uint32_t for_changing = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_SETPCAP;
    bool good =
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && set_capabilities(kept | for_changing);

    for (int capability = 0; good && capability <= 63; capability++) {
        if (capability != CAP_NET_ADMIN && capability != CAP_NET_RAW)
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); /* needs CAP_SETPCAP */
    }
    if (good && geteuid() == 0)
        good = prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && setgroups(0, NULL) == 0 &&
               setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0 &&
               prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    good = good && set_capabilities(kept) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    if (!good)
        say("cannot drop privileges: %s", strerror(errno));
    return good;
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

static bool may_ask(const struct program *program, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || len != sizeof(peer))
        return false;
    return peer.uid == 0 || peer.uid == program->started_by ||
           (program->has_group && is_in_group(fd, peer.gid, program->group));
}

static void take_client(struct program *program)
{
    int fd = accept4(program->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    for (size_t i = 0; i < CLIENTS_MAX && may_ask(program, fd); i++) {
        if (program->clients[i] < 0) {
            program->clients[i] = fd;
            return;
        }
    }
    (void)close(fd);
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
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (served->scanned != 0 && now.tv_sec - served->scanned < SCAN_PAUSE_S)
        return EBUSY;
    served->scanned = now.tv_sec;
    return privileged_scan(served->name);
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

static bool serve(struct program *program, int client, const struct helper_request *request)
{
    struct helper_reply reply = {.magic = HELPER_MAGIC, .kind = request->kind};
    struct served *served = find_served(program, request);
    int fd = -1;

    if (served == NULL)
        reply.error = EPERM;
    else if (request->kind == HELPER_SCAN)
        reply.error = scan(served);
    else if ((fd = privileged_monitor(served->name)) < 0)
        reply.error = -fd;
    bool good = answer(client, &reply, fd);
    if (fd >= 0)
        (void)close(fd);
    return good;
}

/* False: this client has gone, or does not speak our language. */
static bool hear_client(struct program *program, int client)
{
    struct helper_request request;
    ssize_t len = recv(client, &request, sizeof(request), MSG_TRUNC | MSG_DONTWAIT);

    if (len < 0)
        return errno == EAGAIN || errno == EINTR;
    if (len != (ssize_t)sizeof(request) || request.magic != HELPER_MAGIC ||
        (request.kind != HELPER_SCAN && request.kind != HELPER_MONITOR))
        return false;
    return serve(program, client, &request);
}

static int run(struct program *program)
{
    struct pollfd watched[CLIENTS_MAX + 1];

    for (;;) {
        watched[CLIENTS_MAX] = (struct pollfd){.fd = program->listener, .events = POLLIN};
        for (size_t i = 0; i < CLIENTS_MAX; i++)
            watched[i] = (struct pollfd){.fd = program->clients[i], .events = POLLIN};
        if (poll(watched, CLIENTS_MAX + 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            say("poll: %s", strerror(errno));
            return EXIT_FAILURE;
        }
        for (size_t i = 0; i < CLIENTS_MAX; i++) {
            if (watched[i].revents == 0 || hear_client(program, program->clients[i]))
                continue;
            (void)close(program->clients[i]);
            program->clients[i] = -1;
        }
        if (watched[CLIENTS_MAX].revents != 0)
            take_client(program);
    }
}

int main(int argc, char **argv)
{
    struct program program = {.path = DEFAULT_SOCKET, .listener = -1, .started_by = geteuid()};
    int status = EXIT_FAILURE;

    for (size_t i = 0; i < CLIENTS_MAX; i++)
        program.clients[i] = -1;
    if (!parse_options(&program, argc, argv, &status))
        return status;
    if (!listen_on(&program) || !drop_privileges())
        return EXIT_FAILURE;
    say("serves %zu interfaces on %s", program.interface_count, program.path);
    return run(&program);
}
