/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/failing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

struct plan {
    unsigned count;
    unsigned first; /* the count that fails; 0: none */
    bool once;
    int error;
};

static struct plan plans[FAILING_CALLS];
static bool hit;
static size_t io_limit;
static struct failing_syslog syslog_seen;

void failing_reset(void)
{
    memset(plans, 0, sizeof(plans));
    hit = false;
    io_limit = 0;
    memset(&syslog_seen, 0, sizeof(syslog_seen));
}

static void set_plan(enum failing_call call, unsigned n, int error, bool once)
{
    struct plan *plan = &plans[call];

    plan->first = plan->count + n;
    plan->once = once;
    plan->error = error;
}

void failing_at(enum failing_call call, unsigned n, int error)
{
    set_plan(call, n, error, true);
}

void failing_from(enum failing_call call, unsigned n, int error)
{
    set_plan(call, n, error, false);
}

void failing_malloc_at(unsigned n)
{
    failing_at(FAILING_MALLOC, n, ENOMEM);
}

void failing_short_io(size_t most)
{
    io_limit = most;
}

unsigned failing_count(enum failing_call call)
{
    return plans[call].count;
}

bool failing_hit(void)
{
    return hit;
}

const struct failing_syslog *failing_syslog(void)
{
    return &syslog_seen;
}

/* True if this call is one that fails; then *answer is what it gives. */
static bool fails(enum failing_call call, int *answer)
{
    struct plan *plan = &plans[call];

    plan->count++;
    if (plan->first == 0 || plan->count < plan->first || (plan->once && plan->count > plan->first))
        return false;
    hit = true;
    *answer = plan->error != 0 ? -1 : 0;
    if (plan->error != 0)
        errno = plan->error;
    return true;
}

static size_t limited(size_t n)
{
    return io_limit != 0 && n > io_limit ? io_limit : n;
}

/* Declares both sides of --wrap and begins the definition of ours. */
#define WRAP(type, name, parameters) \
    type __real_##name parameters;   \
    type __wrap_##name parameters;   \
    type __wrap_##name parameters

#define FAIL_OR(call, otherwise)    \
    do {                            \
        int answer;                 \
        if (fails((call), &answer)) \
            return answer;          \
        return (otherwise);         \
    } while (0)

#define NULL_OR(call, otherwise)    \
    do {                            \
        int answer;                 \
        if (fails((call), &answer)) \
            return NULL;            \
        return (otherwise);         \
    } while (0)

/* --- memory */

WRAP(void *, malloc, (size_t size))
{
    NULL_OR(FAILING_MALLOC, __real_malloc(size));
}

WRAP(void *, calloc, (size_t count, size_t size))
{
    NULL_OR(FAILING_MALLOC, __real_calloc(count, size));
}

WRAP(void *, realloc, (void *old, size_t size))
{
    NULL_OR(FAILING_MALLOC, __real_realloc(old, size));
}

WRAP(void *, reallocarray, (void *old, size_t count, size_t size))
{
    NULL_OR(FAILING_MALLOC, __real_reallocarray(old, count, size));
}

WRAP(char *, strdup, (const char *text))
{
    NULL_OR(FAILING_MALLOC, __real_strdup(text));
}

WRAP(char *, strndup, (const char *text, size_t len))
{
    NULL_OR(FAILING_MALLOC, __real_strndup(text, len));
}

