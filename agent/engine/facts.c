/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/engine/facts.h"

#include <stdlib.h>
#include <string.h>

#define ROW(member, name) {name, offsetof(struct facts_counters, member)},
const struct counter facts_counter_table[] = {FACTS_COUNTERS(ROW){NULL, 0}};
#undef ROW

enum {
    /* Records that are looked at for one to take away: what a full pool costs is bounded. */
    LOOKS_MAX = 64,
};

struct facts {
    const struct table *table;
    struct facts_owner owner;
    struct facts_record *records;
    uint32_t *of; /* by slot of the table: record + 1, 0: none */
    uint32_t capacity;
    uint32_t used; /* every used record is below */
    uint32_t free;
    uint32_t hand; /* where the last look ended */
    uint32_t frame;
    struct siphash_key key;
    struct facts_counters counters;
};

/* --- the pool -------------------------------------------------------------------------------- */

struct facts *facts_new(const struct table *table, const struct facts_owner *owner)
{
    struct facts *facts = calloc(1, sizeof(*facts));

    if (facts == NULL)
        return NULL;
    facts->table = table;
    facts->owner = owner != NULL ? *owner : (struct facts_owner){.yielded = NULL};
    facts->capacity = (table->device_capacity + 1) / 2;
    facts->free = TABLE_NONE;
    facts->records = calloc(facts->capacity, sizeof(*facts->records));
    facts->of = calloc(table->device_capacity, sizeof(*facts->of));
    if (facts->records == NULL || facts->of == NULL || siphash_key_random(&facts->key) != 0) {
        facts_free(facts);
        return NULL;
    }
    return facts;
}

void facts_free(struct facts *facts)
{
    if (facts == NULL)
        return;
    free(facts->records);
    free(facts->of);
    free(facts);
}

static struct facts_record *find(const struct facts *facts, uint32_t slot)
{
    return facts->of[slot] == 0 ? NULL : &facts->records[facts->of[slot] - 1];
}

const struct facts_record *facts_of(const struct facts *facts, uint32_t slot)
{
    return find(facts, slot);
}

const struct facts_counters *facts_counters(const struct facts *facts)
{
    return &facts->counters;
}

uint32_t facts_capacity(const struct facts *facts)
{
    return facts->capacity;
}

static bool is_associated(const struct facts *facts, uint32_t slot)
{
    return (table_device(facts->table, slot)->flags & TABLE_ASSOCIATED) != 0;
}

void facts_forget(struct facts *facts, uint32_t slot)
{
    struct facts_record *record = find(facts, slot);

    if (record == NULL)
        return;
    record->kind = FACTS_NONE;
    record->slot = facts->free;
    facts->free = facts->of[slot] - 1;
    facts->of[slot] = 0;
}

/* Called when all records are in use. */
static bool take_away_one(struct facts *facts)
{
    for (unsigned looks = 0; looks < LOOKS_MAX && looks < facts->capacity; looks++) {
        const struct facts_record *record = &facts->records[facts->hand];
        facts->hand = (facts->hand + 1) % facts->capacity;
        if (is_associated(facts, record->slot))
            continue;
        uint32_t slot = record->slot;
        facts_forget(facts, slot);
        facts->counters.yielded++;
        if (facts->owner.yielded != NULL)
            facts->owner.yielded(facts->owner.context, slot);
        return true;
    }
    return false;
}

static struct facts_record *add(struct facts *facts, uint32_t slot)
{
    uint32_t at = TABLE_NONE;

    if (facts->free == TABLE_NONE && facts->used == facts->capacity &&
        !(is_associated(facts, slot) && take_away_one(facts))) {
        facts->counters.refused++;
        return NULL;
    }
    if (facts->free != TABLE_NONE) {
        at = facts->free;
        facts->free = facts->records[at].slot;
    } else {
        at = facts->used++;
    }
    facts->of[slot] = at + 1;
    facts->records[at] = (struct facts_record){.slot = slot};
    return &facts->records[at];
}

static enum facts_kind kind_of(const struct facts *facts, uint32_t slot)
{
    switch (table_device(facts->table, slot)->device_class) {
    case RADIO_CLASS_CLIENT:
        return FACTS_CLIENT;
    case RADIO_CLASS_TAG:
        return FACTS_TAG;
    default:
        return FACTS_ROGUE;
    }
}

static void clear_kind(struct facts_record *record, enum facts_kind kind)
{
    struct facts_record fresh = {.slot = record->slot,
                                 .changed = record->changed,
                                 .kind = (uint8_t)kind,
                                 .has_statistics = record->has_statistics,
                                 .statistics_ap = record->statistics_ap,
                                 .statistics = record->statistics};
    *record = fresh;
}

/* The device's record, made if there is none; NULL if there is no room, or if the device is of
 * another kind. */
static struct facts_record *record_for(struct facts *facts, uint32_t slot, uint32_t epoch,
                                       enum facts_kind kind)
{
    struct facts_record *record = find(facts, slot);

