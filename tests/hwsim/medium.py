#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A medium for mac80211_hwsim that decides who hears whom, and how loud.

Every frame that a radio sends comes here; who has a link from its sender gets it with the link's signal,
the others do not. Frames of devices that no radio has (probing phones, rogue access points, tags) can be
put on the air. The medium is a process of its own, so that a test that waits does not stop the traffic:
Medium in this module starts it and talks to it in lines of JSON.

The numbers are those of Linux's drivers/net/wireless/mac80211_hwsim.h, which no package carries. Killing
the process brings back the driver's own perfect channel.
"""
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

import genl

CMD_REGISTER, CMD_FRAME, CMD_TX_INFO = 1, 2, 3
ADDR_RECEIVER, ADDR_TRANSMITTER, FRAME, FLAGS, RX_RATE, SIGNAL, TX_INFO, COOKIE, FREQ = 1, 2, 3, 4, 5, 6, 7, 8, 19
FLAG_NO_ACK, FLAG_ACKNOWLEDGED = 2, 4
SO_RCVBUFFORCE = 33
BUFFER_SIZE = 8 << 20
BROADCAST_BIT = 1


def radio_address(mac):
    """The address by which the driver knows the radio whose interface has this MAC (02:... becomes 42:...)."""
    return bytes([mac[0] | 0x40]) + mac[1:]


def parse_mac(text):
    return bytes.fromhex(text.replace(":", ""))


class Emitter:
    """A device that no radio has: its frame goes out again and again, as loud as it was set for each radio."""

    def __init__(self, order):
        self.frame = bytearray.fromhex(order["frame"])
        self.frequency = order["frequency"]
        self.every = order["every"]
        self.counter = order.get("counter")  # (offset, step) of a little-endian u16 that goes up
        self.due = time.monotonic()
        self.signals = {}
        self.hear(order["signals"])

    def hear(self, signals):
        self.signals = {radio_address(parse_mac(mac)): signal for mac, signal in signals.items()}

    def count(self):
        if self.counter:
            offset, step = self.counter
            value = int.from_bytes(self.frame[offset:offset + 2], "little") + step
            self.frame[offset:offset + 2] = (value & 0xFFFF).to_bytes(2, "little")


class Air:
    """The process itself."""

    def __init__(self):
        self.netlink = genl.GenericNetlink()
        self.family, _ = self.netlink.family("MAC80211_HWSIM")
        self.netlink.end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_SIZE)
        self.links = {}  # (sender, receiver): dBm; both as radio addresses
        self.emitters = {}
        self.pending = b""
        self.lost = self.refused = 0
        self.netlink.request(self.family, CMD_REGISTER, b"")

    def put(self, command, payload):
        """Tell the driver something, without waiting for its answer."""
        self.netlink.sequence += 1
        body = genl.GENLMSGHDR.pack(command, 1, 0) + payload
        header = genl.NLMSGHDR.pack(genl.NLMSGHDR.size + len(body), self.family, genl.NLM_F_REQUEST,
                                    self.netlink.sequence, 0)
        self.netlink.end.send(header + body)

    def deliver(self, receiver, frame, signal, frequency):
        self.put(CMD_FRAME, genl.attribute(ADDR_RECEIVER, receiver) + genl.attribute(FRAME, bytes(frame))
                 + genl.u32(RX_RATE, 0) + genl.u32(SIGNAL, signal & 0xFFFFFFFF) + genl.u32(FREQ, frequency))

    def carry(self, sent):
        """One frame of a radio, to all who have a link from it; the sender learns whether its receiver did."""
        sender, frame, flags = sent[ADDR_TRANSMITTER], sent[FRAME], genl.number(sent[FLAGS])
        frequency = genl.number(sent[FREQ])
        target = radio_address(frame[4:10])
        acknowledged, signal_back = False, 0
        for (source, receiver), signal in self.links.items():
            if source != sender:
                continue
            self.deliver(receiver, frame, signal, frequency)
            if receiver == target:
                acknowledged, signal_back = True, signal
        if acknowledged and not flags & FLAG_NO_ACK:
            flags |= FLAG_ACKNOWLEDGED
        self.put(CMD_TX_INFO, genl.attribute(ADDR_TRANSMITTER, sender) + genl.u32(FLAGS, flags)
                 + genl.u32(SIGNAL, signal_back & 0xFFFFFFFF)
                 + genl.attribute(TX_INFO, self.rates_used(sent.get(TX_INFO, b"")))
                 + genl.attribute(COOKIE, sent[COOKIE]))

    @staticmethod
    def rates_used(asked):
        """The first rate worked at once; the others were not needed."""
        first = struct.unpack_from("=b", asked)[0] if asked else 0
        return struct.pack("=bB", max(first, 0), 1) + 3 * struct.pack("=bB", -1, 0)

    def take_messages(self):
        try:
            messages = list(self.netlink.receive())
        except OSError:  # more frames than the buffer holds: they are lost, as on the air
            self.lost += 1
            return
        for kind, _, data in messages:
            if kind == genl.NLMSG_ERROR:
                self.refused += struct.unpack_from("=i", data)[0] != 0
            elif kind == self.family and data[0] == CMD_FRAME:
                self.carry(genl.attributes(data[genl.GENLMSGHDR.size:]))

    def take_order(self, order):
        what = order["do"]
        if what == "link":
            for one in order["links"]:
                key = radio_address(parse_mac(one["from"])), radio_address(parse_mac(one["to"]))
                if one["signal"] is None:
                    self.links.pop(key, None)
                else:
                    self.links[key] = one["signal"]
        elif what == "emit":
            self.emitters[order["name"]] = Emitter(order)
        elif what == "hear":
            self.emitters[order["name"]].hear(order["signals"])
        elif what == "silence":
            self.emitters.pop(order["name"], None)
        print(json.dumps({"lost": self.lost, "refused": self.refused, "emitters": len(self.emitters)}), flush=True)

    def take_orders(self):
        data = os.read(0, 65536)
        if not data:
            sys.exit(0)
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            self.take_order(json.loads(line))

    def emit(self, now):
        for emitter in self.emitters.values():
            if emitter.due > now:
                continue
            emitter.due = max(emitter.due + emitter.every, now)
            emitter.count()
            for receiver, signal in emitter.signals.items():
                self.deliver(receiver, emitter.frame, signal, emitter.frequency)

    def run(self):
        while True:
            now = time.monotonic()
            self.emit(now)
            due = min((emitter.due for emitter in self.emitters.values()), default=now + 60)
            ready, _, _ = select.select([self.netlink.end, 0], [], [], max(0, due - time.monotonic()))
            if self.netlink.end in ready:
                self.take_messages()
            if 0 in ready:
                self.take_orders()


# --- what tests use ----------------------------------------------------------------------------------

class Medium:
    """The process, from outside. All MACs are those of interfaces, as text."""

    def __init__(self):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.state = self.order(do="link", links=[])

    def order(self, **order):
        """Returns when it is carried out: the next frame finds it so."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the medium is gone")
        self.state = json.loads(answer)
        return self.state

    def link(self, one, other, signal):
        """Both hear each other with this signal; None: not at all."""
        self.order(do="link", links=[{"from": one, "to": other, "signal": signal},
                                     {"from": other, "to": one, "signal": signal}])

    def emit(self, name, frame, frequency, every, signals, counter=None):
        """`signals`: {MAC of a radio's interface: dBm}."""
        self.order(do="emit", name=name, frame=frame.hex(), frequency=frequency, every=every, signals=signals,
                   counter=counter)

    def hear(self, name, signals):
        self.order(do="hear", name=name, signals=signals)

    def silence(self, name):
        self.order(do="silence", name=name)

    def end(self):
        self.process.stdin.close()
        self.process.wait(5)


