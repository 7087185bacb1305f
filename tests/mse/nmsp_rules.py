# SPDX-License-Identifier: GPL-2.0-or-later
"""What an agent owes its server beyond well-formed messages.

The codec refuses what cannot be read. This module watches one session and names what can be read
but breaks a rule of the profile: numbering, subscription, filters, what a measurement means. Each
finding is (rule, detail); the server reports it as a "violation" line and carries on.
"""

import nmsp_wire as wire
from nmsp_report import ASSOCIATED, GONE, LOCAL

MAX_DEVICE_APS = 16
MAX_RECORD = 16384
SAME_TAG_FRAME_MS = 400  # what comes sooner again is a copy of the same frame
PROBING, SERVED, LEFT = 1, 2, 3  # states of a client
COUNTERS = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "tx_retries", "tx_failed")

BIT = {name: bit for bit, name in enumerate(wire.SERVICE_TABLE)}


def mask_of(*names):
    return sum(1 << BIT[name] for name in names)


CLIENTS = mask_of("rssi-ms")
ASSOCIATED_CLIENTS = mask_of("rssi-ms-associated-only")
MEASUREMENT_BITS = {
    1: CLIENTS | ASSOCIATED_CLIENTS,
    2: mask_of("rssi-rfid"),
    3: mask_of("rssi-rogue"),
    4: mask_of("rssi-rogue"),
}
STATISTICS_BITS = {
    1: mask_of("stats-ms"),
    2: mask_of("stats-rfid"),
    3: mask_of("stats-rogue"),
    4: mask_of("stats-rogue"),
}
INFORMATION_BITS = {"client-info": mask_of("info-ms"), "rogue-info": mask_of("info-rogue")}
AP_BITS = mask_of("ap-info", "ap-monitor")
TAG_BITS = mask_of("rssi-rfid")

RESPONSES = {2: 1, 31: 30, 14: 13, 17: 16, 21: 20}


class View:
    """A granted subscription: services and filters (None = no filter)."""

    def __init__(self, mask=0, devices=None, aps=None):
        self.mask, self.devices, self.aps = mask, devices, aps

    def has_device(self, mac):
        return self.devices is None or mac in self.devices

    def has_ap(self, mac):
        return self.aps is None or mac in self.aps


