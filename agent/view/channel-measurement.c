/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/channel-measurement.h"

#include "agent/view/info.h"
#include "agent/wire/wire.h"

#include <stdlib.h>

enum { AP_REMOVED = 0 }; /* as the class of a departure: an AP, not a device */

/* Of what was announced are kept the time, as the lower bits of a table_time, and the samples. */
struct own {
    table_time now;
    int64_t intervals[WIRE_CLASS_ROGUE_CLIENT + 1]; /* of the last tick, by class */
    int8_t rssi[];                                  /* by place of the table's samples */
};

static size_t size(const struct table *table)
{
    return sizeof(struct own) + table->sample_capacity * sizeof(int8_t);
}

static void begin(const struct channel_context *c)
{
    ((struct own *)c->own)->now = (table_time)(uint64_t)(loop_now(engine_loop(c->engine)) / 10);
    measurement_begin(c->measurement, WIRE_TIMESTAMP_SIZE);
}

static void finish(const struct channel_context *c, struct writer *body)
{
    measurement_finish(c->measurement, body);
}

/* --- what is due ----------------------------------------------------------------------------- */

/* Is any sample of it in this view? */
static enum channel_sight look(const struct channel_context *c, uint32_t index)
{
    const struct table_device *device = table_device(c->table, index);
    struct subfilter_aps aps = subfilter_aps(c->filter);
    uint32_t place = device->first;

    while (place != TABLE_NONE && !subfilter_aps_have(aps, c->table->samples[place].ap))
        place = c->table->samples[place].next;
    if (place == TABLE_NONE || !subfilter_has(c->filter, WIRE_FAMILY_MEASUREMENT, device))
        return CHANNEL_ABSENT;
    return engine_after(device->changed, c->announced[index].epoch) ? CHANNEL_CHANGED
                                                                    : CHANNEL_SAME;
}

static uint8_t threshold_of(const struct settings_location *location, uint8_t device_class)
{
    if (device_class == WIRE_CLASS_CLIENT)
        return location->threshold_client;
    return device_class == WIRE_CLASS_TAG ? location->threshold_tags
                                          : location->threshold_rogue_aps;
}

/* Has a selected sample changed by the threshold, against what was announced? */
static bool has_moved(const struct channel_context *c, const struct table_device *device)
{
    const struct own *own = c->own;
    int threshold = threshold_of(engine_location(c->engine), device->device_class);
    struct subfilter_aps aps = subfilter_aps(c->filter);
    uint32_t place = threshold > 0 ? device->first : TABLE_NONE;

    for (; place != TABLE_NONE; place = c->table->samples[place].next) {
        const struct table_sample *sample = &c->table->samples[place];
        if (abs(sample->rssi - own->rssi[place]) >= threshold &&
            subfilter_aps_have(aps, sample->ap))
            return true;
    }
    return threshold == 0;
}

/* Has the device, whose class has this interval, to be told? */
static bool is_due(const struct channel_context *c, uint32_t index, int64_t interval)
{
    const struct table_device *device = table_device(c->table, index);
    const struct channel_announced *announced = &c->announced[index];

    if (!announced->is || announced->diverged)
        return true;
    if (!engine_after(device->changed, announced->epoch))
        return false;
    if (engine_after(device->restructured, announced->epoch) || has_moved(c, device))
        return true;
    /* Would what was announced expire at the server before the tick after this one? */
    table_time since = (((struct own *)c->own)->now - announced->what) & CHANNEL_WHAT;
    return since * INT64_C(10) + interval >= engine_expiry(c->engine, device->device_class);
}

static bool is_owed(const struct channel_context *c, uint32_t index)
{
    uint8_t device_class = table_device(c->table, index)->device_class;
    int64_t interval = ((struct own *)c->own)->intervals[device_class];
    return interval != 0 && is_due(c, index, interval);
}

static void tick(const struct channel_context *c, const int64_t *intervals)
{
    struct own *own = c->own;

    memcpy(own->intervals, intervals, sizeof(own->intervals));
    channel_open(c->channel);
    for (uint32_t index = 0; index < c->table->slots_used; index++) {
        const struct table_device *device = table_device(c->table, index);
        int64_t interval = intervals[device->device_class];
        if (!device->used || interval == 0)
            continue;
        if (!subfilter_has(c->filter, WIRE_FAMILY_MEASUREMENT, device))
            channel_leave(c->channel, index);
        else if (is_due(c, index, interval) && !channel_tell(c->channel, index))
            break;
    }
    channel_close(c->channel);
}

static enum put_result put(const struct channel_context *c, uint32_t index,
                           struct channel_message *message)
{
    /* A message about an AP that was removed holds nothing else. */
    if (message->id != WIRE_MEASUREMENT_NOTIFICATION)
        return PUT_FULL;
    return measurement_add(c->measurement, index, c->filter);
}

static uint32_t remember(const struct channel_context *c, uint32_t index)
{
    struct own *own = c->own;

    for (uint32_t place = table_device(c->table, index)->first; place != TABLE_NONE;
         place = c->table->samples[place].next)
        own->rssi[place] = c->table->samples[place].rssi;
    return own->now;
}

/* --- departures ------------------------------------------------------------------------------ */

static bool depart(const struct channel_context *c, uint32_t index, void *departure)
{
    const struct table_device *device = table_device(c->table, index);

    *(struct measurement_gone *)departure =
        (struct measurement_gone){device->mac, device->device_class, device->flags};
    return true;
}

void channel_measurement_ap_removed(struct channel *channel, const struct mac *mac)
{
    channel_depart(channel, &(struct measurement_gone){*mac, AP_REMOVED, 0});
}

static uint32_t back(const struct channel_context *c, const void *departure)
{
    const struct measurement_gone *gone = departure;
    uint32_t index =
        gone->device_class == AP_REMOVED ? TABLE_NONE : table_find(c->table, &gone->mac);

    return index != TABLE_NONE && look(c, index) != CHANNEL_ABSENT ? index : TABLE_NONE;
}

static bool put_departure(const struct channel_context *c, const void *departure,
                          struct channel_message *message)
{
    const struct measurement_gone *gone = departure;

    if (message->id != WIRE_MEASUREMENT_NOTIFICATION)
        return false;
    if (gone->device_class != AP_REMOVED)
        return measurement_add_gone(c->measurement, gone) == PUT_ADDED;
    if (!measurement_empty(c->measurement))
        return false;
    message->id = WIRE_AP_INFO_NOTIFICATION;
    return info_put_ap_removed(&gone->mac, &message->body);
}

/* Always there, for the departures of APs; what was announced of a service that is withdrawn may
 * still depart. */
const struct channel_operations channel_measurement = {
    .id = WIRE_MEASUREMENT_NOTIFICATION,
    .departure = sizeof(struct measurement_gone),
    .size = size,
    .begin = begin,
    .finish = finish,
    .look = look,
    .put = put,
    .remember = remember,
    .is_owed = is_owed,
    .depart = depart,
    .back = back,
    .put_departure = put_departure,
    .tick = tick,
};
