/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* --- memory ---------------------------------------------------------------------------------- */

int table_init(struct table *table, uint32_t devices, uint32_t samples)
{
    assert(devices > 0 && samples > 0);
    *table = (struct table){.device_capacity = devices,
                            .sample_capacity = samples,
                            .free_device = TABLE_NONE,
                            .free_sample = TABLE_NONE,
                            .newest = {TABLE_NONE, TABLE_NONE},
                            .oldest = {TABLE_NONE, TABLE_NONE}};
    table->devices = calloc(devices, sizeof(*table->devices));
    table->samples = calloc(samples, sizeof(*table->samples));
    int error = table->devices == NULL || table->samples == NULL
                    ? -ENOMEM
                    : keyed_init(&table->index, devices);
    if (error != 0)
        table_fini(table);
    return error;
}

void table_fini(struct table *table)
{
    free(table->devices);
    free(table->samples);
    keyed_fini(&table->index);
    *table = (struct table){.devices = NULL};
}

/* --- the index ------------------------------------------------------------------------------- */

static uint64_t hash_of(const void *owner, uint32_t slot)
{
    const struct table *table = owner;
    return siphash_mac(&table->index.key, &table->devices[slot].mac);
}

static bool is(const void *owner, uint32_t slot, const void *mac)
{
    const struct table *table = owner;
    return mac_equal(&table->devices[slot].mac, mac);
}

uint32_t table_find(const struct table *table, const struct mac *mac)
{
    return keyed_find(&table->index, siphash_mac(&table->index.key, mac), is, table, mac);
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
    keyed_put(&table->index, hash_of(table, slot), slot);
    order_insert(table, slot);
    table->device_count++;
    return slot;
}

void table_remove(struct table *table, uint32_t slot)
{
    struct table_device *device = &table->devices[slot];

    assert(device->used);
    (void)table_sample_drop(table, slot, NULL, NULL);
    keyed_remove(&table->index, slot, hash_of, table);
    order_remove(table, slot);
    device->used = false;
    device->first = table->free_device;
    table->free_device = slot;
    table->device_count--;
}

/* --- samples --------------------------------------------------------------------------------- */

static uint8_t antenna_of(uint8_t antenna, uint8_t source)
{
    return radio_is_report(source) ? RADIO_ANTENNA_COMBINED : antenna;
}

uint32_t table_sample_find(const struct table *table, uint32_t slot, uint16_t ap, uint8_t antenna,
                           uint8_t source)
{
    uint32_t place = table->devices[slot].first;
    antenna = antenna_of(antenna, source);
    while (place != TABLE_NONE &&
           (table->samples[place].ap != ap || table->samples[place].antenna != antenna ||
            radio_is_report(table->samples[place].source) != radio_is_report(source)))
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

uint32_t table_sample_add(struct table *table, uint32_t slot, uint16_t ap, uint8_t antenna,
                          uint8_t source)
{
    struct table_device *device = &table->devices[slot];

    if (device->sample_count == UINT8_MAX)
        return TABLE_NONE;
    uint32_t place = take_place(table);
    if (place == TABLE_NONE)
        return TABLE_NONE;
    table->samples[place] = (struct table_sample){.next = TABLE_NONE,
                                                  .ap = ap,
                                                  .antenna = antenna_of(antenna, source),
                                                  .source = source & 7u};
    uint32_t *link = &device->first;
    while (*link != TABLE_NONE)
        link = &table->samples[*link].next;
    *link = place;
    device->sample_count++;
    table->sample_count++;
    if (table->held != NULL)
        table->held[ap]++;
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
        if (table->held != NULL)
            table->held[sample->ap]--;
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
                      int16_t *rank)
{
    struct {
        uint16_t ap;
        int16_t best;
    } aps[TABLE_APS_PER_DEVICE];
    size_t count = 0;

    for (uint32_t place = table->devices[slot].first; place != TABLE_NONE;
         place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        int16_t its = table_rank(sample->source, sample->rssi);
        size_t i = 0;
        if (sample->ap == ap)
            return false;
        while (i < count && aps[i].ap != sample->ap)
            i++;
        if (i == count) {
            assert(count < TABLE_APS_PER_DEVICE);
            aps[count].ap = sample->ap;
            aps[count++].best = its;
        } else if (its > aps[i].best) {
            aps[i].best = its;
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
    *rank = aps[least].best;
    return true;
}
