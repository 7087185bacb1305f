/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures: device records of the engine's table turned into the elements of one message.
 *
 * A workspace of fixed size, reused for every message: begin, add devices until PICTURE_FULL,
 * finish. The message's ap-table holds each AP that a sample uses once and stands before all
 * measurements. Source: wire-profile "Element" 16, 17, 22 and "Size".
 */
#ifndef AGENT_VIEW_PICTURE_H
#define AGENT_VIEW_PICTURE_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/selection.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture;

enum picture_result {
    PICTURE_ADDED,
    PICTURE_NOTHING, /* no sample of this device is selected: nothing was written */
    PICTURE_FULL     /* does not fit any more: finish this message, begin another, add it again */
};

/* A device that left: all that is still known of it. */
struct picture_gone {
    struct mac mac;
    uint8_t device_class;
    uint8_t flags; /* of the wire, without GONE */
};

/* NULL if memory is out. */
struct picture *picture_new(struct engine *engine);
void picture_free(struct picture *picture);

/* Starts a message; `prefix` bytes of other elements (result, timestamp) will stand before. */
void picture_begin(struct picture *picture, size_t prefix);
enum picture_result picture_add(struct picture *picture, uint32_t slot,
                                const struct selection *selection);
enum picture_result picture_add_gone(struct picture *picture, const struct picture_gone *gone);
bool picture_empty(const struct picture *picture);
/* Appends ap-table and measurements. The writer must have the room that WIRE_MESSAGE_CUT leaves. */
void picture_finish(struct picture *picture, struct writer *body);

/*
 * One ap-info element for the AP that the handle belongs to, with all its slots; nothing and true
 * if a lower handle has the same AP (each AP is told once). False: it does not fit.
 */
bool picture_put_ap(const struct engine *engine, uint16_t ap, struct writer *body);
/* The ap-info element of an AP that was removed. */
bool picture_put_ap_removed(const struct mac *mac, struct writer *body);

#endif
