/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a source of radio events is (a row of platform/sources.c), and what it is given.
 *
 * Each source can fail alone. It tells events of its own devices and APs; what it must know of
 * interfaces and clients, whosever they are, it asks the inventory. Everything happens inside the
 * event loop.
 */
#ifndef PLATFORM_SOURCE_H
#define PLATFORM_SOURCE_H

#include "agent/base/counter.h"
#include "agent/base/loop.h"
#include "agent/radio.h"
#include "agent/settings.h"
#include "platform/handles.h"
#include "platform/netlink.h"

struct family;
struct helper;
struct rogues;

/* --- the inventory --------------------------------------------------------------------------- */

/* A wireless interface of this machine. */
struct inventory_interface {
    char name[SETTINGS_IFNAME_SIZE];
    uint32_t ifindex;
    uint32_t wiphy;
    struct mac mac; /* the BSSID, of an AP interface */
    bool is_ap;
    bool is_vlan; /* then it is a part of another AP interface's BSS */
    bool is_monitor;
    bool is_station;
    bool is_disabled; /* its radio is, by configuration */
    bool has_ap;      /* its radio is collected from, and was told as this AP: */
    struct radio_ap ap;
};

/* Of one source, or of all. */
struct inventory_operations {
    /* The *index-th interface, from 0. False behind the last one: *index is then less by as many as
     * there are. */
    bool (*interface)(void *context, size_t *index, struct inventory_interface *interface);
    /* Is this the BSSID of an AP interface? */
    bool (*is_own)(void *context, const struct mac *bssid);
    /* Is this an associated station of one of our APs? */
    bool (*is_client)(void *context, const struct mac *station);
};

struct inventory {
    const struct inventory_operations *operations;
    void *context;
};

static inline bool inventory_at(const struct inventory *inventory, size_t index,
                                struct inventory_interface *interface)
{
    return inventory->operations->interface(inventory->context, &index, interface);
}

static inline bool inventory_is_own(const struct inventory *inventory, const struct mac *bssid)
{
    return inventory->operations->is_own(inventory->context, bssid);
}

static inline bool inventory_is_client(const struct inventory *inventory, const struct mac *station)
{
    return inventory->operations->is_client(inventory->context, station);
}

/* --- counters -------------------------------------------------------------------------------- */

/* Embedded in whoever counts. The names are container/leaf of nmspd-radio.yang; what several count
 * under one name is added up. */
struct source_counters {
    struct source_counters *next;
    const struct counter *table;
    const void *of;
};

static inline void source_counters_add(struct source_counters **list, struct source_counters *own,
                                       const struct counter *table, const void *of)
{
    *own = (struct source_counters){*list, table, of};
    *list = own;
}

uint64_t source_counters_sum(const struct source_counters *list, const char *container,
                             const char *leaf);

/* --- sources --------------------------------------------------------------------------------- */

/* What a source is given. It is copied; all that it points to outlives the source. */
struct source_setup {
    struct loop *loop;
    struct radio_sink sink; /* of this source alone */
    struct handles *handles;
    struct inventory inventory;         /* of all sources */
    struct source_counters **counters;  /* to be added to */
    void (*interfaces_changed)(void *); /* to be called: the inventory may have other answers */
    void *interfaces_context;
    struct family *family;       /* nl80211, for all who ask it */
    struct helper *helper;       /* nmsp-radio */
    struct rogues *rogues;       /* as all sources heard them */
    const struct netlink_io *io; /* NULL: the kernel */
    void *io_context;
    int event_buffer_bytes; /* of the kernel's events; 0: the usual size */
};

/* `source` is what `make` gave. Only `make` and `free` must be there. */
struct source {
    /* NULL if memory is out. Nothing is opened or asked before `configure`. */
    void *(*make)(const struct source_setup *setup);
    /* Tells nothing any more. NULL is allowed. */
    void (*free)(void *source);
    /* Starts or changes collecting, as struct radio_operations has it. */
    void (*configure)(void *source, const struct settings_radios *settings);
    /* A part of a sentence; empty if there is nothing to say. */
    void (*describe)(void *source, char *text, size_t size);
    bool (*base_mac)(void *source, struct mac *mac);
    const struct inventory_operations *inventory;
    /* The inventory may have other answers. */
    void (*interfaces_changed)(void *source);
    /* A client joined or left, and was told: any source's. */
    void (*client_changed)(void *source, const struct radio_event *event);
};

/* All sources, in the order in which they are made and configured; the last row is empty. */
extern const struct source platform_sources[];

#endif
