/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/log.h"
#include "config/netconf/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void go_on(struct nc_session *session);

static bool may_tell(struct nc_session *session, const char *cause)
{
    return server_may_tell(session->server, session->user.name, cause);
}

bool nc_session_recovery(const struct nc_session *session)
{
    return session->user.recovery;
}

struct nc_session *nc_session_find(const struct server *server, uint32_t id)
{
    struct nc_session *session = server->sessions;

    while (session != NULL && session->id != id)
        session = session->next;
    return session;
}

/* --- the end --------------------------------------------------------------------------------- */

static void bury(void *context)
{
    struct nc_session *session = context;

    framing_decoder_free(session->decoder);
    loop_timer_fini(&session->turn);
    loop_timer_fini(&session->deadline);
    xmlbuf_fini(&session->out);
    free(session);
}

static void unlink_session(struct nc_session *session)
{
    struct nc_session **place = &session->server->sessions;

    while (*place != session)
        place = &(*place)->next;
    *place = session->next;
    if (--session->server->session_count == 0)
        server_rest(session->server);
}

static void add_counts(struct nc_counts *sum, const struct nc_counts *more)
{
    sum->in_rpcs += more->in_rpcs;
    sum->in_bad_rpcs += more->in_bad_rpcs;
    sum->out_rpc_errors += more->out_rpc_errors;
    sum->out_notifications += more->out_notifications;
}

void nc_session_end(struct nc_session *session, enum nc_end how, uint32_t killed_by)
{
    struct server *server = session->server;

    if (session->ended)
        return;
    session->ended = true;
    unlink_session(session);
    loop_watch_remove(&session->watch);
    loop_timer_stop(&session->turn);
    loop_timer_stop(&session->deadline);
    (void)close(session->fd);
    filter_free(session->events);
    add_counts(&server->counts, &session->counts);
    server->dropped_sessions += session->greeted && how != NC_CLOSED;
    loop_defer(server->options.loop, &session->burial, bury, session);
    store_session_ended(server->options.store, session->id);
    if (session->later != NULL)
        rpc_later_forget(session->later);
    if (session->greeted)
        notifications_session_end(session, how, killed_by);
}

static void tell(struct nc_session *session, const char *reason)
{
    if (may_tell(session, reason))
        log_warning("management: session %u (%s) %s: closed", (unsigned)session->id,
                    session->user.name, reason);
}

void nc_session_drop(struct nc_session *session, enum nc_end how, const char *reason)
{
    tell(session, reason);
    nc_session_end(session, how, 0);
}

/* --- room ------------------------------------------------------------------------------------ */

/* What it has not finished, and what it has not read. */
static size_t held_by(const struct nc_session *session)
{
    size_t held = session->unfinished + session->out.len;

    return !session->crowded && held > SERVER_HELD_FREE ? held - SERVER_HELD_FREE : 0;
}

/* Of all, or of all but root; *most: who holds most. */
static size_t held(const struct server *server, bool root, struct nc_session **most)
{
    size_t sum = 0;

    *most = NULL;
    for (struct nc_session *session = server->sessions; session; session = session->next) {
        size_t own = root || session->uid != 0 ? held_by(session) : 0;
        sum += own;
        if (own > 0 && (*most == NULL || own > held_by(*most)))
            *most = session;
    }
    return sum;
}

/* Whoever holds most goes, at its next turn: lists of sessions may be walked now. */
static void make_room(struct server *server)
{
    for (int root = 0; root < 2; root++) {
        size_t limit = root ? SERVER_HELD_MAX : SERVER_HELD_MAX - SERVER_HELD_ROOT;
        struct nc_session *most = NULL;
        while (held(server, root != 0, &most) > limit) {
            most->crowded = true;
            loop_timer_start(&most->turn, 0);
        }
    }
}

static void crowd_out(struct nc_session *session)
{
    session->server->crowded_sessions++;
    if (may_tell(session, "sessions that held more than any other"))
        log_warning("management: session %u (%s) holds %zu bytes that it does not finish or read, "
                    "more than any other while all hold more than %d: closed",
                    (unsigned)session->id, session->user.name,
                    session->unfinished + session->out.len,
                    session->uid != 0 ? SERVER_HELD_MAX - SERVER_HELD_ROOT : SERVER_HELD_MAX);
    nc_session_end(session, NC_DROPPED, 0);
}

/* --- output ---------------------------------------------------------------------------------- */

static bool drained(const struct nc_session *session)
{
    return session->out_begin == session->out.len;
}

/* A client that has not said hello yet has its own deadline. */
static void expect_progress(struct nc_session *session)
{
    if (session->greeted)
        loop_timer_start(&session->deadline, NC_STALL_MS);
}

