#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Information, statistics and tags: what a location server receives of what the radios tell."""

import contextlib
import unittest

from scene import ALICE, AP0, AP1, APS, BOB, CAROL, Scene

ROGUE, TAG = "02:66:00:00:00:01", "02:77:00:00:00:01"
EVERYTHING = "works clients,tags,rogue-aps,rogue-clients"


class Services(Scene):
    def server(self, services, lines=()):
        """One server, subscribed when everything works; without services it subscribes nothing."""
        mse = self.mse("--no-subscribe")
        self.play([mse], EVERYTHING, *APS, *lines)
        self.wait_offer(mse, lambda names: "info-ms" in names)
        if services:
            mse.do("subscribe", services=services)
            self.assertEqual(mse.wait_session()["services"]["names"], services.split(","))
        return mse

    @staticmethod
    def wait_offer(mse, wanted):
        """Until a Capability is wanted; gives its services."""
        while True:
            names = mse.wait("message", message="capability-notification")["services"]["names"]
            if wanted(names):
                return names

    @staticmethod
    def wait_record(mse, message, key, mac, wanted=lambda one: True):
        while True:
            for one in mse.wait("message", message=message)[key]:
                if one["mac"] == mac and wanted(one):
                    return one

    def wait_client(self, mse, mac, wanted=lambda one: True):
        return self.wait_record(mse, "information-notification", "clients", mac, wanted)

    def wait_answer(self, mse, kind, **asked):
        """Asks until the answer has a record: what the scene says may be on its way."""
        while True:
            mse.do(kind + "-request", **asked)
            answer = mse.wait("message", message=kind + "-response")
            if answer["result"]["code"] != 0 or any(answer[key] for key in answer if isinstance(answer[key], list)):
                return answer

    def test_what_works_is_offered_and_withdrawn_when_it_does_not(self):
        mse = self.mse("--subscribe", "rssi-ms")
        self.play([mse], *APS)
        mse.wait_session()
        self.agent.scene(EVERYTHING)
        every = ["rssi-ms", "rssi-rfid", "rssi-rogue", "rssi-ms-associated-only", "info-ms", "info-rogue", "stats-ms",
                 "stats-rfid", "stats-rogue", "ap-monitor", "on-demand", "ap-info"]
        self.wait_offer(mse, lambda names: names == every)
        mse.do("subscribe", services="info-ms,info-rogue")
        self.assertEqual(mse.wait_session()["services"]["names"], ["info-ms", "info-rogue"])
        self.agent.scene("works rogue-aps")
        less = mse.wait("message", message="capability-notification")["services"]["names"]
        self.assertEqual([name for name in every if name not in less],
                         ["rssi-rfid", "info-ms", "stats-ms", "stats-rfid", "stats-rogue"])
        self.assert_no_violation(mse)

    def test_a_client_is_told_with_its_facts_as_they_become_known(self):
        mse = self.server("info-ms", lines=["join %s ap=1" % ALICE])
        first = self.wait_client(mse, ALICE)
        self.assertEqual((first["state"], first["ap_mac"], first["channel"], first["ssid"], first["protocol"]),
                         ("associated", AP1, 36, "scene", "ax"))
        self.assertEqual((first["addresses"], first["user"]), ([], ""))
        self.agent.scene("address %s ip=192.0.2.7 present=1" % ALICE, "address %s ip=2001:db8::7 present=1" % ALICE,
                         "user %s name=alice" % ALICE)
        full = self.wait_client(mse, ALICE, lambda one: one["user"] and len(one["addresses"]) == 2)
        self.assertEqual((full["addresses"], full["user"]), (["192.0.2.7", "2001:db8::7"], "alice"))
        self.hear(BOB, 0, -60)
        self.assertEqual(self.wait_client(mse, BOB)["state"], "probing")
        self.agent.scene("leave %s ap=1" % ALICE)
        left = self.wait_client(mse, ALICE)
        self.assertEqual((left["state"], left["ap_mac"]), ("left", AP1))
        self.assert_no_violation(mse)

    def test_a_rogue_is_told_with_what_it_says_of_itself(self):
        mse = self.server("rssi-rogue,info-rogue")
        self.agent.scene("hear %s ap=0 rssi=-66 class=3 every=100" % ROGUE,
                         "rogue %s ap=0 class=rogue-ap band=1 channel=11 encryption=3 ssid=evil" % ROGUE)
        rogue = self.wait_record(mse, "information-notification", "rogues", ROGUE)
        self.assertEqual((rogue["class"], rogue["ap_mac"], rogue["channel"], rogue["encryption"], rogue["ssid"]),
                         ("rogue-ap", AP0, 11, "wpa2", "evil"))
        self.assertLessEqual(rogue["first_seen_ms"], rogue["last_seen_ms"])
        self.assertEqual(mse.picture(ROGUE)["class"], "rogue-ap")
        self.assert_no_violation(mse)

    def test_a_frame_of_a_tag_is_told_once_however_many_aps_heard_it(self):
        mse = self.server("rssi-rfid")
        for ap in (0, 1):
            self.agent.scene("hear %s ap=%d rssi=-60 class=2 every=100" % (TAG, ap))
        for sequence in (7, 8):
            for ap in (0, 1):
                self.agent.scene("tag %s ap=%d vendor=1 power=17 channel=6 sequence=%d payload=c0ffee"
                                 % (TAG, ap, sequence))
        told = [self.wait_record(mse, "tag-notification", "tags", TAG) for _ in range(2)]
        self.assertEqual([(one["sequence"], one["payload"], one["vendor"], one["tx_power"]) for one in told],
                         [(7, "c0ffee", "g2", 17), (8, "c0ffee", "g2", 17)])
        self.assertEqual(mse.picture(TAG)["class"], "tag")
        self.assertEqual(len([one for one in mse.of("message") if one["message"] == "tag-notification"]), 2)
        self.assert_no_violation(mse)

    def test_requests_are_answered_with_information_and_statistics(self):
        mse = self.server(None, lines=["join %s ap=0" % ALICE, "join %s ap=1" % BOB])
        self.agent.scene("statistics %s ap=0 class=client rx-bytes=1000 tx-bytes=2000 rx-packets=10 tx-packets=20 "
                         "tx-retries=3 tx-failed=1 rx-rate=6000 tx-rate=54000 connected=60" % ALICE)
        answer = self.wait_answer(mse, "statistics", services="stats-ms", devices=[ALICE, BOB, CAROL])
        self.assertEqual(answer["result"]["code"], 0)
        counted = answer["statistics"]
        self.assertEqual([one["mac"] for one in counted], [ALICE])
        self.assertEqual((counted[0]["rx_bytes"], counted[0]["tx_bytes"], counted[0]["tx_retries"],
                          counted[0]["tx_rate"], counted[0]["connected"]), (1000, 2000, 3, 54000, 60))
        answer = self.wait_answer(mse, "information", services="info-ms,rssi-ms", aps=[AP1])
        self.assertEqual(answer["result"]["code"], 1)
        self.assertEqual([(one["mac"], one["state"]) for one in answer["clients"]], [(BOB, "associated")])
        self.assert_no_violation(mse)

    def test_counters_come_within_a_minute(self):
        mse = self.server("stats-ms", lines=["join %s ap=0" % ALICE])
        self.agent.scene("statistics %s ap=0 class=client rx-bytes=1000 tx-bytes=2000 connected=60" % ALICE)
        told = None
        for _ in range(4):  # longer than anything else is waited for
            with contextlib.suppress(AssertionError):
                told = told or mse.wait("message", message="statistics-notification")
        self.assertEqual([(one["mac"], one["class"], one["rx_bytes"]) for one in told["statistics"]],
                         [(ALICE, "client", 1000)])
        self.assert_no_violation(mse)


if __name__ == "__main__":
    unittest.main(verbosity=2)
