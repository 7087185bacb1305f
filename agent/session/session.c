/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/session.h"

#include "agent/base/log.h"
#include "agent/base/trace.h"
#include "agent/session/input.h"
#include "agent/session/output.h"
#include "agent/session/request.h"
#include "agent/session/subscription.h"
#include "agent/wire/wire.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Output that notifications leave free, so that what was read can always be answered. */
    ANSWER_ROOM = 1024,
    ECHO_ANSWER_ROOM = 128, /* the largest Echo Response has 80 bytes */
    NAME_SIZE = 4 * WIRE_TEXT_MAX + 1,
};

enum phase { PHASE_CAPABILITY, PHASE_ACTIVE, PHASE_FLUSHING, PHASE_OVER };

struct session {
    const struct session_context *shared;
    struct session_transport transport;
    struct mac identity;
    enum phase phase;
    int64_t since;

    struct input input;
    struct output *output;
    uint32_t notifications; /* transaction ids: the last one given */
    uint32_t echoes;
    struct requests requests;

    struct subscription subscription;
    uint64_t told_offer; /* the mask of the Capability that was sent last */
    bool capability_due;

    struct {
        bool known;
        struct mac sender;
        uint64_t services;
        char name[NAME_SIZE];
    } peer;

    struct loop_timer timer;
    struct loop_deferred flush;
    struct loop_deferred over;
    int64_t heard_at;    /* the last complete frame */
    int64_t asked_at;    /* our last Echo Request */
    int64_t progress_at; /* output was empty, or a byte of it was taken */
    int64_t flush_until;
    char reason[SESSION_REASON_SIZE];
    bool flushed;
    enum diagnosis_code diagnosis;
    unsigned faults; /* malformed messages */
    struct session_counters counters;
};

static void on_timer(void *context);
static void on_flush(void *context);
static void plan(struct session *session);
static void request_flush(struct session *session);

/* --- the end --------------------------------------------------------------------------------- */

static void on_over(void *context)
{
    struct session *session = context;
    session->transport.closed(session->transport.context, session->reason, session->flushed);
}

