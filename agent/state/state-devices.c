/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/agent_internal.h"
#include "agent/collector/collector.h"
#include "agent/engine/engine.h"
#include "agent/state.h"

#include <string.h>

/* --- APs ------------------------------------------------------------------------------------- */

static void describe_ap(const struct agent *agent, const struct radio_ap *ap, struct state_ap *out)
{
    *out = (struct state_ap){.ap = *ap};
    if (ap->up)
        out->up = loop_now(agent->loop) - ap->up_since;
    out->has_access_point = collector_owner(agent->collector, ap->ap, &out->access_point);
}

bool state_next_ap(const struct agent *agent, struct state_ap_cursor *cursor, struct state_ap *out)
{
    const struct engine *engine = agent->options.engine;

    while (cursor->next < engine_ap_capacity(engine)) {
        const struct radio_ap *ap = engine_ap(engine, (uint16_t)cursor->next++);
        if (ap == NULL || ap->slot == RADIO_SLOT_UNKNOWN)
            continue;
        describe_ap(agent, ap, out);
        return true;
    }
    return false;
}

bool state_next_slot(const struct agent *agent, const struct mac *mac,
                     struct state_ap_cursor *cursor, struct state_ap *out)
{
    const struct engine *engine = agent->options.engine;
    uint16_t handle = engine_ap_first(engine, mac);

    while (handle != ENGINE_NO_AP && handle < cursor->next)
        handle = engine_ap_next(engine, handle);
    if (handle == ENGINE_NO_AP)
        return false;
    cursor->next = (uint32_t)handle + 1;
    describe_ap(agent, engine_ap(engine, handle), out);
    return true;
}

/* --- devices --------------------------------------------------------------------------------- */

static bool ap_passes(const struct engine *engine, const struct state_device_filter *filter,
                      uint16_t handle)
{
    const struct radio_ap *ap = engine_ap(engine, handle);

    if (!filter->has_ap)
        return true;
    return ap != NULL && mac_equal(&ap->mac, &filter->ap) &&
           (!filter->has_slot || ap->slot == filter->slot);
}

static bool is_heard(const struct engine *engine, const struct state_device_filter *filter,
                     const struct table_device *device)
{
    const struct table *table = engine_table(engine);

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next)
        if (ap_passes(engine, filter, table->samples[place].ap))
            return true;
    return false;
}

static bool device_passes(const struct engine *engine, const struct state_device_filter *filter,
                          const struct table_device *device)
{
    if (!device->used ||
        (filter->device_class != 0 && filter->device_class != device->device_class))
        return false;
    return !filter->has_ap || is_heard(engine, filter, device);
}

static void describe_device(const struct agent *agent, uint32_t slot, struct state_device *out)
{
    const struct engine *engine = agent->options.engine;
    const struct table_device *device = table_device(engine_table(engine), slot);
    const struct device_info *info = device_info_of(engine_device_info(engine), slot);
    const struct radio_ap *ap = NULL;
    const struct loop *loop = engine_loop(engine);
    int64_t announced = 0;

    *out = (struct state_device){.slot = slot,
                                 .mac = device->mac,
                                 .device_class = device->device_class,
                                 .is_local = (device->flags & TABLE_LOCAL_MAC) != 0,
                                 .is_associated = (device->flags & TABLE_ASSOCIATED) != 0,
                                 .last_seen = engine_last_seen(engine, slot),
                                 .readings = device->sample_count,
                                 .has_info = info != NULL};
    if (info != NULL)
        out->info = *info;
    out->has_announced = views_announced(agent->session.views, slot, &announced);
    out->last_announced = loop_wall(loop) - (loop_now(loop) - announced);
    if (out->is_associated)
        ap = engine_ap(engine, device->associated_ap);
    out->has_associated_ap = ap != NULL;
    if (ap != NULL) {
        out->associated_ap = ap->mac;
        out->associated_slot = ap->slot;
    }
}

enum state_found state_next_device(const struct agent *agent,
                                   const struct state_device_filter *filter,
                                   struct state_device_cursor *cursor, struct state_device *out)
{
    struct engine *engine = agent->options.engine;
    const struct table *table = engine_table(engine);

    engine_expire(engine);
    for (uint32_t looked = 0; cursor->next < table->slots_used; looked++) {
        if (looked == STATE_LOOK_MAX)
            return STATE_LOOKED;
        uint32_t slot = cursor->next++;
        if (!device_passes(engine, filter, table_device(table, slot)))
            continue;
        describe_device(agent, slot, out);
        return STATE_FOUND;
    }
    return STATE_END;
}

bool state_find_device(const struct agent *agent, const struct mac *mac, struct state_device *out)
{
    struct engine *engine = agent->options.engine;

    engine_expire(engine);
    uint32_t slot = table_find(engine_table(engine), mac);
    if (slot == TABLE_NONE)
        return false;
    describe_device(agent, slot, out);
    return true;
}

static void describe_reading(const struct agent *agent, const struct table_sample *sample,
                             struct state_reading *out)
{
    const struct radio_ap *ap = engine_ap(agent->options.engine, sample->ap);
    table_time now = (table_time)(loop_now(agent->loop) / 10);
    int32_t age = (int32_t)(now - sample->heard);

    *out = (struct state_reading){.antenna = sample->antenna,
                                  .source = (uint8_t)sample->source,
                                  .rssi = sample->rssi,
                                  .snr = sample->snr,
                                  .age = age > 0 ? age * INT64_C(10) : 0};
    if (ap == NULL)
        return;
    out->ap = ap->mac;
    out->slot = ap->slot;
}

bool state_next_reading(const struct agent *agent, const struct state_device *device,
                        const struct state_device_filter *filter,
                        struct state_reading_cursor *cursor, struct state_reading *out)
{
    const struct engine *engine = agent->options.engine;
    const struct table *table = engine_table(engine);

    if (!cursor->begun)
        cursor->place = table_device(table, device->slot)->first;
    cursor->begun = true;
    while (cursor->place != TABLE_NONE) {
        const struct table_sample *sample = &table->samples[cursor->place];
        cursor->place = sample->next;
        if (sample->rssi == 0 || !ap_passes(engine, filter, sample->ap))
            continue;
        describe_reading(agent, sample, out);
        return true;
    }
    return false;
}

void state_count_devices(const struct agent *agent, struct state_device_counts *out)
{
    const struct table *table = engine_table(agent->options.engine);

    memset(out, 0, sizeof(*out));
    engine_expire(agent->options.engine);
    for (uint32_t slot = 0; slot < table->slots_used; slot++) {
        const struct table_device *device = table_device(table, slot);
        if (!device->used || device->device_class > RADIO_CLASS_ROGUE_CLIENT)
            continue;
        out->by_class[device->device_class]++;
        out->associated += (device->flags & TABLE_ASSOCIATED) != 0 ? 1 : 0;
    }
}
