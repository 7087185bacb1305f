/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The channel of Measurement Notifications: who is heard by whom, and how loud (wire-profile "What
 * a measurement means"). */
#ifndef AGENT_VIEW_CHANNEL_MEASUREMENT_H
#define AGENT_VIEW_CHANNEL_MEASUREMENT_H

#include "agent/base/mac.h"
#include "agent/view/channel.h"

extern const struct channel_operations channel_measurement;

/* An AP that is told of was removed: it departs among the devices, in an AP Info message. */
void channel_measurement_ap_removed(struct channel *channel, const struct mac *mac);

#endif
