/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    char name[64];
    size_t count;
    int error;
    int system_error;
    bool hangs;
} server;

void names_answer(const char *name, size_t count)
{
    memset(&server, 0, sizeof(server));
    (void)snprintf(server.name, sizeof(server.name), "%s", name);
    server.count = count;
}

void names_fail(int error, int system_error)
{
    memset(&server, 0, sizeof(server));
    server.error = error;
    server.system_error = system_error;
}

void names_hang(void)
{
    memset(&server, 0, sizeof(server));
    server.hangs = true;
}

struct entry {
    struct addrinfo info;
    struct sockaddr_storage address;
};

static struct entry *entry_new(struct addrinfo ***tail, const void *address, socklen_t len)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL)
        abort();
    memcpy(&entry->address, address, len);
    entry->info.ai_family = entry->address.ss_family;
    entry->info.ai_addr = (struct sockaddr *)&entry->address;
    entry->info.ai_addrlen = len;
    **tail = &entry->info;
    *tail = &entry->info.ai_next;
    return entry;
}

static bool numeric(const char *node, uint16_t port, struct addrinfo ***tail)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (inet_pton(AF_INET, node, &in.sin_addr) == 1)
        (void)entry_new(tail, &in, sizeof(in));
    else if (inet_pton(AF_INET6, node, &in6.sin6_addr) == 1)
        (void)entry_new(tail, &in6, sizeof(in6));
    else
        return false;
    return true;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    uint16_t port = (uint16_t)atoi(service);
    struct addrinfo **tail = result;

    *result = NULL;
    if (numeric(node, port, &tail))
        return 0;
    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return EAI_NONAME;
    while (server.hangs)
        (void)pause();
    errno = server.system_error;
    if (server.error != 0)
        return server.error;
    if (strcmp(node, server.name) != 0)
        return EAI_NONAME;
    for (size_t i = 0; i < server.count; i++) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
        in.sin_addr.s_addr = htonl(0x7f000001 + (uint32_t)i);
        (void)entry_new(&tail, &in, sizeof(in));
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *result)
{
    while (result != NULL) {
        struct addrinfo *next = result->ai_next;
        free(result); /* info stands first in its entry */
        result = next;
    }
}
