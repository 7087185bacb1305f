/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/reply.h"

#include "config/netconf/xml.h"
#include "config/schema/compat.h"
#include "config/schema/path.h"

#include <inttypes.h>
#include <stdarg.h>

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
        !declared_before(first, attr))
        xmlbuf_namespace(text, prefix, space);
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

__attribute__((format(printf, 3, 4))) static void append(char *whole, size_t size,
                                                         const char *format, ...)
{
    size_t used = strlen(whole);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(whole + used, size - used, format, arguments);
    va_end(arguments);
}

/*
 * libyang writes a module only where it changes; in XML a name without a prefix would be in no
 * namespace at all.
 */
void reply_path(struct xmlbuf *text, const char *path)
{
    char whole[4 * CONFIG_PATH_SIZE] = "";
    struct path_step step = {.name = {NULL, 0}};
    struct cursor in = path_cursor(path);

    while (path_next(&in, &step)) {
        const struct path_part module = step.module;
        struct cursor keys = path_keys(&step);
        struct path_key key;
        append(whole, sizeof(whole), "/%.*s:%.*s", (int)module.len, module.at, (int)step.name.len,
               step.name.at);
        while (path_next_key(&keys, &key)) {
            if (key.position > 0)
                append(whole, sizeof(whole), "[%" PRIu32 "]", key.position);
            else if (key.name.len == 0)
                append(whole, sizeof(whole), "[.=%.*s]", (int)key.value.len + 2, key.value.at - 1);
            else
                append(whole, sizeof(whole), "[%.*s:%.*s=%.*s]", (int)module.len, module.at,
                       (int)key.name.len, key.name.at, (int)key.value.len + 2, key.value.at - 1);
        }
    }
    append(whole, sizeof(whole), "%.*s", (int)cursor_left(&in), (const char *)in.at);
    xmlbuf_escape(text, whole);
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
        xmlbuf_namespace(text, module->name, module->ns);
    }
}

/* --- errors ---------------------------------------------------------------------------------- */

static void put_info(struct xmlbuf *text, const struct rpc_error *error)
{
    if (error->bad_attribute[0] == '\0' && error->bad_element[0] == '\0' &&
        error->bad_namespace[0] == '\0' && !error->has_session)
        return;
    xmlbuf_put(text, "<error-info>");
    xmlbuf_element(text, "bad-attribute", error->bad_attribute);
    xmlbuf_element(text, "bad-element", error->bad_element);
    xmlbuf_element(text, "bad-namespace", error->bad_namespace);
    if (error->has_session)
        xmlbuf_number(text, "session-id", error->session);
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
