#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients as their users use them: ncclient given XML as text, and scrapligo's bytes."""

import unittest

import netconf_bed
from netconf_bed import BASE, BASE_1_1, SPACES, find

SYSTEM = '<system xmlns="%s"/>' % SPACES["sys"]
HOSTNAME = '<config><system xmlns="%s"><hostname%%s>%%s</hostname></system></config>' % SPACES["sys"]


class Ncclient(netconf_bed.Case):
    """What it is given as text stands under its prefixed <rpc> as it is, without a namespace."""

    def setUp(self):
        super().setUp()
        self.m = self.client()

    def names(self, reply):
        data = reply.data_ele
        return find(data, "sys:system/sys:hostname"), [child.tag.split("}")[1] for child in data]

    def test_a_filter_given_as_text_selects(self):
        for text in ("<filter>%s</filter>", '<filter type="subtree">%s</filter>',
                     '<filter xmlns="%s" type="subtree">%%s</filter>' % BASE):
            for ask in (self.m.get, lambda filter: self.m.get_config("running", filter=filter)):
                with self.subTest(text=text, ask=ask):
                    self.assertEqual(self.names(ask(filter=text % SYSTEM))[1], ["system"])
        self.assertEqual(self.names(self.m.get(filter="<filter><system/></filter>")), (["bed"], ["system"]))

    def test_an_xpath_filter_given_as_text_selects(self):
        for prefix in ("", "nc:"):
            text = '<filter xmlns:nc="%s" xmlns:s="%s" %stype="xpath" %sselect="/s:system/s:hostname"/>' % (
                BASE, SPACES["sys"], prefix, prefix)
            self.assertEqual(self.names(self.m.get(filter=text)), (["bed"], ["system"]))

    def test_a_config_given_as_text_is_done(self):
        self.assertTrue(self.m.edit_config(HOSTNAME % ("", "<!-- new -->txt"), target="running").ok)
        self.assertEqual(self.hostname(), ["txt"])

    def test_what_would_not_be_done_is_not_ok(self):
        for attribute in ('operation="delete"', 'insert="first"', 'xmlns:nc="urn:other" nc:operation="delete"'):
            error, = self.refused(self.m.edit_config, HOSTNAME % (" " + attribute, "x"), target="running")
            self.assertEqual((error.tag, error.path), ("unknown-attribute", "/nmspd-system:system/nmspd-system:hostname"))
        error, = self.refused(self.m.edit_config, "<config>garbage</config>", target="running",
                              default_operation="replace")
        self.assertEqual(error.tag, "bad-element")
        self.assertEqual(self.hostname(), ["bed"])

    def test_a_subscription_with_a_filter_is_had(self):
        ends = '<netconf-session-end xmlns="%s"/>' % SPACES["ncn"]
        self.assertTrue(self.m.create_subscription(filter=("subtree", ends)).ok)
        self.raw().close()
        event = self.m.take_notification(timeout=netconf_bed.PATIENCE)
        self.assertIn("netconf-session-end", event.notification_xml)


class Scrapligo(netconf_bed.Case):
    """It begins a message without a line feed and ends it with one or two more."""

    def test_its_bytes_are_answered_one_by_one(self):
        hello = ('<?xml version="1.0" encoding="utf-8"?>\n    <hello xmlns="%s">\n        <capabilities>\n'
                 "            <capability>%s</capability>\n        </capabilities>\n    </hello>]]>]]>\n" % (BASE, BASE_1_1))
        made = netconf_bed.Raw(command=[netconf_bed.RELAY, "--socket", self.management], hello=False)
        self.addCleanup(made.close)
        made.read()
        made.send_bytes(hello.encode())
        made.chunked = True
        for number in range(101, 104):
            rpc = ('<?xml version="1.0" encoding="UTF-8"?><rpc xmlns="%s" message-id="%d"><get-config><source><running>'
                   '</running></source><filter type="subtree">%s</filter></get-config></rpc>' % (BASE, number, SYSTEM))
            made.send_bytes(b"#%d\n%s\n##\n\n" % (len(rpc), rpc.encode()))
            reply = made.reply()
            self.assertEqual(reply.get("message-id"), str(number))
            self.assertEqual(find(reply, "nc:data/sys:system/sys:hostname"), ["bed"])

    def test_what_cannot_be_read_is_closed_and_told(self):
        mark = self.agent.mark()
        made = self.raw()
        made.send_bytes(b"<rpc/>]]>]]>")
        self.assertEqual(made.ended(), [])
        self.agent.wait(r"management: session %s \(\w+\) sent what is no chunk.*: closed" % made.id, mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
