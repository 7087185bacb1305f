/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pass over the bytes, with nothing but the open elements in mind.
 */
#include "config/netconf/xml-clean.h"

#include "agent/base/cursor.h"

#include <stdio.h>
#include <string.h>

#define BLANKS   " \t\r\n"
#define NOT_WELL "the message is not well-formed XML"
#define BOM      "\xEF\xBB\xBF"

enum { GROWTH_MAX = 256 * 1024, PATH_SHORT = 128 /* what costs nothing and does not count */ };

struct piece {
    const char *at;
    size_t len;
};

struct attribute {
    struct piece name;
    struct piece value;
};

struct level {
    struct piece prefix; /* of the element, as it is written out */
    struct piece name;   /* without it */
    struct piece end;    /* the whole name, as its end tag must have it */
    bool declared;       /* the client has a default namespace here, */
    bool none;           /* or there is none, and that is written out */
    bool content;        /* of a <filter> or <config>, where all is the client's */
    bool text;
    bool path; /* what is in it is read as XPath */
    unsigned children;
    size_t begin; /* of its text, in what is written */
};

struct cleaning {
    struct cursor in;
    struct xml_message *out;
    unsigned depth;
    struct level levels[XML_DEPTH_MAX + 1]; /* [0] is no element */
    struct attribute attributes[XML_ATTRIBUTES_MAX];
    size_t attribute_count;
    size_t path_sum; /* of what may be XPath */
    bool in_path;    /* an open element is read as one */
};

/* --- reading --------------------------------------------------------------------------------- */

static bool refuse(struct cleaning *cleaning, enum xml_fault fault, const char *reason)
{
    cleaning->out->fault = fault;
    cleaning->out->reason = reason;
    return false;
}

static bool broken(struct cleaning *cleaning)
{
    return refuse(cleaning, XML_MALFORMED, NOT_WELL);
}

/* No data of YANG has both in one element. */
static bool mixed(struct cleaning *cleaning, const struct level *level)
{
    (void)snprintf(cleaning->out->element, sizeof(cleaning->out->element), "%.*s",
                   (int)(level->name.len < sizeof(cleaning->out->element) ? level->name.len : 0),
                   level->name.at);
    return refuse(cleaning, XML_MIXED, "holds text beside elements: remove it");
}

static struct piece piece_of(const char *text)
{
    return (struct piece){text, strlen(text)};
}

static bool same(struct piece one, struct piece other)
{
    return one.len == other.len && (one.len == 0 || memcmp(one.at, other.at, one.len) == 0);
}

