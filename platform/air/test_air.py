#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scans and monitors against a real radio: scripts/vm/run --radios none -- platform/air/test_air.py RADIO_DUMP NMSP_RADIO

wlan0 is ours, with a monitor interface mon0 beside it. What else is on the air comes from tests/hwsim/medium.py, as loud
as it is set. radio-dump runs as the user nobody without any capability, nmsp-radio as root would start it. One bed; the
tests run in the order of their names.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "nl80211"), os.path.join(HERE, "..", "..", "tests", "hwsim")]

import hwsim  # noqa: E402
import medium  # noqa: E402
import test_radios  # noqa: E402

PATIENCE_S = 20
OURS = hwsim.Bss("wlan0", "ours", "10.0.0.1", channel=1)
FREQUENCY = hwsim.CHANNEL_1_MHZ
CLIENT, TAG, ROGUE_AP, ROGUE_CLIENT = 1, 2, 3, 4
SOURCE_PROBE, SOURCE_DATA, SOURCE_BEACON = 1, 3, 4
WORKS_ALL = 1 | 2 | 4 | 8
ROGUE, STATION, PROBER = "02:00:00:00:99:01", "02:00:00:00:99:02", "02:00:00:00:99:03"
TAG_MAC, BLINK = "02:00:00:00:99:04", "00:0c:cc:11:22:33"
AEROSCOUT_GROUP = medium.parse_mac("01:0c:cc:00:00:00")


class Dump(test_radios.Dump):
    def wait(self, kind, since=0, seconds=PATIENCE_S, **fields):
        """The first such event with these fields."""
        return super().wait(kind, since, seconds, lambda event: all(
            event[key.replace("_", "-")] == value for key, value in fields.items()))

    def configure(self, *words):
        return super().configure("base-mac=02:0a:00:00:00:01", *words)

    def counters(self):
        return self.ask("counters", "counters")


class OnAir:
    """A device that is heard every 100 ms, so loud, for as long as the `with` lasts."""

    def __init__(self, name, frame, signal):
        self.name, self.frame, self.signal = name, frame, signal

    def __enter__(self):
        air.emit(self.name, self.frame, FREQUENCY, 0.1, {hwsim.fact("wlan0", "address"): self.signal},
                 counter=medium.SEQUENCE_CONTROL)

    def __exit__(self, *exception):
        air.silence(self.name)


def rogue(signal=-61):
    return OnAir("rogue", medium.beacon(ROGUE, "intruder", 1, medium.RSN_WPA2_PSK), signal)


dump = None
helper = None
air = None
SOCKET = os.path.join(hwsim.SCRATCH, "radio.sock")
RADIO = "radio=wlan0,monitor=mon0"


def start_helper(*interfaces):
    arguments = [word for name in interfaces for word in ("--interface", name)]
    started = hwsim.Process("nmsp-radio", sys.argv[2], "--socket", SOCKET, "--group", "nogroup", *arguments)
    hwsim.wait_for(lambda: os.path.exists(SOCKET) and "serves" in started.said(), 5, started.said)
    return started


