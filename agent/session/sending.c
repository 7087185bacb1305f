/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/session/sending.h"

#include "agent/base/trace.h"
#include "agent/session/liveness.h"

#include <inttypes.h>

bool sending_init(struct sending *sending, struct loop *loop, struct session_counters *counters,
                  uint64_t connection, size_t output)
{
    *sending = (struct sending){.loop = loop,
                                .output = output_new(output),
                                .counters = counters,
                                .connection = connection,
                                .progress_at = loop_now(loop)};
    return sending->output != NULL;
}

void sending_fini(struct sending *sending)
{
    output_free(sending->output);
}

static void count(struct session_counters *counters, uint16_t id)
{
    bool echo = id == WIRE_ECHO_REQUEST || id == WIRE_ECHO_RESPONSE;

    counters->tx_frames++;
    counters->tx_data += echo ? 0 : 1;
    counters->tx_echo_responses += id == WIRE_ECHO_RESPONSE ? 1 : 0;
    if (id < SESSION_IDS)
        counters->tx_by_id[id]++;
}

/* The clock of a stalled peer starts when something begins to wait. */
static void before_output(struct sending *sending)
{
    if (output_empty(sending->output))
        sending->progress_at = loop_now(sending->loop);
}

bool sending_put(struct sending *sending, uint16_t id, uint8_t flags, uint32_t transaction,
                 const uint8_t *body, size_t len)
{
    uint8_t header[WIRE_HEADER_SIZE];

    before_output(sending);
    wire_header_put(header, id, flags, transaction, len);
    if (!output_put(sending->output, header, body, len))
        return false;
    count(sending->counters, id);
    return true;
}

/* After 0xffffffff comes 1. */
static uint32_t next_number(uint32_t number)
{
    return number == UINT32_MAX ? 1 : number + 1;
}

bool sending_notify(struct sending *sending, uint16_t id, const uint8_t *body, size_t len)
{
    uint32_t number = next_number(sending->notifications);

    if (!sending_put(sending, id, 0, number, body, len))
        return false;
    sending->notifications = number;
    if (id == WIRE_MEASUREMENT_NOTIFICATION)
        trace_line(TRACE_DEBUG, "NMSP_APP_MEAS_NOTIFY_MSG to \"LocServer %" PRIu64 "\"",
                   sending->connection);
    return true;
}

static bool put_echo(struct sending *sending, uint16_t id, uint32_t transaction,
                     const struct wire_echo_data *data)
{
    uint8_t message[WIRE_HEADER_SIZE + WIRE_ECHO_DATA_SIZE + WIRE_ECHO_MAX];
    struct writer w = writer_of(message, sizeof(message));
    size_t begin = wire_begin(&w, id, 0, transaction);

    if (data != NULL)
        wire_echo_data_put(&w, data);
    if (!wire_end(&w, begin))
        return true; /* nothing that could be said */
    before_output(sending);
    if (!output_put_urgent(sending->output, message, w.used))
        return false;
    count(sending->counters, id);
    return true;
}

bool sending_ask(struct sending *sending)
{
    sending->echoes = next_number(sending->echoes);
    return put_echo(sending, WIRE_ECHO_REQUEST, sending->echoes, NULL);
}

bool sending_answer_echo(struct sending *sending, uint32_t transaction,
                         const struct wire_echo_data *data)
{
    return put_echo(sending, WIRE_ECHO_RESPONSE, transaction, data);
}

enum tls_status sending_flush(struct sending *sending,
                              enum tls_status (*write)(void *context, const void *data, size_t len,
                                                       size_t *written),
                              void *context)
{
    bool progress = false;
    enum tls_status status = output_flush(sending->output, write, context, &progress);

    if (progress)
        sending->progress_at = loop_now(sending->loop);
    return status;
}

int64_t sending_waits_since(const struct sending *sending)
{
    return output_empty(sending->output) ? LIVENESS_NEVER : sending->progress_at;
}
