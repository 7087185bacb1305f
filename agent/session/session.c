/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/session.h"

#include "agent/base/log.h"
#include "agent/session/input.h"
#include "agent/session/liveness.h"
#include "agent/session/request.h"
#include "agent/session/sending.h"
#include "agent/session/subscription.h"
#include "agent/wire/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Output that notifications leave free, so that what was read can always be answered. */
    ANSWER_ROOM = 1024,
    ECHO_ANSWER_ROOM = 128, /* the largest Echo Response has 80 bytes */
};

enum phase { PHASE_CAPABILITY, PHASE_ACTIVE, PHASE_FLUSHING, PHASE_OVER };

struct session {
    const struct session_context *shared;
    struct session_transport transport;
    struct mac identity;
    enum phase phase;
    int64_t since;

    struct input input;
    struct sending sending;
    struct liveness liveness;
    struct requests requests;
    struct subscription subscription;
    struct access_point *access_point; /* it is one: it is listened to, and not published to */
    uint32_t collected;                /* the number of this session there */
    uint64_t asked;                    /* of it: the services */
    bool idle_settled;                 /* the peer has asked, or its time to do so has begun */
    bool subscribe_due;
    uint32_t requests_sent;
    uint64_t told_offer; /* the mask of the Capability that was sent last */
    bool capability_due;

    struct loop_deferred flush;
    struct loop_deferred over;
    char reason[SESSION_REASON_SIZE];
    bool flushed;
    enum diagnosis_code diagnosis;
    unsigned faults; /* malformed messages */
    struct session_counters counters;
};

static void on_flush(void *context);

static bool is_talking(const struct session *session)
{
    return session->phase == PHASE_CAPABILITY || session->phase == PHASE_ACTIVE;
}

/* Everything that waits for room is looked at, and output written, later in this turn. */
static void request_flush(struct session *session)
{
    loop_defer(session->shared->loop, &session->flush, on_flush, session);
}

/* --- the end --------------------------------------------------------------------------------- */

static void on_over(void *context)
{
    struct session *session = context;
    session->transport.closed(session->transport.context, session->reason, session->flushed);
}

/* Nothing that the peer said is valid any more. */
static void end_collecting(struct session *session)
{
    collector_end(session->access_point, session->collected);
    session->access_point = NULL;
}

static void end_parts(struct session *session)
{
    subscription_end(&session->subscription);
    requests_fini(&session->requests);
    end_collecting(session);
}

/* Now: `closed` is called from a deferred call. The first reason stays. */
__attribute__((format(printf, 3, 4))) static void
abort_session(struct session *session, enum diagnosis_code why, const char *format, ...)
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
    end_collecting(session);
    liveness_stop(&session->liveness);
    loop_defer(session->shared->loop, &session->over, on_over, session);
}

/* In order: nothing more is read or notified, but what is queued may still be taken. */
__attribute__((format(printf, 3, 4))) static void
shut_down(struct session *session, enum diagnosis_code why, const char *format, ...)
{
    va_list arguments;

    if (!is_talking(session))
        return;
    session->phase = PHASE_FLUSHING;
    session->diagnosis = why;
    va_start(arguments, format);
    (void)vsnprintf(session->reason, sizeof(session->reason), format, arguments);
    va_end(arguments);
    end_parts(session);
    request_flush(session);
    liveness_flush(&session->liveness);
}

static void on_liveness(void *context, enum liveness_event event)
{
    struct session *session = context;

    switch (event) {
    case LIVENESS_ASK:
        if (sending_ask(&session->sending))
            request_flush(session);
        else
            abort_session(session, DIAGNOSIS_NO_RESOURCES, "out of memory for an echo");
        break;
    case LIVENESS_SILENT:
        abort_session(session, DIAGNOSIS_SILENT, "the peer is silent: no message for %d s",
                      SESSION_DEAD_INTERVAL_MS / 1000);
        break;
    case LIVENESS_STALLED:
        abort_session(session, DIAGNOSIS_STALLED, "the peer is stalled: it took no byte for %d s",
                      SESSION_DEAD_INTERVAL_MS / 1000);
        break;
    case LIVENESS_NO_CAPABILITY:
        abort_session(session, DIAGNOSIS_NOT_NMSP,
                      "the peer sent no Capability within %d s: it does not speak NMSP",
                      SESSION_CAPABILITY_MS / 1000);
        break;
    case LIVENESS_IDLE:
        if (session->transport.inbound)
            shut_down(session, DIAGNOSIS_NOT_ACCESS_POINT,
                      "the peer offers services and subscribes to none: it is an access point that "
                      "is not configured as one");
        else
            shut_down(session, DIAGNOSIS_IS_CONTROLLER,
                      "the peer offers services and subscribes to none: it is no location server, "
                      "but an agent as this one");
        break;
    case LIVENESS_UNFLUSHED:
        abort_session(session, session->diagnosis, "%s (the peer did not take the last output)",
                      session->reason);
        break;
    }
}

