/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may do what: the NETCONF Access Control Model (RFC 8341), read from the running datastore.
 *
 * Denied nodes are invisible to reading, with all that is in them, and access-denied to writing.
 * The recovery session (uid 0) may do everything. Rules are taken from ietf-netconf-acm in running
 * at each change of it.
 *
 * Whoever may write nothing may not lock, commit, discard, copy or validate either, unless a rule
 * permits that operation: without rules only root changes anything.
 *
 * Where the RFC leaves room: keys go with their list entry; a container without presence, and a
 * default that comes or goes by itself, are nobody's change; what is created or deleted needs the
 * right for every node of it; what is in a node marked default-deny-all (or -write) is so, too. A
 * path whose predicate has a MAC is about every spelling of it. A path that is no instance
 * identifier denies everything, or permits nothing; the log says so. libyang takes paths that name
 * all keys of a list or none, and not the variable $USER. There are no actions (RFC
 * 7950, 7.15) in any module here, so rights on them are not asked for.
 *
 * What <copy-config> and <commit> need beside the right to be executed is up to who does them: a
 * source must be pruned (RFC 8341, 3.2.6), except from running to startup.
 */
#ifndef CONFIG_ACCESS_NACM_H
#define CONFIG_ACCESS_NACM_H

#include "config/errors/rpc-error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ly_ctx;
struct lyd_node;
struct lysc_node;
struct nacm;

enum { NACM_NAME_SIZE = 64, NACM_GROUPS_MAX = 64 };

/* A user with the groups of UNIX that count as external groups. */
struct nacm_user {
    char name[NACM_NAME_SIZE];
    bool recovery;
    bool more_groups; /* than are kept here */
    size_t group_count;
    char groups[NACM_GROUPS_MAX][NACM_NAME_SIZE];
};

/*
 * From the credentials of a socket's other end, once a session. Never fails: who has no name (or
 * one too long for NACM_NAME_SIZE) is called by number, and has no groups; groups beyond
 * NACM_GROUPS_MAX are left out. Asks the C library (getpwuid, getgrouplist), which
 * reads files; where nsswitch.conf names a network service, it waits for that.
 */
void nacm_user_of(uid_t uid, gid_t gid, struct nacm_user *user);

/* Nothing but the defaults of RFC 8341 until the first nacm_configure(). The schema outlives it.
 * NULL: memory is out. */
struct nacm *nacm_new(const struct ly_ctx *schema);
void nacm_free(struct nacm *nacm);
/* Running is this now; false if memory is out: the old rules stay. */
bool nacm_configure(struct nacm *nacm, const struct lyd_node *running);

/* Counted (denied-operations and so on) where it refuses. `rpc` is the operation's. */
bool nacm_permits_rpc(struct nacm *nacm, const struct nacm_user *user, const struct lysc_node *rpc);
bool nacm_permits_notification(struct nacm *nacm, const struct nacm_user *user,
                               const struct lyd_node *notification);

/*
 * Reads a tree from the top down: nacm_may_read() is asked for each node, when what it is in may be
 * read. The reader is good until `nacm` is asked anything else. It remembers what holds for all
 * nodes of a schema.
 */
enum { NACM_READER_SIZE = 64 };
struct nacm_reader {
    struct nacm *nacm;
    struct {
        const struct lysc_node *schema;
        bool permitted;
    } answers[NACM_READER_SIZE];
};
/* False: this user may read everything. */
bool nacm_reader_begin(struct nacm *nacm, const struct nacm_user *user, struct nacm_reader *reader);
bool nacm_may_read(void *reader, const struct lyd_node *node);
/* Takes out of *tree (siblings) all that the user may not read. */
void nacm_prune(struct nacm *nacm, const struct nacm_user *user, struct lyd_node **tree);
/* Every node of a diff of libyang (lyd_diff_siblings, with or without LYD_DIFF_DEFAULTS): false
 * with access-denied for the first that may not be changed. */
bool nacm_permits_diff(struct nacm *nacm, const struct nacm_user *user, const struct lyd_node *diff,
                       struct rpc_errors *errors);

/* What an edit does with a node that it names: as enum store_naming. */
enum nacm_naming { NACM_TELLING, NACM_SETTING, NACM_REPLACING, NACM_REMOVING };

/*
 * Before an edit looks for a node: one that the user may not read must be one that he may change
 * whether it is there or not, or the answer would tell. False with access-denied. `node` is what
 * the edit says, NULL for a leaf without a value; `parent` is NULL at the top.
 */
bool nacm_permits_naming(struct nacm *nacm, const struct nacm_user *user,
                         const struct lyd_node *parent, const struct lysc_node *schema,
                         const struct lyd_node *node, enum nacm_naming how,
                         struct rpc_errors *errors);
/* May the user be told of the node at this path (of lyd_path())? Not counted. */
bool nacm_permits_path(struct nacm *nacm, const struct nacm_user *user, const char *path);

struct nacm_counters {
    uint32_t denied_operations;
    uint32_t denied_data_writes;
    uint32_t denied_notifications;
};

const struct nacm_counters *nacm_counters(const struct nacm *nacm);
/* Adds the counters to /ietf-netconf-acm:nacm in *tree (siblings), which is made if it is not
 * there. False: memory is out. */
bool nacm_add_state(const struct nacm *nacm, struct lyd_node **tree);

#endif
