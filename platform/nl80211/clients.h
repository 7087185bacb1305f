/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stations become clients and samples: who joined, who left, how loud each is heard.
 *
 * Stations are collected from interfaces that clients_collect() named. Those whom a round of dumps
 * lacks have left, if the dump of the interface that listed them last was complete in this round.
 */
#ifndef PLATFORM_NL80211_CLIENTS_H
#define PLATFORM_NL80211_CLIENTS_H

#include "platform/nl80211/counters.h"
#include "platform/nl80211/own-aps.h"
#include "platform/nl80211/stations.h"

struct clients {
    struct radios *radios;
    struct own_aps *aps;
    struct loop *loop;
    const struct settings_radios *settings; /* NULL until they are known */
    struct radio_sink sink;
    struct nl80211_counters *counters;
    void (*changed)(void *context); /* how many clients an AP has */
    void *context;
    struct siphash_key key;
    struct clients_radio {
        struct stations stations;
        bool overfull; /* said once that there are more stations than we track */
        bool waiting;  /* for a station's association, or its first sample */
        uint32_t round;
    } by_radio[RADIOS_MAX];
    struct {
        bool collected;
        bool suppressed;   /* as its clients were told, or will be */
        uint32_t complete; /* the last round whose dump was complete */
    } by_interface[INTERFACES_MAX];
};

/* All members but the tables are set. 0 or -EIO. */
int clients_init(struct clients *clients);
void clients_fini(struct clients *clients);

/* The settings stay valid until the next call. */
void clients_configure(struct clients *clients, const struct settings_radios *settings);
/* From now on, until clients_drop(). */
void clients_collect(struct clients *clients, const struct interface *interface);
bool clients_collected(const struct clients *clients, const struct interface *interface);
/* All its clients left. */
void clients_drop(struct clients *clients, const struct interface *interface);
void clients_radio_gone(struct clients *clients, const struct radio *radio);

void clients_begin_round(struct clients *clients, const struct radio *radio);
/* This dump of the round listed all. */
void clients_listed(struct clients *clients, const struct interface *interface);
void clients_end_round(struct clients *clients, const struct radio *radio);
/* Whether an earlier round than the next one would tell more. */
bool clients_waiting(struct clients *clients, const struct radio *radio);

void clients_seen(struct clients *clients, const struct interface *interface,
                  const struct nl80211_station *station);
void clients_lost(struct clients *clients, const struct interface *interface,
                  const struct mac *mac);
/* After the AP got another identity: all its clients again. */
void clients_tell_again(struct clients *clients, const struct radio *radio);
/* The AP is none any more, which was told. */
void clients_forget(struct clients *clients, const struct radio *radio);
/* Its clients are told anew when they are listed next. */
void clients_changed(struct clients *clients, const struct interface *interface);

bool clients_have(const struct clients *clients, const struct mac *station);

#endif
