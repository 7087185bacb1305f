#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real nmspd on loopback against the reference location server, on a machine without radios."""

import json
import os
import re
import stat
import subprocess
import unittest

import bed
from bed import SERVER_MACS, configuration, free_port, until


class FirstStart(bed.Case):
    fresh = True

    def test_it_makes_its_identity_once_and_prints_what_a_server_must_know(self):
        self.start(configuration())
        self.agent.wait("identity: certificate +" + self.agent.certificate())
        facts = bed.identity.certificate_facts(bed.identity.read_certificate(self.agent.certificate()))
        self.assertEqual(facts["mac"], bed.BASE_MAC)
        self.assertEqual(facts["common_name"], "bed-" + bed.BASE_MAC.replace(":", ""))
        for line in ("MAC address +" + facts["mac"], "SHA1 key hash " + facts["key_sha1"],
                     "SHA2 key hash " + facts["key_sha256"]):
            self.agent.wait("identity: " + line)
        key = os.stat(os.path.join(self.agent.state, "key.pem"))
        self.assertEqual(stat.S_IMODE(key.st_mode), 0o600)
        self.assertEqual(self.agent.terminate(), 0)

        mark = self.agent.mark()
        self.agent.start()
        self.agent.wait("SHA2 key hash " + facts["key_sha256"], mark)
        self.assertEqual(self.agent.said("making a key", mark), [])
        self.assertEqual(self.agent.terminate(), 0)

    def test_a_certificate_without_its_key_is_not_replaced_but_told(self):
        os.mkdir(self.agent.state)
        with open(self.agent.certificate(), "w", encoding="ascii") as file:
            file.write("anything\n")
        self.start(configuration())
        self.agent.wait("error: identity: there is a certificate .*, but not its key")
        self.assertEqual(self.agent.terminate(), 0)
        with open(self.agent.certificate(), encoding="ascii") as file:
            self.assertEqual(file.read(), "anything\n")

    def test_a_state_directory_that_cannot_be_made_is_told_with_its_path(self):
        blocked = os.path.join(self.agent.folder, "file")
        with open(blocked, "w", encoding="ascii"):
            pass
        self.agent.state = os.path.join(blocked, "state")
        self.start(configuration())
        self.agent.wait("error: identity: cannot make the state directory " + self.agent.state)
        self.agent.wait("error: identity: it could not be made")
        self.assertEqual(self.agent.terminate(), 0)

    def test_without_any_mac_one_is_made_up_and_stays_in_the_certificate(self):
        config = configuration()
        del config["nmspd-system:system"]["base-mac"]
        self.start(config)
        found = self.agent.wait(r"base MAC: (\S+), ")
        if "made up" in found.string:
            self.assertEqual(int(found.group(1)[:2], 16) & 3, 2)
        self.agent.wait("identity: MAC address +" + found.group(1))
        self.assertEqual(self.agent.terminate(), 0)
        mark = self.agent.mark()
        self.agent.start()
        self.agent.wait("base MAC: %s, " % found.group(1), mark)
        self.assertEqual(self.agent.terminate(), 0)


