#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An operator and a location server: from nothing to an active session that is still there after a restart."""

import os
import re
import unittest

import cli_bed
import scene
from cli_bed import bed, until

MSE = bed.SERVER_MACS[0]
# How Cisco's own parser (pyATS genieparser) reads a row of `show nmsp status`.
ROW = re.compile(r"^(?P<ip>(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})|((([\dA-Fa-f]{1,4}:){1,7}|:)((:[\dA-Fa-f]{1,4}){1,7}|:)?)"
                 r"[\dA-Fa-f]*)\s+(?P<active>Active|Inactive)\s+(?P<tx_echo>\d+)\s+(?P<rx_echo>\d+)\s+(?P<tx_data>\d+)\s+"
                 r"(?P<rx_data>\d+)\s+(?P<transport>[\w-]+)$")


class Story(cli_bed.Case):
    scene = True

    def mse(self, **facts):
        made = bed.Mse(self.agent, **facts)
        self.addCleanup(made.stop)
        return made

    def rows(self):
        return [found for found in map(ROW.match, self.commands("show nmsp status").splitlines()) if found]

    def active(self):
        return [row["ip"] for row in self.rows() if row["active"] == "Active"]

    def test_the_five_lines_bring_a_location_server_up_and_it_is_back_after_a_restart(self):
        self.agent.scene(*scene.APS, "join %s ap=0" % scene.ALICE, "hear %s ap=0 rssi=-45 every=100" % scene.ALICE)
        mse = self.mse()
        plain = MSE.replace(":", "")
        digits = bed.Keys.hash(MSE)
        t = self.ready()
        t.do("configure terminal", "bed(config)#")
        for line, prompt in (
                ("aaa new-model", "(config)#"), ("nmsp enable", "(config)#"),
                ("nmsp servr", "(config)#"),
                # As the technical note has them.
                ("username %s aaa attribute list NMSP" % plain, "(config)#"),
                ("aaa attribute list NMSP", "(config-attr-list)#"),
                (" attribute type password " + digits, "(config-attr-list)#"),
                ("aaa authorization credential-download wcm_loc_serv_cert local", "(config)#"), ("end", "#")):
            said = t.do(line, "bed" + prompt)
            if line == "nmsp servr":
                self.assertIn("\n" + " " * 21 + "^\n% Invalid input detected at '^' marker.\n", said)
                # What was well up to the caret, and how it goes on there.
                t.send("nmsp serv?")
                self.assertIn("server", t.until("\nbed(config)#nmsp serv"))
                t.send("er ?")
                self.assertIn("A.B.C.D", t.until("\nbed(config)#nmsp server "))
                self.assertNotIn("%", t.do("127.0.0.1 port %d" % mse.port, "bed(config)#"))
            else:
                self.assertNotIn("%", said)
        mse.wait_session()
        until(lambda: self.active() == ["127.0.0.1"], "the status says active")
        until(lambda: re.search(r"Last announced +: 20[0-9-]+T", self.commands("show location detail " + scene.ALICE)),
              "it is told when the client was announced")
        self.assertEqual(t.do("write memory"), "write memory\nBuilding configuration...\n[OK]\n")
        self.assertIn("All is well: 1 session active.", t.do("show nmsp diagnosis"))
        self.assertIn("Mobile Station,", t.do("show nmsp subscription detail"))

        self.assertEqual(self.agent.terminate(), 0)
        said = t.do("show version", "")  # the agent has gone: the session at the terminal ends
        self.assertIn("connection to nmspd is lost", said + t.all)
        self.start_agent()
        mse.wait("connected")
        mse.wait_session()
        until(lambda: self.active() == ["127.0.0.1"], "the status says active again")

    def test_a_wrong_hash_is_diagnosed_and_the_lines_to_paste_mend_it(self):
        mse = self.mse()
        self.commands("conf t", "aaa new-model", "aaa authorization credential-download wcm_loc_serv_cert local",
                      "username %s aaa attribute list NMSP" % MSE, "aaa attribute list NMSP",
                      "attribute type password " + "0" * 64, "nmsp enable", "nmsp server 127.0.0.1 port %d" % mse.port)
        said = until(lambda: (lambda text: text if "To paste" in text else None)(self.commands("show nmsp diagnosis")),
                     "the diagnosis has lines to paste")
        self.assertLess(max(map(len, said.split("To paste")[0].splitlines())), 80)
        self.assertLess(said.index("Cause"), said.index("Remedy"))
        lines = [line.strip() for line in said.split("To paste behind configure terminal:\n")[1].splitlines() if line]
        self.assertEqual(self.nmsp(script="\n".join(lines) + "\n"), (0, "", ""))
        mse.wait_session()
        until(lambda: self.active() == ["127.0.0.1"], "the status says active")

    def test_what_others_are_called_is_not_taken_for_a_failure(self):
        ap, client = scene.AP0, scene.ALICE
        self.agent.scene(*scene.APS, "join %s ap=0" % client, "hear %s ap=0 rssi=-45 every=100" % client)
        until(lambda: "0211.0000.0001" in self.commands("show location summary"), "the client is shown")
        t = self.ready()
        t.send("show nmsp live\r")
        t.until("Loudest at")
        t.until("  020a.0000.0100/0  0211.0000.0001 -45")
        t.send("q")
        t.until("\nbed#")
        for line in ("show location detail " + client, "show location summary", "show wireless client summary",
                     "show location ap-detect all " + ap, "show ap summary"):
            self.assert_no_failure(self.commands(line))
        self.assertRegex(self.commands("show location detail " + client), r"020a\.0000\.0100 +0 +all +-45")

    def test_rows_of_peers_are_read_by_ciscos_parser(self):
        port = bed.free_port()
        self.commands("conf t", "nmsp enable", "nmsp server 192.0.2.1", "nmsp server 2001:db8::7 port %d" % port,
                      "nmsp server no-such-name.invalid")
        self.assertEqual(sorted(row["ip"] for row in self.rows()), ["192.0.2.1", "2001:db8::7"])
        text = self.commands("show nmsp status")
        self.assertIn("no-such-name.invalid has no address yet", text)
        self.assert_no_failure(text)
        self.assert_no_failure(self.commands("show nmsp diagnosis"))


