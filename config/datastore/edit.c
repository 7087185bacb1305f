/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/edit.h"

#include "config/errors/misfit.h"
#include "config/schema/compat.h"

#define NETCONF_NAMESPACE "urn:ietf:params:xml:ns:netconf:base:1.0"

enum edit_operation { EDIT_MERGE, EDIT_REPLACE, EDIT_CREATE, EDIT_DELETE, EDIT_REMOVE, EDIT_NONE };

static void edit_siblings(struct edit *edit, struct lyd_node *parent, const struct lyd_node *config,
                          enum edit_operation inherited);

/* --- errors ---------------------------------------------------------------------------------- */

static struct rpc_error *refuse(struct edit *edit, enum rpc_error_tag tag,
                                const struct lyd_node *node, const char *text)
{
    char path[CONFIG_PATH_SIZE] = "";

    edit->failed = true;
    (void)lyd_path(node, LYD_PATH_STD, path, sizeof(path));
    return rpc_error_add(edit->errors, RPC_ERROR_APPLICATION, tag, path, "%s", text);
}

static void refuse_element(struct edit *edit, enum rpc_error_tag tag, const struct lyd_node *node,
                           const char *text)
{
    struct rpc_error *error = refuse(edit, tag, node, text);
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", LYD_NAME(node));
}

static struct rpc_error *refuse_attribute(struct edit *edit, enum rpc_error_tag tag,
                                          const struct lyd_node *node, const char *attribute,
                                          const char *text)
{
    struct rpc_error *error = refuse(edit, tag, node, text);
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s", attribute);
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "%s", LYD_NAME(node));
    return error;
}

static void refuse_missing(struct edit *edit, const struct lyd_node *node)
{
    (void)refuse(edit, RPC_DATA_MISSING, node, "is not there");
}

static void refuse_existing(struct edit *edit, const struct lyd_node *node)
{
    (void)refuse(edit, RPC_DATA_EXISTS, node, "is there already");
}

static void refuse_for_libyang(struct edit *edit, const struct lyd_node *node)
{
    (void)refuse(edit, RPC_OPERATION_FAILED, node, "cannot be changed: memory is out");
}

/* --- attributes ------------------------------------------------------------------------------ */

static const char *annotation(const struct lyd_node *node, const char *module, const char *name)
{
    for (const struct lyd_meta *meta = node->meta; meta != NULL; meta = meta->next)
        if (strcmp(meta->name, name) == 0 && strcmp(meta->annotation->module->name, module) == 0)
            return lyd_get_meta_value(meta);
    return NULL;
}

static const char *opaque_operation(const struct lyd_node *node)
{
    const struct lyd_attr *attr = ((const struct lyd_node_opaq *)node)->attr;

    for (; attr != NULL; attr = attr->next) {
        const char *space = attr->name.module_ns;
        const char *wanted = attr->format == LY_VALUE_XML ? NETCONF_NAMESPACE : "ietf-netconf";
        if (strcmp(attr->name.name, "operation") == 0 && space != NULL &&
            strcmp(space, wanted) == 0)
            return attr->value;
    }
    return NULL;
}

/* What is to be done with the node; false with an error if its attribute is none of RFC 6241. */
static bool operation_of(struct edit *edit, const struct lyd_node *node,
                         enum edit_operation inherited, enum edit_operation *operation)
{
    static const char *const names[] = {"merge", "replace", "create", "delete", "remove"};
    const char *text = node->schema != NULL ? annotation(node, "ietf-netconf", "operation")
                                            : opaque_operation(node);

    *operation = inherited;
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *operation = (enum edit_operation)i;
            return true;
        }
    }
    (void)refuse_attribute(
        edit, RPC_BAD_ATTRIBUTE, node, "operation",
        "has an operation that is none: give merge, replace, create, delete or remove");
    return false;
}

static bool takes_away(enum edit_operation operation)
{
    return operation == EDIT_DELETE || operation == EDIT_REMOVE;
}

/* --- the tree -------------------------------------------------------------------------------- */

static struct lyd_node *children_of(const struct edit *edit, const struct lyd_node *parent)
{
    return parent != NULL ? lyd_child(parent) : *edit->tree;
}

/* The same instance among siblings: of lists by their keys, of leaf-lists by the value. */
static struct lyd_node *find_same(const struct lyd_node *siblings, const struct lyd_node *node)
{
    struct lyd_node *found = NULL;
    LY_ERR result = LY_SUCCESS;