static void end(struct session *session, enum diagnosis_code why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void end(struct session *session, enum diagnosis_code why, const char *format, ...)
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

/* In order: nothing more is read or notified, but what is queued may still be taken. */
static void finish(struct session *session, enum diagnosis_code why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void finish(struct session *session, enum diagnosis_code why, const char *format, ...)
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
    request_flush(session);
    plan(session);
}

/* --- timers ---------------------------------------------------------------------------------- */

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
static void plan(struct session *session)
{
    int64_t at = next_deadline(session);

    if (session->phase == PHASE_OVER)
        return;
    if (!loop_timer_running(&session->timer) || session->timer.at > at)
        loop_timer_start_at(&session->timer, at);
}

/* --- output ---------------------------------------------------------------------------------- */

static void request_flush(struct session *session)
{
    loop_defer(session->shared->loop, &session->flush, on_flush, session);
}

static void count_sent(struct session *session, uint16_t id)
{
    bool echo = id == WIRE_ECHO_REQUEST || id == WIRE_ECHO_RESPONSE;

    session->counters.tx_frames++;
    session->counters.tx_data += echo ? 0 : 1;
    session->counters.tx_echo_responses += id == WIRE_ECHO_RESPONSE ? 1 : 0;
    if (id < SESSION_IDS)
        session->counters.tx_by_id[id]++;
}

static void note_output(struct session *session, uint16_t id)
{
    count_sent(session, id);
    request_flush(session);
}

/* The clock of a stalled peer starts when something begins to wait. */
static void before_output(struct session *session)
{
    if (output_empty(session->output))
        session->progress_at = loop_now(session->shared->loop);
}

static bool send_message(struct session *session, uint16_t id, uint8_t flags, uint32_t transaction,
                         const uint8_t *body, size_t len)
{
    uint8_t header[WIRE_HEADER_SIZE];

    before_output(session);
    wire_header_put(header, id, flags, transaction, len);
    if (!output_put(session->output, header, body, len))
        return false;
    note_output(session, id);
    return true;
}

static uint32_t next_number(uint32_t number)
{
    return number == UINT32_MAX ? 1 : number + 1;
}

static bool send_notification(struct session *session, uint16_t id, const uint8_t *body, size_t len)
{
    uint32_t number = next_number(session->notifications);

    if (!send_message(session, id, 0, number, body, len))
        return false;
    session->notifications = number;
    if (id == WIRE_MEASUREMENT_NOTIFICATION)
        trace_line(TRACE_DEBUG, "NMSP_APP_MEAS_NOTIFY_MSG to \"LocServer %" PRIu64 "\"",
                   session->transport.number);
    return true;
}

static void send_urgent(struct session *session, uint16_t id, uint32_t transaction,
                        const uint8_t *data, size_t len, bool with_data)
{
    uint8_t message[WIRE_HEADER_SIZE + WIRE_ECHO_DATA_SIZE + WIRE_ECHO_MAX];
    struct writer w = writer_of(message, sizeof(message));
    size_t begin = wire_begin(&w, id, 0, transaction);

    if (with_data)
        wire_put_echo_data(&w, data, len);
    if (!wire_end(&w, begin))
        return;
    before_output(session);
    if (output_put_urgent(session->output, message, w.used))
        note_output(session, id);
    else
        end(session, DIAGNOSIS_NO_RESOURCES, "out of memory for an echo");
}

/* What has to be said again if it could not be said at once. */
static void send_capability(struct session *session)
{
    uint8_t buffer[256];
    struct writer body = writer_of(buffer, sizeof(buffer));
    uint64_t offered = engine_offered(session->shared->engine);

    wire_put_protocol_version(&body, WIRE_VERSION, WIRE_VERSION);
    wire_put_services(&body, offered);
    wire_put_sender_id(&body, &session->shared->base_mac);
    wire_put_timestamp(&body, (uint64_t)loop_wall(session->shared->loop));
    wire_put_name(&body, session->shared->name);
    wire_put_software(&body, session->shared->software);
    session->capability_due =
        !send_notification(session, WIRE_CAPABILITY_NOTIFICATION, body.base, body.used);
    if (!session->capability_due)
        session->told_offer = offered;
}

/* --- notifications: what the view asks of its member ----------------------------------------- */

static bool has_room(void *context)
{
    struct session *session = context;
    return session->phase == PHASE_ACTIVE &&
           output_room(session->output) >= WIRE_MESSAGE_CUT + ANSWER_ROOM;
}

static void flush_now(struct session *session);

static bool deliver(void *context, uint16_t id, const uint8_t *body, size_t len)
{
    struct session *session = context;

    if (session->phase != PHASE_ACTIVE)
        return false;
    if (output_room(session->output) < WIRE_HEADER_SIZE + len + ANSWER_ROOM)
        flush_now(session);
    if (session->phase != PHASE_ACTIVE ||
        output_room(session->output) < WIRE_HEADER_SIZE + len + ANSWER_ROOM)
        return false;
    return send_notification(session, id, body, len);
}

static void synchronise(struct session *session)
{
    if (session->phase == PHASE_ACTIVE && session->subscription.member->view != NULL &&
        view_sync(session->subscription.member) == VIEW_LOST)
        end(session, DIAGNOSIS_STALLED,
            "the peer took no output for so long that departures were forgotten; it has to start "
            "anew");
}

/* --- flushing -------------------------------------------------------------------------------- */

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
        end(session, DIAGNOSIS_LOST, "writing to the peer failed");
    else if (status == TLS_CLOSED)
        end(session, DIAGNOSIS_PEER_CLOSED, "the peer closed the connection");
}

/* One piece of an answer if there is room for it. */
static bool answer_piece(struct session *session)
{
    static uint8_t buffer[WIRE_MESSAGE_CUT]; /* one thread, and nothing is kept in it */
    struct writer body = writer_of(buffer, sizeof(buffer) - WIRE_HEADER_SIZE);
    struct request_piece piece;

    if (!has_room(session) || !requests_next(&session->requests, &piece, &body))
        return false;
    return send_message(session, piece.id, piece.flags, piece.transaction, body.base, body.used);
}

static void handle_input(struct session *session);

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
        send_capability(session);
    while (answer_piece(session))
        continue;
    handle_input(session);
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
        end(session, session->diagnosis, "%s", session->reason);
    }
    plan(session);
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
           output_room(session->output) >= ANSWER_ROOM &&
           output_urgent_room(session->output) >= ECHO_ANSWER_ROOM;
}

/* --- messages from the peer ------------------------------------------------------------------ */

static void refuse(struct session *session, const struct wire_message *message, uint16_t result)
{
    uint8_t buffer[128];
    struct writer body = writer_of(buffer, sizeof(buffer));

    uint16_t answer = (uint16_t)message->info->answer;
    request_refusal(&body, answer, result, loop_wall(session->shared->loop),
                    session->subscription.granted);
    (void)send_message(session, answer, 0, message->header.transaction, body.base, body.used);
}

