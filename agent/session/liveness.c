/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/internal.h"

static int64_t earlier(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

static int64_t next_deadline(const struct session *session)
{
    int64_t at = session->heard_at + SESSION_DEAD_INTERVAL_MS;

    if (session->phase == PHASE_FLUSHING)
        return session->flush_until;
    if (session->phase == PHASE_CAPABILITY)
        at = earlier(at, session->since + SESSION_CAPABILITY_MS);
    if (session->asked_at <= session->heard_at)
        at = earlier(at, session->heard_at + SESSION_ECHO_INTERVAL_MS);
    if (!output_empty(session->output))
        at = earlier(at, session->progress_at + SESSION_DEAD_INTERVAL_MS);
    return at;
}

/* The timer may come early, when what it waited for has moved on meanwhile: cheaper than moving it
 * every time. */
void session_plan(struct session *session)
{
    int64_t at = next_deadline(session);

    if (session->phase == PHASE_OVER)
        return;
    if (!loop_timer_running(&session->timer) || session->timer.at > at)
        loop_timer_start_at(&session->timer, at);
}

void session_on_timer(void *context)
{
    struct session *session = context;
    int64_t now = loop_now(session->shared->loop);

    if (session->phase == PHASE_FLUSHING && now >= session->flush_until)
        session_end(session, session->diagnosis, "%s (the peer did not take the last output)",
                    session->reason);
    else if (now >= session->heard_at + SESSION_DEAD_INTERVAL_MS)
        session_end(session, DIAGNOSIS_SILENT, "the peer is silent: no message for %d s",
                    SESSION_DEAD_INTERVAL_MS / 1000);
    else if (!output_empty(session->output) &&
             now >= session->progress_at + SESSION_DEAD_INTERVAL_MS)
        session_end(session, DIAGNOSIS_STALLED, "the peer is stalled: it took no byte for %d s",
                    SESSION_DEAD_INTERVAL_MS / 1000);
    else if (session->phase == PHASE_CAPABILITY && now >= session->since + SESSION_CAPABILITY_MS)
        session_end(session, DIAGNOSIS_NOT_NMSP,
                    "the peer sent no Capability within %d s: it does not speak NMSP",
                    SESSION_CAPABILITY_MS / 1000);
    else if (session->asked_at <= session->heard_at &&
             now >= session->heard_at + SESSION_ECHO_INTERVAL_MS) {
        session->asked_at = now;
        session->echoes = session_next_number(session->echoes);
        session_send_urgent(session, WIRE_ECHO_REQUEST, session->echoes, NULL, 0, false);
    }
    session_plan(session);
}
