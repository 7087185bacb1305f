/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients are asked which APs they hear, and how loud (IEEE 802.11k beacon reports), and how loud
 * they hear the AP that they are associated with (link measurements, where hostapd has them). It
 * knows no socket: whoever has those is told whom to ask (struct reports_owner), and hands in what
 * hostapd says.
 *
 * It costs airtime and the clients' batteries, and hostapd lets a client say what it likes; so:
 *
 *  1. Off unless an interval is configured. Only who declared the ability is asked, at most once
 *     in an interval; each radio at most once in REPORTS_PACE_MS, whoever waits longest first.
 *  2. One request at a time for each client: a second one kills the first.
 *  3. Only answers to a request that is open count, by its token, its client and the socket it went
 *     over, for REPORTS_OPEN_MS, and REPORTS_EACH_MAX of them. All else is thrown away, and
 * counted.
 *  4. Who refuses or is silent is asked less and less often; who knows no way of measuring is left
 *     alone until it associates again.
 *  5. An AP that the client reports is another than the one that has it: that one hears it itself.
 *
 * Fixed memory, taken when it is configured for the first time.
 */
#ifndef PLATFORM_HOSTAPD_REPORTS_H
#define PLATFORM_HOSTAPD_REPORTS_H

#include "platform/hostapd/hostapd-line.h"
#include "platform/source.h"

enum {
    REPORTS_STATIONS_MAX = 512,
    REPORTS_PACE_MS = 1000,
    REPORTS_OPEN_MS = 8000,
    REPORTS_LINK_MS = 2000,   /* for the answer to a link measurement */
    REPORTS_EACH_MAX = 32,    /* reports in an answer */
    REPORTS_CHANNELS_MAX = 8, /* of a request: the client is off its own for as long */
    REPORTS_REQUEST_SIZE = 160,
};

struct reports;

/* A socket of hostapd is known by a pointer of the owner's. */
struct reports_owner {
    /* This station is to be asked; reports_write() has the words, and reports_replied() is called
     * when hostapd has replied, or reports_forget() when the socket is lost. False: the one before
     * is still waiting for that, or the socket is not ready. */
    bool (*ask)(void *context, void *socket, const struct mac *station);
    void *context;
};

/* NULL if memory is out. */
struct reports *reports_new(const struct source_setup *setup, const struct reports_owner *owner);
/* Tells nothing any more. NULL is allowed. */
void reports_free(struct reports *reports);

/* Seconds; 0: off. True if it was off before: now all stations are to be told (reports_station). */
bool reports_configure(struct reports *reports, uint16_t interval);
bool reports_is_on(const struct reports *reports);

/* This station is a client at this socket, whose radio is `ap`. */
void reports_station(struct reports *reports, void *socket, uint16_t ap,
                     const struct hostapd_station *station);
void reports_left(struct reports *reports, const struct radio_departure *left);
/* The socket is closed. */
void reports_forget(struct reports *reports, const void *socket);

/* The command; false if this station is not to be asked any more. */
bool reports_write(struct reports *reports, const struct mac *station,
                   char text[static REPORTS_REQUEST_SIZE]);
/* `token`: 0 if hostapd refused. */
void reports_replied(struct reports *reports, const struct mac *station, uint8_t token);
/* An event of HOSTAPD_SENT, _REPORT, _LINK. */
void reports_take(struct reports *reports, const void *socket, const struct hostapd_line *line);

#endif
