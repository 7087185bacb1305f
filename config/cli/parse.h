/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line becomes a command with its values; or what is wrong with it and where; or what could come
 * next.
 *
 * Keywords may be cut to what is unique and have no case; arguments are taken as they are. Lines
 * are what people and programs type: any bytes.
 */
#ifndef CONFIG_CLI_PARSE_H
#define CONFIG_CLI_PARSE_H

#include "config/cli/grammar.h"

enum parse_outcome {
    PARSE_COMMAND,
    PARSE_EMPTY,      /* blanks, or a comment that begins with ! */
    PARSE_INVALID,    /* at `caret` */
    PARSE_INCOMPLETE, /* more has to come */
    PARSE_AMBIGUOUS,  /* from `caret` on, `caret_len` bytes: it could be several keywords */
    PARSE_TOO_LONG
};

struct line_value {
    const struct token *token;
    const char *text; /* as the data model has it */
};

struct command_line {
    enum parse_outcome outcome;
    size_t caret; /* bytes from the start of the line */
    size_t caret_len;
    const struct command *command;
    enum { LINE_SETS, LINE_NO, LINE_DEFAULT } form;
    size_t count;
    struct line_value values[GRAMMAR_VALUES_MAX];
    char text[2 * GRAMMAR_LINE_MAX]; /* where the values stand */
};

/* In one of these modes (bits of command_modes). `do` is not known here: see parse_do(). */
void parse_line(const char *line, unsigned modes, struct command_line *out);
/* The value that belongs to a leaf, or NULL. */
const char *line_value(const struct command_line *line, const char *leaf);

/* A line of a configuration mode that begins with `do`: where the rest begins, else 0. */
size_t parse_do(const char *line, unsigned modes);
/* Where the | of a line begins, or its length. */
size_t parse_pipe(const char *line);

/* --- what could come next -------------------------------------------------------------------- */

enum { CHOICES_MAX = 64, CHOICE_SIZE = 40 };

struct choice {
    char word[CHOICE_SIZE];
    const char *help;
    bool keyword; /* it can be completed to */
};

struct choices {
    bool known;     /* the line so far is the beginning of a command */
    size_t partial; /* where the word begins that is looked at; the end of the line: a new one */
    bool complete;  /* the line is whole: <cr> */
    size_t count;   /* sorted; keywords first */
    struct choice items[CHOICES_MAX];
};

void parse_choices(const char *line, unsigned modes, struct choices *out);

#endif
