#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sources beside nl80211, real ones: scripts/vm/run --radios none -- platform/hostapd/test_hostapd.py RADIO_DUMP

What a real hostapd tells of stations that probe, what the kernel's neighbour table says of clients, and what the
driver counts. radio-dump runs as the user nobody without any capability. The tests run in the order of their
names, on one bed.
"""
import os
import re
import socket
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "nl80211"), os.path.join(HERE, "..", "..", "tests", "hwsim")]

import hwsim  # noqa: E402
import test_radios  # noqa: E402

PATIENCE_S = 20
BASE_MAC = "02:0a:00:00:00:01"
BSS = hwsim.Bss("wlan0", "one", "10.0.0.1", channel=1)
FOLDER = os.path.join(hwsim.SCRATCH, "hostapd")
PROBE = 1
USER = "somebody@example.org"

dump = None
hostapd = None
client = None


class Enterprise(hwsim.Bss):
    """A network with 802.1X; hostapd itself is the authentication server."""

    def configuration(self):
        users = os.path.join(hwsim.SCRATCH, "users")
        with open(users, "w", encoding="ascii") as file:
            file.write(f'"{USER}" PWD "secret"\n')
        return super().configuration() + "\n".join([
            "ieee8021x=1", "eap_server=1", f"eap_user_file={users}", "wpa=2", "wpa_key_mgmt=WPA-EAP",
            "rsn_pairwise=CCMP"]) + "\n"


ENTERPRISE = Enterprise("wlan3", "enterprise", "10.0.1.1", channel=6)


def log_on(station):
    """The station joins the enterprise network as USER."""
    path = os.path.join(hwsim.SCRATCH, "enterprise.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(f'network={{\nssid="{ENTERPRISE.ssid}"\nkey_mgmt=WPA-EAP\neap=PWD\nidentity="{USER}"\n'
                   f'password="secret"\nscan_freq={ENTERPRISE.frequency()}\n}}\n')
    hwsim.Process("enterprise", "wpa_supplicant", "-t", "-D", "nl80211", "-i", station.interface, "-c", path,
                  netns=station.netns)


def configure():
    dump.configure(f"base-mac={BASE_MAC}", f"hostapd={FOLDER}")


def probe(interface):
    """An active scan of one channel by a station that belongs to nobody. It is begun only: iw, which would wait for its end,
    waits for ever if it misses the news."""
    def begun():
        try:
            hwsim.command("iw", "dev", interface, "scan", "trigger", "freq", BSS.frequency())
        except RuntimeError as error:
            if "busy" not in str(error):
                raise
            return False
        return True
    hwsim.wait_for(begun, PATIENCE_S, "a scan begun")


def hear_probe(mac):
    since = dump.mark()
    probe("wlan2")
    return dump.wait("sample", since, matches=lambda event: event["device"] == mac and event["source"] == PROBE)


class Witness:
    """Another listener at the same hostapd."""

    def __enter__(self):
        self.end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.end.settimeout(PATIENCE_S)
        self.end.connect(os.path.join(FOLDER, BSS.interface))
        self.end.bind("")
        self.end.send(b"ATTACH probe_rx_events=1")
        assert self.end.recv(100) == b"OK\n"
        return self

    def signal(self, mac):
        """Of the first probe request that it hears from the station."""
        while True:
            found = re.search(rf"RX-PROBE-REQUEST sa={mac} signal=(-?\d+)", self.end.recv(1000).decode())
            if found:
                return int(found.group(1))

    def __exit__(self, *_):
        self.end.close()


class Sources(unittest.TestCase):
    def test_01_without_permission_the_remedy_is_said(self):
        global hostapd
        hwsim.load_radios(4)
        hostapd = hwsim.Hostapd(BSS).start()
        os.chmod(FOLDER, 0o700)
        configure()
        dump.wait("nmspd:", matches=lambda event: "ctrl_interface_group" in event.text)
        self.assertIn("hostapd attached at 0 of 1", dump.description())
        self.assertIn("Permission denied", dump.description())

    def test_02_it_is_attached_to_as_soon_as_it_may_be(self):
        os.chmod(FOLDER, 0o750)  # as hostapd made it, for the group in its configuration
        hwsim.wait_for(lambda: dump.counter("attached") == 1, 40, "attached")
        self.assertIn("hostapd attached at 1 of 1", dump.description())

    def test_03_a_station_that_probes_is_heard(self):
        hwsim.command("ip", "link", "set", "wlan2", "up")
        mac = hwsim.fact("wlan2", "address")
        with Witness() as witness:
            sample = hear_probe(mac)
            self.assertEqual(sample["rssi"], witness.signal(mac))
        self.assertEqual((sample["class"], sample["antenna"]), (1, 255))
        self.assertEqual(dump.seen("joined"), [])
        self.assertGreaterEqual(dump.counter("probes"), 1)

    def test_04_a_client_has_statistics_and_its_address(self):
        global client
        client = hwsim.Station("wlan1", 5).start(BSS)
        client.wait_associated(PATIENCE_S)
        client.talk()
        statistics = dump.wait("statistics", matches=lambda event: event["device"] == client.mac and
                               event["rx-packets"] > 0)
        self.assertGreater(statistics["rx-bytes"], statistics["rx-packets"])
        since = dump.mark()
        hwsim.command("ping", "-c", "1", "-W", "5", "10.0.0.3")
        dump.wait("address", since, matches=lambda event: event["device"] == client.mac and
                  event["address"] == "10.0.0.3" and event["present"] == 1)
        since = dump.mark()
        hwsim.command("ip", "neigh", "flush", "dev", "wlan0")
        dump.wait("address", since, matches=lambda event: event["device"] == client.mac and event["present"] == 0)

    def test_05_a_hostapd_that_is_killed_and_comes_back_is_attached_to_again(self):
        hostapd.kill()
        hwsim.wait_for(lambda: "0 of 1" in dump.description(), PATIENCE_S, dump.description)
        hostapd.start()
        hwsim.wait_for(lambda: dump.counter("attached") == 2, 40, "attached again")
        hear_probe(hwsim.fact("wlan2", "address"))
        self.assertEqual(dump.counter("lost"), 1)

    def test_06_a_hostapd_that_is_restarted_in_order_is_attached_to_again(self):
        hostapd.stop()
        hwsim.wait_for(lambda: dump.counter("lost") == 2, 5, "its end")
        hostapd.start()
        hwsim.wait_for(lambda: dump.counter("attached") == 3, 40, "attached again")
        hear_probe(hwsim.fact("wlan2", "address"))

    def test_07_the_user_of_a_client_is_told(self):
        client.stop()
        hwsim.Hostapd(ENTERPRISE).start()
        hwsim.wait_for(lambda: "2 of 2" in dump.description(), 40, dump.description)
        log_on(client)
        dump.wait("user", matches=lambda event: event["device"] == client.mac and event["name"] == USER)
        # Who is there already when the agent comes is found too.
        since = dump.mark()
        dump.configure(f"base-mac={BASE_MAC}", f"hostapd={FOLDER}/.")
        dump.wait("user", since, matches=lambda event: event["device"] == client.mac and event["name"] == USER)

    def test_08_nothing_went_wrong_on_the_way(self):
        for name in ("timeouts", "malformed", "abandoned", "untracked", "invalid"):
            self.assertEqual(dump.counter(name), 0, name)
        hwsim.end_all()
        self.assertEqual(dump.end(), 0)


def main():
    global dump
    dump = test_radios.Dump(sys.argv.pop(1))
    try:
        unittest.main(verbosity=2, failfast=True)
    finally:
        hwsim.end_all()


if __name__ == "__main__":
    main()
