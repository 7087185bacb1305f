/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an access point says becomes radio events. */
#include "agent/collector/access-point.h"

#include <stdio.h>
#include <string.h>

enum {
    NO_HANDLE = UINT16_MAX,
    NOBODYS = UINT16_MAX - 1, /* a BSSID that a client reports about */
    MINUTE_MS = 60000,
    UPTIME_MS = 2000, /* as exact as times are told */
    /* As many entries as fit into a message. */
    ENTRIES_MAX = WIRE_MESSAGE_MAX / WIRE_AP_ENTRY_SIZE + 1,
    LISTED_MAX = 4 * COLLECTOR_SLOTS, /* readings of one device that are handed on */
    NEWER_MS = 5000, /* so much newer a reading shows that the device is a client here now */
};

/* What a message has said so far. */
struct feed {
    struct access_point *ap;
    const struct collector_options *options;
    int64_t made; /* loop_now() time */
    /* By ap index; NO_HANDLE: refused, or NOBODYS. One thread, and nothing is kept in it. */
    uint16_t *handles;
    uint32_t handle_count;
};

static void tell(const struct feed *f, const struct radio_event *event)
{
    engine_take(f->options->engine, event);
}

static const struct radio_ap *known_ap(const struct feed *f, uint16_t handle)
{
    return engine_ap(f->options->engine, handle);
}

/* --- the table ------------------------------------------------------------------------------- */

static const struct table_device *device_of(const struct feed *f, const struct mac *mac)
{
    const struct table *table = engine_table(f->options->engine);
    uint32_t index = table_find(table, mac);

    return index != TABLE_NONE ? table_device(table, index) : NULL;
}

static bool is_associated(const struct table_device *device)
{
    return device != NULL && (device->flags & TABLE_ASSOCIATED) != 0;
}

/* How long ago (units of 10 ms) this AP heard it; INT32_MAX: it does not. */
static int32_t age_at(const struct feed *f, const struct table_device *device, uint16_t handle)
{
    const struct table *table = engine_table(f->options->engine);
    int32_t least = INT32_MAX;

    for (uint32_t place = device->first; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        int32_t age =
            (int32_t)((table_time)((uint64_t)loop_now(f->options->loop) / 10) - sample->heard);
        if (sample->ap == handle && !radio_is_report(sample->source) && age < least)
            least = age;
    }
    return least;
}

/* --- APs ------------------------------------------------------------------------------------- */

/* An uptime in seconds never gives the same moment twice. */
static bool differs(const struct radio_ap *x, const struct radio_ap *y)
{
    return x->band != y->band || x->channel != y->channel || x->width != y->width ||
           x->tx_power != y->tx_power || x->noise != y->noise || x->utilisation != y->utilisation ||
           x->clients != y->clients || x->up != y->up || x->grace != y->grace ||
           x->up_since - y->up_since > UPTIME_MS || y->up_since - x->up_since > UPTIME_MS ||
           strcmp(x->name, y->name) != 0;
}

static void tell_ap(const struct feed *f, struct owned_slot *slot, struct radio_ap *record)
{
    const struct access_point *ap = f->ap;
    const struct radio_ap *before = known_ap(f, slot->handle);

    record->ap = slot->handle;
    record->mac = slot->mac;
    record->slot = slot->slot;
    record->grace = ap->grace;
    if (ap->configured_name[0] != '\0')
        memcpy(record->name, ap->configured_name, sizeof(record->name));
    slot->told = true;
    if (before == NULL || differs(before, record))
        tell(f, &(struct radio_event){.kind = RADIO_AP_CHANGED, .ap = *record});
}

/* An entry without a radio is about an AP of its own, or claims nothing. */
static bool is_nobodys(const struct feed *f, const struct wire_ap_entry *entry)
{
    if (entry->slot != RADIO_SLOT_UNKNOWN)
        return false;
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (f->ap->slots[i].used && mac_equal(&f->ap->slots[i].mac, &entry->mac))
            return false;
    return true;
}

