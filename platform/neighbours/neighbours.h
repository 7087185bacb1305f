/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IP addresses of our clients, from the kernel's neighbour table (rtnetlink, RTM_GETNEIGH and
 * RTNLGRP_NEIGH): IPv4 and IPv6, link-local ones too. Needs no capability.
 *
 * An address is told while the kernel believes it to be there (NUD_PERMANENT, REACHABLE, STALE,
 * DELAY, PROBE) at the MAC of a client, and taken back when the kernel gives it up (FAILED,
 * INCOMPLETE, deleted), when another MAC has it, or when the client has left. What is told is
 * remembered, because the kernel names no MAC when it gives an address up.
 *
 * Changes come as events. The whole table is read when clients have come, and after events were
 * lost: at most once in DUMP_MS.
 */
#ifndef PLATFORM_NEIGHBOURS_NEIGHBOURS_H
#define PLATFORM_NEIGHBOURS_NEIGHBOURS_H

#include "agent/base/loop.h"
#include "agent/radio.h"
#include "platform/source.h"

enum {
    NEIGHBOURS_MAX = 4096,       /* addresses of all clients together */
    NEIGHBOURS_CLIENT_MAX = 16,  /* of one client */
    NEIGHBOURS_DUMP_MS = 1000,   /* from one reading of the table to the next */
    NEIGHBOURS_RETRY_MS = 10000, /* after one that failed */
};

/* Tells addresses only. As struct source has them (platform/source.h). */
void *neighbours_new(const struct source_setup *setup);
void neighbours_free(void *neighbours);
/* Begins to hear events; once is enough. What cannot be had is said in the log. */
void neighbours_configure(void *neighbours, const struct settings_radios *settings);
/* The table is read when clients have come; when somebody left, here or elsewhere, whose addresses
 * are told is looked at soon. */
void neighbours_client_changed(void *neighbours, const struct radio_event *event);

#endif
