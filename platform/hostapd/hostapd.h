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
#include "platform/source.h"

enum {
    HOSTAPD_DEADLINE_MS = 2000, /* for the answer to a command */
    HOSTAPD_CHECK_MS = 10000,   /* between the checks of a socket */
    HOSTAPD_BURST_MS = 1000,    /* to the next check after a burst */
    HOSTAPD_RETRY_MS = 1000,    /* the first pause; each is twice the one before */
    HOSTAPD_RETRY_MAX_MS = 32000,
    HOSTAPD_LINES_PER_TURN = 64, /* of one socket */
};

/* Tells samples and users only. As struct source has them (platform/source.h). */
void *hostapd_new(const struct source_setup *setup);
void hostapd_free(void *hostapd);
void hostapd_configure(void *hostapd, const struct settings_radios *settings);
void hostapd_describe(void *hostapd, char *text, size_t size);
void hostapd_interfaces_changed(void *hostapd);
/* Who logged on at a client that has associated is asked for. */
void hostapd_client_changed(void *hostapd, const struct radio_event *event);

#endif
