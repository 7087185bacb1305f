/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IEEE 802.11 frames as they are heard from the air (IEEE Std 802.11-2020, 9.2 and 9.4): headers of
 * management and data frames, and of beacons what tells one network from another.
 *
 * Nothing here trusts a length. What is cut off (the packet socket takes the beginning of a frame
 * only) is missing, not wrong: a beacon's elements are read as far as they go.
 */
#ifndef PLATFORM_AIR_DOT11_H
#define PLATFORM_AIR_DOT11_H

#include "agent/base/cursor.h"
#include "agent/radio.h"

enum dot11_kind {
    DOT11_OTHER, /* control frames, extensions, management frames that tell us nothing */
    DOT11_PROBE_REQUEST,
    DOT11_PROBE_RESPONSE,
    DOT11_BEACON,
    DOT11_DATA,
};

struct dot11_frame {
    enum dot11_kind kind;
    bool to_ds;
    bool from_ds;
    bool retry;
    bool is_protected;
    bool has_body;          /* of data frames: not a null-function frame */
    struct mac receiver;    /* address 1 */
    struct mac transmitter; /* address 2: whose signal this is */
    struct mac address3;
    struct mac address4; /* if both DS bits are set */
    uint16_t sequence;   /* without the fragment number: 0..4095 */
    struct cursor body;  /* what follows the header */
};

/* What a beacon, a probe response or a scan result says of a network. */
struct dot11_network {
    bool is_infrastructure; /* an AP's: a mesh point and an IBSS send beacons, too */
    bool has_ssid;
    uint8_t ssid_len; /* 0: hidden */
    uint8_t ssid[RADIO_SSID_MAX];
    uint8_t encryption;
    uint8_t channel; /* as the network says; 0: it does not */
};

/* `body` is without radiotap header and checksum. False if it is shorter than its own header, or of
 * a protocol version other than 0. Kind DOT11_OTHER may have no addresses. */
bool dot11_parse(struct cursor body, struct dot11_frame *frame);

/* The BSSID of a data frame, where it has one: not between two APs. */
bool dot11_bssid(const struct dot11_frame *frame, struct mac *bssid);

/* The body of a beacon or probe response. False if its fixed fields are not all there. */
bool dot11_parse_beacon(struct cursor body, struct dot11_network *network);

/*
 * Elements, and the capability field that goes with them, which says ESS for an AP, IBSS for an
 * ad-hoc network, and neither for a mesh point (9.4.1.4). An element that runs past the end ends
 * the reading: what stands before it holds.
 *
 * Encryption, the best that is offered: an RSN element with an SAE, OWE or 192-bit AKM is WPA3, any
 * other RSN element WPA2; Microsoft's vendor element is WPA; the privacy bit alone is WEP.
 */
void dot11_parse_elements(struct cursor elements, uint16_t capability,
                          struct dot11_network *network);

/*
 * Is this the frame of a tag? Two kinds are known, both data frames that a tag sends by itself,
 * without belonging to a network:
 * - CCX tags send to the multicast address 01:40:96:00:00:03 (address 1, or 3 if To DS is set);
 * - AeroScout's tags send to 01:0c:cc:00:00:00, with both DS bits set or none.
 * Frames that an AP passes on (From DS alone, or address 4 unlike the transmitter) are not: their
 * signal is the AP's; and encrypted ones belong to a network. The vendor is AeroScout for the
 * second kind and for transmitters with AeroScout's OUI 00:0c:cc, else unknown. The payload is what
 * follows the 802.11 header, and the LLC/SNAP header if there is one; it is not looked at.
 */
bool dot11_is_tag(const struct dot11_frame *frame, uint8_t *vendor, struct cursor *payload);

#endif
