/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which attribute in the content of a <config> is wrong: libyang refuses the whole rpc for it and
 * names the parent of the element that has it.
 */
#include "config/compat.h"
#include "config/netconf/internal.h"
#include "config/netconf/xml.h"

#define YANG "urn:ietf:params:xml:ns:yang:1"

/* What may stand in any element of a configuration (RFC 6241, 7.2; RFC 7950, 7.8.6), and with which
 * values; NULL: with any. */
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

/* NULL: nothing is wrong with it, as far as is known. */
static const char *fault_of(const struct lyd_attr *attr, enum rpc_error_tag *tag)
{
    const char *space = attr->name.module_ns != NULL ? attr->name.module_ns : "";
    const char *value = attr->value != NULL ? attr->value : "";
    bool ours = false;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(space, known[i].space) != 0)
            continue;
        ours = true;
        if (strcmp(attr->name.name, known[i].name) != 0)
            continue;
        *tag = RPC_BAD_ATTRIBUTE;
        return is_one_of(value, known[i].values) ? NULL : known[i].remedy;
    }
    *tag = RPC_UNKNOWN_ATTRIBUTE;
    return ours ? "has an attribute that is not known: remove it" : NULL;
}

static bool look_at_attributes(const struct place *place, const struct lyd_node *element,
                               struct rpc_errors *errors)
{
    const struct lyd_attr *attr = ((const struct lyd_node_opaq *)element)->attr;

    for (; attr != NULL; attr = attr->next) {
        enum rpc_error_tag tag = RPC_BAD_ATTRIBUTE;
        const char *fault = fault_of(attr, &tag);
        if (fault == NULL)
            continue;
        struct rpc_error *error =
            rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, place->path, "%s", fault);
        (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s", attr->name.name);
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", xml_name(element));
        return true;
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

bool rpc_attribute_fault(struct ly_ctx *schema, const struct lyd_node *config,
                         struct rpc_errors *errors)
{
    const struct place top = {.schema = schema};

    return look_below(&top, config, errors);
}
