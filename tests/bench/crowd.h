/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Load: crowds of devices that are made up, as a source of tests and benchmarks
 * (platform/source.h). Nothing is kept of a device; how loud it is when is computed from its number
 * and the time, so that a crowd of any size needs no memory. Nothing is allocated while it plays.
 *
 * What happens stands in a text, a line for each thing, with the times and all plain lines of
 * nmspd-replay(5); besides:
 *
 *   [@MS] aps COUNT mac=MAC [first=N] [channel=N] [name=TEXT]
 *       As many access points, each with the next MAC and number.
 *   [@MS] ap-back N
 *       The access point returns as it was.
 *   [@MS] devices COUNT mac=MAC [every=MS] [for=MS] [ap=N] [aps=N] [heard-by=N] [rssi=DBM] [to=DBM]
 *         [walk=MS] [path=MS:DBM,...] [class=N] [associated=1] [vlan=N] [protocol=N] [ssid=TEXT]
 *       A crowd: MACs from that one on, each heard once in each interval (1000 ms), the frames
 *       spread over it, for so long (without end). The devices stand along `aps` access points (1)
 *       from `ap` (0) on, and each is heard by `heard-by` neighbours (1), by each further one 6 dB
 *       less. The nearest one hears -50 dBm; with `to` they are spread over that range, with `walk`
 *       each goes through it and back in so many ms; or with `path` straight between points. With
 *       `associated` each joins the nearest access point before it is heard first.
 *   [@MS] silent MAC, [@MS] heard MAC
 *       A device of a crowd is not heard any more, and is again.
 *
 * What is wrong in it ends the program. A crowd whose frames come closer than 20 ms is told in
 * portions of 20 ms, each frame with its own time. Whoever comes too late by more than an interval
 * skips what was missed, and counts it.
 */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include "platform/source.h"

struct crowd_counters {
    uint64_t samples; /* told */
    uint64_t skipped; /* frames that were not told because the loop came too late */
    uint64_t silent;  /* frames that silent devices did not send, or that no AP heard */
};

/* The text is `crowd_text`, or if that is NULL that of the file that NMSPD_CROWD names. */
void *crowd_new(const struct source_setup *setup);
void crowd_free(void *crowd);
void crowd_configure(void *crowd, const struct settings_radios *settings);
void crowd_describe(void *crowd, char *text, size_t size);
bool crowd_base_mac(void *crowd, struct mac *mac);

extern const char *crowd_text;
const struct crowd_counters *crowd_counters(const void *crowd);

#endif
