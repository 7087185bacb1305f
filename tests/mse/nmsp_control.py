# SPDX-License-Identifier: GPL-2.0-or-later
"""The control channel: a server that is told what to do while it runs."""

import json
import os
import selectors
import struct
import sys

import nmsp_broken as broken
import nmsp_identity as identity
import nmsp_session as session
import nmsp_wire as wire


def service_intervals(words):
    """{'rssi-ms': 5} or ['rssi-ms=5'] -> {bit: seconds}."""
    pairs = words.items() if isinstance(words, dict) else (word.split("=") for word in words)
    intervals = {}
    for service, seconds in pairs:
        service = str(service)
        known = service in wire.SERVICE_TABLE
        intervals[wire.SERVICE_TABLE.index(service) if known else int(service)] = int(seconds)
    return intervals


def mac_list(words):
    """None stays None (no filter); '' or [] is a filter that lets nothing through."""
    if words is None:
        return None
    macs = []
    for word in words.split(",") if isinstance(words, str) else words:
        if word:
            mac = identity.mac_in(word)
            if mac is None:
                raise ValueError("not a MAC address: %s" % word)
            macs.append(mac)
    return macs


class Control:
    """JSON commands on standard input. Its end means quit, so that no server outlives its test."""

    DEFAULT_SERVICES = {
        "measurement-request": "rssi-ms,rssi-rfid,rssi-rogue",
        "information-request": "info-ms,info-rogue",
        "statistics-request": "stats-ms,stats-rfid,stats-rogue",
    }

    def __init__(self, server):
        self.server = server
        self.descriptor = sys.stdin.fileno()
        self.buffer = b""
        server.selector.register(self.descriptor, selectors.EVENT_READ, self.readable)

    def close(self):
        self.server.selector.unregister(self.descriptor)

    def readable(self, _mask):
        data = os.read(self.descriptor, 65536)
        if not data:
            self.server.stop()
            return
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            if line.strip() and not self.server.stopping:
                self.line(line)

    def line(self, line):
        try:
            command = json.loads(line)
            word = command["do"]
            self.run(word, command)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            struct.error,
        ) as error:
            why = "%s: %s" % (type(error).__name__, error)
            self.server.report.event(
                "control-error", command=line.decode("utf-8", "replace"), error=why
            )
        else:
            self.server.report.event("done", do=word, tag=command.get("tag"))

    def run(self, word, command):
        if word == "quit":
            self.server.stop()
            return
        sessions = self.sessions(command)
        action = self.action(word, command)
        for one in sessions:
            one.guarded(lambda one=one: action(one))

    def sessions(self, command):
        number = command.get("session")
        opened = [s for s in self.server.sessions.values() if s.state == "open"]
        chosen = [s for s in opened if number in (None, s.number)]
        if not chosen:
            raise ValueError("no such session is open")
        return chosen

    def action(self, word, command):
        """The command as a function of a session; everything in it is checked here."""
        if word == "subscribe":
            elements = session.subscription(
                wire.service_mask(command["services"]),
                service_intervals(command.get("intervals", {})),
                mac_list(command.get("aps")),
                mac_list(command.get("devices")),
            )
            return lambda one: one.subscribe(elements)
        if word in self.DEFAULT_SERVICES:
            mask = wire.service_mask(command.get("services", self.DEFAULT_SERVICES[word]))
            elements = [{"element": "services", "mask": mask}]
            filters = mac_list(command.get("aps")), mac_list(command.get("devices"))
            elements += session.request_filters(*filters)
            return lambda one: one.send_request(word, elements)
        if word == "echo":
            data = bytes.fromhex(command["data"]) if "data" in command else None
            elements = [] if data is None else [{"element": "echo-data", "hex": data}]
            return lambda one: one.send_request("echo-request", elements)
        if word == "raw":
            data = bytes.fromhex(command["hex"])
            return lambda one: one.send_raw(data)
        if word == "broken":
            kind = command["kind"]
            broken.frames(kind)
            return lambda one: one.send_broken(kind)
        if word == "stall":
            seconds = command.get("seconds")
            return lambda one: one.stall(float(seconds) if seconds else None)
        if word == "echo-reply":
            on = bool(command["on"])
            return lambda one: setattr(one, "echo_reply", on)
        simple = {
            "capability": lambda one: one.send_capability(),
            "resume": lambda one: one.resume(),
            "close": lambda one: one.close("closed by this server"),
            "half-close": lambda one: one.half_close(),
            "abort": lambda one: one.abort(),
        }
        if word in simple:
            return simple[word]
        raise ValueError("no such command: %s" % word)
