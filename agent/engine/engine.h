/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The measurement engine: which devices are heard by which APs, how loud, since when.
 *
 * Takes the events of radio.h, keeps the device table (agent/engine/table) and the APs, lets
 * samples expire, and tells observers what they cannot see by looking: that a device left the
 * table, that an AP changed. Memory is fixed at creation; nothing is allocated afterwards.
 */
#ifndef AGENT_ENGINE_ENGINE_H
#define AGENT_ENGINE_ENGINE_H

#include "agent/base/counter.h"
#include "agent/base/loop.h"
#include "agent/engine/aps.h"
#include "agent/engine/device-info.h"
#include "agent/engine/table.h"
#include "agent/radio.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* clang-format off */
#define ENGINE_COUNTERS(X)                                                                                    \
    X(samples, "samples-taken")           /* readings taken in */                                             \
    X(samples_refused, "samples-refused") /* no measurement: 0 dBm and above, too old, unknown AP */          \
    X(aps_dropped, "aps-dropped")         /* a 17th AP for one device: the weakest was dropped */             \
    X(devices_evicted, "devices-evicted") /* the table was full */                                            \
    X(devices_expired, "devices-expired") /* heard no longer, or to be left out from now on */                \
    X(local_ignored, "local-ignored")     /* readings left out: a locally administered MAC, not associated */
/* clang-format on */

struct engine_counters {
    ENGINE_COUNTERS(COUNTER_MEMBER)
};

extern const struct counter engine_counter_table[];

/* Embedded in whoever wants to know; told in the order of registration. Members may be NULL. */
struct engine_observer {
    struct engine_observer *next;
    /* The device in this slot of the table is about to go; its record can still be read. */
    void (*device_leaving)(void *context, uint32_t slot);
    /* What the device is, who hears it, or what is known of it (device-info.h, statistics and tag
     * frames apart) changed; TABLE_NONE: what holds for all of them did. */
    void (*device_changed)(void *context, uint32_t slot);
    /* There are new samples of a device that is not associated: once in each epoch at most. */
    void (*device_heard)(void *context, uint32_t slot);
    /* An AP appeared, changed or (then engine_ap gives NULL) was removed. `before` is what it was,
     * or NULL. What a removed one had heard is in the table until engine_expire(). */
    void (*ap_changed)(void *context, uint16_t ap, const struct radio_ap *before);
    /* A frame of the tag in this slot, once for each AP that heard it; copies of one frame have one
     * number (device_info_take_tag). */
    void (*tag)(void *context, uint32_t slot, uint32_t frame, const struct radio_tag *tag);
    /* engine_offered() may have another answer. */
    void (*offer_changed)(void *context);
    void *context;
};

struct engine *engine_new(struct loop *loop, const struct settings_capacity *capacity);
void engine_free(struct engine *engine);

/* Expiry, thresholds, smoothing, what is left out: holds from now on. */
void engine_configure(struct engine *engine, const struct settings_location *location);
const struct settings_location *engine_location(const struct engine *engine);

/* What a struct radio_sink has; the context is the engine. */
void engine_take(void *engine, const struct radio_event *event);

void engine_observe(struct engine *engine, struct engine_observer *observer);
void engine_unobserve(struct engine *engine, struct engine_observer *observer);

/* What other machines collect for this one (a mask of enum radio_capability): offered besides what
 * the sources can, whether or not there is an AP now. */
void engine_hold(struct engine *engine, uint32_t capabilities);

/* The services (a mask of sub-service bits) that work on this machine now. */
uint64_t engine_offered(const struct engine *engine);

/* Drops what is too old, and what APs that are gone had heard. Cheap when nothing can be too old.
 * Call it before reading the table. */
void engine_expire(struct engine *engine);
/* Until then (loop_now() time) engine_expire() finds nothing, if nothing happens; INT64_MAX: ever.
 */
int64_t engine_expires_at(const struct engine *engine);

const struct table *engine_table(const struct engine *engine);
/* What is known besides samples, by the slots of the table. */
const struct device_info_pool *engine_device_info(const struct engine *engine);
/* The wall clock's time of the device's newest sample; now if it has none. */
int64_t engine_last_seen(const struct engine *engine, uint32_t slot);
/*
 * The epoch orders changes and what was told of them: every change of a device carries the epoch it
 * was made in; whoever announces the table's state takes engine_epoch_close(), which gives the
 * epoch that is now complete: later changes carry a later one. Compare with engine_after().
 */
uint32_t engine_epoch_close(struct engine *engine);
/* The epoch that changes carry now. */
uint32_t engine_epoch(const struct engine *engine);

static inline bool engine_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Expiry of a class in ms; the interval between two frames after which a sample is no longer true.
 * Reports stand for longer, by two of the intervals at which they are asked for, unless the client
 * leaves. */
int64_t engine_expiry(const struct engine *engine, uint8_t device_class);

uint16_t engine_ap_capacity(const struct engine *engine);
/* NULL if there is none with this handle. */
const struct radio_ap *engine_ap(const struct engine *engine, uint16_t ap);
/* Those with a slot, as in what follows. */
uint32_t engine_ap_count(const struct engine *engine);
/* How many samples of this AP are in the table. */
uint32_t engine_ap_samples(const struct engine *engine, uint16_t ap);
/* The lowest handle of the AP with this MAC, and the next higher one of the same AP; or
 * ENGINE_NO_AP. */
#define ENGINE_NO_AP APS_NONE
uint16_t engine_ap_first(const struct engine *engine, const struct mac *mac);
uint16_t engine_ap_next(const struct engine *engine, uint16_t ap);

const struct engine_counters *engine_counters(const struct engine *engine);
struct loop *engine_loop(const struct engine *engine);

#endif
