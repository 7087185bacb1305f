/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/engine.h"

#include "agent/engine/observers.h"
#include "agent/engine/offer.h"
#include "agent/engine/sample.h"
#include "agent/engine/smooth.h"

#include <stdlib.h>
#include <string.h>

#define ROW(member, name) {name, offsetof(struct engine_counters, member)},
const struct counter engine_counter_table[] = {ENGINE_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    /* The unit (ms) in which a tag's silence is kept: sixteen bits hold the longest timeout. */
    SILENCE_UNIT = 200,
    /* What another machine says of a rogue may be here earlier than its first sample: for so long
     * (ms) the sample is waited for. */
    AWAITED = 10000,
};

struct engine {
    struct loop *loop;
    struct table table;
    struct device_info_pool *info;
    struct settings_location location;
    uint32_t rates[RADIO_CLASS_ROGUE_CLIENT + 1]; /* of smoothing, by class */
    uint32_t epoch;
    int64_t expires_at; /* nothing in the table is too old before */
    struct aps aps;
    bool *ap_left; /* by handle: gone or lost, and the table may still hold what it had heard */
    bool aps_left; /* there are such */
    struct loop_deferred sweep;
    uint32_t capabilities; /* a mask of enum radio_capability, as told last */
    uint32_t held;         /* as engine_hold() has it */
    struct engine_observer *observers;
    struct engine_counters counters;
};

/* --- what changed ---------------------------------------------------------------------------- */

/* Who hears it, or what it is. */
static void mark_restructured(struct engine *engine, uint32_t slot)
{
    engine->table.devices[slot].restructured = engine->epoch;
    observers_tell_changed(engine->observers, slot);
}

static void mark_changed(struct engine *engine, uint32_t slot)
{
    engine->table.devices[slot].changed = engine->epoch;
    mark_restructured(engine, slot);
}

static void mark_heard(struct engine *engine, uint32_t slot)
{
    struct table_device *device = &engine->table.devices[slot];

    if (device->changed == engine->epoch)
        return;
    device->changed = engine->epoch;
    if ((device->flags & TABLE_ASSOCIATED) == 0)
        observers_tell_heard(engine->observers, slot);
}

/* Facts may have been taken: were they news? */
static void mark_info(struct engine *engine, uint32_t slot)
{
    const struct device_info *record = device_info_of(engine->info, slot);

    if (record != NULL && record->changed == engine->epoch)
        observers_tell_changed(engine->observers, slot);
}

static void on_yielded(void *context, uint32_t slot)
{
    struct engine *engine = context;
    observers_tell_changed(engine->observers, slot);
}

static void expires_by(struct engine *engine, int64_t at)
{
    if (at < engine->expires_at)
        engine->expires_at = at;
}

/* --- creation -------------------------------------------------------------------------------- */

struct engine *engine_new(struct loop *loop, const struct settings_capacity *capacity)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL)
        return NULL;
    engine->loop = loop;
    engine->epoch = 1;
    engine->expires_at = INT64_MAX;
    engine->ap_left = calloc(capacity->aps, sizeof(*engine->ap_left));
    if (engine->ap_left == NULL || aps_init(&engine->aps, capacity->aps) != 0 ||
        table_init(&engine->table, capacity->devices, capacity->samples) != 0 ||
        (engine->table.held = calloc(capacity->aps, sizeof(*engine->table.held))) == NULL ||
        (engine->info = device_info_new(&engine->table,
                                        &(struct device_info_owner){on_yielded, engine})) == NULL) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    device_info_free(engine->info);
    free(engine->table.held);
    table_fini(&engine->table);
    aps_fini(&engine->aps);
    free(engine->ap_left);
    loop_deferred_cancel(engine->loop, &engine->sweep);
    free(engine);
}

