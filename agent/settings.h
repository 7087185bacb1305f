/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything configuration can tell the agent, as plain structs: the seam between config/ and
 * agent/.
 *
 * config/ builds a struct settings from a validated configuration; ranges, defaults and references
 * have been checked there and are not checked again here. A struct settings is never changed after
 * it was built: a new configuration is a new struct, and each module compares what it runs with
 * what the new one asks.
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "agent/base/mac.h"
#include "agent/base/trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_NMSP_PORT 16113

enum {
    SETTINGS_HOST_SIZE = 254,  /* a DNS name or an address in text, and its terminator */
    SETTINGS_NAME_SIZE = 65,   /* hostname, AP name */
    SETTINGS_LIST_SIZE = 32,   /* names of AAA lists */
    SETTINGS_IFNAME_SIZE = 16, /* IFNAMSIZ */
    SETTINGS_PATH_SIZE = 92, /* of a folder of UNIX sockets, or of one; room for a name behind it */
    SETTINGS_SERVERS_MAX = 16,
    SETTINGS_ACCESS_POINTS_MAX = 1024,
    SETTINGS_KEPT_MAX = 16,
    SETTINGS_KEY_HASH_MAX = 32, /* SHA-256; SHA-1 has 20 bytes */
};

/* nmsp server HOST [port N] [mac H.H.H] [legacy-cipher]: an MSE the agent connects to. */
struct settings_server {
    char host[SETTINGS_HOST_SIZE];
    uint16_t port;
    bool has_mac;
    struct mac mac;
    bool legacy_cipher;
};

/* nmsp ap H.H.H [name NAME]: a machine with this agent that comes in and tells what it hears. */
struct settings_access_point {
    struct mac mac;                /* of its identity */
    char name[SETTINGS_NAME_SIZE]; /* of its APs; empty: as it says */
};

/* So many at once, then so many a minute. A rate of 0: without a limit. */
struct settings_rate {
    uint16_t rate;
    uint16_t burst;
};

/* nmsp listen: the 3850's own direction. */
struct settings_listen {
    bool enabled;
    char address[SETTINGS_HOST_SIZE]; /* empty: all addresses, IPv6 and IPv4 */
    uint16_t port;
    bool legacy_cipher;
    /* Connections that come in and are not authorised: of one address (IPv6: /64), and in all. */
    struct settings_rate each;
    struct settings_rate all;
};

/* nmsp notification interval ..., in seconds. */
struct settings_intervals {
    uint16_t client;
    uint16_t rfid;
    uint16_t rogue_ap;
    uint16_t rogue_client;
};

/* aaa attribute list NAME / attribute type password HASH */
struct settings_attribute_list {
    char name[SETTINGS_LIST_SIZE];
    uint8_t key_hash_len; /* 20: SHA-1, 32: SHA-256, 0: the list holds no password */
    uint8_t key_hash[SETTINGS_KEY_HASH_MAX];
};

/* username MAC aaa attribute list NAME; the list may be missing (IOS accepts any order) */
struct settings_user {
    struct mac mac;
    char attribute_list[SETTINGS_LIST_SIZE];
};

/* aaa authorization credential-download NAME local */
struct settings_method_list {
    char name[SETTINGS_LIST_SIZE];
    bool local;
};

struct settings_aaa {
    bool new_model;
    struct settings_attribute_list *attribute_lists;
    size_t attribute_list_count;
    struct settings_user *users;
    size_t user_count;
    struct settings_method_list *method_lists;
    size_t method_list_count;
};

/* nmsp radio IFNAME ...: applies to the radio (wiphy) that carries the interface. */
struct settings_radio {
    char ifname[SETTINGS_IFNAME_SIZE];
    bool disabled;
    bool has_ap_mac; /* else this device's base MAC, and the radio is one of its slots */
    struct mac ap_mac;
    char ap_name[SETTINGS_NAME_SIZE];   /* empty: the device's hostname */
    uint8_t poll_seconds;               /* 1..60 */
    char monitor[SETTINGS_IFNAME_SIZE]; /* the radio's monitor interface; empty: none */
};

struct settings_radios {
    char hostname[SETTINGS_NAME_SIZE]; /* never empty */
    bool has_base_mac;                 /* else the lowest permanent MAC of the device */
    struct mac base_mac;
    uint8_t default_poll_seconds;
    bool hostapd;                               /* hear hostapd's control sockets */
    char hostapd_directory[SETTINGS_PATH_SIZE]; /* where they are */
    bool scan_results;                          /* read the kernel's scan results */
    uint16_t scan_seconds;                      /* between own scans; 0: none */
    uint16_t beacon_report;                     /* as in struct settings_location */
    char helper[SETTINGS_PATH_SIZE];            /* the socket of nmsp-radio */
    struct settings_radio *radios;
    size_t radio_count;
    /* nmsp attachment suppress: interfaces with whose clients location servers are not told that
     * they are clients. */
    char (*suppressed)[SETTINGS_IFNAME_SIZE];
    size_t suppressed_count;
};

enum settings_algorithm { SETTINGS_RSSI_AVERAGE, SETTINGS_SIMPLE };

/* location ...; seconds and dB */
struct settings_location {
    uint16_t expiry_client;
    uint16_t expiry_tags;
    uint16_t expiry_rogue_aps;
    uint8_t threshold_client;
    uint8_t threshold_tags;
    uint8_t threshold_rogue_aps;
    enum settings_algorithm algorithm;
    uint16_t half_life_client; /* 0: off */
    uint16_t half_life_tags;
    uint16_t half_life_rogue_aps;
    uint16_t rfid_timeout;
    bool ignore_local_macs; /* devices with a locally administered MAC are left out */
    uint16_t beacon_report; /* between two reports that a client is asked for; 0: none */
};

/* How much the agent may remember: fixed at start, stated as memory in nmspd.json(5). */
struct settings_capacity {
    uint32_t devices;
    uint32_t samples;
    uint16_t aps;
    uint16_t access_points;
};

/* set trace nmsp level LEVEL */
struct settings_trace {
    enum trace_level level;
    uint32_t buffer_size; /* bytes, TRACE_MIN_SIZE to TRACE_MAX_SIZE */
};

struct settings {
    bool enabled; /* nmsp enable */
    bool strong_cipher;
    struct settings_server servers[SETTINGS_SERVERS_MAX];
    size_t server_count;
    struct settings_access_point *access_points;
    size_t access_point_count;
    struct settings_listen listen;
    struct settings_intervals intervals;
    struct settings_aaa aaa;
    struct settings_radios radios;
    struct settings_location location;
    struct settings_capacity capacity;
    struct settings_trace trace;
    /* What is set and not acted on: paths that live as long as the program. */
    const char *kept[SETTINGS_KEPT_MAX];
    size_t kept_count;
};

/* An empty configuration with every default in place, or NULL if memory is out. */
struct settings *settings_new(void);
/* Frees it and its arrays. NULL is allowed. */
void settings_free(struct settings *settings);

#endif