/* An ap-table has what a sample needs of its AP, and no more. */
static void take_entry(struct feed *f, const struct wire_ap_entry *entry)
{
    if (is_nobodys(f, entry)) {
        f->handles[f->handle_count++] = NOBODYS;
        return;
    }
    struct owned_slot *slot = access_point_slot(f->ap, &entry->mac, entry->slot);
    f->handles[f->handle_count++] = slot != NULL ? slot->handle : NO_HANDLE;
    if (slot == NULL)
        return;
    const struct radio_ap *known = known_ap(f, slot->handle);
    struct radio_ap record = {.utilisation = RADIO_UTILISATION_UNKNOWN, .up_since = f->made};
    if (known != NULL)
        record = *known;
    record.band = entry->band;
    record.channel = entry->channel;
    record.tx_power = entry->tx_power;
    record.noise = entry->noise;
    record.up = record.up || !slot->told;
    tell_ap(f, slot, &record);
}

static void take_table(struct feed *f, const struct wire_ap_table *table)
{
    struct cursor at = wire_list_cursor(&table->aps);
    struct wire_ap_entry entry;

    while (f->handle_count < ENTRIES_MAX && wire_ap_entry_next(&at, &entry))
        take_entry(f, &entry);
}

/* The radio that a message about a device names. NULL: refused. */
static struct owned_slot *slot_for(struct feed *f, const struct mac *mac, uint8_t number,
                                   uint8_t band)
{
    struct owned_slot *slot = access_point_slot(f->ap, mac, number);
    struct radio_ap record = {.band = band,
                              .utilisation = RADIO_UTILISATION_UNKNOWN,
                              .tx_power = RADIO_DB_UNKNOWN,
                              .noise = RADIO_DB_UNKNOWN,
                              .up = true,
                              .up_since = f->made};

    if (slot == NULL || known_ap(f, slot->handle) != NULL)
        return slot;
    tell_ap(f, slot, &record);
    return slot;
}

static void take_slot(struct feed *f, const struct wire_ap_info *info,
                      const struct wire_ap_slot *told)
{
    struct owned_slot *slot = access_point_slot(f->ap, &info->mac, told->slot);
    struct radio_ap record = {.band = told->band,
                              .channel = told->channel,
                              .width = told->width,
                              .tx_power = told->tx_power,
                              .noise = told->noise,
                              .clients = told->clients,
                              .utilisation = told->utilisation,
                              .up = info->state == WIRE_AP_UP,
                              .up_since = f->made - info->uptime * INT64_C(1000)};

    if (slot == NULL)
        return;
    (void)snprintf(record.name, sizeof(record.name), "%.*s", (int)info->name.len, info->name.at);
    tell_ap(f, slot, &record);
}

static bool lists_slot(const struct wire_ap_info *info, uint8_t number)
{
    struct cursor at = wire_list_cursor(&info->slots);
    struct wire_ap_slot slot;

    while (wire_ap_slot_next(&at, &slot))
        if (slot.slot == number)
            return true;
    return false;
}

/* What it does not list of its AP is not there any more. */
static void take_ap_info(struct feed *f, const struct wire_ap_info *info)
{
    struct access_point *ap = f->ap;
    struct cursor at = wire_list_cursor(&info->slots);
    struct wire_ap_slot slot;

    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (ap->slots[i].used && mac_equal(&ap->slots[i].mac, &info->mac) &&
            (info->state == WIRE_AP_REMOVED ||
             (ap->slots[i].slot != RADIO_SLOT_UNKNOWN && !lists_slot(info, ap->slots[i].slot))))
            access_point_drop(ap, &ap->slots[i]);
    while (info->state != WIRE_AP_REMOVED && wire_ap_slot_next(&at, &slot))
        take_slot(f, info, &slot);
}

/* --- clients --------------------------------------------------------------------------------- */

static void tell_joined(const struct feed *f, const struct radio_client *client)
{
    tell(f, &(struct radio_event){.kind = RADIO_CLIENT_JOINED, .joined = *client});
}

/*
 * Of two access points that claim a client the newer association holds: a claim that was not there
 * before is newer, and so is one whose reading is clearly newer. The older claim holds again when
 * the newer one has ended.
 */
