/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AP Info Notifications of one view: APs as they are, at the end of the turn in which they changed,
 * and all of them at each tick of ap-monitor. Of what was told before only the removed ones have to
 * be remembered, which is done among the departures of channel-measurement.h. A member that missed
 * one of these messages is told all APs again.
 */
#ifndef AGENT_VIEW_AP_INFO_H
#define AGENT_VIEW_AP_INFO_H

#include "agent/view/channel.h"
#include "agent/view/deliver.h"

#include <stdbool.h>
#include <stdint.h>

struct ap_info;

/* `departures`: the channel of measurements. NULL if memory is out. */
struct ap_info *ap_info_new(struct deliver *deliver, struct channel *departures);
/* NULL is allowed. */
void ap_info_free(struct ap_info *aps);

/* The engine's observer. `selected`: the AP was in the view before it changed. */
void ap_info_changed(struct ap_info *aps, uint16_t ap, const struct radio_ap *before,
                     bool selected);
void ap_info_tick(struct ap_info *aps);

void ap_info_join(const struct ap_info *aps, struct view_member *member);
/* For one that is not in step; false if there was no room to finish it now. */
bool ap_info_sync(const struct ap_info *aps, struct view_member *member);

#endif
