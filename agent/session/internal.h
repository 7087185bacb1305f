/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside session/: what its files share. session.c has life, end and flushing; liveness.c the
 * timers; sending.c puts messages into the output; messages.c takes what the peer sends. For nobody
 * else.
 */
#ifndef AGENT_SESSION_INTERNAL_H
#define AGENT_SESSION_INTERNAL_H

#include "agent/session/input.h"
#include "agent/session/output.h"
#include "agent/session/request.h"
#include "agent/session/session.h"
#include "agent/session/subscription.h"
#include "agent/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Output that notifications leave free, so that what was read can always be answered. */
    SESSION_ANSWER_ROOM = 1024,
    SESSION_ECHO_ANSWER_ROOM = 128, /* the largest Echo Response has 80 bytes */
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

/* --- session.c ------------------------------------------------------------------------------- */

/* It is over: `closed` is called from a deferred call. The first reason stays. */
void session_end(struct session *session, enum diagnosis_code why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* In order: nothing more is read or notified, but what is queued may still be taken. */
void session_wind_up(struct session *session, enum diagnosis_code why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Everything that waits for room is looked at, and output written, later in this turn. */
void session_request_flush(struct session *session);

/* --- liveness.c ------------------------------------------------------------------------------ */

/* The timer runs until the next deadline: Capability, echo, silence, stall, flush. */
void session_plan(struct session *session);
void session_on_timer(void *context);

/* --- sending.c ------------------------------------------------------------------------------- */

/* After 0xffffffff comes 1. */
uint32_t session_next_number(uint32_t number);
/* Both put one message into the output, whole or not at all: false if there is no room. */
bool session_send(struct session *session, uint16_t id, uint8_t flags, uint32_t transaction,
                  const uint8_t *body, size_t len);
bool session_send_notification(struct session *session, uint16_t id, const uint8_t *body,
                               size_t len);
/* An echo, ahead of what is queued; the session ends if there is no memory for it. */
void session_send_urgent(struct session *session, uint16_t id, uint32_t transaction,
                         const uint8_t *data, size_t len, bool with_data);
/* What has to be said again if it could not be said at once. */
void session_send_capability(struct session *session);

/* --- messages.c ------------------------------------------------------------------------------ */

/* Frames that were kept because their answers had no room. */
void session_handle_input(struct session *session);

#endif
