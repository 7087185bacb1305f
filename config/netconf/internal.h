/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the door share. Only for config/netconf/{server,session,hello,rpc,...}.c.
 */
#ifndef CONFIG_NETCONF_INTERNAL_H
#define CONFIG_NETCONF_INTERNAL_H

#include "agent/base/local.h"
#include "agent/base/log-window.h"
#include "config/errors/rpc-error.h"
#include "config/netconf/filter.h"
#include "config/netconf/framing.h"
#include "config/netconf/server.h"
#include "config/netconf/xmlbuf.h"

struct ly_ctx;
struct lyd_node;

enum {
    NC_INPUT_SIZE = 8192,
    /* A reply, and notifications that its reader has not taken yet. */
    NC_OUTPUT_MAX = SERVER_REPLY_MAX + 256 * 1024,
    NC_STALL_MS = 30000, /* nothing of the output was taken for so long */
};

/* RFC 6022, 2.1.5. */
struct nc_counts {
    uint32_t in_rpcs;
    uint32_t in_bad_rpcs;
    uint32_t out_rpc_errors;
    uint32_t out_notifications;
};

struct later;

struct nc_session {
    struct nc_session *next;
    struct server *server;
    uint32_t id;
    uid_t uid;
    struct nacm_user user;
    int64_t login; /* loop_wall */
    int fd;
    struct loop_watch watch;
    struct loop_timer turn;     /* the next rpc of what came already */
    struct loop_timer deadline; /* of the hello, or of output that is not taken */
    struct loop_deferred burial;
    struct framing_decoder *decoder;
    bool chunked;
    bool greeted; /* its hello came */
    bool eof;
    bool closing; /* when the output is out */
    bool lost;    /* what came cannot be read any more */
    bool overrun; /* notifications were not read: it ends at the next turn */
    bool crowded; /* it holds most while room is wanted: so does this */
    bool ended;
    struct later *later; /* an answer that the disk must give */
    size_t unfinished;   /* bytes of a message whose end has not come */
    size_t input_begin;
    size_t input_end;
    size_t out_begin;
    struct xmlbuf out;
    bool subscribed;
    struct filter *events; /* which; NULL: all */
    struct nc_counts counts;
    uint8_t input[NC_INPUT_SIZE];
};

struct server {
    struct server_options options;
    struct ly_ctx *schema;
    struct ly_ctx *xml; /* of xml_schema(), while there are sessions */
    struct loop_deferred rest;
    char *path;
    struct local_door door;
    struct loop_watch watch;
    struct loop_timer pause; /* no descriptors are left: nobody is accepted for a while */
    bool starved;
    struct log_window log; /* any member of the group can make us write a line */
    uint32_t last_id;
    size_t session_count;
    struct nc_session *sessions;
    int64_t started; /* loop_wall */
    uint32_t in_bad_hellos;
    uint32_t in_sessions;
    uint32_t dropped_sessions;
    uint32_t refused_sessions;
    uint32_t crowded_sessions;
    struct nc_counts counts; /* of the sessions that are over */
};

/* --- session.c: bytes ------------------------------------------------------------------------ */

enum nc_end { NC_CLOSED, NC_KILLED, NC_DROPPED, NC_TIMEOUT, NC_OTHER };

/* Takes the descriptor over, in any case. */
struct nc_session *nc_session_new(struct server *server, int fd, uid_t uid, gid_t gid);
/* The first session comes, and the last one has gone: what only sessions need. False: memory is
 * out. */
bool server_wake(struct server *server);
void server_rest(struct server *server);
/* Whether a line may be written of what this user's clients did; it was counted if not. `cause`
 * says it in a few words, the same ones whoever varies what. */
bool server_may_tell(struct server *server, const char *user, const char *cause);
/* The session is over now; its memory goes at the end of the turn. */
void nc_session_end(struct nc_session *session, enum nc_end how, uint32_t killed_by);
/* The same with a word in the log: "session 4 (fred) <reason>: closed". */
void nc_session_drop(struct nc_session *session, enum nc_end how, const char *reason);
/*
 * A message to send. It begins with FRAMING_HEAD_SIZE bytes that are free for the frame, and its
 * bytes are taken over. If it does not fit, the session ends.
 */
void nc_session_send(struct nc_session *session, struct xmlbuf *message);
/* The same for a notification: nothing ends before the next turn, so that lists of sessions can be
 * walked. */
void nc_session_send_event(struct nc_session *session, struct xmlbuf *message);
struct xmlbuf nc_message(size_t limit);
struct nc_session *nc_session_find(const struct server *server, uint32_t id);
bool nc_session_recovery(const struct nc_session *session);

/* --- hello.c --------------------------------------------------------------------------------- */

void hello_send(struct nc_session *session);
/* The client's: false if it is not one, or one that we cannot go on with; the session has ended. */
bool hello_take(struct nc_session *session, const char *text, size_t len);
/* Another number for other modules (RFC 8525, content-id). */
uint32_t hello_content_id(const struct ly_ctx *schema);
/* Each capability, once. */
void hello_capabilities(struct server *server, void (*take)(void *context, const char *uri),
                        void *context);