    if (node->schema->nodetype & (LYS_LIST | LYS_LEAFLIST))
        result = lyd_find_sibling_first(siblings, node, &found);
    else
        result = lyd_find_sibling_val(siblings, node->schema, NULL, 0, &found);
    return result == LY_SUCCESS ? found : NULL;
}

static bool is_presence(const struct lysc_node *schema)
{
    return schema->nodetype == LYS_CONTAINER && (schema->flags & LYS_PRESENCE) != 0;
}

/*
 * Has somebody set it? Default values are not there, for this (RFC 6243, explicit), and a container
 * without a meaning of its own is there when something in it is.
 */
static bool is_explicit(const struct lyd_node *node)
{
    const struct lyd_node *child = NULL;

    if (node == NULL)
        return false;
    if (node->schema->nodetype & LYD_NODE_TERM)
        return (node->flags & LYD_DEFAULT) == 0;
    if (node->schema->nodetype != LYS_CONTAINER || is_presence(node->schema))
        return true;
    LY_LIST_FOR(lyd_child(node), child)
    {
        if (is_explicit(child))
            return true;
    }
    return false;
}

static void take_out(struct edit *edit, struct lyd_node *node)
{
    if (node == *edit->tree)
        *edit->tree = node->next;
    lyd_free_tree(node);
}

static void clear(struct lyd_node *node)
{
    struct lyd_node *child = NULL;
    struct lyd_node *next = NULL;

    LY_LIST_FOR_SAFE(lyd_child_no_keys(node), next, child)
    {
        lyd_free_tree(child);
    }
}

static struct lyd_node *link_new(struct edit *edit, struct lyd_node *parent, struct lyd_node *node)
{
    LY_ERR result = parent != NULL ? lyd_insert_child(parent, node)
                                   : lyd_insert_sibling(*edit->tree, node, edit->tree);
    if (result == LY_SUCCESS)
        return node;
    lyd_free_tree(node);
    return NULL;
}

/* A container must not come as a copy: it would not be taken for one that holds defaults alone. */
static struct lyd_node *make_container(struct edit *edit, struct lyd_node *parent,
                                       const struct lysc_node *schema)
{
    struct lyd_node *made = NULL;

    if (lyd_new_inner(parent, schema->module, schema->name, 0, &made) != LY_SUCCESS)
        return NULL;
    return parent != NULL ? made : link_new(edit, NULL, made);
}

/* The node without what is in it, but for the keys of a list. */
static struct lyd_node *make(struct edit *edit, struct lyd_node *parent,
                             const struct lyd_node *node)
{
    struct lyd_node *made = NULL;

    if (node->schema->nodetype == LYS_CONTAINER)
        made = make_container(edit, parent, node->schema);
    else if (lyd_dup_single(node, NULL, LYD_DUP_NO_META, &made) == LY_SUCCESS)
        made = link_new(edit, parent, made);
    if (made == NULL)
        refuse_for_libyang(edit, node);
    return made;
}

/* --- choices --------------------------------------------------------------------------------- */

/* The case of `choice` that the node is in, or NULL. */
static const struct lysc_node *case_within(const struct lysc_node *node,
                                           const struct lysc_node *choice)
{
    while (node->parent != NULL && (node->parent->nodetype & (LYS_CHOICE | LYS_CASE))) {
        if (node->parent == choice)
            return node;
        node = node->parent;
    }
    return NULL;
}

/* The next choice around a node, with the case that leads to it; NULL: none. */
static const struct lysc_node *choice_around(const struct lysc_node **at)
{
    while ((*at)->parent != NULL && ((*at)->parent->nodetype & (LYS_CHOICE | LYS_CASE))) {
        const struct lysc_node *below = *at;
        *at = below->parent;
        if ((*at)->nodetype == LYS_CHOICE)
            return *at;
    }
    return NULL;
}

static bool excludes(const struct lysc_node *node, const struct lysc_node *other)
{
    const struct lysc_node *at = node;
    const struct lysc_node *choice = NULL;

    while ((choice = choice_around(&at)) != NULL) {
        const struct lysc_node *branch = case_within(other, choice);
        if (branch != NULL && branch != case_within(node, choice))
            return true;
    }
    return false;
}

/* One case of a choice takes the others out (RFC 7950, 7.9). */
static void take_out_other_cases(struct edit *edit, const struct lyd_node *parent,
                                 const struct lysc_node *schema)
{
    struct lyd_node *node = NULL;
    struct lyd_node *next = NULL;

    LY_LIST_FOR_SAFE(children_of(edit, parent), next, node)
    {
        if (excludes(schema, node->schema))
            take_out(edit, node);
    }
}

