# SPDX-License-Identifier: GPL-2.0-or-later
"""Codec of NMSP wire profile 1, in both directions and without any I/O.

A message is a plain dict:

    {"id": 15, "flags": 0, "transaction": 2, "elements": [{"element": "timestamp", "ms": 1}, ...]}

An element's other keys are its fields as the tables below name them: numbers are int, MAC addresses
are lower-case strings with colons, texts are str, raw octets are bytes, repeated parts are lists of
dicts (lists of str in the two filters). Decoding adds "skipped" (a list of (type, length)) and
"tails" (how many elements carried bytes after their last field); encoding ignores both.

MESSAGES and ELEMENTS are the whole knowledge of the layout; the code below only walks them.
"""

import struct

from nmsp_fields import (  # the errors are part of this module's interface
    Address,
    BadLength,
    BadVersion,
    Bytes,
    Count,
    Entries,
    Mac,
    Malformed,
    Reader,
    ResultText,
    Text,
    Unsupported,
    WireError,  # noqa: F401
    s8,
    u8,
    u16,
    u32,
    u64,
)

VERSION = 1
HEADER = struct.Struct(">BBHII")
HEADER_SIZE = HEADER.size
MAX_FRAME = 65535
FLAG_MORE = 0x01


# --- the profile ----------------------------------------------------------------------------------


class Element:
    """`tail`: bytes after the last field are legal and ignored."""

    def __init__(self, type_, name, fields, tail=False):
        self.type, self.name, self.fields, self.tail = type_, name, fields, tail

    def decode(self, value):
        reader = Reader(value)
        decoded = {"element": self.name}
        try:
            for field in self.fields:
                field.read(reader, decoded)
        except Malformed as error:
            raise Malformed("%s: %s" % (self.name, error.reason)) from None
        if reader.left() and not self.tail:
            raise Malformed("%s: %d bytes too many" % (self.name, reader.left()))
        return decoded, reader.left()

    def encode(self, values):
        value = b"".join(field.write(values) for field in self.fields)
        return struct.pack(">HH", self.type, len(value)) + value

    def show(self, values):
        shown = [field for field in self.fields if not getattr(field, "hidden", False)]
        words = [self.name]
        words += ["%s=%s" % (field.name.replace("_", "-"), field.show(values)) for field in shown]
        yield " ".join(words)
        for field in self.fields:
            if isinstance(field, Entries):
                yield from field.show_lines(values)


ELEMENT_TABLE = (
    Element(1, "protocol-version", [u8("min"), u8("max")], tail=True),
    Element(2, "services", [u64("mask", "0x%016x")], tail=True),
    Element(3, "sender-id", [Mac("mac")], tail=True),
    Element(4, "name", [Text("text", 1, 64)]),
    Element(5, "software", [Text("text", 1, 64)]),
    Element(6, "timestamp", [u64("ms")], tail=True),
    Element(7, "result", [u16("code"), ResultText("text", 0, 64)], tail=True),
    Element(8, "echo-data", [Bytes("hex", 64)]),
    Element(9, "device-filter", [Entries("macs", "mac", [Mac("mac")], bare=True)]),
    Element(10, "ap-filter", [Entries("macs", "mac", [Mac("mac")], bare=True)]),
    Element(11, "interval", [u8("bit"), u16("seconds")], tail=True),
    Element(
        16,
        "ap-table",
        [
            Entries(
                "aps",
                "ap",
                [Mac("mac"), u8("slot"), u8("band"), u16("channel"), s8("tx_power"), s8("noise")],
                bare=True,
            )
        ],
    ),
    Element(
        17,
        "device-measurement",
        [
            Mac("mac"),
            u8("class"),
            u8("flags", "0x%02x"),
            Entries(
                "samples",
                "sample",
                [u16("ap"), u8("antenna"), u8("source"), s8("rssi"), s8("snr"), u16("age")],
            ),
        ],
    ),
    Element(
        18,
        "client-info",
        [
            Mac("mac"),
            Mac("ap"),
            u8("slot"),
            u8("band"),
            u8("state"),
            u16("channel"),
            u16("vlan"),
            u8("protocol"),
            Count("addresses"),
            Entries("addresses", "address", [u8("family"), Address()], counted=True),
            Bytes("ssid", 32, prefix=1),
            Bytes("user", 64, prefix=1),
        ],
        tail=True,
    ),
    Element(
        19,
        "rogue-info",
        [
            Mac("mac"),
            u8("class"),
            Mac("ap"),
            u8("slot"),
            u8("band"),
            u16("channel"),
            u8("encryption"),
            u64("first_seen"),
            u64("last_seen"),
            Bytes("ssid", 32, prefix=1),
        ],
        tail=True,
    ),
    Element(
        20,
        "device-statistics",
        [
            Mac("mac"),
            u8("class"),
            u64("rx_bytes"),
            u64("tx_bytes"),
            u64("rx_packets"),
            u64("tx_packets"),
            u64("tx_retries"),
            u64("tx_failed"),
            u32("rx_rate"),
            u32("tx_rate"),
            u32("connected"),
        ],
        tail=True,
    ),
    Element(
        21,
        "tag-payload",
        [
            Mac("mac"),
            u8("vendor"),
            u8("ccx_version"),
            s8("tx_power"),
            u8("channel"),
            u8("regulatory_class"),
            u8("burst"),
            u16("sequence"),
            Bytes("payload", 500, prefix=2),
        ],
        tail=True,
    ),
    Element(
        22,
        "ap-info",
        [
            Mac("mac"),
            Count("slots"),
            u8("state"),
            u32("uptime"),
            Entries(
                "slots",
                "slot",
                [
                    u8("slot"),
                    u8("band"),
                    u16("channel"),
                    u16("width"),
                    s8("tx_power"),
                    s8("noise"),
                    u16("clients"),
                    u8("utilisation"),
                ],
                counted=True,
            ),
            Text("name", 0, 64, prefix=1),
        ],
        tail=True,
    ),
    Element(
        23,
        "ap-bssids",
        [Mac("mac"), u8("slot"), Entries("bssids", "bssid", [Mac("mac")], bare=True)],
    ),
    Element(
        24,
        "client-links",
        [
            Mac("mac"),
            Entries("links", "link", [Mac("mac"), Mac("ap"), u8("slot"), u8("link_id")], bare=True),
        ],
    ),
    Element(
        25,
        "rogue-security",
        [
            Mac("mac"),
            u32("akms"),
            u32("ciphers"),
            u8("flags", "0x%02x"),
            u16("width"),
            u16("beacon_interval"),
        ],
        tail=True,
    ),
)

