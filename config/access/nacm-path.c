/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/access/nacm-rules.h"

#include "agent/base/number.h"
#include "config/schema/compat.h"

/* --- reading --------------------------------------------------------------------------------- */

/* Reads on in a text that is cut into pieces on the way. */
struct reader {
    char *at;
    struct nacm_path *path;
    size_t predicates;
};

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static bool take(struct reader *r, char wanted)
{
    skip_blanks(r);
    if (*r->at != wanted)
        return false;
    r->at++;
    return true;
}

static const char name_begins[] = "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char name_goes_on[] =
    "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

/* The length of the name that begins here, 0: none does. */
static size_t name_len(const char *text)
{
    return strspn(text, name_begins) > 0 ? strspn(text, name_goes_on) : 0;
}

/* A name, or module:name; what ends it is given back in *end, for it is cut off there. */
static bool read_name(struct reader *r, const char **module, const char **name, char *end)
{
    skip_blanks(r);
    char *start = r->at;
    size_t len = name_len(start);
    if (len > 0 && start[len] == ':') {
        start[len] = '\0';
        *module = start;
        start += len + 1;
        len = name_len(start);
    }
    if (len == 0)
        return false;
    *name = start;
    *end = start[len];
    r->at = start + len;
    start[len] = '\0';
    return true;
}

static bool read_value(struct reader *r, struct nacm_predicate *predicate)
{
    skip_blanks(r);
    char quote = *r->at;
    if (quote != '\'' && quote != '"')
        return false;
    char *end = strchr(r->at + 1, quote);
    if (end == NULL)
        return false;
    *end = '\0';
    predicate->value = r->at + 1;
    predicate->is_mac = mac_parse(predicate->value, strlen(predicate->value), &predicate->mac);
    r->at = end + 1;
    return true;
}

static bool read_position(struct reader *r, struct nacm_predicate *predicate)
{
    struct cursor text = cursor_of(r->at, strlen(r->at));
    uint64_t position = 0;

    if (!number_take(&text, UINT32_MAX, &position))
        return false;
    r->at += strlen(r->at) - cursor_left(&text);
    predicate->position = (uint32_t)position;
    return position > 0;
}

/* The name that a predicate is about, and its "=". */
static bool read_subject(struct reader *r, struct nacm_predicate *predicate)
{
    const char *module = NULL;
    char end = '\0';

    if (take(r, '.'))
        return take(r, '=');
    if (!read_name(r, &module, &predicate->name, &end) || end == '\0')
        return false;
    r->at++; /* what ended the name was overwritten */
    return end == '=' || (strchr(" \t\r\n", end) != NULL && take(r, '='));
}

/* After its "[". */
static bool read_predicate(struct reader *r, struct nacm_predicate *predicate)
{
    skip_blanks(r);
    bool done = *r->at >= '0' && *r->at <= '9'
                    ? read_position(r, predicate)
                    : read_subject(r, predicate) && read_value(r, predicate);
    return done && take(r, ']');
}

/* What follows the name of a step: *next ended it and was overwritten; afterwards it is what comes
 * next. */
static bool read_predicates(struct reader *r, struct nacm_step *step, char *next)
{
    while (*next == '[' || (*next != '\0' && strchr(" \t\r\n", *next) != NULL)) {
        r->at++;
        if (*next == '[') {
            struct nacm_predicate *predicate = &r->path->predicates[r->predicates++];
            if (!read_predicate(r, predicate))
                return false;
            step->predicate_count++;
        }
        *next = *r->at;
    }
    return true;
}

/* A step without a module is in that of the step before it. */
static bool read_steps(struct reader *r)
{
    struct nacm_path *path = r->path;
    const char *module = NULL;
    char next = *r->at;

    while (next == '/') {
        struct nacm_step *step = &path->steps[path->step_count];
        r->at++;
        if (!read_name(r, &module, &step->name, &next) || module == NULL)
            return false;
        step->module = module;
        step->predicates = &path->predicates[r->predicates];
        if (!read_predicates(r, step, &next))
            return false;
        path->step_count++;
    }
    return next == '\0';
}

