/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/peer/connection.h"

#include "agent/base/trace.h"
#include "agent/peer/failure.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 16 * 1024, UNSENT_BYTES = 32 * 1024 };

enum step { STEP_CONNECT, STEP_HANDSHAKE, STEP_SESSION, STEP_OVER };

struct connection {
    const struct session_context *shared;
    struct lingering *lingering;
    struct tls_context *context;
    struct connection_owner owner;
    enum step step;
    uint64_t number; /* in the trace */
    int fd;          /* -1 once it is over */
    struct tls *tls;
    struct session *session;
    struct authlist_decision decision;
    bool active;    /* and the owner knows */
    bool finishing; /* the session flushes */

    struct loop_watch watch;
    struct loop_timer timer; /* deadlines; in a session: reading goes on in the next turn */
    struct loop_deferred end;
    unsigned read_waits;  /* what reading waits for: LOOP_READ as a rule */
    unsigned write_waits; /* what writing waits for: LOOP_WRITE as a rule */
    bool more;            /* data may wait inside the library, with nothing on the descriptor */
    bool write_failed;

    struct statistics *statistics;
    bool inbound;
    bool legacy_cipher;

    enum connection_end why;
    enum diagnosis_code code;
    int error; /* errno that goes with it */
    char reason[PEER_REASON_SIZE];
};

/* Of the connection that comes next: numbers are those of the process. */
static uint64_t next_number;

static void update_interest(struct connection *c);

/* --- the end --------------------------------------------------------------------------------- */

static void tell_end(void *context)
{
    struct connection *c = context;

    c->owner.ended(c->owner.context, c->why, c->reason);
}

static void let_go(struct connection *c)
{
    if (c->fd < 0)
        return;
    loop_watch_remove(&c->watch);
    if (c->step == STEP_CONNECT)
        (void)close(c->fd);
    else
        lingering_take(c->lingering, c->fd);
    c->fd = -1;
}

__attribute__((format(printf, 4, 5))) static void end(struct connection *c, enum connection_end why,
                                                      enum diagnosis_code code, const char *format,
                                                      ...)
{
    va_list arguments;

    if (c->step == STEP_OVER)
        return;
    if (c->step == STEP_HANDSHAKE && c->inbound)
        statistics_accepted(c->statistics, false);
    else if (c->step == STEP_SESSION && !c->active)
        statistics_not_registered(c->statistics);
    c->why = why;
    c->code = code;
    va_start(arguments, format);
    (void)vsnprintf(c->reason, sizeof(c->reason), format, arguments);
    va_end(arguments);
    if (c->tls != NULL)
        tls_shutdown(c->tls);
    let_go(c);
    c->step = STEP_OVER;
    loop_timer_stop(&c->timer);
    loop_defer(c->shared->loop, &c->end, tell_end, c);
}

/* --- what the session asks of us ------------------------------------------------------------- */

static enum tls_status session_writes(void *context, const void *data, size_t len, size_t *written)
{
    struct connection *c = context;

    if (c->step != STEP_SESSION)
        return TLS_FAILED;
    enum tls_status status = tls_write(c->tls, data, len, written);
    c->write_waits = status == TLS_WANT_READ ? LOOP_READ : LOOP_WRITE;
    c->write_failed = status == TLS_FAILED;
    return status;
}

static void session_interest(void *context)
{
    struct connection *c = context;

    update_interest(c);
    if (c->active || c->session == NULL || !session_active(c->session))
        return;
    c->active = true;
    c->owner.active(c->owner.context);
}

/* In TLS 1.3 a server says no to our certificate only after we are done. */
static enum diagnosis_code broken_session_diagnosis(const struct connection *c)
{
    return tls_failure(c->tls) == TLS_FAILURE_PEER_ALERT ? failure_of_tls(c->tls) : DIAGNOSIS_LOST;
}

static void session_closed(void *context, const char *reason, bool flushed)
{
    struct connection *c = context;

    (void)flushed;
    if (c->step == STEP_OVER)
        return;
    if (c->write_failed)
        end(c, CONNECTION_OVER, broken_session_diagnosis(c), "%s", tls_error(c->tls));
    else
        end(c, CONNECTION_OVER, session_diagnosis(c->session), "%s", reason);
}

/* --- a session's bytes ----------------------------------------------------------------------- */

static bool reading(const struct connection *c)
{
    return c->step == STEP_SESSION && session_wants_read(c->session);
}

