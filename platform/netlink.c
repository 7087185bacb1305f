/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/netlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* Several stations of Wi-Fi 7 links can make one message; the kernel fills up to 32 KiB. */
    DATAGRAM_SIZE = 65536,
    DATAGRAMS_PER_TURN = 16,
    TURNS_PER_FLUSH = 16,
    REQUEST_SIZE = 256,
    ERRNO_MAX = 4095, /* as the kernel has it */
};

struct netlink {
    struct loop *loop;
    struct netlink_options options;
    void *handle; /* NULL: not open */
    struct loop_watch watch;
    struct loop_timer deadline;
    struct loop_timer reopen; /* a socket with groups that could not be opened again */
    struct loop_deferred deferred;
    uint32_t groups[NETLINK_GROUPS_MAX];
    size_t group_count;

    /* A ring of requests; the one at `first` is in service if `busy`. */
    struct netlink_request queue[NETLINK_QUEUE_MAX];
    size_t first;
    size_t count;
    bool busy;
    bool interrupted;
    uint32_t sequence; /* of the request in service: answers to earlier ones are ignored */
    struct nl_msg *message;

    _Alignas(struct nlmsghdr) uint8_t buffer[DATAGRAM_SIZE];
};

/* --- the kernel, through libnl --- */

/* libnl has error numbers of its own; errno is still that of the call that failed. */
static int failed_call(void)
{
    return errno != 0 ? -errno : -EIO;
}

