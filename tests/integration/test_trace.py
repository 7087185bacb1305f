#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The trace: the two flows of the technote, as an operator sees them, with OpenSSL at the other end in TLS 1.2.

What is compared is the order of events. Left out is what the technote's pair does not have: the server key exchange
(0x2150), for it used RSA key transport.
"""

import re
import select
import socket
import threading
import unittest

from bed import PATIENCE, SERVER_MACS, configuration, free_port, until
from scene import ALICE, APS, Scene

LINE = re.compile(r"report: trace: \[\d\d/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3} UTC ([0-9a-f]+) (\d+)\] (.*)$")

STATES = {
    0x6000: "before/accept initialization",
    0x2111: "SSLv3 read client hello B",
    0x2130: "SSLv3 write server hello A",
    0x2140: "SSLv3 write certificate A",
    0x2150: "SSLv3 write key exchange A",
    0x2160: "SSLv3 write certificate request A",
    0x2100: "SSLv3 flush data",
    0x2180: "SSLv3 read client certificate A",
    0x2182: "SSLv3 read client certificate C",
    0x2190: "SSLv3 read client key exchange A",
    0x21A0: "SSLv3 read certificate verify A",
    0x21C0: "SSLv3 read finished A",
    0x21D0: "SSLv3 write change cipher spec A",
    0x21E0: "SSLv3 write finished A",
    0x3: "SSL negotiation finished successfully",
}

BEFORE = [
    "allocate connection 0",
    "SSL_new() conn 0",
    (0x6000, 0x10), (0x6000, 0x2001),
    (0x2111, 0x2002), "WANT_READ",
    (0x2111, 0x2001), (0x2130, 0x2001), (0x2140, 0x2001), (0x2160, 0x2001), (0x2100, 0x2001),
    (0x2180, 0x2002), "WANT_READ",
    "calling authlist to validate cert",
]
FAILURE = BEFORE + [
    "Authlist authentication failed",
    (0x2182, 0x4008), (0x2182, 0x2002), "ssl_err: refused",
    "connection 0 freed",
]
SUCCESS = BEFORE + [
    "Authlist authentication successful",
    (0x2180, 0x2001), (0x2190, 0x2001), (0x21A0, 0x2001), (0x21C0, 0x2001),
    (0x21D0, 0x2001), (0x21E0, 0x2001), (0x2100, 0x2001),
    (0x3, 0x20), (0x3, 0x2002), "SSL_do_handshake() is done: TLSv1.2",
    "NMSP connection is up! conn 0",
    'NMSP_APP_MEAS_NOTIFY_MSG to "LocServer 0"',
]


class Relay:
    """Between a location server and the agent. What it passes on waits until the agent waits for it: told by
    wait_for(n), which comes back when the agent has said WANT_READ n times."""

    def __init__(self, port, wait_for):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, args=(port, wait_for), daemon=True)
        self.thread.start()

    def run(self, port, wait_for):
        with self.listener, self.listener.accept()[0] as server, \
                socket.create_connection(("127.0.0.1", port)) as agent:
            wait_for(1)
            agent.sendall(server.recv(65536))
            wait_for(2)
            other = {server: agent, agent: server}
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    try:
                        data = ready.recv(65536)
                        if not data:
                            return
                        other[ready].sendall(data)
                    except OSError:
                        return


class TraceCase(Scene):
    left_out = 0x2150  # the state that the technote's pair does not have
    mse_arguments = ("--tls", "1.2")

    def setUp(self):
        super().setUp()
        self.port = free_port()

    def configuration(self, level="debug", users=None):
        config = configuration(listen=self.port, users=users)
        config["nmspd-trace:trace"] = {"level": level}
        return config

    def begin(self, **facts):
        self.start(self.configuration(**facts))
        self.agent.wait("listener: waiting")

    def trace(self):
        """The lines of the trace, each with its number."""
        lines = []
        for line in self.agent.report():
            found = LINE.search(line)
            if found:
                self.assertEqual(int(found.group(2)), self.agent.process.pid)
                lines.append((int(found.group(1), 16), found.group(3)))
        return lines

    def events(self, number=0):
        """The trace's events: (state, where) or a text, without the prefix "conn N: " of that connection."""
        lines = [text for _, text in self.trace()]
        events = []
        while lines:
            text = lines.pop(0)
            found = re.match(r"SSL state = 0x(\w+); where = 0x(\w+); ret = 0x(\w+)$", text)
            if not found:
                events.append(re.sub("^conn %d: " % number, "", text))
                continue
            state, where, ret = (int(one, 16) for one in found.groups())
            self.assertIn((ret, lines.pop(0), lines.pop(0)), [
                (1, "ret_type_string=unknown", "ret_desc_string=unknown"),
                (0xFFFFFFFF, "ret_type_string=unknown", "ret_desc_string=unknown"),
                (0x22A, "ret_type_string=fatal", "ret_desc_string=bad certificate"),
                (0x100, "ret_type_string=warning", "ret_desc_string=close notify"),
            ])
            self.assertEqual(lines.pop(0), "SSL_state_string=" + STATES[state])
            if state != self.left_out:
                events.append((state, where))
        return events

    def flow(self, number=0):
        """The events of that connection and of what comes after it; numbered as if it were the first."""
        events = self.events(number)
        first = "allocate connection %d" % number
        events = events[events.index(first):] if first in events else []
        return [re.sub(r"\b(conn|connection|LocServer) %d\b" % number, r"\1 0", one) if isinstance(one, str) else one
                for one in events]

    def server(self, port):
        """A location server that connects there."""
        return self.mse(*self.mse_arguments, connect=port)

    def relayed(self, number=0):
        """A location server that connects, and keeps the agent waiting as the technote's did; as that connection."""
        def wait_for(times):
            until(lambda: self.flow(number).count("WANT_READ") >= times, "WANT_READ")

        relay = Relay(self.port, wait_for)
        self.addCleanup(relay.thread.join, PATIENCE)
        return self.server(relay.port)

    def assert_begins(self, events, wanted):
        """As many events as are wanted, in their order; of a text only the front part."""
        for got, want in zip(events, wanted):
            self.assertEqual(got[:len(want)] if isinstance(want, str) else got, want, events)
        self.assertGreaterEqual(len(events), len(wanted), events)

    def ended(self, number=0):
        """The events of a connection, once it has ended."""
        until(lambda: "connection 0 freed" in self.flow(number), "the end of the connection")
        return self.flow(number)