/*
 * While `more` is set the timer goes on with reading, and the descriptor is not asked. A write that
 * waits for input which the session does not want to read waits for the session.
 */
static void update_interest(struct connection *c)
{
    unsigned events = 0;

    if (c->step != STEP_SESSION || c->session == NULL)
        return; /* a session says so while it is being made, too */
    if (reading(c) && c->more && !loop_timer_running(&c->timer))
        loop_timer_start(&c->timer, 0);
    if (reading(c) && !c->more)
        events |= c->read_waits;
    if (session_wants_write(c->session) && (c->write_waits == LOOP_WRITE || reading(c)))
        events |= c->write_waits;
    loop_watch_set(&c->watch, events);
}

/* At most session_read_per_turn(): no peer keeps the loop from the others. */
static void receive(struct connection *c)
{
    uint8_t buffer[READ_SIZE];
    size_t taken = 0;

    c->more = true;
    while (reading(c) && taken < session_read_per_turn(c->session)) {
        size_t got = 0;
        enum tls_status status = tls_read(c->tls, buffer, sizeof(buffer), &got);
        if (status == TLS_OK) {
            session_receive(c->session, buffer, got);
            taken += got;
            continue;
        }
        c->more = false;
        c->read_waits = status == TLS_WANT_WRITE ? LOOP_WRITE : LOOP_READ;
        if (status == TLS_CLOSED)
            end(c, CONNECTION_OVER, DIAGNOSIS_PEER_CLOSED, "the peer closed the connection");
        else if (status == TLS_FAILED)
            end(c, CONNECTION_OVER, broken_session_diagnosis(c), "%s", tls_error(c->tls));
        return;
    }
    if (reading(c))
        session_turn_filled(c->session);
}

static void report_socket_error(struct connection *c)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    c->error = error;
    end(c, CONNECTION_OVER, DIAGNOSIS_LOST, "the connection is lost: %s",
        error != 0 ? strerror(error) : "the peer is gone");
}

static void serve(struct connection *c, unsigned ready)
{
    bool lost = (ready & LOOP_ERROR) != 0;

    if (lost && !reading(c)) {
        report_socket_error(c);
        return;
    }
    if (lost || (ready & c->read_waits) != 0)
        receive(c);
    if (c->step == STEP_SESSION && (ready & c->write_waits) != 0)
        session_writable(c->session);
    update_interest(c);
}

/* --- becoming a session ---------------------------------------------------------------------- */

static bool authorise(void *context, const struct certificate_info *peer)
{
    struct connection *c = context;

    bool let_in = c->owner.authorise(c->owner.context, peer, &c->decision);
    statistics_verified(c->statistics, c->decision.verdict);
    return let_in;
}

static void begin_session(struct connection *c)
{
    const struct session_transport transport = {.write = session_writes,
                                                .interest = session_interest,
                                                .closed = session_closed,
                                                .context = c,
                                                .number = c->number,
                                                .inbound = c->inbound};

    c->step = STEP_SESSION;
    c->read_waits = LOOP_READ;
    c->write_waits = LOOP_WRITE;
    loop_timer_stop(&c->timer);
    c->session = session_new(c->shared, &transport, &c->decision.mac);
    if (c->session == NULL) {
        end(c, CONNECTION_UNREACHABLE, DIAGNOSIS_NO_RESOURCES,
            "there is no memory for its session");
        return;
    }
    trace_line(TRACE_INFO, "NMSP connection is up! conn %" PRIu64, c->number);
    c->owner.began(c->owner.context);
    receive(c); /* what came with the end of the handshake is inside the library already */
    update_interest(c);
}

/* The list may have changed while the handshake was under way, so it is asked again. */
static void admit(struct connection *c)
{
    if (!c->owner.authorise(c->owner.context, tls_peer(c->tls), &c->decision)) {
        end(c, CONNECTION_REFUSED, DIAGNOSIS_NONE, "not let in: %s",
            authlist_verdict_name(c->decision.verdict));
        return;
    }
    if (c->inbound)
        statistics_accepted(c->statistics, true);
    c->step = STEP_SESSION;
    const char *refusal = c->owner.admit(c->owner.context, &c->decision.mac);
    if (refusal != NULL)
        end(c, CONNECTION_REFUSED, DIAGNOSIS_NONE, "%s", refusal);
    else
        begin_session(c);
}

