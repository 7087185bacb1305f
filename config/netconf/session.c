/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/session.h"

#include "agent/base/log-window.h"
#include "agent/base/log.h"
#include "config/netconf/framing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_SIZE = 8192, REASON_SIZE = 80 };

struct client {
    struct nc_session face; /* the first member: each is the other */
    struct client *next;
    struct nc_sessions *sessions;
    uid_t uid;
    int fd;
    struct loop_watch watch;
    struct loop_timer turn;     /* the next rpc of what came already */
    struct loop_timer deadline; /* of the hello, or of output that is not taken */
    struct loop_deferred burial;
    struct framing_decoder *decoder;
    bool eof;
    bool lost;    /* what came cannot be read any more */
    bool overrun; /* notifications were not read: it ends at the next turn */
    bool crowded; /* it holds most while room is wanted: so does this */
    bool ended;
    bool waits; /* for the end of this reply: */
    struct xmlbuf reply;
    size_t unfinished; /* bytes of a message whose end has not come */
    size_t input_begin;
    size_t input_end;
    size_t out_begin;
    struct xmlbuf out;
    uint8_t input[INPUT_SIZE];
};

struct nc_sessions {
    struct nc_sessions_options options;
    struct client *first;
    size_t count;
    uint32_t last_id;
    struct nc_stats stats;
    struct log_window log;
};

static void go_on(struct client *session);

static struct client *client_of(struct nc_session *session)
{
    return (struct client *)session;
}

/* --- all ------------------------------------------------------------------------------------- */

struct nc_sessions *nc_sessions_new(const struct nc_sessions_options *options)
{
    struct nc_sessions *sessions = calloc(1, sizeof(*sessions));

    if (sessions == NULL)
        return NULL;
    sessions->options = *options;
    if (log_window_init(&sessions->log, options->loop, "management: what other clients did") == 0)
        return sessions;
    free(sessions);
    return NULL;
}

void nc_sessions_free(struct nc_sessions *sessions)
{
    if (sessions == NULL)
        return;
    while (sessions->first != NULL)
        nc_session_end(&sessions->first->face, NC_OTHER, 0);
    log_window_fini(&sessions->log);
    free(sessions);
}

size_t nc_sessions_count(const struct nc_sessions *sessions)
{
    return sessions->count;
}

struct nc_session *nc_sessions_next(const struct nc_sessions *sessions,
                                    const struct nc_session *session)
{
    struct client *next =
        session != NULL ? ((const struct client *)session)->next : sessions->first;

    return next != NULL ? &next->face : NULL;
}

struct nc_session *nc_sessions_find(const struct nc_sessions *sessions, uint32_t id)
{
    struct nc_session *session = nc_sessions_next(sessions, NULL);

    while (session != NULL && session->id != id)
        session = nc_sessions_next(sessions, session);
    return session;
}

struct nc_stats *nc_sessions_stats(struct nc_sessions *sessions)
{
    return &sessions->stats;
}

bool nc_sessions_may_tell(struct nc_sessions *sessions, const char *user, const char *cause)
{
    char who[LOG_WINDOW_TEXT_SIZE];

    (void)snprintf(who, sizeof(who), "management: %.*s",
                   (int)(sizeof(who) - sizeof("management: ")), user);
    return log_window_open(&sessions->log, who, cause, 1);
}

static bool may_tell(struct client *session, const char *cause)
{
    return nc_sessions_may_tell(session->sessions, session->face.user.name, cause);
}

void *nc_session_context(const struct nc_session *session)
{
    return ((const struct client *)session)->sessions->options.context;
}

/* --- the end --------------------------------------------------------------------------------- */

static void bury(void *context)
{
    struct client *session = context;

    framing_decoder_free(session->decoder);
    loop_timer_fini(&session->turn);
    loop_timer_fini(&session->deadline);
    xmlbuf_fini(&session->out);
    xmlbuf_fini(&session->reply);
    free(session);
}

static void unlink_session(struct client *session)
{
    struct client **place = &session->sessions->first;

    while (*place != session)
        place = &(*place)->next;
    *place = session->next;
    session->sessions->count--;
}

void nc_counts_add(struct nc_counts *sum, const struct nc_counts *more)
{
    sum->in_rpcs += more->in_rpcs;
    sum->in_bad_rpcs += more->in_bad_rpcs;
    sum->out_rpc_errors += more->out_rpc_errors;
    sum->out_notifications += more->out_notifications;
}

