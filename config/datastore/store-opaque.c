/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/store-edit.h"

#include "config/errors/explain.h"
#include "config/schema/compat.h"

/* --- what it would be ------------------------------------------------------------------------ */

static const struct lys_module *module_of(const struct edit *edit, const struct lyd_node_opaq *node)
{
    if (node->name.module_ns == NULL)
        return NULL;
    return node->format == LY_VALUE_XML
               ? ly_ctx_get_module_implemented_ns(edit->schema, node->name.module_ns)
               : ly_ctx_get_module_implemented(edit->schema, node->name.module_name);
}

const struct lysc_node *edit_opaque_schema(const struct edit *edit, const struct lysc_node *parent,
                                           const struct lyd_node_opaq *node)
{
    const struct lys_module *module = module_of(edit, node);

    if (module == NULL)
        return NULL;
    return lys_find_child(parent, module, node->name.name, 0, 0, 0);
}

static const struct lyd_node_opaq *child_named(const struct lyd_node_opaq *node, const char *name)
{
    const struct lyd_node *child = NULL;

    LY_LIST_FOR(node->child, child)
    {
        if (strcmp(LYD_NAME(child), name) == 0)
            return (const struct lyd_node_opaq *)child;
    }
    return NULL;
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

/* --- errors ---------------------------------------------------------------------------------- */

static struct rpc_error *add(struct edit *edit, enum rpc_error_tag tag, const char *path,
                             const char *element, const char *text)
{
    struct rpc_error *error =
        rpc_error_add(edit->errors, RPC_ERROR_APPLICATION, tag, path, "%s", text);

    if (tag != RPC_INVALID_VALUE)
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", element);
    return error;
}

static void append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "%s", more);
}

static void list_children(const struct lysc_node *parent, char *text, size_t size)
{
    const struct lysc_node *node = NULL;
    const char *separator = "";

    while ((node = lys_getnext(node, parent, NULL, 0)) != NULL) {
        if (!(node->flags & LYS_CONFIG_W))
            continue;
        append(text, size, separator);
        append(text, size, node->name);
        separator = ", ";
    }
}

static void refuse_unknown(struct edit *edit, const struct lysc_node *parent, const char *path,
                           const struct lyd_node_opaq *node)
{
    char text[CONFIG_REASON_SIZE] = "is not known";

    if (module_of(edit, node) == NULL) {
        struct rpc_error *error = add(edit, RPC_UNKNOWN_NAMESPACE, path, node->name.name,
                                      "has a namespace that no module of this agent has");
        (void)snprintf(error->bad_namespace, sizeof(error->bad_namespace), "%s",
                       node->name.module_ns != NULL ? node->name.module_ns : "");
        return;
    }
    if (parent != NULL) {
        append(text, sizeof(text), "; what may stand here is ");
        list_children(parent, text, sizeof(text));
    }
    (void)add(edit, RPC_UNKNOWN_ELEMENT, path, node->name.name, text);
}

/* libyang is asked for the reason, so that the module's own sentence is told. */
static void refuse_value(struct edit *edit, const struct lysc_node *schema, const char *path,
                         const struct lyd_node_opaq *node)
{
    char reason[CONFIG_REASON_SIZE];

    (void)explain_value(edit->schema, schema, node->value != NULL ? node->value : "", reason);
    (void)add(edit, RPC_INVALID_VALUE, path, node->name.name, reason);
}

/* The first child that is not understood. */
static bool refuse_child(struct edit *edit, const struct lysc_node *schema, const char *path,
                         const struct lyd_node_opaq *node)
{
    size_t before = edit->errors->count + edit->errors->omitted;
    const struct lyd_node *child = NULL;

    LY_LIST_FOR(node->child, child)
    {
        if (child->schema == NULL)
            edit_opaque_fault(edit, schema, path, (const struct lyd_node_opaq *)child);
        if (edit->errors->count + edit->errors->omitted > before)
            return true;
    }
    return false;
}

static bool refuse_key(struct edit *edit, const struct lysc_node *schema, const char *path,
                       const struct lyd_node_opaq *node)
{
    const struct lysc_node *key = lysc_node_child(schema);

    for (; key != NULL && lysc_is_key(key); key = key->next) {
        if (child_named(node, key->name) != NULL)
            continue;
        (void)add(edit, RPC_MISSING_ELEMENT, path, key->name,
                  "lacks a key, which every entry of this list must have");
        return true;
    }
    return false;
}

/* A leaf of an opaque entry is opaque too, whether its value is right or not. */
static bool is_good_leaf(const struct lysc_node *schema, const struct lyd_node_opaq *node)
{
    const char *value = node->value != NULL ? node->value : "";

    if (!(schema->nodetype & LYD_NODE_TERM) || node->child != NULL)
        return false;
    LY_ERR result = lyd_value_validate(NULL, schema, value, strlen(value), NULL, NULL, NULL);
    return result == LY_SUCCESS || result == LY_EINCOMPLETE;
}

/* `path` is the node's own here. */
static void find_fault(struct edit *edit, const struct lysc_node *schema, const char *path,
                       const struct lyd_node_opaq *node, bool within)
{
    if (schema->nodetype & LYD_NODE_TERM) {
        if (within && is_good_leaf(schema, node))
            return;
        if (node->child != NULL)
            (void)add(edit, RPC_BAD_ELEMENT, path, node->name.name,
                      "must be a value, without elements in it");
        else
            refuse_value(edit, schema, path, node);
        return;
    }
    if (!is_blank(node->value)) {
        (void)add(edit, RPC_BAD_ELEMENT, path, node->name.name,
                  "holds text, where only elements may stand");
        return;
    }
    if (schema->nodetype == LYS_LIST && refuse_key(edit, schema, path, node))
        return;
    if (!refuse_child(edit, schema, path, node) && !within)
        (void)add(edit, RPC_BAD_ELEMENT, path, node->name.name, "is not understood");
}

void edit_opaque_fault(struct edit *edit, const struct lysc_node *parent, const char *path,
                       const struct lyd_node_opaq *node)
{
    const struct lysc_node *schema = edit_opaque_schema(edit, parent, node);
    const struct lys_module *module = module_of(edit, node);
    bool crosses = module != NULL && (parent == NULL || parent->module != module);
    char own[CONFIG_PATH_SIZE];

    (void)snprintf(own, sizeof(own), "%s/%s%s%s", path, crosses ? module->name : "",
                   crosses ? ":" : "", node->name.name);
    /* A name in a namespace that nobody knows cannot stand in a path: its parent's is told. */
    if (schema == NULL)
        refuse_unknown(edit, parent, module != NULL ? own : path, node);
    else if (!(schema->flags & LYS_CONFIG_W))
        (void)add(edit, RPC_UNKNOWN_ELEMENT, own, node->name.name,
                  "is not configuration: remove it");
    else
        find_fault(edit, schema, own, node, node->parent != NULL && node->parent->schema == NULL);
}
