#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of keys, ours and the peer's, mixed: our end (tls-probe) with an RSA or an EC identity, against
`openssl s_client` and `openssl s_server` that are limited to some signature algorithms and cipher suites.

"server" and "client" in the names are our role.
"""
import itertools
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import unittest

import certificates

MAC = "00:50:56:9c:34:89"
GREETING = "the agent's first words"
PATIENCE = 20.0
RSA, EC = "rsa", "ec"
ANY_SIGNATURE = "RSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA256"
RSA_SIGNATURE = "RSA+SHA256:RSA-PSS+SHA256"
EC_SIGNATURE = "ECDSA+SHA256"
RSA_SUITES = "ECDHE-RSA-AES128-GCM-SHA256"
EC_SUITES = "ECDHE-ECDSA-AES128-GCM-SHA256"

folder = tempfile.TemporaryDirectory()
made = certificates.Certificates(folder.name)


def setUpModule():
    for kind, command in ((RSA, "identity"), (EC, "identity-ec")):
        subprocess.run([os.environ["TLS_PROBE"], command, *ours(kind), "agent", "02:00:00:00:00:01"], check=True,
                       stdout=subprocess.DEVNULL)
    made.key("agent-p384", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
    made.certificate("agent-p384", subject="/CN=agent-020000000001")
    # The oldest of the forms that `openssl` writes, with a block of parameters before the key.
    certificates.openssl(folder.name, "ecparam", "-genkey", "-name", "prime256v1", "-out", "agent-sec1.key")
    made.certificate("agent-sec1", subject="/CN=agent-020000000001")
    os.chmod(made.path("agent-p384.key"), 0o600)
    os.chmod(made.path("agent-sec1.key"), 0o600)
    made.key("peer-rsa", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    made.key("peer-ec", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    for name in ("peer-rsa", "peer-ec"):
        made.certificate(name)


def tearDownModule():
    folder.cleanup()


def ours(kind):
    return made.path("agent-" + kind + ".pem"), made.path("agent-" + kind + ".key")


def fingerprint(pem):
    return certificates.openssl(folder.name, "x509", "-noout", "-fingerprint", "-sha256", stdin=pem.encode()).decode()


class Process:
    """A program whose output is kept, and can be waited for."""

    def __init__(self, *command):
        self.text = ""
        self.news = threading.Condition()
        self.ended = False
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()

    def collect(self):
        while True:
            some = os.read(self.process.stdout.fileno(), 65536)
            with self.news:
                self.text += some.decode("utf-8", "replace")
                self.ended = not some
                self.news.notify_all()
                if not some:
                    return

    def wait(self, pattern, count=1):
        """The matches, once there are so many; None if the program ends before that."""
        deadline = time.monotonic() + PATIENCE
        with self.news:
            while True:
                found = re.findall(pattern, self.text, re.S)
                if len(found) >= count:
                    return found
                if self.ended:
                    return None
                if not self.news.wait(deadline - time.monotonic()):
                    raise AssertionError("%r did not come in:\n%s" % (pattern, self.text))

    def say(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


class Case(unittest.TestCase):
    def run_process(self, *command):
        process = Process(*command)
        self.addCleanup(process.stop)
        return process

    def probe(self, role, kind, *options):
        users = ["--user", MAC + "=" + made.key_hash(self.peer_key)]
        return self.run_process(os.environ["TLS_PROBE"], role, *ours(kind), *users, *options)

    def assert_shown(self, text, kind):
        """The certificate in the peer's output is our one of this kind."""
        found = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S)
        self.assertTrue(found, text)
        with open(ours(kind)[0], encoding="ascii") as file:
            self.assertEqual(fingerprint(found[0]), fingerprint(file.read()), "it is not the " + kind + " one")

    def reports(self, probe, count=1):
        return [json.loads(line) for line in probe.wait(r"\{\"in\"[^\n]*\}\n", count)]

    def assert_out(self, report, *failures):
        self.assertFalse(report["in"], report)
        self.assertIn(report["failure"], failures, report)
        self.assertEqual((report["written"], report["breaches"]), (0, 0), report)