static void plan(struct session *session)
{
    if (session->phase != PHASE_OVER)
        liveness_plan(&session->liveness, sending_waits_since(&session->sending));
}

/* --- sending --------------------------------------------------------------------------------- */

static bool send_message(struct session *session, uint16_t id, uint8_t flags, uint32_t transaction,
                         const struct writer *body)
{
    if (!sending_put(&session->sending, id, flags, transaction, body->base, body->used))
        return false;
    request_flush(session);
    return true;
}

static bool notify(struct session *session, uint16_t id, const uint8_t *body, size_t len)
{
    if (!sending_notify(&session->sending, id, body, len))
        return false;
    request_flush(session);
    return true;
}

/* What has to be said again if it could not be said at once. */
static void send_capability(struct session *session)
{
    uint8_t buffer[256];
    struct writer body = writer_of(buffer, sizeof(buffer));
    uint64_t offered = session->access_point == NULL ? engine_offered(session->shared->engine) : 0;

    wire_put_protocol_version(&body, WIRE_VERSION, WIRE_VERSION);
    wire_put_services(&body, offered);
    wire_put_sender_id(&body, &session->shared->base_mac);
    wire_put_timestamp(&body, (uint64_t)loop_wall(session->shared->loop));
    wire_put_name(&body, session->shared->name);
    wire_put_software(&body, session->shared->software);
    session->capability_due = !notify(session, WIRE_CAPABILITY_NOTIFICATION, body.base, body.used);
    if (!session->capability_due)
        session->told_offer = offered;
}

/* To an access point; said again, too, if it could not be said at once. */
static void subscribe(struct session *session)
{
    static const uint8_t intervals[] = {WIRE_RSSI_MS, WIRE_RSSI_RFID, WIRE_RSSI_ROGUE};
    uint8_t buffer[128];
    struct writer body = writer_of(buffer, sizeof(buffer));

    wire_put_services(&body, session->asked);
    for (size_t i = 0; i < sizeof(intervals); i++)
        if ((session->asked & WIRE_BIT(intervals[i])) != 0)
            wire_put_interval(&body, intervals[i], COLLECTOR_INTERVAL);
    session->subscribe_due =
        !send_message(session, WIRE_SUBSCRIBE_REQUEST, 0, session->requests_sent + 1, &body);
    session->requests_sent += session->subscribe_due ? 0 : 1;
}

/* --- notifications: what the view asks of its member ----------------------------------------- */

static void flush_now(struct session *session)
{
    if (session->phase == PHASE_OVER)
        return;
    enum tls_status status =
        sending_flush(&session->sending, session->transport.write, session->transport.context);
    if (status == TLS_FAILED)
        abort_session(session, DIAGNOSIS_LOST, "writing to the peer failed");
    else if (status == TLS_CLOSED)
        abort_session(session, DIAGNOSIS_PEER_CLOSED, "the peer closed the connection");
}

static bool has_room(void *context)
{
    struct session *session = context;
    return session->phase == PHASE_ACTIVE &&
           output_room(session->sending.output) >= WIRE_MESSAGE_CUT + ANSWER_ROOM;
}

static bool deliver(void *context, uint16_t id, const uint8_t *body, size_t len)
{
    struct session *session = context;

    if (session->phase != PHASE_ACTIVE)
        return false;
    if (output_room(session->sending.output) < WIRE_HEADER_SIZE + len + ANSWER_ROOM)
        flush_now(session);
    if (session->phase != PHASE_ACTIVE ||
        output_room(session->sending.output) < WIRE_HEADER_SIZE + len + ANSWER_ROOM)
        return false;
    return notify(session, id, body, len);
}

static void synchronise(struct session *session)
{
    if (session->phase == PHASE_ACTIVE && subscription_behind(&session->subscription) &&
        view_sync(session->subscription.member) == VIEW_LOST)
        abort_session(
            session, DIAGNOSIS_STALLED,
            "the peer took no output for so long that departures were forgotten; it has to start "
            "anew");
}

/* --- what the peer sends --------------------------------------------------------------------- */

bool session_wants_read(const struct session *session)
{
    return is_talking(session) && output_room(session->sending.output) >= ANSWER_ROOM &&
           output_urgent_room(session->sending.output) >= ECHO_ANSWER_ROOM;
}

