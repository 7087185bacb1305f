#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The platform against real radios: scripts/vm/run --radios none -- platform/nl80211/test_radios.py RADIO_DUMP

radio-dump runs as the user nobody without any capability. One machine, one bed: the tests run in the order
of their names and each leaves the bed as the next one wants it. The machine starts without wireless modules.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "hwsim"))

import genl  # noqa: E402
import hwsim  # noqa: E402

NOBODY = 65534
POLL_S = 1
PATIENCE_S = 20
BASE_MAC = "02:0a:00:00:00:01"
OWN_MAC = "02:0b:00:00:00:02"
ONE = hwsim.Bss("wlan0", "one", "10.0.0.1", channel=1)
TWO = hwsim.Bss("wlan1", "two", "10.0.1.1", channel=6, passphrase="correct horse")
STATIONS = {"wlan2": (ONE, 5), "wlan3": (ONE, 10), "wlan4": (TWO, 0)}


class Event:
    def __init__(self, line):
        self.kind, _, rest = line.partition(" ")
        self.text = rest
        self.fields = dict(re.findall(r"([a-z-]+)=(\S*)", rest))
        self.arrived = time.monotonic()

    def __getitem__(self, key):
        value = self.fields[key]
        return int(value) if re.fullmatch(r"-?\d+", value) else value

    def __repr__(self):
        return f"<{self.kind} {self.text}>"


