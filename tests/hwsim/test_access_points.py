#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Three access points, their controller and a location server, each in a network namespace of its own with veth between
them, and a station on a medium that sets who hears it: scripts/vm/run --radios 4 -- tests/hwsim/test_access_points.py NMSPD

The tests run in the order of their names, with NMSPD_TEST_FULL all of them. What is asked of the levels: each that the server is told is one that the medium
had set at the moment that its age says.
"""
import json
import os
import re
import shutil
import sys
import time
import unittest

import hwsim
import medium
import peers

PORT = 16113
PATIENCE_S = 40
# The medium, the poll of a second and what a way of up to 150 ms cannot tell.
SLACK_MS = 800
MSE_MAC, CONTROLLER_MAC = "02:0e:00:00:00:01", "02:0c:00:00:00:01"
APS = ["ap0", "ap1", "ap2"]
AP_MACS = {name: "02:0a:00:00:0%d:00" % (1 + i) for i, name in enumerate(APS)}
FULL = bool(os.environ.get("NMSPD_TEST_FULL"))

bed = None


class Node:
    """An agent in a namespace."""

    def __init__(self, name, program, mac):
        self.name, self.program, self.mac = name, program, mac
        self.folder = os.path.join(hwsim.SCRATCH, "agent-" + name)
        os.mkdir(self.folder)
        shown = hwsim.command(peers.PYTHON, peers.MSE, "make-cert", "--type", "ec", "--mac", mac, "--out",
                              self.folder + "/new")
        self.key_hash = re.search(r"SHA2 Key Hash: (\w+)", shown).group(1)
        for kind in ("cert", "key"):
            shutil.move(f"{self.folder}/new/{kind}.pem", f"{self.folder}/{kind}-ec.pem")
        self.process = None

    def start(self, known, radios=None, **nmsp):
        """`known` are those who may come in: (MAC, key hash)."""
        configuration = {
            "nmspd-system:system": {"hostname": self.name, "base-mac": self.mac},
            "nmspd-nmsp:nmsp": {"enable": True, "notification": {"client-notify-interval": 1}, **nmsp},
            "nmspd-aaa:aaa": {
                "new-model": True,
                "attribute-list": [{"name": f"L{i}", "password": one[1]} for i, one in enumerate(known)],
                "user": [{"mac": one[0], "attribute-list": f"L{i}"} for i, one in enumerate(known)],
                "credential-download": [{"name": "wcm_loc_serv_cert", "method": "local"}]},
            "nmspd-radio:radios": {"poll-interval": 1, "hostapd": {"directory": hwsim.SCRATCH + "/hostapd"}, **({"radio": radios} if radios else {})},
            "nmspd-location:location": {"expiry": {"client": 10}}}
        with open(self.folder + "/nmspd.json", "w", encoding="ascii") as file:
            json.dump(configuration, file)
        self.run()

    def run(self):
        self.process = hwsim.Process("nmspd-" + self.name, self.program, "-c", self.folder + "/nmspd.json", "--state-dir",
                                     self.folder, "--management", "none", "--user", "root", netns=self.name)

    def restart(self):
        self.process.end()
        self.run()


class Mse(peers.Mse):
    def start(self):
        """In the namespace of its own."""
        real = peers.subprocess.Popen
        where = {f"127.0.0.1:{PORT}": f"192.168.0.2:{PORT}"}
        peers.subprocess.Popen = lambda arguments, **more: real(hwsim.enter("mse") + [where.get(one, one) for one in arguments],
                                                                **more)
        try:
            return super().start()
        finally:
            peers.subprocess.Popen = real


class Bed:
    def __init__(self, program):
        self.program = program
        self.air = medium.Medium()
        self.radio = {name: hwsim.fact(f"wlan{i}", "address") for i, name in enumerate(APS)}
        for name in ("ctl", "mse", *APS):
            hwsim.command("ip", "netns", "add", name)
            hwsim.command("ip", "link", "set", "lo", "up", netns=name)
        for i, name in enumerate(("mse", *APS)):
            self.connect(i, name)
        self.bss = {}
        for i, name in enumerate(APS):
            hwsim.command("iw", "phy", hwsim.fact(f"wlan{i}", "phy80211/name"), "set", "netns", "name", name)
            self.bss[name] = self.network(i, name)
        self.station = hwsim.Station("wlan3")
        self.mse = Mse(MSE_MAC, PORT, "rssi-ms,info-ms,ap-info,rssi-rogue")
        self.controller = Node("ctl", program, CONTROLLER_MAC)
        self.aps = {name: Node(name, program, f"02:0d:00:00:00:0{i + 1}") for i, name in enumerate(APS)}
        self.levels = []  # (wall ms from which on it may hold, AP, dBm or None)

    def connect(self, number, name):
        hwsim.command("ip", "link", "add", f"c{number}", "netns", "ctl", "type", "veth", "peer", "name", "eth0", "netns", name)
        for where, device, address in (("ctl", f"c{number}", 1), (name, "eth0", 2)):
            hwsim.command("ip", "address", "add", f"192.168.{number}.{address}/24", "dev", device, netns=where)
            hwsim.command("ip", "link", "set", device, "up", netns=where)

    def network(self, number, name):
        bss = hwsim.Bss(f"wlan{number}", f"net{number}", f"10.0.{number}.1", channel=1)
        path = os.path.join(hwsim.SCRATCH, name + ".conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(bss.configuration())
        hwsim.Process("hostapd-" + name, "hostapd", "-t", path, netns=name)
        hwsim.wait_for(lambda: hwsim.Control(os.path.join(hwsim.SCRATCH, "hostapd", bss.interface)).status().get("state") ==
                       "ENABLED", PATIENCE_S, name)
        hwsim.command("ip", "address", "add", f"{bss.address}/24", "dev", bss.interface, netns=name)
        return bss

    def start(self):
        self.mse.agent_certificate = self.controller.folder + "/cert-ec.pem"
        self.mse.start()
        known = [(MSE_MAC, self.mse.key_hash)] + [(one.mac, one.key_hash) for one in self.aps.values()]
        self.controller.start(known, server=[{"host": "192.168.0.2", "port": PORT, "mac": MSE_MAC}], listen={},
                              **{"access-point": [{"mac": one.mac, "name": one.name} for one in self.aps.values()]})
        for i, (name, one) in enumerate(self.aps.items()):
            one.start([(CONTROLLER_MAC, self.controller.key_hash)],
                      radios=[{"interface": f"wlan{i}", "ap-mac": AP_MACS[name]}],
                      server=[{"host": f"192.168.{i + 1}.1", "port": PORT, "mac": CONTROLLER_MAC}])

    def level(self, name, dbm):
        """How loud this access point hears the station."""
        self.levels.append((time.time() * 1000, AP_MACS[name], dbm))
        self.air.link(self.station.mac, self.radio[name], dbm)

    def allowed(self, ap, moment):
        """The levels that a frame heard about then may have had."""
        rows = [row for row in self.levels if row[1] == ap]
        return {dbm for i, (begun, _, dbm) in enumerate(rows)
                if begun <= moment + SLACK_MS and (i + 1 == len(rows) or rows[i + 1][0] >= moment - SLACK_MS)}

    def join(self, name):
        if self.station.supplicant:
            self.station.stop()
        self.station.start(self.bss[name])
        hwsim.wait_for(lambda: self.station.control().status().get("wpa_state") == "COMPLETED", PATIENCE_S, "joins " + name)
        self.station.talk()


class AccessPoints(unittest.TestCase):
    def hears(self, name, dbm, since=None, associated=True):
        mark = bed.mse.mark() if since is None else since
        wanted = (AP_MACS[name], 0, dbm)
        return bed.mse.wait_picture(bed.station.mac, lambda one: wanted in one.readings() and one.associated == associated,
                                    PATIENCE_S, f"heard by {name} at {dbm}", mark)

    def judge(self):
        """Every level that was told is one that the medium had set when its age says; nothing is a rogue, nothing is told
        of another access point twice."""
        count = 0
        for one in bed.mse.pictures(bed.station.mac):
            for sample in one.samples:
                count += 1
                heard = one.timestamp_ms - sample["age_ms"]
                self.assertIn(sample["rssi"], bed.allowed(sample["ap_mac"], heard), (sample, one.timestamp_ms, bed.levels))
            self.assertEqual(len(one.readings()), len(set((ap, slot) for ap, slot, _ in one.readings())))
        self.assertEqual([one for one in bed.mse.messages() for m in one.get("measurements", []) if "rogue" in m["class"]], [])
        for word in ("violation", "malformed"):
            self.assertEqual(bed.mse.seen(word), [])
        return count

    def test_1_a_station_that_walks_from_one_to_the_next(self):
        for name, dbm in zip(APS, (-44, -60, None)):
            bed.level(name, dbm)
        bed.join("ap0")
        bed.start()
        self.hears("ap0", -44, since=0)
        bed.level("ap0", -52)
        self.hears("ap0", -52)
        bed.join("ap1")
        self.hears("ap1", -60)
        self.assertGreater(self.judge(), 2)

    @unittest.skipUnless(FULL, "with --full")
    def test_2_a_partition_and_a_way_with_delay_and_loss(self):
        """Nothing is told as fresh that is not; when data flow again, it is right again."""
        hwsim.command("tc", "qdisc", "add", "dev", "c2", "root", "netem", "delay", "100ms", "50ms", "loss", "5%", netns="ctl")
        hwsim.command("tc", "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "100ms", "50ms", "loss", "5%", netns="ap1")
        bed.level("ap1", -57)
        self.hears("ap1", -57)
        hwsim.command("ip", "link", "set", "c2", "down", netns="ctl")
        bed.level("ap1", -66)
        time.sleep(20)
        bed.level("ap1", -48)
        hwsim.command("ip", "link", "set", "c2", "up", netns="ctl")
        self.hears("ap1", -48)
        self.judge()

    @unittest.skipUnless(FULL, "with --full")
    def test_3_restarts(self):
        bed.aps["ap1"].restart()
        bed.level("ap1", -63)
        self.hears("ap1", -63)
        bed.controller.restart()
        bed.level("ap1", -54)
        self.hears("ap1", -54)
        self.judge()


if __name__ == "__main__":
    bed = Bed(sys.argv.pop(1))
    status = 1
    try:
        done = unittest.main(verbosity=2, exit=False, failfast=True).result
        status = 0 if done.wasSuccessful() else 1
    finally:
        if status:
            print(hwsim.logs())
        bed.mse.end()
        hwsim.end_all()
        bed.air.end()
    sys.exit(status)
