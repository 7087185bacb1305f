# SPDX-License-Identifier: GPL-2.0-or-later
"""What reading a full configuration costs the agent, against a server on libnetconf2 with the same data."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "netconf"))

import netconf_bed  # noqa: E402
from netconf_bed import bed, etree, find, until  # noqa: E402

SERVER = os.environ.get("BENCH_NC2_SERVER", "")
YANG = os.path.join(HERE, "..", "..", "config", "yang")
IETF = os.environ.get("BENCH_IETF_MODULES", "")
GET = "<get-config><source><running/></source></get-config>"


def configuration():
    """As full as at a large site: 200 location servers that are let in, 16 that are connected to, 64 radios."""
    macs = ["00:50:56:00:%02x:%02x" % divmod(n, 256) for n in range(200)]
    return {
        "nmspd-system:system": {"hostname": "bench", "base-mac": bed.BASE_MAC},
        "nmspd-aaa:aaa": {
            "new-model": True,
            "credential-download": [{"name": "wcm_loc_serv_cert", "method": "local"}],
            "user": [{"mac": mac, "attribute-list": "list-%d" % n} for n, mac in enumerate(macs)],
            "attribute-list": [{"name": "list-%d" % n, "password": "%064x" % n} for n in range(len(macs))],
        },
        "nmspd-nmsp:nmsp": {
            "enable": False,
            "server": [{"host": "mse-%d.example.net" % n, "port": 16113, "mac": mac} for n, mac in enumerate(macs[:16])],
        },
        "nmspd-location:location": {"expiry": {"client": 60}, "notify-threshold": {"client": 3}},
        "nmspd-radio:radios": {"radio": [{"interface": "wlan%d" % n, "poll-interval": 1} for n in range(64)]},
    }


def cpu_ns(pid):
    """Of its only thread."""
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as file:
        return int(file.read().split()[0])


class Both:
    """The agent, and the other server with what the agent gave, each with one session."""

    def __init__(self, folder):
        self.agent = bed.Agent(folder)
        self.agent.configure(configuration())
        path = os.path.join(folder, "management.sock")
        self.agent.start("--management", path)
        until(lambda: os.path.exists(path) and self.connects(path), "the agent's door is open")
        self.ours = netconf_bed.Raw(path)
        self.other = None
        if os.geteuid() == 0:
            self.other = netconf_bed.Raw(command=["setpriv", "--reuid", "65534", "--regid", str(os.stat(path).st_gid),
                                                  "--clear-groups", netconf_bed.RELAY, "--socket", path])
        self.data = self.ours.running()
        self.size = len(etree.tostring(self.data))
        file = os.path.join(folder, "data.xml")
        with open(file, "wb") as out:
            out.writelines(etree.tostring(one) for one in self.data)
        other = os.path.join(folder, "other.sock")
        modules = ["ietf-netconf", "ietf-netconf-with-defaults"] + [
            "nmspd-" + name for name in ("types", "system", "aaa", "nmsp", "location", "radio", "trace")]
        self.server = subprocess.Popen([SERVER, other, file, "%s:%s" % (YANG, IETF), *modules], stdout=subprocess.PIPE)
        if self.server.stdout.readline() != b"ready\n":
            raise RuntimeError("the server on libnetconf2 does not start")
        self.theirs = netconf_bed.Raw(other)
        assert sorted(find(self.theirs.running(), "//*")) == sorted(find(self.data, "//*")), "they give the same"

    def sessions(self):
        """Session and process of theirs, of ours as root, and of ours as somebody else if that can be."""
        found = [(self.theirs, self.server.pid), (self.ours, self.agent.process.pid)]
        if self.other:
            found.append((self.other, self.agent.process.pid))
        return found

    @staticmethod
    def cost(session, pid, count):
        """CPU milliseconds for one."""
        before = cpu_ns(pid)
        for _ in range(count):
            session.post(GET)
            session.reply()
        return (cpu_ns(pid) - before) / count / 1e6

    @staticmethod
    def connects(path):
        try:
            netconf_bed.Raw(path).close()
        except OSError:
            return False
        return True

    def stop(self):
        self.theirs.ok("<close-session/>")
        for session, _ in self.sessions():
            session.close()
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()
        self.agent.terminate()