class Starting(bed.Case):
    @unittest.skipUnless(bed.OTHER_CLOCK, "NMSPD_OTHER_CLOCK_LIBRARY is not given")
    def test_without_netlink_it_says_that_once_and_keeps_its_session(self):
        mse = self.mse()
        self.agent.environment = {"LD_PRELOAD": bed.OTHER_CLOCK, "NMSPD_WITHOUT_NETLINK": "1",
                                  "ASAN_OPTIONS": bed.PRELOADABLE}
        self.start(configuration([mse.port]))
        self.agent.wait("nl80211 cannot be asked: .*AF_NETLINK")
        mse.wait_session()
        self.agent.wait("session up")
        self.assertEqual(self.agent.terminate(), 0)
        self.assertEqual(len([line for line in self.agent.lines if "cannot be asked" in line]), 1)

    def test_without_radios_it_says_what_it_looked_for_and_keeps_its_session(self):
        mse = self.mse()
        self.start(configuration([mse.port]))
        self.agent.wait("(?i)nl80211|radio")
        answer = mse.wait_session()
        capability = next(one for one in mse.of("message") if one["message"] == "capability-notification")
        self.assertEqual(answer["services"]["names"],
                         [name for name in ["rssi-ms"] if name in capability["services"]["names"]])
        self.assertTrue([line for line in self.agent.report() if "radio: sources: " in line])
        self.assertEqual(mse.of("disconnected"), [])
        self.assert_no_violation(mse)

    def test_without_a_configuration_it_runs_empty_says_what_to_do_and_takes_one_up(self):
        self.agent.start()
        self.agent.wait("error: %s: there is no such file" % self.agent.config)
        self.agent.wait("write a configuration")
        self.agent.wait("an empty configuration is running instead")
        self.agent.wait("NMSP is switched off")
        self.assertTrue([line for line in self.agent.report() if "startup: origin=empty" in line])
        mse = self.mse()
        self.agent.reload(configuration([mse.port]))
        mse.wait_session()
        self.assertEqual([line for line in self.agent.report() if "startup: fault" in line], [])

    def test_a_bad_configuration_at_start_is_left_alone_and_reported_with_path_and_reason(self):
        config = configuration()
        config["nmspd-nmsp:nmsp"]["notification"]["client-notify-interval"] = 0
        self.start(config)
        path, reason = "/nmspd-nmsp:nmsp/notification/client-notify-interval", ".*1 to 180 seconds"
        self.agent.wait("error: .*" + path + reason)
        self.agent.wait("an empty configuration is running instead")
        report = "\n".join(self.agent.report())
        self.assertRegex(report, "startup: fault: .*path=" + path)
        self.assertRegex(report, "startup: fault: reason: " + reason)
        with open(self.agent.config, encoding="ascii") as file:
            self.assertEqual(json.load(file), config)

    def test_a_bad_configuration_at_start_lets_the_last_good_one_run(self):
        mse = self.mse()
        self.start(configuration([mse.port]))
        mse.wait_session()
        until(lambda: os.path.exists(self.agent.config + ".good"), "the last good configuration")
        self.assertEqual(self.agent.terminate(), 0)
        mark = self.agent.mark()
        self.start({"nmspd-nmsp:nmsp": {"enable": "perhaps"}})
        self.agent.wait("the last good configuration is running instead", mark)
        self.agent.wait("session up with", mark)

    def check(self, text):
        path = os.path.join(self.agent.folder, "checked.json")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        done = subprocess.run([bed.PROGRAM, "--check", path], capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def test_check_looks_at_a_configuration_without_starting(self):
        self.assertEqual(self.check("{}"), (0, ""))
        status, reason = self.check('{"nmspd-nmsp:nmsp": {"enable": "perhaps"}}')
        self.assertEqual(status, 2)
        self.assertIn("/nmspd-nmsp:nmsp/enable", reason)
        status, reason = self.check("{")
        self.assertEqual(status, 2)
        self.assertIn("checked.json", reason)

    def test_options_that_it_does_not_have_are_told_with_the_usage(self):
        for arguments in (["--nonsense"], ["file"], ["--event-buffer", "4096x"], ["--event-buffer", "0"]):
            done = subprocess.run([bed.PROGRAM, *arguments], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage: nmspd", done.stderr)
        done = subprocess.run([bed.PROGRAM, "--version"], capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, r"^nmspd \d")


class Sessions(bed.Case):
    def hold_session(self, mse, version):
        connected = mse.wait("connected")
        self.assertEqual(connected["tls"], "TLSv" + version)
        mse.wait_session()
        self.agent.wait("session up with %s.* TLSv%s" % (mse.mac, version))
        self.assert_no_violation(mse)
        # A clean end: exit 0, and the server saw close_notify.
        self.assertEqual(self.agent.terminate(), 0)
        self.assertEqual(mse.wait("disconnected")["reason"], "closed by the agent")
        self.agent.wait("nmspd: stopped")

    def test_it_connects_with_tls_1_2(self):
        mse = self.mse("--tls", "1.2")
        self.start(configuration([mse.port]))
        self.hold_session(mse, "1.2")

    def test_it_connects_with_tls_1_3(self):
        mse = self.mse("--tls", "1.3")
        self.start(configuration([("localhost", mse.port, mse.mac)]))
        self.hold_session(mse, "1.3")

    def test_it_connects_and_listens_over_ipv6(self):
        port = free_port()
        mse = self.mse("--listen", "[::1]:0")
        self.start(configuration([("::1", mse.port, mse.mac)], listen=port))
        self.agent.wait(r"server \[::1\]:%d: session up with %s at \[::1\]:%d" % (mse.port, mse.mac, mse.port))
        other = self.mse(mac=bed.SERVER_MACS[1], connect="[::1]:%d" % port)
        self.agent.wait(r"from \[::1\]:\d+: session up with " + other.mac)
        for one in mse, other:
            one.wait_session()
            self.assert_no_violation(one)

    def test_a_certificate_that_names_no_mac_gets_in_by_its_key_hash_alone_which_is_logged(self):
        port = free_port()
        for mac in bed.SERVER_MACS[:2]:
            where = os.path.join(self.agent.folder, mac.replace(":", ""))
            bed.Keys.made[mac, "nameless"] = bed.identity.make_certificate(where, mac, cn="mse.example.net")
            self.addCleanup(bed.Keys.made.pop, (mac, "nameless"))
        mse = self.mse("--mac", bed.SERVER_MACS[0], key_name="nameless")
        config = configuration([mse.port], users=bed.SERVER_MACS[:2], listen=port)
        for entry, mac in zip(config["nmspd-aaa:aaa"]["attribute-list"], bed.SERVER_MACS):
            entry["password"] = bed.Keys.hash(mac, "nameless")
        self.start(config)
        said = r"its certificate \(CN=mse\.example\.net\) names no MAC; it is taken for user %s by its key hash alone$"
        self.agent.wait("server 127.0.0.1:%d: %s" % (mse.port, said % bed.SERVER_MACS[0]))
        other = self.mse("--mac", bed.SERVER_MACS[1], mac=bed.SERVER_MACS[1], connect=port, key_name="nameless")
        self.agent.wait(r"from 127\.0\.0\.1:\d+: " + said % bed.SERVER_MACS[1])
        for one in mse, other:
            one.wait_session()
            self.assertEqual(len(self.agent.said(said % one.mac)), 1)

    def test_it_listens_with_tls_1_2(self):
        port = free_port()
        self.start(configuration(listen=port))
        self.agent.wait("listener: waiting")
        self.hold_session(self.mse("--tls", "1.2", connect=port), "1.2")

    def test_it_listens_with_tls_1_3(self):
        port = free_port()
        self.start(configuration(listen=port))
        self.agent.wait("listener: waiting")
        self.hold_session(self.mse("--tls", "1.3", connect=port), "1.3")

    def assert_nothing_was_said(self, mse):
        self.assertEqual(mse.of("message"), [])
        for event in mse.of("disconnected"):
            self.assertEqual(event["app_bytes_received"], 0)

    def test_a_server_whose_key_is_not_listed_is_refused_and_told_nothing(self):
        for version in ("1.2", "1.3"):
            with self.subTest(version=version):
                mse = self.mse("--tls", version, key_name="stranger")
                mark = self.agent.mark()
                self.start(configuration([mse.port]))
                self.agent.wait("no session: .*not let in", mark)
                self.agent.wait("it presented .*SHA2 key hash " + bed.Keys.hash(mse.mac, "stranger"), mark)
                mse.wait("handshake-failed")
                self.assertEqual(self.agent.terminate(), 0)
                self.assert_nothing_was_said(mse)

    def test_an_inbound_server_whose_key_is_not_listed_is_refused_and_told_nothing(self):
        port = free_port()
        for version in ("1.2", "1.3"):
            with self.subTest(version=version):
                mark = self.agent.mark()
                self.start(configuration(listen=port))
                self.agent.wait("listener: waiting", mark)
                mse = self.mse("--tls", version, connect=port, key_name="stranger")
                self.agent.wait("from 127.0.0.1.*no session: not let in", mark)
                until(lambda: mse.of("handshake-failed") + mse.of("disconnected"), "the server sees its end")
                self.assertEqual(self.agent.terminate(), 0)
                self.assert_nothing_was_said(mse)

    def test_a_server_that_is_another_one_than_configured_is_refused(self):
        mse = self.mse(mac=SERVER_MACS[1])
        self.start(configuration([("127.0.0.1", mse.port, SERVER_MACS[0])]))
        self.agent.wait("no session: .*not let in")
        mse.wait("handshake-failed")
        self.assert_nothing_was_said(mse)

    def test_dialling_and_accepting_the_same_server_at_once_gives_one_stable_session(self):
        port = free_port()
        listening = self.mse()
        self.start(configuration([listening.port], listen=port))
        self.agent.wait("listener: waiting")
        dialling = self.mse("--retry", "0.2", connect=port)
        listening.wait_session()
        # However often the other one tries: the session that the agent initiated stays.
        self.agent.wait("its MAC has a session already")
        attempts = lambda: len(dialling.of("disconnected")) + len(dialling.of("handshake-failed"))  # noqa: E731
        seen = attempts()
        until(lambda: attempts() >= seen + 3, "three more tries")
        self.assertEqual(listening.of("disconnected"), [])
        self.assertEqual(len(self.agent.said("server .* session up")), 1)
        active = [line for line in self.agent.report() if " phase=active " in line]
        self.assertEqual(len(active), 1)
        self.assertIn("server 127.0.0.1", active[0])

    def test_a_configured_server_that_came_in_by_itself_is_not_dialled(self):
        port = free_port()
        self.start(configuration(listen=port))
        self.agent.wait("listener: waiting")
        dialling = self.mse(connect=port)
        dialling.wait_session()
        target = self.mse()
        self.agent.reload(configuration([("127.0.0.1", target.port, target.mac)], listen=port))
        self.agent.wait("not dialled, because its MAC has a session already")
        self.assertTrue([line for line in self.agent.report() if " phase=held " in line])
        self.assertEqual(target.of("connected"), [])
        dialling.stop()  # and now it is free
        target.wait_session()


if __name__ == "__main__":
    unittest.main(verbosity=2)
