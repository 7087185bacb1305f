/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/parse.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COMMANDS_MAX = 256, WORDS_MAX = 64 };

/*
 * All commands of the mode side by side: of each, which positions could come next (`next`) and were
 * taken last (`last`). One that no word fits any more has neither.
 */
struct parser {
    const char *line;
    size_t at;    /* of the next word */
    size_t start; /* of the first word behind no or default */
    unsigned form;
    bool configures;
    const char *before;           /* the last keyword, in full */
    size_t words;                 /* behind no or default */
    const char *taken[WORDS_MAX]; /* for each word the keyword it was, or NULL */
    size_t word_at[WORDS_MAX];
    size_t word_len[WORDS_MAX];
    uint32_t next[COMMANDS_MAX];
    uint32_t last[COMMANDS_MAX];
};

/* What of the keywords fits a word. */
struct fit {
    const char *keyword; /* one, in full */
    bool several;
    bool exact;
    bool argument; /* an argument fits as well */
    size_t shared; /* the most that any keyword has in common with the word */
};

/* --- words ----------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(const char *line, size_t at)
{
    while (is_blank(line[at]))
        at++;
    return at;
}

static size_t word_length(const char *line, size_t at)
{
    size_t len = 0;

    while (line[at + len] != '\0' && !is_blank(line[at + len]))
        len++;
    return len;
}

static size_t shared_prefix(const char *keyword, const char *word, size_t len)
{
    size_t shared = 0;

    while (shared < len && keyword[shared] != '\0' &&
           keyword[shared] == tolower((unsigned char)word[shared]))
        shared++;
    return shared;
}

static size_t without_trailing_blanks(const char *text)
{
    size_t len = strlen(text);

    while (len > 0 && is_blank(text[len - 1]))
        len--;
    return len;
}

/* --- positions ------------------------------------------------------------------------------- */

static const struct token *token_at(size_t command, size_t position)
{
    return &grammar_of(&commands[command])->tokens[position];
}

struct position {
    size_t command;
    size_t token;
};

/* The first position from *at on that could come next; false: there is none. */
static bool find_next(const struct parser *parser, struct position *at)
{
    for (; at->command < command_count; at->command++, at->token = 0)
        for (; parser->next[at->command] >> at->token != 0; at->token++)
            if (parser->next[at->command] >> at->token & 1)
                return true;
    return false;
}

/* for (EACH_NEXT(at, parser)) */
#define EACH_NEXT(at, parser)    \
    struct position at = {0, 0}; \
    find_next((parser), &(at));  \
    (at).token++

/* A line that begins with no is one of those that edit something. */
static bool has_form(const struct command *command, unsigned form)
{
    return form == LINE_SETS || (command->modes & MODES_CONFIGURATION &&
                                 (command->node != NULL || command->flags & COMMAND_NO));
}

static void start(struct parser *parser, unsigned modes)
{
    for (size_t i = 0; i < command_count; i++) {
        bool wanted = (commands[i].modes & modes) != 0 && has_form(&commands[i], parser->form);
        parser->next[i] = wanted ? grammar_of(&commands[i])->first : 0;
        parser->last[i] = 0;
    }
}

static void fit_keyword(struct fit *fit, const char *keyword, const char *word, size_t len)
{
    size_t shared = shared_prefix(keyword, word, len);

    if (shared > fit->shared)
        fit->shared = shared;
    if (shared < len || fit->exact)
        return;
    fit->exact = keyword[len] == '\0';
    if (fit->exact)
        fit->several = false;
    else if (fit->keyword != NULL && strcmp(fit->keyword, keyword) != 0)
        fit->several = true;
    fit->keyword = keyword;
}

static size_t argument_length(const struct parser *parser, const struct token *token, size_t len)
{
    return grammar_takes_rest(token) ? without_trailing_blanks(parser->line + parser->at) : len;
}