static bool is(struct piece piece, const char *text)
{
    return same(piece, piece_of(text));
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* What comes next is this text; then it is skipped. */
static bool skip(struct cursor *in, const char *text)
{
    struct cursor ahead = *in;
    size_t len = strlen(text);
    const uint8_t *bytes = cursor_bytes(&ahead, len);

    if (bytes == NULL || memcmp(bytes, text, len) != 0)
        return false;
    *in = ahead;
    return true;
}

static void skip_blanks(struct cursor *in)
{
    struct cursor ahead = *in;

    while (cursor_left(&ahead) > 0 && is_blank(cursor_u8(&ahead)))
        *in = ahead;
}

/* All up to one of these characters, which stays; up to the end if there is none. */
static struct piece read_until(struct cursor *in, const char *stops)
{
    struct cursor ahead = *in;
    size_t left = cursor_left(in);
    const uint8_t *start = cursor_bytes(&ahead, left);
    size_t len = 0;

    while (len < left && strchr(stops, start[len]) == NULL)
        len++;
    return (struct piece){(const char *)cursor_bytes(in, len), len};
}

/* All up to this text, and behind it; false if it does not come. */
static bool read_to(struct cursor *in, const char *text, struct piece *piece)
{
    struct cursor ahead = *in;
    size_t left = cursor_left(in);
    const uint8_t *start = cursor_bytes(&ahead, left);
    const uint8_t *found = left > 0 ? memmem(start, left, text, strlen(text)) : NULL;

    if (found == NULL)
        return false;
    piece->len = (size_t)(found - start);
    piece->at = (const char *)cursor_bytes(in, piece->len);
    cursor_skip(in, strlen(text));
    return true;
}

static void split(struct piece name, struct piece *prefix, struct piece *local)
{
    const char *colon = name.len > 0 ? memchr(name.at, ':', name.len) : NULL;

    *prefix = (struct piece){name.at, colon != NULL ? (size_t)(colon - name.at) : 0};
    *local = colon != NULL ? (struct piece){colon + 1, name.len - prefix->len - 1} : name;
}

/* --- writing --------------------------------------------------------------------------------- */

static void put(struct cleaning *cleaning, struct piece piece)
{
    xmlbuf_add(&cleaning->out->text, piece.at, piece.len);
}

static void put_text(struct cleaning *cleaning, const char *text)
{
    xmlbuf_put(&cleaning->out->text, text);
}

static void put_name(struct cleaning *cleaning, struct piece prefix, struct piece name)
{
    put(cleaning, prefix);
    if (prefix.len > 0)
        put_text(cleaning, ":");
    put(cleaning, name);
}

/* XML 1.0, 4.1: one that is whole and names a character; libyang counts round at 2^32. */
static bool take_reference(struct cleaning *cleaning)
{
    static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
    struct cursor number = cleaning->in;
    struct piece piece;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!skip(&cleaning->in, names[i]))
            continue;
        put_text(cleaning, names[i]);
        return true;
    }
    if (!skip(&number, "&#"))
        return refuse(cleaning, XML_MALFORMED,
                      "an entity in the message is none of XML's own five");
    bool hex = skip(&number, "x");
    piece = read_until(&number, ";" BLANKS "&<");
    if (piece.len == 0 || piece.len > 7 || !skip(&number, ";") ||
        strspn(piece.at, hex ? "0123456789abcdefABCDEF" : "0123456789") < piece.len)
        return broken(cleaning);
    put_text(cleaning, hex ? "&#x" : "&#");
    put(cleaning, piece);
    put_text(cleaning, ";");
    cleaning->in = number;
    return true;
}

/* Line ends as XML 1.0, 2.11 has them; `blank`: what stands for one, in attributes (3.3.3). */
static void put_line_end(struct cleaning *cleaning, const char *blank)
{
    bool cr = skip(&cleaning->in, "\r");

    if (!skip(&cleaning->in, "\n") && !cr)
        cursor_skip(&cleaning->in, 1); /* a tab */
    put_text(cleaning, blank);
}

/* What stands in the message, and which of its characters are not written out as they are. */
static const char in_text[] = "&\r";
static const char in_attribute[] = "&<\r\n\t";
static const char in_cdata[] = "&<>\r";

/* Text, written out anew. */
static bool put_characters(struct cleaning *cleaning, struct piece text, const char *special)
{
    struct cursor rest = cleaning->in;
    bool fine = true;

    cleaning->in = cursor_of(text.at, text.len);
    while (fine && cursor_left(&cleaning->in) > 0) {
        put(cleaning, read_until(&cleaning->in, special));
        struct cursor ahead = cleaning->in;
        char next[2] = {cursor_left(&ahead) > 0 ? (char)cursor_u8(&ahead) : '\0', '\0'};
        if (next[0] == '\0')
            break;
        if (special == in_cdata && next[0] != '\r') {
            xmlbuf_escape(&cleaning->out->text, next);
            cleaning->in = ahead;
        } else if (next[0] == '&') {
            fine = take_reference(cleaning);
        } else if (next[0] == '<') {
            fine = broken(cleaning);
        } else {
            put_line_end(cleaning, special == in_attribute ? " " : "\n");
        }
    }
    cleaning->in = rest;
    return fine;
}

/* --- elements -------------------------------------------------------------------------------- */

static struct level *top(struct cleaning *cleaning)
{
    return &cleaning->levels[cleaning->depth];
}

