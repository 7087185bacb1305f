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
#include "agent/diagnosis.h"
#include "agent/radio.h"
#include "agent/session/session.h"
#include "agent/settings.h"
#include "agent/statistics.h"

#include <stdbool.h>
#include <stdint.h>

struct agent;

enum { STATE_REASON_SIZE = 256, STATE_ADDRESS_SIZE = 64 };

enum state_phase {
    STATE_IDLE,       /* not enabled, or no identity yet */
    STATE_RESOLVING,  /* the name is being looked up */
    STATE_CONNECTING, /* TCP */
    STATE_HANDSHAKE,  /* TLS, authorisation included */
    STATE_WAITING,    /* authorised, no Capability yet */
    STATE_ACTIVE,
    STATE_HELD, /* not dialled: its MAC has a session already */
    STATE_BACKOFF
};

const char *state_phase_text(enum state_phase phase);

/* One configured server, or one accepted connection. */
struct state_peer {
    bool inbound;
    char host[SETTINGS_HOST_SIZE];    /* as configured; empty for inbound */
    uint16_t port;                    /* as configured; 0 for inbound */
    char address[STATE_ADDRESS_SIZE]; /* the remote address and port in text; empty if never
                                         connected */
    enum state_phase phase;
    bool has_connection;
    uint64_t connection; /* its number, in the trace as well */
    bool has_mac;
    struct mac mac; /* authorised */
    char tls_version[16];
    char tls_cipher[48];
    bool legacy_cipher;   /* this connection may use what only old servers need */
    uint64_t connections; /* sessions that began */
    uint64_t disconnections;
    uint64_t attempts;                   /* TCP connections tried */
    char last_reason[STATE_REASON_SIZE]; /* why it is not active: the last failure; empty if none */
    int64_t next_attempt;                /* ms from now, -1: none planned */
    struct diagnosis diagnosis;          /* the same as a code and its facts */
    uint64_t granted;                    /* services */
    struct session_counters counters;    /* of the session that is up, else of the last one */
};

struct state_peer_cursor {
    size_t next;
};

/* False after the last one. A cursor of all zero starts. */
bool state_next_peer(const struct agent *agent, struct state_peer_cursor *cursor,
                     struct state_peer *out);

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
    struct mac base_mac;
    bool enabled;
    bool identity_ready;
    struct authlist_peer identity; /* own certificate: subject, hashes */
    char certificate_path[256];
    uint64_t offered; /* services */
    uint32_t devices;
    uint32_t samples;
    uint32_t aps;
    uint64_t devices_evicted;
    uint64_t samples_refused;
    uint16_t listen_port;       /* 0: not listening */
    char listener_trouble[128]; /* why it does not listen though it should */
    uint64_t accepts;           /* connections on the listener */
    uint64_t accepts_refused;   /* caps and per-address limit */
    uint64_t handshakes_failed;
    uint64_t peers_refused; /* by the auth list */
    uint64_t wakeups;
    uint64_t tls_memory; /* bytes that the TLS library holds */
    int64_t uptime;      /* ms */
    char radios[512];    /* radio_operations.describe */
    struct radio_counters radio;
};

void state_summary(const struct agent *agent, struct state_summary *out);

#endif
