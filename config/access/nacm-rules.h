/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of ietf-netconf-acm as plain data, and whether one of them speaks of a node. Only for
 * config/nacm*.c.
 *
 * A path that cannot be read (it is no instance identifier) makes a rule that permits nothing, or
 * that denies everything: what was meant is not known, so the stricter of the two is taken.
 */
#ifndef CONFIG_ACCESS_NACM_RULES_H
#define CONFIG_ACCESS_NACM_RULES_H

#include "config/schema/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lyd_node;
struct lysc_node;

enum nacm_access {
    NACM_CREATE = 1,
    NACM_READ = 2,
    NACM_UPDATE = 4,
    NACM_DELETE = 8,
    NACM_EXEC = 16,
    NACM_ALL = 31
};

/* What a rule is about; NACM_ANY: it names nothing, and is about everything in its module. */
enum nacm_kind { NACM_ANY, NACM_RPC, NACM_NOTIFICATION, NACM_DATA };

enum { NACM_DEPTH_MAX = 32 };

/* Without steps it is "/": everything. */
struct nacm_path {
    char *text; /* in which the steps lie */
    struct path_step *steps;
    size_t step_count;
};

struct nacm_rule {
    char *module; /* NULL: any */
    enum nacm_kind kind;
    char *name; /* of the rpc or notification; NULL: any */
    struct nacm_path path;
    bool is_unreadable; /* the path is */
    unsigned access;    /* enum nacm_access */
    bool permits;
};

struct nacm_rule_list {
    char **groups;
    size_t group_count;
    struct nacm_rule *rules;
    size_t rule_count;
};

struct nacm_group {
    char *name;
    char **users;
    size_t user_count;
};

/* The defaults are RFC 8341's. */
struct nacm_rules {
    bool enabled;
    bool reads;
    bool writes;
    bool executes;
    bool external_groups;
    struct nacm_group *groups;
    size_t group_count;
    struct nacm_rule_list *lists;
    size_t list_count;
};

/* From running; a tree without ietf-netconf-acm (or NULL) gives the defaults. False if memory is
 * out: there is nothing to free then. */
bool nacm_rules_read(struct nacm_rules *rules, const struct lyd_node *running);
void nacm_rules_free(struct nacm_rules *rules);

/* False if it is no instance identifier (`text` empty), or memory is out (*memory). */
bool nacm_path_read(struct nacm_path *path, const char *text, bool *memory);
void nacm_path_free(struct nacm_path *path);

/* Where a node of data stands. */
struct nacm_place {
    const struct lysc_node *schema;
    const struct lyd_node *node;   /* NULL: a leaf that need not be there */
    const struct lyd_node *parent; /* NULL: at the top */
};

/* The path is that of the node, or of one it is in. *particular is set if that hangs on more than
 * the schema: on keys, values or positions. */
bool nacm_path_matches(const struct nacm_path *path, const struct nacm_place *place,
                       bool *particular);

#endif
