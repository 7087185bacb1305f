/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One configured server: looked up, dialled, and dialled again when its session ends.
 *
 * Invariants:
 * - one that was started is exactly one of: looked up, in an attempt, waiting for its next round
 *   (peer/backoff), or held;
 * - a round tries the addresses of the host in turn, and a name is looked up again for each round;
 * - after a round that failed, and after a session, the next one waits; PEER_SETTLED_MS of an
 *   active session make the waiting short again;
 * - one whose MAC (configured, or the one it was authorised by last) has a session already is held,
 *   not dialled, until peer_release() finds that MAC free;
 * - a round failed by the attempt of it that came farthest;
 * - what keeps it from its session is logged when the diagnosis changes, not when it repeats.
 */
#ifndef AGENT_PEER_PEER_H
#define AGENT_PEER_PEER_H

#include "agent/peer/registry.h"
#include "agent/peer/status.h"
#include "agent/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum { PEER_SETTLED_MS = 60000 };

struct peer;

/* Idle until peer_start(). The seed is for the jitter, 0: a random one. NULL if memory is out. */
struct peer *peer_new(struct registry *registry, const struct settings_server *server,
                      uint64_t seed);
void peer_free(struct peer *peer);

const struct settings_server *peer_server(const struct peer *peer);
/* The same host and port, anything else may differ; a session that is not allowed now is ended. One
 * that was made with legacy-cipher, which is gone now, is ended in order and made anew at once. */
void peer_configure(struct peer *peer, const struct settings_server *server);

/* Dials at once. Does nothing if it was started already. */
void peer_start(struct peer *peer);
/* No dialling any more; what there is, is ended in order. */
void peer_stop(struct peer *peer, const char *reason);

/* What there is, is ended in order, and it is dialled at once; a server that waits is dialled now.
 * False: it is not to be dialled. */
bool peer_reconnect(struct peer *peer, const char *reason);

/* The settings have changed: a session whose entry is gone ends, and a server that was refused, or
 * had no cipher in common with us, is tried again at once. */
void peer_recheck(struct peer *peer);
/* It was refused in this round because our clock is not set, and waits for its next one. */
bool peer_waits_for_clock(const struct peer *peer);
/* The clock is set: if it waits for that, it is dialled at once. */
void peer_clock_set(struct peer *peer);
/* A MAC may have become free: a held server is looked at again. */
void peer_release(struct peer *peer);

/* All counters from 0 again. */
void peer_clear_counters(struct peer *peer);

/* It has no connection: it can be freed without taking its word from anybody. */
bool peer_is_over(const struct peer *peer);
void peer_state(const struct peer *peer, struct peer_status *out);

#endif
