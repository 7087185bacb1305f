/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All connections of the agent, dialled and accepted, in one list: who has a session by which MAC,
 * who may come in, and whom all that is told. Below those that dial and accept; above it is the
 * agent, which knows settings, identity and clock.
 *
 * Invariants:
 * - an entry is in the list from the time that its connection is made until it is freed;
 * - no two sessions that are not being ended have one MAC: of two the one that we initiated stays,
 *   and one that is being ended makes room for any;
 * - registry_admit() is asked after the peer was authorised, and before its session begins;
 * - `released` comes after the entry has gone, so that who waited for its MAC can have it.
 */
#ifndef AGENT_PEER_REGISTRY_H
#define AGENT_PEER_REGISTRY_H

#include "agent/auth/authlist.h"
#include "agent/diagnosis.h"
#include "agent/peer/address.h"
#include "agent/peer/connection.h"
#include "agent/peer/lingering.h"
#include "agent/peer/statistics.h"
#include "agent/peer/status.h"
#include "agent/session/session.h"
#include "agent/tls/tls.h"

#include <stdbool.h>

struct registry;

/* What the agent knows. Everything outlives the registry. */
struct registry_options {
    const struct session_context *shared; /* the loop is in it */
    /* For new connections; NULL with a log message if it cannot be had. */
    struct tls_context *(*tls)(void *context, enum tls_role role, bool legacy_cipher);
    /* As authlist_check(), with the list and the time of now. */
    bool (*authorise)(void *context, const struct certificate_info *peer,
                      const struct mac *expected, struct authlist_decision *decision);
    /* Adds what only the agent knows: the clock, our identity and, unless the decision is NULL, the
     * auth list's side of a refusal. May be NULL, as the next one. */
    void (*explain)(void *context, const struct certificate_info *presented,
                    const struct authlist_decision *decision, const struct mac *expected,
                    struct diagnosis *out);
    /* This is news; `who` is the peer's name in the log. */
    void (*diagnosed)(void *context, const char *who, const struct diagnosis *diagnosis);
    /* A connection was freed, or the last descriptor closed: a MAC may be free, a stop complete. */
    void (*released)(void *context);
    void *context;
};

/* NULL if memory is out. */
struct registry *registry_new(const struct registry_options *options);
/* All entries have gone. NULL is allowed. */
void registry_free(struct registry *registry);

const struct registry_options *registry_options(const struct registry *registry);
struct lingering *registry_lingering(struct registry *registry);
struct statistics *registry_statistics(struct registry *registry);

/* --- connections ----------------------------------------------------------------------------- */

/* Embedded in whoever owns the connection. */
struct registry_entry {
    struct registry_entry *next;
    struct connection *connection;
    bool inbound;
    const char *address; /* of the far end, with its port */
    bool has_session;    /* by this MAC */
    struct mac identity;
};

void registry_add(struct registry *registry, struct registry_entry *entry);
void registry_remove(struct registry *registry, struct registry_entry *entry);
/* Nothing is left: no connection, and no descriptor that lingers. */
bool registry_is_empty(const struct registry *registry);
/* From now on nobody is admitted. */
void registry_stop(struct registry *registry);

/* One session per MAC: NULL lets this connection have it, else a sentence why not. Whoever makes
 * room for it is ended. */
const char *registry_admit(struct registry *registry, const struct mac *identity, bool inbound);
bool registry_has_session(const struct registry *registry, const struct mac *identity);
/* Of a MAC that has a session: it is ours to the host of this address (with its port), which then
 * dials us as we dial it, and all is well. */
bool registry_crosses(const struct registry *registry, const struct mac *identity,
                      const char *address);
/* Whoever would not be let in now loses its session at once. */
void registry_recheck(struct registry *registry);
void registry_offer_changed(struct registry *registry);

/* The addresses at which a configured server was found at last; embedded in whoever dials it. */
struct registry_server {
    struct registry_server *next;
    size_t count;
    const struct address_host *hosts;
};

void registry_add_server(struct registry *registry, struct registry_server *server);
void registry_remove_server(struct registry *registry, struct registry_server *server);
/* Whether a configured server stands at this address. */
bool registry_dials(const struct registry *registry, const struct address_host *host);

/* --- what is told ---------------------------------------------------------------------------- */

/* Told in the order of registration; what is called must not change the agent. Members may be NULL.
 */
struct registry_observer {
    struct registry_observer *next;
    void (*session_up)(void *context, const struct peer_status *peer);
    /* The reason is a sentence, `why` the same as a code and its facts; it lasted so many ms. */
    void (*session_down)(void *context, const struct peer_status *peer, const struct diagnosis *why,
                         const char *reason, int64_t lasted);
    /* Once for each cause, not for each try; of peers that come in, a bounded number a minute. */
    void (*peer_refused)(void *context, const struct diagnosis *why);
    void *context;
};

void registry_observe(struct registry *registry, struct registry_observer *observer);
void registry_unobserve(struct registry *registry, struct registry_observer *observer);

void registry_up(const struct registry *registry, const struct peer_status *peer);
void registry_down(const struct registry *registry, const struct peer_status *peer,
                   const struct diagnosis *why, const char *reason, int64_t lasted);
/* News of what keeps a peer away; `who` is its name in the log. */
void registry_diagnosed(const struct registry *registry, const char *who,
                        const struct diagnosis *diagnosis);
/* As the agent's `explain`. */
void registry_explain(const struct registry *registry, const struct certificate_info *presented,
                      const struct authlist_decision *decision, const struct mac *expected,
                      struct diagnosis *out);

#endif
