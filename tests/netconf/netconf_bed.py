# SPDX-License-Identifier: GPL-2.0-or-later
"""What the NETCONF tests share: the real agent behind the real sshd, ncclient on it, and a client that says anything."""

import getpass
import os
import pwd
import re
import select
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import bed  # noqa: E402
from bed import PATIENCE, free_port, until  # noqa: E402
from lxml import etree  # noqa: E402
from ncclient import manager  # noqa: E402
from ncclient.operations import RPCError  # noqa: E402

RELAY = os.environ.get("NMSP_NETCONF", "nmsp-netconf")
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
BASE_1_1 = "urn:ietf:params:netconf:base:1.1"
SPACES = {
    "nc": BASE,
    "sys": "urn:nmspd:yang:nmspd-system",
    "aaa": "urn:nmspd:yang:nmspd-aaa",
    "nmsp": "urn:nmspd:yang:nmspd-nmsp",
    "loc": "urn:nmspd:yang:nmspd-location",
    "radio": "urn:nmspd:yang:nmspd-radio",
    "trace": "urn:nmspd:yang:nmspd-trace",
    "nacm": "urn:ietf:params:xml:ns:yang:ietf-netconf-acm",
    "ncm": "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring",
    "ncn": "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications",
    "ev": "urn:ietf:params:xml:ns:netconf:notification:1.0",
    "streams": "urn:ietf:params:xml:ns:netmod:notification",
    "library": "urn:ietf:params:xml:ns:yang:ietf-yang-library",
    "wd": "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults",
}
DECLARED = "".join(' xmlns:%s="%s"' % pair for pair in SPACES.items() if pair[0] != "nc")


# --- XML ------------------------------------------------------------------------------------------


def config(content=""):
    """<config> with all prefixes of SPACES declared; nc:operation may be used in it."""
    return '<nc:config xmlns:nc="%s"%s>%s</nc:config>' % (BASE, DECLARED, content)


def op(text):
    """An operation as an element: names without a prefix are NETCONF's, the prefixes of SPACES are declared."""
    return etree.fromstring('<nc:rpc xmlns:nc="%s" xmlns="%s"%s>%s</nc:rpc>' % (BASE, BASE, DECLARED, text))[0]


def find(tree, path):
    """Texts of all that the path, with the prefixes of SPACES, leads to."""
    return [(one.text or "").strip() for one in tree.xpath(path, namespaces=SPACES)]


def seed(users, servers=(), listen=None, enable=True):
    """What lets location servers in, as the content of a <config>."""
    aaa = "<aaa:new-model>true</aaa:new-model>" + "".join(
        "<aaa:attribute-list><aaa:name>L%s</aaa:name><aaa:password>%s</aaa:password></aaa:attribute-list>"
        "<aaa:user><aaa:mac>%s</aaa:mac><aaa:attribute-list>L%s</aaa:attribute-list></aaa:user>"
        % (mac[-2:], bed.Keys.hash(mac), mac, mac[-2:]) for mac in users)
    aaa += ("<aaa:credential-download><aaa:name>wcm_loc_serv_cert</aaa:name><aaa:method>local</aaa:method>"
            "</aaa:credential-download>")
    nmsp = "<nmsp:enable>%s</nmsp:enable>" % str(enable).lower() + "".join(
        "<nmsp:server><nmsp:host>127.0.0.1</nmsp:host><nmsp:port>%d</nmsp:port></nmsp:server>" % port
        for port in servers)
    if listen:
        nmsp += "<nmsp:listen><nmsp:port>%d</nmsp:port></nmsp:listen>" % listen
    nmsp += "<nmsp:notification><nmsp:client-notify-interval>1</nmsp:client-notify-interval></nmsp:notification>"
    return "<aaa:aaa>%s</aaa:aaa><nmsp:nmsp>%s</nmsp:nmsp>" % (aaa, nmsp)


# Who is not root starts the agent in a user namespace, where it takes its own user for root.
if os.geteuid() != 0:
    bed.WRAPPER = ["unshare", "--user", "--map-root-user", *bed.WRAPPER]
ROOT = pwd.getpwuid(0).pw_name

SYSTEM = "<sys:system><sys:hostname>bed</sys:hostname><sys:base-mac>%s</sys:base-mac></sys:system>" % bed.BASE_MAC


# --- sshd -----------------------------------------------------------------------------------------


