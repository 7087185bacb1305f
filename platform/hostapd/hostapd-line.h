/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hostapd writes to its control socket, as plain structs (hostapd's wpa_ctrl.h and the text of
 * its ctrl_iface): lines of text that differ from version to version. So everything that is not
 * known is skipped: other events, and whatever stands behind what is known.
 */
#ifndef PLATFORM_HOSTAPD_HOSTAPD_LINE_H
#define PLATFORM_HOSTAPD_HOSTAPD_LINE_H

#include "agent/base/cursor.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

enum hostapd_line_kind {
    HOSTAPD_UNKNOWN, /* an event that is not used, or broken */
    HOSTAPD_REPLY,   /* to a command: it does not begin with a level */
    HOSTAPD_PROBE,   /* RX-PROBE-REQUEST: mac, signal */
    HOSTAPD_LOGON,   /* AP-STA-CONNECTED, CTRL-EVENT-EAP-SUCCESS2: who uses mac may be known now */
    HOSTAPD_END,     /* CTRL-EVENT-TERMINATING: hostapd goes */
};

struct hostapd_line {
    enum hostapd_line_kind kind;
    struct mac mac; /* of one station: neither zero nor a group's */
    int8_t signal;  /* dBm, below 0; RADIO_DB_UNKNOWN: none was told, or none that can be */
};

/* One datagram. */
struct hostapd_line hostapd_parse(struct cursor bytes);

enum hostapd_answer { HOSTAPD_OTHER, HOSTAPD_OK, HOSTAPD_PONG };

/* A reply of one word; HOSTAPD_OTHER for every refusal. */
enum hostapd_answer hostapd_parse_answer(struct cursor bytes);

/* The reply to STA, STA-FIRST and STA-NEXT: the MAC on a line, then lines of key=value. */
struct hostapd_station {
    struct mac mac;
    bool complete; /* it was not cut: what is missing is not known to hostapd either */
    uint8_t user_len;
    uint8_t user[RADIO_USER_NAME_MAX];
};

/* False if there is no MAC at its beginning (FAIL, nothing, something else). A last line without
 * its end was cut, and is not used. */
bool hostapd_parse_station(struct cursor bytes, struct hostapd_station *station);

#endif