/* Averages go on from where they are: another half-life makes no jump. */
static void set_rates(struct engine *engine)
{
    const struct settings_location *location = &engine->location;
    bool averages = location->algorithm == SETTINGS_RSSI_AVERAGE;
    uint32_t rogues = averages ? smooth_rate(location->half_life_rogue_aps) : 0;

    engine->rates[RADIO_CLASS_CLIENT] = averages ? smooth_rate(location->half_life_client) : 0;
    engine->rates[RADIO_CLASS_TAG] = averages ? smooth_rate(location->half_life_tags) : 0;
    engine->rates[RADIO_CLASS_ROGUE_AP] = rogues;
    engine->rates[RADIO_CLASS_ROGUE_CLIENT] = rogues;
}

void engine_configure(struct engine *engine, const struct settings_location *location)
{
    engine->location = *location;
    engine->expires_at = loop_now(engine->loop);
    set_rates(engine);
    observers_tell_changed(engine->observers, TABLE_NONE);
}

const struct settings_location *engine_location(const struct engine *engine)
{
    return &engine->location;
}

/* --- observers ------------------------------------------------------------------------------- */

void engine_observe(struct engine *engine, struct engine_observer *observer)
{
    observers_add(&engine->observers, observer);
}

void engine_unobserve(struct engine *engine, struct engine_observer *observer)
{
    observers_remove(&engine->observers, observer);
}

/* --- devices --------------------------------------------------------------------------------- */

static void remove_device(struct engine *engine, uint32_t slot)
{
    observers_tell_leaving(engine->observers, slot);
    device_info_forget(engine->info, slot);
    table_remove(&engine->table, slot);
}

/* The random MACs of probing devices, if they are to be left out. Our own clients never are. */
static bool is_unwanted(const struct engine *engine, bool local_mac, uint8_t device_class)
{
    return engine->location.ignore_local_macs && local_mac && device_class == RADIO_CLASS_CLIENT;
}

/* Rounded up, so that a tag is forgotten up to one unit late, and never early. */
static uint16_t silence_of(int64_t ms)
{
    return (uint16_t)((ms + SILENCE_UNIT - 1) / SILENCE_UNIT);
}

static bool is_remembered_tag(const struct engine *engine, const struct table_device *device)
{
    uint16_t silence = (uint16_t)(silence_of(loop_now(engine->loop)) - device->silent_since);
    return silence <= engine->location.rfid_timeout * 1000 / SILENCE_UNIT;
}

/* Of one that is remembered: until when it is for sure. */
static int64_t tag_forgotten_at(const struct engine *engine, const struct table_device *device)
{
    int64_t now = loop_now(engine->loop);
    uint16_t silence = (uint16_t)(silence_of(now) - device->silent_since);
    return now + engine->location.rfid_timeout * INT64_C(1000) - (int64_t)silence * SILENCE_UNIT;
}

static bool is_awaited(const struct engine *engine, const struct table_device *device)
{
    uint16_t silence = (uint16_t)(silence_of(loop_now(engine->loop)) - device->silent_since);
    return device->device_class >= RADIO_CLASS_ROGUE_AP && silence <= AWAITED / SILENCE_UNIT;
}

/*
 * A device that nobody hears and that is no client of ours has no place in the table, nor has one
 * that is to be left out. Of tags, which are heard now and then, something is known for longer.
 */