static bool claim_holds(const struct feed *f, const struct radio_client *client)
{
    const struct table_device *device = device_of(f, &client->device);

    if (!is_associated(device) || access_point_has(f->ap, device->associated_ap))
        return true;
    int32_t here = age_at(f, device, client->ap);
    int32_t there = age_at(f, device, device->associated_ap);
    return here != INT32_MAX && there != INT32_MAX && there - here > NEWER_MS / 10;
}

static void take_claim(struct feed *f, const struct radio_client *client)
{
    bool may_add = device_of(f, &client->device) != NULL || access_point_may_add(f->ap);
    enum claims_put put = may_add ? claims_put(&f->ap->claims, client) : CLAIMS_FULL;

    if (put == CLAIMS_FULL)
        f->ap->counters.devices_refused++;
    else if (put == CLAIMS_NEW || claim_holds(f, client))
        tell_joined(f, client);
}

static void take_departure(struct feed *f, const struct mac *device)
{
    uint16_t handle;

    if (!claims_drop(&f->ap->claims, device, &handle))
        return;
    if (known_ap(f, handle) == NULL || !access_point_has(f->ap, handle))
        return;
    tell(f, &(struct radio_event){.kind = RADIO_CLIENT_LEFT,
                                  .left = {.device = *device, .ap = handle}});
}

static struct radio_address address_of(const struct mac *device, const struct wire_address *told)
{
    struct radio_address address = {
        .device = *device, .family = told->octets.len == 4 ? 4 : 6, .present = true};

    memcpy(address.address, told->octets.at, told->octets.len);
    return address;
}

static bool lists_address(const struct wire_client_info *info, const struct client_address *known)
{
    struct cursor at = wire_list_cursor(&info->addresses);
    struct wire_address told;

    while (wire_address_next(&at, &told))
        if (told.octets.len == (known->family == 4 ? 4 : 16) &&
            memcmp(told.octets.at, known->octets, told.octets.len) == 0)
            return true;
    return false;
}

/* The list is complete. */
static void take_addresses(struct feed *f, const struct wire_client_info *info)
{
    const struct table *table = engine_table(f->options->engine);
    uint32_t index = table_find(table, &info->mac);
    struct cursor at = wire_list_cursor(&info->addresses);
    struct wire_address told;

    if (index == TABLE_NONE)
        return;
    const struct device_info *known = device_info_of(engine_device_info(f->options->engine), index);
    for (uint8_t i =
             known != NULL && known->kind == DEVICE_INFO_CLIENT ? known->client.address_count : 0;
         i-- > 0;) {
        const struct client_address *address = &known->client.addresses[i];
        if (lists_address(info, address))
            continue;
        struct radio_address gone = {.device = info->mac, .family = address->family};
        memcpy(gone.address, address->octets, sizeof(gone.address));
        tell(f, &(struct radio_event){.kind = RADIO_ADDRESS, .address = gone});
    }
    for (unsigned i = 0; i < CLIENT_ADDRESSES && wire_address_next(&at, &told); i++)
        tell(f, &(struct radio_event){.kind = RADIO_ADDRESS,
                                      .address = address_of(&info->mac, &told)});
}

static void take_user(struct feed *f, const struct wire_client_info *info)
{
    struct radio_user user = {.device = info->mac, .len = (uint8_t)info->user.len};

    if (info->user.len > 0)
        memcpy(user.name, info->user.at, info->user.len);
    tell(f, &(struct radio_event){.kind = RADIO_USER, .user = user});
}

static void take_client(struct feed *f, const struct wire_client_info *info)
{
    if (info->state != WIRE_CLIENT_ASSOCIATED) {
        take_departure(f, &info->mac);
        return;
    }
    struct owned_slot *slot = slot_for(f, &info->ap, info->slot, info->band);
    if (slot == NULL)
        return;
    struct radio_client client = {.device = info->mac,
                                  .ap = slot->handle,
                                  .vlan = info->vlan,
                                  .protocol = info->protocol,
                                  .ssid_len = (uint8_t)info->ssid.len};
    if (info->ssid.len > 0)
        memcpy(client.ssid, info->ssid.at, info->ssid.len);
    take_claim(f, &client);
    const struct table_device *device = device_of(f, &info->mac);
    if (!is_associated(device) || device->associated_ap != slot->handle)
        return; /* an older claim: what is known of the device is the newer one's */
    take_user(f, info);
    take_addresses(f, info);
}