/* Two cases in one edit (RFC 7950, 8.3.1), or one node twice. */
static bool contradicts(struct edit *edit, const struct lyd_node *siblings,
                        const struct lyd_node *node, enum edit_operation own)
{
    const struct lyd_node *other = NULL;

    if (find_same(siblings, node) != node) {
        refuse_element(edit, RPC_BAD_ELEMENT, node, "stands here twice: remove one of the two");
        return true;
    }
    if (node->schema->parent == NULL || node->schema->parent->nodetype != LYS_CASE ||
        takes_away(own))
        return false;
    for (other = siblings; other != node; other = other->next) {
        enum edit_operation operation = EDIT_MERGE;
        if (other->schema != NULL && excludes(node->schema, other->schema) &&
            operation_of(edit, other, EDIT_MERGE, &operation) && !takes_away(operation)) {
            refuse_element(edit, RPC_BAD_ELEMENT, node,
                           "cannot be set together with the other case of its choice");
            return true;
        }
    }
    return false;
}

/* --- order ----------------------------------------------------------------------------------- */

static struct lyd_node *first_of(struct lyd_node *entry)
{
    struct lyd_node *first = entry;

    while (first->prev->next != NULL && first->prev->schema == entry->schema)
        first = first->prev;
    return first;
}

static struct lyd_node *last_of(struct lyd_node *entry)
{
    struct lyd_node *last = entry;

    while (last->next != NULL && last->next->schema == entry->schema)
        last = last->next;
    return last;
}

/* The entry that yang:key or yang:value names, or NULL with an error. The one that the edit just
 * made was not there. */
static struct lyd_node *find_anchor(struct edit *edit, const struct lyd_node *parent,
                                    const struct lyd_node *node, const struct lyd_node *made)
{
    const char *name = node->schema->nodetype == LYS_LIST ? "key" : "value";
    const char *text = annotation(node, "yang", name);
    struct lyd_node *found = NULL;

    if (text == NULL) {
        (void)refuse_attribute(
            edit, RPC_MISSING_ATTRIBUTE, node, name,
            "is to be inserted before or after an entry, and does not say which");
        return NULL;
    }
    (void)lyd_find_sibling_val(children_of(edit, parent), node->schema, text, strlen(text), &found);
    if (found != NULL && edit->access != NULL && edit->access->may_name != NULL) {
        /* One that may not be seen is none. */
        struct rpc_errors unheard = {.count = 0};
        if (!edit->access->may_name(edit->access->context, parent, node->schema, found,
                                    STORE_TELLING, &unheard))
            found = NULL;
    }
    if (found == NULL || found == made) {
        found = NULL;
        refuse_attribute(edit, RPC_BAD_ATTRIBUTE, node, name,
                         "is to be inserted beside an entry that is not there")
            ->app_tag = "missing-instance";
    }
    return found;
}

/* yang:insert (RFC 7950, 7.7.9 and 7.8.6). Without it, new entries are the last and others stay. */
static void place(struct edit *edit, const struct lyd_node *parent, const struct lyd_node *node,
                  struct lyd_node *entry, bool made)
{
    const char *where = annotation(node, "yang", "insert");
    LY_ERR result = LY_SUCCESS;
    struct lyd_node *anchor = NULL;

    if (where == NULL)
        return;
    if (!lysc_is_userordered(node->schema)) {
        (void)refuse_attribute(
            edit, RPC_UNKNOWN_ATTRIBUTE, node, "insert",
            "cannot be inserted at a place: the order of this list means nothing");
        return;
    }
    bool before = strcmp(where, "first") == 0 || strcmp(where, "before") == 0;
    if (strcmp(where, "first") == 0)
        anchor = first_of(entry);
    else if (strcmp(where, "last") == 0)
        anchor = last_of(entry);
    else
        anchor = find_anchor(edit, parent, node, made ? entry : NULL);
    if (anchor == NULL || anchor == entry)
        return;
    result = before ? lyd_insert_before(anchor, entry) : lyd_insert_after(anchor, entry);
    if (result != LY_SUCCESS)
        refuse_for_libyang(edit, node);
    if (parent == NULL)
        *edit->tree = lyd_first_sibling(*edit->tree);
}

/* --- nodes ----------------------------------------------------------------------------------- */

static void take_away(struct edit *edit, const struct lyd_node *node, struct lyd_node *found,
                      enum edit_operation operation)
{
    if (is_explicit(found))
        take_out(edit, found);
    else if (operation == EDIT_DELETE)
        refuse_missing(edit, node);
}

