/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long may an XPath expression of a client take? The loop waits for it, so that it must not be
 * more than a few walks through the data.
 *
 * What is let through is a part of XPath 1.0 whose cost can be counted. With n nodes in the data
 * and d levels:
 * - a step visits the children of each node of a set once, and sets have no duplicates: n. Only one
 *   search (//) is there, for which all nodes are visited once more, and behind one for any node no
 *   step follows, nor is there a .. beside one: libyang would have to sort the set, in n * n.
 * - a term of a predicate visits what is below its node, once: n * d for all nodes. Therefore it
 *   does not look elsewhere, has no predicates itself, compares no two sets of nodes (that is each
 *   with each), and its functions are those that read their arguments once and give no more than
 *   they were given. re-match() backtracks, concat() and translate() grow, deref() and current()
 *   look elsewhere.
 * So it is STEPS_MAX * n + TERMS_MAX * n * d at most. The operator mod is left out because libyang
 * dies of a division by 0.
 */
#include "config/netconf/filter-xpath.h"

#include <ctype.h>
#include <string.h>

enum {
    BRANCHES_MAX = 16,
    STEPS_MAX = 64,
    PREDICATES_MAX = 16,
    TERMS_MAX = 32, /* operands and functions of all predicates */
    DEPTH_MAX = 8   /* of parentheses */
};

/* Each between blanks: those that read their arguments once. */
static const char functions[] =
    " bit-is-set boolean ceiling contains count derived-from derived-from-or-self enum-value false "
    "floor last local-name name namespace-uri normalize-space not number position round "
    "starts-with string string-length substring substring-after substring-before sum true ";

enum token {
    END,
    NAME, /* with or without a prefix, or prefix:* */
    STAR,
    LITERAL,
    NUMBER,
    SLASH,
    SEARCH,
    DOT,
    UP,
    OPEN,
    CLOSE,
    BEGIN, /* of a predicate */
    FINISH,
    COMMA,
    UNION,
    COMPARISON,
    PLUS,
    MINUS,
    AXIS,
    OTHER
};

struct reading {
    const char *next;
    enum token token;
    const char *text; /* of the token */
    size_t len;
    struct rpc_errors *errors;
    bool inside; /* a predicate */
    bool ups;
    bool wide; /* the branch has searched for any node */
    unsigned searches;
    unsigned branches;
    unsigned steps;
    unsigned predicates;
    unsigned terms;
    unsigned depth;
};

/* --- faults ---------------------------------------------------------------------------------- */

static bool refuse_cost(struct reading *r, const char *what)
{
    (void)rpc_error_add(r->errors, RPC_ERROR_PROTOCOL, RPC_RESOURCE_DENIED, NULL,
                        "the XPath expression could take too long: %s", what);
    return false;
}

static bool refuse_syntax(struct reading *r)
{
    if (r->token == END)
        (void)rpc_error_add(r->errors, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, NULL,
                            "the XPath expression of the filter ends too early");
    else
        (void)rpc_error_add(r->errors, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE, NULL,
                            "the XPath expression of the filter cannot be read from here on: "
                            "%.40s: give one or more paths, joined by |",
                            r->text);
    return false;
}

/* What the token is, and what cannot be done with it. */
static bool refuse_token(struct reading *r, enum rpc_error_tag tag, const char *before,
                         const char *behind)
{
    (void)rpc_error_add(r->errors, RPC_ERROR_PROTOCOL, tag, NULL, "%s%.*s%s", before,
                        (int)(r->len < 64 ? r->len : 64), r->text, behind);
    return false;
}

static bool refuse_function(struct reading *r)
{
    return refuse_token(
        r, RPC_OPERATION_NOT_SUPPORTED, "the function ",
        "() cannot be used in a filter: its cost has no bound, or it is unknown; there are "
        "contains(), starts-with(), count(), not(), position(), string() and others of XPath 1.0 "
        "that read their arguments once");
}

/* --- tokens ---------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) != 0 || (c != '\0' && strchr("_.-", c) != NULL) ||
           (unsigned char)c >= 0x80;
}

static bool begins_name(char c)
{
    return is_name_char(c) && c != '.' && c != '-' && isdigit((unsigned char)c) == 0;
}

static size_t name_len(const char *at)
{
    size_t len = 0;

    while (is_name_char(at[len]))
        len++;
    if (at[len] != ':')
        return len;
    if (at[len + 1] == '*')
        return len + 2;
    if (!begins_name(at[len + 1]))
        return len;
    len++;
    while (is_name_char(at[len]))
        len++;
    return len;
}

static enum token literal(const char *at, size_t *len)
{
    const char *end = strchr(at + 1, *at);

    if (end == NULL)
        return OTHER;
    *len = (size_t)(end - at) + 1;
    return LITERAL;
}

static enum token sign(const char *at, size_t *len)
{
    static const struct {
        const char *text;
        enum token token;
    } signs[] = {{"//", SEARCH},     {"/", SLASH},      {"..", UP},         {".", DOT},
                 {"(", OPEN},        {")", CLOSE},      {"[", BEGIN},       {"]", FINISH},
                 {",", COMMA},       {"|", UNION},      {"!=", COMPARISON}, {"<=", COMPARISON},
                 {">=", COMPARISON}, {"=", COMPARISON}, {"<", COMPARISON},  {">", COMPARISON},
                 {"+", PLUS},        {"-", MINUS},      {"::", AXIS},       {"*", STAR}};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        *len = strlen(signs[i].text);
        if (strncmp(at, signs[i].text, *len) == 0)
            return signs[i].token;
    }
    *len = 1;
    return OTHER;
}

static void advance(struct reading *r)
{
    const char *at = r->next + strspn(r->next, " \t\r\n");

    r->text = at;
    r->len = 0;
    if (*at == '\0') {
        r->token = END;
    } else if (*at == '\'' || *at == '"') {
        r->len = 1;
        r->token = literal(at, &r->len);
    } else if (isdigit((unsigned char)at[0]) || (at[0] == '.' && isdigit((unsigned char)at[1]))) {
        r->len = strspn(at, "0123456789.");
        r->token = NUMBER;
    } else if (begins_name(*at)) {
        r->len = name_len(at);
        r->token = NAME;
    } else {
        r->token = sign(at, &r->len);
    }
    r->next = at + r->len;
}

static bool take(struct reading *r, enum token token)
{
    if (r->token != token)
        return false;
    advance(r);
    return true;
}

static bool is_text(const struct reading *r, const char *text)
{
    return r->len == strlen(text) && memcmp(r->text, text, r->len) == 0;
}

/* What follows the token, without taking it. */
static bool precedes(const struct reading *r, const char *text)
{
    return strncmp(r->next + strspn(r->next, " \t\r\n"), text, strlen(text)) == 0;
}

static bool calls(const struct reading *r)
{
    return r->token == NAME && precedes(r, "(") && !is_text(r, "text") && !is_text(r, "node");
}

static bool is_known(const struct reading *r)
{
    const char *at = memmem(functions, sizeof(functions), r->text, r->len);

    for (; at != NULL; at = memmem(at + 1, strlen(at + 1), r->text, r->len))
        if (at[-1] == ' ' && at[r->len] == ' ')
            return true;
    return false;
}

/* --- paths ----------------------------------------------------------------------------------- */

static bool expression(struct reading *r);
static bool selection(struct reading *r);

static bool predicates(struct reading *r)
{
    while (r->token == BEGIN) {
        if (r->inside)
            return refuse_cost(r, "use no predicates in predicates");
        if (++r->predicates > PREDICATES_MAX)
            return refuse_cost(r, "use fewer predicates");
        const bool wide = r->wide;
        advance(r);
        r->inside = true;
        r->wide = false;
        bool fine = expression(r);
        r->inside = false;
        r->wide = wide;
        if (!fine)
            return false;
        if (!take(r, FINISH))
            return refuse_syntax(r);
    }
    return true;
}

/* text() and node(). */
static bool node_type(struct reading *r)
{
    if (!is_text(r, "text") && !is_text(r, "node"))
        return refuse_function(r);
    advance(r);
    advance(r);
    return take(r, CLOSE) || refuse_syntax(r);
}

/* A name, *, or a type of node. */
static bool node_test(struct reading *r, bool *any)
{
    *any = r->token == STAR || (r->token == NAME && precedes(r, "("));
    if (r->token == NAME && r->text[r->len - 1] == '*')
        *any = true;
    if (r->token == NAME && precedes(r, "("))
        return node_type(r);
    return take(r, NAME) || take(r, STAR) || refuse_syntax(r);
}

static bool step_up(struct reading *r)
{
    if (r->inside)
        return refuse_cost(r, "look in predicates only below the node");
    if (r->searches > 0)
        return refuse_cost(r, "use no .. beside //");
    r->ups = true;
    advance(r);
    return true;
}

static bool step(struct reading *r, bool searching)
{
    bool any = searching;

    if (++r->steps > STEPS_MAX)
        return refuse_cost(r, "use fewer steps");
    if (r->wide)
        return refuse_cost(r, "name what // searches for if steps follow");
    if (r->token == UP)
        return step_up(r);
    if (r->token == DOT) {
        r->wide = searching;
        advance(r);
        return true;
    }
    if (r->token == NAME && precedes(r, "::")) {
        if (!is_text(r, "child") && !is_text(r, "self"))
            return refuse_token(r, RPC_OPERATION_NOT_SUPPORTED, "the axis ",
                                " cannot be used in a filter: there are child, self, // and ..");
        advance(r);
        advance(r);
    }
    if (!node_test(r, &any))
        return false;
    if (!predicates(r))
        return false;
    r->wide = searching && any;
    return true;
}

static bool begin_search(struct reading *r)
{
    if (r->inside)
        return refuse_cost(r, "look in predicates only below the node");
    if (r->ups)
        return refuse_cost(r, "use no .. beside //");
    return ++r->searches <= 1 || refuse_cost(r, "use // once at most");
}

static bool begins_step(const struct reading *r)
{
    return r->token == NAME || r->token == STAR || r->token == DOT || r->token == UP;
}

static bool more_steps(struct reading *r)
{
    while (r->token == SLASH || r->token == SEARCH) {
        bool searching = r->token == SEARCH;
        if (searching && !begin_search(r))
            return false;
        advance(r);
        if (!step(r, searching))
            return false;
    }
    return true;
}

static bool location(struct reading *r)
{
    if (r->token == SLASH && r->inside)
        return refuse_cost(r, "look in predicates only below the node");
    if (r->token == SLASH) {
        const struct reading before = *r;
        advance(r);
        if (!begins_step(r))
            return true; /* the root alone */
        *r = before;
        return more_steps(r);
    }
    if (r->token == SEARCH)
        return more_steps(r);
    return step(r, false) && more_steps(r);
}

static bool group(struct reading *r, bool (*content)(struct reading *r))
{
    advance(r);
    if (++r->depth > DEPTH_MAX)
        return refuse_cost(r, "use fewer parentheses");
    if (!content(r))
        return false;
    r->depth--;
    return take(r, CLOSE) || refuse_syntax(r);
}

static bool branch(struct reading *r)
{
    r->wide = false;
    if (r->token == OPEN)
        return group(r, selection) && predicates(r) && more_steps(r);
    if (calls(r))
        return is_known(r) ? refuse_token(r, RPC_INVALID_VALUE,
                                          "the XPath expression of the filter does not give a set "
                                          "of nodes: ",
                                          "() gives a value")
                           : refuse_function(r);
    return location(r);
}

/* Paths joined by |. */
static bool selection(struct reading *r)
{
    bool wide = false;

    do {
        if (++r->branches > BRANCHES_MAX)
            return refuse_cost(r, "join fewer paths");
        if (!branch(r))
            return false;
        wide = wide || r->wide;
    } while (take(r, UNION));
    r->wide = wide;
    return true;
}

/* --- predicates ------------------------------------------------------------------------------ */

static bool call(struct reading *r)
{
    if (!is_known(r))
        return refuse_function(r);
    advance(r);
    if (precedes(r, ")")) {
        advance(r);
        return take(r, CLOSE);
    }
    advance(r);
    if (++r->depth > DEPTH_MAX)
        return refuse_cost(r, "use fewer parentheses");
    do {
        if (!expression(r))
            return false;
    } while (take(r, COMMA));
    r->depth--;
    return take(r, CLOSE) || refuse_syntax(r);
}

/* *nodes: it may be a set of nodes. */
static bool operand(struct reading *r, bool *nodes)
{
    if (++r->terms > TERMS_MAX)
        return refuse_cost(r, "use fewer terms in predicates");
    *nodes = false;
    if (take(r, LITERAL) || take(r, NUMBER))
        return true;
    if (calls(r))
        return call(r);
    *nodes = true;
    return r->token == OPEN ? group(r, expression) : location(r);
}

static bool is_operator(const struct reading *r)
{
    return r->token == UNION || r->token == COMPARISON || r->token == PLUS || r->token == MINUS ||
           r->token == STAR ||
           (r->token == NAME &&
            (is_text(r, "and") || is_text(r, "or") || is_text(r, "div") || is_text(r, "mod")));
}

/* Which operator binds first does not matter: what stands on both sides of a comparison is a set of
 * nodes only if the operands next to it are. */
static bool expression(struct reading *r)
{
    bool compares = false;
    bool left = false;
    bool right = false;

    for (;;) {
        bool negative = false;
        while (take(r, MINUS))
            negative = true;
        if (!operand(r, &right))
            return false;
        right = right && !negative;
        if (compares && left && right)
            return refuse_cost(r, "compare with a value, not with other nodes");
        if (!is_operator(r))
            return true;
        if (r->token == NAME && is_text(r, "mod"))
            /* libyang divides whole numbers for it: by 0 that ends the process. */
            return refuse_token(r, RPC_OPERATION_NOT_SUPPORTED, "the operator ",
                                " cannot be used in a filter: use div with floor(), or compare "
                                "position()");
        compares = r->token == COMPARISON;
        left = right;
        advance(r);
    }
}

bool filter_xpath_is_bounded(const char *xpath, struct rpc_errors *errors)
{
    struct reading r = {.next = xpath, .errors = errors};

    advance(&r);
    return selection(&r) && (r.token == END || refuse_syntax(&r));
}
