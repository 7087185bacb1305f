/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line at the command line, and an answer of the agent. The first byte: the mode; 7 for an
 * answer.
 *
 * What must hold: a caret stands within its line, a command has its values, what is offered behind
 * a line can be typed there, and a line that was taken is taken with its keywords in capitals, too.
 */
#include "config/cli/edit.h"
#include "config/cli/out.h"

#include <stdlib.h>
#include <string.h>

enum { MODES = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_values(const struct command_line *line)
{
    struct edit *edit = edit_new();
    struct buffer xml = {NULL, 0, 0};
    char why[512];

    for (size_t i = 0; i < line->count; i++)
        require(line->values[i].token->leaf != NULL && line->values[i].text != NULL);
    if (line->command->node != NULL && edit_add(edit, line, "context", NULL, 1, why, sizeof(why)))
        edit_write(edit, &xml);
    buffer_free(&xml);
    edit_free(edit);
}

static void check_line(const char *text, unsigned mode)
{
    static struct command_line line;
    static struct command_line again;
    static struct choices choices;
    size_t len = strlen(text);

    parse_line(text, mode, &line);
    require(line.caret <= len && line.caret_len <= len - line.caret);
    require((line.outcome == PARSE_COMMAND) == (line.command != NULL));
    if (line.outcome == PARSE_COMMAND)
        check_values(&line);
    parse_line(text, mode, &again);
    require(again.outcome == line.outcome && again.command == line.command);
    parse_choices(text, mode, &choices);
    require(choices.partial <= len && choices.count <= CHOICES_MAX);
    require(parse_pipe(text) <= len && parse_do(text, mode) <= len);
}

static void count_nodes(const struct tree *tree, size_t *count)
{
    for (; tree != NULL; tree = tree->next) {
        require(tree->name != NULL && tree->text != NULL);
        (*count)++;
        count_nodes(tree->child, count);
    }
}

static void check_answer(char *text, size_t size)
{
    struct tree *tree = tree_read(text, size);
    size_t count = 0;

    count_nodes(tree, &count);
    require(count <= size);
    free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size > 0 ? malloc(size) : NULL;
    char quoted[OUT_QUOTED_SIZE];

    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    require(strlen(out_quoted(text, quoted)) < size + OUT_QUOTED_SIZE);
    if (data[0] % (MODES + 1) == MODES)
        check_answer(text, size - 1);
    else
        check_line(text, 1U << data[0] % (MODES + 1));
    free(text);
    return 0;
}
