/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/session.h"

#include "agent/session/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_flush(void *context);

/* --- the end --------------------------------------------------------------------------------- */

static void on_over(void *context)
{
    struct session *session = context;
    session->transport.closed(session->transport.context, session->reason, session->flushed);
}

void session_end(struct session *session, enum diagnosis_code why, const char *format, ...)
{
    char reason[SESSION_REASON_SIZE]; /* the arguments may lie in session->reason */
    va_list arguments;

    if (session->phase == PHASE_OVER)
        return;
    session->phase = PHASE_OVER;
    session->diagnosis = why;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    memcpy(session->reason, reason, sizeof(reason));
    loop_timer_stop(&session->timer);
    loop_defer(session->shared->loop, &session->over, on_over, session);
}

void session_wind_up(struct session *session, enum diagnosis_code why, const char *format, ...)
{
    va_list arguments;

    if (session->phase == PHASE_FLUSHING || session->phase == PHASE_OVER)
        return;
    session->phase = PHASE_FLUSHING;
    session->diagnosis = why;
    session->flush_until = loop_now(session->shared->loop) + SESSION_FLUSH_MS;
    va_start(arguments, format);
    (void)vsnprintf(session->reason, sizeof(session->reason), format, arguments);
    va_end(arguments);
    subscription_end(&session->subscription);
    requests_fini(&session->requests);
    session_request_flush(session);
    session_plan(session);
}

/* --- notifications: what the view asks of its member ----------------------------------------- */

static bool has_room(void *context)
{
    struct session *session = context;
    return session->phase == PHASE_ACTIVE &&
           output_room(session->output) >= WIRE_MESSAGE_CUT + SESSION_ANSWER_ROOM;
}

static void flush_now(struct session *session);

static bool deliver(void *context, uint16_t id, const uint8_t *body, size_t len)
{
    struct session *session = context;

    if (session->phase != PHASE_ACTIVE)
        return false;
    if (output_room(session->output) < WIRE_HEADER_SIZE + len + SESSION_ANSWER_ROOM)
        flush_now(session);
    if (session->phase != PHASE_ACTIVE ||
        output_room(session->output) < WIRE_HEADER_SIZE + len + SESSION_ANSWER_ROOM)
        return false;
    return session_send_notification(session, id, body, len);
}

static void synchronise(struct session *session)
{
    if (session->phase == PHASE_ACTIVE && subscription_behind(&session->subscription) &&
        view_sync(session->subscription.member) == VIEW_LOST)
        session_end(
            session, DIAGNOSIS_STALLED,
            "the peer took no output for so long that departures were forgotten; it has to start "
            "anew");
}

/* --- flushing -------------------------------------------------------------------------------- */

void session_request_flush(struct session *session)
{
    loop_defer(session->shared->loop, &session->flush, on_flush, session);
}

static void flush_now(struct session *session)
{
    bool progress = false;
    enum tls_status status;

    if (session->phase == PHASE_OVER)
        return;
    status = output_flush(session->output, session->transport.write, session->transport.context,
                          &progress);
    if (progress)
        session->progress_at = loop_now(session->shared->loop);
    if (status == TLS_FAILED)
        session_end(session, DIAGNOSIS_LOST, "writing to the peer failed");
    else if (status == TLS_CLOSED)
        session_end(session, DIAGNOSIS_PEER_CLOSED, "the peer closed the connection");
}

/* One piece of an answer if there is room for it. */
static bool answer_piece(struct session *session)
{
    static uint8_t buffer[WIRE_MESSAGE_CUT]; /* one thread, and nothing is kept in it */
    struct writer body = writer_of(buffer, sizeof(buffer) - WIRE_HEADER_SIZE);
    struct request_piece piece;

    if (!has_room(session) || !requests_next(&session->requests, &piece, &body))
        return false;
    return session_send(session, piece.id, piece.flags, piece.transaction, body.base, body.used);
}

/* What was read and had to wait: a whole frame, or what is known to be none. */
static bool frame_waits(const struct session *session)
{
    struct wire_header header;
    return input_len(&session->input) > 0 &&
           wire_frame_peek(input_data(&session->input), input_len(&session->input), &header) !=
               WIRE_FRAME_MORE;
}

