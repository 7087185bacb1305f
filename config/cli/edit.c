/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/edit.h"

#include "agent/base/mac.h"
#include "config/cli/node.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NETCONF "urn:ietf:params:xml:ns:netconf:base:1.0"

enum operation { EDIT_MERGE, EDIT_REMOVE, EDIT_REPLACE };

/* A node that is told: container, list entry, leaf, or key. */
struct edit_node {
    char *name;
    char *module; /* of those at the top, else NULL */
    char *value;  /* of leaves and keys, else NULL */
    bool key;
    enum operation operation;
    unsigned line;
    struct edit_node *child;
    struct edit_node *next;
};

struct edit {
    struct edit_node root;
};

/* What one line is made of. */
struct adding {
    const struct command_line *line;
    const char *context;
    const struct tree *running;
    struct node_path path;
    char keys[NODE_KEYS_MAX][GRAMMAR_LINE_MAX];
    unsigned number;
    char *why;
    size_t size;
};

/* --- the tree -------------------------------------------------------------------------------- */

static char *copy_of(const char *text)
{
    char *copy = text != NULL ? strdup(text) : NULL;

    if (text != NULL && copy == NULL) {
        (void)fputs("nmsp: memory is out\n", stderr);
        exit(EXIT_FAILURE);
    }
    return copy;
}

static void free_node(struct edit_node *node);

static void free_children(struct edit_node *node, bool with_keys)
{
    struct edit_node **at = &node->child;

    while (*at != NULL) {
        struct edit_node *child = *at;
        if (child->key && !with_keys) {
            at = &child->next;
            continue;
        }
        *at = child->next;
        free_node(child);
    }
}

static void free_node(struct edit_node *node)
{
    free_children(node, true);
    free(node->name);
    free(node->module);
    free(node->value);
    free(node);
}

struct edit *edit_new(void)
{
    struct edit *edit = calloc(1, sizeof(*edit));

    if (edit == NULL) {
        (void)fputs("nmsp: memory is out\n", stderr);
        exit(EXIT_FAILURE);
    }
    return edit;
}

void edit_free(struct edit *edit)
{
    if (edit == NULL)
        return;
    free_children(&edit->root, true);
    free(edit);
}

bool edit_is_empty(const struct edit *edit)
{
    return edit->root.child == NULL;
}

static struct edit_node *append(struct edit_node *parent, const char *name, const char *value)
{
    struct edit_node **at = &parent->child;
    struct edit_node *node = calloc(1, sizeof(*node));

    if (node == NULL) {
        (void)fputs("nmsp: memory is out\n", stderr);
        exit(EXIT_FAILURE);
    }
    node->name = copy_of(name);
    node->value = copy_of(value);
    while (*at != NULL)
        at = &(*at)->next;
    *at = node;
    return node;
}

static bool has_keys(const struct edit_node *node, const struct node_step *step,
                     char keys[NODE_KEYS_MAX][GRAMMAR_LINE_MAX])
{
    const struct edit_node *key = node->child;

    for (size_t i = 0; i < step->keys; i++, key = key->next)
        if (key == NULL || !key->key || strcmp(key->value, keys[i]) != 0)
            return false;
    return true;
}

static struct edit_node *find(const struct edit_node *parent, const struct node_step *step,
                              char keys[NODE_KEYS_MAX][GRAMMAR_LINE_MAX])
{
    struct edit_node *node = parent->child;

    while (node != NULL && (strcmp(node->name, step->name) != 0 || !has_keys(node, step, keys)))
        node = node->next;
    return node;
}

/* The node of the line's path, with those above it. */
static struct edit_node *reach(struct edit *edit, struct adding *adding)
{
    struct edit_node *node = &edit->root;

