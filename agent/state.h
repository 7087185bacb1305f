/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything the agent can tell: the seam between agent/ and config/ (and the SIGUSR1 report).
 *
 * Snapshots are plain structs, read one by one through a cursor, so that no caller ever holds a
 * pointer into the agent.
 */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "agent/auth/authlist.h"
#include "agent/base/mac.h"
#include "agent/collector/collector.h"
#include "agent/diagnosis.h"
#include "agent/engine/device-info.h"
#include "agent/engine/engine.h"
#include "agent/peer/inbound.h"
#include "agent/peer/listener.h"
#include "agent/peer/registry.h"
#include "agent/peer/statistics.h"
#include "agent/peer/status.h"
#include "agent/radio.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct agent;

/* "rssi-ms" and so on, of a bit of the mask of services; "Echo Request" and so on, of a message id.
 * NULL: there is none. */
const char *state_service_name(unsigned bit);
const char *state_message_name(uint16_t id);
/* "handshake_failure" and so on, of a TLS alert. */
const char *state_alert_name(int alert);

struct state_peer_cursor {
    size_t next;
};

/* False after the last one. A cursor of all zero starts. */
bool state_next_peer(const struct agent *agent, struct state_peer_cursor *cursor,
                     struct peer_status *out);

/*
 * All that keeps a session from being there, in a row: one for each configured server that has
 * none, for each inbound peer that was refused lately, and for what is wrong in the configuration
 * whether or not somebody came to notice. False after the last one; a cursor of all zero starts.
 */
struct state_diagnosis_cursor {
    unsigned part;
    size_t next;
};

bool state_next_diagnosis(const struct agent *agent, struct state_diagnosis_cursor *cursor,
                          struct diagnosis *out);

/* Over all peers. */
void state_statistics(const struct agent *agent, struct statistics *out);
/* `clear nmsp statistics`: these, and the counters of all peers. */
void state_clear_statistics(struct agent *agent);

struct state_summary {
    char software[64];
    struct mac base_mac;
    bool enabled;
    bool identity_ready;
    struct certificate_info identity; /* own certificate: subject, hashes */
    int64_t not_before;               /* ms since 1970, as the next one */
    int64_t not_after;
    char certificate_path[256];
    uint64_t offered; /* services */
    uint32_t devices;
    uint32_t samples;
    uint32_t aps;
    struct engine_counters engine;
    struct device_info_counters info;
    uint16_t listen_port;       /* 0: not listening */
    char listener_trouble[128]; /* why it does not listen though it should */
    struct listener_counters listener;
    struct inbound_counters inbound;
    uint64_t wakeups;
    uint64_t tls_memory; /* bytes that the TLS library holds */
    int64_t uptime;      /* ms */
    char radios[512];    /* radio_operations.describe */
};

void state_summary(const struct agent *agent, struct state_summary *out);
/* radio_operations.counter */
uint64_t state_radio_counter(const struct agent *agent, const char *container, const char *leaf);

/* --- what happens ---------------------------------------------------------------------------- */

/* As registry_observe(). */
void state_observe(struct agent *agent, struct registry_observer *observer);
void state_unobserve(struct agent *agent, struct registry_observer *observer);

/* --- devices and APs ------------------------------------------------------------------------- */

enum {
    /* So many places of the table are looked at for one answer: however few devices fit, a call
     * takes its bounded time. */
    STATE_LOOK_MAX = 16384,
};

/* One AP radio. False after the last one; a cursor of all zero starts. */
struct state_ap_cursor {
    uint32_t next;
};

struct state_ap {
    struct radio_ap ap;
    int64_t up;            /* ms since it went up; 0 if it is not */
    bool has_access_point; /* it is a radio of this access point, not of this machine */
    struct mac access_point;
};

bool state_next_ap(const struct agent *agent, struct state_ap_cursor *cursor, struct state_ap *out);
/* The same for the slots of one AP. */
bool state_next_slot(const struct agent *agent, const struct mac *mac,
                     struct state_ap_cursor *cursor, struct state_ap *out);

/* --- access points --------------------------------------------------------------------------- */

enum { STATE_ACCESS_POINTS_MAX = 50 /* of a page */ };

