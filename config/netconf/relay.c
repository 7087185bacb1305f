/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmsp-netconf: standard input and output on one side, the agent's management socket on the other.
 * It understands nothing of what it carries. sshd starts it as its subsystem `netconf`.
 */
#include "agent/base/harden.h"
#include "agent/base/local.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM "nmsp-netconf"

enum { BUFFER_SIZE = 32768, EXIT_USAGE = 2 };

/* One direction. */
struct pipe_end {
    int from;
    int to;
    bool ended;  /* nothing more comes */
    bool closed; /* and that was passed on */
    size_t begin;
    size_t end;
    uint8_t bytes[BUFFER_SIZE];
};

static bool is_empty(const struct pipe_end *way)
{
    return way->begin == way->end;
}

static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR;
}

/* False: the reading side is lost. */
static bool fill(struct pipe_end *way)
{
    ssize_t count = read(way->from, way->bytes, sizeof(way->bytes));

    if (count < 0 && errno == ECONNRESET)
        count = 0; /* the agent has gone while something was on its way to it */
    if (count < 0)
        return is_passing(errno);
    way->begin = 0;
    way->end = (size_t)count;
    way->ended = count == 0;
    return true;
}

/* False: nobody takes it any more. */
static bool drain(struct pipe_end *way)
{
    ssize_t count = write(way->to, way->bytes + way->begin, way->end - way->begin);

    if (count < 0)
        return is_passing(errno);
    way->begin += (size_t)count;
    return true;
}

/* The agent has ended the session: its last answer is still to be read. */
static void give_up(struct pipe_end *way)
{
    way->begin = way->end = 0;
    way->ended = way->closed = true;
}

/* Closing the way to the agent only half lets its last answers come. */
static void pass_end_on(struct pipe_end *way, bool socket)
{
    if (!way->ended || !is_empty(way) || way->closed)
        return;
    way->closed = true;
    if (socket)
        (void)shutdown(way->to, SHUT_WR);
}

/* poll() tells of errors on a descriptor even if nothing is asked of it: then it is left out. */
static struct pollfd wanted(int fd, short events)
{
    return (struct pollfd){.fd = events != 0 ? fd : -1, .events = events};
}

/* What can be done now is done; false if one side is lost. */
static bool turn(struct pipe_end *up, struct pipe_end *down)
{
    struct pollfd polls[] = {
        wanted(up->from, is_empty(up) && !up->ended ? POLLIN : 0),
        wanted(up->to, is_empty(up) ? 0 : POLLOUT),
        wanted(down->from, is_empty(down) && !down->ended ? POLLIN : 0),
        wanted(down->to, is_empty(down) ? 0 : POLLOUT),
    };

    if (poll(polls, 4, -1) < 0)
        return errno == EINTR;
    if (polls[1].revents != 0 && !drain(up))
        give_up(up);
    return (polls[0].revents == 0 || fill(up)) && (polls[2].revents == 0 || fill(down)) &&
           (polls[3].revents == 0 || drain(down));
}

/* Until the agent has ended the session. False: it broke. */
static bool relay(int socket)
{
    static struct pipe_end up;
    static struct pipe_end down;

    up.from = STDIN_FILENO;
    up.to = socket;
    down.from = socket;
    down.to = STDOUT_FILENO;
    while (!down.closed) {
        if (!turn(&up, &down))
            return false;
        pass_end_on(&up, true);
        pass_end_on(&down, false);
    }
    return true;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;

    if (!local_address(path, &address)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return fd;
}

static const char *remedy(int error)
{
    switch (error) {
    case ENOENT:
    case ECONNREFUSED:
        return "start nmspd, or name its socket with --socket";
    case EACCES:
        return "the user must be in the group that the socket belongs to (nmsp)";
    default:
        return "see nmspd(8)";
    }
}

static int usage(FILE *out, int status)
{
    (void)fputs("usage: " PROGRAM " [--socket PATH]\n"
                "\n"
                "Carries NETCONF between standard input and output and nmspd.\n"
                "\n"
                "      --socket PATH   the socket of nmspd (" NMSPD_MANAGEMENT ")\n"
                "      --version       print the version\n"
                "  -h, --help          print this\n",
                out);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NMSPD_MANAGEMENT;
    int option = 0;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return usage(stdout, EXIT_SUCCESS);
        if (option == 'V')
            return puts(PROGRAM " " NMSPD_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (option != 's')
            return usage(stderr, EXIT_USAGE);
        path = optarg;
    }
    if (optind < argc)
        return usage(stderr, EXIT_USAGE);
    (void)signal(SIGPIPE, SIG_IGN);
    int fd = connect_to(path);
    if (fd < 0) {
        (void)fprintf(stderr, PROGRAM ": cannot connect to %s: %s: %s\n", path, strerror(errno),
                      remedy(errno));
        return EXIT_FAILURE;
    }
    struct harden_fault fault;
    if (harden_drop(NULL, 0, &fault) != 0) {
        (void)fprintf(stderr, PROGRAM ": cannot drop privileges: %s: %s\n", fault.what,
                      strerror(fault.error));
        return EXIT_FAILURE;
    }
    if (relay(fd))
        return EXIT_SUCCESS;
    (void)fprintf(stderr, PROGRAM ": %s: %s\n", path, strerror(errno));
    return EXIT_FAILURE;
}