static bool is_lost(const struct engine *engine, const struct table_device *device)
{
    if ((device->flags & TABLE_ASSOCIATED) != 0)
        return false;
    if (is_unwanted(engine, (device->flags & TABLE_LOCAL_MAC) != 0, device->device_class))
        return true;
    return device->sample_count == 0 &&
           (device->device_class != RADIO_CLASS_TAG || !is_remembered_tag(engine, device)) &&
           !is_awaited(engine, device);
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

static uint32_t find_or_add(struct engine *engine, const struct mac *mac, uint8_t device_class,
                            bool is_client)
{
    uint32_t slot = table_find(&engine->table, mac);
    if (slot != TABLE_NONE)
        return slot;
    if (!is_client && is_unwanted(engine, mac_is_local(mac), device_class)) {
        engine->counters.local_ignored++;
        return TABLE_NONE;
    }
    slot = table_add(&engine->table, mac, device_class);
    if (slot == TABLE_NONE && evict_one(engine, TABLE_NONE))
        slot = table_add(&engine->table, mac, device_class);
    if (slot != TABLE_NONE)
        mark_changed(engine, slot);
    return slot;
}

/* Drops samples of a device; gives whether the device is still there. */
static bool drop_samples(struct engine *engine, uint32_t slot,
                         bool (*drop)(const struct table_sample *sample, const void *context),
                         const void *context)
{
    struct table_device *device = &engine->table.devices[slot];

    if (table_sample_drop(&engine->table, slot, drop, context) > 0)
        mark_changed(engine, slot);
    if (!is_lost(engine, device)) {
        if (device->sample_count == 0 && device->device_class == RADIO_CLASS_TAG)
            expires_by(engine, tag_forgotten_at(engine, device));
        else if (device->sample_count == 0 && (device->flags & TABLE_ASSOCIATED) == 0)
            expires_by(engine, loop_now(engine->loop) + AWAITED);
        return true;
    }
    remove_device(engine, slot);
    return false;
}

/* How much longer than the expiry of its class a sample of this AP is kept. */
static int64_t grace_of(const struct engine *engine, uint16_t ap)
{
    return engine->aps.records[ap].grace * INT64_C(1000);
}

static bool is_of_ap(const struct table_sample *sample, const void *context)
{
    return sample->ap == *(const uint16_t *)context;
}

static bool is_of_ap_or_report(const struct table_sample *sample, const void *context)
{
    return radio_is_report(sample->source) || is_of_ap(sample, context);
}

/* --- samples --------------------------------------------------------------------------------- */

/* The place for a sample, made if there is none; TABLE_NONE if it is too weak to be among the kept
 * ones. */
static uint32_t place_for(struct engine *engine, uint32_t slot, const struct radio_sample *sample)
{
    struct table *table = &engine->table;
    uint32_t place = table_sample_find(table, slot, sample->ap, sample->antenna, sample->source);
    uint16_t weakest;
    int16_t rank;

    if (place != TABLE_NONE)
        return place;
    if (table_weakest_ap(table, slot, sample->ap, &weakest, &rank)) {
        engine->counters.aps_dropped++;
        if (table_rank(sample->source, sample->rssi) <= rank)
            return TABLE_NONE;
        (void)table_sample_drop(table, slot, is_of_ap, &weakest);
    }
    place = table_sample_add(table, slot, sample->ap, sample->antenna, sample->source);
    while (place == TABLE_NONE && table->sample_count == table->sample_capacity &&
           evict_one(engine, slot))
        place = table_sample_add(table, slot, sample->ap, sample->antenna, sample->source);
    if (place != TABLE_NONE)
        mark_restructured(engine, slot);
    return place;
}

static int64_t expiry_of(const struct engine *engine, uint8_t device_class, unsigned source)
{
    int64_t more = radio_is_report(source) ? engine->location.beacon_report * INT64_C(2000) : 0;
    return engine_expiry(engine, device_class) + more;
}

static bool is_measurement(const struct engine *engine, const struct radio_sample *sample)
{
    return sample->device_class >= RADIO_CLASS_CLIENT &&
           sample->device_class <= RADIO_CLASS_ROGUE_CLIENT && sample->rssi < 0 &&
           sample->rssi != RADIO_DB_UNKNOWN && aps_get(&engine->aps, sample->ap) != NULL &&
           loop_now(engine->loop) - sample->heard <
               expiry_of(engine, sample->device_class, sample->source) +
                   grace_of(engine, sample->ap);
}

/* Nobody may have looked since. */
static bool has_expired(const struct engine *engine, const struct table_sample *known,
                        uint8_t device_class)
{
    int32_t age = (int32_t)(sample_time(loop_now(engine->loop)) - known->heard);
    int64_t expiry = expiry_of(engine, device_class, known->source) + grace_of(engine, known->ap);
    return age >= expiry / 10;
}

/* A client of ours remains one, whatever its frames look like. */
static void set_class(struct engine *engine, uint32_t slot, const struct radio_sample *sample)
{
    struct table_device *device = &engine->table.devices[slot];

    if ((device->flags & TABLE_ASSOCIATED) != 0)
        return;
    if (device->device_class != sample->device_class) {
        device->device_class = sample->device_class;
        engine->expires_at = loop_now(engine->loop); /* another one holds for it now */
        mark_restructured(engine, slot);
    }
    if (device->device_class == RADIO_CLASS_TAG)
        device->silent_since = silence_of(sample->heard);
}

static void take_sample(struct engine *engine, const struct radio_sample *sample)
{

    if (!is_measurement(engine, sample)) {
        engine->counters.samples_refused++;
        return;
    }
    uint32_t slot = find_or_add(engine, &sample->device, sample->device_class, false);
    if (slot == TABLE_NONE)
        return;
    uint32_t place = place_for(engine, slot, sample);
    struct table_device *device = &engine->table.devices[slot];
    if (place == TABLE_NONE) {
        if (is_lost(engine, device))
            remove_device(engine, slot);
        return;
    }
    struct table_sample *known = &engine->table.samples[place];
    if (sample_is_known(known, sample))
        return;
    set_class(engine, slot, sample);
    int64_t grace = grace_of(engine, sample->ap);
    sample_take(known, sample, grace > 0 ? 0 : engine->rates[device->device_class],
                has_expired(engine, known, device->device_class));
    expires_by(engine, sample->heard / 10 * 10 + grace +
                           expiry_of(engine, device->device_class, sample->source));
    mark_heard(engine, slot);
    table_touch(&engine->table, slot);
    engine->counters.samples++;
}

static bool is_withdrawn(const struct table_sample *sample, const void *context)
{
    const struct radio_withdrawal *w = context;
    return sample->ap == w->ap && sample->antenna == w->antenna &&
           radio_is_report(sample->source) == w->is_report;
}

static void take_withdrawal(struct engine *engine, const struct radio_withdrawal *withdrawn)
{
    uint32_t slot = table_find(&engine->table, &withdrawn->device);

    if (slot != TABLE_NONE)
        (void)drop_samples(engine, slot, is_withdrawn, withdrawn);
}

/* --- clients --------------------------------------------------------------------------------- */

static void set_associated(struct engine *engine, uint32_t slot, bool associated, uint16_t ap)
{
    struct table_device *device = &engine->table.devices[slot];
    uint8_t before = device->flags;
    bool moved = device->associated_ap != ap;

    table_set_associated(&engine->table, slot, associated, ap);
    if (device->flags != before || (associated && moved))
        mark_changed(engine, slot);
}

static void take_client(struct engine *engine, const struct radio_client *client)
{
    uint32_t slot = find_or_add(engine, &client->device, RADIO_CLASS_CLIENT, true);

    if (slot == TABLE_NONE)
        return;
    struct table_device *device = &engine->table.devices[slot];
    if (device->device_class != RADIO_CLASS_CLIENT) { /* one of ours, whatever it was taken for */
        device->device_class = RADIO_CLASS_CLIENT;
        engine->expires_at = loop_now(engine->loop);
        mark_changed(engine, slot);
    }
    set_associated(engine, slot, true, client->ap);
    if (device->suppressed != client->suppressed) {
        device->suppressed = client->suppressed;
        mark_changed(engine, slot);
    }
    device_info_take_client(engine->info, slot, engine->epoch, client);
    mark_info(engine, slot);
}

/* The device is no client of this AP any more, and what this AP heard of it is no longer true; nor
 * is what it reported, if it has left us. */
static void part(struct engine *engine, uint32_t slot, uint16_t ap)
{
    const struct table_device *device = &engine->table.devices[slot];
    bool was_client = (device->flags & TABLE_ASSOCIATED) != 0 && device->associated_ap == ap;

    if (was_client)
        set_associated(engine, slot, false, 0);
    device_info_part(engine->info, slot, engine->epoch, ap, was_client);
    mark_info(engine, slot);
    (void)drop_samples(engine, slot, was_client ? is_of_ap_or_report : is_of_ap, &ap);
}

static void take_departure(struct engine *engine, const struct radio_departure *departure)
{
    uint32_t slot = table_find(&engine->table, &departure->device);

    if (slot != TABLE_NONE)
        part(engine, slot, departure->ap);
}

/* --- APs ------------------------------------------------------------------------------------- */

static void take_ap(struct engine *engine, const struct radio_ap *ap)
{

    if (ap->ap >= engine->aps.capacity)
        return;
    if (engine->ap_left[ap->ap]) /* what the handle stood for before was another AP */
        engine_expire(engine);
    const struct radio_ap *known = aps_get(&engine->aps, ap->ap);
    struct radio_ap before = known != NULL ? *known : (struct radio_ap){.ap = ap->ap};
    uint16_t count = engine->aps.count;
    aps_put(&engine->aps, ap);
    observers_tell_ap(engine->observers, ap->ap, known != NULL ? &before : NULL);
    if ((count == 0) != (engine->aps.count == 0))
        observers_tell_offer(engine->observers);
}

static void sweep(void *context)
{
    engine_expire(context);
}

/* Its samples go in one pass over the table for all APs that leave together: at the next look at
 * the table, and in this turn of the loop. */
static void forget_what_it_heard(struct engine *engine, uint16_t ap)
{
    engine->ap_left[ap] = engine->aps_left = true;
    loop_defer(engine->loop, &engine->sweep, sweep, engine);
}

static void take_ap_lost(struct engine *engine, uint16_t ap)
{
    const struct radio_ap *known = aps_get(&engine->aps, ap);

    if (known == NULL)
        return;
    struct radio_ap before = *known;
    struct radio_ap down = before;
    down.up = false;
    down.clients = 0;
    forget_what_it_heard(engine, ap);
    aps_put(&engine->aps, &down);
    observers_tell_ap(engine->observers, ap, &before);
}

static void take_ap_gone(struct engine *engine, uint16_t ap)
{
    const struct radio_ap *known = aps_get(&engine->aps, ap);

    if (known == NULL)
        return;
    struct radio_ap before = *known;
    uint16_t count = engine->aps.count;
    forget_what_it_heard(engine, ap);
    aps_remove(&engine->aps, ap);
    observers_tell_ap(engine->observers, ap, &before);
    if (count > 0 && engine->aps.count == 0)
        observers_tell_offer(engine->observers);
}

static void take_capabilities(struct engine *engine, uint32_t capabilities)
{
    if (engine->capabilities == capabilities)
        return;
    engine->capabilities = capabilities;
    observers_tell_offer(engine->observers);
}

void engine_hold(struct engine *engine, uint32_t capabilities)
{
    if (engine->held == capabilities)
        return;
    engine->held = capabilities;
    observers_tell_offer(engine->observers);
}

/* --- what is told of a device besides its samples ------------------------------------------- */

static void take_user(struct engine *engine, const struct radio_user *user)
{
    uint32_t slot = table_find(&engine->table, &user->device);

    if (slot == TABLE_NONE)
        return;
    device_info_take_user(engine->info, slot, engine->epoch, user);
    mark_info(engine, slot);
}

static void take_address(struct engine *engine, const struct radio_address *address)
{
    uint32_t slot = table_find(&engine->table, &address->device);

    if (slot == TABLE_NONE)
        return;
    device_info_take_address(engine->info, slot, engine->epoch, address);
    mark_info(engine, slot);
}

static bool has_ap(const struct engine *engine, uint16_t ap)
{
    return aps_get(&engine->aps, ap) != NULL;
}

static void take_statistics(struct engine *engine, const struct radio_statistics *statistics)
{
    uint32_t slot = table_find(&engine->table, &statistics->device);

    if (slot == TABLE_NONE || !has_ap(engine, statistics->ap))
        return;
    device_info_take_statistics(engine->info, slot, engine->epoch, statistics);
    mark_info(engine, slot);
}

/* The device that is told of; of another machine's AP it may be here before its first sample. */
static uint32_t find_or_await(struct engine *engine, const struct mac *mac, uint8_t device_class,
                              uint16_t ap)
{
    uint32_t slot = table_find(&engine->table, mac);

    if (slot != TABLE_NONE || !has_ap(engine, ap) || grace_of(engine, ap) == 0)
        return slot;
    slot = find_or_add(engine, mac, device_class, false);
    if (slot == TABLE_NONE)
        return slot;
    engine->table.devices[slot].silent_since = silence_of(loop_now(engine->loop));
    expires_by(engine, loop_now(engine->loop) + AWAITED);
    return slot;
}

static void take_rogue(struct engine *engine, const struct radio_rogue *rogue)
{
    uint32_t slot = find_or_await(engine, &rogue->device, rogue->device_class, rogue->ap);

    if (slot == TABLE_NONE)
        return;
    device_info_take_rogue(engine->info, slot, engine->epoch, rogue,
                           engine_last_seen(engine, slot));
    mark_info(engine, slot);
}

static void take_tag(struct engine *engine, const struct radio_tag *tag)
{
    uint32_t slot = find_or_await(engine, &tag->device, RADIO_CLASS_TAG, tag->ap);

    if (slot == TABLE_NONE || !has_ap(engine, tag->ap) ||
        engine->table.devices[slot].device_class != RADIO_CLASS_TAG ||
        tag->payload_len > RADIO_TAG_PAYLOAD_MAX)
        return;
    observers_tell_tag(engine->observers, slot,
                       device_info_take_tag(engine->info, slot, engine->epoch, tag), tag);
}

void engine_take(void *context, const struct radio_event *event)
{
    struct engine *engine = context;

    switch (event->kind) {
    case RADIO_CAPABILITIES:
        take_capabilities(engine, event->capabilities);
        break;
    case RADIO_AP_CHANGED:
        take_ap(engine, &event->ap);
        break;
    case RADIO_AP_GONE:
        take_ap_gone(engine, event->gone);
        break;
    case RADIO_AP_LOST:
        take_ap_lost(engine, event->gone);
        break;
    case RADIO_SAMPLE:
        take_sample(engine, &event->sample);
        break;
    case RADIO_WITHDRAWN:
        take_withdrawal(engine, &event->withdrawn);
        break;
    case RADIO_CLIENT_JOINED:
        take_client(engine, &event->joined);
        break;
    case RADIO_CLIENT_LEFT:
        take_departure(engine, &event->left);
        break;
    case RADIO_USER:
        take_user(engine, &event->user);
        break;
    case RADIO_ADDRESS:
        take_address(engine, &event->address);
        break;
    case RADIO_STATISTICS:
        take_statistics(engine, &event->statistics);
        break;
    case RADIO_ROGUE:
        take_rogue(engine, &event->rogue);
        break;
    case RADIO_TAG:
        take_tag(engine, &event->tag);
        break;
    case RADIO_KINDS:
        break;
    }
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
    const bool *ap_left;
    const struct radio_ap *aps; /* by handle */
    int64_t *least; /* of what is left to those that stay, the least; units of table_time */
    table_time now;
    table_time limits[2]; /* [1]: of reports */
};

static bool is_over(const struct table_sample *sample, const void *context)
{
    const struct age_limit *age = context;
    int32_t old = (int32_t)(age->now - sample->heard);
    int64_t left = (int64_t)age->limits[radio_is_report(sample->source) ? 1 : 0] +
                   age->aps[sample->ap].grace * 100 - old;

    if (left <= 0 || age->ap_left[sample->ap])
        return true;
    if (left < *age->least)
        *age->least = left;
    return false;
}

/* What the device had with an AP that is gone; samples go with all that are over. */
static void part_from_the_gone(struct engine *engine, uint32_t slot)
{
    const struct table_device *device = &engine->table.devices[slot];
    const struct device_info *record = device_info_of(engine->info, slot);

    if ((device->flags & TABLE_ASSOCIATED) != 0 && engine->ap_left[device->associated_ap]) {
        uint16_t ap = device->associated_ap;
        device_info_part(engine->info, slot, engine->epoch, ap, true);
        set_associated(engine, slot, false, 0);
        (void)table_sample_drop(&engine->table, slot, is_of_ap_or_report, &ap);
    }
    if (record != NULL && engine->ap_left[record->statistics_ap])
        device_info_part(engine->info, slot, engine->epoch, record->statistics_ap, false);
    mark_info(engine, slot);
}

/* One pass over the table: what is too old, and what APs had heard that are gone. */
static void expire_devices(struct engine *engine,
                           const struct age_limit ages[RADIO_CLASS_ROGUE_CLIENT + 1])
{
    const struct table *table = &engine->table;

    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        const struct table_device *device = &table->devices[slot];
        if (!device->used)
            continue;
        if (engine->aps_left)
            part_from_the_gone(engine, slot);
        if (!drop_samples(engine, slot, is_over, &ages[device->device_class]))
            engine->counters.devices_expired++;
    }
    if (engine->aps_left)
        memset(engine->ap_left, 0, engine->aps.capacity * sizeof(*engine->ap_left));
    engine->aps_left = false;
}

