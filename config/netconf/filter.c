/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/netconf/filter.h"

#include "config/netconf/filter-xpath.h"
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

/* All content matches of a set hold for the children of the node that are seen. */
static bool set_matches(const struct printer *printer, const struct lyd_node *first,
                        const struct lyd_node *node)
{
    const struct lyd_node *element = NULL;

    LY_LIST_FOR(first, element)
    {
        const struct lyd_node *child = lyd_child(node);
        if (!is_content_match(element))
            continue;
        while (child != NULL && !(content_matches(element, child) && printer_sees(printer, child)))
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

enum verdict { NOTHING, PART, WHOLE };

/* Nodes, sorted by where they lie. */
struct marks {
    const struct lyd_node **nodes;
    size_t count;
};

struct selecting {
    const struct printer *printer;
    bool xpath;
    struct marks whole; /* of XPath: what was found, */
    struct marks part;  /* and what that is in */
    bool no_memory;
};

static void add_set(struct selecting *selecting, struct sets *sets, const struct lyd_node *first)
{
    const struct lyd_node **more =
        realloc(sets->first, (sets->count + 1) * sizeof(const struct lyd_node *));

    selecting->no_memory = selecting->no_memory || more == NULL;
    if (more == NULL)
        return;
    sets->first = more;
    sets->first[sets->count++] = first;
}

/* What one element says of the node; `within`: what its children say, if that matters. */
static enum verdict judge_by(struct selecting *selecting, const struct lyd_node *element,
                             const struct lyd_node *node, struct sets *within)
{
    const struct lyd_node *first = children(element);

    if (is_content_match(element))
        return content_matches(element, node) ? WHOLE : NOTHING;
    if (!names(element, node))
        return NOTHING;
    if (first == NULL)
        return WHOLE;
    if ((node->schema->nodetype & LYD_NODE_TERM) || !set_matches(selecting->printer, first, node))
        return NOTHING;
    if (only_content(first))
        return WHOLE;
    add_set(selecting, within, first);
    return PART;
}

static int by_place(const void *one, const void *other)
{
    uintptr_t a = (uintptr_t) * (const struct lyd_node *const *)one;
    uintptr_t b = (uintptr_t) * (const struct lyd_node *const *)other;

    return (a > b) - (a < b);
}

static bool is_marked(const struct marks *marks, const struct lyd_node *node)
{
    return marks->count > 0 && bsearch(&node, marks->nodes, marks->count,
                                       sizeof(const struct lyd_node *), by_place) != NULL;
}

static enum verdict judge(struct selecting *selecting, const struct sets *sets,
                          const struct lyd_node *node, struct sets *within)
{
    enum verdict verdict = NOTHING;

    if (selecting->xpath && is_marked(&selecting->whole, node))
        return WHOLE;
    if (selecting->xpath)
        return is_marked(&selecting->part, node) ? PART : NOTHING;
    for (size_t i = 0; i < sets->count && verdict < WHOLE; i++) {
        const struct lyd_node *element = NULL;
        LY_LIST_FOR(sets->first[i], element)
        {
            enum verdict one = judge_by(selecting, element, node, within);
            verdict = one > verdict ? one : verdict;
            if (verdict == WHOLE)
                break;
        }
    }
    return verdict;
}

static bool select_siblings(struct selecting *selecting, const struct lyd_node *first,
                            const struct lys_module *around, const struct sets *sets);

/* A container or entry stays only if something in it does; keys, which it always has, stand for
 * nothing. */
static bool select_part(struct selecting *selecting, const struct lyd_node *node,
                        const struct lys_module *around, const struct sets *within)
{
    const struct printer *printer = selecting->printer;
    const struct lys_module *module = node->schema->module;
    const struct lyd_node *child = lyd_child(node);
    const bool printed = lyd_node_should_print(node, printer->options);
    const size_t before = printer->out->len;

    if (printed)
        printer_begin(printer, node, around);
    const size_t inside = printer->out->len;
    for (; child != NULL && child->schema != NULL && lysc_is_key(child->schema);
         child = child->next)
        printer_node(printer, child, module);
    bool found = select_siblings(selecting, lyd_child(node), module, within);
    if (!found)
        printer->out->len = before;
    else if (printed)
        printer_end(printer, node, inside);
    return found;
}

/* Was anything let through? */
static bool select_node(struct selecting *selecting, const struct lyd_node *node,
                        const struct lys_module *around, const struct sets *sets)
{
    struct sets within = {NULL, 0};
    enum verdict verdict = judge(selecting, sets, node, &within);
    bool found = verdict == WHOLE;

    if (verdict == PART)
        found = select_part(selecting, node, around, &within);
    else if (verdict == WHOLE && !lysc_is_key(node->schema))
        printer_node(selecting->printer, node, around);
    free(within.first);
    return found;
}

static bool select_siblings(struct selecting *selecting, const struct lyd_node *first,
                            const struct lys_module *around, const struct sets *sets)
{
    const struct lyd_node *node = NULL;
    bool found = false;

    LY_LIST_FOR(first, node)
    {
        if (selecting->no_memory || selecting->printer->out->full)
            return true;
        if (node->schema != NULL && printer_sees(selecting->printer, node) &&
            select_node(selecting, node, around, sets))
            found = true;
    }
    return found;
}

/* --- XPath ----------------------------------------------------------------------------------- */

static bool has_room(struct marks *marks, size_t size)
{
    marks->nodes = malloc((size + 1) * sizeof(const struct lyd_node *));
    return marks->nodes != NULL;
}

/* What was found, and what it is in. */
static bool mark(struct selecting *selecting, const struct ly_set *set)
{
    size_t parents = 0;

    for (uint32_t i = 0; i < set->count; i++)
        for (const struct lyd_node *node = set->dnodes[i]; node != NULL; node = lyd_parent(node))
            parents++;
    if (!has_room(&selecting->whole, set->count) || !has_room(&selecting->part, parents))
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        selecting->whole.nodes[selecting->whole.count++] = set->dnodes[i];
        for (const struct lyd_node *node = lyd_parent(set->dnodes[i]); node != NULL;
             node = lyd_parent(node))
            selecting->part.nodes[selecting->part.count++] = node;
    }
    qsort(selecting->whole.nodes, selecting->whole.count, sizeof(const struct lyd_node *),
          by_place);
    qsort(selecting->part.nodes, selecting->part.count, sizeof(const struct lyd_node *), by_place);
    return true;
}

static bool find_xpath(struct selecting *selecting, const char *xpath, const struct lyd_node *tree,
                       struct rpc_errors *errors)
{
    struct ly_set *set = NULL;

    if (tree == NULL)
        return true;
    if (lyd_find_xpath(tree, xpath, &set) != LY_SUCCESS) {
        (void)rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, NULL,
                            "the XPath expression of the filter does not give a set of nodes");
        return false;
    }
    selecting->no_memory = !mark(selecting, set);
    ly_set_free(set, NULL);
    return true;
}

/* --- applying -------------------------------------------------------------------------------- */

static bool refuse_for_memory(struct rpc_errors *errors)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_RESOURCE_DENIED, NULL, "memory is out");
    return false;
}

bool filter_is_xpath(const struct filter *filter)
{
    return filter != NULL && filter->xpath != NULL;
}

bool filter_print(const struct filter *filter, const struct lyd_node *tree,
                  const struct printer *printer, struct rpc_errors *errors)
{
    struct selecting selecting = {.printer = printer, .xpath = filter_is_xpath(filter)};
    const struct lyd_node *first = NULL;
    bool done = true;

    if (filter == NULL) {
        printer_tree(printer, tree);
        return true;
    }
    if (selecting.xpath)
        done = find_xpath(&selecting, filter->xpath, tree, errors);
    else
        first = children(filter->subtree);
    const struct sets sets = {&first, first != NULL ? 1 : 0};
    if (done)
        (void)select_siblings(&selecting, tree, NULL, &sets);
    free(selecting.whole.nodes);
    free(selecting.part.nodes);
    return done && (!selecting.no_memory || refuse_for_memory(errors));
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
