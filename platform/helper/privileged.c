/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/helper/privileged.h"

#include "platform/helper/helper-protocol.h"
#include "platform/nl80211/attr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/nl80211.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_SIZE = 8192, MESSAGE_SIZE = 128, RECEIVE_BUFFER = 1 << 18, ANSWERS_MAX = 16 };

/* --- generic netlink, by hand ------------------------------------------------------------------
 */

struct message {
    size_t len;
    _Alignas(struct nlmsghdr) uint8_t bytes[MESSAGE_SIZE];
};

/* Everything that is put here is small and known: it fits. */
static void put(struct message *m, const void *data, size_t len)
{
    if (len > 0)
        memcpy(m->bytes + m->len, data, len);
    m->len += NLMSG_ALIGN(len);
}

static void put_attribute(struct message *m, uint16_t type, const void *data, size_t len)
{
    const struct nlattr head = {.nla_len = (uint16_t)(sizeof(struct nlattr) + len),
                                .nla_type = type};

    put(m, &head, sizeof(head));
    put(m, data, len);
}

static struct message message_of(uint16_t type, uint8_t command)
{
    const struct nlmsghdr head = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK};
    const struct genlmsghdr generic = {.cmd = command, .version = 1};
    struct message m = {0};

    put(&m, &head, sizeof(head));
    put(&m, &generic, sizeof(generic));
    return m;
}

