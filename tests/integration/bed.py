# SPDX-License-Identifier: GPL-2.0-or-later
"""What the integration tests share: the real agent as a process, location servers, and their configuration."""

import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "mse"))

import mse_harness  # noqa: E402
import nmsp_identity as identity  # noqa: E402

PROGRAM = os.environ.get("NMSPD", "nmspd")
SCENE_PROGRAM = os.environ.get("NMSPD_SCENE_PROGRAM", "nmspd-scene")
# With NMSPD_VALGRIND every agent runs under valgrind, slowly, and an error of memory fails the test. Leaks are shown and
# found by that (end_agent): as an exit status they would make every child job fail, whose memory nobody gives back.
VALGRIND = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=none", "--child-silent-after-fork=yes"]
OTHER_CLOCK = os.environ.get("NMSPD_OTHER_CLOCK_LIBRARY", "")  # for LD_PRELOAD, and what AddressSanitizer says to that:
PRELOADABLE = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
# Run by qemu-user: what says nothing of the program there is left out.
EMULATED = bool(os.environ.get("QEMU_LD_PREFIX"))
WRAPPER = VALGRIND if os.environ.get("NMSPD_VALGRIND") else []
# The agent stays who the tests are: root, where they are run as root.
USER = pwd.getpwuid(os.geteuid()).pw_name
PATIENCE = 60.0 if WRAPPER else 20.0
BASE_MAC = "02:0a:00:00:00:01"
SERVER_MACS = ["00:50:56:9c:34:89", "00:50:56:9c:34:90", "00:50:56:9c:34:91"]


# Ports that the kernel gives to nobody by itself, each process from another one on: what is free stays free until we take it.
PORTS = itertools.cycle(range(10000, 30000))
NEXT_PORT = itertools.islice(PORTS, os.getpid() * 16 % 20000, None)


def free_port():
    for port in NEXT_PORT:
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::", port))
                return port
            except OSError:
                continue