    if (kind_of(facts, slot) != kind)
        return NULL;
    if (record == NULL && (record = add(facts, slot)) == NULL)
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

void facts_take_client(struct facts *facts, uint32_t slot, uint32_t epoch,
                       const struct radio_client *client)
{
    struct facts_record *record = record_for(facts, slot, epoch, FACTS_CLIENT);
    bool differs;

    if (record == NULL)
        return;
    struct facts_client *known = &record->client;
    differs = set_octets(known->ssid, &known->ssid_len, client->ssid,
                         at_most(client->ssid_len, RADIO_SSID_MAX));
    if (differs || known->vlan != client->vlan || known->protocol != client->protocol)
        record->changed = epoch;
    known->vlan = client->vlan;
    known->protocol = client->protocol;
}

void facts_take_user(struct facts *facts, uint32_t slot, uint32_t epoch,
                     const struct radio_user *user)
{
    struct facts_record *record;

    if (user->len == 0 && find(facts, slot) == NULL)
        return;
    record = record_for(facts, slot, epoch, FACTS_CLIENT);
    if (record != NULL && set_octets(record->client.user, &record->client.user_len, user->name,
                                     at_most(user->len, RADIO_USER_NAME_MAX)))
        record->changed = epoch;
}

static size_t address_size(uint8_t family)
{
    return family == 4 ? 4 : 16;
}

/* Its place, or the count if it is not there. */
static uint8_t address_find(const struct facts_client *client, const struct radio_address *address)
{
    uint8_t i = 0;
    while (i < client->address_count && (client->addresses[i].family != address->family ||
                                         memcmp(client->addresses[i].octets, address->address,
                                                address_size(address->family)) != 0))
        i++;
    return i;
}

static void address_drop(struct facts_client *client, uint8_t at)
{
    client->address_count--;
    memmove(&client->addresses[at], &client->addresses[at + 1],
            (size_t)(client->address_count - at) * sizeof(client->addresses[0]));
}

/* The oldest of its family: addresses for privacy, which a client has many of, must not push out
 * its only one of the other family. */
static uint8_t address_oldest(const struct facts_client *client, uint8_t family)
{
    for (uint8_t i = 0; i < client->address_count; i++) {
        if (client->addresses[i].family == family)
            return i;
    }
    return 0;
}

static void address_add(struct facts_client *client, const struct radio_address *address)
{
    if (client->address_count == FACTS_ADDRESSES)
        address_drop(client, address_oldest(client, address->family));
    struct facts_address *added = &client->addresses[client->address_count++];
    *added = (struct facts_address){.family = address->family};
    memcpy(added->octets, address->address, address_size(address->family));
}

void facts_take_address(struct facts *facts, uint32_t slot, uint32_t epoch,
                        const struct radio_address *address)
{
    struct facts_record *record;

    if ((address->family != 4 && address->family != 6) ||
        (!address->present && find(facts, slot) == NULL))
        return;
    record = record_for(facts, slot, epoch, FACTS_CLIENT);
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

void facts_take_statistics(struct facts *facts, uint32_t slot, uint32_t epoch,
                           const struct radio_statistics *statistics)
{
    struct facts_record *record;

    if ((statistics->rx_bytes | statistics->tx_bytes | statistics->rx_packets |
         statistics->tx_packets | statistics->tx_retries | statistics->tx_failed) == 0)
        return;
    record = record_for(facts, slot, epoch, kind_of(facts, slot));
    if (record == NULL)
        return;
    record->has_statistics = true;
    record->statistics_ap = statistics->ap;
    record->statistics = (struct facts_statistics){.rx_bytes = statistics->rx_bytes,
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

void facts_take_rogue(struct facts *facts, uint32_t slot, uint32_t epoch,
                      const struct radio_rogue *rogue, int64_t seen)
{
    struct facts_record *record = record_for(facts, slot, epoch, FACTS_ROGUE);
    bool differs;

    if (record == NULL)
        return;
    struct facts_rogue *known = &record->rogue;
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

static bool is_copy(const struct facts_tag *known, const struct radio_tag *tag, uint64_t hash)
{
    return known->frame != 0 && known->sequence == tag->sequence &&
           known->payload_len == tag->payload_len && known->payload_hash == hash &&
           tag->heard - known->heard < FACTS_SAME_TAG_FRAME &&
           known->heard - tag->heard < FACTS_SAME_TAG_FRAME;
}

static uint32_t next_frame(struct facts *facts)
{
    facts->frame = facts->frame == UINT32_MAX ? 1 : facts->frame + 1;
    return facts->frame;
}

uint32_t facts_take_tag(struct facts *facts, uint32_t slot, uint32_t epoch,
                        const struct radio_tag *tag)
{
    struct facts_record *record = record_for(facts, slot, epoch, FACTS_TAG);
    uint64_t hash = siphash(&facts->key, tag->payload, tag->payload_len);

    if (record == NULL)
        return next_frame(facts);
    if (is_copy(&record->tag, tag, hash))
        return record->tag.frame;
    record->tag = (struct facts_tag){.heard = tag->heard,
                                     .payload_hash = hash,
                                     .frame = next_frame(facts),
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

void facts_part(struct facts *facts, uint32_t slot, uint32_t epoch, uint16_t ap, bool was_client)
{
    struct facts_record *record = find(facts, slot);

    if (record == NULL)
        return;
    if (record->statistics_ap == ap)
        record->has_statistics = false;
    if (!was_client || record->kind != FACTS_CLIENT)
        return;
    struct facts_client *client = &record->client;
    if (client->ssid_len > 0 || client->vlan != 0 || client->protocol != 0)
        record->changed = epoch;
    client->ssid_len = client->protocol = 0;
    client->vlan = 0;
}
