/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One entry of the kernel's neighbour table (linux/neighbour.h, struct ndmsg and NDA_*).
 */
#ifndef PLATFORM_NEIGHBOURS_NEIGHBOUR_H
#define PLATFORM_NEIGHBOURS_NEIGHBOUR_H

#include "agent/base/cursor.h"

#include <stdbool.h>
#include <stdint.h>

struct neighbour {
    uint8_t family;      /* 4 or 6 */
    uint8_t address[16]; /* network byte order; the first 4 for family 4 */
    uint32_t ifindex;
    bool valid; /* the kernel believes that somebody has the address: */
    bool has_mac;
    struct mac mac;
};

/* `body` is what follows the netlink header of RTM_NEWNEIGH or RTM_DELNEIGH. False if the message
 * is broken. *is_host is false for what is no address of one host: other families, bridges, groups,
 * the unspecified address. */
bool neighbour_parse(struct cursor body, struct neighbour *neighbour, bool *is_host);

#endif
