#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenWrt's init scripts, run by busybox ash in a folder of their own, with a stand-in for uci and procd that writes down
what it is asked; and the agent itself. test_init.py NMSPD; as root, for there are users to make and files to give away."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(HERE, "..", "..", "platform", "openwrt", "files")
HASH = "6ab919e20afc103d025aaf210c2a9dda151af9403ef52e80a35ae1ecb6d3c177"
TOOLS = "sh ash awk cat chmod chown cut grep id ls mkdir mktemp mv rm sed tr".split()
NMSPD = sys.argv.pop(1) if len(sys.argv) > 1 else ""


def libraries(program):
    said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"(/\S+) \(0x", said)


@unittest.skipUnless(os.geteuid() == 0, "only root can make users and give files away")
class Init(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="openwrt-")
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("bin", "dev", "etc/config", "etc/capabilities", "etc/init.d", "sbin", "tmp", "usr/sbin", "var/run"):
            os.makedirs(self.path(folder))
        os.chmod(self.root, 0o755)
        shutil.copy("/usr/bin/busybox", self.path("bin/busybox"))
        for tool in TOOLS:
            os.symlink("busybox", self.path("bin/" + tool))
        self.program("bin/logger", 'echo "$*" >>/log')
        for name in ("nmspd", "nmsp-radio"):
            shutil.copy(os.path.join(FILES, name + ".init"), self.path("etc/init.d/" + name))
            shutil.copy(os.path.join(FILES, name + ".config"), self.path("etc/config/" + name))
        shutil.copy(os.path.join(FILES, "nmspd.capabilities"), self.path("etc/capabilities/nmspd.json"))
        shutil.copy(os.path.join(HERE, "stand-in.sh"), self.path("etc/rc.common"))
        shutil.copy(NMSPD, self.path("usr/sbin/nmspd"))
        for library in libraries(NMSPD):
            target = self.path(library)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(library, target)
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/ash\nnmspd:x:446:446::/var/run/nmspd:/bin/false\n")
        self.write("etc/group", "root:x:0:\nnmspd:x:446:nmspd\nnetwork:x:101:\n")

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def program(self, name, text):
        self.write(name, "#!/bin/sh\n%s\n" % text)
        os.chmod(self.path(name), 0o755)

    def uci(self, *settings):
        """As `uci set nmspd.SECTION.OPTION=VALUE` does it."""
        text = self.read("etc/config/nmspd")
        for setting in settings:
            section, option, value = re.fullmatch(r"nmspd\.(\w+)\.(\w+)=(.*)", setting).groups()
            line = "\toption %s '%s'\n" % (option, value)
            text, done = re.subn(r"(config \w+ '%s'\n(?:\t.*\n)*?)\toption %s .*\n" % (section, option),
                                 lambda found, line=line: found.group(1) + line, text)
            if not done:
                text = re.sub(r"(config \w+ '%s'\n)" % section, lambda found, line=line: found.group(1) + line, text)
        self.write("etc/config/nmspd", text)

    def run_script(self, action, name="nmspd"):
        self.write("calls", "")
        self.write("log", "")
        done = subprocess.run(["chroot", self.root, "/bin/ash", "/etc/rc.common", "/etc/init.d/" + name, action],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        self.assertEqual(done.stdout, "")
        return self.read("calls").splitlines()

    def start(self):
        return self.run_script("start")

    def owner(self, name):
        facts = os.lstat(self.path(name))
        return facts.st_uid, facts.st_gid, facts.st_mode & 0o777

    FOUR = ("nmspd.main.enabled=1", "nmspd.server.host=192.0.2.10", "nmspd.server.mac=00:50:56:9C:34:89",
            "nmspd.server.hash=" + HASH)

    def test_as_installed_it_does_not_run(self):
        self.assertEqual(self.start(), ["set"])
        self.assertEqual(self.read("log"), "")

    def test_four_lines_make_an_access_point(self):
        self.uci(*self.FOUR)
        calls = self.start()
        self.assertIn("set_param command /usr/sbin/nmspd --config /etc/nmspd/nmspd.json --state-dir /etc/nmspd", calls)
        for param in ("user nmspd", "group nmspd", "no_new_privs 1", "respawn 3600 5 0", "stdout 1", "stderr 1"):
            self.assertIn("set_param " + param, calls)
        self.assertEqual((calls[0], calls[-2:]), ("open_instance", ["close_instance", "set"]))
        made = json.loads(self.read("etc/nmspd/nmspd.json"))
        self.assertEqual(made["nmspd-nmsp:nmsp"],
                         {"enable": True, "server": [{"host": "192.0.2.10", "port": 16113, "mac": "0050569c3489"}]})
        self.assertEqual(made["nmspd-aaa:aaa"]["attribute-list"], [{"name": "NMSP", "password": HASH}])
        self.assertEqual(self.owner("etc/nmspd/nmspd.json"), (446, 446, 0o640))
        self.assertEqual(self.owner("etc/nmspd"), (446, 446, 0o750))
        self.assertEqual(self.owner("var/run/nmspd")[:2], (446, 446))
        self.assertEqual(self.read("log"), "")
        self.assertEqual([name for name in os.listdir(self.path("etc")) if name.startswith("nmspd.")], [])

    def test_without_a_server_it_starts_with_an_empty_configuration(self):
        self.uci("nmspd.main.enabled=1")
        self.assertIn("set_param user nmspd", self.start())
        self.assertEqual(json.loads(self.read("etc/nmspd/nmspd.json")),
                         {"nmspd-radio:radios": {"helper": "/var/run/nmsp-radio/radio.sock"}})

    def test_a_configuration_that_is_there_is_never_touched(self):
        self.uci(*self.FOUR)
        self.start()
        self.write("etc/nmspd/nmspd.json", "{ }\n")
        self.uci("nmspd.server.host=198.51.100.1")
        self.start()
        self.assertEqual(self.read("etc/nmspd/nmspd.json"), "{ }\n")

    def test_hashes_and_macs_are_taken_as_people_paste_them(self):
        pasted = ":".join(HASH[n:n + 2] for n in range(0, 64, 2)).upper()
        self.uci(*self.FOUR[:2], "nmspd.server.mac=0050.569c.3489", "nmspd.server.hash=" + pasted)
        self.start()
        self.assertIn('"password": "%s"' % HASH, self.read("etc/nmspd/nmspd.json"))
        os.unlink(self.path("etc/nmspd/nmspd.json"))
        self.uci("nmspd.server.hash=" + HASH[:40])
        self.start()
        self.assertIn('"password": "%s"' % HASH[:40], self.read("etc/nmspd/nmspd.json"))

    def test_what_cannot_be_a_server_is_refused_with_a_word_and_starts_nothing(self):
        for setting, word in (("host=", "host"), ("host=a b", "host"), ('host="x', "host"), ("host=$(reboot)", "host"),
                              ("host=-x\\", "host"), ("mac=00505", "mac"), ("mac=0050569c348g", "mac"),
                              ("hash=" + HASH[:39], "hash"), ("hash=", "hash"), ("hash=" + HASH + "0", "hash"),
                              ("port=many", "port"), ("port=0", "port"), ("port=70000", "port")):
            with self.subTest(setting):
                shutil.copy(os.path.join(FILES, "nmspd.config"), self.path("etc/config/nmspd"))
                self.uci(*self.FOUR, "nmspd.server." + setting)
                self.assertEqual(self.start(), ["set"])
                self.assertIn("not started", self.read("log"))
                self.assertIn(word, self.read("log"))
                self.assertFalse(os.path.exists(self.path("etc/nmspd/nmspd.json")))
                self.assertEqual([name for name in os.listdir(self.path("etc")) if name.startswith("nmspd.")], [])

    def test_options_that_nobody_reads_are_named(self):
        self.uci(*self.FOUR, "nmspd.main.enabeld=1", "nmspd.server.user=x")
        self.assertIn("set_param user nmspd", self.start())
        self.assertIn("option enabeld is unknown", self.read("log"))
        self.assertIn("option user is unknown", self.read("log"))

    def test_a_user_that_an_upgrade_lost_is_made_again_and_gets_its_files(self):
        self.uci(*self.FOUR)
        self.start()
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/ash\n")
        self.write("etc/group", "root:x:0:\nnetwork:x:101:ann\n")
        os.symlink("/etc/passwd", self.path("etc/nmspd/link"))
        self.assertIn("set_param user nmspd", self.start())
        self.assertEqual(self.owner("etc/nmspd/nmspd.json")[:2], (32768, 32768))
        self.assertIn("network:x:101:ann,nmspd\n", self.read("etc/group"))
        self.assertEqual(self.owner("etc/passwd")[0], 0)

    def test_without_a_user_it_is_not_started_as_root(self):
        self.uci(*self.FOUR)
        for passwd in ("root:x:0:0:root:/root:/bin/ash\n", "nmspd:x:0:0:root:/root:/bin/ash\n"):
            os.chmod(self.path("etc/passwd"), 0o644)
            self.write("etc/passwd", passwd)
            # The stand-in makes none: the file system is full, say.
            self.write("etc/rc.common", self.read("etc/rc.common").replace("[ -w /etc/passwd ] || return 1", "return 1"))
            self.assertEqual(self.start(), ["set"])
            self.assertIn("there is no user nmspd", self.read("log"))

    def test_in_a_jail_where_there_are_jails(self):
        self.uci(*self.FOUR)
        self.assertFalse([call for call in self.start() if "jail" in call or "capabilities" in call])
        self.program("sbin/ujail", "")
        os.makedirs(self.path("var/run/hostapd"))
        calls = self.start()
        self.assertIn("add_jail nmspd log", calls)
        self.assertIn("set_param capabilities /etc/capabilities/nmspd.json", calls)
        self.assertIn("add_jail_mount /var/run/hostapd", calls)
        self.assertIn("add_jail_mount_rw /etc/nmspd /var/run/nmspd", calls)
        self.assertNotIn("add_jail_mount /var/run/nmsp-radio", calls) # it is not there
        # hostapd must be able to answer, and netlink to work: its network is everybody's.
        self.assertFalse([call for call in calls if "netns" in call])
        os.unlink(self.path("etc/capabilities/nmspd.json"))
        self.assertFalse([call for call in self.start() if "jail" in call])

    def test_a_reload_signals_and_starts_as_before(self):
        self.uci(*self.FOUR)
        before = self.start()
        calls = self.run_script("reload")
        self.assertEqual(calls, before + ["send_signal nmspd"])
        self.assertEqual(self.run_script("triggers"), ["add_reload_trigger nmspd"])

    def test_no_capability_is_left_in_any_set(self):
        sets = json.loads(self.read("etc/capabilities/nmspd.json"))
        self.assertEqual(sets, {name: [] for name in ("bounding", "effective", "ambient", "permitted", "inheritable")})

    def test_the_radio_helper_runs_for_the_interfaces_that_are_named(self):
        self.assertEqual(self.run_script("start", "nmsp-radio"), ["set"])
        self.write("etc/config/nmsp-radio", "config radio 'main'\n\tlist interface 'phy0-ap0'\n\tlist interface 'mon0'\n")
        calls = self.run_script("start", "nmsp-radio")
        self.assertIn("set_param command /usr/sbin/nmsp-radio --group nmspd", calls)
        self.assertEqual([call for call in calls if "interface" in call],
                         ["append_param command --interface phy0-ap0", "append_param command --interface mon0"])
        self.assertEqual(self.run_script("triggers", "nmsp-radio"), ["add_reload_trigger nmsp-radio"])
        self.write("etc/group", "root:x:0:\n")
        self.assertEqual(self.run_script("start", "nmsp-radio"), ["set"])
        self.assertIn("not started", self.read("log"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
