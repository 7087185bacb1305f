/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The radios of this machine through nl80211: finds them, watches them, polls their stations, and
 * tells the agent (agent/radio.h). Needs no capability.
 *
 * Which radio is what:
 * - A radio is one wiphy, and one slot of one AP. It is told from the first time it has an
 *   interface of type AP until its wiphy disappears or it is disabled. It is up while an AP
 *   interface on it has a channel.
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

#include "platform/source.h"

/* As struct source has them (platform/source.h). */
void *nl80211_new(const struct source_setup *setup);
void nl80211_free(void *nl80211);
void nl80211_configure(void *nl80211, const struct settings_radios *settings);
void nl80211_describe(void *nl80211, char *text, size_t size);
bool nl80211_base_mac(void *nl80211, struct mac *mac);
extern const struct inventory_operations nl80211_inventory;

#endif