/* The _chk names are what -D_FORTIFY_SOURCE makes of a call. */
int __real_vasprintf(char **out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int __wrap_vasprintf(char **out, const char *format, va_list arguments)
{
    FAIL_OR(FAILING_MALLOC, __real_vasprintf(out, format, arguments));
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = __wrap_vasprintf(out, format, arguments);
    va_end(arguments);
    return result;
}

int __wrap___vasprintf_chk(char **out, int flag, const char *format, va_list arguments)
{
    (void)flag;
    return __wrap_vasprintf(out, format, arguments);
}

int __wrap___asprintf_chk(char **out, int flag, const char *format, ...)
{
    va_list arguments;
    (void)flag;
    va_start(arguments, format);
    int result = __wrap_vasprintf(out, format, arguments);
    va_end(arguments);
    return result;
}

/* --- files. The 64 names are what -D_FILE_OFFSET_BITS=64 makes of a call. */

static mode_t mode_of(int flags, va_list *arguments)
{
    return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE
               ? (mode_t)va_arg(*arguments, unsigned)
               : 0;
}

#define WRAP_OPEN(name)                                          \
    WRAP(int, name, (const char *path, int flags, ...))          \
    {                                                            \
        va_list arguments;                                       \
        va_start(arguments, flags);                              \
        mode_t mode = mode_of(flags, &arguments);                \
        va_end(arguments);                                       \
        FAIL_OR(FAILING_OPEN, __real_##name(path, flags, mode)); \
    }
#define WRAP_OPENAT(name)                                                \
    WRAP(int, name, (int folder, const char *path, int flags, ...))      \
    {                                                                    \
        va_list arguments;                                               \
        va_start(arguments, flags);                                      \
        mode_t mode = mode_of(flags, &arguments);                        \
        va_end(arguments);                                               \
        FAIL_OR(FAILING_OPEN, __real_##name(folder, path, flags, mode)); \
    }
#define WRAP_MKSTEMP(name)                             \
    WRAP(int, name, (char *pattern))                   \
    {                                                  \
        FAIL_OR(FAILING_OPEN, __real_##name(pattern)); \
    }
#define WRAP_FOPEN(name)                                     \
    WRAP(FILE *, name, (const char *path, const char *mode)) \
    {                                                        \
        NULL_OR(FAILING_FOPEN, __real_##name(path, mode));   \
    }
#define WRAP_FCNTL(name, real)                               \
    int __wrap_##name(int fd, int command, ...);             \
    int __wrap_##name(int fd, int command, ...)              \
    {                                                        \
        va_list arguments;                                   \
        va_start(arguments, command);                        \
        void *argument = va_arg(arguments, void *);          \
        va_end(arguments);                                   \
        FAIL_OR(FAILING_FCNTL, real(fd, command, argument)); \
    }

int __real_fcntl(int fd, int command, ...);

WRAP_OPEN(open)
WRAP_OPENAT(openat)
WRAP_MKSTEMP(mkstemp)
WRAP_FOPEN(fopen)
WRAP_FCNTL(fcntl, __real_fcntl)
#ifdef __GLIBC__
int __real_fcntl64(int fd, int command, ...);
WRAP_OPEN(open64)
WRAP_OPENAT(openat64)
WRAP_MKSTEMP(mkstemp64)
WRAP_FOPEN(fopen64)
WRAP_FCNTL(fcntl64, __real_fcntl64)
/* What -D_TIME_BITS=64 makes of a call where a long has 32 bits. */
WRAP_FCNTL(__fcntl_time64, __real_fcntl64)
#endif

WRAP(int, close, (int fd))
{
    int result = __real_close(fd);
    FAIL_OR(FAILING_CLOSE, result);
}

WRAP(ssize_t, read, (int fd, void *buf, size_t n))
{
    FAIL_OR(FAILING_READ, __real_read(fd, buf, limited(n)));
}

/* What -D_FORTIFY_SOURCE makes of it where it cannot be sure of the length. */
#ifdef __GLIBC__
WRAP(ssize_t, __read_chk, (int fd, void *buf, size_t n, size_t room))
{
    FAIL_OR(FAILING_READ, __real___read_chk(fd, buf, limited(n), room));
}
#endif

WRAP(ssize_t, write, (int fd, const void *buf, size_t n))
{
    FAIL_OR(FAILING_WRITE, __real_write(fd, buf, limited(n)));
}

WRAP(int, fsync, (int fd))
{
    FAIL_OR(FAILING_FSYNC, __real_fsync(fd));
}

WRAP(int, fdatasync, (int fd))
{
    FAIL_OR(FAILING_FSYNC, __real_fdatasync(fd));
}

WRAP(int, rename, (const char *from, const char *to))
{
    FAIL_OR(FAILING_RENAME, __real_rename(from, to));
}

WRAP(int, unlink, (const char *path))
{
    FAIL_OR(FAILING_UNLINK, __real_unlink(path));
}

/* --- processes and events */

WRAP(int, pipe2, (int ends[2], int flags))
{
    FAIL_OR(FAILING_PIPE, __real_pipe2(ends, flags));
}

WRAP(pid_t, fork, (void))
{
    FAIL_OR(FAILING_FORK, __real_fork());
}

/* Six arguments are passed on whatever the call has, as libc itself does it. Those that the caller
 * did not give are read all the same, which a sanitizer must not see. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) __attribute__((no_sanitize_address));

long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (size_t i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    FAIL_OR(FAILING_SYSCALL, __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

WRAP(pid_t, waitpid, (pid_t child, int *status, int options))
{
    FAIL_OR(FAILING_WAITPID, __real_waitpid(child, status, options));
}

WRAP(int, epoll_create1, (int flags))
{
    FAIL_OR(FAILING_EPOLL_CREATE, __real_epoll_create1(flags));
}

WRAP(int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event))
{
    FAIL_OR(FAILING_EPOLL_CTL, __real_epoll_ctl(epoll, operation, fd, event));
}

WRAP(int, epoll_wait, (int epoll, struct epoll_event *events, int most, int timeout))
{
    FAIL_OR(FAILING_EPOLL_WAIT, __real_epoll_wait(epoll, events, most, timeout));
}

WRAP(int, signalfd, (int fd, const sigset_t *set, int flags))
{
    FAIL_OR(FAILING_SIGNALFD, __real_signalfd(fd, set, flags));
}

WRAP(ssize_t, getrandom, (void *buf, size_t n, unsigned flags))
{
    FAIL_OR(FAILING_GETRANDOM, __real_getrandom(buf, n, flags));
}

/* --- sockets */

WRAP(int, socket, (int domain, int type, int protocol))
{
    FAIL_OR(FAILING_SOCKET, __real_socket(domain, type, protocol));
}

WRAP(int, bind, (int fd, const struct sockaddr *address, socklen_t len))
{
    FAIL_OR(FAILING_BIND, __real_bind(fd, address, len));
}

WRAP(int, listen, (int fd, int backlog))
{
    FAIL_OR(FAILING_LISTEN, __real_listen(fd, backlog));
}

WRAP(int, connect, (int fd, const struct sockaddr *address, socklen_t len))
{
    FAIL_OR(FAILING_CONNECT, __real_connect(fd, address, len));
}

WRAP(int, accept, (int fd, struct sockaddr *address, socklen_t *len))
{
    FAIL_OR(FAILING_ACCEPT, __real_accept(fd, address, len));
}

WRAP(int, accept4, (int fd, struct sockaddr *address, socklen_t *len, int flags))
{
    FAIL_OR(FAILING_ACCEPT, __real_accept4(fd, address, len, flags));
}

WRAP(ssize_t, send, (int fd, const void *buf, size_t n, int flags))
{
    FAIL_OR(FAILING_SEND, __real_send(fd, buf, limited(n), flags));
}

WRAP(ssize_t, sendto,
     (int fd, const void *buf, size_t n, int flags, const struct sockaddr *to, socklen_t len))
{
    FAIL_OR(FAILING_SEND, __real_sendto(fd, buf, limited(n), flags, to, len));
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags))
{
    FAIL_OR(FAILING_SEND, __real_sendmsg(fd, message, flags));
}

WRAP(ssize_t, recv, (int fd, void *buf, size_t n, int flags))
{
    FAIL_OR(FAILING_RECV, __real_recv(fd, buf, limited(n), flags));
}

WRAP(ssize_t, recvfrom,
     (int fd, void *buf, size_t n, int flags, struct sockaddr *from, socklen_t *len))
{
    FAIL_OR(FAILING_RECV, __real_recvfrom(fd, buf, limited(n), flags, from, len));
}

WRAP(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags))
{
    FAIL_OR(FAILING_RECV, __real_recvmsg(fd, message, flags));
}

#if defined(__GLIBC__) && __TIMESIZE == 32
/* What -D_TIME_BITS=64 makes of the two. */
WRAP(ssize_t, __sendmsg64, (int fd, const struct msghdr *message, int flags))
{
    FAIL_OR(FAILING_SEND, __real___sendmsg64(fd, message, flags));
}

WRAP(ssize_t, __recvmsg64, (int fd, struct msghdr *message, int flags))
{
    FAIL_OR(FAILING_RECV, __real___recvmsg64(fd, message, flags));
}
#endif

/* --- syslog: kept, never sent */

void __wrap_openlog(const char *program, int option, int facility);
void __wrap_closelog(void);

void __wrap_openlog(const char *program, int option, int facility)
{
    (void)option;
    (void)facility;
    syslog_seen.program = program;
}

void __wrap_closelog(void)
{
    syslog_seen.program = NULL;
    syslog_seen.closed++;
}

static void keep_line(int priority, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void __wrap_syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void keep_line(int priority, const char *format, va_list arguments)
{
    (void)vsnprintf(syslog_seen.line, sizeof(syslog_seen.line), format, arguments);
    syslog_seen.priority = priority;
}

void __wrap_syslog(int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep_line(priority, format, arguments);
    va_end(arguments);
}

void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list arguments;
    (void)flag;
    va_start(arguments, format);
    keep_line(priority, format, arguments);
    va_end(arguments);
}