class Sshd:
    """OpenSSH on a port of its own with keys of its own; the subsystem is the relay."""

    def __init__(self, folder, management):
        self.folder = folder
        self.port = free_port()
        self.user = getpass.getuser()
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.file(name)], check=True)
        shutil.copy(self.file("client.pub"), self.file("authorized"))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # where sshd puts its unprivileged part
        with open(self.file("config"), "w", encoding="ascii") as file:
            file.write("\n".join([
                "Port %d" % self.port, "ListenAddress 127.0.0.1", "HostKey " + self.file("host"), "PidFile none",
                "AuthorizedKeysFile " + self.file("authorized"), "StrictModes no", "UsePAM no",
                "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
                "MaxStartups 100", "PubkeyAcceptedAlgorithms +ssh-rsa", "LogLevel VERBOSE",
                "Subsystem netconf %s --socket %s" % (RELAY, management), ""]))
        self.log = open(self.file("log"), "w", encoding="ascii")
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", self.file("config")],
                                        stdin=subprocess.DEVNULL, stderr=self.log)
        until(self.answers, "sshd listens; see " + self.file("log"))
        with open(self.file("host.pub"), encoding="ascii") as host:
            key = " ".join(host.read().split()[:2])
        with open(self.file("known"), "w", encoding="ascii") as known:
            known.write("[127.0.0.1]:%d %s\n" % (self.port, key))

    def file(self, name):
        return os.path.join(self.folder, "ssh-" + name)

    def answers(self):
        if self.process.poll() is not None:
            with open(self.file("log"), encoding="utf-8") as log:
                raise AssertionError("sshd ended: " + log.read())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self, **options):
        # No file of the user's home is looked at.
        return manager.connect(host="127.0.0.1", port=self.port, username=self.user, key_filename=self.file("client"),
                               hostkey_verify=False, look_for_keys=False, allow_agent=False, ssh_config=None,
                               timeout=PATIENCE, **options)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


# --- a client without manners ---------------------------------------------------------------------


