/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/monitoring.h"

#include "config/netconf/hello.h"
#include "config/schema/compat.h"

#define MONITORING_SPACE "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
#define STREAMS_SPACE    "urn:ietf:params:xml:ns:netmod:notification"
#define LIBRARY_SPACE    "urn:ietf:params:xml:ns:yang:ietf-yang-library"
#define NACM_SPACE       "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
#define OWN_SPACE        "urn:nmspd:yang:nmspd-netconf"

/* --- netconf-state (RFC 6022), as XML -------------------------------------------------------- */

static void put_time(struct xmlbuf *text, const char *name, int64_t wall)
{
    char time[XMLBUF_TIME_SIZE];

    xmlbuf_element(text, name, xmlbuf_time(wall, time));
}

static void put_datastores(struct xmlbuf *text, const struct store *store)
{
    static const char *const names[] = {
        [STORE_RUNNING] = "running", [STORE_CANDIDATE] = "candidate", [STORE_STARTUP] = "startup"};

    xmlbuf_put(text, "<datastores>");
    for (int id = 0; id < STORES; id++) {
        int64_t since = 0;
        uint32_t holder = store_lock_holder(store, (enum store_id)id, &since);
        xmlbuf_put(text, "<datastore>");
        xmlbuf_element(text, "name", names[id]);
        if (holder != 0) {
            xmlbuf_put(text, "<locks><global-lock>");
            xmlbuf_number(text, "locked-by-session", holder);
            put_time(text, "locked-time", since);
            xmlbuf_put(text, "</global-lock></locks>");
        }
        xmlbuf_put(text, "</datastore>");
    }
    xmlbuf_put(text, "</datastores>");
}

static void put_schemas(struct xmlbuf *text, const struct ly_ctx *schema)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;

    xmlbuf_put(text, "<schemas>");
    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        xmlbuf_put(text, "<schema>");
        xmlbuf_element(text, "identifier", module->name);
        xmlbuf_put(text, "<version>");
        xmlbuf_put(text, module->revision != NULL ? module->revision : "");
        xmlbuf_put(text, "</version><format>yang</format>");
        xmlbuf_element(text, "namespace", module->ns);
        xmlbuf_put(text, "<location>NETCONF</location></schema>");
    }
    xmlbuf_put(text, "</schemas>");
}

static void put_counts(struct xmlbuf *text, const struct nc_counts *counts)
{
    xmlbuf_number(text, "in-rpcs", counts->in_rpcs);
    xmlbuf_number(text, "in-bad-rpcs", counts->in_bad_rpcs);
    xmlbuf_number(text, "out-rpc-errors", counts->out_rpc_errors);
    xmlbuf_number(text, "out-notifications", counts->out_notifications);
}

/* *sum: what all sessions did. */
static void put_sessions(struct xmlbuf *text, const struct nc_sessions *sessions,
                         struct nc_counts *sum)
{
    const struct nc_session *session = NULL;

    xmlbuf_put(text, "<sessions>");
    while ((session = nc_sessions_next(sessions, session)) != NULL) {
        nc_counts_add(sum, &session->counts);
        if (!session->greeted)
            continue;
        xmlbuf_put(text, "<session>");
        xmlbuf_number(text, "session-id", session->id);
        xmlbuf_put(text, "<transport xmlns:own=\"" OWN_SPACE "\">own:unix-socket</transport>");
        xmlbuf_element(text, "username", session->user.name);
        put_time(text, "login-time", session->login);
        put_counts(text, &session->counts);
        xmlbuf_put(text, "</session>");
    }
    xmlbuf_put(text, "</sessions>");
}

static void put_statistics(struct xmlbuf *text, const struct service *service,
                           const struct nc_counts *sum)
{
    const struct nc_stats *stats = nc_sessions_stats(service->sessions);

    xmlbuf_put(text, "<statistics xmlns:own=\"" OWN_SPACE "\">");
    put_time(text, "netconf-start-time", service->started);
    xmlbuf_number(text, "in-bad-hellos", stats->in_bad_hellos);
    xmlbuf_number(text, "in-sessions", stats->in_sessions);
    xmlbuf_number(text, "dropped-sessions", stats->dropped_sessions);
    put_counts(text, sum);
    xmlbuf_number(text, "own:refused-sessions", stats->refused_sessions);
    xmlbuf_number(text, "own:crowded-sessions", stats->crowded_sessions);
    xmlbuf_put(text, "</statistics>");
}

static bool add_state(struct service *service, struct lyd_node **made)
{
    struct xmlbuf text = {.limit = NC_REPLY_MAX};
    struct nc_counts sum = nc_sessions_stats(service->sessions)->counts;

    xmlbuf_put(&text, "<netconf-state xmlns=\"" MONITORING_SPACE "\">");
    hello_capabilities(&text, service->schema);
    put_datastores(&text, service->store);
    put_schemas(&text, service->schema);
    put_sessions(&text, service->sessions, &sum);
    put_statistics(&text, service, &sum);
    xmlbuf_put(&text, "</netconf-state>");
    xmlbuf_add(&text, "", 1);
    bool done =
        !text.full && lyd_parse_data_mem(service->schema, text.bytes, LYD_XML,
                                         LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, made) == LY_SUCCESS;
    xmlbuf_fini(&text);
    return done;
}

/* --- the others ------------------------------------------------------------------------------ */

static bool add_streams(struct service *service, struct lyd_node **made)
{
    return lyd_parse_data_mem(service->schema,
                              "<netconf xmlns=\"" STREAMS_SPACE "\"><streams><stream>"
                              "<name>NETCONF</name>"
                              "<description>All events of this agent, without a past."
                              "</description><replaySupport>false</replaySupport>"
                              "</stream></streams></netconf>",
                              LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, made) == LY_SUCCESS;
}

static bool add_library(struct service *service, struct lyd_node **made)
{
    return ly_ctx_get_yanglib_data(service->schema, made, "%u",
                                   (unsigned)hello_content_id(service->schema)) == LY_SUCCESS;
}

bool monitoring_add(struct service *service, const struct filter *filter, struct lyd_node **tree)
{
    static const struct {
        const char *space;
        bool (*add)(struct service *service, struct lyd_node **made);
    } parts[] = {
        {MONITORING_SPACE, add_state},
        {STREAMS_SPACE, add_streams},
        {LIBRARY_SPACE, add_library},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct lyd_node *made = NULL;
        if (!filter_wants(filter, parts[i].space))
            continue;
        bool done = parts[i].add(service, &made);
        if (!done)
            lyd_free_all(made);
        if (!done || lyd_merge_siblings(tree, made, LYD_MERGE_DESTRUCT) != LY_SUCCESS)
            return false;
    }
    return service->nacm == NULL || !filter_wants(filter, NACM_SPACE) ||
           nacm_add_state(service->nacm, tree);
}