    for (size_t i = 0; i < adding->path.count; i++) {
        const struct node_step *step = &adding->path.step[i];
        struct edit_node *next = find(node, step, adding->keys);
        if (next == NULL) {
            next = append(node, step->name, NULL);
            next->module = i == 0 ? copy_of(adding->path.module) : NULL;
            for (size_t k = 0; k < step->keys; k++)
                append(next, step->key[k].name, adding->keys[k])->key = true;
        } else if (next->operation == EDIT_REMOVE) {
            next->operation = EDIT_REPLACE;
        }
        next->line = adding->number;
        node = next;
    }
    return node;
}

static void tell(struct edit_node *node, const char *leaf, const char *value, unsigned line)
{
    struct edit_node *child = node->child;

    while (child != NULL && strcmp(child->name, leaf) != 0)
        child = child->next;
    if (child == NULL)
        child = append(node, leaf, NULL);
    free(child->value);
    child->value = copy_of(value != NULL ? value : "");
    child->operation = value != NULL ? EDIT_MERGE : EDIT_REMOVE;
    child->line = line;
}

/* --- what is there --------------------------------------------------------------------------- */

static bool same_mac(const char *x, const char *y)
{
    struct mac a;
    struct mac b;

    return mac_parse(x, strlen(x), &a) && mac_parse(y, strlen(y), &b) && mac_equal(&a, &b);
}

static bool entry_has_keys(const struct tree *entry, const struct node_step *step,
                           char keys[NODE_KEYS_MAX][GRAMMAR_LINE_MAX])
{
    for (size_t i = 0; i < step->keys; i++) {
        const char *value = tree_or(entry, step->key[i].name, "");
        if (strcmp(value, keys[i]) != 0 && !same_mac(value, keys[i]))
            return false;
    }
    return true;
}

/* The node of the first `count` steps in the running configuration, or NULL. */
static const struct tree *find_running(const struct adding *adding, size_t count,
                                       char keys[NODE_KEYS_MAX][GRAMMAR_LINE_MAX])
{
    const struct tree *node = adding->running;

    for (size_t i = 0; i < count && node != NULL; i++) {
        const struct node_step *step = &adding->path.step[i];
        node = tree_named(node->child, step->name);
        while (node != NULL && !entry_has_keys(node, step, keys))
            node = tree_named(node->next, step->name);
    }
    return node;
}

/* The same in what was told already. */
static struct edit_node *find_told(struct edit *edit, struct adding *adding, size_t count)
{
    struct edit_node *node = &edit->root;

    for (size_t i = 0; i < count && node != NULL; i++)
        node = find(node, &adding->path.step[i], adding->keys);
    return node;
}

static bool is_there(struct edit *edit, struct adding *adding, size_t count)
{
    const struct edit_node *told = find_told(edit, adding, count);

    return told != NULL ? told->operation != EDIT_REMOVE
                        : find_running(adding, count, adding->keys) != NULL;
}

/* A list that is keyed by a MAC may have it in another spelling. */
static void take_spelling(struct adding *adding)
{
    const struct tree *entry = find_running(adding, adding->path.count, adding->keys);

    for (size_t i = 0; entry != NULL && i < node_last(&adding->path)->keys; i++)
        (void)snprintf(adding->keys[i], GRAMMAR_LINE_MAX, "%s",
                       tree_or(entry, node_last(&adding->path)->key[i].name, ""));
}

/* --- a line ---------------------------------------------------------------------------------- */

static bool refuse(struct adding *adding, const char *sentence)
{
    (void)snprintf(adding->why, adding->size, "%s", sentence);
    return false;
}

static bool read_keys(struct adding *adding)
{
    const struct node_step *last = node_last(&adding->path);

    for (size_t i = 0; i < last->keys; i++) {
        const char *value = line_value(adding->line, last->key[i].name);
        if (value == NULL)
            value = last->key[i].otherwise[0] != '\0' ? last->key[i].otherwise : adding->context;
        if (value == NULL)
            return refuse(adding, "This line stands in no block");
        (void)snprintf(adding->keys[i], GRAMMAR_LINE_MAX, "%s", value);
    }
    return true;
}

