/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: what is known of a device besides its readings, turned into the elements of
 * Information, Statistics and Tag messages (wire-profile "Element" 18 to 21).
 *
 * A record goes by one AP: the serving one of an associated client, else the one that hears the
 * device loudest of those that the selection lets through. Nothing is kept here; who announces the
 * same device again hands in the AP that was told before, so that two APs that hear a device alike
 * do not take turns.
 */
#ifndef AGENT_VIEW_RECORD_H
#define AGENT_VIEW_RECORD_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/selection.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RECORD_NO_AP = UINT16_MAX,
    /* Another AP has to hear a device louder by this many dB to become the one that it goes by. */
    RECORD_LOUDER = 6,
};

enum record_kind {
    RECORD_NONE, /* not in this selection, or nothing that could be told */
    RECORD_PROBING,
    RECORD_ASSOCIATED,
    RECORD_ROGUE_AP,
    RECORD_ROGUE_CLIENT
};

enum record_result {
    RECORD_ADDED,
    RECORD_NOTHING,
    RECORD_FULL /* does not fit any more, and nothing was written */
};

/* What information there is to tell of a device. *ap: the AP that was told before, or
 * RECORD_NO_AP; then the AP that its record goes by, if the kind is not RECORD_NONE. */
enum record_kind record_kind(const struct engine *engine, uint32_t slot,
                             const struct selection *selection, uint16_t *ap);

/* client-info or rogue-info of a kind that record_kind() gave; false: it does not fit. */
bool record_put_information(const struct engine *engine, uint32_t slot, enum record_kind kind,
                            uint16_t ap, struct writer *body);
/* client-info of a client that left. `ap` and `slot` are where it was told to be. */
bool record_put_left(const struct mac *mac, const struct mac *ap, uint8_t slot,
                     struct writer *body);

enum record_result record_put_statistics(const struct engine *engine, uint32_t slot,
                                         const struct selection *selection, struct writer *body);

bool record_put_tag(const struct radio_tag *tag, struct writer *body);

#endif