ELEMENTS = {element.type: element for element in ELEMENT_TABLE}
ELEMENTS_BY_NAME = {element.name: element for element in ELEMENT_TABLE}


class Message:
    """`must`, `may` and `many` name elements; one in `many` may be repeated, every other may not.

    `some` is a set of repeated elements of which at least one must be there.
    """

    def __init__(self, id_, name, kind, must="", may="", many="", some=""):
        self.id, self.name, self.kind = id_, name, kind
        self.must = tuple(must.split())
        self.some = tuple(some.split())
        self.many = frozenset(many.split()) | frozenset(self.some)
        self.listed = frozenset(self.must) | frozenset(may.split()) | self.many

    def missing(self, seen):
        for name in self.must:
            if name not in seen:
                return name
        if self.some and not seen.intersection(self.some):
            return " or ".join(self.some)
        return None


REQUEST_MAY = "device-filter ap-filter"
MESSAGE_TABLE = (
    Message(1, "echo-request", "request", may="echo-data"),
    Message(2, "echo-response", "response", may="echo-data"),
    Message(
        7,
        "capability-notification",
        "notification",
        must="protocol-version services sender-id timestamp",
        may="name software",
    ),
    Message(30, "service-subscribe-request", "request", "services", REQUEST_MAY, "interval"),
    Message(31, "service-subscribe-response", "response", "result services", "", "interval"),
    Message(13, "measurement-request", "request", "services", REQUEST_MAY),
    Message(
        14,
        "measurement-response",
        "response",
        "result timestamp",
        "",
        "ap-table device-measurement",
    ),
    Message(
        15,
        "measurement-notification",
        "notification",
        "timestamp",
        many="ap-table",
        some="device-measurement",
    ),
    Message(16, "information-request", "request", "services", REQUEST_MAY),
    Message(
        17,
        "information-response",
        "response",
        "result timestamp",
        "",
        "client-info client-links rogue-info rogue-security",
    ),
    Message(
        18,
        "information-notification",
        "notification",
        "timestamp",
        many="client-links rogue-security",
        some="client-info rogue-info",
    ),
    Message(20, "statistics-request", "request", "services", REQUEST_MAY),
    Message(21, "statistics-response", "response", "result timestamp", "", "device-statistics"),
    Message(22, "statistics-notification", "notification", "timestamp", some="device-statistics"),
    Message(
        67, "ap-info-notification", "notification", "timestamp", many="ap-bssids", some="ap-info"
    ),
    Message(23, "tag-notification", "notification", "timestamp", some="tag-payload"),
)

MESSAGES = {message.id: message for message in MESSAGE_TABLE}
MESSAGES_BY_NAME = {message.name: message for message in MESSAGE_TABLE}

SERVICE_TABLE = (
    "rssi-ms rssi-rfid rssi-rogue rssi-interferer rssi-hs rssi-ms-associated-only "
    "spectrum-interferer spectrum-air-quality spectrum-aggregate-interferer info-ms info-rfid "
    "info-rogue info-hs stats-ms stats-rfid stats-rogue attach location fmchs ap-monitor wips "
    "on-demand ap-info"
).split()


