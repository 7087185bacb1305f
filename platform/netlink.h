/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink without waiting: requests that are answered through callbacks, each with a deadline, and
 * events of multicast groups. The only seam to libnl.
 *
 * A struct netlink is one socket. Requests are queued and served one by one, because the kernel
 * runs one dump per socket. What is in the socket is read at once after sending: the kernel works a
 * request off inside the send call, so that an ordinary dump ends in the wake-up that asked for it.
 * A long one goes on in the next turn of the loop: no turn reads more than a bounded number of
 * datagrams.
 *
 * What this cannot bound: a driver that sleeps while the kernel asks it holds up the system call
 * itself, as it would any program's. The deadline is for answers that never come.
 *
 * Messages are read with a buffer of our own and walked in place, not by nl_recvmsgs(), which
 * allocates and copies every message and reads as long as anything comes.
 *
 * Everything happens inside the event loop. Callbacks may make requests; they must not free the
 * socket. Numbers inside messages are in the machine's byte order, as netlink has it.
 */
#ifndef PLATFORM_NETLINK_H
#define PLATFORM_NETLINK_H

#include "agent/base/cursor.h"
#include "agent/base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    NETLINK_DEADLINE_MS = 1000,   /* without a sign of life from the kernel */
    NETLINK_QUEUE_MAX = 128,      /* requests that may wait */
    NETLINK_ATTRIBUTES_MAX = 3,   /* in one request */
    NETLINK_ATTRIBUTE_SIZE = 16,  /* longest value in a request */
    NETLINK_GROUPS_MAX = 8,       /* multicast groups per socket */
    NETLINK_BUFFER_SIZE = 262144, /* receive buffer asked for by default */
};

struct netlink;

enum netlink_result {
    NETLINK_OK,          /* the whole answer was told */
    NETLINK_INTERRUPTED, /* the kernel's table changed during the dump: entries may be missing */
    NETLINK_OVERRUN,     /* part of the answer was lost */
    NETLINK_TIMED_OUT,   /* no answer in time; what comes later is ignored */
    NETLINK_REFUSED,     /* an error, whose errno is told */
};

struct netlink_message {
    uint16_t type;      /* RTM_* or the id of a generic netlink family */
    uint8_t command;    /* generic netlink only */
    struct cursor body; /* what follows the header: for generic netlink the attributes */
};

struct netlink_attribute {
    uint16_t type;
    uint16_t len;
    uint8_t value[NETLINK_ATTRIBUTE_SIZE];
};

/* Copied when it is made: nothing in it must outlive the call but `context`. */
struct netlink_request {
    uint16_t type;
    uint8_t command;
    uint8_t version;
    bool dump;
    size_t attribute_count;
    struct netlink_attribute attributes[NETLINK_ATTRIBUTES_MAX];
    void *context;
    uint32_t tag; /* given back to the callbacks */
    /* Every message of the answer; NULL if only the result matters. */
    void (*on_message)(void *context, uint32_t tag, const struct netlink_message *message);
    /* Exactly once, the last thing heard of the request. `error` is an errno if refused, else 0. */
    void (*on_done)(void *context, uint32_t tag, enum netlink_result result, int error);
};

void netlink_add_u32(struct netlink_request *request, uint16_t type, uint32_t value);
void netlink_add_flag(struct netlink_request *request, uint16_t type);
/* The text and its terminator; cut to what fits. */
void netlink_add_text(struct netlink_request *request, uint16_t type, const char *text);

/*
 * How bytes come and go: libnl, or a test's idea of a kernel. Numbers below 0 are -errno;
 * -EAGAIN: nothing there now; -ENOBUFS: the kernel dropped messages.
 */
struct netlink_io {
    /* A handle and a descriptor that becomes readable; NULL with errno set. */
    void *(*open)(void *context, int protocol, int receive_buffer, int *fd);
    void (*close)(void *handle);
    int (*join)(void *handle, uint32_t group);
    void (*leave)(void *handle, uint32_t group);
    ssize_t (*send)(void *handle, const void *data, size_t len);
    /* One datagram. -EMSGSIZE if it was longer than `size`. */
    ssize_t (*receive)(void *handle, void *data, size_t size);
};

struct netlink_options {
    int protocol;       /* NETLINK_GENERIC or NETLINK_ROUTE */
    int receive_buffer; /* bytes; 0: NETLINK_BUFFER_SIZE. The kernel bounds it for users without
                           CAP_NET_ADMIN */
    const struct netlink_io *io; /* NULL: the kernel */
    void *io_context;
    void *context;
    /* For sockets that join groups, else NULL. A message of a group: */
    void (*event)(void *context, const struct netlink_message *message);
    /* Events were lost: what they would have told must be asked for again. */
    void (*overrun)(void *context);
};

/* NULL if memory or timers are out. The socket itself is opened when it is first needed. */
struct netlink *netlink_new(struct loop *loop, const struct netlink_options *options);
/* Waiting requests are dropped without on_done. NULL is allowed. */
void netlink_free(struct netlink *netlink);

/* Joins a multicast group, and joins it again whenever the socket has to be reopened. 0 or -errno.
 */
int netlink_join(struct netlink *netlink, uint32_t group);
void netlink_leave(struct netlink *netlink, uint32_t group);

/*
 * Queues a request; it is sent at the end of this turn of the loop. False, and no callback, if the
 * queue is full.
 */
bool netlink_request(struct netlink *netlink, const struct netlink_request *request);

/* Serves what is queued now, for the time before the loop runs. Not from callbacks. */
void netlink_flush(struct netlink *netlink);

#endif
