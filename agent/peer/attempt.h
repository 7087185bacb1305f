/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One try for a session, dialled or accepted: a connection in the registry, from its descriptor to
 * its end, and what the log, the state and a diagnosis say of it in the same words.
 *
 * Invariants:
 * - `began` comes before `active`, and `ended` once, whatever happened before it;
 * - in `ended` the connection is gone and the attempt can be opened again: what is to be known of
 *   it stands in the end;
 * - it holds its MAC (registry_entry.has_session) from before `began` until `ended`.
 */
#ifndef AGENT_PEER_ATTEMPT_H
#define AGENT_PEER_ATTEMPT_H

#include "agent/peer/registry.h"

#include <stdbool.h>
#include <stdint.h>

enum { ATTEMPT_NAME_SIZE = SETTINGS_HOST_SIZE + ADDRESS_TEXT_SIZE };

/* How it ended. */
struct attempt_end {
    enum connection_end why;
    char reason[PEER_REASON_SIZE];
    struct diagnosis diagnosis; /* its owner adds whom it is about */
    struct peer_status status;  /* as it was at last */
    bool had_session;
    bool was_let_in;  /* by the auth list, as the MAC in the status */
    bool was_refused; /* by it: the diagnosis has what was presented */
    int64_t active;   /* ms, -1: it never was */
};

/* Members but `ended` may be NULL. */
struct attempt_owner {
    /* It is authorised by this MAC; the registry is asked next. NULL, or a code and sentence why it
     * may not come in. */
    const char *(*authorised)(void *context, const struct mac *identity, enum diagnosis_code *code);
    void (*began)(void *context);
    void (*active)(void *context);
    void (*ended)(void *context, struct attempt_end *end);
};

struct attempt {
    struct registry *registry;
    const struct attempt_owner *owner;
    void *context;
    struct registry_entry entry;  /* its connection is NULL: nothing is open */
    const struct mac *expected;   /* the only MAC that is let in, or NULL */
    char name[ATTEMPT_NAME_SIZE]; /* of the peer, in the log */
    char address[ADDRESS_TEXT_SIZE];
    int64_t active_since;             /* -1: not active */
    enum diagnosis_code not_admitted; /* the code of a refusal by owner or registry */
    bool crosses;                     /* its MAC has our session to the same host */
};

void attempt_init(struct attempt *attempt, struct registry *registry, bool inbound,
                  const struct attempt_owner *owner, void *context);
/* The descriptor, connected or about to be, is taken over. False: memory is out. */
bool attempt_open(struct attempt *attempt, int fd, struct tls_context *tls, bool legacy_cipher);
/* Ends it at once and calls `ended` before it returns, as if crowded out by others. */
void attempt_crowd_out(struct attempt *attempt, const char *reason);
/* Without a word to anybody, if it is open. */
void attempt_free(struct attempt *attempt);

/* NULL: there is none yet. */
struct session *attempt_session(const struct attempt *attempt);
/* Fills the address, and if it is open phase, MAC, TLS, services and counters; of one that came in
 * all there is. */
void attempt_status(const struct attempt *attempt, struct peer_status *out);

/* "session up with ..." and "session down after ...". */
void attempt_log_up(const struct attempt *attempt);
void attempt_log_down(const struct attempt *attempt, const struct attempt_end *end);
/* One line with what a peer's certificate says, as an auth list needs it. */
void attempt_log_presented(const char *name, const struct certificate_info *peer);

#endif