static void edit_term(struct edit *edit, struct lyd_node *parent, const struct lyd_node *node,
                      struct lyd_node *found, enum edit_operation operation)
{
    const bool make_it = found == NULL;

    if (operation == EDIT_NONE)
        return;
    if (make_it) {
        take_out_other_cases(edit, parent, node->schema);
        found = make(edit, parent, node);
    } else if (node->schema->nodetype == LYS_LEAF) {
        LY_ERR result = lyd_change_term(found, lyd_get_value(node));
        if (result != LY_SUCCESS && result != LY_EEXIST && result != LY_ENOT)
            refuse_for_libyang(edit, node);
    }
    if (found != NULL)
        place(edit, parent, node, found, make_it);
}

static void edit_inner(struct edit *edit, struct lyd_node *parent, const struct lyd_node *node,
                       struct lyd_node *found, enum edit_operation operation)
{
    const bool make_it = found == NULL;

    if (make_it) {
        take_out_other_cases(edit, parent, node->schema);
        found = make(edit, parent, node);
    } else if (operation == EDIT_REPLACE) {
        clear(found);
    }
    if (found == NULL)
        return;
    if (node->schema->nodetype == LYS_LIST && operation != EDIT_NONE)
        place(edit, parent, node, found, make_it);
    if (edit->go_on || !edit->failed)
        edit_siblings(edit, found, lyd_child(node), operation);
}

/* A container without presence is always there. */
static bool may_be_missing(const struct lysc_node *schema)
{
    return schema->nodetype != LYS_CONTAINER || is_presence(schema);
}

static enum store_naming naming_of(const struct lysc_node *schema, enum edit_operation operation)
{
    switch (operation) {
    case EDIT_MERGE:
        return STORE_SETTING;
    case EDIT_REPLACE:
        return STORE_REPLACING;
    case EDIT_REMOVE:
        return STORE_REMOVING;
    case EDIT_NONE:
        return may_be_missing(schema) ? STORE_TELLING : STORE_SETTING;
    default:
        return STORE_TELLING;
    }
}

/* Asked before anything is looked for, so that the answer is the same whether it is there or not.
 * `node` is NULL for a leaf without a value. */
static bool may_name(struct edit *edit, const struct lyd_node *parent,
                     const struct lysc_node *schema, const struct lyd_node *node,
                     enum edit_operation operation)
{
    const struct store_access *access = edit->access;

    if (access == NULL || access->may_name == NULL ||
        access->may_name(access->context, parent, schema, node, naming_of(schema, operation),
                         edit->errors))
        return true;
    edit->failed = true;
    return false;
}

static void edit_data(struct edit *edit, struct lyd_node *parent, const struct lyd_node *node,
                      enum edit_operation operation)
{
    if (!may_name(edit, parent, node->schema, node, operation))
        return;
    struct lyd_node *found = find_same(children_of(edit, parent), node);

    if (takes_away(operation))
        take_away(edit, node, found, operation);
    else if (operation == EDIT_CREATE && is_explicit(found))
        refuse_existing(edit, node);
    else if (operation == EDIT_NONE && !is_explicit(found) && may_be_missing(node->schema))
        refuse_missing(edit, node);
    else if (node->schema->nodetype & LYD_NODE_TERM)
        edit_term(edit, parent, node, found, operation);
    else
        edit_inner(edit, parent, node, found, operation);
}

/* <leaf nc:operation="delete"/> has no value and so is none for libyang, but it is legal. */
static bool edit_deleted_leaf(struct edit *edit, const struct lyd_node *parent,
                              const struct misfit_place *place, const struct lyd_node *node,
                              enum edit_operation operation)
{
    const struct lyd_node_opaq *opaque = (const struct lyd_node_opaq *)node;
    const struct lysc_node *schema = place->node;
    struct lyd_node *found = NULL;

    if (schema == NULL || schema->nodetype != LYS_LEAF || !takes_away(operation) ||
        lysc_is_key(schema) || !(schema->flags & LYS_CONFIG_W) || opaque->child != NULL ||
        opaque->value[strspn(opaque->value, " \t\r\n")] != '\0')
        return false;
    if (!may_name(edit, parent, schema, NULL, operation))
        return true;
    (void)lyd_find_sibling_val(children_of(edit, parent), schema, NULL, 0, &found);
    if (is_explicit(found)) {
        take_out(edit, found);
    } else if (operation == EDIT_DELETE) {
        edit->failed = true;
        (void)rpc_error_add(edit->errors, RPC_ERROR_APPLICATION, RPC_DATA_MISSING, place->path,
                            "is not there");
    }
    return true;
}

