/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract with platform/, both ways: what radios tell the agent (events in), and what the
 * agent asks of them (operations out). platform/ fills the operations, agent/engine takes the
 * events, main.c joins the two.
 *
 * Vocabulary. A *radio* is one wiphy. An *AP* is what a location server places on a map: one MAC
 * with one or more *slots*, one radio each. By default all radios of this device are slots of one
 * AP (its base MAC). `ap` in every record is the handle of one (AP MAC, slot) pair: chosen by the
 * platform, dense from 0, below the configured capacity, and not reused for another pair before
 * ap_gone was told.
 *
 * All calls are made inside the event loop. Pointers in events are valid during the call only.
 */
#ifndef AGENT_RADIO_H
#define AGENT_RADIO_H

#include "agent/base/mac.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RADIO_DB_UNKNOWN INT8_MIN /* every dBm and dB field, as on the wire */

enum {
    RADIO_UTILISATION_UNKNOWN = 255,
    RADIO_ANTENNA_COMBINED = 255,
    RADIO_SSID_MAX = 32,
};

/* The values are the wire's (wire-profile "Element"), so that nothing needs translating. */
enum radio_band { RADIO_BAND_UNKNOWN, RADIO_BAND_2GHZ, RADIO_BAND_5GHZ, RADIO_BAND_6GHZ };
enum radio_source {
    RADIO_SOURCE_UNKNOWN,
    RADIO_SOURCE_PROBE,
    RADIO_SOURCE_PATH_LOSS,
    RADIO_SOURCE_DATA,
    RADIO_SOURCE_BEACON
};
enum radio_class {
    RADIO_CLASS_CLIENT = 1,
    RADIO_CLASS_TAG = 2,
    RADIO_CLASS_ROGUE_AP = 3,
    RADIO_CLASS_ROGUE_CLIENT = 4
};

struct radio_ap {
    uint16_t ap; /* the handle */
    struct mac mac;
    uint8_t slot;
    uint8_t band;
    uint16_t channel;    /* 0: unknown */
    uint16_t width;      /* MHz, 0: unknown */
    int8_t tx_power;     /* dBm */
    int8_t noise;        /* dBm */
    uint8_t utilisation; /* of 254 */
    uint16_t clients;
    bool up;
    int64_t up_since; /* loop_now() time */
    char name[SETTINGS_NAME_SIZE];
};

/* One reading: `device` was heard by `ap` at `heard`. */
struct radio_sample {
    struct mac device;
    uint16_t ap;
    uint8_t device_class;
    uint8_t antenna;
    uint8_t source;
    int8_t rssi;   /* dBm, below 0: 0 and above are driver faults and must not be passed on */
    int8_t snr;    /* dB or RADIO_DB_UNKNOWN */
    int64_t heard; /* loop_now() time at which the frame was received */
};

/* A client of one of our APs: told when it associates and when one of these facts changes. */
struct radio_client {
    struct mac device;
    uint16_t ap;
    uint16_t vlan;
    uint8_t protocol; /* as on the wire: 1 b ... 7 be */
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
};

/* Events in. Every member is set. */
struct radio_events {
    /* Appeared or changed: always the whole record. */
    void (*ap_changed)(void *context, const struct radio_ap *ap);
    /* Removed: all its readings and clients are gone with it. */
    void (*ap_gone)(void *context, uint16_t ap);
    void (*sample)(void *context, const struct radio_sample *sample);
    void (*client_joined)(void *context, const struct radio_client *client);
    /* Left this AP: deauthenticated, disassociated, or missing from a complete dump. */
    void (*client_left)(void *context, uint16_t ap, const struct mac *device);
    /* What services can be offered may have changed: the first AP was told, or the last one went.
     */
    void (*working_changed)(void *context);
};

/* What the platform counts; each a total since the start. */
struct radio_counters {
    uint64_t dumps;             /* station dumps completed */
    uint64_t dumps_interrupted; /* restarted because the table changed meanwhile */
    uint64_t dumps_abandoned;   /* given up after the bounded number of restarts */
    uint64_t overruns;          /* events lost: everything was dumped again */
    uint64_t timeouts;          /* requests that got no answer in time */
    uint64_t errors;            /* requests refused by the kernel */
    uint64_t invalid_samples;   /* readings that are no measurement (0 dBm and above, no signal) */
    uint64_t malformed;         /* messages that could not be parsed */
    uint64_t untracked;         /* stations seen beyond what a radio may remember */
};

/* Operations out. Every member is set; `platform` is theirs. */
struct radio_operations {
    /*
     * Starts or changes collecting. The settings stay valid until the next call. Never fails: what
     * cannot be had now (no nl80211, no radio) is said in the log once, and picked up when it
     * appears.
     */
    void (*configure)(void *platform, const struct settings_radios *settings);
    /* The device's base MAC, as configured or found; false if the device has none. */
    bool (*base_mac)(void *platform, struct mac *mac);
    /* One sentence on what is collected now, or what was looked for and not found. */
    void (*describe)(void *platform, char *text, size_t size);
    void (*counters)(void *platform, struct radio_counters *counters);
};

#endif
