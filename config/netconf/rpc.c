/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rpc: parsed, permitted, validated, given to its operation, answered.
 */
#include "config/netconf/internal.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

struct operation {
    const char *module;
    const char *name;
    rpc_operation *run;
};

static const struct operation operations[] = {
    {"ietf-netconf", "get", operation_get},
    {"ietf-netconf", "get-config", operation_get_config},
    {"ietf-netconf", "edit-config", operation_edit_config},
    {"ietf-netconf", "copy-config", operation_copy_config},
    {"ietf-netconf", "delete-config", operation_delete_config},
    {"ietf-netconf", "lock", operation_lock},
    {"ietf-netconf", "unlock", operation_unlock},
    {"ietf-netconf", "close-session", operation_close_session},
    {"ietf-netconf", "kill-session", operation_kill_session},
    {"ietf-netconf", "commit", operation_commit},
    {"ietf-netconf", "cancel-commit", operation_cancel_commit},
    {"ietf-netconf", "discard-changes", operation_discard_changes},
    {"ietf-netconf", "validate", operation_validate},
    {"ietf-netconf-monitoring", "get-schema", operation_get_schema},
    {"notifications", "create-subscription", operation_create_subscription},
};

/* An answer that comes later, if its session lives so long. */
struct later {
    struct nc_session *session;
    struct xmlbuf reply;
    size_t begin;
};

/* --- the answer ------------------------------------------------------------------------------ */

static void finish(struct nc_session *session, struct xmlbuf *reply)
{
    xmlbuf_put(reply, "</rpc-reply>");
    nc_session_send(session, reply);
}

static void answer_errors(struct nc_session *session, struct xmlbuf *reply, size_t begin,
                          const struct rpc_errors *errors)
{
    session->counts.out_rpc_errors++;
    reply->full = false;
    reply->len = begin;
    reply->limit = FRAMING_HEAD_SIZE + NC_OUTPUT_MAX; /* errors are bounded by themselves */
    reply_errors(reply, session->server->schema, errors);
    finish(session, reply);
}

static void refuse_size(struct rpc_errors *errors)
{
    rpc_errors_clear(errors);
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_TOO_BIG, NULL,
                        "the reply would have more than %d bytes: give a filter, or use the rpcs "
                        "that read in pages (those of nmspd-location and nmspd-trace)",
                        SERVER_REPLY_MAX);
}

static void answer(struct rpc *rpc)
{
    if (rpc->reply.len == rpc->begin && !rpc->reply.full)
        xmlbuf_put(&rpc->reply, "<ok/>");
    if (rpc->reply.full) {
        refuse_size(rpc->errors);
        answer_errors(rpc->session, &rpc->reply, rpc->begin, rpc->errors);
        return;
    }
    rpc->reply.limit += 64; /* the end tag is not what may be missing */
    finish(rpc->session, &rpc->reply);
}

/* --- later ----------------------------------------------------------------------------------- */

struct later *rpc_later(struct rpc *rpc)
{
    struct later *later = calloc(1, sizeof(*later));

    if (later == NULL) {
        (void)operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, "memory is out");
        return NULL;
    }
    later->session = rpc->session;
    later->reply = rpc->reply;
    later->begin = rpc->begin;
    rpc->session->later = later;
    return later;
}

void rpc_later_cancel(struct later *later)
{
    later->session->later = NULL;
    free(later);
}

void rpc_later_forget(struct later *later)
{
    later->session->later = NULL;
    xmlbuf_fini(&later->reply);
    free(later);
}

void rpc_later_done(void *context, bool ok, const struct rpc_errors *errors)
{
    struct later *later = context;
    struct nc_session *session = later->session;

    session->later = NULL;
    if (ok) {
        xmlbuf_put(&later->reply, "<ok/>");
        finish(session, &later->reply);
    } else {
        answer_errors(session, &later->reply, later->begin, errors);
    }
    free(later);
}

/* --- understanding --------------------------------------------------------------------------- */

const struct lyd_node *rpc_xml(struct rpc *rpc)
{
    if (rpc->xml == NULL)
        rpc->xml = xml_parse(rpc->server->xml, rpc->message);
    if (rpc->xml != NULL)
        return ((const struct lyd_node_opaq *)rpc->xml)->child;
    (void)operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, "memory is out");
    return NULL;
}

static bool parse(struct rpc *rpc)
{
    struct ly_in *in = NULL;

    if (ly_in_new_memory(rpc->message, &in) != LY_SUCCESS)
        return false;
    compat_tell_places(false);
    LY_ERR result = lyd_parse_op(rpc->schema, NULL, in, LYD_XML, LYD_TYPE_RPC_NETCONF,
                                 &rpc->envelope, &rpc->op);
    compat_tell_places(true);
    ly_in_free(in, 0);
    if (result == LY_SUCCESS && rpc->op != NULL && rpc->op->schema->nodetype == LYS_RPC)
        return true;
    rpc_errors_from_libyang(rpc->errors, rpc->schema, NULL);
    return false;
}

