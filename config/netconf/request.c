/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/request.h"

#include "config/netconf/framing.h"
#include "config/netconf/reply.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

/* --- reading --------------------------------------------------------------------------------- */

bool request_init(struct request *request, struct nc_session *session, const char *text, size_t len)
{
    static struct rpc_errors errors;
    struct service *service = service_of(session);

    rpc_errors_clear(&errors);
    ly_err_clean(service->schema, NULL);
    *request = (struct request){.session = session, .service = service, .errors = &errors};
    return xml_clean(text, len, &request->message);
}

void request_fini(struct request *request)
{
    lyd_free_all(request->op);
    lyd_free_all(request->envelope);
    lyd_free_all(request->xml);
    xml_message_fini(&request->message);
    ly_err_clean(request->service->schema, NULL);
}

/*
 * libyang 2.1 looks for the name of an element in <rpc> without asking whether there is one, and if
 * it is <action> (RFC 7950, 7.15), which no module of ours has, frees a pointer that was never set
 * when text stands in it.
 */
bool request_parse(struct request *request)
{
    struct ly_ctx *schema = request->service->schema;
    struct ly_in *in = NULL;

    if (request->message.elements < 2 || request->message.action ||
        ly_in_new_memory(request->message.text.bytes, &in) != LY_SUCCESS)
        return false;
    compat_tell_places(false);
    LY_ERR result = lyd_parse_op(schema, NULL, in, LYD_XML, LYD_TYPE_RPC_NETCONF,
                                 &request->envelope, &request->op);
    compat_tell_places(true);
    ly_in_free(in, 0);
    if (result == LY_SUCCESS && request->op != NULL && request->op->schema->nodetype == LYS_RPC)
        return true;
    rpc_errors_from_libyang(request->errors, schema, NULL);
    return false;
}

const struct lyd_node *request_xml(struct request *request)
{
    if (request->xml == NULL)
        request->xml = xml_parse(request->service->xml, request->message.text.bytes);
    if (request->xml != NULL)
        return ((const struct lyd_node_opaq *)request->xml)->child;
    (void)request_refuse_for_memory(request);
    return NULL;
}

/* --- parameters ------------------------------------------------------------------------------ */

enum request_outcome request_refuse(struct request *request, enum rpc_error_type type,
                                    enum rpc_error_tag tag, const char *message)
{
    (void)rpc_error_add(request->errors, type, tag, NULL, "%s", message);
    return REQUEST_FAILED;
}

enum request_outcome request_refuse_parameter(struct request *request, enum rpc_error_tag tag,
                                              const char *name, const char *message)
{
    struct rpc_error *error =
        rpc_error_add(request->errors, RPC_ERROR_PROTOCOL, tag, NULL, "%s", message);

    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", name);
    return REQUEST_FAILED;
}

bool request_refuse_for_memory(struct request *request)
{
    (void)request_refuse(request, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, "memory is out");
    return false;
}

const struct lyd_node *request_child(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = NULL;

    LY_LIST_FOR(parent != NULL ? lyd_child(parent) : NULL, node)
    {
        if (strcmp(LYD_NAME(node), name) == 0)
            return node;
    }
    return NULL;
}

const char *request_leaf(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = request_child(parent, name);
    return node != NULL ? lyd_get_value(node) : NULL;
}

/* --- the answer ------------------------------------------------------------------------------ */

bool request_begin_reply(struct request *request, const struct lyd_node *envelope)
{
    request->reply = nc_message(NC_REPLY_MAX);
    reply_begin(&request->reply, envelope);
    request->begin = request->reply.len;
    if (!request->reply.full)
        return true;
    xmlbuf_fini(&request->reply);
    nc_session_drop(request->session, NC_DROPPED, "cannot be answered");
    return false;
}

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
    reply_errors(reply, service_of(session)->schema, errors);
    finish(session, reply);
}

void request_answer_errors(struct request *request, const struct rpc_errors *errors)
{
    answer_errors(request->session, &request->reply, request->begin, errors);
}

void request_answer(struct request *request)
{
    if (request->reply.len == request->begin && !request->reply.full)
        xmlbuf_put(&request->reply, "<ok/>");
    if (request->reply.full) {
        rpc_errors_clear(request->errors);
        (void)rpc_error_add(request->errors, RPC_ERROR_APPLICATION, RPC_TOO_BIG, NULL,
                            "the reply would have more than %d bytes: give a filter, or use the "
                            "rpcs that read in pages (those of nmspd-location and nmspd-trace)",
                            NC_REPLY_MAX);
        request_answer_errors(request, request->errors);
        return;
    }
    request->reply.limit += 64; /* the end tag is not what may be missing */
    finish(request->session, &request->reply);
}

/* --- later ----------------------------------------------------------------------------------- */

void request_wait(struct request *request)
{
    nc_session_wait(request->session, &request->reply);
}

void request_resume(struct request *request)
{
    request->reply = nc_session_resume(request->session);
}

void request_done(void *context, bool ok, const struct rpc_errors *errors)
{
    struct nc_session *session = context;
    struct xmlbuf reply = nc_session_resume(session);

    if (!ok) {
        answer_errors(session, &reply, reply.len, errors);
        return;
    }
    xmlbuf_put(&reply, "<ok/>");
    finish(session, &reply);
}