static void handshake_failed(struct connection *c)
{
    enum diagnosis_code code = failure_of_tls(c->tls);

    switch (tls_failure(c->tls)) {
    case TLS_FAILURE_REFUSED:
        end(c, CONNECTION_REFUSED, code, "not let in: %s",
            authlist_verdict_name(c->decision.verdict));
        return;
    case TLS_FAILURE_NO_CERTIFICATE:
    case TLS_FAILURE_BAD_CERTIFICATE:
        statistics_unverifiable(c->statistics);
        end(c, CONNECTION_REFUSED, code, "not let in: %s", tls_error(c->tls));
        return;
    case TLS_FAILURE_KEY_SIZE:
    case TLS_FAILURE_WEAK_PROOF:
    case TLS_FAILURE_UNPROVEN:
        end(c, CONNECTION_REFUSED, code, "not let in: %s", tls_error(c->tls));
        return;
    default:
        end(c, CONNECTION_NO_TLS, code, "TLS: %s", tls_error(c->tls));
    }
}

static void handshake(struct connection *c)
{
    switch (tls_handshake(c->tls)) {
    case TLS_OK:
        admit(c);
        return;
    case TLS_WANT_READ:
        loop_watch_set(&c->watch, LOOP_READ);
        return;
    case TLS_WANT_WRITE:
        loop_watch_set(&c->watch, LOOP_WRITE);
        return;
    case TLS_CLOSED:
        end(c, CONNECTION_NO_TLS, DIAGNOSIS_HANDSHAKE_CLOSED,
            "the peer closed the connection during the TLS handshake");
        return;
    case TLS_FAILED:
        break;
    }
    handshake_failed(c);
}

/*
 * Measurements are facts about now. Frames are written whole, so waiting for more would only age
 * them; and what the kernel queues for a peer that does not read is old when it is read, so it gets
 * little: then the session is what notices, and sends one current picture later.
 */
static void keep_fresh(int fd)
{
    int on = 1;
    int unsent = UNSENT_BYTES;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

static void begin_handshake(struct connection *c)
{
    keep_fresh(c->fd);
    c->tls = tls_new(c->context, c->fd, authorise, c);
    c->step = STEP_HANDSHAKE;
    if (c->tls == NULL) {
        end(c, CONNECTION_UNREACHABLE, DIAGNOSIS_NO_RESOURCES, "there is no memory for TLS");
        return;
    }
    statistics_created(c->statistics, c->inbound);
    tls_trace(c->tls, c->number);
    loop_timer_start(&c->timer, CONNECTION_HANDSHAKE_MS);
    handshake(c);
}

static void complete_connect(struct connection *c)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    c->error = error;
    if (error != 0)
        end(c, CONNECTION_UNREACHABLE, failure_of_connect(error), "%s", strerror(error));
    else
        begin_handshake(c);
}

static void on_ready(void *context, unsigned ready)
{
    struct connection *c = context;

    if (c->step == STEP_CONNECT)
        complete_connect(c);
    else if (c->step == STEP_HANDSHAKE)
        handshake(c);
    else if (c->step == STEP_SESSION)
        serve(c, ready);
}

static void on_timer(void *context)
{
    struct connection *c = context;

    if (c->step == STEP_CONNECT) {
        end(c, CONNECTION_UNREACHABLE, DIAGNOSIS_NO_ANSWER, "no answer within %d s",
            CONNECTION_CONNECT_MS / 1000);
    } else if (c->step == STEP_HANDSHAKE) {
        end(c, CONNECTION_NO_TLS, DIAGNOSIS_HANDSHAKE_SILENT,
            "the peer did not complete the TLS handshake within %d s",
            CONNECTION_HANDSHAKE_MS / 1000);
    } else if (c->step == STEP_SESSION) {
        receive(c);
        update_interest(c);
    }
}

/* --- from outside ---------------------------------------------------------------------------- */

struct connection *connection_new(const struct connection_spec *spec,
                                  const struct connection_owner *owner)
{
    struct loop *loop = spec->shared->loop;
    struct connection *c = calloc(1, sizeof(*c));

    if (c == NULL || loop_timer_init(loop, &c->timer, on_timer, c) != 0) {
        free(c);
        (void)close(spec->fd);
        return NULL;
    }
    c->shared = spec->shared;
    c->lingering = spec->lingering;
    c->context = tls_context_keep(spec->tls);
    c->owner = *owner;
    c->fd = spec->fd;
    c->statistics = spec->statistics;
    c->inbound = spec->inbound;
    c->legacy_cipher = spec->legacy_cipher;
    c->decision.verdict = AUTHLIST_NO_CERTIFICATE;
    c->number = next_number++;
    trace_line(TRACE_INFO, "allocate connection %" PRIu64, c->number);
    if (loop_watch_add(loop, &c->watch, c->fd, LOOP_WRITE, on_ready, c) != 0) {
        connection_free(c);
        return NULL;
    }
    loop_timer_start(&c->timer, CONNECTION_CONNECT_MS);
    return c;
}

