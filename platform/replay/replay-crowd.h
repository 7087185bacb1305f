/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that a scene makes up: their MACs, and how loud each is when. Nothing is kept of them;
 * all of it is computed from their numbers and the time, so that a crowd of any size needs no
 * memory.
 */
#ifndef PLATFORM_REPLAY_REPLAY_CROWD_H
#define PLATFORM_REPLAY_REPLAY_CROWD_H

#include "platform/replay/replay-line.h"

#include <stdint.h>

uint64_t replay_mac_number(const struct mac *mac);
struct mac replay_mac_plus(const struct mac *mac, uint64_t n);
/* A reading as it can be told: dBm of an int8_t, and not the one that means unknown. */
int8_t replay_clamp(int64_t rssi);
/* How loud the loudest AP hears this device, `since` ms after the crowd began. */
int64_t replay_level(const struct replay_crowd *what, uint32_t device, int64_t since);

#endif
