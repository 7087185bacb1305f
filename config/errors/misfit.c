/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/errors/misfit.h"

#include "config/errors/explain.h"
#include "config/schema/compat.h"

static const struct lyd_node_opaq *opaque(const struct lyd_node *element)
{
    return (const struct lyd_node_opaq *)element;
}

static const char *value_of(const struct lyd_node *element)
{
    const char *value = opaque(element)->value;
    return value != NULL ? value : "";
}

static const char *space_of(const struct lyd_node *element)
{
    const char *space = opaque(element)->name.module_ns;
    return space != NULL ? space : "";
}

/* --- where ----------------------------------------------------------------------------------- */

static const struct lys_module *module_of(const struct ly_ctx *schema,
                                          const struct lyd_node *element)
{
    return opaque(element)->format == LY_VALUE_XML
               ? ly_ctx_get_module_implemented_ns(schema, space_of(element))
               : ly_ctx_get_module_implemented(schema, space_of(element));
}

static void append(struct misfit_place *place, const char *before, const char *text,
                   const char *after)
{
    size_t used = strlen(place->path);

    (void)snprintf(place->path + used, sizeof(place->path) - used, "%s%s%s", before, text, after);
}

/* The element that is the key of its entry, or NULL. */
static const struct lyd_node *find_key(const struct lyd_node *entry, const struct lysc_node *key)
{
    const struct lyd_node *child = NULL;

    LY_LIST_FOR(opaque(entry)->child, child)
    {
        if (strcmp(LYD_NAME(child), key->name) == 0)
            return child;
    }
    return NULL;
}

static void append_keys(struct misfit_place *place, const struct lyd_node *entry)
{
    const struct lysc_node *key = lysc_node_child(place->node);

    for (; key != NULL && lysc_is_key(key); key = key->next) {
        const struct lyd_node *child = find_key(entry, key);
        if (child == NULL)
            continue;
        const char *value = value_of(child);
        const char *quote = strchr(value, '\'') != NULL ? "\"" : "'";
        append(place, "[", key->name, "=");
        append(place, quote, value, quote);
        append(place, "]", "", "");
    }
}

void misfit_enter(struct misfit_place *place, const struct lyd_node *element)
{
    const struct lys_module *module = place->is_lost ? NULL : module_of(place->schema, element);

    place->parent = place->node;
    place->node = module != NULL
                      ? lys_find_child(place->parent, module, opaque(element)->name.name, 0, 0, 0)
                      : NULL;
    place->is_lost = place->node == NULL;
    /* A name in a namespace that nobody knows cannot stand in a path. */
    if (!place->is_data || module == NULL)
        return;
    append(place, "/", "", "");
    if (place->parent == NULL || place->parent->module != module)
        append(place, "", module->name, ":");
    append(place, "", opaque(element)->name.name, "");
    if (place->has_keys && place->node != NULL && place->node->nodetype == LYS_LIST)
        append_keys(place, element);
}

bool misfit_walk_below(const struct misfit_place *place, const struct lyd_node *element,
                       misfit_visit *visit, void *context)
{
    const struct lyd_node *child = NULL;

    if (place->node != NULL && (place->node->nodetype & LYD_NODE_ANY))
        return false;
    LY_LIST_FOR(opaque(element)->child, child)
    {
        if (child->schema == NULL && misfit_walk(place, child, visit, context))
            return true;
    }
    return false;
}

bool misfit_walk(const struct misfit_place *parent, const struct lyd_node *element,
                 misfit_visit *visit, void *context)
{
    struct misfit_place place = *parent;

    misfit_enter(&place, element);
    return visit(&place, element, context) || misfit_walk_below(&place, element, visit, context);
}

/* --- what ------------------------------------------------------------------------------------ */

struct rpc_error *misfit_blame(const struct misfit_place *place, const struct lyd_node *element,
                               struct rpc_errors *errors, enum rpc_error_tag tag,
                               const char *message)
{
    enum rpc_error_type type = place->is_data ? RPC_ERROR_APPLICATION : RPC_ERROR_PROTOCOL;
    struct rpc_error *error = rpc_error_add(errors, type, tag, place->path, "%s", message);

    /* RFC 6241, appendix A: it is not named with the tag invalid-value, but where no path says it.
     */
    if (tag != RPC_INVALID_VALUE || !place->is_data)
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", LYD_NAME(element));
    return error;
}

typedef bool finder(const struct misfit_place *place, const struct lyd_node *element,
                    struct rpc_errors *errors);

