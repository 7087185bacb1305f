/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two acts of nmsp-radio that need a capability, and no more than these. No libraries; they may
 * wait up to a second for the kernel.
 */
#ifndef PLATFORM_HELPER_PRIVILEGED_H
#define PLATFORM_HELPER_PRIVILEGED_H

/*
 * Starts a scan on the interface (CAP_NET_ADMIN). It is passive: nothing is transmitted. An AP goes
 * off its channel for it, a little for each other channel. 0 or an errno.
 */
int privileged_scan(const char *ifname);

/*
 * A packet socket (CAP_NET_RAW), bound to the interface, which must be up and of type monitor with
 * radiotap headers (else ENETDOWN, EMEDIUMTYPE). It is for this process only: see
 * platform/helper/relay.h. A filter that can no longer be changed lets in only what was heard on
 * this very interface, whatever the socket is bound to later: beacons, probe requests, probe
 * responses, data frames; and cuts them as platform/helper/helper-protocol.h has it. Each frame
 * comes with PACKET_AUXDATA and SO_RXQ_OVFL. Gives the descriptor, or -errno.
 */
int privileged_monitor(const char *ifname);

#endif
