/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a session has to ask whether its peer is still there, and when it has to give up. One timer,
 * which runs until the first of these:
 *
 *  - nothing was heard for SESSION_ECHO_INTERVAL_MS, and it was not asked since: LIVENESS_ASK;
 *  - nothing was heard for SESSION_DEAD_INTERVAL_MS: LIVENESS_SILENT;
 *  - output waits, and no byte of it was taken for SESSION_DEAD_INTERVAL_MS: LIVENESS_STALLED;
 *  - no Capability came within SESSION_CAPABILITY_MS: LIVENESS_NO_CAPABILITY;
 *  - what it is waited for (liveness_waits) did not happen: LIVENESS_IDLE;
 *  - the last output was not taken within SESSION_FLUSH_MS: LIVENESS_UNFLUSHED. While it is being
 *    flushed nothing else counts.
 */
#ifndef AGENT_SESSION_LIVENESS_H
#define AGENT_SESSION_LIVENESS_H

#include "agent/base/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SESSION_ECHO_INTERVAL_MS = 15000,
    SESSION_DEAD_INTERVAL_MS = 30000,
    SESSION_CAPABILITY_MS = 10000,
    SESSION_FLUSH_MS = 2000,
};

/* Of several that are due, the first of these is told. */
enum liveness_event {
    LIVENESS_SILENT,
    LIVENESS_STALLED,
    LIVENESS_NO_CAPABILITY,
    LIVENESS_IDLE,
    LIVENESS_ASK,
    LIVENESS_UNFLUSHED
};

#define LIVENESS_NEVER INT64_MAX

struct liveness {
    struct loop *loop;
    void (*happened)(void *context, enum liveness_event event);
    void *context;
    struct loop_timer timer;
    int64_t heard_at;      /* the last complete frame */
    int64_t asked_at;      /* our last Echo Request */
    int64_t waits_since;   /* output does, for its first byte or the next; or LIVENESS_NEVER */
    int64_t capability_by; /* ... or LIVENESS_NEVER */
    int64_t idle_by;       /* ... or LIVENESS_NEVER */
    int64_t flushed_by;    /* ... or LIVENESS_NEVER */
};

/* 0 or -ENOMEM. After each event the timer goes on, but for liveness_stop() in it. */
int liveness_init(struct liveness *liveness, struct loop *loop,
                  void (*happened)(void *context, enum liveness_event event), void *context);
void liveness_fini(struct liveness *liveness);

void liveness_heard(struct liveness *liveness);
void liveness_has_capability(struct liveness *liveness);
/* Until this time something has to happen; LIVENESS_NEVER: not any more. */
void liveness_waits(struct liveness *liveness, int64_t until);
/* From now on only the flush counts. */
void liveness_flush(struct liveness *liveness);

/* To be called whenever any of it may have changed; says what `waits_since` is. */
void liveness_plan(struct liveness *liveness, int64_t waits_since);
void liveness_stop(struct liveness *liveness);

#endif
