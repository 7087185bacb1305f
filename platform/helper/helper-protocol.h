/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said between nmspd and nmsp-radio on their socket (UNIX, SOCK_SEQPACKET): one request,
 * one reply, one after the other. Both are of fixed size and in the machine's byte order. Anything
 * else ends the connection, and so does a client that asks nothing for HELPER_IDLE_MS: it connects
 * again when it has something to ask.
 *
 * With the reply to HELPER_MONITOR comes one end of a pair of sockets (SOCK_SEQPACKET), from which
 * frames can be read and to which nothing can be written. The packet socket itself stays in
 * nmsp-radio: whoever holds one can send on it, and listen with it to every interface. The pair
 * outlives the connection: it is closed when one of its ends is. Its end says that nothing is heard
 * any more, because the interface was taken down or is gone, or nmsp-radio is.
 *
 * Each message of it is a struct helper_frame and then a frame, cut to what is parsed:
 *
 *   radiotap header                          whole
 *   beacon, probe response                   802.11 header and body, HELPER_BODY_MAX
 *   data frame to a multicast group of tags  802.11 header, LLC/SNAP header, the tag's payload
 *   probe request, any other data frame      802.11 header
 *
 * and behind that as many bytes as a checksum has, because the parser takes them off the end.
 */
#ifndef PLATFORM_HELPER_HELPER_PROTOCOL_H
#define PLATFORM_HELPER_HELPER_PROTOCOL_H

#include <stdint.h>

#define HELPER_MAGIC 0x6e6d7370U

enum {
    HELPER_SCAN = 1,    /* start a scan; that it ended is told by nl80211's own events */
    HELPER_MONITOR = 2, /* frames of a monitor interface, through a socket that comes with it */
    HELPER_NAME_SIZE = 16,
    HELPER_IDLE_MS = 10000,
};

/* IEEE Std 802.11-2020, 9.2.4 and 9.3.2.1: control, duration, four addresses, sequence, QoS, HT. */
enum {
    HELPER_CHECKSUM = 4,
    HELPER_HEADER_MAX = 36,
    HELPER_LLC = 8,
    HELPER_TAG_PAYLOAD_MAX = 500, /* RADIO_TAG_PAYLOAD_MAX */
    HELPER_BODY_MAX = 2304,       /* of a management frame: elements may stand anywhere in it */

    HELPER_CUT_HEADER = HELPER_HEADER_MAX + HELPER_CHECKSUM,
    HELPER_CUT_TAG = HELPER_CUT_HEADER + HELPER_LLC + HELPER_TAG_PAYLOAD_MAX,
    HELPER_CUT_BODY = HELPER_CUT_HEADER + HELPER_BODY_MAX,

    HELPER_RADIOTAP_MAX = 1024, /* what drivers write is below 200 */
    HELPER_FRAME_MAX = HELPER_RADIOTAP_MAX + HELPER_CUT_BODY,
};

struct helper_request {
    uint32_t magic;
    uint32_t kind;
    char ifname[HELPER_NAME_SIZE]; /* ends in a NUL, and nothing stands behind it */
};

struct helper_reply {
    uint32_t magic;
    uint32_t kind; /* of the request */
    int32_t error; /* 0, or an errno. EPERM: the interface is not served; EUSERS: all places for
                      monitors, or this user's, are taken */
};

struct helper_frame {
    uint32_t lost;  /* frames since the last message that did not get here: the kernel or the pair
                       of sockets had no room. Those after the last message are never told */
    uint32_t whole; /* how long the frame was before it was cut, radiotap header and all */
};

#endif
