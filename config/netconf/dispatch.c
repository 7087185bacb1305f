/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/dispatch.h"

#include "config/netconf/operations.h"
#include "config/netconf/printer.h"
#include "config/netconf/rpc-fault.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

static const struct {
    const char *module;
    const char *name;
    operation *run;
} operations[] = {
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

/* --- refusing -------------------------------------------------------------------------------- */

/* What did not come as far as its operation. The attributes of the <rpc> are given back if they can
 * be read. */
static void refuse_message(struct request *request, enum xml_fault fault, const char *reason)
{
    static const enum rpc_error_tag tags[] = {[XML_MALFORMED] = RPC_MALFORMED_MESSAGE,
                                              [XML_MIXED] = RPC_BAD_ELEMENT,
                                              [XML_TOO_BIG] = RPC_TOO_BIG,
                                              [XML_NO_MEMORY] = RPC_RESOURCE_DENIED};
    struct nc_session *session = request->session;

    session->counts.in_bad_rpcs++;
    /* RFC 6241, appendix A: there is no such error in base 1.0. */
    if (fault == XML_MALFORMED && !session->chunked) {
        char text[160];
        (void)snprintf(text, sizeof(text), "sent what is no message: %s", reason);
        nc_session_drop(session, NC_DROPPED, text);
        return;
    }
    request->xml = xml_root(request->service->xml, &request->message);
    if (!request_begin_reply(request, request->xml))
        return;
    rpc_errors_clear(request->errors);
    struct rpc_error *error =
        rpc_error_add(request->errors, RPC_ERROR_RPC, tags[fault], NULL, "%s", reason);
    if (fault == XML_MIXED)
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s",
                       request->message.element);
    request_answer_errors(request, request->errors);
}

/* libyang has refused it. */
static void refuse_unparsed(struct request *request)
{
    static struct rpc_errors found;

    request->xml = xml_parse(request->service->xml, request->message.text.bytes);
    if (request->xml == NULL) {
        refuse_message(request, XML_MALFORMED,
                       "the message is not well-formed XML, or uses a prefix that it does not "
                       "declare");
        return;
    }
    request->session->counts.in_bad_rpcs++;
    if (!request_begin_reply(request, request->xml))
        return;
    rpc_errors_clear(&found);
    bool told = rpc_fault(request->service->schema, request->xml, &found);
    request_answer_errors(request, told ? &found : request->errors);
}

/* --- doing ----------------------------------------------------------------------------------- */

static bool has_message_id(struct request *request)
{
    if (xml_attribute(request->envelope, "message-id") != NULL)
        return true;
    struct rpc_error *error = rpc_error_add(request->errors, RPC_ERROR_RPC, RPC_MISSING_ATTRIBUTE,
                                            NULL, "an <rpc> must have the attribute message-id");
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "message-id");
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "rpc");
    return false;
}

static bool permitted(struct request *request)
{
    struct nacm *nacm = request->service->nacm;
    const char *name = LYD_NAME(request->op);

    if (request->session->user.recovery || strcmp(name, "close-session") == 0)
        return true;
    if (nacm != NULL && nacm_permits_rpc(nacm, &request->session->user, request->op->schema))
        return true;
    /* RFC 8341, 3.4.4: the operation's name tells the client which. */
    (void)rpc_error_add(request->errors, RPC_ERROR_PROTOCOL, RPC_ACCESS_DENIED, NULL,
                        "user %s may not do %s: a rule of nacm must permit it",
                        request->session->user.name, name);
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
static bool knows_attributes(struct request *request)
{
    if (!request->message.attributes)
        return true;
    const struct lyd_node *element = request_xml(request);
    return element != NULL &&
           !rpc_attribute_fault(request->service->schema, element, request->errors);
}

static bool valid(struct request *request)
{
    if (lyd_validate_op(request->op, NULL, LYD_TYPE_RPC_YANG, NULL) == LY_SUCCESS)
        return true;
    rpc_errors_from_libyang(request->errors, request->service->schema, request->op);
    for (size_t i = 0; i < request->errors->count; i++)
        blame_parameters(&request->errors->items[i], request->op);
    return false;
}

/* An rpc of one of our own modules. */
static enum request_outcome run_own(struct request *request)
{
    const struct lyd_node *node = NULL;

    if (request->service->state == NULL)
        return request_refuse(request, RPC_ERROR_PROTOCOL, RPC_OPERATION_NOT_SUPPORTED,
                              "this operation cannot be done here");
    if (!state_tree_rpc(request->service->state, request->op, request->errors))
        return REQUEST_FAILED;
    LY_LIST_FOR(lyd_child(request->op), node)
    {
        if (node->schema->flags & LYS_IS_OUTPUT)
            printer_node(&(struct printer){.out = &request->reply}, node, NULL);
    }
    return REQUEST_DONE;
}

static enum request_outcome run(struct request *request)
{
    const char *module = request->op->schema->module->name;

    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (strcmp(operations[i].name, LYD_NAME(request->op)) == 0 &&
            strcmp(operations[i].module, module) == 0)
            return operations[i].run(request);
    return run_own(request);
}

static void answer(struct request *request)
{
    enum request_outcome outcome = REQUEST_FAILED;

    if (has_message_id(request) && permitted(request) && knows_attributes(request) &&
        !rpc_text_fault(request->op, request->errors) && valid(request))
        outcome = run(request);
    else
        request->session->counts.in_bad_rpcs++;
    if (outcome == REQUEST_DONE)
        request_answer(request);
    else if (outcome == REQUEST_FAILED)
        request_answer_errors(request, request->errors);
}

void dispatch(struct nc_session *session, const char *text, size_t len, const char *lost)
{
    struct request request;
    const struct xml_message *message = &request.message;
    bool clean = request_init(&request, session, text, len);

    if (lost != NULL) {
        if (message->root > 0)
            refuse_message(&request, XML_TOO_BIG, lost);
    } else if (!clean) {
        refuse_message(&request, message->fault, message->reason);
    } else if (message->long_paths) {
        refuse_message(&request, XML_TOO_BIG,
                       "an attribute or a <path> is longer than 2500 bytes, or all together are "
                       "longer than 32768: send them in parts");
    } else if (!request_parse(&request)) {
        refuse_unparsed(&request);
    } else {
        session->counts.in_rpcs++;
        if (request_begin_reply(&request, request.envelope))
            answer(&request);
    }
    request_fini(&request);
}
