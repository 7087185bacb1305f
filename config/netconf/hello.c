/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/hello.h"

#include "config/netconf/xml-clean.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

#define BASE_1_0   "urn:ietf:params:netconf:base:1.0"
#define BASE_OLD   "urn:ietf:params:xml:ns:netconf:base:1.0" /* what some clients call 1.0 */
#define BASE_1_1   "urn:ietf:params:netconf:base:1.1"
#define CAPABILITY "urn:ietf:params:netconf:capability:"

static const char *const capabilities[] = {
    BASE_1_0,
    BASE_1_1,
    CAPABILITY "writable-running:1.0",
    CAPABILITY "candidate:1.0",
    CAPABILITY "confirmed-commit:1.1",
    CAPABILITY "rollback-on-error:1.0",
    CAPABILITY "validate:1.1",
    CAPABILITY "startup:1.0",
    CAPABILITY "xpath:1.0",
    CAPABILITY "with-defaults:1.0?basic-mode=explicit&also-supported=report-all,trim",
    CAPABILITY "notification:1.0",
    CAPABILITY "interleave:1.0",
};

/* --- ours ------------------------------------------------------------------------------------ */

/* RFC 6020, 5.6.4: with the features that are on. */
static void module_capability(const struct lys_module *module, char *uri, size_t size)
{
    const char *separator = "&features=";
    const struct lysp_feature *feature = NULL;
    uint32_t index = 0;
    int len = snprintf(uri, size, "%s?module=%s%s%s", module->ns, module->name,
                       module->revision != NULL ? "&revision=" : "",
                       module->revision != NULL ? module->revision : "");

    while ((feature = lysp_feature_next(feature, module->parsed, &index)) != NULL) {
        if (lys_feature_value(module, feature->name) != LY_SUCCESS || len < 0 ||
            (size_t)len >= size)
            continue;
        len += snprintf(uri + len, size - (size_t)len, "%s%s", separator, feature->name);
        separator = ",";
    }
}

/* FNV-1a over what hello says of them. */
uint32_t hello_content_id(const struct ly_ctx *schema)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;
    uint32_t hash = 2166136261U;
    char uri[512];

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        module_capability(module, uri, sizeof(uri));
        for (const char *at = uri; *at != '\0'; at++)
            hash = (hash ^ (uint8_t)*at) * 16777619U;
    }
    return hash;
}

void hello_capabilities(struct xmlbuf *text, const struct ly_ctx *schema)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;
    char uri[512];

    xmlbuf_put(text, "<capabilities>");
    for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
        xmlbuf_element(text, "capability", capabilities[i]);
    (void)snprintf(uri, sizeof(uri),
                   CAPABILITY "yang-library:1.1?revision=2019-01-04&content-id=%u",
                   (unsigned)hello_content_id(schema));
    xmlbuf_element(text, "capability", uri);
    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        if (!module->implemented)
            continue;
        module_capability(module, uri, sizeof(uri));
        xmlbuf_element(text, "capability", uri);
    }
    xmlbuf_put(text, "</capabilities>");
}

void hello_send(struct nc_session *session)
{
    struct xmlbuf message = nc_message(NC_REPLY_MAX);

    xmlbuf_put(&message, "<hello xmlns=\"" XML_NETCONF "\">");
    hello_capabilities(&message, service_of(session)->schema);
    xmlbuf_number(&message, "session-id", session->id);
    xmlbuf_put(&message, "</hello>");
    nc_session_send(session, &message);
}

/* --- the client's ---------------------------------------------------------------------------- */

static bool is_capability(const struct lyd_node *element, const char *uri)
{
    size_t len = 0;
    const char *text = xml_trim(xml_value(element), &len);

    return xml_is(element, XML_NETCONF, "capability") && len == strlen(uri) &&
           memcmp(text, uri, len) == 0;
}

static bool offers(const struct lyd_node *list, const char *uri)
{
    const struct lyd_node *element = NULL;

    LY_LIST_FOR(((const struct lyd_node_opaq *)list)->child, element)
    {
        if (is_capability(element, uri))
            return true;
    }
    return false;
}

/* RFC 6241, 8.1: a base version in common, and no session-id. */
static const char *fault_of(const struct lyd_node *hello, bool *chunked)
{
    if (hello == NULL || !xml_is(hello, XML_NETCONF, "hello"))
        return "did not begin with a hello";
    const struct lyd_node *list = xml_child(hello, XML_NETCONF, "capabilities");
    if (xml_child(hello, XML_NETCONF, "session-id") != NULL)
        return "gave a session-id in its hello, which only servers do";
    *chunked = list != NULL && offers(list, BASE_1_1);
    if (list == NULL || (!*chunked && !offers(list, BASE_1_0) && !offers(list, BASE_OLD)))
        return "does not know NETCONF's base 1.0 nor 1.1";
    return NULL;
}

bool hello_take(struct nc_session *session, const char *text, size_t len)
{
    struct service *service = service_of(session);
    struct xml_message message;
    const char *reason = NULL;
    bool chunked = false;

    if (xml_clean(text, len, &message)) {
        struct lyd_node *hello = xml_parse(service->xml, message.text.bytes);
        reason = fault_of(hello, &chunked);
        lyd_free_all(hello);
    } else {
        reason = message.reason;
    }
    if (reason != NULL) {
        char told[160];
        (void)snprintf(told, sizeof(told), "%s%s",
                       message.fault != XML_FINE ? "sent a hello that is none: " : "", reason);
        nc_sessions_stats(service->sessions)->in_bad_hellos++;
        nc_session_drop(session, NC_OTHER, told);
    } else {
        nc_session_greet(session, chunked);
    }
    xml_message_fini(&message);
    return reason == NULL;
}
