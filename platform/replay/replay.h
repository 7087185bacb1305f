/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scene instead of radios, most often a recording (platform/replay/recording.h). Never chosen by
 * itself, and said loudly: what it tells are no measurements. The format is nmspd-replay(5).
 *
 * Times of a scene count from the first `configure`, on the loop's clock, so that a virtual loop
 * plays it in no time. A scene is read and checked whole before anything is played. Memory is the
 * text itself and a bool for each handle up to the highest. Nothing is allocated while playing.
 */
#ifndef PLATFORM_REPLAY_REPLAY_H
#define PLATFORM_REPLAY_REPLAY_H

#include "agent/base/loop.h"
#include "agent/radio.h"

#include <stddef.h>
#include <stdint.h>

struct replay;

enum { REPLAY_TEXT_MAX = 256 * 1024 * 1024 };

struct replay_options {
    uint16_t ap_capacity; /* handles stay below it */
    const char *name;     /* of the scene, for messages: outlives the replay */
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

#endif
