#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Access points, their controller and a location server, all of them real, on addresses of 127/8: what the access points
hear is what the server is told."""

import os
import selectors
import shutil
import socket
import tempfile
import threading
import time
import unittest

import bed
from bed import BASE_MAC, SERVER_MACS, Agent, Keys, configuration, free_port
from scene import ALICE, AP0, AP1, BOB, CAROL, gone, readings

IDENTITIES = ["02:0d:00:00:00:11", "02:0d:00:00:00:12"]
OWN_AP = "02:0a:00:00:09:00"


class Relay(threading.Thread):
    """Carries bytes between an access point and its controller; closed to let nothing through, either way."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.controller = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = threading.Event()
        self.open.set()
        self.start()

    def run(self):
        while True:
            try:
                end, _ = self.listener.accept()
            except OSError:
                return
            try:
                other = socket.create_connection(("127.0.0.1", self.controller))
            except OSError:  # it does not listen yet: as if it were this one that does not
                end.close()
                continue
            threading.Thread(target=self.carry, args=(end, other), daemon=True).start()

    def carry(self, *ends):
        with selectors.DefaultSelector() as selector, ends[0], ends[1]:
            selector.register(ends[0], selectors.EVENT_READ, ends[1])
            selector.register(ends[1], selectors.EVENT_READ, ends[0])
            while True:
                for key, _ in selector.select():
                    self.open.wait()
                    try:
                        data = key.fileobj.recv(65536)
                        key.data.sendall(data)
                    except OSError:
                        return
                    if not data:
                        return