static bool fits_argument(const struct parser *parser, const struct token *token, size_t len)
{
    char value[GRAMMAR_LINE_MAX];

    return token->kind != TOKEN_KEYWORD &&
           grammar_accepts(token, parser->line + parser->at, argument_length(parser, token, len),
                           value);
}

static struct fit fit_word(const struct parser *parser, size_t len)
{
    struct fit fit = {NULL, false, false, false, 0};

    for (EACH_NEXT(at, parser)) {
        const struct token *token = token_at(at.command, at.token);
        if (token->kind == TOKEN_KEYWORD)
            fit_keyword(&fit, token->word, parser->line + parser->at, len);
        else
            fit.argument = fit.argument || fits_argument(parser, token, len);
    }
    /* What could be a name of its own is no abbreviation. */
    if (fit.argument && !fit.exact)
        fit.keyword = NULL;
    return fit;
}

/* The word is this keyword, or NULL: an argument. */
static bool is_taken(const struct parser *parser, const struct token *token, const char *keyword,
                     size_t len)
{
    if (keyword != NULL)
        return token->kind == TOKEN_KEYWORD && strcmp(token->word, keyword) == 0;
    return fits_argument(parser, token, len);
}

static void take_word(struct parser *parser, const char *keyword, size_t len)
{
    size_t used = len;

    for (size_t i = 0; i < command_count; i++) {
        uint32_t taken = 0;
        uint32_t follow = 0;
        for (size_t p = 0; parser->next[i] >> p != 0; p++) {
            const struct token *token = token_at(i, p);
            if (!(parser->next[i] >> p & 1) || !is_taken(parser, token, keyword, len))
                continue;
            taken |= UINT32_C(1) << p;
            follow |= token->follow;
            if (keyword == NULL)
                used = argument_length(parser, token, len);
        }
        parser->last[i] = taken;
        parser->next[i] = follow;
    }
    parser->taken[parser->words] = keyword;
    parser->word_at[parser->words] = parser->at;
    parser->word_len[parser->words] = used;
    parser->words++;
    if (keyword != NULL)
        parser->before = keyword;
    parser->at = skip_blanks(parser->line, parser->at + used);
}

/* --- no and default -------------------------------------------------------------------------- */

static const char *const form_words[] = {
    [LINE_SETS] = NULL, [LINE_NO] = "no", [LINE_DEFAULT] = "default"};

static bool is_form_word(const char *line, size_t at, const char *word)
{
    size_t len = word_length(line, at);

    return len >= 2 && shared_prefix(word, line + at, len) == len;
}

static void begin(struct parser *parser, const char *line, unsigned modes)
{
    memset(parser, 0, sizeof(*parser));
    parser->line = line;
    parser->before = "";
    parser->form = LINE_SETS;
    parser->configures = (modes & MODES_CONFIGURATION) != 0;
    parser->at = skip_blanks(line, 0);
    for (unsigned form = LINE_NO; form <= LINE_DEFAULT && parser->configures; form++) {
        size_t len = word_length(line, parser->at);
        /* At the end of the line it is still being typed. */
        if (parser->form == LINE_SETS && is_form_word(line, parser->at, form_words[form]) &&
            line[parser->at + len] != '\0') {
            parser->form = form;
            parser->at = skip_blanks(line, parser->at + len);
        }
    }
    start(parser, modes);
}

size_t parse_do(const char *line, unsigned modes)
{
    size_t at = skip_blanks(line, 0);

    if ((modes & MODES_CONFIGURATION) == 0 || word_length(line, at) != 2 ||
        strncasecmp(line + at, "do", 2) != 0)
        return 0;
    at = skip_blanks(line, at + 2);
    return line[at] != '\0' ? at : 0;
}

size_t parse_pipe(const char *line)
{
    return strcspn(line, "|");
}

/* --- a line ---------------------------------------------------------------------------------- */

static uint32_t ends_of(const struct parser *parser, size_t command)
{
    const struct grammar *grammar = grammar_of(&commands[command]);

    return parser->form == LINE_SETS ? grammar->last : grammar->no_last;
}

