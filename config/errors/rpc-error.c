/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/errors/rpc-error.h"

#include "agent/base/log.h"
#include "config/errors/explain.h"
#include "config/schema/compat.h"

#include <stdarg.h>

static const char *const type_texts[] = {
    [RPC_ERROR_TRANSPORT] = "transport",
    [RPC_ERROR_RPC] = "rpc",
    [RPC_ERROR_PROTOCOL] = "protocol",
    [RPC_ERROR_APPLICATION] = "application",
};

static const char *const tag_texts[] = {
    [RPC_IN_USE] = "in-use",
    [RPC_INVALID_VALUE] = "invalid-value",
    [RPC_TOO_BIG] = "too-big",
    [RPC_MISSING_ATTRIBUTE] = "missing-attribute",
    [RPC_BAD_ATTRIBUTE] = "bad-attribute",
    [RPC_UNKNOWN_ATTRIBUTE] = "unknown-attribute",
    [RPC_MISSING_ELEMENT] = "missing-element",
    [RPC_BAD_ELEMENT] = "bad-element",
    [RPC_UNKNOWN_ELEMENT] = "unknown-element",
    [RPC_UNKNOWN_NAMESPACE] = "unknown-namespace",
    [RPC_ACCESS_DENIED] = "access-denied",
    [RPC_LOCK_DENIED] = "lock-denied",
    [RPC_RESOURCE_DENIED] = "resource-denied",
    [RPC_ROLLBACK_FAILED] = "rollback-failed",
    [RPC_DATA_EXISTS] = "data-exists",
    [RPC_DATA_MISSING] = "data-missing",
    [RPC_OPERATION_NOT_SUPPORTED] = "operation-not-supported",
    [RPC_OPERATION_FAILED] = "operation-failed",
    [RPC_MALFORMED_MESSAGE] = "malformed-message",
};

const char *rpc_error_type_text(enum rpc_error_type type)
{
    return type_texts[type];
}

const char *rpc_error_tag_text(enum rpc_error_tag tag)
{
    return tag_texts[tag];
}

/* --- the set --------------------------------------------------------------------------------- */

void rpc_errors_clear(struct rpc_errors *errors)
{
    errors->count = 0;
    errors->omitted = 0;
}

struct rpc_error *rpc_error_add(struct rpc_errors *errors, enum rpc_error_type type,
                                enum rpc_error_tag tag, const char *path, const char *format, ...)
{
    static struct rpc_error thrown_away;
    char message[CONFIG_REASON_SIZE];
    struct rpc_error *error = &thrown_away;
    va_list arguments;

    if (errors->count < RPC_ERRORS_MAX)
        error = &errors->items[errors->count++];
    else
        errors->omitted++;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    *error = (struct rpc_error){.type = type, .tag = tag};
    (void)log_safe(path, path != NULL ? strlen(path) : 0, error->path, sizeof(error->path));
    (void)log_safe(message, strlen(message), error->message, sizeof(error->message));
    return error;
}

/* --- libyang --------------------------------------------------------------------------------- */

/*
 * How libyang begins what it says, and what that is in RFC 7950. Section 15 names the tags of
 * constraints, 8.3.1 those of what cannot be parsed. Neither names one for a mandatory leaf that is
 * absent: it gets data-missing, as a mandatory choice does (15.6), and the path of the leaf.
 */
static const struct kind {
    const char *beginning;
    enum rpc_error_tag tag;
    const char *app_tag;
} kinds[] = {
    {"Mandatory choice ", RPC_DATA_MISSING, "missing-choice"},
    {"Mandatory node ", RPC_DATA_MISSING, NULL},
    {"List instance is missing its key ", RPC_MISSING_ELEMENT, NULL},
    {"Unique data leaf(s) ", RPC_OPERATION_FAILED, "data-not-unique"},
    {"Too many ", RPC_OPERATION_FAILED, "too-many-elements"},
    {"Too few ", RPC_OPERATION_FAILED, "too-few-elements"},
    {"Invalid leafref value ", RPC_DATA_MISSING, "instance-required"},
    {"Invalid instance-identifier ", RPC_DATA_MISSING, "instance-required"},
    {"Duplicate instance of ", RPC_BAD_ELEMENT, NULL},
    {"Data for both cases ", RPC_BAD_ELEMENT, NULL},
    {"When condition ", RPC_UNKNOWN_ELEMENT, NULL},
    {"Unexpected data state node ", RPC_UNKNOWN_ELEMENT, NULL},
    {"Node ", RPC_UNKNOWN_ELEMENT, NULL},
    {"No module ", RPC_UNKNOWN_NAMESPACE, NULL},
    {"Annotation definition for attribute ", RPC_UNKNOWN_ATTRIBUTE, NULL},
    {"Invalid ", RPC_INVALID_VALUE, NULL},
    {"Unsatisfied ", RPC_INVALID_VALUE, NULL},
};

/* The module's own app-tag goes with libyang's error: a copy is left with the schema's words, which
 * live as long as the program. */
static const char *must_app_tag(const struct ly_ctx *schema, const struct ly_err_item *item)
{
    const char *own = NULL;

    if (item->apptag == NULL || strcmp(item->apptag, "must-violation") == 0 ||
        lydict_insert(schema, item->apptag, 0, &own) != LY_SUCCESS)
        return "must-violation";
    return own;
}

