# SPDX-License-Identifier: GPL-2.0-or-later
"""What the server tells its reader: messages as JSON-ready dicts (README.md), or as table lines."""

import datetime
import ipaddress
import json
import textwrap
import time

import nmsp_wire as wire

BANDS = {0: None, 1: "2.4", 2: "5", 3: "6"}
CLASSES = {1: "client", 2: "tag", 3: "rogue-ap", 4: "rogue-client", 5: "own-ap"}
ANTENNAS = {0: "A", 1: "B", 255: "combined"}
SOURCES = {
    0: "unknown",
    1: "probe",
    2: "path-loss",
    3: "data",
    4: "beacon",
    5: "beacon-report",
    6: "link-measurement",
    7: "ack",
}
CLIENT_STATES = {1: "probing", 2: "associated", 3: "left"}
AP_STATES = {0: "down", 1: "up", 2: "removed"}
PROTOCOLS = {0: None, 1: "b", 2: "g", 3: "a", 4: "n", 5: "ac", 6: "ax", 7: "be"}
ENCRYPTIONS = {0: "none", 1: "wep", 2: "wpa", 3: "wpa2", 4: "wpa3", 255: None}
VENDORS = {0: None, 1: "g2", 2: "aeroscout"}
RESULTS = {0: "ok", 1: "unsupported", 2: "malformed", 4: "out-of-resources", 5: "not-permitted"}

ASSOCIATED, GONE, LOCAL = 0x01, 0x02, 0x04
AGE_UNIT_MS = 10


def named(table, value):
    """The profile's word for a number; a number it has no word for stays visible as text."""
    return table[value] if value in table else str(value)


def dbm(value):
    return None if value == -128 else value


def known(value):
    """Channel, width and VLAN: 0 is "none or unknown"."""
    return value or None


def iso_time(ms):
    try:
        moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def printable(octets):
    """Raw octets for a human: UTF-8 where it is, escapes for the rest and for controls."""
    text = octets.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in text)


# --- elements -------------------------------------------------------------------------------------


def ap_facts(ap):
    return {
        "ap_mac": ap["mac"],
        "slot": ap["slot"],
        "band": named(BANDS, ap["band"]),
        "channel": known(ap["channel"]),
        "tx_power": dbm(ap["tx_power"]),
        "noise": dbm(ap["noise"]),
    }


def sample_facts(sample, aps):
    ap = aps[sample["ap"]]
    return {
        "ap": sample["ap"],
        "ap_mac": ap["ap_mac"],
        "slot": ap["slot"],
        "band": ap["band"],
        "channel": ap["channel"],
        "antenna": named(ANTENNAS, sample["antenna"]),
        "source": named(SOURCES, sample["source"]),
        "rssi": dbm(sample["rssi"]),
        "snr": dbm(sample["snr"]),
        "age_ms": sample["age"] * AGE_UNIT_MS,
    }


def measurement_facts(element, aps):
    flags = element["flags"]
    return {
        "mac": element["mac"],
        "class": named(CLASSES, element["class"]),
        "flags": flags,
        "associated": bool(flags & ASSOCIATED),
        "gone": bool(flags & GONE),
        "local_mac": bool(flags & LOCAL),
        "samples": [sample_facts(sample, aps) for sample in element["samples"]],
    }


def client_facts(element):
    return {
        "mac": element["mac"],
        "ap_mac": element["ap"],
        "slot": element["slot"],
        "band": named(BANDS, element["band"]),
        "channel": known(element["channel"]),
        "state": named(CLIENT_STATES, element["state"]),
        "vlan": known(element["vlan"]),
        "protocol": named(PROTOCOLS, element["protocol"]),
        "addresses": [str(ipaddress.ip_address(a["hex"])) for a in element["addresses"]],
        "ssid": printable(element["ssid"]),
        "ssid_hex": element["ssid"].hex(),
        "user": printable(element["user"]),
        "user_hex": element["user"].hex(),
    }


def rogue_facts(element):
    return {
        "mac": element["mac"],
        "class": named(CLASSES, element["class"]),
        "ap_mac": element["ap"],
        "slot": element["slot"],
        "band": named(BANDS, element["band"]),
        "channel": known(element["channel"]),
        "encryption": named(ENCRYPTIONS, element["encryption"]),
        "first_seen_ms": element["first_seen"],
        "last_seen_ms": element["last_seen"],
        "ssid": printable(element["ssid"]),
        "ssid_hex": element["ssid"].hex(),
    }


