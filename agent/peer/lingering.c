/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/lingering.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct leaving {
    struct lingering *lingering;
    int fd; /* -1: free */
    uint64_t order;
    size_t left; /* bytes that are still read */
    struct loop_watch watch;
    struct loop_timer timer;
};

struct lingering {
    struct loop *loop;
    void (*idle)(void *context);
    void *context;
    size_t count;
    uint64_t taken;
    struct leaving places[LINGERING_MAX];
};

static void leave(struct leaving *leaving)
{
    struct lingering *lingering = leaving->lingering;

    loop_watch_remove(&leaving->watch);
    loop_timer_stop(&leaving->timer);
    (void)close(leaving->fd);
    leaving->fd = -1;
    lingering->count--;
}

static void leave_and_tell(void *context)
{
    struct leaving *leaving = context;
    struct lingering *lingering = leaving->lingering;

    leave(leaving);
    if (lingering->count == 0 && lingering->idle != NULL)
        lingering->idle(lingering->context);
}

static void drain(void *context, unsigned ready)
{
    struct leaving *leaving = context;
    uint8_t bin[4096];

    (void)ready;
    while (leaving->left > 0) {
        size_t want = leaving->left < sizeof(bin) ? leaving->left : sizeof(bin);
        ssize_t got = recv(leaving->fd, bin, want, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0)
            break;
        leaving->left -= (size_t)got;
    }
    leave_and_tell(leaving);
}

struct lingering *lingering_new(struct loop *loop, void (*idle)(void *context), void *context)
{
    struct lingering *lingering = calloc(1, sizeof(*lingering));

    if (lingering == NULL)
        return NULL;
    lingering->loop = loop;
    lingering->idle = idle;
    lingering->context = context;
    for (size_t i = 0; i < LINGERING_MAX; i++) {
        lingering->places[i].fd = -1;
        lingering->places[i].lingering = lingering;
        if (loop_timer_init(loop, &lingering->places[i].timer, leave_and_tell,
                            &lingering->places[i]) != 0) {
            lingering_free(lingering);
            return NULL;
        }
    }
    return lingering;
}

void lingering_free(struct lingering *lingering)
{
    if (lingering == NULL)
        return;
    for (size_t i = 0; i < LINGERING_MAX; i++) {
        if (lingering->places[i].lingering != NULL && lingering->places[i].fd >= 0)
            leave(&lingering->places[i]);
        loop_timer_fini(&lingering->places[i].timer);
    }
    free(lingering);
}

size_t lingering_count(const struct lingering *lingering)
{
    return lingering->count;
}

/* A free place; if there is none, the oldest one is made free. */
static struct leaving *place(struct lingering *lingering)
{
    struct leaving *oldest = &lingering->places[0];

    for (size_t i = 0; i < LINGERING_MAX; i++) {
        if (lingering->places[i].fd < 0)
            return &lingering->places[i];
        if (lingering->places[i].order < oldest->order)
            oldest = &lingering->places[i];
    }
    leave(oldest);
    return oldest;
}

void lingering_take(struct lingering *lingering, int fd)
{
    struct leaving *leaving = place(lingering);

    (void)shutdown(fd, SHUT_WR);
    leaving->fd = fd;
    leaving->left = LINGERING_BYTES;
    leaving->order = ++lingering->taken;
    lingering->count++;
    if (loop_watch_add(lingering->loop, &leaving->watch, fd, LOOP_READ, drain, leaving) != 0)
        leave(leaving);
    else
        loop_timer_start(&leaving->timer, LINGERING_MS);
}
