/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subscription filter: what a subscription or a request asks for: services, filters, intervals
 * (wire-profile "Messages", "Filters").
 *
 * An absent filter lets all through, an empty one nothing; both together are "and". An AP filter
 * cuts samples; a device with none left is not selected. Immutable once built, apart from the APs
 * it remembers by handle.
 */
#ifndef AGENT_VIEW_SUBFILTER_H
#define AGENT_VIEW_SUBFILTER_H

#include "agent/engine/engine.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SUBFILTER_SERVICES = 64 };

struct subfilter;

enum subfilter_result { SUBFILTER_OK, SUBFILTER_TOO_MANY, SUBFILTER_NO_MEMORY };

/* From a decoded Subscribe or request; `services` is what is granted of what it asks. *out is NULL
 * unless OK. */
enum subfilter_result subfilter_new(const struct engine *engine, const struct wire_message *message,
                                    uint64_t services, struct subfilter **out);
/* NULL is allowed. */
void subfilter_free(struct subfilter *filter);

/* The same services, filters (in any order) and intervals. */
bool subfilter_equal(const struct subfilter *x, const struct subfilter *y);

uint64_t subfilter_services(const struct subfilter *filter);
/* A copy-free way to withdraw services that are no longer offered. */
void subfilter_withdraw(struct subfilter *filter, uint64_t services);
/* How many APs or devices it is restricted to; false: it is not. */
bool subfilter_ap_filter(const struct subfilter *filter, size_t *count);
bool subfilter_device_filter(const struct subfilter *filter, size_t *count);

/* Seconds asked for this sub-service, 0: as configured. */
uint16_t subfilter_interval(const struct subfilter *filter, unsigned bit);

/* This AP came, changed or went: what the AP filter says of its handle is worked out again. */
void subfilter_refresh_ap(struct subfilter *filter, const struct engine *engine, uint16_t ap);
/* The same for all APs. */
void subfilter_refresh(struct subfilter *filter, const struct engine *engine);

/* Does a service of this family ask for it, by class, association and MAC? Its samples are another
 * matter. */
bool subfilter_has(const struct subfilter *filter, enum wire_family family,
                   const struct table_device *device);
bool subfilter_has_ap(const struct subfilter *filter, uint16_t ap);

/* The same for those who ask about every sample; holds until the filter is refreshed. */
struct subfilter_aps {
    const bool *selected; /* by handle */
    uint16_t count;
};
struct subfilter_aps subfilter_aps(const struct subfilter *filter);

static inline bool subfilter_aps_have(struct subfilter_aps aps, uint16_t ap)
{
    return ap < aps.count && aps.selected[ap];
}

#endif
