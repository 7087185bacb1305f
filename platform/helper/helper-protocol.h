/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said between nmspd and nmsp-radio on their socket (UNIX, SOCK_SEQPACKET): one request,
 * one reply, one after the other. Both are of fixed size and in the machine's byte order. Anything
 * else ends the connection.
 */
#ifndef PLATFORM_HELPER_HELPER_PROTOCOL_H
#define PLATFORM_HELPER_HELPER_PROTOCOL_H

#include <stdint.h>

#define HELPER_MAGIC 0x6e6d7370U

enum {
    HELPER_SCAN = 1,    /* start a scan; that it ended is told by nl80211's own events */
    HELPER_MONITOR = 2, /* open a packet socket, which comes with the reply (SCM_RIGHTS) */
    HELPER_NAME_SIZE = 16,
};

struct helper_request {
    uint32_t magic;
    uint32_t kind;
    char ifname[HELPER_NAME_SIZE]; /* ends in a NUL, and nothing stands behind it */
};

struct helper_reply {
    uint32_t magic;
    uint32_t kind; /* of the request */
    int32_t error; /* 0, or an errno: EPERM is an interface that is not served */
};

#endif
