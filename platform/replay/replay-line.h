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

enum replay_kind {
    REPLAY_NOTHING, /* empty, or a comment */
    REPLAY_SCENE,   /* the first line of each scene: its version */
    /* Events of radio.h, one for one. */
    REPLAY_BASE_MAC,
    REPLAY_WORKS,
    REPLAY_AP,
    REPLAY_AP_GONE,
    REPLAY_SAMPLE,
    REPLAY_JOIN,
    REPLAY_LEAVE,
    REPLAY_USER,
    REPLAY_ADDRESS,
    REPLAY_STATISTICS,
    REPLAY_ROGUE,
    REPLAY_TAG,
    /* What makes many of them. */
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
    enum replay_kind kind;
    int64_t age; /* how long before that the frame was heard, or the AP came up */
    union {
        uint32_t version;
        struct mac mac; /* base-mac, silent, heard */
        uint32_t works;
        struct radio_ap ap; /* ap N gone and ap N back, too */
        struct radio_sample sample;
        struct radio_client client; /* join; leave has device and ap of it */
        struct radio_user user;
        struct radio_address address;
        struct radio_statistics statistics;
        struct radio_rogue rogue;
        struct radio_tag tag;
        struct replay_aps aps;
        struct replay_crowd crowd;
    } u;
    uint8_t payload[RADIO_TAG_PAYLOAD_MAX]; /* that u.tag.payload points at */
};

/* Reads one line without its end. False: `error` says why. */
bool replay_line_parse(const uint8_t *text, size_t len, struct replay_line *line,
                       char error[static REPLAY_ERROR_SIZE]);

/* Appends the line and its end; only events of radio.h can be written. A writer with
 * REPLAY_LINE_MAX bytes of room does not fail. */
void replay_line_write(const struct replay_line *line, struct writer *w);

#endif
