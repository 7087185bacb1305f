#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages in a fresh chroot: scripts/deb --test runs this, as root, with the folders of two versions.

    test_packages.py FIRST NEXT

There is no systemd to start units here: the agent is started by hand with the unit's user, groups and environment, and
what the unit forbids beyond that is looked at by systemd-analyze, and by comparing the system calls that were seen with
those that it allows.
"""

import glob
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

FIRST, NEXT = sys.argv[1:3] if len(sys.argv) > 2 else ("", "")
CACHE = os.environ.get("NMSPD_CACHE", os.path.expanduser("~/.cache/nmspd"))
MSE_MAC = "00:50:56:9c:34:89"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def packages(folder, *names):
    return [one for name in names for one in glob.glob(os.path.join(folder, name + "_*.deb"))]


def until(what, name, seconds=60):
    """Waits for what is true in the end, on a machine of any speed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.1)
    raise AssertionError("did not happen: " + name)


class Chroot:
    """A Debian 12 of its own, with what apt needs and nothing else."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="nmspd-deb-")
        os.chmod(self.path, 0o755)
        mirror = self.mirror()
        archives = os.path.join(CACHE, "debootstrap")
        os.makedirs(archives, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", "--cache-dir=" + archives, "bookworm", self.path, mirror],
                       check=True, stdout=subprocess.DEVNULL)
        for source in ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d", "/etc/resolv.conf"):
            target = self.path + source
            if os.path.isdir(source):
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif os.path.exists(source):
                shutil.copy(source, target)
        with open(self.path + "/usr/sbin/policy-rc.d", "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(self.path + "/usr/sbin/policy-rc.d", 0o755)
        self.mounted = []
        for kind, target in (("proc", "/proc"), ("devpts", "/dev/pts"), ("tmpfs", "/run")):
            os.makedirs(self.path + target, exist_ok=True)
            subprocess.run(["mount", "-t", kind, kind, self.path + target], check=True)
            self.mounted.append(self.path + target)
        self.run("apt-get", "-qq", "update")

    @staticmethod
    def mirror():
        """Where this machine has Debian's packages from."""
        said = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE) $(CODENAME)",
                               "Created-By: Packages", "Component: main"], check=True, stdout=subprocess.PIPE, text=True)
        for line in said.stdout.splitlines():
            uri, *names = line.split()
            if "bookworm" in names:
                return uri
        return "http://deb.debian.org/debian"

    def run(self, *command, check=True, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.STDOUT)
        done = subprocess.run(["chroot", self.path, *command], text=True, env=ENVIRONMENT, check=False, **options)
        if check and done.returncode != 0:
            raise AssertionError("%s: exit %d\n%s" % (" ".join(command), done.returncode, done.stdout))
        return done.stdout

    def install(self, files):
        """As somebody would who has downloaded them; their recommendations stay out."""
        names = []
        for file in files:
            shutil.copy(file, self.path + "/tmp")
            names.append("/tmp/" + os.path.basename(file))
        return self.run("apt-get", "-y", "-qq", "--no-install-recommends", "install", *names)

    def has(self, path):
        return os.path.lexists(self.path + path)

    def close(self):
        for target in reversed(self.mounted):
            subprocess.run(["umount", target], check=True)
        shutil.rmtree(self.path)


class Unit:
    """What stands in a unit's [Service]: the values of each key, in order."""

    def __init__(self, path):
        self.values = {}
        with open(path, encoding="utf-8") as file:
            for line in file:
                key, _, value = line.strip().partition("=")
                if not line.startswith("#") and value != "" or "=" in line:
                    self.values.setdefault(key, []).append(value)

    def one(self, key):
        return self.values[key][-1]


