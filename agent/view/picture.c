/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/picture.h"

#include <stdlib.h>

enum { AP_SLOTS_MAX = 16 };

struct picture {
    struct engine *engine;
    struct writer elements; /* the measurements */
    size_t limit;           /* bytes that ap-table and measurements may have together */
    table_time now;
    uint16_t ap_count;
    uint16_t *aps;      /* handles in the order of the ap-table */
    uint16_t *ap_index; /* by handle: its index, if ... */
    uint32_t *ap_stamp; /* ... its stamp is this message's */
    uint32_t stamp;
    /* Room is taken for all samples of a device before it is known which are selected. */
    uint8_t buffer[WIRE_MESSAGE_CUT + UINT8_MAX * WIRE_SAMPLE_SIZE];
};

struct picture *picture_new(struct engine *engine)
{
    uint16_t capacity = engine_ap_capacity(engine);
    struct picture *picture = calloc(1, sizeof(*picture));

    if (picture == NULL)
        return NULL;
    picture->engine = engine;
    picture->aps = calloc(capacity, sizeof(*picture->aps));
    picture->ap_index = calloc(capacity, sizeof(*picture->ap_index));
    picture->ap_stamp = calloc(capacity, sizeof(*picture->ap_stamp));
    if (picture->aps == NULL || picture->ap_index == NULL || picture->ap_stamp == NULL) {
        picture_free(picture);
        return NULL;
    }
    return picture;
}

void picture_free(struct picture *picture)
{
    if (picture == NULL)
        return;
    free(picture->aps);
    free(picture->ap_index);
    free(picture->ap_stamp);
    free(picture);
}

void picture_begin(struct picture *picture, size_t prefix)
{
    picture->elements = writer_of(picture->buffer, sizeof(picture->buffer));
    picture->limit = WIRE_MESSAGE_CUT - WIRE_HEADER_SIZE - WIRE_AP_TABLE_SIZE - prefix;
    picture->now = (table_time)(uint64_t)(loop_now(engine_loop(picture->engine)) / 10);
    picture->ap_count = 0;
    picture->stamp++;
}

bool picture_empty(const struct picture *picture)
{
    return picture->elements.used == 0;
}

static size_t used(const struct picture *picture)
{
    return picture->elements.used + (size_t)picture->ap_count * WIRE_AP_ENTRY_SIZE;
}

/* What a device would add: its element, and the ap-table entries that this message does not have
 * yet; 0 if no sample is selected. */
static size_t size_of(const struct picture *picture, const struct table_device *device,
                      const struct selection *selection)
{
    const struct table *table = engine_table(picture->engine);
    struct selection_aps aps = selection_aps(selection);
    size_t size = WIRE_DEVICE_MEASUREMENT_SIZE;
    uint16_t last_new = UINT16_MAX;

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        uint16_t ap = table->samples[place].ap;
        if (!selection_aps_have(aps, ap))
            continue;
        size += WIRE_SAMPLE_SIZE;
        /* Antennas of one AP mostly follow each other; counting one twice only cuts the message a
         * little earlier. */
        if (picture->ap_stamp[ap] != picture->stamp && ap != last_new)
            size += WIRE_AP_ENTRY_SIZE;
        last_new = ap;
    }
    return size > WIRE_DEVICE_MEASUREMENT_SIZE ? size : 0;
}

/* The usual case costs no look at the samples. */
static bool fits(const struct picture *picture, const struct table_device *device,
                 const struct selection *selection)
{
    size_t most = WIRE_DEVICE_MEASUREMENT_SIZE +
                  device->sample_count * (size_t)(WIRE_SAMPLE_SIZE + WIRE_AP_ENTRY_SIZE);

    return used(picture) + most <= picture->limit ||
           used(picture) + size_of(picture, device, selection) <= picture->limit;
}

static uint16_t index_of(struct picture *picture, uint16_t ap)
{
    if (picture->ap_stamp[ap] != picture->stamp) {
        picture->ap_stamp[ap] = picture->stamp;
        picture->ap_index[ap] = picture->ap_count;
        picture->aps[picture->ap_count++] = ap;
    }
    return picture->ap_index[ap];
}

static uint16_t age_of(const struct picture *picture, const struct table_sample *sample)
{
    int32_t age = (int32_t)(picture->now - sample->heard);
    if (age < 0)
        return 0;
    return age > WIRE_AGE_MAX ? WIRE_AGE_MAX : (uint16_t)age;
}

