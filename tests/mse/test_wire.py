#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of what needs no connection: golden vectors, codec, report, identity."""

import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import nmsp_identity as identity  # noqa: E402
import nmsp_report as report  # noqa: E402
import nmsp_wire as wire  # noqa: E402
from mse_samples import (  # noqa: E402
    AP,
    CLIENT,
    MSE_MAC,
    PUBLIC_SPKI,
    SERVER,
    ap_table,
    gone,
    load_vectors,
    message,
    picture,
    sample,
    timestamp,
)


class VectorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vectors = load_vectors()
        cls.good = [(v, wire.decode(v.bytes)) for v in cls.vectors if v.verdict == "ok"]

    def test_every_vector_gets_its_verdict(self):
        for vector in self.vectors:
            with self.subTest(vector.name):
                self.assertEqual(vector.verdict_found()[0], vector.verdict)

    def test_every_good_vector_gives_its_canonical_dump(self):
        for vector, decoded in self.good:
            with self.subTest(vector.name):
                self.assertEqual(wire.dump(decoded), vector.text)

    def test_every_good_vector_encodes_to_its_own_bytes(self):
        for vector, decoded in self.good:
            if vector.reencode:
                with self.subTest(vector.name):
                    self.assertEqual(wire.encode(decoded), vector.bytes)

    def test_every_message_and_element_has_good_and_malformed_vectors(self):
        good = {decoded["id"] for _, decoded in self.good}
        bad = {
            int.from_bytes(v.bytes[2:4], "big") for v in self.vectors if v.verdict == "malformed"
        }
        elements = {e["element"] for _, decoded in self.good for e in decoded["elements"]}
        self.assertEqual(good, set(wire.MESSAGES))
        self.assertEqual(bad, set(wire.MESSAGES))
        self.assertEqual(elements, set(wire.ELEMENTS_BY_NAME))

    def test_the_files_keep_to_their_format(self):
        names = [vector.name for vector in self.vectors]
        self.assertGreaterEqual(len(names), 60)
        self.assertEqual(len(names), len(set(names)))
        for vector in self.vectors:
            with self.subTest(vector.name):
                self.assertLess(len(vector.bytes), 2048)
                self.assertEqual(vector.keywords[:2], ["name", "verdict"])
                self.assertEqual(bool(vector.text), vector.verdict == "ok")
                order = [k for k in vector.keywords if k not in ("hex", "text")]
                self.assertEqual(
                    order, ["name", "verdict"] + ([] if vector.reencode else ["reencode"])
                )
                self.assertEqual(vector.keywords, sorted(vector.keywords, key=self.rank))

    @staticmethod
    def rank(keyword):
        return ("name", "verdict", "reencode", "hex", "text").index(keyword)

    def test_no_prefix_of_a_body_is_more_than_malformed(self):
        for vector, _ in self.good:
            for size in range(12, len(vector.bytes)):
                frame = vector.bytes[:4] + size.to_bytes(4, "big") + vector.bytes[8:size]
                with self.subTest(vector.name, size=size), contextlib.suppress(wire.Malformed):
                    wire.decode(frame)

    def test_a_damaged_frame_raises_nothing_but_wire_errors(self):
        dice = random.Random(1)
        survived = 0
        for vector, _ in self.good:
            for _ in range(50):
                frame = bytearray(vector.bytes)
                for _ in range(dice.randint(1, 3)):
                    at = dice.choice([0, 2, 3] + list(range(12, len(frame))))
                    frame[at] = dice.randrange(256)
                with contextlib.suppress(wire.WireError):
                    found = wire.decode(bytes(frame))
                    again = wire.decode(wire.encode(found))
                    self.assertEqual(wire.dump(again), wire.dump(found))
                    survived += 1
        self.assertGreater(survived, 100)


