/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One access point, for the files of the collector: collector.c has all of them and what they own,
 * feed.c makes events of what one says.
 */
#ifndef AGENT_COLLECTOR_ACCESS_POINT_H
#define AGENT_COLLECTOR_ACCESS_POINT_H

#include "agent/collector/claims.h"
#include "agent/collector/collector.h"
#include "agent/collector/delay.h"

/* One AP radio that it owns. */
struct owned_slot {
    bool used;
    bool told; /* in this session; else it is known from an earlier one, and down */
    uint8_t slot;
    uint16_t handle;
    struct mac mac;
};

enum trouble { TROUBLE_CLAIMED_TWICE, TROUBLE_LOOP, TROUBLE_TOO_MANY, TROUBLE_CAPACITY, TROUBLES };

struct access_point {
    struct collector *collector;
    bool used;       /* this place is; of one that is not configured any more until it is over */
    bool configured; /* and by which name, or none */
    char configured_name[SETTINGS_NAME_SIZE];
    struct mac identity;
    bool is_up;
    uint32_t session; /* the number of the one that is up, or was */
    int64_t since;
    struct owned_slot slots[COLLECTOR_SLOTS];
    struct delay delay;
    struct claims claims;
    uint64_t offered;
    uint64_t granted;
    uint16_t grace; /* of its samples: two intervals */
    struct {
        uint64_t count;
        int64_t since;
        struct mac mac;
    } troubles[TROUBLES];
    int64_t minute;   /* began then, */
    uint32_t claimed; /* so many radios were claimed in it, */
    uint32_t taken;   /* so many samples came in it, */
    uint32_t rate;    /* and so many in the one before */
    struct collector_counters counters;
};

/* The radio that the access point calls so, claimed if it is not its own yet. NULL: refused. */
struct owned_slot *access_point_slot(struct access_point *ap, const struct mac *mac, uint8_t slot);
/* It has this radio no more. */
void access_point_drop(struct access_point *ap, struct owned_slot *slot);
void access_point_trouble(struct access_point *ap, enum trouble trouble, const struct mac *mac);
/* Is this handle one of its radios? */
bool access_point_has(const struct access_point *ap, uint16_t handle);
/* Nothing that its session has said is valid any more. */
void access_point_void(struct access_point *ap);
/* May it bring another device? */
bool access_point_may_add(const struct access_point *ap);

const struct collector_options *access_point_options(const struct access_point *ap);
/* What one of its sessions offers has changed. */
void access_point_offers(struct access_point *ap, uint64_t offered);

/* feed.c */
bool feed_take(struct access_point *ap, const struct wire_message *message);

#endif
