/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounds of station dumps, one interface after the other, and surveys; their times. All radios of
 * one interval share a wake-up.
 */
#ifndef PLATFORM_NL80211_POLL_H
#define PLATFORM_NL80211_POLL_H

#include "platform/nl80211/clients.h"
#include "platform/nl80211/family.h"

enum {
    POLL_LEAD_MS = 100, /* how long before the multiple of its interval a radio is polled */
    POLL_SOON_ATTEMPTS = 3,
    POLL_DUMP_ATTEMPTS = 3, /* of a dump that was interrupted, in one round */
};

struct poll {
    struct family *family;
    struct radios *radios;
    struct own_aps *aps;
    struct clients *clients;
    struct loop *loop;
    struct nl80211_counters *counters;
    void (*look_again)(void *context); /* interfaces may have changed without an event */
    void (*changed)(void *context);    /* noise or load of a radio */
    void *context;

    struct loop_timer poll_timer;
    struct loop_timer soon_timer;
    int64_t next_survey;
    struct poll_radio {
        uint16_t pending; /* station dumps of this round that are not done */
        bool again;       /* another round as soon as this one is done */
        uint8_t seconds;  /* the interval */
        int64_t next;     /* 0: not planned */
        uint8_t soon;     /* early rounds that are left */
        bool no_survey;   /* the driver has none */
    } by_radio[RADIOS_MAX];
    struct poll_interface {
        bool awaiting;  /* a station dump is asked for */
        bool disturbed; /* a station left meanwhile: the dump may lack another */
        bool has_generation;
        uint32_t generation; /* of the station table, in the dump under way */
        uint8_t attempts;
        int trouble; /* the errno of the last dump that failed; 0: it works */
    } by_interface[INTERFACES_MAX];
};

/* All members up to `context` are set. 0 or -errno. */
int poll_init(struct poll *poll);
void poll_fini(struct poll *poll);

/* A round now, or right after the one that is under way. */
void poll_now(struct poll *poll, const struct radio *radio);
/* Early rounds, for a station that is new. */
void poll_soon(struct poll *poll, const struct radio *radio, uint8_t rounds);
/* Starts or stops the timer, as there is something to poll. */
void poll_schedule(struct poll *poll);

/* A station left: a dump of this interface that is under way may lack another one. */
void poll_disturbed(struct poll *poll, const struct interface *interface);
/* It goes: a dump that it awaits will not be counted. */
void poll_interface_gone(struct poll *poll, const struct interface *interface);
void poll_radio_gone(struct poll *poll, const struct radio *radio);

#endif
