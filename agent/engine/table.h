/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device table: every device that is heard, with its samples.
 *
 * Fixed memory: `devices` records and a pool of `samples` that they share. Found by MAC through
 * agent/base/keyed, so that invented MACs cannot make it slow. When it is full the device heard
 * longest ago goes, associated clients last of all: a flood of invented MACs evicts itself. Each
 * device keeps samples of at most TABLE_APS_PER_DEVICE (AP, slot) pairs, the strongest. What an AP
 * heard, by antenna, and what the device reports of that AP are samples apart.
 *
 * Devices live in slots, samples in places: plain numbers that stay the same while the entry lives,
 * so that a view can keep what it remembers of them in arrays of its own. The table knows no time
 * but what it is given.
 */
#ifndef AGENT_ENGINE_TABLE_H
#define AGENT_ENGINE_TABLE_H

#include "agent/base/keyed.h"
#include "agent/base/mac.h"
#include "agent/radio.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_APS_PER_DEVICE = 16 };

#define TABLE_NONE UINT32_MAX

/* The wire's flag bits, as far as they are a fact of the device. */
enum { TABLE_ASSOCIATED = 0x01, TABLE_LOCAL_MAC = 0x04 };

/* Time in units of 10 ms, as on the wire; wraps after 497 days, so only differences mean something.
 */
typedef uint32_t table_time;

struct table_sample {
    uint32_t next; /* place of the device's next sample, or TABLE_NONE */
    table_time heard;
    uint16_t ap;
    int16_t rest; /* of the average, in 1/65536 dB: what rssi leaves out */
    int8_t rssi;  /* the average, to the nearest dB; 0: there was none yet */
    int8_t snr;   /* rssi above the noise of the last frame */
    uint8_t antenna;
    unsigned source : 3;
    unsigned last : 5; /* the last bits of the last sample: enough to know a frame again */
};
static_assert(sizeof(struct table_sample) == 16, "what a sample costs is a promise");

struct table_device {
    struct mac mac;
    uint8_t device_class;
    uint8_t flags;         /* TABLE_* */
    uint32_t first;        /* place of its first sample, or TABLE_NONE */
    uint32_t changed;      /* epoch of its newest sample */
    uint32_t restructured; /* epoch in which an AP or antenna came or went, or a flag changed */
    uint32_t newer;        /* neighbours in the order of hearing, or TABLE_NONE */
    uint32_t older;
    union {
        uint16_t associated_ap; /* the AP handle, with TABLE_ASSOCIATED */
        uint16_t silent_since;  /* of tags: when it was heard last, for the engine */
    };
    uint8_t sample_count;
    bool used : 1;
    bool suppressed : 1; /* with TABLE_ASSOCIATED: that it is a client is told to nobody */
};

struct table {
    struct table_device *devices;
    struct table_sample *samples;
    struct keyed index; /* of slots, by MAC */
    uint32_t device_capacity;
    uint32_t sample_capacity;
    uint32_t device_count;
    uint32_t sample_count;
    uint32_t slots_used; /* every used slot is below */
    uint32_t free_device;
    uint32_t free_sample;
    uint32_t newest[2]; /* [1]: associated */
    uint32_t oldest[2];
    uint32_t *held; /* samples by AP, kept up to date; the owner's, or NULL */
};

/* 0 or -ENOMEM, -EIO. */
int table_init(struct table *table, uint32_t devices, uint32_t samples);
void table_fini(struct table *table);

/* The slot, or TABLE_NONE. */
uint32_t table_find(const struct table *table, const struct mac *mac);

/* A new device without samples, newest in order. TABLE_NONE if the table is full: table_oldest()
 * says who has to go. */
uint32_t table_add(struct table *table, const struct mac *mac, uint8_t device_class);
/* Frees the device and its samples. */
void table_remove(struct table *table, uint32_t slot);

/* Who goes first when room is needed, `except` apart; TABLE_NONE if there is nobody else. */
uint32_t table_oldest(const struct table *table, uint32_t except);
/* It was heard just now: newest in order. */
void table_touch(struct table *table, uint32_t slot);
/* Sets or clears TABLE_ASSOCIATED, which also decides how late it is evicted. */
void table_set_associated(struct table *table, uint32_t slot, bool associated, uint16_t ap);

/* The place of the sample of this AP and antenna, or TABLE_NONE. A report has no antenna: there is
 * one of each AP. `source` is of radio.h. */
uint32_t table_sample_find(const struct table *table, uint32_t slot, uint16_t ap, uint8_t antenna,
                           uint8_t source);
/* A new sample at the device's end, only these three set; TABLE_NONE if the pool is empty. */
uint32_t table_sample_add(struct table *table, uint32_t slot, uint16_t ap, uint8_t antenna,
                          uint8_t source);

/* Removes the samples of a device for which `drop` says so; gives how many. */
uint32_t table_sample_drop(struct table *table, uint32_t slot,
                           bool (*drop)(const struct table_sample *sample, const void *context),
                           const void *context);

/* What counts where not all APs can be kept: dBm, and everything that was heard above all that was
 * only reported, so that no client talks an AP away that hears it. */
static inline int16_t table_rank(unsigned source, int8_t rssi)
{
    return (int16_t)(radio_is_report(source) ? rssi - UINT8_MAX : rssi);
}

/*
 * Of a device that has TABLE_APS_PER_DEVICE APs and none of them is `ap`: the AP whose best sample
 * has the lowest rank, and that rank. False if there is room for another AP, or if `ap` is among
 * them.
 */
bool table_weakest_ap(const struct table *table, uint32_t slot, uint16_t ap, uint16_t *weakest,
                      int16_t *rank);

static inline const struct table_device *table_device(const struct table *table, uint32_t slot)
{
    return &table->devices[slot];
}

#endif
