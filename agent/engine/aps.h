/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The APs: a record for each handle, i.e. for each (AP MAC, slot), and an index by AP MAC.
 *
 * What is looked up for each of many APs (its other slots, whether it has any) must not look at all
 * APs. Fixed memory, keyed hash. Records whose slot is not known are found by handle alone: they
 * are no slots, and are not counted.
 */
#ifndef AGENT_ENGINE_APS_H
#define AGENT_ENGINE_APS_H

#include "agent/base/siphash.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

#define APS_NONE UINT16_MAX /* no handle */

struct aps {
    struct radio_ap *records; /* by handle */
    bool *present;
    uint16_t *next;    /* the next higher handle with the same hash */
    uint16_t *buckets; /* the lowest one, by hash */
    uint32_t mask;
    uint16_t capacity;
    uint16_t count; /* of those with a slot */
    struct siphash_key key;
};

/* 0 or -ENOMEM, -EIO. `capacity` is below APS_NONE. */
int aps_init(struct aps *aps, uint16_t capacity);
void aps_fini(struct aps *aps);

/* NULL if there is none with this handle. */
static inline const struct radio_ap *aps_get(const struct aps *aps, uint16_t ap)
{
    return ap < aps->capacity && aps->present[ap] ? &aps->records[ap] : NULL;
}

/* A new record or another one for its handle, which is below the capacity. */
void aps_put(struct aps *aps, const struct radio_ap *record);
/* The handle has a record. */
void aps_remove(struct aps *aps, uint16_t ap);

/* The lowest handle of the AP with this MAC, and the next higher one of the same AP; or APS_NONE.
 */
uint16_t aps_first(const struct aps *aps, const struct mac *mac);
uint16_t aps_next(const struct aps *aps, uint16_t ap);

#endif
