/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes every radio event as a line of a scene (nmspd-replay(5)) and hands it on: what a real run
 * was told can be replayed. Times count from its making.
 *
 * Lines are gathered and written once a second or whenever 64 KiB have come. The file is new, mode
 * 0600 (it has the MACs of people), and at most RECORDING_MAX bytes; a full disk, like that bound,
 * ends the recording with a message, and the file then ends with a whole line. The events go on.
 */
#ifndef PLATFORM_REPLAY_RECORDING_H
#define PLATFORM_REPLAY_RECORDING_H

#include "agent/base/loop.h"
#include "agent/radio.h"

#include <stdint.h>

struct recording;

enum { RECORDING_MAX = 256 * 1024 * 1024 };

/* What it takes goes on to the sink. The path outlives it. NULL with a log message: no file, or no
 * memory. */
struct recording *recording_new(struct loop *loop, const char *path, const struct radio_sink *sink);
/* Writes the rest. NULL is allowed. */
void recording_free(struct recording *record);

/* Where the base MAC is asked for: it is no event. */
void recording_source(struct recording *record, const struct radio_operations *radio,
                      void *platform);

/* What a struct radio_sink has; the context is the recording. */
void recording_take(void *recording, const struct radio_event *event);

/* Writes what waits now. */
void recording_flush(struct recording *record);
/* How many lines were written or wait to be. */
uint64_t recording_lines(const struct recording *record);
/* False once it has ended early. */
bool recording_goes_on(const struct recording *record);

/* For tests: another bound than RECORDING_MAX. */
void recording_limit(struct recording *record, int64_t bytes);

#endif
