/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Failure injection for unit tests: the n-th call of a function from now on fails.
 *
 * Every unit test is linked with the linker's --wrap for the functions below (tests/meson.build),
 * so this reaches all objects of the executable, those of our static libraries included. It does
 * not reach calls that are made inside shared libraries: memory of libyang or wolfSSL, or what libc
 * allocates for fopen(). Sanitizers and valgrind see the calls that are let through as always.
 *
 * To try each allocation of an operation in turn:
 *
 *     for (unsigned n = 1;; n++) {
 *         failing_malloc_at(n);
 *         bool ok = operation();
 *         bool failed = failing_hit();
 *         failing_reset();
 *         if (!failed)
 *             break; // there is no n-th allocation: all were tried
 *         assert_false(ok);
 *     }
 *
 * Tests that use it call failing_reset() in their teardown. A forked child inherits the plans.
 */
#ifndef TESTS_UNIT_FAILING_H
#define TESTS_UNIT_FAILING_H

#include <stdbool.h>
#include <stddef.h>

enum failing_call {
    FAILING_MALLOC, /* malloc, calloc, realloc, reallocarray, strdup, strndup, (v)asprintf */
    FAILING_OPEN,   /* open, openat, mkstemp */
    FAILING_FOPEN,
    FAILING_CLOSE, /* the descriptor is closed all the same, as Linux does it */
    FAILING_READ,
    FAILING_WRITE,
    FAILING_FSYNC, /* fsync, fdatasync */
    FAILING_RENAME,
    FAILING_UNLINK,
    FAILING_FCNTL,
    FAILING_PIPE, /* pipe2 */
    FAILING_FORK,
    FAILING_SYSCALL, /* syscall */
    FAILING_WAITPID,
    FAILING_EPOLL_CREATE,
    FAILING_EPOLL_CTL,
    FAILING_EPOLL_WAIT,
    FAILING_SIGNALFD,
    FAILING_GETRANDOM,
    FAILING_SOCKET,
    FAILING_BIND,
    FAILING_LISTEN,
    FAILING_CONNECT,
    FAILING_ACCEPT, /* accept, accept4 */
    FAILING_SEND,   /* send, sendto, sendmsg */
    FAILING_RECV,   /* recv, recvfrom, recvmsg */
    FAILING_CALLS
};

/* Forgets all plans and counts: everything works again. */
void failing_reset(void);

/*
 * The n-th call from now (1: the next) fails, once. It does nothing, gives -1 (a function that
 * gives a pointer: NULL) and sets errno to `error`. With error 0 it does nothing and gives 0:
 * read() at the end of a file, waitpid() of a child that still runs. One plan per function; a new
 * one takes its place.
 */
void failing_at(enum failing_call call, unsigned n, int error);

/* The same for the n-th call from now and every later one. */
void failing_from(enum failing_call call, unsigned n, int error);

/* The n-th allocation from now fails with ENOMEM, once. */
void failing_malloc_at(unsigned n);

/* read, write, send and recv (and their relatives, but not those with a msghdr) move at most `most`
 * bytes a call: how a slow stream looks. 0: as many as they like. */
void failing_short_io(size_t most);

/* How often this was called since failing_reset(), failed calls included. */
unsigned failing_count(enum failing_call call);

/* True if a planned failure has happened since failing_reset(). */
bool failing_hit(void);

/* What was done with syslog since failing_reset(). Nothing goes to the real one from a unit test.
 */
struct failing_syslog {
    const char *program; /* of the last openlog(); NULL after closelog() */
    unsigned closed;     /* how often closelog() was called */
    int priority;        /* of the last line */
    char line[2048];     /* the last line; empty if there is none */
};

const struct failing_syslog *failing_syslog(void);

#endif
