/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel for tests: netlink sockets whose answers are written by the test. Behind struct
 * netlink_io it takes the requests of platform/netlink.c, gives each to a responder, and hands out
 * the datagrams that the responder or the test put into the socket.
 */
#ifndef TESTS_UNIT_FAKE_KERNEL_H
#define TESTS_UNIT_FAKE_KERNEL_H

#include "platform/netlink.h"

#include <linux/netlink.h>

enum { FAKE_SOCKETS_MAX = 32, FAKE_DATAGRAMS_MAX = 512, FAKE_DATAGRAM_SIZE = 32768 };

/* --- building what a kernel sends --- */

struct builder {
    size_t len;
    bool framed;    /* in messages; else there are only attributes */
    size_t message; /* where the message being built begins */
    _Alignas(8) uint8_t bytes[FAKE_DATAGRAM_SIZE];
};

void build_message(struct builder *b, uint16_t type, uint16_t flags, uint32_t sequence);
void build_generic(struct builder *b, uint8_t command);
void build_bytes(struct builder *b, const void *data, size_t len);
void build_attribute(struct builder *b, uint16_t type, const void *data, size_t len);
void build_u8(struct builder *b, uint16_t type, uint8_t value);
void build_s8(struct builder *b, uint16_t type, int8_t value);
void build_u16(struct builder *b, uint16_t type, uint16_t value);
void build_u32(struct builder *b, uint16_t type, uint32_t value);
void build_u64(struct builder *b, uint16_t type, uint64_t value);
void build_text(struct builder *b, uint16_t type, const char *text);
/* Gives what build_end() needs. */
size_t build_nest(struct builder *b, uint16_t type);
void build_end(struct builder *b, size_t nest);
/* Whole messages: the end of a dump, and an answer that is only an error (0: acknowledged). */
void build_done(struct builder *b, uint16_t flags, uint32_t sequence, int error);
void build_error(struct builder *b, uint32_t sequence, int error);

/* --- the kernel --- */

struct fake_kernel;

struct fake_socket {
    struct fake_kernel *kernel;
    bool open;
    int protocol;
    int event; /* an eventfd that counts the datagrams waiting */
    uint32_t groups[NETLINK_GROUPS_MAX];
    size_t group_count;
    struct {
        int error; /* what receive gives instead */
        size_t len;
        uint8_t *bytes;
    } waiting[FAKE_DATAGRAMS_MAX];
    size_t first;
    size_t count;
};

struct fake_kernel {
    /* Called for every request; may put answers into the socket. */
    void (*respond)(struct fake_kernel *kernel, struct fake_socket *socket,
                    const struct nlmsghdr *request);
    void *context;
    struct fake_socket sockets[FAKE_SOCKETS_MAX];
    unsigned opened;
    unsigned sent;
    unsigned received;
    int open_error; /* what opening a socket gives, if not 0 */
    int send_error;
    int join_error;
};

extern const struct netlink_io fake_kernel_io; /* its context is the struct fake_kernel */

/* Closes what is open and frees what waits. */
void fake_kernel_fini(struct fake_kernel *kernel);

/* Puts one datagram, or an error, into a socket. */
void fake_put(struct fake_socket *socket, const struct builder *b);
void fake_put_error(struct fake_socket *socket, int error);
/* To all sockets of that protocol that joined the group. */
void fake_multicast(struct fake_kernel *kernel, int protocol, uint32_t group,
                    const struct builder *b);
void fake_multicast_error(struct fake_kernel *kernel, int protocol, int error);

#endif
