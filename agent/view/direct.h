/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told as it is, without regard to what was told before: counters at each of their ticks,
 * frames of tags at once. Who is out of step then has missed it.
 */
#ifndef AGENT_VIEW_DIRECT_H
#define AGENT_VIEW_DIRECT_H

#include "agent/view/deliver.h"

#include <stdint.h>

void direct_tell_statistics(struct deliver *deliver);

/* `frames`: by index of the table, the frame that was told last. */
void direct_tell_tag(struct deliver *deliver, uint32_t *frames, uint32_t index, uint32_t frame,
                     const struct radio_tag *tag);

#endif
