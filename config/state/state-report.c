/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/state/state-parts.h"

#include "agent/base/log.h"
#include "agent/base/trace.h"

enum {
    LINE_WISH = 300, /* characters behind the title */
    LINE_SIZE = 900, /* a single text may need more */
    TITLE_SIZE = SETTINGS_HOST_SIZE + 96,
    SHORT_ENTRY = 3, /* leaves: such entries share a line */
    TRACE_LINES = 100,
};

/* A line that is being put together. */
struct line {
    const char *title;
    size_t used;
    char text[LINE_SIZE];
};

static void flush(struct line *line)
{
    if (line->used > 0)
        log_info("report: %s:%s", line->title, line->text);
    line->used = 0;
}

/* Where the line would become too long it goes on in a further one with the same title. */
static void put(struct line *line, const char *separator, const char *text)
{
    if (line->used > 0 && line->used + strlen(text) > LINE_WISH)
        flush(line);
    int len = snprintf(line->text + line->used, sizeof(line->text) - line->used, "%s%s",
                       line->used > 0 ? separator : " ", text);
    if (len > 0)
        line->used += (size_t)len;
    if (line->used >= sizeof(line->text))
        line->used = sizeof(line->text) - 1;
}

static const char *value_of(const struct lyd_node *parent, const char *name)
{
    for (const struct lyd_node *child = lyd_child(parent); child != NULL; child = child->next)
        if (strcmp(child->schema->name, name) == 0)
            return lyd_get_value(child);
    return NULL;
}

/* What a title says of a peer is not said again. */
static bool is_in_title(const struct lyd_node *leaf)
{
    static const char *const names[] = {"direction", "host", "port"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(leaf->schema->name, names[i]) == 0)
            return value_of(lyd_parent(leaf), "direction") != NULL;
    return false;
}

static bool is_leaf(const struct lyd_node *node)
{
    return (node->schema->nodetype & LYD_NODE_TERM) != 0;
}

static bool is_sentence(const struct lyd_node *leaf)
{
    return strchr(lyd_get_value(leaf), ' ') != NULL;
}

/* "name=value ..."; the values of a leaf-list stand behind one name. */
static void tell_words(const char *title, const struct lyd_node *node)
{
    struct line line = {.title = title, .used = 0};
    const struct lysc_node *last = NULL;
    char word[STATE_TEXT_SIZE];

    for (const struct lyd_node *child = lyd_child(node); child != NULL; child = child->next) {
        if (!is_leaf(child) || is_sentence(child) || is_in_title(child))
            continue;
        bool goes_on = child->schema == last;
        (void)snprintf(word, sizeof(word), "%s%s%s", goes_on ? "" : child->schema->name,
                       goes_on ? "" : "=", lyd_get_value(child));
        put(&line, goes_on ? "," : " ", word);
        last = child->schema;
    }
    flush(&line);
}

static void tell_sentences(const char *title, const struct lyd_node *node)
{
    for (const struct lyd_node *child = lyd_child(node); child != NULL; child = child->next)
        if (is_leaf(child) && is_sentence(child))
            log_info("report: %s: %s: %s", title, child->schema->name, lyd_get_value(child));
}

/* --- lists ----------------------------------------------------------------------------------- */

static bool is_short(const struct lyd_node *entry)
{
    const struct lysc_node *leaf = NULL;
    unsigned count = 0;

    while ((leaf = lys_getnext(leaf, entry->schema, entry->schema->module->compiled, 0)) != NULL)
        count += leaf->nodetype == LYS_LEAF ? 1 : SHORT_ENTRY + 1;
    return count <= SHORT_ENTRY && (entry->schema->flags & LYS_KEYLESS) == 0;
}

/* All entries in one line; gives the last one. */
static const struct lyd_node *tell_short(const char *title, const struct lyd_node *entry)
{
    struct line line = {.title = title, .used = 0};

    for (;; entry = entry->next) {
        char text[128] = "";
        size_t used = 0;
        for (const struct lyd_node *leaf = lyd_child(entry); leaf != NULL; leaf = leaf->next) {
            (void)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? " " : "",
                           lyd_get_value(leaf));
            used = strlen(text);
        }
        put(&line, ", ", text);
        if (entry->next == NULL || entry->next->schema != entry->schema)
            break;
    }
    flush(&line);
    return entry;
}

/* Peers, and what is told of them, go by the peer's name. */
static void entry_title(const char *title, const struct lyd_node *entry,
                        char text[static TITLE_SIZE])
{
    const char *host = value_of(entry, "host");
    bool is_peer = strcmp(entry->schema->name, "peer") == 0;

    if (value_of(entry, "direction") == NULL)
        (void)snprintf(text, TITLE_SIZE, "%s: %s", title, entry->schema->name);
    else if (host != NULL)
        (void)snprintf(text, TITLE_SIZE, "server %s port %s%s%s", host, value_of(entry, "port"),
                       is_peer ? "" : ": ", is_peer ? "" : entry->schema->name);
    else
        (void)snprintf(text, TITLE_SIZE, "from %s%s%s", value_of(entry, "address"),
                       is_peer ? "" : ": ", is_peer ? "" : entry->schema->name);
}

static void tell_node(const char *title, const struct lyd_node *node) // NOLINT(misc-no-recursion)
{
    char inner[TITLE_SIZE];

    tell_words(title, node);
    tell_sentences(title, node);
    for (const struct lyd_node *child = lyd_child(node); child != NULL; child = child->next) {
        if (is_leaf(child))
            continue;
        entry_title(title, child, inner);
        if (child->schema->nodetype == LYS_LIST && is_short(child))
            child = tell_short(inner, child);
        else
            tell_node(inner, child);
    }
}

/* --- all of it ------------------------------------------------------------------------------- */

static void tell_trace(void)
{
    struct trace_entry entry;
    char line[TRACE_LINE_SIZE];

    log_info("report: trace: level %s, %zu bytes, its last lines:", trace_level_name(trace_level()),
             trace_size());
    for (bool more = trace_last(TRACE_LINES, &entry); more;
         more = trace_after(entry.number, &entry))
        log_info("report: trace: %s", trace_format(&entry, line));
}

void state_report(const struct state_tree_options *options)
{
    const struct state_tree state = {.options = *options};
    struct lyd_node *tree = NULL;

    if (!state_tree_add(&state, &tree))
        log_warning("report: there is no memory for all of it");
    for (const struct lyd_node *root = tree; root != NULL; root = root->next) {
        char title[TITLE_SIZE];
        (void)snprintf(title, sizeof(title), "%.*s", (int)strcspn(root->schema->name, "-"),
                       root->schema->name);
        tell_node(title, root);
    }
    lyd_free_all(tree);
    tell_trace();
    log_info("report: end");
}
