#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The worked example in agent/PROTOCOL.md: its bytes are frames, and say what the notes beside them say."""
import os
import re
import unittest

import nmsp_wire as wire

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "agent", "PROTOCOL.md")
BYTES = re.compile(r"  ((?:[0-9a-f]{2} ?)+?)(?:  +(.*))?$")


def example():
    """[(frame, [note, ...]), ...]: a frame begins with a line "T+..." and goes on in lines of hex digits."""
    found = []
    with open(DOCUMENT, encoding="utf-8") as file:
        for line in file:
            if line.startswith("T+"):
                found.append((bytearray(), []))
                continue
            match = BYTES.match(line.rstrip("\n"))
            if found and match:
                found[-1][0].extend(bytes.fromhex(match.group(1)))
                found[-1][1].append((match.group(2) or "").strip())
    return found


class Document(unittest.TestCase):
    def test_every_frame_of_the_example_is_what_its_notes_say(self):
        malformed = 0
        frames = example()
        self.assertGreaterEqual(len(frames), 15)
        for frame, notes in frames:
            with self.subTest(note=notes[0]):
                try:
                    message = wire.decode(bytes(frame))
                except wire.WireError:
                    malformed += 1
                    continue
                self.assertEqual(wire.encode(message), bytes(frame))
                said = [line.strip() for line in wire.dump(message)[1:]]
                self.assertEqual([note for note in notes[1:] if note and note != "name"], said)
                self.assertEqual(
                    notes[0],
                    "id %d, length %d, transaction %d" % (message["id"], len(frame), message["transaction"]),
                )
        self.assertEqual(malformed, 1)  # the one that is shown to be answered so


if __name__ == "__main__":
    unittest.main()
