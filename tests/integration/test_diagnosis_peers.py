#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Causes that no well-behaved location server gives: peers that lie, flood or do not read; and this machine's own."""

import calendar
import itertools
import os
import re
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

import bed
from bed import HERE, SERVER_MACS, Keys, configuration, free_port, until
from diagnosis_bed import MAC, USER, Case

sys.path.insert(0, os.path.join(HERE, "tls"))

import nmsp_wire as wire  # noqa: E402
import raw_tls13  # noqa: E402

INTERNAL_ERROR = bytes.fromhex("15030300020250")  # a fatal TLS alert
DECADES = 20 * 365 * 86400


def capability(mac):
    return wire.encode({"id": 7, "transaction": 1, "elements": [
        {"element": "protocol-version", "min": 1, "max": 1}, {"element": "services", "mask": 0},
        {"element": "sender-id", "mac": mac}, {"element": "timestamp", "ms": int(time.time() * 1000)}]})


def context(server, mac=MAC):
    """TLS with the keys of this MAC, and nothing verified."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.load_cert_chain(*Keys.of(mac))
    if server:
        made.num_tickets = 0
    return made


class Peers(Case):
    def serve(self, answer, receive_buffer=None):
        """Gives each connection to answer() in a thread of its own; gives the port."""
        server = socket.socket()
        self.addCleanup(server.close)
        if receive_buffer:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        server.bind(("127.0.0.1", 0))
        server.listen()

        def one(client):
            with client:
                client.settimeout(bed.PATIENCE * 4)
                try:
                    answer(client)
                except OSError:
                    pass

        def run():
            while True:
                try:
                    client = server.accept()[0]
                except OSError:
                    return
                threading.Thread(target=one, args=(client,), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        return server.getsockname()[1]

    def serve_tls(self, answer, **facts):
        """The same with a session that has begun."""

        def begin(client):
            with context(True).wrap_socket(client, server_side=True) as tls:
                tls.sendall(capability(MAC))
                answer(tls)

        return self.serve(begin, **facts)


class Handshakes(Peers):
    def test_an_alert_that_says_nothing_of_certificates_or_ciphers(self):
        def answer(client):
            client.recv(4096)
            client.sendall(INTERNAL_ERROR)
            client.recv(4096)

        self.start(configuration([self.serve(answer)]))
        self.diagnosed("peer-alert", r"The peer ended TLS with alert 80 \(internal_error\)\.$")

    def test_a_certificate_that_cannot_be_read(self):
        no_certificate = bytes.fromhex("3003020101")
        self.start(configuration([self.serve(lambda client: raw_tls13.serve(client, no_certificate, "noise"))]))
        self.diagnosed("bad-certificate", r"The peer's certificate or its chain cannot be read\.$")

    def test_somebody_who_copied_the_certificate_and_has_not_its_key(self):
        copied = bed.identity.read_certificate(Keys.of(MAC)[0])
        for proof in ("noise", "none"):
            with self.subTest(proof=proof):
                port = self.serve(lambda client, proof=proof: raw_tls13.serve(client, copied, proof))
                config = configuration([port])
                mark = self.agent.reload(config) if self.agent.process else 0
                if not self.agent.process:
                    self.start(config)
                self.diagnosed("unproven", "The peer presented a certificate that may come in, and did not prove to "
                               r"hold its key\.$", who="server 127.0.0.1:%d" % port, since=mark)
                self.assertIn("code=unproven", "\n".join(self.agent.report()))

    def test_a_signature_that_is_wrong_in_another_way_each_time_is_told_once(self):
        """The library has an error of its own for each way, and one of them is that of a certificate's parser."""
        where = os.path.join(self.agent.folder, "ec")
        made = bed.identity.make_certificate(where, MAC, kind="ec")
        Keys.made[MAC, "mse"], before = made, Keys.of(MAC)
        self.addCleanup(Keys.made.__setitem__, (MAC, "mse"), before)
        copied, proofs = bed.identity.read_certificate(made[0]), itertools.cycle(("ecdsa", "no ecdsa"))
        port = self.serve(lambda client: raw_tls13.serve(client, copied, next(proofs)))
        self.start(configuration([port]))
        self.diagnosed("unproven", "The peer presented a certificate that may come in, and did not prove to hold its "
                       r"key\.$", who="server 127.0.0.1:%d" % port)

    def test_a_server_that_sends_a_record_that_is_its_tag_alone(self):
        port = self.serve(lambda client: raw_tls13.serve(client, b"", "tag alone"))
        self.start(configuration([port]))
        self.diagnosed("bad-record", r"The peer sent a TLS record that cannot be right, as somebody does who tries to "
                       r"break in\.$", who="server 127.0.0.1:%d" % port)
        self.assertIn("code=bad-record", "\n".join(self.agent.report()))

    def test_somebody_at_the_listener_who_sends_such_records(self):
        listen = free_port()
        self.start(configuration(listen={"port": listen, "throttle": bed.UNTHROTTLED}))
        self.agent.wait("listener: waiting")
        for _ in range(500 if os.environ.get("NMSPD_TEST_FULL") else 50):
            raw_tls13.connect(listen, b"", "tag alone")
        self.diagnosed("bad-record", r"The peer sent a TLS record that cannot be right, ", who="from 127.0.0.1:")
        self.agent.report()

    def test_a_server_that_takes_ecdsa_only(self):
        """In TLS 1.3, where the agent is told before it shows its RSA certificate."""
        where = os.path.join(self.agent.folder, "ec")
        certificate, key = bed.identity.make_certificate(where, MAC, kind="ec")
        Keys.made[MAC, "mse"], before = (certificate, key), Keys.of(MAC)
        self.addCleanup(Keys.made.__setitem__, (MAC, "mse"), before)
        port = free_port()
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-cert", certificate, "-key", key, "-tls1_3",
             "-sigalgs", "ECDSA+SHA256", "-client_sigalgs", "ECDSA+SHA256", "-CAfile", certificate, "-Verify", "1",
             "-verify_return_error", "-quiet"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.start(configuration([port], users=[MAC]))
        who = "server 127.0.0.1:%d" % port
        self.agent.wait(who + ": cause: The location server asks for no certificate with an RSA key, ")
        self.agent.wait(who + ": remedy: Let the location server take client certificates with RSA keys ")

    def test_what_is_said_where_nothing_is_in_common_is_what_is_known(self):
        """A client of ours tells what it offers; all that is known of the agent's peer is its alert, or nothing."""
        old = self.mse("--tls", "1.2", "--ciphers", "AES128-SHA:@SECLEVEL=0")
        self.start(configuration([old.port]))
        self.diagnosed("no-common", r"Both sides have no TLS version, cipher suite or group in common: the peer ended the "
                       r"handshake with alert 40 \(handshake_failure\), which does not tell what it offers; offered here "
                       r"are TLS 1\.2 and 1\.3, ECDHE with AES-GCM, ChaCha20-Poly1305 or AES-CBC\.$",
                       "nmsp server 127.0.0.1 port %d legacy-cipher" % old.port)
        port = free_port()
        mark = self.agent.reload(configuration(listen=port, **{"strong-cipher": True}))
        self.agent.wait("listener: waiting", mark)
        self.mse("--retry", "0.2", "--tls", "1.2", "--ciphers", "ECDHE-RSA-AES128-SHA256:@SECLEVEL=1", connect=port)
        self.diagnosed("no-common", r"Both sides have no TLS version, cipher suite or group in common; what the peer "
                       r"offers is not known, offered here are TLS 1\.2 and 1\.3, ECDHE with AES-GCM or "
                       r"ChaCha20-Poly1305 \(strong-cipher\)\.$", "no nmsp strong-cipher", who="from 127.0.0.1:",
                       since=mark)


