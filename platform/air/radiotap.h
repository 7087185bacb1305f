/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The radiotap header: what a driver says of a frame that a monitor interface heard
 * (radiotap.org; linux/ieee80211_radiotap.h has the kernel's names).
 *
 * Everything in it is little-endian and aligned to its own size, counted from the header's begin.
 * Presence words chain; each says what stands in one namespace. Fields of vendors are skipped by
 * the length they tell. A field of the radiotap namespace that is not known here ends the reading,
 * because its length is not known either: what was read before it holds.
 */
#ifndef PLATFORM_AIR_RADIOTAP_H
#define PLATFORM_AIR_RADIOTAP_H

#include "agent/base/cursor.h"
#include "agent/radio.h"

enum { RADIOTAP_ANTENNAS_MAX = 4 };

struct radiotap {
    bool has_fcs;         /* the frame's last four bytes are its checksum */
    bool bad;             /* the checksum or the physical header was wrong */
    bool transmitted;     /* this machine sent it: nothing was heard */
    uint64_t tsft;        /* us of the radio's own clock; 0: not told */
    uint32_t rate;        /* kbit/s; 0: not told (frames since 802.11n have other fields) */
    uint32_t frequency;   /* MHz; 0: not told */
    int8_t signal;        /* dBm, of all antennas together; RADIO_DB_UNKNOWN */
    int8_t noise;         /* dBm */
    uint8_t antenna;      /* that the signal is of, if there is only one; else 255 */
    uint8_t antenna_mask; /* which of antennas[] are told */
    int8_t antennas[RADIOTAP_ANTENNAS_MAX]; /* dBm */
};

/*
 * Reads the header and takes it from `frame`, which then holds the 802.11 frame, its checksum taken
 * off. False if it is broken: a version other than 0, a length past the end or below its fields'.
 */
bool radiotap_parse(struct cursor *frame, struct radiotap *radiotap);

#endif
