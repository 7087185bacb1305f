/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/channel-measurement.h"

#include "agent/view/info.h"
#include "agent/wire/wire.h"

#include <stdlib.h>

enum { AP_REMOVED = 0 }; /* as the class of a departure: an AP, not a device */

struct context {
    const struct deliver *deliver;
    const struct table *table;
    struct channel *channel;
    struct measurement *measurement;
    const struct channel_announced *announced; /* what: the lower bits of a table_time */
    int8_t *rssi; /* by place of the table's samples: what was announced */
    table_time now;
    int64_t intervals[WIRE_CLASS_ROGUE_CLIENT + 1]; /* of the last tick, by class */
};

static void *new_context(const struct channel_shared *shared, struct channel *channel,
                         struct channel_announced *announced)
{
    struct context *context = calloc(1, sizeof(*context));

    if (context == NULL)
        return NULL;
    *context = (struct context){.deliver = shared->deliver,
                                .table = engine_table(shared->deliver->engine),
                                .channel = channel,
                                .measurement = shared->measurement,
                                .announced = announced};
    context->rssi = calloc(context->table->sample_capacity, sizeof(*context->rssi));
    if (context->rssi != NULL)
        return context;
    free(context);
    return NULL;
}

static void free_context(void *context)
{
    if (context != NULL)
        free(((struct context *)context)->rssi);
    free(context);
}

static void begin(void *context)
{
    struct context *c = context;

    c->now = (table_time)(uint64_t)(loop_now(engine_loop(c->deliver->engine)) / 10);
    measurement_begin(c->measurement, WIRE_TIMESTAMP_SIZE);
}

static void finish(void *context, struct writer *body)
{
    measurement_finish(((struct context *)context)->measurement, body);
}

/* --- what is due ----------------------------------------------------------------------------- */

/* Is any sample of it in this view? */
static enum channel_sight look(void *context, uint32_t index)
{
    const struct context *c = context;
    const struct table_device *device = table_device(c->table, index);
    struct subfilter_aps aps = subfilter_aps(c->deliver->filter);
    uint32_t place = device->first;

    while (place != TABLE_NONE && !subfilter_aps_have(aps, c->table->samples[place].ap))
        place = c->table->samples[place].next;
    if (place == TABLE_NONE || !subfilter_has_device(c->deliver->filter, device))
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
static bool has_moved(const struct context *c, const struct table_device *device)
{
    int threshold = threshold_of(engine_location(c->deliver->engine), device->device_class);
    struct subfilter_aps aps = subfilter_aps(c->deliver->filter);
    uint32_t place = threshold > 0 ? device->first : TABLE_NONE;

    for (; place != TABLE_NONE; place = c->table->samples[place].next) {
        const struct table_sample *sample = &c->table->samples[place];
        if (abs(sample->rssi - c->rssi[place]) >= threshold && subfilter_aps_have(aps, sample->ap))
            return true;
    }
    return threshold == 0;
}

/* Has the device, whose class has this interval, to be told? */
static bool is_due(const struct context *c, uint32_t index, int64_t interval)
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
    int64_t since = (int64_t)((c->now - announced->what) & CHANNEL_WHAT) * 10;
    return since + interval >= engine_expiry(c->deliver->engine, device->device_class);
}

static bool is_owed(const void *context, uint32_t index)
{
    const struct context *c = context;
    int64_t interval = c->intervals[table_device(c->table, index)->device_class];
    return interval != 0 && is_due(c, index, interval);
}

static void tick(void *context, const int64_t *intervals)
{
    struct context *c = context;

    memcpy(c->intervals, intervals, sizeof(c->intervals));
    channel_open(c->channel);
    for (uint32_t index = 0; index < c->table->slots_used; index++) {
        const struct table_device *device = table_device(c->table, index);
        int64_t interval = c->intervals[device->device_class];
        if (!device->used || interval == 0)
            continue;
        if (!subfilter_has_device(c->deliver->filter, device))
            channel_leave(c->channel, index);
        else if (is_due(c, index, interval) && !channel_tell(c->channel, index))
            break;
    }
    channel_close(c->channel);
}

static enum put_result put(void *context, uint32_t index, struct channel_message *message)
{
    const struct context *c = context;

    /* A message about an AP that was removed holds nothing else. */
    if (message->id != WIRE_MEASUREMENT_NOTIFICATION)
        return PUT_FULL;
    return measurement_add(c->measurement, index, c->deliver->filter);
}

static uint32_t remember(void *context, uint32_t index)
{
    const struct context *c = context;

    for (uint32_t place = table_device(c->table, index)->first; place != TABLE_NONE;
         place = c->table->samples[place].next)
        c->rssi[place] = c->table->samples[place].rssi;
    return c->now;
}

/* --- departures ------------------------------------------------------------------------------ */

static bool depart(void *context, uint32_t index, void *departure)
{
    const struct table_device *device =
        table_device(((const struct context *)context)->table, index);

    *(struct measurement_gone *)departure =
        (struct measurement_gone){device->mac, device->device_class, device->flags};
    return true;
}

void channel_measurement_ap_removed(struct channel *channel, const struct mac *mac)
{
    channel_depart(channel, &(struct measurement_gone){*mac, AP_REMOVED, 0});
}

static uint32_t back(void *context, const void *departure)
{
    const struct measurement_gone *gone = departure;
    uint32_t index = gone->device_class == AP_REMOVED
                         ? TABLE_NONE
                         : table_find(((const struct context *)context)->table, &gone->mac);

    return index != TABLE_NONE && look(context, index) != CHANNEL_ABSENT ? index : TABLE_NONE;
}

static bool put_departure(void *context, const void *departure, struct channel_message *message)
{
    struct measurement *measurement = ((const struct context *)context)->measurement;
    const struct measurement_gone *gone = departure;

    if (message->id != WIRE_MEASUREMENT_NOTIFICATION)
        return false;
    if (gone->device_class != AP_REMOVED)
        return measurement_add_gone(measurement, gone) == PUT_ADDED;
    if (!measurement_empty(measurement))
        return false;
    message->id = WIRE_AP_INFO_NOTIFICATION;
    return info_put_ap_removed(&gone->mac, &message->body);
}

/* Always there, for the departures of APs; what was announced of a service that is withdrawn may
 * still depart. */
const struct channel_operations channel_measurement = {
    .id = WIRE_MEASUREMENT_NOTIFICATION,
    .departure = sizeof(struct measurement_gone),
    .new = new_context,
    .free = free_context,
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