class Sessions(Peers):
    def test_a_peer_whose_messages_cannot_be_read(self):
        def answer(tls):
            for number in range(8):
                tls.sendall(wire.frame_bytes(7, 2 + number, b""))
            while tls.recv(4096):
                pass

        self.start(configuration([self.serve_tls(answer)]))
        self.diagnosed("malformed", r"The peer sent too many messages that cannot be read\.$", again=False)
        self.agent.wait("session down after .*: the peer sent 8 malformed messages, the last one a Capability Notification")

    def test_a_peer_that_does_not_read(self):
        """It asks for more echoes than the kernels hold, and goes on to be heard."""
        def answer(tls):
            tls.sendall(b"".join(wire.frame_bytes(1, number, wire.element_bytes(8, bytes(64))) for number in range(950)))
            while True:
                time.sleep(3)
                tls.sendall(wire.frame_bytes(1, 1, b""))

        port = self.serve_tls(answer, receive_buffer=4096)
        self.start(configuration([port]))
        self.agent.wait("session down after .*: the peer is stalled: it took no byte for 30 s", seconds=90)
        self.diagnosed("stalled", r"The peer is stalled: it does not take what is sent to it\.$", again=False)
        self.assertRegex("\n".join(self.agent.report()), "server 127.0.0.1 port %d: last-reason: the peer is stalled" % port)

    def test_two_that_come_in_with_one_mac(self):
        port = free_port()
        self.start(configuration(listen=port))
        self.agent.wait("listener: waiting")
        first = self.mse(connect=port)
        first.wait_session()
        second = self.mse("--retry", "0.2", connect=port)
        self.diagnosed("session-exists", r"Its MAC has a session already\.$", who="from 127.0.0.1:")
        self.assertEqual(first.of("disconnected"), [])
        first.stop()
        second.wait_session()
        self.nothing_diagnosed()

    def test_two_configured_servers_with_one_mac(self):
        first, second = self.mse(), self.mse()
        self.start(configuration([first.port]))
        first.wait_session()
        mark = self.agent.reload(configuration([first.port, second.port]))
        self.agent.wait("server 127.0.0.1:%d: not dialled, because its MAC has a session already" % second.port, mark)
        self.reported("held", r"It is not dialled, because its MAC has a session already\.$")
        self.assertEqual(first.of("disconnected"), [])
        first.stop()
        second.wait_session()
        self.assertEqual(len(self.agent.said("%d: not dialled, because its MAC has a session" % second.port, mark)), 1)

    def test_a_server_that_is_dialled_and_dials_us_is_no_trouble(self):
        port = free_port()
        dialled = self.mse()
        self.start(configuration([dialled.port], listen=port))
        dialled.wait_session()
        self.mse("--retry", "0.2", connect=port)
        self.agent.wait("from 127.0.0.1:.* no session: its MAC has a session already")
        self.nothing_diagnosed()
        self.assertEqual(self.agent.said(" cause: "), [])

    def test_one_more_than_may_come_in(self):
        macs = ["02:50:56:9c:00:%02x" % number for number in range(17)]
        for mac in macs:
            where = os.path.join(self.agent.folder, mac.replace(":", ""))
            Keys.made[mac, "mse"] = bed.identity.make_certificate(where, mac, kind="ec")
            self.addCleanup(Keys.made.pop, (mac, "mse"))
        port = free_port()
        self.start(configuration(users=macs, listen=port))
        self.agent.wait("listener: waiting")
        inside = [self.come_in(port, mac) for mac in macs[:16]]
        self.mse("--retry", "0.2", "--tls", "1.3", mac=macs[16], connect=port)
        self.diagnosed("too-many", r"There are as many inbound sessions as this agent holds\.$", who="from 127.0.0.1:")
        inside[0].close()
        self.agent.wait("session up with " + macs[16])
        # What is left to be told is the one that went without a word.
        self.reported("lost", r"The connection was lost\.$")
        self.assertNotIn("code=too-many", "\n".join(self.agent.report()))

    def come_in(self, port, mac):
        plain = socket.create_connection(("127.0.0.1", port))
        tls = context(False, mac).wrap_socket(plain)
        self.addCleanup(tls.close)
        tls.sendall(capability(mac))
        self.agent.wait("session up with " + mac)
        return tls