def statistics_facts(element):
    facts = {key: value for key, value in element.items() if key != "element"}
    facts["class"] = named(CLASSES, element["class"])
    return facts


def tag_facts(element):
    facts = {key: value for key, value in element.items() if key != "element"}
    facts["vendor"] = named(VENDORS, element["vendor"])
    facts["tx_power"] = dbm(element["tx_power"])
    facts["payload"] = element["payload"].hex()
    return facts


def slot_facts(slot):
    return {
        "slot": slot["slot"],
        "band": named(BANDS, slot["band"]),
        "channel": known(slot["channel"]),
        "width": known(slot["width"]),
        "tx_power": dbm(slot["tx_power"]),
        "noise": dbm(slot["noise"]),
        "clients": slot["clients"],
        "utilisation": None if slot["utilisation"] == 255 else slot["utilisation"],
    }


def ap_info_facts(element):
    return {
        "ap_mac": element["mac"],
        "name": element["name"],
        "state": named(AP_STATES, element["state"]),
        "uptime": element["uptime"],
        "slots": [slot_facts(slot) for slot in element["slots"]],
    }


def bssids_facts(element):
    return {"ap_mac": element["mac"], "slot": element["slot"], "bssids": element["bssids"]}


def links_facts(element):
    return {
        "mac": element["mac"],
        "links": [
            {"mac": one["mac"], "ap_mac": one["ap"], "slot": one["slot"], "link_id": one["link_id"]}
            for one in element["links"]
        ],
    }


def bits(mask):
    return [bit for bit in range(32) if mask >> bit & 1]


def security_facts(element):
    flags = element["flags"]
    return {
        "mac": element["mac"],
        "akms": bits(element["akms"]),
        "ciphers": bits(element["ciphers"]),
        "mfp_capable": bool(flags & 1),
        "mfp_required": bool(flags & 2),
        "hidden_ssid": bool(flags & 4),
        "width": known(element["width"]),
        "beacon_interval": element["beacon_interval"],
    }


def service_name(bit):
    return wire.SERVICE_TABLE[bit] if bit < len(wire.SERVICE_TABLE) else "bit-%d" % bit


def services_facts(mask):
    return {"mask": "0x%016x" % mask, "names": wire.service_names(mask)}


# Elements that appear once: name -> (key, value from the element).
SINGLE = {
    "protocol-version": ("protocol_version", lambda e: {"min": e["min"], "max": e["max"]}),
    "services": ("services", lambda e: services_facts(e["mask"])),
    "sender-id": ("sender_id", lambda e: e["mac"]),
    "name": ("name", lambda e: e["text"]),
    "software": ("software", lambda e: e["text"]),
    "timestamp": ("timestamp_ms", lambda e: e["ms"]),
    "result": (
        "result",
        lambda e: {"code": e["code"], "name": named(RESULTS, e["code"]), "text": e["text"]},
    ),
    "echo-data": ("echo_data", lambda e: e["hex"].hex()),
    "device-filter": ("device_filter", lambda e: e["macs"]),
    "ap-filter": ("ap_filter", lambda e: e["macs"]),
}

# Elements that repeat: name -> (key of the list, item from the element).
REPEATED = {
    "interval": (
        "intervals",
        lambda e: {"bit": e["bit"], "service": service_name(e["bit"]), "seconds": e["seconds"]},
    ),
    "client-info": ("clients", client_facts),
    "rogue-info": ("rogues", rogue_facts),
    "device-statistics": ("statistics", statistics_facts),
    "tag-payload": ("tags", tag_facts),
    "ap-info": ("ap_infos", ap_info_facts),
    "ap-bssids": ("ap_bssids", bssids_facts),
    "client-links": ("client_links", links_facts),
    "rogue-security": ("rogue_securities", security_facts),
}


