#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of other makers: libnetconf2's library, and yangcli."""

import os
import subprocess
import unittest

import netconf_bed
from netconf_bed import find

CLIENT = os.environ.get("NC2_CLIENT", "nc2-client")
SEEN = ["hello 1.1 candidate", "get-config bed", "edit-config ok", "validate ok", "commit ok", "get-config libnetconf2",
        "wrong-value invalid-value", "discard-changes ok", "unlock operation-failed", "kill-session invalid-value",
        "create-subscription ok", "notification netconf-session-start of another session: yes", "done"]


class Libnetconf2(netconf_bed.Case):
    def run_client(self, *arguments):
        done = subprocess.run([CLIENT, *arguments], capture_output=True, text=True, timeout=netconf_bed.PATIENCE * 3,
                              env=dict(os.environ, HOME=self.folder), check=False)
        self.assertEqual((done.returncode, done.stdout.splitlines()), (0, SEEN), done.stderr)

    def test_it_reads_edits_commits_is_refused_and_is_notified_over_ssh(self):
        self.run_client("ssh", str(self.sshd.port), self.sshd.user, self.sshd.file("client.pub"),
                        self.sshd.file("client"))

    def test_it_does_the_same_through_the_relays_standard_input_and_output(self):
        self.run_client("inout", netconf_bed.RELAY, self.management)

class Yangcli(netconf_bed.Case):
    """It reads all modules by get-schema with a parser of its own, which knows YANG 1.0 and parts of 1.1."""

    SCRIPT = ("merge /system/hostname value=yuma", "merge /nmsp/enable value=true", "validate source=candidate", "commit",
              "edit-config target=candidate config=@{folder}/edit.xml", "commit",
              "merge /nacm/read-default value=deny", "commit", "delete /nmsp/enable", "commit",
              "xget-config source=running select=/nacm", "get-config source=running", "lock target=running",
              "unlock target=running", "create-subscription", "live-summary", "close-session", "quit")

    def test_it_connects_edits_and_reads(self):
        key = self.sshd.file("rsa")  # its library knows neither ed25519 nor the new form of private keys
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", key], check=True)
        with open(self.sshd.file("authorized"), "a", encoding="ascii") as authorized, \
                open(key + ".pub", encoding="ascii") as public:
            authorized.write(public.read())
        with open(os.path.join(self.folder, "edit.xml"), "w", encoding="ascii") as file:
            file.write('<trace xmlns="%s"><level>info</level></trace>' % netconf_bed.SPACES["trace"])
        script = os.path.join(self.folder, "script")
        with open(script, "w", encoding="ascii") as file:
            file.write("\n".join(self.SCRIPT).format(folder=self.folder) + "\n")
        done = subprocess.run(
            ["yangcli", "--server=127.0.0.1", "--ncport=%d" % self.sshd.port, "--user=" + self.sshd.user,
             "--private-key=" + key, "--public-key=" + key + ".pub", "--password=none", "--batch-mode",
             "--run-script=" + script, "--autohistory=false", "--autoaliases=false", "--autouservars=false"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=netconf_bed.PATIENCE * 2, check=False)
        said = done.stdout
        self.assertEqual(done.returncode, 0, said)
        self.assertIn("Protocol version set to: RFC 6241 (base:1.1)", said)
        self.assertNotRegex(said, "rpc-error|canceled|Error")
        self.assertRegex(said, r"nacm \{\s+read-default deny\s+\}")
        self.assertRegex(said, r"hostname yuma\b")
        self.assertRegex(said, r"active-sessions 0\b")
        running = self.admin.running()
        self.assertEqual([find(running, path) for path in ("sys:system/sys:hostname", "nacm:nacm/nacm:read-default",
                                                           "trace:trace/trace:level", "nmsp:nmsp/nmsp:enable")],
                         [["yuma"], ["deny"], ["info"], []])


if __name__ == "__main__":
    unittest.main(verbosity=2)