# --- frames ------------------------------------------------------------------------------------------

EVERYONE = b"\xff" * 6
TAGS_GROUP = parse_mac("01:40:96:00:00:03")
RATES = bytes.fromhex("010882848b960c121824")
SEQUENCE_CONTROL = (22, 16)  # where it stands, and a step of one sequence number


def element(number, value):
    return bytes([number, len(value)]) + value


def header(control, one, two, three):
    return struct.pack("<HH", control, 0) + one + two + three + struct.pack("<H", 0)


def probe_request(station):
    return header(0x0040, EVERYONE, parse_mac(station), EVERYONE) + element(0, b"") + RATES


def beacon(bssid, ssid, channel, rsn=None):
    """`rsn`: the value of the RSN element; None: an open network."""
    bssid = parse_mac(bssid)
    fixed = struct.pack("<QHH", 0, 100, 0x0011 if rsn else 0x0001)
    frame = header(0x0080, EVERYONE, bssid, bssid) + fixed + element(0, ssid.encode()) + RATES + bytes([3, 1, channel])
    return frame + (element(48, rsn) if rsn else b"")


RSN_WPA2_PSK = bytes.fromhex("0100000fac040100000fac040100000fac020000")


def data_to_ap(station, bssid, payload=bytes(20)):
    return header(0x0108, parse_mac(bssid), parse_mac(station), EVERYONE) + payload


def beacon_report(station, bssid, token, report):
    """A Radio Measurement Report (IEEE 802.11k) of one beacon report, which nobody need have asked for."""
    measured = bytes([1, 0, 5]) + report  # token, done, beacon
    return header(0x00D0, parse_mac(bssid), parse_mac(station), parse_mac(bssid)) + bytes([5, 1, token]) \
        + element(39, measured)


def tag_frame(tag, payload):
    """As tags of the CCX kind send it: a data frame from one distribution system to another, to their own group."""
    return header(0x0308, TAGS_GROUP, parse_mac(tag), TAGS_GROUP) + parse_mac(tag) + payload


if __name__ == "__main__":
    Air().run()
