# SPDX-License-Identifier: GPL-2.0-or-later
"""A bed of real nl80211 radios: access points by hostapd, stations by wpa_supplicant, over mac80211_hwsim.

Runs as root inside the machine of scripts/vm/run. The access points' radios stay in the first network
namespace, where the agent looks for them; each station has a namespace of its own, so that its pings go
over the air. The channel is perfect: a receiver sees PERFECT_PATH_DBM plus the sender's transmit power.

A station's record changes only when a frame of it arrives; Station.talk() keeps them coming.
"""
import ctypes
import glob
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import genl

PERFECT_PATH_DBM = -50
TALK_INTERVAL_S = 0.2
COMMAND_S = 100  # so that one that hangs is told by its name
CHANNEL_1_MHZ = 2412
MODULES = "/run/vm/modules/radio"

if os.environ.get("NMSPD_VM") != "1":
    sys.exit("this would take over the machine's radios: run it with scripts/vm/run")

# Configurations, logs and control sockets; everyone may pass, as the agent runs without privileges.
SCRATCH = tempfile.mkdtemp(prefix="hwsim.", dir="/run")
os.chmod(SCRATCH, 0o755)


# --- waiting and processes ---------------------------------------------------------------------------

def wait_for(condition, seconds, what):
    """The first true value of condition(); fails with `what` when the deadline has passed."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


def command(*arguments, netns=None):
    """Run a short command to its end and return what it prints; its failure is an error, and so is one that does not end."""
    arguments = enter(netns) + list(map(str, arguments))
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=COMMAND_S)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def enter(netns):
    return ["ip", "netns", "exec", netns] if netns else []


class Process:
    """A process of the bed: its output is in a log, and it is ended by its own pid."""
    running = []

    def __init__(self, name, *arguments, netns=None):
        self.name = name
        self.log = os.path.join(SCRATCH, f"{name}.log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(enter(netns) + list(map(str, arguments)), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        Process.running.append(self)

    def alive(self):
        return self.process.poll() is None

    def end(self, number=signal.SIGTERM, seconds=5):
        """Send a signal and wait; what does not heed it is killed. Returns the exit status."""
        if self.alive():
            self.process.send_signal(number)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self in Process.running:
            Process.running.remove(self)
        return self.process.returncode

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


def end_all():
    """Stop whatever the bed still runs, the youngest first."""
    while Process.running:
        Process.running[-1].end()


def logs(lines=40):
    """The ends of all logs, for the report of a failed test."""
    report = []
    for path in sorted(glob.glob(os.path.join(SCRATCH, "*.log"))):
        with open(path, encoding="utf-8", errors="replace") as log:
            report += [f"--- {os.path.basename(path)}\n"] + log.readlines()[-lines:]
    return "".join(report)


class Control:
    """The control socket of a hostapd or wpa_supplicant interface."""

    def __init__(self, path):
        self.path = path

    def request(self, text, seconds=5):
        own = tempfile.mktemp(prefix="control.", dir=SCRATCH)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            try:
                end.bind(own)
                end.settimeout(seconds)
                end.connect(self.path)
                end.send(text.encode())
                return end.recv(8192).decode()
            finally:
                if os.path.exists(own):
                    os.unlink(own)

    def status(self):
        """The fields of STATUS; none while nobody answers."""
        try:
            return dict(line.split("=", 1) for line in self.request("STATUS").splitlines() if "=" in line)
        except OSError:
            return {}

    def demand(self, text):
        answer = self.request(text)
        if not answer.startswith("OK"):
            raise RuntimeError(f"{self.path}: {text}: {answer.strip()}")


# --- radios ------------------------------------------------------------------------------------------

def load_radios(count):
    """Load the wireless modules, for a machine that was started with --radios none."""
    libc = ctypes.CDLL(None, use_errno=True)
    finit_module = 313  # x86-64; the C library has no function for it
    for path in sorted(glob.glob(os.path.join(MODULES, "*.ko"))):
        options = f"radios={count} support_p2p_device=0" if path.endswith("mac80211_hwsim.ko") else ""
        with open(path, "rb") as module:
            if libc.syscall(finit_module, module.fileno(), options.encode(), 0) != 0:
                raise OSError(ctypes.get_errno(), f"cannot load {path}")
    wait_for(lambda: len(interfaces()) >= count, 5, f"{count} wireless interfaces")


def interfaces():
    """The wireless interfaces of the first namespace."""
    return sorted(name for name in os.listdir("/sys/class/net") if os.path.exists(f"/sys/class/net/{name}/phy80211"))


def fact(interface, name):
    """What sysfs says of an interface of the first namespace: its "address" (MAC), its "phy80211/name"."""
    with open(f"/sys/class/net/{interface}/{name}", encoding="ascii") as file:
        return file.read().strip()


def station_dump(interface):
    """What the driver knows of each station of an access point: {mac: {"signal": dBm, "inactive": ms, ...}}."""
    stations, fields = {}, None
    for line in command("iw", "dev", interface, "station", "dump").splitlines():
        name, _, value = line.strip().partition(":")
        if line.startswith("Station "):
            fields = stations.setdefault(line.split()[1], {})
        elif name == "signal":
            fields["signal"] = int(value.split()[0])
        elif name == "inactive time":
            fields["inactive"] = int(value.split()[0])
        else:
            fields[name] = value.strip()
    return stations


def netlink_drops(pid):
    """How many messages the kernel could not store in the netlink sockets of a process."""
    targets = set()
    for link in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            targets.add(os.readlink(link))
        except FileNotFoundError:  # closed meanwhile
            pass
    with open("/proc/net/netlink", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return sum(int(row[8]) for row in rows if f"socket:[{row[9]}]" in targets)


def overrun(pid):
    """Make nl80211 events, by radios that come and go, until a process that does not read has lost some."""
    before = netlink_drops(pid)

    def lost_after_one_more():
        family.del_radio(family.new_radio())
        return netlink_drops(pid) > before

    with genl.HwsimFamily() as family:
        wait_for(lost_after_one_more, 30, "an overrun")


# --- access points -----------------------------------------------------------------------------------

class Bss:
    """One network. `radio` names the interface that owns the radio when this BSS is a further one on it."""

    def __init__(self, interface, ssid, address, channel=1, passphrase=None, radio=None):
        self.interface, self.ssid, self.channel, self.passphrase = interface, ssid, channel, passphrase
        self.radio = radio or interface
        self.address = address  # IPv4; its /24 is the network's

    def frequency(self):
        return CHANNEL_1_MHZ + 5 * (self.channel - 1)

    def configuration(self):
        if self.radio == self.interface:
            lines = [f"interface={self.interface}", "driver=nl80211", "hw_mode=g", "ieee80211n=1",
                     f"channel={self.channel}"]
        else:
            lines = [f"bss={self.interface}"]
        # Whoever runs without privileges may ask it, as the agent does.
        lines += [f"ctrl_interface={SCRATCH}/hostapd", "ctrl_interface_group=nogroup", f"ssid={self.ssid}"]
        if self.passphrase:
            lines += ["wpa=2", "wpa_key_mgmt=WPA-PSK", "rsn_pairwise=CCMP", f"wpa_passphrase={self.passphrase}"]
        return "\n".join(lines) + "\n"


class Hostapd:
    """One hostapd with all its networks, as on a real access point. start() again after stop() or kill()."""

    def __init__(self, *networks):
        self.networks = networks
        self.process = None

    def start(self):
        files = []
        for radio in dict.fromkeys(bss.radio for bss in self.networks):
            files.append(os.path.join(SCRATCH, f"hostapd-{radio}.conf"))
            with open(files[-1], "w", encoding="ascii") as file:
                file.write("".join(bss.configuration() for bss in self.networks if bss.radio == radio))
        self.process = Process("hostapd", "hostapd", "-t", *files)
        for bss in self.networks:
            wait_for(lambda bss=bss: self.control(bss).status().get("state") == "ENABLED", 10,
                     f"{bss.interface} as an access point")
            command("ip", "address", "replace", f"{bss.address}/24", "dev", bss.interface)
        return self

    def control(self, bss):
        return Control(os.path.join(SCRATCH, "hostapd", bss.interface))

    def stop(self):
        """End it properly: the stations are told."""
        return self.process.end()

    def kill(self):
        """End it without a word. The kernel takes the access points down when hostapd's sockets close."""
        return self.process.end(signal.SIGKILL)


