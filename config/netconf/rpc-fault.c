/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with an rpc that libyang refuses: its own errors do not say which tag of RFC 6241
 * fits, so the elements are walked along the schema until the first that does not fit.
 */
#include "config/errors/explain.h"
#include "config/netconf/internal.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

struct search {
    struct ly_ctx *schema;
    struct rpc_errors *errors;
    bool found;
};

static struct rpc_error *blame(struct search *search, enum rpc_error_type type,
                               enum rpc_error_tag tag, const char *element, const char *message)
{
    struct rpc_error *error = rpc_error_add(search->errors, type, tag, NULL, "%s", message);

    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", element);
    search->found = true;
    return error;
}

static void blame_namespace(struct search *search, enum rpc_error_type type,
                            const struct lyd_node *element)
{
    struct rpc_error *error = blame(search, type, RPC_UNKNOWN_NAMESPACE, xml_name(element),
                                    "has a namespace that no module of this agent has");

    (void)snprintf(error->bad_namespace, sizeof(error->bad_namespace), "%s",
                   xml_namespace(element));
}

static const struct lyd_node *first_child(const struct lyd_node *element)
{
    return ((const struct lyd_node_opaq *)element)->child;
}

/* --- below an operation ---------------------------------------------------------------------- */

static void look_at_children(struct search *search, const struct lysc_node *parent,
                             const struct lyd_node *element);

static void look_at_value(struct search *search, const struct lysc_node *schema,
                          const struct lyd_node *element)
{
    const char *value = xml_value(element);
    char reason[CONFIG_REASON_SIZE];

    if (first_child(element) != NULL) {
        (void)blame(search, RPC_ERROR_PROTOCOL, RPC_UNKNOWN_ELEMENT, xml_name(first_child(element)),
                    "stands where only a value may stand");
        return;
    }
    /* A prefix in a value is known to the parser alone. */
    if (strchr(value, ':') != NULL &&
        ((const struct lysc_node_leaf *)schema)->type->basetype == LY_TYPE_IDENT)
        return;
    if (!explain_value(search->schema, schema, value, reason))
        (void)blame(search, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, xml_name(element), reason);
}

/* RFC 6241, 6.2 and 8.9.1; libyang refuses the value of an attribute without saying where. */
static void look_at_filter(struct search *search, const struct lyd_node *element)
{
    const char *type = xml_filter_attribute(element, "type");
    const char *attribute = "type";
    enum rpc_error_tag tag = RPC_BAD_ATTRIBUTE;
    const char *message = "a filter is of type subtree or xpath";

    if (strcmp(xml_name(element), "filter") != 0)
        return;
    if (type == NULL || strcmp(type, "subtree") == 0)
        return;
    if (strcmp(type, "xpath") == 0) {
        attribute = "select";
        message = "is not an XPath expression, or has a prefix without a namespace";
        tag = xml_filter_attribute(element, attribute) == NULL ? RPC_MISSING_ATTRIBUTE
                                                               : RPC_INVALID_VALUE;
    }
    struct rpc_error *error = blame(search, RPC_ERROR_PROTOCOL, tag, "filter", message);
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s", attribute);
}

static void look_at(struct search *search, const struct lysc_node *parent,
                    const struct lyd_node *element)
{
    const struct lys_module *module =
        ly_ctx_get_module_implemented_ns(search->schema, xml_namespace(element));
    const struct lysc_node *schema =
        module != NULL ? lys_find_child(parent, module, xml_name(element), 0, 0, 0) : NULL;

    if (module == NULL)
        blame_namespace(search, RPC_ERROR_PROTOCOL, element);
    else if (schema == NULL)
        (void)blame(search, RPC_ERROR_PROTOCOL, RPC_UNKNOWN_ELEMENT, xml_name(element),
                    "is not a parameter of this operation");
    else if (schema->nodetype & LYD_NODE_ANY)
        look_at_filter(search, element);
    else if (schema->nodetype & LYD_NODE_TERM)
        look_at_value(search, schema, element);
    else
        look_at_children(search, schema, element);
}

/* Once is once, and of a choice only one. */
static bool stands_before(const struct lyd_node *element)
{
    const struct lyd_node *other = element;

    while (other->prev->next != NULL) {
        other = other->prev;
        if (xml_is(other, xml_namespace(element), xml_name(element)))
            return true;
    }
    return false;
}

static void look_at_children(struct search *search, const struct lysc_node *parent,
                             const struct lyd_node *element)
{
    const struct lyd_node *child = NULL;

    if (xml_value(element)[0] != '\0')
        (void)blame(search, RPC_ERROR_PROTOCOL, RPC_BAD_ELEMENT, xml_name(element),
                    "holds text, where only elements may stand");
    LY_LIST_FOR(first_child(element), child)
    {
        look_at(search, parent, child);
        if (!search->found && parent->nodetype != LYS_LIST && stands_before(child))
            (void)blame(search, RPC_ERROR_PROTOCOL, RPC_BAD_ELEMENT, xml_name(child),
                        "is given twice");
        if (search->found)
            return;
    }
}