static void refuse(struct session *session, const struct wire_message *message, uint16_t result)
{
    uint8_t buffer[128];
    struct writer body = writer_of(buffer, sizeof(buffer));

    uint16_t answer = (uint16_t)message->info->answer;
    request_refusal(&body, answer, result, loop_wall(session->shared->loop),
                    session->subscription.granted);
    (void)send_message(session, answer, 0, message->header.transaction, &body);
}

static void listen_to(struct session *session, const struct wire_message *message)
{
    uint64_t wanted = collector_capability(session->access_point, message);

    if (wanted == session->asked)
        return;
    session->asked = wanted;
    subscribe(session);
}

static void take_capability(struct session *session, const struct wire_message *message)
{
    if (message->protocol_version.min > WIRE_VERSION ||
        message->protocol_version.max < WIRE_VERSION) {
        abort_session(session, DIAGNOSIS_VERSION,
                      "no common protocol version: the peer speaks %u to %u, this agent speaks %u",
                      message->protocol_version.min, message->protocol_version.max, WIRE_VERSION);
        return;
    }
    if (!mac_equal(&message->sender_id.mac, &session->identity))
        session->counters.foreign_sender++;
    session->phase = PHASE_ACTIVE;
    liveness_has_capability(&session->liveness);
    if (session->access_point != NULL)
        listen_to(session, message);
    else if (message->services.mask != 0 && !session->idle_settled) {
        /* Not with the first one alone: an agent's radios may come later. */
        session->idle_settled = true;
        liveness_waits(&session->liveness,
                       loop_now(session->shared->loop) + (session->transport.inbound
                                                              ? SESSION_IDLE_MS
                                                              : SESSION_IDLE_DIALLED_MS));
    }
}

static void take_subscribe(struct session *session, const struct wire_message *message)
{
    uint8_t buffer[512];
    struct writer body = writer_of(buffer, sizeof(buffer));
    uint16_t result = subscription_take(&session->subscription, message, &body);

    if (result != WIRE_RESULT_OK)
        refuse(session, message, result);
    else
        (void)send_message(session, WIRE_SUBSCRIBE_RESPONSE, 0, message->header.transaction, &body);
}

