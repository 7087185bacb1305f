/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/helper/relay.h"

#include "agent/base/local.h"
#include "platform/helper/helper-protocol.h"
#include "platform/helper/privileged.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ours only sends, theirs only receives. 0 or an errno. */
static int open_pair(int ends[static 2])
{
    const int size = RELAY_BUFFER;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return errno;
    if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
        (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (shutdown(ends[0], SHUT_RD) == 0)
        return 0;
    int error = errno;
    (void)close(ends[0]);
    (void)close(ends[1]);
    return error;
}

int relay_open(struct relay *relay, const char *ifname, int *theirs)
{
    int ends[2];
    int packet = privileged_monitor(ifname);

    if (packet < 0)
        return -packet;
    int error = open_pair(ends);
    if (error != 0) {
        (void)close(packet);
        return error;
    }
    relay->packet = packet;
    relay->pair = ends[0];
    relay->dropped = 0;
    relay->lost = 0;
    *theirs = ends[1];
    return 0;
}

void relay_close(struct relay *relay)
{
    if (relay->packet < 0)
        return;
    (void)close(relay->packet);
    (void)close(relay->pair);
    relay->packet = -1;
    relay->pair = -1;
}

/* What the kernel says beside a frame: its length before it was cut, and how many frames it had no
 * room for since the socket was opened. */
static void take_facts(struct relay *relay, struct msghdr *message, struct helper_frame *head)
{
    struct tpacket_auxdata facts;
    uint32_t dropped;

    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = local_next_part(message, part)) {
        if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA &&
            part->cmsg_len >= CMSG_LEN(sizeof(facts))) {
            memcpy(&facts, CMSG_DATA(part), sizeof(facts));
            if (facts.tp_len > head->whole)
                head->whole = facts.tp_len;
        } else if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL &&
                   part->cmsg_len >= CMSG_LEN(sizeof(dropped))) {
            memcpy(&dropped, CMSG_DATA(part), sizeof(dropped));
            relay->lost += dropped - relay->dropped;
            relay->dropped = dropped;
        }
    }
}

/* 0, also if there was no room; else an errno. */
static int pass_on(struct relay *relay, const struct helper_frame *head, void *frame, size_t len)
{
    struct helper_frame copy = *head;
    struct iovec parts[] = {{.iov_base = &copy, .iov_len = sizeof(copy)},
                            {.iov_base = frame, .iov_len = len}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    copy.lost = relay->lost;
    if (sendmsg(relay->pair, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
        relay->lost = 0;
        return 0;
    }
    if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM && errno != EINTR)
        return errno;
    relay->lost++;
    return 0;
}

int relay_move(struct relay *relay)
{
    static uint8_t frame[HELPER_FRAME_MAX];

    for (int i = 0; i < RELAY_FRAMES_PER_TURN; i++) {
        _Alignas(struct cmsghdr) char
            control[CMSG_SPACE(sizeof(struct tpacket_auxdata)) + CMSG_SPACE(sizeof(uint32_t)) + 64];
        struct iovec part = {.iov_base = frame, .iov_len = sizeof(frame)};
        struct msghdr message = {.msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        ssize_t len = recvmsg(relay->packet, &message, MSG_DONTWAIT);
        if (len < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : errno;
        struct helper_frame head = {.whole = (uint32_t)len};
        take_facts(relay, &message, &head);
        int error = pass_on(relay, &head, frame, (size_t)len);
        if (error != 0)
            return error;
    }
    return 0;
}
