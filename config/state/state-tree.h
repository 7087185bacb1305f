/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the agent tells (agent/state.h) as YANG data: the state parts of our modules for <get>, the
 * outputs of our own rpcs, and notifications.
 *
 * Nothing is kept: each call reads the agent as it is. Large tables (devices, APs, the trace) are
 * not part of the tree; rpcs read them in pages. Everything is bounded: the tree and each page make
 * less than SERVER_REPLY_MAX of XML, and a call looks at STATE_LOOK_MAX devices at most.
 */
#ifndef CONFIG_STATE_STATE_TREE_H
#define CONFIG_STATE_STATE_TREE_H

#include "agent/state.h"
#include "config/errors/rpc-error.h"

#include <stdbool.h>
#include <stdint.h>

struct ly_ctx;
struct lyd_node;
struct store;
struct state_tree;

struct state_tree_options {
    struct ly_ctx *schema;
    struct agent *agent;
    const struct store *store; /* NULL: nothing is told of it */
    /* A notification of ours: the tree is freed after the call. */
    void (*notify)(void *context, const struct lyd_node *notification);
    void *context;
};

/* Observes the agent. NULL: memory is out. */
struct state_tree *state_tree_new(const struct state_tree_options *options);
/* Before the agent goes. NULL is allowed. */
void state_tree_free(struct state_tree *state);

/* Adds the state of our modules to *tree (siblings), where none of it is yet. False: memory is out;
 * what was added stays. */
bool state_tree_add(const struct state_tree *state, struct lyd_node **tree);

/*
 * An rpc of one of our modules, validated as an rpc's input. Its input nodes are taken away, and
 * output nodes are added to `rpc` itself (as libyang wants them for a reply); if there are none the
 * answer is <ok>. False with errors: what is in `rpc` then means nothing.
 */
bool state_tree_rpc(const struct state_tree *state, struct lyd_node *rpc,
                    struct rpc_errors *errors);

/*
 * Writes the state and the end of the trace into the log, for people: "report: ", a title, and what
 * is there as name=value. A container or list entry has one line, a sentence has one of its own,
 * and a list of short entries ("sent") one for them all.
 */
void state_report(const struct state_tree_options *options);

#endif
