/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A station dump with libnl and nothing else, once a second as the agent does it: the floor of R4.
 *
 *     bench-dump IFNAME ROUNDS
 */
#include <linux/nl80211.h>
#include <net/if.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static unsigned stations;
static long signals;

static int take(struct nl_msg *message, void *unused)
{
    struct nlattr *attributes[NL80211_ATTR_MAX + 1];
    struct nlattr *facts[NL80211_STA_INFO_MAX + 1];
    struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(message));

    (void)unused;
    if (nla_parse(attributes, NL80211_ATTR_MAX, genlmsg_attrdata(header, 0),
                  genlmsg_attrlen(header, 0), NULL) < 0 ||
        attributes[NL80211_ATTR_STA_INFO] == NULL ||
        nla_parse_nested(facts, NL80211_STA_INFO_MAX, attributes[NL80211_ATTR_STA_INFO], NULL) < 0)
        return NL_SKIP;
    stations++;
    if (facts[NL80211_STA_INFO_SIGNAL] != NULL)
        signals += (signed char)nla_get_u8(facts[NL80211_STA_INFO_SIGNAL]);
    return NL_OK;
}

static int dump(struct nl_sock *socket, int family, unsigned interface)
{
    struct nl_msg *message = nlmsg_alloc();

    (void)genlmsg_put(message, 0, 0, family, 0, NLM_F_DUMP, NL80211_CMD_GET_STATION, 0);
    (void)nla_put_u32(message, NL80211_ATTR_IFINDEX, interface);
    if (nl_send_auto(socket, message) < 0)
        return -1;
    nlmsg_free(message);
    return nl_recvmsgs_default(socket);
}

static double cpu(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct nl_sock *socket = nl_socket_alloc();
    unsigned interface = argc == 3 ? if_nametoindex(argv[1]) : 0;
    int rounds = argc == 3 ? atoi(argv[2]) : 0;

    if (interface == 0 || rounds <= 0 || socket == NULL || genl_connect(socket) != 0)
        return 1;
    int family = genl_ctrl_resolve(socket, NL80211_GENL_NAME);
    (void)nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take, NULL);
    (void)nl_socket_set_msg_buf_size(socket, 32768);
    (void)nl_socket_set_buffer_size(socket, 1 << 20, 0);
    double begun = cpu();
    for (int i = 0; i < rounds; i++) {
        (void)sleep(1);
        if (dump(socket, family, interface) != 0)
            return 1;
    }
    (void)printf("us=%.1f stations=%u\n", (cpu() - begun) / 1000 / rounds,
                 stations / (unsigned)rounds);
    nl_socket_free(socket);
    return signals > 0;
}
