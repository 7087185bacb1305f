# SPDX-License-Identifier: GPL-2.0-or-later
"""For tests with stations that do exactly what the test says (scene.c)."""

import bed
from bed import configuration

AP0, AP1 = "02:0a:00:00:01:00", "02:0a:00:00:02:00"
ALICE, BOB, CAROL = "02:11:00:00:00:01", "02:11:00:00:00:02", "02:11:00:00:00:03"
APS = ("ap 0 mac=%s channel=6 power=20 noise=-95 name=one" % AP0,
       "ap 1 mac=%s channel=36 band=2 power=17 noise=-98 name=two" % AP1)


def readings(picture):
    return sorted((sample["ap_mac"], sample["rssi"]) for sample in picture["samples"])


def gone(picture):
    return picture["gone"]


class Scene(bed.Case):
    scene = True

    def play(self, servers, *lines, **nmsp):
        config = configuration([server.port for server in servers], **nmsp)
        config["nmspd-location:location"] = {"expiry": {"client": 5}}
        self.start(config)
        self.agent.scene(*lines)

    def hear(self, mac, ap, rssi, every=100):
        self.agent.scene("hear %s ap=%d rssi=%d every=%d" % (mac, ap, rssi, every))
