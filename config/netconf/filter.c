/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/filter.h"

#include "config/netconf/xml.h"
#include "config/schema/compat.h"

struct filter {
    char *xpath;              /* else: */
    struct lyd_node *subtree; /* the <filter> element, of xml_parse() */
};

/* The children of some elements of a filter: each set of siblings counts for itself (6.2.5). */
struct sets {
    const struct lyd_node **first;
    size_t count;
};

/* --- the kinds of elements ------------------------------------------------------------------- */

static const struct lyd_node *children(const struct lyd_node *element)
{
    return ((const struct lyd_node_opaq *)element)->child;
}

/* RFC 6241, 6.2.5: a leaf with text; one of blanks alone selects. */
static bool is_content_match(const struct lyd_node *element)
{
    size_t len = 0;

    (void)xml_trim(xml_value(element), &len);
    return children(element) == NULL && len > 0;
}

/* No data of ours has attributes, so that asking for one finds nothing (6.2.2). */
static bool has_attributes(const struct lyd_node *element)
{
    return ((const struct lyd_node_opaq *)element)->attr != NULL;
}

static bool names(const struct lyd_node *element, const struct lyd_node *node)
{
    const char *space = xml_namespace(element);

    return strcmp(xml_name(element), LYD_NAME(node)) == 0 && !has_attributes(element) &&
           (space[0] == '\0' || strcmp(space, node->schema->module->ns) == 0);
}

/* --- content --------------------------------------------------------------------------------- */

/* The text that libyang would store, so that "080" finds 80. */
static bool same_canonical(const struct lyd_node *node, const char *text, size_t len)
{
    const char *canonical = NULL;
    LY_ERR result =
        lyd_value_validate(LYD_CTX(node), node->schema, text, len, NULL, NULL, &canonical);
    bool same = (result == LY_SUCCESS || result == LY_EINCOMPLETE) && canonical != NULL &&
                strcmp(canonical, lyd_get_value(node)) == 0;

    lydict_remove(LYD_CTX(node), canonical);
    return same;
}

/* An identity is written with a prefix of the client's, whatever that is. */
static bool same_identity(const struct lyd_node *node, const char *text, size_t len)
{
    const char *value = lyd_get_value(node);
    const char *colon = memchr(text, ':', len);
    const char *own = strchr(value, ':');
    LY_DATA_TYPE type = ((const struct lysc_node_leaf *)node->schema)->type->basetype;

    if (type != LY_TYPE_IDENT || colon == NULL || own == NULL)
        return false;
    size_t left = len - (size_t)(colon + 1 - text);
    return strlen(own + 1) == left && memcmp(own + 1, colon + 1, left) == 0;
}

static bool content_matches(const struct lyd_node *element, const struct lyd_node *node)
{
    size_t len = 0;
    const char *text = xml_trim(xml_value(element), &len);

    if (!(node->schema->nodetype & LYD_NODE_TERM) || !names(element, node))
        return false;
    const char *value = lyd_get_value(node);
    if (strlen(value) == len && memcmp(value, text, len) == 0)
        return true;
    return same_identity(node, text, len) || same_canonical(node, text, len);
}

/* All content matches of a set hold for the children of the node. */
static bool set_matches(const struct lyd_node *first, const struct lyd_node *node)
{
    const struct lyd_node *element = NULL;

    LY_LIST_FOR(first, element)
    {
        const struct lyd_node *child = lyd_child(node);
        if (!is_content_match(element))
            continue;
        while (child != NULL && !content_matches(element, child))
            child = child->next;
        if (child == NULL)
            return false;
    }
    return true;
}

static bool only_content(const struct lyd_node *first)
{
    const struct lyd_node *element = NULL;

    LY_LIST_FOR(first, element)
    {
        if (!is_content_match(element))
            return false;
    }
    return true;
}

/* --- selecting ------------------------------------------------------------------------------- */

enum verdict { NOTHING, PART, WHOLE, NO_MEMORY };

static enum verdict add_set(struct sets *sets, const struct lyd_node *first)
{
    const struct lyd_node **more =
        realloc(sets->first, (sets->count + 1) * sizeof(const struct lyd_node *));

    if (more == NULL)
        return NO_MEMORY;
    sets->first = more;
    sets->first[sets->count++] = first;
    return PART;
}

/* What one element says of the node; `within`: what its children say, if that matters. */
static enum verdict judge_by(const struct lyd_node *element, const struct lyd_node *node,
                             struct sets *within)
{
    const struct lyd_node *first = children(element);

    if (is_content_match(element))
        return content_matches(element, node) ? WHOLE : NOTHING;
    if (!names(element, node))
        return NOTHING;
    if (first == NULL)
        return WHOLE;
    if ((node->schema->nodetype & LYD_NODE_TERM) || !set_matches(first, node))
        return NOTHING;
    return only_content(first) ? WHOLE : add_set(within, first);
}