static void take_capability(struct session *session, const struct wire_message *message)
{
    if (message->protocol_version.min > WIRE_VERSION ||
        message->protocol_version.max < WIRE_VERSION) {
        end(session, DIAGNOSIS_VERSION,
            "no common protocol version: the peer speaks %u to %u, this agent speaks %u",
            message->protocol_version.min, message->protocol_version.max, WIRE_VERSION);
        return;
    }
    session->peer.known = true;
    session->peer.sender = message->sender_id.mac;
    if (!mac_equal(&session->peer.sender, &session->identity))
        session->counters.foreign_sender++;
    session->peer.services = message->services.mask;
    (void)log_safe(message->name.text.at, message->name.text.len, session->peer.name,
                   sizeof(session->peer.name));
    if (session->phase == PHASE_CAPABILITY)
        session->phase = PHASE_ACTIVE;
}

static void take_subscribe(struct session *session, const struct wire_message *message)
{
    uint8_t buffer[512];
    struct writer body = writer_of(buffer, sizeof(buffer));
    uint16_t result = subscription_take(&session->subscription, message, &body);

    if (result != WIRE_RESULT_OK)
        refuse(session, message, result);
    else
        (void)send_message(session, WIRE_SUBSCRIBE_RESPONSE, 0, message->header.transaction,
                           body.base, body.used);
}

static void take_request(struct session *session, const struct wire_message *message)
{
    uint16_t result = WIRE_RESULT_NOT_PERMITTED;

    if (session->phase == PHASE_ACTIVE && message->header.id == WIRE_SUBSCRIBE_REQUEST) {
        take_subscribe(session, message);
        return;
    }
    if (session->phase == PHASE_ACTIVE)
        result = requests_take(&session->requests, message);
    if (result == WIRE_RESULT_OK)
        request_flush(session);
    else
        refuse(session, message, result);
}

static void take_malformed(struct session *session, const struct wire_message *message)
{
    session->counters.malformed++;
    session->faults++;
    log_debug("malformed %s: element %u %s", message->info->name, message->fault.element,
              wire_reason_text(message->fault.reason));
    /* An echo has nowhere to carry a result. */
    if (message->info->role == WIRE_REQUEST && message->header.id != WIRE_ECHO_REQUEST)
        refuse(session, message,
               session->phase == PHASE_ACTIVE ? WIRE_RESULT_MALFORMED : WIRE_RESULT_NOT_PERMITTED);
    if (session->faults >= SESSION_MALFORMED_MAX)
        finish(session, DIAGNOSIS_MALFORMED,
               "the peer sent %d malformed messages, the last one a %s: element %u %s",
               SESSION_MALFORMED_MAX, message->info->name, message->fault.element,
               wire_reason_text(message->fault.reason));
}

static void take_message(struct session *session, const struct wire_message *message)
{
    switch (message->header.id) {
    case WIRE_ECHO_REQUEST:
        session->counters.rx_echo_requests++;
        send_urgent(session, WIRE_ECHO_RESPONSE, message->header.transaction,
                    message->echo_data.data.at, message->echo_data.data.len,
                    (message->present & WIRE_HAS(ECHO_DATA)) != 0);
        break;
    case WIRE_ECHO_RESPONSE:
        break;
    case WIRE_CAPABILITY_NOTIFICATION:
        take_capability(session, message);
        break;
    case WIRE_SUBSCRIBE_REQUEST:
    case WIRE_MEASUREMENT_REQUEST:
    case WIRE_INFORMATION_REQUEST:
    case WIRE_STATISTICS_REQUEST:
        take_request(session, message);
        break;
    default: /* what only a controller says */
        session->counters.unsupported++;
        break;
    }
}

static void count_received(struct session *session, uint16_t id)
{
    bool echo = id == WIRE_ECHO_REQUEST || id == WIRE_ECHO_RESPONSE;

    session->counters.rx_frames++;
    session->counters.rx_data += echo ? 0 : 1;
    if (id < SESSION_IDS)
        session->counters.rx_by_id[id]++;
    session->heard_at = loop_now(session->shared->loop);
}

static void take_frame(struct session *session, const uint8_t *frame, size_t len)
{
    struct wire_message message;
    enum wire_verdict verdict = wire_decode(frame, len, &message);

    count_received(session, message.header.id);
    if (verdict == WIRE_OK)
        take_message(session, &message);
    else if (verdict == WIRE_MALFORMED)
        take_malformed(session, &message);
    else
        session->counters.unsupported++;
}

