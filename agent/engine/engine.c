/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/engine.h"

#include "agent/wire/wire.h"

#include <stdlib.h>

enum {
    /*
     * The driver tells how long a station has been silent; by how long its answer took to reach us
     * the moment of its last frame seems to move. Within this time (10 ms units) an unchanged
     * reading is the same frame.
     */
    SAME_FRAME = 3,
};

struct engine {
    struct loop *loop;
    struct table table;
    struct settings_location location;
    uint32_t epoch;
    int64_t expired_at; /* loop_now() of the last engine_expire, -1: never */
    struct radio_ap *aps;
    bool *ap_present;
    uint16_t ap_capacity;
    uint32_t ap_count;
    uint32_t works; /* a mask of enum radio_works, as the platform told it last */
    struct engine_observer *observers;
    struct engine_counters counters;
};

static table_time time_of(int64_t ms)
{
    return (table_time)(uint64_t)(ms / 10);
}

/* --- creation -------------------------------------------------------------------------------- */

struct engine *engine_new(struct loop *loop, const struct settings_capacity *capacity)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL)
        return NULL;
    engine->loop = loop;
    engine->epoch = 1;
    engine->expired_at = -1;
    engine->ap_capacity = capacity->aps;
    engine->aps = calloc(capacity->aps, sizeof(*engine->aps));
    engine->ap_present = calloc(capacity->aps, sizeof(*engine->ap_present));
    if (engine->aps == NULL || engine->ap_present == NULL ||
        table_init(&engine->table, capacity->devices, capacity->samples) != 0) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    table_fini(&engine->table);
    free(engine->aps);
    free(engine->ap_present);
    free(engine);
}

void engine_configure(struct engine *engine, const struct settings_location *location)
{
    engine->location = *location;
    engine->expired_at = -1;
}

const struct settings_location *engine_location(const struct engine *engine)
{
    return &engine->location;
}

/* --- observers ------------------------------------------------------------------------------- */

void engine_observe(struct engine *engine, struct engine_observer *observer)
{
    struct engine_observer **link = &engine->observers;
    while (*link != NULL)
        link = &(*link)->next;
    observer->next = NULL;
    *link = observer;
}

void engine_unobserve(struct engine *engine, struct engine_observer *observer)
{
    struct engine_observer **link = &engine->observers;
    while (*link != NULL && *link != observer)
        link = &(*link)->next;
    if (*link != NULL)
        *link = observer->next;
}

static void tell_leaving(struct engine *engine, uint32_t slot)
{
    for (struct engine_observer *o = engine->observers; o != NULL; o = o->next) {
        if (o->device_leaving != NULL)
            o->device_leaving(o->context, slot);
    }
}

static void tell_ap(struct engine *engine, uint16_t ap, const struct radio_ap *before)
{
    for (struct engine_observer *o = engine->observers; o != NULL; o = o->next) {
        if (o->ap_changed != NULL)
            o->ap_changed(o->context, ap, before);
    }
}

static void tell_offer(struct engine *engine)
{
    for (struct engine_observer *o = engine->observers; o != NULL; o = o->next) {
        if (o->offer_changed != NULL)
            o->offer_changed(o->context);
    }
}

/* --- devices --------------------------------------------------------------------------------- */

static void remove_device(struct engine *engine, uint32_t slot)
{
    tell_leaving(engine, slot);
    table_remove(&engine->table, slot);
}

/* A device that nobody hears and that is no client of ours has no place in the table. */
static bool is_lost(const struct table_device *device)
{
    return device->sample_count == 0 && (device->flags & TABLE_ASSOCIATED) == 0;
}

static bool evict_one(struct engine *engine, uint32_t except)
{
    uint32_t slot = table_oldest(&engine->table, except);
    if (slot == TABLE_NONE)
        return false;
    engine->counters.devices_evicted++;
    remove_device(engine, slot);
    return true;
}

static uint32_t find_or_add(struct engine *engine, const struct mac *mac, uint8_t device_class)
{
    uint32_t slot = table_find(&engine->table, mac);
    if (slot != TABLE_NONE)
        return slot;
    slot = table_add(&engine->table, mac, device_class);
    if (slot == TABLE_NONE && evict_one(engine, TABLE_NONE))
        slot = table_add(&engine->table, mac, device_class);
    if (slot != TABLE_NONE) {
        engine->table.devices[slot].changed = engine->epoch;
        engine->table.devices[slot].restructured = engine->epoch;
    }
    return slot;
}

/* Drops samples of a device; gives whether the device is still there. */
static bool drop_samples(struct engine *engine, uint32_t slot,
                         bool (*drop)(const struct table_sample *sample, const void *context),
                         const void *context)
{
    struct table_device *device = &engine->table.devices[slot];

    if (table_sample_drop(&engine->table, slot, drop, context) > 0)
        device->restructured = device->changed = engine->epoch;
    if (!is_lost(device))
        return true;
    remove_device(engine, slot);
    return false;
}

