/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/settings/host.h"

#include "agent/settings.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct address {
    int family; /* 0: not an address */
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *zone; /* with its %, within the text; "" if there is none */
};

static struct address read_address(const char *text)
{
    struct address address = {.family = 0};
    char plain[SETTINGS_HOST_SIZE];
    size_t len = strcspn(text, "%");

    address.zone = text + len;
    if (len >= sizeof(plain) || strcmp(address.zone, "%") == 0)
        return address;
    memcpy(plain, text, len);
    plain[len] = '\0';
    if (inet_pton(AF_INET6, plain, address.bytes) == 1)
        address.family = AF_INET6;
    else if (address.zone[0] == '\0' && inet_pton(AF_INET, plain, address.bytes) == 1)
        address.family = AF_INET;
    return address;
}

bool host_is_address(const char *text)
{
    return read_address(text).family != 0;
}

bool host_looks_like_address(const char *text)
{
    return strpbrk(text, ":%") != NULL || text[strspn(text, "0123456789.")] == '\0';
}

static size_t name_len(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

bool host_same(const char *x, const char *y)
{
    struct address a = read_address(x);
    struct address b = read_address(y);

    if (a.family != b.family)
        return false;
    if (a.family != 0)
        return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0 && strcmp(a.zone, b.zone) == 0;
    return name_len(x) == name_len(y) && strncasecmp(x, y, name_len(x)) == 0;
}
