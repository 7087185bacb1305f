/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which radio is which AP, by the settings and the base MAC (nl80211.h has the rules), and what is
 * told of each: only what differs from what was told last.
 */
#ifndef PLATFORM_NL80211_OWN_APS_H
#define PLATFORM_NL80211_OWN_APS_H

#include "agent/radio.h"
#include "platform/nl80211/radios.h"

/* The settings that apply to one radio, as far as it matters. */
struct own_ap_choice {
    char ifname[SETTINGS_IFNAME_SIZE]; /* the interface they were found by; empty: defaults */
    bool disabled;
    bool has_ap_mac;
    struct mac ap_mac;
    uint8_t own_slot;
    char name[SETTINGS_NAME_SIZE];
    uint8_t poll_seconds;
};

/* Of one radio; read elsewhere, written by own-aps.c only. */
struct own_ap {
    struct own_ap_choice choice;
    const struct settings_radio *entry; /* while the settings are matched */
    bool conflict_said;                 /* that a second interface's settings are not used */
    bool was_ap;                        /* has had an AP interface since it appeared */
    bool told;
    struct radio_ap is; /* as told last */
    uint16_t clients;
    int8_t noise; /* of the channel in use */
    uint8_t utilisation;
    uint64_t active; /* as the last survey told them */
    uint64_t busy;
};

struct own_aps {
    struct radios *radios;
    struct loop *loop;
    struct radio_sink sink;
    const struct settings_radios *settings;
    bool can; /* as was told last: there is an AP */
    bool has_own_mac;
    bool links_known; /* all links were looked at: the base MAC is kept now */
    bool own_mac_wired;
    struct mac own_mac;
    struct own_ap aps[RADIOS_MAX];
};

static inline const struct own_ap *own_aps_of(const struct own_aps *aps, const struct radio *radio)
{
    return &aps->aps[radio_index(aps->radios, radio)];
}

/* Whether the radio's AP is told. */
static inline bool own_aps_told(const struct own_aps *aps, const struct radio *radio)
{
    return radio != NULL && own_aps_of(aps, radio)->told;
}

void own_aps_init(struct own_aps *aps, struct radios *radios, struct loop *loop,
                  const struct radio_sink *sink);
void own_aps_configure(struct own_aps *aps, const struct settings_radios *settings);
/* Finds the settings of each radio. */
void own_aps_match(struct own_aps *aps);

/* Tells which APs went, came and changed. As bits by radio_index(): those that came, or came back
 * as another, whose clients are to be told again; those that are no APs any more. */
struct own_aps_changes {
    uint32_t came;
    uint32_t left;
};
struct own_aps_changes own_aps_tell(struct own_aps *aps);

/* One MAC that could be the base MAC; `wired`: of an interface that is no radio's. True if it is
 * now. */
bool own_aps_offer_mac(struct own_aps *aps, const struct mac *mac, bool wired);
/* All interfaces were looked at: the one that was found is kept. */
void own_aps_keep_mac(struct own_aps *aps);
bool own_aps_base_mac(const struct own_aps *aps, struct mac *mac);

void own_aps_radio_gone(struct own_aps *aps, const struct radio *radio);
/* Settings stay with a radio while its interface is away, because a restart of hostapd may take it
 * down and make it anew. An interface that got another name has left them. */
void own_aps_renamed(struct own_aps *aps, const struct interface *interface);
/* Noise and load were those of another channel. */
void own_aps_channel_changed(struct own_aps *aps, const struct interface *interface);
void own_aps_take_survey(struct own_aps *aps, const struct radio *radio,
                         const struct nl80211_survey *survey);
void own_aps_set_clients(struct own_aps *aps, const struct radio *radio, size_t count);

/* "2 radios: ..." */
void own_aps_describe(struct own_aps *aps, char *text, size_t size);

#endif
