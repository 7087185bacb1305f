/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses from which authorised connections came: the last HOSTS_MAX of them. With more, the
 * one that was not used for the longest time is forgotten.
 */
#ifndef AGENT_PEER_HOSTS_H
#define AGENT_PEER_HOSTS_H

#include "agent/peer/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTS_MAX = 1024 };

/* Of all zero: empty. */
struct hosts {
    size_t count;
    uint64_t uses;
    struct {
        struct address_host host;
        uint64_t used; /* hosts.uses at that time */
    } places[HOSTS_MAX];
};

void hosts_note(struct hosts *hosts, const struct address_host *host);
bool hosts_has(const struct hosts *hosts, const struct address_host *host);

#endif