static int send_message(int fd, struct message *m)
{
    const uint32_t len = (uint32_t)m->len;

    memcpy(m->bytes + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
    return send(fd, m->bytes, m->len, 0) == (ssize_t)m->len ? 0 : errno;
}

static void take_id(struct cursor attributes, uint16_t *id)
{
    struct attribute attribute;

    while (attribute_next(&attributes, &attribute)) {
        if (attribute.type == CTRL_ATTR_FAMILY_ID)
            (void)attribute_u16(&attribute, id);
    }
}

/* Walks one datagram; true if the acknowledgement was in it, with *error set. */
static bool take_answer(struct cursor datagram, uint16_t *id, int *error)
{
    while (cursor_left(&datagram) >= NLMSG_HDRLEN) {
        struct cursor head = datagram;
        uint32_t len = native_u32(&head);
        uint16_t type = native_u16(&head);
        if (len < NLMSG_HDRLEN)
            return false;
        struct cursor body =
            cursor_sub(&datagram, len < cursor_left(&datagram) ? NLMSG_ALIGN(len) : len);
        cursor_skip(&body, NLMSG_HDRLEN);
        if (type == NLMSG_ERROR) {
            *error = -(int)native_u32(&body);
            return !body.failed;
        }
        cursor_skip(&body, GENL_HDRLEN);
        if (id != NULL)
            take_id(body, id);
    }
    return false;
}

/* Sends, and waits for the acknowledgement. 0 or an errno. */
static int transact(int fd, struct message *m, uint16_t *id)
{
    static uint8_t answer[ANSWER_SIZE];
    int error = send_message(fd, m);

    for (int i = 0; error == 0 && i < ANSWERS_MAX; i++) {
        ssize_t len = recv(fd, answer, sizeof(answer), 0);
        if (len < 0)
            return errno == EAGAIN ? ETIMEDOUT : errno;
        if (take_answer(cursor_of(answer, (size_t)len), id, &error))
            return error;
    }
    return error != 0 ? error : EPROTO;
}

static int netlink_open_raw(void)
{
    const struct timeval limit = {.tv_sec = 1};
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

    if (fd < 0)
        return -1;
    /* Connected: what others send does not come here. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int privileged_scan(const char *ifname)
{
    const uint32_t flags = NL80211_SCAN_FLAG_AP; /* also where an AP operates */
    const uint32_t ifindex = if_nametoindex(ifname);
    uint16_t family = 0;

    if (ifindex == 0)
        return ENODEV;
    int fd = netlink_open_raw();
    if (fd < 0)
        return errno;
    struct message ask = message_of(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    put_attribute(&ask, CTRL_ATTR_FAMILY_NAME, NL80211_GENL_NAME, sizeof(NL80211_GENL_NAME));
    int error = transact(fd, &ask, &family);
    if (error == 0 && family == 0)
        error = EPROTO;
    if (error == 0) {
        struct message scan = message_of(family, NL80211_CMD_TRIGGER_SCAN);
        put_attribute(&scan, NL80211_ATTR_IFINDEX, &ifindex, sizeof(ifindex));
        put_attribute(&scan, NL80211_ATTR_SCAN_FLAGS, &flags, sizeof(flags));
        error = transact(fd, &scan, NULL);
    }
    (void)close(fd);
    return error;
}

/* --- the packet socket --------------------------------------------------------------------------
 */

/*
 * The jumps count the instructions between them; the labels name those they lead to. X is the
 * length of the radiotap header, which is little-endian, and is added to what is let in of a frame.
 * A jump can be at most 255 long.
 */
static int set_filter(int fd, uint32_t ifindex)
{
    const uint32_t tags_ccx = 0x01409600;
    const uint32_t tags_aeroscout = 0x010ccc00;
    const struct sock_filter code[] = {
        /* 0 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
        /* 1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ifindex, 0, 31), /* else drop */
        /* 2 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        /* 3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 29), /* radiotap's version */
        /* 4 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 3),
        /* 5 */ BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8),
        /* 6 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
        /* 7 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 2),
        /* 8 */ BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
        /* 9 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
        /* 10 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),            /* frame control */
        /* 11 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x80, 18, 0), /* beacon */
        /* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x50, 17, 0), /* probe response */
        /* 13 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 10, 0), /* probe request */
        /* 14 */ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
        /* 15 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x08, 0, 17), /* data */
        /* 16 */ BPF_STMT(BPF_LD | BPF_W | BPF_IND, 4),            /* address 1 */
        /* 17 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, tags_ccx, 9, 0),
        /* 18 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, tags_aeroscout, 8, 0),
        /* 19 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 1), /* to DS: */
        /* 20 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x01, 0, 3),
        /* 21 */ BPF_STMT(BPF_LD | BPF_W | BPF_IND, 16), /* address 3 */
        /* 22 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, tags_ccx, 4, 0),
        /* 23 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, tags_aeroscout, 3, 0),
        /* 24 */ BPF_STMT(BPF_MISC | BPF_TXA, 0),
        /* 25 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, HELPER_CUT_HEADER),
        /* 26 */ BPF_STMT(BPF_RET | BPF_A, 0),
        /* 27 */ BPF_STMT(BPF_MISC | BPF_TXA, 0),
        /* 28 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, HELPER_CUT_TAG),
        /* 29 */ BPF_STMT(BPF_RET | BPF_A, 0),
        /* 30 */ BPF_STMT(BPF_MISC | BPF_TXA, 0),
        /* 31 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, HELPER_CUT_BODY),
        /* 32 */ BPF_STMT(BPF_RET | BPF_A, 0),
        /* 33 */ BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_filter copy[sizeof(code) / sizeof(code[0])];
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = copy};
    const int yes = 1;

    memcpy(copy, code, sizeof(code));
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof(yes)) != 0)
        return errno;
    return 0;
}

/* Is it what we serve? 0 or an errno. */
static int look_at(int fd, const char *ifname, uint32_t *ifindex)
{
    struct ifreq request = {0};

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
    if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        return errno;
    if (request.ifr_hwaddr.sa_family != ARPHRD_IEEE80211_RADIOTAP)
        return EMEDIUMTYPE;
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return errno;
    if ((request.ifr_flags & IFF_UP) == 0)
        return ENETDOWN;
    if (ioctl(fd, SIOCGIFINDEX, &request) != 0)
        return errno;
    *ifindex = (uint32_t)request.ifr_ifindex;
    return 0;
}

/* What makes it better, and works without. */
static void set_comforts(int fd)
{
    const int yes = 1;
    const int size = RECEIVE_BUFFER;

    (void)setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &yes, sizeof(yes));
    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes));
    (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* Without a protocol until it is filtered and bound: nothing comes in before. */
int privileged_monitor(const char *ifname)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    uint32_t ifindex = 0;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    int error = look_at(fd, ifname, &ifindex);
    if (error == 0)
        error = set_filter(fd, ifindex);
    if (error == 0) {
        set_comforts(fd);
        to.sll_ifindex = (int)ifindex;
        if (bind(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
            error = errno;
    }
    if (error == 0)
        return fd;
    (void)close(fd);
    return -error;
}
