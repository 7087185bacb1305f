/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/notifications.h"

#include "config/netconf/filter.h"
#include "config/netconf/operations.h"
#include "config/schema/compat.h"

#define BEGIN "<notification xmlns=\"urn:ietf:params:xml:ns:netconf:notification:1.0\"><eventTime>"

/* --- create-subscription --------------------------------------------------------------------- */

enum request_outcome operation_create_subscription(struct request *request)
{
    const char *stream = request_leaf(request->op, "stream");
    const char *start = request_leaf(request->op, "startTime");
    struct filter *filter = NULL;

    if (stream != NULL && strcmp(stream, "NETCONF") != 0)
        return request_refuse_parameter(request, RPC_INVALID_VALUE, "stream",
                                        "there is one stream here, NETCONF");
    if (start == NULL && request_leaf(request->op, "stopTime") != NULL)
        return request_refuse_parameter(request, RPC_MISSING_ELEMENT, "startTime",
                                        "stopTime goes with startTime only (RFC 5277, 2.1.1)");
    if (start != NULL)
        return request_refuse_parameter(request, RPC_OPERATION_NOT_SUPPORTED, "startTime",
                                        "past events are not kept, so that there is no replay");
    if (request->session->subscribed)
        return request_refuse(request, RPC_ERROR_PROTOCOL, RPC_OPERATION_FAILED,
                              "this session has a subscription already");
    if (request_child(request->op, "filter") != NULL) {
        const struct lyd_node *element = request_xml(request);
        if (element == NULL || !filter_new(request->op, element, &filter, request->errors))
            return REQUEST_FAILED;
    }
    request->session->subscribed = true;
    request->session->events = filter;
    return REQUEST_DONE;
}

/* --- sending --------------------------------------------------------------------------------- */

/* The filter says whether, not what (RFC 5277, 3.6). */
static bool is_wanted(const struct nc_session *session, const struct lyd_node *notification)
{
    static struct rpc_errors errors;
    struct xmlbuf found = {.limit = NC_REPLY_MAX};
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
    struct nacm *nacm = service_of(session)->nacm;

    return session->user.recovery ||
           (nacm != NULL && nacm_permits_notification(nacm, &session->user, notification));
}

void notifications_send(struct service *service, const struct lyd_node *notification)
{
    char time[XMLBUF_TIME_SIZE];
    struct nc_session *session = NULL;

    (void)xmlbuf_time(loop_wall(service->loop), time);
    while ((session = nc_sessions_next(service->sessions, session)) != NULL) {
        if (!session->subscribed || session->closing || !is_wanted(session, notification) ||
            !may_have(session, notification))
            continue;
        struct xmlbuf message = nc_message(NC_REPLY_MAX);
        xmlbuf_put(&message, BEGIN);
        xmlbuf_put(&message, time);
        xmlbuf_put(&message, "</eventTime>");
        printer_node(&(struct printer){.out = &message}, notification, NULL);
        xmlbuf_put(&message, "</notification>");
        nc_session_send_event(session, &message);
    }
}

/* --- of the protocol itself (RFC 6470) ------------------------------------------------------- */

static bool is_anybody_subscribed(const struct nc_sessions *sessions)
{
    const struct nc_session *session = nc_sessions_next(sessions, NULL);

    while (session != NULL && !session->subscribed)
        session = nc_sessions_next(sessions, session);
    return session != NULL;
}

/* The event and the names and values of its leafs, up to NULL. */
static void tell(const struct nc_session *session, const char *path, const char *const *leafs)
{
    struct service *service = service_of(session);
    struct lyd_node *event = NULL;

    if (!is_anybody_subscribed(service->sessions))
        return;
    bool made = lyd_new_path(NULL, service->schema, path, NULL, 0, &event) == LY_SUCCESS;
    for (; made && *leafs != NULL; leafs += 2)
        made = lyd_new_term(event, NULL, leafs[0], leafs[1], 0, NULL) == LY_SUCCESS;
    if (made)
        notifications_send(service, event);
    lyd_free_all(event);
}

void notifications_session_start(const struct nc_session *session)
{
    char id[16];

    (void)snprintf(id, sizeof(id), "%u", (unsigned)session->id);
    tell(session, "/ietf-netconf-notifications:netconf-session-start",
         (const char *const[]){"username", session->user.name, "session-id", id, NULL});
}

void notifications_session_end(const struct nc_session *session, enum nc_end how,
                               uint32_t killed_by)
{
    static const char *const reasons[] = {[NC_CLOSED] = "closed",
                                          [NC_KILLED] = "killed",
                                          [NC_DROPPED] = "dropped",
                                          [NC_TIMEOUT] = "timeout",
                                          [NC_OTHER] = "other"};
    char id[16];
    char killer[16];

    (void)snprintf(id, sizeof(id), "%u", (unsigned)session->id);
    (void)snprintf(killer, sizeof(killer), "%u", (unsigned)killed_by);
    tell(session, "/ietf-netconf-notifications:netconf-session-end",
         (const char *const[]){"username", session->user.name, "session-id", id,
                               "termination-reason", reasons[how],
                               how == NC_KILLED ? "killed-by" : NULL, killer, NULL});
}