class Ours(Peers):
    @unittest.skipIf(bed.WRAPPER, "its descriptors are not ours alone")
    def test_a_machine_without_descriptors(self):
        port = free_port()
        self.start(configuration([port]))
        self.diagnosed("port-closed", "Nobody listens at 127.0.0.1:%d: the connection was refused" % port)
        process = self.agent.process.pid
        before = resource.prlimit(process, resource.RLIMIT_NOFILE)

        def is_out():
            used = {int(name) for name in os.listdir("/proc/%d/fd" % process)}
            free = min(set(range(len(used) + 1)) - used)
            resource.prlimit(process, resource.RLIMIT_NOFILE, (free, before[1]))
            return self.agent.said("cause: This machine has no means left")

        until(is_out, "it cannot have a socket")
        self.diagnosed("no-resources", r"This machine has no means left for the connection: "
                                       r"(Too many open files|No file descriptors available)\.$")
        mark = self.agent.mark()
        resource.prlimit(process, resource.RLIMIT_NOFILE, before)
        self.diagnosed("port-closed", "Nobody listens at 127.0.0.1:%d: the connection was refused" % port, since=mark)

    def test_an_identity_that_cannot_be_used(self):
        mse = self.mse()
        certificate, key = self.agent.certificate(), os.path.join(self.agent.state, "key.pem")
        with open(certificate, "rb") as file:
            whole = file.read()
        with open(certificate, "wb") as file:
            file.write(whole[:200])
        self.start(configuration([mse.port]))
        self.agent.wait("identity: without one there is no session; mend it and reload")
        self.assertEqual(len(self.agent.said("cert.pem holds no usable PEM certificate")), 1)
        self.reported("no-identity", r"This agent has no certificate of its own yet\.$")
        with open(certificate, "wb") as file:
            file.write(whole)
        os.chmod(key, 0o644)
        mark = self.agent.reload(configuration([mse.port]))
        self.agent.wait("identity: without one there is no session; mend it and reload", mark)
        self.assertEqual(len(self.agent.said("key.pem is open to others", mark)), 1)
        self.reported("no-identity", r"This agent has no certificate of its own yet\.$")
        self.assertEqual(mse.of("connected"), [])
        # Nobody is to be dialled, and still nobody can come in.
        mark = self.agent.reload(configuration(listen=free_port()))
        self.agent.wait("identity: without one there is no session; mend it and reload", mark)
        self.reported("no-identity", r"This agent has no certificate of its own yet\.$")
        os.chmod(key, 0o600)
        self.agent.reload(configuration([mse.port]))
        mse.wait_session()
        self.nothing_diagnosed()


