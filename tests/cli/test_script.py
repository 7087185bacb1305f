#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nmsp as a program in others: -c, scripts, what is one edit, who holds the configuration, exit statuses."""

import json
import os
import subprocess
import sys
import unittest

import cli_bed

sys.path.insert(0, os.path.join(cli_bed.HERE, "..", "netconf"))
import netconf_bed  # noqa: E402


class Script(cli_bed.Case):
    def test_a_command_is_done_and_an_error_is_told_with_its_caret(self):
        self.assertEqual(self.nmsp("-c", "terminal length 0"), (0, "", ""))
        status, output, error = self.nmsp("-c", "show nmps", "-c", "show running-config | include host")
        self.assertEqual((status, output), (1, "hostname bed\n"))
        self.assertEqual(error, "show nmps\n       ^\n% Invalid input detected at '^' marker.\n")

    def test_an_agent_that_is_not_there_is_told_with_what_to_do(self):
        done = subprocess.run([cli_bed.NMSP, "--socket", "/nonexistent/socket", "-c", "show version"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("start nmspd", done.stderr)

    def test_a_block_is_done_whole_or_not_at_all(self):
        script = "hostname R1\nnmsp notification interval rssi clients 181\nlocation expiry client 30\nend\n"
        status, _, error = self.nmsp(script=script)
        self.assertEqual(status, 1)
        self.assertEqual(error, "line 2: nmsp notification interval rssi clients 181\nline 2: %s^\n"
                                "line 2: %% Invalid input detected at '^' marker.\n"
                                "lines 1 to 4: nothing of this block was done\n" % (" " * 40))
        self.assertIn("hostname bed\n", self.running())

        status, _, error = self.nmsp(script="configure terminal\nhostname R1\nsystem capacity devices 20000\n"
                                            "location expiry client 30\n")
        self.assertEqual(status, 1)
        self.assertTrue(error.startswith("line 3: % capacity holds fewer samples than devices"), error)
        self.assertIn("hostname bed\n", self.running())

        # Together they are valid, and a show line ends the block.
        status, output, error = self.nmsp(script="system capacity devices 20000\nsystem capacity samples 20000\n"
                                                 "show running-config | include capacity\n")
        self.assertEqual((status, error), (0, ""))
        self.assertEqual(output, "system capacity devices 20000\nsystem capacity samples 20000\n")

    def test_a_later_line_of_a_block_takes_an_earlier_one_back(self):
        self.nmsp(script="nmsp server 10.0.0.1 mac 0050.569c.3489\nnmsp radio wlan0 poll 3\n")
        status, _, error = self.nmsp(script="no nmsp server 10.0.0.1\nnmsp server 10.0.0.1 legacy-cipher\n"
                                            "no nmsp server 10.0.0.1\nnmsp server 10.0.0.1\nno nmsp radio wlan0 poll\n")
        self.assertEqual((status, error), (0, ""))
        running = self.running()
        self.assertIn("nmsp server 10.0.0.1\n", running)
        self.assertNotIn("nmsp radio", running)

    def test_what_running_config_prints_can_be_given_back(self):
        self.nmsp(script="aaa new-model\nusername 0050569c3489 mac aaa attribute list NMSP\naaa attribute list NMSP\n"
                         " attribute type password 6A:B9 %s\nnmsp listen port 1 address ::1\n"
                         "nmsp listen throttle rate 3\nnmsp hostapd disable\nset trace nmsp level debug\n" % ("0" * 36))
        first = self.running()
        for part in ("username 0050569c3489 aaa attribute list NMSP", "password 6ab9" + "0" * 36,
                     "nmsp listen port 1 address ::1", "nmsp listen throttle rate 3", "nmsp hostapd disable",
                     "set trace nmsp level debug"):
            self.assertIn(part, first)
        self.agent.reload(self.startup)
        self.assertEqual(self.nmsp(script=first), (0, "", ""))
        self.assertEqual(self.running(), first)

    def test_a_hash_of_another_length_is_told_with_its_digits(self):
        status, _, error = self.nmsp("-c", "conf t", "-c", "aaa attribute list A", "-c",
                                     "attribute type password " + "ab " * 31 + "c")
        self.assertEqual(status, 1)
        self.assertEqual(error, "% The key hash has 63 hex digits, and needs 40 (SHA1) or 64 (SHA2): one was lost. Copy "
                                "it again from the server (show server-auth-info)\n")

    def test_a_mac_that_is_configured_in_another_spelling_is_the_same(self):
        self.agent.reload({**self.startup, "nmspd-aaa:aaa": {"user": [
            {"mac": "00-50-56-9C-34-89", "attribute-list": "A"}]}})
        self.commands("conf t", "username 0050569c3489 aaa attribute list B", "end")
        self.assertIn("username 0050569c3489 aaa attribute list B\n", self.running())
        self.commands("conf t", "no username 0050.569c.3489", "end")
        self.assertNotIn("username", self.running())

    def test_who_holds_the_configuration_is_named(self):
        other = netconf_bed.Raw(self.management)
        self.addCleanup(other.close)
        other.ok("<lock><target><running/></target></lock>")
        status, _, error = self.nmsp("-c", "conf t", "-c", "nmsp enable")
        self.assertEqual(status, 1)
        self.assertEqual(error, "%% The configuration is locked by session %s (%s): try again when it is free\n"
                                % (other.id, netconf_bed.ROOT))
        self.assertNotIn("nmsp enable", self.running())

    def test_a_confirmed_commit_of_somebody_keeps_lines_out(self):
        other = netconf_bed.Raw(self.management)
        self.addCleanup(other.close)
        other.edit_ok("<sys:system><sys:hostname>other</sys:hostname></sys:system>", "candidate")
        other.ok("<commit><confirmed/></commit>")
        status, _, error = self.nmsp("-c", "conf t", "-c", "nmsp enable")
        self.assertEqual(status, 1)
        self.assertIn("waits for the confirmation of a commit of user %s in session %s: " % (netconf_bed.ROOT, other.id),
                      error)
        other.ok("<cancel-commit/>")

        self.commands("configure terminal revert timer 5", "hostname timed", "end")
        status, _, error = self.nmsp("-c", "conf t", "-c", "nmsp enable")
        self.assertEqual(status, 1)
        self.assertRegex(error, "of a commit of user %s in session [0-9]+: " % netconf_bed.ROOT)
        self.commands("configure revert now")

    def test_what_is_configured_under_a_timer_is_kept_when_it_is_confirmed(self):
        self.commands("configure terminal revert timer 5", "hostname timed", "nmsp enable", "end")
        self.assertIn("hostname timed\n", self.running())
        self.commands("configure revert now")
        self.assertIn("hostname bed\n", self.running())
        self.commands("configure terminal revert timer 5", "hostname timed", "end")
        self.commands("configure confirm")
        self.assertIn("hostname timed\n", self.running())
        self.assertEqual(self.nmsp("-c", "configure confirm")[0], 1)

    def test_a_startup_that_was_changed_outside_is_not_overwritten_by_accident(self):
        self.assertEqual(self.commands("write memory"), "Building configuration...\n[OK]\n")
        with open(self.agent.config, "a", encoding="ascii") as file:
            file.write("\n")
        status, output, error = self.nmsp("-c", "write memory")
        self.assertEqual((status, output), (1, "Building configuration...\n"))
        self.assertTrue(error.startswith("% Startup configuration was changed outside"), error)
        if os.geteuid() == 0:
            self.assertIn("[OK]\n", self.commands("copy running-config startup-config force"))

    def test_what_cannot_be_done_is_refused_with_the_place_where_it_can(self):
        for line in ("reload", "clear nmsp connection 192.0.2.1"):
            status, _, error = self.nmsp("-c", line)
            self.assertEqual((status, error[:2]), (1, "% "))
        for line in ("ntp server 192.0.2.1", "logging host 192.0.2.1"):
            status, _, error = self.nmsp("-c", "conf t", "-c", line)
            self.assertEqual((status, error[:2]), (1, "% "))

    def test_every_show_command_answers(self):
        lines = ["show nmsp " + what for what in (
            "status", "capability", "notification interval", "subscription summary", "subscription detail",
            "statistics summary", "statistics connection", "attachment suppress interfaces", "diagnosis", "certificate",
            "radio")]
        lines += ["show location summary", "show location detail 0200.0000.0001", "show location statistics rfid",
                  "show location ap-detect all AP1", "show aaa method-lists all", "show aaa attributes",
                  "show aaa servers", "show ap summary", "show wireless client summary", "show running-config all",
                  "show startup-config", "show clock detail", "show ntp status", "show version", "show privilege",
                  "show trace messages nmsp", "show trace settings nmsp", "show tech-support mask"]
        for line in lines:
            with self.subTest(line):
                output = self.commands(line)
                self.assert_no_failure(output)
                if not line.startswith("show trace messages"):
                    self.assertGreater(len(output), 20)

    def test_json_is_what_a_show_command_knows(self):
        status, output, error = self.nmsp("--json", "-c", "show nmsp notification interval", "-c",
                                          "show location detail 0200.0000.0001")
        self.assertEqual((status, error), (0, ""))
        at = output.index("}\n{") + 2
        intervals, device = json.loads(output[:at]), json.loads(output[at:])
        self.assertEqual(intervals["nmspd-nmsp:nmsp"]["notification"]["client-notify-interval"], 2)
        self.assertEqual(device, {"nmspd-location:read-devices": {}})
        status, output, _ = self.nmsp("--json", "-c", "show location summary")
        self.assertEqual((status, len(json.loads(output))), (0, 3))

    def test_all_of_a_configuration_with_its_defaults_can_be_given_back(self):
        everything = self.running()
        with_defaults = self.commands("show running-config all")
        self.assertIn("no nmsp strong-cipher\n", with_defaults)
        self.assertIn("location expiry client 15\n", with_defaults)
        self.assertEqual(self.nmsp(script=with_defaults), (0, "", ""))
        self.assertEqual(self.running(), everything)


if __name__ == "__main__":
    unittest.main(verbosity=2)
