/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/device-info.h"

#include <stdlib.h>
#include <string.h>

#define ROW(member, name) {name, offsetof(struct device_info_counters, member)},
const struct counter device_info_counter_table[] = {DEVICE_INFO_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    /* Records that are looked at for one to take away: what a full pool costs is bounded. */
    LOOKS_MAX = 64,
};

struct device_info_pool {
    const struct table *table;
    struct device_info_owner owner;
    struct device_info *records;
    uint32_t *of; /* by slot of the table: record + 1, 0: none */
    uint32_t capacity;
    uint32_t used; /* every used record is below */
    uint32_t free;
    uint32_t hand; /* where the last look ended */
    uint32_t frame;
    struct siphash_key key;
    struct device_info_counters counters;
};

/* --- the pool -------------------------------------------------------------------------------- */

struct device_info_pool *device_info_new(const struct table *table,
                                         const struct device_info_owner *owner)
{
    struct device_info_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pool->table = table;
    pool->owner = owner != NULL ? *owner : (struct device_info_owner){.yielded = NULL};
    pool->capacity = (table->device_capacity + 1) / 2;
    pool->free = TABLE_NONE;
    pool->records = calloc(pool->capacity, sizeof(*pool->records));
    pool->of = calloc(table->device_capacity, sizeof(*pool->of));
    if (pool->records == NULL || pool->of == NULL || siphash_key_random(&pool->key) != 0) {
        device_info_free(pool);
        return NULL;
    }
    return pool;
}

void device_info_free(struct device_info_pool *pool)
{
    if (pool == NULL)
        return;
    free(pool->records);
    free(pool->of);
    free(pool);
}

static struct device_info *find(const struct device_info_pool *pool, uint32_t slot)
{
    return pool->of[slot] == 0 ? NULL : &pool->records[pool->of[slot] - 1];
}

const struct device_info *device_info_of(const struct device_info_pool *pool, uint32_t slot)
{
    return find(pool, slot);
}

const struct device_info_counters *device_info_counters(const struct device_info_pool *pool)
{
    return &pool->counters;
}

uint32_t device_info_capacity(const struct device_info_pool *pool)
{
    return pool->capacity;
}

static bool is_associated(const struct device_info_pool *pool, uint32_t slot)
{
    return (table_device(pool->table, slot)->flags & TABLE_ASSOCIATED) != 0;
}

void device_info_forget(struct device_info_pool *pool, uint32_t slot)
{
    struct device_info *record = find(pool, slot);

    if (record == NULL)
        return;
    record->kind = DEVICE_INFO_NONE;
    record->slot = pool->free;
    pool->free = pool->of[slot] - 1;
    pool->of[slot] = 0;
}

/* Called when all records are in use. */
static bool take_away_one(struct device_info_pool *pool)
{
    for (unsigned looks = 0; looks < LOOKS_MAX && looks < pool->capacity; looks++) {
        const struct device_info *record = &pool->records[pool->hand];
        pool->hand = (pool->hand + 1) % pool->capacity;
        if (is_associated(pool, record->slot))
            continue;
        uint32_t slot = record->slot;
        device_info_forget(pool, slot);
        pool->counters.yielded++;
        if (pool->owner.yielded != NULL)
            pool->owner.yielded(pool->owner.context, slot);
        return true;
    }
    return false;
}

static struct device_info *add(struct device_info_pool *pool, uint32_t slot)
{
    uint32_t at = TABLE_NONE;

    if (pool->free == TABLE_NONE && pool->used == pool->capacity &&
        !(is_associated(pool, slot) && take_away_one(pool))) {
        pool->counters.refused++;
        return NULL;
    }
    if (pool->free != TABLE_NONE) {
        at = pool->free;
        pool->free = pool->records[at].slot;
    } else {
        at = pool->used++;
    }
    pool->of[slot] = at + 1;
    pool->records[at] = (struct device_info){.slot = slot};
    return &pool->records[at];
}

static enum device_info_kind kind_of(const struct device_info_pool *pool, uint32_t slot)
{
    switch (table_device(pool->table, slot)->device_class) {
    case RADIO_CLASS_CLIENT:
        return DEVICE_INFO_CLIENT;
    case RADIO_CLASS_TAG:
        return DEVICE_INFO_TAG;
    default:
        return DEVICE_INFO_ROGUE;
    }
}

