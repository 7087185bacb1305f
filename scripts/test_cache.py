#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is made once and kept: only what is whole gets to its place."""
import os
import signal
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))


class Cache(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, maker, recipe="recipe"):
        script = '. "$0/cache"; set -euo pipefail; make_it() { work=$1; mkdir "$work/made"; %s; }; cached thing "$1" make_it'
        return subprocess.Popen(["bash", "-c", script % maker, HERE, recipe], env=dict(os.environ, NMSPD_CACHE=self.folder),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_to_end(self, maker, recipe="recipe"):
        process = self.start(maker, recipe)
        out, err = process.communicate()
        return process.returncode, out.strip(), err

    def kept(self):
        return [name for name in os.listdir(self.folder) if os.path.isdir(os.path.join(self.folder, name))]

    def test_it_is_made_once_for_a_recipe(self):
        status, place, _ = self.run_to_end('echo one >"$work/made/file"')
        self.assertEqual(status, 0)
        self.assertEqual(self.run_to_end("exit 7"), (0, place, ""))
        with open(place + "/file", encoding="ascii") as file:
            self.assertEqual(file.read(), "one\n")
        status, other, _ = self.run_to_end("true", recipe="another")
        self.assertEqual(status, 0)
        self.assertNotEqual(other, place)

    def test_what_fails_in_the_middle_leaves_nothing_and_is_told(self):
        status, place, told = self.run_to_end('echo the reason; false; echo never')
        self.assertEqual((status, place), (1, ""))
        self.assertIn("the reason", told)
        self.assertNotIn("never", told)
        self.assertEqual(self.kept(), [])

    def test_what_is_ended_takes_its_programs_with_it(self):
        process = self.start('echo $BASHPID >"$NMSPD_CACHE/maker"; sleep 600')
        until = time.monotonic() + 60
        while not os.path.exists(self.folder + "/maker") or not os.path.getsize(self.folder + "/maker"):
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
        with open(self.folder + "/maker", encoding="ascii") as file:
            group = int(file.read())
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertEqual(self.kept(), [])
        with self.assertRaises(ProcessLookupError):
            for _ in range(500):
                os.killpg(group, 0)
                time.sleep(0.02)

    def test_what_a_killed_one_left_is_cleared(self):
        os.mkdir(self.folder + "/thing-work.abcdef")
        status, place, _ = self.run_to_end("true")
        self.assertEqual(status, 0)
        self.assertEqual(self.kept(), [os.path.basename(place)])


if __name__ == "__main__":
    unittest.main()
