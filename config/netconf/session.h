/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions of NETCONF: the bytes of each client, who may come in, and how much all may hold.
 *
 * A session takes bytes from its socket, makes messages of them and gives each one up to its owner;
 * what is sent is framed and written as the socket takes it. It knows nothing of what messages
 * mean. Nothing is read while an answer is not out, or is awaited: a session has one request in
 * work.
 *
 * Bounds: NC_SESSIONS_MAX sessions, NC_SESSIONS_USER of one user, NC_SESSIONS_ROOT of them for root
 * alone; NC_HELD_MAX bytes for what all sessions have not finished or not read, NC_HELD_ROOT of
 * them for root alone, where the session that holds most is closed, and no one for its first
 * NC_HELD_FREE; messages of NC_MESSAGE_MAX; a hello within NC_HELLO_MS; a reader that takes nothing
 * for NC_STALL_MS, or falls behind with its notifications, is closed. One message is taken in a
 * turn of the loop, so that who floods delays nobody.
 */
#ifndef CONFIG_NETCONF_SESSION_H
#define CONFIG_NETCONF_SESSION_H

#include "agent/base/loop.h"
#include "config/access/nacm.h"
#include "config/netconf/xmlbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NC_SESSIONS_MAX = 16,
    NC_SESSIONS_USER = 4,
    NC_SESSIONS_ROOT = 4,
    NC_MESSAGE_MAX = 4 * 1024 * 1024,
    NC_REPLY_MAX = 1024 * 1024,
    /* A reply, and notifications that its reader has not taken yet. */
    NC_OUTPUT_MAX = NC_REPLY_MAX + 256 * 1024,
    NC_HELD_FREE = 64 * 1024,
    NC_HELD_ROOT = NC_MESSAGE_MAX,
    NC_HELD_MAX = 3 * NC_MESSAGE_MAX,
    NC_HELLO_MS = 10000,
    NC_STALL_MS = 30000,
};

/* RFC 6022, 2.1.5. */
struct nc_counts {
    uint32_t in_rpcs;
    uint32_t in_bad_rpcs;
    uint32_t out_rpc_errors;
    uint32_t out_notifications;
};

void nc_counts_add(struct nc_counts *sum, const struct nc_counts *more);

struct nc_stats {
    uint32_t in_bad_hellos;
    uint32_t in_sessions;
    uint32_t dropped_sessions;
    uint32_t refused_sessions;
    uint32_t crowded_sessions;
    struct nc_counts counts; /* of the sessions that are over */
};

/* How a session ends (RFC 6470). */
enum nc_end { NC_CLOSED, NC_KILLED, NC_DROPPED, NC_TIMEOUT, NC_OTHER };

/* What others see of a session; the rest is session.c's. */
struct nc_session {
    uint32_t id;
    struct nacm_user user;
    int64_t login; /* loop_wall */
    bool chunked;  /* both know base:1.1 */
    bool greeted;  /* its hello came */
    bool closing;  /* it ends when the output is out */
    /* Kept by who answers: */
    struct nc_counts counts;
    bool subscribed;
    struct filter *events; /* which; NULL: all */
};

struct nc_sessions;

struct nc_sessions_options {
    struct loop *loop;
    /* A message, followed by a NUL. `lost`: it is what came of one that does not come to its end,
     * without a NUL, and why; the session is closing. */
    void (*take)(struct nc_session *session, const char *text, size_t len, const char *lost);
    /* It is over, and in no list any more; its memory goes at the end of the turn. */
    void (*ended)(struct nc_session *session, enum nc_end how, uint32_t killed_by);
    void *context; /* nc_session_context() */
};

/* NULL: memory is out. */
struct nc_sessions *nc_sessions_new(const struct nc_sessions_options *options);
/* Ends them all. NULL is allowed. */
void nc_sessions_free(struct nc_sessions *sessions);
size_t nc_sessions_count(const struct nc_sessions *sessions);
/* The next in the list, NULL: the first, and behind the last one. */
struct nc_session *nc_sessions_next(const struct nc_sessions *sessions,
                                    const struct nc_session *session);
struct nc_session *nc_sessions_find(const struct nc_sessions *sessions, uint32_t id);
struct nc_stats *nc_sessions_stats(struct nc_sessions *sessions);
/* Whether a line may be written of what clients of `user` did, for any member of the group can make
 * us write one; it was counted if not. `cause` says it in a few words, the same ones whoever varies
 * what. */
bool nc_sessions_may_tell(struct nc_sessions *sessions, const char *user, const char *cause);

/* Takes the descriptor over, in any case. NULL: there is no room for it, and the log says so. */
struct nc_session *nc_session_new(struct nc_sessions *sessions, int fd, uid_t uid, gid_t gid);
void *nc_session_context(const struct nc_session *session);
/* The client's hello came, and base:1.1 is spoken from now on if `chunked`. */
void nc_session_greet(struct nc_session *session, bool chunked);
void nc_session_end(struct nc_session *session, enum nc_end how, uint32_t killed_by);
/* The same with a word in the log: "session 4 (fred) <reason>: closed". */
void nc_session_drop(struct nc_session *session, enum nc_end how, const char *reason);

/* A message to write, with room for its frame. */
struct xmlbuf nc_message(size_t limit);
/* Its bytes are taken over. If it does not fit, the session ends; to one that has, nothing is sent.
 */
void nc_session_send(struct nc_session *session, struct xmlbuf *message);
/* The same for a notification: nothing ends before the next turn, so that lists of sessions can be
 * walked. */
void nc_session_send_event(struct nc_session *session, struct xmlbuf *message);
/* What begins a reply whose end is awaited is taken over; nothing is read until it was given back
 * and sent. */
void nc_session_wait(struct nc_session *session, struct xmlbuf *reply);
struct xmlbuf nc_session_resume(struct nc_session *session);

#endif