static void *kernel_open(void *context, int protocol, int receive_buffer, int *fd)
{
    struct nl_sock *sock = nl_socket_alloc();

    (void)context;
    if (sock == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    errno = 0;
    if (nl_connect(sock, protocol) < 0 || nl_socket_set_nonblocking(sock) < 0 ||
        nl_socket_set_buffer_size(sock, receive_buffer, 0) < 0) {
        int error = -failed_call();
        nl_socket_free(sock);
        errno = error;
        return NULL;
    }
    *fd = nl_socket_get_fd(sock);
    return sock;
}

static void kernel_close(void *handle)
{
    nl_socket_free(handle);
}

static int kernel_join(void *handle, uint32_t group)
{
    errno = 0;
    return nl_socket_add_membership(handle, (int)group) < 0 ? failed_call() : 0;
}

/* A group that is gone with its family cannot be left: no error. */
static void kernel_leave(void *handle, uint32_t group)
{
    (void)nl_socket_drop_membership(handle, (int)group);
}

static ssize_t kernel_send(void *handle, const void *data, size_t len)
{
    union {
        const void *in;
        void *out;
    } bytes = {.in = data}; /* nl_sendto() takes, but does not write, a plain pointer */

    errno = 0;
    int sent = nl_sendto(handle, bytes.out, len);
    return sent < 0 ? failed_call() : sent;
}

static ssize_t kernel_receive(void *handle, void *data, size_t size)
{
    struct sockaddr_nl from = {.nl_family = AF_NETLINK};
    struct iovec part = {.iov_base = data, .iov_len = size};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
    ssize_t len;

    do
        len = recvmsg(nl_socket_get_fd(handle), &message, MSG_DONTWAIT);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -errno;
    if ((message.msg_flags & MSG_TRUNC) != 0)
        return -EMSGSIZE;
    return from.nl_pid == 0 ? len : 0; /* only the kernel is listened to */
}

static const struct netlink_io kernel_io = {.open = kernel_open,
                                            .close = kernel_close,
                                            .join = kernel_join,
                                            .leave = kernel_leave,
                                            .send = kernel_send,
                                            .receive = kernel_receive};

/* --- opening and closing --- */

static void on_ready(void *context, unsigned ready);

static void close_socket(struct netlink *nl)
{
    if (nl->handle == NULL)
        return;
    loop_watch_remove(&nl->watch);
    nl->options.io->close(nl->handle);
    nl->handle = NULL;
}

static int open_socket(struct netlink *nl)
{
    int fd = -1;
    int result = 0;

    if (nl->handle != NULL)
        return 0;
    nl->handle = nl->options.io->open(nl->options.io_context, nl->options.protocol,
                                      nl->options.receive_buffer, &fd);
    if (nl->handle == NULL)
        return errno != 0 ? -errno : -EIO;
    result = loop_watch_add(nl->loop, &nl->watch, fd, LOOP_READ, on_ready, nl);
    for (size_t i = 0; result == 0 && i < nl->group_count; i++)
        result = nl->options.io->join(nl->handle, nl->groups[i]);
    if (result < 0)
        close_socket(nl);
    return result;
}

int netlink_join(struct netlink *nl, uint32_t group)
{
    int result = open_socket(nl);

    for (size_t i = 0; i < nl->group_count; i++) {
        if (nl->groups[i] == group)
            return result;
    }
    if (result == 0 && nl->group_count == NETLINK_GROUPS_MAX)
        result = -ENOSPC;
    if (result == 0)
        result = nl->options.io->join(nl->handle, group);
    if (result == 0)
        nl->groups[nl->group_count++] = group;
    return result;
}

void netlink_leave(struct netlink *nl, uint32_t group)
{
    for (size_t i = 0; i < nl->group_count; i++) {
        if (nl->groups[i] != group)
            continue;
        nl->groups[i] = nl->groups[--nl->group_count];
        if (nl->handle != NULL)
            nl->options.io->leave(nl->handle, group);
        return;
    }
}

/* --- requests --- */

static struct netlink_attribute *add(struct netlink_request *request, uint16_t type, size_t len)
{
    assert(request->attribute_count < NETLINK_ATTRIBUTES_MAX);
    struct netlink_attribute *attribute = &request->attributes[request->attribute_count++];
    attribute->type = type;
    attribute->len = (uint16_t)len;
    return attribute;
}

void netlink_add_u32(struct netlink_request *request, uint16_t type, uint32_t value)
{
    memcpy(add(request, type, sizeof(value))->value, &value, sizeof(value));
}

void netlink_add_flag(struct netlink_request *request, uint16_t type)
{
    (void)add(request, type, 0);
}

void netlink_add_text(struct netlink_request *request, uint16_t type, const char *text)
{
    size_t len = strnlen(text, NETLINK_ATTRIBUTE_SIZE - 1);
    struct netlink_attribute *attribute = add(request, type, len + 1);

    memcpy(attribute->value, text, len);
    attribute->value[len] = '\0';
}

/* What stands before rtnetlink's attributes, all zero: everything of its kind. Only the length
 * differs. */
static bool append_route_header(struct nl_msg *message, uint16_t type)
{
    struct ifinfomsg all_links = {0};
    struct ndmsg all_neighbours = {0};

    if (type == RTM_GETNEIGH)
        return nlmsg_append(message, &all_neighbours, sizeof(all_neighbours), 0) == 0;
    return nlmsg_append(message, &all_links, sizeof(all_links), 0) == 0;
}

/*
 * Builds the message in the memory of the one before, so that polling allocates nothing.
 */
static bool build(struct netlink *nl, const struct netlink_request *request)
{
    struct nl_msg *message = nl->message;
    int flags = NLM_F_REQUEST | (request->dump ? NLM_F_DUMP : NLM_F_ACK);
    bool good;

    nlmsg_hdr(message)->nlmsg_len = NLMSG_HDRLEN;
    if (nl->options.protocol == NETLINK_GENERIC)
        good = genlmsg_put(message, 0, nl->sequence, request->type, 0, flags, request->command,
                           request->version) != NULL;
    else
        good = nlmsg_put(message, 0, nl->sequence, request->type, 0, flags) != NULL &&
               append_route_header(message, request->type);
    for (size_t i = 0; good && i < request->attribute_count; i++) {
        const struct netlink_attribute *attribute = &request->attributes[i];
        good = nla_put(message, attribute->type, attribute->len, attribute->value) == 0;
    }
    return good;
}

/* The request in service is over. Its place is given back first: on_done may ask for more. */
static void finish(struct netlink *nl, enum netlink_result result, int error)
{
    struct netlink_request done = nl->queue[nl->first];

    assert(nl->busy);
    nl->busy = false;
    loop_timer_stop(&nl->deadline);
    nl->first = (nl->first + 1) % NETLINK_QUEUE_MAX;
    nl->count--;
    done.on_done(done.context, done.tag, result, error);
}

/* Sends the next request; one that cannot even be sent is over at once. */
static void start_next(struct netlink *nl)
{
    while (!nl->busy && nl->count > 0) {
        int result = open_socket(nl);

        nl->busy = true;
        nl->interrupted = false;
        if (++nl->sequence == 0)
            nl->sequence = 1; /* 0 is what events have */
        if (result == 0 && !build(nl, &nl->queue[nl->first]))
            result = -ENOMEM;
        if (result == 0) {
            const struct nlmsghdr *header = nlmsg_hdr(nl->message);
            ssize_t sent = nl->options.io->send(nl->handle, header, header->nlmsg_len);
            result = sent < 0 ? (int)sent : 0;
        }
        if (result == 0)
            loop_timer_start(&nl->deadline, NETLINK_DEADLINE_MS);
        else
            finish(nl, NETLINK_REFUSED, -result);
    }
}

/* A socket that hears groups starts anew; its owner asks for what was missed meanwhile. */
static void hear_again(struct netlink *nl)
{
    close_socket(nl);
    if (nl->group_count == 0)
        return;
    if (open_socket(nl) < 0)
        loop_timer_start(&nl->reopen, NETLINK_DEADLINE_MS);
    else
        nl->options.overrun(nl->options.context);
}

/*
 * Gives the request in service up. The kernel may still have a dump open on this socket, and would
 * refuse the next: a new socket ends it.
 */
static void abandon(struct netlink *nl, enum netlink_result result)
{
    hear_again(nl);
    if (nl->busy)
        finish(nl, result, 0);
}

/* Messages are missing: dropped by the kernel, cut, or the socket broke. */
static void lost(struct netlink *nl, int error)
{
    if (nl->busy || (error != -ENOBUFS && error != -EMSGSIZE))
        abandon(nl, NETLINK_OVERRUN);
    else if (nl->options.overrun != NULL)
        nl->options.overrun(nl->options.context);
}

/* --- reading --- */

/* libnl-tiny has no nlmsg_datalen(). */
static int body_len(const struct nlmsghdr *header)
{
    return (int)header->nlmsg_len - NLMSG_HDRLEN;
}

static int error_of(const struct nlmsghdr *header)
{
    int code = 0;

    if (body_len(header) >= (int)sizeof(code))
        memcpy(&code, nlmsg_data(header), sizeof(code));
    if (code < -ERRNO_MAX)
        return EIO;
    return code < 0 ? -code : 0;
}

static void end_of_answer(struct netlink *nl, const struct nlmsghdr *header)
{
    int error = error_of(header);

    if (error != 0)
        finish(nl, NETLINK_REFUSED, error);
    else
        finish(nl, nl->interrupted ? NETLINK_INTERRUPTED : NETLINK_OK, 0);
}

static struct netlink_message message_of(const struct netlink *nl, const struct nlmsghdr *header)
{
    struct netlink_message message = {
        .type = header->nlmsg_type,
        .body = cursor_of(nlmsg_data(header), (size_t)body_len(header)),
    };

    if (nl->options.protocol == NETLINK_GENERIC) {
        message.command = cursor_u8(&message.body);
        cursor_skip(&message.body, GENL_HDRLEN - 1);
    }
    return message;
}

static void take_event(struct netlink *nl, const struct nlmsghdr *header)
{
    struct netlink_message message = message_of(nl, header);

    if (nl->options.event != NULL && header->nlmsg_type >= NLMSG_MIN_TYPE && !message.body.failed)
        nl->options.event(nl->options.context, &message);
}

static void take_answer(struct netlink *nl, const struct nlmsghdr *header)
{
    const struct netlink_request *request = &nl->queue[nl->first];
    struct netlink_message message;

    if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
        nl->interrupted = true;
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
        end_of_answer(nl, header);
        return;
    }
    loop_timer_start(&nl->deadline, NETLINK_DEADLINE_MS);
    message = message_of(nl, header);
    if (request->on_message != NULL && header->nlmsg_type >= NLMSG_MIN_TYPE && !message.body.failed)
        request->on_message(request->context, request->tag, &message);
}

