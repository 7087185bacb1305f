/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What frames from the air mean: each that a monitor interface heard becomes a sample, or nothing.
 *
 * - Beacons and probe responses of networks that are not ours: rogue APs (platform/air/rogues.h).
 * - Data frames that a station sends to a rogue AP: a rogue client, with the facts of its network,
 *   and counters of both directions. Its probe requests count as the rogue client's for a while.
 * - Other data frames of stations, and probe requests: clients, whether associated or not. An
 *   associated client stays a client whatever is sent in its name.
 * - Frames of tags (dot11_is_tag()): samples, the frame itself, counters.
 * - Frames of our own interfaces and of this machine's sending: nothing. Nor frames between APs.
 *
 * A signal of 0 dBm or above, or none, is no sample; it is counted.
 */
#ifndef PLATFORM_AIR_RECEIVE_H
#define PLATFORM_AIR_RECEIVE_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "platform/air/rogues.h"
#include "platform/source.h"

enum {
    RECEIVE_STATIONS_MAX = 2048, /* rogue clients and tags whose frames are counted */
    /* A station's probe requests are a rogue client's this long after it talked to a rogue AP. */
    RECEIVE_ROGUE_MS = 60000,
    RECEIVE_OWN_MAX = 64,
};

struct receive;

/* NULL if memory is out. */
struct receive *receive_new(const struct source_setup *setup);
/* NULL is allowed. */
void receive_free(struct receive *receive);

/* Interfaces came, went or changed: their MACs are read again. */
void receive_interfaces_changed(struct receive *receive);

/*
 * One frame with its radiotap header, heard on an interface of this interface's radio. `len` bytes
 * are there, of `whole` that it had.
 */
void receive_frame(struct receive *receive, const struct inventory_interface *interface,
                   const void *frame, size_t len, size_t whole);

/* Tells the counters that changed since the last call. */
void receive_tell_statistics(struct receive *receive);

#endif
