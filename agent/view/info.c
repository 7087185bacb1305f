/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/view/info.h"

enum { AP_SLOTS_MAX = 16 };

/* --- which AP -------------------------------------------------------------------------------- */

/* The AP that hears it loudest, unless `kept` hears it almost as loud; INFO_NO_AP if none of the
 * selected ones does. */
static uint16_t loudest_ap(const struct table *table, const struct table_device *device,
                           const struct subfilter *filter, uint16_t kept)
{
    uint16_t ap = INFO_NO_AP;
    int8_t best = INT8_MIN;
    int8_t best_kept = INT8_MIN;

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        if (!subfilter_has_ap(filter, sample->ap) || radio_is_report(sample->source))
            continue;
        if (ap == INFO_NO_AP || sample->rssi > best) {
            best = sample->rssi;
            ap = sample->ap;
        }
        if (sample->ap == kept && sample->rssi > best_kept)
            best_kept = sample->rssi;
    }
    return best_kept > INT8_MIN && best - best_kept < INFO_LOUDER ? kept : ap;
}

static const struct device_info *record_of(const struct engine *engine, uint32_t index,
                                           enum device_info_kind kind)
{
    const struct device_info *record = device_info_of(engine_device_info(engine), index);
    return record != NULL && record->kind == kind ? record : NULL;
}

enum info_kind info_kind(const struct engine *engine, uint32_t index,
                         const struct subfilter *filter, uint16_t *ap)
{
    const struct table *table = engine_table(engine);
    const struct table_device *device = table_device(table, index);
    bool client = device->device_class == WIRE_CLASS_CLIENT;

    if (!device->used || !subfilter_has(filter, WIRE_FAMILY_INFORMATION, device))
        return INFO_NONE;
    if (client && (device->flags & TABLE_ASSOCIATED) != 0) {
        *ap = device->associated_ap;
        return subfilter_has_ap(filter, *ap) && !device->suppressed ? INFO_ASSOCIATED : INFO_NONE;
    }
    if (!client && record_of(engine, index, DEVICE_INFO_ROGUE) == NULL)
        return INFO_NONE;
    *ap = loudest_ap(table, device, filter, *ap);
    if (*ap == INFO_NO_AP)
        return INFO_NONE;
    if (client)
        return INFO_PROBING;
    return device->device_class == WIRE_CLASS_ROGUE_AP ? INFO_ROGUE_AP : INFO_ROGUE_CLIENT;
}

/* --- information ----------------------------------------------------------------------------- */

static struct wire_octets octets_of(const uint8_t *at, size_t len)
{
    return (struct wire_octets){.at = at, .len = len};
}

static bool put_client(const struct wire_client_info *info, struct writer *body)
{
    if (wire_client_info_size(info) > writer_left(body))
        return false;
    wire_client_info_put(body, info);
    return true;
}

/* Addresses as list entries, in the order in which they became known. */
static struct wire_list put_addresses(const struct client_info *client, struct writer *entries)
{
    for (size_t i = 0; i < client->address_count; i++) {
        const struct client_address *address = &client->addresses[i];
        wire_address_put(entries,
                         &(struct wire_address){
                             .octets = octets_of(address->octets, address->family == 4 ? 4 : 16)});
    }
    return wire_list_of(entries, client->address_count);
}

static bool put_client_of(const struct engine *engine, uint32_t index, enum info_kind kind,
                          const struct radio_ap *ap, struct writer *body)
{
    static const struct client_info nothing = {.vlan = 0};
    uint8_t buffer[CLIENT_ADDRESSES * (WIRE_ADDRESS_SIZE + 16)];
    struct writer entries = writer_of(buffer, sizeof(buffer));
    const struct device_info *record = record_of(engine, index, DEVICE_INFO_CLIENT);
    const struct client_info *client = record != NULL ? &record->client : &nothing;

    return put_client(
        &(struct wire_client_info){.mac = table_device(engine_table(engine), index)->mac,
                                   .ap = ap->mac,
                                   .slot = ap->slot,
                                   .band = ap->band,
                                   .state = kind == INFO_ASSOCIATED ? WIRE_CLIENT_ASSOCIATED
                                                                    : WIRE_CLIENT_PROBING,
                                   .channel = ap->channel,
                                   .vlan = client->vlan,
                                   .protocol = client->protocol,
                                   .addresses = put_addresses(client, &entries),
                                   .ssid = octets_of(client->ssid, client->ssid_len),
                                   .user = octets_of(client->user, client->user_len)},
        body);
}

