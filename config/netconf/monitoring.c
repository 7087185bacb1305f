/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the door itself: ietf-netconf-monitoring (RFC 6022), the YANG library (RFC 8525),
 * the streams of RFC 5277, the counters of RFC 8341.
 */
#include "config/netconf/internal.h"
#include "config/schema/compat.h"

#define MONITORING       "/ietf-netconf-monitoring:netconf-state"
#define MONITORING_SPACE "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
#define STREAMS_SPACE    "urn:ietf:params:xml:ns:netmod:notification"
#define LIBRARY_SPACE    "urn:ietf:params:xml:ns:yang:ietf-yang-library"
#define NACM_SPACE       "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"

enum { PATH_SIZE = 512 };

/* Nodes are added below what was made last; the first fault ends it. */
struct making {
    const struct ly_ctx *schema;
    struct lyd_node *root;
    bool failed;
};

static struct lyd_node *add(struct making *making, struct lyd_node *parent, const char *path,
                            const char *value)
{
    struct lyd_node *made = NULL;

    if (making->failed)
        return NULL;
    if (lyd_new_path(parent, parent == NULL ? making->schema : NULL, path, value, 0, &made) !=
        LY_SUCCESS)
        making->failed = true;
    return made;
}

static void add_number(struct making *making, struct lyd_node *parent, const char *name,
                       uint32_t number)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", (unsigned)number);
    (void)add(making, parent, name, text);
}

static void add_time(struct making *making, struct lyd_node *parent, const char *name, int64_t wall)
{
    char text[XMLBUF_TIME_SIZE];

    (void)add(making, parent, name, xmlbuf_time(wall, text));
}

/* --- netconf-state --------------------------------------------------------------------------- */

static void add_capability(void *context, const char *uri)
{
    struct making *making = context;

    (void)add(making, making->root, "capabilities/capability", uri);
}

static void add_datastore(struct making *making, const struct server *server, enum store_id id,
                          const char *name)
{
    char path[PATH_SIZE];
    int64_t since = 0;
    uint32_t holder = store_lock_holder(server->options.store, id, &since);

    (void)snprintf(path, sizeof(path), "datastores/datastore[name='%s']", name);
    struct lyd_node *datastore = NULL;
    (void)add(making, making->root, path, NULL);
    if (making->failed || holder == 0)
        return;
    (void)snprintf(path, sizeof(path), MONITORING "/datastores/datastore[name='%s']", name);
    if (lyd_find_path(making->root, path, 0, &datastore) != LY_SUCCESS) {
        making->failed = true;
        return;
    }
    add_number(making, datastore, "locks/global-lock/locked-by-session", holder);
    add_time(making, datastore, "locks/global-lock/locked-time", since);
}

static void add_schemas(struct making *making)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;
    char path[PATH_SIZE];

    while ((module = ly_ctx_get_module_iter(making->schema, &index)) != NULL) {
        (void)snprintf(path, sizeof(path),
                       "schemas/schema[identifier='%s'][version='%s']"
                       "[format='ietf-netconf-monitoring:yang']/namespace",
                       module->name, module->revision != NULL ? module->revision : "");
        (void)add(making, making->root, path, module->ns);
        (void)snprintf(path, sizeof(path),
                       "schemas/schema[identifier='%s'][version='%s']"
                       "[format='ietf-netconf-monitoring:yang']/location",
                       module->name, module->revision != NULL ? module->revision : "");
        (void)add(making, making->root, path, "NETCONF");
    }
}

static void add_counts(struct making *making, struct lyd_node *parent,
                       const struct nc_counts *counts)
{
    add_number(making, parent, "in-rpcs", counts->in_rpcs);
    add_number(making, parent, "in-bad-rpcs", counts->in_bad_rpcs);
    add_number(making, parent, "out-rpc-errors", counts->out_rpc_errors);
    add_number(making, parent, "out-notifications", counts->out_notifications);
}

