/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nmspd's end of the socket to nmsp-radio: asks it for what needs a capability. It never waits. The
 * connection is made when something is asked, and ended when nothing is asked any more.
 * What the helper says is not trusted: a reply that is not exactly one ends the connection, and
 * descriptors that nobody asked for are closed.
 */
#ifndef PLATFORM_HELPER_HELPER_H
#define PLATFORM_HELPER_HELPER_H

#include "agent/base/loop.h"
#include "platform/helper/helper-protocol.h"

#include <stdbool.h>

enum { HELPER_QUEUE_MAX = 16, HELPER_DEADLINE_MS = 3000 };

struct helper;

struct helper_call {
    uint32_t kind;
    char ifname[HELPER_NAME_SIZE];
    void *context;
    /*
     * Exactly once, never inside helper_call(). `error` is 0 or an errno: the helper's, or that of
     * the way to it (ENOENT, ECONNREFUSED, EACCES: it is not there or not for us; ETIMEDOUT;
     * EPROTO: nonsense; ECONNRESET: it went). `fd` is the caller's from now on; -1 but for
     * HELPER_MONITOR without error.
     */
    void (*done)(void *context, int error, int fd);
};

/* NULL if memory is out. */
struct helper *helper_new(struct loop *loop);
/* What was asked is forgotten, without `done`. NULL is allowed. */
void helper_free(struct helper *helper);

/* Where the helper listens. Another path ends the connection; what was asked fails with
 * ECONNRESET. The text is copied. */
void helper_set_path(struct helper *helper, const char *path);

/* False, and no `done`, if the queue is full. */
bool helper_call(struct helper *helper, const struct helper_call *call);
/* Forgets all calls of this context. */
void helper_cancel(struct helper *helper, const void *context);

#endif