static struct kind kind_of(const struct ly_ctx *schema, const struct ly_err_item *item)
{
    if (compat_error_code(item) == LY_EMEM)
        return (struct kind){.tag = RPC_RESOURCE_DENIED};
    if (explain_is_attribute(schema, item))
        return (struct kind){.tag = RPC_BAD_ATTRIBUTE};
    if (explain_is_must(schema, item))
        return (struct kind){.tag = RPC_OPERATION_FAILED, .app_tag = must_app_tag(schema, item)};
    for (size_t i = 0; item->msg != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(item->msg, kinds[i].beginning, strlen(kinds[i].beginning)) == 0)
            return kinds[i];
    /* A constraint with a sentence of its module's: libyang still gives the app-tag. */
    for (size_t i = 0; item->apptag != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].app_tag != NULL && strcmp(kinds[i].app_tag, item->apptag) == 0)
            return kinds[i];
    return (struct kind){.tag = RPC_INVALID_VALUE};
}

/* Behind the last / of a path that stands in no quotes. */
static const char *last_step(const char *path)
{
    const char *start = path;
    char quote = '\0';

    for (const char *at = path; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        else if (*at == '/')
            start = at + 1;
    }
    return start;
}

/* The last name of a path, without its module and its keys. */
static void last_name(const char *path, char *name, size_t size)
{
    const char *start = last_step(path);
    size_t len = strcspn(start, "[");
    const char *colon = memchr(start, ':', len);
    if (colon != NULL) {
        len -= (size_t)(colon + 1 - start);
        start = colon + 1;
    }
    (void)snprintf(name, size, "%.*s", (int)len, start);
}

/* libyang 3 puts the attribute at the end of the path. */
static void take_attribute(struct rpc_error *error)
{
    size_t at = (size_t)(last_step(error->path) - error->path);
    const char *colon = strchr(error->path + at, ':');

    if (at == 0 || error->path[at] != '@')
        return;
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%s",
                   colon != NULL ? colon + 1 : error->path + at + 1);
    error->path[at - 1] = '\0';
}

/* Attributes with a choice of values are `operation` and `insert`; libyang 2 does not say which.
 * One that is not known is quoted with its module. */
static void name_attribute(struct rpc_error *error, const struct ly_err_item *item)
{
    const char *word = strchr(item->msg, '"');
    const char *colon = word != NULL ? strchr(word, ':') : NULL;
    const char *name = "operation";

    if (error->tag == RPC_BAD_ATTRIBUTE)
        (void)snprintf(error->message, sizeof(error->message),
                       "an attribute in here has a value that is none of its own: give merge, "
                       "replace, create, delete or remove as operation; first, last, before or "
                       "after as insert");
    else if (word != NULL)
        name = colon != NULL ? colon + 1 : word + 1;
    (void)snprintf(error->bad_attribute, sizeof(error->bad_attribute), "%.*s",
                   (int)strcspn(name, "\""), name);
    take_attribute(error);
    last_name(error->path, error->bad_element, sizeof(error->bad_element));
}

/* RFC 7950, 15.2 and 15.3: the path is that of the list, where libyang names one of its entries. */
static void name_list(struct rpc_error *error)
{
    size_t step = (size_t)(last_step(error->path) - error->path);

    error->path[step + strcspn(error->path + step, "[")] = '\0';
}

static bool is_about_number(const char *app_tag)
{
    return app_tag != NULL &&
           (strcmp(app_tag, "too-many-elements") == 0 || strcmp(app_tag, "too-few-elements") == 0);
}

static bool names_an_element(enum rpc_error_tag tag)
{
    return tag == RPC_MISSING_ELEMENT || tag == RPC_BAD_ELEMENT || tag == RPC_UNKNOWN_ELEMENT ||
           tag == RPC_UNKNOWN_NAMESPACE;
}

void rpc_errors_from_libyang(struct rpc_errors *errors, const struct ly_ctx *schema,
                             const struct lyd_node *tree)
{
    size_t before = errors->count + errors->omitted;

    for (const struct ly_err_item *item = ly_err_first(schema); item != NULL; item = item->next) {
        struct config_fault fault = {.line = 0};
        const struct kind kind = kind_of(schema, item);

        explain_error(schema, tree, item, &fault);
        struct rpc_error *error =
            rpc_error_add(errors, RPC_ERROR_APPLICATION, kind.tag, fault.path, "%s", fault.reason);
        error->app_tag = kind.app_tag;
        if (kind.tag == RPC_BAD_ATTRIBUTE || kind.tag == RPC_UNKNOWN_ATTRIBUTE)
            name_attribute(error, item);
        else if (is_about_number(kind.app_tag))
            name_list(error);
        else if (names_an_element(kind.tag))
            last_name(error->path, error->bad_element, sizeof(error->bad_element));
    }
    if (errors->count + errors->omitted == before)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "libyang refuses it and gives no reason: memory may be out");
}

void rpc_errors_from_faults(struct rpc_errors *errors, const struct config_error *faults)
{
    enum rpc_error_tag tag = RPC_OPERATION_FAILED;

    if (faults->status == CONFIG_INVALID)
        tag = RPC_INVALID_VALUE;
    else if (faults->status == CONFIG_NO_MEMORY)
        tag = RPC_RESOURCE_DENIED;
    for (size_t i = 0; i < faults->count; i++)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, faults->faults[i].path, "%s",
                            faults->faults[i].reason);
    errors->omitted += faults->omitted;
}
