#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ncclient over OpenSSH: hello, every operation and every capability that is advertised."""

import os
import signal
import unittest

import netconf_bed
from netconf_bed import BASE, SPACES, Background, bed, config, etree, find, op, until

CAPABILITY = "urn:ietf:params:netconf:capability:"
PROTOCOL = {
    "urn:ietf:params:netconf:base:1.0",
    "urn:ietf:params:netconf:base:1.1",
    CAPABILITY + "writable-running:1.0",
    CAPABILITY + "candidate:1.0",
    CAPABILITY + "confirmed-commit:1.1",
    CAPABILITY + "rollback-on-error:1.0",
    CAPABILITY + "validate:1.1",
    CAPABILITY + "startup:1.0",
    CAPABILITY + "xpath:1.0",
    CAPABILITY + "with-defaults:1.0?basic-mode=explicit&also-supported=report-all,trim",
    CAPABILITY + "notification:1.0",
    CAPABILITY + "interleave:1.0",
}
NETCONF_FEATURES = {"writable-running", "candidate", "confirmed-commit", "rollback-on-error", "validate", "startup",
                    "xpath"}
OWN = ("aaa", "location", "netconf", "nmsp", "radio", "system", "trace")


def hostname(text, operation=None):
    attribute = ' nc:operation="%s"' % operation if operation else ""
    return config("<sys:system><sys:hostname%s>%s</sys:hostname></sys:system>" % (attribute, text))


