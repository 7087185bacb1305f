/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/access/nacm-rules.h"

#include "config/schema/compat.h"

/* --- reading --------------------------------------------------------------------------------- */

/* Fills the steps, for which there is room. Attributes have no rules. */
static bool read_steps(struct nacm_path *path)
{
    struct cursor in = path_cursor(path->text);
    struct path_step step = {.name = {NULL, 0}};

    while (path_next(&in, &step)) {
        if (step.module.len == 0 || step.module.at[0] == '@' || step.name.at[0] == '@')
            return false;
        path->steps[path->step_count++] = step;
    }
    size_t left = strspn((const char *)in.at, " \t\r\n");
    const char *rest = (const char *)in.at + left;
    return path->step_count > 0 ? *rest == '\0' && path->step_count <= NACM_DEPTH_MAX
                                : strcmp(rest, "/") == 0;
}

static size_t count_slashes(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '/';
    return count;
}

bool nacm_path_read(struct nacm_path *path, const char *text, bool *memory)
{
    *path = (struct nacm_path){.text = strdup(text)};
    path->steps = calloc(count_slashes(text) + 1, sizeof(*path->steps));
    *memory = path->text == NULL || path->steps == NULL;
    if (!*memory && read_steps(path))
        return true;
    nacm_path_free(path);
    return false;
}

void nacm_path_free(struct nacm_path *path)
{
    free(path->text);
    free(path->steps);
    *path = (struct nacm_path){.text = NULL};
}

/* --- matching -------------------------------------------------------------------------------- */

/* A MAC may be written in several ways, and a rule about it is about all of them. */
static bool same_value(const struct lyd_node *leaf, struct path_part wanted)
{
    const char *value = lyd_get_value(leaf);
    struct mac wanted_mac;
    struct mac mac;

    if (strstr(leaf->schema->name, "mac") == NULL || !mac_parse(wanted.at, wanted.len, &wanted_mac))
        return path_is(wanted, value);
    return mac_parse(value, strlen(value), &mac) && mac_equal(&mac, &wanted_mac);
}

static const struct lyd_node *child_leaf(const struct lyd_node *node, struct path_part name)
{
    const struct lyd_node *child = lyd_child(node);

    while (child != NULL && (child->schema == NULL || !path_is(name, child->schema->name)))
        child = child->next;
    return child;
}

static bool key_holds(const struct path_key *key, const struct lyd_node *node)
{
    if (key->position > 0)
        return lyd_list_pos(node) == key->position;
    if (key->name.len > 0)
        node = child_leaf(node, key->name);
    return node != NULL && (node->schema->nodetype & LYD_NODE_TERM) != 0 &&
           same_value(node, key->value);
}

static bool keys_hold(const struct path_step *step, const struct lyd_node *node)
{
    struct cursor keys = path_keys(step);
    struct path_key key;

    while (path_next_key(&keys, &key))
        if (node == NULL || !key_holds(&key, node))
            return false;
    return true;
}

static bool is_named(const struct path_step *step, const struct lysc_node *schema)
{
    return path_is(step->name, schema->name) && path_is(step->module, schema->module->name);
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
        *particular = *particular || path->steps[i - 1].keys.len > 0;
        if (!keys_hold(&path->steps[i - 1], at.node))
            return false;
    }
    return true;
}