void engine_expire(struct engine *engine)
{
    int64_t now = loop_now(engine->loop);
    int64_t least = INT32_MAX;
    struct age_limit ages[RADIO_CLASS_ROGUE_CLIENT + 1];

    if (now < engine->expires_at && !engine->aps_left)
        return;
    engine->expires_at = INT64_MAX;
    for (unsigned c = 0; c <= RADIO_CLASS_ROGUE_CLIENT; c++)
        ages[c] = (struct age_limit){
            engine->ap_left,
            engine->aps.records,
            &least,
            sample_time(now),
            {sample_time(expiry_of(engine, (uint8_t)c, RADIO_SOURCE_UNKNOWN)),
             sample_time(expiry_of(engine, (uint8_t)c, RADIO_SOURCE_BEACON_REPORT))}};
    expire_devices(engine, ages);
    if (least != INT32_MAX)
        expires_by(engine, (now / 10 + least) * 10);
}

int64_t engine_expires_at(const struct engine *engine)
{
    return engine->aps_left ? loop_now(engine->loop) : engine->expires_at;
}

/* --- looking --------------------------------------------------------------------------------- */

uint64_t engine_offered(const struct engine *engine)
{
    return engine->aps.count > 0 || engine->held != 0
               ? offer_of(engine->capabilities | engine->held)
               : 0;
}