/* False: not even the attributes of the <rpc> can be given back, and the session ends. */
static bool begin_reply(struct rpc *rpc, const struct lyd_node *envelope)
{
    rpc->reply = nc_message(SERVER_REPLY_MAX);
    reply_begin(&rpc->reply, envelope);
    rpc->begin = rpc->reply.len;
    if (!rpc->reply.full)
        return true;
    xmlbuf_fini(&rpc->reply);
    nc_session_drop(rpc->session, NC_DROPPED, "cannot be answered");
    return false;
}

/* What did not come as far as its operation. The attributes of the <rpc> are given back if they can
 * be read. */
static void refuse_message(struct rpc *rpc, struct xml_message *message)
{
    static const enum rpc_error_tag tags[] = {[XML_MALFORMED] = RPC_MALFORMED_MESSAGE,
                                              [XML_MIXED] = RPC_BAD_ELEMENT,
                                              [XML_TOO_BIG] = RPC_TOO_BIG,
                                              [XML_NO_MEMORY] = RPC_RESOURCE_DENIED};
    struct nc_session *session = rpc->session;
    char reason[160];

    session->counts.in_bad_rpcs++;
    /* RFC 6241, appendix A: there is no such error in base 1.0. */
    if (message->fault == XML_MALFORMED && !session->chunked) {
        (void)snprintf(reason, sizeof(reason), "sent what is no message: %s", message->reason);
        nc_session_drop(session, NC_DROPPED, reason);
        return;
    }
    rpc->xml = xml_root(rpc->server->xml, message);
    if (!begin_reply(rpc, rpc->xml))
        return;
    rpc_errors_clear(rpc->errors);
    struct rpc_error *error = rpc_error_add(rpc->errors, RPC_ERROR_RPC, tags[message->fault], NULL,
                                            "%s", message->reason);
    if (message->fault == XML_MIXED)
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", message->element);
    answer_errors(session, &rpc->reply, rpc->begin, rpc->errors);
}

/* libyang has refused it. */
static void refuse_unparsed(struct rpc *rpc, struct xml_message *message)
{
    static struct rpc_errors found;

    rpc->xml = xml_parse(rpc->server->xml, rpc->message);
    if (rpc->xml == NULL) {
        message->fault = XML_MALFORMED;
        message->reason = "the message is not well-formed XML, or uses a prefix that it does not "
                          "declare";
        refuse_message(rpc, message);
        return;
    }
    rpc->session->counts.in_bad_rpcs++;
    if (!begin_reply(rpc, rpc->xml))
        return;
    rpc_errors_clear(&found);
    bool told = rpc_fault(rpc->schema, rpc->xml, &found);
    answer_errors(rpc->session, &rpc->reply, rpc->begin, told ? &found : rpc->errors);
}

/* --- doing ----------------------------------------------------------------------------------- */

static bool has_message_id(struct rpc *rpc)
{
    if (xml_attribute(rpc->envelope, "message-id") != NULL)
        return true;
    struct rpc_error *error = rpc_error_add(rpc->errors, RPC_ERROR_RPC, RPC_MISSING_ATTRIBUTE, NULL,
                                            "an <rpc> must have the attribute message-id");
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "message-id");
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "rpc");
    return false;
}

static bool permitted(struct rpc *rpc)
{
    const struct server *server = rpc->server;
    const char *name = LYD_NAME(rpc->op);

    if (nc_session_recovery(rpc->session) || strcmp(name, "close-session") == 0)
        return true;
    if (server->options.nacm != NULL &&
        nacm_permits_rpc(server->options.nacm, &rpc->session->user, rpc->op->schema))
        return true;
    /* RFC 8341, 3.4.4: the operation's name tells the client which. */
    (void)rpc_error_add(rpc->errors, RPC_ERROR_PROTOCOL, RPC_ACCESS_DENIED, NULL,
                        "user %s may not do %s: a rule of nacm must permit it",
                        rpc->session->user.name, name);
    return false;
}

/* What is wrong with parameters is the operation's matter; and one that is missing is an element
 * that is missing, not data. */
static void blame_parameters(struct rpc_error *error, const struct lyd_node *op)
{
    const char *name = rpc_missing(op);

    error->type = RPC_ERROR_PROTOCOL;
    if (error->tag != RPC_DATA_MISSING || name == NULL)
        return;
    error->tag = RPC_MISSING_ELEMENT;
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", name);
}

