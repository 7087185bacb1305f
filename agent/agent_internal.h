/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the agent share: agent.c (settings, who may come in, stop), agent_start.c
 * (identity and base MAC), agent_clock.c, agent_diagnosis.c, and the files of state/. For nobody
 * else.
 */
#ifndef AGENT_AGENT_INTERNAL_H
#define AGENT_AGENT_INTERNAL_H

#include "agent/agent.h"
#include "agent/diagnosis.h"
#include "agent/identity/identity.h"
#include "agent/peer/inbound.h"
#include "agent/peer/peer.h"
#include "agent/peer/registry.h"
#include "agent/state.h"
#include "agent/view/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_server {
    struct agent_server *next;
    struct peer *peer;
    bool leaving; /* not configured any more, its session is being ended */
};

struct agent {
    struct agent_options options;
    struct loop *loop;
    struct settings *settings;
    char name[SETTINGS_NAME_SIZE];
    struct session_context session;
    struct registry *registry;
    struct engine_observer observer;
    struct identity *identity;
    struct inbounds *inbounds;
    struct collector *collector;
    struct agent_server *servers; /* in the order of the settings; leaving ones at the end */
    int64_t started;

    bool ready; /* identity and base MAC are known */
    int64_t waiting_until;
    struct loop_timer start_timer;
    struct loop_timer clock_timer; /* runs while a server waits for the clock to be set */
    struct loop_timer dates_timer; /* a certificate that let somebody in may have ended */

    bool stopping;
    void (*stopped)(void *context);
    void *stopped_context;
    struct loop_timer stop_timer;
    struct loop_deferred stop_done;
};

/* Finds out the base MAC and has an identity made if there is none; then sets ready and calls
 * agent_ready(). May be called again after trouble. */
void agent_find_identity(struct agent *agent);
void agent_ready(struct agent *agent);
/*
 * agent_clock.c: servers that are held off while the clock is not set are tried again, and once
 * told, within a second of its being set. It looks only while there are such servers.
 *
 * And no session outlives its peer's certificate, whatever happens to the clock: they are rechecked
 * when the earliest of their certificates has ended, and when the clock was set.
 */
int agent_clock_init(struct agent *agent); /* 0 or -errno */
void agent_clock_fini(struct agent *agent);
/* False: the time is one that cannot be, and nothing keeps the clock in step. */
bool agent_clock_is_set(const struct agent *agent);
/* A connection is over: a server may have begun to wait. */
void agent_clock_watch(struct agent *agent);
/* Somebody was let in by a certificate that is valid through this second (since 1970). */
void agent_clock_until(struct agent *agent, int64_t not_after);

/* agent_diagnosis.c: who keeps the clock; the registry's `explain` and `diagnosed`. */
enum diagnosis_ntp agent_ntp(const struct agent *agent);
void agent_explain(void *context, const struct certificate_info *presented,
                   const struct authlist_decision *decision, const struct mac *expected,
                   struct diagnosis *out);
void agent_diagnosed(void *context, const char *who, const struct diagnosis *diagnosis);
/* What keeps all servers away stands before what kept this one. */
void agent_diagnose_peer(const struct agent *agent, struct peer_status *peer);

#endif
