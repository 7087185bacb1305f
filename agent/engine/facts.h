/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of devices besides their readings: network, addresses and user of clients, what
 * rogues say of themselves, counters, the last frame of a tag.
 *
 * Fixed memory: a pool of records for half as many devices as the table holds, because most devices
 * that are heard are neither clients nor rogues nor tags of ours. Pages that were never used cost
 * nothing, and nothing is allocated after the start. A record hangs on the slot of its device and
 * goes with it. When the pool is full an associated client takes the record of a device that is not
 * associated; everybody else has to do without one. Both are counted.
 *
 * Facts that information tells carry the epoch of their last change (engine_epoch_close).
 */
#ifndef AGENT_ENGINE_FACTS_H
#define AGENT_ENGINE_FACTS_H

#include "agent/base/counter.h"
#include "agent/engine/table.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    FACTS_ADDRESSES = 4,
    /*
     * The same frame of a tag is heard by several APs, and sent several times in a burst: within
     * this time (ms) the same sequence number and payload are one frame.
     */
    FACTS_SAME_TAG_FRAME = 500,
};

struct facts_address {
    uint8_t family; /* 4 or 6 */
    uint8_t octets[16];
};

struct facts_client {
    uint16_t vlan;
    uint8_t protocol;
    uint8_t ssid_len;
    uint8_t user_len;
    uint8_t address_count;
    uint8_t ssid[RADIO_SSID_MAX];
    uint8_t user[RADIO_USER_NAME_MAX];
    struct facts_address addresses[FACTS_ADDRESSES]; /* the newest last */
};

struct facts_rogue {
    int64_t first_seen; /* wall clock, ms */
    uint16_t channel;
    uint8_t band;
    uint8_t encryption;
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
};

/* The header of the tag's last frame. */
struct facts_tag {
    int64_t heard; /* loop_now() time of its first copy */
    uint64_t payload_hash;
    uint32_t frame; /* its number: no two distinct frames have the same one */
    uint16_t sequence;
    uint16_t payload_len;
    uint8_t vendor;
    uint8_t ccx_version;
    int8_t tx_power;
    uint8_t channel;
    uint8_t regulatory_class;
    uint8_t burst;
};

struct facts_statistics {
    uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, tx_retries, tx_failed;
    uint32_t rx_rate, tx_rate, connected;
};

enum facts_kind { FACTS_NONE, FACTS_CLIENT, FACTS_TAG, FACTS_ROGUE };

struct facts_record {
    uint32_t slot;    /* of the device in the table; of an unused record: the next one */
    uint32_t changed; /* epoch; statistics and tag frames are no changes */
    uint8_t kind;     /* which member of the union holds: enum facts_kind */
    bool has_statistics;
    uint16_t statistics_ap;
    struct facts_statistics statistics;
    union {
        struct facts_client client;
        struct facts_rogue rogue;
        struct facts_tag tag;
    };
};

/* clang-format off */
#define FACTS_COUNTERS(X)                                                                 \
    X(yielded, "facts-yielded") /* records taken from devices that are not associated */  \
    X(refused, "facts-refused") /* facts that were told and not kept: the pool is full */
/* clang-format on */

struct facts_counters {
    FACTS_COUNTERS(COUNTER_MEMBER)
};

extern const struct counter facts_counter_table[];

struct facts;

/* Whoever keeps the facts: the device in this slot has lost its record to another one. */
struct facts_owner {
    void (*yielded)(void *context, uint32_t slot);
    void *context;
};

/* For the devices of this table, which must outlive it; the owner may be NULL. NULL if memory (or
 * randomness) is out. */
struct facts *facts_new(const struct table *table, const struct facts_owner *owner);
/* NULL is allowed. */
void facts_free(struct facts *facts);

/* NULL if nothing is known of the device in this slot. */
const struct facts_record *facts_of(const struct facts *facts, uint32_t slot);
const struct facts_counters *facts_counters(const struct facts *facts);
uint32_t facts_capacity(const struct facts *facts);

/*
 * What was told of the device in this slot, in this epoch. Facts that its class has no use for (an
 * address of a rogue) are left out.
 */
void facts_take_client(struct facts *facts, uint32_t slot, uint32_t epoch,
                       const struct radio_client *client);
void facts_take_user(struct facts *facts, uint32_t slot, uint32_t epoch,
                     const struct radio_user *user);
/* The newest FACTS_ADDRESSES are kept; one more replaces the oldest of its family. */
void facts_take_address(struct facts *facts, uint32_t slot, uint32_t epoch,
                        const struct radio_address *address);
/* Counters that are all zero are no measurement, and not taken. */
void facts_take_statistics(struct facts *facts, uint32_t slot, uint32_t epoch,
                           const struct radio_statistics *statistics);
/* `seen` is the wall clock's time of its newest reading. */
void facts_take_rogue(struct facts *facts, uint32_t slot, uint32_t epoch,
                      const struct radio_rogue *rogue, int64_t seen);
/* Gives the number of the frame: that of the last one if it is another copy of it. Never 0. */
uint32_t facts_take_tag(struct facts *facts, uint32_t slot, uint32_t epoch,
                        const struct radio_tag *tag);

/* The device left this AP: what was true there (network, VLAN, protocol, counters) is forgotten. */
void facts_part(struct facts *facts, uint32_t slot, uint32_t epoch, uint16_t ap, bool was_client);
/* The device goes. */
void facts_forget(struct facts *facts, uint32_t slot);

#endif
