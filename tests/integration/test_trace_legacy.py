#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The technote's own pair through the whole program: a location server that speaks TLS 1.0 with RSA key transport and
AES-CBC alone, at a listener with legacy-cipher. NMSPD_LEGACY: whether the TLS library was built with that ("1" or "0").
"""

import os
import unittest

from bed import SERVER_MACS, configuration, free_port
from scene import ALICE, APS
from test_trace import FAILURE, SUCCESS, TraceCase

HAS_LEGACY = os.environ["NMSPD_LEGACY"] == "1"
REASON = "error: .*%s.*legacy-cipher.* has no RSA key transport.*WOLFSSL_STATIC_RSA"


def setUpModule():
    if os.environ.get("TLS_LEGACY") and not HAS_LEGACY:
        raise AssertionError("this wolfSSL was to have RSA key transport and TLS 1.0")


class Old(TraceCase):
    left_out = None  # nothing: RSA key transport has no server key exchange
    mse_arguments = ("--tls", "1.0", "--ciphers", "AES128-SHA:@SECLEVEL=0")
    wanted = [event.replace("TLSv1.2", "TLSv1 ") if isinstance(event, str) else event for event in SUCCESS]

    def configuration(self, legacy=True, **facts):
        config = super().configuration(**facts)
        config["nmspd-nmsp:nmsp"]["listen"]["legacy-cipher"] = legacy
        return config


@unittest.skipUnless(HAS_LEGACY, "this wolfSSL has no RSA key transport")
class Flows(Old):
    def assert_session(self, mse):
        """What the session is for comes; and every view of it says what it lacks."""
        capability = mse.wait("message", message="capability-notification")
        self.assertIn("rssi-ms", capability["services"]["names"])
        mse.wait_session()
        mse.wait_picture(ALICE)
        mse.wait_picture(ALICE)
        self.assert_no_violation(mse)
        connected = mse.of("connected")[0]
        self.assertEqual((connected["tls"], connected["cipher"]), ("TLSv1", "AES128-SHA"))
        self.assertTrue([line for line in self.agent.report() if "tls-version=TLSv1 " in line and "legacy-cipher=true" in line])

    def test_first_not_listed_then_listed_is_told_in_the_order_of_the_technote(self):
        self.begin(users=SERVER_MACS[1:])
        self.agent.scene(*APS)
        self.hear(ALICE, 0, -45)
        stranger = self.relayed()
        self.agent.wait("not let in")
        events = self.ended()
        self.assert_begins(events, FAILURE)
        self.assertEqual(len(events), len(FAILURE))
        stranger.stop()
        self.assertEqual(stranger.of("connected"), [])
        self.assertEqual(stranger.of("message"), [])

        self.agent.reload(self.configuration())
        self.assert_session(self.relayed(1))
        self.assert_begins(self.flow(1), self.wanted)

    def test_an_old_server_is_connected_to_as_well(self):
        mse = self.mse(*self.mse_arguments)
        config = configuration([mse.port])
        config["nmspd-nmsp:nmsp"]["server"][0]["legacy-cipher"] = True
        self.start(config)
        self.agent.scene(*APS)
        self.hear(ALICE, 0, -45)
        self.assert_session(mse)

    def test_taken_away_it_ends_what_came_in_with_it_and_the_old_server_stays_out(self):
        self.begin()
        self.agent.scene(*APS)
        self.hear(ALICE, 0, -45)
        mse = self.mse(*self.mse_arguments, "--retry", "0.2", connect=self.port)
        self.assert_session(mse)
        mark = self.agent.reload(self.configuration(legacy=False))
        self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")
        self.agent.wait("session down after .* it was made with legacy-cipher, which is not configured any more", mark)
        self.agent.wait("no session: TLS: .*no-common", mark)

    def test_taken_away_it_makes_the_session_with_a_server_anew(self):
        old, new = self.mse(*self.mse_arguments), self.mse(mac=SERVER_MACS[1])
        config = configuration([old.port, new.port])
        for server in config["nmspd-nmsp:nmsp"]["server"]:
            server["legacy-cipher"] = True
        self.start(config)
        old.wait_session()
        new.wait_session()
        self.assertEqual(len(self.agent.said("session up .* legacy cipher")), 2)
        mark = self.agent.reload(configuration([old.port, new.port]))
        for mse in (old, new):
            self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")
        new.wait_session()
        self.agent.wait("no session: .*TLS: .*(no-common|protocol_version)", mark)
        self.assertEqual(len(self.agent.said("session up ", mark)), 1)
        self.assertEqual(self.agent.said("session up .*legacy cipher", mark), [])
        # Given again, it is for new connections.
        mark = self.agent.reload(config)
        old.wait_session()
        self.assertEqual(new.of("disconnected")[1:], [])

    def test_without_legacy_cipher_the_same_server_stays_out(self):
        self.begin(legacy=False)
        self.server(self.port)
        self.agent.wait("no session: TLS: .*no-common")
        self.assertFalse([text for _, text in self.trace() if "calling authlist" in text])


@unittest.skipIf(HAS_LEGACY, "this wolfSSL has RSA key transport")
class Refused(Old):
    """Where the library lacks it, a configuration that asks for it is wrong, and says so."""

    def test_at_start_with_the_reason(self):
        self.start(self.configuration())
        self.agent.wait(REASON % "listen")
        self.agent.wait("an empty configuration is running instead")

    def test_for_a_server_too(self):
        config = configuration([free_port()])
        config["nmspd-nmsp:nmsp"]["server"][0]["legacy-cipher"] = True
        self.start(config)
        self.agent.wait(REASON % "server")
        self.agent.wait("an empty configuration is running instead")

    def test_while_it_runs_and_everything_stays_as_it_was(self):
        self.begin(legacy=False)
        self.agent.scene(*APS)
        self.hear(ALICE, 0, -45)
        mark = self.agent.reload(self.configuration())
        self.agent.wait(REASON % "listen", mark)
        mse = self.mse("--tls", "1.2", connect=self.port)
        mse.wait_session()
        mse.wait_picture(ALICE)
        self.server(self.port)
        self.agent.wait("no session: TLS: .*no-common", mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
