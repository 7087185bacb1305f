/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket addresses: as text for people, and as the group that a limit counts by.
 */
#ifndef AGENT_PEER_ADDRESS_H
#define AGENT_PEER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_SIZE = 64 };

/* "192.0.2.1:16113" or "[2001:db8::1]:16113"; an IPv4 address inside an IPv6 one is shown as what
 * it is. Returns text. */
const char *address_text(const struct sockaddr_storage *address,
                         char text[static ADDRESS_TEXT_SIZE]);

/* Whether two such texts name one host, ports aside. */
bool address_same_host(const char *x, const char *y);

/* Whether such a text names this host, which is written without a port and without brackets. */
bool address_is_of(const char *text, const char *host);

/* One host, ports aside; an IPv4 address inside an IPv6 one is the IPv4 address. */
struct address_host {
    uint8_t bytes[16];
    uint32_t scope; /* link-local addresses: the link */
};

struct address_host address_host(const struct sockaddr_storage *address);
bool address_host_equal(const struct address_host *x, const struct address_host *y);

socklen_t address_size(const struct sockaddr_storage *address);

/*
 * Whom one connection is counted for: an IPv4 address, or the /64 of an IPv6 address, because a
 * single host can use any number of addresses in its /64.
 */
struct address_group {
    bool ipv6;
    uint8_t prefix[8]; /* of an IPv4 address the first four bytes count */
    uint32_t scope;    /* link-local addresses: the link */
};

struct address_group address_group(const struct sockaddr_storage *address);
bool address_group_equal(const struct address_group *x, const struct address_group *y);

#endif