static enum verdict judge(const struct sets *sets, const struct lyd_node *node, struct sets *within)
{
    enum verdict verdict = NOTHING;

    for (size_t i = 0; i < sets->count && verdict < WHOLE; i++) {
        const struct lyd_node *element = NULL;
        LY_LIST_FOR(sets->first[i], element)
        {
            enum verdict one = judge_by(element, node, within);
            verdict = one > verdict ? one : verdict;
            if (verdict >= WHOLE)
                break;
        }
    }
    return verdict;
}

/* --- copying --------------------------------------------------------------------------------- */

struct copying {
    struct lyd_node **out;
    bool no_memory;
};

static struct lyd_node *copy(struct copying *copying, struct lyd_node *parent,
                             const struct lyd_node *node, bool whole)
{
    uint32_t options = LYD_DUP_WITH_FLAGS | LYD_DUP_NO_META | (whole ? LYD_DUP_RECURSIVE : 0);
    struct lyd_node *made = NULL;
    LY_ERR result = lyd_dup_single(node, (void *)parent, options, &made);

    if (result == LY_SUCCESS && parent == NULL)
        result = lyd_insert_sibling(*copying->out, made, copying->out);
    copying->no_memory = copying->no_memory || result != LY_SUCCESS;
    return result == LY_SUCCESS ? made : NULL;
}

static bool copy_siblings(struct copying *copying, struct lyd_node *parent,
                          const struct lyd_node *first, const struct sets *sets);

static void drop(struct copying *copying, struct lyd_node *node)
{
    if (node == *copying->out)
        *copying->out = node->next;
    lyd_free_tree(node);
}

/* A container or entry stays only if something in it does; keys stand for nothing. */
static bool copy_part(struct copying *copying, struct lyd_node *parent, const struct lyd_node *node,
                      const struct sets *within)
{
    struct lyd_node *made = copy(copying, parent, node, false);

    if (made == NULL)
        return false;
    if (copy_siblings(copying, made, lyd_child(node), within))
        return true;
    drop(copying, made);
    return false;
}

/* Was anything let through? A copied entry has its keys already. */
static bool copy_node(struct copying *copying, struct lyd_node *parent, const struct lyd_node *node,
                      const struct sets *sets)
{
    struct sets within = {NULL, 0};
    bool found = false;

    switch (judge(sets, node, &within)) {
    case WHOLE:
        found = lysc_is_key(node->schema) || copy(copying, parent, node, true) != NULL;
        break;
    case PART:
        found = copy_part(copying, parent, node, &within);
        break;
    case NO_MEMORY:
        copying->no_memory = true;
        break;
    default:
        break;
    }
    free(within.first);
    return found;
}

static bool copy_siblings(struct copying *copying, struct lyd_node *parent,
                          const struct lyd_node *first, const struct sets *sets)
{
    const struct lyd_node *node = NULL;
    bool found = false;

    LY_LIST_FOR(first, node)
    {
        if (copying->no_memory)
            return false;
        if (node->schema != NULL && copy_node(copying, parent, node, sets))
            found = true;
    }
    return found;
}

static bool refuse_for_memory(struct rpc_errors *errors)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, NULL, "memory is out");
    return false;
}

static bool apply_subtree(const struct filter *filter, const struct lyd_node *tree,
                          struct lyd_node **out, struct rpc_errors *errors)
{
    const struct lyd_node *first = children(filter->subtree);
    const struct sets sets = {&first, first != NULL ? 1 : 0};
    struct copying copying = {.out = out};

    (void)copy_siblings(&copying, NULL, tree, &sets);
    if (!copying.no_memory)
        return true;
    lyd_free_all(*out);
    *out = NULL;
    return refuse_for_memory(errors);
}

/* --- XPath ----------------------------------------------------------------------------------- */

/* The node with what is above it, put together with what is there. */
static bool merge_node(const struct lyd_node *node, struct lyd_node **out)
{
    uint32_t options =
        LYD_DUP_RECURSIVE | LYD_DUP_WITH_PARENTS | LYD_DUP_WITH_FLAGS | LYD_DUP_NO_META;
    struct lyd_node *made = NULL;

    if (lyd_dup_single(node, NULL, options, &made) != LY_SUCCESS)
        return false;
    while (made->parent != NULL)
        made = lyd_parent(made);
    if (lyd_merge_tree(out, made, LYD_MERGE_DESTRUCT | LYD_MERGE_WITH_FLAGS) == LY_SUCCESS)
        return true;
    lyd_free_tree(made);
    return false;
}

/* Its parent comes whole: the set is in the order of the document. */
static bool is_within(const struct lyd_node *node, const struct lyd_node *last)
{
    while (node != NULL && node != last)
        node = lyd_parent(node);
    return node != NULL;
}

static bool apply_xpath(const struct filter *filter, const struct lyd_node *tree,
                        struct lyd_node **out, struct rpc_errors *errors)
{
    struct ly_set *set = NULL;
    const struct lyd_node *last = NULL;
    bool fine = true;

