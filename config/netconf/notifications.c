/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events (RFC 5277): one stream, NETCONF, without a past. Subscribed sessions go on with other rpcs
 * (interleave).
 */
#include "config/netconf/internal.h"
#include "config/schema/compat.h"

#define BEGIN "<notification xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"><eventTime>"

/* --- create-subscription --------------------------------------------------------------------- */

static enum rpc_outcome refuse_parameter(struct rpc *rpc, enum rpc_error_tag tag, const char *name,
                                         const char *message)
{
    struct rpc_error *error =
        rpc_error_add(rpc->errors, RPC_ERROR_PROTOCOL, tag, NULL, "%s", message);

    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", name);
    return RPC_FAILED;
}

enum rpc_outcome operation_create_subscription(struct rpc *rpc)
{
    const char *stream = operation_leaf(rpc->op, "stream");
    const char *start = operation_leaf(rpc->op, "startTime");
    struct filter *filter = NULL;

    if (stream != NULL && strcmp(stream, "NETCONF") != 0)
        return refuse_parameter(rpc, RPC_INVALID_VALUE, "stream",
                                "there is one stream here, NETCONF");
    if (start == NULL && operation_leaf(rpc->op, "stopTime") != NULL)
        return refuse_parameter(rpc, RPC_MISSING_ELEMENT, "startTime",
                                "stopTime goes with startTime only (RFC 5277, 2.1.1)");
    if (start != NULL)
        return refuse_parameter(rpc, RPC_OPERATION_NOT_SUPPORTED, "startTime",
                                "past events are not kept, so that there is no replay");
    if (rpc->session->subscribed)
        return operation_refuse(rpc, RPC_ERROR_PROTOCOL, RPC_OPERATION_FAILED,
                                "this session has a subscription already");
    if (operation_child(rpc->op, "filter") != NULL) {
        const struct lyd_node *element = rpc_xml(rpc);
        if (element == NULL || !filter_new(rpc->op, element, &filter, rpc->errors))
            return RPC_FAILED;
    }
    rpc->session->subscribed = true;
    rpc->session->events = filter;
    return RPC_DONE;
}

/* --- sending --------------------------------------------------------------------------------- */

/* The filter says whether, not what (RFC 5277, 3.6). */
static bool is_wanted(const struct nc_session *session, const struct lyd_node *notification)
{
    static struct rpc_errors errors;
    struct xmlbuf found = {.limit = SERVER_REPLY_MAX};
    const struct printer printer = {.out = &found, .options = LYD_PRINT_WD_ALL};

    if (session->events == NULL)
        return true;
    rpc_errors_clear(&errors);
    bool wanted = filter_print(session->events, notification, &printer, &errors) && found.len > 0;
    xmlbuf_fini(&found);
    return wanted;
}

static bool may_have(const struct nc_session *session, const struct lyd_node *notification)
{
    struct nacm *nacm = session->server->options.nacm;

    return nc_session_recovery(session) ||
           (nacm != NULL && nacm_permits_notification(nacm, &session->user, notification));
}

void server_notify(struct server *server, const struct lyd_node *notification)
{
    char time[XMLBUF_TIME_SIZE];

    if (server == NULL)
        return;
    (void)xmlbuf_time(loop_wall(server->options.loop), time);
    for (struct nc_session *session = server->sessions; session; session = session->next) {
        if (!session->subscribed || session->closing || !is_wanted(session, notification) ||
            !may_have(session, notification))
            continue;
        struct xmlbuf message = nc_message(SERVER_REPLY_MAX);
        xmlbuf_put(&message, BEGIN);
        xmlbuf_put(&message, time);
        xmlbuf_put(&message, "</eventTime>");
        printer_node(&(struct printer){.out = &message}, notification, NULL);
        xmlbuf_put(&message, "</notification>");
        nc_session_send_event(session, &message);
    }
}

/* --- of the protocol itself (RFC 6470) ------------------------------------------------------- */

static bool is_anybody_subscribed(const struct server *server)
{
    for (const struct nc_session *session = server->sessions; session; session = session->next)
        if (session->subscribed)
            return true;
    return false;
}

static bool add(struct lyd_node *parent, const char *name, const char *value)
{
    return lyd_new_path(parent, NULL, name, value, 0, NULL) == LY_SUCCESS;
}

static struct lyd_node *about(const struct nc_session *session, const char *path)
{
    struct lyd_node *made = NULL;
    char id[16];

    (void)snprintf(id, sizeof(id), "%u", (unsigned)session->id);
    if (lyd_new_path(NULL, session->server->schema, path, NULL, 0, &made) == LY_SUCCESS &&
        add(made, "username", session->user.name) && add(made, "session-id", id))
        return made;
    lyd_free_all(made);
    return NULL;
}

void notifications_session_start(const struct nc_session *session)
{
    struct lyd_node *event = NULL;

    if (!is_anybody_subscribed(session->server))
        return;
    event = about(session, "/ietf-netconf-notifications:netconf-session-start");
    if (event != NULL)
        server_notify(session->server, event);
    lyd_free_all(event);
}

void notifications_session_end(const struct nc_session *session, enum nc_end how,
                               uint32_t killed_by)
{
    static const char *const reasons[] = {[NC_CLOSED] = "closed",
                                          [NC_KILLED] = "killed",
                                          [NC_DROPPED] = "dropped",
                                          [NC_TIMEOUT] = "timeout",
                                          [NC_OTHER] = "other"};
    struct lyd_node *event = NULL;
    char id[16];

    if (!is_anybody_subscribed(session->server))
        return;
    (void)snprintf(id, sizeof(id), "%u", (unsigned)killed_by);
    event = about(session, "/ietf-netconf-notifications:netconf-session-end");
    if (event != NULL && add(event, "termination-reason", reasons[how]) &&
        (how != NC_KILLED || add(event, "killed-by", id)))
        server_notify(session->server, event);
    lyd_free_all(event);
}
