#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole program with stations that do exactly what the test says: what a location server receives of them."""

import unittest

from bed import SERVER_MACS
from scene import ALICE, AP0, AP1, APS, BOB, CAROL, Scene, gone, readings

class Measurements(Scene):
    def test_a_server_is_told_who_is_heard_where_and_how_loud(self):
        mse = self.mse()
        self.play([mse], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        self.hear(ALICE, 1, -70)
        self.hear(BOB, 1, -60)  # heard, not associated
        mse.wait_session()
        picture = mse.wait_picture(ALICE, lambda one: len(one["samples"]) == 2)
        self.assertEqual(readings(picture), [(AP0, -45), (AP1, -70)])
        self.assertTrue(picture["associated"])
        self.assertLess(max(sample["age_ms"] for sample in picture["samples"]), 1000)
        message = next(one for one in reversed(mse.seen) if one["event"] == "message")
        self.assertEqual([(ap["ap_mac"], ap["channel"], ap["tx_power"], ap["noise"]) for ap in message["aps"]],
                         [(AP0, 6, 20, -95), (AP1, 36, 17, -98)])
        picture = mse.wait_picture(BOB)
        self.assertEqual((readings(picture), picture["associated"]), ([(AP1, -60)], False))

        self.hear(ALICE, 0, -38)  # a change of power arrives
        picture = mse.wait_picture(ALICE, lambda one: (AP0, -38) in readings(one))
        self.assertEqual(readings(picture), [(AP0, -38), (AP1, -70)])
        self.assert_no_violation(mse)

    def test_a_station_that_leaves_is_gone_once_and_one_that_falls_silent_ages_and_is_gone_then(self):
        mse = self.mse()
        self.play([mse], *APS, "join %s ap=0" % ALICE, "join %s ap=0" % BOB, "join %s ap=0" % CAROL)
        for station in (ALICE, BOB, CAROL):
            self.hear(station, 0, -50)
        mse.wait_session()
        for station in (ALICE, BOB, CAROL):
            mse.wait_picture(station)
        self.agent.scene("leave %s ap=0" % ALICE)
        mse.wait_picture(ALICE, gone)
        self.agent.scene("silent %s" % BOB)
        mse.wait_picture(BOB, gone)
        ages = [sample["age_ms"] for message in mse.of("message") for picture in message.get("measurements", [])
                if picture["mac"] == BOB for sample in picture["samples"]]
        self.assertLess(max(ages), 5000)  # what is older than the expiry is never told
        mse.wait_picture(CAROL)
        for station in (ALICE, BOB):
            pictures = [picture["gone"] for message in mse.of("message")
                        for picture in message.get("measurements", []) if picture["mac"] == station]
            self.assertEqual((pictures.count(True), pictures[-1]), (1, True))
        self.assert_no_violation(mse)

    def test_after_a_reconnect_the_picture_is_the_current_one(self):
        mse = self.mse()
        self.play([mse], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        mse.wait_session()
        mse.wait_picture(ALICE)
        mse.process.kill()
        self.agent.wait("session down")
        self.hear(ALICE, 0, -52)
        again = self.mse(listen=mse.port)
        again.wait_session()
        self.assertEqual(readings(again.wait_picture(ALICE)), [(AP0, -52)])
        self.assert_no_violation(again)

    def test_an_ap_that_appears_changes_the_offer_and_one_that_goes_takes_its_readings_along(self):
        mse = self.mse("--subscribe", "ap-info,rssi-ms")
        self.play([mse])
        self.assertEqual(mse.wait_session()["services"]["names"], [])  # nothing works yet
        self.agent.scene(*APS, "join %s ap=0" % ALICE)
        capability = mse.wait("message", message="capability-notification")
        self.assertIn("rssi-ms", capability["services"]["names"])
        mse.do("subscribe", services="rssi-ms,ap-info")
        self.assertEqual(sorted(mse.wait_session()["services"]["names"]), ["ap-info", "rssi-ms"])
        told = mse.wait("message", message="ap-info-notification")
        self.assertEqual(told["ap_infos"][0]["ap_mac"], AP0)
        self.hear(ALICE, 0, -45)
        self.hear(ALICE, 1, -60)
        mse.wait_picture(ALICE, lambda one: len(one["samples"]) == 2)
        self.agent.scene("silent %s ap=1" % ALICE, "ap 1 gone")
        picture = mse.wait_picture(ALICE, lambda one: len(one["samples"]) == 1)
        self.assertEqual(readings(picture), [(AP0, -45)])
        self.assert_no_violation(mse)


class Subscriptions(Scene):
    def test_nothing_is_sent_for_what_was_not_subscribed(self):
        mse, other = self.mse("--no-subscribe"), self.mse(mac=SERVER_MACS[1])
        self.play([mse, other], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        other.wait_session()
        for _ in range(3):
            other.wait_picture(ALICE)
        # Capability comes again when APs appear only after the session is up.
        self.assertEqual({one["message"] for one in mse.of("message")}, {"capability-notification"})

    def test_two_servers_get_each_what_it_asked_for(self):
        all_of_it, some = self.mse(), self.mse("--subscribe", "rssi-ms-associated-only", mac=SERVER_MACS[1])
        self.play([all_of_it, some], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        self.hear(BOB, 0, -60)
        for mse in (all_of_it, some):
            mse.wait_session()
        all_of_it.wait_picture(BOB)
        for _ in range(3):
            some.wait_picture(ALICE)
        macs = {picture["mac"] for message in some.of("message") for picture in message.get("measurements", [])}
        self.assertEqual(macs, {ALICE})
        self.assert_no_violation(all_of_it, some)

    def test_filters_cut_devices_and_samples(self):
        by_device = self.mse("--device-filter", BOB)
        by_ap = self.mse("--ap-filter", AP1, mac=SERVER_MACS[1])
        self.play([by_device, by_ap], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        self.hear(BOB, 0, -50)
        self.hear(BOB, 1, -60)
        for mse in (by_device, by_ap):
            mse.wait_session()
        picture = by_device.wait_picture(BOB, lambda one: len(one["samples"]) == 2)
        self.assertEqual(readings(picture), [(AP0, -50), (AP1, -60)])
        for _ in range(2):
            self.assertEqual(readings(by_ap.wait_picture(BOB)), [(AP1, -60)])
        for mse in (by_device, by_ap):
            macs = {picture["mac"] for message in mse.of("message") for picture in message.get("measurements", [])}
            self.assertEqual(macs, {BOB})
        self.assert_no_violation(by_device, by_ap)

    def test_the_interval_is_the_larger_of_asked_and_configured(self):
        asks_more, asks_less = self.mse("--interval", "rssi-ms=3"), self.mse("--interval", "rssi-ms=1",
                                                                             mac=SERVER_MACS[1])
        self.play([asks_more, asks_less], *APS, "join %s ap=0" % ALICE,
                  notification={"client-notify-interval": 2})
        self.hear(ALICE, 0, -45)
        self.assertEqual(asks_more.wait_session()["intervals"][0]["seconds"], 3)
        self.assertEqual(asks_less.wait_session()["intervals"][0]["seconds"], 2)
        for mse, seconds in ((asks_more, 3), (asks_less, 2)):
            told = []
            while len(told) < 3:
                told.append(mse.wait("message", message="measurement-notification")["timestamp_ms"])
            # The first one comes with the subscription, the others by the interval's tick.
            self.assertGreaterEqual(told[2] - told[1], seconds * 1000 - 50)

    def test_a_request_is_answered_for_the_devices_that_it_names(self):
        mse = self.mse("--no-subscribe")
        self.play([mse], *APS, "join %s ap=0" % ALICE)
        self.hear(ALICE, 0, -45)
        self.hear(BOB, 0, -60)
        mse.wait("ready")

        def asked():
            mse.do("measurement-request", services="rssi-ms", devices=[BOB])
            return mse.wait("message", message="measurement-response")

        answer = asked()
        while answer["result"]["code"] == 0 and not answer["measurements"]:
            answer = asked()  # the first reading of the scene is on its way
        self.assertEqual(answer["result"]["code"], 0)
        self.assertEqual([(one["mac"], readings(one)) for one in answer["measurements"]], [(BOB, [(AP0, -60)])])
        self.assert_no_violation(mse)


if __name__ == "__main__":
    unittest.main(verbosity=2)
