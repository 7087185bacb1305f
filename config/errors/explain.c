/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/errors/explain.h"

#include "config/schema/compat.h"

#include <inttypes.h>
#include <stdarg.h>

enum { NAME_SIZE = 64 };

/* One error on its way from libyang's words to ours. */
struct explanation {
    const struct ly_ctx *schema;
    const struct lyd_node *tree;
    const struct lysc_node *node; /* what the path leads to, or NULL */
    const char *message;          /* libyang's */
    char word[NAME_SIZE];         /* the first quoted word of the message: the name it is about */
    char path[CONFIG_PATH_SIZE];
    char reason[CONFIG_REASON_SIZE];
};

static void append(char *buf, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *buf, size_t size, const char *format, ...)
{
    size_t used = strlen(buf);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(buf + used, size - used, format, arguments);
    va_end(arguments);
}

#define say(e, ...) append((e)->reason, sizeof((e)->reason), __VA_ARGS__)

/* --- paths ----------------------------------------------------------------------------------- */

/* One step of a path, "/module:name" or "/name"; not terminated. */
struct step {
    const char *module;
    size_t module_len;
    const char *name;
    size_t name_len;
};

static const char *skip_predicates(const char *at)
{
    char quote = '\0';

    if (*at != '[')
        return at;
    for (; *at != '\0' && (quote != '\0' || *at != '/'); at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
    }
    return at;
}

/* Takes the next step off the path; false at its end. */
static bool next_step(const char **path, struct step *step)
{
    if (**path != '/')
        return false;
    const char *name = *path + 1;
    size_t len = strcspn(name, ":/[");

    *step = (struct step){.name = name, .name_len = len};
    if (name[len] == ':') {
        step->module = name;
        step->module_len = len;
        step->name = name + len + 1;
        step->name_len = strcspn(step->name, "/[");
    }
    *path = skip_predicates(step->name + step->name_len);
    return true;
}

static bool equals(const char *text, const char *part, size_t len)
{
    return strlen(text) == len && memcmp(text, part, len) == 0;
}

static const struct lysc_node *find_among(const struct lysc_node *nodes, const struct step *step)
{
    while (nodes != NULL && !equals(nodes->name, step->name, step->name_len))
        nodes = nodes->next;
    return nodes;
}

/* Data, or an rpc. */
static const struct lysc_node *find_top(const struct ly_ctx *schema, const struct step *step)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        if (module->compiled == NULL || !equals(module->name, step->module, step->module_len))
            continue;
        const struct lysc_node *found = find_among(module->compiled->data, step);
        if (found == NULL && module->compiled->rpcs != NULL)
            found = find_among(&module->compiled->rpcs->node, step);
        return found;
    }
    return NULL;
}

static const struct lysc_node *find_node(const struct ly_ctx *schema, const char *path)
{
    const struct lysc_node *node = NULL;
    struct step step;

    while (next_step(&path, &step)) {
        if (node == NULL && step.module == NULL)
            return NULL;
        node = node != NULL ? find_among(lysc_node_child(node), &step) : find_top(schema, &step);
        if (node == NULL)
            return NULL;
    }
    return node;
}

static const char *module_of_top(const struct ly_ctx *schema, const char *name)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        const struct lysc_node *node = module->compiled != NULL ? module->compiled->data : NULL;
        for (; node != NULL; node = node->next)
            if (strcmp(node->name, name) == 0)
                return module->name;
    }
    return NULL;
}

/* libyang names the parent of some nodes, the node itself of others. */
static void append_step(struct explanation *e, const char *name)
{
    const char *path = e->path;
    const char *module = NULL;
    struct step step = {.name = ""};

    while (next_step(&path, &step))
        ;
    if (equals(name, step.name, step.name_len))
        return;
    if (step.name_len == 0) {
        e->path[0] = '\0';
        module = module_of_top(e->schema, name);
    }
    append(e->path, sizeof(e->path), "/%s%s%s", module != NULL ? module : "",
           module != NULL ? ":" : "", name);
}

