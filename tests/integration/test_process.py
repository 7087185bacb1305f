#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the programs are built with, and what the process gives up when it starts.

The first is read from the binaries by readelf, the second from /proc. Who may become another user only root can try.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import unittest

import bed
from bed import configuration

PROGRAMS = os.environ["NMSPD_PROGRAMS"].split(":")
HARDENED = os.environ["NMSPD_HARDENED"].split(",")  # what the build says it did
SANITIZED = "sanitized" in HARDENED
NOBODY = 65534
CAPABILITY_SETS = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
IS_ROOT = os.geteuid() == 0


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], capture_output=True, text=True, check=True).stdout


@unittest.skipIf("plain" in HARDENED, "the distribution's flags")
class Binaries(unittest.TestCase):
    @staticmethod
    def each(*arguments):
        return [readelf(*arguments, program) for program in PROGRAMS]

    def test_they_can_be_loaded_anywhere(self):
        for text in self.each("-h", "-d"):
            self.assertRegex(text, r"Type:\s+DYN")
            self.assertRegex(text, r"\(FLAGS_1\).*\bPIE\b")

    def test_nothing_is_bound_later_and_nothing_stays_writable(self):
        for text in self.each("-d", "-l"):
            self.assertIn("GNU_RELRO", text)
            self.assertRegex(text, r"\bNOW\b")

    def test_no_stack_or_segment_is_both_written_and_run(self):
        for text in self.each("-l"):
            self.assertRegex(text, r"GNU_STACK.* RW ")
            self.assertNotRegex(text, r"(?m)^ +(LOAD|GNU_STACK|GNU_RELRO) .* RWE ")

    def test_stacks_are_guarded(self):
        for text in self.each("--dyn-syms"):
            self.assertIn("__stack_chk_fail", text)

    @unittest.skipUnless("fortify" in HARDENED, "not optimised, or a sanitizer looks at the same")
    def test_what_the_c_library_can_check_it_checks(self):
        for text in self.each("--dyn-syms"):
            self.assertRegex(text, r"__\w+_chk\b(?<!__stack_chk)")

    @unittest.skipUnless("cet" in HARDENED, "not on this machine")
    def test_jumps_and_returns_are_guarded(self):
        # The note that tells the loader is there only if the C library's own start has it, too.
        for program in PROGRAMS:
            code = subprocess.run(["objdump", "-d", "-j", ".text", "--disassemble=main", program],
                                  capture_output=True, text=True, check=True).stdout
            self.assertRegex(code, r"<main>:\n.*\tendbr(64|32)\b", program)


