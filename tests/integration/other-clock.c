/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests, by LD_PRELOAD: a real-time clock that is wrong, and that NTP keeps or does not. The
 * program under test is the one that is installed, and knows nothing of it.
 *
 * NMSPD_OTHER_CLOCK names a file with two numbers, which may change at any time: seconds to add to
 * the real-time clock, and 1 if the clock is synchronised. Without it all is as it is.
 *
 * NMSPD_WITHOUT_NETLINK: a sandbox that lets no program have netlink sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#ifdef SYS_clock_gettime64
#define SYSTEM_CLOCK SYS_clock_gettime64
#else
#define SYSTEM_CLOCK SYS_clock_gettime
#endif

int clock_gettime(clockid_t clock, struct timespec *now) __attribute__((visibility("default")));
int adjtimex(struct timex *timex) __attribute__((visibility("default")));
int socket(int domain, int type, int protocol) __attribute__((visibility("default")));

static bool other_clock(long long *seconds, int *synchronised)
{
    const char *path = getenv("NMSPD_OTHER_CLOCK");
    char text[64] = "";
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    return len > 0 && sscanf(text, "%lld %d", seconds, synchronised) == 2;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long long seconds;
    int synchronised;
    int result = (int)syscall(SYSTEM_CLOCK, clock, now);

    if (result == 0 && clock == CLOCK_REALTIME && other_clock(&seconds, &synchronised))
        now->tv_sec += (time_t)seconds;
    return result;
}

/* Nobody here sets the clock, so only what is asked is answered. */
int adjtimex(struct timex *timex)
{
    long long seconds;
    int synchronised = 0;

    if (!other_clock(&seconds, &synchronised))
        return clock_adjtime(CLOCK_REALTIME, timex);
    timex->status = synchronised != 0 ? 0 : STA_UNSYNC;
    return synchronised != 0 ? TIME_OK : TIME_ERROR;
}

int socket(int domain, int type, int protocol)
{
    if (domain == AF_NETLINK && getenv("NMSPD_WITHOUT_NETLINK") != NULL) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return (int)syscall(SYS_socket, domain, type, protocol);
}
