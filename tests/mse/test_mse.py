#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the reference server: sessions over TLS with a small agent. Runs the other files too."""

import contextlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import nmsp_broken as broken  # noqa: E402
import nmsp_identity as identity  # noqa: E402
import nmsp_wire as wire  # noqa: E402
from mse_harness import (  # noqa: E402
    Identities,
    MiniAgent,
    PATIENCE,
    SessionCase,
    agent_context,
    plain_connect,
)
from mse_samples import (  # noqa: E402
    AGENT_MAC,
    AP,
    CLIENT,
    MSE_MAC,
    SERVER,
    capability,
    gone,
    message,
    picture,
    result,
    sample,
    services,
)


class SubscriptionTest(SessionCase):
    def test_a_subscriber_prints_measurements_and_exits_after_count(self):
        mse, agent = self.joined("--count", "2")
        agent.measure(picture(samples=[sample(rssi=-61)]))
        agent.measure(gone())
        found = mse.wait("message", message="measurement-notification")
        self.assertEqual(found["transaction"], 2)
        self.assertEqual(found["timestamp_ms"], 1700000000000)
        self.assertEqual(found["timestamp"], "2023-11-14T22:13:20.000Z")
        self.assertEqual(found["measurements"][0]["samples"][0]["rssi"], -61)
        self.assertEqual(found["measurements"][0]["samples"][0]["ap_mac"], AP)
        self.assertTrue(mse.wait("message")["measurements"][0]["gone"])
        self.assertIsNone(agent.frame())
        agent.close()
        self.assertEqual(mse.exit_status(), 0)
        last = mse.rest()[-1]
        self.assertEqual(
            (last["event"], last["violations"], last["malformed"]), ("disconnected", 0, 0)
        )
        self.assertEqual(last["received"]["measurement-notification"], 2)

    def test_the_subscription_carries_services_intervals_and_filters(self):
        options = [
            "--subscribe",
            "rssi-ms,info-ms",
            "--interval",
            "rssi-ms=5",
            "--interval",
            "9=60",
        ]
        options += ["--ap-filter", "0000.5e00.53a0,00:00:5e:00:53:A1", "--device-filter", ""]
        _, port = self.listen(*options)
        agent = self.agent(port)
        request = agent.join()
        self.assertEqual(
            wire.dump(request)[1:],
            [
                "services mask=0x0000000000000201",
                "ap-filter",
                "  mac 00:00:5e:00:53:a0",
                "  mac 00:00:5e:00:53:a1",
                "device-filter",
                "interval bit=0 seconds=5",
                "interval bit=9 seconds=60",
            ],
        )

    def test_capability_comes_first_and_names_the_certificate(self):
        mse, port = self.listen("--name", "lab", "--offer", "rssi-ms")
        agent = self.agent(port)
        first = agent.receive(7)
        self.assertEqual(first["transaction"], 1)
        self.assertEqual(wire.first(first, "sender-id")["mac"], MSE_MAC)
        self.assertEqual(wire.first(first, "name")["text"], "lab")
        self.assertEqual(wire.first(first, "services")["mask"], 1)
        connected = mse.wait("connected")
        self.assertEqual(connected["agent"]["mac"], AGENT_MAC)
        self.assertEqual(connected["role"], "tls-server")

    def test_no_subscription_is_sent_before_the_agents_capability(self):
        mse, port = self.listen()
        agent = self.agent(port)
        agent.receive(7)
        mse.do("echo")
        agent.receive(1)
        agent.capability()
        agent.receive(30)

    def test_services_that_appear_later_are_asked_for(self):
        mse, port = self.listen("--subscribe", "rssi-ms,rssi-rfid")
        agent = self.agent(port)
        agent.capability(mask="rssi-ms")
        agent.receive(7)
        request = agent.receive(30)
        agent.send(31, request["transaction"], result(), services("rssi-ms"))
        agent.capability(mask="rssi-ms")
        agent.capability(mask="rssi-ms,rssi-rfid")
        again = agent.grant()
        self.assertEqual(again["transaction"], request["transaction"] + 1)
        mse.wait("message", message="service-subscribe-response", transaction=again["transaction"])

    def test_without_capability_and_subscription_the_server_is_silent(self):
        mse, port = self.listen("--no-capability", "--no-subscribe")
        agent = self.agent(port)
        agent.capability()
        mse.wait("ready")
        mse.do("echo", data="01")
        self.assertEqual(wire.first(agent.receive(1), "echo-data")["hex"], b"\1")

    def test_no_common_version_closes_with_the_reason(self):
        mse, port = self.listen("--versions", "2-3")
        agent = self.agent(port)
        agent.receive(7)
        agent.capability()
        self.assertIsNone(agent.frame())
        agent.close()
        self.assertIn("no common version", mse.wait("disconnected")["reason"])

    def test_the_highest_common_version_is_chosen(self):
        mse, port = self.listen("--versions", "1-3")
        agent = self.agent(port)
        agent.capability(least=1, most=2)
        self.assertEqual(mse.wait("ready")["version"], 2)

    def test_a_rule_that_is_broken_is_reported(self):
        mse, agent = self.joined()
        agent.notifications += 1
        agent.measure()
        found = mse.wait("violation")
        self.assertEqual((found["rule"], found["transaction"]), ("notification-number", 3))

    def test_two_sessions_live_beside_each_other(self):
        mse, port = self.listen()
        agents = [self.agent(port) for _ in range(2)]
        for agent in agents:
            agent.join()
        for agent in reversed(agents):
            agent.measure()
        found = {mse.wait("message", message="measurement-notification")["session"] for _ in agents}
        self.assertEqual(len(found), 2)
        agents[0].close()
        mse.wait("disconnected")
        agents[1].measure()
        mse.wait("message", message="measurement-notification")

    def test_quiet_counts_notifications_without_printing_them(self):
        mse, agent = self.joined("--quiet", "--count", "3")
        for _ in range(3):
            agent.measure()
        agent.frame()
        agent.close()
        names = [line.get("message") for line in mse.rest()]
        self.assertNotIn("measurement-notification", names)
        self.assertEqual(mse.seen[-1]["received"]["measurement-notification"], 3)

    def test_the_table_shows_one_line_for_a_picture(self):
        words = ["--listen", "127.0.0.1:0", "--agent-cert", Identities.agent[0], "--table"]
        mse = self.start(*words)
        port = int(mse.wait_text("listening").split()[-1])
        agent = self.agent(port)
        agent.join()
        agent.measure(picture(samples=[sample(rssi=-61)]))
        agent.measure(gone())
        self.assertIn("STRONGEST AP", mse.wait_text("TIME"))
        self.assertRegex(mse.wait_text(CLIENT), r"client\* %s/0 2.4G/6 +-61 +47 +0.0s" % AP)
        self.assertRegex(mse.wait_text(CLIENT), "gone")


