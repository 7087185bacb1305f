#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ansible's modules for IOS over the real sshd: commands, facts, lines that are changed once, a save when there is need."""

import json
import os
import subprocess
import unittest

from test_automation import Ssh, cli_bed

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - cisco.ios.ios_command: {commands: [show nmsp status, show version]}
      register: shown
    - cisco.ios.ios_facts: {gather_subset: min}
      register: facts
    - cisco.ios.ios_config: &lines
        lines:
          - nmsp notification interval rssi clients 10
          - username 0050569c3489 aaa attribute list NMSP
      register: first
    - cisco.ios.ios_config: *lines
      register: second
    - cisco.ios.ios_config: &block
        parents: aaa attribute list NMSP
        lines: [attribute type password aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]
      register: third
    - cisco.ios.ios_config: *block
      register: fourth
    - cisco.ios.ios_config: {save_when: modified}
      register: fifth
    - cisco.ios.ios_config: {save_when: modified}
      register: sixth
    - ansible.builtin.copy:
        content: "{{ {'shown': shown.stdout, 'facts': facts.ansible_facts, 'changed': [first, second, third, fourth, fifth,
          sixth] | map(attribute='changed')} | to_json }}"
        dest: "{{ result }}"
      delegate_to: localhost
      vars: {ansible_connection: local}
"""


@unittest.skipUnless(os.environ.get("NMSPD_TEST_FULL"), "takes a minute: once, if everything is asked for")
@unittest.skipUnless(os.path.exists("/usr/bin/ansible-playbook"), "ansible is not installed")
class Ansible(Ssh):
    program = cli_bed.NMSP

    def test_its_modules_show_configure_once_and_save_once(self):
        names = {key: os.path.join(self.folder, key) for key in ("play", "hosts", "result", "home")}
        with open(names["play"], "w", encoding="ascii") as file:
            file.write(PLAY)
        with open(names["hosts"], "w", encoding="ascii") as file:
            file.write("box ansible_host=127.0.0.1 ansible_port=%d ansible_user=%s ansible_ssh_private_key_file=%s "
                       "ansible_connection=ansible.netcommon.network_cli ansible_network_os=cisco.ios.ios "
                       "ansible_network_cli_ssh_type=paramiko ansible_become=true ansible_become_method=enable "
                       "ansible_python_interpreter=/usr/bin/python3 result=%s\n"
                       % (self.sshd.port, self.sshd.user, self.sshd.file("client"), names["result"]))
        os.mkdir(names["home"])
        environment = dict(os.environ, HOME=names["home"], ANSIBLE_HOST_KEY_CHECKING="False", ANSIBLE_NOCOLOR="1",
                           ANSIBLE_PARAMIKO_LOOK_FOR_KEYS="False", LC_ALL="C.UTF-8")
        done = subprocess.run(["/usr/bin/ansible-playbook", "-i", names["hosts"], names["play"]], env=environment,
                              capture_output=True, text=True, timeout=600, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(names["result"], encoding="utf-8") as file:
            result = json.load(file)
        self.assertIn("NMSP Status", result["shown"][0])
        self.assertEqual(result["facts"]["ansible_net_hostname"], "bed")
        self.assertEqual(result["changed"], [True, False, True, False, True, False])
        self.assertIn("attribute list NMSP\n attribute type password " + "a" * 40, self.running())
        with open(self.agent.config, encoding="ascii") as file:
            self.assertEqual(json.load(file)["nmspd-nmsp:nmsp"]["notification"]["client-notify-interval"], 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