/* --- the envelope ---------------------------------------------------------------------------- */

static void look_at_operation(struct search *search, const struct lyd_node *element)
{
    const struct lys_module *module =
        ly_ctx_get_module_implemented_ns(search->schema, xml_namespace(element));
    const struct lysc_node *schema =
        module != NULL ? lys_find_child(NULL, module, xml_name(element), 0, 0, 0) : NULL;

    if (module == NULL)
        blame_namespace(search, RPC_ERROR_PROTOCOL, element);
    else if (schema == NULL || schema->nodetype != LYS_RPC)
        (void)blame(search, RPC_ERROR_PROTOCOL, RPC_OPERATION_NOT_SUPPORTED, "",
                    "there is no such operation");
    else if (rpc_attribute_fault(search->schema, element, search->errors))
        search->found = true;
    else
        look_at_children(search, schema, element);
}

bool rpc_fault(struct ly_ctx *schema, const struct lyd_node *xml, struct rpc_errors *errors)
{
    struct search search = {.schema = schema, .errors = errors};

    if (strcmp(xml_name(xml), "rpc") != 0)
        (void)blame(&search, RPC_ERROR_RPC, RPC_UNKNOWN_ELEMENT, xml_name(xml),
                    "stands where <rpc> was expected");
    else if (strcmp(xml_namespace(xml), XML_NETCONF) != 0)
        blame_namespace(&search, RPC_ERROR_RPC, xml);
    else if (first_child(xml) == NULL)
        (void)blame(&search, RPC_ERROR_RPC, RPC_MISSING_ELEMENT, "rpc", "has no operation in it");
    else if (first_child(xml)->next != NULL)
        (void)blame(&search, RPC_ERROR_RPC, RPC_UNKNOWN_ELEMENT, xml_name(first_child(xml)->next),
                    "is a second operation in one <rpc>");
    else
        look_at_operation(&search, first_child(xml));
    return search.found;
}

/* --- what is missing ------------------------------------------------------------------------- */

static bool is_of_choice(const struct lysc_node *schema, const struct lysc_node *choice)
{
    while (schema != NULL && schema != choice)
        schema = schema->parent;
    return schema != NULL;
}

/* What stands for this node of the schema; of a choice, any of it. */
static const struct lyd_node *given_for(const struct lyd_node *parent,
                                        const struct lysc_node *schema)
{
    const struct lyd_node *node = NULL;

    LY_LIST_FOR(parent != NULL ? lyd_child(parent) : NULL, node)
    {
        if (is_of_choice(node->schema, schema))
            return node;
    }
    return NULL;
}

/* An element of this schema that must be given and is not; a container without what must be in it
 * is one that is missing. */
static const char *missing_here(const struct lyd_node *parent, const struct lysc_node *schema)
{
    const struct lyd_node *given = given_for(parent, schema);
    const struct lysc_node *child = NULL;

    if (schema->nodetype == LYS_CONTAINER) {
        for (child = lysc_node_child(schema); child != NULL; child = child->next)
            if (missing_here(given, child) != NULL)
                return schema->name;
        return NULL;
    }
    if (given != NULL || !(schema->flags & LYS_MAND_TRUE))
        return NULL;
    if (schema->nodetype == LYS_CHOICE)
        child = lys_getnext(NULL, schema, NULL, 0);
    return child != NULL ? child->name : schema->name;
}

const char *rpc_missing(const struct lyd_node *op)
{
    const struct lysc_node *schema = ((const struct lysc_node_action *)op->schema)->input.child;

    for (; schema != NULL; schema = schema->next) {
        const char *name = missing_here(op, schema);
        if (name != NULL)
            return name;
    }
    return NULL;
}

/* --- text ------------------------------------------------------------------------------------ */

bool rpc_text_fault(const struct lyd_node *op, struct rpc_errors *errors)
{
    const struct lyd_node *node = NULL;

    LY_LIST_FOR(lyd_child(op), node)
    {
        const struct lyd_node_any *any = (const struct lyd_node_any *)node;
        if (node->schema->nodetype & LYD_NODE_INNER) {
            if (rpc_text_fault(node, errors))
                return true;
        } else if ((node->schema->nodetype & LYD_NODE_ANY) &&
                   any->value_type != LYD_ANYDATA_DATATREE) {
            struct rpc_error *error =
                rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_BAD_ELEMENT, NULL,
                              "holds text, where only elements may stand");
            (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", LYD_NAME(node));
            return true;
        }
    }
    return false;
}