static bool find_unknown(const struct misfit_place *place, const struct lyd_node *element,
                         struct rpc_errors *errors)
{
    char reason[CONFIG_REASON_SIZE] = "";

    if (place->node != NULL)
        return false;
    if (module_of(place->schema, element) == NULL) {
        struct rpc_error *error = misfit_blame(place, element, errors, RPC_UNKNOWN_NAMESPACE,
                                               "has a namespace that no module of this agent has");
        (void)snprintf(error->bad_namespace, sizeof(error->bad_namespace), "%s", space_of(element));
        return true;
    }
    if (place->is_data)
        explain_unknown(place->schema, place->parent, reason);
    (void)misfit_blame(place, element, errors, RPC_UNKNOWN_ELEMENT,
                       place->is_data ? reason : "is not a parameter of this operation");
    return true;
}

static bool find_state(const struct misfit_place *place, const struct lyd_node *element,
                       struct rpc_errors *errors)
{
    return place->is_data && !(place->node->flags & LYS_CONFIG_W) &&
           misfit_blame(place, element, errors, RPC_UNKNOWN_ELEMENT,
                        "is not configuration: remove it") != NULL;
}

static bool find_twice(const struct misfit_place *place, const struct lyd_node *element,
                       struct rpc_errors *errors)
{
    const struct lyd_node *other = element;

    if (place->node->nodetype & (LYS_LIST | LYS_LEAFLIST))
        return false;
    while (other->prev->next != NULL) {
        other = other->prev;
        if (other->schema == NULL && strcmp(LYD_NAME(other), LYD_NAME(element)) == 0 &&
            strcmp(space_of(other), space_of(element)) == 0)
            return misfit_blame(place, element, errors, RPC_BAD_ELEMENT,
                                "stands here twice: remove one of the two") != NULL;
    }
    return false;
}

static bool find_text(const struct misfit_place *place, const struct lyd_node *element,
                      struct rpc_errors *errors)
{
    const char *text = value_of(element);

    return (place->node->nodetype & LYD_NODE_INNER) && text[strspn(text, " \t\r\n")] != '\0' &&
           misfit_blame(place, element, errors, RPC_BAD_ELEMENT,
                        "holds text, where only elements may stand") != NULL;
}

static bool find_missing(const struct misfit_place *place, const struct lyd_node *element,
                         struct rpc_errors *errors)
{
    const struct lysc_node *key =
        place->node->nodetype == LYS_LIST ? lysc_node_child(place->node) : NULL;

    while (key != NULL && lysc_is_key(key) && find_key(element, key) != NULL)
        key = key->next;
    if (key == NULL || !lysc_is_key(key))
        return false;
    struct rpc_error *error = misfit_blame(place, element, errors, RPC_MISSING_ELEMENT,
                                           "lacks a key, which every entry of this list must have");
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", key->name);
    return true;
}

static bool find_value(const struct misfit_place *place, const struct lyd_node *element,
                       struct rpc_errors *errors)
{
    const struct lyd_node *child = opaque(element)->child;
    char reason[CONFIG_REASON_SIZE];

    if (!(place->node->nodetype & LYD_NODE_TERM))
        return false;
    if (child != NULL && place->is_data)
        return misfit_blame(place, element, errors, RPC_BAD_ELEMENT,
                            "must be a value, without elements in it") != NULL;
    if (child != NULL)
        return misfit_blame(place, child, errors, RPC_UNKNOWN_ELEMENT,
                            "stands where only a value may stand") != NULL;
    /* A prefix in a value is known to the parser alone. */
    if (strchr(value_of(element), ':') != NULL &&
        ((const struct lysc_node_leaf *)place->node)->type->basetype == LY_TYPE_IDENT)
        return false;
    return !explain_value(place->schema, place->node, value_of(element), reason) &&
           misfit_blame(place, element, errors, RPC_INVALID_VALUE, reason) != NULL;
}

static bool visit_all(const struct misfit_place *place, const struct lyd_node *element,
                      void *context)
{
    /* The first is the only one that is asked about what is not known. */
    static finder *const finders[] = {find_unknown, find_state, find_twice,
                                      find_text,    find_value, find_missing};

    for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++)
        if (finders[i](place, element, context))
            return true;
    return false;
}

bool misfit_find(const struct misfit_place *parent, const struct lyd_node *element,
                 struct rpc_errors *errors)
{
    return misfit_walk(parent, element, visit_all, errors);
}
