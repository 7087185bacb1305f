/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/running.h"

#include "config/cli/grammar.h"
#include "config/cli/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer_state {
    void (*line)(void *context, const char *text);
    void *context;
    const struct tree *data;
    bool all;
};

/* A way through an automaton that says what the data says. */
struct way {
    size_t count;
    unsigned bound; /* leaves that it says */
    uint8_t position[GRAMMAR_POSITIONS_MAX];
};

struct search {
    const struct grammar *grammar;
    const struct node_path *path;
    const struct tree *entry;
    bool negated; /* a switch is off: its line is written with no */
    struct way now;
    struct way best;
};

/* --- a line ---------------------------------------------------------------------------------- */

/* The value that a line would have to say, or NULL. */
static const char *value_of(const struct search *search, const char *leaf)
{
    const struct node_step *last = node_last(search->path);
    size_t key = node_key(search->path, leaf);
    const char *value = tree_text(search->entry, leaf);

    if (value != NULL && key < last->keys && strcmp(value, last->key[key].otherwise) == 0)
        return NULL;
    return value;
}

static bool says(const struct search *search, const struct token *token)
{
    char buf[GRAMMAR_LINE_MAX];
    const char *value = token->leaf != NULL ? value_of(search, token->leaf) : "";

    if (value == NULL)
        return false;
    if (token->leaf == NULL)
        return token->kind == TOKEN_KEYWORD;
    if (token->kind == TOKEN_KEYWORD)
        return (strcmp(value, token->value) == 0) != search->negated;
    return grammar_write(token, value, buf, sizeof(buf));
}

/* The way that says most, and of those the shortest. */
static bool is_better(const struct way *way, const struct way *than)
{
    return than->count == 0 || way->bound > than->bound ||
           (way->bound == than->bound && way->count < than->count);
}

static void follow(struct search *search, uint32_t next)
{
    const struct grammar *grammar = search->grammar;

    for (size_t p = 0; p < grammar->count; p++) {
        const struct token *token = &grammar->tokens[p];
        if (!(next >> p & 1) || !says(search, token))
            continue;
        search->now.position[search->now.count++] = (uint8_t)p;
        search->now.bound += token->leaf != NULL ? 1 : 0;
        if ((grammar->last >> p & 1) && is_better(&search->now, &search->best))
            search->best = search->now;
        follow(search, token->follow);
        search->now.count--;
        search->now.bound -= token->leaf != NULL ? 1 : 0;
    }
}

static void write_way(const struct writer_state *state, const struct search *search,
                      const char *indent)
{
    char text[2 * GRAMMAR_LINE_MAX];
    char word[GRAMMAR_LINE_MAX];
    size_t used = 0;

    text[0] = '\0';
    used += (size_t)snprintf(text, sizeof(text), "%s%s", indent, search->negated ? "no " : "");
    for (size_t i = 0; i < search->best.count && used < sizeof(text); i++) {
        const struct token *token = &search->grammar->tokens[search->best.position[i]];
        const char *value = token->leaf != NULL ? value_of(search, token->leaf) : "";
        (void)grammar_write(token, value, word, sizeof(word));
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "", word);
    }
    state->line(state->context, text);
}

/* A command that is nothing but a switch: one leaf, said by a keyword. */
static bool is_switch(const struct command *command)
{
    const struct grammar *grammar = grammar_of(command);
    size_t leaves = 0;

    for (size_t i = 0; i < grammar->count; i++)
        if (grammar->tokens[i].leaf != NULL)
            leaves += grammar->tokens[i].kind == TOKEN_KEYWORD ? 1 : 2;
    return leaves == 1;
}