/* How many digits came and how many are needed. */
static bool check_hash(struct adding *adding, const char *hash)
{
    size_t len = strlen(hash);
    const char *hint = "";

    if (strspn(hash, "0123456789abcdef") != len)
        return refuse(adding, "The key hash holds something other than hex digits: paste the "
                              "digits alone; blanks and colons between them do no harm");
    if (len == 40 || len == 64)
        return true;
    if (len == 39 || len == 63)
        hint = ": one was lost";
    else if (len == 41 || len == 65)
        hint = ": one is too many";
    (void)snprintf(adding->why, adding->size,
                   "The key hash has %zu hex digits, and needs 40 (SHA1) or 64 (SHA2)%s. Copy it "
                   "again from the server (show server-auth-info)",
                   len, hint);
    return false;
}

static bool check_values(struct adding *adding)
{
    for (size_t i = 0; i < adding->line->count; i++)
        if (adding->line->values[i].token->kind == TOKEN_HASH &&
            !check_hash(adding, adding->line->values[i].text))
            return false;
    return true;
}

static bool check_presence(struct edit *edit, struct adding *adding)
{
    for (size_t i = 0; i < adding->path.count; i++)
        if (adding->path.step[i].presence && !is_there(edit, adding, i + 1))
            return refuse(adding, "There is no listener that this could belong to: nmsp listen "
                                  "comes first");
    return true;
}

static bool is_key(const struct adding *adding, const char *leaf)
{
    return node_key(&adding->path, leaf) < node_last(&adding->path)->keys;
}

static void set(struct edit *edit, struct adding *adding)
{
    const struct command_line *line = adding->line;
    const struct grammar *grammar = grammar_of(line->command);
    struct edit_node *node = reach(edit, adding);

    for (size_t i = 0; i < line->count; i++)
        if (!is_key(adding, line->values[i].token->leaf))
            tell(node, line->values[i].token->leaf, line->values[i].text, adding->number);
    for (size_t i = 0; i < grammar->count && line->command->flags & COMMAND_ENTRY; i++) {
        const char *leaf = grammar->tokens[i].leaf;
        if (leaf != NULL && !is_key(adding, leaf) && line_value(line, leaf) == NULL)
            tell(node, leaf, NULL, adding->number);
    }
}

/* An entry that has nothing but its keys when this leaf goes, goes as well: it was there for it. */
static bool is_last_leaf(struct edit *edit, struct adding *adding, const char *leaf)
{
    const struct tree *entry = find_running(adding, adding->path.count, adding->keys);

    if (adding->context != NULL || node_last(&adding->path)->keys == 0 || entry == NULL ||
        find_told(edit, adding, adding->path.count) != NULL)
        return false;
    for (const struct tree *child = entry->child; child != NULL; child = child->next)
        if (!is_key(adding, child->name) && strcmp(child->name, leaf) != 0)
            return false;
    return true;
}

static void remove_node(struct edit *edit, struct adding *adding)
{
    struct edit_node *node = reach(edit, adding);

    free_children(node, false);
    node->operation = EDIT_REMOVE;
}

static void unset(struct edit *edit, struct adding *adding)
{
    const struct grammar *grammar = grammar_of(adding->line->command);

    if (!is_there(edit, adding, adding->path.count)) {
        /* There is nothing that could have it; plain containers need not be there. */
        return;
    }
    if (adding->line->command->flags & COMMAND_ENTRY) {
        remove_node(edit, adding);
        return;
    }
    for (size_t i = 0; i < grammar->count; i++) {
        const char *leaf = grammar->tokens[i].leaf;
        if (leaf == NULL || is_key(adding, leaf))
            continue;
        if (is_last_leaf(edit, adding, leaf)) {
            remove_node(edit, adding);
            return;
        }
        tell(reach(edit, adding), leaf, NULL, adding->number);
    }
}

