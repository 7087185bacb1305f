/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake-kernel.h"

#include <assert.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- building --- */

static void append(struct builder *b, const void *data, size_t len)
{
    size_t padded = (len + 3) / 4 * 4;

    assert(b->len + padded <= sizeof(b->bytes));
    if (len > 0)
        memcpy(b->bytes + b->len, data, len);
    memset(b->bytes + b->len + len, 0, padded - len);
    b->len += padded;
    if (b->framed) {
        struct nlmsghdr *header = (void *)(b->bytes + b->message);
        header->nlmsg_len = (uint32_t)(b->len - b->message);
    }
}

void build_message(struct builder *b, uint16_t type, uint16_t flags, uint32_t sequence)
{
    const struct nlmsghdr header = {
        .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence};

    b->message = b->len;
    b->framed = true;
    append(b, &header, sizeof(header));
}

void build_generic(struct builder *b, uint8_t command)
{
    const struct genlmsghdr header = {.cmd = command, .version = 1};

    append(b, &header, sizeof(header));
}

void build_bytes(struct builder *b, const void *data, size_t len)
{
    append(b, data, len);
}

void build_attribute(struct builder *b, uint16_t type, const void *data, size_t len)
{
    const uint16_t header[2] = {(uint16_t)(len + sizeof(header)), type};

    append(b, header, sizeof(header));
    append(b, data, len);
}

void build_u8(struct builder *b, uint16_t type, uint8_t value)
{
    build_attribute(b, type, &value, sizeof(value));
}

void build_s8(struct builder *b, uint16_t type, int8_t value)
{
    build_attribute(b, type, &value, sizeof(value));
}

void build_u16(struct builder *b, uint16_t type, uint16_t value)
{
    build_attribute(b, type, &value, sizeof(value));
}

void build_u32(struct builder *b, uint16_t type, uint32_t value)
{
    build_attribute(b, type, &value, sizeof(value));
}

void build_u64(struct builder *b, uint16_t type, uint64_t value)
{
    build_attribute(b, type, &value, sizeof(value));
}

void build_text(struct builder *b, uint16_t type, const char *text)
{
    build_attribute(b, type, text, strlen(text) + 1);
}

size_t build_nest(struct builder *b, uint16_t type)
{
    size_t nest = b->len;

    build_attribute(b, type | NLA_F_NESTED, NULL, 0);
    return nest;
}

void build_end(struct builder *b, size_t nest)
{
    uint16_t len = (uint16_t)(b->len - nest);

    memcpy(b->bytes + nest, &len, sizeof(len));
}

void build_done(struct builder *b, uint16_t flags, uint32_t sequence, int error)
{
    int code = -error;

    build_message(b, NLMSG_DONE, (uint16_t)(flags | NLM_F_MULTI), sequence);
    append(b, &code, sizeof(code));
}

void build_error(struct builder *b, uint32_t sequence, int error)
{
    const struct nlmsgerr body = {.error = -error};

    build_message(b, NLMSG_ERROR, 0, sequence);
    append(b, &body, sizeof(body));
}

/* --- sockets --- */

static void count_up(struct fake_socket *socket)
{
    const uint64_t one = 1;
    ssize_t written = write(socket->event, &one, sizeof(one));

    assert(written == (ssize_t)sizeof(one));
    (void)written;
    socket->count++;
}

static size_t next_place(const struct fake_socket *socket)
{
    assert(socket->count < FAKE_DATAGRAMS_MAX);
    return (socket->first + socket->count) % FAKE_DATAGRAMS_MAX;
}

void fake_put(struct fake_socket *socket, const struct builder *b)
{
    size_t place = next_place(socket);

    socket->waiting[place].error = 0;
    socket->waiting[place].len = b->len;
    socket->waiting[place].bytes = malloc(b->len + 1);
    assert(socket->waiting[place].bytes != NULL);
    memcpy(socket->waiting[place].bytes, b->bytes, b->len);
    count_up(socket);
}

void fake_put_error(struct fake_socket *socket, int error)
{
    size_t place = next_place(socket);

    socket->waiting[place].error = error;
    socket->waiting[place].bytes = NULL;
    count_up(socket);
}