static bool read_attribute(struct cleaning *cleaning)
{
    struct attribute *attribute = &cleaning->attributes[cleaning->attribute_count];

    if (cleaning->attribute_count == XML_ATTRIBUTES_MAX)
        return refuse(cleaning, XML_TOO_BIG, "an element has more than 64 attributes");
    attribute->name = read_until(&cleaning->in, BLANKS "=/><\"'");
    skip_blanks(&cleaning->in);
    if (attribute->name.len == 0 || !skip(&cleaning->in, "="))
        return broken(cleaning);
    skip_blanks(&cleaning->in);
    const char *quote = skip(&cleaning->in, "\"") ? "\"" : "'";
    if ((quote[0] == '\'' && !skip(&cleaning->in, "'")) ||
        !read_to(&cleaning->in, quote, &attribute->value))
        return broken(cleaning);
    for (size_t i = 0; i < cleaning->attribute_count; i++)
        if (same(attribute->name, cleaning->attributes[i].name))
            return refuse(cleaning, XML_MALFORMED, "an element has the same attribute twice");
    cleaning->attribute_count++;
    return true;
}

/* Behind the name of an element to behind its >. */
static bool read_attributes(struct cleaning *cleaning, bool *empty)
{
    cleaning->attribute_count = 0;
    for (;;) {
        struct cursor before = cleaning->in;
        skip_blanks(&cleaning->in);
        *empty = skip(&cleaning->in, "/>");
        if (*empty || skip(&cleaning->in, ">"))
            return true;
        if (before.at == cleaning->in.at)
            return broken(cleaning); /* no blank before it, or the message ends */
        if (!read_attribute(cleaning))
            return false;
    }
}

/* Does the element say itself what its prefix stands for, or having none? */
static bool declares(const struct cleaning *cleaning, struct piece prefix)
{
    for (size_t i = 0; i < cleaning->attribute_count; i++) {
        struct piece before;
        struct piece name;
        split(cleaning->attributes[i].name, &before, &name);
        if (prefix.len == 0 ? is(cleaning->attributes[i].name, "xmlns")
                            : is(before, "xmlns") && same(name, prefix))
            return true;
    }
    return false;
}

/* --- what is read as XPath ------------------------------------------------------------------- */

static void take_path(struct cleaning *cleaning, size_t len)
{
    cleaning->path_sum += len > PATH_SHORT ? len : 0;
    if (len > XML_PATH_MAX || cleaning->path_sum > XML_PATHS_MAX)
        cleaning->out->long_paths = true;
}

static bool is_path(struct piece name)
{
    static const char *const names[] = {"path", "select", "locked-node", "target",
                                        "parent-reference"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is(name, names[i]))
            return true;
    return false;
}

/* --- tags ------------------------------------------------------------------------------------ */

/* xml:lang and its like mean nothing to us; those of <rpc> are given back (RFC 6241, 4.1). */
static bool put_attributes(struct cleaning *cleaning)
{
    for (size_t i = 0; i < cleaning->attribute_count; i++) {
        const struct attribute *attribute = &cleaning->attributes[i];
        bool double_quoted = memchr(attribute->value.at, '"', attribute->value.len) == NULL;
        struct piece prefix;
        struct piece local;
        split(attribute->name, &prefix, &local);
        if (is(prefix, "xml") && cleaning->depth > 1)
            continue;
        if (!is(prefix, "xmlns") && !is(attribute->name, "xmlns") && cleaning->depth > 1)
            cleaning->out->attributes = true;
        put_text(cleaning, " ");
        put(cleaning, attribute->name);
        put_text(cleaning, double_quoted ? "=\"" : "='");
        const size_t begin = cleaning->out->text.len;
        if (!put_characters(cleaning, attribute->value, in_attribute))
            return false;
        take_path(cleaning, cleaning->out->text.len - begin);
        put_text(cleaning, double_quoted ? "\"" : "'");
    }
    return true;
}

/* A parameter without a namespace is in that of its operation, and so is one that has the prefix of
 * <rpc>: ncclient puts filters into NETCONF's namespace whatever they are for. */
static void find_prefix(struct cleaning *cleaning, struct level *level)
{
    bool bare = level->prefix.len == 0 && !level->declared;
    bool strayed = cleaning->depth == 3 && same(level->prefix, cleaning->levels[1].prefix) &&
                   !declares(cleaning, level->prefix);

    if (!level->content && cleaning->depth > 1 && (bare || strayed))
        level->prefix = (level - 1)->prefix;
}

