#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: one table of what the agent costs against what it could cost at least.

    bench.py [--smoke] [--gate] [--only ROW,...]

CPU is processor time (getrusage, /proc/PID/stat), never the clock on the wall. Peers alternate with the agent
(A/B/A/B), and each figure is the median of the rounds. --smoke runs everything with small numbers, to see that it
works; --gate makes a missed gate a failure (figures on shared machines are noisy, so by default it is only shown).

The programs are named by NMSPD, NMSPD_CROWD_PROGRAM, BENCH_RUN, BENCH_MSE, BENCH_FLOOR and so on, as meson does it.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

import bed  # noqa: E402
import bench_netconf  # noqa: E402

RUN, MSE, FLOOR, CROWD, NMSP = (os.environ.get(name, "") for name in (
    "BENCH_RUN", "BENCH_MSE", "BENCH_FLOOR", "NMSPD_CROWD_PROGRAM", "NMSP"))
CIPHER = "TLS13-CHACHA20-POLY1305-SHA256"
LINE = b'{"mac":"02:11:00:00:00:01","ap":"02:0a:00:00:01:00/0","rssi":-47,"a":9}\n'


class Skip(Exception):
    pass


def median(values):
    return statistics.median(values)


def fields(text):
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def run(*arguments):
    """One run of bench-run, as {name: text}."""
    done = subprocess.run([RUN, *(str(one) for one in arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return fields(done.stdout)


def alternately(rounds, *measures):
    """A/B/A/B: the medians of each."""
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [median(column) for column in zip(*taken)]


def cpu_of(command, **options):
    """Runs a command to its end; its CPU seconds."""
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError("%s exited with %d" % (command[0], process.returncode))
    return usage.ru_utime + usage.ru_stime


# --- the table ------------------------------------------------------------------------------------


class Table:
    def __init__(self):
        self.missed = []

    def head(self, title):
        print("\n%s\n%s" % (title, "-" * len(title)), flush=True)

    def note(self, text):
        print("  " + text, flush=True)

    def row(self, name, text, value, gate=None, goal=None, at_least=False):
        """A measured figure; with a gate, whether it is kept."""
        verdict = ""
        if gate is not None:
            kept = value >= gate if at_least else value <= gate
            sign = ">=" if at_least else "<="
            verdict = "%s (gate %s %g%s)" % ("pass" if kept else "MISS", sign, gate, ", goal %g" % goal if goal else "")
            if not kept:
                self.missed.append(name)
        print("  %-4s %-76s %10.3f  %s" % (name, text, value, verdict), flush=True)


# --- the agent as a process -----------------------------------------------------------------------


class Server:
    """bench-mse for one MAC."""

    def __init__(self, mac, interval, devices, *more):
        certificate, key = bed.Keys.of(mac)
        self.process = subprocess.Popen([MSE, certificate, key, "1", str(interval * 1000), str(devices), *more],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def totals(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return {name: int(text) for name, text in fields(self.process.stdout.readline()).items()}

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Agent(bed.Agent):
    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as file:
            words = file.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, name="VmRSS"):
        return memory_of(self.process.pid, name)

    def figures(self):
        """Numbers of the report."""
        lines = "\n".join(self.report())

        def find(pattern):
            found = re.search(pattern, lines)
            return int(found.group(1)) if found else 0

        return {"wakeups": find(r"wake-ups=(\d+)"), "told": find(r"(\d+) samples told"),
                "skipped": find(r"(\d+) frames skipped"), "devices": find(r"location: devices=(\d+)"),
                "samples": find(r"devices=\d+ samples=(\d+)"), "evicted": find(r"devices-evicted=(\d+)"),
                "refused": find(r"samples-refused=(\d+)"), "missed": find(r"missed-ticks=(\d+)"),
                "measurements": find(r"sent: .*Measurement Notification (\d+)"),
                "crowd_kib": find(r"skipped, (\d+) KiB")}


def memory_of(pid, name="VmRSS"):
    """KiB."""
    where = "smaps_rollup" if name == "Private_Dirty" else "status"
    with open("/proc/%d/%s" % (pid, where), encoding="ascii") as file:
        return int(re.search(name + r":\s+(\d+) kB", file.read()).group(1))


class Stage:
    """An agent that plays a scene to servers, or a crowd (tests/bench/crowd.h)."""

    def __init__(self, scene, servers=1, interval=1, capacity=None, devices=0, more=(), users=0):
        self.folder = tempfile.mkdtemp()
        self.servers = [Server(mac, interval, devices, *more) for mac in bed.SERVER_MACS[:servers]]
        self.agent = Agent(self.folder)
        shutil.copytree(bed.Keys.agent_state(), self.agent.state)
        config = bed.configuration([server.port for server in self.servers])
        config["nmspd-nmsp:nmsp"]["notification"]["client-notify-interval"] = interval
        if capacity:
            config["nmspd-system:system"]["capacity"] = capacity
        config["nmspd-aaa:aaa"]["user"] += [{"mac": "0250aa00%04x" % n, "attribute-list": "L"} for n in range(users)]
        self.management = os.path.join(self.folder, "management.sock")
        path = os.path.join(self.folder, "scene")
        with open(path, "w", encoding="ascii") as file:
            file.write("scene 1\n" + scene)
        self.agent.configure(config)
        if "devices" in scene:
            self.agent.program, self.agent.environment["NMSPD_CROWD"] = CROWD, path
            self.agent.start("--management", self.management)
        else:
            self.agent.start("--replay", path)
        for server in self.servers:
            bed.until(lambda server=server: server.totals()["sessions"] == 1, "a session", 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.agent.terminate()
        finally:
            self.agent.kill()
            for server in self.servers:
                server.stop()
            shutil.rmtree(self.folder)


# --- rows -----------------------------------------------------------------------------------------


class Broker:
    def __init__(self, folder, certificate, key):
        self.port = bed.free_port()
        path = os.path.join(folder, "mosquitto.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write("user root\nallow_anonymous true\nlistener %d 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\n"
                       % (self.port, certificate, certificate, key))
        self.process = subprocess.Popen([self.program(), "-c", path], stderr=subprocess.DEVNULL)
        bed.until(self.answers, "the broker listens")

    @staticmethod
    def program():
        found = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not found or not shutil.which("mosquitto_pub"):
            raise Skip("mosquitto and mosquitto-clients are not installed")
        return found

    def answers(self):
        try:
            bed.socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()


def deliver(keys, sessions, ticks, *more):
    return run("deliver", sessions, 1000, ticks, *keys, *more)


def row_r1(table, size, keys):
    broker = Broker(size.folder, *keys)
    lines = os.path.join(size.folder, "lines")
    with open(lines, "wb") as file:
        file.write(LINE * (size.ticks * 1000))
    command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "--cafile", keys[0], "--insecure",
               "-t", "bench", "-q", "0", "-l"]

    def publish():
        with open(lines, "rb") as file:
            return cpu_of(command, stdin=file) * 1000 / size.ticks

    try:
        ours, theirs = alternately(size.rounds, lambda: float(deliver(keys, 1, size.ticks)["cpu_ms"]), publish)
    finally:
        broker.stop()
    table.row("R1", "CPU per 1,000 measurements over TLS (%.3f ms) / mosquitto_pub -l QoS 0 (%.3f ms)" % (ours, theirs),
              ours / theirs, 0.35, 0.20)


def row_r2(table, size, keys):
    for record, gated in ((16384, True), (1400, False)):
        ours, bare = alternately(size.rounds, *(
            lambda who=who: float(run("tls", who, record, size.megabytes, *keys, CIPHER)["mb_per_cpu_s"])
            for who in ("agent", "bare")))
        text = "TLS MB per CPU-s in records of %d (%.0f) / bare wolfSSL (%.0f)" % (record, ours, bare)
        table.row("R2", text, ours / bare, 0.80 if gated else None, 0.92 if gated else None, at_least=True)
        if gated:
            size.agent_tls = ours


def row_r3(table, size, keys):
    port = bed.free_port()
    zeros = os.path.join(size.folder, "zeros")
    with open(zeros, "wb") as file:
        file.truncate(size.megabytes << 20)
    server = subprocess.Popen(["openssl", "s_server", "-quiet", "-accept", str(port), "-cert", keys[0], "-key", keys[1]],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def send():
        with open(zeros, "rb") as file:
            return (size.megabytes << 20) / 1e6 / cpu_of(
                ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-quiet", "-no_ign_eof",
                 "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
                stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    try:
        time.sleep(0.3)
        theirs = median([send() for _ in range(size.rounds)])
    finally:
        server.kill()
        server.wait()
    table.row("R3", "R2's MB per CPU-s / openssl s_client with the same suite (%.0f); not gated" % theirs,
              size.agent_tls / theirs)


def row_r5(table, size, _keys):
    for heard, gated in ((1, True), (4, False)):
        taken = [run("encode", 1000, heard, size.ticks * 4) for _ in range(size.rounds)]
        ns, copy = (median([float(one[name]) for one in taken]) for name in ("encode_ns", "memcpy_ns"))
        text = "ns to encode a device heard by %d AP(s), %s bytes (memcpy of them: %.2f)" % (heard, taken[0]["bytes"], copy)
        table.row("R5", text, ns, 25 if gated else None, 10 if gated else None)


def row_r6(table, size, _keys):
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    lines = ["ap 0 mac=02:0a:00:00:01:00"]
    for second in range(60 + size.seconds):
        lines += ["@%d sample 02:11:00:00:00:%02x ap=0 rssi=%d" % (second * 1000, device, -40 - second % 2)
                  for device in range(100)]
    with Stage("\n".join(lines) + "\n") as stage:
        counts = os.path.join(stage.folder, "strace")
        bed.until(lambda: stage.servers[0].totals()["ticks"] > 2, "ticks")
        tracer = subprocess.Popen(["strace", "-c", "-f", "-o", counts, "-p", str(stage.agent.process.pid)],
                                  stderr=subprocess.DEVNULL)
        time.sleep(size.seconds)
        tracer.send_signal(bed.signal.SIGINT)
        tracer.wait()
        with open(counts, encoding="ascii") as file:
            found = {words[-1]: int(words[3]) for words in map(str.split, file)
                     if len(words) >= 5 and words[3].isdigit() and words[-1] != "total"}
    sends = sum(found.get(name, 0) for name in ("sendto", "sendmsg", "write"))
    expected = 3 * sends  # one send to the server, one epoll_wait for the readings, one for the tick
    table.row("R6", "system calls per tick, 100 devices, 1 server (%s) / 1 send + 2 epoll_wait" % ", ".join(
        "%s %d" % one for one in sorted(found.items())), sum(found.values()) / expected if expected else 99, 1.10)
    table.note("     receives from netlink are not in it: a scene has none (R4)")


def floor_memory():
    state = bed.Keys.agent_state()
    config = os.path.join(os.path.dirname(state), "floor.json")
    with open(config, "w", encoding="ascii") as file:
        json.dump(bed.configuration(), file)
    process = subprocess.Popen([FLOOR, config, os.path.join(state, "cert.pem"), os.path.join(state, "key.pem")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    memory = memory_of(process.pid), memory_of(process.pid, "Private_Dirty")
    process.communicate(b"")
    return memory


def idle_memory():
    with Stage("ap 0 mac=02:0a:00:00:01:00\n", servers=0) as stage:
        stage.agent.wait("identity: ")
        return stage.agent.memory(), stage.agent.memory("Private_Dirty")


def bytes_per_device(*more):
    small, large = (run("scale", count, 16, 4, 2, *more) for count in (20000, 60000))
    return (int(large["dirty"]) - int(small["dirty"])) / 40000


def row_r7(table, size, _keys):
    taken = [(idle_memory(), floor_memory()) for _ in range(size.rounds)]
    ours, floor = (median([one[who][0] for one in taken]) for who in (0, 1))
    dirty = [median([one[who][1] for one in taken]) for who in (0, 1)]
    table.row("R7", "RSS idle without sessions (%d KiB) / floor process (%d KiB)" % (ours, floor), ours / floor, 1.25)
    table.note("     of these, private dirty: %d KiB / %d KiB" % tuple(dirty))
    table.row("R7", "bytes per device heard by 4 APs, with one subscription", bytes_per_device(), 160, 96)
    table.row("R7", "the same, half of them associated: with SSID and addresses; not gated", bytes_per_device("associated"))
    one = run("scale", 1000, 16, 4, 1)
    table.row("R7", "KiB of heap for one more server, TLS not counted; not gated", int(one["session"]) / 1024)


def row_r8(table, size, keys):
    taken = []
    for _ in range(size.rounds):
        one, four = deliver(keys, 1, size.ticks), deliver(keys, 4, size.ticks)
        share = float(one["tls_ms"]) / float(one["cpu_ms"])
        taken.append((float(four["cpu_ms"]) / float(one["cpu_ms"]), 1 + 3 * share))
    ratio, floor = (median(column) for column in zip(*taken))
    table.row("R8", "CPU with 4 servers / with 1 (%.2f), over 1 + 3 x the share of TLS (%.2f)" % (ratio, floor),
              ratio / floor, 1.1)


def row_r9(table, size, _keys):
    with Stage("ap 0 mac=02:0a:00:00:01:00\n", servers=2, interval=2, more=("everything",)) as stage:
        time.sleep(2)
        before, begun = stage.agent.figures()["wakeups"], time.monotonic()
        time.sleep(size.seconds * 2)
        woken = stage.agent.figures()["wakeups"] - before - 1
        table.row("R9", "wake-ups per second, idle, 2 sessions subscribed to everything (a poll of a radio is one more)",
                  woken / (time.monotonic() - begun), 0.5)


def row_r10(table, size, keys):
    ours = deliver(keys, 1, size.ticks)
    both = deliver(keys, 1, size.ticks, "count-tls")
    table.row("R10", "allocations per tick in steady state, own code", int(ours["allocations"]) / size.ticks, 0)
    table.row("R10", "of wolfSSL, per record; not gated", int(both["allocations"]) / int(both["records"]))


def row_cost(table, size, _keys):
    """Four doublings of N, and how far the straight line through them is from each."""
    counts = [size.scale * 2 ** octave for octave in range(5)]
    taken = [[float(run("scale", count, 64, 4, 6)["cpu_ms"]) for _ in range(3)] for count in counts]
    cost = [median(one) for one in taken]
    mean_n, mean_c = statistics.mean(counts), statistics.mean(cost)
    slope = sum((n - mean_n) * (c - mean_c) for n, c in zip(counts, cost)) / sum((n - mean_n) ** 2 for n in counts)
    start = mean_c - slope * mean_n
    for n, c in zip(counts, cost):
        table.note("     %7d devices x 4 APs: %9.2f ms CPU a tick, %6.0f ns a device" % (n, c, c * 1e6 / n))
    table.note("     linear fit: %.3f ms + %.0f ns a device" % (start, slope * 1e6))
    table.row("N", "cost per device at %d devices / at %d; not gated" % (counts[-1], counts[0]),
              (cost[-1] / counts[-1]) / (cost[0] / counts[0]))


def scale_point(table, size, name, aps, devices, heard, interval):
    seconds = size.seconds * 2
    lasts = (seconds + 10) * 1000 // (interval * 1000) * interval * 1000
    scene = ("aps %d mac=02:0a:00:00:00:00\ndevices %d mac=02:11:00:00:00:00 aps=%d heard-by=%d every=%d "
             "rssi=-40 to=-75 walk=60000 for=%d\n" % (aps, devices, aps, heard, interval * 1000, lasts))
    capacity = {"devices": devices, "samples": devices * heard, "aps": max(aps, 64)}
    with Stage(scene, interval=interval, capacity=capacity, devices=devices) as stage:
        agent, server = stage.agent, stage.servers[0]
        bed.until(lambda: server.totals()["devices"] >= devices, "all devices were told once", 120)
        cpu, since = agent.cpu(), time.monotonic()
        time.sleep(seconds)
        cpu = (agent.cpu() - cpu) / (time.monotonic() - since)
        rss, dirty, on_time = agent.memory(), agent.memory("Private_Dirty"), server.totals()
        wanted = lasts // (interval * 1000) * devices * heard
        # The scene is over: what is on its way arrives.
        bed.until(lambda: agent.figures()["told"] >= wanted - agent.figures()["skipped"] * heard, "the scene ends", 60)
        time.sleep(interval + 1)
        end, figures = server.totals(), agent.figures()
    table.row(name, "%% CPU: %d devices x %d of %d APs every %d s" % (devices, heard, aps, interval), cpu * 100)
    table.row(name, "MiB RSS (%.1f private dirty, of it %.1f the crowd)" % (dirty / 1024, figures["crowd_kib"] / 1024),
              rss / 1024)
    table.row(name, "ticks of %d that did not tell every device in their %d s (told in one: %d to %d)" % (
        on_time["ticks"], interval, on_time["least"], on_time["most"]), on_time["short"], 0)
    sent, got = figures["measurements"], end["notifications"]
    table.note("     samples: %d wanted, %d told, frames skipped %d, refused %d, devices evicted %d; ticks missed %d"
               % (wanted, figures["told"], figures["skipped"], figures["refused"], figures["evicted"], figures["missed"]))
    table.note("     measurement notifications: %d sent, %d notifications of all kinds received, %d gaps, %d malformed"
               % (sent, got, end["gaps"], end["malformed"]))
    lost = (wanted - figures["told"] - figures["skipped"] * heard) + end["gaps"] + end["malformed"]
    table.row(name, "samples or messages lost without being counted", lost, 0)


def row_a(table, size, _keys):
    """Access points: from frames to the table; TLS is R2's."""
    counts = size.access_points
    taken = {count: [run("collect", count, 20, max(2, 4000 // count)) for _ in range(3)] for count in counts}
    cost = {count: median(float(one["sample_ns"]) for one in taken[count]) for count in counts}
    for count in counts:
        table.row("A1", "CPU-ms for 1,000 samples of %d access points, from frames to the table" % count,
                  cost[count] / 1000, 0.5)
    table.row("A2", "KiB of heap for an access point's session, TLS not counted", int(taken[counts[-1]][0]["session"]) / 1024, 24)
    table.row("A4", "a sample of %d access points / of %d" % (counts[-1], counts[0]), cost[counts[-1]] / cost[counts[0]], 3)


def row_s1(table, size, _keys):
    scale_point(table, size, "S1", 16, size.campus, 16, 2)


def row_s2(table, size, _keys):
    scale_point(table, size, "S2", size.ceiling // 10, size.ceiling, 4, 2)


def row_y1(table, size, _keys):
    if not bench_netconf.SERVER:
        raise Skip("the server on libnetconf2 was not built")
    folder = tempfile.mkdtemp(dir=size.folder)
    os.chmod(size.folder, 0o755)
    os.chmod(folder, 0o755)
    both = bench_netconf.Both(folder)
    try:
        figures = alternately(size.rounds, *(lambda one=one: both.cost(*one, size.ticks) for one in both.sessions()))
    finally:
        both.stop()
    what = "CPU per get-config of %d KiB" % (both.size // 1024)
    table.row("Y1", "%s (%.3f ms) / libnetconf2 %s (%.3f ms)" % (
        what, figures[1], first_line("pkg-config", "--modversion", "libnetconf2"), figures[0]),
        figures[1] / figures[0], 0.5)
    for figure in figures[2:]:
        table.row("Y1", "the same for a user whose rights are looked at (%.3f ms)" % figure,
                  figure / figures[0], 0.3)


def crowd_of(devices):
    return ("aps 16 mac=02:0a:00:00:00:00\ndevices %d mac=02:11:00:00:00:00 aps=16 heard-by=4 every=2000 "
            "rssi=-40 to=-75 walk=60000 for=600000\n" % devices), {"devices": devices, "samples": devices * 4, "aps": 64}


def row_c1(table, size, _keys):
    scene, capacity = crowd_of(size.clients)

    def cost(command):
        line = [NMSP, "--socket", stage.management, "-c", command]
        return sum(cpu_of(line, stdout=subprocess.DEVNULL) for _ in range(10)) * 100

    with Stage(scene, capacity=capacity, devices=size.clients, users=size.users) as stage:
        ours, least = alternately(size.rounds, *(
            lambda command=command: cost(command) for command in ("show nmsp status", "terminal length 0")))
    table.row("C1", "CPU of `show nmsp status` (%.1f ms), %d users, %d devices / `terminal length 0` (%.1f ms)" % (
        ours, size.users, size.clients, least), ours / least, 3)


def row_c2(table, size, _keys):
    """What it holds when the first piece has come, and when the last has."""
    scene, capacity = crowd_of(size.ceiling)
    with Stage(scene, capacity=capacity, devices=size.ceiling) as stage:
        bed.until(lambda: stage.servers[0].totals()["devices"] >= size.ceiling, "all devices were told once", 120)
        held, lines = [], 0
        with subprocess.Popen([NMSP, "--socket", stage.management, "-c", "show location summary"],
                              stdout=subprocess.PIPE) as process:
            while chunk := process.stdout.read1(16384):
                lines += chunk.count(b"\n")
                try:
                    held.append(memory_of(process.pid, "VmHWM"))
                except (AttributeError, OSError):
                    break  # it has ended, and the pipe holds the rest
            lines += process.stdout.read().count(b"\n")
    if lines < size.ceiling:
        raise RuntimeError("only %d lines are shown" % lines)
    if not held:
        raise Skip("it had ended before it could be looked at")
    table.row("C2", "KiB more after %d devices of `show location summary` than after the first (%d KiB)" % (
        size.ceiling, held[0]), held[-1] - held[0], 1024)


ROWS = {"R1": row_r1, "R2": row_r2, "R3": row_r3, "R5": row_r5, "R6": row_r6, "R7": row_r7, "R8": row_r8,
        "R9": row_r9, "R10": row_r10, "Y1": row_y1, "C1": row_c1, "C2": row_c2, "N": row_cost, "A": row_a, "S1": row_s1,
        "S2": row_s2}


class Full:
    rounds, ticks, megabytes, seconds = 5, 200, 128, 10
    scale, campus, ceiling, clients, users = 9375, 18000, 150000, 5000, 2000
    access_points = 10, 100, 1000
    agent_tls = 0.0


class Smoke(Full):
    rounds, ticks, megabytes, seconds = 1, 20, 4, 2
    scale, campus, ceiling, clients, users = 200, 300, 600, 100, 50
    access_points = 2, 4


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.stdout.splitlines()[0] if done.stdout else "?"
    except OSError:
        return "not installed"


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        found = re.search(r"(?:model name|cpu model|Hardware)\s*:\s*(.*)", file.read())
    return found.group(1) if found else platform.machine()


def show_versions(table):
    table.head("Measured with")
    library = subprocess.run([RUN, "library"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    table.note("wolfSSL %s" % library.replace("wolfssl=", "").replace("macros=", "built with: "))
    table.note("libnl %s, libyang %s" % tuple(first_line("pkg-config", "--modversion", name)
                                              for name in ("libnl-3.0", "libyang")))
    table.note(first_line("openssl", "version") + "; " + first_line("mosquitto_pub", "--version"))
    table.note("%s; built with %s" % (first_line(bed.PROGRAM, "--version"), os.environ.get("BENCH_COMPILER", "?")))
    table.note("Linux %s, %s, %d CPUs; load %s" % (platform.release(), processor(), os.cpu_count(),
                                                   " ".join("%.2f" % one for one in os.getloadavg())))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small numbers: only shows that it works")
    parser.add_argument("--gate", action="store_true", help="exit with 1 if a gate is missed")
    parser.add_argument("--only", default="", help="rows, with commas: " + ",".join(ROWS))
    options = parser.parse_args()
    size = Smoke() if options.smoke else Full()
    table = Table()
    wanted = [name for name in options.only.split(",") if name] or list(ROWS)
    show_versions(table)
    table.head("%s run: medians of %d" % ("Smoke" if options.smoke else "Full", size.rounds))
    with tempfile.TemporaryDirectory() as size.folder:
        for name in wanted:
            try:
                ROWS[name](table, size, bed.Keys.of(bed.SERVER_MACS[0]))
            except Skip as why:
                table.note("%-4s skipped: %s" % (name, why))
    table.note("")
    table.note("missed: %s" % (", ".join(sorted(set(table.missed))) or "no gate"))
    return 1 if options.gate and table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