class Dump:
    """radio-dump without privileges; its events stay for good."""

    def __init__(self, program, *arguments):
        # Where the program was built, nobody may have no way in.
        copy = shutil.copy(program, os.path.join(hwsim.SCRATCH, "radio-dump"))
        drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
        self.process = subprocess.Popen(drop + [copy, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.events = []
        self.news = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.events.append(Event(line.rstrip("\n")))
                self.news.notify_all()

    def mark(self):
        return len(self.events)

    def wait(self, kind, since=0, seconds=PATIENCE_S, matches=lambda event: True):
        """The first such event after the mark `since`."""
        deadline = time.monotonic() + seconds
        with self.news:
            while True:
                for event in self.events[since:]:
                    if event.kind == kind and matches(event):
                        return event
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no {kind} within {seconds} s; the last events: {self.events[-20:]}")
                self.news.wait(left)

    def seen(self, kind, since=0, **fields):
        return [event for event in self.events[since:] if event.kind == kind and
                all(event[key.replace("_", "-")] == value for key, value in fields.items())]

    def ask(self, command, answer):
        since = self.mark()
        self.process.stdin.write(command + "\n")
        return self.wait(answer, since)

    def configure(self, *words):
        return self.ask(" ".join(["configure", f"poll={POLL_S}", *words]), "configured")

    def counter(self, name):
        return self.ask("counters", "counters")[name]

    def description(self):
        return self.ask("describe", "description").text

    def end(self):
        self.process.stdin.close()
        return self.process.wait(10)


dump = None
hostapd = None
stations = []


def join_all():
    for interface, (network, power) in STATIONS.items():
        stations.append(hwsim.Station(interface, power).start(network))
    for station in stations:
        station.wait_associated(PATIENCE_S)
        station.talk()


def sample_of(station, since, rssi=None):
    return dump.wait("sample", since, matches=lambda event: event["device"] == station.mac and
                     (rssi is None or event["rssi"] == rssi))


def handle_of(station):
    """What its AP is called now: the handle that was told last with this network's slot."""
    return [event for event in dump.seen("ap") if event["slot"] == (0 if station.bss is ONE else 1)][-1]["handle"]


def ap_of(mac, slot, since=0, **fields):
    return dump.wait("ap", since, matches=lambda event: event["mac"] == mac and event["slot"] == slot and
                     all(event[key] == value for key, value in fields.items()))


class Radios(unittest.TestCase):
    def test_01_without_nl80211_it_says_what_it_looked_for(self):
        dump.configure(f"base-mac={BASE_MAC}")
        self.assertRegex(dump.description(), "nl80211 is not available")
        dump.wait("nmspd:", matches=lambda event: "nl80211 is not available" in event.text)

    def test_02_radios_are_picked_up_when_they_appear(self):
        global hostapd
        hwsim.load_radios(2 + len(STATIONS))
        hostapd = hwsim.Hostapd(ONE, TWO).start()
        ap_of(BASE_MAC, 0, channel=1, up=1, band=1)
        ap_of(BASE_MAC, 1, channel=6, up=1, band=1)
        join_all()
        for station in stations:
            dump.wait("joined", matches=lambda event, one=station: event["device"] == one.mac and
                      event["ssid"] == one.bss.ssid)

    def test_03_readings_are_those_of_the_driver(self):
        for station in stations:
            station.wait_signal(PATIENCE_S)
        since = dump.mark()
        for station in stations:
            sample = sample_of(station, since)
            self.assertEqual(sample["rssi"], station.signal())
            self.assertEqual((sample["antenna"], sample["source"], sample["class"]), (255, 3, 1))
            self.assertEqual(sample["ap"], handle_of(station))
            self.assertLess(sample["age"], 1000)
        self.assertEqual([event for event in dump.seen("sample") if event["rssi"] >= 0], [])

    def test_04_a_new_power_is_seen_within_a_poll(self):
        stations[0].set_power(17)
        stations[0].wait_signal()
        since, begun = dump.mark(), time.monotonic()
        sample = sample_of(stations[0], since, -33)
        self.assertLess(sample.arrived - begun, POLL_S + 1)
        stations[0].set_power(5)

    def test_05_a_silent_station_is_not_told_again_and_stays(self):
        station = stations[1]
        station.fall_silent()
        hwsim.wait_for(lambda: station.record()["inactive"] > 2000, 10, "silence")
        since, polls = dump.mark(), dump.counter("dumps")
        hwsim.wait_for(lambda: dump.counter("dumps") >= polls + 6, 20, "three more polls of two interfaces")
        self.assertEqual(dump.seen("sample", since, device=station.mac), [])
        self.assertEqual(dump.seen("left", since), [])
        station.talk()
        sample_of(station, since)

    def test_06_who_leaves_is_told_at_once_and_who_comes_back_too(self):
        station, since = stations[1], dump.mark()
        station.leave()
        dump.wait("left", since, 2, lambda event: event["device"] == station.mac)
        since = dump.mark()
        station.rejoin()
        dump.wait("joined", since, matches=lambda event: event["device"] == station.mac)
        station.wait_associated()
        station.talk()
        sample_of(station, since)

    def test_07_a_channel_switch_is_followed_and_keeps_the_clients(self):
        since = dump.mark()
        hostapd.control(ONE).demand("CHAN_SWITCH 5 2462")
        ap_of(BASE_MAC, 0, since, channel=11, up=1)
        self.assertEqual(dump.seen("left", since), [])

    def test_08_a_renamed_interface_goes_on(self):
        since = dump.mark()
        hostapd.stop()
        ap_of(BASE_MAC, 0, since, up=0)
        ap_of(BASE_MAC, 1, since, up=0)
        for interface, name in (("wlan0", "lan0"), ("lan0", "wlan0")):
            hwsim.command("ip", "link", "set", interface, "down")
            hwsim.command("ip", "link", "set", interface, "name", name)
        since = dump.mark()
        hostapd.start()
        ap_of(BASE_MAC, 0, since, up=1)
        for station in stations:
            sample_of(station, since)

    def test_09_reconfiguration_changes_only_what_changed(self):
        since, handle = dump.mark(), handle_of(stations[2])
        dump.configure(f"base-mac={BASE_MAC}", f"radio=wlan1,ap-mac={OWN_MAC},name=second")
        ap_of(OWN_MAC, 0, since, up=1, name="second")
        self.assertEqual(len(dump.seen("gone", since)), 1)
        self.assertEqual(dump.seen("gone", since)[0]["handle"], handle)
        self.assertEqual([event for event in dump.seen("ap", since) if event["handle"] != handle], [])
        sample_of(stations[2], since)
        since = dump.mark()
        dump.configure(f"base-mac={BASE_MAC}", "radio=wlan1,disabled")
        dump.wait("gone", since)
        self.assertEqual(dump.seen("ap", since), [])
        since = dump.mark()
        dump.configure(f"base-mac={BASE_MAC}")
        ap_of(BASE_MAC, 1, since, up=1)
        sample_of(stations[2], since)

    def test_10_lost_events_are_counted_and_made_up_for(self):
        before, since = dump.counter("overruns"), dump.mark()
        dump.process.send_signal(signal.SIGSTOP)
        try:
            stations[1].leave()
            hwsim.overrun(dump.process.pid)
        finally:
            dump.process.send_signal(signal.SIGCONT)
        dump.wait("left", since, matches=lambda event: event["device"] == stations[1].mac)
        self.assertGreater(dump.counter("overruns"), before)
        stations[1].rejoin()
        stations[1].wait_associated()
        stations[1].talk()
        since = dump.mark()
        for station in stations:
            sample_of(station, since)

    def test_11_a_radio_that_is_removed_is_gone_and_a_new_one_is_seen(self):
        with genl.HwsimFamily() as family:
            since = dump.mark()
            radio = family.new_radio()
            dump.wait("nmspd:", since, matches=lambda event: "found" in event.text)
            since = dump.mark()
            family.del_radio(radio)
            dump.wait("nmspd:", since, matches=lambda event: "is gone" in event.text)
        since = dump.mark()
        for station in stations:
            sample_of(station, since)

    def test_12_nothing_went_wrong_on_the_way(self):
        for name in ("timeouts", "malformed", "abandoned", "untracked"):
            self.assertEqual(dump.counter(name), 0, name)
        self.assertRegex(dump.description(), r"radios: phy\d+ \(wlan0, 2.4 GHz channel 1")
        hwsim.end_all()
        hwsim.wait_for(lambda: "clients" not in dump.description(), 10, "no AP any more")
        self.assertEqual(dump.end(), 0)


def main():
    global dump
    dump = Dump(sys.argv.pop(1))
    try:
        unittest.main(verbosity=2, failfast=True)
    finally:
        hwsim.end_all()


if __name__ == "__main__":
    main()