void connection_free(struct connection *c)
{
    if (c == NULL)
        return;
    session_free(c->session);
    let_go(c);
    if (c->tls != NULL)
        statistics_closed(c->statistics);
    tls_free(c->tls);
    tls_context_free(c->context);
    loop_timer_fini(&c->timer);
    loop_deferred_cancel(c->shared->loop, &c->end);
    trace_line(TRACE_INFO, "connection %" PRIu64 " freed", c->number);
    free(c);
}

void connection_shutdown(struct connection *c, const char *reason)
{
    if (c->step != STEP_SESSION) {
        connection_abort(c, reason);
    } else if (!c->finishing) {
        c->finishing = true;
        session_shutdown(c->session, reason);
    }
}

void connection_abort(struct connection *c, const char *reason)
{
    end(c, c->step == STEP_SESSION ? CONNECTION_OVER : CONNECTION_UNREACHABLE, DIAGNOSIS_ENDED_HERE,
        "%s", reason);
}

void connection_recheck(struct connection *c)
{
    struct mac before = c->decision.mac;

    if (c->step != STEP_SESSION)
        return;
    if (!c->owner.authorise(c->owner.context, tls_peer(c->tls), &c->decision)) {
        end(c, CONNECTION_REFUSED, DIAGNOSIS_NONE, "not let in any more: %s",
            authlist_verdict_name(c->decision.verdict));
    } else if (!mac_equal(&before, &c->decision.mac)) {
        end(c, CONNECTION_REFUSED, DIAGNOSIS_ENDED_HERE,
            "the auth list now knows it by another MAC");
    } else if (c->session != NULL) {
        session_recheck(c->session);
    }
}

void connection_diagnosis(const struct connection *c, struct diagnosis *out)
{
    out->code = c->code;
    out->error = c->error;
    out->alert = c->tls != NULL ? tls_alert_received(c->tls) : -1;
    out->seconds = failure_limit(c->code);
}

static enum peer_phase phase(const struct connection *c)
{
    switch (c->step) {
    case STEP_CONNECT:
        return PEER_CONNECTING;
    case STEP_HANDSHAKE:
        return PEER_HANDSHAKE;
    case STEP_SESSION:
    case STEP_OVER:
        break;
    }
    return c->active ? PEER_ACTIVE : PEER_WAITING;
}

void connection_status(const struct connection *c, struct peer_status *out)
{
    out->phase = phase(c);
    out->connection = c->number;
    out->has_connection = true;
    if (connection_peer(c) != NULL && c->decision.verdict == AUTHLIST_OK) {
        out->has_mac = true;
        out->mac = c->decision.mac;
    }
    (void)snprintf(out->tls_version, sizeof(out->tls_version), "%s",
                   c->tls != NULL ? tls_version(c->tls) : "");
    (void)snprintf(out->tls_cipher, sizeof(out->tls_cipher), "%s",
                   c->tls != NULL ? tls_cipher(c->tls) : "");
    out->legacy_cipher = c->legacy_cipher;
    if (c->session == NULL)
        return;
    out->granted = session_granted(c->session);
    out->has_session = true;
    out->has_mac = true; /* a session that ends because of the list had one, too */
    out->mac = *session_identity(c->session);
    out->session_age = loop_now(c->shared->loop) - session_since(c->session);
    session_subscribed(c->session, &out->subscription);
    out->counters = *session_counters(c->session);
}

bool connection_ending(const struct connection *c)
{
    return c->finishing || c->step == STEP_OVER;
}

bool connection_has_hello(const struct connection *c)
{
    char byte;

    return (c->tls != NULL && tls_has_answered(c->tls)) ||
           (c->fd >= 0 && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0);
}

struct session *connection_session(const struct connection *c)
{
    return c->session;
}

const struct certificate_info *connection_peer(const struct connection *c)
{
    return c->tls != NULL ? tls_peer(c->tls) : NULL;
}

const struct authlist_decision *connection_decision(const struct connection *c)
{
    return connection_peer(c) != NULL ? &c->decision : NULL;
}

bool connection_legacy_cipher(const struct connection *c)
{
    return c->legacy_cipher;
}
