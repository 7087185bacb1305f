# SPDX-License-Identifier: GPL-2.0-or-later
"""A generic netlink client, as small as the bed needs it: radios of mac80211_hwsim made and removed at run time.

The numbers of the family MAC80211_HWSIM are those of Linux's drivers/net/wireless/mac80211_hwsim.h,
which no package carries. All integers are in the machine's own byte order.
"""
import os
import socket
import struct
import sys

NETLINK_GENERIC = 16
NLMSG_ERROR = 2
NLM_F_REQUEST, NLM_F_ACK = 1, 4
GENL_ID_CTRL = 16
CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 3, 1, 2, 7
CTRL_ATTR_MCAST_GRP_NAME, CTRL_ATTR_MCAST_GRP_ID = 1, 2
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP = 270, 1
HWSIM_CMD_NEW_RADIO, HWSIM_CMD_DEL_RADIO = 4, 5
HWSIM_ATTR_CHANNELS, HWSIM_ATTR_RADIO_ID = 9, 10

NLMSGHDR = struct.Struct("=IHHII")
GENLMSGHDR = struct.Struct("=BBH")
NLATTR = struct.Struct("=HH")


def attribute(kind, value):
    data = NLATTR.pack(NLATTR.size + len(value), kind) + value
    return data + bytes(-len(data) % 4)


def u32(kind, value):
    return attribute(kind, struct.pack("=I", value))


def number(value):
    return int.from_bytes(value, sys.byteorder)


def attributes(data):
    """{kind: value} of a message's attributes."""
    found = {}
    while len(data) >= NLATTR.size:
        length, kind = NLATTR.unpack_from(data)
        found[kind] = data[NLATTR.size:length]
        data = data[(length + 3) & ~3:]
    return found


class GenericNetlink:
    def __init__(self):
        self.end = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.end.bind((0, 0))
        self.end.settimeout(5)
        self.sequence = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.close()

    def request(self, family, number, payload, version=1):
        """Send a command; returns (the attributes of its answer, the ack's code). A negative code is raised."""
        self.sequence += 1
        body = GENLMSGHDR.pack(number, version, 0) + payload
        length, flags = NLMSGHDR.size + len(body), NLM_F_REQUEST | NLM_F_ACK
        self.end.send(NLMSGHDR.pack(length, family, flags, self.sequence, 0) + body)
        answer = {}
        while True:
            for kind, sequence, data in self.receive():
                if sequence != self.sequence:
                    continue
                if kind != NLMSG_ERROR:
                    answer = attributes(data[GENLMSGHDR.size:])
                    continue
                code, = struct.unpack_from("=i", data)
                if code < 0:
                    raise OSError(-code, os.strerror(-code))
                return answer, code

    def receive(self):
        data = self.end.recv(65536)
        while len(data) >= NLMSGHDR.size:
            length, kind, _, sequence, _ = NLMSGHDR.unpack_from(data)
            yield kind, sequence, data[NLMSGHDR.size:length]
            data = data[(length + 3) & ~3:]

    def family(self, name):
        """(its id, {group: id})"""
        wanted = attribute(CTRL_ATTR_FAMILY_NAME, name.encode() + b"\0")
        answer, _ = self.request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, wanted)
        groups = [attributes(group) for group in attributes(answer.get(CTRL_ATTR_MCAST_GROUPS, b"")).values()]
        return number(answer[CTRL_ATTR_FAMILY_ID]), {
            group[CTRL_ATTR_MCAST_GRP_NAME].rstrip(b"\0").decode(): number(group[CTRL_ATTR_MCAST_GRP_ID])
            for group in groups}

    def join(self, group):
        self.end.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)


class HwsimFamily(GenericNetlink):
    def __init__(self):
        super().__init__()
        self.id, _ = self.family("MAC80211_HWSIM")

    def new_radio(self):
        """Make a radio in our network namespace; returns its id, which is the ack's code."""
        return self.request(self.id, HWSIM_CMD_NEW_RADIO, u32(HWSIM_ATTR_CHANNELS, 1))[1]

    def del_radio(self, radio):
        self.request(self.id, HWSIM_CMD_DEL_RADIO, u32(HWSIM_ATTR_RADIO_ID, radio))
