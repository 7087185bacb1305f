/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/xml.h"

#include "agent/base/cursor.h"
#include "config/compat.h"

#define BLANKS " \t\r\n"

/* --- before it is parsed --------------------------------------------------------------------- */

/* What comes next is this text; then it is skipped. */
static bool skip(struct cursor *in, const char *text)
{
    struct cursor ahead = *in;
    size_t len = strlen(text);
    const uint8_t *bytes = cursor_bytes(&ahead, len);

    if (bytes == NULL || memcmp(bytes, text, len) != 0)
        return false;
    *in = ahead;
    return true;
}

/* Behind the next such text; false if there is none. */
static bool skip_to(struct cursor *in, const char *text)
{
    struct cursor ahead = *in;
    size_t left = cursor_left(in);
    const uint8_t *start = cursor_bytes(&ahead, left);
    const uint8_t *found = left > 0 ? memmem(start, left, text, strlen(text)) : NULL;

    if (found == NULL)
        return false;
    cursor_skip(in, (size_t)(found - start) + strlen(text));
    return true;
}

/* From behind the < of an element to behind its >. */
static bool skip_tag(struct cursor *in, bool *empty, const char **reason)
{
    unsigned attributes = 0;
    uint8_t last = 0;

    for (;;) {
        uint8_t byte = cursor_u8(in);
        if (in->failed)
            return false;
        if (byte == '>')
            break;
        if ((byte == '"' || byte == '\'') && !skip_to(in, byte == '"' ? "\"" : "'"))
            return false;
        attributes += byte == '=';
        last = byte;
    }
    *empty = last == '/';
    if (attributes > XML_ATTRIBUTES_MAX)
        *reason = "an element has more than 64 attributes";
    return attributes <= XML_ATTRIBUTES_MAX;
}

struct shape {
    unsigned depth;
    unsigned elements;
    unsigned children[XML_DEPTH_MAX + 1]; /* of the elements that are open */
};

static const char *fault_of(const struct shape *shape)
{
    if (shape->elements > XML_ELEMENTS_MAX)
        return "the message has more than 16384 elements: send it in parts";
    if (shape->children[shape->depth] > XML_CHILDREN_MAX)
        return "an element has more than 4096 elements in it: send them in parts";
    return NULL;
}

static bool begin_element(struct shape *shape, bool empty, const char **reason)
{
    shape->elements++;
    shape->children[shape->depth]++;
    const char *fault = fault_of(shape);
    if (fault == NULL && !empty && shape->depth == XML_DEPTH_MAX)
        fault = "elements are nested deeper than 64";
    if (fault != NULL) {
        *reason = fault;
        return false;
    }
    if (!empty)
        shape->children[++shape->depth] = 0;
    return true;
}

static bool skip_markup(struct cursor *in, struct shape *shape, const char **reason)
{
    bool empty = false;

    if (skip(in, "!--"))
        return skip_to(in, "-->");
    if (skip(in, "![CDATA["))
        return skip_to(in, "]]>");
    if (skip(in, "?"))
        return skip_to(in, "?>");
    if (skip(in, "!")) {
        *reason = "a document type must not appear (RFC 6241, 3)";
        return false;
    }
    if (skip(in, "/")) {
        shape->depth -= shape->depth > 0;
        return skip_to(in, ">");
    }
    return skip_tag(in, &empty, reason) && begin_element(shape, empty, reason);
}

bool xml_check(const char *text, size_t len, const char **reason)
{
    struct cursor in = cursor_of(text, len);
    struct shape shape = {.depth = 0};

    *reason = "the message is not well-formed XML";
    if (memchr(text, '\0', len) != NULL)
        return false;
    while (skip_to(&in, "<"))
        if (!skip_markup(&in, &shape, reason))
            return false;
    return true;
}

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

const char *xml_trim(const char *text, size_t *len)
{
    text += strspn(text, BLANKS);
    *len = strlen(text);
    while (*len > 0 && strchr(BLANKS, text[*len - 1]) != NULL)
        (*len)--;
    return text;
}