static void end(struct client *session, enum nc_end how, uint32_t killed_by)
{
    struct nc_sessions *sessions = session->sessions;

    if (session->ended)
        return;
    session->ended = true;
    unlink_session(session);
    loop_watch_remove(&session->watch);
    loop_timer_stop(&session->turn);
    loop_timer_stop(&session->deadline);
    (void)close(session->fd);
    nc_counts_add(&sessions->stats.counts, &session->face.counts);
    sessions->stats.dropped_sessions += session->face.greeted && how != NC_CLOSED;
    loop_defer(sessions->options.loop, &session->burial, bury, session);
    sessions->options.ended(&session->face, how, killed_by);
}

static void drop(struct client *session, enum nc_end how, const char *reason)
{
    if (may_tell(session, reason))
        log_warning("management: session %u (%s) %s: closed", (unsigned)session->face.id,
                    session->face.user.name, reason);
    end(session, how, 0);
}

void nc_session_end(struct nc_session *session, enum nc_end how, uint32_t killed_by)
{
    end(client_of(session), how, killed_by);
}

void nc_session_drop(struct nc_session *session, enum nc_end how, const char *reason)
{
    drop(client_of(session), how, reason);
}

/* --- room ------------------------------------------------------------------------------------ */

/* What it has not finished, and what it has not read. */
static size_t held_by(const struct client *session)
{
    size_t held = session->unfinished + session->out.len;

    return !session->crowded && held > NC_HELD_FREE ? held - NC_HELD_FREE : 0;
}

/* Of all, or of all but root; *most: who holds most. */
static size_t held(const struct nc_sessions *sessions, bool root, struct client **most)
{
    size_t sum = 0;

    *most = NULL;
    for (struct client *session = sessions->first; session; session = session->next) {
        size_t own = root || session->uid != 0 ? held_by(session) : 0;
        sum += own;
        if (own > 0 && (*most == NULL || own > held_by(*most)))
            *most = session;
    }
    return sum;
}

/* Whoever holds most goes, at its next turn: lists of sessions may be walked now. */
static void make_room(struct nc_sessions *sessions)
{
    for (int root = 0; root < 2; root++) {
        size_t limit = root ? NC_HELD_MAX : NC_HELD_MAX - NC_HELD_ROOT;
        struct client *most = NULL;
        while (held(sessions, root != 0, &most) > limit) {
            most->crowded = true;
            loop_timer_start(&most->turn, 0);
        }
    }
}

static void crowd_out(struct client *session)
{
    session->sessions->stats.crowded_sessions++;
    if (may_tell(session, "sessions that held more than any other"))
        log_warning("management: session %u (%s) holds %zu bytes that it does not finish or read, "
                    "more than any other while all hold more than %d: closed",
                    (unsigned)session->face.id, session->face.user.name,
                    session->unfinished + session->out.len,
                    session->uid != 0 ? NC_HELD_MAX - NC_HELD_ROOT : NC_HELD_MAX);
    end(session, NC_DROPPED, 0);
}

/* --- output ---------------------------------------------------------------------------------- */

static bool drained(const struct client *session)
{
    return session->out_begin == session->out.len;
}

/* A client that has not said hello yet has its own deadline. */
static void expect_progress(struct client *session)
{
    if (session->face.greeted)
        loop_timer_start(&session->deadline, NC_STALL_MS);
}

