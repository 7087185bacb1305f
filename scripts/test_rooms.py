#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Of scripts/rooms: each promise of the map, broken, is found; kept, it says nothing."""
import os
import subprocess
import tempfile
import unittest

ROOMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rooms")


class Rooms(unittest.TestCase):
    def look(self, tree):
        """What is said of a tree with these files, which include these."""
        with tempfile.TemporaryDirectory() as top:
            subprocess.check_call(["git", "init", "-q", top])
            for name, seen in tree.items():
                path = os.path.join(top, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.writelines("#include %s\n" % (one if one[0] == "<" else '"%s"' % one) for one in seen)
            done = subprocess.run([ROOMS], cwd=top, stdout=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 1 if done.stdout else 0)
            return done.stdout.splitlines()

    def refused(self, name, seen):
        said = self.look({name: [seen]})
        self.assertEqual(len(said), 1, said)
        self.assertIn("%s includes %s:" % (name, seen.strip("<>")), said[0])

    def test_what_the_map_allows_is_nothing_to_tell(self):
        self.assertEqual(self.look({
            "agent/main.c": ["config/config.h", "platform/platform.h", "agent/state.h"],
            "agent/state/peers.c": ["agent/state.h", "agent/peer/peer.h"],
            "agent/tls/tls.c": ["<wolfssl/ssl.h>", "agent/base/log.h"],
            "config/state/state-nmsp.c": ["agent/state.h", "agent/base/log.h", "<libyang/libyang.h>", "config/config.h"],
            "config/test-x.c": ["agent/peer/peer.h", "tests/unit/bed.h"],
            "platform/netlink.c": ["<netlink/msg.h>", "agent/radio.h"]}), [])

    def test_arrows_between_rooms(self):
        for name, seen in (("agent/peer/peer.c", "config/config.h"), ("agent/agent.c", "platform/platform.h"),
                           ("platform/x.c", "config/config.h"), ("config/x.c", "platform/platform.h"),
                           ("config/x.c", "agent/peer/peer.h"), ("platform/x.c", "agent/state.h"),
                           ("agent/base/log.c", "agent/wire/wire.h")):
            self.refused(name, seen)

    def test_lower_rooms_do_not_know_what_is_told_of_them(self):
        self.refused("agent/peer/peer.h", "agent/state.h")

    def test_a_library_has_one_seam(self):
        for name, seen in (("agent/peer/peer.c", "<wolfssl/ssl.h>"), ("platform/nl80211/poll.c", "<netlink/msg.h>"),
                           ("agent/agent.c", "<libyang/libyang.h>")):
            self.refused(name, seen)

    def test_product_code_has_nothing_of_tests(self):
        self.refused("agent/agent.c", "tests/unit/bed.h")
        self.refused("agent/agent.c", "agent/test-der.h")
        self.assertIn("test bed", self.look({"platform/fake-kernel.c": []})[0])

    def test_three_modules_do_not_go_round_in_a_circle(self):
        ring = {"agent/x/a.c": ["agent/x/b.h"], "agent/x/b.h": ["agent/x/c.h"], "agent/x/c.c": ["agent/x/a.h"]}
        self.assertEqual(self.look(ring), ["a cycle: agent/x/a, agent/x/b, agent/x/c"])
        self.assertEqual(self.look({"agent/x/a.c": ["agent/x/b.h"], "agent/x/b.c": ["agent/x/a.h"]}), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
