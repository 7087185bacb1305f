# SPDX-License-Identifier: GPL-2.0-or-later
"""Who gets in and who does not: our end (tls-probe) against peers that do not use our code: on
OpenSSL (TLS_PEER=openssl, the default) or on the wolfSSL that we are built with (TLS_PEER=wolfssl).

Each case runs in both roles and in TLS 1.2 and 1.3 where it can exist there. "server" and "client"
are our role. What cannot exist with a peer says so, with the reason.
"""
import os
import subprocess
import unittest

import certificates as making
import matrix as bench
import peers
import raw_tls13
from matrix import (MSE_MAC, Matrix, if_built, made, matrix, meet, meet_program, not_with_wolfssl,
                    other, ours_facts, peer_context, probe, rows, user)

setUpModule = bench.set_up
tearDownModule = bench.tear_down
WOLFSSL = peers.KIND == "wolfssl"
NO_LIBRARY = "no library says this: the peer of the run with OpenSSL is one without a library"
SAME_GROUPS = "our library takes every curve that it knows, and the peer's is the same"


@rows
class Accepted(Matrix):
    def check(self, role, version, cert, key=None, *options):
        ours, theirs = meet(role, peer_context(role, version, cert, key),
                            *(options or user(key or cert)))
        self.assert_in(ours, theirs, version)
        return ours

    @matrix()
    def a_listed_rsa_2048_key(self, role, version):
        ours = self.check(role, version, "mse")
        self.assertEqual(ours["mac"], "00:50:56:9c:34:89")
        self.assertFalse(ours["by_hash_alone"])

    @matrix()
    def a_key_listed_by_its_sha1_hash(self, role, version):
        self.check(role, version, "mse", None, *user("mse", "sha1"))

    @matrix()
    def a_listed_rsa_4096_key(self, role, version):
        self.check(role, version, "rsa4096")

    @matrix()
    def a_listed_p256_key(self, role, version):
        """In TLS 1.2 our certificate request names RSA certificates only, because ours is one
        (a limit of the library); OpenSSL goes by the signature algorithms and presents its own."""
        self.check(role, version, "p256")

    @matrix()
    def a_listed_p384_key(self, role, version):
        self.check(role, version, "p384")

    @matrix()
    def a_listed_p521_key(self, role, version):
        if WOLFSSL or (role, version) != ("client", "1.2"):
            self.check(role, version, "p521")
            return
        # The groups that we offer also say which certificates a TLS 1.2 server on OpenSSL presents.
        ours, theirs = meet(role, peer_context(role, version, "p521"), *user("p521"))
        self.assert_refused(ours, theirs, "PEER_ALERT")

    @matrix()
    def a_certificate_without_a_mac_by_its_hash_alone(self, role, version):
        ours = self.check(role, version, "no-mac", "mse")
        self.assertEqual(ours["mac"], "00:50:56:9c:34:89")
        self.assertTrue(ours["by_hash_alone"])

    @matrix()
    def a_certificate_of_an_authority_with_a_listed_key(self, role, version):
        self.check(role, version, "leaf", "mse")

    @matrix()
    def a_certificate_that_comes_with_its_authority(self, role, version):
        ours = self.check(role, version, "leaf-and-ca", "mse")
        self.assertEqual(ours["chain"], 2)

    @matrix()
    def a_certificate_for_other_uses(self, role, version):
        """Key usage and extended key usage are not ours: the key is pinned."""
        self.check(role, version, "wrong-use", "mse")

    @matrix()
    def the_server_that_was_expected(self, role, version):
        self.check(role, version, "mse", None, *user(), "--expect", MSE_MAC)

    @matrix()
    def a_key_among_others(self, role, version):
        self.check(role, version, "mse", None, *user("stranger", mac="001122334455"), *user())