/* The next configured ones, at most so many and STATE_ACCESS_POINTS_MAX, their devices counted: one
 * pass over the table. Gives how many; 0: there are no more. A cursor of all zero starts. */
struct state_access_point_cursor {
    size_t next;
};

size_t state_next_access_points(const struct agent *agent, struct state_access_point_cursor *cursor,
                                struct collector_status *out, size_t most);
bool state_find_access_point(const struct agent *agent, const struct mac *identity,
                             struct collector_status *out);
/* How long (ms) it has been as it is. */
int64_t state_access_point_age(const struct agent *agent, const struct collector_status *of);
/* Its session; false: there is none. */
bool state_access_point_peer(const struct agent *agent, const struct mac *identity,
                             struct peer_status *out);
/* One of its AP radios. */
bool state_next_access_point_slot(const struct agent *agent, const struct mac *identity,
                                  struct state_access_point_cursor *cursor, struct state_ap *out);

/* Which devices. All zero: all of them. */
struct state_device_filter {
    uint8_t device_class; /* of radio.h, 0: any */
    bool has_ap;          /* heard by this AP ... */
    struct mac ap;
    bool has_slot; /* ... and at this slot of it */
    uint8_t slot;
};

struct state_device {
    uint32_t slot; /* of the table: for state_next_reading() */
    struct mac mac;
    uint8_t device_class;
    bool is_local; /* a locally administered MAC */
    bool is_associated;
    bool has_associated_ap;
    struct mac associated_ap;
    uint8_t associated_slot;
    int64_t last_seen; /* wall clock, ms */
    bool has_announced;
    int64_t last_announced; /* in a measurement; likewise, to a second */
    uint32_t readings;
    bool has_info;
    struct device_info info;
};

struct state_device_cursor {
    uint32_t next;
};

enum state_found {
    STATE_FOUND,
    STATE_LOOKED, /* STATE_LOOK_MAX places had none: go on with this cursor another time */
    STATE_END
};

/*
 * The next device that passes the filter. The cursor is a plain number that stays good however long
 * the next call is away: devices that come and go meanwhile may be missed or given twice.
 */
enum state_found state_next_device(const struct agent *agent,
                                   const struct state_device_filter *filter,
                                   struct state_device_cursor *cursor, struct state_device *out);
/* The device with this MAC; false if there is none. */
bool state_find_device(const struct agent *agent, const struct mac *mac, struct state_device *out);

struct state_reading {
    struct mac ap;
    uint8_t slot;
    uint8_t antenna; /* RADIO_ANTENNA_COMBINED or one of them */
    uint8_t source;
    int8_t rssi;
    int8_t snr;  /* or RADIO_DB_UNKNOWN */
    int64_t age; /* ms */
};

/* Readings of the device given last, those that pass the filter's AP; within one turn of the loop
 * only. A cursor of all zero starts. */
struct state_reading_cursor {
    bool begun;
    uint32_t place;
};

bool state_next_reading(const struct agent *agent, const struct state_device *device,
                        const struct state_device_filter *filter,
                        struct state_reading_cursor *cursor, struct state_reading *out);

/* How many there are of each kind; one pass over the table. */
struct state_device_counts {
    uint32_t by_class[RADIO_CLASS_ROGUE_CLIENT + 1];
    uint32_t associated;
};

void state_count_devices(const struct agent *agent, struct state_device_counts *out);

/* --- what can be asked for ------------------------------------------------------------------- */

/*
 * Ends sessions in order; configured servers are dialled again at once, those that are waited for
 * now. `host` is a server's as configured, or the IP address of a peer; NULL: all. Gives how many
 * peers that concerns.
 */
size_t state_reconnect(struct agent *agent, const char *host);

/*
 * Makes a new key of this kind (RSA-2048 or P-256; CERTIFICATE_KEY_OTHER: of the kind that there
 * is) and a certificate in place of the agent's own, in a child. New connections show it, sessions
 * go on with the old one. Every location server must then be told the new key hash, which is
 * logged. NULL: it has begun; else a sentence why it cannot be now.
 */
const char *state_renew_identity(struct agent *agent, enum certificate_key_type kind);

#endif
