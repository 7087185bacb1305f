/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a unit test asks about its own process, and how it waits: for a condition, never for a time.
 */
#ifndef TESTS_UNIT_PROCESS_H
#define TESTS_UNIT_PROCESS_H

#include "agent/base/loop.h"

#include <stdbool.h>
#include <stddef.h>

/* How many descriptors are open. Taken before and after, it shows a leak. */
size_t open_descriptors(void);

/* True if this process has any child, dead or alive. Does not reap it. */
bool has_child(void);

/* Gives whether every child ends, within 20 s of real time, and reaps it. A job that is cancelled
 * kills its child and waits a moment only: on a busy machine the child may be there for a while
 * longer. */
bool children_end(void);

/* Turns the loop until *flag is true, for 20 s of real time at most. Gives *flag. */
bool turn_until(struct loop *loop, const bool *flag);

/* Waits until the condition holds, for 20 s at most. Gives whether it does. */
bool wait_until(bool (*holds)(void *context), void *context);

#endif