/* As much as the other end takes now. False: the session has ended. */
static bool flush(struct nc_session *session)
{
    while (!drained(session)) {
        ssize_t count = send(session->fd, session->out.bytes + session->out_begin,
                             session->out.len - session->out_begin, MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (count < 0) {
            nc_session_end(session, NC_DROPPED, 0);
            return false;
        }
        session->out_begin += (size_t)count;
        expect_progress(session);
    }
    if (session->greeted)
        loop_timer_stop(&session->deadline);
    xmlbuf_fini(&session->out);
    session->out_begin = 0;
    return true;
}

struct xmlbuf nc_message(size_t limit)
{
    static const char room[FRAMING_HEAD_SIZE];
    struct xmlbuf message = {.limit = FRAMING_HEAD_SIZE + limit};

    xmlbuf_add(&message, room, sizeof(room));
    return message;
}

/* The message stands behind what is not out yet; the first one is not copied. */
static void queue(struct nc_session *session, struct xmlbuf *message, size_t begin)
{
    if (!drained(session)) {
        memmove(session->out.bytes, session->out.bytes + session->out_begin,
                session->out.len - session->out_begin);
        session->out.len -= session->out_begin;
        session->out_begin = 0;
        xmlbuf_add(&session->out, message->bytes + begin, message->len - begin);
        return;
    }
    xmlbuf_fini(&session->out);
    session->out = *message;
    session->out.limit = NC_OUTPUT_MAX;
    session->out_begin = begin;
    *message = (struct xmlbuf){.limit = 0};
    expect_progress(session);
}

/* False: it does not fit any more. The message is gone in any case. */
static bool frame(struct nc_session *session, struct xmlbuf *message)
{
    char head[FRAMING_HEAD_SIZE];
    size_t tail_len = 0;
    const char *tail = framing_tail(session->chunked, &tail_len);
    size_t head_len = framing_head(session->chunked, message->len - FRAMING_HEAD_SIZE, head);

    message->limit += tail_len;
    xmlbuf_add(message, tail, tail_len);
    if (!message->full) {
        memcpy(message->bytes + FRAMING_HEAD_SIZE - head_len, head, head_len);
        queue(session, message, FRAMING_HEAD_SIZE - head_len);
    }
    bool fits = !message->full && !session->out.full;
    xmlbuf_fini(message);
    return fits;
}

void nc_session_send(struct nc_session *session, struct xmlbuf *message)
{
    if (session->ended) {
        xmlbuf_fini(message);
        return;
    }
    if (!frame(session, message)) {
        nc_session_drop(session, NC_DROPPED, "cannot be answered");
        return;
    }
    if (flush(session)) {
        make_room(session->server);
        go_on(session);
    }
}

void nc_session_send_event(struct nc_session *session, struct xmlbuf *message)
{
    if (session->overrun) {
        xmlbuf_fini(message);
        return;
    }
    session->counts.out_notifications++;
    if (frame(session, message)) {
        make_room(session->server);
        go_on(session);
        return;
    }
    session->overrun = true;
    loop_timer_start(&session->turn, 0);
}

/* --- input ----------------------------------------------------------------------------------- */

static bool has_input(const struct nc_session *session)
{
    return session->input_begin < session->input_end;
}

static bool is_busy(const struct nc_session *session)
{
    return !drained(session) || session->later != NULL || session->closing;
}

/* What the session waits for now. */
static void go_on(struct nc_session *session)
{
    unsigned events = 0;

    if (session->ended)
        return;
    if (drained(session) && session->later == NULL &&
        (session->closing || (session->eof && !has_input(session)))) {
        nc_session_end(session, session->closing && !session->lost ? NC_CLOSED : NC_DROPPED, 0);
        return;
    }
    if (!drained(session))
        events |= LOOP_WRITE;
    else if (!is_busy(session) && has_input(session))
        loop_timer_start(&session->turn, 0);
    else if (!is_busy(session) && !session->eof)
        events |= LOOP_READ;
    loop_watch_set(&session->watch, events);
}

static void take_hello(struct nc_session *session, const char *text, size_t len)
{
    if (!hello_take(session, text, len))
        return;
    session->greeted = true;
    session->server->in_sessions++;
    if (drained(session))
        loop_timer_stop(&session->deadline);
    if (session->chunked)
        framing_decoder_chunked(session->decoder);
    notifications_session_start(session);
}

static void take_message(struct nc_session *session)
{
    size_t len = 0;
    const char *text = framing_message(session->decoder, &len);

    if (session->greeted)
        rpc_take(session, text, len);
    else
        take_hello(session, text, len);
    /* Nobody needs the text any more: nothing more is decoded, but the room is given back. */
    (void)framing_decode(session->decoder, NULL, 0, &len);
}

static const char *reason_of(const struct nc_session *session, enum framing_result result)
{
    _Static_assert(SERVER_MESSAGE_MAX == 4 * 1024 * 1024, "as it is told");
    if (result == FRAMING_TOO_BIG)
        return "sent a message of more than 4 MiB";
    if (!session->greeted)
        return "sent its hello in chunks: a hello ends in ]]>]]> (RFC 6242, 4.1)";
    return session->chunked ? "sent what is no chunk, though both know base:1.1 (RFC 6242, 4.2)"
                            : "sent a chunk, though it did not say that it knows base:1.1";
}

/* RFC 6242, 4.2: a stream whose framing is lost is closed; which message was too big is told. */
static void lose(struct nc_session *session, enum framing_result result)
{
    size_t len = 0;
    const char *text = framing_message(session->decoder, &len);

    session->server->in_bad_hellos += !session->greeted;
    session->lost = true;
    session->closing = true;
    tell(session, reason_of(session, result));
    if (result == FRAMING_TOO_BIG && session->greeted && len > 0)
        rpc_refuse_rest(session, text, len, "the message has more than 4 MiB: send it in parts");
}

/* One message at most, so that nobody's flood keeps others waiting. */
static void work(struct nc_session *session)
{
    enum framing_result result = FRAMING_MORE;
    size_t used = 0;

    if (is_busy(session) || !has_input(session)) {
        go_on(session);
        return;
    }
    result = framing_decode(session->decoder, session->input + session->input_begin,
                            session->input_end - session->input_begin, &used);
    session->input_begin += used;
    session->unfinished = result == FRAMING_MORE ? session->unfinished + used : 0;
    make_room(session->server);
    if (result == FRAMING_MESSAGE)
        take_message(session);
    else if (result != FRAMING_MORE)
        lose(session, result);
    go_on(session);
}

static void receive(struct nc_session *session)
{
    ssize_t count = recv(session->fd, session->input, sizeof(session->input), 0);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count < 0) {
        nc_session_end(session, NC_DROPPED, 0);
        return;
    }
    session->eof = count == 0;
    if (session->eof && framing_is_within(session->decoder) &&
        may_tell(session, "ended in the middle of a message"))
        log_info("management: session %u (%s) ended in the middle of a message",
                 (unsigned)session->id, session->user.name);
    session->input_begin = 0;
    session->input_end = (size_t)count;
    work(session);
}

