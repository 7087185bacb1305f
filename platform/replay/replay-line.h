/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of a scene (nmspd-replay(5)), between text and struct: the same table of keys reads and
 * writes, so that what is recorded can be replayed.
 *
 *     [@MS] WORD [ARGUMENT] [key=value]...
 *
 * Text is ASCII; names and SSIDs are percent-encoded octets. `#` begins a comment line.
 */
#ifndef PLATFORM_REPLAY_REPLAY_LINE_H
#define PLATFORM_REPLAY_REPLAY_LINE_H

#include "agent/base/cursor.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPLAY_LINE_MAX = 2048, /* characters, without the line's end */
    REPLAY_ERROR_SIZE = 128,
    REPLAY_TIME_MAX = 1000000000, /* ms: eleven days */
};

/* Of a line: an enum radio_kind, or one of these. */
enum replay_kind {
    REPLAY_NOTHING = RADIO_KINDS, /* empty, or a comment */
    REPLAY_SCENE,                 /* the first line of each scene: its version */
    REPLAY_BASE_MAC,
};

struct replay_line {
    int64_t at; /* ms since collecting began; 0 if the line does not say */
    unsigned kind;
    int64_t age;              /* how long before that the frame was heard, or the AP came up */
    struct radio_event event; /* if kind is a radio's */
    uint32_t version;         /* of a scene */
    struct mac base_mac;
    uint8_t payload[RADIO_TAG_PAYLOAD_MAX]; /* of a tag */
};

/* The event of a line that is acted on now. It points into the line. */
const struct radio_event *replay_line_event(struct replay_line *line, int64_t now);

/* Reads one line without its end. False: `error` says why. */
bool replay_line_parse(const uint8_t *text, size_t len, struct replay_line *line,
                       char error[static REPLAY_ERROR_SIZE]);

/* Appends the line and its end; only events of radio.h can be written. A writer with
 * REPLAY_LINE_MAX bytes of room does not fail. */
void replay_line_write(const struct replay_line *line, struct writer *w);

#endif
