/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with radios for tests: tables that a fake kernel answers nl80211's questions from, a
 * loop whose clock stands still, and all events as lines of text.
 *
 * MACs are written as their last byte. The lines:
 *   ap H is MM/SLOT up chC clients=N [noise=D] [util=U]     ap H is MM/SLOT down clients=0
 *   ap H gone
 *   joined MM ap H p=PROTOCOL vlan=V ssid=TEXT               left MM ap H
 *   sample MM ap H [a=ANTENNA] RSSI [snr=S] age=MS           working
 *   statistics MM ap H rx=BYTES rate=KBIT/S
 */
#ifndef TESTS_UNIT_NL80211_SCENE_H
#define TESTS_UNIT_NL80211_SCENE_H

#include "platform/nl80211/nl80211.h"
#include "platform/source.h"
#include "tests/unit/fake-kernel.h"

enum {
    SCENE_WIPHYS = 20,
    SCENE_INTERFACES = 70,
    SCENE_STATIONS = 2200,
    SCENE_LINKS = 8,
    SCENE_FAMILY = 33,
    SCENE_GROUP_NOTIFY = 16,
    SCENE_GROUP_CONFIG = 40,
    SCENE_GROUP_MLME = 41,
    SCENE_CHANNEL_1 = 2412,
    SCENE_CHANNEL_6 = 2437,
    SCENE_CHANNEL_36 = 5180,
};

enum scene_fault { FAULT_NONE, FAULT_SILENT, FAULT_REFUSE, FAULT_INTERRUPT, FAULT_GENERATION };

struct scene_wiphy {
    bool present;
    uint32_t index;
    char name[8];
    uint8_t bands; /* a bit for each enum nl80211_band */
    bool has_mac;
    uint8_t mac;
};

struct scene_interface {
    bool present;
    uint32_t ifindex;
    uint32_t wiphy;
    uint32_t type;
    char name[16];
    uint8_t mac;
    const char *ssid;
    uint32_t frequency; /* 0: not operating */
    int32_t power;      /* mBm; 0: not told */
};

struct scene_station {
    bool present;
    uint32_t ifindex;
    uint16_t mac;
    bool multicast; /* a MAC that no station can have */
    int signal;     /* 1000: not told */
    int average;
    uint32_t inactive;
    size_t chain_count;
    int8_t chains[6];
    uint32_t flags_known;
    uint32_t flags;
    uint16_t rate_kind; /* NL80211_RATE_INFO_*; 0: no rate */
    uint32_t rate;
    bool counts; /* its bytes are told */
    uint64_t rx_bytes;
};

struct scene_link {
    bool present;
    uint32_t ifindex;
    uint16_t type;
    struct mac permanent; /* all zero: none */
};

struct scene {
    struct loop *loop;
    struct fake_kernel kernel;
    struct handles *handles;
    struct family *family;
    struct source_counters *counters;
    struct nl80211 *nl80211;
    struct settings_radios settings;
    struct settings_radio radios[4];

    bool has_family;
    uint32_t generation;
    struct scene_wiphy wiphys[SCENE_WIPHYS];
    struct scene_interface interfaces[SCENE_INTERFACES];
    struct scene_station stations[SCENE_STATIONS];
    struct scene_link links[SCENE_LINKS];
    struct {
        uint32_t frequency;
        int noise; /* 0: not told */
        uint64_t active;
        uint64_t busy;
    } survey;

    /* What happens to the next requests with this command, or to those of rtnetlink. */
    uint8_t fault_command;
    uint32_t fault_ifindex; /* 0: any */
    enum scene_fault fault;
    int fault_error;
    unsigned fault_times;
    /* Called before the first answer to a station dump is put. */
    void (*before_stations)(struct scene *scene);

    unsigned asked[256]; /* requests by command */
    size_t log_len;
    char log[524288];
    char warnings[16384]; /* what the log got at level warning and above */
};

/* With nl80211, one wiphy phy0 of both bands, and the base MAC ..:01 configured. */
struct scene *scene_new(void);
void scene_free(struct scene *scene);
/* What a source on this machine is given, with nl80211's inventory. */
struct source_setup scene_setup(struct scene *scene);
/* What nl80211 and all others that were given a setup counted. */
uint64_t scene_counted(const struct scene *scene, const char *container, const char *leaf);

struct scene_wiphy *scene_wiphy(struct scene *scene, uint32_t index);
/* An AP interface wlan<n> on that wiphy, ifindex n + 10, operating on channel 1. */
struct scene_interface *scene_ap(struct scene *scene, uint32_t n, uint32_t wiphy);
/* An associated station at -40 dBm, heard just now. */
struct scene_station *scene_station(struct scene *scene, const struct scene_interface *interface,
                                    uint16_t mac);

struct mac scene_mac(uint16_t tail);

/* Starts with the settings, or changes to them, and lets everything settle. */
void scene_configure(struct scene *scene);
/* Lets all that is ready happen, without time passing. */
void scene_turn(struct scene *scene);
void scene_advance(struct scene *scene, int64_t ms);

/* Events of nl80211 that name an interface (0: none) and a station (NULL: none); of the controller;
 * of rtnetlink. */
void scene_event(struct scene *scene, uint8_t command, uint32_t ifindex,
                 const struct scene_station *station);
void scene_family_event(struct scene *scene, uint8_t command);
void scene_link_event(struct scene *scene, const struct scene_interface *interface, bool running);
void scene_overrun(struct scene *scene);

/* The lines since the last call. */
const char *scene_said(struct scene *scene);
const char *scene_warned(struct scene *scene);

#endif
