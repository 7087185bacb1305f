# SPDX-License-Identifier: GPL-2.0-or-later
"""The two ends of a session in the guest: nmspd without any privilege, and the reference location server."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import hwsim

NOBODY = 65534
HERE = os.path.dirname(os.path.realpath(__file__))
MSE = os.path.join(HERE, "..", "mse", "nmsp-mse")
PYTHON = "/usr/bin/python3"


# --- the location server -------------------------------------------------------------------------------


class Picture:
    """One device-measurement as it arrived."""

    def __init__(self, message, measurement):
        self.mac, self.gone, self.device_class = (measurement[key] for key in ("mac", "gone", "class"))
        self.associated = measurement["associated"]
        self.samples = measurement["samples"]
        self.timestamp_ms = message["timestamp_ms"]
        self.arrived = message["arrived"]

    def heard_ms(self):
        """When the newest frame in it was received, by the wall clock."""
        return max(self.timestamp_ms - sample["age_ms"] for sample in self.samples)

    def readings(self):
        return [(sample["ap_mac"], sample["slot"], sample["rssi"]) for sample in self.samples]

    def __repr__(self):
        return f"<{self.mac} {'gone' if self.gone else self.readings()}>"


class Mse:
    """The reference server (tests/mse) with its identity; start() again after kill(). Events stay for good."""

    def __init__(self, mac, port, services):
        self.mac, self.port, self.services = mac, port, services
        self.agent_certificate = None  # needed before start()
        self.folder = os.path.join(hwsim.SCRATCH, "mse")
        self.process = None
        self.events = []
        self.news = threading.Condition()
        self.commands = 0
        # An emulated CPU takes seconds for an RSA key.
        shown = hwsim.command(PYTHON, MSE, "make-cert", "--type", "ec", "--mac", mac, "--out", self.folder)
        self.key_hash = re.search(r"SHA2 Key Hash: (\w+)", shown).group(1)

    def start(self):
        arguments = [PYTHON, MSE, "--listen", f"127.0.0.1:{self.port}", "--control", "--subscribe", self.services,
                     "--cert", f"{self.folder}/cert.pem", "--key", f"{self.folder}/key.pem",
                     "--agent-cert", self.agent_certificate]
        start = self.mark()
        with open(os.path.join(hwsim.SCRATCH, "mse.log"), "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        threading.Thread(target=self.listen, args=(self.process.stdout,), daemon=True).start()
        self.wait("listening", since=start)
        return self

    def listen(self, lines):
        with open(os.path.join(hwsim.SCRATCH, "mse.log"), "a", encoding="utf-8") as log, lines:
            for line in lines:
                event = json.loads(line)
                event["arrived"] = time.monotonic()
                log.write(line)
                log.flush()
                with self.news:
                    self.events.append(event)
                    self.news.notify_all()

    def end(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process.stdin.close()
            self.process = None

    def kill(self):
        self.end(signal.SIGKILL)

    # --- what came ---

    def mark(self):
        """A position in the stream of events, to ask for what came after it."""
        with self.news:
            return len(self.events)

    def wait_for(self, find, seconds, what, since=0):
        """The first true find(event) from `since` on."""
        deadline = time.monotonic() + seconds
        with self.news:
            while True:
                for event in self.events[since:]:
                    found = find(event)
                    if found:
                        return found
                since = len(self.events)
                if not self.news.wait(deadline - time.monotonic()):
                    raise AssertionError(f"the location server was not told within {seconds} s: {what}")

    def wait(self, word, seconds=15, since=0, **facts):
        """The first event called `word` with these facts."""
        def matches(event):
            return event["event"] == word and all(event.get(key) == value for key, value in facts.items()) and event
        return self.wait_for(matches, seconds, f"{word} {facts or ''}", since)

    def seen(self, word, since=0):
        with self.news:
            return [event for event in self.events[since:] if event["event"] == word]

    def messages(self, since=0):
        return self.seen("message", since)

    def pictures(self, mac, since=0):
        return [picture for event in self.messages(since) for picture in pictures_in(event, mac)]

    def wait_picture(self, mac, wanted, seconds, what, since):
        """The first notified picture of the device for which wanted(picture) holds."""
        def find(event):
            return next((picture for picture in pictures_in(event, mac) if wanted(picture)), None)
        return self.wait_for(find, seconds, f"{mac} {what}; last it was told {self.pictures(mac)[-3:]}", since)

    # --- what is asked of it ---

    def do(self, word, **facts):
        """Give a command; returns the mark from before it."""
        start = self.mark()
        self.commands += 1
        self.process.stdin.write(json.dumps({"do": word, "tag": self.commands, **facts}) + "\n")
        self.process.stdin.flush()
        answer = self.wait_for(lambda event: event["event"] in ("done", "control-error") and event, 15, word, start)
        if answer["event"] != "done":
            raise RuntimeError(f"{word}: {answer['error']}")
        return start

    def ask_picture(self, mac):
        """The current picture of one device, by a Measurement Request."""
        start = self.do("measurement-request", services="rssi-ms", devices=[mac])
        answer = self.wait("message", since=start, message="measurement-response")
        if answer["result"]["code"] != 0:
            raise AssertionError(f"the request was refused: {answer['result']}")
        return next((Picture(answer, one) for one in answer["measurements"] if one["mac"] == mac), None)


def pictures_in(event, mac):
    if event["event"] != "message" or event["message"] != "measurement-notification":
        return []
    return [Picture(event, one) for one in event["measurements"] if one["mac"] == mac]


class Decoy:
    """Holds a port, lets nobody in, and notes when somebody tried."""

    def __init__(self, port):
        self.attempts = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(0.1)
        self.stopping = False
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self):
        while not self.stopping:
            try:
                end, _ = self.listener.accept()
            except TimeoutError:
                continue
            self.attempts.append(time.monotonic())
            end.close()

    def close(self):
        self.stopping = True
        self.thread.join()
        self.listener.close()


# --- the agent -----------------------------------------------------------------------------------------


class Agent:
    """nmspd as the user nobody, without capabilities. Its folder, and with it its identity, outlives a restart."""

    def __init__(self, program):
        self.folder = os.path.join(hwsim.SCRATCH, "agent")
        os.mkdir(self.folder, 0o700)
        os.chown(self.folder, NOBODY, NOBODY)
        # Where the program was built, nobody may have no way in.
        self.program = shutil.copy(program, os.path.join(hwsim.SCRATCH, "nmspd"))
        self.process = None
        self.said_before = 0

    def command(self):
        return [self.program, "--config", os.path.join(self.folder, "nmspd.json"), "--state-dir", self.folder,
                "--management", "none"]

    def certificate(self):
        """Made at the first start."""
        path = os.path.join(self.folder, "cert.pem")
        hwsim.wait_for(lambda: os.path.exists(path), 60, "the agent's certificate")
        return path

    def configure(self, configuration):
        path = os.path.join(self.folder, "nmspd.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(configuration, file, indent=2)
        os.chmod(path, 0o644)

    def start(self):
        self.said_before = len(self.said())
        drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups",
                "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        self.process = hwsim.Process("nmspd", *drop, *self.command())
        return self

    def stop(self):
        """A proper end; returns the exit status."""
        return self.process.end(seconds=10)

    def said(self):
        path = os.path.join(hwsim.SCRATCH, "nmspd.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_said(self, pattern, seconds):
        """Until a line that it logged since its last start matches."""
        return hwsim.wait_for(lambda: re.search(pattern, self.said()[self.said_before:], re.IGNORECASE), seconds,
                              lambda: f"a log line like {pattern!r}; it said {self.said()[self.said_before:]!r}")

    def report(self):
        """What it logs of its state when asked to."""
        start = len(self.said())
        self.process.process.send_signal(signal.SIGUSR1)
        hwsim.wait_for(lambda: "report: end" in self.said()[start:], 10, "its report")
        return self.said()[start:]

    def reload(self):
        self.process.process.send_signal(signal.SIGHUP)

    def overruns(self):
        return int(re.search(r"overruns=(\d+)", self.report()).group(1))

    def pid(self):
        return self.process.process.pid

    def pause(self):
        self.process.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.process.send_signal(signal.SIGCONT)

    def privileges(self):
        """The fields of /proc/PID/status."""
        with open(f"/proc/{self.pid()}/status", encoding="ascii") as status:
            return {name: value.strip() for name, value in (line.split(":", 1) for line in status)}


def configuration(mse, base_mac, poll_s, interval_s, expiry_s, ap_macs):
    """The agent's configuration. ap_macs: {interface: AP MAC}; without an entry a radio is a slot of base_mac."""
    radios = [{"interface": interface, "ap-mac": mac} for interface, mac in ap_macs.items()]
    return {
        "nmspd-system:system": {"hostname": "bed", "base-mac": base_mac},
        "nmspd-nmsp:nmsp": {
            "enable": True,
            "server": [{"host": "127.0.0.1", "port": mse.port, "mac": mse.mac}],
            "notification": {"client-notify-interval": interval_s},
        },
        "nmspd-aaa:aaa": {
            "new-model": True,
            "attribute-list": [{"name": "mse", "password": mse.key_hash}],
            "user": [{"mac": mse.mac, "attribute-list": "mse"}],
            "credential-download": [{"name": "wcm_loc_serv_cert", "method": "local"}],
        },
        "nmspd-radio:radios": {"poll-interval": poll_s, **({"radio": radios} if radios else {})},
        "nmspd-location:location": {"expiry": {"client": expiry_s}},
    }