@rows
class Refused(Matrix):
    def check(self, role, version, cert, verdict, alert, key=None, options=None):
        ours, theirs = meet(role, peer_context(role, version, cert, key),
                            *(user(key or cert) if options is None else options))
        self.assert_refused(ours, theirs, "REFUSED", verdict, alert)
        self.assertEqual(ours["asked"], 1)

    @matrix()
    def a_key_that_is_not_listed(self, role, version):
        self.check(role, version, "stranger", "WRONG_HASH", 42, options=user("mse"))

    @matrix()
    def anybody_while_the_list_is_empty(self, role, version):
        self.check(role, version, "mse", "UNKNOWN_MAC", 42, options=())

    @matrix()
    def a_listed_key_under_another_mac(self, role, version):
        self.check(role, version, "mse", "UNKNOWN_MAC", 42, options=user(mac="001122334455"))

    @matrix()
    def another_server_than_the_one_expected(self, role, version):
        self.check(role, version, "mse", "WRONG_SERVER", 42,
                   options=(*user(), "--expect", "001122334455"))

    @matrix()
    def an_expired_certificate(self, role, version):
        self.check(role, version, "expired", "EXPIRED", 42, key="mse")

    @matrix()
    def an_expired_certificate_of_an_authority(self, role, version):
        self.check(role, version, "expired-leaf", "EXPIRED", 48, key="mse")

    @matrix()
    def a_certificate_that_is_not_valid_yet(self, role, version):
        self.check(role, version, "future", "NOT_YET_VALID", 42, key="mse")

    @matrix()
    def an_rsa_key_of_1024_bits(self, role, version):
        self.check(role, version, "rsa1024", "WEAK_KEY", 42)

    @if_built("the key is not understood")
    @matrix()
    def an_rsa_key_of_512_bits(self, role, version):
        """In TLS 1.3 no library signs with it: as a client OpenSSL then presents nothing."""
        ours, theirs = meet(role, peer_context(role, version, "rsa512"), *user("rsa512"))
        if version == "1.2":
            self.assert_refused(ours, theirs, "REFUSED", "WEAK_KEY", 42)
        elif role == "server":
            self.assert_refused(ours, theirs, "NO_CERTIFICATE", alert=116)
        else:
            self.assert_refused(ours, theirs, "PEER_ALERT")

    @if_built("the certificate is not understood")
    @matrix()
    def a_p192_key(self, role, version):
        """Our library does not read it, and OpenSSL presents it only as a client of TLS 1.2."""
        ours, theirs = meet(role, peer_context(role, version, "p192"), *user("p192"))
        if role == "client":
            self.assert_refused(ours, theirs, "PEER_ALERT")
        elif version == "1.3":
            self.assert_refused(ours, theirs, "NO_CERTIFICATE", alert=116)
        else:
            self.assert_refused(ours, theirs, "BAD_CERTIFICATE")

    @matrix()
    def an_unlisted_key_of_an_authority(self, role, version):
        self.check(role, version, "leaf-and-ca", "WRONG_HASH", 48, key="mse",
                   options=user("stranger"))

    @if_built("the certificate is not understood")
    @matrix(versions=("1.3",))
    def an_ed25519_key(self, role, version):
        """By us, or (OpenWrt's build) by the library, which then does not know it."""
        ours, theirs = meet(role, peer_context(role, version, "ed25519"), *user("ed25519"))
        self.assert_refused(ours, theirs, ours["failure"], ours["verdict"])
        self.assertIn(ours["verdict"], ("WEAK_KEY", "NOT_ASKED"))

    @matrix(roles=("server",))
    def no_certificate(self, role, version):
        ours, theirs = meet(role, peer_context(role, version), *user())
        self.assert_refused(ours, theirs, "NO_CERTIFICATE", alert=42 if version == "1.2" else 116)

    @matrix()
    def an_unknown_critical_extension(self, role, version):
        ours, theirs = meet(role, peer_context(role, version, "critical", "mse"), *user())
        self.assert_refused(ours, theirs, "BAD_CERTIFICATE")

    @if_built("the certificate is not understood")
    @matrix(roles=("client",), versions=("1.2",))
    def a_curve_that_is_not_accepted(self, role, version):
        ours, theirs = meet(role, peer_context(role, version, "secp256k1"), *user("secp256k1"))
        self.assertFalse(ours["in"])
        self.assertEqual((ours["written"], ours["breaches"], theirs["bytes"]), (0, 0, 0))