/* False if none of them is selected. */
static bool put_samples(struct picture *picture, const struct table_device *device,
                        const struct selection *selection)
{
    const struct table *table = engine_table(picture->engine);
    struct selection_aps aps = selection_aps(selection);
    struct writer *w = &picture->elements;
    size_t before = w->used;
    /* Room for all, of which what is not selected is given back. */
    uint8_t *at = writer_room(w, device->sample_count * (size_t)WIRE_SAMPLE_SIZE);

    if (at == NULL)
        return false;
    w->used = before;
    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        if (!selection_aps_have(aps, sample->ap))
            continue;
        wire_sample_put_at(at, &(struct wire_sample){.ap = index_of(picture, sample->ap),
                                                     .antenna = sample->antenna,
                                                     .source = sample->source,
                                                     .rssi = sample->rssi,
                                                     .snr = sample->snr,
                                                     .age = age_of(picture, sample)});
        at += WIRE_SAMPLE_SIZE;
        w->used += WIRE_SAMPLE_SIZE;
    }
    return w->used != before;
}

enum picture_result picture_add(struct picture *picture, uint32_t slot,
                                const struct selection *selection)
{
    const struct table_device *device = table_device(engine_table(picture->engine), slot);

    if (!fits(picture, device, selection))
        return PICTURE_FULL;
    size_t begin = wire_device_measurement_open(&picture->elements, &device->mac,
                                                device->device_class, device->flags);
    if (!put_samples(picture, device, selection)) {
        picture->elements.used = begin;
        return PICTURE_NOTHING;
    }
    wire_device_measurement_close(&picture->elements, begin);
    return PICTURE_ADDED;
}

enum picture_result picture_add_gone(struct picture *picture, const struct picture_gone *gone)
{
    if (used(picture) + WIRE_DEVICE_MEASUREMENT_SIZE > picture->limit)
        return PICTURE_FULL;
    wire_device_measurement_put(
        &picture->elements,
        &(struct wire_device_measurement){.mac = gone->mac,
                                          .device_class = gone->device_class,
                                          .flags = (uint8_t)(gone->flags | WIRE_DEVICE_GONE)});
    return PICTURE_ADDED;
}

void picture_finish(struct picture *picture, struct writer *body)
{
    if (picture->ap_count > 0) {
        size_t begin = wire_ap_table_open(body);
        for (uint16_t i = 0; i < picture->ap_count; i++) {
            const struct radio_ap *ap = engine_ap(picture->engine, picture->aps[i]);
            wire_ap_entry_put(body, &(struct wire_ap_entry){.mac = ap->mac,
                                                            .slot = ap->slot,
                                                            .band = ap->band,
                                                            .channel = ap->channel,
                                                            .tx_power = ap->tx_power,
                                                            .noise = ap->noise});
        }
        wire_ap_table_close(body, begin);
    }
    writer_bytes(body, picture->elements.base, picture->elements.used);
}

/* --- ap-info --------------------------------------------------------------------------------- */

static void put_slot(struct writer *slots, const struct radio_ap *ap)
{
    wire_ap_slot_put(slots, &(struct wire_ap_slot){.slot = ap->slot,
                                                   .band = ap->band,
                                                   .channel = ap->channel,
                                                   .width = ap->width,
                                                   .tx_power = ap->tx_power,
                                                   .noise = ap->noise,
                                                   .clients = ap->clients,
                                                   .utilisation = ap->utilisation});
}

static bool put_record(struct writer *body, const struct wire_ap_info *record)
{
    if (wire_ap_info_size(record) > writer_left(body))
        return false;
    wire_ap_info_put(body, record);
    return true;
}

bool picture_put_ap(const struct engine *engine, uint16_t ap, struct writer *body)
{
    uint8_t buffer[AP_SLOTS_MAX * WIRE_AP_SLOT_SIZE];
    struct writer slots = writer_of(buffer, sizeof(buffer));
    const struct radio_ap *first = engine_ap(engine, ap);
    struct wire_ap_info record = {.state = WIRE_AP_DOWN};
    int64_t up_since = INT64_MAX;
    size_t count = 0;

    if (first == NULL || engine_ap_first(engine, &first->mac) != ap)
        return true;
    for (uint16_t i = ap; i != ENGINE_NO_AP && count < AP_SLOTS_MAX;
         i = engine_ap_next(engine, i)) {
        const struct radio_ap *slot = engine_ap(engine, i);
        put_slot(&slots, slot);
        count++;
        if (slot->up) {
            record.state = WIRE_AP_UP;
            up_since = slot->up_since < up_since ? slot->up_since : up_since;
        }
    }
    record.mac = first->mac;
    record.name = wire_text_of(first->name);
    record.slots = wire_list_of(&slots, count);
    if (record.state == WIRE_AP_UP)
        record.uptime = (uint32_t)((loop_now(engine_loop(engine)) - up_since) / 1000);
    return put_record(body, &record);
}

bool picture_put_ap_removed(const struct mac *mac, struct writer *body)
{
    return put_record(body, &(struct wire_ap_info){.mac = *mac, .state = WIRE_AP_REMOVED});
}