static void clear_kind(struct device_info *record, enum device_info_kind kind)
{
    struct device_info fresh = {.slot = record->slot,
                                .changed = record->changed,
                                .kind = (uint8_t)kind,
                                .has_statistics = record->has_statistics,
                                .statistics_ap = record->statistics_ap,
                                .statistics = record->statistics};
    *record = fresh;
}

/* The device's record, made if there is none; NULL if there is no room, or if the device is of
 * another kind. */
static struct device_info *record_for(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                                      enum device_info_kind kind)
{
    struct device_info *record = find(pool, slot);

    if (kind_of(pool, slot) != kind)
        return NULL;
    if (record == NULL && (record = add(pool, slot)) == NULL)
        return NULL;
    if (record->kind != kind) {
        clear_kind(record, kind);
        record->changed = epoch;
    }
    return record;
}

/* --- clients --------------------------------------------------------------------------------- */

static uint8_t at_most(uint8_t len, uint8_t max)
{
    return len < max ? len : max;
}

static bool set_octets(uint8_t *to, uint8_t *to_len, const uint8_t *from, uint8_t len)
{
    if (*to_len == len && memcmp(to, from, len) == 0)
        return false;
    memcpy(to, from, len);
    *to_len = len;
    return true;
}

void device_info_take_client(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                             const struct radio_client *client)
{
    struct device_info *record = record_for(pool, slot, epoch, DEVICE_INFO_CLIENT);
    bool differs;

    if (record == NULL)
        return;
    struct client_info *known = &record->client;
    differs = set_octets(known->ssid, &known->ssid_len, client->ssid,
                         at_most(client->ssid_len, RADIO_SSID_MAX));
    if (differs || known->vlan != client->vlan || known->protocol != client->protocol)
        record->changed = epoch;
    known->vlan = client->vlan;
    known->protocol = client->protocol;
}

void device_info_take_user(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                           const struct radio_user *user)
{
    struct device_info *record;

    if (user->len == 0 && find(pool, slot) == NULL)
        return;
    record = record_for(pool, slot, epoch, DEVICE_INFO_CLIENT);
    if (record != NULL && set_octets(record->client.user, &record->client.user_len, user->name,
                                     at_most(user->len, RADIO_USER_NAME_MAX)))
        record->changed = epoch;
}

static size_t address_size(uint8_t family)
{
    return family == 4 ? 4 : 16;
}

/* Its place, or the count if it is not there. */
static uint8_t address_find(const struct client_info *client, const struct radio_address *address)
{
    uint8_t i = 0;
    while (i < client->address_count && (client->addresses[i].family != address->family ||
                                         memcmp(client->addresses[i].octets, address->address,
                                                address_size(address->family)) != 0))
        i++;
    return i;
}

static void address_drop(struct client_info *client, uint8_t at)
{
    client->address_count--;
    memmove(&client->addresses[at], &client->addresses[at + 1],
            (size_t)(client->address_count - at) * sizeof(client->addresses[0]));
}

/* The oldest of its family: addresses for privacy, which a client has many of, must not push out
 * its only one of the other family. */
static uint8_t address_oldest(const struct client_info *client, uint8_t family)
{
    for (uint8_t i = 0; i < client->address_count; i++) {
        if (client->addresses[i].family == family)
            return i;
    }
    return 0;
}

static void address_add(struct client_info *client, const struct radio_address *address)
{
    if (client->address_count == CLIENT_ADDRESSES)
        address_drop(client, address_oldest(client, address->family));
    struct client_address *added = &client->addresses[client->address_count++];
    *added = (struct client_address){.family = address->family};
    memcpy(added->octets, address->address, address_size(address->family));
}

void device_info_take_address(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                              const struct radio_address *address)
{
    struct device_info *record;

    if ((address->family != 4 && address->family != 6) ||
        (!address->present && find(pool, slot) == NULL))
        return;
    record = record_for(pool, slot, epoch, DEVICE_INFO_CLIENT);
    if (record == NULL)
        return;
    uint8_t at = address_find(&record->client, address);
    if ((at < record->client.address_count) == address->present)
        return;
    if (address->present)
        address_add(&record->client, address);
    else
        address_drop(&record->client, at);
    record->changed = epoch;
}

