/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told of a configured server or of a connection that came in: a copy, as of now.
 */
#ifndef AGENT_PEER_STATUS_H
#define AGENT_PEER_STATUS_H

#include "agent/base/mac.h"
#include "agent/diagnosis.h"
#include "agent/peer/address.h"
#include "agent/session/session.h"
#include "agent/session/subscription.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum { PEER_REASON_SIZE = 256 };

enum peer_phase {
    PEER_IDLE,       /* not enabled, or no identity yet */
    PEER_RESOLVING,  /* the name is being looked up */
    PEER_CONNECTING, /* TCP */
    PEER_HANDSHAKE,  /* TLS, authorisation included */
    PEER_WAITING,    /* authorised, no Capability yet */
    PEER_ACTIVE,
    PEER_HELD, /* not dialled: its MAC has a session already */
    PEER_BACKOFF
};

/* As the YANG leaf has them; NULL after the last one. */
extern const char *const peer_phase_names[];

/* One configured server, or one accepted connection. */
struct peer_status {
    bool inbound;
    char host[SETTINGS_HOST_SIZE];   /* as configured; empty for inbound */
    uint16_t port;                   /* as configured; 0 for inbound */
    char address[ADDRESS_TEXT_SIZE]; /* the remote address and port in text; empty if never
                                         connected */
    enum peer_phase phase;
    bool has_connection;
    uint64_t connection; /* its number, in the trace as well */
    bool has_mac;
    struct mac mac; /* authorised */
    char tls_version[16];
    char tls_cipher[48];
    bool legacy_cipher;   /* this connection may use what only old servers need */
    uint64_t connections; /* sessions that began */
    uint64_t disconnections;
    uint64_t attempts;                  /* TCP connections tried */
    char last_reason[PEER_REASON_SIZE]; /* why it is not active: the last failure; empty if none */
    int64_t next_attempt;               /* ms from now, -1: none planned */
    struct diagnosis diagnosis;         /* the same as a code and its facts */
    bool has_session;
    int64_t session_age; /* ms */
    uint64_t granted;    /* services */
    struct subscription_facts subscription;
    struct session_counters counters; /* of the session that is up, else of the last one */
};

#endif
