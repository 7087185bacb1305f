/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands: what must hold of every row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/cli/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char manual[256 * 1024];

/* An argument of each kind. */
static const char *example(const struct token *token, char *buf, size_t size)
{
    switch (token->kind) {
    case TOKEN_KEYWORD:
        return token->word;
    case TOKEN_NUMBER:
        (void)snprintf(buf, size, "%lu", (unsigned long)token->max);
        return buf;
    case TOKEN_MAC:
    case TOKEN_USER_MAC:
        return "0050.569c.3489";
    case TOKEN_HOST:
    case TOKEN_ADDRESS:
        return "10.0.0.1";
    default:
        return "zz";
    }
}

/* Each way through an automaton, as a line. */
static void each_line(const struct command *command, uint32_t next, uint32_t last, char *line,
                      void (*found)(const struct command *command, const char *line))
{
    const struct grammar *grammar = grammar_of(command);
    size_t len = strlen(line);
    char buf[32];

    for (size_t p = 0; p < grammar->count; p++) {
        if (!(next >> p & 1))
            continue;
        (void)snprintf(line + len, GRAMMAR_LINE_MAX - len, "%s%s", len > 0 ? " " : "",
                       example(&grammar->tokens[p], buf, sizeof(buf)));
        if (last >> p & 1)
            found(command, line);
        each_line(command, grammar->tokens[p].follow, last, line, found);
        line[len] = '\0';
    }
}

static void all_lines(void (*found)(const struct command *command, const char *line))
{
    char line[GRAMMAR_LINE_MAX] = "";

    for (size_t i = 0; i < command_count; i++)
        each_line(&commands[i], grammar_of(&commands[i])->first, grammar_of(&commands[i])->last,
                  line, found);
}

static void is_itself(const struct command *command, const char *line)
{
    struct command_line parsed;

    for (unsigned mode = 1; mode <= MODE_PIPE; mode <<= 1) {
        if ((command->modes & mode) == 0)
            continue;
        parse_line(line, mode, &parsed);
        if (parsed.outcome != PARSE_COMMAND || parsed.command != command)
            fail_msg("'%s' is not taken as what it is", line);
    }
}

static void commands_in_full_are_not_ambiguous(void **state)
{
    (void)state;
    all_lines(is_itself);
}

static void no_command_is_in_the_table_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false((commands[i].modes & commands[k].modes) != 0 &&
                         strcmp(commands[i].syntax, commands[k].syntax) == 0);
}

static void has_help(const struct command *command, const char *before, uint32_t next, int depth)
{
    const struct grammar *grammar = grammar_of(command);

    for (size_t p = 0; p < grammar->count; p++) {
        const struct token *token = &grammar->tokens[p];
        if (!(next >> p & 1))
            continue;
        const char *text = token->kind == TOKEN_KEYWORD ? help_word(before, token->word)
                                                        : help_argument(before, token);
        if (text == NULL || text[0] == '\0')
            fail_msg("no help for %s behind %s", token->word != NULL ? token->word : token->leaf,
                     before);
        if (strlen(text) > 62)
            fail_msg("help is too long for 80 columns: %s", text);
        if (depth < 8)
            has_help(command, token->kind == TOKEN_KEYWORD ? token->word : before, token->follow,
                     depth + 1);
    }
}

static void every_keyword_and_argument_has_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++)
        has_help(&commands[i], "", grammar_of(&commands[i])->first, 0);
}

static void every_command_edits_or_does_something(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].modes != MODE_PIPE)
            assert_true((commands[i].node != NULL) != (commands[i].run != NULL));
}

/* The keywords of a syntax up to its first argument or choice stand in the manual, in bold. */
static void every_command_is_in_the_manual(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        char wanted[256] = ".It Ic ";
        size_t used = strlen(wanted);
        for (const char *at = commands[i].syntax; islower((unsigned char)*at) || *at == '-';) {
            size_t len = strcspn(at, " :");
            (void)snprintf(wanted + used, sizeof(wanted) - used, "%.*s ", (int)len, at);
            used += len + 1;
            at += strcspn(at, " ");
            at += strspn(at, " /");
        }
        wanted[used - 1] = '\0';
        if (strstr(manual, wanted) == NULL)
            fail_msg("nmsp(1) has no line that begins with: %s", wanted);
    }
}

static void read_manual(const char *path)
{
    FILE *file = fopen(path, "r");

    if (file == NULL || fread(manual, 1, sizeof(manual) - 1, file) == 0) {
        perror(path);
        exit(2);
    }
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_in_full_are_not_ambiguous),
        cmocka_unit_test(no_command_is_in_the_table_twice),
        cmocka_unit_test(every_keyword_and_argument_has_help),
        cmocka_unit_test(every_command_edits_or_does_something),
        cmocka_unit_test(every_command_is_in_the_manual),
    };

    if (argc != 2)
        return 2;
    read_manual(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
