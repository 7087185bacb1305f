#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Transcripts on a real terminal: what is echoed, said and prompted, byte by byte."""

import os
import random
import signal
import termios
import unittest

import cli_bed

CONFIG = "bed(config)#"
HELP = [  # each place of one line: what is typed, what ? says
    ("nmsp notif", "nmsp notif?\nnotification        \n\nbed(config)#nmsp notif"),
    ("ication ", "ication ?\n  interval  How often, at most\nbed(config)#nmsp notification "),
    ("interval ", "interval ?\n  attachment  Attachments of wired devices\n  location    Locations of wired devices\n"
                  "  rssi        Measurements of signal strength\nbed(config)#nmsp notification interval "),
    ("rssi ", "rssi ?\n  clients   Wi-Fi clients\n  rfid      Tags\n  rogues    Rogue access points and their clients\n"
              "  spectrum  Spectrum analysis\nbed(config)#nmsp notification interval rssi "),
    ("clients ", "clients ?\n  <1-180>  Seconds\nbed(config)#nmsp notification interval rssi clients "),
    ("10 ", "10 ?\n  <cr>\nbed(config)#nmsp notification interval rssi clients 10 "),
]


class Terminal(cli_bed.Case):
    def configure(self, **size):
        t = self.ready(**size)
        self.assertEqual(t.do("configure terminal", CONFIG),
                         "configure terminal\nEnter configuration commands, one per line.  End with CNTL/Z.\n")
        return t

    def test_there_is_a_prompt_and_no_banner(self):
        t = self.terminal()
        self.assertEqual(t.until("#"), "bed#")
        t.send("exit\r")
        self.assertEqual(t.ended(), 0)
        self.assertEqual(t.all, "bed#exit\n")

    def test_each_kind_of_error_is_told_as_on_ios(self):
        t = self.configure()
        said = [("logging 0255.255.1", "                    ^\n% Invalid input detected at '^' marker.\n\n"),
                ("nmsp notifcation", "                      ^\n% Invalid input detected at '^' marker.\n\n"),
                ("nmsp notification interval rssi clients 181",
                 " " * 52 + "^\n% Invalid input detected at '^' marker.\n\n"),
                ("logging", "% Incomplete command.\n\n"),
                ("l", '% Ambiguous command:  "l"\n'),
                ("no nmsp notification interval rssi", "% Incomplete command.\n\n"),
                ("hostname -x", "% hostname is not a host name: use letters, digits, hyphens and dots, and begin and "
                                "end with a letter or a digit\n")]
        for line, error in said:
            self.assertEqual(t.do(line, CONFIG), line + "\n" + error)
        self.assertEqual(t.do("show nmsp status", CONFIG),
                         "show nmsp status\n" + " " * 13 + "^\n% Invalid input detected at '^' marker.\n\n")
        self.assertEqual(t.do("do show nmps", CONFIG),
                         "do show nmps\n" + " " * 22 + "^\n% Invalid input detected at '^' marker.\n\n")
        t.send("\x1a")
        t.until("bed#")
        self.assertEqual(t.do("show version | inclde x"),
                         "show version | inclde x\n" + " " * 23 + "^\n% Invalid input detected at '^' marker.\n\n")

    def test_question_mark_helps_at_each_place(self):
        t = self.configure()
        for typed, said in HELP:
            t.send(typed + "?")
            self.assertEqual(t.until(said), said)
        t.send("\r")
        t.until("\n" + CONFIG)
        self.assertIn("nmsp notification interval rssi clients 10\n", self.running())
        t.send("nmps ?")
        said = "nmps ?\n% Unrecognized command\n" + CONFIG + "nmps "
        self.assertEqual(t.until(said), said)

    def test_tab_completes_and_abbreviations_are_taken(self):
        t = self.configure()
        t.send("nmsp no\tint\trssi cl\t9\r")
        t.until("nmsp notification interval rssi clients 9\n" + CONFIG)
        t.do("nmsp not int rssi rfid 8", CONFIG)
        running = self.running()
        self.assertIn("interval rssi clients 9\n", running)
        self.assertIn("interval rssi rfid 8\n", running)

    def test_modes_are_entered_and_left(self):
        t = self.configure()
        t.do("aaa attribute list A", "bed(config-attr-list)#")
        t.do("attribute type password " + "a" * 40, "bed(config-attr-list)#")
        t.do("username 0050.569C.3489 mac aaa attribute list A", CONFIG)  # which ends the block
        t.do("interface wlan0", "bed(config-if)#")
        t.do("nmsp attachment suppress", "bed(config-if)#")
        t.do("exit", CONFIG)
        t.do("interface wlan1", "bed(config-if)#")
        t.do("nmsp attachment suppress", "bed(config-if)#")
        t.do("no nmsp attachment suppress", "bed(config-if)#")
        t.do("exit", CONFIG)
        self.assertIn("\ninterface wlan0\n nmsp attachment suppress\n!\n", self.running())
        self.assertIn("\ninterface wlan1\n!\nend\n", self.running())
        self.assertTrue(t.do("do show nmsp attachment suppress interfaces", CONFIG).endswith("-\nwlan0\n"))
        t.do("aaa attribute list B", "bed(config-attr-list)#")
        t.do("end")
        t.do("conf t", CONFIG)
        t.send("nmsp strong-cipher\x1a")  # ^Z does the line
        t.until("nmsp strong-cipher^Z\nbed#")
        t.do("conf t", CONFIG)
        t.send("nmsp enable\x03")  # ^C does not
        t.until("nmsp enable\nbed#")
        t.do("conf t", CONFIG)
        t.do("hostname other", "other(config)#")
        t.do("hostname bed", CONFIG)
        t.do("exit")
        self.assertEqual(t.do("disable", "bed>"), "disable\n")
        self.assertEqual(t.do("configure terminal", "bed>"),
                         "configure terminal\n    ^\n% Invalid input detected at '^' marker.\n\n")
        self.assertEqual(t.do("show privilege", "bed>"), "show privilege\nCurrent privilege level is 1\n")
        t.do("enable")
        self.assertEqual(t.do("show privilege"), "show privilege\nCurrent privilege level is 15\n")
        running = self.running()
        self.assertIn("username 0050569c3489 aaa attribute list A\n", running)
        self.assertIn("aaa attribute list A\n attribute type password %s\n!\naaa attribute list B\n!\n" % ("a" * 40),
                      running)
        self.assertIn("nmsp strong-cipher\n", running)
        self.assertNotIn("nmsp enable", running)

    def test_every_spelling_of_enter_is_one_and_type_ahead_is_echoed_behind_its_prompt(self):
        t = self.ready()
        for enter in ("\r", "\n", "\r\n"):
            self.assertEqual(t.do("show privilege | count zzz", enter=enter),
                             "show privilege | count zzz\nNumber of lines which match regexp = 0\n")
        t.send("\r\r\nterminal width 0\r\nconf t\r\nnmsp enable\r\nend\r\nshow running-config | include enable\r\n")
        t.until("enable\nnmsp enable\nbed#")
        said = ("bed#\nbed#\nbed#terminal width 0\nbed#conf t\nEnter configuration commands, one per line.  End with "
                "CNTL/Z.\nbed(config)#nmsp enable\nbed(config)#end\nbed#show running-config | include enable\n"
                "nmsp enable\nbed#")
        self.assertTrue(t.all.endswith(said), t.all)

    def test_a_line_of_300_is_echoed_as_it_is(self):
        t = self.configure()
        line = "hostname " + "x" * 291
        self.assertEqual(t.do(line, CONFIG).split("\n")[0], line)
        self.assertNotIn("\x1b", t.all)
        self.assertNotIn("\b", t.all)

    def test_lines_can_be_edited(self):
        t = self.ready()
        for keys in ("show nmps\x7f\x7fsp notif inter", "notif inter\x01show nmsp ", "nmsp notif inter\x01show \x05",
                     "show nmsp inter" + "\x1b[D" * 5 + "notif ", "show garbage\x17nmsp notif inter",
                     "x y\x15show nmsp notif inter", "\x1b[A", "\x10"):
            t.send(keys + "\r")
            t.until("RSSI Interval:")
            t.until("\nbed#")
        self.assertNotIn("%", t.all)

    def test_a_signal_that_ends_it_leaves_the_terminal_as_it_was(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            t = self.ready()
            taken = termios.tcgetattr(t.fd)[3]
            self.assertEqual(taken & (termios.ICANON | termios.ECHO), 0)
            os.kill(t.pid, number)
            self.assertEqual(t.ended(), -number)
            left = termios.tcgetattr(t.fd)[3]
            self.assertEqual(left & (termios.ICANON | termios.ECHO), termios.ICANON | termios.ECHO)

    def test_whatever_is_typed_it_goes_on_and_leaves_when_told(self):
        draw = random.Random(7)
        words = "show nmsp status | include begin ( [ * no do aaa username password interface server end all -1 % ::1".split()
        for size in ({"rows": 1, "columns": 1}, {"rows": 2, "columns": 2}, {"rows": 24, "columns": 80}):
            t = self.terminal(**size)
            t.until("bed#")
            for _ in range(40):
                piece = draw.choice((
                    " ".join(draw.choices(words, k=5)).encode() + draw.choice((b"\r", b"?", b"\t", b"\x1a", b"\x03", b"q")),
                    bytes(draw.choice(range(1, 256)) for _ in range(20)).replace(b"\x04", b""),
                    b"\x1b[" + bytes([draw.randrange(32, 127)]) * 3, draw.choice((b"x", b"\xc3\xa4", b"\xff", b"?")) * 300))
                os.write(t.fd, piece)
                t.drain()
            os.write(t.fd, b"q\x03\x03\x15end\r")
            t.drain()
            os.write(t.fd, b"q\x15exit\r")
            self.assertEqual(t.ended(), 0)

    def test_pages_end_with_more(self):
        t = self.terminal(rows=8)
        t.until("bed#")
        t.send("show nmsp statistics summary\r")
        first = t.until(" --More-- ")
        self.assertEqual(first.count("\n"), 8)  # the line itself and seven
        t.send("\r")
        self.assertEqual(t.until(" --More-- ").count("\n"), 1)
        t.send(" ")
        self.assertEqual(t.until(" --More-- ").count("\n"), 7)
        t.send("q")
        t.until("\b" * 10 + "bed#")
        t.send("show nmsp statistics summary | include restarts\r")
        self.assertNotIn("--More--", t.until("\nbed#"))

    def test_pipes_choose_lines(self):
        t = self.ready()
        self.assertEqual(t.do("show running-config | include host"),
                         "show running-config | include host\nhostname bed\n")
        self.assertEqual(t.do("show running-config | count ^!"),
                         "show running-config | count ^!\nNumber of lines which match regexp = 2\n")
        self.assertEqual(t.do("show run | begin end"), "show run | begin end\nend\n")
        self.assertTrue(t.do("show run | include (").endswith("% This is no regular expression: (\n"))

    def test_a_copy_asks_for_the_name_and_takes_an_answer_that_was_typed_ahead(self):
        t = self.ready()
        t.send("copy running-config startup-config\r\r")
        said = ("copy running-config startup-config\nDestination filename [startup-config]? \n"
                "Building configuration...\n[OK]\nbed#")
        self.assertEqual(t.until("[OK]\nbed#"), said)

    def test_live_is_left_with_q(self):
        t = self.ready()
        t.send("show nmsp live\r")
        t.until("Sessions       : 0 active of 0")
        t.send("q")
        t.until("\nbed#")

    @unittest.skipIf(os.geteuid() != 0, "only root can be another user")
    def test_who_may_not_edit_begins_below_and_stays_there(self):
        group = os.stat(self.management).st_gid
        t = self.terminal("setpriv", "--reuid", "65534", "--regid", str(group), "--clear-groups")
        t.until("bed>")
        self.assertTrue(t.do("enable", "bed>").startswith("enable\n% Not permitted"))
        self.assertIn("level is 1\n", t.do("show privilege", "bed>"))
        self.assertIn("NMSP Status", t.do("show nmsp status", "bed>"))
        t.send("exit\r")
        self.assertEqual(t.ended(), 0)


class Completion(unittest.TestCase):
    def test_bash_completes_options_and_commands(self):
        here = os.path.join(cli_bed.HERE, "..", "..", "config", "cli", "nmsp.bash-completion")
        where = os.path.dirname(os.path.abspath(cli_bed.NMSP))
        t = cli_bed.Terminal("env", "PATH=%s:%s" % (where, os.environ["PATH"]), "PS1=ready$ ", "TERM=dumb", "bash",
                             "--norc", "--noprofile", "-i")
        self.addCleanup(t.close)
        t.until("ready$ ")
        t.do(". " + here, "ready$ ")
        t.send("nmsp --js\t")
        t.until("nmsp --json ")
        t.send("-c 'show nmsp cap\t")
        t.until("-c 'show nmsp capability'")
        t.send("\x15exit\r")
        t.ended()


if __name__ == "__main__":
    unittest.main(verbosity=2)
