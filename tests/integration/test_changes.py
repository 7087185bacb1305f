#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a running nmspd does with a new configuration."""

import socket
import unittest

import bed
from bed import SERVER_MACS, configuration, free_port


class Changing(bed.Case):
    def two_sessions(self):
        first, second = self.mse(), self.mse(mac=SERVER_MACS[1])
        self.start(configuration([first.port, second.port]))
        first.wait_session()
        second.wait_session()
        return first, second

    def test_a_bad_file_at_reload_changes_nothing(self):
        first, second = self.two_sessions()
        mark = self.agent.reload("{ nothing")
        self.agent.wait("error: %s: " % self.agent.config, mark)
        self.agent.wait("reload: refused; nothing was changed", mark)
        bad = configuration([])
        bad["nmspd-location:location"] = {"expiry": {"client": 1}}
        mark = self.agent.reload(bad)
        self.agent.wait("/nmspd-location:location/expiry/client", mark)
        self.agent.wait("reload: refused; nothing was changed", mark)
        self.assertEqual(len([line for line in self.agent.report() if " phase=active " in line]), 2)
        self.assertEqual(first.of("disconnected") + second.of("disconnected"), [])

    def test_a_user_that_is_removed_loses_its_session_and_the_other_one_does_not(self):
        first, second = self.two_sessions()
        mark = self.agent.reload(configuration([first.port, second.port], users=SERVER_MACS[1:]))
        self.assertEqual(first.wait("disconnected")["reason"], "closed by the agent")
        self.agent.wait("session down after .* not let in any more", mark)
        # It is tried again, in vain; why was told.
        bed.until(lambda: any("last-reason: 127.0.0.1:%d: not let in: " % first.port in line
                              for line in self.agent.report()), "a try in vain")
        self.assertEqual(second.of("disconnected"), [])
        # Listed again it is back, without waiting for its back-off.
        mark = self.agent.reload(configuration([first.port, second.port]))
        first.wait_session()
        self.assertEqual(second.of("disconnected"), [])

    def test_servers_that_go_and_come_leave_the_others_alone(self):
        first, second = self.two_sessions()
        self.agent.reload(configuration([second.port]))
        self.assertEqual(first.wait("disconnected")["reason"], "closed by the agent")
        third = self.mse(mac=SERVER_MACS[2])
        self.agent.reload(configuration([second.port, third.port]))
        third.wait_session()
        self.assertEqual(second.of("disconnected"), [])
        self.assertEqual(len([line for line in self.agent.report() if "report: server" in line and " phase=" in line]), 2)

    def test_switched_off_it_ends_its_sessions_and_switched_on_they_come_back(self):
        port = free_port()
        mse, inbound = self.mse(), None
        self.start(configuration([mse.port], listen=port))
        self.agent.wait("listener: waiting")
        inbound = self.mse("--retry", "0.2", mac=SERVER_MACS[1], connect=port)
        mse.wait_session()
        inbound.wait_session()
        mark = self.agent.reload(configuration([mse.port], listen=port, enable=False))
        self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")
        self.assertEqual(inbound.wait("disconnected")["reason"], "closed by the agent")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
        self.agent.wait("NMSP is switched off", mark)
        self.agent.reload(configuration([mse.port], listen=port))
        mse.wait_session()
        inbound.wait_session()

    def test_strong_cipher_applies_to_new_connections_only(self):
        old = ("--tls", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA256:@SECLEVEL=1")
        mse = self.mse(*old)
        port = free_port()
        self.start(configuration([mse.port], listen=port))
        self.agent.wait("listener: waiting")
        inbound = self.mse(*old, "--retry", "0.2", mac=SERVER_MACS[1], connect=port)
        for one in (mse, inbound):
            self.assertEqual(one.wait("connected")["cipher"], "ECDHE-RSA-AES128-SHA256")
            one.wait_session()
        self.agent.reload(configuration([mse.port], listen=port, **{"strong-cipher": True}))
        self.assertEqual(len([line for line in self.agent.report() if " phase=active " in line]), 2)
        self.assertEqual(mse.of("disconnected") + inbound.of("disconnected"), [])
        mark = self.agent.mark()
        for one in (mse, inbound):
            one.do("close")
            one.wait("handshake-failed")
        self.agent.wait("server .* no session: .*TLS: ", mark)
        self.agent.wait("from .* no session: TLS: ", mark)

    def test_the_report_tells_what_an_operator_asks(self):
        mse = self.mse()
        unreachable = free_port()
        self.start(configuration([mse.port, ("127.0.0.1", unreachable, None)]))
        mse.wait_session()
        self.agent.wait("server 127.0.0.1:%d: no session: .*refused" % unreachable)
        report = "\n".join(self.agent.report())
        for pattern in (r"nmsp: enabled=true base-mac=" + bed.BASE_MAC, r"agent: uptime=\d+ wake-ups=\d+ tls-memory=\d+\n",
                        r"certificate: key-type=rsa subject=CN=\S+ mac=\S+ sha1-key-hash=[0-9a-f]{40} "
                        "sha2-key-hash=[0-9a-f]{64} ", "radio: sources: ", r"location: devices=\d+ ",
                        "listener: accepted=0",
                        "port %d: address=127.0.0.1:%d mac=%s phase=active .* tls-version=TLSv1" % (mse.port, mse.port, mse.mac),
                        r"port %d: .*phase=back-off .*next-attempt=\d+" % unreachable, "last-reason: .*refused"):
            self.assertRegex(report, pattern)


if __name__ == "__main__":
    unittest.main(verbosity=2)