def service_mask(words):
    """'rssi-ms,info-ms', '0x201', 'all' (what profile 1 can offer) or a list of names -> mask."""
    if isinstance(words, int):
        return words
    parts = words.split(",") if isinstance(words, str) else words
    mask = 0
    for part in (str(part).strip() for part in parts):
        if part in SERVICE_TABLE:
            mask |= 1 << SERVICE_TABLE.index(part)
        elif part == "all":
            mask |= 0x68EA27
        elif part:
            mask |= int(part, 0)
    return mask


def service_names(mask):
    names = [name for bit, name in enumerate(SERVICE_TABLE) if mask >> bit & 1]
    return names + ["bit-%d" % bit for bit in range(len(SERVICE_TABLE), 64) if mask >> bit & 1]


# --- frames ---------------------------------------------------------------------------------------


def check_start(data):
    """Judge what is there of a header. Returns the frame's length once it is known, else None."""
    if len(data) >= 1 and data[0] != VERSION:
        raise BadVersion("frame version %d" % data[0])
    if len(data) < 8:
        return None
    length = int.from_bytes(data[4:8], "big")
    if not HEADER_SIZE <= length <= MAX_FRAME:
        raise BadLength("frame length %d" % length)
    return length


class Splitter:
    """Cuts a byte stream into frames, however the bytes arrive."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data

    def next(self):
        """The next whole frame, or None. BadVersion and BadLength end the stream."""
        length = check_start(self.buffer)
        if length is None or len(self.buffer) < length:
            return None
        frame = bytes(self.buffer[:length])
        del self.buffer[:length]
        return frame

    def pending(self):
        return len(self.buffer)


def split_elements(body):
    at = 0
    while at < len(body):
        if len(body) - at < 4:
            raise Malformed("%d bytes left over after the last element" % (len(body) - at))
        type_, length = struct.unpack_from(">HH", body, at)
        at += 4
        if length > len(body) - at:
            raise Malformed("element %d runs past its message" % type_)
        yield type_, body[at : at + length]
        at += length


def check_ap_indices(element, ap_count):
    for sample in element["samples"]:
        if sample["ap"] >= ap_count:
            raise Malformed("device-measurement: ap index %d of %d" % (sample["ap"], ap_count))


def decode_elements(layout, body, message):
    seen = set()
    ap_count = 0
    for type_, value in split_elements(body):
        element = ELEMENTS.get(type_)
        if element is None or element.name not in layout.listed:
            message["skipped"].append((type_, len(value)))
            continue
        if element.name in seen and element.name not in layout.many:
            raise Malformed("second %s" % element.name)
        seen.add(element.name)
        decoded, tail = element.decode(value)
        if element.name == "ap-table":
            ap_count += len(decoded["aps"])
        elif element.name == "device-measurement":
            check_ap_indices(decoded, ap_count)
        message["tails"] += 1 if tail else 0
        message["elements"].append(decoded)
    missing = layout.missing(seen)
    if missing:
        raise Malformed("no %s" % missing)


def decode(frame):
    """One whole frame -> message. Raises a WireError with the decoded header where there is one."""
    length = check_start(frame)
    if length != len(frame):
        raise BadLength("%d bytes given, the header says %s" % (len(frame), length))
    _, flags, id_, _, transaction = HEADER.unpack_from(frame)
    message = {"id": id_, "flags": flags, "transaction": transaction}
    layout = MESSAGES.get(id_)
    if layout is None:
        raise Unsupported("message id %d" % id_, dict(message))
    message.update(name=layout.name, elements=[], skipped=[], tails=0)
    try:
        decode_elements(layout, frame[HEADER_SIZE:], message)
    except Malformed as error:
        header = {key: message[key] for key in ("id", "name", "flags", "transaction")}
        raise Malformed(error.reason, header) from None
    return message


def frame_bytes(id_, transaction, body, flags=0, version=VERSION, length=None):
    """A frame around any body; the header's fields can be made wrong on purpose."""
    size = HEADER_SIZE + len(body) if length is None else length
    return HEADER.pack(version, flags, id_, size, transaction) + body


def element_bytes(type_, value):
    """An element around any value."""
    return struct.pack(">HH", type_, len(value)) + value


def encode(message):
    """Message -> one frame. `id` or `name` says which; flags and transaction default to 0."""
    id_ = message["id"] if "id" in message else MESSAGES_BY_NAME[message["name"]].id
    body = b"".join(ELEMENTS_BY_NAME[e["element"]].encode(e) for e in message["elements"])
    return frame_bytes(id_, message.get("transaction", 0), body, message.get("flags", 0))


def first(message, name):
    """The first element of that name, or None."""
    return next((e for e in message["elements"] if e["element"] == name), None)


def every(message, name):
    return [e for e in message["elements"] if e["element"] == name]


# --- canonical dump (tests/vectors/README.md) -----------------------------------------------------


def dump(message):
    """The canonical dump as a list of lines."""
    lines = [
        "message %d flags 0x%02x transaction %d"
        % (message["id"], message["flags"], message["transaction"])
    ]
    for element in message["elements"]:
        lines.extend(ELEMENTS_BY_NAME[element["element"]].show(element))
    return lines
