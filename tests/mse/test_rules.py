#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the rules that the reference server watches over."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import nmsp_rules as rules  # noqa: E402
import nmsp_wire as wire  # noqa: E402
from mse_samples import (  # noqa: E402
    AP,
    CLIENT,
    ap_table,
    capability,
    gone,
    load_vectors,
    message,
    picture,
    result,
    sample,
    services,
    timestamp,
)


def client(state=2, mac=CLIENT):
    nothing = {"slot": 0, "band": 1, "channel": 6, "vlan": 0, "protocol": 6, "addresses": []}
    return dict(nothing, element="client-info", mac=mac, ap=AP, state=state, ssid=b"", user=b"")


def rogue(class_=3, first=1, last=2):
    place = {"ap": AP, "slot": 0, "band": 1, "channel": 6, "encryption": 3, "ssid": b""}
    seen = {"first_seen": first, "last_seen": last}
    return {"element": "rogue-info", "mac": CLIENT, "class": class_, **place, **seen}


def counted(**facts):
    numbers = {"tx_bytes": 0, "rx_packets": 0, "tx_packets": 0, "tx_retries": 0, "tx_failed": 0}
    rates = {"rx_rate": 0, "tx_rate": 0, "connected": 0}
    first = {"element": "device-statistics", "mac": CLIENT, "class": 1, "rx_bytes": 1}
    return dict({**first, **numbers, **rates}, **facts)