class Controller(bed.Case):
    scene = True
    fresh = True

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.identify(self.agent, BASE_MAC)

    def identify(self, agent, mac):
        """The key of a location server serves an agent as well."""
        os.makedirs(agent.state, exist_ok=True)
        for path in Keys.of(mac):
            shutil.copy(path, agent.state)

    def controller(self, mses, access_points=IDENTITIES, users=IDENTITIES, **nmsp):
        config = configuration([mse.port for mse in mses], users=SERVER_MACS[:1] + list(users), listen=self.port,
                               **{"access-point": [{"mac": mac} for mac in access_points]}, **nmsp)
        config["nmspd-location:location"] = {"expiry": {"client": 5}}
        return config

    def access_point(self, number, *lines, server=None, **environment):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        agent = Agent(folder.name, scene=True)
        self.addCleanup(agent.kill)
        self.identify(agent, IDENTITIES[number])
        server = server or ("127.0.0.1", self.port, BASE_MAC)
        config = configuration([server], users=[BASE_MAC])
        config["nmspd-system:system"].update({"hostname": "ap%d" % number, "base-mac": IDENTITIES[number]})
        config["nmspd-location:location"] = {"expiry": {"client": 5}}
        agent.configure(config)
        agent.environment = environment
        agent.start()
        agent.scene("works clients", *lines)
        return agent

    def test_what_access_points_hear_is_what_the_server_is_told(self):
        mse = self.mse("--subscribe", "rssi-ms,info-ms,ap-info")
        self.start(self.controller([mse]))
        # The controller has a radio of its own, and hears her, too.
        self.agent.scene("ap 0 mac=%s channel=1 noise=-95 name=own" % OWN_AP, "hear %s ap=0 rssi=-81 every=100" % ALICE)
        first = self.access_point(0, "ap 0 mac=%s channel=6 power=20 noise=-95 name=one" % AP0, "join %s ap=0" % ALICE,
                                  "hear %s ap=0 rssi=-47 every=100" % ALICE, "hear %s ap=0 rssi=-52 every=100" % BOB)
        self.access_point(1, "ap 0 mac=%s channel=36 band=2 power=17 noise=-98 name=two" % AP1,
                          "hear %s ap=0 rssi=-66 every=100" % ALICE, "hear %s ap=0 rssi=-77 every=100" % CAROL)
        everywhere = sorted([(OWN_AP, -81), (AP0, -47), (AP1, -66)])
        picture = mse.wait_picture(ALICE, lambda one: readings(one) == everywhere and one["associated"])
        self.assertLess(max(sample["age_ms"] for sample in picture["samples"]), 3000)
        self.assertEqual(readings(mse.picture(BOB)), [(AP0, -52)])
        self.assertEqual(readings(mse.picture(CAROL)), [(AP1, -77)])
        message = next(one for one in reversed(mse.seen) if one.get("message") == "measurement-notification" and
                       any(picture["mac"] == ALICE for picture in one["measurements"]))
        self.assertIn((AP1, 36, 17, -98), [(ap["ap_mac"], ap["channel"], ap["tx_power"], ap["noise"])
                                           for ap in message["aps"]])
        # It walks on.
        first.scene("leave %s ap=0" % ALICE, "silent %s" % ALICE, "hear %s ap=0 rssi=-83 every=100" % ALICE)
        mse.wait_picture(ALICE, lambda one: readings(one) == sorted([(OWN_AP, -81), (AP0, -83), (AP1, -66)]))
        # The end of an access point is the end of all it said.
        mark = self.agent.mark()
        first.kill()
        self.agent.wait("access point %s down" % IDENTITIES[0], mark)
        mse.wait_picture(ALICE, lambda one: readings(one) == sorted([(OWN_AP, -81), (AP1, -66)]))
        mse.wait_picture(BOB, gone) if not any(gone(p) for p in self.pictures(mse, BOB)) else None
        bed.until(lambda: self.ap_state(mse, AP0) == "down", "its AP is down")
        mark = self.agent.mark()
        self.agent.reload(self.controller([mse], access_points=IDENTITIES[1:]))
        bed.until(lambda: self.ap_state(mse, AP0) == "removed", "its AP is removed")
        self.assert_no_violation(mse)

    def pictures(self, mse, mac):
        return [picture for one in mse.take_rest() for picture in one.get("measurements", []) if picture["mac"] == mac]

    def ap_state(self, mse, mac):
        told = [info["state"] for one in mse.take_rest() for info in one.get("ap_infos", []) if info["ap_mac"] == mac]
        return told[-1] if told else None

    @unittest.skipUnless(bed.OTHER_CLOCK, "NMSPD_OTHER_CLOCK_LIBRARY is not given")
    @unittest.skipUnless(os.environ.get("NMSPD_TEST_FULL"), "it measures time: if everything is asked for")
    def test_ages_are_right_whatever_the_clock_and_the_way_and_nothing_late_is_told_as_fresh(self):
        """Each level is heard for a second, so that it tells when it was heard: while all is well, through a way that is
        closed for some seconds, and after it; by an access point whose clock is an hour ahead."""
        mse = self.mse()
        self.start(self.controller([mse]))
        self.agent.wait("listener: waiting")
        relay = Relay(self.port)
        self.addCleanup(relay.listener.close)
        clock = os.path.join(self.agent.folder, "clock")
        with open(clock, "w", encoding="ascii") as file:
            file.write("3600 1")
        ap = self.access_point(0, "ap 0 mac=%s channel=6 noise=-95 name=one" % AP0, server=("127.0.0.1", relay.port, BASE_MAC),
                               LD_PRELOAD=bed.OTHER_CLOCK, NMSPD_OTHER_CLOCK=clock, ASAN_OPTIONS=bed.PRELOADABLE)
        ap.wait("session up")
        mse.wait_session()
        begun = {}
        for level in range(-40, -56, -1):
            begun[level] = time.time()
            ap.scene("hear %s ap=0 rssi=%d every=50" % (ALICE, level))
            if level == -44:
                relay.open.clear()
            elif level == -51:
                relay.open.set()
            time.sleep(0.7)
        mse.wait_picture(ALICE, lambda one: readings(one) == [(AP0, -55)])
        told = {}
        for message in mse.take_rest():
            for picture in message.get("measurements", []):
                for sample in picture["samples"]:
                    told.setdefault(sample["rssi"], []).append(message["timestamp_ms"] / 1000 - sample["age_ms"] / 1000)
        self.assertGreaterEqual(len(told), 3)
        for level, moments in told.items():
            # Heard from when it was said on, until the next one was; more than a second for a loaded machine, which is far less than the way was closed.
            self.assertGreater(min(moments), begun[level] - 0.15, (level, told, begun))
            self.assertLess(max(moments), begun.get(level - 1, time.time()) + 1.5, (level, told, begun))
        self.assert_no_violation(mse)

    def test_claims_of_what_is_anothers_or_ours_are_refused_with_a_diagnosis(self):
        mse = self.mse("--subscribe", "rssi-ms,ap-info")
        self.start(self.controller([mse]))
        self.agent.scene("ap 0 mac=%s channel=1 noise=-95 name=own" % OWN_AP)
        self.access_point(0, "ap 0 mac=%s channel=6 noise=-95 name=one" % AP0, "hear %s ap=0 rssi=-47 every=100" % ALICE)
        mse.wait_picture(ALICE)
        self.access_point(1, "ap 0 mac=%s channel=6 noise=-95 name=liar" % AP0, "hear %s ap=0 rssi=-30 every=100" % ALICE,
                          "ap 1 mac=%s channel=6 noise=-95 name=liar" % OWN_AP, "hear %s ap=1 rssi=-31 every=100" % BOB,
                          "ap 2 mac=%s channel=6 noise=-95 name=two" % AP1, "hear %s ap=2 rssi=-66 every=100" % CAROL)
        self.agent.wait("access point %s: claimed-twice: AP %s" % (IDENTITIES[1], AP0))
        self.agent.wait("access point %s: loop: AP %s" % (IDENTITIES[1], OWN_AP))
        self.assertEqual(readings(mse.picture(CAROL)), [(AP1, -66)])  # what is its own goes on
        self.assertEqual({reading for picture in self.pictures(mse, ALICE) for reading in readings(picture)}, {(AP0, -47)})
        self.assertEqual(self.pictures(mse, BOB), [])
        report = "\n".join(self.agent.report())
        self.assertIn("code=claimed-twice", report)
        self.assertIn("Access point %s claims the AP %s, which another access point has already" % (IDENTITIES[1], AP0),
                      report)
        self.assertIn("Access point %s claims the AP %s, which this device has itself" % (IDENTITIES[1], OWN_AP), report)
        self.assert_no_violation(mse)

    def test_an_access_point_that_is_not_configured_ends_with_what_to_do(self):
        self.start(self.controller([], access_points=IDENTITIES[1:]))
        ap = self.access_point(0, "ap 0 mac=%s channel=6 noise=-95 name=one" % AP0)
        self.agent.wait("cause: The peer .* offers services and subscribes to none, as an access point does")
        self.agent.wait("paste: nmsp ap 020d.0000.0011")
        ap.wait("session down")
        self.agent.reload(self.controller([]))
        ap.wait("session up")
        self.agent.wait("access point %s up" % IDENTITIES[0])

    def test_agents_that_dial_each_other_end_with_a_diagnosis(self):
        away = free_port()
        ap = self.access_point(0, "ap 0 mac=%s channel=6 noise=-95 name=one" % AP0)
        config = self.controller([], access_points=IDENTITIES[1:])
        config["nmspd-nmsp:nmsp"]["server"] = [{"host": "127.0.0.1", "port": away}]
        peer = configuration([("127.0.0.1", self.port, BASE_MAC)], users=[BASE_MAC], listen=away)
        peer["nmspd-system:system"].update({"base-mac": IDENTITIES[0]})
        ap.reload(peer)
        ap.wait("listener: waiting")
        self.start(config)
        self.agent.wait("offers services and subscribes to none: it is an access point that is not configured as one|"
                        "session with this MAC|has a session already")
        ap.wait("access point that is not configured as one|the peer closed the connection")

    def test_an_access_point_is_not_dialled_and_not_published_to(self):
        self.start(self.controller([], access_points=[SERVER_MACS[0]], users=[]))
        self.agent.wait("listener: waiting")
        mse = self.mse("--subscribe", "rssi-ms", connect=self.port)
        mse.wait("message", message="capability-notification")
        self.assertEqual([one for one in mse.seen if one.get("message") == "capability-notification"][0]["services"]["names"],
                         [])
        self.agent.wait("access point %s up" % SERVER_MACS[0])
        seen = mse.take_rest()
        self.assertEqual([one for one in seen if one.get("message") == "service-subscribe-response"], [])
        mse.stop()
        self.agent.wait("access point %s down" % SERVER_MACS[0])
        listening = self.mse()
        config = self.controller([listening], access_points=[SERVER_MACS[0]], users=[])
        self.agent.reload(config)
        self.agent.wait("cause: The peer .* is no location server: it is an agent as this one")

    def test_one_mac_is_a_server_or_an_access_point_never_both(self):
        config = self.controller([], access_points=[SERVER_MACS[0]])
        config["nmspd-nmsp:nmsp"]["server"] = [{"host": "127.0.0.1", "port": 1, "mac": SERVER_MACS[0]}]
        self.start(config)
        self.agent.wait("a peer is a server or an access point, never both")


if __name__ == "__main__":
    unittest.main(verbosity=2)
