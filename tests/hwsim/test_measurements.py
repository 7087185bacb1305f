#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every source of readings, on a medium that sets each link's signal:

    scripts/vm/run --radios 6 -- tests/hwsim/test_measurements.py NMSPD NMSP-RADIO

Three access points on one channel, each an AP of its own with a monitor interface; two associated
stations, and on the air besides: a phone that only probes, a rogue access point with a client, a tag. The
tests run in the order of their names and leave the bed as they found it, but for the last one: there the
access points are on three channels and have no monitor interface, and what one of them cannot hear of the
others' stations these say themselves.
"""
import os
import random
import re
import socket
import sys
import time
import unittest

import genl
import hwsim
import medium
import peers

POLL_S, INTERVAL_S, EXPIRY_S = 1, 1, 6
PATIENCE_S = 20
# Whole with --full; a shorter look each time.
SOAK_S = 60 if os.environ.get("NMSPD_TEST_FULL") else 15
LEVELS_HOLD_S = 5
FRAME_INTERVAL_S = 0.2
# Between setting a level and the first frame with it, and between two readings of one moment.
SLACK_MS = 400
SEED = int(os.environ.get("NMSPD_SEED", "1"))

PORT = 16113
MSE_MAC = "02:0e:00:00:00:01"
BASE_MAC = "02:0a:00:00:00:01"
APS = ("wlan0", "wlan1", "wlan2")
AP_MACS = {"wlan0": "02:0a:00:00:01:00", "wlan1": "02:0a:00:00:02:00", "wlan2": "02:0a:00:00:03:00"}
MONITORS = {"wlan0": "mon0", "wlan1": "mon1", "wlan2": "mon2"}
STATIONS = {"wlan3": "wlan0", "wlan4": "wlan1"}
CHANNEL, FREQUENCY = 1, hwsim.CHANNEL_1_MHZ
PHONE, ROGUE, ROGUE_CLIENT, TAG = "00:1b:63:00:00:01", "00:11:92:00:00:01", "00:1b:63:00:00:02", "00:0c:cc:00:00:01"
ON_AIR = {
    PHONE: (medium.probe_request(PHONE), medium.SEQUENCE_CONTROL),
    ROGUE: (medium.beacon(ROGUE, "evil", CHANNEL, medium.RSN_WPA2_PSK), medium.SEQUENCE_CONTROL),
    ROGUE_CLIENT: (medium.data_to_ap(ROGUE_CLIENT, ROGUE), medium.SEQUENCE_CONTROL),
    TAG: (medium.tag_frame(TAG, b"opaque to us"), medium.SEQUENCE_CONTROL),
}
CLASSES = {PHONE: "client", ROGUE: "rogue-ap", ROGUE_CLIENT: "rogue-client", TAG: "tag"}
MEASURING = {"wlan0": 1, "wlan1": 6, "wlan2": 36}  # channels
BEACON_REPORT_S = 10
SERVICES = "rssi-ms,rssi-rfid,rssi-rogue,info-ms,info-rogue,stats-ms,ap-info,on-demand"

bed = None


def wall_ms():
    return time.time() * 1000


class Measuring(hwsim.Bss):
    """A network whose stations may be asked what they hear, on a channel of either band."""

    def frequency(self):
        return super().frequency() if self.channel < 36 else 5000 + 5 * self.channel

    def configuration(self):
        text = super().configuration() + "rrm_beacon_report=1\ncountry_code=DE\nieee80211d=1\n"
        return text if self.channel < 36 else text.replace("hw_mode=g", "hw_mode=a")


class Events:
    """What an access point's hostapd tells to who is attached to it."""

    def __init__(self, path):
        self.own = os.path.join(hwsim.SCRATCH, "events")
        self.end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.end.bind(self.own)
        self.end.connect(path)
        self.end.send(b"ATTACH")

    def said(self):
        self.end.setblocking(False)
        lines = []
        try:
            while True:
                lines.append(self.end.recv(8192).decode())
        except BlockingIOError:
            return lines

    def close(self):
        self.end.close()
        os.unlink(self.own)