# --- stations ----------------------------------------------------------------------------------------

class Station:
    """A station on a radio of its own, moved into a namespace of its own."""

    def __init__(self, interface, power_dbm=10):
        self.interface = interface
        self.netns = f"sta-{interface}"
        self.mac = fact(interface, "address")
        self.power_dbm = power_dbm
        self.supplicant = self.pinger = self.bss = None
        command("ip", "netns", "add", self.netns)
        command("iw", "phy", fact(interface, "phy80211/name"), "set", "netns", "name", self.netns)
        # Nothing but what a test asks for may go over the air. One shell: every start of a program costs.
        self.sh(f"echo 1 >/proc/sys/net/ipv6/conf/{interface}/disable_ipv6",
                f"ip link set {interface} up", f"iw dev {interface} set power_save off", self.power_command())

    def sh(self, *commands):
        command("sh", "-c", " && ".join(commands), netns=self.netns)

    def power_command(self):
        return f"iw dev {self.interface} set txpower fixed {self.power_dbm * 100}"

    def start(self, bss):
        """Begin to join a network; wait_associated() waits for it."""
        if self.bss is not bss:
            host = 2 + int(re.search(r"\d+$", self.interface).group())
            address = f"{bss.address.rsplit('.', 1)[0]}.{host}/24"
            self.sh(f"ip address flush dev {self.interface}", f"ip address add {address} dev {self.interface}")
        self.bss = bss
        key = f'psk="{bss.passphrase}"' if bss.passphrase else "key_mgmt=NONE"
        path = os.path.join(SCRATCH, f"{self.netns}.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"ctrl_interface={SCRATCH}/supplicant\nnetwork={{\nssid=\"{bss.ssid}\"\n{key}\n"
                       f"freq_list={bss.frequency()}\nscan_freq={bss.frequency()}\n}}\n")
        self.supplicant = Process(self.netns, "wpa_supplicant", "-t", "-D", "nl80211", "-i", self.interface,
                                  "-c", path, netns=self.netns)
        return self

    def control(self):
        return Control(os.path.join(SCRATCH, "supplicant", self.interface))

    def record(self):
        """The access point's record of this station, None if it has none."""
        return station_dump(self.bss.interface).get(self.mac)

    def signal(self):
        record = self.record()
        return record and record.get("signal")

    def wait_associated(self, seconds=15):
        wait_for(lambda: self.control().status().get("wpa_state") == "COMPLETED", seconds,
                 f"{self.interface} on {self.bss.ssid}")
        wait_for(lambda: (self.record() or {}).get("authorized") == "yes", seconds,
                 f"{self.interface} authorized on {self.bss.ssid}")

    def talk(self):
        """Send a frame every TALK_INTERVAL_S from now on.

        To the broadcast address, which nobody answers: a unicast ping leaves entries in both ARP caches, and
        these are probed seconds after the last one, when the station is to be silent.
        """
        if self.pinger is None or not self.pinger.alive():
            everyone = self.bss.address.rsplit(".", 1)[0] + ".255"
            self.pinger = Process(f"ping-{self.interface}", "ping", "-b", "-q", "-i", TALK_INTERVAL_S, everyone,
                                  netns=self.netns)

    def fall_silent(self):
        """Stay associated, but send nothing more for 30 s; then its kernel asks whether the access point is there."""
        if self.pinger:
            self.pinger.end()
            self.pinger = None

    def set_power(self, dbm):
        """0 to 20 dBm; it holds for the frames sent from now on."""
        self.power_dbm = dbm
        self.sh(self.power_command())

    def expected_signal(self):
        return PERFECT_PATH_DBM + self.power_dbm

    def wait_signal(self, seconds=5):
        """Until the access point has heard a frame at the power set last. A new station may read 0 dBm at first."""
        wait_for(lambda: self.signal() == self.expected_signal(), seconds,
                 lambda: f"{self.interface} at {self.expected_signal()} dBm, it reads {self.signal()}")

    def leave(self):
        """Say goodbye to the access point and stay away; rejoin() comes back."""
        self.fall_silent()
        self.control().demand("DISCONNECT")

    def rejoin(self):
        self.control().demand("RECONNECT")

    def stop(self):
        self.fall_silent()
        if self.supplicant:
            self.supplicant.end()
            self.supplicant = None


def signals(stations):
    """What the access points' drivers show for these stations now, None where there is no record."""
    dumps = {bss: station_dump(bss.interface) for bss in {station.bss for station in stations}}
    return [dumps[station.bss].get(station.mac, {}).get("signal") for station in stations]
