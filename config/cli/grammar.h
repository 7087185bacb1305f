/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of the command line: a table of commands (commands.c), each with its syntax as text,
 * becomes automata, from which parsing, abbreviation, help, completion and the writer of the
 * running configuration follow. Adding a command is adding a row.
 *
 * A syntax is written as manuals write it:
 *
 *   word               a keyword
 *   <1-180>            a number of this range
 *   WORD MAC HOST ...  an argument of one of the kinds below
 *   { a | b }  [ a ]   one of several; what can be left out
 *   /                  a line that begins with `no` may end here already
 *
 * and behind a keyword or an argument what it means in the data model:
 *
 *   <1-180>:leaf       the number is the leaf's value
 *   word:leaf          the word is
 *   word:leaf=value    this value is
 *
 * The automaton of a syntax has a position for each keyword and argument (Glushkov's construction),
 * and a set of positions is the bits of a word.
 */
#ifndef CONFIG_CLI_GRAMMAR_H
#define CONFIG_CLI_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_KEYWORD,
    TOKEN_NUMBER,
    TOKEN_WORD,     /* WORD: no blanks */
    TOKEN_MAC,      /* MAC: any usual spelling; shown as 0050.569c.3489 */
    TOKEN_USER_MAC, /* USERMAC: the same, shown as 0050569c3489 */
    TOKEN_HOST,     /* HOST: an address or a name */
    TOKEN_ADDRESS,  /* ADDRESS: an IPv4 or IPv6 address */
    TOKEN_HASH,     /* HASH: the rest of the line, of which blanks and colons are taken out */
    TOKEN_LINE      /* LINE: the rest of the line */
};

enum { GRAMMAR_POSITIONS_MAX = 31, GRAMMAR_VALUES_MAX = 16, GRAMMAR_LINE_MAX = 1024 };

struct token {
    enum token_kind kind;
    const char *word; /* of a keyword */
    uint32_t min, max;
    const char *leaf;  /* NULL: means nothing in the data model */
    const char *value; /* of a keyword with a leaf */
    uint32_t follow;   /* positions that can come next */
};

struct grammar {
    size_t count;
    struct token *tokens;
    uint32_t first;
    uint32_t last;    /* a line may end behind these */
    uint32_t no_last; /* one that begins with `no` behind these, too */
};

/* Where a command can be given. */
enum command_modes {
    MODE_USER = 1,
    MODE_EXEC = 2,
    MODE_CONFIG = 4,
    MODE_ATTRIBUTES = 8,
    MODE_INTERFACE = 16,
    MODE_LINE = 32,
    MODE_PIPE = 64,
    MODES_EXEC = MODE_USER | MODE_EXEC,
    MODES_CONFIGURATION = MODE_CONFIG | MODE_ATTRIBUTES | MODE_INTERFACE | MODE_LINE
};

enum command_flags {
    COMMAND_ENTRY = 1,      /* the line is all of its node: what it does not name is removed */
    COMMAND_SILENT = 2,     /* not written into the running configuration */
    COMMAND_BARE = 4,       /* written only if no other command of the same node was */
    COMMAND_NO = 8,         /* has a no form although it edits nothing */
    COMMAND_OVER_BLOCK = 16 /* what stands in its block belongs to the same node */
};

struct shell;
struct command_line;
/* Does it; false: it failed, and a line that begins with `% ` has said why. */
typedef bool command_run(struct shell *shell, const struct command_line *line);

struct command {
    uint8_t modes;
    uint8_t flags;
    uint8_t enters; /* the mode it leads to, or 0 */
    const char *syntax;
    /* What is edited: module:container/list[key][key=default], as in commands.c; or NULL. */
    const char *node;
    command_run *run; /* of commands without a node */
};

/* commands.c */
extern const struct command commands[];
extern const size_t command_count;
/* help.c: what a keyword is, behind the one before ("" for none); NULL: nothing is known. */
const char *help_word(const char *before, const char *word);
/* What an argument is, by its leaf or its kind. */
const char *help_argument(const char *before, const struct token *token);

/* The automata of all commands, in their order. Made at the first call; aborts if a syntax is
 * wrong, which a test looks at. */
const struct grammar *grammar_of(const struct command *command);

/* How an argument is written in help: <1-180>, WORD, H.H.H. */
const char *grammar_shown(const struct token *token, char buf[static 32]);

/* Is a text such an argument? Its value in the data model goes to `value` (of GRAMMAR_LINE_MAX). */
bool grammar_accepts(const struct token *token, const char *text, size_t len, char *value);
/* The rest of the line belongs to it. */
bool grammar_takes_rest(const struct token *token);
/* A value of the data model as a line has it; false: it cannot be written in a line. */
bool grammar_write(const struct token *token, const char *value, char *buf, size_t size);

#endif
