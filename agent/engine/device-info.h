/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of devices besides their samples: network, addresses and user of clients, what
 * rogues say of themselves, counters, the last frame of a tag.
 *
 * Fixed memory: a pool of records for half as many devices as the table holds, because most devices
 * that are heard are neither clients nor rogues nor tags of ours. Pages that were never used cost
 * nothing, and nothing is allocated after the start. A record hangs on the slot of its device and
 * goes with it. When the pool is full an associated client takes the record of a device that is not
 * associated; everybody else has to do without one. Both are counted.
 *
 * What Information tells carries the epoch of their last change (engine_epoch_close).
 */
#ifndef AGENT_ENGINE_DEVICE_INFO_H
#define AGENT_ENGINE_DEVICE_INFO_H

#include "agent/base/counter.h"
#include "agent/engine/table.h"
#include "agent/radio.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CLIENT_ADDRESSES = 4,
    /*
     * The same frame of a tag is heard by several APs, and sent several times in a burst: within
     * this time (ms) the same sequence number and payload are one frame.
     */
    SAME_TAG_FRAME = 500,
};

struct client_address {
    uint8_t family; /* 4 or 6 */
    uint8_t octets[16];
};

struct client_info {
    uint16_t vlan;
    uint8_t protocol;
    uint8_t ssid_len;
    uint8_t user_len;
    uint8_t address_count;
    uint8_t ssid[RADIO_SSID_MAX];
    uint8_t user[RADIO_USER_NAME_MAX];
    struct client_address addresses[CLIENT_ADDRESSES]; /* the newest last */
};

struct rogue_info {
    int64_t first_seen; /* wall clock, ms */
    uint16_t channel;
    uint8_t band;
    uint8_t encryption;
    uint8_t ssid_len;
    uint8_t ssid[RADIO_SSID_MAX];
};

/* The header of the tag's last frame. */
struct tag_info {
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

struct device_statistics {
    uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, tx_retries, tx_failed;
    uint32_t rx_rate, tx_rate, connected;
};

enum device_info_kind { DEVICE_INFO_NONE, DEVICE_INFO_CLIENT, DEVICE_INFO_TAG, DEVICE_INFO_ROGUE };

struct device_info {
    uint32_t slot;    /* of the device in the table; of an unused record: the next one */
    uint32_t changed; /* epoch; statistics and tag frames are no changes */
    uint8_t kind;     /* which member of the union holds: enum device_info_kind */
    bool has_statistics;
    uint16_t statistics_ap;
    struct device_statistics statistics;
    union {
        struct client_info client;
        struct rogue_info rogue;
        struct tag_info tag;
    };
};

/* clang-format off */
#define DEVICE_INFO_COUNTERS(X)                                                                 \
    X(yielded, "device-info-yielded") /* records taken from devices that are not associated */  \
    X(refused, "device-info-refused") /* what was told and not kept: the pool is full */
/* clang-format on */

struct device_info_counters {
    DEVICE_INFO_COUNTERS(COUNTER_MEMBER)
};

extern const struct counter device_info_counter_table[];

struct device_info_pool;

/* Whoever keeps the pool: the device in this slot has lost its record to another one. */
struct device_info_owner {
    void (*yielded)(void *context, uint32_t slot);
    void *context;
};

/* For the devices of this table, which must outlive it; the owner may be NULL. NULL if memory (or
 * randomness) is out. */
struct device_info_pool *device_info_new(const struct table *table,
                                         const struct device_info_owner *owner);
/* NULL is allowed. */
void device_info_free(struct device_info_pool *pool);

/* NULL if nothing is known of the device in this slot. */
const struct device_info *device_info_of(const struct device_info_pool *pool, uint32_t slot);
const struct device_info_counters *device_info_counters(const struct device_info_pool *pool);
uint32_t device_info_capacity(const struct device_info_pool *pool);

/*
 * What was told of the device in this slot, in this epoch. What its class has no use for (an
 * address of a rogue) are left out.
 */
void device_info_take_client(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                             const struct radio_client *client);
void device_info_take_user(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                           const struct radio_user *user);
/* The newest CLIENT_ADDRESSES are kept; one more replaces the oldest of its family. */
void device_info_take_address(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                              const struct radio_address *address);
/* Counters that are all zero are no measurement, and not taken. */
void device_info_take_statistics(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                                 const struct radio_statistics *statistics);
/* `seen` is the wall clock's time of its newest sample. */
void device_info_take_rogue(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                            const struct radio_rogue *rogue, int64_t seen);
/* Gives the number of the frame: that of the last one if it is another copy of it. Never 0. */
uint32_t device_info_take_tag(struct device_info_pool *pool, uint32_t slot, uint32_t epoch,
                              const struct radio_tag *tag);

/* The device left this AP: what was true there (network, VLAN, protocol, counters) is forgotten. */
void device_info_part(struct device_info_pool *pool, uint32_t slot, uint32_t epoch, uint16_t ap,
                      bool was_client);
/* The device goes. */
void device_info_forget(struct device_info_pool *pool, uint32_t slot);

#endif