def message_facts(message):
    """A decoded message with the profile's numbers put into words. See README.md for every key."""
    facts = {
        "message": message["name"],
        "id": message["id"],
        "kind": wire.MESSAGES[message["id"]].kind,
        "transaction": message["transaction"],
        "flags": message["flags"],
        "more": bool(message["flags"] & wire.FLAG_MORE),
    }
    layout = wire.MESSAGES[message["id"]]
    for name, (key, _) in REPEATED.items():
        if name in layout.many:
            facts[key] = []
    if "device-measurement" in layout.many:
        facts.update(aps=[], measurements=[])
    for element in message["elements"]:
        name = element["element"]
        if name in SINGLE:
            key, value = SINGLE[name]
            facts[key] = value(element)
        elif name in REPEATED:
            key, item = REPEATED[name]
            facts[key].append(item(element))
        elif name == "ap-table":
            facts["aps"] += [ap_facts(ap) for ap in element["aps"]]
        else:
            facts["measurements"].append(measurement_facts(element, facts["aps"]))
    if "timestamp_ms" in facts:
        facts["timestamp"] = iso_time(facts["timestamp_ms"])
    if message.get("skipped"):
        facts["skipped"] = [{"type": type_, "length": size} for type_, size in message["skipped"]]
    if message.get("tails"):
        facts["tails"] = message["tails"]
    return facts


# --- output ---------------------------------------------------------------------------------------


class JsonReport:
    """One JSON object per line, flushed at once."""

    def __init__(self, stream, quiet=False):
        self.stream, self.quiet = stream, quiet

    @staticmethod
    def is_bulk(facts):
        return facts["kind"] == "notification" and facts["message"] != "capability-notification"

    def event(self, event, **facts):
        if self.quiet and event == "message" and self.is_bulk(facts):
            return
        line = {"event": event, "time": iso_time(int(time.time() * 1000))}
        line.update(facts)
        self.stream.write(json.dumps(line) + "\n")
        self.stream.flush()


TABLE_WIDTH = 100
TABLE_HEAD = "%-8s %-17s %-7s %-19s %-7s %4s %3s %6s  %s" % (
    "TIME",
    "DEVICE",
    "CLASS",
    "STRONGEST AP/SLOT",
    "CHANNEL",
    "RSSI",
    "SNR",
    "AGE",
    "ALSO HEARD BY",
)
TABLE_CLASSES = {"client": "client", "tag": "tag", "rogue-ap": "rogueAP", "rogue-client": "rogueCL"}


def or_dash(value):
    return "-" if value is None else str(value)


def radio_text(band, channel):
    """Band and channel in seven columns: 2.4G/13, 5G/149."""
    return "%s/%s" % ("-" if band is None else band + "G", or_dash(channel))


def strongest_by_radio(samples):
    """The best sample of each AP and slot, strongest first."""
    best = {}
    for sample in samples:
        radio = (sample["ap_mac"], sample["slot"])
        strength = -129 if sample["rssi"] is None else sample["rssi"]
        if radio not in best or strength > best[radio][0]:
            best[radio] = (strength, sample)
    return [sample for _, sample in sorted(best.values(), key=lambda pair: -pair[0])]


def others_text(samples, room):
    """Further radios as "..a1/0 -70", as many as fit; what does not fit is counted."""
    text = ""
    for index, sample in enumerate(samples):
        word = "..%s/%d %s" % (sample["ap_mac"][-2:], sample["slot"], or_dash(sample["rssi"]))
        rest = len(samples) - index
        longer = text + ("  " if text else "") + word
        if len(longer) + (4 if rest > 1 else 0) > room:
            return (text + " +%d" % rest).strip()
        text = longer
    return text


def picture_line(clock, measurement):
    kind = TABLE_CLASSES.get(measurement["class"], "?" + measurement["class"][:6])
    # An associated client carries a mark, since a location server treats it unlike a passer-by.
    kind += "*" if measurement["associated"] else ""
    start = "%-8s %-17s %-7s " % (clock, measurement["mac"], kind)
    if measurement["gone"]:
        return start + "gone"
    radios = strongest_by_radio(measurement["samples"])
    if not radios:
        return start + "heard by no AP"
    top = radios[0]
    line = start + "%-19s %-7s %4s %3s %5.1fs  " % (
        "%s/%d" % (top["ap_mac"], top["slot"]),
        radio_text(top["band"], top["channel"]),
        or_dash(top["rssi"]),
        or_dash(top["snr"]),
        top["age_ms"] / 1000,
    )
    return (line + others_text(radios[1:], TABLE_WIDTH - len(line))).rstrip()


