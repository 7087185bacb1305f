/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share: the tables and who changes them.
 *
 *   nl80211.c   life, family, events, dumps of wiphys and interfaces; decides when to settle
 *   radios.c    the tables; which radio is which AP and slot; tells APs
 *   poll.c      rounds of station dumps, surveys, their timers
 *   clients.c   stations become clients and samples; departures
 *   places.c    what other sources may ask
 */
#ifndef PLATFORM_NL80211_INTERNAL_H
#define PLATFORM_NL80211_INTERNAL_H

#include "platform/nl80211/family.h"
#include "platform/nl80211/message.h"
#include "platform/nl80211/nl80211.h"
#include "platform/nl80211/stations.h"

enum {
    RADIOS_MAX = 16,
    INTERFACES_MAX = 64,
    DUMP_ATTEMPTS = 3,        /* of a dump that was interrupted, in one round */
    SURVEY_PERIOD_MS = 10000, /* also that of reading the interfaces again */
    POLL_LEAD_MS = 100,       /* how long before the multiple of its interval a radio is polled */
    SOON_MS = 200,            /* from a new station to the round that tells of its association */
    SOON_ATTEMPTS = 3,
    OVERRUN_MS = 100, /* lets a burst of events end before everything is dumped again */
    RETRY_MS = 5000,  /* after a dump of wiphys or interfaces that failed */
};

#define NO_SLOT 255

struct interface {
    bool used;
    struct nl80211_interface is; /* as the kernel told it last */
    bool running;                /* as rtnetlink told it last */
    bool seen;                   /* in the dump of interfaces that is under way */
    bool polled;                 /* its stations are clients of a radio that is told */

    bool awaiting;  /* a station dump is asked for */
    bool disturbed; /* a station left meanwhile: the dump may lack another */
    bool has_generation;
    uint32_t generation; /* of the station table, in the dump under way */
    uint8_t attempts;
    uint32_t complete_round; /* the last round whose dump was complete */
    int trouble;             /* the errno of the last dump that failed; 0: it works */
};

/* The settings that apply to one radio, as far as it matters. */
struct radio_choice {
    char ifname[SETTINGS_IFNAME_SIZE]; /* the interface they were found by; empty: defaults */
    bool disabled;
    bool has_ap_mac;
    struct mac ap_mac;
    uint8_t own_slot;
    char name[SETTINGS_NAME_SIZE];
    uint8_t poll_seconds;
};

struct radio {
    bool used;
    bool seen;               /* in the dump of wiphys that is under way */
    struct nl80211_wiphy is; /* the pieces, put together */
    uint8_t slot;            /* of the base MAC's AP; NO_SLOT until the dump is complete */
    struct radio_choice choice;
    const struct settings_radio *entry; /* while the settings are matched */
    bool conflict_said;                 /* that a second interface's settings are not used */
    bool found_said;                    /* the log said that it was found */
    bool was_told;                      /* its slot is fixed */
    bool was_ap;                        /* has had an AP interface since it appeared */
    bool told;
    uint16_t handle;
    struct radio_ap ap; /* as told last */

    int8_t noise; /* of the channel in use */
    uint8_t utilisation;
    uint64_t active; /* as the last survey told them */
    uint64_t busy;
    bool no_survey; /* the driver has none */

    struct stations stations;
    bool overfull; /* said once that there are more stations than we track */
    uint32_t round;
    uint16_t pending; /* station dumps of this round that are not done */
    bool again;       /* another round as soon as this one is done */
    int64_t next_poll;
    uint8_t soon; /* early rounds that are left */
    bool waiting; /* for a station's association, or its first reading */
};

struct nl80211_counters {
    uint64_t dumps;             /* station dumps completed */
    uint64_t dumps_interrupted; /* restarted because the table changed meanwhile */
    uint64_t dumps_abandoned;   /* given up after the bounded number of restarts */
    uint64_t overruns;          /* events lost: everything was dumped again */
    uint64_t timeouts;          /* requests that got no answer in time */
    uint64_t errors;            /* requests refused by the kernel */
    uint64_t invalid_samples;   /* no measurement (0 dBm and above, no signal) */
    uint64_t malformed;         /* messages that could not be parsed */
    uint64_t untracked;         /* stations seen beyond what a radio may remember */
};

