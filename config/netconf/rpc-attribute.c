/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which attribute of an operation is wrong. libyang drops those without a prefix and those of
 * namespaces that it does not know, and takes its own wherever they stand, so that something else
 * would be done than the client asked for; for others it refuses the whole rpc and names the parent
 * of the element.
 */
#include "config/netconf/internal.h"
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

struct place {
    struct ly_ctx *schema;
    bool data;                    /* of a <config>, */
    bool edit;                    /* that is to be done */
    const struct lysc_node *node; /* NULL: not known, or the top */
    char path[CONFIG_PATH_SIZE];
};

/* --- where ----------------------------------------------------------------------------------- */

static void append(struct place *place, const char *text)
{
    size_t used = strlen(place->path);

    (void)snprintf(place->path + used, sizeof(place->path) - used, "%s", text);
}

static void append_keys(struct place *place, const struct lyd_node *element)
{
    const struct lysc_node *key = lysc_node_child(place->node);

    for (; key != NULL && lysc_is_key(key); key = key->next) {
        const struct lyd_node *child = xml_child(element, key->module->ns, key->name);
        const char *value = child != NULL ? xml_value(child) : "";
        const char *quote = strchr(value, '\'') != NULL ? "\"" : "'";
        append(place, "[");
        append(place, key->name);
        append(place, "=");
        append(place, quote);
        append(place, value);
        append(place, quote);
        append(place, "]");
    }
}

/* From the parent's place to the element's; what no schema knows has none. */
static void enter(struct place *place, const struct lyd_node *element)
{
    const struct lysc_node *parent = place->node;
    const struct lys_module *module =
        ly_ctx_get_module_implemented_ns(place->schema, xml_namespace(element));

    place->node = module != NULL && (parent != NULL || place->path[0] == '\0')
                      ? lys_find_child(parent, module, xml_name(element), 0, 0, 0)
                      : NULL;
    if (place->node == NULL)
        return;
    append(place, "/");
    if (parent == NULL || parent->module != module) {
        append(place, module->name);
        append(place, ":");
    }
    append(place, xml_name(element));
    if (place->node->nodetype == LYS_LIST)
        append_keys(place, element);
}

/* --- what ------------------------------------------------------------------------------------ */

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
static const char *fault_of_place(const struct place *place, const struct lyd_node *element,
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
static const char *fault_of(const struct place *place, const struct lyd_node *element,
                            const struct lyd_attr *attr, enum rpc_error_tag *tag)
{
    const struct known *as = known_as(attr);

    if (as == NULL || !place->edit)
        return unknown(attr, tag);
    *tag = RPC_BAD_ATTRIBUTE;
    if (stands_twice(element, attr))
        return "has the same attribute twice: remove one of the two";
    if (!is_one_of(attr->value != NULL ? attr->value : "", as->values))
        return as->remedy;
    return strcmp(as->space, YANG) == 0 ? fault_of_place(place, element, as->name, tag) : NULL;
}

static bool blame(const struct place *place, const struct lyd_node *element, const char *name,
                  enum rpc_error_tag tag, const char *fault, struct rpc_errors *errors)
{
    enum rpc_error_type type = place->data ? RPC_ERROR_APPLICATION : RPC_ERROR_PROTOCOL;
    struct rpc_error *error = rpc_error_add(errors, type, tag, place->path, "%s", fault);

    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s", name);
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", xml_name(element));
    return true;
}

static bool look_at_attributes(const struct place *place, const struct lyd_node *element,
                               struct rpc_errors *errors)
{
    for (const struct lyd_attr *attr = first_of(element); attr != NULL; attr = attr->next) {
        enum rpc_error_tag tag = RPC_BAD_ATTRIBUTE;
        const char *fault = fault_of(place, element, attr, &tag);
        if (fault != NULL)
            return blame(place, element, attr->name.name, tag, fault, errors);
    }
    return false;
}

static bool look_below(const struct place *place, const struct lyd_node *element,
                       struct rpc_errors *errors)
{
    const struct lyd_node *child = NULL;

    LY_LIST_FOR(((const struct lyd_node_opaq *)element)->child, child)
    {
        struct place own = *place;
        enter(&own, child);
        if (look_at_attributes(&own, child, errors) || look_below(&own, child, errors))
            return true;
    }
    return false;
}

/* --- parameters ------------------------------------------------------------------------------ */

/* RFC 6241, 6.2 and 8.9.1. */
static bool look_at_filter(const struct place *place, const struct lyd_node *element,
                           struct rpc_errors *errors)
{
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
    const char *type = xml_filter_attribute(element, "type");
    if (selects > 0 && (type == NULL || strcmp(type, "subtree") == 0))
        return blame(place, element, "select", RPC_BAD_ATTRIBUTE,
                     "a filter that has select must be of type xpath", errors);
    return false;
}

static bool look_at_parameters(const struct place *place, const struct lyd_node *parent,
                               bool is_edit, struct rpc_errors *errors);

static bool look_at_parameter(const struct place *place, const struct lyd_node *element,
                              bool is_edit, struct rpc_errors *errors)
{
    const struct place data = {.schema = place->schema, .data = true, .edit = is_edit};

    if (strcmp(xml_name(element), "filter") == 0)
        return look_at_filter(place, element, errors);
    if (look_at_attributes(place, element, errors))
        return true;
    return strcmp(xml_name(element), "config") == 0
               ? look_below(&data, element, errors)
               : look_at_parameters(place, element, is_edit, errors);
}

static bool look_at_parameters(const struct place *place, const struct lyd_node *parent,
                               bool is_edit, struct rpc_errors *errors)
{
    const struct lyd_node *element = NULL;

    LY_LIST_FOR(((const struct lyd_node_opaq *)parent)->child, element)
    {
        if (look_at_parameter(place, element, is_edit, errors))
            return true;
    }
    return false;
}

bool rpc_attribute_fault(struct ly_ctx *schema, const struct lyd_node *operation,
                         struct rpc_errors *errors)
{
    const struct place place = {.schema = schema};

    return look_at_attributes(&place, operation, errors) ||
           look_at_parameters(&place, operation, xml_is(operation, XML_NETCONF, "edit-config"),
                              errors);
}
