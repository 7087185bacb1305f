/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A confirmed commit that waits for its confirmation (RFC 6241, 8.4), at most one:
 * - what is rolled back to is what was running before the first commit of a chain;
 * - it ends once: kept, or rolled back at its time, by a cancel, or with its session unless it is
 *   persistent; and its end is told;
 * - what cannot be rolled back for want of memory waits on and is tried again.
 */
#ifndef CONFIG_DATASTORE_CONFIRM_H
#define CONFIG_DATASTORE_CONFIRM_H

#include "config/datastore/running.h"

enum { CONFIRM_PERSIST_SIZE = 256, CONFIRM_WHO_SIZE = 96 };

struct confirm {
    struct running *running;
    struct snapshot *before; /* what is rolled back to; NULL: none waits */
    uint32_t session;
    bool persistent;
    char who[CONFIRM_WHO_SIZE]; /* began it, in words: it may outlive the session */
    char persist[CONFIRM_PERSIST_SIZE];
    struct loop_timer timer;
};

/* False if memory is out. */
bool confirm_init(struct confirm *confirm, struct running *running);
void confirm_fini(struct confirm *confirm);

bool confirm_waits(const struct confirm *confirm);
bool confirm_waits_for_other(const struct confirm *confirm, uint32_t session);
/* May this session go on with what waits, or is there nothing? False with an error. */
bool confirm_permits(const struct confirm *confirm, const struct store_access *access,
                     const char *persist_id, struct rpc_errors *errors);
/* A confirmed commit was done; `before` was running then. */
void confirm_begin(struct confirm *confirm, const struct store_access *access,
                   const struct store_commit *commit, struct snapshot *before);
/* What waits is `kept`, or rolled back: false if memory is out. */
bool confirm_end(struct confirm *confirm, bool kept);
/* Something else is running now: it is over, and not rolled back to. */
void confirm_superseded(struct confirm *confirm);
void confirm_session_ended(struct confirm *confirm, uint32_t session);

#endif