/* As much as the other end takes now. False: the session has ended. */
static bool flush(struct client *session)
{
    while (!drained(session)) {
        ssize_t count = send(session->fd, session->out.bytes + session->out_begin,
                             session->out.len - session->out_begin, MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (count < 0) {
            end(session, NC_DROPPED, 0);
            return false;
        }
        session->out_begin += (size_t)count;
        expect_progress(session);
    }
    if (session->face.greeted)
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
static void queue(struct client *session, struct xmlbuf *message, size_t begin)
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
static bool frame(struct client *session, struct xmlbuf *message)
{
    char head[FRAMING_HEAD_SIZE];
    size_t tail_len = 0;
    const char *tail = framing_tail(session->face.chunked, &tail_len);
    size_t head_len = framing_head(session->face.chunked, message->len - FRAMING_HEAD_SIZE, head);

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

void nc_session_send(struct nc_session *face, struct xmlbuf *message)
{
    struct client *session = client_of(face);

    if (session->ended) {
        xmlbuf_fini(message);
        return;
    }
    if (!frame(session, message)) {
        drop(session, NC_DROPPED, "cannot be answered");
        return;
    }
    if (flush(session)) {
        make_room(session->sessions);
        go_on(session);
    }
}

void nc_session_send_event(struct nc_session *face, struct xmlbuf *message)
{
    struct client *session = client_of(face);

    if (session->overrun) {
        xmlbuf_fini(message);
        return;
    }
    face->counts.out_notifications++;
    if (frame(session, message)) {
        make_room(session->sessions);
        go_on(session);
        return;
    }
    session->overrun = true;
    loop_timer_start(&session->turn, 0);
}

void nc_session_wait(struct nc_session *face, struct xmlbuf *reply)
{
    struct client *session = client_of(face);

    session->waits = true;
    session->reply = *reply;
    *reply = (struct xmlbuf){.limit = 0};
}

struct xmlbuf nc_session_resume(struct nc_session *face)
{
    struct client *session = client_of(face);
    struct xmlbuf reply = session->reply;

    session->waits = false;
    session->reply = (struct xmlbuf){.limit = 0};
    return reply;
}

/* --- input ----------------------------------------------------------------------------------- */

static bool has_input(const struct client *session)
{
    return session->input_begin < session->input_end;
}

static bool is_busy(const struct client *session)
{
    return !drained(session) || session->waits || session->face.closing;
}

/* What the session waits for now. */
static void go_on(struct client *session)
{
    unsigned events = 0;

    if (session->ended)
        return;
    if (drained(session) && !session->waits &&
        (session->face.closing || (session->eof && !has_input(session)))) {
        end(session, session->face.closing && !session->lost ? NC_CLOSED : NC_DROPPED, 0);
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

void nc_session_greet(struct nc_session *face, bool chunked)
{
    struct client *session = client_of(face);

    face->greeted = true;
    face->chunked = chunked;
    session->sessions->stats.in_sessions++;
    if (drained(session))
        loop_timer_stop(&session->deadline);
    if (chunked)
        framing_decoder_chunked(session->decoder);
}

static void take_message(struct client *session)
{
    size_t len = 0;
    const char *text = framing_message(session->decoder, &len);

    session->sessions->options.take(&session->face, text, len, NULL);
    /* Nobody needs the text any more: nothing more is decoded, but the room is given back. */
    (void)framing_decode(session->decoder, NULL, 0, &len);
}

static const char *reason_of(const struct client *session, enum framing_result result)
{
    _Static_assert(NC_MESSAGE_MAX == 4 * 1024 * 1024, "as it is told");
    if (result == FRAMING_TOO_BIG)
        return "sent a message of more than 4 MiB";
    if (!session->face.greeted)
        return "sent its hello in chunks: a hello ends in ]]>]]> (RFC 6242, 4.1)";
    return session->face.chunked
               ? "sent what is no chunk, though both know base:1.1 (RFC 6242, 4.2)"
               : "sent a chunk, though it did not say that it knows base:1.1";
}

/* RFC 6242, 4.2: a stream whose framing is lost is closed; which message was too big is told. */
static void lose(struct client *session, enum framing_result result)
{
    size_t len = 0;
    const char *text = framing_message(session->decoder, &len);

    session->sessions->stats.in_bad_hellos += !session->face.greeted;
    session->lost = true;
    session->face.closing = true;
    const char *reason = reason_of(session, result);
    if (may_tell(session, reason))
        log_warning("management: session %u (%s) %s: closed", (unsigned)session->face.id,
                    session->face.user.name, reason);
    if (result == FRAMING_TOO_BIG && session->face.greeted && len > 0)
        session->sessions->options.take(&session->face, text, len,
                                        "the message has more than 4 MiB: send it in parts");
}

/* One message at most, so that nobody's flood keeps others waiting. */
static void work(struct client *session)
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
    make_room(session->sessions);
    if (result == FRAMING_MESSAGE)
        take_message(session);
    else if (result != FRAMING_MORE)
        lose(session, result);
    go_on(session);
}

static void receive(struct client *session)
{
    ssize_t count = recv(session->fd, session->input, sizeof(session->input), 0);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count < 0) {
        end(session, NC_DROPPED, 0);
        return;
    }
    session->eof = count == 0;
    if (session->eof && framing_is_within(session->decoder) &&
        may_tell(session, "ended in the middle of a message"))
        log_info("management: session %u (%s) ended in the middle of a message",
                 (unsigned)session->face.id, session->face.user.name);
    session->input_begin = 0;
    session->input_end = (size_t)count;
    work(session);
}

static void on_ready(void *context, unsigned ready)
{
    struct client *session = context;

    if (session->ended)
        return;
    if (!drained(session)) {
        if (flush(session))
            go_on(session);
    } else if (!is_busy(session) && !session->eof && !has_input(session)) {
        receive(session);
    } else if (ready & LOOP_ERROR) {
        /* Nobody is there any more who would read the answer. */
        end(session, NC_DROPPED, 0);
    }
}

static void on_turn(void *context)
{
    struct client *session = context;

    if (session->crowded) {
        crowd_out(session);
        return;
    }
    if (session->overrun) {
        drop(session, NC_DROPPED, "does not read its notifications");
        return;
    }
    work(session);
}

static void on_deadline(void *context)
{
    struct client *session = context;

    session->sessions->stats.in_bad_hellos += !session->face.greeted;
    drop(session, NC_TIMEOUT,
         session->face.greeted ? "does not read its answer"
                               : "did not say hello in time (a hello ends in ]]>]]>)");
}

/* --- the beginning --------------------------------------------------------------------------- */

/* The sessions of a user; of all but root, if `uid` is 0. */
static int sessions_of(const struct nc_sessions *sessions, uid_t uid)
{
    int count = 0;

    for (const struct client *session = sessions->first; session; session = session->next)
        count += uid == 0 ? session->uid != 0 : session->uid == uid;
    return count;
}

/* Root must always get in, so that it can mend things and end the sessions of others. */
static bool has_place(const struct nc_sessions *sessions, uid_t uid, char reason[REASON_SIZE])
{
    int limit = NC_SESSIONS_MAX;

    if (sessions->count >= NC_SESSIONS_MAX) {
        (void)snprintf(reason, REASON_SIZE, "there are %d sessions already", limit);
        return false;
    }
    limit = NC_SESSIONS_MAX - NC_SESSIONS_ROOT;
    if (uid != 0 && sessions_of(sessions, 0) >= limit) {
        (void)snprintf(reason, REASON_SIZE, "there are %d sessions of others than root already",
                       limit);
        return false;
    }
    limit = NC_SESSIONS_USER;
    if (uid != 0 && sessions_of(sessions, uid) >= limit) {
        (void)snprintf(reason, REASON_SIZE, "user %lu has %d sessions already", (unsigned long)uid,
                       limit);
        return false;
    }
    return true;
}

static bool set_up(struct client *session)
{
    struct loop *loop = session->sessions->options.loop;

    session->decoder = framing_decoder_new(NC_MESSAGE_MAX);
    return session->decoder != NULL &&
           loop_timer_init(loop, &session->turn, on_turn, session) == 0 &&
           loop_timer_init(loop, &session->deadline, on_deadline, session) == 0 &&
           loop_watch_add(loop, &session->watch, session->fd, LOOP_READ, on_ready, session) == 0;
}

static struct client *make(struct nc_sessions *sessions, int fd)
{
    struct client *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return NULL;
    session->sessions = sessions;
    session->fd = fd;
    session->out.limit = NC_OUTPUT_MAX;
    if (set_up(session))
        return session;
    bury(session);
    return NULL;
}

struct nc_session *nc_session_new(struct nc_sessions *sessions, int fd, uid_t uid, gid_t gid)
{
    char reason[REASON_SIZE];
    bool placed = has_place(sessions, uid, reason);
    struct client *session = placed ? make(sessions, fd) : NULL;

    if (session == NULL) {
        (void)close(fd);
        sessions->stats.refused_sessions += !placed;
        if (!placed && nc_sessions_may_tell(sessions, "all users", reason))
            log_warning("management: %s, so that another one was closed; end one of them "
                        "(kill-session)",
                        reason);
        else if (placed && nc_sessions_may_tell(sessions, "all users", "no memory for a session"))
            log_warning("management: no memory for a session");
        return NULL;
    }
    session->uid = uid;
    nacm_user_of(uid, gid, &session->face.user);
    if (session->face.user.more_groups && may_tell(session, "in too many groups"))
        log_warning("nacm: user %s is in more than %d groups: rules see the first ones only",
                    session->face.user.name, (int)NACM_GROUPS_MAX);
    do
        session->face.id = ++sessions->last_id;
    while (session->face.id == 0 || nc_sessions_find(sessions, session->face.id) != NULL);
    session->face.login = loop_wall(sessions->options.loop);
    session->next = sessions->first;
    sessions->first = session;
    sessions->count++;
    loop_timer_start(&session->deadline, NC_HELLO_MS);
    return &session->face;
}
