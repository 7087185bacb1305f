/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* --- memory ---------------------------------------------------------------------------------- */

static uint32_t index_size(uint32_t devices)
{
    uint32_t size = 4;
    while (size < devices + devices / 2)
        size *= 2;
    return size;
}

/* A power of two that is larger than any slot + 1 that the index holds, less one. */
static uint32_t slot_mask(uint32_t devices)
{
    uint32_t mask = 1;
    while (mask < devices)
        mask = mask << 1 | 1;
    return mask;
}

int table_init(struct table *table, uint32_t devices, uint32_t samples)
{
    assert(devices > 0 && samples > 0);
    uint32_t size = index_size(devices);

    *table = (struct table){.device_capacity = devices,
                            .sample_capacity = samples,
                            .index_mask = size - 1,
                            .slot_mask = slot_mask(devices),
                            .free_device = TABLE_NONE,
                            .free_sample = TABLE_NONE,
                            .newest = {TABLE_NONE, TABLE_NONE},
                            .oldest = {TABLE_NONE, TABLE_NONE}};
    table->devices = calloc(devices, sizeof(*table->devices));
    table->samples = calloc(samples, sizeof(*table->samples));
    table->index = calloc(size, sizeof(*table->index));
    int error = table->devices == NULL || table->samples == NULL || table->index == NULL
                    ? -ENOMEM
                    : siphash_key_random(&table->key);
    if (error != 0)
        table_fini(table);
    return error;
}

void table_fini(struct table *table)
{
    free(table->devices);
    free(table->samples);
    free(table->index);
    *table = (struct table){.devices = NULL};
}

/* --- the index: linear probing, deletion by moving back, so that no tombstones gather -------- */

struct address {
    uint32_t home; /* where the search begins */
    uint32_t tag;  /* as it stands in an entry */
};

static struct address address_of(const struct table *table, const struct mac *mac)
{
    uint64_t hash = siphash_mac(&table->key, mac);
    return (struct address){.home = (uint32_t)hash & table->index_mask,
                            .tag = (uint32_t)(hash >> 32) & ~table->slot_mask};
}

static uint32_t slot_at(const struct table *table, uint32_t place)
{
    return (table->index[place] & table->slot_mask) - 1;
}

/* Where the MAC stands in the index, or the empty place where it would stand. */
static uint32_t index_place(const struct table *table, const struct mac *mac,
                            struct address address)
{
    uint32_t place = address.home;
    while (table->index[place] != 0 &&
           ((table->index[place] & ~table->slot_mask) != address.tag ||
            !mac_equal(&table->devices[slot_at(table, place)].mac, mac)))
        place = (place + 1) & table->index_mask;
    return place;
}

static void index_remove(struct table *table, uint32_t place)
{
    uint32_t hole = place;

    for (uint32_t at = (hole + 1) & table->index_mask; table->index[at] != 0;
         at = (at + 1) & table->index_mask) {
        uint32_t wanted = address_of(table, &table->devices[slot_at(table, at)].mac).home;
        /* The entry may fill the hole unless its home lies behind the hole. */
        if (((at - wanted) & table->index_mask) >= ((at - hole) & table->index_mask)) {
            table->index[hole] = table->index[at];
            hole = at;
        }
    }
    table->index[hole] = 0;
}

uint32_t table_find(const struct table *table, const struct mac *mac)
{
    uint32_t place = index_place(table, mac, address_of(table, mac));
    return table->index[place] == 0 ? TABLE_NONE : slot_at(table, place);
}

/* --- the order of hearing -------------------------------------------------------------------- */

static unsigned order_of(const struct table_device *device)
{
    return (device->flags & TABLE_ASSOCIATED) != 0 ? 1 : 0;
}

static void order_insert(struct table *table, uint32_t slot)
{
    struct table_device *device = &table->devices[slot];
    unsigned order = order_of(device);

    device->newer = TABLE_NONE;
    device->older = table->newest[order];
    if (device->older != TABLE_NONE)
        table->devices[device->older].newer = slot;
    else
        table->oldest[order] = slot;
    table->newest[order] = slot;
}

static void order_remove(struct table *table, uint32_t slot)
{
    struct table_device *device = &table->devices[slot];
    unsigned order = order_of(device);

    if (device->newer != TABLE_NONE)
        table->devices[device->newer].older = device->older;
    else
        table->newest[order] = device->older;
    if (device->older != TABLE_NONE)
        table->devices[device->older].newer = device->newer;
    else
        table->oldest[order] = device->newer;
}

void table_touch(struct table *table, uint32_t slot)
{
    if (table->devices[slot].newer == TABLE_NONE)
        return;
    order_remove(table, slot);
    order_insert(table, slot);
}

uint32_t table_oldest(const struct table *table, uint32_t except)
{
    for (unsigned order = 0; order < 2; order++) {
        uint32_t slot = table->oldest[order];
        if (slot == except && slot != TABLE_NONE)
            slot = table->devices[slot].newer;
        if (slot != TABLE_NONE)
            return slot;
    }
    return TABLE_NONE;
}

