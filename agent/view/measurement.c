/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/measurement.h"

#include <stdlib.h>

struct measurement {
    struct engine *engine;
    struct writer elements; /* the measurements */
    size_t limit;           /* bytes that ap-table and measurements may have together */
    table_time now;
    uint32_t stamp; /* of this message */
    uint16_t ap_count;
    /* Room is taken for all samples of a device before it is known which are selected. */
    uint8_t buffer[WIRE_MESSAGE_CUT + UINT8_MAX * WIRE_SAMPLE_SIZE];
    struct {
        uint16_t ap;    /* by index in the ap-table: the handle */
        uint16_t index; /* by handle: its index, if ... */
        uint32_t stamp; /* ... its stamp is this message's */
    } aps[];
};

struct measurement *measurement_new(struct engine *engine)
{
    struct measurement *measurement =
        calloc(1, sizeof(*measurement) + engine_ap_capacity(engine) * sizeof(measurement->aps[0]));

    if (measurement != NULL)
        measurement->engine = engine;
    return measurement;
}

void measurement_free(struct measurement *measurement)
{
    free(measurement);
}

void measurement_begin(struct measurement *measurement, size_t prefix)
{
    measurement->elements = writer_of(measurement->buffer, sizeof(measurement->buffer));
    measurement->limit = WIRE_MESSAGE_CUT - WIRE_HEADER_SIZE - WIRE_AP_TABLE_SIZE - prefix;
    measurement->now = (table_time)(uint64_t)(loop_now(engine_loop(measurement->engine)) / 10);
    measurement->ap_count = 0;
    measurement->stamp++;
}

bool measurement_empty(const struct measurement *measurement)
{
    return measurement->elements.used == 0;
}

static size_t used(const struct measurement *measurement)
{
    return measurement->elements.used + (size_t)measurement->ap_count * WIRE_AP_ENTRY_SIZE;
}

/* What a device adds: its element, and the ap-table entries that this message does not have yet.
 */
static bool fits(const struct measurement *measurement, const struct table_device *device,
                 const struct subfilter *filter)
{
    const struct table *table = engine_table(measurement->engine);
    struct subfilter_aps aps = subfilter_aps(filter);
    size_t size = used(measurement) + WIRE_DEVICE_MEASUREMENT_SIZE;
    uint16_t last_new = UINT16_MAX;
    size_t selected = 0;

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        uint16_t ap = table->samples[place].ap;
        if (!subfilter_aps_have(aps, ap))
            continue;
        selected++;
        /* Antennas of one AP mostly follow each other; counting one twice only cuts the message a
         * little earlier. */
        if (measurement->aps[ap].stamp != measurement->stamp && ap != last_new)
            size += WIRE_AP_ENTRY_SIZE;
        last_new = ap;
    }
    return selected == 0 || size + selected * WIRE_SAMPLE_SIZE <= measurement->limit;
}

static uint16_t index_of(struct measurement *measurement, uint16_t ap)
{
    if (measurement->aps[ap].stamp != measurement->stamp) {
        measurement->aps[ap].stamp = measurement->stamp;
        measurement->aps[ap].index = measurement->ap_count;
        measurement->aps[measurement->ap_count++].ap = ap;
    }
    return measurement->aps[ap].index;
}

static uint16_t age_of(const struct measurement *measurement, const struct table_sample *sample)
{
    int32_t age = (int32_t)(measurement->now - sample->heard);
    if (age < 0)
        return 0;
    return age > WIRE_AGE_MAX ? WIRE_AGE_MAX : (uint16_t)age;
}

/* False if none of them is selected. */
static bool put_samples(struct measurement *measurement, const struct table_device *device,
                        const struct subfilter *filter)
{
    const struct table *table = engine_table(measurement->engine);
    struct subfilter_aps aps = subfilter_aps(filter);
    struct writer *w = &measurement->elements;
    size_t before = w->used;
    /* Room for all, of which what is not selected is given back. */
    uint8_t *at = writer_room(w, device->sample_count * (size_t)WIRE_SAMPLE_SIZE);

    if (at == NULL)
        return false;
    w->used = before;
    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        if (!subfilter_aps_have(aps, sample->ap))
            continue;
        wire_sample_put_at(at, &(struct wire_sample){.ap = index_of(measurement, sample->ap),
                                                     .antenna = sample->antenna,
                                                     .source = sample->source,
                                                     .rssi = sample->rssi,
                                                     .snr = sample->snr,
                                                     .age = age_of(measurement, sample)});
        at += WIRE_SAMPLE_SIZE;
        w->used += WIRE_SAMPLE_SIZE;
    }
    return w->used != before;
}

enum put_result measurement_add(struct measurement *measurement, uint32_t index,
                                const struct subfilter *filter)
{
    const struct table_device *device = table_device(engine_table(measurement->engine), index);
    size_t most = WIRE_DEVICE_MEASUREMENT_SIZE +
                  device->sample_count * (size_t)(WIRE_SAMPLE_SIZE + WIRE_AP_ENTRY_SIZE);

    /* The usual case costs no look at the samples. */
    if (used(measurement) + most > measurement->limit && !fits(measurement, device, filter))
        return PUT_FULL;
    size_t begin = wire_device_measurement_open(&measurement->elements, &device->mac,
                                                device->device_class, device->flags);
    if (!put_samples(measurement, device, filter)) {
        measurement->elements.used = begin;
        return PUT_NOTHING;
    }
    wire_element_close(&measurement->elements, begin);
    return PUT_ADDED;
}

enum put_result measurement_add_gone(struct measurement *measurement,
                                     const struct measurement_gone *gone)
{
    if (used(measurement) + WIRE_DEVICE_MEASUREMENT_SIZE > measurement->limit)
        return PUT_FULL;
    wire_device_measurement_put(
        &measurement->elements,
        &(struct wire_device_measurement){.mac = gone->mac,
                                          .device_class = gone->device_class,
                                          .flags = (uint8_t)(gone->flags | WIRE_DEVICE_GONE)});
    return PUT_ADDED;
}

void measurement_finish(struct measurement *measurement, struct writer *body)
{
    if (measurement->ap_count > 0) {
        size_t begin = wire_ap_table_open(body);
        for (uint16_t i = 0; i < measurement->ap_count; i++) {
            const struct radio_ap *ap = engine_ap(measurement->engine, measurement->aps[i].ap);
            wire_ap_entry_put(body, &(struct wire_ap_entry){.mac = ap->mac,
                                                            .slot = ap->slot,
                                                            .band = ap->band,
                                                            .channel = ap->channel,
                                                            .tx_power = ap->tx_power,
                                                            .noise = ap->noise});
        }
        wire_element_close(body, begin);
    }
    writer_bytes(body, measurement->elements.base, measurement->elements.used);
}
