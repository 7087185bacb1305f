/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The access points of a controller: other machines with this agent, which come in through the
 * listener and tell what they hear, as any agent tells its server. What they tell becomes radio
 * events, as if it were heard here.
 *
 * Which peers are access points the settings say, by the MAC of their identity. Each has one
 * session at most; a session asks here what to subscribe and hands over what comes (no socket, no
 * TLS and no frame is known here).
 *
 * Invariants:
 * - an AP MAC belongs to one access point, the radios of this machine first; a second claim is
 *   refused and counted, and said in a diagnosis;
 * - an access point has at most COLLECTOR_MACS AP MACs and COLLECTOR_SLOTS slots, and brings at
 *   most half of the devices that the table can hold;
 * - what a message says of a device is complete for this access point: what is not listed any more
 *   is withdrawn before the next message is looked at;
 * - when its session ends, all it said ends: its APs stay as ones that are down as long as it is
 *   configured, and go with that;
 * - handles are given back after their APs are gone.
 */
#ifndef AGENT_COLLECTOR_COLLECTOR_H
#define AGENT_COLLECTOR_COLLECTOR_H

#include "agent/base/counter.h"
#include "agent/base/loop.h"
#include "agent/base/mac.h"
#include "agent/diagnosis.h"
#include "agent/engine/engine.h"
#include "agent/radio.h"
#include "agent/settings.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COLLECTOR_MACS = 4,
    COLLECTOR_SLOTS = 16,
    COLLECTOR_INTERVAL = 1,             /* seconds: what is asked for */
    COLLECTOR_OFFER_MS = 10 * 60 * 1000 /* what nobody collects any more is offered for so long */
};

/* clang-format off */
/* Of one access point, since its session began. */
#define COLLECTOR_COUNTERS(X)                                                                               \
    X(samples, "samples")                       /* readings that were handed on */                          \
    X(claims_refused, "claims-refused")         /* AP MACs or slots: another one's, ours, too many */       \
    X(samples_unclaimed, "samples-unclaimed")   /* readings of APs that were refused */                     \
    X(devices_refused, "devices-refused")       /* readings of devices beyond what it may bring */          \
    X(reports_unresolved, "reports-unresolved") /* reports of clients about APs that are nobody's */         \
    X(not_granted, "not-granted")               /* notifications before it granted anything */              \
    X(turns_filled, "turns-filled")             /* it sent more than is read of it in one turn */
/* clang-format on */

struct collector_counters {
    COLLECTOR_COUNTERS(COUNTER_MEMBER)
};

extern const struct counter collector_counter_table[];

struct collector;
struct access_point;

/* All of it outlives the collector. */
struct collector_options {
    struct loop *loop;
    struct engine *engine;
    const struct radio_operations *radio;
    void *platform;
    const struct mac *base_mac; /* ours */
    uint16_t capacity;          /* access points at the same time */
};

/* NULL if memory is out. */
struct collector *collector_new(const struct collector_options *options);
/* All sessions have ended. NULL is allowed. */
void collector_free(struct collector *collector);

/* The settings stay valid until the next call. An access point that is not configured any more goes
 * when its session has ended, or at once if it has none. */
void collector_configure(struct collector *collector, const struct settings *settings);
/* Is a peer with this identity an access point? */
bool collector_expects(const struct collector *collector, const struct mac *identity);

/* --- what a session asks, and hands over ----------------------------------------------------- */

/* Are there any? */
bool collector_is_used(const struct collector *collector);
/* False: as many access points as there are places are configured, and this is none of them. */
bool collector_has_place(const struct collector *collector, const struct mac *identity);
/* A session with this access point begins; one before it has ended by that. NULL: it is none, or
 * there is no place or memory for it. */
struct access_point *collector_begin(struct collector *collector, const struct mac *identity,
                                     uint32_t *session);
/* The session is over; nothing happens if it has been ended. */
void collector_end(struct access_point *access_point, uint32_t session);
/* Its Capability: gives the services to subscribe. */
uint64_t collector_capability(struct access_point *access_point,
                              const struct wire_message *message);
/* A response or notification that only a controller sends. False: it is of no use. */
bool collector_take(struct access_point *access_point, const struct wire_message *message);
/* More came in one turn than is read of it. */
void collector_turn_filled(struct access_point *access_point);

/* --- what is told ---------------------------------------------------------------------------- */

struct collector_status {
    struct mac identity;
    char name[SETTINGS_NAME_SIZE]; /* as configured, or as it says */
    bool is_up;
    int64_t since; /* loop_now() time at which that began */
    uint32_t macs;
    uint32_t slots;
    uint32_t samples; /* in the table */
    uint32_t devices; /* of these; filled by collector_count_devices() */
    uint32_t rate;    /* samples a minute */
    int64_t delay;    /* ms that the last message waited */
    uint64_t clock_steps;
    uint64_t offered;
    uint64_t granted;
    struct collector_counters counters;
};

/* The configured ones that have a place, in no order; a cursor of 0 starts. */
bool collector_next(const struct collector *collector, size_t *cursor,
                    struct collector_status *out);
bool collector_find(const struct collector *collector, const struct mac *identity,
                    struct collector_status *out);
/* How many devices each of these has in the table; one pass over it. */
void collector_count_devices(const struct collector *collector, struct collector_status *of,
                             size_t count);
/* An AP radio of this access point; a cursor of 0 starts. */
bool collector_next_slot(const struct collector *collector, const struct mac *identity,
                         size_t *cursor, uint16_t *ap);
/* Whose AP radio this is; false: one of this machine. */
bool collector_owner(const struct collector *collector, uint16_t ap, struct mac *identity);
/* What is wrong with access points that have a session. */
struct collector_trouble {
    struct mac identity;
    enum diagnosis_code code;
    struct mac mac; /* the AP MAC that it is about */
    int64_t since;  /* loop_now() time */
    uint64_t count;
};
bool collector_next_trouble(const struct collector *collector, size_t *cursor,
                            struct collector_trouble *out);

#endif
