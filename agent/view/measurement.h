/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures: device records of the engine's table turned into the elements of one message.
 *
 * A workspace of fixed size, reused for every message: begin, add devices until PUT_FULL, finish.
 * The message's ap-table holds each AP that a sample uses once and stands before all measurements.
 * Source: wire-profile "Element" 16, 17, 22 and "Size".
 */
#ifndef AGENT_VIEW_MEASUREMENT_H
#define AGENT_VIEW_MEASUREMENT_H

#include "agent/base/cursor.h"
#include "agent/engine/engine.h"
#include "agent/view/subfilter.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct measurement;

/* What became of something that was to be put into a message. */
enum put_result {
    PUT_ADDED,
    PUT_NOTHING, /* there is nothing to be told: nothing was written */
    PUT_FULL     /* it does not fit any more: finish this message, begin another, put it again */
};

/* A device that left: all that is still known of it. */
struct measurement_gone {
    struct mac mac;
    uint8_t device_class;
    uint8_t flags; /* of the wire, without GONE */
};

/* NULL if memory is out. */
struct measurement *measurement_new(struct engine *engine);
void measurement_free(struct measurement *measurement);

/* Starts a message; `prefix` bytes of other elements (result, timestamp) will stand before. */
void measurement_begin(struct measurement *measurement, size_t prefix);
/* PUT_NOTHING: no sample of this device is selected. */
enum put_result measurement_add(struct measurement *measurement, uint32_t index,
                                const struct subfilter *filter);
enum put_result measurement_add_gone(struct measurement *measurement,
                                     const struct measurement_gone *gone);
bool measurement_empty(const struct measurement *measurement);
/* Appends ap-table and measurements. The writer must have the room that WIRE_MESSAGE_CUT leaves. */
void measurement_finish(struct measurement *measurement, struct writer *body);

#endif