void table_set_associated(struct table *table, uint32_t slot, bool associated, uint16_t ap)
{
    struct table_device *device = &table->devices[slot];

    device->associated_ap = ap;
    if (((device->flags & TABLE_ASSOCIATED) != 0) == associated)
        return;
    order_remove(table, slot);
    device->flags ^= TABLE_ASSOCIATED;
    order_insert(table, slot);
}

/* --- devices --------------------------------------------------------------------------------- */

static uint32_t take_slot(struct table *table)
{
    uint32_t slot = table->free_device;
    if (slot != TABLE_NONE)
        table->free_device = table->devices[slot].first;
    else if (table->slots_used < table->device_capacity)
        slot = table->slots_used++;
    return slot;
}

uint32_t table_add(struct table *table, const struct mac *mac, uint8_t device_class)
{
    uint32_t slot = take_slot(table);

    if (slot == TABLE_NONE)
        return TABLE_NONE;
    table->devices[slot] = (struct table_device){
        .mac = *mac,
        .device_class = device_class,
        .flags = mac_is_local(mac) ? (uint8_t)TABLE_LOCAL_MAC : (uint8_t)0,
        .first = TABLE_NONE,
        .used = true,
    };
    struct address address = address_of(table, mac);
    table->index[index_place(table, mac, address)] = address.tag | (slot + 1);
    order_insert(table, slot);
    table->device_count++;
    return slot;
}

void table_remove(struct table *table, uint32_t slot)
{
    struct table_device *device = &table->devices[slot];

    assert(device->used);
    (void)table_sample_drop(table, slot, NULL, NULL);
    index_remove(table, index_place(table, &device->mac, address_of(table, &device->mac)));
    order_remove(table, slot);
    device->used = false;
    device->first = table->free_device;
    table->free_device = slot;
    table->device_count--;
}

/* --- samples --------------------------------------------------------------------------------- */

uint32_t table_sample_find(const struct table *table, uint32_t slot, uint16_t ap, uint8_t antenna)
{
    uint32_t place = table->devices[slot].first;
    while (place != TABLE_NONE &&
           (table->samples[place].ap != ap || table->samples[place].antenna != antenna))
        place = table->samples[place].next;
    return place;
}

static uint32_t take_place(struct table *table)
{
    uint32_t place = table->free_sample;
    if (place != TABLE_NONE)
        table->free_sample = table->samples[place].next;
    else if (table->sample_count < table->sample_capacity)
        place = table->sample_count; /* nothing was ever freed: places are handed out in order */
    return place;
}

uint32_t table_sample_add(struct table *table, uint32_t slot, uint16_t ap, uint8_t antenna)
{
    struct table_device *device = &table->devices[slot];

    if (device->sample_count == UINT8_MAX)
        return TABLE_NONE;
    uint32_t place = take_place(table);
    if (place == TABLE_NONE)
        return TABLE_NONE;
    table->samples[place] = (struct table_sample){.next = TABLE_NONE, .ap = ap, .antenna = antenna};
    uint32_t *link = &device->first;
    while (*link != TABLE_NONE)
        link = &table->samples[*link].next;
    *link = place;
    device->sample_count++;
    table->sample_count++;
    return place;
}

uint32_t table_sample_drop(struct table *table, uint32_t slot,
                           bool (*drop)(const struct table_sample *sample, const void *context),
                           const void *context)
{
    struct table_device *device = &table->devices[slot];
    uint32_t *link = &device->first;
    uint32_t dropped = 0;

    while (*link != TABLE_NONE) {
        uint32_t place = *link;
        struct table_sample *sample = &table->samples[place];
        if (drop != NULL && !drop(sample, context)) {
            link = &sample->next;
            continue;
        }
        *link = sample->next;
        sample->next = table->free_sample;
        table->free_sample = place;
        dropped++;
    }
    device->sample_count = (uint8_t)(device->sample_count - dropped);
    table->sample_count -= dropped;
    return dropped;
}

/* Samples of one device are few: counting APs by looking is cheaper than keeping a list of them. */
bool table_weakest_ap(const struct table *table, uint32_t slot, uint16_t ap, uint16_t *weakest,
                      int8_t *rssi)
{
    struct {
        uint16_t ap;
        int8_t best;
    } aps[TABLE_APS_PER_DEVICE];
    size_t count = 0;

    for (uint32_t place = table->devices[slot].first; place != TABLE_NONE;
         place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        size_t i = 0;
        if (sample->ap == ap)
            return false;
        while (i < count && aps[i].ap != sample->ap)
            i++;
        if (i == count) {
            assert(count < TABLE_APS_PER_DEVICE);
            aps[count].ap = sample->ap;
            aps[count++].best = sample->rssi;
        } else if (sample->rssi > aps[i].best) {
            aps[i].best = sample->rssi;
        }
    }
    if (count < TABLE_APS_PER_DEVICE)
        return false;
    size_t least = 0;
    for (size_t i = 1; i < count; i++) {
        if (aps[i].best < aps[least].best)
            least = i;
    }
    *weakest = aps[least].ap;
    *rssi = aps[least].best;
    return true;
}
