#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""R4, in the virtual machine: scripts/vm/run --radios 1 -- tests/bench/stations.py NMSPD BENCH_DUMP

What one station costs the agent at each poll, against a bare libnl dump in the same machine. The stations are entries
of the kernel's table that the script itself makes (no radio stands behind them, so the kernel has no signal of
them, and the agent takes no reading in: R5 and N are that part). The machine is emulated: only ratios mean anything.
"""
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "hwsim"))

import genl  # noqa: E402
import hwsim  # noqa: E402
import peers  # noqa: E402

CMD_NEW_STATION = 19
ATTR_IFINDEX, ATTR_MAC, ATTR_AID, ATTR_LISTEN, ATTR_RATES, ATTR_FLAGS2 = 3, 6, 16, 18, 19, 67
AUTHORIZED, AUTHENTICATED, ASSOCIATED = 1, 5, 7
INTERFACE = "wlan0"


class Stations(genl.GenericNetlink):
    def __init__(self):
        super().__init__()
        self.id, _ = self.family("nl80211")
        self.index = int(hwsim.fact(INTERFACE, "ifindex"))
        self.count = 0

    def reach(self, count):
        bits = 1 << AUTHORIZED | 1 << AUTHENTICATED | 1 << ASSOCIATED
        while self.count < count:
            self.count += 1
            mac = bytes((2, 0x77, 0, 0, self.count >> 8, self.count & 255))
            payload = (genl.u32(ATTR_IFINDEX, self.index) + genl.attribute(ATTR_MAC, mac)
                       + genl.attribute(ATTR_LISTEN, (10).to_bytes(2, sys.byteorder))
                       + genl.attribute(ATTR_RATES, bytes((0x82, 0x84, 0x8b, 0x96)))
                       + genl.attribute(ATTR_AID, self.count.to_bytes(2, sys.byteorder))
                       + genl.attribute(ATTR_FLAGS2, bits.to_bytes(4, sys.byteorder) * 2))
            self.request(self.id, CMD_NEW_STATION, payload)


def run_ns(pid):
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as file:
        return int(file.read().split()[0])


def agent_us(agent, dumps):
    """CPU of one poll, over so many."""
    def polls():
        return int(re.search(r"dumps=(\d+)", agent.report()).group(1))

    first = polls()
    hwsim.wait_for(lambda: polls() > first, 30, "a poll")
    before, since = polls(), run_ns(agent.pid())
    time.sleep(dumps)
    hwsim.wait_for(lambda: polls() >= before + dumps, 120, "polls")
    spent = run_ns(agent.pid()) - since
    return spent / 1000 / (polls() - before)


def bare_us(program, rounds):
    done = subprocess.run([program, INTERFACE, str(rounds)], stdout=subprocess.PIPE, text=True, check=True)
    return float(re.search(r"us=([\d.]+)", done.stdout).group(1))


def iw_us():
    process = subprocess.Popen(["iw", "dev", INTERFACE, "station", "dump"], stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return (usage.ru_utime + usage.ru_stime) * 1e6


def main(program, dump):
    hostapd = hwsim.Hostapd(hwsim.Bss(INTERFACE, "bench", "10.0.0.1")).start()
    stations = Stations()
    agent = peers.Agent(program)
    agent.configure({"nmspd-system:system": {"hostname": "bench", "base-mac": "02:0a:00:00:00:01"},
                     "nmspd-radio:radios": {"poll-interval": 1}})
    agent.start()
    agent.certificate()
    base = None
    print("  stations  agent us/poll  bare us/dump  iw us   agent/bare per station                      agent/iw per station", flush=True)
    for count in [int(one) for one in os.environ.get("BENCH_STATIONS", "0 100 500 2000").split()]:
        stations.reach(count)
        time.sleep(2)
        rounds = [(agent_us(agent, 4), bare_us(dump, 4), iw_us()) for _ in range(5)]
        # The least, not the median: the emulator's threads lose time to the host, which the guest takes for its own.
        ours, bare, other = (min(column) for column in zip(*rounds))
        if count == 0:
            base = ours, bare, other
            print("  %8d  %13.0f  %12.0f  %5.0f" % (count, ours, bare, other), flush=True)
            continue
        ratio, to_iw = ((ours - base[0]) / (theirs - start) for theirs, start in ((bare, base[1]), (other, base[2])))
        print("  %8d  %13.0f  %12.0f  %5.0f   %.3f %s (gate <= 1.25, goal 1.10)   %.3f%s" % (
            count, ours, bare, other, ratio, "pass" if ratio <= 1.25 else "MISS", to_iw,
            " %s (gate <= 0.6)" % ("pass" if to_iw <= 0.6 else "MISS") if count >= 2000 else ""), flush=True)
    agent.stop()
    hostapd.stop()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    finally:
        hwsim.end_all()
