/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/grammar.h"

#include "agent/base/hex.h"
#include "agent/base/number.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- syntax becomes automata ----------------------------------------------------------------- */

enum { TOKENS_MAX = 2048, NAMES_SIZE = 32768, COMMANDS_MAX = 256 };

static struct token tokens[TOKENS_MAX];
static size_t token_count;
static char names[NAMES_SIZE];
static size_t names_used;
static struct grammar grammars[COMMANDS_MAX];
static bool made;

struct reader {
    const char *at;
    struct grammar *grammar;
};

/* A part of a syntax: where it can begin and end, and whether it can be left out. */
struct part {
    uint32_t first;
    uint32_t last;
    bool empty;
};

/* A fault in our own table. */
static void require(bool holds, const char *syntax)
{
    if (holds)
        return;
    (void)fprintf(stderr, "nmsp: a command's syntax is wrong at: %s\n", syntax);
    abort();
}

static const char *keep(const char *text, size_t len)
{
    require(names_used + len + 1 <= NAMES_SIZE, text);
    char *kept = names + names_used;
    memcpy(kept, text, len);
    kept[len] = '\0';
    names_used += len + 1;
    return kept;
}

static void blanks(struct reader *r)
{
    r->at += strspn(r->at, " ");
}

static void read_range(struct reader *r, const char *text, struct token *token)
{
    struct cursor c = cursor_of(text + 1, strcspn(text + 1, ">"));
    uint64_t min = 0;
    uint64_t max = 0;

    bool fine = number_take(&c, UINT32_MAX, &min) && cursor_u8(&c) == '-' &&
                number_whole(c, UINT32_MAX, &max) && min <= max;
    require(fine, r->at);
    token->kind = TOKEN_NUMBER;
    token->min = (uint32_t)min;
    token->max = (uint32_t)max;
}

static void read_kind(struct reader *r, const char *text, size_t len, struct token *token)
{
    static const struct {
        const char *name;
        enum token_kind kind;
    } kinds[] = {
        {"WORD", TOKEN_WORD},       {"MAC", TOKEN_MAC},   {"USERMAC", TOKEN_USER_MAC},
        {"HOST", TOKEN_HOST},       {"HASH", TOKEN_HASH}, {"LINE", TOKEN_LINE},
        {"ADDRESS", TOKEN_ADDRESS},
    };

    if (text[0] == '<') {
        read_range(r, text, token);
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, text, len) == 0) {
            token->kind = kinds[i].kind;
            return;
        }
    }
    require(islower((unsigned char)text[0]) || isdigit((unsigned char)text[0]), text);
    token->kind = TOKEN_KEYWORD;
    token->word = keep(text, len);
}

/* kind[:leaf[=value]] */
static struct part read_token(struct reader *r)
{
    struct grammar *g = r->grammar;
    size_t len = strcspn(r->at, " |[]{}");
    size_t kind_len = strcspn(r->at, " |[]{}:");
    struct token *token = &tokens[token_count];

    require(len > 0 && token_count < TOKENS_MAX && g->count < GRAMMAR_POSITIONS_MAX, r->at);
    read_kind(r, r->at, kind_len, token);
    if (kind_len < len) {
        const char *leaf = r->at + kind_len + 1;
        size_t leaf_len = len - kind_len - 1;
        const char *equals = memchr(leaf, '=', leaf_len);
        size_t name_len = equals != NULL ? (size_t)(equals - leaf) : leaf_len;
        token->leaf = keep(leaf, name_len);
        token->value = equals != NULL ? keep(equals + 1, leaf_len - name_len - 1) : token->word;
    }
    uint32_t bit = UINT32_C(1) << g->count;
    token_count++;
    g->count++;
    r->at += len;
    return (struct part){bit, bit, false};
}

static struct part read_sequence(struct reader *r);

static struct part read_choice(struct reader *r, char end)
{
    struct part all = {0, 0, false};

    do {
        r->at++;
        struct part one = read_sequence(r);
        all.first |= one.first;
        all.last |= one.last;
        all.empty = all.empty || one.empty;
    } while (*r->at == '|');
    require(*r->at == end, r->at);
    r->at++;
    return all;
}

static struct part read_item(struct reader *r)
{
    if (*r->at == '{')
        return read_choice(r, '}');
    if (*r->at != '[')
        return read_token(r);
    struct part part = read_choice(r, ']');
    part.empty = true;
    return part;
}

/* What can come behind the one part may be the beginning of the other. */
static void join(struct grammar *g, struct part *all, const struct part *next)
{
    for (size_t i = 0; i < g->count; i++)
        if (all->last >> i & 1)
            g->tokens[i].follow |= next->first;
    if (all->empty)
        all->first |= next->first;
    all->last = next->empty ? all->last | next->last : next->last;
    all->empty = all->empty && next->empty;
}

static struct part read_sequence(struct reader *r)
{
    struct part all = {0, 0, true};

    for (;;) {
        blanks(r);
        if (*r->at == '\0' || strchr("|}]", *r->at) != NULL)
            return all;
        if (*r->at == '/') {
            r->grammar->no_last |= all.last;
            r->at++;
            continue;
        }
        struct part next = read_item(r);
        join(r->grammar, &all, &next);
    }
}

