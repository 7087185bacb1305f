/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/belief.h"
#include "tests/unit/wire-elements.h"

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
    *device = (struct belief_device){.mac = measurement->mac,
                                     .device_class = measurement->device_class,
                                     .flags = measurement->flags,
                                     .told_at = timestamp};
    for (size_t i = 0; wire_sample_get(&measurement->samples, i, &sample); i++) {
        assert(device->count < BELIEF_SAMPLES);
        device->samples[device->count++] = (struct belief_sample){.ap = aps[sample.ap].mac,
                                                                  .slot = aps[sample.ap].slot,
                                                                  .antenna = sample.antenna,
                                                                  .source = sample.source,
                                                                  .rssi = sample.rssi,
                                                                  .snr = sample.snr,
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

/* --- information ----------------------------------------------------------------------------- */

static bool is_client(uint8_t device_class)
{
    return device_class == WIRE_CLASS_CLIENT;
}

/* Its place, or the count. What is known of a MAC as a client and as a rogue are two things. */
static size_t known_at(const struct belief *belief, const struct mac *mac, bool client)
{
    size_t i = 0;
    while (i < belief->known_count && (!mac_equal(&belief->known[i].mac, mac) ||
                                       is_client(belief->known[i].device_class) != client))
        i++;
    return i;
}

const struct belief_known *belief_known(const struct belief *belief, const struct mac *mac,
                                        bool client)
{
    size_t at = known_at(belief, mac, client);
    return at == belief->known_count ? NULL : &belief->known[at];
}

static void know(struct belief *belief, struct belief_known *what,
                 const struct wire_element *element)
{
    size_t at = known_at(belief, &what->mac, is_client(what->device_class));
    struct writer w = writer_of(what->record, sizeof(what->record));

    wire_element_put(&w, element);
    assert(!w.failed);
    what->len = w.used;
    if (at == belief->known_count) {
        assert(belief->known_count < BELIEF_DEVICES);
        belief->known_count++;
    }
    belief->known[at] = *what;
    belief->told++;
}

static void forget_client(struct belief *belief, const struct mac *mac)
{
    size_t at = known_at(belief, mac, true);

    belief->left++;
    if (at == belief->known_count)
        belief->left_unknown++;
    else
        belief->known[at] = belief->known[--belief->known_count];
}

void belief_inform(struct belief *belief, const struct wire_message *message)
{
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;

    while (wire_next(&walk, &element)) {
        struct belief_known what = {.len = 0};
        if (element.type == WIRE_ELEMENT_CLIENT_INFO) {
            const struct wire_client_info *client = &element.client_info;
            what = (struct belief_known){.mac = client->mac,
                                         .ap = client->ap,
                                         .slot = client->slot,
                                         .device_class = WIRE_CLASS_CLIENT,
                                         .state = client->state,
                                         .channel = client->channel};
            if (client->state == WIRE_CLIENT_LEFT)
                forget_client(belief, &client->mac);
            else
                know(belief, &what, &element);
        } else if (element.type == WIRE_ELEMENT_ROGUE_INFO) {
            struct wire_rogue_info *rogue = &element.rogue_info;
            assert(rogue->first_seen <= rogue->last_seen);
            rogue->last_seen = 0;
            what = (struct belief_known){.mac = rogue->mac,
                                         .ap = rogue->ap,
                                         .slot = rogue->slot,
                                         .device_class = rogue->device_class,
                                         .channel = rogue->channel};
            know(belief, &what, &element);
        }
    }
}