class Rules:
    """The state of one session as the profile sees it, from the server's side."""

    def __init__(self):
        self.findings = []
        self.received = 0
        self.last_notification = 0
        self.offered = None
        self.view = View()
        self.asked = {}  # transaction -> what we asked, until the last piece of its response
        self.pictures = {}  # device MAC -> class, as long as its last picture stands
        self.clients = set()  # MACs of clients whose last client-info stands
        self.tags = {}  # MAC -> (sequence, payload, timestamp) of its last frame

    def find(self, rule, detail):
        self.findings.append((rule, detail))

    def take_findings(self):
        findings, self.findings = self.findings, []
        return findings

    # --- what we send ---

    def sent(self, message):
        """`message` without "elements" (a broken frame) may be answered, and is not looked into."""
        if message["id"] in RESPONSES.values():
            self.asked[(message["id"], message["transaction"])] = message

    # --- what we receive ---

    def check(self, message, size):
        """One decoded message of `size` bytes; returns the findings."""
        layout = wire.MESSAGES[message["id"]]
        self.received += 1
        self.check_frame(message, layout, size)
        if layout.kind == "notification":
            self.check_number(message)
        elif layout.kind == "response":
            self.check_response(message)
        handler = self.HANDLERS.get(message["id"])
        if handler:
            handler(self, message)
        return self.take_findings()

    def check_frame(self, message, layout, size):
        if self.received == 1 and message["id"] != 7:
            self.find("capability-first", "the first message is %s" % layout.name)
        if size > MAX_RECORD:
            self.find("message-size", "%d bytes do not fit one TLS record" % size)
        if message["flags"] & ~wire.FLAG_MORE:
            self.find("reserved-flags", "flags 0x%02x" % message["flags"])
        if message["flags"] & wire.FLAG_MORE and layout.kind != "response":
            self.find("more-flag", "MORE on a %s" % layout.kind)
        if message["skipped"]:
            self.find("unlisted-element", "types %s" % sorted({t for t, _ in message["skipped"]}))
        if message["tails"]:
            self.find("tail", "%d elements are longer than this profile's" % message["tails"])

    def check_number(self, message):
        expected = self.last_notification % 0xFFFFFFFF + 1
        if message["transaction"] != expected:
            detail = "%d where %d was due" % (message["transaction"], expected)
            self.find("notification-number", detail)
        self.last_notification = message["transaction"]

    def check_response(self, message):
        key = (RESPONSES[message["id"]], message["transaction"])
        request = self.asked.get(key)
        if request is None:
            self.find("unasked-response", "transaction %d" % message["transaction"])
            return
        if not message["flags"] & wire.FLAG_MORE:
            del self.asked[key]
        if "elements" not in request:
            return
        if message["id"] == 2:
            self.check_echo(request, message)
        elif message["id"] == 31:
            self.check_subscription(request, message)
        else:
            self.check_answer(request, message)

    def check_echo(self, request, response):
        if wire.first(request, "echo-data") != wire.first(response, "echo-data"):
            self.find("echo-data", "the answer does not carry what was sent")

    def check_subscription(self, request, response):
        if wire.first(response, "result")["code"] != 0:
            return
        asked = wire.first(request, "services")["mask"]
        granted = wire.first(response, "services")["mask"]
        if self.offered is not None and granted != asked & self.offered:
            detail = "granted 0x%x of 0x%x asked and 0x%x offered" % (granted, asked, self.offered)
            self.find("granted-services", detail)
        wanted = {e["bit"]: e["seconds"] for e in wire.every(request, "interval")}
        for interval in wire.every(response, "interval"):
            if interval["seconds"] < wanted.get(interval["bit"], 0):
                self.find("interval", "bit %(bit)d runs every %(seconds)d s" % interval)
        filters = [wire.first(request, name) for name in ("device-filter", "ap-filter")]
        devices, aps = (frozenset(f["macs"]) if f else None for f in filters)
        self.view = View(granted, devices, aps)
        if granted == 0:
            self.pictures.clear()
            self.clients.clear()

    def check_answer(self, request, response):
        filters = {name: wire.first(request, name) for name in ("device-filter", "ap-filter")}
        macs = {name: frozenset(f["macs"]) if f else None for name, f in filters.items()}
        view = View(
            wire.first(request, "services")["mask"], macs["device-filter"], macs["ap-filter"]
        )
        for element in response["elements"]:
            name = element["element"]
            if name == "device-measurement":
                self.check_picture(response, element, view)
            elif name in INFORMATION_BITS or name == "device-statistics":
                self.check_filters(element, view)
                self.check_record(element)

    def capability(self, message):
        before, self.offered = self.offered, wire.first(message, "services")["mask"]
        if before is not None:
            # Bits that went are withdrawn from the subscription with them.
            self.view.mask &= self.offered

    # --- notifications ---

    def need(self, bits, what):
        if not self.view.mask & bits:
            self.find("not-subscribed", what)

    def check_filters(self, element, view):
        if not view.has_device(element["mac"]):
            self.find("device-filter", "%s %s" % (element["element"], element["mac"]))
        if "ap" in element and not view.has_ap(element["ap"]):
            self.find("ap-filter", "%s at %s" % (element["element"], element["ap"]))

    def measurement(self, message):
        seen = set()
        for element in wire.every(message, "device-measurement"):
            mac = element["mac"]
            if mac in seen:
                self.find("device-split", "%s twice in one message" % mac)
            seen.add(mac)
            self.check_picture(message, element, self.view)
            if element["flags"] & GONE:
                self.check_gone(mac)
            else:
                self.check_class(element)
                self.pictures[mac] = element["class"]

    def check_class(self, element):
        class_ = element["class"]
        self.need(MEASUREMENT_BITS.get(class_, 0), "measurement of class %d" % class_)
        clients = self.view.mask & (CLIENTS | ASSOCIATED_CLIENTS)
        if class_ == 1 and clients == ASSOCIATED_CLIENTS and not element["flags"] & ASSOCIATED:
            self.find("associated-only", "%s is not associated" % element["mac"])

    def check_gone(self, mac):
        if self.pictures.pop(mac, None) is None:
            self.find("gone", "%s has no picture that could end" % mac)

    def check_picture(self, message, element, view):
        mac, flags, samples = element["mac"], element["flags"], element["samples"]
        if bool(int(mac[:2], 16) & 2) != bool(flags & LOCAL):
            self.find("local-flag", "%s has flags 0x%02x" % (mac, flags))
        if flags & GONE:
            if samples:
                self.find("gone-with-samples", mac)
            return
        if not samples:
            self.find("empty-picture", "%s is heard by nobody and not gone" % mac)
        if not view.has_device(mac):
            self.find("device-filter", "measurement of %s" % mac)
        aps = [ap for table in wire.every(message, "ap-table") for ap in table["aps"]]
        heard_by = [aps[sample["ap"]] for sample in samples]
        if len({(ap["mac"], ap["slot"]) for ap in heard_by}) > MAX_DEVICE_APS:
            self.find("too-many-aps", "%s at more than %d" % (mac, MAX_DEVICE_APS))
        for ap in heard_by:
            if not view.has_ap(ap["mac"]):
                self.find("ap-filter", "%s heard by %s" % (mac, ap["mac"]))

    def check_record(self, element):
        """What holds of a record wherever it stands."""
        name, mac = element["element"], element["mac"]
        if name == "client-info" and element["state"] not in (PROBING, SERVED, LEFT):
            self.find("client-state", "%s is in state %d" % (mac, element["state"]))
        if name == "rogue-info":
            if element["class"] not in (3, 4):
                self.find("rogue-class", "%s is of class %d" % (mac, element["class"]))
            if element["first_seen"] > element["last_seen"]:
                self.find("rogue-times", "%s was seen last before it was seen first" % mac)
        if name == "device-statistics" and not any(element[counter] for counter in COUNTERS):
            self.find("empty-statistics", "%s has counted nothing" % mac)

    def check_once(self, elements):
        seen = set()
        for element in elements:
            if element["mac"] in seen:
                name = element["element"]
                self.find("record-twice", "%s of %s twice in one message" % (name, element["mac"]))
            seen.add(element["mac"])

    def information(self, message):
        for name, bits in INFORMATION_BITS.items():
            elements = list(wire.every(message, name))
            for element in elements:
                self.need(bits, name)
                self.check_filters(element, self.view)
                self.check_record(element)
            self.check_once(e for e in elements if e.get("state") != LEFT)
        for element in wire.every(message, "client-info"):
            self.check_client(element["mac"], element["state"])

    def check_client(self, mac, state):
        if state != LEFT:
            self.clients.add(mac)
        elif mac in self.clients:
            self.clients.remove(mac)
        else:
            self.find("left", "%s was not told to be there" % mac)

    def statistics(self, message):
        elements = list(wire.every(message, "device-statistics"))
        for element in elements:
            self.need(STATISTICS_BITS.get(element["class"], 0), "statistics")
            self.check_filters(element, self.view)
            self.check_record(element)
        self.check_once(elements)

    def ap_info(self, message):
        self.need(AP_BITS, "ap-info")
        for element in wire.every(message, "ap-info"):
            if not self.view.has_ap(element["mac"]):
                self.find("ap-filter", "ap-info of %s" % element["mac"])

    def tag(self, message):
        self.need(TAG_BITS, "tag-payload")
        now = wire.first(message, "timestamp")["ms"]
        for element in wire.every(message, "tag-payload"):
            self.check_filters(element, self.view)
            frame = element["sequence"], element["payload"]
            *last, at = self.tags.get(element["mac"], (None, None, 0))
            if tuple(last) == frame and 0 <= now - at < SAME_TAG_FRAME_MS:
                self.find("tag-repeated", "%s sequence %d" % (element["mac"], frame[0]))
            self.tags[element["mac"]] = frame + (now,)

    HANDLERS = {
        7: capability,
        15: measurement,
        18: information,
        22: statistics,
        67: ap_info,
        23: tag,
    }