class Agent:
    """nmspd as its unit starts it: user, groups, no capability, a supervisor that listens; system calls are noted."""

    def __init__(self, chroot, unit):
        self.chroot = chroot
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = "/run/notify"
        if chroot.has(path):
            os.unlink(chroot.path + path)
        self.notify.bind(chroot.path + path)
        os.chmod(chroot.path + path, 0o777)
        self.notify.settimeout(60)
        uid, gid = (int(chroot.run("id", option, unit.one("User"))) for option in ("-u", "-g"))
        groups = chroot.run("id", "-G", unit.one("User")).split()
        run = chroot.path + "/run/" + unit.one("RuntimeDirectory")
        os.makedirs(run, exist_ok=True)
        os.chown(run, uid, gid)
        self.calls = os.path.join(chroot.path, "tmp", "calls")
        self.log = open(os.path.join(chroot.path, "tmp", "log"), "w+", encoding="utf-8")
        command = unit.one("ExecStart").replace("$NMSPD_OPTIONS", "").split()
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", self.calls, "chroot", chroot.path, "setpriv", "--reuid=%d" % uid, "--regid=%d" % gid,
             "--groups=" + ",".join(groups), "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *command],
            stdout=self.log, stderr=subprocess.STDOUT,
            env={**ENVIRONMENT, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"})

    def told(self, what):
        said = None
        while said in (None, "WATCHDOG=1"):
            try:
                said = self.notify.recv(256).decode()
            except TimeoutError:
                break
            if said == what:
                return
        raise AssertionError("said %s instead of %s; its log:\n%s" % (said, what, self.text()))

    def text(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()

    def pid(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid), encoding="ascii") as file:
            return int(file.read().split()[0])

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.pid(), signal.SIGTERM)
        status = self.process.wait(60)
        self.notify.close()
        self.log.close()
        return status

    def seen(self):
        """The system calls since the program began."""
        names = set()
        began = set()
        with open(self.calls, encoding="utf-8", errors="replace") as file:
            for line in file:
                pid, _, rest = line.partition(" ")
                if 'execve("/usr/sbin/nmspd"' in rest:
                    began.add(pid)
                found = re.match(r"\s*(?:<\.\.\. )?([a-z0-9_]+)", rest)
                if found and began and "exit" not in found.group(1) and "resumed" not in rest:
                    names.add(found.group(1))
        return names - {"execve"}


