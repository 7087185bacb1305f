/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/cli/tree.h"

#include "agent/base/hex.h"
#include "agent/base/number.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

struct reader {
    char *at;
    char *end;
    struct tree *nodes;
    size_t count;
    size_t depth;
    struct tree *open[DEPTH_MAX];   /* the elements that are not closed yet, outermost first */
    struct tree *latest[DEPTH_MAX]; /* the last child of each */
    char *text;                     /* of the innermost one: where it begins */
    char *text_end;
};

/* --- text ------------------------------------------------------------------------------------ */

static void put(struct reader *r, char c)
{
    *r->text_end++ = c;
}

static void put_character(struct reader *r, uint32_t c)
{
    if (c < 0x80) {
        put(r, (char)c);
    } else if (c < 0x800) {
        put(r, (char)(0xc0 | c >> 6));
        put(r, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        put(r, (char)(0xe0 | c >> 12));
        put(r, (char)(0x80 | (c >> 6 & 0x3f)));
        put(r, (char)(0x80 | (c & 0x3f)));
    } else {
        put(r, (char)(0xf0 | c >> 18));
        put(r, (char)(0x80 | (c >> 12 & 0x3f)));
        put(r, (char)(0x80 | (c >> 6 & 0x3f)));
        put(r, (char)(0x80 | (c & 0x3f)));
    }
}

/* #38 or #x26; false: it is none. */
static bool read_code(const char *text, size_t len, uint32_t *code)
{
    uint64_t number = 0;

    if (len < 2 || text[0] != '#')
        return false;
    if (text[1] != 'x') {
        if (!number_whole(cursor_of(text + 1, len - 1), 0x10ffff, &number))
            return false;
    } else {
        for (size_t i = 2; i < len; i++) {
            int digit = hex_digit((uint8_t)text[i]);
            if (digit < 0 || number > 0x10ffff)
                return false;
            number = number * 16 + (uint64_t)digit;
        }
    }
    *code = (uint32_t)number;
    return number > 0 && number <= 0x10ffff;
}

/* What stands for it is never shorter than the character itself. */
static bool read_entity(struct reader *r)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    char *end = memchr(r->at, ';', (size_t)(r->end - r->at));
    uint32_t code = 0;

    if (end == NULL)
        return false;
    const char *name = r->at + 1;
    size_t len = (size_t)(end - name);
    r->at = end + 1;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0) {
            put(r, known[i].c);
            return true;
        }
    }
    if (!read_code(name, len, &code))
        return false;
    put_character(r, code);
    return true;
}

static bool begins(const struct reader *r, const char *with)
{
    return (size_t)(r->end - r->at) >= strlen(with) && memcmp(r->at, with, strlen(with)) == 0;
}

/* Behind the next `mark`; NULL: there is none. */
static char *behind(const struct reader *r, const char *mark)
{
    char *found = memmem(r->at, (size_t)(r->end - r->at), mark, strlen(mark));

    return found != NULL ? found + strlen(mark) : NULL;
}

static bool read_cdata(struct reader *r)
{
    char *end = behind(r, "]]>");

    if (end == NULL)
        return false;
    for (r->at += strlen("<![CDATA["); r->at < end - 3; r->at++)
        put(r, *r->at);
    r->at = end;
    return true;
}

/* --- tags ------------------------------------------------------------------------------------ */

static void add(struct reader *r, struct tree *node)
{
    if (r->depth == 0)
        return;
    struct tree *latest = r->latest[r->depth - 1];
    if (latest != NULL)
        latest->next = node;
    else
        r->open[r->depth - 1]->child = node;
    r->latest[r->depth - 1] = node;
}

static bool close_element(struct reader *r)
{
    r->depth--;
    if (r->open[r->depth]->child == NULL) {
        *r->text_end = '\0';
        r->open[r->depth]->text = r->text;
    }
    r->text = r->text_end = r->at;
    return true;
}

