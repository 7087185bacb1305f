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
    RADIO_ENCRYPTION_UNKNOWN = 255,
    RADIO_SSID_MAX = 32,
    RADIO_USER_NAME_MAX = 64,
    RADIO_TAG_PAYLOAD_MAX = 500,
};

/* What is collected on this machine now: a mask. Each is true only while a source of it works. */
enum radio_works {
    RADIO_WORKS_CLIENTS = 0x01,       /* associated clients: their readings, facts, statistics */
    RADIO_WORKS_TAGS = 0x02,          /* tag frames: readings, payloads, statistics */
    RADIO_WORKS_ROGUE_APS = 0x04,     /* readings and facts of APs that are not ours */
    RADIO_WORKS_ROGUE_CLIENTS = 0x08, /* readings, facts and statistics of their clients */
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

/* The user who logged on at this client (802.1X), as raw octets; len 0: not known any more. */
struct radio_user {
    struct mac device;
    uint8_t len;
    uint8_t name[RADIO_USER_NAME_MAX];
};

/* An IP address that the neighbour table has for a device, or has no more. */
struct radio_address {
    struct mac device;
    uint8_t family; /* 4 or 6 */
    bool present;
    uint8_t address[16]; /* network byte order; the first 4 for family 4 */
};

/* Totals since the device came; told now and then (at least every 30 s), not with every frame. */
struct radio_statistics {
    struct mac device;
    uint16_t ap;
    uint8_t device_class;
    uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, tx_retries, tx_failed;
    uint32_t rx_rate, tx_rate; /* kbit/s, 0: unknown */
    uint32_t connected;        /* seconds; 0 for devices that are not associated */
};

/* What is known of a rogue AP or rogue client; told when it is found and when a fact changes, after
 * a sample of it. */
struct radio_rogue {
    struct mac device;
    uint16_t ap; /* that detected it; the band is the AP's unless the channel says otherwise */
    uint8_t device_class;
    uint8_t band;
    uint16_t channel;   /* that it was heard on, 0: unknown */
    uint8_t encryption; /* as on the wire: 0 none, 1 WEP, 2 WPA, 3 WPA2, 4 WPA3, 255 unknown */
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
};

/* A frame of a tag; its readings come as samples before it. The same frame may come from several
 * APs: (device, sequence, payload) tell that they are one. */
struct radio_tag {
    struct mac device;
    uint16_t ap;
    uint8_t vendor;      /* as on the wire: 0 unknown, 1 G2, 2 AeroScout */
    uint8_t ccx_version; /* 0: unknown, as in the fields below */
    int8_t tx_power;     /* dBm or RADIO_DB_UNKNOWN */
    uint8_t channel;
    uint8_t regulatory_class;
    uint8_t burst;
    uint16_t sequence;
    uint16_t payload_len; /* 0..RADIO_TAG_PAYLOAD_MAX */
    const uint8_t *payload;
    int64_t heard;
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
    /* These are kept as long as the device is known; of a device that is not, nothing is kept. */
    void (*client_user)(void *context, const struct radio_user *user);
    void (*address)(void *context, const struct radio_address *address);
    void (*statistics)(void *context, const struct radio_statistics *statistics);
    void (*rogue)(void *context, const struct radio_rogue *rogue);
    void (*tag)(void *context, const struct radio_tag *tag);
    /* What can be collected has changed to this mask of enum radio_works; 0 before the first call.
     */
    void (*working_changed)(void *context, uint32_t works);
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
    uint64_t probes;            /* probe requests that hostapd told */
    uint64_t hostapd_attached;  /* times a control socket of hostapd was attached to */
    uint64_t hostapd_lost;      /* times one did not answer, or went */
    uint64_t hostapd_ignored;   /* lines of hostapd that are not understood */
    uint64_t scans;             /* dumps of scan results completed */
    uint64_t scans_refused;     /* own scans that the helper or the driver refused */
    uint64_t frames;            /* frames that monitor interfaces heard */
    uint64_t frames_lost;       /* the kernel dropped them before they were read */
    uint64_t frames_malformed;
    uint64_t air_forgotten; /* stations and rogues beyond what is remembered of the air */
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
