/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors on their way out: our direction is shut, what the peer still sends is read and thrown
 * away for a moment, then the descriptor is closed.
 *
 * A close with unread input makes the kernel send a reset, and the peer loses our last words: the
 * TLS alert that says why, or close_notify.
 */
#ifndef AGENT_PEER_FAREWELL_H
#define AGENT_PEER_FAREWELL_H

#include "agent/base/loop.h"

#include <stddef.h>

enum { FAREWELL_MS = 300, FAREWELL_BYTES = 64 * 1024, FAREWELL_MAX = 16 };

struct farewell;

/* NULL if memory is out. `idle` is called whenever the last descriptor is gone; it may be NULL. */
struct farewell *farewell_new(struct loop *loop, void (*idle)(void *context), void *context);
/* Closes what is left. NULL is allowed. */
void farewell_free(struct farewell *farewell);

/* Takes the descriptor over; it must not be watched any more. With FAREWELL_MAX of them in work,
 * the one that waited longest is closed at once. */
void farewell_take(struct farewell *farewell, int fd);

size_t farewell_count(const struct farewell *farewell);

#endif