class Air(unittest.TestCase):
    def test_1_without_a_helper_scan_results_work_and_nothing_else(self):
        dump.configure(RADIO, "scan=0", f"helper={SOCKET}")
        dump.wait("working", mask=1 | 4)

    def test_2_own_scans_find_the_rogue_ap(self):
        global helper
        helper = start_helper("wlan0")
        since = dump.mark()
        with rogue(-61):
            dump.configure("radio=wlan0", "scan=2", f"helper={SOCKET}")
            sample = dump.wait("sample", since, device=ROGUE, **{"class": ROGUE_AP, "source": SOURCE_BEACON})
            facts = dump.wait("rogue", since, device=ROGUE, **{"class": ROGUE_AP})
        self.assertEqual(sample["rssi"], -61)
        self.assertEqual((facts["ssid"], facts["channel"], facts["band"], facts["encryption"]), ("intruder", 1, 1, 3))
        self.assertGreater(dump.counters()["scans"], 0)
        self.assertEqual(dump.counters()["frames"], 0)

    def test_3_the_monitor_hears_beacons_as_loud_as_they_are(self):
        helper.end()
        start_helper("wlan0", "mon0")
        since = dump.mark()
        dump.configure(RADIO, "scan=0", f"helper={SOCKET}")
        dump.wait("working", since, mask=WORKS_ALL)
        with rogue(-44):
            dump.wait("sample", since, device=ROGUE, rssi=-44, **{"class": ROGUE_AP, "source": SOURCE_BEACON})
        with rogue(-77):
            dump.wait("sample", since, device=ROGUE, rssi=-77, **{"class": ROGUE_AP, "source": SOURCE_BEACON})
        self.assertGreater(dump.counters()["frames"], 0)

    def test_4_a_probing_station_is_a_client(self):
        since = dump.mark()
        with OnAir("prober", medium.probe_request(PROBER), -50):
            dump.wait("sample", since, device=PROBER, rssi=-50, **{"class": CLIENT, "source": SOURCE_PROBE})

    def test_5_tags_are_heard_with_their_payload(self):
        since = dump.mark()
        blink = medium.header(0x0308, AEROSCOUT_GROUP, medium.parse_mac(BLINK), AEROSCOUT_GROUP)
        with OnAir("tag", medium.tag_frame(TAG_MAC, bytes(20)), -55):
            dump.wait("sample", since, device=TAG_MAC, rssi=-55, **{"class": TAG})
            self.assertEqual(dump.wait("tag", since, device=TAG_MAC)["payload-len"], 20)
        with OnAir("blink", blink + medium.parse_mac(BLINK), -56):
            event = dump.wait("tag", since, device=BLINK)
            self.assertEqual((event["vendor"], event["payload-len"]), (2, 0))
        dump.wait("statistics", since, device=TAG_MAC)

    def test_6_a_long_payload_comes_through_the_filter_whole(self):
        since = dump.mark()
        with OnAir("tag", medium.tag_frame(TAG_MAC, bytes(500)), -55):
            dump.wait("tag", since, device=TAG_MAC, payload_len=500)

    def test_7_who_talks_to_the_rogue_ap_is_a_rogue_client(self):
        since = dump.mark()
        long = medium.data_to_ap(STATION, ROGUE, bytes(1400))
        with rogue(), OnAir("station", long, -66):
            dump.wait("sample", since, device=STATION, rssi=-66, **{"class": ROGUE_CLIENT, "source": SOURCE_DATA})
            facts = dump.wait("rogue", since, device=STATION, **{"class": ROGUE_CLIENT})
            counted = dump.wait("statistics", since, device=STATION)
        self.assertEqual((facts["ssid"], facts["encryption"]), ("intruder", 3))
        # The filter cut the frames; their length is counted all the same.
        self.assertEqual(counted["rx-bytes"], counted["rx-packets"] * len(long))

    def test_8_an_interface_that_goes_down_and_up_is_opened_again(self):
        since = dump.mark()
        hwsim.command("ip", "link", "set", "mon0", "down")
        dump.wait("working", since, mask=1 | 4)
        hwsim.command("ip", "link", "set", "mon0", "up")
        dump.wait("working", since + 1, mask=WORKS_ALL)

    def test_9_a_helper_that_serves_other_interfaces_refuses(self):
        since = dump.mark()
        hwsim.Process.running[-1].end()  # and with it what it passed on
        dump.wait("working", since, mask=1 | 4)
        start_helper("wlan0")
        since = dump.mark()
        hwsim.command("iw", "dev", "mon0", "del")
        hwsim.command("iw", "dev", "wlan0", "interface", "add", "mon0", "type", "monitor")
        hwsim.command("ip", "link", "set", "mon0", "up")
        hwsim.wait_for(lambda: any("does not serve this interface" in event.text for event in dump.events[since:]),
                       PATIENCE_S, "it is not said")


def main():
    global dump, air
    hwsim.load_radios(1)
    air = medium.Medium()
    hwsim.command("iw", "dev", "wlan0", "interface", "add", "mon0", "type", "monitor")
    hwsim.command("ip", "link", "set", "mon0", "up")
    hwsim.Hostapd(OURS).start()
    dump = Dump(sys.argv[1])
    try:
        result = unittest.main(argv=sys.argv[:1], exit=False, failfast=True, verbosity=2).result
        if not result.wasSuccessful():
            print(hwsim.logs(), dump.events[-80:])
        return not result.wasSuccessful()
    finally:
        dump.end()
        air.end()
        hwsim.end_all()


if __name__ == "__main__":
    sys.exit(main())
