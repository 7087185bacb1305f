/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The radios and wireless interfaces of this machine as the kernel lists them: the tables, filled
 * by dumps, and what each dump changed. Everything above reads them; only radios.c writes.
 *
 * A radio is numbered (its slot of the base MAC's AP) when a dump of wiphys is complete: in the
 * order of the lowest band, then of the wiphy. The number is open until radios_fix_slot().
 */
#ifndef PLATFORM_NL80211_RADIOS_H
#define PLATFORM_NL80211_RADIOS_H

#include "platform/handles.h"
#include "platform/nl80211/message.h"

enum { RADIOS_MAX = 16, INTERFACES_MAX = 64 };

#define RADIO_NO_SLOT 255

struct interface {
    bool used;
    bool seen;                   /* in the dump of interfaces that is under way */
    struct nl80211_interface is; /* as the kernel told it last */
};

struct radio {
    bool used;
    bool seen; /* in the dump of wiphys that is under way */
    bool found_said;
    bool slot_fixed;
    uint8_t slot;            /* RADIO_NO_SLOT until a dump is complete */
    uint16_t handle;         /* of its AP */
    struct nl80211_wiphy is; /* the pieces, put together */
};

/* What goes up, while a dump is taken in. */
struct radios_events {
    /* Just before it is forgotten; its interfaces may be there still. */
    void (*radio_gone)(void *context, const struct radio *radio);
    void (*interface_gone)(void *context, const struct interface *interface);
    /* It was told again: before that is taken over. */
    void (*interface_told)(void *context, const struct interface *interface,
                           const struct nl80211_interface *now);
    /* A MAC of a radio that could be the base MAC. */
    void (*mac_told)(void *context, const struct mac *mac);
};

struct radios {
    struct handles *handles;
    const struct radios_events *events;
    void *context;
    bool radios_full_said;
    bool interfaces_full_said;
    struct radio radios[RADIOS_MAX];
    struct interface interfaces[INTERFACES_MAX];
};

/* Their places in the tables, for what is kept of them elsewhere. */
static inline size_t radio_index(const struct radios *radios, const struct radio *radio)
{
    return (size_t)(radio - radios->radios);
}

static inline size_t interface_index(const struct radios *radios, const struct interface *interface)
{
    return (size_t)(interface - radios->interfaces);
}

/* The next in use behind this one, or from the start for NULL; NULL at the end. */
struct radio *radios_next(struct radios *radios, const struct radio *radio);
struct interface *radios_next_interface(struct radios *radios, const struct interface *interface);

/* All of them: for (EACH_RADIO(radio, radios)) ... */
#define EACH_RADIO(each, radios)                          \
    const struct radio *each = radios_next(radios, NULL); \
    (each) != NULL;                                       \
    (each) = radios_next(radios, each)
#define EACH_INTERFACE(each, radios)                                    \
    const struct interface *each = radios_next_interface(radios, NULL); \
    (each) != NULL;                                                     \
    (each) = radios_next_interface(radios, each)

/* NULL if there is none. */
struct radio *radios_of(struct radios *radios, const struct interface *interface);
struct interface *radios_interface(struct radios *radios, uint32_t ifindex);
struct interface *radios_named(struct radios *radios, const char *name);
/* Where the radio operates: its first AP interface with a channel. */
struct interface *radios_operating(struct radios *radios, const struct radio *radio);
/* Of an AP, or of a VLAN of one. */
bool interface_is_ap(const struct interface *interface);

void radios_begin(struct radios *radios);
void radios_put(struct radios *radios, const struct nl80211_wiphy *piece);
void radios_complete(struct radios *radios);
void radios_begin_interfaces(struct radios *radios);
void radios_put_interface(struct radios *radios, const struct nl80211_interface *is);
void radios_complete_interfaces(struct radios *radios);
/* nl80211 went, and all of them with it. */
void radios_forget(struct radios *radios);

void radios_fix_slot(struct radios *radios, const struct radio *radio);

#endif