@rows
class Unproven(Matrix):
    """Somebody else's listed certificate, without its key."""

    def check_thief(self, role, version, cert):
        if WOLFSSL:  # which lets any key of that kind stand beside a certificate
            key = {"mse": "stranger", "p256": "p256-stranger"}[cert]
            ours, theirs = meet(role, peer_context(role, version, cert, key), *user(cert))
        else:
            ours, theirs = meet_program(role, "TLS_THIEF", made.path(cert + ".pem"), version,
                                        options=user(cert))
        # As a client of TLS 1.2 the library ends without an alert.
        self.assert_refused(ours, theirs, "UNPROVEN", "OK",
                            None if (role, version) == ("client", "1.2") else 51)

    @matrix()
    def a_stolen_rsa_certificate(self, role, version):
        self.check_thief(role, version, "mse")

    @matrix()
    def a_stolen_p256_certificate(self, role, version):
        self.check_thief(role, version, "p256")

    def check_liar(self, role, proof):
        certificate = made.der("mse")
        if role == "server":
            with probe("server", *user()) as program:
                theirs = raw_tls13.connect(program.line()["port"], certificate, proof)
                return program.line(), theirs
        listener = peers.Listener(lambda sock: raw_tls13.serve(sock, certificate, proof))
        with probe("client", "--port", listener.port, *user()) as program:
            ours = program.line()
        return ours, listener.finish()[0]

    @not_with_wolfssl(NO_LIBRARY)
    @matrix(versions=("1.3",))
    def a_signature_of_noise(self, role, _version):
        ours, theirs = self.check_liar(role, "noise")
        self.assert_refused(ours, theirs, "UNPROVEN", "OK", 51)

    @not_with_wolfssl(NO_LIBRARY)
    @matrix(versions=("1.3",))
    def a_certificate_verify_left_out(self, role, _version):
        ours, theirs = self.check_liar(role, "none")
        self.assert_refused(ours, theirs, "UNPROVEN", "OK", 10)

    @not_with_wolfssl(NO_LIBRARY)
    @matrix(versions=("1.3",))
    def certificate_and_certificate_verify_left_out(self, role, _version):
        ours, theirs = self.check_liar(role, "no certificate")
        self.assertEqual(ours["asked"], 0)
        self.assert_refused(ours, theirs, ours["failure"], alert=10)

    @unittest.skipIf(WOLFSSL, NO_LIBRARY)
    def test_the_liar_can_finish_a_handshake_in_which_nothing_is_asked(self):
        """Else the three tests above could pass for a wrong reason."""
        ctx = peers.context("server", "1.3", made, "mse")
        listener = peers.listen(ctx, expected=len(raw_tls13.WORDS))
        theirs = raw_tls13.connect(listener.port, b"", "no certificate")
        result = listener.finish()[0]
        self.assertTrue(result["handshake"])
        self.assertEqual(result["bytes"], len(raw_tls13.WORDS))
        self.assertTrue(theirs["handshake"])

    @matrix(roles=("server",), versions=("1.2",))
    def a_certificate_verify_taken_out(self, role, version):
        self.check_dropped(role, version, 15, "OK")

    @matrix(roles=("client",), versions=("1.2",))
    def a_server_key_exchange_taken_out(self, role, version):
        self.check_dropped(role, version, 12, "OK")

    @matrix(versions=("1.2",))
    def a_certificate_taken_out(self, role, version):
        self.check_dropped(role, version, 11, "NOT_ASKED")

    def check_dropped(self, role, version, kind, verdict):
        ctx = peer_context(role, version, "mse")
        if role == "server":
            with probe("server", *user()) as program:
                proxy = peers.DroppingProxy(kind, program.line()["port"])
                theirs = peers.connect(proxy.port, ctx)
                ours = program.line()
        else:
            listener = peers.listen(ctx)
            proxy = peers.DroppingProxy(kind, listener.port)
            with probe("client", "--port", proxy.port, *user()) as program:
                ours = program.line()
            theirs = listener.finish()[0]
        proxy.listener.finish()
        self.assertGreaterEqual(proxy.dropped, 1)
        self.assert_refused(ours, theirs, ours["failure"], verdict)


    @matrix()
    def a_key_that_the_library_cannot_compute_with(self, role, version):
        if WOLFSSL:
            self.skipTest("its library cannot do it either")
        ours, theirs = meet(role, peer_context(role, version, "huge"), *user("huge"))
        self.assert_refused(ours, theirs, "KEY_SIZE", "OK", 42)