class AsServer(Case):
    """openssl s_client connects to us."""

    def meet(self, kind, version, key, signatures, suites):
        self.peer_key = "peer-" + key
        probe = self.probe("server", kind)
        port = json.loads(probe.wait(r"\{\"port\"[^\n]*\}")[0])["port"]
        options = ["-tls" + version.replace(".", "_"), "-sigalgs", signatures]
        if version == "1.2":
            options += ["-cipher", suites]
        client = self.run_process("openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
                                  "-cert", made.path(self.peer_key + ".pem"),
                                  "-key", made.path(self.peer_key + ".key"), *options)
        if client.wait(re.escape(GREETING)):
            client.say("Q\n")
        return self.reports(probe)[0], client

    def assert_met(self, kind, version, key, signatures, suites):
        report, client = self.meet(kind, version, key, signatures, suites)
        self.assertTrue(report["in"], report)
        self.assertEqual(report["version"], "TLSv" + version)
        self.assertEqual(report["breaches"], 0)
        self.assert_shown(client.text, kind)

    def test_any_mix_of_kinds_does_if_the_client_takes_both(self):
        """In TLS 1.2 our request names our kind only, which OpenSSL overlooks."""
        for kind, version, key in (*itertools.product((RSA, EC), ("1.2", "1.3"), (RSA, EC)),
                                   ("p384", "1.2", EC), ("p384", "1.3", RSA), ("sec1", "1.3", EC)):
            with self.subTest(ours=kind, version=version, key=key):
                self.assert_met(kind, version, key, ANY_SIGNATURE + ":ECDSA+SHA384", RSA_SUITES + ":" + EC_SUITES)

    def test_who_takes_our_kind_only_gets_in(self):
        for version in ("1.2", "1.3"):
            with self.subTest(version=version):
                self.assert_met(RSA, version, RSA, RSA_SIGNATURE, RSA_SUITES)
                self.assert_met(EC, version, EC, EC_SIGNATURE, EC_SUITES)

    def test_who_takes_the_other_kind_only_does_not(self):
        for kind, key, signatures, suites in ((RSA, EC, EC_SIGNATURE, EC_SUITES), (EC, RSA, RSA_SIGNATURE, RSA_SUITES)):
            for version in ("1.2", "1.3"):
                with self.subTest(ours=kind, version=version):
                    report, _ = self.meet(kind, version, key, signatures, suites)
                    self.assert_out(report, "NO_COMMON", "PROTOCOL", "PEER_ALERT")


class AsClient(Case):
    """We connect to openssl s_server, which asks for our certificate."""

    def server(self, version, key, signatures, port=0):
        self.peer_key = "peer-" + key
        server = self.run_process("openssl", "s_server", "-accept", "127.0.0.1:%d" % port,
                                  "-tls" + version.replace(".", "_"), "-Verify", "1",
                                  "-cert", made.path(self.peer_key + ".pem"),
                                  "-key", made.path(self.peer_key + ".key"), "-client_sigalgs", signatures)
        found = server.wait(r"ACCEPT[^\n]*?:(\d+)")
        return server, int(found[0])

    def meet(self, kind, version, key, signatures):
        """Our report, and the server, which ends the connection once it has our greeting."""
        server, port = self.server(version, key, signatures)
        probe = self.probe("client", kind, "--port", str(port))
        deadline = time.monotonic() + PATIENCE
        while GREETING not in server.text and not probe.ended and time.monotonic() < deadline:
            time.sleep(0.01)
        if GREETING in server.text:
            server.say("Q\n")
        return self.reports(probe)[0], server

    def assert_met(self, kind, version, key, signatures):
        report, server = self.meet(kind, version, key, signatures)
        self.assertTrue(report["in"], report)
        self.assert_shown(server.text, kind)

    def test_any_mix_of_kinds_does_if_the_server_takes_both(self):
        for kind in (RSA, EC):
            for version in ("1.2", "1.3"):
                for key in (RSA, EC):
                    with self.subTest(ours=kind, version=version, key=key):
                        self.assert_met(kind, version, key, ANY_SIGNATURE)

    def test_in_tls_1_3_the_server_may_take_our_kind_only(self):
        for kind, signatures in ((RSA, RSA_SIGNATURE), (EC, EC_SIGNATURE)):
            for key in (RSA, EC):
                with self.subTest(ours=kind, key=key):
                    self.assert_met(kind, "1.3", key, signatures)

    def test_a_server_that_takes_the_other_kind_only_is_told_so(self):
        for kind, signatures in ((RSA, EC_SIGNATURE), (EC, RSA_SIGNATURE)):
            for key in (RSA, EC):
                with self.subTest(ours=kind, version="1.3", key=key):
                    report, _ = self.meet(kind, "1.3", key, signatures)
                    self.assert_out(report, "OWN_UNWANTED")
                with self.subTest(ours=kind, version="1.2", key=key):
                    report, _ = self.meet(kind, "1.2", key, signatures)
                    self.assert_out(report, "OWN_UNWANTED", "PEER_ALERT")

    def test_in_tls_1_2_a_server_that_takes_only_the_kind_that_it_has_not_itself_gets_no_connection(self):
        """A limit of the library, which looks for signature algorithms of the server's own kind in its request."""
        for key, signatures in ((RSA, EC_SIGNATURE), (EC, RSA_SIGNATURE)):
            for kind in (RSA, EC):
                with self.subTest(ours=kind, key=key):
                    report, _ = self.meet(kind, "1.2", key, signatures)
                    self.assert_out(report, "OWN_UNWANTED")


if __name__ == "__main__":
    unittest.main()