/* libyang drops attributes that it does not know, wherever they would not be refused. */
static bool knows_attributes(struct rpc *rpc)
{
    if (!rpc->attributes)
        return true;
    const struct lyd_node *element = rpc_xml(rpc);
    return element != NULL && !rpc_attribute_fault(rpc->schema, element, rpc->errors);
}

static bool valid(struct rpc *rpc)
{
    if (lyd_validate_op(rpc->op, NULL, LYD_TYPE_RPC_YANG, NULL) == LY_SUCCESS)
        return true;
    rpc_errors_from_libyang(rpc->errors, rpc->schema, rpc->op);
    for (size_t i = 0; i < rpc->errors->count; i++)
        blame_parameters(&rpc->errors->items[i], rpc->op);
    return false;
}

/* An rpc of one of our own modules. */
static enum rpc_outcome run_own(struct rpc *rpc)
{
    const struct lyd_node *node = NULL;

    if (rpc->server->options.state == NULL)
        return operation_refuse(rpc, RPC_ERROR_PROTOCOL, RPC_OPERATION_NOT_SUPPORTED,
                                "this operation cannot be done here");
    if (!state_tree_rpc(rpc->server->options.state, rpc->op, rpc->errors))
        return RPC_FAILED;
    LY_LIST_FOR(lyd_child(rpc->op), node)
    {
        if (node->schema->flags & LYS_IS_OUTPUT)
            printer_node(&(struct printer){.out = &rpc->reply}, node, NULL);
    }
    return RPC_DONE;
}

static enum rpc_outcome run(struct rpc *rpc)
{
    const char *module = rpc->op->schema->module->name;

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (strcmp(operations[i].name, LYD_NAME(rpc->op)) == 0 &&
            strcmp(operations[i].module, module) == 0)
            return operations[i].run(rpc);
    return run_own(rpc);
}

static void run_and_answer(struct rpc *rpc)
{
    enum rpc_outcome outcome = RPC_FAILED;

    if (has_message_id(rpc) && permitted(rpc) && knows_attributes(rpc) &&
        !rpc_text_fault(rpc->op, rpc->errors) && valid(rpc))
        outcome = run(rpc);
    else
        rpc->session->counts.in_bad_rpcs += 1;
    if (outcome == RPC_DONE)
        answer(rpc);
    else if (outcome == RPC_FAILED)
        answer_errors(rpc->session, &rpc->reply, rpc->begin, rpc->errors);
}

/*
 * May lyd_parse_op() see it? libyang 2.1 looks for the name of an element in <rpc> without asking
 * whether there is one, and if it is <action> (RFC 7950, 7.15), which no module of ours has, frees
 * a pointer that was never set when text stands in it.
 */
static bool may_be_parsed(const struct xml_message *message)
{
    return message->elements > 1 && !message->action;
}

static void take(struct rpc *rpc, struct xml_message *message)
{
    rpc->message = message->text.bytes;
    rpc->attributes = message->attributes;
    if (may_be_parsed(message) && parse(rpc)) {
        rpc->session->counts.in_rpcs++;
        if (begin_reply(rpc, rpc->envelope))
            run_and_answer(rpc);
    } else {
        refuse_unparsed(rpc, message);
    }
    lyd_free_all(rpc->op);
    lyd_free_all(rpc->envelope);
}

static struct rpc begin(struct nc_session *session)
{
    static struct rpc_errors errors;

    rpc_errors_clear(&errors);
    ly_err_clean(session->server->schema, NULL);
    return (struct rpc){.session = session,
                        .server = session->server,
                        .schema = session->server->schema,
                        .errors = &errors};
}

static bool has_short_paths(struct xml_message *message)
{
    if (xml_paths_are_short(message->text.bytes, message->text.len))
        return true;
    message->fault = XML_TOO_BIG;
    message->reason = "an attribute or a <path> is longer than 2500 bytes, or all together are "
                      "longer than 32768: send them in parts";
    return false;
}

void rpc_take(struct nc_session *session, const char *text, size_t len)
{
    struct xml_message message;
    struct rpc rpc = begin(session);

    if (xml_clean(text, len, &message) && has_short_paths(&message))
        take(&rpc, &message);
    else
        refuse_message(&rpc, &message);
    lyd_free_all(rpc.xml);
    xml_message_fini(&message);
    ly_err_clean(rpc.schema, NULL);
}

void rpc_refuse_rest(struct nc_session *session, const char *text, size_t len, const char *reason)
{
    struct xml_message message;
    struct rpc rpc = begin(session);

    (void)xml_clean(text, len, &message);
    if (message.root > 0) {
        message.fault = XML_TOO_BIG;
        message.reason = reason;
        refuse_message(&rpc, &message);
    }
    lyd_free_all(rpc.xml);
    xml_message_fini(&message);
}
