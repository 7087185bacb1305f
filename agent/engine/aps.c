/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/aps.h"

#include <errno.h>
#include <stdlib.h>

int aps_init(struct aps *aps, uint16_t capacity)
{
    uint32_t size = 4;

    while (size < capacity)
        size *= 2;
    *aps = (struct aps){.capacity = capacity, .mask = size - 1};
    aps->records = calloc(capacity, sizeof(*aps->records));
    aps->present = calloc(capacity, sizeof(*aps->present));
    aps->next = calloc(capacity, sizeof(*aps->next));
    aps->buckets = calloc(size, sizeof(*aps->buckets));
    int error =
        aps->records == NULL || aps->present == NULL || aps->next == NULL || aps->buckets == NULL
            ? -ENOMEM
            : siphash_key_random(&aps->key);
    if (error != 0) {
        aps_fini(aps);
        return error;
    }
    for (uint32_t i = 0; i < size; i++)
        aps->buckets[i] = APS_NONE;
    return 0;
}

void aps_fini(struct aps *aps)
{
    free(aps->records);
    free(aps->present);
    free(aps->next);
    free(aps->buckets);
    *aps = (struct aps){.records = NULL};
}

static uint16_t *bucket(const struct aps *aps, const struct mac *mac)
{
    return &aps->buckets[(uint32_t)siphash_mac(&aps->key, mac) & aps->mask];
}

/* Where in its chain the handle stands, or would stand: chains are in ascending order. */
static uint16_t *link_of(const struct aps *aps, uint16_t ap)
{
    uint16_t *link = bucket(aps, &aps->records[ap].mac);

    while (*link != APS_NONE && *link < ap)
        link = &aps->next[*link];
    return link;
}

static bool has_slot(const struct radio_ap *record)
{
    return record->slot != RADIO_SLOT_UNKNOWN;
}

void aps_remove(struct aps *aps, uint16_t ap)
{
    aps->present[ap] = false;
    if (!has_slot(&aps->records[ap]))
        return;
    *link_of(aps, ap) = aps->next[ap];
    aps->count--;
}

void aps_put(struct aps *aps, const struct radio_ap *record)
{
    uint16_t ap = record->ap;
    bool known = aps->present[ap];

    if (known && mac_equal(&aps->records[ap].mac, &record->mac) &&
        has_slot(&aps->records[ap]) == has_slot(record)) {
        aps->records[ap] = *record;
        return;
    }
    if (known)
        aps_remove(aps, ap);
    aps->records[ap] = *record;
    aps->present[ap] = true;
    if (!has_slot(record))
        return;
    aps->count++;
    uint16_t *link = link_of(aps, ap);
    aps->next[ap] = *link;
    *link = ap;
}

static uint16_t same_ap(const struct aps *aps, uint16_t ap, const struct mac *mac)
{
    while (ap != APS_NONE && !mac_equal(&aps->records[ap].mac, mac))
        ap = aps->next[ap];
    return ap;
}

uint16_t aps_first(const struct aps *aps, const struct mac *mac)
{
    return same_ap(aps, *bucket(aps, mac), mac);
}

uint16_t aps_next(const struct aps *aps, uint16_t ap)
{
    return same_ap(aps, aps->next[ap], &aps->records[ap].mac);
}
