/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others can make us write into the log: bounded, and nothing is lost without a count.
 *
 * A cause is told once (or a few times) within a window of LOG_WINDOW_MS, which begins with the
 * first one; at most LOG_WINDOW_EACH causes of one of those who cause them, and LOG_WINDOW_CAUSES
 * in all. What was held back is counted, and told at the end of the window: one line for each
 * cause, and one for all that were not told at all. Without a window nothing runs.
 *
 * A cause is made of what does not vary as somebody likes: a code and the facts that matter, never
 * the text of a library. It must be safe to log.
 */
#ifndef AGENT_BASE_LOG_WINDOW_H
#define AGENT_BASE_LOG_WINDOW_H

#include "agent/base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOG_WINDOW_MS = 60 * 1000,
    LOG_WINDOW_CAUSES = 10,
    LOG_WINDOW_EACH = 5,
    LOG_WINDOW_TEXT_SIZE = 64,
};

struct log_window {
    const char *rest;
    struct loop_timer timer; /* runs while there is a window */
    size_t count;
    uint64_t others; /* that found no place among these */
    struct {
        char who[LOG_WINDOW_TEXT_SIZE];
        char cause[LOG_WINDOW_TEXT_SIZE];
        uint64_t told;
        uint64_t held_back;
    } causes[LOG_WINDOW_CAUSES];
};

/* `rest` names the others where they are counted ("listener: connections without a session") and
 * must outlive the window. 0 or -ENOMEM. */
int log_window_init(struct log_window *window, struct loop *loop, const char *rest);
/* Tells what was held back. Does nothing for a window that is all zero. */
void log_window_fini(struct log_window *window);

/* True: this may be told now; it has been told less than `most` times within the window. False: it
 * was counted. Texts are cut to LOG_WINDOW_TEXT_SIZE. */
bool log_window_open(struct log_window *window, const char *who, const char *cause, unsigned most);

#endif