class EchoTest(SessionCase):
    def test_an_echo_is_answered_with_its_own_data_and_number(self):
        mse, agent = self.joined()
        data = {"element": "echo-data", "hex": bytes(range(64))}
        agent.send(1, 0xFFFFFFFF, data)
        answer = agent.receive(2)
        self.assertEqual((answer["transaction"], answer["elements"]), (0xFFFFFFFF, [data]))
        agent.send(1, 5)
        self.assertEqual(agent.receive(2)["elements"], [])

    def test_echo_requests_are_sent_in_their_rhythm(self):
        mse, agent = self.joined("--echo", "0.05")
        for _ in range(3):
            request = agent.receive(1)
            agent.send(2, request["transaction"], *request["elements"])
            mse.wait("message", message="echo-response")
        self.assertFalse([line for line in mse.seen if line["event"] == "violation"])

    def test_echo_replies_can_be_withheld(self):
        mse, agent = self.joined("--no-echo-reply")
        agent.send(1, 1)
        mse.wait("message", message="echo-request")
        mse.do("echo-reply", on=True)
        mse.wait("done", do="echo-reply")
        agent.send(1, 2)
        self.assertEqual(agent.receive(2)["transaction"], 2)

    def test_a_silent_agent_is_given_up(self):
        mse, agent = self.joined("--dead", "0.2")
        self.assertIsNone(agent.frame())
        agent.close()
        self.assertIn("nothing received", mse.wait("disconnected")["reason"])


class TlsTest(SessionCase):
    def test_both_tls_versions_work(self):
        for version, name in (("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")):
            with self.subTest(name):
                mse, port = self.listen("--tls", version)
                agent = self.agent(port)
                self.assertEqual(agent.sock.version(), name)
                self.assertEqual(mse.wait("connected")["tls"], name)

    def test_a_cipher_list_is_obeyed(self):
        mse, port = self.listen("--tls", "1.2", "--ciphers", "ECDHE-RSA-CHACHA20-POLY1305")
        self.agent(port)
        self.assertEqual(mse.wait("connected")["cipher"], "ECDHE-RSA-CHACHA20-POLY1305")

    def refused(self, own, version):
        """What the server says of an agent with this identity."""
        mse, port = self.listen()
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            agent = self.agent(port, own, version)
            agent.sock.recv(1)
            raise ConnectionError("the end of the stream")
        found = mse.wait("handshake-failed")
        self.assertFalse([line for line in mse.seen if line["event"] in ("connected", "sent")])
        return found["error"]

    def test_a_stranger_is_refused_before_anything_is_sent(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version.name):
                self.assertIn("certificate was refused", self.refused(Identities.stranger, version))

    def test_only_the_exact_certificate_passes(self):
        trust = identity.Trust(certificates=[Identities.agent[0]])
        self.assertIsNone(trust.refusal(identity.read_certificate(Identities.agent[0])))
        self.assertIn(
            "not one of those", trust.refusal(identity.read_certificate(Identities.stranger[0]))
        )
        self.assertIn("no certificate", trust.refusal(None))

    def test_an_agent_without_certificate_is_refused(self):
        mse, port = self.listen()
        sock = plain_connect(port)
        self.addCleanup(sock.close)
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            with agent_context(False).wrap_socket(sock) as nameless:
                nameless.recv(1)
        self.assertIn("PEER_DID_NOT_RETURN_A_CERTIFICATE", mse.wait("handshake-failed")["error"])

    def test_plain_tcp_and_an_early_end_are_failed_handshakes(self):
        mse, port = self.listen()
        with plain_connect(port) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            mse.wait("handshake-failed")
        with plain_connect(port):
            pass
        mse.wait("handshake-failed")
        self.agent(port).join()

    def test_a_reset_is_told_as_a_lost_connection(self):
        mse, agent = self.joined()
        with socket.socket(fileno=agent.sock.detach()) as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertIn("connection lost", mse.wait("disconnected")["reason"])

    def test_an_end_without_close_notify_is_told_from_a_proper_one(self):
        mse, port = self.listen()
        agent = self.agent(port)
        agent.capability()
        mse.wait("ready")
        agent.sock.shutdown(socket.SHUT_WR)
        self.assertIn("without TLS close_notify", mse.wait("disconnected")["reason"])
        agent = self.agent(port)
        agent.join()
        agent.sock.unwrap()
        found = mse.wait("disconnected")
        self.assertEqual(found["reason"], "closed by the agent")
        size = len(wire.encode(capability())) + len(
            wire.encode(message(31, 1, result(), services()))
        )
        self.assertEqual(found["app_bytes_received"], size)


