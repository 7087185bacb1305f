/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/printer.h"

#include "config/schema/compat.h"

#include <libyang/plugins_types.h>

/* --- libyang's own --------------------------------------------------------------------------- */

/* All is taken, so that libyang's printer, which knows no way out, comes to its end. */
static ssize_t take(void *context, const void *bytes, size_t len)
{
    xmlbuf_add(context, bytes, len);
    return (ssize_t)len;
}

/* What has no schema, attributes, or content that is a tree of its own. */
static void print_special(struct xmlbuf *text, const struct lyd_node *node, uint32_t options)
{
    if (lyd_print_clb(take, text, node, LYD_XML, options | LYD_PRINT_SHRINK) != LY_SUCCESS)
        text->full = true;
}

/* Of what is not seen as a whole, libyang would print too much: then attributes are left out. */
static bool is_special(const struct printer *printer, const struct lyd_node *node)
{
    return node->schema == NULL || (node->schema->nodetype & LYD_NODE_ANY) ||
           (compat_has_attributes(node) &&
            (printer->is_seen == NULL || (node->schema->nodetype & LYD_NODE_TERM)));
}

/* --- ours ------------------------------------------------------------------------------------ */

/* A namespace holds for what is below it, until there is another. */
static void begin(struct xmlbuf *text, const struct lyd_node *node, const struct lys_module *around)
{
    const struct lys_module *module = node->schema->module;

    xmlbuf_put(text, "<");
    xmlbuf_put(text, node->schema->name);
    if (module != around)
        xmlbuf_namespace(text, NULL, module->ns);
}

/* Behind the attributes: the content and the end. */
static void end_term(struct xmlbuf *text, const char *name, const char *value)
{
    if (value[0] == '\0') {
        xmlbuf_put(text, "/>");
        return;
    }
    xmlbuf_put(text, ">");
    xmlbuf_escape(text, value);
    xmlbuf_end(text, name);
}

static void print_term(struct xmlbuf *text, const struct lyd_node *node,
                       const struct lys_module *around)
{
    const struct lyd_value *value = &((const struct lyd_node_term *)node)->value;
    const struct lysc_type *type = ((const struct lysc_node_leaf *)node->schema)->type;
    struct ly_set modules = {.count = 0};
    const char *printed = NULL;
    ly_bool dynamic = 0;

    if (compat_prefixes_of(node, &modules))
        printed = type->plugin->print(LYD_CTX(node), value, LY_VALUE_XML, &modules, &dynamic, NULL);
    begin(text, node, around);
    /* The prefixes that a value uses, which are those of the modules. */
    for (uint32_t i = COMPAT_FIRST_PREFIX; i < modules.count; i++) {
        const struct lys_module *module = modules.objs[i];
        xmlbuf_namespace(text, module->prefix, module->ns);
    }
    end_term(text, node->schema->name, printed != NULL ? printed : "");
    text->full = text->full || printed == NULL;
    ly_set_erase(&modules, NULL);
    if (dynamic)
        free((void *)printed);
}

void printer_begin(const struct printer *printer, const struct lyd_node *node,
                   const struct lys_module *around)
{
    begin(printer->out, node, around);
    xmlbuf_put(printer->out, ">");
}

void printer_end(const struct printer *printer, const struct lyd_node *node, size_t inside)
{
    struct xmlbuf *text = printer->out;

    if (text->len == inside && !text->full) {
        text->len--;
        xmlbuf_put(text, "/>");
        return;
    }
    xmlbuf_end(text, node->schema->name);
}

bool printer_sees(const struct printer *printer, const struct lyd_node *node)
{
    return printer->is_seen == NULL || printer->is_seen(printer->context, node);
}

void printer_node(const struct printer *printer, const struct lyd_node *node,
                  const struct lys_module *around)
{
    const struct lyd_node *child = NULL;

    if (printer->out->full || !lyd_node_should_print(node, printer->options) ||
        !printer_sees(printer, node))
        return;
    if (is_special(printer, node)) {
        print_special(printer->out, node, printer->options);
        return;
    }
    if (node->schema->nodetype & LYD_NODE_TERM) {
        print_term(printer->out, node, around);
        return;
    }
    printer_begin(printer, node, around);
    const size_t inside = printer->out->len;
    LY_LIST_FOR(lyd_child(node), child)
    {
        printer_node(printer, child, node->schema->module);
    }
    printer_end(printer, node, inside);
}

void printer_tree(const struct printer *printer, const struct lyd_node *first)
{
    for (; first != NULL; first = first->next)
        printer_node(printer, first, NULL);
}