/* The first entry of the tree that has no child of this kind. */
static const struct lyd_node *find_lacking(const struct lyd_node *siblings,
                                           const struct lysc_node *kind)
{
    const struct lyd_node *node = NULL;

    LY_LIST_FOR(siblings, node)
    {
        const struct lyd_node *child = lyd_child(node);
        const struct lyd_node *found = find_lacking(child, kind);
        if (found != NULL)
            return found;
        if (node->schema != kind->parent)
            continue;
        while (child != NULL && child->schema != kind)
            child = child->next;
        if (child == NULL)
            return node;
    }
    return NULL;
}

/* --- what would have been right -------------------------------------------------------------- */

static const struct lysc_type *node_type(const struct lysc_node *node)
{
    if (node == NULL || !(node->nodetype & (LYS_LEAF | LYS_LEAFLIST)))
        return NULL;
    const struct lysc_type *type = node->nodetype == LYS_LEAF
                                       ? ((const struct lysc_node_leaf *)node)->type
                                       : ((const struct lysc_node_leaflist *)node)->type;
    while (type->basetype == LY_TYPE_LEAFREF)
        type = ((const struct lysc_type_leafref *)type)->realtype;
    return type;
}

static bool is_unsigned(LY_DATA_TYPE type)
{
    return type == LY_TYPE_UINT8 || type == LY_TYPE_UINT16 || type == LY_TYPE_UINT32 ||
           type == LY_TYPE_UINT64;
}

static bool range_says(const struct lysc_range *range, const char *message)
{
    return range != NULL && range->emsg != NULL && strcmp(range->emsg, message) == 0;
}

/* Is this one of the sentences that our modules carry for the type? */
static bool type_says(const struct lysc_type *type, const char *message)
{
    if (is_unsigned(type->basetype))
        return range_says(((const struct lysc_type_num *)type)->range, message);
    if (type->basetype != LY_TYPE_STRING)
        return false;

    const struct lysc_type_str *string = (const struct lysc_type_str *)type;
    LY_ARRAY_COUNT_TYPE u = 0;
    LY_ARRAY_FOR(string->patterns, u)
    {
        const char *sentence = string->patterns[u]->emsg;
        if (sentence != NULL && strcmp(sentence, message) == 0)
            return true;
    }
    return range_says(string->length, message);
}

/* Or one of a condition that the node must fulfil? Those without a sentence begin with libyang's.
 */
static bool must_says(const struct lysc_node *node, const char *message)
{
    const struct lysc_must *musts = node != NULL ? lysc_node_musts(node) : NULL;
    LY_ARRAY_COUNT_TYPE u = 0;

    LY_ARRAY_FOR(musts, u)
    {
        if (musts[u].emsg != NULL && strcmp(musts[u].emsg, message) == 0)
            return true;
    }
    return strncmp(message, "Must condition ", sizeof("Must condition ") - 1) == 0;
}

static const char *list_separator(LY_ARRAY_COUNT_TYPE i, LY_ARRAY_COUNT_TYPE count)
{
    if (i == 0)
        return "";
    return i + 1 == count ? " or " : ", ";
}

static void say_number(struct explanation *e, const struct lysc_type *type)
{
    const struct lysc_range *range = ((const struct lysc_type_num *)type)->range;
    LY_ARRAY_COUNT_TYPE u = 0;

    say(e, "must be a whole number");
    if (range != NULL) {
        say(e, ", ");
        LY_ARRAY_FOR(range->parts, u)
        {
            say(e, "%s%" PRIu64, list_separator(u, LY_ARRAY_COUNT(range->parts)),
                range->parts[u].min_u64);
            if (range->parts[u].min_u64 != range->parts[u].max_u64)
                say(e, " to %" PRIu64, range->parts[u].max_u64);
        }
    }
    say(e, ", without quotes");
}

static void say_enumeration(struct explanation *e, const struct lysc_type *type)
{
    const struct lysc_type_enum *list = (const struct lysc_type_enum *)type;
    LY_ARRAY_COUNT_TYPE u = 0;

    say(e, "must be ");
    LY_ARRAY_FOR(list->enums, u)
    {
        say(e, "%s\"%s\"", list_separator(u, LY_ARRAY_COUNT(list->enums)), list->enums[u].name);
    }
}