/* The end of a tag; what stands in quotes is an attribute's. */
static char *tag_end(const struct reader *r)
{
    char quote = '\0';

    for (char *at = r->at; at < r->end; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '>')
            return at;
    }
    return NULL;
}

static bool read_end_tag(struct reader *r, char *end)
{
    /* Which name it has was the sender's matter. */
    if (r->depth == 0)
        return false;
    /* The text ends where the tag began, so nothing is written over. */
    r->at = end + 1;
    return close_element(r);
}

static bool read_start_tag(struct reader *r, char *end)
{
    char *name = r->at + 1;
    size_t len = strcspn(name, " \t\r\n/>");
    char *colon = memchr(name, ':', len);
    bool empty = end[-1] == '/';

    if (len == 0 || r->depth == DEPTH_MAX || (r->depth == 0 && r->count > 0))
        return false;
    struct tree *node = &r->nodes[r->count++];
    name[len] = '\0';
    node->name = colon != NULL ? colon + 1 : name;
    node->text = "";
    add(r, node);
    r->open[r->depth] = node;
    r->latest[r->depth] = NULL;
    r->depth++;
    r->at = end + 1;
    r->text = r->text_end = r->at;
    if (!empty)
        return true;
    r->depth--;
    return true;
}

static bool read_markup(struct reader *r)
{
    char *end = NULL;

    if (begins(r, "<![CDATA["))
        return read_cdata(r);
    if (begins(r, "<!--"))
        end = behind(r, "-->");
    else if (begins(r, "<?"))
        end = behind(r, "?>");
    if (end != NULL) {
        r->at = end;
        return true;
    }
    end = begins(r, "<!") || begins(r, "<?") ? NULL : tag_end(r);
    if (end == NULL)
        return false;
    return r->at[1] == '/' ? read_end_tag(r, end) : read_start_tag(r, end);
}

static bool read_all(struct reader *r)
{
    while (r->at < r->end) {
        bool fine = true;
        if (*r->at == '<')
            fine = read_markup(r);
        else if (*r->at == '&' && r->depth > 0)
            fine = read_entity(r);
        else if (r->depth > 0)
            put(r, *r->at++);
        else
            r->at++;
        if (!fine)
            return false;
    }
    return r->depth == 0 && r->count > 0;
}

struct tree *tree_read(char *message, size_t len)
{
    struct reader r = {.at = message, .end = message + len, .text = message, .text_end = message};
    size_t tags = 0;

    for (size_t i = 0; i < len; i++)
        tags += message[i] == '<' ? 1 : 0;
    r.nodes = calloc(tags + 1, sizeof(*r.nodes));
    if (r.nodes != NULL && read_all(&r))
        return r.nodes;
    free(r.nodes);
    return NULL;
}

/* --- reading --------------------------------------------------------------------------------- */

const struct tree *tree_named(const struct tree *from, const char *name)
{
    while (from != NULL && strcmp(from->name, name) != 0)
        from = from->next;
    return from;
}

const struct tree *tree_at(const struct tree *tree, const char *path)
{
    while (tree != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");
        tree = tree->child;
        while (tree != NULL && (strlen(tree->name) != len || memcmp(tree->name, path, len) != 0))
            tree = tree->next;
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return tree;
}

const char *tree_text(const struct tree *tree, const char *path)
{
    const struct tree *found = tree_at(tree, path);

    return found != NULL ? found->text : NULL;
}

const char *tree_or(const struct tree *tree, const char *path, const char *other)
{
    const char *text = tree_text(tree, path);

    return text != NULL ? text : other;
}

uint64_t tree_number(const struct tree *tree, const char *path)
{
    uint64_t number = 0;

    (void)number_text(tree_or(tree, path, "0"), UINT64_MAX, &number);
    return number;
}

bool tree_is(const struct tree *tree, const char *path, const char *text)
{
    return strcmp(tree_or(tree, path, ""), text) == 0;
}