class Operations(netconf_bed.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.m = cls.sshd.connect()
        cls.addClassCleanup(cls.leave, cls.m)

    def get(self, path, source="running", **options):
        return find(self.m.get_config(source, **options).data_ele, path)

    def name(self, source="running"):
        return self.get("sys:system/sys:hostname", source)

    # --- hello

    def test_the_hello_lists_the_protocols_capabilities_and_each_module_once(self):
        told = list(self.m.server_capabilities)
        self.assertEqual({uri for uri in told if "module=" not in uri and "capability:yang-library" not in uri}, PROTOCOL)
        library = [uri for uri in told if "capability:yang-library" in uri]
        self.assertEqual(len(library), 1)
        self.assertRegex(library[0], r"yang-library:1\.1\?revision=2019-01-04&content-id=\d+$")
        modules = [uri for uri in told if "module=" in uri]
        self.assertEqual(len({uri.split("module=")[1].split("&")[0] for uri in modules}), len(modules))
        for name in OWN:
            self.assertIn("urn:nmspd:yang:nmspd-%s?module=nmspd-%s&revision=2026-11-23" % (name, name), modules)
        base = [uri for uri in modules if "module=ietf-netconf&" in uri]
        self.assertEqual(set(base[0].split("features=")[1].split(",")), NETCONF_FEATURES)
        self.assertGreater(int(self.m.session_id), 0)

    def test_the_state_of_the_protocol_says_the_same_as_the_hello(self):
        data = self.m.get(filter=("subtree", '<netconf-state xmlns="%s"/>' % SPACES["ncm"])).data_ele
        self.assertEqual(sorted(find(data, "ncm:netconf-state/ncm:capabilities/ncm:capability")),
                         sorted(self.m.server_capabilities))
        self.assertIn(self.m.session_id, find(data, "//ncm:sessions/ncm:session/ncm:session-id"))
        self.assertEqual(find(data, "//ncm:session[ncm:session-id=%s]/ncm:username" % self.m.session_id),
                         [netconf_bed.ROOT])
        self.assertEqual(set(find(data, "//ncm:datastore/ncm:name")), {"running", "candidate", "startup"})
        self.assertIn("nmspd-nmsp", find(data, "//ncm:schema/ncm:identifier"))

    def test_the_yang_library_has_the_content_id_of_the_hello(self):
        data = self.m.get(filter=("subtree", '<yang-library xmlns="%s"/>' % SPACES["library"])).data_ele
        told = [uri for uri in self.m.server_capabilities if "capability:yang-library" in uri][0]
        self.assertEqual(find(data, "library:yang-library/library:content-id"), [told.split("content-id=")[1]])

    # --- get, get-config

    def test_get_config_gives_what_was_set(self):
        self.assertEqual(self.name(), ["bed"])
        self.assertEqual(self.get("*[not(self::sys:system)]"), [])

    def test_a_subtree_filter_selects_by_containment_and_content(self):
        self.admin.edit_ok("<aaa:aaa>%s</aaa:aaa>" % "".join(
            "<aaa:attribute-list><aaa:name>%s</aaa:name><aaa:password>%s</aaa:password></aaa:attribute-list>"
            % (name, digit * 40) for name, digit in (("A", "1"), ("B", "2"))))
        spec = '<aaa xmlns="%s"><attribute-list><name>B</name><password/></attribute-list></aaa>' % SPACES["aaa"]
        found = self.m.get_config("running", filter=("subtree", spec)).data_ele
        self.assertEqual(find(found, "//aaa:password"), ["2" * 40])
        self.assertEqual(find(found, "//aaa:name"), ["B"])
        self.assertEqual(find(found, "sys:system"), [])
        nothing = '<aaa xmlns="%s"><user><mac>00:50:56:9c:34:89</mac></user></aaa>' % SPACES["aaa"]
        self.assertEqual(len(self.m.get_config("running", filter=("subtree", nothing)).data_ele), 0)

    def test_an_xpath_filter_selects_what_it_says(self):
        self.admin.edit_ok("<aaa:aaa>%s</aaa:aaa>" % "".join(
            "<aaa:attribute-list><aaa:name>%s</aaa:name></aaa:attribute-list>" % name for name in "AB"))
        spec = ({"a": SPACES["aaa"]}, "/a:aaa/a:attribute-list[a:name='A']")
        found = self.m.get_config("running", filter=("xpath", spec)).data_ele
        self.assertEqual(find(found, "//aaa:name"), ["A"])
        spec = ({"n": SPACES["nmsp"]}, "/n:nmsp-state/n:enabled")
        self.assertEqual(find(self.m.get(filter=("xpath", spec)).data_ele, "//nmsp:enabled"), ["false"])

    def test_get_gives_state_beside_the_configuration(self):
        data = self.m.get().data_ele
        self.assertEqual(find(data, "sys:system/sys:hostname"), ["bed"])
        self.assertEqual(find(data, "nmsp:nmsp-state/nmsp:base-mac"), [bed.BASE_MAC])
        self.assertEqual(find(data, "//streams:stream/streams:name"), ["NETCONF"])
        self.assertEqual(find(data, "//streams:stream/streams:replaySupport"), ["false"])
        hashes = find(data, "//nmsp:certificate/nmsp:sha2-key-hash")
        facts = bed.identity.certificate_facts(bed.identity.read_certificate(self.agent.certificate()))
        self.assertIn(facts["key_sha256"], hashes)
        self.assertNotIn(b"PRIVATE", etree.tostring(data))

    def test_with_defaults_explicit_report_all_and_trim(self):
        explicit = "<loc:location><loc:expiry><loc:client>15</loc:client></loc:expiry></loc:location>"
        self.admin.edit_ok(explicit)
        path = "loc:location/loc:expiry/loc:%s"
        self.assertEqual(self.get(path % "client"), ["15"])  # the basic mode is explicit
        self.assertEqual(self.get(path % "tags"), [])
        self.assertEqual(self.get(path % "client", with_defaults="explicit"), ["15"])
        self.assertEqual(self.get(path % "tags", with_defaults="explicit"), [])
        self.assertEqual(self.get(path % "client", with_defaults="report-all"), ["15"])
        self.assertEqual(self.get(path % "tags", with_defaults="report-all"), ["5"])
        self.assertEqual(self.get(path % "client", with_defaults="trim"), [])
        self.assertEqual(self.get("sys:system/sys:hostname", with_defaults="trim"), ["bed"])
        data = self.m.get(with_defaults="report-all").data_ele
        self.assertEqual(find(data, path % "tags"), ["5"])

    # --- edit-config

    def test_merge_replace_create_delete_and_remove(self):
        self.m.edit_config(hostname("one"), target="running")
        self.assertEqual(self.name(), ["one"])
        self.m.edit_config(hostname("two", "merge"), target="running")
        self.assertEqual(self.name(), ["two"])
        self.m.edit_config(hostname("three", "replace"), target="running")
        self.assertEqual(self.name(), ["three"])
        self.m.edit_config(hostname("three", "delete"), target="running")
        self.assertEqual(self.name(), [])
        self.m.edit_config(hostname("four", "create"), target="running")
        self.assertEqual(self.name(), ["four"])
        self.m.edit_config(hostname("four", "remove"), target="running")
        self.m.edit_config(hostname("four", "remove"), target="running")
        self.assertEqual(self.name(), [])
        self.assertEqual(self.get("sys:system/sys:base-mac"), [bed.BASE_MAC])

    def test_replace_of_a_container_takes_what_is_not_given(self):
        self.m.edit_config(config('<sys:system nc:operation="replace"><sys:hostname>x</sys:hostname></sys:system>'),
                           target="running")
        self.assertEqual((self.name(), self.get("sys:system/sys:base-mac")), (["x"], []))

    def test_a_leaf_without_a_value_can_be_deleted(self):
        self.m.edit_config(hostname("", "delete"), target="running")
        self.assertEqual(self.name(), [])

    def test_default_operation_merge_replace_and_none(self):
        self.m.edit_config(hostname("merged"), target="running", default_operation="merge")
        self.assertEqual((self.name(), len(self.get("sys:system/sys:base-mac"))), (["merged"], 1))
        self.m.edit_config(hostname("nothing"), target="running", default_operation="none")
        self.assertEqual(self.name(), ["merged"])
        self.m.edit_config(hostname("asked", "replace"), target="running", default_operation="none")
        self.assertEqual(self.name(), ["asked"])
        self.m.edit_config(hostname("replaced"), target="running", default_operation="replace")
        self.assertEqual((self.name(), self.get("sys:system/sys:base-mac")), (["replaced"], []))

    def test_test_option_set_test_then_set_and_test_only(self):
        self.m.edit_config(hostname("tested"), target="candidate", test_option="test-only")
        self.assertEqual(self.name("candidate"), ["bed"])
        self.m.edit_config(hostname("tested"), target="candidate", test_option="test-then-set")
        self.assertEqual(self.name("candidate"), ["tested"])
        self.m.edit_config(hostname("set"), target="candidate", test_option="set")
        self.assertEqual(self.name("candidate"), ["set"])
        self.m.discard_changes()

    def test_error_option_decides_what_is_left_of_an_edit(self):
        bad = ("<sys:system><sys:hostname>good</sys:hostname></sys:system>"
               '<aaa:aaa><aaa:user nc:operation="delete"><aaa:mac>00:50:56:00:00:01</aaa:mac></aaa:user></aaa:aaa>')
        for option, left in (("rollback-on-error", "bed"), ("stop-on-error", "bed"), ("continue-on-error", "good")):
            with self.subTest(option=option):
                errors = self.refused(self.m.edit_config, config(bad), target="candidate", error_option=option)
                self.assertEqual([error.tag for error in errors], ["data-missing"])
                self.assertEqual(self.name("candidate"), [left])
                self.m.discard_changes()

    # --- candidate

    def test_the_candidate_reaches_running_by_commit_only_and_can_be_discarded(self):
        self.m.edit_config(hostname("next"), target="candidate")
        self.assertEqual((self.name("candidate"), self.name()), (["next"], ["bed"]))
        self.m.discard_changes()
        self.assertEqual(self.name("candidate"), ["bed"])
        self.m.edit_config(hostname("next"), target="candidate")
        self.m.validate("candidate")
        self.m.commit()
        self.assertEqual(self.name(), ["next"])

    def test_validate_refuses_a_candidate_that_does_not_hold_together(self):
        self.m.edit_config(config("<aaa:aaa><aaa:user><aaa:mac>00:50:56:9c:34:89</aaa:mac></aaa:user></aaa:aaa>"),
                           target="candidate", test_option="set")
        for action in (lambda: self.m.validate("candidate"), self.m.commit):
            errors = self.refused(action)
            self.assertIn("attribute-list", errors[0].path)
        self.m.discard_changes()
        self.m.validate("running")
        self.m.validate(etree.fromstring(hostname("inline")))

    # --- copy-config, delete-config

    def test_startup_is_written_by_copy_config_and_taken_at_the_next_start(self):
        self.addCleanup(self.agent.configure, self.startup)
        self.m.edit_config(hostname("saved"), target="running")
        self.m.copy_config("running", "startup")
        self.assertEqual(self.name("startup"), ["saved"])
        with open(self.agent.config, encoding="utf-8") as file:
            self.assertIn('"saved"', file.read())
        self.m.copy_config("startup", "candidate")
        self.m.copy_config("candidate", "running")
        self.assertEqual(self.name(), ["saved"])
        self.m.delete_config("startup")
        self.assertEqual(self.m.get_config("startup").data_ele.xpath("*"), [])
        self.m.copy_config("running", "startup")
        self.assertEqual(self.name("startup"), ["saved"])

    def test_an_inline_configuration_can_be_copied(self):
        source = "<nc:source xmlns:nc=\"%s\">%s</nc:source>" % (BASE, hostname("inline"))
        self.m.copy_config(source, "candidate")
        self.assertEqual(self.name("candidate"), ["inline"])
        self.m.discard_changes()

    # --- locks

    def test_locks_hold_others_off_until_they_are_given_back(self):
        other = self.client()
        for target in ("running", "candidate", "startup"):
            with self.subTest(target=target):
                self.m.lock(target)
                error, = self.refused(other.lock, target)
                self.assertEqual(error.tag, "lock-denied")
                self.assertIn("<session-id>%s<" % self.m.session_id, error.info.replace("nc:", ""))
                data = self.m.get(filter=("subtree", '<netconf-state xmlns="%s"><datastores/></netconf-state>'
                                          % SPACES["ncm"])).data_ele
                self.assertEqual(find(data, "//ncm:datastore[ncm:name='%s']//ncm:locked-by-session" % target),
                                 [self.m.session_id])
                self.m.unlock(target)
                other.lock(target)
                other.unlock(target)

    def test_a_lock_ends_with_its_session(self):
        other = self.client()
        other.lock("running")
        other.close_session()
        until(lambda: "lock-denied" not in self.admin.errors("<lock><target><running/></target></lock>"), "it is free")
        self.admin.ok("<unlock><target><running/></target></unlock>")

    # --- confirmed commit

    def test_a_confirmed_commit_stays_when_it_is_confirmed(self):
        self.m.edit_config(hostname("sure"), target="candidate")
        self.m.commit(confirmed=True, timeout="60")
        self.assertEqual(self.name(), ["sure"])
        self.m.commit()
        error, = self.refused(self.m.cancel_commit)  # none is left
        self.assertEqual(error.tag, "operation-failed")
        self.assertEqual(self.name(), ["sure"])

    def test_a_confirmed_commit_is_taken_back_by_cancel_commit(self):
        self.m.edit_config(hostname("no"), target="candidate")
        self.m.commit(confirmed=True, timeout="60")
        self.m.cancel_commit()
        self.assertEqual(self.name(), ["bed"])
        self.m.discard_changes()

    def test_a_confirmed_commit_is_taken_back_at_its_time_out(self):
        self.m.edit_config(hostname("late"), target="candidate")
        self.m.commit(confirmed=True, timeout="1")
        self.assertEqual(self.name(), ["late"])
        until(lambda: self.name() == ["bed"], "the old configuration is back")
        self.m.discard_changes()

    def test_a_persistent_confirmed_commit_outlives_its_session(self):
        other = self.client()
        other.edit_config(hostname("kept"), target="candidate")
        other.commit(confirmed=True, timeout="60", persist="token")
        other.close_session()
        until(lambda: not self.admin.data('<get><filter type="subtree"><ncm:netconf-state><ncm:sessions><ncm:session>'
                                          "<ncm:session-id>%s</ncm:session-id></ncm:session></ncm:sessions>"
                                          "</ncm:netconf-state></filter></get>" % other.session_id).xpath("*"),
              "its session is gone")
        self.assertEqual(self.name(), ["kept"])
        error, = self.refused(self.m.commit, persist_id="wrong")
        self.assertEqual(error.tag, "invalid-value")
        self.m.commit(persist_id="token")
        self.assertEqual(self.name(), ["kept"])

    def test_a_persistent_confirmed_commit_is_cancelled_by_whoever_has_its_name(self):
        other = self.client()
        other.edit_config(hostname("kept"), target="candidate")
        other.commit(confirmed=True, timeout="60", persist="token")
        self.m.cancel_commit(persist_id="token")
        self.assertEqual(self.name(), ["bed"])
        other.discard_changes()

    # --- what one client may do to others

    def test_a_confirmed_commit_without_a_change_waits_for_nothing(self):
        other = self.client()
        other.commit(confirmed=True, timeout="86400", persist="x")
        self.assertEqual(self.admin.errors("<cancel-commit/>"), ["operation-failed"])
        self.admin.edit_ok("<sys:system><sys:hostname>free</sys:hostname></sys:system>")
        self.assertEqual(self.name(), ["free"])

    def test_a_confirmed_commit_waits_for_a_day_at_most(self):
        self.m.edit_config(hostname("kept"), target="candidate")
        error, = self.refused(self.m.commit, confirmed=True, timeout="4294967295")
        self.assertEqual(error.tag, "invalid-value")
        self.assertIn("86400", error.message)
        self.m.discard_changes()

    def test_sighup_ends_a_confirmed_commit_that_waits(self):
        other = self.client()
        other.edit_config(hostname("waits"), target="candidate")
        other.commit(confirmed=True, timeout="600", persist="x")
        self.agent.process.send_signal(signal.SIGHUP)
        until(lambda: self.name() == ["bed"], "what startup holds is running")
        self.assertTrue(self.agent.said("the confirmed commit that waited .* is cancelled"))
        self.assertEqual(self.admin.errors("<cancel-commit/>"), ["operation-failed"])

    def test_root_confirms_what_another_session_left_waiting(self):
        other = self.client()
        other.edit_config(hostname("kept"), target="candidate")
        other.commit(confirmed=True, timeout="60", persist="token")
        self.m.commit()
        self.assertEqual(self.name(), ["kept"])
        error, = self.refused(self.m.cancel_commit)
        self.assertEqual(error.tag, "operation-failed")

    # --- sessions

    def test_kill_session_ends_another_session_and_close_session_the_own(self):
        other = self.client()
        self.m.kill_session(other.session_id)
        until(lambda: not other.connected, "it is closed")
        third = self.client()
        self.assertTrue(third.close_session().ok)

    # --- schemas

    def test_get_schema_gives_each_module_that_is_listed(self):
        data = self.m.get(filter=("subtree", '<netconf-state xmlns="%s"><schemas/></netconf-state>'
                                  % SPACES["ncm"])).data_ele
        schemas = data.xpath("//ncm:schema", namespaces=SPACES)
        self.assertGreater(len(schemas), 15)
        for schema in schemas:
            name, version = (find(schema, "ncm:" + leaf)[0] for leaf in ("identifier", "version"))
            text = self.admin.rpc("<ncm:get-schema><ncm:identifier>%s</ncm:identifier><ncm:version>%s</ncm:version>"
                                  "</ncm:get-schema>" % (name, version)).findtext("{%s}data" % SPACES["ncm"])
            self.assertRegex(text, r"(sub)?module %s\b" % name)
        with open(os.path.join(netconf_bed.HERE, "..", "..", "config", "yang", "nmspd-nmsp.yang"),
                  encoding="utf-8") as file:
            text = file.read()
        got = self.m.get_schema("nmspd-nmsp", "2026-11-23").data
        if os.environ["NMSPD_YANG"] == "full":
            self.assertEqual(got, text)
        else:
            self.assertLess(len(got), len(text) / 2)

    # --- notifications

    def test_notifications_come_beside_other_rpcs(self):
        watcher = self.client()
        watcher.create_subscription()
        other = self.client()
        self.assertEqual(find(watcher.get_config("running").data_ele, "sys:system/sys:hostname"), ["bed"])  # interleave
        event = self.notified(watcher, "ncn:netconf-session-start[ncn:session-id=%s]" % other.session_id)
        self.assertEqual(find(event, ".//ncn:username"), [netconf_bed.ROOT])
        self.assertRegex(find(event, "ev:eventTime")[0], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.m.kill_session(other.session_id)
        event = self.notified(watcher, "ncn:netconf-session-end[ncn:session-id=%s]" % other.session_id)
        self.assertEqual(find(event, ".//ncn:termination-reason") + find(event, ".//ncn:killed-by"),
                         ["killed", self.m.session_id])
        until(lambda: not other.connected, "it has heard so")

    def test_a_subscriptions_filter_holds_back_what_is_not_asked(self):
        watcher = self.client()
        # ncclient's own filter of this operation is in the namespace of another one.
        watcher.rpc(op("<ev:create-subscription><ev:filter><ncn:netconf-session-end/></ev:filter>"
                       "</ev:create-subscription>"))
        other = self.client()
        other.close_session()
        first = watcher.take_notification(timeout=netconf_bed.PATIENCE)
        self.assertTrue(first.notification_ele.xpath("ncn:netconf-session-end", namespaces=SPACES),
                        first.notification_xml)

    @staticmethod
    def notified(watcher, path):
        while True:
            found = watcher.take_notification(timeout=netconf_bed.PATIENCE)
            if found is None:
                raise AssertionError("no notification came: " + path)
            if found.notification_ele.xpath(path, namespaces=SPACES):
                return found.notification_ele

    # --- own rpcs

    def test_the_agents_own_rpcs_answer(self):
        reply = self.m.rpc(op("<nmsp:live-summary/>"))
        found = etree.fromstring(reply.xml.encode())
        self.assertEqual(find(found, "nmsp:active-sessions"), ["0"])
        for ask in ("<loc:read-devices/>", "<radio:read-aps/>"):
            self.assertTrue(self.m.rpc(op(ask)).ok, ask)
        page = etree.fromstring(self.m.rpc(op("<trace:read-trace><trace:limit>2</trace:limit></trace:read-trace>"))
                                .xml.encode())
        self.assertEqual(find(page, "trace:process"), [str(self.agent.process.pid)])
        for ask in ("<nmsp:clear-statistics/>", "<trace:clear-trace/>"):
            self.assertTrue(self.m.rpc(op(ask)).ok, ask)

    # --- base 1.0 and 1.1

    def test_a_client_of_base_1_0_is_answered_with_its_framing(self):
        old = self.raw(base="1.0")
        self.assertEqual(find(old.running(), "sys:system/sys:hostname"), ["bed"])
        old.ok("<close-session/>")
        self.assertEqual(old.ended(), [])

    def test_a_message_in_many_chunks_is_one_message(self):
        raw = self.raw()
        text = ('<rpc message-id="7" xmlns="%s"><get-config><source><running/></source></get-config></rpc>' % BASE)
        raw.send_bytes(b"".join(b"\n#1\n" + byte.encode() for byte in text) + b"\n##\n")
        self.assertEqual(raw.reply().get("message-id"), "7")

    def test_sixteen_sessions_at_most_are_served_and_the_next_one_is_closed(self):
        sessions = [self.raw(base="1.1") for _ in range(14)]  # beside ncclient's and the bed's
        with self.assertRaises((EOFError, ConnectionError)):
            self.raw()
        self.assertEqual(find(sessions[-1].running(), "sys:system/sys:hostname"), ["bed"])
        sessions[0].close()
        until(self.let_in, "a place is free")

    def let_in(self):
        try:
            self.raw()
        except (EOFError, ConnectionError):
            return False
        return True

    def test_one_sessions_rpcs_are_answered_in_their_order(self):
        raw = self.raw()
        sender = Background(lambda: [raw.post("<get-config><source><running/></source></get-config>")
                                     for _ in range(200)])
        self.assertEqual([raw.reply().get("message-id") for _ in range(200)], [str(n) for n in range(1, 201)])
        sender.wait()


if __name__ == "__main__":
    unittest.main(verbosity=2)