static bool say_type(struct explanation *e, const struct lysc_type *type)
{
    if (is_unsigned(type->basetype))
        say_number(e, type);
    else if (type->basetype == LY_TYPE_BOOL)
        say(e, "must be true or false, without quotes");
    else if (type->basetype == LY_TYPE_ENUM)
        say_enumeration(e, type);
    else if (type->basetype == LY_TYPE_STRING)
        say(e, "must be a string, in double quotes");
    else
        return false;
    return true;
}

/* --- kinds of errors ------------------------------------------------------------------------- */

static void explain_missing(struct explanation *e)
{
    const struct lyd_node *entry =
        e->node != NULL && e->node->parent != NULL && strchr(e->path, '[') == NULL
            ? find_lacking(e->tree, e->node)
            : NULL;

    if (entry != NULL)
        (void)lyd_path(entry, LYD_PATH_STD, e->path, sizeof(e->path));
    append_step(e, e->word);
    say(e, "is missing, and must be given");
}

static void explain_missing_key(struct explanation *e)
{
    append_step(e, e->word);
    say(e, "is missing, and every entry of this list must have it");
}

static void explain_duplicate(struct explanation *e)
{
    say(e, "stands here twice: remove one of the two");
}

static void explain_too_many(struct explanation *e)
{
    uint32_t max = 0;

    if (e->node != NULL && e->node->nodetype == LYS_LIST)
        max = ((const struct lysc_node_list *)e->node)->max;
    if (max > 0)
        say(e, "is one too many: at most %" PRIu32 " are allowed", max);
}

static void explain_unknown(struct explanation *e)
{
    const struct lysc_node *child = e->node != NULL ? lysc_node_child(e->node) : NULL;
    const char *separator = "";

    if (child == NULL)
        return;
    append_step(e, e->word);
    say(e, "is not known; what may stand here is ");
    for (; child != NULL; child = child->next) {
        say(e, "%s%s", separator, child->name);
        separator = ", ";
    }
}

static void explain_unknown_top(struct explanation *e)
{
    const struct lys_module *module = NULL;
    const char *separator = "";
    uint32_t index = 0;

    say(e, "\"%s\" is not known; what may stand here is ", e->word);
    while ((module = ly_ctx_get_module_iter(e->schema, &index)) != NULL) {
        const struct lysc_node *node = module->compiled != NULL ? module->compiled->data : NULL;
        for (; node != NULL; node = node->next) {
            /* libyang 3 adds a node of its own to the protocol's module. */
            if (!(node->flags & LYS_CONFIG_W) || strcmp(module->name, "ietf-netconf") == 0)
                continue;
            say(e, "%s%s:%s", separator, module->name, node->name);
            separator = ", ";
        }
    }
}

static void explain_not_found(struct explanation *e)
{
    if (e->path[0] == '\0' || strcmp(e->path, "/") == 0)
        explain_unknown_top(e);
    else
        explain_unknown(e);
}

/* A leaf with an object or an array for its value. */
static void explain_leaf(struct explanation *e)
{
    const struct lysc_type *type = node_type(e->node);
    if (type != NULL)
        (void)say_type(e, type);
}

/* An object, an array or a single value where another of these must stand. */
static void explain_shape(struct explanation *e)
{
    append_step(e, e->word);
    e->node = find_node(e->schema, e->path);
    if (e->node == NULL)
        return;
    if (e->node->nodetype == LYS_CONTAINER)
        say(e, "must be an object: { ... }");
    else if (e->node->nodetype == LYS_LIST)
        say(e, "must be an array of objects: [ { ... }, ... ]");
    else
        explain_leaf(e);
}

static void explain_state(struct explanation *e)
{
    say(e, "is not configuration: remove it");
}

static void explain_annotation(struct explanation *e)
{
    char *name = strstr(e->path, "/@");
    if (name != NULL)
        name[1 + strcspn(name + 1, "/")] = '\0'; /* libyang adds more that is not there */
    say(e, "holds an annotation (a name with @) that is not known: remove it");
}

