/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one session sends: headers, transaction ids, counters, and since when output waits. It goes
 * through agent/session/output.
 */
#ifndef AGENT_SESSION_SENDING_H
#define AGENT_SESSION_SENDING_H

#include "agent/session/counters.h"
#include "agent/session/output.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sending {
    struct loop *loop;
    struct output *output;
    struct session_counters *counters;
    uint64_t connection;    /* its number in the trace */
    uint32_t notifications; /* transaction ids: the last one given */
    uint32_t echoes;
    int64_t progress_at; /* output was empty, or a byte of it was taken */
};

/* With an output of so many bytes. False if memory is out. The counters stay the caller's. */
bool sending_init(struct sending *sending, struct loop *loop, struct session_counters *counters,
                  uint64_t connection, size_t output);
void sending_fini(struct sending *sending);

/* Both put one message into the output, whole or not at all: false if there is no room. */
bool sending_put(struct sending *sending, uint16_t id, uint8_t flags, uint32_t transaction,
                 const uint8_t *body, size_t len);
bool sending_notify(struct sending *sending, uint16_t id, const uint8_t *body, size_t len);

/* Echoes go ahead of what is queued. False: there is no memory for it. `data` NULL: the request
 * had no such element. */
bool sending_ask(struct sending *sending);
bool sending_answer_echo(struct sending *sending, uint32_t transaction,
                         const struct wire_echo_data *data);

/* As output_flush(). */
enum tls_status sending_flush(struct sending *sending,
                              enum tls_status (*write)(void *context, const void *data, size_t len,
                                                       size_t *written),
                              void *context);

/* LIVENESS_NEVER: nothing waits. */
int64_t sending_waits_since(const struct sending *sending);

#endif
