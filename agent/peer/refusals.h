/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inbound peers that were refused last, each once however often it came: by its address
 * (without the port) and the hash of its key; and once more if it was not even heard, because it
 * was throttled or pushed out. At most REFUSALS_MAX, and half of them for those that were not
 * heard; the one that has been away the longest goes when another comes.
 */
#ifndef AGENT_PEER_REFUSALS_H
#define AGENT_PEER_REFUSALS_H

#include "agent/diagnosis.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REFUSALS_MAX = 16 };

struct refusal {
    struct diagnosis diagnosis; /* the last one */
    uint64_t count;             /* 0: a free place */
    bool told;                  /* this cause, by refusals_told() */
    bool was_let_in;            /* authorised by `identity`, and no session all the same */
    struct mac identity;
    int64_t first; /* loop_now() */
    int64_t last;
};

struct refusals {
    struct refusal places[REFUSALS_MAX];
};

/* True if this is news: a peer that is not there yet, or another cause, and not told since.
 * `identity` is the MAC by which the peer was authorised; NULL: it was not. */
bool refusals_note(struct refusals *refusals, const struct diagnosis *diagnosis,
                   const struct mac *identity, int64_t now);

/* What was noted last with this diagnosis is no news any more. */
void refusals_told(struct refusals *refusals, const struct diagnosis *diagnosis);

/* This peer is in now: nothing is to be told of it any more. */
void refusals_forget(struct refusals *refusals, const char *address,
                     const struct certificate_info *presented);
/*
 * This MAC has a session now, whichever way and from wherever it came: nothing that kept its server
 * away is told any more. Two exceptions: who only claimed the MAC, and who was refused because the
 * MAC has a session.
 */
void refusals_forget_mac(struct refusals *refusals, const struct mac *identity);

/* A cursor of 0 starts; false after the last one. Times and count are filled in. */
bool refusals_next(const struct refusals *refusals, size_t *cursor, int64_t now,
                   struct diagnosis *out);

#endif