static bool put_value(struct command_line *out, size_t *used, const struct parser *parser,
                      const struct token *token, size_t word)
{
    char *room = out->text + *used;
    char value[GRAMMAR_LINE_MAX];

    if (out->count == GRAMMAR_VALUES_MAX)
        return false;
    if (token->kind == TOKEN_KEYWORD)
        (void)snprintf(value, sizeof(value), "%s", token->value);
    else if (!grammar_accepts(token, parser->line + parser->word_at[word], parser->word_len[word],
                              value))
        return false;
    if (*used + strlen(value) + 1 > sizeof(out->text))
        return false;
    memcpy(room, value, strlen(value) + 1);
    *used += strlen(value) + 1;
    out->values[out->count++] = (struct line_value){token, room};
    return true;
}

/* Goes along the words again, now that the command is known. */
static void collect(const struct parser *parser, size_t command, struct command_line *out)
{
    const struct grammar *grammar = grammar_of(&commands[command]);
    uint32_t next = grammar->first;
    size_t used = 0;

    for (size_t word = 0; word < parser->words; word++) {
        struct parser there = *parser;
        size_t p = 0;
        there.at = parser->word_at[word];
        while (!((next >> p & 1) && is_taken(&there, &grammar->tokens[p], parser->taken[word],
                                             parser->word_len[word])))
            p++;
        next = grammar->tokens[p].follow;
        if (grammar->tokens[p].leaf != NULL)
            (void)put_value(out, &used, parser, &grammar->tokens[p], word);
    }
    out->command = &commands[command];
}

static void finish(const struct parser *parser, struct command_line *out)
{
    out->outcome = PARSE_INCOMPLETE;
    for (size_t i = 0; i < command_count; i++) {
        if ((parser->last[i] & ends_of(parser, i)) == 0)
            continue;
        out->outcome = PARSE_COMMAND;
        collect(parser, i, out);
        return;
    }
}

/* `no` alone, or cut. */
static bool is_lone_form(const struct parser *parser, size_t len)
{
    return parser->configures && parser->words == 0 && parser->form == LINE_SETS &&
           (is_form_word(parser->line, parser->at, "no") ||
            is_form_word(parser->line, parser->at, "default") ||
            (len == 2 && strncasecmp(parser->line + parser->at, "do", 2) == 0));
}

static bool refuse(struct command_line *out, enum parse_outcome outcome, size_t caret, size_t len)
{
    out->outcome = outcome;
    out->caret = caret;
    out->caret_len = len;
    return false;
}

/*
 * Of several keywords that a word could be the one with which the line ends; NULL if there is none
 * or more than one. `show nmsp st` can only mean status, for statistics asks for more. Not of the
 * first word: what begins a line says what kind of a thing is done.
 */
static const char *only_end(const struct parser *parser, size_t len)
{
    const char *found = NULL;

    if (parser->words == 0 || parser->line[skip_blanks(parser->line, parser->at + len)] != '\0')
        return NULL;
    for (EACH_NEXT(at, parser)) {
        const struct token *token = token_at(at.command, at.token);
        if (token->kind != TOKEN_KEYWORD || !(ends_of(parser, at.command) >> at.token & 1) ||
            shared_prefix(token->word, parser->line + parser->at, len) < len)
            continue;
        if (found != NULL && strcmp(found, token->word) != 0)
            return NULL;
        found = token->word;
    }
    return found;
}

/* One word; false with what is wrong. */
static bool step(struct parser *parser, struct command_line *out)
{
    size_t len = word_length(parser->line, parser->at);

    if (is_lone_form(parser, len))
        return refuse(out, PARSE_INCOMPLETE, parser->at, len);
    struct fit fit = fit_word(parser, len);
    if (parser->words == WORDS_MAX || (fit.keyword == NULL && !fit.argument))
        return refuse(out, PARSE_INVALID, parser->at + fit.shared, len - fit.shared);
    const char *keyword = fit.several && fit.keyword != NULL ? only_end(parser, len) : fit.keyword;
    if (keyword == NULL && fit.keyword != NULL)
        return refuse(out, PARSE_AMBIGUOUS, parser->at, len);
    take_word(parser, keyword, len);
    return true;
}