@unittest.skipUnless(bed.OTHER_CLOCK, "NMSPD_OTHER_CLOCK_LIBRARY is not given")
class Clock(Peers):
    def setUp(self):
        super().setUp()
        self.clock = os.path.join(self.agent.folder, "clock")
        self.agent.environment = {"LD_PRELOAD": bed.OTHER_CLOCK, "NMSPD_OTHER_CLOCK": self.clock, "ASAN_OPTIONS": bed.PRELOADABLE}

    def set_clock(self, seconds, synchronised):
        with open(self.clock + ".new", "w", encoding="ascii") as file:
            file.write("%d %d" % (seconds, synchronised))
        os.rename(self.clock + ".new", self.clock)

    def test_a_clock_that_is_not_set_holds_off_until_it_is(self):
        self.set_clock(-DECADES, False)
        mse, stranger = self.mse(), self.mse(mac=SERVER_MACS[1])
        self.start(configuration([mse.port, stranger.port], users=[MAC]))
        self.diagnosed("clock-not-set", r"This machine's clock is not set, so that the dates of the peer's certificate "
                       r"\(CN=MSE-%s\) cannot be judged; this machine's clock is not synchronised by NTP\.$" % USER)
        # So often that the next try by itself is far away.
        until(lambda: re.search("server 127.0.0.1 port %d: .* attempts=4" % mse.port, "\n".join(self.agent.report())), "four tries")
        self.assertEqual(len(self.told("server 127.0.0.1:", "This machine's clock is not set")), 1)
        self.assertEqual(mse.of("message"), [])
        mark = self.agent.mark()
        self.set_clock(0, False)
        self.agent.wait("the clock is set now: 1 server held off until then is tried again at once$", mark)
        mse.wait_session()
        self.assertEqual(len(self.agent.said("the clock is set now", mark)), 1)
        # Who is refused for another reason is not let in with it, and says so.
        other = SERVER_MACS[1].replace(":", "")
        self.reported("unknown-mac", r"The peer \(CN=MSE-" + other, "username %s aaa attribute list NMSP-%s" % (other, other),
                      "aaa attribute list NMSP-" + other, " attribute type password " + Keys.hash(SERVER_MACS[1]))

    def test_nobody_comes_in_while_the_clock_is_not_set(self):
        self.set_clock(-DECADES, False)
        port = free_port()
        self.start(configuration(listen=port))
        self.agent.wait("listener: waiting")
        mse = self.mse("--retry", "0.2", connect=port)
        self.diagnosed("clock-not-set", "This machine's clock is not set, so that the dates", who="from 127.0.0.1:")
        self.set_clock(0, False)
        mse.wait_session()
        self.nothing_diagnosed()

    def test_a_clock_that_is_kept_is_believed_and_the_skew_is_told_in_seconds(self):
        self.set_clock(-DECADES, False)
        mse = self.mse()
        self.start(configuration([mse.port]))
        self.agent.wait("cause: This machine's clock is not set")
        mark = self.agent.mark()
        self.set_clock(-DECADES, True)
        found = self.diagnosed("not-yet-valid", r"The peer's certificate \(CN=MSE-%s\) becomes valid in (\d+) s; this "
                               r"machine's clock is synchronised by NTP\.$" % USER, since=mark)
        self.assertLess(abs(int(found.group(1)) - DECADES), 2 * 86400)

    def two_sessions(self, **ends):
        """One that was dialled and one that came in, whose certificates end at these times."""
        port = free_port()
        config = configuration(users=SERVER_MACS[:2], listen=port)
        self.set_clock(0, False)
        for mac, name in zip(SERVER_MACS, ends):
            where = os.path.join(self.agent.folder, name)
            Keys.made[mac, name] = bed.identity.make_certificate(where, mac, dates=("20200101000000Z", ends[name]))
            self.addCleanup(Keys.made.pop, (mac, name))
        config["nmspd-aaa:aaa"]["attribute-list"] = [
            {"name": "L" + mac[-2:], "password": Keys.hash(mac, name)} for mac, name in zip(SERVER_MACS, ends)]
        names = list(ends)
        mse = self.mse(key_name=names[0])
        config["nmspd-nmsp:nmsp"]["server"] = configuration([mse.port])["nmspd-nmsp:nmsp"]["server"]
        self.start(config)
        self.agent.wait("listener: waiting")
        inbound = self.mse("--retry", "0.2", mac=SERVER_MACS[1], key_name=names[1], connect=port)
        mse.wait_session()
        inbound.wait_session()
        return mse, inbound

    def set_clock_to(self, when):
        self.set_clock(int(when - time.time()), False)
        self.agent.report()  # the agent sees it when it does something, which with a session is often

    def test_a_session_ends_with_its_certificate_and_is_refused_from_then_on(self):
        mse, inbound = self.two_sessions(ends="20400101000000Z", never="99991231235959Z")
        mark = self.agent.mark()
        self.set_clock_to(calendar.timegm((2040, 1, 1, 0, 0, 0)) - 1)
        self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")
        self.agent.wait("server .* session down after .* s: not let in any more: expired$", mark)
        self.diagnosed("expired", r"The peer's certificate \(CN=MSE-%s\) expired \d+ s ago; " % USER, since=mark)
        until(lambda: any("last-reason: 127.0.0.1:%d: not let in: expired" % mse.port in line
                          for line in self.agent.report()), "a try in vain")
        self.assertEqual(inbound.of("disconnected"), [])
        self.set_clock(0, False)
        mse.wait_session()
        self.nothing_diagnosed()

    def test_what_came_in_ends_with_its_certificate_too(self):
        mse, inbound = self.two_sessions(never="99991231235959Z", ends="20400101000000Z")
        mark = self.agent.mark()
        self.set_clock_to(calendar.timegm((2040, 1, 1, 0, 0, 0)) - 1)
        self.assertEqual(inbound.wait("disconnected")["reason"], "closed by the agent")
        self.agent.wait("from .* session down after .* s: not let in any more: expired$", mark)
        self.diagnosed("expired", r"The peer's certificate \(CN=MSE-%s\) expired \d+ s ago; "
                       % SERVER_MACS[1].replace(":", ""), who="from 127.0.0.1:", since=mark)
        self.assertEqual(mse.of("disconnected"), [])
        self.set_clock(0, False)
        inbound.wait_session()
        self.nothing_diagnosed()

    def test_sessions_end_when_the_clock_is_lost_and_are_back_when_it_is_set(self):
        both = self.two_sessions(one="20400101000000Z", other="20400101000000Z")
        mark = self.agent.mark()
        self.set_clock_to(86400)
        for mse in both:
            self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")
        for who in "server", "from":
            self.agent.wait(who + " .* session down after .* s: not let in any more: clock-not-set",
                            mark)
            self.agent.wait(who + " .* cause: This machine's clock is not set", mark)
        self.set_clock(0, False)
        for mse in both:
            mse.wait_session()
        self.nothing_diagnosed()


if __name__ == "__main__":
    unittest.main(verbosity=2)