/* What has no namespace: <rpc> and <hello> can only be NETCONF's; content is in none. */
static const char *missing_namespace(struct cleaning *cleaning, struct level *level)
{
    if (level->prefix.len > 0 || level->declared || level->none)
        return "";
    if (cleaning->depth == 1)
        return " xmlns=\"" XML_NETCONF "\"";
    level->none = level->content;
    return level->none ? " xmlns=\"\"" : "";
}

static bool may_begin(struct cleaning *cleaning)
{
    struct level *parent = top(cleaning);

    if (++cleaning->out->elements > XML_ELEMENTS_MAX)
        return refuse(cleaning, XML_TOO_BIG,
                      "the message has more than 16384 elements: send it in parts");
    if (++parent->children > XML_CHILDREN_MAX)
        return refuse(cleaning, XML_TOO_BIG,
                      "an element has more than 4096 elements in it: send them in parts");
    if (cleaning->depth == XML_DEPTH_MAX)
        return refuse(cleaning, XML_TOO_BIG, "elements are nested deeper than 64");
    if (cleaning->depth == 0 && parent->children > 1)
        return refuse(cleaning, XML_MALFORMED,
                      "the message goes on behind its element: end each message by itself");
    if (parent->text)
        return mixed(cleaning, parent);
    return true;
}

static bool take_start(struct cleaning *cleaning)
{
    struct piece name = read_until(&cleaning->in, BLANKS "/><\"'=");
    bool empty = false;

    if (!may_begin(cleaning) || !read_attributes(cleaning, &empty))
        return false;
    const struct level *parent = top(cleaning);
    struct level *level = &cleaning->levels[++cleaning->depth];
    *level = (struct level){.end = name, .declared = parent->declared, .none = parent->none};
    split(name, &level->prefix, &level->name);
    if (level->name.len == 0 || name.at[0] == ':')
        return broken(cleaning);
    level->content =
        parent->content ||
        (cleaning->depth > 3 && (is(parent->name, "filter") || is(parent->name, "config")));
    if (declares(cleaning, (struct piece){.len = 0})) {
        level->declared = true;
        level->none = false;
    }
    find_prefix(cleaning, level);
    cleaning->out->action |= cleaning->depth == 2 && is(level->name, "action");
    put_text(cleaning, "<");
    put_name(cleaning, level->prefix, level->name);
    put_text(cleaning, missing_namespace(cleaning, level));
    if (!put_attributes(cleaning))
        return false;
    if (cleaning->depth == 1)
        cleaning->out->root = cleaning->out->text.len;
    put_text(cleaning, empty ? "/>" : ">");
    level->begin = cleaning->out->text.len;
    level->path = !empty && !cleaning->in_path && is_path(level->name);
    cleaning->in_path = cleaning->in_path || level->path;
    cleaning->depth -= empty;
    return true;
}

/* A parameter means the same with blanks around it. */
static void trim_end(struct cleaning *cleaning, const struct level *level)
{
    struct xmlbuf *text = &cleaning->out->text;

    if (level->content || level->children > 0)
        return;
    while (text->len > level->begin && is_blank((uint8_t)text->bytes[text->len - 1]))
        text->len--;
}

static bool take_end(struct cleaning *cleaning)
{
    const struct level *level = top(cleaning);
    struct piece name = read_until(&cleaning->in, BLANKS "><");

    skip_blanks(&cleaning->in);
    if (cleaning->depth == 0 || !skip(&cleaning->in, ">") || !same(name, level->end))
        return broken(cleaning);
    trim_end(cleaning, level);
    if (level->path) {
        take_path(cleaning, cleaning->out->text.len - level->begin);
        cleaning->in_path = false;
    }
    put_text(cleaning, "</");
    put_name(cleaning, level->prefix, level->name);
    put_text(cleaning, ">");
    cleaning->depth--;
    return true;
}

/* --- what is between tags -------------------------------------------------------------------- */

/* Blanks between elements, and around parameters, are left out. */
static bool begin_text(struct cleaning *cleaning, struct piece *text)
{
    struct level *level = top(cleaning);
    size_t blanks = 0;

    while (blanks < text->len && is_blank((uint8_t)text->at[blanks]))
        blanks++;
    if (blanks < text->len && cleaning->depth == 0)
        return broken(cleaning);
    if (blanks < text->len && level->children > 0)
        return mixed(cleaning, level);
    level->text = level->text || blanks < text->len;
    if (cleaning->depth == 0 || level->children > 0)
        text->len = 0;
    if (level->content || cleaning->out->text.len > level->begin)
        return true;
    text->at += blanks < text->len ? blanks : text->len;
    text->len -= blanks < text->len ? blanks : text->len;
    return true;
}