static void on_ready(void *context, unsigned ready)
{
    struct nc_session *session = context;

    if (session->ended)
        return;
    if (!drained(session)) {
        if (flush(session))
            go_on(session);
    } else if (!is_busy(session) && !session->eof && !has_input(session)) {
        receive(session);
    } else if (ready & LOOP_ERROR) {
        /* Nobody is there any more who would read the answer. */
        nc_session_end(session, NC_DROPPED, 0);
    }
}

static void on_turn(void *context)
{
    struct nc_session *session = context;

    if (session->crowded) {
        crowd_out(session);
        return;
    }
    if (session->overrun) {
        nc_session_drop(session, NC_DROPPED, "does not read its notifications");
        return;
    }
    work(session);
}

static void on_deadline(void *context)
{
    struct nc_session *session = context;

    session->server->in_bad_hellos += !session->greeted;
    nc_session_drop(session, NC_TIMEOUT,
                    session->greeted ? "does not read its answer"
                                     : "did not say hello in time (a hello ends in ]]>]]>)");
}

/* --- the beginning --------------------------------------------------------------------------- */

static uint32_t next_id(struct server *server)
{
    do
        server->last_id++;
    while (server->last_id == 0 || nc_session_find(server, server->last_id) != NULL);
    return server->last_id;
}

static bool set_up(struct nc_session *session)
{
    struct loop *loop = session->server->options.loop;

    session->decoder = framing_decoder_new(SERVER_MESSAGE_MAX);
    return session->decoder != NULL &&
           loop_timer_init(loop, &session->turn, on_turn, session) == 0 &&
           loop_timer_init(loop, &session->deadline, on_deadline, session) == 0 &&
           loop_watch_add(loop, &session->watch, session->fd, LOOP_READ, on_ready, session) == 0;
}

struct nc_session *nc_session_new(struct server *server, int fd, uid_t uid, gid_t gid)
{
    struct nc_session *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        (void)close(fd);
        return NULL;
    }
    session->server = server;
    session->fd = fd;
    session->out.limit = NC_OUTPUT_MAX;
    if (!server_wake(server) || !set_up(session)) {
        (void)close(fd);
        bury(session);
        return NULL;
    }
    session->uid = uid;
    nacm_user_of(uid, gid, &session->user);
    if (session->user.more_groups && may_tell(session, "in too many groups"))
        log_warning("nacm: user %s is in more than %d groups: rules see the first ones only",
                    session->user.name, (int)NACM_GROUPS_MAX);
    session->id = next_id(server);
    session->login = loop_wall(server->options.loop);
    session->next = server->sessions;
    server->sessions = session;
    server->session_count++;
    hello_send(session);
    if (!session->ended)
        loop_timer_start(&session->deadline, SERVER_HELLO_MS);
    return session;
}
