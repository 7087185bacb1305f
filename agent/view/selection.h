/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a subscription or a request asks for: services, filters, intervals (wire-profile "Messages",
 * "Filters").
 *
 * An absent filter lets all through, an empty one nothing; both together are "and". An AP filter
 * cuts samples; a device with none left is not selected. Immutable once built, apart from the APs
 * it remembers by handle.
 */
#ifndef AGENT_VIEW_SELECTION_H
#define AGENT_VIEW_SELECTION_H

#include "agent/engine/engine.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SELECTION_FILTER_MAX = WIRE_FILTER_MAX, SELECTION_SERVICES = 64 };

struct selection;

enum selection_result { SELECTION_OK, SELECTION_TOO_MANY, SELECTION_NO_MEMORY };

/* From a decoded Subscribe or request; `services` is what is granted of what it asks. *out is NULL
 * unless OK. */
enum selection_result selection_new(const struct engine *engine, const struct wire_message *message,
                                    uint64_t services, struct selection **out);
/* NULL is allowed. */
void selection_free(struct selection *selection);

/* The same services, filters (in any order) and intervals. */
bool selection_equal(const struct selection *x, const struct selection *y);

uint64_t selection_services(const struct selection *selection);
/* A copy-free way to withdraw services that are no longer offered. */
void selection_withdraw(struct selection *selection, uint64_t services);
bool selection_has_device_filter(const struct selection *selection);
/* How many APs or devices it is restricted to; false: it is not. */
bool selection_ap_filter(const struct selection *selection, size_t *count);
bool selection_device_filter(const struct selection *selection, size_t *count);

/* Seconds asked for this sub-service, 0: as configured. */
uint16_t selection_interval(const struct selection *selection, unsigned bit);

/* This AP came, changed or went: what the AP filter says of its handle is worked out again. */
void selection_refresh_ap(struct selection *selection, const struct engine *engine, uint16_t ap);
/* The same for all APs. */
void selection_refresh(struct selection *selection, const struct engine *engine);

/* By class, association and MAC; its samples are another matter. */
bool selection_has_device(const struct selection *selection, const struct table_device *device);
/* Likewise, for the services of another family than measurement. */
bool selection_has_information(const struct selection *selection,
                               const struct table_device *device);
bool selection_has_statistics(const struct selection *selection, const struct table_device *device);
bool selection_has_ap(const struct selection *selection, uint16_t ap);

/* The same for those who ask about every sample; holds until the selection is refreshed. */
struct selection_aps {
    const bool *selected; /* by handle */
    uint16_t count;
};
struct selection_aps selection_aps(const struct selection *selection);

static inline bool selection_aps_have(struct selection_aps aps, uint16_t ap)
{
    return ap < aps.count && aps.selected[ap];
}

#endif
