/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two acts of nmsp-radio that need a capability, and no more than these. No libraries; they may
 * wait up to a second for the kernel.
 */
#ifndef PLATFORM_HELPER_PRIVILEGED_H
#define PLATFORM_HELPER_PRIVILEGED_H

enum {
    PRIVILEGED_SNAP_FRAME = 2048, /* how much of a management frame is handed on ... */
    PRIVILEGED_SNAP_TAG = 1024,   /* ... of a data frame to a tags' group ... */
    PRIVILEGED_SNAP_DATA = 256,   /* ... and of any other data frame: its headers */
};

/*
 * Starts a scan on the interface (CAP_NET_ADMIN). It is passive: nothing is transmitted. An AP goes
 * off its channel for it, a little for each other channel. 0 or an errno.
 */
int privileged_scan(const char *ifname);

/*
 * A packet socket (CAP_NET_RAW), bound to the interface, which must be up and of type monitor with
 * radiotap headers (else ENETDOWN, EMEDIUMTYPE). A filter that can no longer be changed lets in
 * only what was heard on this very interface, whatever the socket is bound to later: beacons, probe
 * requests, probe responses, data frames; and cuts them. Gives the descriptor, or -errno.
 */
int privileged_monitor(const char *ifname);

#endif
