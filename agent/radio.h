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
 * ap_gone was told. Slot RADIO_SLOT_UNKNOWN: it was this AP, at which radio is not known; such a
 * record tells where samples belong and is no radio. A client reports about APs that are nobody's
 * here: then the MAC is a BSSID.
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
    RADIO_SLOT_UNKNOWN = 255,
    RADIO_ENCRYPTION_UNKNOWN = 255,
    RADIO_SSID_MAX = 32,
    RADIO_USER_NAME_MAX = 64,
    RADIO_TAG_PAYLOAD_MAX = 500,
};

/* What can be collected on this machine now: a mask. Each is true only while a source can. */
enum radio_capability {
    RADIO_CAN_CLIENTS = 0x01,       /* associated clients: their samples, device info, statistics */
    RADIO_CAN_TAGS = 0x02,          /* tag frames: samples, payloads, statistics */
    RADIO_CAN_ROGUE_APS = 0x04,     /* samples and device info of APs that are not ours */
    RADIO_CAN_ROGUE_CLIENTS = 0x08, /* samples, device info, statistics of their clients */
};

/* The values are the wire's, so that nothing needs translating (engine/offer.c compares). */
enum radio_band { RADIO_BAND_UNKNOWN, RADIO_BAND_2GHZ, RADIO_BAND_5GHZ, RADIO_BAND_6GHZ };
enum radio_source {
    RADIO_SOURCE_UNKNOWN,
    RADIO_SOURCE_PROBE,
    RADIO_SOURCE_PATH_LOSS,
    RADIO_SOURCE_DATA,
    RADIO_SOURCE_BEACON,
    RADIO_SOURCE_BEACON_REPORT,    /* the client says how loud it hears the AP */
    RADIO_SOURCE_LINK_MEASUREMENT, /* likewise, of a frame that was sent for it */
    RADIO_SOURCE_ACK
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
    /* Seconds. 0: an AP of this machine. Of another machine's, which tells averages and expires
     * them itself: how much longer than the expiry its samples are kept here all the same. */
    uint16_t grace;
    char name[SETTINGS_NAME_SIZE];
};

/* Is it what the device says of the AP, not what the AP heard of the device? The two are never
 * mixed.
 */
static inline bool radio_is_report(unsigned source)
{
    return source == RADIO_SOURCE_BEACON_REPORT || source == RADIO_SOURCE_LINK_MEASUREMENT;
}

/* `device` was heard by `ap` at `heard`; or heard it, if it is a report. */
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

/* RADIO_DB_UNKNOWN if the noise is unknown, or no such thing. */
static inline int8_t radio_snr(int8_t signal, int8_t noise)
{
    int snr = signal - noise;

    return noise == RADIO_DB_UNKNOWN || noise >= 0 || snr > INT8_MAX || snr <= RADIO_DB_UNKNOWN
               ? RADIO_DB_UNKNOWN
               : (int8_t)snr;
}

/* This AP (and antenna) does not hear the device any more, though its sample is not expired yet. */
struct radio_withdrawal {
    struct mac device;
    uint16_t ap;
    uint8_t antenna;
    bool is_report; /* it is what the device said of the AP that holds no more */
};

/* A client of one of our APs: told when it associates and when one of these changes. */
struct radio_client {
    struct mac device;
    uint16_t ap;
    bool suppressed; /* location servers are not told that it is one */
    uint16_t vlan;
    uint8_t protocol; /* as on the wire: 1 b ... 7 be */
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
};

/* It left this AP: deauthenticated, disassociated, or missing from a complete dump. */
struct radio_departure {
    struct mac device;
    uint16_t ap;
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

/* A frame of a tag; its samples come before it. The same frame may come from several
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

/* Events in. */
enum radio_kind {
    RADIO_CAPABILITIES, /* what can be collected changed; nothing can before the first one */
    RADIO_AP_CHANGED,   /* appeared or changed: always the whole record */
    RADIO_AP_GONE,      /* removed: all its samples and clients are gone with it */
    RADIO_AP_LOST,      /* its machine is out of reach: as if gone, but its record stays, as down */
    RADIO_SAMPLE,
    RADIO_WITHDRAWN,
    RADIO_CLIENT_JOINED,
    RADIO_CLIENT_LEFT,
    /* These are kept as long as the device is known; of a device that is not, nothing is kept. */
    RADIO_USER,
    RADIO_ADDRESS,
    RADIO_STATISTICS,
    RADIO_ROGUE,
    RADIO_TAG,
    RADIO_KINDS
};

struct radio_event {
    enum radio_kind kind;
    union {
        uint32_t capabilities; /* a mask of enum radio_capability */
        struct radio_ap ap;
        uint16_t gone; /* or lost: the handle */
        struct radio_sample sample;
        struct radio_withdrawal withdrawn;
        struct radio_client joined;
        struct radio_departure left;
        struct radio_user user;
        struct radio_address address;
        struct radio_statistics statistics;
        struct radio_rogue rogue;
        struct radio_tag tag;
    };
};

/* Where events go. It is copied; its context outlives who tells. */
struct radio_sink {
    void (*take)(void *context, const struct radio_event *event);
    void *context;
};

static inline void radio_tell(const struct radio_sink *sink, const struct radio_event *event)
{
    sink->take(sink->context, event);
}

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
    /* What its sources counted since the start under this name: a leaf of this container of the
     * state tree (nmspd-radio.yang). 0 if nobody counts that. */
    uint64_t (*counter)(void *platform, const char *container, const char *leaf);
    /* A handle for an AP of another machine, which is no source's of this one until it is given
     * back; false if none is free. */
    bool (*take_handle)(void *platform, uint16_t *handle);
    void (*give_back_handle)(void *platform, uint16_t handle);
};

#endif