static bool is_of_ap(const struct table_sample *sample, const void *context)
{
    return sample->ap == *(const uint16_t *)context;
}

/* --- samples --------------------------------------------------------------------------------- */

/* The place for a reading, made if there is none; TABLE_NONE if it is too weak to be among the kept
 * ones. */
static uint32_t place_for(struct engine *engine, uint32_t slot, const struct radio_sample *sample)
{
    struct table *table = &engine->table;
    uint32_t place = table_sample_find(table, slot, sample->ap, sample->antenna);
    uint16_t weakest;
    int8_t rssi;

    if (place != TABLE_NONE)
        return place;
    if (table_weakest_ap(table, slot, sample->ap, &weakest, &rssi)) {
        engine->counters.aps_dropped++;
        if (sample->rssi <= rssi)
            return TABLE_NONE;
        (void)table_sample_drop(table, slot, is_of_ap, &weakest);
    }
    place = table_sample_add(table, slot, sample->ap, sample->antenna);
    while (place == TABLE_NONE && table->sample_count == table->sample_capacity &&
           evict_one(engine, slot))
        place = table_sample_add(table, slot, sample->ap, sample->antenna);
    if (place != TABLE_NONE) {
        table->samples[place].heard = time_of(sample->heard) - SAME_FRAME - 1;
        table->devices[slot].restructured = engine->epoch;
    }
    return place;
}

static bool is_measurement(const struct engine *engine, const struct radio_sample *sample)
{
    return sample->device_class >= RADIO_CLASS_CLIENT &&
           sample->device_class <= RADIO_CLASS_ROGUE_CLIENT && sample->rssi < 0 &&
           sample->rssi != RADIO_DB_UNKNOWN && sample->ap < engine->ap_capacity &&
           engine->ap_present[sample->ap] &&
           loop_now(engine->loop) - sample->heard < engine_expiry(engine, sample->device_class);
}

static bool is_same_frame(const struct table_sample *known, table_time heard, int8_t rssi)
{
    int32_t later = (int32_t)(heard - known->heard);
    return later < -SAME_FRAME || (later <= SAME_FRAME && rssi == known->rssi);
}

static void take_sample(void *context, const struct radio_sample *sample)
{
    struct engine *engine = context;
    table_time heard = time_of(sample->heard);

    if (!is_measurement(engine, sample)) {
        engine->counters.samples_refused++;
        return;
    }
    uint32_t slot = find_or_add(engine, &sample->device, sample->device_class);
    if (slot == TABLE_NONE)
        return;
    uint32_t place = place_for(engine, slot, sample);
    struct table_device *device = &engine->table.devices[slot];
    if (place == TABLE_NONE) {
        if (is_lost(device))
            remove_device(engine, slot);
        return;
    }
    struct table_sample *known = &engine->table.samples[place];
    if (is_same_frame(known, heard, sample->rssi))
        return;
    known->heard = heard;
    known->source = sample->source;
    known->rssi = sample->rssi;
    known->snr = sample->snr;
    if (device->device_class != sample->device_class) {
        device->device_class = sample->device_class;
        device->restructured = engine->epoch;
    }
    device->changed = engine->epoch;
    table_touch(&engine->table, slot);
    engine->counters.samples++;
}

/* --- clients --------------------------------------------------------------------------------- */

static void set_associated(struct engine *engine, uint32_t slot, bool associated, uint16_t ap)
{
    struct table_device *device = &engine->table.devices[slot];
    uint8_t before = device->flags;

    table_set_associated(&engine->table, slot, associated, ap);
    if (device->flags != before)
        device->restructured = device->changed = engine->epoch;
}

static void take_client(void *context, const struct radio_client *client)
{
    struct engine *engine = context;
    uint32_t slot = find_or_add(engine, &client->device, RADIO_CLASS_CLIENT);

    if (slot != TABLE_NONE)
        set_associated(engine, slot, true, client->ap);
}

/* The device is no client of this AP any more, and what this AP heard of it is no longer true. */
static void part(struct engine *engine, uint32_t slot, uint16_t ap)
{
    const struct table_device *device = &engine->table.devices[slot];

    if ((device->flags & TABLE_ASSOCIATED) != 0 && device->associated_ap == ap)
        set_associated(engine, slot, false, 0);
    (void)drop_samples(engine, slot, is_of_ap, &ap);
}

static void take_client_left(void *context, uint16_t ap, const struct mac *mac)
{
    struct engine *engine = context;
    uint32_t slot = table_find(&engine->table, mac);

    if (slot != TABLE_NONE)
        part(engine, slot, ap);
}

/* --- APs ------------------------------------------------------------------------------------- */