/* --- input ----------------------------------------------------------------------------------- */

/* Handles whole frames at the front of the bytes; gives how many bytes that were. */
static size_t take_frames(struct session *session, const uint8_t *data, size_t len)
{
    size_t used = 0;

    while (session_wants_read(session)) {
        struct wire_header header;
        enum wire_frame frame = wire_frame_peek(data + used, len - used, &header);
        if (frame == WIRE_FRAME_MORE)
            break;
        if (frame == WIRE_FRAME_BAD_VERSION) {
            end(session, DIAGNOSIS_NOT_NMSP,
                "the peer does not speak this protocol: version byte %u, not %u", header.version,
                WIRE_VERSION);
            break;
        }
        if (frame == WIRE_FRAME_BAD_LENGTH) {
            end(session, DIAGNOSIS_NOT_NMSP, "the peer sent a frame of impossible length %lu",
                (unsigned long)header.length);
            break;
        }
        take_frame(session, data + used, header.length);
        used += header.length;
    }
    return used;
}

/* Frames that were kept because their answers had no room. */
static void handle_input(struct session *session)
{
    struct input *input = &session->input;

    if (input_len(input) > 0)
        input_drop(input, take_frames(session, input_data(input), input_len(input)));
}

void session_receive(struct session *session, const uint8_t *data, size_t len)
{
    size_t used = 0;

    if (session->phase != PHASE_CAPABILITY && session->phase != PHASE_ACTIVE)
        return;
    if (input_len(&session->input) == 0)
        used = take_frames(session, data, len);
    if (session->phase != PHASE_OVER && used < len) {
        if (input_keep(&session->input, data + used, len - used))
            handle_input(session);
        else
            end(session, DIAGNOSIS_NO_RESOURCES, "out of memory for the peer's input");
    }
    plan(session);
    session->transport.interest(session->transport.context);
}

/* --- time ------------------------------------------------------------------------------------ */

static void on_timer(void *context)
{
    struct session *session = context;
    int64_t now = loop_now(session->shared->loop);

    if (session->phase == PHASE_FLUSHING && now >= session->flush_until)
        end(session, session->diagnosis, "%s (the peer did not take the last output)",
            session->reason);
    else if (now >= session->heard_at + SESSION_DEAD_INTERVAL_MS)
        end(session, DIAGNOSIS_SILENT, "the peer is silent: no message for %d s",
            SESSION_DEAD_INTERVAL_MS / 1000);
    else if (!output_empty(session->output) &&
             now >= session->progress_at + SESSION_DEAD_INTERVAL_MS)
        end(session, DIAGNOSIS_STALLED, "the peer is stalled: it took no byte for %d s",
            SESSION_DEAD_INTERVAL_MS / 1000);
    else if (session->phase == PHASE_CAPABILITY && now >= session->since + SESSION_CAPABILITY_MS)
        end(session, DIAGNOSIS_NOT_NMSP,
            "the peer sent no Capability within %d s: it does not speak NMSP",
            SESSION_CAPABILITY_MS / 1000);
    else if (session->asked_at <= session->heard_at &&
             now >= session->heard_at + SESSION_ECHO_INTERVAL_MS) {
        session->asked_at = now;
        session->echoes = next_number(session->echoes);
        send_urgent(session, WIRE_ECHO_REQUEST, session->echoes, NULL, 0, false);
    }
    plan(session);
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
        loop_timer_init(shared->loop, &session->timer, on_timer, session) != 0) {
        output_free(session->output);
        free(session);
        return NULL;
    }
    subscription_init(&session->subscription, shared->engine, shared->views,
                      &(struct view_member){.deliver = deliver,
                                            .has_room = has_room,
                                            .missed = &session->counters.missed_ticks,
                                            .context = session});
    requests_init(&session->requests, shared->loop, shared->engine, views_picture(shared->views));
    send_capability(session);
    plan(session);
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
        send_capability(session);
}

void session_finish(struct session *session, const char *reason)
{
    finish(session, DIAGNOSIS_ENDED_HERE, "%s", reason);
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

bool session_peer_says(const struct session *session, struct mac *sender, const char **name,
                       uint64_t *services)
{
    *sender = session->peer.sender;
    *name = session->peer.name;
    *services = session->peer.services;
    return session->peer.known;
}

uint64_t session_granted(const struct session *session)
{
    return session->subscription.granted;
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