class Levels:
    """What was set, and when: {(device, interface of the AP): [(wall ms, dBm or None)]}"""

    def __init__(self, air):
        self.air = air
        self.history = {}

    def set(self, levels):
        """{(device, AP's interface): dBm}; takes hold with the next frame."""
        before = wall_ms()
        for (device, interface), level in levels.items():
            if device not in ON_AIR:
                self.air.link(device, bed.radio[interface], level)
        for device in ON_AIR:
            heard = {bed.radio[interface]: level for (one, interface), level in levels.items()
                     if one == device and level is not None}
            if any(one == device for one, _ in levels):
                self.air.hear(device, heard)
        after = wall_ms()
        for key, level in levels.items():
            self.history.setdefault(key, []).append((before, after, level))

    def allowed(self, device, interface, earliest, latest):
        """The levels that a frame heard between these two moments may have had."""
        history = self.history.get((device, interface), [])
        found = set()
        for index, (before, _, level) in enumerate(history):
            ended = history[index + 1][1] if index + 1 < len(history) else float("inf")
            if before <= latest and ended >= earliest:
                found.add(level)
        return found


class Bed:
    def __init__(self, program, helper):
        self.agent = peers.Agent(program)
        self.helper_program = helper
        self.helper = None
        self.mse = peers.Mse(MSE_MAC, PORT, SERVICES)
        self.networks = {ap: hwsim.Bss(ap, f"net-{ap}", f"10.0.{i}.1", channel=CHANNEL) for i, ap in enumerate(APS)}
        self.hostapds = {}
        self.stations = {}
        self.radio = {}  # interface: the MAC by which the medium knows its radio
        self.air = self.levels = None

    def start(self):
        self.air = medium.Medium()
        self.levels = Levels(self.air)
        for interface in (*APS, *STATIONS):
            self.radio[interface] = hwsim.fact(interface, "address")
        for ap in APS:
            # One each: one of them can be restarted alone.
            self.hostapds[ap] = hwsim.Hostapd(self.networks[ap])
            self.hostapds[ap].start()
            self.add_monitor(ap)
        for device, (frame, counter) in ON_AIR.items():
            self.air.emit(device, frame, FREQUENCY, FRAME_INTERVAL_S, {}, counter)
        self.levels.set(self.random_levels(random.Random(0)))
        for interface, ap in STATIONS.items():
            self.stations[interface] = hwsim.Station(interface).start(self.networks[ap])
        for station in self.stations.values():
            station.wait_associated(PATIENCE_S)
            station.talk()

    def add_monitor(self, ap):
        hwsim.command("iw", "dev", ap, "interface", "add", MONITORS[ap], "type", "monitor")
        hwsim.command("ip", "link", "set", MONITORS[ap], "up")

    def devices(self):
        return [*(self.radio[interface] for interface in STATIONS), *ON_AIR]

    def random_levels(self, dice):
        return {(device, ap): -dice.randint(30, 90) for device in self.devices() for ap in APS}

    def start_helper(self):
        interfaces = [word for name in MONITORS.values() for word in ("--interface", name)]
        self.helper = hwsim.Process("nmsp-radio", self.helper_program, "--socket", self.helper_path(),
                                    "--group", "nogroup", *interfaces)
        hwsim.wait_for(lambda: os.path.exists(self.helper_path()), 10, self.helper.said)

    @staticmethod
    def helper_path():
        return os.path.join(hwsim.SCRATCH, "radio.sock")

    def configure(self, monitors=True, **location):
        settings = peers.configuration(self.mse, BASE_MAC, POLL_S, INTERVAL_S, EXPIRY_S, AP_MACS)
        intervals = ("client", "rfid", "rogue-ap", "rogue-client")
        settings["nmspd-nmsp:nmsp"]["notification"] = {f"{one}-notify-interval": INTERVAL_S for one in intervals}
        radios = settings["nmspd-radio:radios"]
        for radio in radios["radio"] if monitors else ():
            radio["monitor"] = MONITORS[radio["interface"]]
        radios["hostapd"] = {"directory": os.path.join(hwsim.SCRATCH, "hostapd")}
        if monitors:
            radios["helper"] = self.helper_path()
        place = settings["nmspd-location:location"]
        place["notify-threshold"] = {"client": 0, "rogue-aps": 0, "tags": 1}
        for name, values in location.items():
            place.setdefault(name, {}).update(values) if isinstance(values, dict) else place.update({name: values})
        self.agent.configure(settings)

    def reload(self, monitors=True, **location):
        self.configure(monitors, **location)
        start = len(self.agent.said())
        self.agent.reload()
        hwsim.wait_for(lambda: "is taken up" in self.agent.said()[start:], PATIENCE_S, "the new configuration")

    def measure(self):
        """The access points go to channels of their own, and lose what heard the others'; all stations leave."""
        for station in self.stations.values():
            station.stop()
        self.helper.end()
        for ap in APS:
            self.hostapds[ap].stop()
            hwsim.command("iw", "dev", MONITORS[ap], "del")
        for device in ON_AIR:
            self.air.silence(device)
        hwsim.command("iw", "reg", "set", "DE")
        for ap, channel in MEASURING.items():
            self.networks[ap] = Measuring(ap, self.networks[ap].ssid, self.networks[ap].address, channel)
            self.hostapds[ap] = hwsim.Hostapd(self.networks[ap])
            self.hostapds[ap].start()

    def introduce(self):
        """A first, short run of the agent makes its identity, which the server has to know."""
        self.configure()
        self.agent.start()
        self.mse.agent_certificate = self.agent.certificate()
        self.agent.stop()
        self.mse.start()

    def end(self):
        self.mse.end()
        if self.air:
            self.air.end()
        hwsim.end_all()