def meet_forger(role, cert, what, value):
    return meet_program(role, "TLS_FORGER", made.path(cert + ".pem"), made.path(cert + ".key"), what, value,
                        options=user(cert))


@rows
class Forged(Matrix):
    """A peer that holds its key, and does what it was not offered. It is always on OpenSSL."""

    @not_with_wolfssl(NO_LIBRARY, versions=("1.2",))
    @matrix(versions=("1.2",))
    def a_signature_over_a_weak_hash(self, role, _version):
        for cert, scheme in (("mse", "0201"), ("mse", "0301"), ("p256", "0203"), ("p256", "0303")):
            with self.subTest(scheme):
                ours, theirs = meet_forger(role, cert, "signature", scheme)
                self.assert_refused(ours, theirs, "WEAK_PROOF", "OK")

    @not_with_wolfssl(NO_LIBRARY, versions=("1.2",))
    @matrix(versions=("1.2",))
    def a_signature_that_was_asked_for(self, role, version):
        """Else the refusals above could have another reason."""
        for cert, scheme in (("mse", "0401"), ("p256", "0403")):
            ours, theirs = meet_forger(role, cert, "signature", scheme)
            self.assert_in(ours, theirs, version)

    @not_with_wolfssl(NO_LIBRARY, versions=("1.2",))
    @matrix(roles=("client",), versions=("1.2",))
    def a_suite_that_was_not_offered(self, role, version):
        """CVE-2024-5814: without encryption, without forward secrecy, without a certificate."""
        for cert, suite in (("p256", "c006"), ("mse", "c010"), ("mse", "009e"), ("mse", "002f"), ("mse", "0034")):
            with self.subTest(suite):
                ours, theirs = meet_forger(role, cert, "suite", suite)
                self.assertIn(ours["failure"], ("NO_COMMON", "PROTOCOL", "PEER_ALERT"))
                self.assert_refused(ours, theirs, ours["failure"], ours["verdict"])
        ours, theirs = meet_forger(role, "mse", "suite", "c013")
        self.assert_in(ours, theirs, version)

    @not_with_wolfssl(NO_LIBRARY, versions=("1.3",))
    @matrix(versions=("1.3",))
    def a_record_that_is_its_tag_alone(self, role, _version):
        """CVE-2024-0901, from anybody. `--full` of scripts/test tries it often."""
        count = 500 if os.environ.get("NMSPD_TEST_FULL") else 50
        if role == "server":
            with probe("server", "--connections", count) as program:
                port = program.line()["port"]
                for _ in range(count):
                    self.check_record(raw_tls13.connect(port, b"", "tag alone"), program.line())
            return
        listener = peers.Listener(lambda sock: raw_tls13.serve(sock, b"", "tag alone"), count)
        with probe("client", "--port", listener.port, "--connections", count) as program:
            ours = [program.line() for _ in range(count)]
        for one, theirs in zip(ours, listener.finish(), strict=True):
            self.check_record(theirs, one)

    def check_record(self, theirs, ours):
        self.assert_refused(ours, theirs, "RECORD")


