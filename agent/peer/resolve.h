/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a configured host to socket addresses: numeric ones at once, names by the system's resolver
 * in a child job, because it blocks.
 */
#ifndef AGENT_PEER_RESOLVE_H
#define AGENT_PEER_RESOLVE_H

#include "agent/base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RESOLVE_ADDRESSES_MAX = 8, RESOLVE_DEADLINE_MS = 5000 };

struct resolve_result {
    size_t count; /* 0: `reason` says why */
    struct sockaddr_storage addresses[RESOLVE_ADDRESSES_MAX];
    char reason[96]; /* safe to log */
    bool unknown;    /* there was an answer: that name, or an address for it, does not exist */
};

/* The one address of a host in numbers ("192.0.2.1", "fe80::1%eth0"); a count of 0 for a name. */
void resolve_numeric(const char *host, uint16_t port, struct resolve_result *result);

struct resolve;

/* Looks a name up. `done` is called once, out of a turn of the loop; the object is gone after that.
 * NULL if no child could be made (errno is set). */
struct resolve *resolve_start(struct loop *loop, const char *host, uint16_t port,
                              void (*done)(void *context, const struct resolve_result *result),
                              void *context);
/* `done` is not called any more. Not to be used inside `done`. NULL is allowed. */
void resolve_cancel(struct resolve *resolve);

#endif