/* --- measurements ---------------------------------------------------------------------------- */

static bool is_listed(const struct radio_sample *listed, size_t count,
                      const struct table_sample *sample)
{
    bool is_report = radio_is_report(sample->source);

    for (size_t i = 0; i < count; i++)
        if (listed[i].ap == sample->ap && (is_report ? radio_is_report(listed[i].source)
                                                     : listed[i].antenna == sample->antenna &&
                                                           !radio_is_report(listed[i].source)))
            return true;
    return false;
}

/* What is in the table of this device and access point, and not listed. */
static void withdraw(struct feed *f, const struct mac *mac, const struct radio_sample *listed,
                     size_t count)
{
    const struct table *table = engine_table(f->options->engine);
    const struct table_device *device = device_of(f, mac);
    struct radio_withdrawal gone[UINT8_MAX];
    size_t gone_count = 0;
    uint32_t place = device != NULL ? device->first : TABLE_NONE;

    for (; place != TABLE_NONE; place = table->samples[place].next) {
        const struct table_sample *sample = &table->samples[place];
        if (access_point_has(f->ap, sample->ap) && !is_listed(listed, count, sample))
            gone[gone_count++] = (struct radio_withdrawal){*mac, sample->ap, sample->antenna,
                                                           radio_is_report(sample->source)};
    }
    for (size_t i = 0; i < gone_count; i++)
        tell(f, &(struct radio_event){.kind = RADIO_WITHDRAWN, .withdrawn = gone[i]});
}

static void count_minute(struct access_point *ap, int64_t now)
{
    if (now - ap->minute < MINUTE_MS)
        return;
    ap->rate = now - ap->minute < 2 * MINUTE_MS ? ap->taken : 0;
    ap->taken = ap->claimed = 0;
    ap->minute = now;
}

static void tell_sample(struct feed *f, const struct radio_sample *sample)
{
    if (device_of(f, &sample->device) == NULL && !access_point_may_add(f->ap)) {
        f->ap->counters.devices_refused++;
        return;
    }
    tell(f, &(struct radio_event){.kind = RADIO_SAMPLE, .sample = *sample});
    f->ap->counters.samples++;
    f->ap->taken++;
}

/* Its AP is known; how long ago it was heard may not be. */
static bool sample_of(struct feed *f, const struct wire_device_measurement *device,
                      const struct wire_sample *told, struct radio_sample *out)
{
    uint16_t handle = told->ap < f->handle_count ? f->handles[told->ap] : NO_HANDLE;

    *out = (struct radio_sample){.device = device->mac,
                                 .ap = handle,
                                 .device_class = device->device_class,
                                 .antenna = told->antenna,
                                 .source = told->source,
                                 .rssi = told->rssi,
                                 .snr = told->snr,
                                 .heard = f->made - told->age * INT64_C(10)};
    if (handle == NOBODYS)
        f->ap->counters.reports_unresolved++;
    else if (handle == NO_HANDLE)
        f->ap->counters.samples_unclaimed++;
    return handle < NOBODYS;
}

static void take_measurement(struct feed *f, const struct wire_device_measurement *device)
{
    struct radio_sample listed[LISTED_MAX];
    struct cursor at = wire_list_cursor(&device->samples);
    struct wire_sample told;
    size_t count = 0;

    if (device->device_class < WIRE_CLASS_CLIENT || device->device_class > WIRE_CLASS_ROGUE_CLIENT)
        return;
    if ((device->flags & WIRE_DEVICE_GONE) != 0)
        at = cursor_of(NULL, 0);
    while (count < LISTED_MAX && wire_sample_next(&at, &told)) {
        if (!sample_of(f, device, &told, &listed[count]))
            continue;
        if (told.age < WIRE_AGE_MAX) /* else it was heard so long ago or longer: no news */
            tell_sample(f, &listed[count]);
        count++;
    }
    withdraw(f, &device->mac, listed, count);
    const struct radio_client *claimed = claims_find(&f->ap->claims, &device->mac);
    if (claimed == NULL || (device->flags & WIRE_DEVICE_ASSOCIATED) == 0)
        return;
    const struct table_device *known = device_of(f, &device->mac);
    if ((!is_associated(known) || known->associated_ap != claimed->ap) && claim_holds(f, claimed))
        tell_joined(f, claimed);
}

