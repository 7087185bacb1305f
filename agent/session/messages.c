/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/log.h"
#include "agent/session/internal.h"

static void refuse(struct session *session, const struct wire_message *message, uint16_t result)
{
    uint8_t buffer[128];
    struct writer body = writer_of(buffer, sizeof(buffer));

    uint16_t answer = (uint16_t)message->info->answer;
    request_refusal(&body, answer, result, loop_wall(session->shared->loop),
                    session->subscription.granted);
    (void)session_send(session, answer, 0, message->header.transaction, body.base, body.used);
}

static void take_capability(struct session *session, const struct wire_message *message)
{
    if (message->protocol_version.min > WIRE_VERSION ||
        message->protocol_version.max < WIRE_VERSION) {
        session_end(session, DIAGNOSIS_VERSION,
                    "no common protocol version: the peer speaks %u to %u, this agent speaks %u",
                    message->protocol_version.min, message->protocol_version.max, WIRE_VERSION);
        return;
    }
    if (!mac_equal(&message->sender_id.mac, &session->identity))
        session->counters.foreign_sender++;
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
        (void)session_send(session, WIRE_SUBSCRIBE_RESPONSE, 0, message->header.transaction,
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
        session_request_flush(session);
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
        session_wind_up(session, DIAGNOSIS_MALFORMED,
                        "the peer sent %d malformed messages, the last one a %s: element %u %s",
                        SESSION_MALFORMED_MAX, message->info->name, message->fault.element,
                        wire_reason_text(message->fault.reason));
}

static void take_message(struct session *session, const struct wire_message *message)
{
    switch (message->header.id) {
    case WIRE_ECHO_REQUEST:
        session->counters.rx_echo_requests++;
        session_send_urgent(session, WIRE_ECHO_RESPONSE, message->header.transaction,
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
            session_end(session, DIAGNOSIS_NOT_NMSP,
                        "the peer does not speak this protocol: version byte %u, not %u",
                        header.version, WIRE_VERSION);
            break;
        }
        if (frame == WIRE_FRAME_BAD_LENGTH) {
            session_end(session, DIAGNOSIS_NOT_NMSP,
                        "the peer sent a frame of impossible length %lu",
                        (unsigned long)header.length);
            break;
        }
        take_frame(session, data + used, header.length);
        used += header.length;
    }
    return used;
}

void session_handle_input(struct session *session)
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
            session_handle_input(session);
        else
            session_end(session, DIAGNOSIS_NO_RESOURCES, "out of memory for the peer's input");
    }
    session_plan(session);
    session->transport.interest(session->transport.context);
}
