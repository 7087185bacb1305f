# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rows of the matrix share: certificates, our end and a peer that meet, what came of it.

A refusal means: our end said so with the right verdict, handed no application byte to the library
although it tried all the time, and the peer decrypted none.
"""
import collections
import sys
import tempfile
import unittest

import certificates as making
import peers

MSE_MAC = "0050569c3489"
HUGE_BITS = 4608  # more than any build of the library that we know can compute with
ROLES = ("server", "client")
VERSIONS = ("1.2", "1.3")

folder = tempfile.TemporaryDirectory()
made = making.Certificates(folder.name)
ours_facts = {}
done = collections.Counter()
impossible = collections.defaultdict(list)  # by reason


def set_up():
    with peers.Program("TLS_PROBE", "identity", made.path("agent.pem"), made.path("agent.key"),
                       "agent", "02:00:00:00:00:01") as program:
        ours_facts.update(program.line())
    make_keys()
    make_certificates()


def make_keys():
    rsa = ("RSA", "-pkeyopt")
    for name, bits in (("mse", 2048), ("rsa4096", 4096), ("rsa1024", 1024), ("rsa512", 512),
                       ("huge", HUGE_BITS), ("stranger", 2048), ("ca", 2048)):
        made.key(name, *rsa, f"rsa_keygen_bits:{bits}")
    for name, curve in (("p256", "P-256"), ("p384", "P-384"), ("p521", "P-521"),
                        ("secp256k1", "secp256k1"), ("p192", "P-192"), ("p256-stranger", "P-256")):
        made.key(name, "EC", "-pkeyopt", "ec_paramgen_curve:" + curve)
    made.key("ed25519", "ED25519")
    making.openssl(made.folder, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt",
                   "group:ffdhe2048", "-out", "dh.pem")


def make_certificates():
    for name in ("mse", "rsa4096", "rsa1024", "rsa512", "huge", "stranger", "p256", "p384", "p521",
                 "secp256k1", "p192", "ed25519"):
        made.certificate(name)
    made.certificate("expired", key="mse", start="20100101000000Z", end="20200101000000Z")
    made.certificate("future", key="mse", start="20980101000000Z")
    made.certificate("no-mac", key="mse", subject="/CN=mse.example.com")
    made.certificate("critical", key="mse",
                     extensions="basicConstraints=CA:FALSE\n1.2.3.4=critical,DER:0500")
    made.certificate("wrong-use", key="mse",
                     extensions="basicConstraints=CA:FALSE\nkeyUsage=critical,cRLSign\n"
                                "extendedKeyUsage=codeSigning")
    made.certificate("ca", subject="/CN=Example CA",
                     extensions="basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign")
    made.certificate("leaf", key="mse", issuer="ca")
    made.certificate("expired-leaf", key="mse", issuer="ca", start="20100101000000Z",
                     end="20200101000000Z")
    made.chain("leaf-and-ca", "leaf", "ca")


def tear_down():
    """Says how much of the matrix there was."""
    folder.cleanup()
    print(f"\nwith {peers.KIND}: {done['rows']} rows run", file=sys.stderr)
    for reason, names in impossible.items():
        print(f"  {len(names)} cannot be ({reason}): {', '.join(names)}", file=sys.stderr)


# --- two ends meet -------------------------------------------------------------------------------


def other(role):
    return "client" if role == "server" else "server"


def user(key="mse", algorithm="sha256", mac=MSE_MAC):
    return "--user", f"{mac}={made.key_hash(key, algorithm)}"


def probe(role, *options):
    return peers.Program("TLS_PROBE", role, made.path("agent.pem"), made.path("agent.key"),
                         *options)


def peer_context(role, version, cert=None, key=None, ciphers=None):
    """For the peer of our end in this role. As a server it must know us, else it would not ask for
    our certificate; as a client it verifies us too."""
    return peers.context(other(role), version, made, cert, key, made.path("agent.pem"), ciphers)


def meet(role, ctx, *options):
    """Our end and one peer on a library; what each of them says."""
    if role == "server":
        with probe("server", *options) as program:
            theirs = peers.connect(program.line()["port"], ctx)
            return program.line(), theirs
    listener = peers.listen(ctx)
    with probe("client", "--port", listener.port, *options) as program:
        ours = program.line()
    return ours, listener.finish()[0]


def meet_program(role, name, *arguments, options=()):
    """Our end and a program of this folder."""
    if role == "server":
        with probe("server", *options) as program:
            port = program.line()["port"]
            with peers.Program(name, "client", port, *arguments) as theirs:
                return program.line(), theirs.line()
    with peers.Program(name, "server", *arguments) as theirs:
        with probe("client", "--port", theirs.line()["port"], *options) as program:
            return program.line(), theirs.line()


class Matrix(unittest.TestCase):
    def assert_refused(self, ours, theirs, failure, verdict="NOT_ASKED", alert=None):
        """alert: what our end must have sent and the peer must have got; None: none is possible."""
        about = f"\nours: {ours}\ntheirs: {theirs}"
        self.assertFalse(ours["in"], about)
        self.assertEqual(ours["failure"], failure, about)
        self.assertEqual(ours["verdict"], verdict, about)
        self.assertGreaterEqual(ours["tries"], 2, about)
        self.assertEqual(ours["breaches"], 0, about)
        self.assertEqual(ours["written"], 0, about)
        self.assertEqual(ours["read"], 0, about)
        self.assertEqual(theirs["bytes"], 0, about)
        self.assertNotEqual(ours["error"], "", about)
        if alert is not None:
            self.assertEqual(ours["alert_sent"], 0x200 + alert, about)
            self.assertEqual(theirs["alert"], alert, about)

    def assert_in(self, ours, theirs, version):
        about = f"\nours: {ours}\ntheirs: {theirs}"
        self.assertTrue(ours["in"], about)
        self.assertEqual(ours["verdict"], "OK", about)
        self.assertEqual(ours["failure"], "NONE", about)
        self.assertEqual(ours["asked"], 1, about)
        self.assertEqual(ours["breaches"], 0, about)
        self.assertEqual(ours["version"], "TLSv" + version, about)
        self.assertEqual(ours["written"], len(peers.GREETING), about)
        self.assertEqual(theirs["bytes"], len(peers.GREETING), about)
        self.assertEqual(ours["read"], len(peers.WORDS), about)
        self.assertEqual(theirs["version"], "TLSv" + version, about)
        self.assertFalse(theirs["reused"], about)


# --- rows ----------------------------------------------------------------------------------------


def matrix(roles=ROLES, versions=VERSIONS):
    """Makes one test of each role and version."""
    def mark(function):
        function.rows = [(role, version) for role in roles for version in versions]
        return function
    return mark


def not_with_wolfssl(reason, roles=ROLES, versions=VERSIONS):
    """These rows cannot be with wolfSSL as the peer."""
    def mark(function):
        function.excluded = {(role, version): reason for role in roles for version in versions}
        return function
    return mark


def if_built(*reasons):
    """These rows may be impossible with a build of wolfSSL; these are the reasons it may have."""
    def mark(function):
        function.lacks = reasons
        return function
    return mark


def run_row(test, function, role, version):
    name = test.id().rpartition(".")[2].removeprefix("test_")
    reason = None
    if peers.KIND == "wolfssl":
        reason = getattr(function, "excluded", {}).get((role, version))
    if reason is None:
        try:
            function(test, role, version)
        except unittest.SkipTest as why:
            reason = str(why)
        except peers.Cannot as why:
            reason = str(why)
            if reason not in getattr(function, "lacks", ()):
                raise
    if reason is not None:
        impossible[reason].append(name)
        test.skipTest(reason)
    done["rows"] += 1


def rows(cls):
    for name, function in list(vars(cls).items()):
        for role, version in getattr(function, "rows", ()):
            def test(self, function=function, role=role, version=version):
                run_row(self, function, role, version)
            test.__name__ = f"test_{name}__{role}_tls{version}".replace(".", "_")
            test.__doc__ = None
            setattr(cls, test.__name__, test)
    return cls
