/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child jobs: what may take longer than 100 ms (key generation, name lookup, fsync on slow flash)
 * runs in a forked child of this process, which writes its result to a pipe. The loop goes on
 * meanwhile.
 *
 * The result is bounded: more than `limit` bytes, a deadline that passes, a child that dies or
 * exits with other than 0 is a failure. A job is freed by itself after its `done` has been called,
 * or by job_cancel().
 *
 * A child dies with this process, and with its job: it is killed, and waited for 50 ms at most,
 * because one that hangs in the kernel (slow flash) cannot die before the kernel lets it go. Such a
 * child is reaped when a later job ends.
 *
 * A child is a copy of this process. What it must not know is wiped before it works: nmspd gives
 * tls_forget_secrets() here, so that no private key and no secret of a session is in the heap of a
 * child which reads a name server's answers or writes a file. Not promised: what deeper calls left
 * on the stack, unused and unwiped.
 */
#ifndef AGENT_BASE_JOB_H
#define AGENT_BASE_JOB_H

#include "agent/base/loop.h"

#include <stddef.h>
#include <stdint.h>

struct job;

enum job_result { JOB_OK, JOB_FAILED, JOB_TIMED_OUT };

struct job_spec {
    const char *name; /* for messages; must outlive the job */
    /* Runs in the child, with no other descriptor than 0 to 2 and its own. Writes its result to
     * `out` (blocking) and returns the exit status. */
    int (*work)(void *input, int out);
    void *input; /* seen by the child as it was at job_start */
    /* Runs in the parent, once, out of a turn of the loop. `result` is valid during the call only,
     * and empty unless JOB_OK. */
    void (*done)(void *context, enum job_result how, const uint8_t *result, size_t len);
    void *context;
    size_t limit;     /* bytes of result */
    int64_t deadline; /* ms */
};

/* NULL if the child could not be made (errno is set); `done` is not called then. */
struct job *job_start(struct loop *loop, const struct job_spec *spec);

/* Called in every child from now on, before its work. NULL: nothing is. */
void job_at_fork(void (*wipe)(void));

/* Kills the child; `done` is not called. NULL is allowed; within the job's own `done` it does
 * nothing. */
void job_cancel(struct job *job);

#endif