class Flows(TraceCase):
    def test_a_failure_is_told_in_the_order_of_the_technote(self):
        self.begin(users=SERVER_MACS[1:])
        self.relayed()
        self.agent.wait("not let in")
        events = self.ended()
        self.assert_begins(events, FAILURE)
        self.assertEqual(len(events), len(FAILURE))

    def test_a_success_is_told_in_the_order_of_the_technote(self):
        self.begin()
        self.agent.scene(*APS)
        mse = self.relayed()
        self.hear(ALICE, 0, -45)
        mse.wait_session()
        mse.wait_picture(ALICE)
        self.assert_begins(self.events(), SUCCESS)

    def test_numbers_go_up_by_one(self):
        self.begin(users=[])
        self.server(self.port)
        self.agent.wait("not let in")
        numbers = [number for number, _ in self.trace()]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_at_level_warning_only_what_went_wrong_is_told(self):
        self.begin(level="warning", users=[])
        self.server(self.port)
        self.agent.wait("not let in")
        self.assert_begins(self.events(), ["Authlist authentication failed", "ssl_err: "])
        self.assertEqual(len(self.events()), 2)

    def test_the_level_can_be_changed_while_it_runs(self):
        self.begin(level="err", users=[])
        self.server(self.port)
        self.agent.wait("not let in")
        self.assertEqual(self.trace(), [])
        config = configuration(listen=self.port, users=[])
        config["nmspd-trace:trace"] = {"level": "debug", "buffer-size": 4096}
        self.agent.reload(config)
        self.server(self.port)
        self.assertIn("calling authlist to validate cert", self.ended(1))
        self.assertTrue(self.agent.said("report: trace: level debug, 4096 bytes"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