class TableReport:
    """One line of at most 100 columns for every device picture, short lines for the rest."""

    HEAD_EVERY = 40

    def __init__(self, stream):
        self.stream = stream
        self.lines = self.HEAD_EVERY

    def write(self, line):
        # Names and SSIDs come from strangers: none of it may reach the terminal as a control.
        line = "".join(c if c.isprintable() else "?" for c in line)
        self.stream.write(line[:TABLE_WIDTH].rstrip() + "\n")
        self.stream.flush()

    def say(self, clock, text):
        """Something that is no device: as many lines as it takes."""
        lines = textwrap.wrap(text, TABLE_WIDTH - len(clock) - 4, break_on_hyphens=False)
        for index, line in enumerate(lines):
            self.write("%s %s %s" % (clock, "  " if index else "--", line))

    def picture(self, clock, measurement):
        if self.lines >= self.HEAD_EVERY:
            self.write(TABLE_HEAD)
            self.lines = 0
        self.write(picture_line(clock, measurement))
        self.lines += 1

    def event(self, event, **facts):
        clock = time.strftime("%H:%M:%S")
        if event == "message":
            self.message(clock, facts)
            return
        words = self.WORDS.get(event)
        if words:
            values = {key: or_dash(value) for key, value in facts.items()}
            self.say(clock, words % values)

    WORDS = {
        "listening": "listening on %(address)s port %(port)s",
        "connect-failed": "cannot connect to %(address)s: %(error)s",
        "connected": "session %(session)s: %(peer)s, %(tls)s %(cipher)s",
        "handshake-failed": "%(peer)s: TLS handshake failed: %(error)s",
        "disconnected": "session %(session)s ended: %(reason)s",
        "malformed": "session %(session)s: malformed message: %(error)s",
        "violation": "session %(session)s: the agent breaks the rule %(rule)s: %(detail)s",
        "control-error": "command refused: %(error)s",
    }

    def message(self, clock, facts):
        for measurement in facts.get("measurements", ()):
            self.picture(clock, measurement)
        for client in facts.get("clients", ()):
            self.client(clock, client)
        for rogue in facts.get("rogues", ()):
            place = (
                clock,
                rogue["mac"],
                rogue["class"],
                rogue["ap_mac"],
                or_dash(rogue["channel"]),
            )
            self.write('%s %s info    %s at %s channel %s "%s"' % (place + (rogue["ssid"],)))
        for item in facts.get("statistics", ()):
            numbers = (item["rx_bytes"], item["tx_bytes"], item["connected"])
            self.write(
                "%s %s stats   rx %d bytes, tx %d bytes, connected %d s"
                % ((clock, item["mac"]) + numbers)
            )
        for tag in facts.get("tags", ()):
            place = (clock, tag["mac"], tag["sequence"], tag["payload"])
            self.write("%s %s tag     sequence %d payload %s" % place)
        for ap in facts.get("ap_infos", ()):
            slots = " ".join(radio_text(s["band"], s["channel"]) for s in ap["slots"])
            place = (clock, ap["ap_mac"], ap["state"], slots, ap["name"])
            self.write('%s %s AP      %s %s "%s"' % place)
        self.short(clock, facts)

    def client(self, clock, client):
        where = "%s/%d" % (client["ap_mac"], client["slot"])
        radio = radio_text(client["band"], client["channel"])
        extra = " ".join(client["addresses"] + ([client["user"]] if client["user"] else []))
        facts = (clock, client["mac"], client["state"], where, radio, client["ssid"], extra)
        self.write('%s %s info    %s at %s %s "%s" %s' % facts)

    def short(self, clock, facts):
        session = facts["session"]
        if facts["message"] == "capability-notification":
            names = ",".join(facts["services"]["names"])
            who = facts.get("name") or facts["sender_id"]
            self.say(clock, "session %s: %s offers %s" % (session, who, names.replace(",", " ")))
        elif facts["message"] == "service-subscribe-response":
            names = ",".join(facts["services"]["names"]) or "nothing"
            outcome = "%s: granted %s" % (facts["result"]["name"], names.replace(",", " "))
            self.say(clock, "session %s: subscription %s" % (session, outcome))