bool info_put_left(const struct mac *mac, const struct mac *ap, uint8_t slot, struct writer *body)
{
    return put_client(
        &(struct wire_client_info){.mac = *mac, .ap = *ap, .slot = slot, .state = WIRE_CLIENT_LEFT},
        body);
}

static bool put_rogue_of(const struct engine *engine, uint32_t index, const struct radio_ap *ap,
                         struct writer *body)
{
    const struct table_device *device = table_device(engine_table(engine), index);
    const struct rogue_info *rogue = &record_of(engine, index, DEVICE_INFO_ROGUE)->rogue;
    int64_t last_seen = engine_last_seen(engine, index);
    struct wire_rogue_info info = {
        .mac = device->mac,
        .device_class = device->device_class,
        .ap = ap->mac,
        .slot = ap->slot,
        .band = rogue->band,
        .channel = rogue->channel,
        .encryption = rogue->encryption,
        .first_seen = (uint64_t)rogue->first_seen,
        /* The wall clock may have been set back meanwhile. */
        .last_seen = (uint64_t)(last_seen > rogue->first_seen ? last_seen : rogue->first_seen),
        .ssid = octets_of(rogue->ssid, rogue->ssid_len)};

    if (wire_rogue_info_size(&info) > writer_left(body))
        return false;
    wire_rogue_info_put(body, &info);
    return true;
}

bool info_put(const struct engine *engine, uint32_t index, enum info_kind kind, uint16_t ap,
              struct writer *body)
{
    const struct radio_ap *record = engine_ap(engine, ap);

    return kind >= INFO_ROGUE_AP ? put_rogue_of(engine, index, record, body)
                                 : put_client_of(engine, index, kind, record, body);
}

/* --- statistics and tags --------------------------------------------------------------------- */

enum put_result info_put_statistics(const struct engine *engine, uint32_t index,
                                    const struct subfilter *filter, struct writer *body)
{
    const struct table_device *device = table_device(engine_table(engine), index);
    const struct device_info *record = device_info_of(engine_device_info(engine), index);

    if (record == NULL || !record->has_statistics ||
        !subfilter_has(filter, WIRE_FAMILY_STATISTICS, device) ||
        !subfilter_has_ap(filter, record->statistics_ap))
        return PUT_NOTHING;
    if (writer_left(body) < WIRE_DEVICE_STATISTICS_SIZE)
        return PUT_FULL;
    const struct device_statistics *s = &record->statistics;
    wire_device_statistics_put(
        body, &(struct wire_device_statistics){.mac = device->mac,
                                               .device_class = device->device_class,
                                               .rx_bytes = s->rx_bytes,
                                               .tx_bytes = s->tx_bytes,
                                               .rx_packets = s->rx_packets,
                                               .tx_packets = s->tx_packets,
                                               .tx_retries = s->tx_retries,
                                               .tx_failed = s->tx_failed,
                                               .rx_rate = s->rx_rate,
                                               .tx_rate = s->tx_rate,
                                               .connected = s->connected});
    return PUT_ADDED;
}

bool info_put_tag(const struct radio_tag *tag, struct writer *body)
{
    struct wire_tag_payload payload = {.mac = tag->device,
                                       .vendor = tag->vendor,
                                       .ccx_version = tag->ccx_version,
                                       .tx_power = tag->tx_power,
                                       .channel = tag->channel,
                                       .regulatory_class = tag->regulatory_class,
                                       .burst = tag->burst,
                                       .sequence = tag->sequence,
                                       .payload = octets_of(tag->payload, tag->payload_len)};

    if (wire_tag_payload_size(&payload) > writer_left(body))
        return false;
    wire_tag_payload_put(body, &payload);
    return true;
}

/* --- ap-info --------------------------------------------------------------------------------- */

static bool put_record(struct writer *body, const struct wire_ap_info *record)
{
    if (wire_ap_info_size(record) > writer_left(body))
        return false;
    wire_ap_info_put(body, record);
    return true;
}

bool info_put_ap(const struct engine *engine, uint16_t ap, struct writer *body)
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
        wire_ap_slot_put(&slots, &(struct wire_ap_slot){.slot = slot->slot,
                                                        .band = slot->band,
                                                        .channel = slot->channel,
                                                        .width = slot->width,
                                                        .tx_power = slot->tx_power,
                                                        .noise = slot->noise,
                                                        .clients = slot->clients,
                                                        .utilisation = slot->utilisation});
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

bool info_put_ap_removed(const struct mac *mac, struct writer *body)
{
    return put_record(body, &(struct wire_ap_info){.mac = *mac, .state = WIRE_AP_REMOVED});
}