void parse_line(const char *line, unsigned modes, struct command_line *out)
{
    struct parser parser;

    out->outcome = PARSE_EMPTY;
    out->caret = out->caret_len = 0;
    out->command = NULL;
    out->count = 0;
    if (strlen(line) >= GRAMMAR_LINE_MAX) {
        (void)refuse(out, PARSE_TOO_LONG, 0, 0);
        return;
    }
    begin(&parser, line, modes);
    out->form = parser.form;
    if (parser.form == LINE_SETS && (line[parser.at] == '\0' || line[parser.at] == '!'))
        return;
    while (line[parser.at] != '\0')
        if (!step(&parser, out))
            return;
    finish(&parser, out);
}

const char *line_value(const struct command_line *line, const char *leaf)
{
    for (size_t i = 0; i < line->count; i++)
        if (strcmp(line->values[i].token->leaf, leaf) == 0)
            return line->values[i].text;
    return NULL;
}

/* --- what could come next -------------------------------------------------------------------- */

static void add_choice(struct choices *out, const char *word, const char *help, bool keyword)
{
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i].word, word) == 0)
            return;
    if (out->count == CHOICES_MAX)
        return;
    struct choice *choice = &out->items[out->count++];
    (void)snprintf(choice->word, sizeof(choice->word), "%s", word);
    choice->help = help != NULL ? help : "";
    choice->keyword = keyword;
}

static int by_word(const void *x, const void *y)
{
    const struct choice *a = x;
    const struct choice *b = y;

    return a->keyword != b->keyword ? b->keyword - a->keyword : strcmp(a->word, b->word);
}

static void choose(const struct parser *parser, struct choices *out)
{
    size_t len = word_length(parser->line, parser->at);
    char shown[32];

    for (EACH_NEXT(at, parser)) {
        const struct token *token = token_at(at.command, at.token);
        const char *word = grammar_shown(token, shown);
        if (token->kind == TOKEN_KEYWORD) {
            if (shared_prefix(word, parser->line + parser->at, len) == len)
                add_choice(out, word, help_word(parser->before, word), true);
        } else if (len == 0 || fits_argument(parser, token, len)) {
            add_choice(out, word, help_argument(parser->before, token), false);
        }
    }
    for (unsigned form = LINE_NO; form <= LINE_DEFAULT; form++)
        if (parser->configures && parser->form == LINE_SETS && parser->words == 0 &&
            shared_prefix(form_words[form], parser->line + parser->at, len) == len)
            add_choice(out, form_words[form], help_word("", form_words[form]), true);
    if (parser->configures && parser->form == LINE_SETS && parser->words == 0 &&
        shared_prefix("do", parser->line + parser->at, len) == len)
        add_choice(out, "do", help_word("", "do"), true);
    qsort(out->items, out->count, sizeof(out->items[0]), by_word);
}

/* The word at the end of the line is not whole, unless a blank stands behind it. */
static bool is_partial(const struct parser *parser)
{
    return parser->line[parser->at + word_length(parser->line, parser->at)] == '\0';
}

void parse_choices(const char *line, unsigned modes, struct choices *out)
{
    struct command_line fault;
    struct parser parser;

    out->known = false;
    out->complete = false;
    out->count = 0;
    out->partial = strlen(line);
    if (strlen(line) >= GRAMMAR_LINE_MAX)
        return;
    begin(&parser, line, modes);
    while (!is_partial(&parser))
        if (!step(&parser, &fault))
            return;
    out->known = true;
    out->partial = parser.at;
    for (size_t i = 0; i < command_count && line[parser.at] == '\0'; i++)
        out->complete = out->complete || (parser.last[i] & ends_of(&parser, i)) != 0;
    choose(&parser, out);
}