/* --- all else that is told of devices -------------------------------------------------------- */

static void take_rogue(struct feed *f, const struct wire_rogue_info *info)
{
    struct owned_slot *slot = slot_for(f, &info->ap, info->slot, info->band);
    struct radio_rogue rogue = {.device = info->mac,
                                .device_class = info->device_class,
                                .band = info->band,
                                .channel = info->channel,
                                .encryption = info->encryption,
                                .ssid_len = (uint8_t)info->ssid.len};

    if (slot == NULL || (info->device_class != WIRE_CLASS_ROGUE_AP &&
                         info->device_class != WIRE_CLASS_ROGUE_CLIENT))
        return;
    if (device_of(f, &info->mac) == NULL && !access_point_may_add(f->ap)) {
        f->ap->counters.devices_refused++;
        return;
    }
    rogue.ap = slot->handle;
    if (info->ssid.len > 0)
        memcpy(rogue.ssid, info->ssid.at, info->ssid.len);
    tell(f, &(struct radio_event){.kind = RADIO_ROGUE, .rogue = rogue});
}

/* One of our radios that has to do with this device, for what says no AP; NO_HANDLE: there is
 * none. */
static uint16_t handle_for(const struct feed *f, const struct mac *mac)
{
    const struct table *table = engine_table(f->options->engine);
    const struct table_device *device = device_of(f, mac);
    uint32_t place = device != NULL ? device->first : TABLE_NONE;

    if (is_associated(device))
        return access_point_has(f->ap, device->associated_ap) ? device->associated_ap : NO_HANDLE;
    for (; place != TABLE_NONE; place = table->samples[place].next)
        if (access_point_has(f->ap, table->samples[place].ap))
            return table->samples[place].ap;
    for (size_t i = 0; i < COLLECTOR_SLOTS; i++)
        if (f->ap->slots[i].used && f->ap->slots[i].told)
            return f->ap->slots[i].handle;
    return NO_HANDLE;
}

static void take_statistics(struct feed *f, const struct wire_device_statistics *s)
{
    uint16_t handle = handle_for(f, &s->mac);

    if (handle == NO_HANDLE)
        return;
    tell(f, &(struct radio_event){.kind = RADIO_STATISTICS,
                                  .statistics = {.device = s->mac,
                                                 .ap = handle,
                                                 .device_class = s->device_class,
                                                 .rx_bytes = s->rx_bytes,
                                                 .tx_bytes = s->tx_bytes,
                                                 .rx_packets = s->rx_packets,
                                                 .tx_packets = s->tx_packets,
                                                 .tx_retries = s->tx_retries,
                                                 .tx_failed = s->tx_failed,
                                                 .rx_rate = s->rx_rate,
                                                 .tx_rate = s->tx_rate,
                                                 .connected = s->connected}});
}

static void take_tag(struct feed *f, const struct wire_tag_payload *tag)
{
    uint16_t handle = handle_for(f, &tag->mac);

    if (handle == NO_HANDLE)
        return;
    if (device_of(f, &tag->mac) == NULL && !access_point_may_add(f->ap)) {
        f->ap->counters.devices_refused++;
        return;
    }
    tell(f, &(struct radio_event){.kind = RADIO_TAG,
                                  .tag = {.device = tag->mac,
                                          .ap = handle,
                                          .vendor = tag->vendor,
                                          .ccx_version = tag->ccx_version,
                                          .tx_power = tag->tx_power,
                                          .channel = tag->channel,
                                          .regulatory_class = tag->regulatory_class,
                                          .burst = tag->burst,
                                          .sequence = tag->sequence,
                                          .payload_len = (uint16_t)tag->payload.len,
                                          .payload = tag->payload.at,
                                          .heard = f->made}});
}

