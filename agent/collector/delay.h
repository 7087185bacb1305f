/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a message was made, on our clock, though its timestamp is of another one.
 *
 * The difference between our monotonic clock at the receipt and the timestamp is that of the two
 * clocks and the time that the message was on its way. The smallest difference of the last
 * DELAY_WINDOW_MS stands for a message that did not wait; what a difference is beyond it, the
 * message waited. So clocks that are hours apart, drift and small steps do not matter:
 *
 * - a drift of 500 ppm makes an error of 30 ms, which does not add up;
 * - a clock that is set forward is followed at once; one that is set back makes messages seem
 *   late, by the step, until the window has passed: never fresher than they are;
 * - beyond DELAY_STEP_MS nothing waits (the session would be dead): that is a step, and it begins
 *   anew.
 */
#ifndef AGENT_COLLECTOR_DELAY_H
#define AGENT_COLLECTOR_DELAY_H

#include <stdbool.h>
#include <stdint.h>

enum { DELAY_WINDOW_MS = 60000, DELAY_STEP_MS = 30000, DELAY_BUCKETS = 15 };

/* Of all zero: nothing is known yet. */
struct delay {
    struct {
        bool used;
        int64_t begin; /* of the time that it stands for */
        int64_t least; /* difference */
    } buckets[DELAY_BUCKETS];
    int64_t last;   /* ms that the last message waited */
    uint64_t steps; /* of a clock */
};

/* A message with this timestamp came `now` (loop_now()): when it was made, as loop_now()
 * counts; never later than now. */
int64_t delay_take(struct delay *delay, int64_t now, uint64_t timestamp);

#endif
