/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at a whole scene before it is played: whether every line is right, and what it needs.
 */
#ifndef PLATFORM_REPLAY_REPLAY_SURVEY_H
#define PLATFORM_REPLAY_REPLAY_SURVEY_H

#include "platform/replay/replay-line.h"
#include "platform/replay/replay.h"

struct replay_survey {
    int64_t at;
    uint32_t lines;
    uint32_t aps; /* handles below it */
    uint64_t devices;
    size_t silent_bytes;
    size_t crowds;
    uint32_t works;
    bool says_works;
};

/* False with a log message that has the line. */
bool replay_survey_take(const void *text, size_t len, const struct replay_options *options,
                        struct replay_survey *survey);

/* The next line that says something, or REPLAY_NOTHING at the end; counts the lines it has passed.
 * False: `error` says what is wrong with it. */
bool replay_next_line(struct cursor *rest, struct replay_line *line, uint32_t *number,
                      char error[static REPLAY_ERROR_SIZE]);

#endif