struct nl80211 {
    struct source_setup setup;
    const struct settings_radios *settings;
    struct nl80211_counters counters;
    struct source_counters counted;

    struct netlink *requests;
    struct netlink *heard;  /* nl80211's and the controller's events */
    struct netlink *routes; /* links, and the events about them */
    struct family family;
    bool available;
    bool missing_said;

    bool want_wiphys; /* to be dumped again, as soon as the dump under way is done */
    bool want_interfaces;
    bool dumping;
    uint8_t attempts;

    bool has_own_mac; /* a base MAC was found */
    bool links_known; /* all links were looked at: it is kept now */
    bool own_mac_wired;
    struct mac own_mac;

    bool working; /* as was told last */
    bool overrun_said;

    struct loop_timer poll_timer;
    struct loop_timer soon_timer;
    struct loop_timer resync_timer;
    struct loop_deferred settle;
    int64_t next_survey;

    struct siphash_key key;
    struct interface interfaces[INTERFACES_MAX];
    struct radio radios[RADIOS_MAX];
    bool radios_full_said;
    bool interfaces_full_said;
};

/* Settles at the end of this turn: everything that follows from changed tables. */
void settle_later(struct nl80211 *n);
/* Dumps the interfaces (and the wiphys) again. */
void look_again(struct nl80211 *n, bool wiphys);

/* --- radios.c --- */

struct radio *radio_find(struct nl80211 *n, uint32_t wiphy);
struct radio *radio_of(struct nl80211 *n, const struct interface *interface);
struct interface *interface_find(struct nl80211 *n, uint32_t ifindex);
bool interface_is_ap(const struct interface *interface);
/* Where the radio operates: its first AP interface with a channel, or NULL. */
struct interface *radio_operating(struct nl80211 *n, const struct radio *radio);

void radios_dump_begins(struct nl80211 *n);
void radio_put(struct nl80211 *n, const struct nl80211_wiphy *piece);
void radios_dump_complete(struct nl80211 *n);
void interfaces_dump_begins(struct nl80211 *n);
void interface_put(struct nl80211 *n, const struct nl80211_interface *is);
void interfaces_dump_complete(struct nl80211 *n);
void radios_forget(struct nl80211 *n);

/* Finds the settings of each radio. */
void radios_match(struct nl80211 *n);
/* Tells which APs went, came and changed. */
void radios_tell(struct nl80211 *n);
/* One MAC that could be the base MAC; `wired`: of an interface that is no radio's. */
void base_mac_offer(struct nl80211 *n, const struct mac *mac, bool wired);

/* --- poll.c --- */

int poll_init(struct nl80211 *n);
void poll_fini(struct nl80211 *n);
/* A round now, or right after the one that is under way. */
void poll_now(struct nl80211 *n, struct radio *radio);
/* Early rounds, for a station that is new. */
void poll_soon(struct nl80211 *n, struct radio *radio, uint8_t rounds);
/* Starts or stops the timer, as there is something to poll. */
void poll_schedule(struct nl80211 *n);
/* The interface goes: a dump that it awaits will not be counted. */
void poll_forget(struct nl80211 *n, struct interface *interface);

/* --- clients.c --- */

void client_seen(struct nl80211 *n, struct interface *interface,
                 const struct nl80211_station *station);
void client_lost(struct nl80211 *n, struct interface *interface, const struct mac *mac);
/* Those that the round's complete dumps did not list have left. */
void clients_end_round(struct nl80211 *n, struct radio *radio);
void clients_drop_interface(struct nl80211 *n, const struct interface *interface);
/* After the AP got another identity: all its clients again. */
void clients_tell_again(struct nl80211 *n, struct radio *radio);

#endif
