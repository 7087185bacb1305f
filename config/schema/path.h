/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths of instances, read: /module:name[key='value']/name (RFC 7951, 6.11), as libyang writes them
 * and as rules of access control have them, which may hold blanks. The only reader of them.
 *
 * What is read points into the text: nothing is copied and nothing is allocated. An attribute is a
 * step too, whose name begins with @ (or that of its module, if it has one).
 */
#ifndef CONFIG_SCHEMA_PATH_H
#define CONFIG_SCHEMA_PATH_H

#include "agent/base/cursor.h"

struct ly_ctx;
struct lysc_node;

/* A part of the text, not terminated. */
struct path_part {
    const char *at;
    size_t len;
};

struct path_step {
    struct path_part module; /* that of the step before if none is written */
    struct path_part name;
    struct path_part keys; /* [...][...], or empty */
};

/* [name='value'], [.='value'] (an empty name), or [position] (above 0, and no value). */
struct path_key {
    struct path_part name;
    struct path_part value;
    uint32_t position;
};

bool path_is(struct path_part part, const char *text);

/* Takes the next step; false at the end, and where nothing follows that is a step: then something
 * is left. *step begins as all zero, and stays what it was. */
bool path_next(struct cursor *path, struct path_step *step);
/* The same for the keys of a step. */
bool path_next_key(struct cursor *keys, struct path_key *key);
struct cursor path_cursor(const char *path);
struct cursor path_keys(const struct path_step *step);

/* The last step, all zero if there is none; false if that is no path. */
bool path_last(const char *path, struct path_step *step);

/* The node of data, or the rpc, that a path leads to; NULL: there is none. */
const struct lysc_node *path_node(const struct ly_ctx *schema, const char *path);

#endif
