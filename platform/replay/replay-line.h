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
    REPLAY_WAYPOINTS_MAX = 16,
    REPLAY_ERROR_SIZE = 128,
    REPLAY_TIME_MAX = 1000000000, /* ms: eleven days */
};

/* Of a line: an enum radio_kind, or one of these. */
enum replay_kind {
    REPLAY_NOTHING = RADIO_KINDS, /* empty, or a comment */
    REPLAY_SCENE,                 /* the first line of each scene: its version */
    REPLAY_BASE_MAC,
    /* What makes many events. */
    REPLAY_APS,
    REPLAY_DEVICES,
    REPLAY_AP_BACK,
    REPLAY_SILENT, /* a device of a crowd is not heard any more ... */
    REPLAY_HEARD   /* ... and is again */
};

struct replay_waypoint {
    uint32_t at; /* ms since the crowd began */
    int8_t rssi;
};

/* `count` devices with MACs from `mac` on, each heard once every `every` ms by `heard_by` APs that
 * are neighbours among the `aps` APs from `ap` on. */
struct replay_crowd {
    uint32_t count;
    struct mac mac;
    uint16_t ap;
    uint16_t aps;
    uint8_t heard_by;
    uint8_t device_class;
    uint8_t antenna;
    uint8_t source;
    int8_t snr;
    int8_t rssi;    /* of the loudest AP; each further one hears 6 dB less */
    int8_t rssi_to; /* other than rssi: the devices are spread over that range ... */
    uint32_t walk;  /* ... and each walks through it and back in so many ms; 0: they stand still */
    uint32_t every;
    uint32_t length; /* ms for which it lasts, 0: for ever */
    bool associated; /* each joins the loudest AP before it is heard first */
    uint16_t vlan;
    uint8_t protocol;
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
    uint8_t waypoints; /* instead of rssi, rssi_to and walk: straight between these */
    struct replay_waypoint path[REPLAY_WAYPOINTS_MAX];
};

struct replay_aps {
    uint32_t count;
    struct radio_ap first; /* MAC, handle: each next AP has one more */
};

struct replay_line {
    int64_t at; /* ms since collecting began; 0 if the line does not say */
    unsigned kind;
    int64_t age;              /* how long before that the frame was heard, or the AP came up */
    struct radio_event event; /* if kind is a radio's; of ap-back what ap-gone has */
    union {
        uint32_t version;
        struct mac mac; /* base-mac, silent, heard */
        struct replay_aps aps;
        struct replay_crowd crowd;
    } u;
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
