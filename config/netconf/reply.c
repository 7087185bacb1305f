/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/internal.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

/* --- attributes ------------------------------------------------------------------------------ */

static bool declared_before(const struct lyd_attr *first, const struct lyd_attr *attr)
{
    for (; first != attr; first = first->next)
        if (first->name.prefix != NULL && strcmp(first->name.prefix, attr->name.prefix) == 0)
            return true;
    return false;
}

/* RFC 6241, 4.2: all that stand in <rpc>, as they are. */
static void copy_attribute(struct xmlbuf *text, const struct lyd_attr *first,
                           const struct lyd_attr *attr)
{
    const char *prefix = attr->name.prefix;
    const char *space = attr->name.module_ns;

    if (prefix != NULL && space != NULL && strcmp(prefix, "xml") != 0 &&
        !declared_before(first, attr)) {
        xmlbuf_put(text, " xmlns:");
        xmlbuf_put(text, prefix);
        xmlbuf_put(text, "=\"");
        xmlbuf_attribute(text, space);
        xmlbuf_put(text, "\"");
    }
    xmlbuf_put(text, " ");
    if (prefix != NULL) {
        xmlbuf_put(text, prefix);
        xmlbuf_put(text, ":");
    }
    xmlbuf_put(text, attr->name.name);
    xmlbuf_put(text, "=\"");
    xmlbuf_attribute(text, attr->value != NULL ? attr->value : "");
    xmlbuf_put(text, "\"");
}

void reply_begin(struct xmlbuf *text, const struct lyd_node *envelope)
{
    const struct lyd_attr *first =
        envelope != NULL ? ((const struct lyd_node_opaq *)envelope)->attr : NULL;

    xmlbuf_put(text, "<rpc-reply xmlns=\"" XML_NETCONF "\"");
    for (const struct lyd_attr *attr = first; attr != NULL; attr = attr->next)
        copy_attribute(text, first, attr);
    xmlbuf_put(text, ">");
}

/* --- paths ----------------------------------------------------------------------------------- */

static void put_name(struct xmlbuf *text, const char *module, size_t module_len, const char *name,
                     size_t len)
{
    xmlbuf_add(text, module, module_len);
    xmlbuf_put(text, ":");
    xmlbuf_add(text, name, len);
}

/* A quoted text, escaped; gives what is behind it. */
static const char *put_quoted(struct xmlbuf *text, const char *at)
{
    char one[2] = {*at, '\0'};
    const char quote = *at;

    do {
        one[0] = *at;
        xmlbuf_escape(text, one);
        at++;
    } while (*at != '\0' && *at != quote);
    if (*at != '\0') {
        one[0] = *at++;
        xmlbuf_escape(text, one);
    }
    return at;
}

/*
 * libyang writes a module only where it changes; in XML a name without a prefix would be in no
 * namespace at all.
 */
void reply_path(struct xmlbuf *text, const char *path)
{
    const char *module = "";
    size_t module_len = 0;
    const char *at = path;

    while (*at != '\0') {
        size_t len = strcspn(at, "/[]='\":");
        bool begins = at > path && (at[-1] == '/' || at[-1] == '[') && len > 0;
        if (begins && at[len] == ':') {
            if (at[-1] == '/') {
                module = at;
                module_len = len;
            }
            xmlbuf_add(text, at, len + 1);
            at += len + 1;
            len = strcspn(at, "/[]='\"");
            xmlbuf_add(text, at, len);
            at += len;
        } else if (begins && at[0] != '.' && !(at[0] >= '0' && at[0] <= '9') && module_len > 0) {
            put_name(text, module, module_len, at, len);
            at += len;
        } else if (len > 0) {
            xmlbuf_add(text, at, len);
            at += len;
        } else if (*at == '\'' || *at == '"') {
            at = put_quoted(text, at);
        } else {
            xmlbuf_add(text, at++, 1);
        }
    }
}

/* The prefixes that a path uses, which are names of modules. */
static void declare_modules(struct xmlbuf *text, const struct ly_ctx *schema, const char *path)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        char prefix[RPC_NAME_SIZE];
        if (!module->implemented)
            continue;
        (void)snprintf(prefix, sizeof(prefix), "/%s:", module->name);
        if (strstr(path, prefix) == NULL)
            continue;
        xmlbuf_put(text, " xmlns:");
        xmlbuf_put(text, module->name);
        xmlbuf_put(text, "=\"");
        xmlbuf_attribute(text, module->ns);
        xmlbuf_put(text, "\"");
    }
}

/* --- errors ---------------------------------------------------------------------------------- */

static void put_info(struct xmlbuf *text, const struct rpc_error *error)
{
    char session[16];

    (void)snprintf(session, sizeof(session), "%u", (unsigned)error->session);
    if (error->bad_attribute[0] == '\0' && error->bad_element[0] == '\0' &&
        error->bad_namespace[0] == '\0' && !error->has_session)
        return;
    xmlbuf_put(text, "<error-info>");
    xmlbuf_element(text, "bad-attribute", error->bad_attribute);
    xmlbuf_element(text, "bad-element", error->bad_element);
    xmlbuf_element(text, "bad-namespace", error->bad_namespace);
    if (error->has_session)
        xmlbuf_element(text, "session-id", session);
    xmlbuf_put(text, "</error-info>");
}

static void put_error(struct xmlbuf *text, const struct ly_ctx *schema,
                      const struct rpc_error *error)
{
    xmlbuf_put(text, "<rpc-error>");
    xmlbuf_element(text, "error-type", rpc_error_type_text(error->type));
    xmlbuf_element(text, "error-tag", rpc_error_tag_text(error->tag));
    xmlbuf_element(text, "error-severity", "error");
    xmlbuf_element(text, "error-app-tag", error->app_tag);
    if (error->path[0] != '\0') {
        xmlbuf_put(text, "<error-path");
        declare_modules(text, schema, error->path);
        xmlbuf_put(text, ">");
        reply_path(text, error->path);
        xmlbuf_put(text, "</error-path>");
    }
    if (error->message[0] != '\0') {
        xmlbuf_put(text, "<error-message xml:lang=\"en\">");
        xmlbuf_escape(text, error->message);
        xmlbuf_put(text, "</error-message>");
    }
    put_info(text, error);
    xmlbuf_put(text, "</rpc-error>");
}

void reply_errors(struct xmlbuf *text, const struct ly_ctx *schema, const struct rpc_errors *errors)
{
    for (size_t i = 0; i < errors->count; i++)
        put_error(text, schema, &errors->items[i]);
}