def tag(sequence=7, payload=b"a"):
    head = {"vendor": 1, "ccx_version": 1, "tx_power": 17, "channel": 6, "burst": 1}
    facts = {"regulatory_class": 12, "sequence": sequence, "payload": payload}
    return {"element": "tag-payload", "mac": CLIENT, **head, **facts}


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.rules = rules.Rules()
        self.number = 0

    def check(self, what, size=100):
        what = dict({"skipped": [], "tails": 0}, **what)
        return [rule for rule, _ in self.rules.check(what, size)]

    def notify(self, id_, *elements, **other):
        self.number += 1
        return self.check(message(id_, self.number, *elements, **other))

    def subscribed(self, *names, granted=None, extra=()):
        """A session with a granted subscription."""
        self.assertEqual(self.notify(7, *capability()["elements"]), [])
        request = message(30, 1, services(*names), *extra)
        self.rules.sent(request)
        answer = message(31, 1, result(), granted or services(*names))
        return self.check(answer)

    def measured(self, *elements):
        return self.notify(15, timestamp(), ap_table(AP), *elements)

    def test_a_proper_session_has_no_findings(self):
        self.assertEqual(self.subscribed("rssi-ms", "info-ms"), [])
        self.assertEqual(self.measured(picture()), [])
        self.assertEqual(self.measured(gone()), [])
        self.assertEqual(self.check(message(1, 50)), [])

    def test_the_first_message_must_be_capability(self):
        self.assertEqual(self.check(message(1, 1)), ["capability-first"])

    def test_notifications_are_numbered_without_gaps_and_wrap_to_1(self):
        self.subscribed("rssi-ms")
        self.number += 1
        self.assertEqual(self.measured(picture()), ["notification-number"])
        self.rules.last_notification, self.number = 0xFFFFFFFF, 0
        self.assertEqual(self.measured(picture()), [])

    def test_nothing_is_notified_without_its_service(self):
        self.subscribed("rssi-rfid")
        self.assertEqual(self.measured(picture()), ["not-subscribed"])
        self.assertEqual(self.measured(picture(class_=2, flags=0)), [])
        self.assertEqual(self.measured(picture(class_=3, flags=0)), ["not-subscribed"])
        ap = {"element": "ap-info", "mac": AP, "state": 1, "uptime": 1, "slots": [], "name": ""}
        self.assertEqual(self.notify(67, timestamp(), ap), ["not-subscribed"])

    def test_nothing_of_the_old_view_follows_a_new_response(self):
        self.subscribed("rssi-ms")
        self.rules.sent(message(30, 2, services()))
        self.assertEqual(self.measured(picture()), [])
        self.assertEqual(self.check(message(31, 2, result(), services())), [])
        self.assertEqual(self.measured(picture()), ["not-subscribed"])

    def test_a_refused_subscription_leaves_the_old_one(self):
        self.subscribed("rssi-ms")
        self.rules.sent(message(30, 2, services()))
        self.assertEqual(self.check(message(31, 2, result(4), services())), [])
        self.assertEqual(self.measured(picture()), [])

    def test_a_withdrawn_service_ends_its_subscription(self):
        self.subscribed("rssi-ms")
        self.assertEqual(self.notify(7, *capability(mask="info-ms")["elements"]), [])
        self.assertEqual(self.measured(picture()), ["not-subscribed"])

    def test_associated_only_means_associated_only(self):
        self.subscribed("rssi-ms-associated-only")
        self.assertEqual(self.measured(picture(flags=0)), ["associated-only"])
        self.assertEqual(self.measured(picture()), [])

    def test_filters_hold_for_devices_and_aps(self):
        only = {"element": "device-filter", "macs": [CLIENT]}
        at = {"element": "ap-filter", "macs": ["00:00:5e:00:53:a9"]}
        self.subscribed("rssi-ms", extra=(only, at))
        self.assertEqual(self.measured(picture()), ["ap-filter"])
        self.assertEqual(
            self.measured(picture("00:00:5e:00:53:02")), ["device-filter", "ap-filter"]
        )

    def test_granted_is_asked_and_offered(self):
        self.assertEqual(self.subscribed("rssi-ms", "wips", granted=services("rssi-ms")), [])
        self.setUp()
        found = self.subscribed("rssi-ms", "wips", granted=services("rssi-ms", "wips"))
        self.assertEqual(found, ["granted-services"])

    def test_an_interval_is_never_shorter_than_asked(self):
        self.subscribed("rssi-ms")
        asked = {"element": "interval", "bit": 0, "seconds": 10}
        self.rules.sent(message(30, 2, services("rssi-ms"), asked))
        applied = dict(asked, seconds=9)
        self.assertEqual(
            self.check(message(31, 2, result(), services("rssi-ms"), applied)), ["interval"]
        )

    def test_gone_is_said_once_and_without_samples(self):
        self.subscribed("rssi-ms")
        self.assertEqual(self.measured(gone()), ["gone"])
        self.measured(picture())
        self.assertEqual(self.measured(dict(gone(), samples=[sample()])), ["gone-with-samples"])
        self.assertEqual(self.measured(gone()), ["gone"])

    def test_a_picture_has_samples_from_at_most_16_aps_and_stands_once_in_a_message(self):
        self.subscribed("rssi-ms")
        self.assertEqual(self.measured(picture(samples=[])), ["empty-picture"])
        self.assertEqual(self.measured(picture(), picture()), ["device-split"])
        aps = ["00:00:5e:00:53:%02x" % i for i in range(17)]
        crowd = picture(samples=[sample(i) for i in range(17)])
        self.assertEqual(self.notify(15, timestamp(), ap_table(*aps), crowd), ["too-many-aps"])

    def test_the_local_flag_says_what_the_address_says(self):
        self.subscribed("rssi-ms")
        self.assertEqual(self.measured(picture("02:00:5e:00:53:01")), ["local-flag"])
        self.assertEqual(self.measured(picture("02:00:5e:00:53:01", flags=5)), [])
        self.assertEqual(self.measured(picture(flags=5)), ["local-flag"])

    def test_more_belongs_to_responses_and_other_flags_to_nobody(self):
        self.subscribed("rssi-ms")
        self.assertEqual(
            self.notify(15, timestamp(), ap_table(AP), picture(), flags=1), ["more-flag"]
        )
        self.assertEqual(self.check(message(1, 1, flags=2)), ["reserved-flags"])

    def test_a_message_fits_one_record(self):
        self.subscribed("rssi-ms")
        self.assertEqual(self.check(message(1, 1), size=16385), ["message-size"])

    def test_a_response_needs_its_request_and_ends_with_its_last_piece(self):
        self.subscribed("rssi-ms")
        self.rules.sent(message(13, 9, services("rssi-ms")))
        piece = (result(), timestamp(), ap_table(AP), picture())
        self.assertEqual(self.check(message(14, 9, *piece, flags=1)), [])
        self.assertEqual(self.check(message(14, 9, *piece)), [])
        self.assertEqual(self.check(message(14, 9, *piece)), ["unasked-response"])
        self.assertEqual(self.check(message(17, 9, result(), timestamp())), ["unasked-response"])

    def test_an_answer_keeps_to_the_filters_of_its_request(self):
        self.subscribed("rssi-ms")
        only = {"element": "device-filter", "macs": []}
        self.rules.sent(message(13, 9, services("rssi-ms"), only))
        answer = message(14, 9, result(), timestamp(), ap_table(AP), picture())
        self.assertEqual(self.check(answer), ["device-filter"])

    def test_an_echo_comes_back_unchanged(self):
        self.subscribed("rssi-ms")
        for data, answer, found in ((b"a", b"a", []), (b"a", b"b", ["echo-data"])):
            self.rules.sent(message(1, 4, {"element": "echo-data", "hex": data}))
            self.assertEqual(
                self.check(message(2, 4, {"element": "echo-data", "hex": answer})), found
            )

    def informed(self, *elements, ms=1700000000000):
        return self.notify(18, timestamp(ms), *elements)

    def test_a_client_is_told_to_have_left_once_and_only_if_it_was_told_to_be_there(self):
        self.subscribed("info-ms")
        self.assertEqual(self.informed(client(state=3)), ["left"])
        self.assertEqual(self.informed(client()), [])
        self.assertEqual(self.informed(client(state=1)), [])
        self.assertEqual(self.informed(client(state=3)), [])
        self.assertEqual(self.informed(client(state=3)), ["left"])
        self.assertEqual(self.informed(client(state=4)), ["client-state"])
        self.assertEqual(self.informed(client(), client()), ["record-twice"])
        self.assertEqual(self.informed(rogue()), ["not-subscribed"])

    def test_a_rogue_is_of_a_rogue_class_and_was_first_seen_before_it_was_last_seen(self):
        self.subscribed("info-rogue")
        self.assertEqual(self.informed(rogue()), [])
        self.assertEqual(self.informed(rogue(class_=1)), ["rogue-class"])
        self.assertEqual(self.informed(rogue(first=3, last=2)), ["rogue-times"])

    def test_statistics_have_counted_something_and_come_for_granted_classes(self):
        self.subscribed("stats-ms")
        self.assertEqual(self.notify(22, timestamp(), counted()), [])
        self.assertEqual(self.notify(22, timestamp(), counted(rx_bytes=0)), ["empty-statistics"])
        self.assertEqual(self.notify(22, timestamp(), counted(), counted()), ["record-twice"])
        self.assertEqual(self.notify(22, timestamp(), counted(**{"class": 2})), ["not-subscribed"])

    def test_a_frame_of_a_tag_is_told_once(self):
        self.subscribed("rssi-rfid")
        self.assertEqual(self.notify(23, timestamp(1000), tag()), [])
        self.assertEqual(self.notify(23, timestamp(1300), tag()), ["tag-repeated"])
        self.assertEqual(self.notify(23, timestamp(1300), tag(sequence=8)), [])
        self.assertEqual(self.notify(23, timestamp(2000), tag(sequence=8)), [])

    def test_records_of_an_answer_are_looked_at_too(self):
        self.subscribed("info-ms")
        self.rules.sent(message(16, 9, services("info-ms")))
        answer = message(17, 9, result(), timestamp(), client(state=9), rogue(first=3, last=2))
        self.assertEqual(self.check(answer), ["client-state", "rogue-times"])

    def test_no_readable_message_upsets_the_rules(self):
        for vector in load_vectors():
            if vector.verdict == "ok":
                decoded = wire.decode(vector.bytes)
                with self.subTest(vector.name):
                    request = message(
                        rules.RESPONSES.get(decoded["id"], 1), decoded["transaction"], services()
                    )
                    self.rules.sent(request)
                    self.rules.check(decoded, len(vector.bytes))


if __name__ == "__main__":
    unittest.main()
