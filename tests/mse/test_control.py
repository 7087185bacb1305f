#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the reference server told what to do: broken frames, stalls, commands, the end."""

import os
import select
import signal
import socket
import ssl
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import nmsp_broken as broken  # noqa: E402
import nmsp_wire as wire  # noqa: E402
from mse_harness import (  # noqa: E402
    PATIENCE,
    SessionCase,
    plain_connect,
)
from mse_samples import (  # noqa: E402
    AP,
    CLIENT,
    ap_table,
    message,
    picture,
    result,
    services,
    timestamp,
)


class BrokenTest(SessionCase):
    VERDICTS = {
        "bad-version": "bad-version",
        "bad-length-short": "bad-length",
        "bad-length-long": "bad-length",
        "unknown-id": "unsupported",
        "unknown-element": "ok",
        "truncated-element": "malformed",
        "short-element": "malformed",
        "duplicate-element": "malformed",
        "missing-element": "malformed",
        "remainder": "malformed",
        "bad-text": "malformed",
        "long-echo": "malformed",
        "malformed-flood": "malformed",
        "huge-filter": "ok",
        "echo-flood=2": "ok",
        "request-flood=2": "ok",
        "noise=20": "bad-version",
    }

    def test_every_kind_is_broken_in_the_way_it_says(self):
        for kind, verdict in self.VERDICTS.items():
            with self.subTest(kind):
                self.assertEqual(self.verdict(broken.frames(kind)), verdict)
        names = {kind.partition("=")[0] for kind in self.VERDICTS}
        self.assertEqual(set(broken.KINDS) - names, {"half-frame", "byte-at-a-time"})
        self.assertEqual(len(broken.frames("half-frame")), 10)
        self.assertEqual(len(broken.frames("noise=20")), 20)

    @staticmethod
    def verdict(data):
        splitter = wire.Splitter()
        splitter.feed(data)
        try:
            wire.decode(splitter.next())
        except wire.WireError as error:
            return error.verdict
        return "ok"

    def test_broken_bytes_follow_the_first_subscription(self):
        _, port = self.listen("--broken", "missing-element", "--broken", "bad-version")
        agent = self.agent(port)
        agent.join()
        with self.assertRaises(wire.Malformed):
            wire.decode(agent.frame())
        with self.assertRaises(wire.BadVersion):
            agent.frame()

    def test_answers_to_broken_requests_are_no_surprise(self):
        mse, port = self.listen("--broken", "missing-element")
        agent = self.agent(port)
        agent.join()
        agent.frame()
        agent.send(31, 9009, result(2), services())
        mse.wait("message", message="service-subscribe-response", transaction=9009)
        mse.do("quit")
        agent.frame()
        agent.close()
        self.assertFalse([line for line in mse.rest() if line["event"] == "violation"])

    def test_byte_at_a_time_puts_one_byte_into_each_record(self):
        mse, port = self.listen("--broken", "byte-at-a-time")
        agent = self.agent(port)
        agent.join()
        mse.wait("sent", message="byte-at-a-time")
        mse.do("echo", data="ff")
        sizes = [len(agent.sock.recv(65536)) for _ in range(17)]
        self.assertEqual(sizes, [1] * 17)

    def test_malformed_and_unsupported_messages_are_reported_and_survived(self):
        mse, agent = self.joined()
        agent.sock.sendall(wire.frame_bytes(15, 2, b"") + wire.frame_bytes(999, 1, b""))
        found = mse.wait("malformed")
        self.assertEqual((found["verdict"], found["header"]["id"]), ("malformed", 15))
        self.assertEqual(mse.wait("malformed")["verdict"], "unsupported")
        agent.send(1, 1)
        agent.receive(2)

    def test_a_broken_stream_is_closed_with_the_reason(self):
        mse, agent = self.joined()
        agent.sock.sendall(b"\x16\x03\x01")
        self.assertIsNone(agent.frame())
        agent.close()
        found = mse.wait("disconnected")
        self.assertEqual(found["reason"], "fatal: frame version 22")


class StallTest(SessionCase):
    ROUNDS = 20

    def is_stuck(self, mse, agent):
        """Whether the connection takes nothing although the server's loop goes round and round."""
        for _ in range(self.ROUNDS):
            if select.select([], [agent.sock], [], 0)[1]:
                return False
            mse.do("no such command")
            mse.wait("control-error")
        return True

    def fill(self, mse, agent):
        """Sends measurements until the connection is stuck; returns the frame that got stuck."""
        agent.sock.setblocking(False)
        deadline = time.monotonic() + PATIENCE
        pictures = [picture("00:00:5e:00:54:%02x" % i) for i in range(200)]
        frame = None
        while time.monotonic() < deadline:
            if frame is None:
                agent.notifications += 1
                elements = (timestamp(), ap_table(AP), *pictures)
                frame = wire.encode(message(15, agent.notifications, *elements))
            try:
                agent.sock.send(frame)
                frame = None
            except ssl.SSLWantWriteError:
                # The frame is inside the TLS engine and has to be sent again as it is.
                if self.is_stuck(mse, agent):
                    return frame
        self.fail("the server never stopped reading")

    def test_a_stalled_server_stops_reading_until_it_is_told_to_resume(self):
        mse, port = self.listen("--stall-after", "3", "--recv-buffer", "4096")
        agent = self.agent(port)
        agent.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        agent.join()
        frame = self.fill(mse, agent)
        self.assertIn("stalled", [line["event"] for line in mse.seen])
        numbers = [line["transaction"] for line in mse.seen if line.get("kind") == "notification"]
        self.assertEqual(max(numbers), 2)
        mse.do("resume")
        agent.sock.settimeout(PATIENCE)
        agent.sock.sendall(frame)
        mse.wait("message", message="measurement-notification", transaction=agent.notifications)
        self.assertFalse([line for line in mse.seen if line["event"] == "violation"])

    def test_a_stall_can_end_by_itself(self):
        mse, port = self.listen("--stall-after", "3", "--stall-for", "0.2")
        agent = self.agent(port)
        agent.join()
        for _ in range(3):
            agent.measure()
        mse.wait("stalled")
        mse.wait("resumed")
        mse.wait("message", transaction=4)

    def test_a_stalled_server_still_sends(self):
        mse, agent = self.joined()
        mse.do("stall")
        mse.wait("stalled")
        mse.do("echo", data="77")
        agent.receive(1)
        mse.do("close")
        self.assertIsNone(agent.frame())


