/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's neighbour table: a row of chunks, each a kind (8 bits), a length (8 bits) and bytes
 * that follow a netlink header. The lowest bit of the kind makes it RTM_DELNEIGH, the next one an
 * answer of a dump instead of an event, the third one ends the dump, the fourth one is a loss. The
 * two highest bits let so many seconds pass; a MAC is a client's by the lowest bit of its last
 * byte, which the chunk's bit 4 turns around for all.
 *
 * What must hold: an address is told as present and as gone in turn, whatever the table does.
 */
#include "agent/base/log.h"
#include "platform/neighbours/neighbours.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { DELETED = 1, ANSWER = 2, DONE = 4, LOSS = 8, TURN = 16, TOLD_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cursor input;
static bool has_head;
static uint8_t head;
static struct cursor head_bytes;
static uint32_t sequence;
static bool turned;
static struct radio_address told[TOLD_MAX];
static size_t told_count;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void next_chunk(void)
{
    head = cursor_u8(&input);
    head_bytes = cursor_sub(&input, cursor_u8(&input));
    has_head = !input.failed;
}

/* --- the socket --- */

static void *fuzz_open(void *context, int protocol, int receive_buffer, int *fd)
{
    static int event;

    (void)context;
    (void)receive_buffer;
    require(protocol == NETLINK_ROUTE);
    event = eventfd(1, 0); /* always readable: receiving says when there is nothing */
    *fd = event;
    return &event;
}

static void fuzz_close(void *handle)
{
    (void)close(*(int *)handle);
}

static int fuzz_join(void *handle, uint32_t group)
{
    (void)handle;
    (void)group;
    return 0;
}

static void fuzz_leave(void *handle, uint32_t group)
{
    (void)handle;
    (void)group;
}

static ssize_t fuzz_send(void *handle, const void *data, size_t len)
{
    const struct nlmsghdr *header = data;

    (void)handle;
    require(header->nlmsg_len == len);
    sequence = header->nlmsg_seq;
    return (ssize_t)len;
}

static ssize_t fuzz_receive(void *handle, void *data, size_t size)
{
    struct nlmsghdr header = {.nlmsg_type = (head & DELETED) != 0 ? RTM_DELNEIGH : RTM_NEWNEIGH,
                              .nlmsg_seq = (head & ANSWER) != 0 ? sequence : 0};
    size_t len = cursor_left(&head_bytes);

    (void)handle;
    if (!has_head)
        return -EAGAIN;
    if ((head & LOSS) != 0) {
        next_chunk();
        return -ENOBUFS;
    }
    if ((head & DONE) != 0)
        header.nlmsg_type = NLMSG_DONE;
    header.nlmsg_len = (uint32_t)(sizeof(header) + len);
    require(header.nlmsg_len <= size);
    memcpy(data, &header, sizeof(header));
    if (len > 0)
        memcpy((uint8_t *)data + sizeof(header), cursor_bytes(&head_bytes, len), len);
    next_chunk();
    return (ssize_t)header.nlmsg_len;
}

static const struct netlink_io fuzz_io = {.open = fuzz_open,
                                          .close = fuzz_close,
                                          .join = fuzz_join,
                                          .leave = fuzz_leave,
                                          .send = fuzz_send,
                                          .receive = fuzz_receive};

/* --- the events --- */

static bool is_client(void *context, const struct mac *station)
{
    (void)context;
    return ((station->b[5] & 1) != 0) != turned;
}

static bool is_same(const struct radio_address *x, const struct radio_address *y)
{
    return x->family == y->family && mac_equal(&x->device, &y->device) &&
           memcmp(x->address, y->address, sizeof(x->address)) == 0;
}

static void on_address(void *context, const struct radio_address *address)
{
    size_t i = 0;

    (void)context;
    require(address->family == 4 || address->family == 6);
    while (i < told_count && !is_same(&told[i], address))
        i++;
    require((i < told_count) == !address->present);
    if (!address->present) {
        told[i] = told[--told_count];
        return;
    }
    require(is_client(NULL, &address->device));
    require(told_count < TOLD_MAX);
    told[told_count++] = *address;
}

static void take_event(void *context, const struct radio_event *event)
{
    switch (event->kind) {
    case RADIO_ADDRESS:
        on_address(context, &event->address);
        break;
    default:
        break;
    }
}

static void keep_quiet(enum log_level level, const char *line)
{
    (void)level;
    (void)line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct inventory_operations inventory = {.is_client = is_client};
    struct source_counters *counters = NULL;
    struct loop *loop = loop_new_virtual(1000000, 0);
    struct neighbours *neighbours =
        neighbours_new(&(struct source_setup){.loop = loop,
                                              .sink = {.take = take_event},
                                              .inventory = {.operations = &inventory},
                                              .counters = &counters,
                                              .io = &fuzz_io});

    log_divert(keep_quiet);
    require(neighbours != NULL);
    told_count = 0;
    turned = false;
    has_head = false;
    neighbours_configure(neighbours, NULL);
    (void)loop_turn(loop, 0);
    input = cursor_of(data, size);
    next_chunk();
    neighbours_client_changed(neighbours, &(struct radio_event){.kind = RADIO_CLIENT_JOINED});
    while (has_head) {
        const uint8_t *before = input.at;
        int64_t seconds = head >> 6;
        if ((head & TURN) != 0) {
            turned = !turned;
            neighbours_client_changed(neighbours, &(struct radio_event){.kind = RADIO_CLIENT_LEFT});
            neighbours_client_changed(neighbours,
                                      &(struct radio_event){.kind = RADIO_CLIENT_JOINED});
        }
        loop_advance(loop, seconds * 1000);
        (void)loop_turn(loop, 0);
        if (has_head && input.at == before)
            next_chunk(); /* nobody listens now */
    }
    neighbours_free(neighbours);
    loop_free(loop);
    return 0;
}
