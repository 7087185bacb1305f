# SPDX-License-Identifier: GPL-2.0-or-later
"""A TLS 1.3 peer (RFC 8446) made of the standard library alone, for what no TLS library does:
leaving out the proof that it holds its certificate's key.

One suite (ChaCha20-Poly1305), one group (P-256), full handshakes only. It checks nothing that its
partner says, and is of no use for anything but attacking.
"""
import hashlib
import hmac
import os
import socket
import struct

# --- P-256 (SEC 2), affine: slow and not constant-time ---

P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def _add(a, b):
    if a is None:
        return b
    if b is None:
        return a
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _multiply(k, point):
    result = None
    while k:
        if k & 1:
            result = _add(result, point)
        point = _add(point, point)
        k >>= 1
    return result


def _encode(point):
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def _decode(data):
    return int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:65], "big")


# --- ChaCha20-Poly1305 (RFC 8439) ---

def _quarter(s, a, b, c, d):
    for first, second, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[first] = (s[first] + s[second]) & 0xffffffff
        x = s[third] ^ s[first]
        s[third] = ((x << turn) | (x >> (32 - turn))) & 0xffffffff


def _block(key, counter, nonce):
    start = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
             *struct.unpack("<8L", key), counter, *struct.unpack("<3L", nonce)]
    s = list(start)
    for _ in range(10):
        for column in range(4):
            _quarter(s, column, column + 4, column + 8, column + 12)
        for row in range(4):
            _quarter(s, row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4)
    return struct.pack("<16L", *((x + y) & 0xffffffff for x, y in zip(s, start)))