class Names(cli_bed.Case):
    """What others can be called is theirs to say: networks, users, access points."""

    startup = {**cli_bed.Case.startup, "nmspd-location:location": {"expiry": {"client": 3600}}}

    @classmethod
    def start_agent(cls):
        play = os.path.join(cls.folder, "names.rpl")
        with open(play, "w", encoding="ascii") as file:
            file.write("scene 1\nap 0 mac=%s channel=6 name=ERROR:\n"
                       "join %s ap=0 ssid=404%%20not%%20found\nsample %s ap=0 rssi=-45\n"
                       "user %s name=%%25%%20Invalid\n" % (scene.AP0, scene.ALICE, scene.ALICE, scene.ALICE))
        cls.agent.start("--management", cls.management, "--replay", play)
        until(lambda: os.path.exists(cls.management), "the socket is there")

    def test_no_name_is_taken_for_a_failure(self):
        detail = until(lambda: (lambda text: text if "Invalid" in text else None)(
            self.commands("show location detail " + scene.ALICE)), "the client and its user are known")
        self.assertIn('"404\\x20not\\x20found"', detail)
        self.assertIn('"\\x25\\x20Invalid"', detail)
        self.assert_no_failure(detail)
        for line in ("show ap summary", "show nmsp radio", "show location summary", "show wireless client summary",
                     "show tech-support"):
            self.assert_no_failure(self.commands(line))
        self.assertIn('"ERROR\\x3a"', self.commands("show ap summary"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