static void take_datagram(struct netlink *nl, size_t len)
{
    struct nlmsghdr *header = (void *)nl->buffer;
    int left = (int)len;

    /* A sample is aged from the moment it was handed over, however long this turn already took. */
    loop_refresh(nl->loop);
    while (nlmsg_ok(header, left)) {
        if (nl->busy && header->nlmsg_seq == nl->sequence)
            take_answer(nl, header);
        else
            take_event(nl, header);
        header = nlmsg_next(header, &left);
    }
}

/* False when nothing more is there now. */
static bool read_one(struct netlink *nl)
{
    ssize_t len = nl->options.io->receive(nl->handle, nl->buffer, sizeof(nl->buffer));

    if (len == -EAGAIN)
        return false;
    if (len < 0)
        lost(nl, (int)len);
    else
        take_datagram(nl, (size_t)len);
    return true;
}

/*
 * Sends and reads until nothing is to be done, or enough was done for one turn. If requests are
 * left one of them is in service, and its answer wakes the loop again.
 */
static void serve(struct netlink *nl, bool readable)
{
    start_next(nl);
    for (int i = 0; i < DATAGRAMS_PER_TURN && nl->handle != NULL; i++) {
        if (!readable && !nl->busy && nl->options.event == NULL)
            break;
        if (!read_one(nl))
            break;
        readable = false;
        start_next(nl);
    }
}

