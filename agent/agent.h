/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent as a whole: identity, servers, listener, sessions; what the settings ask, and one
 * session per MAC.
 *
 * Made by main.c from the engine (which the platform feeds) and the radio operations. Servers are
 * dialled and the listener is opened once the identity is there: at the very first start it is made
 * in a child, which takes seconds on a small CPU. What it tells stands in agent/state.h.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/base/loop.h"
#include "agent/diagnosis.h"
#include "agent/engine/engine.h"
#include "agent/radio.h"
#include "agent/settings.h"

#include <stdbool.h>

struct agent;

/* All of it outlives the agent. */
struct agent_options {
    struct loop *loop;
    struct engine *engine;
    const struct radio_operations *radio;
    void *platform;
    const char *state_dir; /* certificate and key */
    const char *software;  /* told to authorised peers */
    /* Puts a diagnosis into words, line by line, for the log and the report: the agent has codes
     * and facts only. NULL: it is told by its code alone, in the report. */
    void (*diagnosis_text)(const struct diagnosis *diagnosis,
                           void (*line)(void *context, const char *text), void *context);
    /* Whether the clock is kept in step; NULL: unknown. */
    enum diagnosis_ntp (*ntp)(void);
};

/* Takes the settings over and starts. NULL with a log message; the settings are freed then too. */
struct agent *agent_new(const struct agent_options *options, struct settings *settings);
/* At once and without a word to anybody; agent_stop() is the polite way. NULL is allowed. */
void agent_free(struct agent *agent);

/*
 * Takes new settings over. Only what they change is touched: servers that went are ended in order,
 * new ones are dialled, sessions whose peer is not in the auth list any more end at once, all
 * others go on.
 */
void agent_configure(struct agent *agent, struct settings *settings);

/* Ends all sessions in order, which takes at most about 2.5 s, then calls done once, out of a turn
 * of the loop. */
void agent_stop(struct agent *agent, void (*done)(void *context), void *context);

#endif
