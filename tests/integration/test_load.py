#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole program under load, beside a server that does not read, and idle."""

import socket
import time
import unittest

from bed import SERVER_MACS, configuration, free_port, until
from scene import ALICE, AP0, APS, Scene, readings


class Load(Scene):
    def test_a_server_that_does_not_read_delays_nobody_and_is_right_again_when_it_reads(self):
        slow = self.mse("--recv-buffer", "4096", "--stall-after", "3", "--stall-for", "6")
        quick = self.mse(mac=SERVER_MACS[1])
        self.play([slow, quick], *APS, "crowd 3000 ap=0 rssi=-50 every=1000", "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        slow.wait("stalled")
        self.hear(ALICE, 0, -33)
        quick.wait_session()
        quick.wait_picture(ALICE, lambda one: readings(one) == [(AP0, -33)])
        self.assertEqual(slow.of("resumed"), [])
        slow.wait("resumed")
        slow.wait_picture(ALICE, lambda one: readings(one) == [(AP0, -33)])
        counters = "\n".join(self.agent.report())
        self.assertRegex(counters, "port %d: .*missed-ticks=[1-9]" % slow.port)
        self.assertRegex(counters, "port %d: .*missed-ticks=0" % quick.port)
        self.assertEqual(slow.of("disconnected") + quick.of("disconnected"), [])
        self.assert_no_violation(slow, quick)

    def test_two_idle_sessions_cost_at_most_two_wakeups_a_second(self):
        first, second = self.mse(), self.mse(mac=SERVER_MACS[1])
        config = configuration([first.port, second.port])
        del config["nmspd-nmsp:nmsp"]["notification"]  # the defaults
        self.start(config)
        self.agent.scene(*APS)
        first.wait_session()
        second.wait_session()

        def wakeups():
            line = next(line for line in self.agent.report() if "wake-ups=" in line)
            return int(line.split("wake-ups=")[1].split()[0])

        begun, before = time.monotonic(), wakeups()
        until(lambda: time.monotonic() - begun > 5, "five seconds have passed")
        after, seconds = wakeups(), time.monotonic() - begun
        self.assertLessEqual(after - before - 2, 2 * seconds)  # the signals for the reports are two

    def test_a_hundred_stations_leave_the_listener_and_the_sessions_quick(self):
        port = free_port()
        mse = self.mse()
        self.play([mse], *APS, "crowd 100 ap=0 rssi=-50 every=200", listen=port)
        mse.wait_session()
        message = mse.wait("message", message="measurement-notification")
        until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, "the listener answers")
        while len(message["measurements"]) < 100:
            message = mse.wait("message", message="measurement-notification")
        self.assertLess(message["size"], 16384)
        self.assert_no_violation(mse)
        self.assertEqual(self.agent.terminate(), 0)
        self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")


if __name__ == "__main__":
    unittest.main(verbosity=2)
