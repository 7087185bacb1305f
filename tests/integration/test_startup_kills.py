#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whenever the agent is killed while it saves, startup is the old file or the new one, and the agent starts.

NMSPD_KILLS says how often: 100 by default, 1000 with NMSPD_TEST_FULL or --full. NMSPD_KILL_SEED makes a run again."""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PROGRAM = os.environ.get("NMSPD", "nmspd")
SAVER = os.environ.get("NMSPD_STORE_SAVER", "store-saver")
FULL = "--full" in sys.argv or "NMSPD_TEST_FULL" in os.environ
KILLS = int(os.environ.get("NMSPD_KILLS", "1000" if FULL else "100"))
SEED = int(os.environ.get("NMSPD_KILL_SEED", "1"))


def crc_of(path):
    with open(path, "rb") as file:
        return "%08x" % zlib.crc32(file.read())


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "nmspd.json")
        with open(self.path, "w", encoding="ascii") as file:
            file.write("{}\n")

    def assert_taken(self, path):
        done = subprocess.run([PROGRAM, "--check", path], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Kills(Case):
    def run_until_killed(self, number, chance):
        """Gives all that it said."""
        saver = subprocess.Popen([SAVER, self.path, str(number)], stdout=subprocess.PIPE, text=True)
        lines = []
        for _ in range(chance.randrange(1, 8)):
            lines.append(saver.stdout.readline())
        time.sleep(chance.random() * 0.01)
        saver.kill()
        # The end of the pipe: the child that writes is gone, too.
        lines += saver.stdout.readlines()
        saver.stdout.close()
        self.assertEqual(saver.wait(), -9, "".join(lines))
        return lines

    @staticmethod
    def what_may_be(lines, before):
        """What was there or was saved last, and what was being saved."""
        old, new = before, None
        for line in lines:
            if line.startswith("save "):
                new = line.split()[1]
            elif line == "saved\n":
                old, new = new, None
        return {old, new} - {None}

    def test_startup_is_the_old_file_or_the_new_one_whenever_it_is_killed(self):
        chance = random.Random(SEED)
        kept = {"old": 0, "new": 0}
        for number in range(KILLS):
            before = crc_of(self.path)
            lines = self.run_until_killed(number, chance)
            may_be = self.what_may_be(lines, before)
            found = crc_of(self.path)
            self.assertIn(found, may_be, "kill %d of seed %d:\n%s" % (number, SEED, "".join(lines)))
            kept["new" if lines[-1].startswith("save ") and found == lines[-1].split()[1] else "old"] += 1
            self.assert_taken(self.path)
            if os.path.exists(self.path + ".good"):
                self.assert_taken(self.path + ".good")
        print("%d kills: %d times the old file, %d times the new one" % (KILLS, kept["old"], kept["new"]))
        self.assertLessEqual(set(os.listdir(self.folder.name)),
                             {"nmspd.json", "nmspd.json.good", "nmspd.json.tmp", "nmspd.json.good.tmp"})


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Order(Case):
    CALLS = "openat,open,write,fsync,fdatasync,rename,renameat,renameat2,close"

    def trace(self):
        log = os.path.join(self.folder.name, "trace")
        done = subprocess.run(["strace", "-f", "-y", "-s", "64", "-e", "trace=" + self.CALLS, "-o", log,
                               SAVER, self.path, "7", "1"], capture_output=True, text=True, check=False)
        if "ptrace" in done.stderr.lower() and "not permitted" in done.stderr.lower():
            self.skipTest("this machine does not let anybody trace")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(log, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()

    def assert_order(self, lines, path):
        """Of the last process that wrote the file: each call, in this order, with success."""
        name, folder = re.escape(path), re.escape(os.path.dirname(path))
        wanted = [
            r'open(at)?\(.*"%s\.tmp", O_WRONLY\|O_CREAT\|O_EXCL.* = \d+<' % name,
            r'write\(\d+<%s\.tmp>.* = [1-9]' % name,
            r'fsync\(\d+<%s\.tmp>\) += 0' % name,
            r'close\(\d+<%s\.tmp>\) += 0' % name,
            r'rename\w*\(.*"%s\.tmp".*"%s".*\) = 0' % (name, name),
            r'open(at)?\(.*"%s", O_RDONLY.*O_DIRECTORY.* = \d+<' % folder,
            r'fsync\(\d+<%s>\) += 0' % folder,
        ]
        opened = [line.split()[0] for line in lines if re.search(wanted[0], line)]
        self.assertTrue(opened, "nobody wrote " + path)
        own = [line for line in lines if line.split()[0] == opened[-1]]
        at = 0
        for pattern in wanted:
            later = [i for i in range(at, len(own)) if re.search(pattern, own[i])]
            self.assertTrue(later, "%s does not come in order:\n%s" % (pattern, "\n".join(own)))
            at = later[0] + 1

    def test_startup_is_written_fsynced_renamed_and_the_folder_is_fsynced(self):
        lines = self.trace()
        self.assert_order(lines, self.path)
        self.assert_order(lines, self.path + ".good")
        written = [i for i, line in enumerate(lines) if re.search(r'rename.*"%s"' % re.escape(self.path), line)]
        kept = [i for i, line in enumerate(lines) if re.search(r'rename.*"%s"' % re.escape(self.path + ".good"), line)]
        self.assertLess(written[-1], kept[-1])

    def test_nothing_else_writes_startup(self):
        for line in self.trace():
            self.assertIsNone(re.search(r'open(at)?\(.*"%s", O_(WRONLY|RDWR)' % re.escape(self.path), line))


if __name__ == "__main__":
    unittest.main(argv=[one for one in sys.argv if one != "--full"], verbosity=2)
