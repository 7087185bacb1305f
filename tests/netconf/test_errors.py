#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every error that the agent can give, provoked through ncclient over OpenSSH, and compared field by field."""

import os
import re
import shutil
import unittest

import netconf_bed
from netconf_bed import BASE, config, etree, find, op

AAA = "/nmspd-aaa:aaa"
LIST = AAA + "/nmspd-aaa:attribute-list[nmspd-aaa:name='%s']"
USER = AAA + "/nmspd-aaa:user[nmspd-aaa:mac='00:50:56:00:00:01']"
SYSTEM = "/nmspd-system:system"


def edit(content, target="running", more=""):
    return "<edit-config><target><%s/></target>%s%s</edit-config>" % (target, more, config(content))


def attribute_list(name, attribute="", more=""):
    return "<aaa:aaa><aaa:attribute-list%s><aaa:name>%s</aaa:name>%s</aaa:attribute-list></aaa:aaa>" % (
        attribute, name, more)


def system(content, attribute=""):
    return "<sys:system%s>%s</sys:system>" % (attribute, content)


def fields(error):
    """type, tag, path, app-tag and what stands in error-info; None for what is not there."""
    info = etree.fromstring(error.info.encode()) if error.info else []
    return {"type": error.type, "tag": error.tag, "path": error.path, "app": error.app_tag,
            "info": {etree.QName(one).localname: one.text for one in info}}


def expect(tag, path=None, app=None, kind="application", **info):
    return {"type": kind, "tag": tag, "path": path, "app": app,
            "info": {name.replace("_", "-"): value for name, value in info.items()}}