static bool joined(const struct fake_socket *socket, uint32_t group)
{
    for (size_t i = 0; i < socket->group_count; i++) {
        if (socket->groups[i] == group)
            return true;
    }
    return false;
}

void fake_multicast(struct fake_kernel *kernel, int protocol, uint32_t group,
                    const struct builder *b)
{
    for (size_t i = 0; i < FAKE_SOCKETS_MAX; i++) {
        struct fake_socket *socket = &kernel->sockets[i];
        if (socket->open && socket->protocol == protocol && joined(socket, group))
            fake_put(socket, b);
    }
}

void fake_multicast_error(struct fake_kernel *kernel, int protocol, int error)
{
    for (size_t i = 0; i < FAKE_SOCKETS_MAX; i++) {
        struct fake_socket *socket = &kernel->sockets[i];
        if (socket->open && socket->protocol == protocol && socket->group_count > 0)
            fake_put_error(socket, error);
    }
}

/* --- struct netlink_io --- */

static void *fake_open(void *context, int protocol, int receive_buffer, int *fd)
{
    struct fake_kernel *kernel = context;

    (void)receive_buffer;
    if (kernel->open_error != 0) {
        errno = kernel->open_error;
        return NULL;
    }
    for (size_t i = 0; i < FAKE_SOCKETS_MAX; i++) {
        struct fake_socket *socket = &kernel->sockets[i];
        if (socket->open)
            continue;
        *socket = (struct fake_socket){.kernel = kernel, .open = true, .protocol = protocol};
        socket->event = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
        assert(socket->event >= 0);
        *fd = socket->event;
        kernel->opened++;
        return socket;
    }
    errno = EMFILE;
    return NULL;
}

static void drop_first(struct fake_socket *socket)
{
    uint64_t one;
    ssize_t got = read(socket->event, &one, sizeof(one));

    assert(got == (ssize_t)sizeof(one));
    (void)got;
    free(socket->waiting[socket->first].bytes);
    socket->waiting[socket->first].bytes = NULL;
    socket->first = (socket->first + 1) % FAKE_DATAGRAMS_MAX;
    socket->count--;
}

static void fake_close(void *handle)
{
    struct fake_socket *socket = handle;

    while (socket->count > 0)
        drop_first(socket);
    (void)close(socket->event);
    socket->open = false;
}

static int fake_join(void *handle, uint32_t group)
{
    struct fake_socket *socket = handle;

    if (socket->kernel->join_error != 0)
        return -socket->kernel->join_error;
    assert(socket->group_count < NETLINK_GROUPS_MAX);
    socket->groups[socket->group_count++] = group;
    return 0;
}

static void fake_leave(void *handle, uint32_t group)
{
    struct fake_socket *socket = handle;

    for (size_t i = 0; i < socket->group_count; i++) {
        if (socket->groups[i] == group)
            socket->groups[i] = socket->groups[--socket->group_count];
    }
}

static ssize_t fake_send(void *handle, const void *data, size_t len)
{
    struct fake_socket *socket = handle;
    struct fake_kernel *kernel = socket->kernel;
    const struct nlmsghdr *header = data;

    if (kernel->send_error != 0)
        return -kernel->send_error;
    assert(header->nlmsg_len == len);
    kernel->sent++;
    kernel->respond(kernel, socket, header);
    return (ssize_t)len;
}

static ssize_t fake_receive(void *handle, void *data, size_t size)
{
    struct fake_socket *socket = handle;

    if (socket->count == 0)
        return -EAGAIN;
    socket->kernel->received++;
    int error = socket->waiting[socket->first].error;
    size_t len = socket->waiting[socket->first].len;
    if (error == 0) {
        assert(len <= size);
        memcpy(data, socket->waiting[socket->first].bytes, len);
    }
    drop_first(socket);
    return error != 0 ? -error : (ssize_t)len;
}

const struct netlink_io fake_kernel_io = {.open = fake_open,
                                          .close = fake_close,
                                          .join = fake_join,
                                          .leave = fake_leave,
                                          .send = fake_send,
                                          .receive = fake_receive};

void fake_kernel_fini(struct fake_kernel *kernel)
{
    for (size_t i = 0; i < FAKE_SOCKETS_MAX; i++) {
        if (kernel->sockets[i].open)
            fake_close(&kernel->sockets[i]);
    }
}
