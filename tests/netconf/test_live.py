#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes over NETCONF while location servers are served: what they touch happens at once, what they do not touch goes
on, and no client of the door delays anything."""

import re
import time
import unittest

import netconf_bed
import scene
from netconf_bed import SPACES, SYSTEM, Background, bed, config, find, op, seed, until

ONE, TWO = bed.SERVER_MACS[:2]


class Live(netconf_bed.Case):
    scene = True

    def setUp(self):
        super().setUp()
        self.first = self.mse()
        self.pid = self.agent.process.pid
        self.agent.scene(*scene.APS, "join %s ap=0" % scene.ALICE, "hear %s ap=0 rssi=-45 every=100" % scene.ALICE)

    def peer(self, mac):
        """The state of the peer with this MAC, or None."""
        found = [one for one in self.admin.peers() if find(one, "nmsp:mac") == [mac]]
        return found[0] if found else None

    def facts(self, mac):
        """Number of its connection, and how much was sent on it."""
        peer = self.peer(mac)
        return tuple(int(find(peer, "nmsp:" + name)[0]) for name in ("connection", "counters/nmsp:sent-frames"))

    def apply(self, content):
        self.admin.edit_ok(content + SYSTEM, more="<default-operation>replace</default-operation>")

    def assert_undisturbed(self, mse, connection):
        """Still the connection that it was, and more comes on it."""
        before = self.facts(mse.mac)
        self.assertEqual(before[0], connection)
        until(lambda: self.facts(mse.mac)[1] > before[1], "more is sent on it")
        self.assertEqual(self.facts(mse.mac)[0], connection)
        self.assertEqual((mse.of("disconnected"), len(mse.of("connected"))), ([], 1))

    def test_the_configuration_brings_a_session_up_and_without_the_user_it_is_down(self):
        m = self.client()
        m.create_subscription()
        m.edit_config(config(SYSTEM + seed([ONE, TWO], [self.first.port])), target="candidate")
        m.commit()
        self.first.wait_session()
        event = self.notified(m, "nmsp:session-up")
        self.assertEqual(find(event, ".//nmsp:mac") + find(event, ".//nmsp:direction"), [ONE, "outbound"])

        second = self.mse(mac=TWO)
        m.edit_config(config("<nmsp:nmsp><nmsp:server><nmsp:host>127.0.0.1</nmsp:host><nmsp:port>%d</nmsp:port>"
                             "</nmsp:server></nmsp:nmsp>" % second.port), target="running")
        second.wait_session()
        connection = self.facts(TWO)[0]

        user = "<aaa:aaa><aaa:user nc:operation='delete'><aaa:mac>%s</aaa:mac></aaa:user></aaa:aaa>"
        m.edit_config(config(user % ONE), target="candidate")
        self.assertEqual(self.first.of("disconnected"), [])  # not before the commit
        m.commit()
        self.first.wait("disconnected")
        event = self.notified(m, "nmsp:session-down[nmsp:mac='%s']" % ONE)
        self.assertGreater(len(find(event, ".//nmsp:reason")[0]), 8)
        refused = self.notified(m, "nmsp:peer-refused")
        self.assertEqual(find(refused, ".//nmsp:code"), ["unknown-mac"])
        self.assertIn("username", " ".join(find(refused, ".//nmsp:line")))
        self.assert_undisturbed(second, connection)
        self.assertEqual(self.agent.process.poll(), None)
        self.assertEqual(self.agent.process.pid, self.pid)
        self.assertEqual(len(self.agent.said("identity: certificate ")), 1)  # said at a start

    @staticmethod
    def notified(watcher, path):
        while True:
            found = watcher.take_notification(timeout=netconf_bed.PATIENCE)
            if found is None:
                raise AssertionError("no notification came: " + path)
            if found.notification_ele.xpath(path, namespaces=SPACES):
                return found.notification_ele

    def test_a_confirmed_commit_that_nobody_confirms_takes_its_sessions_along(self):
        self.apply(seed([TWO], [self.first.port]))
        second = self.mse(mac=TWO)
        self.admin.edit_ok(seed([TWO], [second.port]))
        second.wait_session()
        connection = self.facts(TWO)[0]
        m = self.client()
        m.edit_config(config(seed([ONE])), target="candidate")
        m.commit(confirmed=True, timeout="2")
        self.first.wait_session()
        self.first.wait("disconnected")  # when the time is up
        self.assertEqual(find(self.admin.running(), "//aaa:user/aaa:mac"), [TWO])
        self.assert_undisturbed(second, connection)

    def test_a_session_that_is_killed_during_its_confirmed_commit_leaves_the_old_configuration_live(self):
        self.apply(seed([TWO], [self.first.port]))
        for kill in (lambda one: self.admin.ok("<kill-session><session-id>%s</session-id></kill-session>"
                                               % one.session_id),
                     lambda one: one._session.transport.close()):
            m = self.client()
            m.edit_config(config(seed([ONE])), target="candidate")
            m.commit(confirmed=True, timeout="600")
            self.first.wait_session()
            kill(m)
            self.first.wait("disconnected")
            self.assertEqual(find(self.admin.running(), "//aaa:user/aaa:mac"), [TWO])

    def test_a_change_that_is_refused_changes_no_session(self):
        self.apply(seed([ONE], [self.first.port]))
        self.first.wait_session()
        connection = self.facts(ONE)[0]
        m = self.client()
        for content in ('<aaa:aaa nc:operation="delete"/><sys:system><sys:capacity><sys:devices>100</sys:devices>'
                        "<sys:samples>50</sys:samples></sys:capacity></sys:system>",
                        '<aaa:aaa nc:operation="delete"/><nmsp:nmsp nc:operation="create"/>'):
            self.refused(m.edit_config, config(content), target="running")
        self.assert_undisturbed(self.first, connection)

    def test_each_setting_reaches_a_session_that_is_up_as_it_is_documented(self):
        self.apply(seed([ONE, TWO], [self.first.port]))
        self.first.wait_session()
        self.admin.edit_ok("<nmsp:nmsp><nmsp:strong-cipher>true</nmsp:strong-cipher></nmsp:nmsp>")
        self.assert_undisturbed(self.first, self.facts(ONE)[0])
        lists = ("<aaa:aaa><aaa:credential-download nc:operation='%s'><aaa:name>wcm_loc_serv_cert</aaa:name>"
                 "<aaa:method>local</aaa:method></aaa:credential-download></aaa:aaa>")
        server = ("<nmsp:nmsp><nmsp:server><nmsp:host>127.0.0.1</nmsp:host><nmsp:port>%d</nmsp:port><nmsp:mac>%%s"
                  "</nmsp:mac></nmsp:server></nmsp:nmsp>" % self.first.port)
        diagnosis = '<get><filter type="subtree"><nmsp:nmsp-state><nmsp:diagnosis/></nmsp:nmsp-state></filter></get>'
        for taken, given, code in (
                ("<aaa:aaa><aaa:new-model>false</aaa:new-model></aaa:aaa>",
                 "<aaa:aaa><aaa:new-model>true</aaa:new-model></aaa:aaa>", "no-new-model"),
                (lists.replace("<aaa:method>local</aaa:method>", "") % "delete", lists % "create", "no-method-list"),
                (server % TWO, server % ONE, "wrong-server")):
            mark = self.agent.mark()
            self.admin.edit_ok(taken)
            self.assertEqual(self.first.wait("disconnected")["reason"], "closed by the agent")
            self.agent.wait("session down after .*: not let in any more: ", mark)
            until(lambda: code in find(self.admin.data(diagnosis), "//nmsp:diagnosis/nmsp:code"), code)
            self.admin.edit_ok(given)
            self.first.wait_session()

    def test_the_agents_rpc_reconnect_ends_one_session_alone(self):
        second = self.mse(mac=TWO)
        self.apply(seed([ONE, TWO], [second.port]))
        second.wait_session()
        connection = self.facts(TWO)[0]
        port = bed.free_port()
        self.admin.edit_ok("<nmsp:nmsp><nmsp:listen><nmsp:port>%d</nmsp:port></nmsp:listen></nmsp:nmsp>" % port)
        self.agent.wait("listener: waiting")
        third = self.mse(connect=port)
        third.wait_session()
        self.admin.edit_ok("<nmsp:nmsp><nmsp:listen nc:operation='delete'/></nmsp:nmsp>")
        self.assert_undisturbed(second, connection)
        reply = self.admin.rpc("<nmsp:reconnect><nmsp:address>127.0.0.1</nmsp:address></nmsp:reconnect>")
        self.assertGreaterEqual(int(find(reply, "nmsp:peers")[0]), 1)
        second.wait("disconnected")
        second.wait_session()

    def test_devices_are_read_in_pages_by_mac_and_by_ap(self):
        macs = ["02:00:00:00:01:%02x" % n for n in range(25)]
        self.agent.scene(*scene.APS, *("hear %s ap=%d rssi=-50" % (mac, n % 2) for n, mac in enumerate(macs)))
        m = self.client()

        def page(content=""):
            return netconf_bed.etree.fromstring(
                m.rpc(op("<loc:read-devices>%s</loc:read-devices>" % content)).xml.encode())

        until(lambda: len(find(page("<loc:limit>100</loc:limit>"), "loc:device")) >= 25, "all are known")
        seen, after, pages = [], "", 0
        while True:
            got = page("<loc:limit>10</loc:limit>" + after)
            found = find(got, "loc:device/loc:mac")
            self.assertLessEqual(len(found), 10)
            seen += found
            pages += 1
            following = find(got, "loc:next")
            if not following:
                break
            after = "<loc:after>%s</loc:after>" % following[0]
        self.assertEqual(sorted(mac for mac in seen if mac in macs), macs)
        self.assertGreaterEqual(pages, 3)
        one = page("<loc:mac>%s</loc:mac>" % macs[3].replace(":", "").upper())
        self.assertEqual(find(one, "loc:device/loc:mac"), [macs[3]])
        self.assertEqual(find(one, "loc:device/loc:reading/loc:rssi"), ["-50"])
        heard = page("<loc:ap-mac>%s</loc:ap-mac><loc:limit>100</loc:limit>" % scene.AP1)
        self.assertEqual(sorted(set(find(heard, "loc:device/loc:mac")) & set(macs)), macs[1::2])

    # --- delay

    def test_a_client_that_floods_or_stalls_delays_neither_another_client_nor_a_location_server(self):
        self.apply(seed([ONE], [self.first.port]))
        self.first.wait_session()
        self.first.wait_picture(scene.ALICE)
        connection = self.facts(ONE)[0]

        stalls = [self.raw(), self.raw(hello=False)]
        stalls[0].socket.setblocking(False)
        half = self.raw()
        half.send_bytes(b"\n#4000000\n<rpc")  # and never the rest
        with self.assertRaises(BlockingIOError):  # it asks, and never reads an answer
            while True:
                stalls[0].post("<get/>")
        flood = self.raw()
        stop = []

        def ask():
            while not stop:
                flood.post("<get-config><source><running/></source></get-config>")
                flood.reply()
                asked.append(1)

        asked = []
        flooding = Background(ask)
        m = self.client()
        told = self.told()
        for _ in range(10):
            self.assertEqual(find(m.get_config("running").data_ele, "sys:system/sys:hostname"), ["bed"])
        until(lambda: self.told() >= told + 3, "the location server is told as before")
        stop.append(1)
        flooding.wait()
        self.assertGreater(len(asked), 100)
        self.assertEqual(self.facts(ONE)[0], connection)
        self.assert_no_violation(self.first)

    def told(self):
        return len([one for one in self.first.of("message") if one["message"] == "measurement-notification"])

    def assert_no_violation(self, mse):
        self.assertEqual((mse.of("violation"), mse.of("malformed")), ([], []))


class Idle(netconf_bed.Case):
    def wake_ups(self):
        """The kernel's count: asking the agent for its own would wake it."""
        with open("/proc/%d/status" % self.agent.process.pid, encoding="ascii") as file:
            return sum(int(number) for number in re.findall(r"^\w*voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M))

    def is_calm(self):
        before = self.wake_ups()
        time.sleep(0.3)
        return self.wake_ups() == before

    def test_four_sessions_that_say_nothing_wake_nobody(self):
        sessions = [self.client() for _ in range(4)]
        sessions[0].create_subscription()
        until(self.is_calm, "what their beginning has left to do is done")
        before = self.wake_ups()
        time.sleep(3)  # the subject: what happens in it is counted
        self.assertEqual(self.wake_ups() - before, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