class Errors(netconf_bed.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.m = cls.sshd.connect()
        cls.addClassCleanup(cls.leave, cls.m)

    def gives(self, content, *expected, by=None):
        """The operation is refused with exactly these errors, each with a severity and a sentence."""
        errors = self.refused((by or self.m).rpc, op(content))
        self.assertEqual([fields(error) for error in errors], list(expected))
        for error in errors:
            self.assertEqual(error.severity, "error")
            self.assertGreater(len(error.message), 8)

    def text_gives(self, text, *expected):
        """The same for a message that is no rpc of ncclient's making: (type, tag, info)."""
        raw = self.raw()
        raw.send(text)
        reply = raw.reply()
        told = [(find(error, "nc:error-type")[0], find(error, "nc:error-tag")[0],
                 {etree.QName(one).localname: one.text for one in error.findall("{%s}error-info/*" % BASE)})
                for error in reply.findall("{%s}rpc-error" % BASE)]
        self.assertEqual(told, list(expected))
        return raw

    # --- data

    def test_data_exists(self):
        self.gives(edit(system('<sys:hostname nc:operation="create">x</sys:hostname>')),
                   expect("data-exists", SYSTEM + "/nmspd-system:hostname"))
        self.admin.edit_ok(attribute_list("A"))
        self.gives(edit(attribute_list("A", ' nc:operation="create"')), expect("data-exists", LIST % "A"))

    def test_data_missing(self):
        self.gives(edit(attribute_list("B", ' nc:operation="delete"')), expect("data-missing", LIST % "B"))
        self.admin.edit_ok(system('<sys:hostname nc:operation="delete"/>'))
        self.gives(edit(system('<sys:hostname nc:operation="delete"/>')),
                   expect("data-missing", SYSTEM + "/nmspd-system:hostname"))
        self.gives(edit(attribute_list("B"), more="<default-operation>none</default-operation>"),
                   expect("data-missing", LIST % "B"))

    def test_data_missing_for_a_mandatory_leaf(self):
        self.gives(edit("<aaa:aaa><aaa:user><aaa:mac>00:50:56:00:00:01</aaa:mac></aaa:user></aaa:aaa>"),
                   expect("data-missing", USER + "/nmspd-aaa:attribute-list"))

    def test_invalid_value_is_told_with_the_path_and_the_sentence_of_the_module(self):
        content = edit(attribute_list("A", more="<aaa:password>%s</aaa:password>" % ("1" * 39)))
        self.gives(content, expect("invalid-value", LIST % "A" + "/nmspd-aaa:password"))
        error, = self.refused(self.m.rpc, op(content))
        self.assertIn("has 39 hex digits", error.message)
        self.gives(edit("<loc:location><loc:expiry><loc:client>4</loc:client></loc:expiry></loc:location>"),
                   expect("invalid-value", "/nmspd-location:location/nmspd-location:expiry/nmspd-location:client"))
        self.gives(edit("<trace:trace><trace:level>loud</trace:level></trace:trace>"),
                   expect("invalid-value", "/nmspd-trace:trace/nmspd-trace:level"))
        self.gives(edit("<nmsp:nmsp><nmsp:enable>maybe</nmsp:enable></nmsp:nmsp>", "candidate"),
                   expect("invalid-value", "/nmspd-nmsp:nmsp/nmspd-nmsp:enable"))

    def test_unknown_element_in_data(self):
        self.gives(edit(system("<sys:nothing>1</sys:nothing>")),
                   expect("unknown-element", SYSTEM + "/nmspd-system:nothing", bad_element="nothing"))
        self.gives(edit("<nmsp:nmsp-state><nmsp:enabled>true</nmsp:enabled></nmsp:nmsp-state>"),
                   expect("unknown-element", "/nmspd-nmsp:nmsp-state", bad_element="nmsp-state"))

    def test_unknown_namespace_in_data(self):
        self.gives(edit('<top xmlns="urn:example:nobody"/>'),
                   expect("unknown-namespace", None, bad_element="top", bad_namespace="urn:example:nobody"))

    def test_bad_element_for_what_stands_twice(self):
        self.gives(edit(system("<sys:hostname>a</sys:hostname><sys:hostname>b</sys:hostname>")),
                   expect("bad-element", SYSTEM + "/nmspd-system:hostname", bad_element="hostname"))

    def test_missing_element_for_a_list_without_its_key(self):
        self.gives(edit("<aaa:aaa><aaa:attribute-list><aaa:password>%s</aaa:password></aaa:attribute-list></aaa:aaa>"
                        % ("1" * 40)),
                   expect("missing-element", AAA + "/nmspd-aaa:attribute-list", bad_element="name"))

    def test_bad_attribute(self):
        self.gives(edit(system('<sys:hostname nc:operation="destroy">x</sys:hostname>')),
                   expect("bad-attribute", SYSTEM + "/nmspd-system:hostname", bad_attribute="operation",
                          bad_element="hostname"))

    def test_unknown_attribute(self):
        self.gives(edit(system('<sys:hostname nc:urgency="high">x</sys:hostname>')),
                   expect("unknown-attribute", SYSTEM + "/nmspd-system:hostname", bad_attribute="urgency",
                          bad_element="hostname"))
        self.gives(edit(attribute_list("A", ' xmlns:y="urn:ietf:params:xml:ns:yang:1" y:insert="first"')),
                   expect("unknown-attribute", LIST % "A", bad_attribute="insert", bad_element="attribute-list"))

    # --- constraints

    def test_operation_failed_for_a_must(self):
        self.gives(edit(system("<sys:capacity><sys:devices>100</sys:devices><sys:samples>50</sys:samples>"
                               "</sys:capacity>")),
                   expect("operation-failed", SYSTEM + "/nmspd-system:capacity", "too-few-samples"))

    def test_operation_failed_for_too_many_elements(self):
        servers = "".join("<nmsp:server><nmsp:host>h%d</nmsp:host><nmsp:port>1</nmsp:port></nmsp:server>" % n
                          for n in range(17))
        self.gives(edit("<nmsp:nmsp>%s</nmsp:nmsp>" % servers),
                   expect("operation-failed", "/nmspd-nmsp:nmsp/nmspd-nmsp:server", "too-many-elements"))

    def test_operation_failed_for_two_spellings_of_one_key(self):
        content = "<aaa:attribute-list><aaa:name>A</aaa:name></aaa:attribute-list>" + "".join(
            "<aaa:user><aaa:mac>%s</aaa:mac><aaa:attribute-list>A</aaa:attribute-list></aaa:user>" % mac
            for mac in ("00:50:56:00:00:01", "005056000001"))
        errors = self.refused(self.m.rpc, op(edit("<aaa:aaa>%s</aaa:aaa>" % content)))
        self.assertEqual({error.tag for error in errors}, {"invalid-value"})
        self.assertIn("nmspd-aaa:user", errors[0].path)

    def test_a_refused_commit_names_the_same_errors_and_changes_nothing(self):
        self.m.rpc(op(edit(system("<sys:capacity><sys:devices>100</sys:devices><sys:samples>50</sys:samples>"
                                  "</sys:capacity>"), "candidate", "<test-option>set</test-option>")))
        for content in ("<commit/>", "<validate><source><candidate/></source></validate>"):
            self.gives(content, expect("operation-failed", SYSTEM + "/nmspd-system:capacity", "too-few-samples"))
        self.assertEqual(self.hostname(), ["bed"])

    def test_several_errors_come_together(self):
        bad = "<loc:location><loc:expiry>%s</loc:expiry></loc:location>"
        errors = self.refused(self.m.rpc, op(edit(
            bad % "<loc:client>1</loc:client><loc:tags>1</loc:tags>",
            more="<error-option>continue-on-error</error-option>")))
        self.assertEqual(sorted(re.sub(".*:", "", error.path) for error in errors), ["client", "tags"])

    # --- locks and sessions

    def test_lock_denied_says_who_holds_it(self):
        other = self.client()
        other.lock("running")
        held = {"kind": "protocol", "session_id": other.session_id}
        self.gives("<lock><target><running/></target></lock>", expect("lock-denied", **held))
        other.unlock("running")
        self.admin.edit_ok(system("<sys:hostname>changed</sys:hostname>"), "candidate")
        self.gives("<lock><target><candidate/></target></lock>",
                   expect("lock-denied", kind="protocol", session_id="0"))

    def test_in_use_for_changes_under_anothers_lock(self):
        other = self.client()
        for target in ("running", "candidate", "startup"):
            other.lock(target)
        for content in (edit(system("<sys:hostname>x</sys:hostname>")),
                        edit(system("<sys:hostname>x</sys:hostname>"), "candidate"), "<commit/>",
                        "<discard-changes/>",
                        "<copy-config><target><running/></target><source>%s</source></copy-config>" % config(),
                        "<copy-config><target><startup/></target><source><running/></source></copy-config>",
                        "<delete-config><target><startup/></target></delete-config>"):
            self.gives(content, expect("in-use"))

    def test_an_xpath_without_a_bound_is_refused_by_name(self):
        for select, tag, word in (("//*[re-match('aaaaaaaaaaaaaaaaaaaaaa!','(a+)+[bc]')]", "operation-not-supported",
                                   "re-match"),
                                  ("//*[//*[//*]]", "resource-denied", "too long"),
                                  ("/a[%s1]" % ("-" * 100000), "too-big", "2500")):
            reply = self.admin.rpc('<get><filter type="xpath" select="%s"/></get>' % select)
            self.assertEqual(find(reply, "nc:rpc-error/nc:error-tag"), [tag])
            self.assertIn(word, find(reply, "nc:rpc-error/nc:error-message")[0])

    def test_in_use_while_anothers_confirmed_commit_waits(self):
        other = self.client()
        other.edit_config(config(system("<sys:hostname>wait</sys:hostname>")), target="candidate")
        other.commit(confirmed=True, timeout="60")
        error, = self.refused(self.m.rpc, op(edit(system("<sys:hostname>x</sys:hostname>"))))
        self.assertEqual(error.tag, "in-use")
        other.cancel_commit()

    def test_unlocking_what_is_not_locked_fails(self):
        self.gives("<unlock><target><running/></target></unlock>", expect("operation-failed"))

    def test_killing_a_session_that_is_not_there_or_the_own_is_an_invalid_value(self):
        for number in ("4000000000", self.m.session_id):
            self.gives("<kill-session><session-id>%s</session-id></kill-session>" % number,
                       expect("invalid-value", kind="protocol"))

    def test_a_startup_that_cannot_be_written_fails_and_stays_what_it_was(self):
        self.m.copy_config("running", "startup")
        aside = self.agent.config + ".aside"
        os.rename(self.agent.config, aside)
        os.makedirs(os.path.join(self.agent.config, "in-the-way"))
        self.admin.edit_ok(system("<sys:hostname>unsaved</sys:hostname>"))
        try:
            self.gives("<copy-config><target><startup/></target><source><running/></source></copy-config>",
                       expect("operation-failed"))
        finally:
            shutil.rmtree(self.agent.config)
            os.rename(aside, self.agent.config)
        startup = self.m.get_config("startup").data_ele
        self.assertEqual(find(startup, "sys:system/sys:hostname"), ["bed"])
        self.m.copy_config("running", "startup")
        self.assertEqual(find(self.m.get_config("startup").data_ele, "sys:system/sys:hostname"), ["unsaved"])

    # --- rpcs

    def test_operation_not_supported(self):
        self.gives("<restart/>", expect("operation-not-supported", kind="protocol"))
        self.gives("<ev:create-subscription><ev:startTime>2026-01-01T00:00:00Z</ev:startTime></ev:create-subscription>",
                   expect("operation-not-supported", kind="protocol", bad_element="startTime"))

    def test_unknown_namespace_and_unknown_element_in_an_rpc(self):
        self.gives('<reboot xmlns="urn:example:nobody"/>',
                   expect("unknown-namespace", kind="protocol", bad_element="reboot",
                          bad_namespace="urn:example:nobody"))
        self.gives("<get><depth>1</depth></get>", expect("unknown-element", kind="protocol", bad_element="depth"))

    def test_missing_element_in_an_rpc(self):
        for content, element in (("<get-config/>", "source"), ("<lock/>", "target"),
                                 ("<edit-config>%s</edit-config>" % config(), "target"),
                                 ("<kill-session/>", "session-id"), ("<nmsp:reconnect/>", None)):
            error, = self.refused(self.m.rpc, op(content))
            with self.subTest(content=content):
                self.assertEqual((error.type, error.tag), ("protocol", "missing-element"))
                if element:
                    self.assertEqual(fields(error)["info"], {"bad-element": element})
                else:
                    self.assertEqual(error.app_tag, "missing-choice")

    def test_bad_element_in_an_rpc(self):
        self.gives("<get-config><source><running/></source><source><running/></source></get-config>",
                   expect("bad-element", "/ietf-netconf:get-config/ietf-netconf:source", kind="protocol",
                          bad_element="source"))

    def test_invalid_value_in_an_rpc(self):
        self.gives("<kill-session><session-id>0</session-id></kill-session>",
                   expect("invalid-value", kind="protocol", bad_element="session-id"))
        self.gives("<get-config><source><running/></source><wd:with-defaults>report-all-tagged</wd:with-defaults>"
                   "</get-config>", expect("invalid-value", kind="protocol", bad_element="with-defaults"))
        self.gives("<ncm:get-schema><ncm:identifier>no-such</ncm:identifier></ncm:get-schema>", expect("invalid-value"))
        self.gives('<copy-config><target><running/></target><source><running/></source></copy-config>',
                   expect("invalid-value", kind="protocol"))
        self.gives('<get><filter type="xpath" select="/sys:system["/></get>',
                   expect("invalid-value", kind="protocol", bad_attribute="select", bad_element="filter"))
        self.gives("<commit><persist-id>nobody</persist-id></commit>", expect("invalid-value"))

    def test_missing_and_bad_attribute_of_a_filter(self):
        self.gives('<get><filter type="xpath"/></get>',
                   expect("missing-attribute", kind="protocol", bad_attribute="select", bad_element="filter"))
        self.gives('<get><filter type="magic"/></get>',
                   expect("bad-attribute", kind="protocol", bad_attribute="type", bad_element="filter"))

    def test_a_second_subscription_fails(self):
        other = self.client()
        other.create_subscription()
        self.gives("<ev:create-subscription/>", expect("operation-failed", kind="protocol"), by=other)

    # --- messages

    def test_missing_attribute_for_an_rpc_without_a_message_id(self):
        raw = self.text_gives('<rpc xmlns="%s"><get/></rpc>' % BASE,
                              ("rpc", "missing-attribute", {"bad-attribute": "message-id", "bad-element": "rpc"}))
        self.assertEqual(find(raw.running(), "sys:system/sys:hostname"), ["bed"])  # the session goes on

    def test_malformed_message(self):
        for text in ("<rpc", "<rpc message-id='1' xmlns='%s'><get></rpc>" % BASE, "hello", "<a/><b/>",
                     "<!DOCTYPE rpc [<!ENTITY a 'b'>]><rpc message-id='1' xmlns='%s'><get/></rpc>" % BASE):
            with self.subTest(text=text):
                raw = self.text_gives(text, ("rpc", "malformed-message", {}))
                self.assertEqual(find(raw.running(), "sys:system/sys:hostname"), ["bed"])

    def test_what_is_no_rpc_is_an_unknown_element(self):
        self.text_gives('<notify message-id="1" xmlns="%s"/>' % BASE,
                        ("rpc", "unknown-element", {"bad-element": "notify"}))
        self.text_gives('<rpc message-id="1" xmlns="%s"/>' % BASE, ("rpc", "missing-element", {"bad-element": "rpc"}))
        self.text_gives('<rpc message-id="1" xmlns="%s"><get/><get/></rpc>' % BASE,
                        ("rpc", "unknown-element", {"bad-element": "get"}))

    def test_attributes_of_the_rpc_come_back(self):
        raw = self.raw()
        raw.send('<rpc message-id="a &lt; b" xmlns="%s" xmlns:x="urn:x" x:user="me"><get-config><source><running/>'
                 "</source></get-config></rpc>" % BASE)
        self.assertEqual(dict(raw.reply().attrib), {"message-id": "a < b", "{urn:x}user": "me"})

    def test_broken_framing_ends_the_session(self):
        for data in (b"\n#0\n", b"\n#99999999999\n", b"rpc", b"\n#-1\n", b"\n#4\n<a/>\n#x"):
            with self.subTest(data=data):
                raw = self.raw()
                raw.send_bytes(data)
                self.assertEqual(raw.ended(), [])

    def test_a_message_that_is_too_long_ends_the_session(self):
        raw = self.raw()
        with self.assertRaises((EOFError, ConnectionError)):
            raw.send_bytes(b"\n#8388608\n")
            for _ in range(8):
                raw.send_bytes(b" " * (1 << 20))
            raw.read()
        self.agent.wait("sent a message of more than")

    def test_a_hello_without_a_common_base_or_with_a_session_id_ends_the_session(self):
        for content in ("<capabilities><capability>urn:ietf:params:netconf:base:9</capability></capabilities>",
                        "<capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities>"
                        "<session-id>1</session-id>", ""):
            with self.subTest(content=content):
                raw = self.raw(hello=False)
                raw.send('<hello xmlns="%s">%s</hello>' % (BASE, content))
                self.assertEqual(len(raw.ended()), 1)  # the agent's own hello

    # --- size

    def test_too_big_for_a_filter_of_too_many_elements(self):
        self.gives('<get><filter type="subtree"><sys:system>%s</sys:system></filter></get>' % ("<sys:x/>" * 2100),
                   expect("too-big", kind="protocol"))

    def test_resource_denied_for_an_xpath_expression_that_would_take_too_long(self):
        self.gives('<get><filter type="xpath" select="//*[//*[//*]]"/></get>', expect("resource-denied", kind="protocol"))
        self.assertEqual(self.hostname(), ["bed"])

    def test_too_big_for_a_reply_and_a_filter_helps(self):
        self.admin.edit_ok("<nacm:nacm><nacm:enable-nacm>true</nacm:enable-nacm>%s</nacm:nacm>" % "".join(
            "<nacm:rule-list><nacm:name>%d</nacm:name><nacm:rule><nacm:name>r</nacm:name><nacm:action>permit"
            "</nacm:action><nacm:comment>%s</nacm:comment></nacm:rule></nacm:rule-list>" % (n, "x" * 10000)
            for n in range(110)))
        content = "<get-config><source><running/></source>%s</get-config>"
        self.gives(content % "", expect("too-big"))
        found = self.m.rpc(op(content % '<filter type="subtree"><sys:system/></filter>'))
        self.assertEqual(find(etree.fromstring(found.xml.encode()), "//sys:hostname"), ["bed"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
