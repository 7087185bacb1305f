/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The radios of this machine through nl80211: finds them, watches them, polls their stations, and
 * tells the agent (agent/radio.h). Needs no capability.
 *
 * Which radio is what:
 * - A radio is one wiphy, and one slot of one AP. It is told from the first time it has an
 *   interface of type AP until its wiphy disappears or it is disabled. It is up while an AP
 *   interface on it has a channel. Its handle is its place in our table.
 * - Without an AP MAC of its own a radio is a slot of this device's base MAC. Radios are numbered
 *   from 0 in the order of their lowest band, then of their wiphy number, whatever they are used
 *   for; so a slot depends neither on which radios are configured nor on who comes up first. The
 *   number is fixed when the radio is first told; one that is plugged in later takes the lowest
 *   that is free.
 * - Radios with an AP MAC of their own are numbered in the order of the configuration.
 * - The base MAC is the configured one. Otherwise it is the lowest permanent MAC of the device's
 *   wired interfaces (IFLA_PERM_ADDRESS), a vendor's before a made-up one; a device without any
 *   takes its radios'. Wired ones come first because they are there before any radio is: the base
 *   MAC must not depend on who starts first. It is looked up once and then kept.
 *
 * Who is a client: a station of an AP or AP_VLAN interface that is associated. Stations are polled
 * at every radio's interval; all radios of one interval in one wake-up. Only a dump that is known
 * to be complete makes those it lacks leave.
 */
#ifndef PLATFORM_NL80211_NL80211_H
#define PLATFORM_NL80211_NL80211_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "agent/settings.h"
#include "platform/netlink.h"

struct nl80211;

struct nl80211_options {
    uint16_t ap_capacity;        /* handles are below this */
    int event_buffer_bytes;      /* receive buffer for events; 0: the usual one */
    const struct netlink_io *io; /* NULL: the kernel */
    void *io_context;
    /* Interfaces or radios may have changed: nl80211_place() may have other answers. May be NULL.
     */
    void (*changed)(void *context);
    void *changed_context;
};

/* An interface of this machine, as the sources beside nl80211 need to know it. */
struct nl80211_place {
    char name[SETTINGS_IFNAME_SIZE];
    uint32_t ifindex;
    uint32_t wiphy;
    struct mac mac; /* the BSSID, of an AP interface */
    bool is_ap;
    bool is_vlan; /* then it is a part of another AP interface's BSS */
    bool is_monitor;
    bool is_station;
    bool is_disabled; /* its radio is, by configuration */
    bool has_ap;      /* its radio is collected from, and was told as this AP: */
    struct radio_ap ap;
};

/* NULL if memory is out. Nothing is asked before nl80211_configure(). */
struct nl80211 *nl80211_new(struct loop *loop, const struct nl80211_options *options,
                            const struct radio_events *events, void *events_context);
void nl80211_free(struct nl80211 *nl80211);

/* As struct radio_operations has them. */
void nl80211_configure(struct nl80211 *nl80211, const struct settings_radios *settings);
bool nl80211_base_mac(struct nl80211 *nl80211, struct mac *mac);
void nl80211_describe(struct nl80211 *nl80211, char *text, size_t size);
void nl80211_counters(const struct nl80211 *nl80211, struct radio_counters *counters);

/* The index-th interface, from 0; false behind the last one. */
bool nl80211_place(struct nl80211 *nl80211, size_t index, struct nl80211_place *place);
/* Is this the BSSID of an AP interface of this machine? */
bool nl80211_is_own(const struct nl80211 *nl80211, const struct mac *bssid);
/* Is this station in the table of one of our radios? */
bool nl80211_is_client(const struct nl80211 *nl80211, const struct mac *station);

#endif
