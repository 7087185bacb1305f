/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/xml.h"

#include "config/schema/compat.h"

#define BLANKS " \t\r\n"

/* --- the tree -------------------------------------------------------------------------------- */

struct ly_ctx *xml_schema(void)
{
    struct ly_ctx *schema = NULL;

    if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &schema) != LY_SUCCESS)
        return NULL;
    return schema;
}

/* No schema is without the modules that libyang itself needs. None of their data is ours, so that
 * what asks for it asks for nothing. */
static void drop_known(struct lyd_node *parent)
{
    struct lyd_node *child = NULL;
    struct lyd_node *next = NULL;

    LY_LIST_FOR_SAFE(lyd_child(parent), next, child)
    {
        if (child->schema != NULL)
            lyd_free_tree(child);
        else
            drop_known(child);
    }
}

struct lyd_node *xml_parse(struct ly_ctx *schema, const char *text)
{
    struct lyd_node *tree = NULL;
    LY_ERR result =
        lyd_parse_data_mem(schema, text, LYD_XML, LYD_PARSE_ONLY | LYD_PARSE_OPAQ, 0, &tree);

    ly_err_clean(schema, NULL);
    /* One element alone. */
    if (result == LY_SUCCESS && tree != NULL && tree->next == NULL && tree->schema == NULL) {
        drop_known(tree);
        return tree;
    }
    lyd_free_all(tree);
    return NULL;
}

struct lyd_node *xml_root(struct ly_ctx *schema, struct xml_message *message)
{
    struct xmlbuf *text = &message->text;

    if (message->root == 0)
        return NULL;
    text->len = message->root;
    text->full = false;
    xmlbuf_add(text, "/>", sizeof("/>"));
    return text->full ? NULL : xml_parse(schema, text->bytes);
}

static const struct lyd_node_opaq *opaque(const struct lyd_node *node)
{
    return (const struct lyd_node_opaq *)node;
}

const char *xml_name(const struct lyd_node *node)
{
    return opaque(node)->name.name;
}

const char *xml_namespace(const struct lyd_node *node)
{
    const char *space = opaque(node)->name.module_ns;
    return space != NULL ? space : "";
}

const char *xml_value(const struct lyd_node *node)
{
    const char *value = opaque(node)->value;
    return value != NULL ? value : "";
}

bool xml_is(const struct lyd_node *node, const char *space, const char *name)
{
    return strcmp(xml_name(node), name) == 0 && strcmp(xml_namespace(node), space) == 0;
}

const struct lyd_node *xml_child(const struct lyd_node *node, const char *space, const char *name)
{
    const struct lyd_node *child = NULL;

    LY_LIST_FOR(opaque(node)->child, child)
    {
        if (xml_is(child, space, name))
            return child;
    }
    return NULL;
}

const char *xml_attribute(const struct lyd_node *node, const char *name)
{
    for (const struct lyd_attr *attr = opaque(node)->attr; attr != NULL; attr = attr->next)
        if (attr->name.prefix == NULL && strcmp(attr->name.name, name) == 0)
            return attr->value;
    return NULL;
}

const char *xml_filter_attribute(const struct lyd_node *node, const char *name)
{
    for (const struct lyd_attr *attr = opaque(node)->attr; attr != NULL; attr = attr->next)
        if (strcmp(attr->name.name, name) == 0 &&
            (attr->name.prefix == NULL ||
             (attr->name.module_ns != NULL && strcmp(attr->name.module_ns, XML_NETCONF) == 0)))
            return attr->value;
    return NULL;
}

const char *xml_trim(const char *text, size_t *len)
{
    text += strspn(text, BLANKS);
    *len = strlen(text);
    while (*len > 0 && strchr(BLANKS, text[*len - 1]) != NULL)
        (*len)--;
    return text;
}
