/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Info elements: what is known of devices besides their samples, and of APs, turned into the
 * elements of Information, Statistics, Tag and AP Info messages (wire-profile "Element" 17 to 22).
 *
 * The information of a device goes by one AP: the serving one of an associated client, else the one
 * that hears the device loudest of those that the filter lets through. Nothing is kept here; who
 * announces the same device again hands in the AP that was told before, so that two APs that hear a
 * device alike do not take turns. Of an associated client whose attachment is suppressed there is
 * nothing to tell.
 */
#ifndef AGENT_VIEW_INFO_H
#define AGENT_VIEW_INFO_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/measurement.h"
#include "agent/view/subfilter.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    INFO_NO_AP = UINT16_MAX,
    /* Another AP has to hear a device louder by this many dB to become the one that it goes by. */
    INFO_LOUDER = 6,
};

enum info_kind {
    INFO_NONE, /* not in this filter, or nothing that could be told */
    INFO_PROBING,
    INFO_ASSOCIATED,
    INFO_ROGUE_AP,
    INFO_ROGUE_CLIENT
};

/* What information there is to tell of a device. *ap: the AP that was told before, or
 * INFO_NO_AP; then the AP that it goes by, if the kind is not INFO_NONE. */
enum info_kind info_kind(const struct engine *engine, uint32_t index,
                         const struct subfilter *filter, uint16_t *ap);

/* client-info or rogue-info of a kind that info_kind() gave; false: it does not fit. */
bool info_put(const struct engine *engine, uint32_t index, enum info_kind kind, uint16_t ap,
              struct writer *body);
/* client-info of a client that left. `ap` and `slot` are where it was told to be. */
bool info_put_left(const struct mac *mac, const struct mac *ap, uint8_t slot, struct writer *body);

enum put_result info_put_statistics(const struct engine *engine, uint32_t index,
                                    const struct subfilter *filter, struct writer *body);

bool info_put_tag(const struct radio_tag *tag, struct writer *body);

/*
 * One ap-info element for the AP that the handle belongs to, with all its slots; nothing and true
 * if a lower handle has the same AP (each AP is told once). False: it does not fit.
 */
bool info_put_ap(const struct engine *engine, uint16_t ap, struct writer *body);
/* The ap-info element of an AP that was removed. */
bool info_put_ap_removed(const struct mac *mac, struct writer *body);

#endif
