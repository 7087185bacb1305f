# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end: Python's ssl (OpenSSL), and the programs of this folder, each as client or server.

Every peer gives {"handshake": whether it thought itself connected, "bytes": how many application
bytes it was given, "alert": the number of the fatal alert it was sent or None}.
"""
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


def context(role, version, certificates, cert=None, key=None, trust=None, ciphers=None):
    """role: the peer's own. trust: a PEM file that its partner must present, verified by OpenSSL;
    without it nothing is verified (a server then asks for no certificate)."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # they are meant
        ctx.minimum_version = ctx.maximum_version = VERSIONS[version]
    ctx.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
    if cert:
        ctx.load_cert_chain(certificates.path(cert + ".pem"),
                            certificates.path((key or cert) + ".key"))
    if trust:
        ctx.verify_mode = ssl.CERT_REQUIRED
        ctx.verify_flags |= ssl.VERIFY_X509_STRICT
        ctx.load_verify_locations(trust)
    return ctx


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
    return _run(socket.create_connection(("127.0.0.1", port), PATIENCE), ctx, False, session,
                expected)


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
    return Listener(lambda sock: _run(sock, ctx, True, expected=expected), count)


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
