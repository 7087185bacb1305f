/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a supervisor like systemd(1) wants to hear, as sd_notify(3) describes it: that the program
 * is ready, that it ends, and at intervals that its loop still turns. Nothing is said where nobody
 * asked for it in the environment (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID), and what cannot be
 * said is not tried again: a supervisor that does not listen must not hold anything up.
 */
#ifndef AGENT_BASE_SUPERVISOR_H
#define AGENT_BASE_SUPERVISOR_H

#include "agent/base/loop.h"

struct supervisor;

/* Reads the environment and takes these variables out of it. NULL: nobody wants to hear anything,
 * or a log message says why it cannot be told. NULL is allowed in all that follows. */
struct supervisor *supervisor_new(struct loop *loop);
void supervisor_free(struct supervisor *supervisor);

/* All is set up. The watchdog, if one was asked for, is told twice in its time from now on. */
void supervisor_ready(struct supervisor *supervisor);
void supervisor_stopping(struct supervisor *supervisor);

#endif
