/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/farewell.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct leaving {
    struct farewell *farewell;
    int fd; /* -1: free */
    uint64_t order;
    size_t left; /* bytes that are still read */
    struct loop_watch watch;
    struct loop_timer timer;
};

struct farewell {
    struct loop *loop;
    void (*idle)(void *context);
    void *context;
    size_t count;
    uint64_t taken;
    struct leaving places[FAREWELL_MAX];
};

static void leave(struct leaving *leaving)
{
    struct farewell *farewell = leaving->farewell;

    loop_watch_remove(&leaving->watch);
    loop_timer_stop(&leaving->timer);
    (void)close(leaving->fd);
    leaving->fd = -1;
    farewell->count--;
}

static void leave_and_tell(void *context)
{
    struct leaving *leaving = context;
    struct farewell *farewell = leaving->farewell;

    leave(leaving);
    if (farewell->count == 0 && farewell->idle != NULL)
        farewell->idle(farewell->context);
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

struct farewell *farewell_new(struct loop *loop, void (*idle)(void *context), void *context)
{
    struct farewell *farewell = calloc(1, sizeof(*farewell));

    if (farewell == NULL)
        return NULL;
    farewell->loop = loop;
    farewell->idle = idle;
    farewell->context = context;
    for (size_t i = 0; i < FAREWELL_MAX; i++) {
        farewell->places[i].fd = -1;
        farewell->places[i].farewell = farewell;
        if (loop_timer_init(loop, &farewell->places[i].timer, leave_and_tell,
                            &farewell->places[i]) != 0) {
            farewell_free(farewell);
            return NULL;
        }
    }
    return farewell;
}

void farewell_free(struct farewell *farewell)
{
    if (farewell == NULL)
        return;
    for (size_t i = 0; i < FAREWELL_MAX; i++) {
        if (farewell->places[i].farewell != NULL && farewell->places[i].fd >= 0)
            leave(&farewell->places[i]);
        loop_timer_fini(&farewell->places[i].timer);
    }
    free(farewell);
}

size_t farewell_count(const struct farewell *farewell)
{
    return farewell->count;
}

/* A free place; if there is none, the oldest one is made free. */
static struct leaving *place(struct farewell *farewell)
{
    struct leaving *oldest = &farewell->places[0];

    for (size_t i = 0; i < FAREWELL_MAX; i++) {
        if (farewell->places[i].fd < 0)
            return &farewell->places[i];
        if (farewell->places[i].order < oldest->order)
            oldest = &farewell->places[i];
    }
    leave(oldest);
    return oldest;
}

void farewell_take(struct farewell *farewell, int fd)
{
    struct leaving *leaving = place(farewell);

    (void)shutdown(fd, SHUT_WR);
    leaving->fd = fd;
    leaving->left = FAREWELL_BYTES;
    leaving->order = ++farewell->taken;
    farewell->count++;
    if (loop_watch_add(farewell->loop, &leaving->watch, fd, LOOP_READ, drain, leaving) != 0)
        leave(leaving);
    else
        loop_timer_start(&leaving->timer, FAREWELL_MS);
}
