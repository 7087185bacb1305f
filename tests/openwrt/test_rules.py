#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the feed's reviewers and scripts look for in a package, as far as it can be looked at without OpenWrt's own tools.
test_rules.py IETF-MODULES"""

import hashlib
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, "..", "..")
PACKAGE = os.path.join(TREE, "platform", "openwrt")
IETF_MODULES = sys.argv.pop(1) if len(sys.argv) > 1 else ""
PACKAGES = ("nmspd", "nmsp", "nmsp-netconf", "nmsp-radio")


def read(name):
    with open(os.path.join(PACKAGE, name), encoding="utf-8") as file:
        return file.read()


def files(folder=PACKAGE):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)


class Rules(unittest.TestCase):
    def setUp(self):
        self.makefile = read("Makefile")
        self.defines = dict(re.findall(r"^define (\S+)\n(.*?)^endef$", self.makefile, re.M | re.S))

    def variable(self, name):
        return re.search(r"^%s:?=(.*)$" % name, self.makefile, re.M).group(1)

    def test_the_source_is_a_release_with_a_hash(self):
        self.assertEqual(self.variable("PKG_RELEASE"), "1")
        self.assertEqual((self.variable("PKG_VERSION"), self.variable("PKG_SOURCE_URL"), self.variable("PKG_HASH")),
                         ("@VERSION@", "@URL@", "@HASH@"))
        self.assertNotRegex(self.makefile, r"PKG_SOURCE_PROTO|git clone|:=skip")

    def test_licence_and_maintainer_are_named(self):
        self.assertEqual(self.variable("PKG_LICENSE"), "GPL-2.0-or-later")
        self.assertTrue(os.path.exists(os.path.join(TREE, self.variable("PKG_LICENSE_FILES"))))
        self.assertRegex(self.variable("PKG_MAINTAINER"), r"^.+ <\S+@\S+>$")

    def test_names_are_literal_where_scripts_look_for_them(self):
        for line in self.makefile.splitlines():
            if re.match(r"define |.*\$\((call|eval) ", line):
                self.assertNotIn("$(PKG_NAME)", line)

    def test_metadata_is_indented_by_blanks_and_recipes_by_tabs(self):
        for name, body in self.defines.items():
            flush = name.endswith(("/conffiles", "/postinst", "/prerm"))
            recipe = name.startswith("Build/") or name.endswith("/install")
            for line in body.splitlines():
                with self.subTest(name, line=line):
                    self.assertRegex(line, r"^\S" if flush else r"^\t" if recipe else r"^  \S")

    def test_each_package_has_all_that_belongs_to_it(self):
        for name in PACKAGES:
            facts = self.defines["Package/" + name]
            for word in ("$(call Package/nmspd/Default)", "TITLE:=", "DEPENDS:="):
                self.assertIn(word, facts)
            self.assertIn("Package/%s/description" % name, self.defines)
            self.assertIn("Package/%s/install" % name, self.defines)
            self.assertIn("$(eval $(call BuildPackage,%s))" % name, self.makefile)
            title = re.search(r"TITLE:=(.*)", facts).group(1)
            self.assertLessEqual(len(title), 60)

    def test_the_user_and_hostapds_group_come_with_the_package(self):
        self.assertRegex(self.defines["Package/nmspd"], r"USERID:=nmspd=44[6-9]:nmspd=44[6-9]:network=101\n")

    def test_keys_and_configuration_survive_an_upgrade(self):
        self.assertEqual(read("files/nmspd.upgrade"), "/etc/nmspd/\n")
        self.assertIn("$(INSTALL_DATA) ./files/nmspd.upgrade $(1)/lib/upgrade/keep.d/nmspd", self.makefile)
        conffiles = self.defines["Package/nmspd/conffiles"].split()
        self.assertEqual(conffiles, ["/etc/config/nmspd", "/etc/nmspd/"])
        # /var is a tmpfs: a new identity at every boot.
        self.assertIn("-Dstatedir=/etc/nmspd", self.makefile)
        self.assertIn("-Drundir=/var/run", self.makefile)

    def test_what_is_installed_is_there(self):
        named = set(re.findall(r"\./(files/\S+)", self.makefile))
        self.assertEqual(named, {os.path.relpath(path, PACKAGE) for path in files(os.path.join(PACKAGE, "files"))})
        built = {"/usr/sbin/nmspd", "/usr/bin/nmsp", "/usr/sbin/nmsp-netconf", "/usr/sbin/nmsp-radio"}
        self.assertEqual(set(re.findall(r"\$\(PKG_INSTALL_DIR\)(\S+)", self.makefile)), built)

    def test_nothing_is_fetched_while_it_is_built_and_the_ietfs_modules_are_those_of_the_hash(self):
        for name in ("netconf@2011-06-01", "netconf-acm@2018-02-14", "netconf-monitoring@2010-10-04",
                     "netconf-notifications@2012-02-06", "netconf-with-defaults@2011-06-01"):
            facts = self.defines["Download/ietf-" + name.split("@")[0]]
            self.assertIn("URL:=$(IETF_URL)\n", facts)
            self.assertIn("FILE:=ietf-%s.yang\n" % name, facts)
            with open(os.path.join(IETF_MODULES, "ietf-%s.yang" % name), "rb") as file:
                self.assertIn("HASH:=" + hashlib.sha256(file.read()).hexdigest(), facts)
        self.assertRegex(self.variable("IETF_URL"), r"^https://\S+/[0-9a-f]{40}/")
        with open(os.path.join(TREE, "config", "meson.build"), encoding="utf-8") as file:
            wanted = set(re.findall(r"ietf_modules / '([^']+)'", file.read()))
        self.assertEqual(wanted, set(re.findall(r"^  FILE:=(\S+)", self.makefile, re.M)))

    def test_init_scripts_are_procds(self):
        for name in ("nmspd", "nmsp-radio"):
            text = read("files/%s.init" % name)
            self.assertTrue(text.startswith("#!/bin/sh /etc/rc.common\n"))
            self.assertIn("\nUSE_PROCD=1\n", text)
            self.assertRegex(text, r"service_triggers\(\) \{\n\tprocd_add_reload_trigger %s\n\}" % name)
            self.assertIn("procd_set_param respawn 3600 5 0", text)
            self.assertNotRegex(text, r" &$|/etc/rc\.d|requirejail|ubus|grep -q")
            self.assertTrue(os.access(os.path.join(PACKAGE, "files", name + ".init"), os.X_OK))

    def test_no_first_boot_script_is_needed(self):
        self.assertNotIn("uci-defaults", self.makefile)

    def test_scripts_have_no_faults_that_shellcheck_knows(self):
        # rc.common reads what it takes for unused; local is the shell's of OpenWrt; the first line is procd's.
        for name, left_out in (("files/nmspd.init", "SC2034,SC3043,SC1008"), ("files/nmsp-radio.init", "SC2034,SC3043,SC1008"),
                               ("test.sh", ""), ("test-version.sh", "")):
            done = subprocess.run(["shellcheck", "-s", "dash", *(["-e", left_out] if left_out else []),
                                   os.path.join(PACKAGE, name)], stdout=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.stdout, "")

    def test_the_feeds_test_scripts_pipe_nothing_into_a_grep_that_stops_reading(self):
        for name in ("test.sh", "test-version.sh"):
            self.assertTrue(os.access(os.path.join(PACKAGE, name), os.X_OK))
            self.assertNotIn("grep -q", read(name))


if __name__ == "__main__":
    unittest.main(verbosity=2)
