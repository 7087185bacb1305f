/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of frames from a monitor interface to one client of nmsp-radio: a packet socket, which
 * stays here, and a pair of sockets, one end of which is the client's
 * (platform/helper/helper-protocol.h has what goes through it).
 *
 * A client that does not read costs what fits into the two sockets' buffers, and no more: what
 * comes then is lost, and counted in the next message that gets through.
 */
#ifndef PLATFORM_HELPER_RELAY_H
#define PLATFORM_HELPER_RELAY_H

#include <stdint.h>
#include <sys/types.h>

enum {
    RELAY_FRAMES_PER_TURN = 64,
    /* Of the pair; the kernel takes twice as much, and counts a small frame as 768 bytes or so. */
    RELAY_BUFFER = 1 << 18,
};

struct relay {
    uid_t user; /* whom it is for */
    int packet; /* -1: not in use */
    int pair;
    uint32_t dropped; /* by the kernel, since the packet socket was opened */
    uint32_t lost;    /* since the last message */
};

/* *theirs is the client's end, which the caller closes once it was sent. 0 or an errno: those of
 * privileged_monitor(). */
int relay_open(struct relay *relay, const char *ifname, int *theirs);

/* Passes on what is there, RELAY_FRAMES_PER_TURN at most. 0, or an errno: it is over. */
int relay_move(struct relay *relay);

void relay_close(struct relay *relay);

#endif