/* How libyang begins what it says. */
static const struct {
    const char *beginning;
    void (*explain)(struct explanation *e);
} kinds[] = {
    {"Mandatory node ", explain_missing},
    {"List instance is missing its key ", explain_missing_key},
    {"Duplicate instance of ", explain_duplicate},
    {"Too many ", explain_too_many},
    {"Node ", explain_not_found},
    {"No module named ", explain_not_found},
    {"Top-level JSON object member ", explain_not_found},
    {"The container ", explain_shape},
    {"The list ", explain_shape},
    {"Expecting JSON ", explain_shape}, /* 3.x */
    {"Unexpected input data ", explain_leaf},
    {"Unexpected data state node ", explain_state},
    {"Prefix ", explain_annotation},
    {"Unknown (or not implemented) YANG module ", explain_annotation},
    {"Missing JSON data instance to be coupled with ", explain_annotation},
};

static void take_word(struct explanation *e)
{
    const char *first = strchr(e->message, '"');
    size_t len = first != NULL ? strcspn(first + 1, "\"") : 0;

    (void)snprintf(e->word, sizeof(e->word), "%.*s", (int)len, first != NULL ? first + 1 : "");
}

static void explain(struct explanation *e)
{
    const struct lysc_type *type = node_type(e->node);

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && e->reason[0] == '\0'; i++)
        if (strncmp(e->message, kinds[i].beginning, strlen(kinds[i].beginning)) == 0)
            kinds[i].explain(e);
    if (e->reason[0] == '\0' && (type == NULL || type_says(type, e->message) ||
                                 must_says(e->node, e->message) || !say_type(e, type)))
        say(e, "%s", e->message);
}

void explain_error(const struct ly_ctx *schema, const struct lyd_node *tree,
                   const struct ly_err_item *item, struct config_fault *fault)
{
    struct explanation e = {.schema = schema, .tree = tree};

    e.message = item->msg != NULL ? item->msg : "is refused, and libyang gives no reason";
    compat_error_place(item, e.path, sizeof(e.path), &fault->line);
    e.node = find_node(schema, e.path);
    take_word(&e);
    explain(&e);
    memcpy(fault->path, e.path, sizeof(fault->path));
    memcpy(fault->reason, e.reason, sizeof(fault->reason));
}

bool explain_is_must(const struct ly_ctx *schema, const struct ly_err_item *item)
{
    char path[CONFIG_PATH_SIZE];
    unsigned line = 0;

    if (item->apptag != NULL && strcmp(item->apptag, "must-violation") == 0)
        return true;
    compat_error_place(item, path, sizeof(path), &line);
    const struct lysc_node *node = find_node(schema, path);
    const struct lysc_must *musts = node != NULL ? lysc_node_musts(node) : NULL;
    LY_ARRAY_COUNT_TYPE u = 0;
    LY_ARRAY_FOR(musts, u)
    {
        if (item->apptag != NULL && musts[u].eapptag != NULL &&
            strcmp(item->apptag, musts[u].eapptag) == 0)
            return true;
    }
    return item->msg != NULL && must_says(node, item->msg);
}

static bool ends_in_attribute(const char *path)
{
    struct step step = {.name = ""};

    while (next_step(&path, &step))
        ;
    return (step.module != NULL ? step.module : step.name)[0] == '@';
}

bool explain_is_attribute(const struct ly_ctx *schema, const struct ly_err_item *item)
{
    char path[CONFIG_PATH_SIZE];
    unsigned line = 0;

    if (item->msg == NULL || strncmp(item->msg, "Invalid enumeration value ", 26) != 0)
        return false;
    compat_error_place(item, path, sizeof(path), &line);
    if (ends_in_attribute(path))
        return true;
    const struct lysc_node *node = find_node(schema, path);
    return node != NULL && !(node->nodetype & LYD_NODE_TERM);
}

void explain_errors(const struct ly_ctx *schema, const struct lyd_node *tree,
                    struct config_error *error)
{
    for (const struct ly_err_item *item = ly_err_first(schema); item != NULL; item = item->next) {
        struct config_fault fault;
        explain_error(schema, tree, item, &fault);
        config_error_add(error, CONFIG_INVALID, fault.line, fault.path, "%s", fault.reason);
    }
    if (error->count == 0)
        config_error_add(error, CONFIG_INVALID, 0, NULL, "libyang refuses it and gives no reason");
}
