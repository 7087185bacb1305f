/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/belief.h"

#include <assert.h>

enum { APS = 1024 };

static struct belief_device *find(struct belief *belief, const struct mac *mac)
{
    for (size_t i = 0; i < belief->count; i++) {
        if (mac_equal(&belief->devices[i].mac, mac))
            return &belief->devices[i];
    }
    return NULL;
}

const struct belief_device *belief_find(const struct belief *belief, const struct mac *mac)
{
    for (size_t i = 0; i < belief->count; i++) {
        if (mac_equal(&belief->devices[i].mac, mac))
            return &belief->devices[i];
    }
    return NULL;
}

static void forget(struct belief *belief, const struct mac *mac)
{
    struct belief_device *device = find(belief, mac);

    belief->gone++;
    if (device == NULL)
        belief->gone_unknown++;
    else
        *device = belief->devices[--belief->count];
}

static void replace(struct belief *belief, const struct wire_device_measurement *measurement,
                    const struct wire_ap_entry *aps, uint64_t timestamp)
{
    struct belief_device *device = find(belief, &measurement->mac);
    struct wire_sample sample;

    if (device == NULL) {
        assert(belief->count < BELIEF_DEVICES);
        device = &belief->devices[belief->count++];
    }
    *device = (struct belief_device){
        .mac = measurement->mac, .flags = measurement->flags, .told_at = timestamp};
    for (size_t i = 0; wire_sample_get(&measurement->samples, i, &sample); i++) {
        assert(device->count < BELIEF_SAMPLES);
        device->samples[device->count++] = (struct belief_sample){.ap = aps[sample.ap].mac,
                                                                  .slot = aps[sample.ap].slot,
                                                                  .antenna = sample.antenna,
                                                                  .rssi = sample.rssi,
                                                                  .age = sample.age};
    }
    belief->pictures++;
}

void belief_take(struct belief *belief, const struct wire_message *message)
{
    static struct wire_ap_entry aps[APS];
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;
    size_t ap_count = 0;

    while (wire_next(&walk, &element)) {
        if (element.type == WIRE_ELEMENT_AP_TABLE) {
            for (size_t i = 0; i < element.ap_table.aps.count; i++) {
                assert(ap_count < APS);
                (void)wire_ap_entry_get(&element.ap_table.aps, i, &aps[ap_count++]);
            }
        } else if (element.type == WIRE_ELEMENT_DEVICE_MEASUREMENT) {
            if ((element.device_measurement.flags & WIRE_DEVICE_GONE) != 0)
                forget(belief, &element.device_measurement.mac);
            else
                replace(belief, &element.device_measurement, aps, message->timestamp.ms);
        }
    }
}
