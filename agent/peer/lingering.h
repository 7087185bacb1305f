/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors on their way out: our direction is shut, what the peer still sends is read and thrown
 * away for a moment, then the descriptor is closed.
 *
 * A close with unread input makes the kernel send a reset, and the peer loses our last words: the
 * TLS alert that says why, or close_notify.
 */
#ifndef AGENT_PEER_LINGERING_H
#define AGENT_PEER_LINGERING_H

#include "agent/base/loop.h"

#include <stddef.h>

enum { LINGERING_MS = 300, LINGERING_BYTES = 64 * 1024, LINGERING_MAX = 16 };

struct lingering;

/* NULL if memory is out. `idle` is called whenever the last descriptor is gone; it may be NULL. */
struct lingering *lingering_new(struct loop *loop, void (*idle)(void *context), void *context);
/* Closes what is left. NULL is allowed. */
void lingering_free(struct lingering *lingering);

/* Takes the descriptor over; it must not be watched any more. With LINGERING_MAX of them in work,
 * the one that waited longest is closed at once. */
void lingering_take(struct lingering *lingering, int fd);

size_t lingering_count(const struct lingering *lingering);

#endif
