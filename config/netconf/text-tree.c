/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data trees as XML. libyang's own printer formats and allocates for each piece, which is most of
 * what a <get-config> costs; this one writes straight into the text. What stands there is the same.
 */
#include "config/netconf/text.h"
#include "config/schema/compat.h"

#include <libyang/plugins_types.h>

/* --- libyang's own --------------------------------------------------------------------------- */

/* All is taken, so that libyang's printer, which knows no way out, comes to its end. */
static ssize_t take(void *context, const void *bytes, size_t len)
{
    text_add(context, bytes, len);
    return (ssize_t)len;
}

/* What has no schema, attributes, or content that is a tree of its own. */
static void print_special(struct text *text, const struct lyd_node *node, uint32_t options)
{
    if (lyd_print_clb(take, text, node, LYD_XML, options | LYD_PRINT_SHRINK) != LY_SUCCESS)
        text->full = true;
}

static bool is_special(const struct lyd_node *node)
{
    return node->schema == NULL || node->meta != NULL || (node->schema->nodetype & LYD_NODE_ANY);
}

/* --- ours ------------------------------------------------------------------------------------ */

/* A namespace holds for what is below it, until there is another. */
static void begin(struct text *text, const struct lyd_node *node, const struct lys_module *around)
{
    const struct lys_module *module = node->schema->module;

    text_put(text, "<");
    text_put(text, node->schema->name);
    if (module == around)
        return;
    text_put(text, " xmlns=\"");
    text_attribute(text, module->ns);
    text_put(text, "\"");
}

/* The prefixes that a value uses, which are those of the modules. */
static void declare(struct text *text, const struct ly_set *modules)
{
    for (uint32_t i = COMPAT_FIRST_PREFIX; i < modules->count; i++) {
        const struct lys_module *module = modules->objs[i];
        text_put(text, " xmlns:");
        text_put(text, module->prefix);
        text_put(text, "=\"");
        text_attribute(text, module->ns);
        text_put(text, "\"");
    }
}

/* Behind the attributes: the content and the end. */
static void end_term(struct text *text, const char *name, const char *value)
{
    if (value[0] == '\0') {
        text_put(text, "/>");
        return;
    }
    text_put(text, ">");
    text_escape(text, value);
    text_put(text, "</");
    text_put(text, name);
    text_put(text, ">");
}

static void print_term(struct text *text, const struct lyd_node *node,
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
    declare(text, &modules);
    end_term(text, node->schema->name, printed != NULL ? printed : "");
    text->full = text->full || printed == NULL;
    ly_set_erase(&modules, NULL);
    if (dynamic)
        free((void *)printed);
}

static void print_node(struct text *text, const struct lyd_node *node,
                       const struct lys_module *around, uint32_t options);

static void print_inner(struct text *text, const struct lyd_node *node,
                        const struct lys_module *around, uint32_t options)
{
    const struct lyd_node *child = NULL;
    size_t inside = 0;

    begin(text, node, around);
    text_put(text, ">");
    inside = text->len;
    LY_LIST_FOR(lyd_child(node), child)
    {
        print_node(text, child, node->schema->module, options);
    }
    if (text->len == inside && !text->full) {
        text->len--;
        text_put(text, "/>");
        return;
    }
    text_put(text, "</");
    text_put(text, node->schema->name);
    text_put(text, ">");
}

static void print_node(struct text *text, const struct lyd_node *node,
                       const struct lys_module *around, uint32_t options)
{
    if (text->full || !lyd_node_should_print(node, options))
        return;
    if (is_special(node))
        print_special(text, node, options);
    else if (node->schema->nodetype & LYD_NODE_TERM)
        print_term(text, node, around);
    else
        print_inner(text, node, around, options);
}

void text_tree(struct text *text, const struct lyd_node *tree, bool siblings, uint32_t options)
{
    for (; tree != NULL; tree = siblings ? tree->next : NULL)
        print_node(text, tree, NULL, options);
}
