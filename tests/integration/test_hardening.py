#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers that come and go, stall, flood and talk nonsense: what they cost the agent, and that they delay nobody.

Memory is judged by what the process holds for itself (private dirty pages), and only where no sanitizer and no
valgrind keep memory of their own. With NMSPD_TEST_FULL a server dials for over 30 s, otherwise for about 6.
"""

import os
import re
import socket
import ssl
import struct
import unittest

import bed
import nmsp_wire as wire
from bed import SERVER_MACS, Keys, configuration, free_port, until
from scene import ALICE, AP0, APS, BOB, CAROL, Scene, readings

FULL = bool(os.environ.get("NMSPD_TEST_FULL"))
STRANGER = "00:50:56:9c:34:99"
# What one session may hold: 64 KiB of messages, 64 KiB of echoes, a record of 16 KiB, 80 KiB of input; and wolfSSL,
# which keeps a record of each direction, keys and certificates.
SESSION_BOUND = (64 + 64 + 16 + 80 + 96) * 1024


class Hardening(Scene):
    # --- what the agent says of itself ---

    def proc(self, name):
        with open("/proc/%d/%s" % (self.agent.process.pid, name), encoding="ascii") as file:
            return file.read()

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.agent.process.pid))

    def private(self):
        """Bytes of memory that are the agent's alone."""
        return int(re.search(r"Private_Dirty: +(\d+) kB", self.proc("smaps_rollup")).group(1)) * 1024

    def memory_is_its_own(self):
        with open("/proc/%d/exe" % self.agent.process.pid, "rb") as program:
            if b"__gcov_dump" in program.read():
                return False  # counters of coverage, written as code is reached for the first time
        virtual = int(re.search(r"VmSize:\s+(\d+) kB", self.proc("status")).group(1))
        return not bed.WRAPPER and virtual < 1 << 30  # AddressSanitizer reserves terabytes

    def count(self, what, title=""):
        """The number that the report gives this name, in a line that holds the title."""
        for line in self.agent.report():
            found = title in line and re.search(r"\b%s=(\d+)" % what, line)
            if found:
                return int(found.group(1))
        raise AssertionError("no %s in the report" % what)

    def has(self, pattern):
        return any(re.search(pattern, line) for line in self.agent.report())

    # --- peers by hand ---

    def context(self, mac):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(*Keys.of(mac))
        return context

    def connect(self, port, source="127.0.0.1"):
        sock = socket.create_connection(("127.0.0.1", port), bed.PATIENCE, (source, 0))
        self.addCleanup(sock.close)
        return sock

    def abort(self, sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def wait_end(self, sock):
        """Until the agent has closed."""
        try:
            while sock.recv(65536):
                pass
        except OSError:
            pass
        sock.close()

    # --- what servers were told ---

    def assert_one_a_tick(self, mse, begin, wanted):
        """So many notifications more, one for each tick of a second by the agent's own clock."""
        told = [one["timestamp_ms"] for one in mse.of("message", begin)
                if one["message"] == "measurement-notification"]
        while len(told) < wanted:
            told.append(mse.wait("message", message="measurement-notification")["timestamp_ms"])
        self.assertEqual(len(told) - 1, round((told[-1] - told[0]) / 1000))

    def pictures(self, mse):
        """What stands after all that this server was told."""
        stand = {}
        for message in mse.of("message"):
            for one in message.get("measurements", []):
                stand[one["mac"]] = one
                if one["gone"]:
                    del stand[one["mac"]]
        return stand


class Cycles(Hardening):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def refuse(self):
        """A stranger with a certificate that no list has."""
        sock = self.connect(self.port)
        try:
            tls = self.strange.wrap_socket(sock)
        except OSError:
            return
        self.wait_end(tls)

    def drop(self):
        """A session that the peer resets once it is up."""
        tls = self.listed.wrap_socket(self.connect(self.port))
        tls.recv(65536)
        self.abort(tls)

    def leave(self):
        """A session that the peer closes in order."""
        tls = self.listed.wrap_socket(self.connect(self.port))
        tls.recv(65536)
        tls.sendall(wire.frame_bytes(1, 1, b""))
        tls.recv(65536)
        try:
            tls.unwrap()
        except (OSError, ssl.SSLError):
            pass
        self.wait_end(tls)

    def knock(self):
        self.abort(self.connect(self.port))

    def blather(self):
        sock = self.connect(self.port)
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.wait_end(sock)

    def idle(self):
        """Nothing of the cycles is left."""
        return self.has("listener: port=") and not self.has(r"report: from [^ ]+: .*phase=")

    def is_tidy(self):
        """What handshakes leave behind is given back a second later."""
        return self.count("tls-memory") < 1 << 20

    def run_cycles(self, count):
        steps = (self.refuse, self.drop, self.leave, self.knock, self.blather)
        for i in range(count):
            steps[i % len(steps)]()
            if i % len(steps) == 4:
                until(self.idle, "a round of cycles has ended")

    @unittest.skipIf(bed.EMULATED, "qemu-user's own memory grows with the code that it has translated")
    def test_cycles_of_connect_refuse_and_drop_leave_memory_and_descriptors_flat(self):
        total = 100 if bed.WRAPPER else 1000
        mse = self.mse(mac=SERVER_MACS[1])
        self.strange, self.listed = self.context(STRANGER), self.context(SERVER_MACS[0])
        self.play([mse], *APS, "join %s ap=0" % ALICE, listen={"port": self.port, "throttle": bed.UNTHROTTLED})
        self.hear(ALICE, 0, -45)
        self.agent.wait("listener: waiting")
        mse.wait_session()
        mse.wait_picture(ALICE)
        before = self.descriptors()
        self.run_cycles(total // 10)
        until(self.is_tidy, "the library's caches are empty")
        memory = self.private()
        self.run_cycles(total - total // 10)
        until(self.is_tidy, "the library's caches are empty")
        grown = self.private() - memory
        until(lambda: self.descriptors() <= before, "as many descriptors as before")
        if self.memory_is_its_own():
            # A step of the heap is no slope. The first cycles pay for what wolfSSL makes once.
            self.assertLessEqual(grown, 132 * 1024)
        print("\n%d cycles: %+d bytes, %d descriptors before and %d after" %
              (total, grown, before, self.descriptors()))
        self.assertEqual(self.count("accepted", "listener: "), total)
        self.assertEqual(self.count("disconnections", "server "), 0)
        mse.wait_picture(ALICE)
        self.assert_no_violation(mse)


class Slow(Hardening):
    def test_stalled_handshakes_and_a_slow_server_delay_nobody_and_the_slow_one_is_right_in_the_end(self):
        port = free_port()
        slow = self.mse("--recv-buffer", "4096", "--stall-after", "3")
        quick = self.mse(mac=SERVER_MACS[1])
        self.play([slow, quick], *APS, "crowd 1500 ap=0 rssi=-50 every=500", "join %s ap=0" % ALICE,
                  "join %s ap=0" % BOB, listen={"port": port, "throttle": bed.UNTHROTTLED})
        self.hear(ALICE, 0, -45)
        self.hear(BOB, 0, -55)
        slow.wait("stalled")
        quick.wait_session()
        quick.wait_picture(BOB)
        # Twelve of them may wait; four of each of sixteen addresses try.
        stalled = [self.connect(port, "127.0.0.%d" % (2 + i // 4)) for i in range(64)]
        until(lambda: self.has("accepted=64 closed-at-once=0 throttled=0 evicted=52"), "all have been seen")
        begin = len(quick.take_rest())
        self.agent.scene("leave %s ap=0" % BOB, "join %s ap=1" % CAROL)
        self.hear(CAROL, 1, -61)
        self.hear(ALICE, 0, -33)
        for _ in range(5):
            quick.wait_picture(ALICE, lambda one: readings(one) == [(AP0, -33)])
        told = [one["timestamp_ms"] for one in quick.of("message", begin)
                if one["message"] == "measurement-notification"]
        ticks = {round((told[-1] - stamp) / 1000) for stamp in told}  # several messages a tick
        self.assertEqual(ticks, set(range(len(ticks))))
        self.assertGreaterEqual(len(ticks), 5)
        until(lambda: self.count("missed-ticks", "port %d" % slow.port) > 0, "the slow one misses ticks")
        self.assertEqual(self.count("missed-ticks", "port %d" % quick.port), 0)
        self.assertEqual(slow.of("resumed"), [])
        slow.do("resume")
        slow.wait_picture(CAROL)
        slow.wait_picture(ALICE, lambda one: readings(one) == [(AP0, -33)])
        stand = self.pictures(slow)
        self.assertEqual((len(stand), BOB in stand, CAROL in stand), (1502, False, True))
        self.assertEqual(self.count("disconnections", "port %d" % slow.port), 0)
        self.assert_no_violation(slow, quick)
        for sock in stalled:
            sock.close()


class Hostile(Hardening):
    def beside(self, *arguments):
        """A server that misbehaves, and one beside it that must not notice."""
        hostile, other = self.mse(*arguments), self.mse(mac=SERVER_MACS[1])
        self.play([hostile, other], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        other.wait_session()
        other.wait_picture(ALICE)
        self.other = other
        self.begin = len(other.take_rest())
        return hostile

    def assert_nobody_noticed(self):
        self.assert_one_a_tick(self.other, self.begin, 3)
        self.assertEqual(self.count("missed-ticks", "port %d" % self.other.port), 0)
        self.assertEqual(self.other.of("disconnected"), [])
        self.assert_no_violation(self.other)

    def test_a_peer_that_sends_every_byte_alone_gets_its_session(self):
        hostile = self.beside("--broken", "byte-at-a-time")
        hostile.wait_session()
        hostile.wait_picture(ALICE)
        self.assert_one_a_tick(hostile, len(hostile.take_rest()), 3)
        self.assert_no_violation(hostile)
        self.assert_nobody_noticed()

    def test_noise_after_authorisation_ends_the_session_and_nothing_else(self):
        hostile = self.beside()
        hostile.wait_picture(ALICE)
        mark = self.agent.mark()
        hostile.do("broken", kind="noise=65536")
        self.agent.wait("port %d|:%d: session down after .*does not speak this protocol" %
                        (hostile.port, hostile.port), mark)
        hostile.wait("disconnected")
        hostile.wait_session()  # it comes back
        self.assert_nobody_noticed()

    def test_frames_of_noise_are_counted_and_end_the_session(self):
        hostile = self.beside()
        hostile.wait_picture(ALICE)
        mark = self.agent.mark()
        # Well-formed headers with noise behind them, 64 KiB in all.
        noise = bytes((i * 167 + 13) % 256 for i in range(4084))
        hostile.do("raw", hex="".join(wire.frame_bytes(30, i, noise).hex() for i in range(16)))
        self.agent.wait("session down after .*8 malformed messages", mark)
        self.assert_nobody_noticed()

    def test_a_peer_that_half_closes_is_over_and_comes_back(self):
        hostile = self.beside()
        hostile.wait_picture(ALICE)
        mark = self.agent.mark()
        hostile.do("half-close")
        self.agent.wait(":%d: session down after" % hostile.port, mark)
        hostile.wait("disconnected")
        hostile.wait_session()
        self.assert_nobody_noticed()

    def flood(self, kind, answered):
        """Sends it, and reads nothing; then reads everything."""
        hostile = self.beside("--recv-buffer", "4096")
        hostile.wait_picture(ALICE)
        memory = self.private()
        hostile.do("stall")
        hostile.wait("stalled")
        hostile.do("broken", kind=kind)

        def received():
            return self.count("received-frames", "port %d" % hostile.port)

        self.seen = -1

        def stands():
            before, self.seen = self.seen, received()
            return self.seen > 100 and self.seen == before

        until(stands, "the agent has stopped reading")
        if self.memory_is_its_own():
            # What reports took is given back a little later.
            until(lambda: self.private() - memory <= SESSION_BOUND, "the session stays within its bound")
        grown = self.private() - memory
        print("\n%s: %d frames taken, %+d bytes" % (kind, self.seen, grown))
        self.assert_nobody_noticed()
        hostile.do("resume")
        answers = 0
        while answers < answered[1]:
            hostile.wait("message", message=answered[0])
            answers += 1
        self.assertEqual(self.count("disconnections", "port %d" % hostile.port), 0)
        self.assert_no_violation(hostile)

    def test_a_flood_of_echoes_that_are_not_read_is_bounded_and_answered_when_they_are(self):
        self.flood("echo-flood=20000", ("echo-response", 20000))

    def test_a_flood_of_requests_that_are_not_read_is_bounded_and_answered_when_they_are(self):
        self.flood("request-flood=20000", ("measurement-response", 20000))


class Both(Hardening):
    def duel(self, with_mac):
        """The server dials all the time, and takes the agent's call."""
        port, mse_port = free_port(), free_port()
        mac = SERVER_MACS[0]
        config = configuration([("127.0.0.1", mse_port, mac if with_mac else None)], listen=port)
        self.start(config)
        self.agent.scene(*APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        self.agent.wait("listener: waiting")
        both = self.mse("--connect", "127.0.0.1:%d" % port, "--retry", "0.1", listen=mse_port)
        return both, "port %d" % mse_port

    def active(self):
        return len([line for line in self.agent.report() if " phase=active " in line])

    def sessions(self):
        return [self.count(what, "server ") for what in ("attempts", "connections", "disconnections")]

    def test_dial_and_accept_at_once_give_one_session_that_stays(self):
        wanted = 300 if FULL else 60  # ten a second at most
        both, title = self.duel(False)
        until(lambda: self.has("server 127.0.0.1 %s: .*phase=active" % title), "the agent's own session is up")
        until(lambda: self.active() == 1, "it is the only one")
        before, tried = self.sessions(), self.count("accepted", "listener: ")
        until(lambda: self.count("accepted", "listener: ") >= tried + wanted, "it has dialled again and again",
              6 * bed.PATIENCE)
        self.assertEqual(self.sessions(), before)
        self.assertEqual(self.active(), 1)
        self.assertEqual(before[1] - before[2], 1)
        print("\n%d more inbound connections: %s attempts, connections, disconnections" % (wanted, before))
        both.wait_picture(ALICE)

    def test_a_server_known_by_its_mac_is_not_dialled_while_its_own_session_stands(self):
        both, title = self.duel(True)
        until(lambda: self.active() == 1, "one session is up")
        before = self.sessions()
        for _ in range(5):
            both.wait_picture(ALICE)
        self.assertEqual((self.active(), self.sessions()), (1, before))
        self.assertTrue(self.has("server 127.0.0.1 %s: .*phase=(active|held)" % title))


if __name__ == "__main__":
    unittest.main(verbosity=2)
