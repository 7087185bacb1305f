#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The listener and unfriendly clients, servers that are away or mute: nmspd on loopback."""

import signal
import socket
import unittest

import bed
from bed import configuration, free_port, until


class Trouble(bed.Case):
    def test_a_server_that_is_killed_is_dialled_again_with_growing_pauses(self):
        mse = self.mse()
        self.start(configuration([mse.port]))
        mse.wait_session()
        mark = self.agent.mark()
        mse.process.kill()
        self.agent.wait("session down after", mark)
        first = int(self.agent.wait(r"no session: .*refused; next try in (\d+) ms", mark).group(1))
        self.assertTrue(1500 <= first <= 2500, first)  # the second pause: the first was 1 s
        again = self.mse(listen=mse.port)
        again.wait_session()
        self.agent.wait("server .* session up", mark)
        # The same reason once, however often.
        self.assertEqual(len(self.agent.said("no session: ", mark)), 1)

    def test_a_name_that_does_not_resolve_is_told_and_tried_again(self):
        mse = self.mse()
        self.start(configuration([("no-such-host.invalid", 16113, None), mse.port]))
        mse.wait_session()  # meanwhile the other one has its session
        self.agent.wait("server no-such-host.invalid:16113: no session: its name cannot be resolved: ")

    def test_a_server_that_never_answers_the_handshake_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            self.start(configuration([mute.getsockname()[1]]))
            self.agent.wait("no session: .*did not complete the TLS handshake within 10 s")

    def test_a_second_signal_stops_at_once(self):
        mse = self.mse("--recv-buffer", "4096")
        self.start(configuration([mse.port]))
        mse.wait_session()
        mse.process.send_signal(signal.SIGSTOP)
        self.addCleanup(mse.process.send_signal, signal.SIGCONT)
        self.agent.signal(signal.SIGTERM)
        self.agent.signal(signal.SIGINT)
        self.assertIn(self.agent.process.wait(bed.PATIENCE), (0, 1))


class Listener(bed.Case):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.start(configuration(listen=self.port))
        self.agent.wait("listener: waiting")

    def connect(self, source="127.0.0.1"):
        client = socket.create_connection(("127.0.0.1", self.port), source_address=(source, 0))
        client.settimeout(bed.PATIENCE)
        self.addCleanup(client.close)
        return client

    def is_closed(self, client):
        client.setblocking(False)
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            client.settimeout(bed.PATIENCE)

    def counted(self):
        line = next(line for line in self.agent.report() if "closed-at-once=" in line)
        return line

    def test_one_address_can_stall_four_connections_and_the_oldest_goes_for_the_fifth(self):
        stalled = [self.connect() for _ in range(4)]
        until(lambda: "accepted=4 closed-at-once=0" in self.counted(), "all are in")
        extra = self.connect()
        until(lambda: self.is_closed(stalled[0]), "the first is closed")
        self.assertFalse(any(self.is_closed(client) for client in stalled[1:] + [extra]))
        self.assertIn("accepted=5 closed-at-once=0 throttled=0 evicted=1", self.counted())
        self.agent.wait("from 127.0.0.1:.*: no session: its place was given to another connection that came in")
        self.agent.wait("from 127.0.0.1:.*: cause: More connections were waiting to be authorised than there are places")
        self.assertTrue([line for line in self.agent.report() if "code=crowded-out" in line])
        # Another address has places of its own.
        other = self.connect("127.0.0.2")
        until(lambda: "accepted=6 closed-at-once=0" in self.counted(), "another address is let in")
        self.assertFalse(self.is_closed(other))
        stalled.pop().close()
        until(lambda: " handshakes-failed=1" in self.counted(), "one has left")
        self.assertFalse(self.is_closed(self.connect()))

    def test_all_strangers_together_may_stall_twelve_and_none_keeps_another_one_out(self):
        self.agent.reload(configuration(listen={"port": self.port, "throttle": bed.UNTHROTTLED}))
        stalled = [self.connect("127.0.0.%d" % (2 + number // 4)) for number in range(12)]
        extra = self.connect("127.0.0.9")
        until(lambda: self.is_closed(stalled[0]), "the oldest is closed")
        self.assertFalse(any(self.is_closed(client) for client in stalled[1:] + [extra]))

    def test_who_comes_to_nothing_too_often_is_throttled_and_gets_in_once_it_is_let_in(self):
        for _ in range(6):
            client = self.connect("127.0.0.3")
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            try:
                while client.recv(1000):
                    pass
            except OSError:
                pass
        extra = self.connect("127.0.0.3")
        until(lambda: self.is_closed(extra), "the seventh is closed at once")
        self.agent.wait("from 127.0.0.3:.*: closed at once: too many connections came to nothing lately")
        self.agent.wait("from 127.0.0.3:.*: cause: Too many connections from this address")
        self.assertIn("throttled=1", self.counted())
        self.assertEqual(len([line for line in self.agent.report() if "from 127.0.0.3:" in line and "code=" in line]), 2)
        mark = self.agent.reload(configuration(listen={"port": self.port, "throttle": bed.UNTHROTTLED}))
        self.agent.wait("reload: ", mark)
        client = self.connect("127.0.0.3")
        until(lambda: "accepted=8 closed-at-once=0 throttled=1" in self.counted(), "another rate holds at once")
        self.assertFalse(self.is_closed(client))

    def test_a_configured_server_is_never_throttled(self):
        away = free_port()
        mark = self.agent.reload(configuration([away], listen=self.port))
        self.agent.wait("127.0.0.1:%d: no session" % away, mark)
        for _ in range(40):
            self.connect().close()
        until(lambda: "accepted=40 closed-at-once=0 throttled=0" in self.counted(), "all came in")

    def test_a_connection_that_says_nothing_is_closed_after_ten_seconds(self):
        silent = self.connect()
        self.agent.wait("from 127.0.0.1.*did not complete the TLS handshake within 10 s")
        until(lambda: self.is_closed(silent), "it is closed")

    def test_noise_instead_of_tls_is_refused(self):
        client = self.connect()
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        self.agent.wait("from 127.0.0.1.*no session: TLS: ")
        while client.recv(1000):
            pass

    def test_a_port_that_is_taken_is_told_and_tried_again(self):
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            taken = holder.getsockname()[1]
            mark = self.agent.reload(configuration(listen=taken))
            self.agent.wait("error: listener: cannot listen on .* port %d: .*another program" % taken, mark)
            self.assertTrue([line for line in self.agent.report() if "listener: trouble: " in line])
        self.agent.wait("listener: waiting .* port %d" % taken, mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
