# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the command line share: the real agent, nmsp as a process, and nmsp on a real terminal."""

import fcntl
import os
import pty
import select
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import bed  # noqa: E402
from bed import PATIENCE, until  # noqa: E402

NMSP = os.environ.get("NMSP", "nmsp")
# What programs search for in all that comes back from a box that did what it was told.
FAILURES = ("error:", "invalid input", "incomplete command", "ambiguous command", "connection timed out", "not found",
            "% invalid", "% error", "bad mask", "overlaps with", "command authorization failed")
# Who is not root starts the agent in a user namespace, where it takes its own user for root.
if os.geteuid() != 0:
    bed.WRAPPER = ["unshare", "--user", "--map-root-user", *bed.WRAPPER]


class Terminal:
    """A program on a terminal of its own. What it writes is kept in `all`, with CR LF as LF."""

    def __init__(self, *command, rows=24, columns=80):
        self.all = ""
        self.seen = 0  # of `all`
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvp(command[0], command)

    def send(self, text):
        os.write(self.fd, text.encode())

    def more(self, deadline):
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self.fd], [], [], left)[0]:
            raise AssertionError("nothing more came; so far: %r" % self.all[self.seen:])
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            raise EOFError(self.all[self.seen:])
        self.all += data.decode(errors="replace").replace("\r\n", "\n")

    def drain(self):
        """What is there already."""
        while select.select([self.fd], [], [], 0.01)[0]:
            self.more(time.monotonic() + PATIENCE)

    def until(self, end):
        """All that came since the last call, up to this text."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.all.find(end, self.seen)
            if found >= 0:
                text = self.all[self.seen:found + len(end)]
                self.seen = found + len(end)
                return text
            self.more(deadline)

    def do(self, line, prompt="bed#", enter="\r"):
        """What the line and Enter bring, up to the prompt at the beginning of a line, without both."""
        self.send(line + enter)
        text = self.until("\n" + prompt)
        return text[:-len(prompt)]

    def ended(self):
        """The exit status, when it has left by itself; with what it still wrote in `all`."""
        deadline = time.monotonic() + PATIENCE
        try:
            while True:
                self.more(deadline)
        except EOFError:
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = None
        return status

    def close(self):
        os.close(self.fd)
        if self.pid:
            os.waitpid(self.pid, 0)
            self.pid = None


class Case(unittest.TestCase):
    """One agent for all tests of a class; each test begins with the startup configuration."""

    maxDiff = None
    scene = False
    startup = {"nmspd-system:system": {"hostname": "bed", "base-mac": bed.BASE_MAC}}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)
        cls.agent = bed.Agent(cls.folder, cls.scene)
        shutil.copytree(bed.Keys.agent_state(), cls.agent.state)
        cls.management = os.path.join(cls.folder, "management.sock")
        cls.addClassCleanup(cls.end_agent)
        cls.agent.configure(cls.startup)
        cls.start_agent()

    @classmethod
    def start_agent(cls):
        cls.agent.start("--management", cls.management)
        until(lambda: os.path.exists(cls.management) and stat.S_IMODE(os.stat(cls.management).st_mode) == 0o660,
              "the socket is there")

    @classmethod
    def end_agent(cls):
        agent = cls.agent
        try:
            status = agent.process.poll()
            if status is None:
                status = agent.terminate()
        finally:
            agent.kill()
        faults = agent.said("Assertion|AddressSanitizer|LeakSanitizer|runtime error|^==")
        if faults or status != 0:
            raise AssertionError("the agent ended with %s; it said:\n%s" % (status, "\n".join(agent.lines)))

    def setUp(self):
        self.agent.reload(self.startup)

    def terminal(self, *wrapper, **size):
        made = Terminal(*wrapper, NMSP, "--socket", self.management, **size)
        self.addCleanup(made.close)
        return made

    def ready(self, **size):
        """A terminal at its first prompt, without pages."""
        made = self.terminal(**size)
        self.assertEqual(made.until("bed#"), "bed#")
        self.assertEqual(made.do("terminal length 0"), "terminal length 0\n")
        return made

    def nmsp(self, *arguments, script=None):
        """(exit status, standard output, standard error)"""
        done = subprocess.run([NMSP, "--socket", self.management, *arguments], input=script or "", text=True,
                              capture_output=True, timeout=PATIENCE, check=False)
        return done.returncode, done.stdout, done.stderr

    def commands(self, *lines):
        status, output, error = self.nmsp(*[part for line in lines for part in ("-c", line)])
        self.assertEqual((status, error), (0, ""))
        return output

    def running(self):
        return self.commands("show running-config")

    def assert_no_failure(self, text):
        for line in text.splitlines():
            self.assertFalse(line.startswith("% "), text)
        for words in FAILURES:
            self.assertNotIn(words, text.lower())
