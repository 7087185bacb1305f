/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/trace.h"
#include "agent/session/internal.h"

#include <inttypes.h>

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
    session_request_flush(session);
}

/* The clock of a stalled peer starts when something begins to wait. */
static void before_output(struct session *session)
{
    if (output_empty(session->output))
        session->progress_at = loop_now(session->shared->loop);
}

bool session_send(struct session *session, uint16_t id, uint8_t flags, uint32_t transaction,
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

uint32_t session_next_number(uint32_t number)
{
    return number == UINT32_MAX ? 1 : number + 1;
}

bool session_send_notification(struct session *session, uint16_t id, const uint8_t *body,
                               size_t len)
{
    uint32_t number = session_next_number(session->notifications);

    if (!session_send(session, id, 0, number, body, len))
        return false;
    session->notifications = number;
    if (id == WIRE_MEASUREMENT_NOTIFICATION)
        trace_line(TRACE_DEBUG, "NMSP_APP_MEAS_NOTIFY_MSG to \"LocServer %" PRIu64 "\"",
                   session->transport.number);
    return true;
}

void session_send_urgent(struct session *session, uint16_t id, uint32_t transaction,
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
        session_end(session, DIAGNOSIS_NO_RESOURCES, "out of memory for an echo");
}

void session_send_capability(struct session *session)
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
        !session_send_notification(session, WIRE_CAPABILITY_NOTIFICATION, body.base, body.used);
    if (!session->capability_due)
        session->told_offer = offered;
}
