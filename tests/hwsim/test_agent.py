#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nmspd from real radios to a location server: scripts/vm/run --radios none -- tests/hwsim/test_agent.py NMSPD

One machine, one bed: the tests run in the order of their names and each leaves the bed as the next one
wants it (three stations that talk, one session). The machine starts without any wireless module, because
the first test is about an agent that finds none.
"""
import os
import sys
import time
import unittest

import hwsim
import peers

POLL_S, INTERVAL_S, EXPIRY_S = 1, 1, 10
# What the agent owes: a change is told within a poll, a notification interval and a second.
BOUND_S = POLL_S + INTERVAL_S + 1
PATIENCE_S = 20  # for everything that has no bound of its own; an emulated CPU is slow
LONGEST_FIRST_PAUSE_S = 1.25  # 1 s and 25 % jitter; the next is twice as long, at least 1.5 s
CLOCK_SLACK_MS = 100  # between two readings of one moment, both rounded, by different processes

PORT = 16113
MSE_MAC = "02:0e:00:00:00:01"
BASE_MAC = "02:0a:00:00:00:01"
AP_MACS = {"wlan0": "02:0a:00:00:01:00", "wlan1": "02:0a:00:00:02:00"}
SERVICES = "rssi-ms,on-demand"
NETWORKS = {
    "wlan0": hwsim.Bss("wlan0", "one", "10.0.0.1", channel=1),
    "wlan1": hwsim.Bss("wlan1", "two", "10.0.1.1", channel=6, passphrase="correct horse"),
}
# station: (its access point, transmit power)
STATIONS = {"wlan2": ("wlan0", 5), "wlan3": ("wlan0", 10), "wlan4": ("wlan1", 0)}

bed = None


class Bed:
    def __init__(self, program):
        self.agent = peers.Agent(program)
        self.mse = peers.Mse(MSE_MAC, PORT, SERVICES)
        self.hostapd = hwsim.Hostapd(*NETWORKS.values())
        self.stations = []
        self.places = {}  # interface of an access point: (AP MAC, slot)

    def configure(self, ap_macs):
        self.agent.configure(peers.configuration(self.mse, BASE_MAC, POLL_S, INTERVAL_S, EXPIRY_S, ap_macs))
        own = {interface: (mac, 0) for interface, mac in ap_macs.items()}
        slots = {interface: (BASE_MAC, slot) for slot, interface in enumerate(NETWORKS)}
        self.places = own or slots

    def introduce(self):
        """A first, short run of the agent makes its identity, which the server has to know."""
        self.configure(AP_MACS)
        self.agent.start()
        self.mse.agent_certificate = self.agent.certificate()
        self.agent.stop()
        self.mse.start()

    def start_radios(self):
        hwsim.load_radios(len(NETWORKS) + len(STATIONS))
        self.hostapd.start()
        for interface, (network, power) in STATIONS.items():
            self.stations.append(hwsim.Station(interface, power).start(NETWORKS[network]))
        for station in self.stations:
            station.wait_associated(PATIENCE_S)
            station.talk()

    def place(self, station):
        return self.places[station.bss.interface]

    def session(self, since):
        """Wait until the server has a session, its subscription granted."""
        return self.mse.wait("message", PATIENCE_S, since, message="service-subscribe-response")

    def end(self):
        self.mse.end()
        hwsim.end_all()


def wall_ms():
    return time.time() * 1000


class AgentTest(unittest.TestCase):
    def setUp(self):
        begun = time.monotonic()
        self.addCleanup(lambda: print(f"{self.id().split('.')[-1]}: {time.monotonic() - begun:.1f} s", flush=True))

    def assert_exact(self, since, *stations):
        """The server is told exactly what the driver shows before and after, for a frame that was heard just now."""
        for station in stations:
            station.wait_signal(PATIENCE_S)
        before, begun = hwsim.signals(stations), wall_ms()
        pictures = [
            bed.mse.wait_picture(station.mac, lambda one: not one.gone and one.heard_ms() > begun, PATIENCE_S,
                                 "heard just now", since)
            for station in stations]
        after = hwsim.signals(stations)
        self.assertEqual(before, after, "the bed moved under the test")
        self.assertEqual(after, [station.expected_signal() for station in stations])
        for station, picture, signal in zip(stations, pictures, after):
            self.assertEqual(picture.readings(), [(*bed.place(station), signal)])
            self.assertEqual([sample["source"] for sample in picture.samples], ["data"])
            self.assertEqual((picture.device_class, picture.associated), ("client", True))

    def heard_by_driver_ms(self, station):
        """The span in which the driver says that it heard the station last."""
        earliest = wall_ms()
        inactive = station.record()["inactive"]
        return earliest - inactive - CLOCK_SLACK_MS, wall_ms() - inactive + CLOCK_SLACK_MS

    def ask_reading(self, station, rssi):
        """The reading that the server gets when it asks: it has this value, and is not newer than the driver's."""
        picture = bed.mse.ask_picture(station.mac)
        self.assertEqual(picture.readings(), [(*bed.place(station), rssi)])
        self.assertLessEqual(picture.heard_ms(), self.heard_by_driver_ms(station)[1])
        return picture

    # --- the story ---

    def test_01_without_radios_it_says_so_keeps_its_session_and_picks_them_up(self):
        bed.agent.start()
        bed.session(0)
        bed.agent.wait_said(r"nl80211 is not available", PATIENCE_S)
        bed.start_radios()
        for station in bed.stations:
            bed.mse.wait_picture(station.mac, lambda one: not one.gone, PATIENCE_S, "at all", 0)
        self.assertEqual(len(bed.mse.seen("connected")), 1)
        self.assertEqual(bed.mse.seen("disconnected"), [])

    def test_02_radios_with_ap_macs_of_their_own_and_exact_readings(self):
        self.assert_exact(bed.mse.mark(), *bed.stations)

    def test_03_it_has_no_privilege_at_all(self):
        status = bed.agent.privileges()
        self.assertEqual(status["Uid"].split(), [str(peers.NOBODY)] * 4)
        self.assertEqual(status["Gid"].split(), [str(peers.NOBODY)] * 4)
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual(status["NoNewPrivs"], "1")

    def test_04_a_change_of_power_arrives_in_time(self):
        delays = []
        for change in (7, 12, 3):
            since, begun = bed.mse.mark(), {}
            for station in bed.stations:
                station.set_power((station.power_dbm + change) % 21)
                begun[station] = time.monotonic()  # from now on it sends with it
            for station in bed.stations:
                told = [(*bed.place(station), station.expected_signal())]
                picture = bed.mse.wait_picture(
                    station.mac, lambda one, told=told: one.readings() == told, PATIENCE_S, f"as {told}", since)
                delays.append(picture.arrived - begun[station])
        print(f"change of power told after {min(delays):.2f} to {max(delays):.2f} s, allowed {BOUND_S} s", flush=True)
        self.assertLessEqual(max(delays), BOUND_S)

    def test_05_a_silent_stations_age_grows_and_its_old_value_is_never_fresh(self):
        station = bed.stations[0]
        station.fall_silent()
        old, since = station.signal(), bed.mse.mark()
        station.set_power((station.power_dbm + 5) % 21)
        # Once the agent has polled after the last frame, its reading is that frame and gets no newer.
        hwsim.wait_for(lambda: self.ask_reading(station, old).heard_ms() >= self.heard_by_driver_ms(station)[0],
                       PATIENCE_S, "the last frame at the server")
        ages = []
        for least_ms in (1500, 2500, 3500):
            hwsim.wait_for(lambda: station.record()["inactive"] >= least_ms, PATIENCE_S, f"silence of {least_ms} ms")
            picture = self.ask_reading(station, old)
            self.assertGreaterEqual(picture.heard_ms(), self.heard_by_driver_ms(station)[0])
            ages.append(picture.samples[0]["age_ms"])
        self.assertEqual(ages, sorted(set(ages)))
        gone = bed.mse.wait_picture(station.mac, lambda one: one.gone, EXPIRY_S + PATIENCE_S, "gone", since)
        self.assertEqual(gone.samples, [])
        for picture in bed.mse.pictures(station.mac, since):
            self.assertIn(picture.readings(), ([], [(*bed.place(station), old)]))
            if not picture.gone:
                self.assertLessEqual(picture.heard_ms(), self.heard_by_driver_ms(station)[1])
        since = bed.mse.mark()
        station.talk()
        self.assert_exact(since, station)

    def test_06_a_station_that_leaves_is_gone_once_and_may_come_back(self):
        station = bed.stations[1]
        since, begun = bed.mse.mark(), time.monotonic()
        station.leave()
        gone = bed.mse.wait_picture(station.mac, lambda one: one.gone, PATIENCE_S, "gone", since)
        print(f"leaving told after {gone.arrived - begun:.2f} s", flush=True)
        self.assertLess(gone.arrived - begun, EXPIRY_S, "it was not the departure that was told, but the expiry")
        station.rejoin()
        station.wait_associated(PATIENCE_S)
        station.talk()
        self.assert_exact(since, station)
        self.assertEqual(len([one for one in bed.mse.pictures(station.mac, since) if one.gone]), 1)

    def test_07_nothing_is_told_that_was_not_subscribed(self):
        start = bed.mse.do("subscribe", services="0")
        granted = bed.session(start)
        self.assertEqual(granted["services"]["names"], [])
        after = bed.mse.events.index(granted) + 1
        bed.stations[2].set_power((bed.stations[2].power_dbm + 4) % 21)
        bed.stations[2].wait_signal(PATIENCE_S)
        bed.mse.do("echo", data="00")
        # The time in which a subscriber would have been told.
        quiet_until = time.monotonic() + BOUND_S
        hwsim.wait_for(lambda: time.monotonic() > quiet_until, PATIENCE_S, "the end of the quiet time")
        self.assertEqual({event["message"] for event in bed.mse.messages(after)} - {"echo-request"}, {"echo-response"})
        start = bed.mse.do("subscribe", services=SERVICES)
        bed.session(start)
        self.assert_exact(start, *bed.stations)

    def test_08_it_finds_a_killed_server_again_and_the_picture_is_current(self):
        bed.mse.kill()
        decoy = peers.Decoy(PORT)
        try:
            hwsim.wait_for(lambda: len(decoy.attempts) >= 2, PATIENCE_S, lambda: f"two tries, {decoy.attempts}")
        finally:
            decoy.close()
        pause = decoy.attempts[1] - decoy.attempts[0]
        print(f"second try {pause:.2f} s after the first", flush=True)
        self.assertGreater(pause, LONGEST_FIRST_PAUSE_S, "the pauses do not grow")
        for station in bed.stations:
            station.set_power((station.power_dbm + 6) % 21)
        since = bed.mse.mark()
        bed.mse.start()
        bed.session(since)
        self.assert_exact(since, *bed.stations)

    def test_09_stations_come_back_after_hostapd_was_killed(self):
        since = bed.mse.mark()
        bed.hostapd.kill()
        for station in bed.stations:
            bed.mse.wait_picture(station.mac, lambda one: one.gone, PATIENCE_S, "gone", since)
        since = bed.mse.mark()
        bed.hostapd.start()
        for station in bed.stations:
            station.wait_associated(PATIENCE_S)
        self.assert_exact(since, *bed.stations)
        self.assertEqual(bed.mse.seen("disconnected", since), [])

    def test_10_lost_events_are_noticed_and_made_good(self):
        known = bed.agent.overruns()
        bed.agent.pause()
        leaving = bed.stations[1]
        leaving.leave()
        hwsim.overrun(bed.agent.pid())
        hwsim.wait_for(lambda: leaving.record() is None, PATIENCE_S, "its record gone")
        bed.stations[0].set_power((bed.stations[0].power_dbm + 9) % 21)
        since = bed.mse.mark()
        bed.agent.resume()
        hwsim.wait_for(lambda: bed.agent.overruns() > known, PATIENCE_S, "an overrun that was counted")
        bed.mse.wait_picture(leaving.mac, lambda one: one.gone, PATIENCE_S, "gone", since)
        leaving.rejoin()
        leaving.wait_associated(PATIENCE_S)
        leaving.talk()
        self.assert_exact(since, *bed.stations)

    def test_11_radios_as_slots_of_one_ap_and_exact_readings(self):
        since = bed.mse.mark()
        self.assertEqual(bed.agent.stop(), 0)
        bed.mse.wait("disconnected", since=since, reason="closed by the agent")
        bed.configure({})
        since = bed.mse.mark()
        bed.agent.start()
        bed.session(since)
        self.assert_exact(since, *bed.stations)

    def test_12_the_server_has_nothing_to_complain_of(self):
        self.assertEqual(bed.mse.seen("violation"), [])
        self.assertEqual(bed.mse.seen("malformed"), [])
        allowed = {"capability-notification", "service-subscribe-response", "measurement-notification",
                   "measurement-response", "echo-request", "echo-response"}
        self.assertLessEqual({event["message"] for event in bed.mse.messages()}, allowed)
        classes = {one["class"] for event in bed.mse.messages() for one in event.get("measurements", ())}
        self.assertEqual(classes, {"client"})


def setUpModule():
    global bed
    bed = Bed(program)
    bed.introduce()


def tearDownModule():
    if bed:
        bed.end()


if __name__ == "__main__":
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit("usage: test_agent.py NMSPD [unittest's arguments]")
    program = sys.argv.pop(1)
    result = unittest.main(exit=False, failfast=True).result
    if not result.wasSuccessful():
        sys.exit(hwsim.logs())