class MeasurementTest(unittest.TestCase):
    def setUp(self):
        begun = time.monotonic()
        self.addCleanup(lambda: print(f"{self.id().split('.')[-1]}: {time.monotonic() - begun:.1f} s", flush=True))

    def wait_levels(self, levels, since, others=()):
        """Until the server was told exactly these levels of each device, all APs of it in one picture.

        `others`: APs that may still be in it with what they heard before, until that expires.
        """
        ignored = [AP_MACS[ap] for ap in others]
        for device in sorted({device for device, _ in levels}):
            told = sorted((AP_MACS[ap], level) for (one, ap), level in levels.items() if one == device)

            def matches(picture, told=told):
                return sorted({(ap, rssi) for ap, _, rssi in picture.readings() if ap not in ignored}) == told

            bed.mse.wait_picture(device, matches, PATIENCE_S, f"at {told}", since)

    def check_pictures(self, since, until):
        """Each sample of each picture has the level that was set when its frame was heard; gives how many."""
        interfaces = {mac: ap for ap, mac in AP_MACS.items()}
        checked = {}
        for event in bed.mse.messages(since)[:until]:
            if event["message"] != "measurement-notification":
                continue
            for one in event["measurements"]:
                picture = peers.Picture(event, one)
                for sample in picture.samples:
                    heard = picture.timestamp_ms - sample["age_ms"]
                    allowed = bed.levels.allowed(picture.mac, interfaces[sample["ap_mac"]], heard - SLACK_MS,
                                                 heard + SLACK_MS)
                    self.assertIn(sample["rssi"], allowed, f"{picture} heard at {heard}")
                    key = picture.mac, sample["ap_mac"]
                    checked.setdefault(key, set()).add(sample["rssi"])
        return checked

    # --- the story ---

    def test_01_every_source_is_heard_and_has_its_class(self):
        levels = bed.random_levels(random.Random(SEED))
        since = bed.mse.mark()
        bed.levels.set(levels)
        self.wait_levels(levels, since)
        for device, name in CLASSES.items():
            picture = bed.mse.pictures(device, since)[-1]
            self.assertEqual((picture.device_class, picture.associated), (name, False))
        for interface in STATIONS:
            picture = bed.mse.pictures(bed.radio[interface], since)[-1]
            self.assertEqual((picture.device_class, picture.associated), ("client", True))

    def test_02_for_a_minute_every_reading_is_what_was_set(self):
        dice = random.Random(SEED + 1)
        since, rounds = bed.mse.mark(), []
        end = time.monotonic() + SOAK_S
        while time.monotonic() < end:
            rounds.append(bed.random_levels(dice))
            mark = bed.mse.mark()
            bed.levels.set(rounds[-1])
            self.wait_levels(rounds[-1], mark)
            hold = time.monotonic() + LEVELS_HOLD_S
            hwsim.wait_for(lambda hold=hold: time.monotonic() > hold, PATIENCE_S, "the end of the round")
        checked = self.check_pictures(since, None)
        self.assertEqual(set(checked), {(device, mac) for device in bed.devices() for mac in AP_MACS.values()})
        print(f"{len(rounds)} rounds of levels, {len(bed.mse.messages(since))} messages, medium {bed.air.state}",
              flush=True)
        self.assertEqual(bed.mse.seen("violation"), [])

    def test_03_what_a_device_loses_is_a_new_picture_and_the_last_loss_is_gone(self):
        levels = {(PHONE, ap): -50 - i for i, ap in enumerate(APS)}
        since = bed.mse.mark()
        bed.levels.set(levels)
        self.wait_levels(levels, since)
        since = bed.mse.mark()
        levels[PHONE, "wlan1"] = None
        bed.levels.set(levels)
        left = sorted((AP_MACS[ap], level) for (_, ap), level in levels.items() if level is not None)
        picture = bed.mse.wait_picture(PHONE, lambda one: sorted((ap, rssi) for ap, _, rssi in one.readings()) == left,
                                       EXPIRY_S + PATIENCE_S, "without the AP that lost it", since)
        self.assertFalse(picture.gone)
        since, begun = bed.mse.mark(), time.monotonic()
        bed.levels.set({(PHONE, ap): None for ap in APS})
        gone = bed.mse.wait_picture(PHONE, lambda one: one.gone, EXPIRY_S + PATIENCE_S, "gone", since)
        waited = gone.arrived - begun
        print(f"gone {waited:.2f} s after the last frame, expiry {EXPIRY_S} s", flush=True)
        self.assertGreaterEqual(waited, EXPIRY_S - FRAME_INTERVAL_S - 0.1)
        self.assertLessEqual(waited, EXPIRY_S + INTERVAL_S + 1)
        self.assertEqual(len([one for one in bed.mse.pictures(PHONE, since) if one.gone]), 1)

    def test_04_smoothing_follows_the_half_life(self):
        half_life, high, low = 5, -40, -80
        bed.reload(**{"rssi-half-life": {"client": half_life}})
        since = bed.mse.mark()
        bed.levels.set({(PHONE, ap): high for ap in APS})
        self.wait_levels({(PHONE, ap): high for ap in APS}, since)
        since = bed.mse.mark()
        before = wall_ms()
        bed.levels.set({(PHONE, ap): low for ap in APS})
        after = wall_ms() + FRAME_INTERVAL_S * 1000 + SLACK_MS
        bed.mse.wait_picture(PHONE, lambda one: one.samples and max(s["rssi"] for s in one.samples) <= low + 4,
                             6 * half_life, "near its new level", since)
        checked = 0
        for picture in bed.mse.pictures(PHONE, since):
            for sample in picture.samples:
                heard = picture.timestamp_ms - sample["age_ms"]
                if heard < before:
                    continue
                newest = low + (high - low) * 2 ** (-max(0, heard - after) / 1000 / half_life)
                oldest = low + (high - low) * 2 ** (-(heard - before + SLACK_MS) / 1000 / half_life)
                self.assertLessEqual(sample["rssi"], newest + 1.5, picture)
                self.assertGreaterEqual(sample["rssi"], oldest - 1.5, picture)
                checked += 1
        print(f"{checked} readings on the curve of a half-life of {half_life} s", flush=True)
        self.assertGreater(checked, 3 * half_life)
        bed.reload()

    def test_05_what_moves_less_than_the_threshold_is_not_told(self):
        quiet = {(PHONE, ap): -50 for ap in APS}
        bed.reload(**{"notify-threshold": {"client": 5}, "expiry": {"client": 60}})
        since = bed.mse.mark()
        bed.levels.set(quiet)
        self.wait_levels(quiet, since)
        since = bed.mse.mark()
        bed.levels.set({(PHONE, ap): -54 for ap in APS})
        hold = time.monotonic() + 4 * INTERVAL_S
        hwsim.wait_for(lambda: time.monotonic() > hold, PATIENCE_S, "four intervals")
        self.assertEqual(bed.mse.pictures(PHONE, since), [])
        bed.levels.set({(PHONE, ap): -55 for ap in APS})
        self.wait_levels({(PHONE, ap): -55 for ap in APS}, since)
        bed.reload()

    def heard_by(self, device, aps, since):
        """Until the device's picture shows these APs and no other."""
        told = sorted(AP_MACS[ap] for ap in aps)
        bed.mse.wait_picture(device, lambda one: sorted(ap for ap, _, _ in one.readings()) == told,
                             EXPIRY_S + PATIENCE_S, f"heard by {told}", since)

    def assert_others_go_on(self, lost):
        """New levels at all APs but one: they are told, for all but the stations of that one."""
        aps = [ap for ap in APS if ap != lost]
        served = [bed.radio[interface] for interface, ap in STATIONS.items() if ap == lost]
        levels = {key: level for key, level in bed.random_levels(random.Random(SEED + 2)).items()
                  if key[1] in aps and key[0] not in served}
        since = bed.mse.mark()
        bed.levels.set(levels)
        self.wait_levels(levels, since, others=[lost])

    def test_06_without_one_hostapd_the_other_access_points_go_on(self):
        lost = "wlan1"
        before = bed.agent.report()
        bed.hostapds[lost].kill()
        bed.levels.set({(device, lost): None for device in bed.devices()})
        self.assert_others_go_on(lost)
        bed.hostapds[lost].start()
        # Both ends of the link first: the station has to find its way back.
        levels = bed.random_levels(random.Random(SEED + 3))
        bed.levels.set(levels)
        for interface, ap in STATIONS.items():
            if ap == lost:
                bed.stations[interface].wait_associated(2 * PATIENCE_S)
        since = bed.mse.mark()
        bed.levels.set(levels)
        self.wait_levels(levels, since)
        counted = [int(re.search(r"hostapd: .*?lost=(\d+)", report).group(1))
                   for report in (before, bed.agent.report())]
        self.assertGreater(counted[1], counted[0])

    def test_07_a_radio_that_is_pulled_out_and_put_back(self):
        lost = "wlan2"
        since = bed.mse.mark()
        with genl.HwsimFamily() as family:
            family.del_radio(APS.index(lost))
            self.heard_by(PHONE, [ap for ap in APS if ap != lost], since)
            bed.hostapds[lost].kill()
            self.assert_others_go_on(lost)
            family.new_radio()
        hwsim.wait_for(lambda: lost in hwsim.interfaces(), PATIENCE_S, "the interface of the new radio")
        bed.radio[lost] = hwsim.fact(lost, "address")
        bed.hostapds[lost].start()
        bed.add_monitor(lost)
        levels = bed.random_levels(random.Random(SEED + 4))
        since = bed.mse.mark()
        bed.levels.set(levels)
        self.wait_levels(levels, since)
        self.assertEqual(bed.mse.seen("violation"), [])
        self.assertEqual(bed.mse.seen("disconnected"), [])

    @staticmethod
    def reports():
        """The counters of what stations were asked."""
        line = re.search(r"beacon-reports: (.*)", bed.agent.report()).group(1)
        return {name: int(value) for name, value in re.findall(r"([a-z]+)=(\d+)", line)}

    def test_08_a_station_says_what_it_hears_and_one_that_cannot_is_left_alone(self):
        """No monitor interface, no nmsp-radio: what other access points are told comes from the station alone."""
        able, unable = (bed.stations[name] for name in ("wlan3", "wlan4"))
        bed.measure()
        levels = {"wlan0": -41, "wlan1": -57, "wlan2": -73}
        for station in (able, unable):
            bed.levels.set({(station.mac, ap): level for ap, level in levels.items()})
        able.start(bed.networks["wlan0"]).wait_associated(PATIENCE_S)
        able.talk()
        unable.bss = bed.networks["wlan1"]
        unable.sh("ip address flush dev wlan4", "ip address add 10.0.1.6/24 dev wlan4",
                  f"iw dev wlan4 connect {unable.bss.ssid} {unable.bss.frequency()}")
        hwsim.wait_for(lambda: (unable.record() or {}).get("authorized") == "yes", PATIENCE_S, "the station by iw")
        unable.talk()
        events = Events(bed.hostapds["wlan1"].control(bed.networks["wlan1"]).path)
        self.addCleanup(events.close)
        since = bed.mse.mark()
        bed.reload(monitors=False, **{"beacon-report": {"interval": BEACON_REPORT_S}})
        told = sorted((AP_MACS[ap], level, "data" if ap == "wlan0" else "beacon-report")
                      for ap, level in levels.items())
        bed.mse.wait_picture(
            able.mac, lambda one: sorted((s["ap_mac"], s["rssi"], s["source"]) for s in one.samples) == told,
            BEACON_REPORT_S + PATIENCE_S, f"as {told}", since)
        counted = self.reports()
        self.assertGreaterEqual(counted["asked"], 1)
        self.assertEqual((counted["refused"], counted["silent"], counted["strange"]), (0, 0, 0))
        # Anybody who is associated can say anything, but nobody asked for this; it is asked again, and then hears less.
        since = bed.mse.mark()
        bssid = bed.radio["wlan0"]
        report = "5106" + 8 * "00" + "3200" + "07" + "6a" + "ff" + bed.radio["wlan2"].replace(":", "") + 5 * "00"
        bed.air.emit("liar", medium.beacon_report(able.mac, bssid, 250, bytes.fromhex(report)),
                     bed.networks["wlan0"].frequency(), 0.5, {bssid: -41}, medium.SEQUENCE_CONTROL)
        bed.levels.set({(able.mac, "wlan2"): -80})
        bed.mse.wait_picture(able.mac, lambda one: (AP_MACS["wlan2"], 0, -80) in one.readings(),
                             BEACON_REPORT_S + PATIENCE_S, "with the new level", since)
        hwsim.wait_for(lambda: self.reports()["strange"] > 0, PATIENCE_S, "a report that nobody asked for")
        bed.air.silence("liar")
        self.assertNotIn((AP_MACS["wlan2"], 0, -57), [r for p in bed.mse.pictures(able.mac) for r in p.readings()])
        pictures = bed.mse.pictures(unable.mac, since)
        self.assertEqual({(s["ap_mac"], s["source"]) for one in pictures for s in one.samples},
                         {(AP_MACS["wlan1"], "data")})
        self.assertEqual([line for line in events.said() if "BEACON-RE" in line], [])
        self.assertEqual(int(bed.agent.privileges()["CapEff"], 16), 0)
        self.assertEqual(bed.mse.seen("violation"), [])


def setUpModule():
    global bed
    bed = Bed(*programs)
    bed.introduce()
    bed.start()
    bed.start_helper()
    bed.agent.start()


def tearDownModule():
    if bed:
        bed.end()


if __name__ == "__main__":
    if len(sys.argv) < 3 or not all(os.access(path, os.X_OK) for path in sys.argv[1:3]):
        sys.exit("usage: test_measurements.py NMSPD NMSP-RADIO [unittest's arguments]")
    programs = [sys.argv.pop(1), sys.argv.pop(1)]
    result = unittest.main(exit=False, failfast=True).result
    if not result.wasSuccessful():
        sys.exit(hwsim.logs())