bool edit_needs_running(const struct command_line *line)
{
    const struct grammar *grammar = grammar_of(line->command);

    if (line->form != LINE_SETS || strchr(line->command->node, '!') != NULL)
        return true;
    for (size_t i = 0; i < grammar->count; i++)
        if (grammar->tokens[i].kind == TOKEN_USER_MAC)
            return true;
    return false;
}

bool edit_add(struct edit *edit, const struct command_line *line, const char *context,
              const struct tree *running, unsigned number, char *why, size_t size)
{
    static struct adding adding;

    memset(&adding, 0, sizeof(adding));
    adding.line = line;
    adding.context = context;
    adding.running = running;
    adding.number = number;
    adding.why = why;
    adding.size = size;
    node_read(line->command->node, &adding.path);
    if (!read_keys(&adding))
        return false;
    take_spelling(&adding);
    if (line->form != LINE_SETS) {
        unset(edit, &adding);
        return true;
    }
    if (!check_values(&adding) || !check_presence(edit, &adding))
        return false;
    set(edit, &adding);
    return true;
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_node(const struct edit_node *node, struct buffer *out)
{
    static const char *const operations[] = {
        [EDIT_MERGE] = "",
        [EDIT_REMOVE] = " nc:operation=\"remove\"",
        [EDIT_REPLACE] = " nc:operation=\"replace\"",
    };

    buffer_print(out, "<%s", node->name);
    if (node->module != NULL)
        buffer_print(out, " xmlns=\"urn:nmspd:yang:nmspd-%s\" xmlns:nc=\"" NETCONF "\"",
                     node->module);
    buffer_print(out, "%s>", operations[node->operation]);
    if (node->value != NULL && node->operation != EDIT_REMOVE)
        buffer_escape(out, node->value);
    for (const struct edit_node *child = node->child; child != NULL; child = child->next)
        write_node(child, out);
    buffer_print(out, "</%s>", node->name);
}

void edit_write(const struct edit *edit, struct buffer *out)
{
    for (const struct edit_node *node = edit->root.child; node != NULL; node = node->next)
        write_node(node, out);
}

/* Behind a step of an instance identifier, with its keys. */
static const char *behind_step(const char *path)
{
    char quote = '\0';

    for (path++; *path != '\0' && (quote != '\0' || *path != '/'); path++) {
        if (quote != '\0')
            quote = *path == quote ? '\0' : quote;
        else if (*path == '\'' || *path == '"')
            quote = *path;
    }
    return path;
}

static bool is_step(const char *path, size_t len, const struct edit_node *node)
{
    const char *colon = memchr(path + 1, ':', strcspn(path + 1, "[/"));
    const char *name = colon != NULL ? colon + 1 : path + 1;
    char quoted[GRAMMAR_LINE_MAX + 3];

    if (strncmp(name, node->name, strlen(node->name)) != 0 ||
        strchr("[/", name[strlen(node->name)]) == NULL)
        return false;
    for (const struct edit_node *key = node->child; key != NULL && key->key; key = key->next) {
        (void)snprintf(quoted, sizeof(quoted), "'%s'", key->value);
        const char *found = memmem(path, len, quoted, strlen(quoted));
        quoted[0] = quoted[strlen(quoted) - 1] = '"';
        if (found == NULL && memmem(path, len, quoted, strlen(quoted)) == NULL)
            return false;
    }
    return true;
}

unsigned edit_line_at(const struct edit *edit, const char *path)
{
    const struct edit_node *node = &edit->root;
    unsigned line = 0;

    while (*path == '/') {
        const char *behind = behind_step(path);
        const struct edit_node *child = node->child;
        while (child != NULL && !is_step(path, (size_t)(behind - path), child))
            child = child->next;
        if (child == NULL)
            break;
        line = child->line;
        node = child;
        path = behind;
    }
    return line;
}