/* --- messages -------------------------------------------------------------------------------- */

static void take_element(struct feed *f, const struct wire_element *element)
{
    switch (element->type) {
    case WIRE_ELEMENT_AP_TABLE:
        take_table(f, &element->ap_table);
        break;
    case WIRE_ELEMENT_DEVICE_MEASUREMENT:
        take_measurement(f, &element->device_measurement);
        break;
    case WIRE_ELEMENT_CLIENT_INFO:
        take_client(f, &element->client_info);
        break;
    case WIRE_ELEMENT_ROGUE_INFO:
        take_rogue(f, &element->rogue_info);
        break;
    case WIRE_ELEMENT_DEVICE_STATISTICS:
        take_statistics(f, &element->device_statistics);
        break;
    case WIRE_ELEMENT_TAG_PAYLOAD:
        take_tag(f, &element->tag_payload);
        break;
    case WIRE_ELEMENT_AP_INFO:
        take_ap_info(f, &element->ap_info);
        break;
    default:
        break;
    }
}

/* Twice the longest interval that applies to readings. */
static void take_granted(struct access_point *ap, const struct wire_message *message)
{
    struct wire_walk walk = wire_walk_of(message);
    struct wire_element element;
    uint16_t longest = COLLECTOR_INTERVAL;

    if (ap->granted != 0 && message->result.code == WIRE_RESULT_OK)
        access_point_void(ap); /* a snapshot of all follows */
    ap->granted = message->services.mask;
    while (wire_next(&walk, &element))
        if (element.type == WIRE_ELEMENT_INTERVAL && element.interval.bit <= WIRE_RSSI_ROGUE &&
            element.interval.seconds > longest)
            longest = element.interval.seconds;
    ap->grace =
        (uint16_t)(2 * (longest < WIRE_INTERVAL_MAX ? longest : (uint16_t)WIRE_INTERVAL_MAX));
}

uint64_t collector_capability(struct access_point *ap, const struct wire_message *message)
{
    static const uint64_t useful = WIRE_BIT(WIRE_RSSI_MS) | WIRE_BIT(WIRE_RSSI_RFID) |
                                   WIRE_BIT(WIRE_RSSI_ROGUE) | WIRE_BIT(WIRE_INFO_MS) |
                                   WIRE_BIT(WIRE_INFO_ROGUE) | WIRE_BIT(WIRE_STATS_MS) |
                                   WIRE_BIT(WIRE_STATS_RFID) | WIRE_BIT(WIRE_STATS_ROGUE) |
                                   WIRE_BIT(WIRE_AP_MONITOR) | WIRE_BIT(WIRE_AP_INFO);

    (void)delay_take(&ap->delay, loop_now(access_point_options(ap)->loop), message->timestamp.ms);
    if (mac_equal(&message->sender_id.mac, access_point_options(ap)->base_mac))
        access_point_trouble(ap, TROUBLE_LOOP, &message->sender_id.mac);
    ap->granted &= message->services.mask; /* what went is withdrawn with it */
    access_point_offers(ap, message->services.mask);
    return message->services.mask & useful;
}

bool feed_take(struct access_point *ap, const struct wire_message *message)
{
    static uint16_t handles[ENTRIES_MAX];
    int64_t now = loop_now(access_point_options(ap)->loop);
    struct feed feed = {.ap = ap, .options = access_point_options(ap), .handles = handles};
    struct wire_element element;

    if (message->header.id == WIRE_SUBSCRIBE_RESPONSE) {
        take_granted(ap, message);
        return true;
    }
    if (message->info->role != WIRE_NOTIFICATION || ap->granted == 0) {
        ap->counters.not_granted++;
        return false;
    }
    count_minute(ap, now);
    feed.made = delay_take(&ap->delay, now, message->timestamp.ms);
    struct wire_walk walk = wire_walk_of(message);
    while (wire_next(&walk, &element))
        take_element(&feed, &element);
    return true;
}