class Packages(unittest.TestCase):
    """One story: each test goes on where the one before it ended."""

    @classmethod
    def setUpClass(cls):
        cls.chroot = Chroot()

    @classmethod
    def tearDownClass(cls):
        cls.chroot.close()

    def check_mode(self, path, user, mode):
        facts = os.lstat(self.chroot.path + path)
        self.assertEqual(stat.S_IMODE(facts.st_mode), mode, path)
        self.assertEqual(str(facts.st_uid), self.chroot.run("id", "-u", user).strip(), path)

    def unit(self, name="nmspd"):
        return Unit("%s/lib/systemd/system/%s.service" % (self.chroot.path, name))

    def nmsp(self, *commands, check=True):
        return self.chroot.run("nmsp", *(word for command in commands for word in ("-c", command)), check=check)

    def status(self):
        return re.search(r"^127\.0\.0\.1 +Active ", self.nmsp("show nmsp status", check=False), re.MULTILINE)

    def start(self):
        agent = Agent(self.chroot, self.unit())
        self.addCleanup(agent.stop)
        agent.told("READY=1")
        return agent

    def mse(self):
        server = subprocess.Popen(
            ["chroot", self.chroot.path, "nmsp-mse", "--listen", "127.0.0.1:0", "--cert", "/root/mse/cert.pem", "--key",
             "/root/mse/key.pem", "--agent-cert", "/var/lib/nmspd/cert.pem", "--subscribe", "all"],
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        said = json.loads(server.stdout.readline())
        self.assertEqual(said["event"], "listening")
        self.addCleanup(server.stdout.close)
        return said["port"]

    def test_1_lintian_finds_nothing(self):
        (changes,) = glob.glob(os.path.join(FIRST, "*.changes"))
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning,info", "--info", "--display-info", changes],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_2_installed_they_have_users_groups_and_a_first_configuration(self):
        self.chroot.install(packages(FIRST, "nmspd", "nmsp", "nmsp-radio", "nmsp-mse"))
        self.assertIn("(nmsp)", self.chroot.run("id", "nmspd"))
        self.assertIn("(nmspd)", self.chroot.run("id", "nmsp-radio"))
        self.chroot.run("getent", "group", "nmsp-admin")
        self.check_mode("/etc/nmspd", "nmspd", 0o750)
        self.check_mode("/etc/nmspd/nmspd.json", "nmspd", 0o640)
        self.check_mode("/var/lib/nmspd", "nmspd", 0o700)
        self.chroot.run("nmspd", "--check", "/etc/nmspd/nmspd.json")
        self.assertTrue(self.chroot.has("/etc/systemd/system/multi-user.target.wants/nmspd.service"))
        self.assertFalse(self.chroot.has("/etc/systemd/system/multi-user.target.wants/nmsp-radio.service"))
        for command in ("nmspd", "nmsp", "nmsp-radio", "nmsp-netconf"):
            self.assertIn("0.1.0", self.chroot.run(command, "--version"))

    def test_3_the_units_are_right_and_leave_little_open(self):
        for name, most in (("nmspd", 2.0), ("nmsp-radio", 3.0)):
            said = self.chroot.run("systemd-analyze", "verify", "--man=no", "/lib/systemd/system/%s.service" % name)
            self.assertEqual(said, "")
            said = self.chroot.run("systemd-analyze", "security", "--offline=true", "--threshold=%d" % (10 * most),
                                   "%s.service" % name)
            self.assertRegex(said, "Overall exposure level for %s.service: [012]" % name)

    def test_4_the_seeds_lines_bring_a_server_up_and_it_is_back_after_a_restart_and_an_upgrade(self):
        made = self.chroot.run("nmsp-mse", "make-cert", "--mac", MSE_MAC, "--out", "/root/mse")
        digits = re.search(r"\b[0-9a-f]{64}\b", made).group()
        agent = self.start()
        until(lambda: self.chroot.has("/var/lib/nmspd/cert.pem"), "an identity")
        port = self.mse()
        said = self.nmsp("configure terminal", "aaa new-model", "nmsp enable", "nmsp server 127.0.0.1 port %d" % port,
                         "username 0050569c3489 aaa attribute list NMSP", "aaa attribute list NMSP",
                         " attribute type password " + digits,
                         "aaa authorization credential-download wcm_loc_serv_cert local", "end")
        self.assertNotIn("%", said)
        until(self.status, "a session")
        self.assertIn("[OK]", self.nmsp("write memory"))
        agent.told("WATCHDOG=1")
        self.check_calls(agent)
        self.assertEqual(agent.stop(), 0)

        agent = self.start()
        until(self.status, "a session after the restart")
        self.assertEqual(agent.stop(), 0)

        with open(self.chroot.path + "/etc/default/nmspd", "a", encoding="ascii") as file:
            file.write("# ours\n")
        self.chroot.install(packages(NEXT, "nmspd", "nmsp", "nmsp-radio", "nmsp-mse"))
        with open(self.chroot.path + "/etc/default/nmspd", encoding="ascii") as file:
            self.assertTrue(file.read().endswith("# ours\n"))
        agent = self.start()
        until(self.status, "a session after the upgrade")
        agent.stop()

    def check_calls(self, agent):
        """The unit's filter lets through whatever the agent was seen to call."""
        allowed = set()
        for value in self.unit().values["SystemCallFilter"]:
            names = self.expand(value.lstrip("~").split())
            allowed = allowed - names if value.startswith("~") else allowed | names
        called = agent.seen()
        self.assertGreater(len(called), 30)
        self.assertEqual(called - allowed, set())

    def expand(self, words):
        names = set()
        for word in words:
            if not word.startswith("@"):
                names.add(word)
                continue
            said = self.chroot.run("systemd-analyze", "syscall-filter", word)
            names |= self.expand([line.strip() for line in said.splitlines()[1:]
                                  if line.strip() and not line.strip().startswith("#")])
        return names

    def test_5_who_may_do_what_on_the_socket(self):
        agent = self.start()
        for user, groups in (("reader", "nmsp"), ("admin", "nmsp,nmsp-admin"), ("nobody-of-them", "")):
            self.chroot.run("useradd", "-m", *(["-G", groups] if groups else []), user)
        change = "configure terminal\nlocation expiry client 60\nend\n"
        for user, reads, writes in (("reader", True, False), ("admin", True, True), ("nobody-of-them", False, False)):
            as_user = ["setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "nmsp"]
            said = self.chroot.run(*as_user, "-c", "show nmsp status", check=False)
            self.assertEqual("NMSP Status" in said, reads, said)
            self.chroot.run(*as_user, input=change, check=False)
            self.assertEqual("location expiry client 60" in self.nmsp("show running-config"), writes, user)
            self.nmsp("configure terminal", "no location expiry client", "end")
        agent.stop()

    def test_6_removed_they_leave_the_configuration_and_purged_nothing(self):
        self.chroot.run("apt-get", "-y", "-qq", "remove", "nmspd", "nmsp", "nmsp-radio", "nmsp-mse")
        self.assertFalse(self.chroot.has("/usr/sbin/nmspd"))
        self.assertTrue(self.chroot.has("/etc/nmspd/nmspd.json"))
        self.assertTrue(self.chroot.has("/var/lib/nmspd/key.pem"))
        self.assertTrue(self.chroot.has("/etc/default/nmspd"))
        self.chroot.run("apt-get", "-y", "-qq", "purge", "nmspd", "nmsp", "nmsp-radio", "nmsp-mse")
        for path in ("/etc/nmspd", "/var/lib/nmspd", "/etc/default/nmspd", "/usr/share/nmspd",
                     "/etc/systemd/system/multi-user.target.wants/nmspd.service"):
            self.assertFalse(self.chroot.has(path), path)


if __name__ == "__main__":
    if not (FIRST and NEXT) or os.geteuid() != 0:
        sys.exit(__doc__)
    unittest.main(argv=sys.argv[:1], verbosity=2, failfast=True)
