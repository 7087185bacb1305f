/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told as it is, without regard to what was told before: APs at the end of the turn in
 * which they changed, and all of them at each tick of ap-monitor; counters at each of theirs;
 * frames of tags at once.
 *
 * A member that missed a message about APs is told all APs again; other messages it has missed. Of
 * APs only the removed ones have to be remembered, which is done among the departures of
 * channel-measurement.h.
 */
#ifndef AGENT_VIEW_DIRECT_H
#define AGENT_VIEW_DIRECT_H

#include "agent/view/channel.h"
#include "agent/view/deliver.h"

#include <stdbool.h>
#include <stdint.h>

struct direct;

/* `departures`: the channel of measurements. NULL if memory is out. */
struct direct *direct_new(struct deliver *deliver, struct channel *departures);
/* NULL is allowed. */
void direct_free(struct direct *direct);

/* Or those only that have changed. */
void direct_tell_aps(struct direct *direct, bool all);
void direct_tell_statistics(struct direct *direct);

/* The engine's observers. The AP changes in the filter, too. */
void direct_take_ap(struct direct *direct, uint16_t ap, const struct radio_ap *before);
void direct_take_tag(struct direct *direct, uint32_t index, uint32_t frame,
                     const struct radio_tag *tag);

/* All APs to one member that is not in step and to which they are due; false if there was no room
 * to finish it now. */
bool direct_sync_aps(const struct direct *direct, struct view_member *member);

#endif
