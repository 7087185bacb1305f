#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs made for IOS-XE: what they send, and, where Debian has it, netmiko itself over the real sshd."""

import os
import subprocess
import sys
import unittest

import cli_bed

sys.path.insert(0, os.path.join(cli_bed.HERE, "..", "netconf"))
import netconf_bed  # noqa: E402

try:
    import netmiko
except ImportError:
    netmiko = None

LINES = 1000 if os.environ.get("NMSPD_TEST_FULL") else 30


class Programs(cli_bed.Case):
    def test_what_unicon_sends_is_accepted(self):
        t = self.terminal()
        t.until("bed#")
        for line, prompt in (("term length 0", "bed#"), ("term width 0", "bed#"), ("show version", "bed#"),
                             ("show version | include operating mode", "bed#"), ("config term", "bed(config)#"),
                             ("no logging console", "bed(config)#"), ("line console 0", "bed(config-line)#"),
                             ("exec-timeout 0", "bed(config-line)#"), ("line vty 0 4", "bed(config-line)#"),
                             ("exec-timeout 0", "bed(config-line)#"), ("! a remark", "bed(config-line)#"),
                             ("service prompt config", "bed(config)#"), ("end", "bed#")):
            self.assert_no_failure(t.do(line, prompt))
        self.assertEqual(self.running(), "!\nhostname bed\nnmsp base-mac 020a.0000.0001\n!\nend\n")

    def test_what_scrapli_and_ansible_send_is_accepted(self):
        t = self.terminal()
        t.until("bed#")
        for line in ("term width 512", "term len 0", "terminal length 0", "terminal width 512", "terminal width 0",
                     "show privilege", "show version", "show running-config", "show running-config all"):
            self.assert_no_failure(t.do(line))
        self.assertIn("Current privilege level is 15\n", t.all)
        self.assertRegex(t.all, r"Version \S+")
        self.assertIn("\nbed uptime is ", t.all)
        self.assertNotIn("\x1b", t.all)


class Ssh(cli_bed.Case):
    """Behind the real sshd, which does one thing for whoever has the key."""

    program = netconf_bed.RELAY

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sshd = netconf_bed.Sshd(cls.folder, cls.management)
        cls.addClassCleanup(cls.sshd.stop)
        with open(cls.sshd.file("authorized"), encoding="ascii") as file:
            key = file.read()
        with open(cls.sshd.file("authorized"), "w", encoding="ascii") as file:
            file.write('command="%s --socket %s" %s' % (cls.program, cls.management, key))


class Remote(Ssh):
    def test_the_agent_of_another_machine_is_reached_over_ssh(self):
        # The real ssh, told where this sshd is.
        with open(os.path.join(self.folder, "ssh"), "w", encoding="ascii") as file:
            file.write('#!/bin/sh\nexec /usr/bin/ssh -F none -p %d -i %s -o UserKnownHostsFile=%s "$@"\n'
                       % (self.sshd.port, self.sshd.file("client"), self.sshd.file("known")))
        os.chmod(file.name, 0o755)
        command = [cli_bed.NMSP, "-H", self.sshd.user + "@127.0.0.1"]
        environment = dict(os.environ, PATH=self.folder + ":" + os.environ["PATH"])
        done = subprocess.run([*command, "-c", "configure terminal", "-c", "nmsp enable", "-c",
                               "do show running-config | include nmsp enable"], env=environment, capture_output=True,
                              text=True, timeout=cli_bed.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "nmsp enable\n", ""))
        # Whose clock it is has to be clear.
        done = subprocess.run([*command, "-c", "show clock"], env=environment, capture_output=True, text=True,
                              timeout=cli_bed.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr[:2]), (1, "", "% "))


@unittest.skipUnless(netmiko, "netmiko is not installed")
class Netmiko(Ssh):
    program = cli_bed.NMSP

    def connect(self):
        made = netmiko.ConnectHandler(device_type="cisco_xe", host="127.0.0.1", port=self.sshd.port,
                                      username=self.sshd.user, use_keys=True, key_file=self.sshd.file("client"),
                                      allow_agent=False)
        self.addCleanup(made.disconnect)
        return made

    def test_it_connects_shows_configures_and_saves(self):
        device = self.connect()
        self.assertEqual(device.find_prompt(), "bed#")
        self.assertTrue(device.check_enable_mode())
        self.assertIn("NMSP Status", device.send_command("show nmsp status"))
        said = device.send_config_set(["nmsp notification interval rssi clients 10", "aaa attribute list A",
                                       "attribute type password " + "a" * 40,
                                       "username 0050569c3489 mac aaa attribute list A"])
        self.assert_no_failure(said)
        self.assertIn("nmsp notification interval rssi clients 10", device.send_command("show running-config"))
        self.assertIn("[OK]", device.save_config())

    def test_many_lines_in_one_set_all_arrive(self):
        device = self.connect()
        said = device.send_config_set(["username %012x aaa attribute list A" % (0x0050569c0000 + n)
                                       for n in range(LINES)])
        self.assert_no_failure(said)
        self.assertEqual(self.commands("show running-config | count ^username"),
                         "Number of lines which match regexp = %d\n" % LINES)


if __name__ == "__main__":
    unittest.main(verbosity=2)
