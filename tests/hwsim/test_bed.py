#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The bed shows what the agent's tests build on: scripts/vm/run --radios 5 -- tests/hwsim/test_bed.py"""
import errno
import os
import socket
import sys
import unittest

import genl
import hwsim

AP_OPEN = hwsim.Bss("wlan0", "open", "10.0.0.1", channel=1)
AP_WPA2 = hwsim.Bss("wlan1", "wpa2", "10.0.1.1", channel=6, passphrase="correct horse")
POWERS_DBM = {"wlan2": 5, "wlan3": 10, "wlan4": 0}


def setUpModule():
    global hostapd, stations
    hostapd = hwsim.Hostapd(AP_OPEN, AP_WPA2).start()
    stations = [hwsim.Station(interface, power) for interface, power in POWERS_DBM.items()]
    for station, bss in zip(stations, (AP_OPEN, AP_OPEN, AP_WPA2)):
        station.start(bss)
    for station in stations:
        station.wait_associated()
        station.talk()


def tearDownModule():
    hwsim.end_all()


class Bed(unittest.TestCase):
    def test_a_the_driver_shows_exactly_the_power_that_was_set(self):
        for station in stations:
            station.wait_signal()
        self.assertEqual([station.signal() for station in stations], [-45, -40, -50])

    def test_b_a_new_power_shows_with_the_next_frame(self):
        for power in (17, 5):
            stations[0].set_power(power)
            stations[0].wait_signal()
        self.assertEqual(stations[1].signal(), -40)

    def test_c_a_station_belongs_to_its_access_point_alone(self):
        self.assertEqual(set(hwsim.station_dump("wlan0")), {stations[0].mac, stations[1].mac})
        self.assertEqual(set(hwsim.station_dump("wlan1")), {stations[2].mac})

    def test_d_a_silent_stations_age_grows_and_its_signal_stays(self):
        stations[1].fall_silent()
        stations[1].set_power(20)
        hwsim.wait_for(lambda: stations[1].record()["inactive"] > 2000, 10, "an age of 2 s")
        self.assertEqual(stations[1].signal(), -40)
        stations[1].talk()
        stations[1].wait_signal()
        self.assertLess(stations[1].record()["inactive"], 2000)

    def test_e_a_station_that_leaves_is_gone_and_can_come_back(self):
        stations[1].leave()
        hwsim.wait_for(lambda: stations[1].record() is None, 5, "its record gone")
        stations[1].rejoin()
        stations[1].wait_associated()
        stations[1].talk()
        stations[1].wait_signal()

    def test_f_stations_return_after_hostapd_was_killed(self):
        hostapd.kill()
        hwsim.wait_for(lambda: not hwsim.station_dump("wlan0"), 5, "no station without hostapd")
        hostapd.start()
        for station in stations:
            station.wait_associated(30)
            station.wait_signal()

    def test_g_a_radio_comes_and_goes_at_run_time(self):
        before = hwsim.interfaces()
        with genl.HwsimFamily() as family:
            radio = family.new_radio()
            hwsim.wait_for(lambda: len(hwsim.interfaces()) == len(before) + 1, 5, "a further interface")
            family.del_radio(radio)
        hwsim.wait_for(lambda: hwsim.interfaces() == before, 5, "the interface gone")

    def test_h_a_reader_that_stands_still_loses_events(self):
        with genl.GenericNetlink() as reader:
            _, groups = reader.family("nl80211")
            reader.end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.join(groups["config"])
            hwsim.overrun(os.getpid())
            with self.assertRaises(OSError) as lost:
                while True:
                    list(reader.receive())
            self.assertEqual(lost.exception.errno, errno.ENOBUFS)


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(hwsim.logs())