class CodecTest(unittest.TestCase):
    def test_a_hundred_devices_at_four_aps_take_the_size_the_profile_says(self):
        aps = ["00:00:5e:00:53:%02x" % i for i in range(4)]
        samples = [sample(i) for i in range(4)]
        pictures = [picture("00:00:5e:00:54:%02x" % i, samples) for i in range(100)]
        frame = wire.encode(message(15, 2, timestamp(), ap_table(*aps), *pictures))
        self.assertEqual(len(frame), 12 + 12 + 4 + 48 + 100 * (4 + 8 + 32))

    def test_a_stream_is_split_alike_however_it_is_cut(self):
        frames = [
            v.bytes for v in load_vectors() if v.verdict in ("ok", "malformed", "unsupported")
        ]
        stream = b"".join(frames)
        dice = random.Random(2)
        for cut in (lambda: 1, lambda: len(stream), lambda: dice.randint(1, 300)):
            splitter, found, at = wire.Splitter(), [], 0
            while at < len(stream):
                size = cut()
                splitter.feed(stream[at : at + size])
                at += size
                found += iter(splitter.next, None)
            self.assertEqual(found, frames)
            self.assertEqual(splitter.pending(), 0)

    def test_frames_before_a_broken_one_are_handed_out_first(self):
        for bad, error in (
            (b"\2", wire.BadVersion),
            (bytes.fromhex("010000010000000b"), wire.BadLength),
        ):
            splitter = wire.Splitter()
            splitter.feed(wire.frame_bytes(1, 5, b"") + bad)
            self.assertEqual(wire.decode(splitter.next())["transaction"], 5)
            with self.assertRaises(error):
                splitter.next()

    def test_a_length_is_not_judged_before_all_of_it_is_there(self):
        splitter = wire.Splitter()
        splitter.feed(bytes.fromhex("0100000100000000")[:7])
        self.assertIsNone(splitter.next())
        splitter.feed(b"\0")
        with self.assertRaises(wire.BadLength):
            splitter.next()

    def test_the_largest_frame_is_accepted(self):
        body = wire.element_bytes(0x7777, bytes(65535 - 12 - 4))
        splitter = wire.Splitter()
        splitter.feed(wire.frame_bytes(1, 1, body))
        self.assertEqual(wire.decode(splitter.next())["skipped"], [(0x7777, 65519)])

    def test_a_fixed_layout_without_room_to_grow_refuses_a_tail(self):
        layout = wire.Element(99, "trial", [wire.u8("first")])
        self.assertEqual(layout.decode(b"\1"), ({"element": "trial", "first": 1}, 0))
        with self.assertRaises(wire.Malformed):
            layout.decode(b"\1\2")

    def test_skipped_elements_and_tails_are_told(self):
        body = wire.element_bytes(0x7777, b"??") + wire.element_bytes(2, bytes(9))
        decoded = wire.decode(wire.frame_bytes(30, 1, body))
        self.assertEqual((decoded["skipped"], decoded["tails"]), ([(0x7777, 2)], 1))

    def test_a_wire_error_carries_the_header_of_its_frame(self):
        with self.assertRaises(wire.Malformed) as caught:
            wire.decode(wire.frame_bytes(30, 77, b""))
        self.assertEqual(caught.exception.header["transaction"], 77)
        with self.assertRaises(wire.Unsupported) as caught:
            wire.decode(wire.frame_bytes(999, 78, b""))
        self.assertEqual(caught.exception.header, {"id": 999, "flags": 0, "transaction": 78})

    def test_the_mask_of_a_live_controller_has_the_fifteen_published_names(self):
        names = wire.service_names(6876135)
        self.assertEqual(len(names), 15)
        self.assertEqual(wire.service_mask(names), 6876135)
        self.assertNotIn("rssi-interferer", names)

    def test_bits_without_a_name_survive_in_a_mask(self):
        self.assertEqual(wire.service_names(1 << 63 | 1), ["rssi-ms", "bit-63"])
        self.assertEqual(wire.service_mask("rssi-ms,0x20"), 0x21)
        with self.assertRaises(ValueError):
            wire.service_mask("rssi-everything")


