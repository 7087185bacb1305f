/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl80211's messages as plain structs (linux/nl80211.h, the enums' comments).
 *
 * Every attribute is optional: drivers fill what they have, and kernels newer than our header send
 * more. What is missing is "unknown", never zero. A parser gives false only if the attribute list
 * itself is broken; the struct then holds what was read before, and must not be used.
 */
#ifndef PLATFORM_NL80211_MESSAGE_H
#define PLATFORM_NL80211_MESSAGE_H

#include "agent/base/cursor.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

enum { NL80211_NAME_SIZE = 32, NL80211_CHAINS_MAX = 4 };

/* One message of several: a split dump tells a wiphy in pieces, in any order. */
struct nl80211_wiphy {
    bool has_index;
    uint32_t index;
    char name[NL80211_NAME_SIZE]; /* empty: not in this piece */
    uint8_t bands;                /* a bit (1 << enum radio_band) for each */
    uint32_t antennas;            /* receive chains in use, as bits; 0: unknown */
    bool has_mac;
    struct mac mac; /* the lowest of the addresses the device owns */
};

struct nl80211_interface {
    bool has_ifindex; /* without one it is a pseudo device, as for P2P */
    uint32_t ifindex;
    bool has_wiphy;
    uint32_t wiphy;
    uint32_t type; /* enum nl80211_iftype */
    char name[SETTINGS_IFNAME_SIZE];
    bool has_mac;
    struct mac mac;
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
    uint32_t frequency; /* MHz; 0: not operating. The first link's, if it has several */
    uint16_t width;     /* MHz; 0: unknown */
    int8_t tx_power;    /* dBm */
};

/* What a bit rate says of the standard that made it. */
enum nl80211_phy { PHY_UNKNOWN, PHY_CCK, PHY_OFDM, PHY_HT, PHY_VHT, PHY_HE, PHY_EHT };

struct nl80211_station {
    bool has_ifindex;
    uint32_t ifindex;
    bool has_mac;
    struct mac mac;
    bool has_generation;
    uint32_t generation; /* changes with the table: unequal within a dump means incomplete */
    bool has_inactive;
    uint32_t inactive; /* ms since it was last heard */
    bool has_signal;
    int8_t signal; /* dBm, of the last frame */
    bool has_average;
    int8_t average;
    uint8_t chain_mask; /* which of chains[] are told */
    int8_t chains[NL80211_CHAINS_MAX];
    uint32_t flags_known; /* bits (1 << NL80211_STA_FLAG_*) that flags tells */
    uint32_t flags;
    enum nl80211_phy phy; /* the most modern of both directions */
    /* Totals since it came; `rx` is what the AP received. 0 if the driver does not tell them. */
    bool has_totals; /* at least one of them is not 0 */
    uint64_t rx_bytes, tx_bytes;
    uint32_t rx_packets, tx_packets, tx_retries, tx_failed;
    uint32_t connected;        /* seconds */
    uint32_t rx_rate, tx_rate; /* kbit/s */
};

struct nl80211_survey {
    uint32_t frequency; /* MHz */
    bool in_use;
    int8_t noise; /* dBm */
    bool has_active;
    uint64_t active; /* ms the radio spent on this channel since it came up */
    bool has_busy;
    uint64_t busy; /* of these, ms in which the channel was busy */
};

bool nl80211_parse_wiphy(struct cursor body, struct nl80211_wiphy *wiphy);
bool nl80211_parse_interface(struct cursor body, struct nl80211_interface *interface);
bool nl80211_parse_station(struct cursor body, struct nl80211_station *station);
bool nl80211_parse_survey(struct cursor body, struct nl80211_survey *survey);

/* Whether the station takes part in this BSS: not one of its peers, nor still authenticating. */
bool nl80211_station_is_client(const struct nl80211_station *station);

/* The wire's protocol value (struct radio_client) for a phy in a band; 0: unknown. */
uint8_t nl80211_protocol(enum nl80211_phy phy, uint8_t band);

/* IEEE 802.11 Annex E: band and channel number of a centre frequency in MHz. */
uint8_t nl80211_band(uint32_t frequency);
uint16_t nl80211_channel(uint32_t frequency);

#endif
