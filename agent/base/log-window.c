/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/log-window.h"

#include "agent/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void end(void *context)
{
    struct log_window *window = context;

    for (size_t i = 0; i < window->count; i++) {
        if (window->causes[i].held_back > 0)
            log_info("%s: %s: %" PRIu64 " more within %d s", window->causes[i].who,
                     window->causes[i].cause, window->causes[i].held_back, LOG_WINDOW_MS / 1000);
    }
    if (window->others > 0)
        log_info("%s: %" PRIu64 " more within %d s", window->rest, window->others,
                 LOG_WINDOW_MS / 1000);
    window->count = 0;
    window->others = 0;
}

int log_window_init(struct log_window *window, struct loop *loop, const char *rest)
{
    *window = (struct log_window){.rest = rest};
    return loop_timer_init(loop, &window->timer, end, window);
}

void log_window_fini(struct log_window *window)
{
    if (window->timer.loop == NULL)
        return;
    end(window);
    loop_timer_fini(&window->timer);
}

static bool is_text(const char *kept, const char *text)
{
    return strncmp(kept, text, LOG_WINDOW_TEXT_SIZE - 1) == 0;
}

/* The number of this cause, of a new one where there is room for it, or LOG_WINDOW_CAUSES. */
static size_t find(struct log_window *window, const char *who, const char *cause)
{
    size_t same = 0;

    for (size_t i = 0; i < window->count; i++) {
        if (!is_text(window->causes[i].who, who))
            continue;
        if (is_text(window->causes[i].cause, cause))
            return i;
        same++;
    }
    if (same == LOG_WINDOW_EACH || window->count == LOG_WINDOW_CAUSES)
        return LOG_WINDOW_CAUSES;
    size_t at = window->count++;
    (void)snprintf(window->causes[at].who, LOG_WINDOW_TEXT_SIZE, "%s", who);
    (void)snprintf(window->causes[at].cause, LOG_WINDOW_TEXT_SIZE, "%s", cause);
    window->causes[at].told = 0;
    window->causes[at].held_back = 0;
    return at;
}

bool log_window_open(struct log_window *window, const char *who, const char *cause, unsigned most)
{
    size_t at = find(window, who, cause);

    if (!loop_timer_running(&window->timer))
        loop_timer_start(&window->timer, LOG_WINDOW_MS);
    if (at == LOG_WINDOW_CAUSES) {
        window->others++;
        return false;
    }
    if (window->causes[at].told >= most) {
        window->causes[at].held_back++;
        return false;
    }
    window->causes[at].told++;
    return true;
}
