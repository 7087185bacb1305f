# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end, as client or server: Python's ssl (OpenSSL), wolfSSL, the programs of this folder.

Which library the peers of context() are on is told by TLS_PEER. Every peer gives
{"handshake": whether it thought itself connected, "bytes": how many application bytes it was given,
"alert": the number of the fatal alert it was sent or None}.
"""
import itertools
import json
import os
import socket
import ssl
import subprocess
import threading
import warnings

PATIENCE = 10
WORDS = b"the peer's words"
GREETING = b"the agent's first words"

VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
            "1.3": ssl.TLSVersion.TLSv1_3}

# OpenSSL has no number for the alert it was sent, only these words.
ALERTS = {
    "SSLV3_ALERT_UNEXPECTED_MESSAGE": 10,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": 40,
    "SSLV3_ALERT_BAD_CERTIFICATE": 42,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": 45,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": 46,
    "SSLV3_ALERT_ILLEGAL_PARAMETER": 47,
    "TLSV1_ALERT_UNKNOWN_CA": 48,
    "TLSV1_ALERT_DECODE_ERROR": 50,
    "TLSV1_ALERT_DECRYPT_ERROR": 51,
    "TLSV1_ALERT_PROTOCOL_VERSION": 70,
    "TLSV1_ALERT_INTERNAL_ERROR": 80,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": 116,
}


class Cannot(Exception):
    """The library of the peer, as it is built, has not what this peer needs."""


class OpenSsl(ssl.SSLContext):
    """role: the peer's own. trust: a PEM file that its partner must present, verified by OpenSSL;
    without it nothing is verified (a server then asks for no certificate)."""

    def __new__(cls, role, *_arguments):
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER if role == "server" else
                               ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, role, version, certificates, cert, key, trust, ciphers):
        super().__init__()
        if role == "server":
            self.load_dh_params(certificates.path("dh.pem"))
        self.check_hostname = False
        self.verify_mode = ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # they are meant
            self.minimum_version = self.maximum_version = VERSIONS[version]
        self.set_ciphers((ciphers or "DEFAULT") + ":@SECLEVEL=0")
        if cert:
            self.load_cert_chain(certificates.path(cert + ".pem"),
                                 certificates.path((key or cert) + ".key"))
        if trust:
            self.verify_mode = ssl.CERT_REQUIRED
            self.verify_flags |= ssl.VERIFY_X509_STRICT
            self.load_verify_locations(trust)

    def only_group(self, name):
        self.set_ecdh_curve({"P-192": "prime192v1", "P-256": "prime256v1", "P-384": "secp384r1",
                             "P-521": "secp521r1"}[name])

    def begin_with_another_group(self):
        """It does: with X25519."""

    def follow_the_client(self):
        self.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE

    def take_no_tickets(self):
        self.options |= ssl.OP_NO_TICKET

    def connect(self, port, session, expected):
        return _run(socket.create_connection(("127.0.0.1", port), PATIENCE), self, False, session,
                    expected)

    def listen(self, count, expected):
        return Listener(lambda sock: _run(sock, self, True, expected=expected), count)


class WolfSslSession:
    def __init__(self, path, has_ticket):
        self.path = path
        self.has_ticket = has_ticket


class WolfSsl:
    """The same on wolfSSL: as long as there is one connection, or one server, a program runs."""

    # OpenSSL's names of kinds of suites, for TLS 1.2.
    KINDS = {
        "aNULL": "ADH-AES128-SHA:ADH-AES256-GCM-SHA384",
        "eNULL": "NULL-SHA:NULL-SHA256:ECDHE-ECDSA-NULL-SHA",
        "kRSA": "AES128-SHA:AES256-SHA:AES128-GCM-SHA256",
        "DHE": "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA",
    }
    numbers = itertools.count()

    def __init__(self, role, version, certificates, cert, key, trust, ciphers):
        self.role = role
        self.version = version
        self.certificates = certificates
        self.options = []
        if cert:
            self.options += ["--cert", certificates.path(cert + ".pem"),
                             "--key", certificates.path((key or cert) + ".key")]
        if trust:
            self.options += ["--trust", trust]
        if ciphers:
            self.options += ["--ciphers", self.KINDS.get(ciphers, ciphers)]

    def only_group(self, name):
        self.options += ["--groups", name]

    def begin_with_another_group(self):
        self.options += ["--groups", "ffdhe2048,P-256"]

    def follow_the_client(self):
        self.options += ["--client-order"]

    def take_no_tickets(self):
        self.options += ["--no-ticket"]

    def connect(self, port, session, expected):
        path = self.certificates.path("session-%d" % next(self.numbers))
        options = ["--expected", expected, "--keep", path, *self.options]
        if session:
            options += ["--resume", session.path]
        with Program("TLS_WOLFSSL_PEER", "client", port, self.version, *options) as program:
            result = _result(program.line())
        result["session"] = WolfSslSession(path, result["ticket"]) if os.path.exists(path) else None
        return result

    def listen(self, count, expected):
        return WolfSslListener(self, count, expected)


class WolfSslListener:
    def __init__(self, ctx, count, expected):
        self.count = count
        self.program = Program("TLS_WOLFSSL_PEER", "server", ctx.version, "--connections", count,
                               "--expected", expected, *ctx.options)
        try:
            self.port = _result(self.program.line())["port"]
        except Cannot:
            with self.program:
                raise

    def finish(self):
        with self.program:
            return [_result(self.program.line()) for _ in range(self.count)]


def _result(line):
    if "cannot" in line:
        raise Cannot(line["cannot"])
    return line


KIND = os.environ.get("TLS_PEER", "openssl")
CONTEXTS = {"openssl": OpenSsl, "wolfssl": WolfSsl}


def context(role, version, certificates, cert=None, key=None, trust=None, ciphers=None, kind=KIND):
    return CONTEXTS[kind](role, version, certificates, cert, key, trust, ciphers)


def _converse(tls, result, expected):
    try:
        tls.do_handshake()
        result["handshake"] = True
        result["version"] = tls.version()
        result["cipher"] = tls.cipher()[0]
        result["reused"] = tls.session_reused
        tls.sendall(WORDS)
        while result["bytes"] < expected:
            data = tls.recv(4096)
            if not data:
                break
            result["bytes"] += len(data)
        result["session"] = tls.session
        tls.unwrap()
    except ssl.SSLError as error:
        result["alert"] = ALERTS.get(error.reason)
        result["error"] = error.reason
    except OSError as error:
        result["error"] = str(error)


def _run(sock, ctx, server, session=None, expected=len(GREETING)):
    result = {"handshake": False, "bytes": 0, "alert": None, "error": None, "session": None,
              "reused": False}
    with sock:
        sock.settimeout(PATIENCE)
        tls = ctx.wrap_socket(sock, server_side=server, do_handshake_on_connect=False,
                              session=session)
        with tls:
            _converse(tls, result, expected)
    return result


def connect(port, ctx, session=None, expected=len(GREETING)):
    """Ends the connection once it has got `expected` bytes."""
    return ctx.connect(port, session, expected)


class Listener:
    """Serves `count` connections, one after the other, with serve(socket); in a thread."""

    def __init__(self, serve, count=1):
        self.results = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, args=(serve, count))
        self.thread.start()

    def _serve(self, serve, count):
        with self.listener:
            for _ in range(count):
                try:
                    sock, _ = self.listener.accept()
                except OSError:
                    return
                self.results.append(serve(sock))

    def finish(self):
        self.thread.join()
        return self.results


def listen(ctx, count=1, expected=len(GREETING)):
    return ctx.listen(count, expected)


class Program:
    """A program of this folder that writes lines of JSON."""

    def __init__(self, name, *arguments):
        wrapper = os.environ.get("TLS_WRAPPER", "").split() if name == "TLS_PROBE" else []
        self.process = subprocess.Popen([*wrapper, os.environ[name], *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise RuntimeError("the program said nothing: " + self.process.stderr.read())
        return json.loads(text)

    def __enter__(self):
        return self

    def status(self):
        return self.process.wait(PATIENCE)

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.process.kill()
        self.process.stdout.close()
        messages = self.process.stderr.read()
        self.process.stderr.close()
        status = self.process.wait(PATIENCE)
        if kind is None and status != 0:
            raise RuntimeError(f"exit status {status}: {messages}")


class DroppingProxy:
    """Between a client and a server of TLS 1.2: swallows one kind of handshake message (which must
    be a record of its own, as OpenSSL and wolfSSL send it), and counts how many."""

    def __init__(self, kind, connect_port=None):
        self.kind = kind
        self.dropped = 0
        self.target = connect_port
        self.listener = Listener(self._serve)
        self.port = self.listener.port

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target), PATIENCE) as server:
            back = threading.Thread(target=self._pass, args=(server, client))
            back.start()
            self._pass(client, server)
            back.join()

    def _pass(self, source, sink):
        source.settimeout(PATIENCE)
        try:
            while True:
                header = self._exactly(source, 5)
                body = self._exactly(source, int.from_bytes(header[3:5], "big"))
                if header[0] == 22 and body[0] == self.kind:
                    self.dropped += 1
                    continue
                sink.sendall(header + body)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @staticmethod
    def _exactly(sock, n):
        data = b""
        while len(data) < n:
            part = sock.recv(n - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data