class Process(bed.Case):
    fresh = True

    def setUp(self):
        super().setUp()
        # Others must get to the program and to its folder.
        os.chmod(self.agent.folder, 0o755)
        self.agent.program = shutil.copy(bed.PROGRAM, os.path.join(self.agent.folder, "nmspd"))
        self.agent.configure(configuration())

    def status(self):
        with open("/proc/%d/status" % self.agent.process.pid, encoding="ascii") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def core_limits(self):
        with open("/proc/%d/limits" % self.agent.process.pid, encoding="ascii") as file:
            return re.search(r"Max core file size +(\S+) +(\S+)", file.read()).groups()

    def assert_closed_up(self):
        status = self.status()
        self.assertEqual(status["NoNewPrivs"], "1")
        # The bounding set can be cut by root only; with no new privileges it means nothing.
        for name in CAPABILITY_SETS if IS_ROOT else set(CAPABILITY_SETS) - {"CapBnd"}:
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(self.core_limits(), ("0", "0"))
        owner = os.stat("/proc/%d/environ" % self.agent.process.pid).st_uid
        self.assertEqual(owner, int(status["Uid"].split()[0]) if SANITIZED else 0)  # root's: not dumpable

    def refused(self, *command):
        done = subprocess.run([*command, "-c", self.agent.config, "--state-dir", self.agent.state, "--management", "none"],
                              capture_output=True, text=True, check=False, timeout=bed.PATIENCE)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertFalse(os.path.exists(self.agent.state))  # it had not begun
        return done.stderr

    def test_it_keeps_nothing_whoever_starts_it(self):
        self.agent.start()
        self.agent.wait("identity: certificate")
        self.assert_closed_up()
        self.assertEqual(set(self.status()["Uid"].split()), {str(os.geteuid())})

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_root_becomes_the_user_that_is_named(self):
        groups = os.getgrouplist("nobody", pwd.getpwnam("nobody").pw_gid)
        self.agent.start("--user", "nobody")
        self.agent.wait("identity: certificate")
        self.assert_closed_up()
        status = self.status()
        self.assertEqual(set(status["Uid"].split()), {str(NOBODY)})
        self.assertEqual(set(status["Gid"].split()), {str(pwd.getpwnam("nobody").pw_gid)})
        self.assertLessEqual(set(groups), {int(gid) for gid in status["Groups"].split()} | {int(status["Gid"].split()[0])})
        self.assertNotIn("0", status["Groups"].split())
        # Its folder was made for it, and what is in it is its own.
        self.assertEqual(os.stat(self.agent.state).st_uid, NOBODY)
        key = os.stat(os.path.join(self.agent.state, "key.pem"))
        self.assertEqual((key.st_uid, stat.S_IMODE(key.st_mode)), (NOBODY, 0o600))
        self.assertFalse(self.agent.said("runs as root"))

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_it_reads_its_configuration_again_as_that_user(self):
        self.agent.start("--user", "nobody")
        self.agent.wait("identity: certificate")
        self.agent.reload(configuration())
        os.chmod(self.agent.config, 0o600)  # root's
        mark = self.agent.mark()
        self.agent.signal(signal.SIGHUP)
        self.agent.wait("Permission denied", mark)
        self.agent.wait("reload: refused", mark)

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_its_door_is_opened_as_that_user(self):
        folder = os.path.join(self.agent.folder, "run")
        path = os.path.join(folder, "management.sock")
        os.mkdir(folder)
        os.chown(folder, NOBODY, NOBODY)
        self.agent.start("--user", "nobody", "--management", path)
        self.agent.wait("management: NETCONF on")
        found = os.stat(path)
        self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (NOBODY, 0o660))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            self.assertIn(b"<hello", client.recv(65536))

    def test_a_folder_that_others_can_change_has_no_door(self):
        folder = os.path.join(self.agent.folder, "run")
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        self.agent.start("--management", os.path.join(folder, "management.sock"))
        self.agent.wait("cannot listen on .* can be written by others, who could put a socket of their own there")
        self.assertEqual(os.listdir(folder), [])

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_a_user_that_does_not_exist_is_told(self):
        self.assertIn("cannot become user nobody-at-all: there is none", self.refused(self.agent.program, "--user", "nobody-at-all"))

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_without_a_user_to_become_root_is_refused_with_what_to_do(self):
        try:
            pwd.getpwnam("nmspd")
            self.skipTest("this machine has the user nmspd")
        except KeyError:
            pass
        said = self.refused(self.agent.program)
        self.assertIn("there is no user nmspd to become", said)
        self.assertIn("useradd --system", said)
        self.assertIn("--user root", said)

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_who_cannot_become_another_does_not_go_on_as_root(self):
        for capability, call in (("setgid", "setgroups"), ("setuid", "setresuid")):
            drop = ["setpriv", "--bounding-set=-" + capability, "--inh-caps=-" + capability]
            os.rmdir(self.agent.state) if os.path.exists(self.agent.state) else None
            done = subprocess.run([*drop, self.agent.program, "--user", "nobody", "-c", self.agent.config, "--state-dir",
                                   self.agent.state, "--management", "none"],
                                  capture_output=True, text=True, check=False, timeout=bed.PATIENCE)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot drop privileges: %s: Operation not permitted" % call, done.stderr)

    @unittest.skipUnless(IS_ROOT, "root only")
    def test_only_root_can_become_another_user(self):
        drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        if subprocess.run([*drop, self.agent.program, "--version"], capture_output=True, check=False).returncode != 0:
            self.skipTest("that user cannot reach the program's libraries")
        self.assertIn("only root can become another user", self.refused(*drop, self.agent.program, "--user", "root"))
        self.assertIn("only root can become another user", self.refused(*drop, self.agent.program, "--user", "x-y-z"))

    def test_the_configuration_is_looked_at_by_anybody(self):
        done = subprocess.run([self.agent.program, "--check", self.agent.config], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Children(bed.Case):
    def certificate(self):
        with open(self.agent.certificate(), encoding="ascii") as file:
            return file.read()

    def test_a_child_that_has_lost_all_keys_makes_a_new_one_beside_a_session(self):
        folder = os.path.join(self.agent.folder, "run")
        path = os.path.join(folder, "management.sock")
        os.mkdir(folder)
        mse = self.mse()
        self.agent.configure(configuration([mse.port]))
        self.agent.start("--management", path)
        mse.wait_session()
        before = self.certificate()
        mark = self.agent.mark()
        relay = next(program for program in PROGRAMS if program.endswith("nmsp-netconf"))
        base = 'xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"'
        said = subprocess.run(
            [relay, "--socket", path], text=True, capture_output=True, check=True, timeout=bed.PATIENCE,
            input="<hello %s><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities>"
                  "</hello>]]>]]><rpc %s message-id=\"1\"><renew-certificate xmlns=\"urn:nmspd:yang:nmspd-nmsp\"/></rpc>"
                  "]]>]]>" % (base, base)).stdout
        self.assertIn("<ok/>", said)
        self.agent.wait("identity: certificate", mark)
        self.assertNotEqual(self.certificate(), before)
        self.agent.report()  # and it lives


if __name__ == "__main__":
    unittest.main()