@rows
class NothingWeaker(Matrix):
    """Suites, versions and groups that we do not speak."""

    @matrix(versions=("1.2",))
    def anonymous_suites(self, role, version):
        ctx = peers.context(other(role), version, made, ciphers="aNULL")
        ours, theirs = meet(role, ctx, *user())
        # As a client we are told that nothing is in common, as a server we tell.
        if role == "client":
            self.assert_refused(ours, theirs, "PEER_ALERT")
            self.assertEqual(ours["alert_received"], 0x200 + 40)
        else:
            self.assert_refused(ours, theirs, "NO_COMMON", alert=40)

    @matrix(versions=("1.2",))
    def suites_without_encryption_or_forward_secrecy(self, role, version):
        for suites in ("eNULL", "kRSA", "DHE"):
            with self.subTest(suites):
                # The only one without encryption that a wolfSSL without RSA key transport has.
                cert = "p256" if WOLFSSL and suites == "eNULL" else "mse"
                ctx = peer_context(role, version, cert, ciphers=suites)
                try:
                    ours, theirs = meet(role, ctx, *user())
                except peers.Cannot as why:
                    self.assertIn((suites, str(why)), [("eNULL", "none of the suites"),
                                                       ("kRSA", "none of the suites")])
                    bench.impossible[f"{suites}: {why}"].append(self.id().rpartition(".")[2])
                    self.skipTest(f"{suites}: {why}")
                self.assert_refused(ours, theirs,
                                    "PEER_ALERT" if role == "client" else "NO_COMMON")

    @matrix(versions=("1.1",))
    def tls_1_1(self, role, version):
        ours, theirs = meet(role, peer_context(role, version, "mse"), *user())
        # A server on wolfSSL answers with a version that we did not offer.
        self.assert_refused(ours, theirs,
                            "PEER_ALERT" if role == "client" and not WOLFSSL else "NO_COMMON")

    @matrix(versions=("1.2",))
    def cbc_suites_only_while_strong_cipher_is_off(self, role, version):
        cbc = "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384"
        ours, theirs = meet(role, peer_context(role, version, "mse", ciphers=cbc), *user())
        self.assert_in(ours, theirs, version)
        ours, theirs = meet(role, peer_context(role, version, "mse", ciphers=cbc), *user(),
                            "--strong")
        self.assert_refused(ours, theirs, "PEER_ALERT" if role == "client" else "NO_COMMON")

    @matrix()
    def strong_cipher_leaves_what_is_strong(self, role, version):
        ours, theirs = meet(role, peer_context(role, version, "mse"), *user(), "--strong")
        self.assert_in(ours, theirs, version)

    @matrix()
    def chacha20_is_preferred(self, role, version):
        ctx = peer_context(role, version, "mse")
        if role == "client":
            ctx.follow_the_client()  # ours is to decide
        ours, theirs = meet(role, ctx, *user())
        self.assert_in(ours, theirs, version)
        self.assertIn("CHACHA20", ours["cipher"])

    @matrix()
    def p384_alone_will_do(self, role, version):
        ctx = peer_context(role, version, "mse")
        ctx.only_group("P-384")
        ours, theirs = meet(role, ctx, *user())
        self.assert_in(ours, theirs, version)

    @not_with_wolfssl(SAME_GROUPS, roles=("server",), versions=("1.2",))
    @matrix()
    def other_groups_will_not_do(self, role, version):
        ctx = peer_context(role, version, "mse")
        # As a server of TLS 1.2 the library takes any curve that it knows.
        ctx.only_group("P-192" if (role, version) == ("server", "1.2") else "P-521")
        ours, theirs = meet(role, ctx, *user())
        self.assert_refused(ours, theirs, ours["failure"])
        self.assertEqual(ours["asked"], 0)


    def test_the_peers_speak_weakly_with_each_other(self):
        """Else refusals of what they offer could pass for a wrong reason."""
        for suites, cert in (("aNULL", None), ("eNULL", "p256"), ("kRSA", "mse"), ("DHE", "mse")):
            with self.subTest(suites):
                ctx = peers.context("client", "1.2", made, ciphers=suites)
                expected = len(peers.WORDS)
                server = peers.context("server", "1.2", made, cert, ciphers=suites)
                try:
                    listener = peers.listen(server, 1, expected)
                except peers.Cannot as why:
                    self.skipTest(f"{suites}: {why}")
                theirs = peers.connect(listener.port, ctx, None, expected)
                self.assertEqual((theirs["handshake"], theirs["bytes"]), (True, expected), theirs)
                self.assertEqual(listener.finish()[0]["bytes"], expected)