const struct table *engine_table(const struct engine *engine)
{
    return &engine->table;
}

const struct device_info_pool *engine_device_info(const struct engine *engine)
{
    return engine->info;
}

int64_t engine_last_seen(const struct engine *engine, uint32_t slot)
{
    return loop_wall(engine->loop) -
           sample_age_of_newest(&engine->table, slot, loop_now(engine->loop));
}

uint32_t engine_epoch_close(struct engine *engine)
{
    return engine->epoch++;
}

uint32_t engine_epoch(const struct engine *engine)
{
    return engine->epoch;
}

uint16_t engine_ap_capacity(const struct engine *engine)
{
    return engine->aps.capacity;
}

const struct radio_ap *engine_ap(const struct engine *engine, uint16_t ap)
{
    return aps_get(&engine->aps, ap);
}

uint32_t engine_ap_samples(const struct engine *engine, uint16_t ap)
{
    return engine->table.held[ap];
}

uint32_t engine_ap_count(const struct engine *engine)
{
    return engine->aps.count;
}

uint16_t engine_ap_first(const struct engine *engine, const struct mac *mac)
{
    return aps_first(&engine->aps, mac);
}

uint16_t engine_ap_next(const struct engine *engine, uint16_t ap)
{
    return aps_next(&engine->aps, ap);
}

const struct engine_counters *engine_counters(const struct engine *engine)
{
    return &engine->counters;
}

struct loop *engine_loop(const struct engine *engine)
{
    return engine->loop;
}