static bool write_command(const struct writer_state *state, const struct command *command,
                          const struct node_path *path, const struct tree *entry,
                          const char *indent)
{
    struct search search = {.grammar = grammar_of(command), .path = path, .entry = entry};

    follow(&search, search.grammar->first);
    if (search.best.count == 0 && state->all && is_switch(command)) {
        search.negated = true;
        follow(&search, search.grammar->first);
    }
    if (search.best.count == 0)
        return false;
    write_way(state, &search, indent);
    return true;
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool is_bare(const struct tree *entry, const struct node_path *path)
{
    for (const struct tree *child = entry->child; child != NULL; child = child->next)
        if (node_key(path, child->name) == node_last(path)->keys)
            return false;
    return true;
}

/* The lines of a block, which belong to the same entry. */
static void write_block(const struct writer_state *state, const struct command *header,
                        const struct tree *entry)
{
    struct node_path path;

    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        if ((command->modes & header->enters) == 0 || command->node == NULL)
            continue;
        node_read(command->node, &path);
        (void)write_command(state, command, &path, entry, " ");
    }
    state->line(state->context, "!");
}

static void write_entry(const struct writer_state *state, const struct command *command,
                        const struct node_path *path, const struct tree *entry)
{
    if (command->flags & COMMAND_BARE && !is_bare(entry, path))
        return;
    if (write_command(state, command, path, entry, "") && command->enters != 0)
        write_block(state, command, entry);
}

static const struct node_path *sorted_path;

/* By their keys: in which order the agent has them means nothing. */
static int by_keys(const void *x, const void *y)
{
    const struct tree *a = *(const struct tree *const *)x;
    const struct tree *b = *(const struct tree *const *)y;
    int order = 0;

    for (size_t i = 0; i < node_last(sorted_path)->keys && order == 0; i++)
        order = strcmp(tree_or(a, node_last(sorted_path)->key[i].name, ""),
                       tree_or(b, node_last(sorted_path)->key[i].name, ""));
    return order;
}

static void write_entries(const struct writer_state *state, const struct command *command,
                          const struct node_path *path, const struct tree *above)
{
    const struct tree **entries = NULL;
    size_t count = 0;

    for (TREE_EACH(node, above, node_last(path)->name))
        count++;
    entries = calloc(count + 1, sizeof(const struct tree *));
    if (entries == NULL) {
        (void)fputs("nmsp: memory is out\n", stderr);
        exit(EXIT_FAILURE);
    }
    count = 0;
    for (TREE_EACH(node, above, node_last(path)->name))
        entries[count++] = node;
    sorted_path = path;
    qsort(entries, count, sizeof(const struct tree *), by_keys);
    for (size_t i = 0; i < count; i++)
        write_entry(state, command, path, entries[i]);
    free(entries);
}

/* Each container or entry that the path leads to. */
static void write_each(const struct writer_state *state, const struct command *command,
                       const struct node_path *path, const struct tree *data)
{
    for (size_t i = 0; i + 1 < path->count && data != NULL; i++)
        data = tree_at(data, path->step[i].name);
    if (data != NULL)
        write_entries(state, command, path, data);
}

static bool is_written(const struct command *command)
{
    return command->node != NULL && (command->modes & MODE_CONFIG) != 0 &&
           (command->flags & COMMAND_SILENT) == 0;
}

/* A blank line of IOS between what belongs to different things. */
static bool begins_part(const struct command *command, const struct command *before)
{
    return before == NULL || strncmp(command->node, before->node, 3) != 0;
}

struct counted {
    const struct writer_state *state;
    bool parted; /* the last line was the ! that ends a block */
    const struct command *command;
    const struct command *before;
};

static void separated(void *context, const char *text)
{
    struct counted *counted = context;

    if (counted->command != counted->before && begins_part(counted->command, counted->before) &&
        !counted->parted)
        counted->state->line(counted->state->context, "!");
    counted->before = counted->command;
    counted->parted = strcmp(text, "!") == 0;
    counted->state->line(counted->state->context, text);
}

void running_write(const struct tree *data, bool all, void (*line)(void *context, const char *text),
                   void *context)
{
    const struct writer_state to = {line, context, data, all};
    struct counted counted = {&to, false, NULL, NULL};
    const struct writer_state state = {separated, &counted, data, all};
    struct node_path path;

    for (size_t i = 0; i < command_count; i++) {
        if (!is_written(&commands[i]))
            continue;
        counted.command = &commands[i];
        node_read(commands[i].node, &path);
        write_each(&state, &commands[i], &path, data);
    }
    if (!counted.parted)
        line(context, "!");
    line(context, "end");
}
