/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scene instead of radios: described (APs, crowds of devices, walks, faults) or recorded
 * (platform/replay/recording.h), for tests and benchmarks. Never chosen by itself, and said loudly:
 * what it tells are no measurements. The format is nmspd-replay(5).
 *
 * Times of a scene count from the first `configure`, on the loop's clock, so that a virtual loop
 * plays it in no time. A scene is read and checked whole before anything is played. Memory is the
 * text itself, a radio_ap for each handle up to the highest, and for each `devices` line about 400
 * bytes and a bit for each of its devices; replay_memory() tells. Nothing is allocated while
 * playing.
 *
 * A crowd whose frames come closer than 20 ms is told in portions of 20 ms, each frame with its own
 * time. A loop that falls behind by more than a whole interval skips what it missed, and counts it.
 */
#ifndef PLATFORM_REPLAY_REPLAY_H
#define PLATFORM_REPLAY_REPLAY_H

#include "agent/base/loop.h"
#include "agent/radio.h"

#include <stddef.h>
#include <stdint.h>

struct replay;

enum {
    REPLAY_TEXT_MAX = 256 * 1024 * 1024,
    REPLAY_DEVICES_MAX = 4 * 1024 * 1024, /* in all crowds */
    REPLAY_PORTION = 20                   /* ms */
};

struct replay_options {
    uint16_t ap_capacity; /* handles stay below it */
    uint32_t devices_max; /* 0: REPLAY_DEVICES_MAX */
    const char *name;     /* of the scene, for messages: outlives the replay */
};

struct replay_counters {
    uint64_t lines;   /* acted on */
    uint64_t samples; /* told */
    uint64_t skipped; /* frames that were not told because the loop came too late */
    uint64_t silent;  /* frames that silent devices did not send, or that no AP heard */
};

/* The text is copied. NULL with a log message that has the line. The loop must outlive
 * it. */
struct replay *replay_new(struct loop *loop, const void *text, size_t len,
                          const struct replay_options *options, const struct radio_sink *sink);
/* The same from a file, which options->name is. */
struct replay *replay_open(struct loop *loop, const struct replay_options *options,
                           const struct radio_sink *sink);
/* Tells nothing any more. NULL is allowed. */
void replay_free(struct replay *replay);

/* The `platform` of each call is the replay. */
const struct radio_operations *replay_operations(void);

const struct replay_counters *replay_counters(const struct replay *replay);
size_t replay_memory(const struct replay *replay);

#endif
