/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/liveness.h"

/* What is due first, and when. */
static int64_t next(const struct liveness *l, enum liveness_event *event)
{
    const int64_t at[] = {
        [LIVENESS_SILENT] = l->heard_at + SESSION_DEAD_INTERVAL_MS,
        [LIVENESS_STALLED] = l->waits_since == LIVENESS_NEVER
                                 ? LIVENESS_NEVER
                                 : l->waits_since + SESSION_DEAD_INTERVAL_MS,
        [LIVENESS_NO_CAPABILITY] = l->capability_by,
        [LIVENESS_IDLE] = l->idle_by,
        [LIVENESS_ASK] =
            l->asked_at > l->heard_at ? LIVENESS_NEVER : l->heard_at + SESSION_ECHO_INTERVAL_MS,
    };
    int64_t now = loop_now(l->loop);
    int64_t first = l->flushed_by;

    *event = LIVENESS_UNFLUSHED;
    if (first != LIVENESS_NEVER)
        return first;
    for (unsigned i = LIVENESS_SILENT; i <= LIVENESS_ASK && first > now; i++) {
        if (at[i] >= first)
            continue;
        first = at[i];
        *event = (enum liveness_event)i;
    }
    return first;
}

/* The timer may come early, when what it waited for has moved on meanwhile: cheaper than moving it
 * every time. */
static void plan(struct liveness *l)
{
    enum liveness_event event;
    int64_t at = next(l, &event);

    if (!loop_timer_running(&l->timer) || l->timer.at > at)
        loop_timer_start_at(&l->timer, at);
}

static void on_timer(void *context)
{
    struct liveness *l = context;
    enum liveness_event event;

    if (next(l, &event) > loop_now(l->loop)) {
        plan(l);
        return;
    }
    if (event == LIVENESS_ASK) {
        l->asked_at = loop_now(l->loop);
        plan(l);
    }
    l->happened(l->context, event);
}

int liveness_init(struct liveness *l, struct loop *loop,
                  void (*happened)(void *context, enum liveness_event event), void *context)
{
    int64_t now = loop_now(loop);

    *l = (struct liveness){.loop = loop,
                           .happened = happened,
                           .context = context,
                           .heard_at = now,
                           .asked_at = now - 1,
                           .waits_since = LIVENESS_NEVER,
                           .capability_by = now + SESSION_CAPABILITY_MS,
                           .idle_by = LIVENESS_NEVER,
                           .flushed_by = LIVENESS_NEVER};
    return loop_timer_init(loop, &l->timer, on_timer, l);
}

void liveness_fini(struct liveness *l)
{
    loop_timer_fini(&l->timer);
}

/* An answer to what was asked moves the timer, so that an idle session has no wake-up but for
 * asking. */
void liveness_heard(struct liveness *l)
{
    enum liveness_event event;
    bool asked = l->asked_at > l->heard_at;

    l->heard_at = loop_now(l->loop);
    if (asked && loop_timer_running(&l->timer))
        loop_timer_start_at(&l->timer, next(l, &event));
}

void liveness_has_capability(struct liveness *l)
{
    l->capability_by = LIVENESS_NEVER;
}

void liveness_waits(struct liveness *l, int64_t until)
{
    l->idle_by = until;
    plan(l);
}

void liveness_flush(struct liveness *l)
{
    l->flushed_by = loop_now(l->loop) + SESSION_FLUSH_MS;
    plan(l);
}

void liveness_plan(struct liveness *l, int64_t waits_since)
{
    l->waits_since = waits_since;
    plan(l);
}

void liveness_stop(struct liveness *l)
{
    loop_timer_stop(&l->timer);
}
