# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the reference server share: golden vectors, short ways to write messages."""

import glob
import os

import nmsp_wire as wire

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors")
PUBLIC_SPKI = os.path.join(HERE, "..", "data", "ssc-spki.der")
SERVER = os.path.join(HERE, "nmsp-mse")

MSE_MAC, AGENT_MAC = "00:50:56:9c:34:89", "00:00:5e:00:53:a0"
AP, CLIENT = "00:00:5e:00:53:a0", "00:00:5e:00:53:01"


# --- golden vectors -------------------------------------------------------------------------------


class Vector:
    def __init__(self, file, lines):
        self.file = os.path.basename(file)
        pairs = [line.partition(" ")[::2] for line in lines]
        self.keywords = [keyword for keyword, _ in pairs]
        self.name = dict(pairs).get("name")
        self.verdict = dict(pairs).get("verdict")
        self.reencode = dict(pairs).get("reencode") != "no"
        self.bytes = bytes.fromhex("".join(rest for keyword, rest in pairs if keyword == "hex"))
        self.text = [rest for keyword, rest in pairs if keyword == "text"]

    def verdict_found(self):
        try:
            return "ok", wire.decode(self.bytes)
        except wire.WireError as error:
            return error.verdict, None


def load_vectors():
    vectors = []
    for path in sorted(glob.glob(os.path.join(VECTORS, "*.vec"))):
        with open(path, encoding="ascii") as file:
            lines = file.read().split("\n")
        record = []
        for line in lines + [""]:
            if line and not line.startswith("#"):
                record.append(line)
            elif not line and record:
                vectors.append(Vector(path, record))
                record = []
    return vectors


# --- messages -------------------------------------------------------------------------------------


def timestamp(ms=1700000000000):
    return {"element": "timestamp", "ms": ms}


def ap_table(*macs, slot=0):
    entry = {"slot": slot, "band": 1, "channel": 6, "tx_power": 20, "noise": -92}
    return {"element": "ap-table", "aps": [dict(entry, mac=mac) for mac in macs]}


def sample(ap=0, rssi=-45, **other):
    return dict({"ap": ap, "antenna": 255, "source": 3, "rssi": rssi, "snr": 47, "age": 3}, **other)


def picture(mac=CLIENT, samples=None, class_=1, flags=1):
    samples = [sample()] if samples is None else samples
    return {
        "element": "device-measurement",
        "mac": mac,
        "class": class_,
        "flags": flags,
        "samples": samples,
    }


def gone(mac=CLIENT):
    return picture(mac, [], flags=2)


def message(id_, transaction, *elements, flags=0):
    return {"id": id_, "flags": flags, "transaction": transaction, "elements": list(elements)}


def services(*names):
    return {"element": "services", "mask": wire.service_mask(list(names))}


def result(code=0, text=""):
    return {"element": "result", "code": code, "text": text}


def capability(transaction=1, mask="all", least=1, most=1, mac=AGENT_MAC):
    return message(
        7,
        transaction,
        {"element": "protocol-version", "min": least, "max": most},
        {"element": "services", "mask": wire.service_mask(mask)},
        {"element": "sender-id", "mac": mac},
        timestamp(),
    )