/* --- rpc.c ----------------------------------------------------------------------------------- */

/* An rpc under way. */
struct rpc {
    struct nc_session *session;
    struct server *server;
    struct ly_ctx *schema;
    const char *message;       /* of xml_clean() */
    bool attributes;           /* something in <rpc> has some */
    struct lyd_node *envelope; /* <rpc> of lyd_parse_op() */
    struct lyd_node *op;
    struct lyd_node *xml; /* the whole message of xml_parse(), if somebody needed it */
    struct rpc_errors *errors;
    size_t begin;        /* of what stands in <rpc-reply> */
    struct xmlbuf reply; /* what an operation adds is the content; if nothing, it is <ok/> */
};

enum rpc_outcome { RPC_DONE, RPC_FAILED, RPC_LATER };

/* A message of a session: it is answered, at once or later, or the session ends. */
void rpc_take(struct nc_session *session, const char *text, size_t len);
/* What came of a message that does not come to its end: it is answered if it has a message-id. */
void rpc_refuse_rest(struct nc_session *session, const char *text, size_t len, const char *reason);
/* The operation's element of xml_parse(). NULL with an error if memory is out. */
const struct lyd_node *rpc_xml(struct rpc *rpc);
/* For RPC_LATER: the store's `done` and its context. NULL: memory is out, with an error. */
struct later *rpc_later(struct rpc *rpc);
void rpc_later_done(void *context, bool ok, const struct rpc_errors *errors);
/* It will not be called after all: the operation answers at once. */
void rpc_later_cancel(struct later *later);
/* Nor will it be now that the session has ended. */
void rpc_later_forget(struct later *later);

/* --- reply.c --------------------------------------------------------------------------------- */

/* <rpc-reply> with the attributes of the <rpc>. */
void reply_begin(struct xmlbuf *text, const struct lyd_node *envelope);
void reply_errors(struct xmlbuf *text, const struct ly_ctx *schema,
                  const struct rpc_errors *errors);
/* An instance identifier of libyang with a prefix before each name; */
void reply_path(struct xmlbuf *text, const char *path);

/* --- rpc-fault.c ----------------------------------------------------------------------------- */

/* What is wrong with a message that libyang refused: true with an error if it can be told. */
bool rpc_fault(struct ly_ctx *schema, const struct lyd_node *xml, struct rpc_errors *errors);
/* The first parameter of an operation, as libyang parsed it, that must be given and is not; NULL:
 * none is missing. */
const char *rpc_missing(const struct lyd_node *op);
/* A <config> or <filter> of text is none: true with an error. */
bool rpc_text_fault(const struct lyd_node *op, struct rpc_errors *errors);

/* --- rpc-attribute.c ------------------------------------------------------------------------- */

/*
 * An attribute of this operation or in it, of xml_parse(), that is unknown, has a wrong value or
 * would mean nothing where it stands: true with its error. What asks for nothing that we do is not
 * passed over, but in the content of a <filter> (RFC 6241, 6.2.2).
 */
bool rpc_attribute_fault(struct ly_ctx *schema, const struct lyd_node *operation,
                         struct rpc_errors *errors);

/* --- operations ------------------------------------------------------------------------------ */

typedef enum rpc_outcome rpc_operation(struct rpc *rpc);

rpc_operation operation_get;
rpc_operation operation_get_config;
rpc_operation operation_get_schema;
rpc_operation operation_edit_config;
rpc_operation operation_copy_config;
rpc_operation operation_delete_config;
rpc_operation operation_validate;
rpc_operation operation_commit;
rpc_operation operation_cancel_commit;
rpc_operation operation_discard_changes;
rpc_operation operation_lock;
rpc_operation operation_unlock;
rpc_operation operation_close_session;
rpc_operation operation_kill_session;
rpc_operation operation_create_subscription;

enum rpc_outcome operation_refuse(struct rpc *rpc, enum rpc_error_type type, enum rpc_error_tag tag,
                                  const char *message);
/* A child of a node by its name, or NULL; the value of one that is a leaf. */
const struct lyd_node *operation_child(const struct lyd_node *parent, const char *name);
const char *operation_leaf(const struct lyd_node *parent, const char *name);
/* The datastore of <source> or <target>; the schema has seen to it that there is one, or <config>.
 */
enum store_id operation_datastore(const struct lyd_node *op, const char *parameter);
/* A copy without what the user may not read; false with an error if memory is out. */
bool operation_readable(struct rpc *rpc, const struct lyd_node *tree, struct lyd_node **copy);
/* What may be printed of a module's data, as <with-defaults> asks. False with an error. */
bool operation_with_defaults(struct rpc *rpc, uint32_t *options);

/* --- monitoring.c ---------------------------------------------------------------------------- */

/* Adds the state of the protocol itself to *tree: sessions, schemas, streams, the YANG library.
 * Only the modules that the filter wants. False: memory is out. */
bool monitoring_add(struct server *server, const struct filter *filter, struct lyd_node **tree);

/* --- notifications.c ------------------------------------------------------------------------- */

void notifications_session_start(const struct nc_session *session);
void notifications_session_end(const struct nc_session *session, enum nc_end how,
                               uint32_t killed_by);

#endif