/* Opaque nodes are what libyang makes of elements that it does not understand. */
static void edit_opaque(struct edit *edit, const struct lyd_node *parent,
                        const struct lyd_node *node, enum edit_operation operation)
{
    struct misfit_place above = {.schema = edit->schema, .is_data = true};

    if (parent != NULL) {
        above.node = parent->schema;
        (void)lyd_path(parent, LYD_PATH_STD, above.path, sizeof(above.path));
    }
    struct misfit_place place = above;
    misfit_enter(&place, node);
    if (edit_deleted_leaf(edit, parent, &place, node, operation))
        return;
    edit->failed = true;
    if (misfit_find(&above, node, edit->errors))
        return;
    bool is_value = (place.node->nodetype & LYD_NODE_TERM) != 0;
    (void)misfit_blame(&place, node, edit->errors, is_value ? RPC_INVALID_VALUE : RPC_BAD_ELEMENT,
                       is_value ? "is not a value of its type" : "is not understood");
}

static void edit_key(struct edit *edit, const struct lyd_node *siblings,
                     const struct lyd_node *node)
{
    enum edit_operation operation = EDIT_MERGE;

    if (find_same(siblings, node) != node)
        refuse_element(edit, RPC_BAD_ELEMENT, node, "stands here twice: remove one of the two");
    else if (operation_of(edit, node, EDIT_MERGE, &operation) && takes_away(operation))
        (void)refuse_attribute(edit, RPC_BAD_ATTRIBUTE, node, "operation",
                               "is a key and cannot be taken away: delete its entry");
}

static void edit_node(struct edit *edit, struct lyd_node *parent, const struct lyd_node *siblings,
                      const struct lyd_node *node, enum edit_operation inherited)
{
    enum edit_operation operation = inherited;

    /* Nobody has set a default: it comes by itself where it is wanted. */
    if (node->schema != NULL && (node->schema->nodetype & LYD_NODE_TERM) &&
        (node->flags & LYD_DEFAULT))
        return;
    if (!operation_of(edit, node, inherited, &operation))
        return;
    if (node->schema == NULL)
        edit_opaque(edit, parent, node, operation);
    else if (lysc_is_key(node->schema))
        edit_key(edit, siblings, node);
    else if (!(node->schema->flags & LYS_CONFIG_W))
        refuse_element(edit, RPC_UNKNOWN_ELEMENT, node, "is not configuration: remove it");
    else if (!contradicts(edit, siblings, node, operation))
        edit_data(edit, parent, node, operation);
}

/* Does the node itself ask to be taken away? */
static bool asks_to_go(const struct lyd_node *node)
{
    const char *text = node->schema != NULL ? annotation(node, "ietf-netconf", "operation")
                                            : opaque_operation(node);

    return text != NULL && (strcmp(text, "delete") == 0 || strcmp(text, "remove") == 0);
}

/* What goes goes first: libyang does not keep the order of the document, and what comes may be
 * another case of the same choice. */
static void edit_siblings(struct edit *edit, struct lyd_node *parent, const struct lyd_node *config,
                          enum edit_operation inherited)
{
    const struct lyd_node *node = NULL;

    for (int going = 1; going >= 0; going--) {
        LY_LIST_FOR(config, node)
        {
            if (asks_to_go(node) == (going != 0))
                edit_node(edit, parent, config, node, inherited);
            if (edit->failed && !edit->go_on)
                return;
        }
    }
}

bool edit_apply(struct edit *edit, const struct lyd_node *config,
                enum store_default_operation default_operation)
{
    static const enum edit_operation defaults[] = {
        [STORE_MERGE] = EDIT_MERGE, [STORE_REPLACE] = EDIT_REPLACE, [STORE_NONE] = EDIT_NONE};

    edit->failed = false;
    if (default_operation == STORE_REPLACE) {
        /* "completely replaces the configuration in the target datastore" (RFC 6241, 7.2) */
        lyd_free_all(*edit->tree);
        *edit->tree = NULL;
    }
    edit_siblings(edit, NULL, config, defaults[default_operation]);
    if (edit->failed && !edit->go_on)
        return false;
    if (lyd_new_implicit_all(edit->tree, edit->schema, LYD_IMPLICIT_NO_STATE, NULL) != LY_SUCCESS) {
        (void)rpc_error_add(edit->errors, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, NULL,
                            "memory is out");
        edit->failed = true;
    }
    return !edit->failed;
}