@rows
class Resumption(Matrix):
    """A session made while the key was listed must not get in once it is not."""

    def check_second(self, ours, theirs, alert=42):
        self.assertFalse(theirs["reused"])
        self.assert_refused(ours, theirs, "REFUSED", "UNKNOWN_MAC", alert)

    def check_server(self, version, no_ticket):
        ctx = peer_context("server", version, "mse")
        if no_ticket:
            ctx.take_no_tickets()
        with probe("server", *user(), "--connections", 3, "--forget-after", 2) as program:
            port = program.line()["port"]
            first = peers.connect(port, ctx)
            self.assert_in(program.line(), first, version)
            self.assertFalse(first["session"] is not None and first["session"].has_ticket)
            second = peers.connect(port, ctx, first["session"])
            self.assert_in(program.line(), second, version)
            third = peers.connect(port, ctx, second["session"])
            self.check_second(program.line(), third)

    @matrix(roles=("server",))
    def with_whatever_we_gave(self, _role, version):
        self.check_server(version, no_ticket=False)

    @matrix(roles=("server",), versions=("1.2",))
    def by_session_id(self, _role, version):
        self.check_server(version, no_ticket=True)

    def foreign_session(self, ctx, version):
        """A session of another server, which does resume it."""
        expected = len(peers.WORDS)
        listener = peers.listen(peers.context("server", version, made, "stranger"), 2, expected)
        first = peers.connect(listener.port, ctx, None, expected)
        again = peers.connect(listener.port, ctx, first["session"], expected)
        listener.finish()
        self.assertTrue(first["session"].has_ticket)
        self.assertTrue(again["reused"])
        return first["session"]

    @matrix(roles=("server",))
    def by_a_ticket_that_somebody_else_gave(self, role, version):
        """So that the peer really offers one: in TLS 1.3 as a pre-shared key."""
        ctx = peers.context("client", version, made, "mse")
        ctx.only_group("P-256")
        session = self.foreign_session(ctx, version)
        with probe(role, *user(), "--connections", 2, "--forget-after", 1) as program:
            port = program.line()["port"]
            first = peers.connect(port, ctx, session)
            if WOLFSSL and version == "1.2" and not first["handshake"]:
                # A client on Debian's wolfSSL takes it for granted that its ticket was accepted,
                # and gives up.
                for theirs in (first, peers.connect(port, ctx, session)):
                    self.assert_refused(program.line(), theirs, "PEER_ALERT")
                return
            self.assert_in(program.line(), first, version)
            second = peers.connect(port, ctx, session)
            self.check_second(program.line(), second)

    @matrix(roles=("server",), versions=("1.3",))
    def by_a_foreign_ticket_with_a_group_that_we_lack(self, role, version):
        """The library answers a foreign ticket in a second ClientHello with an alert; others would
        ignore it. Nobody gets in either way."""
        ctx = peers.context("client", version, made, "mse")
        ctx.begin_with_another_group()
        session = self.foreign_session(ctx, version)
        with probe(role) as program:
            theirs = peers.connect(program.line()["port"], ctx, session)
            ours = program.line()
        self.assert_refused(ours, theirs, ours["failure"], ours["verdict"])

    @matrix(roles=("client",))
    def with_a_server_that_would_resume(self, role, version):
        listener = peers.listen(peer_context(role, version, "mse"), 3)
        with probe(role, "--port", listener.port, *user(), "--connections", 3, "--forget-after",
                   2) as program:
            ours = [program.line() for _ in range(3)]
        theirs = listener.finish()
        self.assert_in(ours[0], theirs[0], version)
        self.assert_in(ours[1], theirs[1], version)
        self.check_second(ours[2], theirs[2])


OLD_CIPHERS = "AES128-SHA"
OLD_VERSIONS = ("1.0", "1.1", "1.2")


CANNOT = 3  # what tls-probe exits with


def has_legacy():
    command = [os.environ["TLS_PROBE"], "server", made.path("agent.pem"), made.path("agent.key")]
    return subprocess.run(command + ["--legacy", "--connections", "0"],
                          stdout=subprocess.DEVNULL).returncode != CANNOT


