/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/supervisor.h"

#include "agent/base/local.h"
#include "agent/base/log.h"
#include "agent/base/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct supervisor {
    struct loop *loop;
    int fd;
    struct sockaddr_un address; /* not connected to: it may be made anew */
    socklen_t address_len;
    int64_t half; /* ms between two signs of life; 0: no watchdog */
    struct loop_timer timer;
};

static void tell(const struct supervisor *supervisor, const char *what)
{
    if (sendto(supervisor->fd, what, strlen(what), MSG_NOSIGNAL,
               (const struct sockaddr *)&supervisor->address, supervisor->address_len) < 0)
        log_debug("cannot tell the supervisor %s: %s", what, strerror(errno));
}

static void on_time(void *context)
{
    struct supervisor *supervisor = context;

    tell(supervisor, "WATCHDOG=1");
    loop_timer_start(&supervisor->timer, supervisor->half);
}

/* A path, or a name of the abstract space behind an @. */
static bool is_address(struct supervisor *supervisor, const char *name)
{
    if (!local_address(name, &supervisor->address))
        return false;
    supervisor->address_len = sizeof(supervisor->address);
    if (name[0] == '@') {
        supervisor->address.sun_path[0] = '\0';
        supervisor->address_len =
            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    }
    return name[0] == '@' || name[0] == '/';
}

/* The half of the watchdog's time in ms, 0 if this process has none. */
static int64_t half_of(const char *time, const char *pid)
{
    uint64_t us = 0;
    uint64_t who = 0;

    if (time == NULL || !number_text(time, INT64_MAX, &us))
        return 0;
    if (pid != NULL && (!number_text(pid, INT32_MAX, &who) || (pid_t)who != getpid()))
        return 0;
    return us / 2000 > 0 ? (int64_t)(us / 2000) : us > 0;
}

/* False: memory, or a descriptor, is out (errno). */
static bool is_set_up(struct supervisor *supervisor)
{
    supervisor->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (supervisor->fd < 0)
        return false;
    if (loop_timer_init(supervisor->loop, &supervisor->timer, on_time, supervisor) == 0)
        return true;
    errno = ENOMEM;
    return false;
}

struct supervisor *supervisor_new(struct loop *loop)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct supervisor *supervisor = name != NULL ? calloc(1, sizeof(*supervisor)) : NULL;

    if (supervisor != NULL) {
        supervisor->loop = loop;
        supervisor->fd = -1;
        supervisor->half = half_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
    }
    errno = supervisor == NULL ? ENOMEM : EINVAL;
    if (name != NULL &&
        (supervisor == NULL || !is_address(supervisor, name) || !is_set_up(supervisor))) {
        log_warning("cannot tell the supervisor at %s anything: %s", name, strerror(errno));
        supervisor_free(supervisor);
        supervisor = NULL;
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    return supervisor;
}

void supervisor_free(struct supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    loop_timer_fini(&supervisor->timer);
    if (supervisor->fd >= 0)
        (void)close(supervisor->fd);
    free(supervisor);
}

void supervisor_ready(struct supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    tell(supervisor, "READY=1");
    if (supervisor->half > 0)
        loop_timer_start(&supervisor->timer, supervisor->half);
}

void supervisor_stopping(struct supervisor *supervisor)
{
    if (supervisor != NULL)
        tell(supervisor, "STOPPING=1");
}
