#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenes instead of radios, and recordings: nmspd --replay, nmspd --record."""

import os
import re
import unittest

import bed
from bed import configuration

MANUAL = os.path.join(bed.HERE, "..", "..", "agent", "nmspd-replay.5")
AP = "02:0a:00:00:01:00"
DEVICE = "02:12:00:00:00:01"
SCENE = "scene 1\nap 0 mac=%s channel=6 noise=-95 name=hall\n" % AP + "".join(
    "@%d sample %s ap=0 rssi=-47\n" % (at, DEVICE) for at in range(0, 120000, 200))


def readings(picture):
    return [(sample["ap_mac"], sample["rssi"]) for sample in picture["samples"]]


def examples():
    """The scenes of the manual page."""
    with open(MANUAL, encoding="ascii") as file:
        return [text for text in re.findall(r"\.Bd -literal.*?\n(.*?)\.Ed", file.read(), re.S) if text.startswith("scene 1")]


class Replay(bed.Case):
    def path(self, name, text=None):
        path = os.path.join(self.agent.folder, name)
        if text is not None:
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        return path

    def play(self, scene, *arguments, servers=(), **capacity):
        config = configuration([server.port for server in servers])
        if capacity:
            config["nmspd-system:system"]["capacity"] = capacity
        self.agent.configure(config)
        self.agent.start("--replay", self.path("play.scene", scene), *arguments)

    def test_a_scene_reaches_the_server_and_everything_says_that_it_is_one(self):
        mse = self.mse()
        self.play(SCENE, servers=[mse])
        self.assertIn("replay", mse.wait("message", message="capability-notification")["software"])
        mse.wait_picture(DEVICE, lambda one: readings(one) == [(AP, -47)])
        self.assertTrue(self.agent.said("nothing is measured"))
        self.assertTrue([line for line in self.agent.report() if "nothing is measured" in line])
        self.assert_no_violation(mse)

    def test_a_recording_is_a_scene_that_plays_the_same(self):
        mse = self.mse()
        recording = self.path("recording")
        self.play(SCENE, "--record", recording, servers=[mse])
        mse.wait_picture(DEVICE, lambda one: readings(one) == [(AP, -47)])
        self.assertEqual(self.agent.terminate(), 0)
        self.assertEqual(os.stat(recording).st_mode & 0o777, 0o600)
        with open(recording, encoding="ascii") as file:
            text = file.read()
        self.assertRegex(text, "^scene 1\n")
        mark = self.agent.mark()
        self.play(text, servers=[mse])
        self.agent.wait("nothing is measured", mark)
        mse.wait("disconnected")
        mse.wait_picture(DEVICE, lambda one: readings(one) == [(AP, -47)])

    def test_a_scene_with_a_fault_is_refused_with_its_line(self):
        self.play("scene 1\n\nfrogs 3\n")
        self.agent.wait(r"play\.scene, line 3: no line begins like that")
        self.assertEqual(self.agent.process.wait(bed.PATIENCE), 1)

    def test_a_recording_never_replaces_a_file(self):
        self.play(SCENE, "--record", self.path("there", "mine\n"))
        self.agent.wait("must be a new file")
        self.assertEqual(self.agent.process.wait(bed.PATIENCE), 1)

    def test_the_examples_of_the_manual_play(self):
        self.assertEqual(len(examples()), 1)
        for scene in examples():
            mark = self.agent.mark()
            self.play(scene)
            self.agent.wait("nothing is measured", mark)
            report = self.agent.report()
            self.assertTrue([line for line in report if re.search(r"scene .*, 2 APs, [1-9]", line)], report)
            self.assertEqual(self.agent.terminate(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