static size_t count_of(const char *text, char c)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == c ? 1 : 0;
    return count;
}

bool nacm_path_read(struct nacm_path *path, const char *text, bool *memory)
{
    struct reader r = {.path = path};

    *path = (struct nacm_path){.text = strdup(text)};
    path->steps = calloc(count_of(text, '/') + 1, sizeof(*path->steps));
    path->predicates = calloc(count_of(text, '[') + 1, sizeof(*path->predicates));
    *memory = path->text == NULL || path->steps == NULL || path->predicates == NULL;
    if (!*memory) {
        r.at = path->text;
        skip_blanks(&r);
        if (strcmp(r.at, "/") == 0)
            return true;
        if (*r.at == '/' && read_steps(&r) && path->step_count <= NACM_DEPTH_MAX)
            return true;
    }
    nacm_path_free(path);
    return false;
}

void nacm_path_free(struct nacm_path *path)
{
    free(path->text);
    free(path->steps);
    free(path->predicates);
    *path = (struct nacm_path){.text = NULL};
}

/* --- matching -------------------------------------------------------------------------------- */

/* A MAC may be written in several ways, and a rule about it is about all of them. */
static bool same_value(const struct lyd_node *leaf, const struct nacm_predicate *predicate)
{
    const char *value = lyd_get_value(leaf);
    struct mac mac;

    if (!predicate->is_mac || strstr(leaf->schema->name, "mac") == NULL)
        return strcmp(value, predicate->value) == 0;
    return mac_parse(value, strlen(value), &mac) && mac_equal(&mac, &predicate->mac);
}

static const struct lyd_node *child_leaf(const struct lyd_node *node, const char *name)
{
    const struct lyd_node *child = lyd_child(node);

    while (child != NULL && (child->schema == NULL || strcmp(child->schema->name, name) != 0 ||
                             (child->schema->nodetype & LYD_NODE_TERM) == 0))
        child = child->next;
    return child;
}

static bool predicate_holds(const struct nacm_predicate *predicate, const struct lyd_node *node)
{
    if (predicate->position > 0)
        return lyd_list_pos(node) == predicate->position;
    if (predicate->name != NULL)
        node = child_leaf(node, predicate->name);
    return node != NULL && (node->schema->nodetype & LYD_NODE_TERM) != 0 &&
           same_value(node, predicate);
}

static bool predicates_hold(const struct nacm_step *step, const struct lyd_node *node)
{
    for (size_t i = 0; i < step->predicate_count; i++)
        if (node == NULL || !predicate_holds(&step->predicates[i], node))
            return false;
    return true;
}

static bool is_named(const struct nacm_step *step, const struct lysc_node *schema)
{
    return strcmp(schema->name, step->name) == 0 && strcmp(schema->module->name, step->module) == 0;
}

/* To the node that this one is in. */
static void climb(struct nacm_place *at)
{
    at->node = at->parent;
    at->schema = at->node != NULL ? at->node->schema : NULL;
    at->parent = at->node != NULL ? lyd_parent(at->node) : NULL;
}

bool nacm_path_matches(const struct nacm_path *path, const struct nacm_place *place,
                       bool *particular)
{
    struct nacm_place at = *place;
    size_t depth = 1;

    for (const struct lyd_node *node = place->parent; node != NULL; node = lyd_parent(node))
        depth++;
    if (path->step_count > depth)
        return false;
    for (; depth > path->step_count; depth--)
        climb(&at);
    const struct nacm_place target = at;
    for (size_t i = path->step_count; i > 0; i--, climb(&at))
        if (at.schema == NULL || !is_named(&path->steps[i - 1], at.schema))
            return false;
    at = target;
    for (size_t i = path->step_count; i > 0; i--, climb(&at)) {
        *particular = *particular || path->steps[i - 1].predicate_count > 0;
        if (!predicates_hold(&path->steps[i - 1], at.node))
            return false;
    }
    return true;
}