static void add_session(struct making *making, struct lyd_node *sessions,
                        const struct nc_session *session)
{
    char id[16];
    struct lyd_node *made = NULL;

    (void)snprintf(id, sizeof(id), "%u", (unsigned)session->id);
    if (making->failed)
        return;
    if (lyd_new_list(sessions, NULL, "session", 0, &made, id) != LY_SUCCESS) {
        making->failed = true;
        return;
    }
    (void)add(making, made, "transport", "nmspd-netconf:unix-socket");
    (void)add(making, made, "username", session->user.name);
    add_time(making, made, "login-time", session->login);
    add_counts(making, made, &session->counts);
}

static void add_statistics(struct making *making, const struct server *server)
{
    struct nc_counts sum = server->counts;
    struct lyd_node *statistics = add(making, making->root, "statistics", NULL);

    for (const struct nc_session *session = server->sessions; session; session = session->next) {
        sum.in_rpcs += session->counts.in_rpcs;
        sum.in_bad_rpcs += session->counts.in_bad_rpcs;
        sum.out_rpc_errors += session->counts.out_rpc_errors;
        sum.out_notifications += session->counts.out_notifications;
    }
    add_time(making, statistics, "netconf-start-time", server->started);
    add_number(making, statistics, "in-bad-hellos", server->in_bad_hellos);
    add_number(making, statistics, "in-sessions", server->in_sessions);
    add_number(making, statistics, "dropped-sessions", server->dropped_sessions);
    add_counts(making, statistics, &sum);
    add_number(making, statistics, "nmspd-netconf:refused-sessions", server->refused_sessions);
    add_number(making, statistics, "nmspd-netconf:crowded-sessions", server->crowded_sessions);
}

static void add_state(struct making *making, struct server *server)
{
    making->root = add(making, NULL, MONITORING, NULL);
    hello_capabilities(server, add_capability, making);
    add_datastore(making, server, STORE_RUNNING, "running");
    add_datastore(making, server, STORE_CANDIDATE, "candidate");
    add_datastore(making, server, STORE_STARTUP, "startup");
    add_schemas(making);
    struct lyd_node *sessions = add(making, making->root, "sessions", NULL);
    for (const struct nc_session *session = server->sessions; session; session = session->next)
        if (session->greeted)
            add_session(making, sessions, session);
    add_statistics(making, server);
}

/* --- the others ------------------------------------------------------------------------------ */

static void add_streams(struct making *making, struct server *server)
{
    static const char stream[] =
        "/nc-notifications:netconf/streams/stream[name='NETCONF']/description";

    (void)server;
    making->root = NULL;
    if (making->failed)
        return;
    if (lyd_new_path(NULL, making->schema, stream, "All events of this agent, without a past.", 0,
                     &making->root) != LY_SUCCESS)
        making->failed = true;
    (void)add(making, making->root,
              "/nc-notifications:netconf/streams/stream[name='NETCONF']/replaySupport", "false");
}

static void add_library(struct making *making, struct server *server)
{
    making->root = NULL;
    if (ly_ctx_get_yanglib_data(server->schema, &making->root, "%u",
                                (unsigned)hello_content_id(server->schema)) != LY_SUCCESS)
        making->failed = true;
}

static bool join(struct making *making, struct lyd_node **tree)
{
    bool joined = !making->failed;

    if (joined && making->root != NULL)
        joined = lyd_merge_siblings(tree, making->root, LYD_MERGE_DESTRUCT) == LY_SUCCESS;
    else
        lyd_free_all(making->root);
    return joined;
}

bool monitoring_add(struct server *server, const struct filter *filter, struct lyd_node **tree)
{
    static const struct part {
        const char *space;
        void (*make)(struct making *making, struct server *server);
    } parts[] = {
        {MONITORING_SPACE, add_state},
        {STREAMS_SPACE, add_streams},
        {LIBRARY_SPACE, add_library},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct making making = {.schema = server->schema};
        if (!filter_wants(filter, parts[i].space))
            continue;
        parts[i].make(&making, server);
        if (!join(&making, tree))
            return false;
    }
    return server->options.nacm == NULL || !filter_wants(filter, NACM_SPACE) ||
           nacm_add_state(server->options.nacm, tree);
}
