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
    HOSTAPD_SENT,    /* BEACON-REQ-TX-STATUS: mac, token, acked */
    HOSTAPD_REPORT,  /* BEACON-RESP-RX: mac, token, refused, body; with it bssid, signal, snr */
    HOSTAPD_LINK,    /* LINK-MSR-RESP-RX: mac, token, body; with it signal, snr */
};

/* What a client reports. Broken: cut, or what cannot be: no text of hostapd's, but the client's. */
enum hostapd_body { HOSTAPD_BODY_EMPTY, HOSTAPD_BODY_BROKEN, HOSTAPD_BODY_WHOLE };

struct hostapd_line {
    enum hostapd_line_kind kind;
    struct mac mac; /* of one station: neither zero nor a group's */
    int8_t signal;  /* dBm, below 0; RADIO_DB_UNKNOWN: none was told, or none that can be */
    int8_t snr;     /* dB or RADIO_DB_UNKNOWN */
    uint8_t token;  /* of the request; 0: of none */
    bool acked;
    bool refused; /* or too late, or incapable */
    enum hostapd_body body;
    struct mac bssid; /* of an AP: neither zero nor a group's, nor `mac` */
};

/* One datagram. */
struct hostapd_line hostapd_parse(struct cursor bytes);

enum hostapd_answer { HOSTAPD_OTHER, HOSTAPD_OK, HOSTAPD_PONG };

/* A reply of one word; HOSTAPD_OTHER for every refusal. */
enum hostapd_answer hostapd_parse_answer(struct cursor bytes);

/* The reply to a request to a client: its token, or 0 if hostapd does not send it. */
uint8_t hostapd_parse_token(struct cursor bytes);

/* The reply to STA, STA-FIRST and STA-NEXT: the MAC on a line, then lines of key=value. */
struct hostapd_station {
    struct mac mac;
    bool complete; /* it was not cut: what is missing is not known to hostapd either */
    bool measures; /* it said that it does radio measurements (IEEE 802.11k) */
    uint8_t user_len;
    uint8_t user[RADIO_USER_NAME_MAX];
};

/* False if there is no MAC at its beginning (FAIL, nothing, something else). A last line without
 * its end was cut, and is not used. */
bool hostapd_parse_station(struct cursor bytes, struct hostapd_station *station);

#endif
