/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/access/nacm-rules.h"

#include "agent/base/log.h"
#include "config/schema/compat.h"

/* --- the tree -------------------------------------------------------------------------------- */

static const struct lyd_node *next_of(const struct lyd_node *node, const char *name)
{
    while (node != NULL && (node->schema == NULL || strcmp(node->schema->name, name) != 0))
        node = node->next;
    return node;
}

static const struct lyd_node *child_of(const struct lyd_node *parent, const char *name)
{
    return next_of(lyd_child(parent), name);
}

static const char *value_of(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = child_of(parent, name);
    return node != NULL ? lyd_get_value(node) : NULL;
}

static size_t count_of(const struct lyd_node *parent, const char *name)
{
    size_t count = 0;

    for (const struct lyd_node *node = child_of(parent, name); node != NULL;
         node = next_of(node->next, name))
        count++;
    return count;
}

/* Whether a leaf says so, `otherwise` if it is not there. */
static bool says(const struct lyd_node *parent, const char *name, const char *yes, bool otherwise)
{
    const char *value = value_of(parent, name);
    return value != NULL ? strcmp(value, yes) == 0 : otherwise;
}

static bool is_any(const char *value)
{
    return value == NULL || strcmp(value, "*") == 0;
}

/* --- reading --------------------------------------------------------------------------------- */

/* An array for the entries of a list, each filled by `read`. False if memory is out; what was read
 * is then counted and can be freed. */
static bool read_list(const struct lyd_node *parent, const char *name, size_t size, void *array,
                      size_t *count, bool (*read)(const struct lyd_node *entry, void *to))
{
    size_t entries = count_of(parent, name);
    const struct lyd_node *node = child_of(parent, name);

    if (entries == 0)
        return true;
    char *items = calloc(entries, size);
    if (items == NULL)
        return false;
    memcpy(array, &items, sizeof(items));
    for (; node != NULL; node = next_of(node->next, name)) {
        (*count)++;
        if (!read(node, items + (*count - 1) * size))
            return false;
    }
    return true;
}

static bool read_text(const struct lyd_node *leaf, void *to)
{
    char *text = strdup(lyd_get_value(leaf));

    memcpy(to, &text, sizeof(text));
    return text != NULL;
}

/* "*" is no text: NULL. */
static bool read_name(const char *value, char **to)
{
    *to = is_any(value) ? NULL : strdup(value);
    return is_any(value) || *to != NULL;
}

static bool read_group(const struct lyd_node *entry, void *to)
{
    struct nacm_group *group = to;

    group->name = strdup(value_of(entry, "name"));
    return group->name != NULL && read_list(entry, "user-name", sizeof(*group->users),
                                            &group->users, &group->user_count, read_text);
}

/* A word of a list of words. */
static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t this_len = strcspn(at, " ");
        if (this_len == len && memcmp(at, word, len) == 0)
            return true;
        at += this_len;
    }
    return false;
}

static unsigned read_access(const char *words)
{
    unsigned access = 0;

    if (is_any(words))
        return NACM_ALL;
    access |= has_word(words, "create") ? NACM_CREATE : 0;
    access |= has_word(words, "read") ? NACM_READ : 0;
    access |= has_word(words, "update") ? NACM_UPDATE : 0;
    access |= has_word(words, "delete") ? NACM_DELETE : 0;
    access |= has_word(words, "exec") ? NACM_EXEC : 0;
    return access;
}

/* False if memory is out. */
static bool read_path(const struct lyd_node *entry, struct nacm_rule *rule)
{
    const char *text = value_of(entry, "path");
    char safe[256];
    bool memory = false;

    rule->kind = NACM_DATA;
    if (nacm_path_read(&rule->path, text, &memory))
        return true;
    if (memory)
        return false;
    rule->is_unreadable = true;
    log_warning("nacm: rule %s: its path %s is no instance identifier: the rule %s. Give the path "
                "of a node, with module names as prefixes",
                value_of(entry, "name"), log_safe(text, strlen(text), safe, sizeof(safe)),
                rule->permits ? "permits nothing" : "denies everything that it may be about");
    return true;
}

static bool read_rule(const struct lyd_node *entry, void *to)
{
    struct nacm_rule *rule = to;
    const char *rpc = value_of(entry, "rpc-name");
    const char *notification = value_of(entry, "notification-name");

    rule->permits = says(entry, "action", "permit", false);
    rule->access = read_access(value_of(entry, "access-operations"));
    if (!read_name(value_of(entry, "module-name"), &rule->module))
        return false;
    if (child_of(entry, "path") != NULL)
        return read_path(entry, rule);
    rule->kind = rpc != NULL ? NACM_RPC : notification != NULL ? NACM_NOTIFICATION : NACM_ANY;
    return read_name(rpc != NULL ? rpc : notification, &rule->name);
}

static bool read_rule_list(const struct lyd_node *entry, void *to)
{
    struct nacm_rule_list *list = to;

    return read_list(entry, "group", sizeof(*list->groups), &list->groups, &list->group_count,
                     read_text) &&
           read_list(entry, "rule", sizeof(*list->rules), &list->rules, &list->rule_count,
                     read_rule);
}

static const struct lyd_node *find_nacm(const struct lyd_node *running)
{
    for (; running != NULL; running = running->next)
        if (running->schema != NULL && strcmp(running->schema->name, "nacm") == 0 &&
            strcmp(running->schema->module->name, "ietf-netconf-acm") == 0)
            return running;
    return NULL;
}

bool nacm_rules_read(struct nacm_rules *rules, const struct lyd_node *running)
{
    const struct lyd_node *nacm = find_nacm(running);
    const struct lyd_node *groups = nacm != NULL ? child_of(nacm, "groups") : NULL;

    *rules = (struct nacm_rules){
        .enabled = true, .reads = true, .executes = true, .external_groups = true};
    if (nacm == NULL)
        return true;
    rules->enabled = says(nacm, "enable-nacm", "true", true);
    rules->reads = says(nacm, "read-default", "permit", true);
    rules->writes = says(nacm, "write-default", "permit", false);
    rules->executes = says(nacm, "exec-default", "permit", true);
    rules->external_groups = says(nacm, "enable-external-groups", "true", true);
    if ((groups == NULL || read_list(groups, "group", sizeof(*rules->groups), &rules->groups,
                                     &rules->group_count, read_group)) &&
        read_list(nacm, "rule-list", sizeof(*rules->lists), &rules->lists, &rules->list_count,
                  read_rule_list))
        return true;
    nacm_rules_free(rules);
    return false;
}

/* --- freeing --------------------------------------------------------------------------------- */

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_rules(struct nacm_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rules[i].module);
        free(rules[i].name);
        nacm_path_free(&rules[i].path);
    }
    free(rules);
}

void nacm_rules_free(struct nacm_rules *rules)
{
    for (size_t i = 0; i < rules->group_count; i++) {
        free(rules->groups[i].name);
        free_texts(rules->groups[i].users, rules->groups[i].user_count);
    }
    free(rules->groups);
    for (size_t i = 0; i < rules->list_count; i++) {
        free_texts(rules->lists[i].groups, rules->lists[i].group_count);
        free_rules(rules->lists[i].rules, rules->lists[i].rule_count);
    }
    free(rules->lists);
    *rules = (struct nacm_rules){.enabled = false};
}