static void take_ap(void *context, const struct radio_ap *ap)
{
    struct engine *engine = context;

    if (ap->ap >= engine->ap_capacity)
        return;
    bool known = engine->ap_present[ap->ap];
    struct radio_ap before = engine->aps[ap->ap];
    engine->aps[ap->ap] = *ap;
    engine->ap_present[ap->ap] = true;
    tell_ap(engine, ap->ap, known ? &before : NULL);
    if (!known && engine->ap_count++ == 0)
        tell_offer(engine);
}

static void take_ap_gone(void *context, uint16_t ap)
{
    struct engine *engine = context;

    if (ap >= engine->ap_capacity || !engine->ap_present[ap])
        return;
    for (uint32_t slot = 0; slot < engine->table.slots_used; slot++) {
        if (engine->table.devices[slot].used)
            part(engine, slot, ap);
    }
    struct radio_ap before = engine->aps[ap];
    engine->ap_present[ap] = false;
    tell_ap(engine, ap, &before);
    if (--engine->ap_count == 0)
        tell_offer(engine);
}

static void take_working_changed(void *context, uint32_t works)
{
    struct engine *engine = context;

    if (engine->works == works)
        return;
    engine->works = works;
    tell_offer(engine);
}

/* What is told of a device besides its readings is kept by agent/engine/facts. */
static void take_user(void *context, const struct radio_user *user)
{
    (void)context;
    (void)user;
}

static void take_address(void *context, const struct radio_address *address)
{
    (void)context;
    (void)address;
}

static void take_statistics(void *context, const struct radio_statistics *statistics)
{
    (void)context;
    (void)statistics;
}

static void take_rogue(void *context, const struct radio_rogue *rogue)
{
    (void)context;
    (void)rogue;
}

static void take_tag(void *context, const struct radio_tag *tag)
{
    (void)context;
    (void)tag;
}

const struct radio_events *engine_events(void)
{
    static const struct radio_events events = {
        .ap_changed = take_ap,
        .ap_gone = take_ap_gone,
        .sample = take_sample,
        .client_joined = take_client,
        .client_left = take_client_left,
        .client_user = take_user,
        .address = take_address,
        .statistics = take_statistics,
        .rogue = take_rogue,
        .tag = take_tag,
        .working_changed = take_working_changed,
    };
    return &events;
}

/* --- time ------------------------------------------------------------------------------------ */

int64_t engine_expiry(const struct engine *engine, uint8_t device_class)
{
    switch (device_class) {
    case RADIO_CLASS_TAG:
        return engine->location.expiry_tags * INT64_C(1000);
    case RADIO_CLASS_ROGUE_AP:
    case RADIO_CLASS_ROGUE_CLIENT:
        return engine->location.expiry_rogue_aps * INT64_C(1000);
    default:
        return engine->location.expiry_client * INT64_C(1000);
    }
}

struct age_limit {
    table_time now;
    table_time limit;
};

static bool is_too_old(const struct table_sample *sample, const void *context)
{
    const struct age_limit *age = context;
    int32_t old = (int32_t)(age->now - sample->heard);
    return old >= 0 && (table_time)old >= age->limit;
}

void engine_expire(struct engine *engine)
{
    int64_t now = loop_now(engine->loop);
    struct age_limit ages[RADIO_CLASS_ROGUE_CLIENT + 1];

    if (engine->expired_at == now)
        return;
    engine->expired_at = now;
    for (unsigned c = 0; c <= RADIO_CLASS_ROGUE_CLIENT; c++)
        ages[c] = (struct age_limit){time_of(now), time_of(engine_expiry(engine, (uint8_t)c))};
    for (uint32_t slot = 0; slot < engine->table.slots_used; slot++) {
        const struct table_device *device = &engine->table.devices[slot];
        if (device->used && !drop_samples(engine, slot, is_too_old, &ages[device->device_class]))
            engine->counters.devices_expired++;
    }
}

/* --- looking --------------------------------------------------------------------------------- */

uint64_t engine_offered(const struct engine *engine)
{
    if (engine->ap_count == 0)
        return 0;
    return WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_MS_ASSOCIATED_ONLY) |
           WIRE_BIT(WIRE_AP_MONITOR) | WIRE_BIT(WIRE_ON_DEMAND) | WIRE_BIT(WIRE_AP_INFO);
}

const struct table *engine_table(const struct engine *engine)
{
    return &engine->table;
}

uint32_t engine_epoch_close(struct engine *engine)
{
    return engine->epoch++;
}

uint16_t engine_ap_capacity(const struct engine *engine)
{
    return engine->ap_capacity;
}

const struct radio_ap *engine_ap(const struct engine *engine, uint16_t ap)
{
    return ap < engine->ap_capacity && engine->ap_present[ap] ? &engine->aps[ap] : NULL;
}

uint32_t engine_ap_count(const struct engine *engine)
{
    return engine->ap_count;
}

const struct engine_counters *engine_counters(const struct engine *engine)
{
    return &engine->counters;
}

struct loop *engine_loop(const struct engine *engine)
{
    return engine->loop;
}