    if (tree == NULL)
        return true;
    if (lyd_find_xpath(tree, filter->xpath, &set) != LY_SUCCESS) {
        (void)rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, NULL,
                            "the XPath expression of the filter does not give a set of nodes");
        return false;
    }
    for (uint32_t i = 0; fine && i < set->count; i++) {
        if (last != NULL && is_within(set->dnodes[i], last))
            continue;
        last = set->dnodes[i];
        fine = merge_node(last, out);
    }
    ly_set_free(set, NULL);
    if (fine)
        return true;
    lyd_free_all(*out);
    *out = NULL;
    return refuse_for_memory(errors);
}

bool filter_apply(const struct filter *filter, const struct lyd_node *tree, struct lyd_node **out,
                  struct rpc_errors *errors)
{
    *out = NULL;
    return filter->xpath != NULL ? apply_xpath(filter, tree, out, errors)
                                 : apply_subtree(filter, tree, out, errors);
}

bool filter_wants(const struct filter *filter, const char *space)
{
    const struct lyd_node *element = NULL;

    if (filter == NULL || filter->xpath != NULL)
        return true;
    LY_LIST_FOR(children(filter->subtree), element)
    {
        const char *own = xml_namespace(element);
        if (own[0] == '\0' || strcmp(own, space) == 0)
            return true;
    }
    return false;
}

/* --- making ---------------------------------------------------------------------------------- */

static bool refuse_attribute(struct rpc_errors *errors, enum rpc_error_tag tag, const char *name,
                             const char *message)
{
    struct rpc_error *error = rpc_error_add(errors, RPC_ERROR_PROTOCOL, tag, NULL, "%s", message);

    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s", name);
    (void)snprintf(error->bad_element, sizeof(error->bad_element), "filter");
    return false;
}

static size_t count_nodes(const struct lyd_node *first)
{
    const struct lyd_node *element = NULL;
    size_t count = 0;

    LY_LIST_FOR(first, element)
    {
        count += 1 + count_nodes(children(element));
    }
    return count;
}

/* As libyang has it: with the names of modules for prefixes. */
static const char *select_of(const struct lyd_node *op)
{
    const struct lyd_node *node = NULL;

    LY_LIST_FOR(lyd_child(op), node)
    {
        if (strcmp(LYD_NAME(node), "filter") != 0)
            continue;
        for (const struct lyd_meta *meta = node->meta; meta != NULL; meta = meta->next)
            if (strcmp(meta->name, "select") == 0)
                return lyd_get_meta_value(meta);
    }
    return NULL;
}

static bool take_xpath(struct filter *filter, const struct lyd_node *op, struct rpc_errors *errors)
{
    const char *xpath = select_of(op);

    if (xpath == NULL)
        return refuse_attribute(errors, RPC_MISSING_ATTRIBUTE, "select",
                                "a filter of type xpath needs the attribute select");
    if (strlen(xpath) > FILTER_XPATH_MAX) {
        (void)rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_TOO_BIG, NULL,
                            "the XPath expression is longer than %d bytes", FILTER_XPATH_MAX);
        return false;
    }
    if (!filter_xpath_is_bounded(xpath, errors))
        return false;
    filter->xpath = strdup(xpath);
    return filter->xpath != NULL || refuse_for_memory(errors);
}

static bool take_subtree(struct filter *filter, const struct lyd_node *element,
                         struct rpc_errors *errors)
{
    if (count_nodes(children(element)) > FILTER_NODES_MAX) {
        (void)rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_TOO_BIG, NULL,
                            "the filter has more than %d elements", FILTER_NODES_MAX);
        return false;
    }
    return lyd_dup_single(element, NULL, LYD_DUP_RECURSIVE, &filter->subtree) == LY_SUCCESS ||
           refuse_for_memory(errors);
}

bool filter_new(const struct lyd_node *op, const struct lyd_node *element, struct filter **filter,
                struct rpc_errors *errors)
{
    const struct lyd_node *own = xml_child(element, xml_namespace(element), "filter");
    const char *type = own != NULL ? xml_filter_attribute(own, "type") : NULL;
    bool fine = false;

    *filter = NULL;
    if (own == NULL)
        return true;
    struct filter *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return refuse_for_memory(errors);
    if (type == NULL || strcmp(type, "subtree") == 0)
        fine = take_subtree(made, own, errors);
    else if (strcmp(type, "xpath") == 0)
        fine = take_xpath(made, op, errors);
    else
        fine = refuse_attribute(errors, RPC_BAD_ATTRIBUTE, "type",
                                "a filter is of type subtree or xpath");
    if (fine)
        *filter = made;
    else
        filter_free(made);
    return fine;
}

void filter_free(struct filter *filter)
{
    if (filter == NULL)
        return;
    free(filter->xpath);
    lyd_free_all(filter->subtree);
    free(filter);
}
