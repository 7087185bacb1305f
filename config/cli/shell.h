/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session at the command line: the mode it is in, the lines that are given to it, what it says of
 * those that are wrong. Knows no keyboard: terminal.c reads from one, main.c from a file.
 *
 * On a terminal and with -c each configuration line takes effect at once. In a script the lines up
 * to `end`, a line of EXEC, or the end of the script are one edit: if one is wrong, none is done.
 */
#ifndef CONFIG_CLI_SHELL_H
#define CONFIG_CLI_SHELL_H

#include "config/cli/edit.h"
#include "config/cli/out.h"

enum shell_input { SHELL_TERMINAL, SHELL_COMMANDS, SHELL_SCRIPT };
enum shell_right { RIGHT_UNKNOWN, RIGHT_GRANTED, RIGHT_DENIED };

struct shell {
    struct client *client;
    struct out *out;
    enum shell_input input;
    const char *host; /* of -H, or NULL */
    /* Is told each answer that a command gets, as it came; NULL: nobody wants to know. */
    void (*answered)(void *context, const char *operation, const char *reply);
    void *context_of_answers;
    bool live; /* show nmsp live may refresh in place: its output is a terminal */

    unsigned mode;                  /* one of command_modes */
    char context[GRAMMAR_LINE_MAX]; /* the key of the block */
    char hostname[80];
    enum shell_right right;
    bool leaving;
    bool failed;     /* a line failed */
    unsigned number; /* of the line in the script */
    size_t prompt_width;
    unsigned length; /* of the terminal; 0: no pages */
    unsigned width;

    unsigned revert;    /* minutes: what is configured now is taken back then, unless confirmed */
    struct edit *block; /* of a script */
    bool block_bad;
    unsigned block_begin;
    struct answer running; /* what lines of a block are compared with */

    int (*key)(void *context);              /* waits for a key; NULL: there is no keyboard */
    bool (*pressed)(void *context, int ms); /* is one pressed within this time? */
    void (*each_history)(void *context, struct out *out);
    void *context_of_terminal;
};

void shell_begin(struct shell *shell);
/* Does a line. False: it failed, and that was said. */
bool shell_line(struct shell *shell, const char *line);
/* The end of what is given to it. */
bool shell_finish(struct shell *shell);
/* Out of configuration, to EXEC: what was gathered is done. */
bool shell_to_exec(struct shell *shell);

void shell_prompt(const struct shell *shell, char *buf, size_t size);
void shell_choices(const struct shell *shell, const char *line, struct choices *out);

/* For commands. A line that begins with `% `; always false. */
bool shell_fail(struct shell *shell, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An rpc; false: the reason was said. Free the answer in any case. */
bool shell_call(struct shell *shell, const char *operation, struct answer *answer);
/* <get> with a subtree filter. */
bool shell_get(struct shell *shell, const char *filter, struct answer *answer);
/* An edit of running by this session, under the revert timer if there is one. */
bool shell_apply(struct shell *shell, const struct edit *edit);
bool shell_may_edit(struct shell *shell);
void shell_read_hostname(struct shell *shell);

#define SHELL_XMLNS(module) "xmlns=\"urn:nmspd:yang:nmspd-" module "\""
#define SHELL_RUNNING       "<get-config><source><running/></source></get-config>"
#define SHELL_TRIMMED(source)                                               \
    "<get-config><source><" source "/></source><with-defaults "             \
    "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">trim" \
    "</with-defaults></get-config>"
#define SHELL_WITH_DEFAULTS(source)                                               \
    "<get-config><source><" source "/></source><with-defaults "                   \
    "xmlns=\"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults\">report-all" \
    "</with-defaults></get-config>"

#endif