static void make_one(const struct command *command, struct grammar *grammar)
{
    struct reader reader = {.at = command->syntax, .grammar = grammar};

    grammar->tokens = &tokens[token_count];
    struct part all = read_sequence(&reader);
    require(*reader.at == '\0' && !all.empty, reader.at);
    grammar->first = all.first;
    grammar->last = all.last;
    grammar->no_last |= all.last;
}

const struct grammar *grammar_of(const struct command *command)
{
    size_t index = (size_t)(command - commands);

    if (!made) {
        require(command_count <= COMMANDS_MAX, "too many commands");
        for (size_t i = 0; i < command_count; i++)
            make_one(&commands[i], &grammars[i]);
        made = true;
    }
    return &grammars[index];
}

/* --- arguments ------------------------------------------------------------------------------- */

const char *grammar_shown(const struct token *token, char buf[static 32])
{
    switch (token->kind) {
    case TOKEN_KEYWORD:
        return token->word;
    case TOKEN_NUMBER:
        (void)snprintf(buf, 32, "<%lu-%lu>", (unsigned long)token->min, (unsigned long)token->max);
        return buf;
    case TOKEN_MAC:
    case TOKEN_USER_MAC:
        return "H.H.H";
    case TOKEN_HOST:
        return "Hostname or A.B.C.D";
    case TOKEN_ADDRESS:
        return "A.B.C.D or X:X:X:X::X";
    case TOKEN_LINE:
        return "LINE";
    case TOKEN_WORD:
    case TOKEN_HASH:
        break;
    }
    return "WORD";
}

bool grammar_takes_rest(const struct token *token)
{
    return token->kind == TOKEN_HASH || token->kind == TOKEN_LINE;
}

static bool accepts_mac(const char *text, size_t len, char *value)
{
    struct mac mac;

    if (!mac_parse(text, len, &mac))
        return false;
    (void)mac_text(&mac, value);
    return true;
}

static bool accepts_user(const char *text, size_t len, char *value)
{
    struct mac mac;

    if (!mac_parse(text, len, &mac))
        return false;
    (void)hex_text(mac.b, sizeof(mac.b), value);
    return true;
}

/* Names of hosts have letters, digits, hyphens, underscores and dots; addresses colons, and the
 * zone of a link-local one stands behind a %. */
static bool is_host(const char *text, size_t len)
{
    bool letter = false;

    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("-_.:%", text[i]) == NULL)
            return false;
        letter = letter || isalpha((unsigned char)text[i]) || text[i] == ':';
    }
    return len > 0 && (letter || memchr(text, '.', len) != NULL);
}

static bool is_address(const char *text)
{
    struct in6_addr address;
    char plain[INET6_ADDRSTRLEN + 1];

    (void)snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "%"), text);
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, plain, &address) == 1;
}

/* What is all digits and dots is meant as an address, and must be one. */
static bool accepts_host(const char *value, size_t len)
{
    return is_host(value, len) && (is_address(value) || (strspn(value, "0123456789.") < len &&
                                                         memchr(value, ':', len) == NULL));
}

static bool accepts_number(const struct token *token, const char *text, size_t len, char *value)
{
    uint64_t number = 0;

    if (!number_whole(cursor_of(text, len), token->max, &number) || number < token->min)
        return false;
    (void)snprintf(value, GRAMMAR_LINE_MAX, "%lu", (unsigned long)number);
    return true;
}

/* As it was pasted: with blanks and colons between the digits. */
static void take_hash(const char *text, size_t len, char *value)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != ':')
            value[used++] = (char)tolower((unsigned char)text[i]);
    value[used] = '\0';
}

bool grammar_accepts(const struct token *token, const char *text, size_t len, char *value)
{
    if (len == 0 || len >= GRAMMAR_LINE_MAX)
        return false;
    memcpy(value, text, len);
    value[len] = '\0';
    switch (token->kind) {
    case TOKEN_KEYWORD:
        return false;
    case TOKEN_NUMBER:
        return accepts_number(token, text, len, value);
    case TOKEN_MAC:
        return accepts_mac(text, len, value);
    case TOKEN_USER_MAC:
        return accepts_user(text, len, value);
    case TOKEN_HOST:
        return accepts_host(value, len);
    case TOKEN_ADDRESS:
        return is_address(value);
    case TOKEN_HASH:
        take_hash(text, len, value);
        return true;
    case TOKEN_WORD:
    case TOKEN_LINE:
        break;
    }
    return true;
}

bool grammar_write(const struct token *token, const char *value, char *buf, size_t size)
{
    char plain[13];
    struct mac mac;

    if (token->kind == TOKEN_KEYWORD) {
        (void)snprintf(buf, size, "%s", token->word);
        return true;
    }
    if (token->kind == TOKEN_MAC || token->kind == TOKEN_USER_MAC) {
        if (!mac_parse(value, strlen(value), &mac))
            return false;
        (void)hex_text(mac.b, sizeof(mac.b), plain);
        if (token->kind == TOKEN_USER_MAC)
            (void)snprintf(buf, size, "%s", plain);
        else
            (void)snprintf(buf, size, "%.4s.%.4s.%.4s", plain, plain + 4, plain + 8);
        return true;
    }
    (void)snprintf(buf, size, "%s", value);
    return value[0] != '\0' && value[strcspn(value, " \t")] == '\0';
}