/* --- statistics ------------------------------------------------------------------------------ */

void device_info_take_statistics(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                                 const struct radio_statistics *statistics)
{
    struct device_info *record;

    if ((statistics->rx_bytes | statistics->tx_bytes | statistics->rx_packets |
         statistics->tx_packets | statistics->tx_retries | statistics->tx_failed) == 0)
        return;
    record = record_for(pool, slot, epoch, kind_of(pool, slot));
    if (record == NULL)
        return;
    record->has_statistics = true;
    record->statistics_ap = statistics->ap;
    record->statistics = (struct device_statistics){.rx_bytes = statistics->rx_bytes,
                                                    .tx_bytes = statistics->tx_bytes,
                                                    .rx_packets = statistics->rx_packets,
                                                    .tx_packets = statistics->tx_packets,
                                                    .tx_retries = statistics->tx_retries,
                                                    .tx_failed = statistics->tx_failed,
                                                    .rx_rate = statistics->rx_rate,
                                                    .tx_rate = statistics->tx_rate,
                                                    .connected = statistics->connected};
}

/* --- rogues and tags ------------------------------------------------------------------------- */

void device_info_take_rogue(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                            const struct radio_rogue *rogue, int64_t seen)
{
    struct device_info *record = record_for(pool, slot, epoch, DEVICE_INFO_ROGUE);
    bool differs;

    if (record == NULL)
        return;
    struct rogue_info *known = &record->rogue;
    differs = set_octets(known->ssid, &known->ssid_len, rogue->ssid,
                         at_most(rogue->ssid_len, RADIO_SSID_MAX));
    if (known->first_seen == 0)
        known->first_seen = seen > 0 ? seen : 1;
    if (differs || known->channel != rogue->channel || known->band != rogue->band ||
        known->encryption != rogue->encryption)
        record->changed = epoch;
    known->channel = rogue->channel;
    known->band = rogue->band;
    known->encryption = rogue->encryption;
}

static bool is_copy(const struct tag_info *known, const struct radio_tag *tag, uint64_t hash)
{
    return known->frame != 0 && known->sequence == tag->sequence &&
           known->payload_len == tag->payload_len && known->payload_hash == hash &&
           tag->heard - known->heard < SAME_TAG_FRAME && known->heard - tag->heard < SAME_TAG_FRAME;
}

static uint32_t next_frame(struct device_info_pool *pool)
{
    pool->frame = pool->frame == UINT32_MAX ? 1 : pool->frame + 1;
    return pool->frame;
}

uint32_t device_info_take_tag(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                              const struct radio_tag *tag)
{
    struct device_info *record = record_for(pool, slot, epoch, DEVICE_INFO_TAG);
    uint64_t hash = siphash(&pool->key, tag->payload, tag->payload_len);

    if (record == NULL)
        return next_frame(pool);
    if (is_copy(&record->tag, tag, hash))
        return record->tag.frame;
    record->tag = (struct tag_info){.heard = tag->heard,
                                    .payload_hash = hash,
                                    .frame = next_frame(pool),
                                    .sequence = tag->sequence,
                                    .payload_len = tag->payload_len,
                                    .vendor = tag->vendor,
                                    .ccx_version = tag->ccx_version,
                                    .tx_power = tag->tx_power,
                                    .channel = tag->channel,
                                    .regulatory_class = tag->regulatory_class,
                                    .burst = tag->burst};
    return record->tag.frame;
}

/* --- leaving --------------------------------------------------------------------------------- */

void device_info_part(struct device_info_pool *pool, uint32_t slot, uint32_t epoch, uint16_t ap,
                      bool was_client)
{
    struct device_info *record = find(pool, slot);

    if (record == NULL)
        return;
    if (record->statistics_ap == ap)
        record->has_statistics = false;
    if (!was_client || record->kind != DEVICE_INFO_CLIENT)
        return;
    struct client_info *client = &record->client;
    if (client->ssid_len > 0 || client->vlan != 0 || client->protocol != 0)
        record->changed = epoch;
    client->ssid_len = client->protocol = 0;
    client->vlan = 0;
}