class ControlTest(SessionCase):
    def test_requests_go_out_as_told_and_their_answers_are_printed(self):
        mse, agent = self.joined()
        mse.do("measurement-request", services="rssi-ms", devices=[CLIENT], aps=[AP], tag="q1")
        request = agent.receive(13)
        expected = ["services mask=0x0000000000000001", "device-filter", "  mac " + CLIENT]
        self.assertEqual(wire.dump(request)[1:], expected + ["ap-filter", "  mac " + AP])
        self.assertEqual(mse.wait("done", do="measurement-request")["tag"], "q1")
        number = request["transaction"]
        agent.send(14, number, result(), timestamp(), ap_table(AP), picture(), flags=1)
        agent.send(14, number, result(), timestamp())
        self.assertTrue(mse.wait("message", message="measurement-response")["more"])
        self.assertFalse(mse.wait("message", message="measurement-response")["more"])
        mse.do("information-request")
        self.assertEqual(wire.first(agent.receive(16), "services")["mask"], 0xA00)
        mse.do("statistics-request", devices=[])
        self.assertEqual(wire.first(agent.receive(20), "device-filter")["macs"], [])

    def test_a_new_subscription_replaces_the_old_one(self):
        mse, agent = self.joined()
        mse.do("subscribe", services="0x20", intervals={"rssi-ms-associated-only": 7})
        request = agent.grant()
        self.assertEqual(wire.first(request, "services")["mask"], 0x20)
        self.assertEqual(
            wire.first(request, "interval"), {"element": "interval", "bit": 5, "seconds": 7}
        )

    def test_raw_bytes_and_broken_kinds_are_sent_at_any_time(self):
        mse, agent = self.joined()
        mse.do("raw", hex=wire.frame_bytes(1, 99, b"").hex())
        self.assertEqual(agent.receive(1)["transaction"], 99)
        mse.do("broken", kind="unknown-id")
        with self.assertRaises(wire.Unsupported):
            wire.decode(agent.frame())

    def test_a_late_capability_can_be_sent_by_hand(self):
        mse, port = self.listen("--no-capability", "--no-subscribe")
        agent = self.agent(port)
        mse.wait("connected")
        mse.do("capability")
        agent.receive(7)

    def test_bad_commands_are_refused_and_survived(self):
        mse, agent = self.joined()
        mse.process.stdin.write(b"nonsense\n[]\n{}\n")
        mse.process.stdin.flush()
        for _ in range(3):
            mse.wait("control-error")
        wrong = (
            ("subscribe", {"services": "everything"}),
            ("subscribe", {"services": "rssi-ms", "intervals": {"rssi-ms": 70000}}),
            ("raw", {"hex": "0"}),
            ("broken", {"kind": "heart"}),
            ("echo", {"session": 99}),
            ("measurement-request", {"devices": ["nobody"]}),
        )
        for word, facts in wrong:
            with self.subTest(word):
                mse.do(word, **facts)
                mse.wait("control-error")
        mse.do("echo")
        agent.receive(1)

    def test_a_half_close_still_reads(self):
        mse, agent = self.joined()
        mse.do("half-close")
        self.assertIsNone(agent.frame())
        agent.measure()
        mse.wait("message", message="measurement-notification")
        agent.close()
        mse.wait("disconnected")

    def test_an_abort_is_a_reset(self):
        mse, agent = self.joined()
        mse.do("abort")
        self.assertIn("aborted", mse.wait("disconnected")["reason"])
        # Python's ssl shows a reset as the end of the stream; the socket below knows better.
        with socket.socket(fileno=os.dup(agent.sock.fileno())) as plain:
            plain.settimeout(PATIENCE)
            with self.assertRaises(ConnectionResetError):
                plain.recv(1)

    def test_quit_and_the_end_of_commands_close_properly_with_status_0(self):
        for way in (lambda mse: mse.do("quit"), lambda mse: mse.process.stdin.close()):
            mse, agent = self.joined()
            way(mse)
            self.assertIsNone(agent.frame())
            agent.close()
            self.assertEqual(mse.exit_status(), 0)

    def test_signals_close_properly_with_status_0(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            mse, agent = self.joined()
            mse.process.send_signal(number)
            self.assertIsNone(agent.frame())
            agent.close()
            self.assertEqual(mse.exit_status(), 0)
            self.assertIn("stops", mse.rest()[-1]["reason"])

    def test_once_ends_with_the_first_session_but_not_with_a_failed_handshake(self):
        mse, port = self.listen("--once")
        with plain_connect(port):
            pass
        mse.wait("handshake-failed")
        agent = self.agent(port)
        agent.join()
        agent.close()
        self.assertEqual(mse.exit_status(), 0)


if __name__ == "__main__":
    unittest.main()
