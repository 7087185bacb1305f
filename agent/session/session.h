/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One NMSP session with an authorised peer (wire-profile "Session", "Requests"): capability,
 * subscription, requests, echo, dead timers, counters, output. Knows no socket and no TLS: its
 * owner (agent/connection) feeds it what was received and lends it a way to write.
 *
 * The identity decides who the peer is. A location server is published to. An access point
 * (agent/collector) is listened to: it is offered nothing, subscribed to, and what it asks for is
 * unsupported. A peer that offers services and asks for none in SESSION_IDLE_MS is an agent where
 * none is expected: nothing will ever be said, so that ends with a diagnosis.
 *
 * The owner creates a session only after the peer was authorised. When the session is over, for
 * whatever reason, it calls `closed` once, from a deferred call, and the owner then frees it.
 */
#ifndef AGENT_SESSION_SESSION_H
#define AGENT_SESSION_SESSION_H

#include "agent/base/loop.h"
#include "agent/base/mac.h"
#include "agent/collector/collector.h"
#include "agent/diagnosis.h"
#include "agent/engine/engine.h"
#include "agent/session/counters.h"
#include "agent/session/liveness.h"
#include "agent/session/subscription.h"
#include "agent/tls/tls.h"
#include "agent/view/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSION_MALFORMED_MAX = 8,
    SESSION_REASON_SIZE = 160,
    SESSION_IDLE_MS = 10000,
    SESSION_IDLE_DIALLED_MS = 15000, /* who is dialled says first what is wrong */
    SESSION_READ_PER_TURN = 64 * 1024,
    SESSION_COLLECT_PER_TURN = 16 * 1024, /* of an access point: a flood delays nobody else */
};

/* What all sessions share. Everything outlives the sessions. */
struct session_context {
    struct loop *loop;
    struct engine *engine;
    struct views *views;
    struct collector *collector; /* NULL: there are no access points */
    struct mac base_mac;         /* our sender-id */
    const char *name;            /* hostname */
    const char *software;
};

/* What the session needs of its connection. */
struct session_transport {
    /* As tls_write: takes a front part of the bytes, or says what to wait for. */
    enum tls_status (*write)(void *context, const void *data, size_t len, size_t *written);
    /* What the session wants to be called for has changed: ask session_wants_read() and _write().
     */
    void (*interest)(void *context);
    /* The session is over; the reason is a sentence. `flushed`: all output was written, close in
     * order. */
    void (*closed)(void *context, const char *reason, bool flushed);
    void *context;
    uint64_t number; /* of the connection, in the trace */
    bool inbound;    /* the peer came to us */
};

struct session;

/* NULL if memory is out. Begins by sending Capability. `identity` is the authorised MAC. */
struct session *session_new(const struct session_context *shared,
                            const struct session_transport *transport, const struct mac *identity);
/* NULL is allowed. `closed` is not called any more. */
void session_free(struct session *session);

/* Bytes from the peer, in any pieces. All are taken; call it only while session_wants_read(). */
void session_receive(struct session *session, const uint8_t *data, size_t len);
/* How many bytes may be handed over in one turn of the loop; when they were and there is more:
 * session_turn_filled(). */
size_t session_read_per_turn(const struct session *session);
void session_turn_filled(struct session *session);
/* The transport can take bytes again. */
void session_writable(struct session *session);

/* False while too many answers wait to be taken (wire-profile "Requests"). */
bool session_wants_read(const struct session *session);
bool session_wants_write(const struct session *session);

/* What is offered has changed: Capability is sent again if it differs, and granted bits that went
 * are withdrawn. */
void session_offer_changed(struct session *session);

/* The settings have changed: a peer that is to be something else now is ended in order. */
void session_recheck(struct session *session);

/* Ends it in order: stops notifications, flushes for at most SESSION_FLUSH_MS, then `closed`. */
void session_shutdown(struct session *session, const char *reason);

/* The peer's Capability was received and a version agreed. */
bool session_active(const struct session *session);
int64_t session_since(const struct session *session); /* loop_now() time at which it was created */
const struct mac *session_identity(const struct session *session);
uint64_t session_granted(const struct session *session);
void session_subscribed(const struct session *session, struct subscription_facts *out);
const struct session_counters *session_counters(const struct session *session);
/* All from 0 again; what the session itself decides by is not touched. */
void session_clear_counters(struct session *session);
/* Why it is over or being ended, in a code: DIAGNOSIS_NONE before that. */
enum diagnosis_code session_diagnosis(const struct session *session);

#endif
