/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an AP was that has gone or has become another one, and when it was another one last: for
 * those who have told that a device is there.
 *
 * Many APs may go at once. Who was told to be there is looked at once for all of them: `moved` is
 * called later in the same turn, or before the same handle stands for a third AP.
 */
#ifndef AGENT_VIEW_PLACES_H
#define AGENT_VIEW_PLACES_H

#include "agent/base/mac.h"
#include "agent/engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct places;

struct place {
    struct mac mac;
    uint8_t slot;
    bool moved; /* who was told to be there has still to be looked at */
};

/* NULL if memory is out. */
struct places *places_new(const struct engine *engine, void (*moved)(void *context), void *context);
/* NULL is allowed. */
void places_free(struct places *places);

/* The engine's observer. Gives whether the AP is another one for those who are told to be there. */
bool places_take(struct places *places, uint16_t ap, const struct radio_ap *before);
/* What the handle stood for when somebody was told to be there. */
struct place places_of(const struct places *places, uint16_t ap);
/* Its MAC, slot, band or channel are others since this epoch. */
bool places_changed_after(const struct places *places, uint16_t ap, uint32_t epoch);

/* Differs what is told of a device that is at this AP? */
bool places_differ(const struct radio_ap *x, const struct radio_ap *y);

#endif