def _crypt(key, nonce, data):
    stream = b"".join(_block(key, 1 + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(x ^ y for x, y in zip(data, stream))


def _tag(key, nonce, aad, data):
    one_time = _block(key, 0, nonce)
    r = int.from_bytes(one_time[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    s = int.from_bytes(one_time[16:32], "little")
    text = aad + bytes(-len(aad) % 16) + data + bytes(-len(data) % 16)
    text += struct.pack("<QQ", len(aad), len(data))
    total = 0
    for i in range(0, len(text), 16):
        total = (total + int.from_bytes(text[i:i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + s) & ((1 << 128) - 1)).to_bytes(16, "little")


# --- key schedule (RFC 8446 7.1) ---

def _label(secret, label, context, length):
    name = b"tls13 " + label
    info = struct.pack(">HB", length, len(name)) + name + bytes([len(context)]) + context
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(secret, block + info + bytes([i]), "sha256")
        out += block
        i += 1
    return out[:length]


class Keys:
    """One direction's record protection."""

    def __init__(self, secret):
        self.secret = secret
        self.key = _label(secret, b"key", b"", 32)
        self.iv = _label(secret, b"iv", b"", 12)
        self.number = 0

    def _nonce(self):
        return bytes(x ^ y for x, y in zip(self.iv, self.number.to_bytes(12, "big")))

    def seal(self, kind, data):
        inner = data + bytes([kind])
        header = struct.pack(">BHH", 23, 0x0303, len(inner) + 16)
        nonce = self._nonce()
        sealed = _crypt(self.key, nonce, inner)
        self.number += 1
        return header + sealed + _tag(self.key, nonce, header, sealed)

    def seal_nothing(self):
        """No content type either, which RFC 8446 5.2 does not allow; the tag is right."""
        header = struct.pack(">BHH", 23, 0x0303, 16)
        return header + _tag(self.key, self._nonce(), header, b"")

    def open(self, header, data):
        """(type, content), or None if these are not the right keys."""
        nonce = self._nonce()
        sealed, tag = data[:-16], data[-16:]
        if not hmac.compare_digest(tag, _tag(self.key, nonce, header, sealed)):
            return None
        self.number += 1
        inner = _crypt(self.key, nonce, sealed).rstrip(b"\0")
        return inner[-1], inner[:-1]


WORDS = b"the liar's words"
ALERT, HANDSHAKE, APPLICATION = 21, 22, 23
CLIENT_HELLO, SERVER_HELLO, ENCRYPTED_EXTENSIONS = 1, 2, 8
CERTIFICATE, CERTIFICATE_REQUEST, CERTIFICATE_VERIFY, FINISHED = 11, 13, 15, 20


def _message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _vector(data, size):
    return len(data).to_bytes(size, "big") + data


def _extension(kind, body):
    return struct.pack(">H", kind) + _vector(body, 2)


class Peer:
    """`proof`: what stands where CertificateVerify belongs. "none": nothing; "noise": a signature
    that is none; "ecdsa" and "no ecdsa": one of ECDSA that is well-formed and wrong, and one that is
    noise; "no certificate": no Certificate message either; "tag alone": a record that is
    its tag and nothing else, in place of the first message that is enciphered."""

    def __init__(self, sock, certificate, proof):
        self.sock = sock
        self.certificate = certificate
        self.proof = proof
        self.transcript = b""
        self.read_keys = []   # the first that opens a record is used
        self.write_keys = None
        self.waiting = b""    # handshake bytes not yet read
        self.alert = None
        self.bytes = 0
        self.private = int.from_bytes(os.urandom(32), "big") % (N - 1) + 1

    # Records.

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.sock.recv(n - len(data))
            if not part:
                raise ConnectionError("end")
            data += part
        return data

    def _record(self):
        header = self._exactly(5)
        kind, _, length = struct.unpack(">BHH", header)
        data = self._exactly(length)
        if kind == APPLICATION:
            for keys in self.read_keys:
                opened = keys.open(header, data)
                if opened is not None:
                    kind, data = opened
                    break
            else:
                raise ConnectionError("a record that no key opens")
        if kind == ALERT:
            self.alert = data[1]
            raise ConnectionError("alert")
        if kind == APPLICATION:
            self.bytes += len(data)
        return kind, data

    def _send(self, message):
        self.transcript += message
        if self.write_keys is not None and self.proof == "tag alone":
            for byte in self.write_keys.seal_nothing():
                self.sock.sendall(bytes([byte]))
            self._record()
            raise ConnectionError("taken")
        if self.write_keys is None:
            self.sock.sendall(struct.pack(">BHH", HANDSHAKE, 0x0301, len(message)) + message)
        else:
            self.sock.sendall(self.write_keys.seal(HANDSHAKE, message))

    def _receive(self):
        """The next handshake message; its bytes join the transcript."""
        while len(self.waiting) < 4 or \
                len(self.waiting) < 4 + int.from_bytes(self.waiting[1:4], "big"):
            kind, data = self._record()
            if kind == HANDSHAKE:
                self.waiting += data
        length = 4 + int.from_bytes(self.waiting[1:4], "big")
        message, self.waiting = self.waiting[:length], self.waiting[length:]
        self.transcript += message
        return message[0], message[4:]

    # Secrets.

    def _hash(self):
        return hashlib.sha256(self.transcript).digest()

    def _agree(self, theirs):
        shared = _multiply(self.private, _decode(theirs))[0].to_bytes(32, "big")
        empty = hashlib.sha256(b"").digest()
        early = hmac.digest(bytes(32), bytes(32), "sha256")
        self.handshake = hmac.digest(_label(early, b"derived", empty, 32), shared, "sha256")
        self.master = hmac.digest(_label(self.handshake, b"derived", empty, 32), bytes(32),
                                  "sha256")
        here = self._hash()
        return (Keys(_label(self.handshake, b"c hs traffic", here, 32)),
                Keys(_label(self.handshake, b"s hs traffic", here, 32)))

    def _application_keys(self):
        here = self._hash()
        return (Keys(_label(self.master, b"c ap traffic", here, 32)),
                Keys(_label(self.master, b"s ap traffic", here, 32)))

    def _share(self):
        return struct.pack(">H", 23) + _vector(_encode(_multiply(self.private, G)), 2)

    # What both roles say.

    def _prove(self, context):
        if self.proof != "no certificate":
            entry = _vector(self.certificate, 3) + _vector(b"", 2)
            self._send(_message(CERTIFICATE, _vector(context, 1) + _vector(entry, 3)))
        signature = {"noise": (0x0804, os.urandom(256)),
                     "ecdsa": (0x0403, b"\x30\x44" + 2 * (b"\x02\x20\x01" + os.urandom(31))),
                     "no ecdsa": (0x0403, b"\x31" + os.urandom(69))}.get(self.proof)
        if signature:
            self._send(_message(CERTIFICATE_VERIFY, struct.pack(">H", signature[0]) + _vector(signature[1], 2)))

    def _finish(self):
        key = _label(self.write_keys.secret, b"finished", b"", 32)
        self._send(_message(FINISHED, hmac.digest(key, self._hash(), "sha256")))

    def _talk(self):
        """As if we were in: says something, and counts what comes back."""
        try:
            self.sock.sendall(self.write_keys.seal(APPLICATION, WORDS))
            while True:
                self._record()
        except OSError:
            pass

    def run(self):
        finished = False
        try:
            self._handshake()
            finished = True
            self._talk()
        except OSError:
            pass
        return {"handshake": finished, "bytes": self.bytes, "alert": self.alert}


class Client(Peer):
    def _handshake(self):
        extensions = b"".join((
            _extension(43, _vector(struct.pack(">H", 0x0304), 1)),
            _extension(10, _vector(struct.pack(">H", 23), 2)),
            _extension(13, _vector(struct.pack(">4H", 0x0804, 0x0805, 0x0403, 0x0401), 2)),
            _extension(51, _vector(self._share(), 2))))
        self._send(_message(CLIENT_HELLO, struct.pack(">H", 0x0303) + os.urandom(32) +
                            _vector(os.urandom(32), 1) + _vector(struct.pack(">H", 0x1303), 2) +
                            b"\x01\x00" + _vector(extensions, 2)))
        _, hello = self._receive()
        ours, theirs = self._agree(_find_share(hello[35 + hello[34] + 3:], True))
        self.read_keys = [theirs]
        self.write_keys = ours
        context = b""
        while True:
            kind, body = self._receive()
            if kind == CERTIFICATE_REQUEST:
                context = body[1:1 + body[0]]
            if kind == FINISHED:
                break
        ours, theirs = self._application_keys()
        self.read_keys = [theirs, *self.read_keys]
        self._prove(context)
        self._finish()
        self.write_keys = ours


class Server(Peer):
    def _handshake(self):
        _, hello = self._receive()
        session = hello[35:35 + hello[34]]
        rest = hello[35 + len(session):]
        rest = rest[2 + int.from_bytes(rest[:2], "big"):]  # suites
        rest = rest[1 + rest[0]:]                          # compression
        share = _find_share(rest, False)
        extensions = _extension(43, struct.pack(">H", 0x0304)) + _extension(51, self._share())
        self._send(_message(SERVER_HELLO, struct.pack(">H", 0x0303) + os.urandom(32) +
                            _vector(session, 1) + struct.pack(">HB", 0x1303, 0) +
                            _vector(extensions, 2)))
        theirs, ours = self._agree(share)
        self.read_keys = [theirs]
        self.write_keys = ours
        self._send(_message(ENCRYPTED_EXTENSIONS, _vector(b"", 2)))
        schemes = _extension(13, _vector(struct.pack(">2H", 0x0804, 0x0403), 2))
        self._send(_message(CERTIFICATE_REQUEST, _vector(b"", 1) + _vector(schemes, 2)))
        self._prove(b"")
        self._finish()
        theirs, self.write_keys = self._application_keys()
        self.read_keys = [theirs, *self.read_keys]


def _find_share(extensions, single):
    """The P-256 key from a key_share extension: one entry of a server, or a client's list."""
    extensions = extensions[2:]
    while extensions:
        kind, length = struct.unpack(">HH", extensions[:4])
        body, extensions = extensions[4:4 + length], extensions[4 + length:]
        if kind != 51:
            continue
        entries = body if single else body[2:]
        while entries:
            group, length = struct.unpack(">HH", entries[:4])
            if group == 23:
                return entries[4:4 + length]
            entries = entries[4 + length:]
    raise ConnectionError("no P-256 share")


def connect(port, certificate, proof):
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        return Client(sock, certificate, proof).run()


def serve(sock, certificate, proof):
    with sock:
        sock.settimeout(10)
        return Server(sock, certificate, proof).run()
