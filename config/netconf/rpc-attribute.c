/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which attribute of an operation is wrong. libyang drops those without a prefix and those of
 * namespaces that it does not know, and takes its own wherever they stand, so that something else
 * would be done than the client asked for; for others it refuses the whole rpc and names the parent
 * of the element.
 */
#include "config/errors/misfit.h"
#include "config/netconf/rpc-fault.h"
#include "config/netconf/xml.h"
#include "config/schema/compat.h"

#define YANG "urn:ietf:params:xml:ns:yang:1"

/* What may stand in an element of an <edit-config> (RFC 6241, 7.2; RFC 7950, 7.7.9 and 7.8.6), and
 * with which values; NULL: with any. */
static const struct known {
    const char *space;
    const char *name;
    const char *const *values;
    const char *remedy;
} known[] = {
    {XML_NETCONF, "operation",
     (const char *const[]){"merge", "replace", "create", "delete", "remove", NULL},
     "has an operation that is none: give merge, replace, create, delete or remove"},
    {YANG, "insert", (const char *const[]){"first", "last", "before", "after", NULL},
     "is to be inserted nowhere: give first, last, before or after"},
    {YANG, "key", NULL, NULL},
    {YANG, "value", NULL, NULL},
};

/* What the walk along an operation carries. */
struct search {
    bool is_edit; /* what its <config> says is to be done */
    struct rpc_errors *errors;
};

static bool is_one_of(const char *value, const char *const *values)
{
    for (; values != NULL && *values != NULL; values++)
        if (strcmp(value, *values) == 0)
            return true;
    return values == NULL;
}

static const char *space_of(const struct lyd_attr *attr)
{
    return attr->name.module_ns != NULL ? attr->name.module_ns : "";
}

static const struct lyd_attr *first_of(const struct lyd_node *element)
{
    return ((const struct lyd_node_opaq *)element)->attr;
}

static const char *value_of(const struct lyd_node *element, const char *space, const char *name)
{
    for (const struct lyd_attr *attr = first_of(element); attr != NULL; attr = attr->next)
        if (strcmp(attr->name.name, name) == 0 && strcmp(space_of(attr), space) == 0)
            return attr->value != NULL ? attr->value : "";
    return NULL;
}

static const struct known *known_as(const struct lyd_attr *attr)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(attr->name.name, known[i].name) == 0 &&
            strcmp(space_of(attr), known[i].space) == 0)
            return &known[i];
    return NULL;
}

/* Under two prefixes, the one would be done and the other not. */
static bool stands_twice(const struct lyd_node *element, const struct lyd_attr *attr)
{
    const struct lyd_attr *other = first_of(element);

    while (other != attr && (strcmp(other->name.name, attr->name.name) != 0 ||
                             strcmp(space_of(other), space_of(attr)) != 0))
        other = other->next;
    return other != attr;
}

static const char *unknown(const struct lyd_attr *attr, enum rpc_error_tag *tag)
{
    *tag = RPC_UNKNOWN_ATTRIBUTE;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(attr->name.name, known[i].name) == 0)
            return "has an attribute that is in a wrong namespace or in none: give it a prefix, "
                   "declared as that of NETCONF for operation, as urn:ietf:params:xml:ns:yang:1 "
                   "for insert, key and value";
    return "has an attribute that is not known: remove it";
}

/* RFC 7950, 7.7.9 and 7.8.6: where an entry goes; other nodes go nowhere. */
static const char *fault_of_place(const struct misfit_place *place, const struct lyd_node *element,
                                  const char *name, enum rpc_error_tag *tag)
{
    const char *insert = value_of(element, YANG, "insert");
    uint16_t type = place->node != NULL ? place->node->nodetype : 0;

    *tag = RPC_UNKNOWN_ATTRIBUTE;
    if (place->node == NULL)
        return NULL; /* the element itself will be refused */
    if (!(type & (LYS_LIST | LYS_LEAFLIST)) || !lysc_is_userordered(place->node))
        return "cannot be inserted at a place: its order means nothing";
    if (strcmp(name, "insert") == 0)
        return NULL;
    if (strcmp(name, type == LYS_LIST ? "value" : "key") == 0)
        return "is of the other kind: give key for an entry of a list, value for a leaf-list's";
    *tag = RPC_BAD_ATTRIBUTE;
    if (insert == NULL || (strcmp(insert, "before") != 0 && strcmp(insert, "after") != 0))
        return "names an entry, but is to be inserted neither before nor after it";
    return NULL;
}