static void serve_deferred(void *context)
{
    serve(context, false);
}

static void on_ready(void *context, unsigned ready)
{
    (void)ready;
    serve(context, true);
}

/* The answer may lie there unread, if it was this process that could not run. */
static void on_deadline(void *context)
{
    struct netlink *nl = context;

    (void)read_one(nl);
    if (nl->busy && !loop_timer_running(&nl->deadline))
        abandon(nl, NETLINK_TIMED_OUT);
    serve(nl, false);
}

static void on_reopen(void *context)
{
    struct netlink *nl = context;

    if (nl->handle == NULL)
        hear_again(nl);
    else
        nl->options.overrun(nl->options.context); /* a request has opened it meanwhile */
}

/* --- life --- */

struct netlink *netlink_new(struct loop *loop, const struct netlink_options *options)
{
    struct netlink *nl = calloc(1, sizeof(*nl));

    if (nl == NULL)
        return NULL;
    nl->loop = loop;
    nl->options = *options;
    if (nl->options.io == NULL)
        nl->options.io = &kernel_io;
    if (nl->options.receive_buffer == 0)
        nl->options.receive_buffer = NETLINK_BUFFER_SIZE;
    nl->message = nlmsg_alloc_size(REQUEST_SIZE);
    if (nl->message == NULL || loop_timer_init(loop, &nl->deadline, on_deadline, nl) < 0 ||
        loop_timer_init(loop, &nl->reopen, on_reopen, nl) < 0) {
        netlink_free(nl);
        return NULL;
    }
    return nl;
}

void netlink_free(struct netlink *nl)
{
    if (nl == NULL)
        return;
    close_socket(nl);
    loop_deferred_cancel(nl->loop, &nl->deferred);
    loop_timer_fini(&nl->deadline);
    loop_timer_fini(&nl->reopen);
    nlmsg_free(nl->message);
    free(nl);
}

bool netlink_request(struct netlink *nl, const struct netlink_request *request)
{
    assert(request->on_done != NULL);
    if (nl->count == NETLINK_QUEUE_MAX)
        return false;
    nl->queue[(nl->first + nl->count) % NETLINK_QUEUE_MAX] = *request;
    nl->count++;
    loop_defer(nl->loop, &nl->deferred, serve_deferred, nl);
    return true;
}

void netlink_flush(struct netlink *nl)
{
    for (int i = 0; i < TURNS_PER_FLUSH && nl->count > 0; i++)
        serve(nl, false);
}