# --- report ---------------------------------------------------------------------------------------


class ReportTest(unittest.TestCase):
    def facts(self, *elements, id_=15):
        return report.message_facts(wire.decode(wire.encode(message(id_, 2, *elements))))

    def test_a_sample_names_its_ap_and_radio(self):
        tables = ap_table(AP), ap_table("00:00:5e:00:53:a1", slot=1)
        facts = self.facts(timestamp(), *tables, picture(samples=[sample(1, age=7, antenna=1)]))
        heard = facts["measurements"][0]["samples"][0]
        expected = {"ap": 1, "ap_mac": "00:00:5e:00:53:a1", "slot": 1, "band": "2.4", "channel": 6}
        expected.update(antenna="B", source="data", rssi=-45, snr=47, age_ms=70)
        self.assertEqual(heard, expected)

    def test_unknown_values_are_null_and_unnamed_ones_stay_visible(self):
        unknown = sample(rssi=-128, snr=-128, source=99, antenna=7)
        heard = self.facts(timestamp(), ap_table(AP), picture(samples=[unknown]))["measurements"][0]
        heard = heard["samples"][0]
        self.assertEqual((heard["rssi"], heard["snr"]), (None, None))
        self.assertEqual((heard["source"], heard["antenna"]), ("99", "7"))

    def test_every_good_vector_becomes_json(self):
        for vector in load_vectors():
            verdict, decoded = vector.verdict_found()
            if verdict == "ok":
                with self.subTest(vector.name):
                    facts = json.loads(json.dumps(report.message_facts(decoded)))
                    self.assertEqual(facts["transaction"], decoded["transaction"])

    def test_the_table_keeps_to_100_columns_and_prints_no_control_codes(self):
        out = io.StringIO()
        table = report.TableReport(out)
        aps = ["00:00:5e:00:53:%02x" % i for i in range(16)]
        many = picture(samples=[sample(i, rssi=-40 - i, age=65535) for i in range(16)])
        facts = self.facts(timestamp(), ap_table(*aps), many, gone("00:00:5e:00:53:02"))
        table.event("message", session=1, **facts)
        for vector in load_vectors():
            verdict, decoded = vector.verdict_found()
            if verdict == "ok":
                table.event("message", session=1, **report.message_facts(decoded))
        lines = out.getvalue().split("\n")
        self.assertLessEqual(max(map(len, lines)), 100)
        self.assertTrue(all(line.isprintable() for line in lines))
        self.assertIn("00:00:5e:00:53:00/0", lines[1])
        self.assertRegex(lines[1], r"\.\.01/0 -41.* \+\d+$")
        self.assertRegex(lines[2], "00:00:5e:00:53:02 client  gone$")

    def test_the_strongest_radio_leads_its_line(self):
        facts = self.facts(
            timestamp(), ap_table(AP, CLIENT), picture(samples=[sample(0, -80), sample(1, -50)])
        )
        line = report.picture_line("12:00:00", facts["measurements"][0])
        self.assertRegex(line, r"client\* +%s/0 +2.4G/6 +-50 +47 +0.0s  \.\.a0/0 -80$" % CLIENT)


# --- identity -------------------------------------------------------------------------------------


class IdentityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.made = {
            kind: identity.make_certificate(os.path.join(cls.folder.name, kind), MSE_MAC, kind)
            for kind in ("rsa", "ec", "ed25519")
        }

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def openssl(self, *words, data=None):
        return subprocess.run(
            ("openssl",) + words, input=data, capture_output=True, check=True
        ).stdout

    def test_the_published_key_has_the_published_hash(self):
        with open(PUBLIC_SPKI, "rb") as file:
            sha1, _ = identity.key_hashes(file.read())
        self.assertEqual(sha1, "9e4ddd8dfcdd8458ba7b273fc37284b31a384eb9")

    def test_a_certificate_around_the_published_key_shows_the_published_hash(self):
        with open(PUBLIC_SPKI, "rb") as file:
            spki = file.read()

        def wrap(tag, *items):
            body = b"".join(items)
            return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body

        name = wrap(
            0x30,
            wrap(0x31, wrap(0x30, identity.OID_COMMON_NAME, wrap(0x0C, b"C1130-00146a1b3744"))),
        )
        empty = wrap(0x30)
        signed = wrap(0x30, wrap(0xA0, b"\2\1\2"), b"\2\1\1", empty, name, empty, name, spki)
        info = identity.auth_info(wrap(0x30, signed, empty, b"\3\1\0"))
        self.assertIn("MAC Address: 00:14:6a:1b:37:44\n", info)
        self.assertIn("SHA1 Key Hash: 9e4ddd8dfcdd8458ba7b273fc37284b31a384eb9\n", info)

    def test_auth_info_says_what_openssl_says(self):
        for kind, (certificate, _) in self.made.items():
            with self.subTest(kind):
                key = self.openssl("x509", "-in", certificate, "-pubkey", "-noout")
                der = self.openssl("pkey", "-pubin", "-outform", "DER", data=key)
                hashes = [
                    self.openssl("dgst", "-r", name, data=der).split()[0].decode()
                    for name in ("-sha1", "-sha256")
                ]
                command = [sys.executable, SERVER, "show-auth-info", "--cert", certificate]
                shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                expected = ["-" * 16, "Server Auth Info", "-" * 16, "MAC Address: " + MSE_MAC]
                expected += ["SHA1 Key Hash: " + hashes[0], "SHA2 Key Hash: " + hashes[1]]
                self.assertEqual(shown.split("\n"), expected + ["Certificate Type: SSC", ""])

    def test_a_made_key_is_private_and_its_certificate_serves_both_roles(self):
        certificate, key = self.made["rsa"]
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)
        text = self.openssl("x509", "-in", certificate, "-noout", "-text").decode()
        self.assertIn("CN = MSE-0050569c3489", text)
        self.assertNotIn("Extended Key Usage", text)
        self.assertIn("(2048 bit)", text)

    def test_dates_can_be_chosen(self):
        dates = ("20000101000000Z", "20010101000000Z")
        folder = os.path.join(self.folder.name, "old")
        certificate, _ = identity.make_certificate(folder, MSE_MAC, "ec", dates=dates)
        end = self.openssl("x509", "-in", certificate, "-noout", "-enddate")
        self.assertEqual(end.strip(), b"notAfter=Jan  1 00:00:00 2001 GMT")

    def test_a_mac_is_found_in_any_usual_spelling(self):
        for text in (
            "MSE-0050569C3489",
            "00:50:56:9c:34:89",
            "mse 00-50-56-9c-34-89",
            "0050.569c.3489",
        ):
            self.assertEqual(identity.mac_in(text), MSE_MAC)
        for text in ("mse", "0050569c34890", "50:56:9c:34:89", ""):
            self.assertIsNone(identity.mac_in(text))

    def test_a_truncated_key_hash_is_refused(self):
        for size in (0, 39, 41, 63, 65):
            with self.assertRaises(identity.IdentityError):
                identity.Trust(key_hashes=["a" * size])

    def test_no_prefix_and_no_damage_of_a_certificate_upsets_the_walker(self):
        der = identity.read_certificate(self.made["ec"][0])
        for size in range(len(der)):
            with self.assertRaises(identity.IdentityError):
                identity.certificate_facts(der[:size])
        dice = random.Random(3)
        for _ in range(2000):
            damaged = bytearray(der)
            damaged[dice.randrange(len(der))] = dice.randrange(256)
            with contextlib.suppress(identity.IdentityError):
                identity.certificate_facts(bytes(damaged))


if __name__ == "__main__":
    unittest.main()