def until(condition, what, seconds=PATIENCE):
    """Waits until condition() is true and gives what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError("did not happen within %d s: %s" % (seconds, what))
        time.sleep(0.02)


# --- identities ----------------------------------------------------------------------------------


class Keys:
    """One certificate and key for each MAC, made once for all tests of this process."""

    folder = None
    made = {}

    @classmethod
    def of(cls, mac, name="mse"):
        if cls.folder is None:
            cls.folder = tempfile.TemporaryDirectory()
        if (mac, name) not in cls.made:
            where = os.path.join(cls.folder.name, name + mac.replace(":", ""))
            cls.made[mac, name] = identity.make_certificate(where, mac)
        return cls.made[mac, name]

    @classmethod
    def hash(cls, mac, name="mse", kind="sha256"):
        facts = identity.certificate_facts(identity.read_certificate(cls.of(mac, name)[0]))
        return facts["key_" + kind]

    @classmethod
    def agent_state(cls):
        """A state directory with the identity that an agent made at its first start."""
        if "agent" not in cls.made:
            folder = cls.folder or tempfile.TemporaryDirectory()
            cls.folder = folder
            agent = Agent(folder.name)
            agent.configure(configuration(users=[]))
            agent.start()
            try:
                agent.wait("identity: certificate ")
                assert agent.terminate() == 0
            finally:
                agent.kill()
            cls.made["agent"] = agent.state
        return cls.made["agent"]


# --- configuration -------------------------------------------------------------------------------

# For tests in which many come to nothing.
UNTHROTTLED = {"address-rate": 0, "rate": 0}


def configuration(servers=(), users=None, listen=None, **nmsp):
    """servers: ports or (host, port, mac); users: MACs that are let in (all of SERVER_MACS); listen: a port, or all of it."""
    users = SERVER_MACS if users is None else users
    entries = []
    for server in servers:
        host, port, mac = server if isinstance(server, tuple) else ("127.0.0.1", server, None)
        entries.append({"host": host, "port": port, **({"mac": mac} if mac else {})})
    return {
        "nmspd-system:system": {"hostname": "bed", "base-mac": BASE_MAC},
        "nmspd-aaa:aaa": {
            "new-model": True,
            "credential-download": [{"name": "wcm_loc_serv_cert", "method": "local"}],
            "user": [{"mac": mac, "attribute-list": "L" + mac[-2:]} for mac in users],
            "attribute-list": [{"name": "L" + mac[-2:], "password": Keys.hash(mac)} for mac in users],
        },
        "nmspd-nmsp:nmsp": {
            "enable": True,
            "server": entries,
            **({"listen": {"port": listen}} if isinstance(listen, int) else {"listen": listen} if listen else {}),
            "notification": {"client-notify-interval": 1},
            **nmsp,
        },
    }


# --- the agent -----------------------------------------------------------------------------------


class Agent:
    """nmspd, or with scene=True nmspd-scene. What it says is kept in `lines`."""

    def __init__(self, folder, scene=False):
        self.folder = folder
        self.config = os.path.join(folder, "nmspd.json")
        self.state = os.path.join(folder, "state")
        self.scene_path = os.path.join(folder, "scene")
        self.program = SCENE_PROGRAM if scene else PROGRAM
        self.environment = {}  # for the next start
        self.process = None
        self.lines = []
        self.news = threading.Condition()
        if scene:
            os.mkfifo(self.scene_path)
            self.scene_fd = os.open(self.scene_path, os.O_RDWR)

    def configure(self, config):
        with open(self.config, "w", encoding="ascii") as file:
            file.write(config if isinstance(config, str) else json.dumps(config, indent=1))

    def scene(self, *lines):
        os.write(self.scene_fd, "".join(line + "\n" for line in lines).encode())

    def start(self, *arguments):
        command = [self.program, "-c", self.config, "--state-dir", self.state, "--management", "none", "--user", USER,
                   *arguments]
        self.process = subprocess.Popen(WRAPPER + command, stderr=subprocess.PIPE, text=True,
                                        env=dict(os.environ, NMSPD_SCENE=self.scene_path, **self.environment))
        threading.Thread(target=self.collect, args=(self.process.stderr,), daemon=True).start()
        return self

    def collect(self, stream):
        with stream:
            for line in stream:
                with self.news:
                    self.lines.append(line.rstrip("\n"))
                    self.news.notify_all()

    def mark(self):
        with self.news:
            return len(self.lines)

    def wait(self, pattern, since=0, seconds=PATIENCE):
        """The first line from `since` on in which the pattern is found, as a match."""
        deadline = time.monotonic() + seconds
        with self.news:
            while True:
                for line in self.lines[since:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                if not self.news.wait(deadline - time.monotonic()):
                    raise AssertionError("the agent did not say %r; it said:\n%s" % (pattern, "\n".join(self.lines)))

    def said(self, pattern, since=0):
        with self.news:
            return [line for line in self.lines[since:] if re.search(pattern, line)]

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, config):
        """Gives the mark from before the reload."""
        mark = self.mark()
        self.configure(config)
        self.signal(signal.SIGHUP)
        self.wait("reload: ", mark)
        return mark

    def report(self):
        """The lines of a report."""
        mark = self.mark()
        self.signal(signal.SIGUSR1)
        self.wait("report: end", mark)
        return self.said("report: ", mark)

    def terminate(self):
        """A proper end; gives the exit status."""
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def certificate(self):
        return os.path.join(self.state, "cert.pem")


# --- location servers ----------------------------------------------------------------------------


class Mse(mse_harness.Mse):
    """The reference location server with the keys of a MAC."""

    def __init__(self, agent, *arguments, mac=SERVER_MACS[0], listen=None, connect=None, key_name="mse"):
        certificate, key = Keys.of(mac, key_name)
        if isinstance(connect, int):
            connect = "127.0.0.1:%d" % connect
        where = ["--connect", connect] if connect else ["--listen", "127.0.0.1:%d" % (listen or 0)]
        trust = ["--agent-cert", agent.certificate()]
        self.agent = agent
        super().__init__("--control", "--cert", certificate, "--key", key, *where, *trust, *arguments)
        self.mac = mac
        self.port = None if connect else self.wait("listening")["port"]

    def next_line(self, deadline):
        try:
            return super().next_line(deadline)
        except AssertionError as error:
            said = "\n".join(self.agent.lines)
            raise AssertionError("%s\nthe agent said:\n%s" % (str(error)[-2000:], said)) from None

    def wait_session(self):
        """Until a subscription is answered; gives the answer."""
        return self.wait("message", message="service-subscribe-response")

    def wait_picture(self, mac, wanted=lambda picture: True):
        """The next notified picture of the device that is wanted."""
        while True:
            message = self.wait("message", message="measurement-notification")
            for picture in message["measurements"]:
                if picture["mac"] == mac and wanted(picture):
                    return picture

    def picture(self, mac):
        """A notified picture of the device: one that came before, or the next one."""
        for one in self.seen:
            for picture in one.get("measurements", []):
                if one.get("message") == "measurement-notification" and picture["mac"] == mac:
                    return picture
        return self.wait_picture(mac)

    def take_rest(self):
        """What has come by now, without waiting."""
        while not self.lines.empty():
            line = self.lines.get()
            if line is not None:
                self.seen.append(json.loads(line))
        return self.seen

    def of(self, event, since=0):
        return [one for one in self.take_rest()[since:] if one["event"] == event]


class Case(unittest.TestCase):
    scene = False  # stations from a scene
    fresh = False  # the agent has no identity yet

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.agent = Agent(folder.name, self.scene)
        self.addCleanup(self.end_agent)
        if not self.fresh:
            shutil.copytree(Keys.agent_state(), self.agent.state)

    def end_agent(self):
        """However a test leaves it: it stops in order, and leaves nothing behind that a sanitizer finds."""
        agent = self.agent
        if not agent.process:
            return
        try:
            status = agent.process.poll()
            if status is None:
                status = agent.terminate()
        finally:
            agent.kill()
        faults = agent.said("Assertion|AddressSanitizer|LeakSanitizer|runtime error|^==")
        if faults or status not in (0, 1, 2):
            self.fail("the agent ended with %s; it said:\n%s" % (status, "\n".join(agent.lines)))

    def mse(self, *arguments, **facts):
        mse = Mse(self.agent, *arguments, **facts)
        self.addCleanup(mse.stop)
        return mse

    def start(self, config):
        self.agent.configure(config)
        return self.agent.start()

    def assert_no_violation(self, *mses):
        for mse in mses:
            self.assertEqual(mse.of("violation"), [])
            self.assertEqual(mse.of("malformed"), [])