/* Everything that waits for room: the capability first, then what was read, answers, the view. */
static void fill_output(struct session *session)
{
    if (session->capability_due)
        session_send_capability(session);
    while (answer_piece(session))
        continue;
    session_handle_input(session);
    synchronise(session);
}

static void on_flush(void *context)
{
    struct session *session = context;

    do {
        if (session->phase == PHASE_CAPABILITY || session->phase == PHASE_ACTIVE)
            fill_output(session);
        flush_now(session);
        /* An empty output may take more of what waits. */
    } while (session->phase == PHASE_ACTIVE && output_empty(session->output) &&
             (requests_waiting(&session->requests) || subscription_behind(&session->subscription) ||
              frame_waits(session)));
    loop_deferred_cancel(session->shared->loop, &session->flush);
    if (session->phase == PHASE_FLUSHING && output_empty(session->output)) {
        session->flushed = true;
        session_end(session, session->diagnosis, "%s", session->reason);
    }
    session_plan(session);
    if (session->phase != PHASE_OVER)
        session->transport.interest(session->transport.context);
}

void session_writable(struct session *session)
{
    on_flush(session);
}

bool session_wants_write(const struct session *session)
{
    return session->phase != PHASE_OVER && !output_empty(session->output);
}

bool session_wants_read(const struct session *session)
{
    return (session->phase == PHASE_CAPABILITY || session->phase == PHASE_ACTIVE) &&
           output_room(session->output) >= SESSION_ANSWER_ROOM &&
           output_urgent_room(session->output) >= SESSION_ECHO_ANSWER_ROOM;
}

/* --- life ------------------------------------------------------------------------------------ */

struct session *session_new(const struct session_context *shared,
                            const struct session_transport *transport, const struct mac *identity)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->shared = shared;
    session->transport = *transport;
    session->identity = *identity;
    session->since = session->heard_at = session->progress_at = loop_now(shared->loop);
    session->asked_at = session->since - 1;
    session->output = output_new();
    if (session->output == NULL ||
        loop_timer_init(shared->loop, &session->timer, session_on_timer, session) != 0) {
        output_free(session->output);
        free(session);
        return NULL;
    }
    subscription_init(&session->subscription, shared->engine, shared->views,
                      &(struct view_member){.deliver = deliver,
                                            .has_room = has_room,
                                            .missed = &session->counters.missed_ticks,
                                            .context = session});
    requests_init(&session->requests, shared->loop, shared->engine,
                  views_measurement(shared->views));
    session_send_capability(session);
    session_plan(session);
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    subscription_end(&session->subscription);
    requests_fini(&session->requests);
    loop_timer_fini(&session->timer);
    loop_deferred_cancel(session->shared->loop, &session->flush);
    loop_deferred_cancel(session->shared->loop, &session->over);
    output_free(session->output);
    input_fini(&session->input);
    free(session);
}

void session_offer_changed(struct session *session)
{
    uint64_t offered = engine_offered(session->shared->engine);

    if (session->phase != PHASE_CAPABILITY && session->phase != PHASE_ACTIVE)
        return;
    subscription_withdraw(&session->subscription, offered);
    if (session->capability_due || offered != session->told_offer)
        session_send_capability(session);
}

void session_finish(struct session *session, const char *reason)
{
    session_wind_up(session, DIAGNOSIS_ENDED_HERE, "%s", reason);
}

bool session_active(const struct session *session)
{
    return session->phase == PHASE_ACTIVE;
}

int64_t session_since(const struct session *session)
{
    return session->since;
}

const struct mac *session_identity(const struct session *session)
{
    return &session->identity;
}

uint64_t session_granted(const struct session *session)
{
    return session->subscription.granted;
}

void session_subscribed(const struct session *session, struct subscription_facts *out)
{
    subscription_describe(&session->subscription, out);
}

const struct session_counters *session_counters(const struct session *session)
{
    return &session->counters;
}

void session_clear_counters(struct session *session)
{
    memset(&session->counters, 0, sizeof(session->counters));
}

enum diagnosis_code session_diagnosis(const struct session *session)
{
    return session->diagnosis;
}
