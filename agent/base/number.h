/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers from outside: the only place that makes digits into numbers.
 *
 * C's own functions take blanks and signs in front, stop at what they do not know, and saturate at
 * the width of a long, which is not the same on every machine. These take decimal digits and
 * nothing else, and what is above `max` is no number. All fail closed: false, and *out is as it
 * was. Leading zeros are digits like others.
 */
#ifndef AGENT_BASE_NUMBER_H
#define AGENT_BASE_NUMBER_H

#include "agent/base/cursor.h"

/* One more digit behind *value, for who gets them one at a time; *value begins as 0. */
bool number_append(uint64_t *value, uint8_t digit, uint64_t max);

/* The digits at the front, one at least; the cursor then stands behind them. If it fails it stands
 * where it stood. */
bool number_take(struct cursor *c, uint64_t max, uint64_t *out);

/* All that is left: digits from the first byte to the last. */
bool number_whole(struct cursor c, uint64_t max, uint64_t *out);

/* The same of a text. */
bool number_text(const char *text, uint64_t max, uint64_t *out);

#endif