static bool take_text(struct cleaning *cleaning)
{
    struct piece text = read_until(&cleaning->in, "<");

    return begin_text(cleaning, &text) && put_characters(cleaning, text, in_text);
}

static bool take_cdata(struct cleaning *cleaning)
{
    struct piece text;

    if (!read_to(&cleaning->in, "]]>", &text))
        return broken(cleaning);
    return begin_text(cleaning, &text) && put_characters(cleaning, text, in_cdata);
}

/* Its content matters to nobody, but <rpc> behind it has a message-id. */
static bool skip_doctype(struct cleaning *cleaning)
{
    unsigned open = 1;

    while (open > 0 && cursor_left(&cleaning->in) > 0) {
        uint8_t byte = cursor_u8(&cleaning->in);
        open += byte == '<';
        open -= byte == '>';
    }
    return refuse(cleaning, XML_MALFORMED, "a document type must not appear (RFC 6241, 3)");
}

static bool take_markup(struct cleaning *cleaning)
{
    struct piece nothing;

    if (skip(&cleaning->in, "!--"))
        return read_to(&cleaning->in, "-->", &nothing) || broken(cleaning);
    if (skip(&cleaning->in, "?"))
        return read_to(&cleaning->in, "?>", &nothing) || broken(cleaning);
    if (skip(&cleaning->in, "![CDATA["))
        return take_cdata(cleaning);
    if (skip(&cleaning->in, "!"))
        return skip_doctype(cleaning);
    if (skip(&cleaning->in, "/"))
        return take_end(cleaning);
    return take_start(cleaning);
}

/* --- from outside ---------------------------------------------------------------------------- */

/* Is <rpc> still to come? A fault before it does not keep us from reading its attributes. */
static bool goes_on(const struct cleaning *cleaning)
{
    const struct xml_message *out = cleaning->out;

    return cursor_left(&cleaning->in) > 0 &&
           (out->fault == XML_FINE || (out->root == 0 && out->elements == 0));
}

static void clean(struct cleaning *cleaning)
{
    (void)skip(&cleaning->in, BOM);
    while (goes_on(cleaning)) {
        enum xml_fault fault = cleaning->out->fault;
        const char *reason = cleaning->out->reason;
        bool fine = skip(&cleaning->in, "<") ? take_markup(cleaning) : take_text(cleaning);
        if (fault != XML_FINE) /* the first one is told */
            (void)refuse(cleaning, fault, reason);
        if (!fine && cleaning->out->elements > 0)
            return;
    }
}

/* It grows by what escapes and namespaces need; if not even its own length fits, memory is out. */
static void refuse_length(struct cleaning *cleaning, size_t len)
{
    if (cleaning->out->text.len <= len)
        (void)refuse(cleaning, XML_NO_MEMORY, "memory is out");
    else
        (void)refuse(cleaning, XML_TOO_BIG, "the message is too big: send it in parts");
}

bool xml_clean(const char *text, size_t len, struct xml_message *message)
{
    static struct cleaning cleaning;
    const char *nul = memchr(text, '\0', len);

    *message = (struct xml_message){.text = {.limit = 2 * len + GROWTH_MAX}};
    cleaning.in = cursor_of(text, nul != NULL ? (size_t)(nul - text) : len);
    cleaning.out = message;
    cleaning.depth = 0;
    cleaning.path_sum = 0;
    cleaning.in_path = false;
    cleaning.levels[0] = (struct level){.begin = 0};
    clean(&cleaning);
    xmlbuf_add(&message->text, "", 1);
    if (message->text.full)
        refuse_length(&cleaning, len);
    else if (message->fault == XML_FINE &&
             (nul != NULL || cleaning.depth > 0 || message->elements == 0))
        (void)broken(&cleaning);
    return message->fault == XML_FINE;
}

void xml_message_fini(struct xml_message *message)
{
    xmlbuf_fini(&message->text);
}
