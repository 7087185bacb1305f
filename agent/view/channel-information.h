/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The channel of Information Notifications: who is where, under which name, with which addresses;
 * all at subscribe, then what changed.
 *
 * The engine says of whom there may be news; these are looked at together, once a second at most.
 * While nothing changes nobody wakes up, but for the moments at which samples become too old, and a
 * look costs as much as there is to look at.
 *
 * Clients that left are told; rogues leave without a word, because rogue-info has no word for it.
 */
#ifndef AGENT_VIEW_CHANNEL_INFORMATION_H
#define AGENT_VIEW_CHANNEL_INFORMATION_H

#include "agent/view/channel.h"

extern const struct channel_operations channel_information;

#endif
