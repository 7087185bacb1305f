/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom one access point claims as its clients, and what it said of each: so that a claim that is
 * repeated is told from a new one, and that an older claim can hold again when the newer one ends.
 *
 * Grows with the clients, up to CLAIMS_MAX; nothing is held without any.
 */
#ifndef AGENT_COLLECTOR_CLAIMS_H
#define AGENT_COLLECTOR_CLAIMS_H

#include "agent/base/keyed.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLAIMS_MAX = 512 };

struct claims {
    struct radio_client *list;
    uint32_t count;
    uint32_t room;
    struct keyed index; /* of the list, by MAC */
};

/* 0 or what siphash_key_random() gives. */
int claims_init(struct claims *clients);
/* As it was after claims_init(). */
void claims_clear(struct claims *clients);
void claims_fini(struct claims *clients);

/* NULL if it is not claimed. Good until the next put or drop. */
const struct radio_client *claims_find(const struct claims *clients, const struct mac *device);

/* Keeps what was said last. NEW: it was not claimed, or at another AP; FULL: it is not kept. */
enum claims_put { CLAIMS_NEW, CLAIMS_KNOWN, CLAIMS_FULL };
enum claims_put claims_put(struct claims *clients, const struct radio_client *client);
/* False if it was not claimed; else gives the AP at which it was. */
bool claims_drop(struct claims *clients, const struct mac *device, uint16_t *ap);

#endif