/* NULL: nothing is wrong with it. */
static const char *fault_of(const struct misfit_place *place, const struct lyd_node *element,
                            const struct lyd_attr *attr, bool is_edit, enum rpc_error_tag *tag)
{
    const struct known *as = known_as(attr);

    if (as == NULL || !is_edit || !place->is_data)
        return unknown(attr, tag);
    *tag = RPC_BAD_ATTRIBUTE;
    if (stands_twice(element, attr))
        return "has the same attribute twice: remove one of the two";
    if (!is_one_of(attr->value != NULL ? attr->value : "", as->values))
        return as->remedy;
    return strcmp(as->space, YANG) == 0 ? fault_of_place(place, element, as->name, tag) : NULL;
}

static bool blame(const struct misfit_place *place, const struct lyd_node *element,
                  const char *name, enum rpc_error_tag tag, const char *fault,
                  struct rpc_errors *errors)
{
    struct rpc_error *error = misfit_blame(place, element, errors, tag, fault);

    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s", name);
    return true;
}

/* RFC 6241, 6.2 and 8.9.1. */
static bool look_at_filter(const struct misfit_place *place, const struct lyd_node *element,
                           struct rpc_errors *errors)
{
    const char *type = xml_filter_attribute(element, "type");
    bool is_xpath = type != NULL && strcmp(type, "xpath") == 0;
    unsigned types = 0;
    unsigned selects = 0;

    for (const struct lyd_attr *attr = first_of(element); attr != NULL; attr = attr->next) {
        const char *name = attr->name.name;
        bool ours = attr->name.prefix == NULL || strcmp(space_of(attr), XML_NETCONF) == 0;
        if (!ours || (strcmp(name, "type") != 0 && strcmp(name, "select") != 0))
            return blame(place, element, name, RPC_UNKNOWN_ATTRIBUTE,
                         "a filter has the attributes type and select alone: remove it", errors);
        types += strcmp(name, "type") == 0;
        selects += strcmp(name, "select") == 0;
        if (types > 1 || selects > 1)
            return blame(place, element, name, RPC_BAD_ATTRIBUTE,
                         "has the same attribute twice: remove one of the two", errors);
    }
    if (!is_xpath && type != NULL && strcmp(type, "subtree") != 0)
        return blame(place, element, "type", RPC_BAD_ATTRIBUTE,
                     "a filter is of type subtree or xpath", errors);
    if (is_xpath && selects == 0)
        return blame(place, element, "select", RPC_MISSING_ATTRIBUTE,
                     "a filter of type xpath needs the attribute select", errors);
    if (selects > 0 && !is_xpath)
        return blame(place, element, "select", RPC_BAD_ATTRIBUTE,
                     "a filter that has select must be of type xpath", errors);
    return false;
}

static bool visit(const struct misfit_place *place, const struct lyd_node *element, void *context)
{
    const struct search *search = context;
    const struct misfit_place data = {.schema = place->schema, .is_data = true, .has_keys = true};

    if (!place->is_data && strcmp(xml_name(element), "filter") == 0)
        return look_at_filter(place, element, search->errors);
    for (const struct lyd_attr *attr = first_of(element); attr != NULL; attr = attr->next) {
        enum rpc_error_tag tag = RPC_BAD_ATTRIBUTE;
        const char *fault = fault_of(place, element, attr, search->is_edit, &tag);
        if (fault != NULL)
            return blame(place, element, attr->name.name, tag, fault, search->errors);
    }
    return !place->is_data && strcmp(xml_name(element), "config") == 0 &&
           misfit_walk_below(&data, element, visit, context);
}

bool rpc_attribute_fault(struct ly_ctx *schema, const struct lyd_node *operation,
                         struct rpc_errors *errors)
{
    const struct misfit_place top = {.schema = schema};
    struct search search = {.is_edit = xml_is(operation, XML_NETCONF, "edit-config"),
                            .errors = errors};

    return misfit_walk(&top, operation, visit, &search);
}
