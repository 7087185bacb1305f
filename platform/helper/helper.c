/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/helper/helper.h"

#include "agent/base/local.h"
#include "agent/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct helper {
    struct loop *loop;
    char path[SETTINGS_PATH_SIZE];
    struct loop_watch watch;
    struct loop_timer deadline;
    struct loop_deferred deferred;
    /* A ring; the one at `first` was sent if `busy`. One that was forgotten has no `done`. */
    struct helper_call queue[HELPER_QUEUE_MAX];
    size_t first;
    size_t count;
    bool busy;
};

static void serve(void *context);

/* --- the queue --- */

static void serve_later(struct helper *helper)
{
    loop_defer(helper->loop, &helper->deferred, serve, helper);
}

static void hang_up(struct helper *helper)
{
    int fd = helper->watch.fd;

    if (helper->watch.loop == NULL)
        return;
    loop_watch_remove(&helper->watch);
    (void)close(fd);
}

/* The first call is over. Nobody keeps a connection through which nothing is asked. */
static void finish(struct helper *helper, int error, int fd)
{
    struct helper_call call = helper->queue[helper->first];

    helper->first = (helper->first + 1) % HELPER_QUEUE_MAX;
    helper->count--;
    helper->busy = false;
    loop_timer_stop(&helper->deadline);
    if (call.done != NULL)
        call.done(call.context, error, fd);
    else if (fd >= 0)
        (void)close(fd);
    if (helper->count > 0)
        serve_later(helper);
    else
        hang_up(helper);
}

/* The connection is of no use any more, and so is what was asked through it. */
static void fail(struct helper *helper, int error)
{
    hang_up(helper);
    if (helper->busy)
        finish(helper, error, -1);
}

/* --- the connection --- */

/* Closes all descriptors that came but the first, which is given back, or -1. */
static int take_descriptor(struct msghdr *message)
{
    int kept = -1;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = local_next_part(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
            if (kept < 0)
                kept = fd;
            else
                (void)close(fd);
        }
    }
    return kept;
}

/* One datagram: its length, and a descriptor if one came. -1 with errno. */
static ssize_t receive(struct helper *helper, struct helper_reply *reply, int *fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
    struct iovec part = {.iov_base = reply, .iov_len = sizeof(*reply)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(helper->watch.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    *fd = -1;
    if (len < 0)
        return len;
    *fd = take_descriptor(&message);
    return (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ? 0 : len;
}

static bool is_answer(const struct helper *helper, const struct helper_reply *reply, int fd)
{
    uint32_t kind = helper->queue[helper->first].kind;

    return helper->busy && reply->magic == HELPER_MAGIC && reply->kind == kind &&
           reply->error >= 0 && (fd >= 0) == (kind == HELPER_MONITOR && reply->error == 0);
}

static void on_ready(void *context, unsigned ready)
{
    struct helper *helper = context;
    struct helper_reply reply;
    int fd;

    (void)ready;
    ssize_t len = receive(helper, &reply, &fd);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len == (ssize_t)sizeof(reply) && is_answer(helper, &reply, fd)) {
        finish(helper, reply.error, fd);
        return;
    }
    if (fd >= 0)
        (void)close(fd);
    fail(helper, len > 0 ? EPROTO : ECONNRESET);
}

static void on_deadline(void *context)
{
    fail(context, ETIMEDOUT);
}

/* 0 or an errno. */
static int dial(struct helper *helper)
{
    struct sockaddr_un to;
    int error = 0;

    if (helper->path[0] == '\0')
        return ENOENT;
    if (!local_address(helper->path, &to))
        return ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
        error = errno;
    else
        error = -loop_watch_add(helper->loop, &helper->watch, fd, LOOP_READ, on_ready, helper);
    if (error != 0)
        (void)close(fd);
    return error;
}

static int send_request(struct helper *helper)
{
    const struct helper_call *call = &helper->queue[helper->first];
    struct helper_request request = {.magic = HELPER_MAGIC, .kind = call->kind};

    memcpy(request.ifname, call->ifname, sizeof(request.ifname));
    ssize_t sent = send(helper->watch.fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == (ssize_t)sizeof(request) ? 0 : sent < 0 ? errno : EPROTO;
}

/* The next call. A connection that broke while nothing was asked is made anew, once. */
static void serve(void *context)
{
    struct helper *helper = context;
    bool was_up = helper->watch.loop != NULL;

    if (helper->busy || helper->count == 0)
        return;
    int error = was_up ? 0 : dial(helper);
    if (error == 0)
        error = send_request(helper);
    if (error != 0 && was_up) {
        hang_up(helper);
        error = dial(helper);
        if (error == 0)
            error = send_request(helper);
    }
    if (error != 0) {
        hang_up(helper);
        finish(helper, error, -1);
        return;
    }
    helper->busy = true;
    loop_timer_start(&helper->deadline, HELPER_DEADLINE_MS);
}

/* --- what others see --- */

struct helper *helper_new(struct loop *loop)
{
    struct helper *helper = calloc(1, sizeof(*helper));

    if (helper == NULL)
        return NULL;
    helper->loop = loop;
    if (loop_timer_init(loop, &helper->deadline, on_deadline, helper) != 0) {
        free(helper);
        return NULL;
    }
    return helper;
}

void helper_free(struct helper *helper)
{
    if (helper == NULL)
        return;
    hang_up(helper);
    loop_deferred_cancel(helper->loop, &helper->deferred);
    loop_timer_fini(&helper->deadline);
    free(helper);
}

void helper_set_path(struct helper *helper, const char *path)
{
    if (strcmp(helper->path, path) == 0)
        return;
    (void)snprintf(helper->path, sizeof(helper->path), "%s", path);
    fail(helper, ECONNRESET);
}

bool helper_call(struct helper *helper, const struct helper_call *call)
{
    if (helper->count == HELPER_QUEUE_MAX)
        return false;
    struct helper_call *place = &helper->queue[(helper->first + helper->count) % HELPER_QUEUE_MAX];
    *place = *call;
    size_t len = strnlen(place->ifname, sizeof(place->ifname) - 1);
    memset(place->ifname + len, 0, sizeof(place->ifname) - len);
    helper->count++;
    serve_later(helper);
    return true;
}

void helper_cancel(struct helper *helper, const void *context)
{
    for (size_t i = 0; i < helper->count; i++) {
        struct helper_call *call = &helper->queue[(helper->first + i) % HELPER_QUEUE_MAX];
        if (call->context == context)
            call->done = NULL;
    }
}
