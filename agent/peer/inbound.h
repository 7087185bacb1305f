/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that came in through the listener: each waits at a place of the listener until it
 * is authorised, and at most INBOUND_SESSIONS_MAX of them become sessions of location servers.
 * Those of access points have places of their own.
 */
#ifndef AGENT_PEER_INBOUND_H
#define AGENT_PEER_INBOUND_H

#include "agent/base/counter.h"
#include "agent/peer/listener.h"
#include "agent/peer/registry.h"
#include "agent/peer/status.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INBOUND_SESSIONS_MAX = 16 };

struct inbounds;

/* clang-format off */
#define INBOUND_COUNTERS(X)                                                              \
    X(handshakes_failed, "handshakes-failed")                                            \
    X(refused, "not-let-in")                  /* by the auth list, or as one too many */
/* clang-format on */

struct inbound_counters {
    INBOUND_COUNTERS(COUNTER_MEMBER)
};

extern const struct counter inbound_counter_table[];

/* With places for so many access points besides. NULL if memory is out. Does not listen before it
 * is configured. */
struct inbounds *inbounds_new(struct registry *registry, uint16_t access_points);
void inbounds_free(struct inbounds *inbounds);

/* Sessions go on, unless listening is switched off, or they were made with legacy-cipher, which is
 * gone now: those are ended in order. */
void inbounds_configure(struct inbounds *inbounds, const struct settings_listen *settings);
/* Closes the listener and ends all connections in order. */
void inbounds_stop(struct inbounds *inbounds, const char *reason);

/* All but access points, in no order; a cursor of 0 starts. False after the last one. */
bool inbounds_next(const struct inbounds *inbounds, size_t *cursor, struct peer_status *out);

/* The session of this access point; false: there is none. */
bool inbounds_find_access_point(const struct inbounds *inbounds, const struct mac *identity,
                                struct peer_status *out);

/* Those that were refused lately, as refusals_next(). */
bool inbounds_next_refusal(const struct inbounds *inbounds, size_t *cursor, struct diagnosis *out);
/* All counters from 0 again, those of the listener and of the sessions, too. */
void inbounds_clear_counters(struct inbounds *inbounds);

/* Ends those from this host (NULL: all) in order; how many. */
size_t inbounds_finish(struct inbounds *inbounds, const char *host, const char *reason);

const struct listener *inbounds_listener(const struct inbounds *inbounds);
const struct inbound_counters *inbounds_counters(const struct inbounds *inbounds);

#endif