class ConnectTest(SessionCase):
    def listener(self):
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        self.addCleanup(listener.close)
        return listener, "127.0.0.1:%d" % listener.getsockname()[1]

    def accept(self, listener):
        sock, _ = listener.accept()
        self.addCleanup(sock.close)
        sock.settimeout(PATIENCE)
        agent = MiniAgent(agent_context(True, Identities.agent).wrap_socket(sock, server_side=True))
        self.addCleanup(agent.close)
        return agent

    def test_the_server_connects_to_a_listening_agent_by_certificate_or_hash(self):
        facts = identity.certificate_facts(identity.read_certificate(Identities.agent[0]))
        pins = ("--agent-cert", Identities.agent[0]), ("--agent-hash", facts["key_sha256"])
        for pin in pins + (("--agent-hash", facts["key_sha1"]),):
            with self.subTest(pin[0]):
                listener, address = self.listener()
                mse = self.start("--connect", address, "--once", *pin)
                agent = self.accept(listener)
                agent.join()
                agent.measure()
                mse.wait("message", message="measurement-notification")
                agent.close()
                self.assertEqual(mse.exit_status(), 0)

    def test_a_wrong_hash_ends_the_connection_before_capability(self):
        listener, address = self.listener()
        mse = self.start("--connect", address, "--agent-hash", "ab" * 32)
        agent = self.accept(listener)
        self.assertIsNone(agent.frame())
        self.assertIn("key hash", mse.wait("handshake-failed")["error"])

    def test_a_refused_connection_is_tried_again(self):
        listener, address = self.listener()
        port = listener.getsockname()[1]
        listener.close()
        mse = self.start(
            "--connect", address, "--agent-cert", Identities.agent[0], "--retry", "0.05"
        )
        mse.wait("connect-failed")
        listener = socket.create_server(("127.0.0.1", port))
        self.addCleanup(listener.close)
        listener.settimeout(PATIENCE)
        self.accept(listener).join()


class UsageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Identities.make()

    def run_server(self, *words):
        return subprocess.run(
            [sys.executable, SERVER] + list(words), capture_output=True, text=True
        )

    def test_help_names_every_service_kind_and_option(self):
        shown = self.run_server("--help")
        self.assertEqual(shown.returncode, 0)
        for word in list(wire.SERVICE_TABLE) + list(broken.KINDS) + ["make-cert", "--recv-buffer"]:
            self.assertIn(word, shown.stdout)

    def test_wrong_usage_has_status_2_and_says_what_is_missing(self):
        own = ["--cert", Identities.mse[0], "--key", Identities.mse[1]]
        pinned = own + ["--agent-cert", Identities.agent[0], "--listen", "127.0.0.1:0"]
        wrong = (
            ([], "--listen or --connect"),
            (["--listen", ":0"], "--cert and --key"),
            (own + ["--listen", ":0"], "--agent-cert"),
            (own + ["--listen", ":0", "--agent-hash", "ab" * 20], "--agent-cert"),
            (own + ["--connect", ":1", "--agent-hash", "ab" * 19 + "a"], "39"),
            (pinned + ["--subscribe", "everything"], "everything"),
            (pinned + ["--broken", "heart"], "heart"),
        )
        for words, part in wrong:
            with self.subTest(part):
                shown = self.run_server(*words)
                self.assertEqual(shown.returncode, 2)
                self.assertIn(part, shown.stderr)

    def test_a_missing_file_has_status_1(self):
        shown = self.run_server(
            "show-auth-info", "--cert", os.path.join(Identities.folder.name, "nothing")
        )
        self.assertEqual(shown.returncode, 1)


def load_tests(loader, tests, _pattern):
    """One call of this file is the whole suite."""
    if __name__ == "__main__":
        for name in ("test_wire", "test_rules", "test_control", "test_document"):
            tests.addTests(loader.loadTestsFromName(name))
    return tests


if __name__ == "__main__":
    unittest.main()
