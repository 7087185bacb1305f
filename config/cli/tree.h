/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An answer of the agent as a tree of elements: names without prefixes, texts, nothing else. The
 * command line knows which names it asked for and needs no schema to read them.
 *
 * The reader takes what XML is without a document type, of any bytes, and never more than 64
 * elements deep.
 */
#ifndef CONFIG_CLI_TREE_H
#define CONFIG_CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree {
    const char *name;
    const char *text; /* "" if there is none */
    struct tree *child;
    struct tree *next; /* the next of the same parent */
};

/*
 * Reads a message, which it writes over and which must outlive the tree; a NUL stands behind it.
 * Gives the outermost element: free() it, the others stand in the same memory. NULL: not
 * well-formed, or memory is out.
 */
struct tree *tree_read(char *message, size_t len);

/* The first that a path of names leads to (a/b/c), or NULL. NULL is allowed as a tree. */
const struct tree *tree_at(const struct tree *tree, const char *path);
/* Its text; NULL if there is none. */
const char *tree_text(const struct tree *tree, const char *path);
/* The same, `other` if there is none. */
const char *tree_or(const struct tree *tree, const char *path, const char *other);
/* A number, 0 if there is none. */
uint64_t tree_number(const struct tree *tree, const char *path);
bool tree_is(const struct tree *tree, const char *path, const char *text);
/* The first child of this name from `from` on (a child), or NULL. */
const struct tree *tree_named(const struct tree *from, const char *name);

/* All children of a name: for (TREE_EACH(peer, state, "peer")) */
#define TREE_EACH(one, parent, name)                                                      \
    const struct tree *one = tree_named((parent) != NULL ? (parent)->child : NULL, name); \
    (one) != NULL;                                                                        \
    (one) = tree_named((one)->next, name)

#endif