static void take_request(struct session *session, const struct wire_message *message)
{
    uint16_t result = WIRE_RESULT_NOT_PERMITTED;

    session->idle_settled = true;
    liveness_waits(&session->liveness, LIVENESS_NEVER);
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

/* A request that is for us to answer. */
static bool is_asked(const struct session *session, const struct wire_message *message)
{
    return message->info->role == WIRE_REQUEST && session->access_point == NULL;
}

static void take_malformed(struct session *session, const struct wire_message *message)
{
    session->counters.malformed++;
    session->faults++;
    log_debug("malformed %s: element %u %s", message->info->name, message->fault.element,
              wire_reason_text(message->fault.reason));
    /* An echo has nowhere to carry a result. */
    if (is_asked(session, message) && message->header.id != WIRE_ECHO_REQUEST)
        refuse(session, message,
               session->phase == PHASE_ACTIVE ? WIRE_RESULT_MALFORMED : WIRE_RESULT_NOT_PERMITTED);
    if (session->faults >= SESSION_MALFORMED_MAX)
        shut_down(session, DIAGNOSIS_MALFORMED,
                  "the peer sent %d malformed messages, the last one a %s: element %u %s",
                  SESSION_MALFORMED_MAX, message->info->name, message->fault.element,
                  wire_reason_text(message->fault.reason));
}

static void take_echo(struct session *session, const struct wire_message *message)
{
    bool has_data = (message->present & WIRE_HAS(ECHO_DATA)) != 0;

    session->counters.rx_echo_requests++;
    if (sending_answer_echo(&session->sending, message->header.transaction,
                            has_data ? &message->echo_data : NULL))
        request_flush(session);
    else
        abort_session(session, DIAGNOSIS_NO_RESOURCES, "out of memory for an echo");
}

static void take_message(struct session *session, const struct wire_message *message)
{
    switch (message->header.id) {
    case WIRE_ECHO_REQUEST:
        take_echo(session, message);
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
        if (session->access_point == NULL)
            take_request(session, message);
        else
            session->counters.unsupported++;
        break;
    default: /* what only a controller says */
        if (session->access_point == NULL || !collector_take(session->access_point, message))
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
    liveness_heard(&session->liveness);
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
            abort_session(session, DIAGNOSIS_NOT_NMSP,
                          "the peer does not speak this protocol: version byte %u, not %u",
                          header.version, WIRE_VERSION);
            break;
        }
        if (frame == WIRE_FRAME_BAD_LENGTH) {
            abort_session(session, DIAGNOSIS_NOT_NMSP,
                          "the peer sent a frame of impossible length %lu",
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

    if (!is_talking(session))
        return;
    if (input_len(&session->input) == 0)
        used = take_frames(session, data, len);
    if (session->phase != PHASE_OVER && used < len) {
        if (input_keep(&session->input, data + used, len - used))
            handle_input(session);
        else
            abort_session(session, DIAGNOSIS_NO_RESOURCES, "out of memory for the peer's input");
    }
    plan(session);
    session->transport.interest(session->transport.context);
}

/* --- flushing -------------------------------------------------------------------------------- */

/* One piece of an answer if there is room for it. */
static bool answer_piece(struct session *session)
{
    static uint8_t buffer[WIRE_MESSAGE_CUT]; /* one thread, and nothing is kept in it */
    struct writer body = writer_of(buffer, sizeof(buffer) - WIRE_HEADER_SIZE);
    struct request_piece piece;

    if (!has_room(session) || !requests_next(&session->requests, &piece, &body))
        return false;
    return send_message(session, piece.id, piece.flags, piece.transaction, &body);
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
        send_capability(session);
    if (session->subscribe_due)
        subscribe(session);
    while (answer_piece(session))
        continue;
    handle_input(session);
    synchronise(session);
}

static void on_flush(void *context)
{
    struct session *session = context;

    do {
        if (is_talking(session))
            fill_output(session);
        flush_now(session);
        /* An empty output may take more of what waits. */
    } while (session->phase == PHASE_ACTIVE && output_empty(session->sending.output) &&
             (requests_waiting(&session->requests) || subscription_behind(&session->subscription) ||
              frame_waits(session)));
    loop_deferred_cancel(session->shared->loop, &session->flush);
    if (session->phase == PHASE_FLUSHING && output_empty(session->sending.output)) {
        session->flushed = true;
        abort_session(session, session->diagnosis, "%s", session->reason);
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
    return session->phase != PHASE_OVER && !output_empty(session->sending.output);
}

/* --- life ------------------------------------------------------------------------------------ */

static bool is_expected(const struct session *session)
{
    return session->shared->collector != NULL &&
           collector_expects(session->shared->collector, &session->identity);
}

/* False: an access point for which there is no place or memory. */
static bool begin_collecting(struct session *session)
{
    if (!is_expected(session))
        return true;
    session->access_point =
        collector_begin(session->shared->collector, &session->identity, &session->collected);
    return session->access_point != NULL;
}

struct session *session_new(const struct session_context *shared,
                            const struct session_transport *transport, const struct mac *identity)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->shared = shared;
    session->transport = *transport;
    session->identity = *identity;
    session->since = loop_now(shared->loop);
    if (!begin_collecting(session) ||
        !sending_init(&session->sending, shared->loop, &session->counters, transport->number,
                      session->access_point == NULL ? OUTPUT_SIZE : OUTPUT_SMALL) ||
        liveness_init(&session->liveness, shared->loop, on_liveness, session) != 0) {
        collector_end(session->access_point, session->collected);
        sending_fini(&session->sending);
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
    send_capability(session);
    plan(session);
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    end_parts(session);
    liveness_fini(&session->liveness);
    loop_deferred_cancel(session->shared->loop, &session->flush);
    loop_deferred_cancel(session->shared->loop, &session->over);
    sending_fini(&session->sending);
    input_fini(&session->input);
    free(session);
}

void session_offer_changed(struct session *session)
{
    uint64_t offered = engine_offered(session->shared->engine);

    if (!is_talking(session) || session->access_point != NULL)
        return;
    subscription_withdraw(&session->subscription, offered);
    if (session->capability_due || offered != session->told_offer)
        send_capability(session);
}

void session_recheck(struct session *session)
{
    if (is_expected(session) != (session->access_point != NULL))
        shut_down(session, DIAGNOSIS_ENDED_HERE, "%s",
                  session->access_point != NULL ? "it is not configured as an access point any more"
                                                : "it is configured as an access point now");
}

size_t session_read_per_turn(const struct session *session)
{
    return session->access_point == NULL ? SESSION_READ_PER_TURN : SESSION_COLLECT_PER_TURN;
}

void session_turn_filled(struct session *session)
{
    if (session->access_point != NULL)
        collector_turn_filled(session->access_point);
}

void session_shutdown(struct session *session, const char *reason)
{
    shut_down(session, DIAGNOSIS_ENDED_HERE, "%s", reason);
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
