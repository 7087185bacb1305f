/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probing stations and logged-on users, as hostapd tells them on its control sockets: one socket
 * for each AP interface, <directory>/<interface> (hostapd.conf, ctrl_interface). No capability is
 * needed, only the right to write to the socket (ctrl_interface_group).
 *
 * Our end of each is an abstract address that the kernel chooses (unix(7), autobind): hostapd,
 * which may run as another user, in a jail or with another /tmp, can always answer to it; nothing
 * can be left over or be in the way; and no program that lists hostapd's folder takes it for an
 * interface. It is connected before it has an address, so that nobody but hostapd can write to it.
 *
 * Every command has a deadline. An attached socket is asked again every CHECK_MS, or after a burst
 * of events: hostapd forgets, without a word, who does not read fast enough. What does not answer
 * is left and tried again with growing pauses, and at once when its AP comes up.
 *
 * A turn of the loop reads a bounded number of lines from each socket. Nothing is allocated after
 * hostapd_new().
 */
#ifndef PLATFORM_HOSTAPD_HOSTAPD_H
#define PLATFORM_HOSTAPD_HOSTAPD_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "agent/settings.h"
#include "platform/nl80211/nl80211.h"

enum {
    HOSTAPD_DEADLINE_MS = 2000, /* for the answer to a command */
    HOSTAPD_CHECK_MS = 10000,   /* between the checks of a socket */
    HOSTAPD_BURST_MS = 1000,    /* to the next check after a burst */
    HOSTAPD_RETRY_MS = 1000,    /* the first pause; each is twice the one before */
    HOSTAPD_RETRY_MAX_MS = 32000,
    HOSTAPD_LINES_PER_TURN = 64, /* of one socket */
};

struct hostapd;

/* What it must know of its surroundings: nl80211_place() and its neighbours. */
struct hostapd_surroundings {
    bool (*place)(void *context, size_t index, struct nl80211_place *place);
    bool (*is_own)(void *context, const struct mac *bssid);
    bool (*is_client)(void *context, const struct mac *station);
    void *context;
};

/* NULL if memory is out. Nothing is opened before hostapd_configure(). Tells sample and client_user
 * only. The surroundings are copied. */
struct hostapd *hostapd_new(struct loop *loop, const struct hostapd_surroundings *surroundings,
                            const struct radio_events *events, void *events_context);
/* Tells nothing any more. NULL is allowed. */
void hostapd_free(struct hostapd *hostapd);

void hostapd_configure(struct hostapd *hostapd, const struct settings_radios *settings);
/* The answers of `place` may have changed. */
void hostapd_places_changed(struct hostapd *hostapd);
/* A client has associated: who logged on there is asked for. */
void hostapd_client_joined(struct hostapd *hostapd, const struct radio_client *client);

/* A part of a sentence; empty if there is nothing to say. */
void hostapd_describe(const struct hostapd *hostapd, char *text, size_t size);
/* Adds what it counts. */
void hostapd_counters(const struct hostapd *hostapd, struct radio_counters *counters);

#endif
