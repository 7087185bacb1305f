#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each cause of a missing session is provoked for real; nmspd must name it, its remedy and the lines to paste."""

import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import threading
import unittest

import bed
from bed import SERVER_MACS, Keys, configuration, free_port, until
from diagnosis_bed import LIST, MAC, REMEDIES, USER, Case


def spki_of(certificate):
    return bed.identity.certificate_parts(bed.identity.read_certificate(certificate))[2]


def inner_key_of(certificate):
    """What the BIT STRING of the SubjectPublicKeyInfo holds: the bare (PKCS#1) key."""
    _, start, end = bed.identity.der_item(spki_of(certificate))
    items = list(bed.identity.der_children(spki_of(certificate)[start:end]))
    return items[1][2][1:]


class AuthList(Case):
    def test_a_mac_that_no_user_has(self):
        mse = self.mse()
        self.start(configuration([mse.port], users=[]))
        self.diagnosed("unknown-mac", r"The peer \(CN=MSE-%s\) with %s and the key hash SHA1 %s, SHA2 %s is not in" % (
            USER, MAC, Keys.hash(MAC, kind="sha1"), Keys.hash(MAC)),
            "username %s aaa attribute list NMSP-%s" % (USER, USER), "aaa attribute list NMSP-" + USER,
            " attribute type password " + Keys.hash(MAC))
        # Told once, however often it is tried again.
        self.agent.wait("next try")
        until(lambda: " attempts=3" in "\n".join(self.agent.report()), "three tries")
        self.assertEqual(len(self.agent.said("^(?!.*report).* cause: ")), 1)

    def test_a_mac_that_was_mistyped(self):
        mse = self.mse()
        config = configuration([mse.port], users=[MAC])
        self.start(self.aaa(config, user=[{"mac": SERVER_MACS[1], "attribute-list": LIST}]))
        self.diagnosed("other-mac", "The auth list has the peer's key under %s, but its certificate .* says %s" % (
            SERVER_MACS[1], MAC), "username %s aaa attribute list %s" % (USER, LIST))

    def test_a_hash_of_another_key(self):
        mse = self.mse(key_name="renewed")
        self.start(configuration([mse.port], users=[MAC]))
        self.diagnosed("wrong-hash", "The key hash configured for %s is %s, and the peer .* has SHA1 %s, SHA2 %s" % (
            MAC, Keys.hash(MAC), Keys.hash(MAC, "renewed", "sha1"), Keys.hash(MAC, "renewed")),
            *self.key_lines("renewed"))

    def test_what_else_was_taken_for_the_key_hash(self):
        mse = self.mse()
        certificate = bed.identity.read_certificate(Keys.of(MAC)[0])
        inner = inner_key_of(Keys.of(MAC)[0])
        mark = 0
        for password, code, cause in (
                (hashlib.sha256(certificate).hexdigest(), "certificate-hash", "is the certificate's fingerprint"),
                (hashlib.sha1(certificate).hexdigest(), "certificate-hash", "is the certificate's fingerprint"),
                (hashlib.sha256(inner).hexdigest(), "inner-key-hash", "was taken over the bare .PKCS#1. key"),
                (hashlib.sha1(inner).hexdigest(), "inner-key-hash", "was taken over the bare .PKCS#1. key"),
                (Keys.hash(MAC)[:40], "cut-hash", "is the first part of the key's SHA2 hash"),
                (Keys.hash(MAC, kind="sha1") + 24 * "0", "other-hash", "begins with the key's SHA1 hash")):
            with self.subTest(code=code, digits=len(password)):
                config = self.with_password(mse.port, password)
                if self.agent.process:
                    mark = self.agent.reload(config)
                else:
                    self.start(config)
                self.diagnosed(code, "The hash configured for %s, %s, .*%s" % (MAC, password, cause),
                               *self.key_lines(), since=mark)
        # And with the right one, of either kind, all is well.
        for kind in ("sha1", "sha256"):
            mark = self.agent.reload(self.with_password(mse.port, Keys.hash(MAC, kind=kind)))
            mse.wait_session()
            self.assertEqual([one for one in self.agent.report() if ": diagnosis: " in one], [])
            self.agent.reload(self.with_password(mse.port, 40 * "0"))
            self.agent.wait("not let in any more", mark)

    def test_a_hash_that_lost_a_digit_is_refused_with_the_configuration(self):
        for digits, kind in ((39, "SHA1"), (63, "SHA2")):
            self.start(self.with_password(1, Keys.hash(MAC)[:digits]))
            self.agent.wait("has %d hex digits: a %s key hash has %d" % (digits, kind, digits + 1))
            self.agent.wait("an empty configuration is running instead")
            self.assertEqual(self.agent.terminate(), 0)

    def test_a_hash_of_another_length_cannot_be_configured(self):
        """So the code wrong-length is for a configuration that came in by no door: none is known. A running agent
        keeps what it has."""
        mse = self.mse()
        self.start(configuration([mse.port]))
        mse.wait_session()
        for digits, says in ((41, "a SHA1 key hash has 40, so one is too many"),
                             (65, "a SHA2 key hash has 64, so one is too many"),
                             (32, "is not a whole key hash: SHA1 has 40 hex digits, SHA2 has 64"),
                             (62, "is not a whole key hash"), (128, "is not a whole key hash")):
            mark = self.agent.mark()
            self.agent.configure(self.with_password(mse.port, (2 * Keys.hash(MAC))[:digits]))
            self.agent.signal(signal.SIGHUP)
            self.agent.wait("reload: refused; nothing was changed", mark)
            self.agent.wait(says, mark)
        self.assertEqual(mse.of("disconnected"), [])

    def test_a_reference_that_leads_nowhere_and_a_list_without_password(self):
        mse = self.mse()
        self.start(self.aaa(configuration([mse.port], users=[MAC]), **{"attribute-list": []}))
        self.agent.wait('cause: User %s names the attribute list "%s", which does not exist' % (MAC, LIST))
        report = "\n".join(self.agent.report())
        self.assertIn("server 127.0.0.1 port %d: diagnosis: address=127.0.0.1:%d code=dangling-list" % (mse.port, mse.port), report)
        # It is told without anybody coming, too; there is no hash to paste then.
        self.assertIn("nmsp: diagnosis: code=dangling-list", report)
        self.agent.wait("cause: User .*does not exist")
        self.agent.wait("remedy: " + REMEDIES["dangling-list"])
        for line in self.key_lines():
            self.agent.wait("server .* paste: %s$" % line)
        self.repeated("dangling-list")
        self.assertEqual(len(self.told("server 127.0.0.1:", "User .* names the attribute list")), 1)
        mark = self.agent.reload(self.with_password(mse.port, None))
        self.diagnosed("no-password", 'The attribute list "%s" of user %s holds no password' % (LIST, MAC),
                       *self.key_lines(), since=mark)

    def test_a_server_that_is_another_one(self):
        mse = self.mse(mac=SERVER_MACS[1])
        self.start(configuration([("127.0.0.1", mse.port, MAC)]))
        self.diagnosed("wrong-server", "The peer is %s, which may come in, but %s is configured" % (
            SERVER_MACS[1], MAC), "nmsp server 127.0.0.1 port %d mac 0050.569c.3490" % mse.port)

    def test_what_the_aaa_configuration_lacks(self):
        mse = self.mse()
        self.start(self.aaa(configuration([mse.port]), **{"new-model": False}))
        self.diagnosed("no-new-model", '"aaa new-model" is missing', "aaa new-model")
        mark = self.agent.reload(self.aaa(configuration([mse.port]), **{"credential-download": []}))
        self.diagnosed("no-method-list", "No credential-download list names the local users",
                       "aaa authorization credential-download wcm_loc_serv_cert local", since=mark)
        # Requests that could not be sent anywhere.
        line = next(one for one in self.agent.report() if "statistics: aaa" in one)
        asked, failed, sent = map(int, re.search(r"requests=(\d+) send-failures=(\d+) sent=(\d+)", line).groups())
        self.assertEqual((asked, sent), (failed, 0))
        self.assertGreaterEqual(asked, 2)
        # The list `default` is asked where NMSP's own is missing.
        fallback = [{"name": "default", "method": "local"}]
        self.agent.reload(self.aaa(configuration([mse.port]), **{"credential-download": fallback}))
        mse.wait_session()
        line = next(one for one in self.agent.report() if "statistics: aaa" in one)
        self.assertRegex(line, r" sent=1 responses=1 to-validate=1 validate-errors=0 validate-successes=1")

    def test_a_change_of_the_list_reaches_established_sessions_at_once(self):
        mse, other = self.mse(), self.mse(mac=SERVER_MACS[1])
        ports = [mse.port, other.port]
        self.start(configuration(ports))
        whole = configuration(ports)["nmspd-aaa:aaa"]
        other_hash = [dict(one, password=40 * "0") if one["name"] == LIST else one for one in whole["attribute-list"]]
        for change, both in (({"attribute-list": other_hash}, False), ({"new-model": False}, True),
                             ({"credential-download": []}, True)):
            mse.wait_session()
            if both or change == {"attribute-list": other_hash}:
                self.agent.wait("session up with " + SERVER_MACS[1])
            mark = self.agent.reload(self.aaa(configuration(ports), **change))
            self.agent.wait("server 127.0.0.1:%d: session down .*not let in any more" % mse.port, mark)
            if both:
                self.agent.wait("server 127.0.0.1:%d: session down .*not let in any more" % other.port, mark)
            else:
                self.assertEqual(other.of("disconnected"), [])
            mark = self.agent.reload(configuration(ports))
            self.agent.wait("server 127.0.0.1:%d: session up" % mse.port, mark)
            if both:
                self.agent.wait("server 127.0.0.1:%d: session up" % other.port, mark)


