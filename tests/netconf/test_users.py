#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: NACM for users of UNIX, whose sessions come through the relay as those users."""

import grp
import os
import pwd
import signal
import unittest

import netconf_bed
from netconf_bed import config, find, until

NACM = "<nacm:nacm>%s</nacm:nacm>"
STRANGER = 65534
READ = "<get-config><source><running/></source></get-config>"


def rule(name, action, operations="*", path=None, module=None, rpc=None, notification=None):
    parts = [("name", name), ("module-name", module), ("path", path), ("rpc-name", rpc),
             ("notification-name", notification), ("access-operations", operations), ("action", action)]
    return "<nacm:rule>%s</nacm:rule>" % "".join("<nacm:%s>%s</nacm:%s>" % (key, value, key)
                                                 for key, value in parts if value)


def rules(group, *content):
    return NACM % ("<nacm:rule-list><nacm:name>bed</nacm:name><nacm:group>%s</nacm:group>%s</nacm:rule-list>"
                   % (group, "".join(content)))


@unittest.skipIf(os.geteuid() != 0, "only root can be another user")
class Users(netconf_bed.Case):
    ssh = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.name = pwd.getpwuid(STRANGER).pw_name
        cls.group = grp.getgrgid(os.stat(cls.management).st_gid).gr_name

    def stranger(self):
        # With the group of the socket, as an operator would put the user in it.
        return self.relay("setpriv", "--reuid", str(STRANGER), "--regid", str(os.stat(self.management).st_gid),
                          "--clear-groups")

    def denied(self, session, content, path=None):
        reply = session.rpc(content)
        self.assertEqual(find(reply, "nc:rpc-error/nc:error-tag"), ["access-denied"])
        if path:
            self.assertEqual(find(reply, "nc:rpc-error/nc:error-path"), [path])

    def edit(self, content, target="running"):
        return "<edit-config><target><%s/></target>%s</edit-config>" % (target, config(content))

    def test_a_user_without_the_sockets_group_does_not_get_in(self):
        relay = netconf_bed.subprocess.run(["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER),
                                            "--clear-groups", netconf_bed.RELAY, "--socket", self.management],
                                           stdin=netconf_bed.subprocess.DEVNULL, capture_output=True, text=True,
                                           check=False)
        self.assertEqual((relay.returncode, relay.stdout), (1, ""))
        self.assertIn("ermission denied", relay.stderr)

    def test_the_user_is_the_one_that_the_relay_runs_as(self):
        user = self.stranger()
        user.running()  # its hello was read
        data = self.admin.data('<get><filter type="subtree"><ncm:netconf-state><ncm:sessions/></ncm:netconf-state>'
                               "</filter></get>")
        self.assertEqual(find(data, "//ncm:session[ncm:session-id=%s]/ncm:username" % user.id), [self.name])

    def test_by_default_others_read_and_may_not_write_nor_do_what_disrupts(self):
        user = self.stranger()
        self.assertEqual(find(user.running(), "sys:system/sys:hostname"), ["bed"])
        self.denied(user, self.edit("<sys:system><sys:hostname>x</sys:hostname></sys:system>"),
                    "/nmspd-system:system/nmspd-system:hostname")
        for content in ("<nmsp:clear-statistics/>", "<nmsp:renew-certificate/>", "<trace:clear-trace/>",
                        "<nmsp:reconnect><nmsp:all/></nmsp:reconnect>",
                        "<kill-session><session-id>%s</session-id></kill-session>" % self.admin.id,
                        "<delete-config><target><startup/></target></delete-config>"):
            self.denied(user, content)
        self.assertEqual(user.errors("<nmsp:live-summary/>"), [])
        self.assertEqual(self.hostname(), ["bed"])

    def test_without_rules_others_neither_lock_nor_commit_nor_save(self):
        user = self.stranger()
        self.admin.edit_ok("<sys:system><sys:hostname>roots</sys:hostname></sys:system>", "candidate")
        for content in ("<copy-config><target><startup/></target><source><running/></source></copy-config>",
                        "<discard-changes/>", "<commit/>", "<cancel-commit/>",
                        "<commit><confirmed/><confirm-timeout>4294967295</confirm-timeout><persist>x</persist></commit>",
                        "<lock><target><running/></target></lock>", "<lock><target><candidate/></target></lock>",
                        "<unlock><target><running/></target></unlock>",
                        "<validate><source><candidate/></source></validate>"):
            self.denied(user, content)
        self.admin.ok("<commit/>")
        self.assertEqual(self.hostname(), ["roots"])

    def test_a_hand_edit_that_waits_for_sighup_is_not_saved_over(self):
        copy = "<copy-config><target><startup/></target><source><running/></source>%s</copy-config>"
        self.addCleanup(self.back_to_startup)
        self.agent.configure({"nmspd-system:system": {"hostname": "by-hand", "base-mac": netconf_bed.bed.BASE_MAC}})
        reply = self.admin.rpc(copy % "")
        self.assertEqual(find(reply, "nc:rpc-error/nc:error-app-tag"), ["startup-changed"])
        self.agent.process.send_signal(signal.SIGHUP)
        until(lambda: self.hostname() == ["by-hand"], "the hand edit is running")
        self.admin.edit_ok("<sys:system><sys:hostname>saved</sys:hostname></sys:system>")
        self.admin.ok(copy % "")
        self.agent.configure({"nmspd-system:system": {"hostname": "lost", "base-mac": netconf_bed.bed.BASE_MAC}})
        self.admin.ok(copy % '<force xmlns="urn:nmspd:yang:nmspd-netconf"/>')
        self.agent.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.hostname(), ["saved"])

    def back_to_startup(self):
        self.agent.configure(self.startup)
        self.agent.process.send_signal(signal.SIGHUP)
        until(lambda: self.hostname() == ["bed"], "what was before the test is running")

    def test_a_user_has_four_sessions_and_root_more(self):
        users = [self.stranger() for _ in range(4)]
        self.assertEqual(find(users[3].running(), "sys:system/sys:hostname"), ["bed"])
        with self.assertRaises((EOFError, ConnectionError)):
            self.stranger().running()
        for _ in range(5):
            self.assertEqual(find(self.raw().running(), "sys:system/sys:hostname"), ["bed"])

    def test_the_rules_of_nacm_cannot_be_guessed_by_edits(self):
        self.admin.edit_ok(rules("*", rule("host", "permit", path="/sys:system/sys:hostname")))
        user = self.stranger()
        for operation in ("create", "delete", "remove", "merge", "replace"):
            for name in ("bed", "another"):
                for target in ("running", "candidate"):
                    self.denied(user, self.edit('<nacm:nacm><nacm:rule-list nc:operation="%s"><nacm:name>%s</nacm:name>'
                                                "</nacm:rule-list></nacm:nacm>" % (operation, name), target))
        user.edit_ok("<sys:system><sys:hostname>theirs</sys:hostname></sys:system>")

    def test_the_rules_of_nacm_itself_are_hidden_from_others(self):
        self.admin.edit_ok(rules("*", rule("r", "permit", "read", module="nmspd-system")))
        self.assertEqual(find(self.stranger().running(), "nacm:nacm"), [])
        self.assertEqual(find(self.admin.running(), "nacm:nacm/nacm:rule-list/nacm:name"), ["bed"])

    def test_what_may_not_be_read_is_not_there_for_get_and_filters_alike(self):
        self.admin.edit_ok("<aaa:aaa><aaa:attribute-list><aaa:name>A</aaa:name><aaa:password>%s</aaa:password>"
                           "</aaa:attribute-list></aaa:aaa>" % ("1" * 40))
        self.admin.edit_ok(rules("*", rule("hash", "deny", "read",
                                           path="/aaa:aaa/aaa:attribute-list/aaa:password"),
                                 rule("system", "deny", "read", module="nmspd-system")))
        user = self.stranger()
        for content in (READ, "<get/>", '<get-config><source><running/></source><filter type="xpath" '
                        'select="/aaa:aaa/aaa:attribute-list"/></get-config>'):
            data = user.data(content)
            self.assertEqual(find(data, "//aaa:attribute-list/aaa:name"), ["A"])
            self.assertEqual(find(data, "//aaa:password | sys:system | sys:system-state"), [])
        for select in ("/aaa:aaa/aaa:attribute-list[starts-with(aaa:password,'1')]",
                       "/aaa:aaa/aaa:attribute-list[aaa:password='%s']" % ("1" * 40)):
            data = user.data('<get-config><source><running/></source><filter type="xpath" select="%s"/></get-config>'
                             % select)
            self.assertEqual(len(data), 0)

    def test_a_rule_for_a_path_permits_that_and_nothing_beside_it(self):
        self.admin.edit_ok(rules("*", rule("host", "permit", path="/sys:system/sys:hostname")))
        user = self.stranger()
        user.edit_ok("<sys:system><sys:hostname>theirs</sys:hostname></sys:system>")
        self.assertEqual(self.hostname(), ["theirs"])
        self.denied(user, self.edit("<sys:system><sys:base-mac>02:00:00:00:00:99</sys:base-mac></sys:system>"),
                    "/nmspd-system:system/nmspd-system:base-mac")
        self.denied(user, self.edit("<sys:system><sys:hostname>x</sys:hostname></sys:system><trace:trace>"
                                    "<trace:level>debug</trace:level></trace:trace>"),
                    "/nmspd-trace:trace/nmspd-trace:level")
        self.assertEqual(self.hostname(), ["theirs"])  # whole or not at all

    def test_the_candidate_is_no_way_around(self):
        user = self.stranger()
        change = "<trace:trace><trace:level>debug</trace:level></trace:trace>"
        reply = user.rpc(self.edit(change, "candidate"))
        tags = find(reply, "nc:rpc-error/nc:error-tag")
        self.assertEqual(tags, ["access-denied"])
        self.denied(user, "<copy-config><target><running/></target><source>%s</source></copy-config>"
                    % config(netconf_bed.SYSTEM + change))
        self.assertEqual(find(self.admin.running(), "trace:trace/trace:level"), [])

    def test_groups_of_unix_count_and_can_be_switched_off(self):
        self.admin.edit_ok(rules(self.group, rule("host", "permit", path="/sys:system/sys:hostname")))
        user = self.stranger()
        user.edit_ok("<sys:system><sys:hostname>group</sys:hostname></sys:system>")
        self.admin.edit_ok(NACM % "<nacm:enable-external-groups>false</nacm:enable-external-groups>")
        self.denied(user, self.edit("<sys:system><sys:hostname>x</sys:hostname></sys:system>"))

    def test_a_group_of_the_configuration_counts_at_once_for_sessions_that_are_there(self):
        user = self.stranger()
        self.denied(user, "<nmsp:clear-statistics/>")
        self.admin.edit_ok(NACM % ("<nacm:groups><nacm:group><nacm:name>ops</nacm:name><nacm:user-name>%s"
                                   "</nacm:user-name></nacm:group></nacm:groups>" % self.name))
        self.admin.edit_ok(rules("ops", rule("all", "permit")))
        user.ok("<nmsp:clear-statistics/>")
        self.admin.edit_ok('<nacm:nacm nc:operation="delete"/>')
        self.denied(user, "<nmsp:clear-statistics/>")

    def test_notifications_are_held_back_from_who_may_not_have_them(self):
        self.admin.edit_ok(rules("*", rule("start", "deny", module="ietf-netconf-notifications",
                                           notification="netconf-session-start")))
        user = self.stranger()
        user.ok("<ev:create-subscription/>")
        third = self.raw()
        third.ok("<close-session/>")
        first = user.wait_notification("ncn:*")
        self.assertTrue(first.xpath("ncn:netconf-session-end", namespaces=netconf_bed.SPACES))

    def test_root_is_the_recovery_session_whatever_the_rules_say(self):
        self.admin.edit_ok(NACM % ("<nacm:read-default>deny</nacm:read-default><nacm:exec-default>deny"
                                   "</nacm:exec-default>"))
        self.admin.edit_ok(rules("*", rule("none", "deny")))
        self.assertEqual(self.hostname(), ["bed"])
        self.admin.ok("<nmsp:clear-statistics/>")
        user = self.stranger()
        self.denied(user, READ)
        self.denied(user, "<get/>")
        user.ok("<close-session/>")  # which nobody can be denied

    def test_denials_are_counted(self):
        counts = '<get><filter type="subtree"><nacm:nacm/></filter></get>'
        before = [int(find(self.admin.data(counts), "//nacm:" + name)[0])
                  for name in ("denied-operations", "denied-data-writes")]
        user = self.stranger()
        self.denied(user, "<nmsp:clear-statistics/>")
        self.denied(user, self.edit("<sys:system><sys:hostname>x</sys:hostname></sys:system>"))
        after = [int(find(self.admin.data(counts), "//nacm:" + name)[0])
                 for name in ("denied-operations", "denied-data-writes")]
        self.assertEqual(after, [before[0] + 1, before[1] + 1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