class Raw:
    """One session over any pair of descriptors: it sends what it is told, and reads only when it is told."""

    def __init__(self, path=None, command=None, hello=True, base="1.1"):
        self.process = self.socket = None
        self.buffer = b""
        self.chunked = False
        self.number = 0
        self.notifications = []
        if command:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, bufsize=0)
            self.output, self.input = self.process.stdin.fileno(), self.process.stdout.fileno()
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(path)
            self.output = self.input = self.socket.fileno()
        if hello:
            self.greet(base)

    def greet(self, base):
        try:
            self.greeting = self.read()
        except (EOFError, ConnectionError):
            self.close()
            raise
        self.id = find(self.greeting, "nc:session-id")[0]
        self.send('<hello xmlns="%s"><capabilities><capability>urn:ietf:params:netconf:base:%s</capability>'
                  "</capabilities></hello>" % (BASE, base))
        self.chunked = base == "1.1"

    def send_bytes(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.output, view):]

    def framed(self, text):
        data = text.encode() if isinstance(text, str) else text
        return b"\n#%d\n%s\n##\n" % (len(data), data) if self.chunked else data + b"]]>]]>"

    def send(self, text):
        self.send_bytes(self.framed(text))

    def more(self, seconds):
        if not select.select([self.input], [], [], seconds)[0]:
            raise AssertionError("nothing came within %d s; so far: %r" % (seconds, self.buffer[-500:]))
        data = os.read(self.input, 1 << 20)
        if not data:
            raise EOFError(self.buffer[-500:])
        self.buffer += data

    def take(self):
        """A whole message out of the buffer, or None."""
        if not self.chunked:
            whole, end, rest = self.buffer.partition(b"]]>]]>")
            if not end:
                return None
            self.buffer = rest
            return etree.fromstring(whole)
        parts, at = [], 0
        while True:
            head = re.compile(rb"\n#(\d+|#)\n").match(self.buffer, at)
            if not head:
                assert re.fullmatch(rb"(\n(#(\d*|#))?)?", self.buffer[at:at + 12]), self.buffer[at:at + 20]
                return None
            at = head.end()
            if head.group(1) == b"#":
                self.buffer = self.buffer[at:]
                return etree.fromstring(b"".join(parts))
            if len(self.buffer) < at + int(head.group(1)):
                return None
            parts.append(self.buffer[at:at + int(head.group(1))])
            at += len(parts[-1])

    def read(self, seconds=PATIENCE):
        while True:
            found = self.take()
            if found is not None:
                return found
            self.more(seconds)

    def reply(self, seconds=PATIENCE):
        """The next message that is no notification."""
        while True:
            found = self.read(seconds)
            if not found.tag.endswith("}notification"):
                return found
            self.notifications.append(found)

    def wait_notification(self, path, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while True:
            while self.notifications:
                found = self.notifications.pop(0)
                if found.xpath(path, namespaces=SPACES):
                    return found
            found = self.read(max(0.0, deadline - time.monotonic()))
            if found.tag.endswith("}notification"):
                self.notifications.append(found)

    def post(self, content):
        self.number += 1
        self.send('<nc:rpc xmlns:nc="%s" xmlns="%s"%s message-id="%d">%s</nc:rpc>'
                  % (BASE, BASE, DECLARED, self.number, content))

    def rpc(self, content):
        """The reply."""
        self.post(content)
        return self.reply()

    def ok(self, content):
        reply = self.rpc(content)
        assert reply.find("{%s}ok" % BASE) is not None, etree.tostring(reply)

    def edit(self, content, target="running", more=""):
        return self.rpc("<edit-config><target><%s/></target>%s%s</edit-config>" % (target, more, config(content)))

    def edit_ok(self, content, target="running", more=""):
        reply = self.edit(content, target, more)
        assert reply.find("{%s}ok" % BASE) is not None, etree.tostring(reply)

    def errors(self, content):
        """(tag, ...) of the errors that the operation gives."""
        return find(self.rpc(content), "nc:rpc-error/nc:error-tag")

    def data(self, content):
        reply = self.rpc(content)
        found = reply.find("{%s}data" % BASE)
        assert found is not None, etree.tostring(reply)
        return found

    def running(self):
        return self.data("<get-config><source><running/></source></get-config>")

    def peers(self):
        """{port or address: peer} of the state of NMSP."""
        data = self.data('<get><filter type="subtree"><nmsp:nmsp-state><nmsp:peer/></nmsp:nmsp-state></filter></get>')
        return data.xpath("nmsp:nmsp-state/nmsp:peer", namespaces=SPACES)

    def ended(self, seconds=PATIENCE):
        """The agent has closed the session; what it still said is given."""
        said = []
        try:
            while True:
                said.append(self.read(seconds))
        except (EOFError, ConnectionError):
            return said

    def close(self):
        if self.socket:
            self.socket.close()
        if self.process:
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                pipe.close()
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()


# --- the case -------------------------------------------------------------------------------------


class Case(unittest.TestCase):
    """One agent and one sshd for all tests of a class; after each test running is what it was."""

    scene = False
    ssh = True
    startup = {"nmspd-system:system": {"hostname": "bed", "base-mac": bed.BASE_MAC}}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        os.chmod(cls.folder, 0o755)  # other users are to come as far as the socket
        cls.agent = bed.Agent(cls.folder, cls.scene)
        shutil.copytree(bed.Keys.agent_state(), cls.agent.state)
        cls.management = os.path.join(cls.folder, "management.sock")
        cls.addClassCleanup(cls.end_agent)
        cls.agent.configure(cls.startup)
        cls.agent.start("--management", cls.management)
        until(lambda: os.path.exists(cls.management) and stat.S_IMODE(os.stat(cls.management).st_mode) == 0o660,
              "the socket is there")
        if cls.ssh:
            cls.sshd = Sshd(cls.folder, cls.management)
            cls.addClassCleanup(cls.sshd.stop)
        cls.admin = Raw(cls.management)
        cls.addClassCleanup(cls.admin.close)

    @classmethod
    def end_agent(cls):
        agent = cls.agent
        try:
            status = agent.process.poll()
            if status is None:
                status = agent.terminate()
        finally:
            agent.kill()
        faults = agent.said("Assertion|AddressSanitizer|LeakSanitizer|runtime error|^==")
        if faults or status != 0:
            raise AssertionError("the agent ended with %s; it said:\n%s" % (status, "\n".join(agent.lines)))

    def setUp(self):
        self.addCleanup(self.restore)

    def restore(self):
        until(lambda: self.admin.edit(SYSTEM, more="<default-operation>replace</default-operation>")
              .find("{%s}ok" % BASE) is not None, "nobody holds running any more")
        until(lambda: not self.admin.errors("<discard-changes/>"), "nobody holds the candidate any more")

    def raw(self, **options):
        made = Raw(self.management, **options)
        self.addCleanup(made.close)
        return made

    def relay(self, *wrapper):
        """A session through the relay as a process, which `wrapper` may run as somebody else."""
        made = Raw(command=[*wrapper, RELAY, "--socket", self.management])
        self.addCleanup(made.close)
        return made

    def client(self, **options):
        """ncclient over OpenSSH."""
        made = self.sshd.connect(**options)
        self.addCleanup(self.leave, made)
        return made

    @staticmethod
    def leave(made):
        if made.connected:
            made.timeout = 3  # it may be on its way out, and never answered
            try:
                made.close_session()
            except Exception:  # noqa: BLE001 -- however the test left it
                made._session.close()

    def mse(self, *arguments, **facts):
        made = bed.Mse(self.agent, *arguments, **facts)
        self.addCleanup(made.stop)
        return made

    def refused(self, action, *arguments, **options):
        """The errors with which ncclient says it was refused."""
        with self.assertRaises(RPCError) as caught:
            action(*arguments, **options)
        return caught.exception.errlist or [caught.exception]

    def hostname(self):
        return find(self.admin.running(), "sys:system/sys:hostname")


class Background(threading.Thread):
    """Runs something beside the test and gives what it gave."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self.action, self.result, self.error = action, None, None
        self.start()

    def run(self):
        try:
            self.result = self.action()
        except BaseException as error:  # noqa: BLE001 -- shown by wait()
            self.error = error

    def wait(self):
        self.join(PATIENCE)
        if self.is_alive():
            raise AssertionError("it does not come to an end")
        if self.error:
            raise self.error
        return self.result