class Certificates(Case):
    def made(self, name, **facts):
        """An identity of this MAC that only this test has."""
        Keys.made[MAC, name] = bed.identity.make_certificate(os.path.join(self.agent.folder, name), MAC, **facts)
        self.addCleanup(Keys.made.pop, (MAC, name))
        return {"key_name": name}

    def listed(self, port, name):
        return self.with_password(port, Keys.hash(MAC, name))

    def test_dates_are_told_with_the_skew_and_the_state_of_ntp(self):
        ntp = "(this machine's clock is (not )?synchronised by NTP|whether NTP keeps this machine's clock is not known)"
        for name, dates, code, cause in (
                ("future", ("20900101000000Z", "20950101000000Z"), "not-yet-valid", r"becomes valid in \d{9,} s; "),
                ("past", ("20000101000000Z", "20010101000000Z"), "expired", r"expired \d{8,} s ago; ")):
            with self.subTest(name=name):
                mse = self.mse(**self.made(name, dates=dates))
                mark = self.agent.mark()
                self.start(self.listed(mse.port, name))
                self.diagnosed(code, r"The peer's certificate \(CN=MSE-%s\) %s%s" % (USER, cause, ntp), since=mark)
                self.assertEqual(self.agent.terminate(), 0)

    def test_a_weak_key(self):
        limits = os.path.join(self.agent.folder, "openssl.cnf")
        with open(limits, "w", encoding="ascii") as file:
            file.write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                       "CipherString = DEFAULT@SECLEVEL=0\nMaxProtocol = TLSv1.2\n")
        key = self.made("weak", bits=1024)
        os.environ["OPENSSL_CONF"] = limits
        self.addCleanup(os.environ.pop, "OPENSSL_CONF", None)
        mse = self.mse("--ciphers", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "--tls", "1.2", **key)
        self.start(self.listed(mse.port, "weak"))
        self.diagnosed("weak-key", r"The peer's key \(CN=MSE-%s\) is too weak .*RSA, 1024 bits" % USER)

    def test_a_server_that_does_not_accept_our_certificate(self):
        stranger = shutil.copy(Keys.of(SERVER_MACS[2], "stranger")[0], self.agent.folder)

        class Elsewhere:
            lines = self.agent.lines

            @staticmethod
            def certificate():
                return stranger

        mse = bed.Mse(Elsewhere, "--tls", "1.2")
        self.addCleanup(mse.stop)
        self.start(configuration([mse.port]))
        own = bed.identity.certificate_facts(bed.identity.read_certificate(self.agent.certificate()))
        self.diagnosed("own-refused", r"The location server does not accept this agent's certificate: alert \d+ ")
        self.agent.wait("remedy: Give the location server this agent's MAC %s and the key hash of its RSA certificate, "
                        "SHA1 %s or SHA2 %s" % (own["mac"], own["key_sha1"], own["key_sha256"]))

    def test_no_cipher_in_common_and_the_knob_for_it(self):
        mse = self.mse("--tls", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA256:@SECLEVEL=1")
        old = self.mse("--tls", "1.2", "--ciphers", "AES128-SHA:@SECLEVEL=0", mac=SERVER_MACS[1])
        self.start(configuration([mse.port], **{"strong-cipher": True}))
        self.diagnosed("no-common", r"Both sides have no TLS version.*AES-GCM or ChaCha20-Poly1305 \(strong-cipher\)",
                       "no nmsp strong-cipher")
        mark = self.agent.reload(configuration([old.port]))
        self.diagnosed("no-common", "Both sides have no TLS version.*or AES-CBC",
                       "nmsp server 127.0.0.1 port %d legacy-cipher" % old.port, since=mark)


class Reaching(Case):
    def serve(self, answer):
        """A raw server that gives each connection to answer(); gives its port."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def run():
            while True:
                try:
                    client = server.accept()[0]
                except OSError:
                    return
                with client:
                    answer(client)

        threading.Thread(target=run, daemon=True).start()
        return server.getsockname()[1]

    def test_a_port_where_nobody_listens(self):
        port = free_port()
        self.start(configuration([port]))
        self.diagnosed("port-closed", "Nobody listens at 127.0.0.1:%d: the connection was refused" % port)

    def test_an_address_that_cannot_be_reached_and_a_name_that_has_none(self):
        self.start(configuration([("255.255.255.255", 16113, None)]))
        self.diagnosed("unreachable", "255.255.255.255:16113 cannot be reached: ", who="server 255.255.255.255:")
        mark = self.agent.reload(configuration([("no-such-host.invalid", 16113, None)]))
        # Without any name server the one, with one the other.
        self.diagnosed("name-", "The name no-such-host.invalid (has no address|cannot be looked up)",
                       who="server no-such-host.invalid:", since=mark)

    def test_a_service_that_is_none_of_ours(self):
        port = self.serve(lambda client: (client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), client.recv(4096)))
        self.start(configuration([port]))
        self.diagnosed("not-tls", "What the peer sends is not TLS")
        closes = self.serve(lambda client: client.recv(4096))
        mark = self.agent.reload(configuration([closes]))
        self.diagnosed("handshake-closed", "The peer broke the TLS handshake off", since=mark)

    def test_peers_that_keep_us_waiting(self):
        """Each has its own limit, and all wait at the same time."""
        held = threading.Event()
        self.addCleanup(held.set)
        mute = self.serve(lambda client: held.wait(bed.PATIENCE * 4))
        full = socket.socket()
        self.addCleanup(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # until the kernel answers nobody any more
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            self.addCleanup(one.close)
        no_nmsp = self.mse("--no-capability")
        frozen = self.mse(mac=SERVER_MACS[1])
        stalls = self.mse("--versions", "2-3", mac=SERVER_MACS[2])
        self.start(configuration([mute, full.getsockname()[1], no_nmsp.port, frozen.port, stalls.port]))
        frozen.wait_session()
        frozen.process.send_signal(signal.SIGSTOP)
        self.addCleanup(frozen.process.send_signal, signal.SIGCONT)
        for port, code, cause in (
                (stalls.port, "version", "The peer speaks another version of the protocol"),
                (full.getsockname()[1], "no-answer", "Nothing at 127.0.0.1:%d answers" % full.getsockname()[1]),
                (mute, "handshake-silent", "The peer did not complete the TLS handshake within 10 s"),
                (no_nmsp.port, "not-nmsp", "The peer is authorised, but does not speak NMSP"),
                (frozen.port, "silent", "The peer is silent: nothing came within 30 s")):
            self.agent.wait("server 127.0.0.1:%d: cause: %s" % (port, cause), seconds=60)
            report = "\n".join(self.agent.report())
            self.assertRegex(report, "server 127.0.0.1 port %d: diagnosis: .*code=%s" % (port, code))
            self.assertRegex(report, "server 127.0.0.1 port %d: diagnosis: cause: %s" % (port, cause))
            self.assertRegex(report, "server 127.0.0.1 port %d: diagnosis: remedy: %s\n" % (port, REMEDIES[code]))
            self.assertNotIn("server 127.0.0.1 port %d: diagnosis: line: " % port, report)
            self.agent.wait("server 127.0.0.1:%d: remedy: %s$" % (port, REMEDIES[code]))
        # What came first was tried many times since.
        for port in (stalls.port, full.getsockname()[1], mute, no_nmsp.port):
            self.assertEqual(len(self.told("server 127.0.0.1:%d" % port, ".")), 1)

    def test_a_session_that_is_closed_or_lost(self):
        mse = self.mse()
        self.start(configuration([mse.port]))
        mse.wait_session()
        mark = self.agent.mark()
        mse.do("close")
        self.agent.wait("server .*cause: The peer closed the connection", mark)
        self.agent.wait("remedy: " + REMEDIES["peer-closed"], mark)
        mse.wait_session()
        report = self.agent.report()
        self.assertEqual([one for one in report if ": diagnosis: " in one], [])
        self.assertRegex("\n".join(report), "server .*connections=2 disconnections=1 attempts=2")
        self.assertRegex("\n".join(report), "server .*: last-reason: the peer closed the connection")
        mark = self.agent.mark()
        mse.process.kill()
        self.agent.wait("server .*cause: (The connection was lost|The peer closed)", mark)
        self.agent.wait("remedy: (%(lost)s|%(peer-closed)s)" % REMEDIES, mark)
        self.diagnosed("port-closed", "Nobody listens at 127.0.0.1:%d" % mse.port, since=mark)


class Inbound(Case):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def test_who_shows_no_certificate_or_an_unknown_one_stands_in_the_report_counted(self):
        self.start(configuration(listen=self.port, users=[]))
        self.agent.wait("listener: waiting")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", self.port)) as plain, self.assertRaises(OSError):
                context.wrap_socket(plain).recv(1)
        self.agent.wait("from 127.0.0.1:.*cause: The peer presented no certificate")
        until(lambda: re.search(r"code=no-certificate since=\d+ count=3", "\n".join(self.agent.report())), "it is counted")
        self.mse("--retry", "0.2", connect=self.port)
        self.diagnosed("unknown-mac", r"The peer \(CN=MSE-%s\) with %s" % (USER, MAC),
                       "username %s aaa attribute list NMSP-%s" % (USER, USER), "aaa attribute list NMSP-" + USER,
                       " attribute type password " + Keys.hash(MAC), who="from 127.0.0.1:")
        until(lambda: re.search(r"code=unknown-mac since=\d+ count=2", "\n".join(self.agent.report())), "it is counted")

    def test_who_gets_in_at_last_is_not_in_the_report_any_more(self):
        self.start(configuration(listen=self.port, users=[]))
        self.agent.wait("listener: waiting")
        mse = self.mse("--retry", "0.2", connect=self.port)
        self.agent.wait("from 127.0.0.1:.*cause: The peer ")
        self.agent.reload(configuration(listen=self.port))
        mse.wait_session()
        report = self.agent.report()
        self.assertEqual([one for one in report if ": diagnosis: " in one], [])
        ssl_line = next(one for one in report if "statistics: ssl" in one)
        counts = re.search(r"verifications=(\d+) verification-failures=(\d+) verification-successes=1 .*"
                           r"accept-attempts=(\d+) accept-failures=(\d+) accept-rejects=0 accept-successes=1 "
                           r"failed-registrations=0", ssl_line)
        self.assertTrue(counts, ssl_line)
        verified, failed, attempts, failures = map(int, counts.groups())
        self.assertEqual((verified, attempts), (failed + 1, failures + 1))
        text = "\n".join(report)
        self.assertRegex(text, r"from 127.0.0.1:\d+: counters: received: 7 Capability Notification 1, 30 Service Subscribe Request 1")
        self.assertRegex(text, r"from 127.0.0.1:\d+: counters: sent: .*31 Service Subscribe Response 1")


class Standing(Case):
    def test_a_mac_that_has_a_session_already(self):
        port = free_port()
        self.start(configuration(listen=port))
        self.agent.wait("listener: waiting")
        dialling = self.mse(connect=port)
        dialling.wait_session()
        self.agent.reload(configuration([("127.0.0.1", free_port(), MAC)], listen=port))
        until(lambda: "code=held" in "\n".join(self.agent.report()), "it is held")
        self.reported("held", r"It is not dialled, because its MAC has a session already\.$")

    def test_nmsp_that_is_switched_off_and_knobs_without_effect(self):
        config = configuration([free_port()], enable=False)
        config["nmspd-nmsp:nmsp"]["notification"]["location-notify-interval"] = 20
        self.start(config)
        self.agent.wait("NMSP is switched off")
        report = "\n".join(self.agent.report())
        self.assertRegex(report, "server 127.0.0.1 port .*: diagnosis: code=disabled")
        self.reported("disabled", r"NMSP is switched off, so no server is dialled and nothing listens\.$", "nmsp enable")
        self.assertIn("nmsp: diagnosis: code=not-acted-on", report)
        self.assertIn("cause: /nmspd-nmsp:nmsp/notification/location-notify-interval is set, and nothing on this machine "
                      "can act on it.", report)
        self.assertRegex(report, "nmsp: diagnosis: remedy: " + REMEDIES["not-acted-on"])
        # The same without a server, where it keeps others from coming in.
        config = configuration(enable=False, listen=free_port())
        self.agent.reload(config)
        self.reported("disabled", r"NMSP is switched off, so no server is dialled and nothing listens\.$", "nmsp enable")


if __name__ == "__main__":
    unittest.main(verbosity=2)