@rows
class Legacy(Matrix):
    """A location server of the technote's age: RSA key transport, AES-CBC with SHA-1, TLS 1.0."""

    @classmethod
    def setUpClass(cls):
        cls.possible = has_legacy()
        if os.environ.get("TLS_LEGACY") and not cls.possible:
            raise AssertionError("this wolfSSL was to have RSA key transport and TLS 1.0")

    def meet_old(self, role, version, cert, *options):
        if not self.possible:
            self.skipTest("this wolfSSL has neither RSA key transport nor TLS 1.0")
        return meet(role, peer_context(role, version, cert, ciphers=OLD_CIPHERS), *options)

    @matrix(versions=OLD_VERSIONS)
    def gets_in_with_a_listed_key(self, role, version):
        ours, theirs = self.meet_old(role, version, "mse", "--legacy", *user())
        # OpenSSL and wolfSSL call the first one "TLSv1".
        self.assert_in(ours, theirs, "1" if version == "1.0" else version)
        self.assertEqual(theirs["cipher"], "AES128-SHA")
        self.assertTrue(ours["legacy"])

    @matrix(versions=OLD_VERSIONS)
    def with_another_key_stays_out(self, role, version):
        ours, theirs = self.meet_old(role, version, "stranger", "--legacy", *user())
        self.assert_refused(ours, theirs, "REFUSED", "WRONG_HASH")

    @matrix(versions=OLD_VERSIONS)
    def gets_in_with_strong_ciphers_for_all_others(self, role, version):
        ours, theirs = self.meet_old(role, version, "mse", "--legacy", "--strong", *user())
        self.assert_in(ours, theirs, "1" if version == "1.0" else version)

    @not_with_wolfssl(NO_LIBRARY, versions=("1.2",))
    @matrix(versions=("1.2",))
    def may_prove_its_key_over_sha1(self, role, version):
        if not self.possible:
            self.skipTest("this wolfSSL has neither RSA key transport nor TLS 1.0")
        ours, theirs = meet_program(role, "TLS_FORGER", made.path("mse.pem"), made.path("mse.key"), "signature", "0201",
                                    options=("--legacy", *user()))
        self.assert_in(ours, theirs, version)

    @if_built("not this version of TLS", "none of the suites")
    @matrix(versions=OLD_VERSIONS)
    def stays_out_where_nothing_was_said(self, role, version):
        ours, theirs = meet(role, peer_context(role, version, "mse", ciphers=OLD_CIPHERS), *user())
        self.assertFalse(ours["in"], ours)
        self.assertIn(ours["failure"], ("NO_COMMON", "PEER_ALERT"), ours)
        self.assertEqual((ours["asked"], ours["written"], theirs["bytes"]), (0, 0, 0))

    @matrix()
    def a_server_of_today_gets_what_is_of_today(self, role, version):
        if not self.possible:
            self.skipTest("this wolfSSL has neither RSA key transport nor TLS 1.0")
        ours, theirs = meet(role, peer_context(role, version, "mse"), "--legacy", *user())
        self.assert_in(ours, theirs, version)
        self.assertRegex(theirs["cipher"], "^TLS_|^TLS13-|^ECDHE-")


@unittest.skipIf(WOLFSSL, "as OpenSSL sees it")
class Identity(unittest.TestCase):
    """Our own certificate, as OpenSSL sees it."""

    def test_openssl_computes_the_same_hashes(self):
        self.assertEqual(ours_facts["sha256"], made.key_hash("agent"))
        self.assertEqual(ours_facts["sha1"], made.key_hash("agent", "sha1"))

    def test_openssl_accepts_it_as_server_and_client(self):
        for purpose in ("sslserver", "sslclient"):
            making.openssl(made.folder, "verify", "-x509_strict", "-check_ss_sig", "-CAfile",
                           "agent.pem", "-purpose", purpose, "agent.pem")

    def test_openssl_accepts_its_key(self):
        making.openssl(made.folder, "pkey", "-in", "agent.key", "-check", "-noout")

    def test_it_says_what_it_should(self):
        text = making.openssl(made.folder, "x509", "-in", "agent.pem", "-noout", "-subject",
                              "-startdate", "-enddate").decode()
        self.assertIn("CN = agent-020000000001", text)
        self.assertIn("notBefore=Jan  1 00:00:00 2000 GMT", text)
        self.assertIn("notAfter=Dec 31 23:59:59 9999 GMT", text)
        self.assertEqual(ours_facts["subject"], "CN=agent-020000000001")
        self.assertEqual(os.stat(made.path("agent.key")).st_mode & 0o7777, 0o600)


if __name__ == "__main__":
    unittest.main()
