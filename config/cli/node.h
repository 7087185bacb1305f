/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the data model a command's leaves are, as the table says it:
 *
 *   module:name/name         containers; the module is written without `nmspd-`
 *   name[key][key=default]   an entry of a list; who does not give the key means the default
 *   name!                    a container that must be there already: its presence means something
 */
#ifndef CONFIG_CLI_NODE_H
#define CONFIG_CLI_NODE_H

#include "config/cli/tree.h"

enum { NODE_STEPS_MAX = 4, NODE_KEYS_MAX = 2, NODE_NAME_SIZE = 48 };

struct node_step {
    char name[NODE_NAME_SIZE];
    bool presence;
    size_t keys;
    struct {
        char name[NODE_NAME_SIZE];
        char otherwise[16]; /* the default of the command line; empty: none */
    } key[NODE_KEYS_MAX];
};

struct node_path {
    char module[NODE_NAME_SIZE];
    size_t count;
    struct node_step step[NODE_STEPS_MAX];
};

void node_read(const char *text, struct node_path *path);
static inline const struct node_step *node_last(const struct node_path *path)
{
    return &path->step[path->count - 1];
}
/* The key of the last step with this name, or its number of keys. */
size_t node_key(const struct node_path *path, const char *leaf);

#endif
