/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections that came in through the listener: each waits at a place of the listener until it
 * is authorised, and at most INBOUND_SESSIONS_MAX of them become sessions.
 */
#ifndef AGENT_PEER_INBOUND_H
#define AGENT_PEER_INBOUND_H

#include "agent/base/counter.h"
#include "agent/peer/gate.h"
#include "agent/peer/listener.h"
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

/* NULL if memory is out. Does not listen before it is configured. */
struct inbounds *inbounds_new(const struct gate *gate);
void inbounds_free(struct inbounds *inbounds);

/* Sessions go on, unless listening is switched off, or they were made with legacy-cipher, which is
 * gone now: those are ended in order. */
void inbounds_configure(struct inbounds *inbounds, const struct settings_listen *settings);
/* Closes the listener and ends all connections in order. */
void inbounds_stop(struct inbounds *inbounds, const char *reason);

/* In no order; a cursor of 0 starts. NULL after the last one. What it gives stays as long as the
 * caller does not return to the loop. */
struct connection *inbounds_next(const struct inbounds *inbounds, size_t *cursor);
void inbounds_state(const struct inbounds *inbounds, size_t place, struct peer_status *out);

/* Those that were refused lately, as refusals_next(). */
bool inbounds_next_refusal(const struct inbounds *inbounds, size_t *cursor, struct diagnosis *out);
/* This MAC has a session, as refusals_forget_mac(). */
void inbounds_forget_refusals(struct inbounds *inbounds, const struct mac *identity);
/* All counters from 0 again, those of the listener and of the sessions, too. */
void inbounds_clear_counters(struct inbounds *inbounds);

/* Ends those from this host (NULL: all) in order; how many. */
size_t inbounds_finish(struct inbounds *inbounds, const char *host, const char *reason);

size_t inbounds_count(const struct inbounds *inbounds);
const struct listener *inbounds_listener(const struct inbounds *inbounds);
const struct inbound_counters *inbounds_counters(const struct inbounds *inbounds);

#endif
