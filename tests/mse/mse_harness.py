# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of a session for tests: the server as a process, and a small agent to talk to it."""

import atexit
import contextlib
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import nmsp_identity as identity
import nmsp_wire as wire
from mse_samples import (
    AGENT_MAC,
    AP,
    MSE_MAC,
    SERVER,
    ap_table,
    capability,
    message,
    picture,
    result,
    timestamp,
)

PATIENCE = 30.0


class Mse:
    """The server as a process; its JSON lines are collected as they come."""

    def __init__(self, *arguments):
        command = [sys.executable, SERVER] + list(arguments)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.lines = queue.Queue()
        self.seen = []
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        for line in self.process.stdout:
            self.lines.put(line.decode())
        self.lines.put(None)

    def next_line(self, deadline):
        try:
            line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            line = None
        if line is None:
            raise AssertionError("nothing more came; so far: %s" % self.seen)
        return line

    def wait(self, event, **facts):
        """The next event with these facts; others that come before it are kept in `seen`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = json.loads(self.next_line(deadline))
            self.seen.append(found)
            if found["event"] == event and all(found.get(k) == v for k, v in facts.items()):
                return found

    def wait_text(self, part):
        deadline = time.monotonic() + PATIENCE
        while True:
            line = self.next_line(deadline)
            if part in line:
                return line

    def do(self, word, **facts):
        self.process.stdin.write(json.dumps(dict(facts, do=word)).encode() + b"\n")
        self.process.stdin.flush()

    def exit_status(self):
        return self.process.wait(PATIENCE)

    def rest(self):
        """All that was still to come, once the process has ended."""
        self.exit_status()
        self.thread.join(PATIENCE)
        while True:
            line = self.lines.get(timeout=PATIENCE)
            if line is None:
                return self.seen
            self.seen.append(json.loads(line))

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()


class MiniAgent:
    """As little of an agent as a session needs, over Python's ssl with blocking calls."""

    def __init__(self, sock):
        self.sock = sock
        self.splitter = wire.Splitter()
        self.notifications = 0

    def close(self):
        self.sock.close()

    def send(self, id_, transaction, *elements, flags=0):
        self.sock.sendall(wire.encode(message(id_, transaction, *elements, flags=flags)))

    def notify(self, id_, *elements):
        self.notifications += 1
        self.send(id_, self.notifications, *elements)

    def capability(self, **facts):
        self.notify(7, *capability(**facts)["elements"])

    def measure(self, *pictures):
        self.notify(15, timestamp(), ap_table(AP), *(pictures or [picture()]))

    def frame(self):
        """The next frame from the server, or None at the end of the stream."""
        while True:
            found = self.splitter.next()
            if found:
                return found
            try:
                data = self.sock.recv(65536)
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                return None
            self.splitter.feed(data)

    def receive(self, id_):
        """The next message, which must have this id."""
        found = wire.decode(self.frame())
        assert found["id"] == id_, found
        return found

    def grant(self):
        """Answers the next message, which must be a subscription; returns it."""
        request = self.receive(30)
        self.send(31, request["transaction"], result(), wire.first(request, "services"))
        return request

    def join(self):
        """All that comes before the first notification."""
        self.capability()
        self.receive(7)
        return self.grant()


class Identities:
    """Certificates and keys, made when the first test needs them."""

    folder = None

    @classmethod
    def make(cls):
        if cls.folder is None:
            cls.folder = tempfile.TemporaryDirectory()
            atexit.register(cls.folder.cleanup)
            cls.mse = cls.one("mse", MSE_MAC)
            cls.agent = cls.one("agent", AGENT_MAC, cn="wlc-00005e0053a0")
            cls.stranger = cls.one("stranger", AGENT_MAC)

    @classmethod
    def one(cls, name, mac, **options):
        return identity.make_certificate(os.path.join(cls.folder.name, name), mac, **options)


def plain_connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def agent_context(server_side, own=None, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(Identities.mse[0])
    if own:
        context.load_cert_chain(*own)
    if version:
        context.maximum_version = version
    return context


class SessionCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Identities.make()

    def start(self, *arguments):
        mse = Mse("--cert", Identities.mse[0], "--key", Identities.mse[1], *arguments)
        self.addCleanup(mse.stop)
        return mse

    def listen(self, *arguments):
        """A listening server and its port. It takes commands."""
        words = ["--listen", "127.0.0.1:0", "--agent-cert", Identities.agent[0], "--control"]
        mse = self.start(*words, *arguments)
        return mse, mse.wait("listening")["port"]

    def agent(self, port, own=None, version=None):
        sock = plain_connect(port)
        self.addCleanup(sock.close)
        context = agent_context(False, own or Identities.agent, version)
        agent = MiniAgent(context.wrap_socket(sock))
        self.addCleanup(agent.close)
        return agent

    def joined(self, *arguments):
        mse, port = self.listen(*arguments)
        agent = self.agent(port)
        agent.join()
        mse.wait("message", message="service-subscribe-response")
        return mse, agent
