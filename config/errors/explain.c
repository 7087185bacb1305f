/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/errors/explain.h"

#include "config/schema/compat.h"
#include "config/schema/path.h"

#include <inttypes.h>
#include <stdarg.h>

/* One error on its way from libyang's words to ours. */
struct explanation {
    const struct ly_ctx *schema;
    const struct lyd_node *tree;
    const struct ly_err_item *item;
    const struct lysc_node *leaf; /* what it is about, if that is known already */
    const struct lysc_node *node; /* what the path leads to, or NULL */
    const char *message;          /* libyang's */
    char word[RPC_NAME_SIZE];     /* the first quoted word of the message: the name it is about */
    unsigned line;
    struct rpc_error *error; /* to be filled */
};

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

#define say(e, ...) append((e)->error->message, CONFIG_REASON_SIZE, __VA_ARGS__)

static bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* --- paths ----------------------------------------------------------------------------------- */

static const char *module_of_top(const struct ly_ctx *schema, const char *name)
{
    const struct lys_module *module = NULL;
    uint32_t index = 0;

    while ((module = ly_ctx_get_module_iter(schema, &index)) != NULL)
        if (module->implemented && lys_find_child(NULL, module, name, 0, 0, 0) != NULL)
            return module->name;
    return NULL;
}

/* libyang names the parent of some nodes, the node itself of others. */
static void append_step(struct explanation *e, const char *name)
{
    char *path = e->error->path;
    struct path_step step;

    if (!path_last(path, &step) && strcmp(path, "/") != 0)
        return;
    if (step.name.len > 0) {
        if (!path_is(step.name, name))
            append(path, CONFIG_PATH_SIZE, "/%s", name);
        return;
    }
    const char *module = module_of_top(e->schema, name);
    (void)snprintf(path, CONFIG_PATH_SIZE, "/%s%s%s", module != NULL ? module : "",
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

/* Are these libyang's words for a value? If not, they are a module's. */
static bool is_of_libyang(const char *message)
{
    static const char *const beginnings[] = {"Invalid ", "Unsatisfied ", "Value ", "Expected "};

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        if (begins_with(message, beginnings[i]))
            return true;
    return false;
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

/* False if it is none of these. */
static bool say_type(struct explanation *e)
{
    const struct lysc_type *type = node_type(e->node);

    if (type == NULL)
        return false;
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
    bool is_entry =
        strchr(e->error->path, '[') == NULL && e->node != NULL && e->node->parent != NULL;
    const struct lyd_node *entry = is_entry ? find_lacking(e->tree, e->node) : NULL;

    if (entry != NULL)
        (void)lyd_path(entry, LYD_PATH_STD, e->error->path, CONFIG_PATH_SIZE);
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

/* The names of what may be configured in this node, or at the top of this module. */
static const char *list_known(const struct lysc_node *parent, const struct lys_module *module,
                              const char *separator, char *text)
{
    const struct lysc_node *node = NULL;

    while ((node = lys_getnext(node, parent, module != NULL ? module->compiled : NULL, 0)) !=
           NULL) {
        if ((node->flags & LYS_CONFIG_R) || (node->nodetype & (LYS_RPC | LYS_NOTIF)))
            continue;
        append(text, CONFIG_REASON_SIZE, "%s%s%s%s", separator, module != NULL ? module->name : "",
               module != NULL ? ":" : "", node->name);
        separator = ", ";
    }
    return separator;
}

void explain_unknown(const struct ly_ctx *schema, const struct lysc_node *parent,
                     char text[static CONFIG_REASON_SIZE])
{
    const struct lys_module *module = NULL;
    const char *separator = "";
    uint32_t index = 0;

    append(text, CONFIG_REASON_SIZE, "is not known; what may stand here is ");
    if (parent != NULL)
        (void)list_known(parent, NULL, separator, text);
    while (parent == NULL && (module = ly_ctx_get_module_iter(schema, &index)) != NULL) {
        /* libyang 3 adds a node of its own to the protocol's module. */
        if (module->compiled != NULL && strcmp(module->name, "ietf-netconf") != 0)
            separator = list_known(NULL, module, separator, text);
    }
}

static void explain_not_found(struct explanation *e)
{
    const char *path = e->error->path;
    bool at_top = path[0] == '\0' || strcmp(path, "/") == 0;

    if (at_top)
        say(e, "\"%s\" ", e->word);
    else if (e->node == NULL || lysc_node_child(e->node) == NULL)
        return;
    else
        append_step(e, e->word);
    explain_unknown(e->schema, at_top ? NULL : e->node, e->error->message);
}

/* An object, an array or a single value where another of these must stand. */
static void explain_shape(struct explanation *e)
{
    append_step(e, e->word);
    e->node = path_node(e->schema, e->error->path);
    if (e->node != NULL && e->node->nodetype == LYS_CONTAINER)
        say(e, "must be an object: { ... }");
    else if (e->node != NULL && e->node->nodetype == LYS_LIST)
        say(e, "must be an array of objects: [ { ... }, ... ]");
    else
        (void)say_type(e);
}

static void explain_leaf(struct explanation *e)
{
    (void)say_type(e);
}

static void explain_state(struct explanation *e)
{
    say(e, "is not configuration: remove it");
}

static void explain_annotation(struct explanation *e)
{
    char *name = strstr(e->error->path, "/@");
    if (name != NULL)
        name[1 + strcspn(name + 1, "/")] = '\0'; /* libyang adds more that is not there */
    say(e, "holds an annotation (a name with @) that is not known: remove it");
}

/*
 * How libyang begins what it says, what that is in RFC 7950, and our words for it where they are
 * not libyang's. Section 15 names the tags of constraints, 8.3.1 those of what cannot be parsed.
 * Neither names one for a mandatory leaf that is absent: it gets data-missing, as a mandatory
 * choice does (15.6), and the path of the leaf.
 */
static const struct kind {
    const char *beginning;
    enum rpc_error_tag tag;
    const char *app_tag;
    void (*explain)(struct explanation *e);
} kinds[] = {
    {"Mandatory choice ", RPC_DATA_MISSING, "missing-choice", NULL},
    {"Mandatory node ", RPC_DATA_MISSING, NULL, explain_missing},
    {"List instance is missing its key ", RPC_MISSING_ELEMENT, NULL, explain_missing_key},
    {"Unique data leaf(s) ", RPC_OPERATION_FAILED, "data-not-unique", NULL},
    {"Too many ", RPC_OPERATION_FAILED, "too-many-elements", explain_too_many},
    {"Too few ", RPC_OPERATION_FAILED, "too-few-elements", NULL},
    {"Invalid leafref value ", RPC_DATA_MISSING, "instance-required", NULL},
    {"Invalid instance-identifier ", RPC_DATA_MISSING, "instance-required", NULL},
    {"Duplicate instance of ", RPC_BAD_ELEMENT, NULL, explain_duplicate},
    {"Data for both cases ", RPC_BAD_ELEMENT, NULL, NULL},
    {"When condition ", RPC_UNKNOWN_ELEMENT, NULL, NULL},
    {"Unexpected data state node ", RPC_UNKNOWN_ELEMENT, NULL, explain_state},
    {"Node ", RPC_UNKNOWN_ELEMENT, NULL, explain_not_found},
    {"No module named ", RPC_UNKNOWN_NAMESPACE, NULL, explain_not_found},
    {"No module ", RPC_UNKNOWN_NAMESPACE, NULL, NULL},
    {"Top-level JSON object member ", RPC_INVALID_VALUE, NULL, explain_not_found},
    {"Annotation definition for attribute ", RPC_UNKNOWN_ATTRIBUTE, NULL, NULL},
    {"The container ", RPC_INVALID_VALUE, NULL, explain_shape},
    {"The list ", RPC_INVALID_VALUE, NULL, explain_shape},
    {"Expecting JSON ", RPC_INVALID_VALUE, NULL, explain_shape}, /* 3.x */
    {"Unexpected input data ", RPC_INVALID_VALUE, NULL, explain_leaf},
    {"Prefix ", RPC_INVALID_VALUE, NULL, explain_annotation},
    {"Unknown (or not implemented) YANG module ", RPC_INVALID_VALUE, NULL, explain_annotation},
    {"Missing JSON data instance to be coupled with ", RPC_INVALID_VALUE, NULL, explain_annotation},
};

/* The app-tag goes with libyang's error: a copy is left with the schema's words, which live as long
 * as the program. */
static struct kind kind_of_must(const struct explanation *e)
{
    const char *own = NULL;

    if (e->item->apptag == NULL || strcmp(e->item->apptag, "must-violation") == 0 ||
        lydict_insert(e->schema, e->item->apptag, 0, &own) != LY_SUCCESS)
        own = "must-violation";
    return (struct kind){.tag = RPC_OPERATION_FAILED, .app_tag = own};
}

/* A `must` is violated: its module may have given it words and an app-tag of its own. Those without
 * words begin with libyang's. */
static bool is_must(const struct explanation *e)
{
    const struct lysc_must *musts = e->node != NULL ? lysc_node_musts(e->node) : NULL;
    const char *app_tag = e->item->apptag != NULL ? e->item->apptag : "";
    LY_ARRAY_COUNT_TYPE u = 0;

    LY_ARRAY_FOR(musts, u)
    {
        if ((musts[u].emsg != NULL && strcmp(musts[u].emsg, e->message) == 0) ||
            (musts[u].eapptag != NULL && strcmp(musts[u].eapptag, app_tag) == 0))
            return true;
    }
    return strcmp(app_tag, "must-violation") == 0 || begins_with(e->message, "Must condition ");
}

static bool names_attribute(const struct path_step *step)
{
    return step->name.len > 0 &&
           (step->name.at[0] == '@' || (step->module.len > 0 && step->module.at[0] == '@'));
}

/* The value of an attribute: libyang 2 says so by a path that leads to no leaf, 3 by one that ends
 * in /@module:attribute. */
static bool is_attribute(const struct explanation *e)
{
    struct path_step step;

    if (!begins_with(e->message, "Invalid enumeration value "))
        return false;
    (void)path_last(e->error->path, &step);
    return names_attribute(&step) || (e->node != NULL && !(e->node->nodetype & LYD_NODE_TERM));
}

static struct kind kind_of(const struct explanation *e)
{
    if (compat_error_code(e->item) == LY_EMEM)
        return (struct kind){.tag = RPC_RESOURCE_DENIED};
    if (is_attribute(e))
        return (struct kind){.tag = RPC_BAD_ATTRIBUTE};
    if (is_must(e))
        return kind_of_must(e);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (begins_with(e->message, kinds[i].beginning))
            return kinds[i];
    /* A constraint with a sentence of its module's: libyang still gives the app-tag. */
    for (size_t i = 0; e->item->apptag != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].app_tag != NULL && strcmp(kinds[i].app_tag, e->item->apptag) == 0)
            return (struct kind){.tag = kinds[i].tag, .app_tag = kinds[i].app_tag};
    return (struct kind){.tag = RPC_INVALID_VALUE};
}

static void take_word(struct explanation *e)
{
    const char *first = strchr(e->message, '"');
    size_t len = first != NULL ? strcspn(first + 1, "\"") : 0;

    (void)snprintf(e->word, sizeof(e->word), "%.*s", (int)len, first != NULL ? first + 1 : "");
}

/* Fills the kind, the path and the reason. */
static void explain(struct explanation *e, const struct ly_err_item *item)
{
    struct rpc_error *error = e->error;

    *error = (struct rpc_error){.type = RPC_ERROR_APPLICATION};
    e->item = item;
    e->message = item->msg != NULL ? item->msg : "is refused, and libyang gives no reason";
    compat_error_place(item, error->path, sizeof(error->path), &e->line);
    e->node = e->leaf != NULL ? e->leaf : path_node(e->schema, error->path);
    take_word(e);
    const struct kind kind = kind_of(e);
    error->tag = kind.tag;
    error->app_tag = kind.app_tag;
    if (kind.explain != NULL)
        kind.explain(e);
    if (error->message[0] == '\0' && (!is_of_libyang(e->message) || !say_type(e)))
        say(e, "%s", e->message);
}

/* --- what comes of it ------------------------------------------------------------------------ */

void explain_errors(const struct ly_ctx *schema, const struct lyd_node *tree,
                    struct config_error *error)
{
    struct rpc_error found;
    struct explanation e = {.schema = schema, .tree = tree, .error = &found};

    for (const struct ly_err_item *item = ly_err_first(schema); item != NULL; item = item->next) {
        explain(&e, item);
        config_error_add(error, CONFIG_INVALID, e.line, found.path, "%s", found.message);
    }
    if (error->count == 0)
        config_error_add(error, CONFIG_INVALID, 0, NULL, "libyang refuses it and gives no reason");
}

bool explain_value(struct ly_ctx *schema, const struct lysc_node *leaf, const char *value,
                   char reason[static CONFIG_REASON_SIZE])
{
    struct rpc_error found;
    struct explanation e = {.schema = schema, .leaf = leaf, .error = &found};

    ly_err_clean(schema, NULL);
    LY_ERR result = lyd_value_validate(schema, leaf, value, strlen(value), NULL, NULL, NULL);
    const struct ly_err_item *item = ly_err_last(schema);
    (void)snprintf(reason, CONFIG_REASON_SIZE, "is not a value of its type");
    if (result != LY_SUCCESS && result != LY_EINCOMPLETE && item != NULL) {
        explain(&e, item);
        memcpy(reason, found.message, CONFIG_REASON_SIZE);
    }
    ly_err_clean(schema, NULL);
    return result == LY_SUCCESS || result == LY_EINCOMPLETE;
}

/* Attributes with a choice of values are `operation` and `insert`; libyang 2 does not say which, 3
 * has it at the end of the path. One that is not known is quoted with its module. */
static void name_attribute(struct explanation *e)
{
    struct rpc_error *error = e->error;
    const char *colon = strchr(e->word, ':');
    const char *name = colon != NULL ? colon + 1 : e->word;
    struct path_step step;

    if (error->tag == RPC_BAD_ATTRIBUTE) {
        name = "operation";
        (void)snprintf(error->message, sizeof(error->message),
                       "an attribute in here has a value that is none of its own: give merge, "
                       "replace, create, delete or remove as operation; first, last, before or "
                       "after as insert");
    }
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s",
                   name[0] != '\0' ? name : "operation");
    (void)path_last(error->path, &step);
    if (!names_attribute(&step))
        return;
    bool alone = step.name.at[0] == '@';
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%.*s",
                   (int)step.name.len - alone, step.name.at + alone);
    error->path[(alone ? step.name.at : step.module.at) - error->path - 1] = '\0';
}

/* What the error-info names (RFC 6241, appendix A). */
static void name_subject(struct explanation *e)
{
    struct rpc_error *error = e->error;
    struct path_step step;

    if (error->tag == RPC_BAD_ATTRIBUTE || error->tag == RPC_UNKNOWN_ATTRIBUTE)
        name_attribute(e);
    if (!path_last(error->path, &step) || step.name.len == 0)
        return;
    /* RFC 7950, 15.2 and 15.3: the path is that of the list, where libyang names an entry. */
    if (error->app_tag != NULL && (strcmp(error->app_tag, "too-many-elements") == 0 ||
                                   strcmp(error->app_tag, "too-few-elements") == 0))
        error->path[step.keys.at - error->path] = '\0';
    else if (error->tag >= RPC_BAD_ATTRIBUTE && error->tag <= RPC_UNKNOWN_NAMESPACE)
        (void)snprintf(error->bad_element, sizeof(error->bad_element), "%.*s", (int)step.name.len,
                       step.name.at);
}

void rpc_errors_from_libyang(struct rpc_errors *errors, const struct ly_ctx *schema,
                             const struct lyd_node *tree)
{
    size_t before = errors->count + errors->omitted;
    struct rpc_error found;
    struct explanation e = {.schema = schema, .tree = tree, .error = &found};

    for (const struct ly_err_item *item = ly_err_first(schema); item != NULL; item = item->next) {
        explain(&e, item);
        name_subject(&e);
        struct rpc_error *error =
            rpc_error_add(errors, found.type, found.tag, found.path, "%s", found.message);
        error->app_tag = found.app_tag;
        memcpy(error->bad_attribute, found.bad_attribute, sizeof(error->bad_attribute));
        memcpy(error->bad_element, found.bad_element, sizeof(error->bad_element));
    }
    if (errors->count + errors->omitted == before)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "libyang refuses it and gives no reason: memory may be out");
}
