/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* An IPv4 address that came in on an IPv6 socket, as the IPv4 address it is. */
static struct sockaddr_storage unmapped(const struct sockaddr_storage *address)
{
    struct sockaddr_storage out = *address;
    struct sockaddr_in6 in6;
    struct sockaddr_in in = {.sin_family = AF_INET};

    if (address->ss_family != AF_INET6)
        return out;
    memcpy(&in6, address, sizeof(in6));
    if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return out;
    memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, sizeof(in.sin_addr));
    in.sin_port = in6.sin6_port;
    memset(&out, 0, sizeof(out));
    memcpy(&out, &in, sizeof(in));
    return out;
}

static size_t host_len(const char *text)
{
    const char *colon = strrchr(text, ':');
    return colon != NULL ? (size_t)(colon - text) : strlen(text);
}

bool address_same_host(const char *x, const char *y)
{
    return host_len(x) == host_len(y) && memcmp(x, y, host_len(x)) == 0;
}

bool address_is_of(const char *text, const char *host)
{
    size_t len = host_len(text);

    if (len >= 2 && text[0] == '[') {
        text++;
        len -= 2;
    }
    return strlen(host) == len && strncasecmp(text, host, len) == 0;
}

socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? (socklen_t)sizeof(struct sockaddr_in6)
                                          : (socklen_t)sizeof(struct sockaddr_in);
}

const char *address_text(const struct sockaddr_storage *address,
                         char text[static ADDRESS_TEXT_SIZE])
{
    struct sockaddr_storage plain = unmapped(address);
    char host[NI_MAXHOST] = "?";
    char port[NI_MAXSERV] = "?";
    bool ipv6 = plain.ss_family == AF_INET6;

    (void)getnameinfo((const struct sockaddr *)&plain, address_size(&plain), host, sizeof(host),
                      port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
    (void)snprintf(text, ADDRESS_TEXT_SIZE, ipv6 ? "[%.54s]:%.5s" : "%.56s:%.5s", host, port);
    return text;
}

struct address_host address_host(const struct sockaddr_storage *address)
{
    struct address_host host = {.bytes = {[10] = 0xff, [11] = 0xff}};
    struct sockaddr_in6 in6;
    struct sockaddr_in in;

    if (address->ss_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        memcpy(host.bytes, in6.sin6_addr.s6_addr, sizeof(host.bytes));
        host.scope = in6.sin6_scope_id;
    } else {
        memcpy(&in, address, sizeof(in));
        memcpy(host.bytes + 12, &in.sin_addr, sizeof(in.sin_addr));
    }
    return host;
}

bool address_host_equal(const struct address_host *x, const struct address_host *y)
{
    return x->scope == y->scope && memcmp(x->bytes, y->bytes, sizeof(x->bytes)) == 0;
}

struct address_group address_group(const struct sockaddr_storage *address)
{
    struct sockaddr_storage plain = unmapped(address);
    struct address_group group = {.ipv6 = plain.ss_family == AF_INET6};

    if (group.ipv6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &plain, sizeof(in6));
        memcpy(group.prefix, in6.sin6_addr.s6_addr, sizeof(group.prefix));
        group.scope = in6.sin6_scope_id;
    } else {
        struct sockaddr_in in;
        memcpy(&in, &plain, sizeof(in));
        memcpy(group.prefix, &in.sin_addr, sizeof(in.sin_addr));
    }
    return group;
}

bool address_group_equal(const struct address_group *x, const struct address_group *y)
{
    return x->ipv6 == y->ipv6 && x->scope == y->scope &&
           memcmp(x->prefix, y->prefix, sizeof(x->prefix)) == 0;
}
