/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with an rpc that libyang refuses, or would do otherwise than its client meant.
 */
#include "config/netconf/rpc-fault.h"
#include "config/errors/misfit.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

/* --- the envelope ---------------------------------------------------------------------------- */

static bool refuse(struct rpc_errors *errors, enum rpc_error_tag tag, const char *element,
                   const char *message)
{
    struct rpc_error *error = rpc_error_add(errors, RPC_ERROR_RPC, tag, NULL, "%s", message);

    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", element);
    return true;
}

/* An XPath that cannot be read is the value of an attribute: libyang does not say of which. */
static bool select_fault(const struct misfit_place *place, const struct lyd_node *operation,
                         struct rpc_errors *errors)
{
    const struct lyd_node *filter = xml_child(operation, xml_namespace(operation), "filter");

    if (filter == NULL || xml_filter_attribute(filter, "select") == NULL)
        return false;
    struct rpc_error *error =
        misfit_blame(place, filter, errors, RPC_INVALID_VALUE,
                     "is not an XPath expression, or has a prefix without a namespace");
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "select");
    return true;
}

static bool operation_fault(struct ly_ctx *schema, const struct lyd_node *operation,
                            struct rpc_errors *errors)
{
    const struct misfit_place top = {.schema = schema};
    struct misfit_place place = top;

    misfit_enter(&place, operation);
    if (place.node != NULL && place.node->nodetype == LYS_RPC)
        return rpc_attribute_fault(schema, operation, errors) ||
               misfit_find(&top, operation, errors) || select_fault(&place, operation, errors);
    if (ly_ctx_get_module_implemented_ns(schema, xml_namespace(operation)) == NULL)
        return misfit_find(&top, operation, errors);
    (void)rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_OPERATION_NOT_SUPPORTED, NULL,
                        "there is no such operation");
    return true;
}

bool rpc_fault(struct ly_ctx *schema, const struct lyd_node *xml, struct rpc_errors *errors)
{
    const struct lyd_node *operation = ((const struct lyd_node_opaq *)xml)->child;

    if (strcmp(xml_name(xml), "rpc") != 0)
        return refuse(errors, RPC_UNKNOWN_ELEMENT, xml_name(xml),
                      "stands where <rpc> was expected");
    if (strcmp(xml_namespace(xml), XML_NETCONF) != 0) {
        (void)refuse(errors, RPC_UNKNOWN_NAMESPACE, xml_name(xml),
                     "has a namespace that no module of this agent has");
        (void)snprintf(errors->items[0].bad_namespace, sizeof(errors->items[0].bad_namespace), "%s",
                       xml_namespace(xml));
        return true;
    }
    if (operation == NULL)
        return refuse(errors, RPC_MISSING_ELEMENT, "rpc", "has no operation in it");
    if (operation->next != NULL)
        return refuse(errors, RPC_UNKNOWN_ELEMENT, xml_name(operation->next),
                      "is a second operation in one <rpc>");
    return operation_fault(schema, operation, errors);
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
