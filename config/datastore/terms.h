/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store and its modules speak of with each other and with those who call: which datastore,
 * on whose behalf, what of an edit. The operations are in config/datastore/store.h.
 */
#ifndef CONFIG_DATASTORE_TERMS_H
#define CONFIG_DATASTORE_TERMS_H

#include "agent/base/loop.h"
#include "config/errors/rpc-error.h"
#include "config/settings/apply.h"

#include <stdbool.h>
#include <stdint.h>

struct ly_ctx;
struct lyd_node;
struct lysc_node;

enum store_id { STORE_RUNNING, STORE_CANDIDATE, STORE_STARTUP, STORES };

enum store_default_operation { STORE_MERGE, STORE_REPLACE, STORE_NONE };
enum store_test_option { STORE_TEST_THEN_SET, STORE_SET, STORE_TEST_ONLY };
enum store_error_option { STORE_STOP_ON_ERROR, STORE_CONTINUE_ON_ERROR, STORE_ROLLBACK_ON_ERROR };

/* What an edit does with a node that it names: its answer tells whether the node was there, or the
 * node is there afterwards, has nothing but what the edit says in it, or is not there. */
enum store_naming { STORE_TELLING, STORE_SETTING, STORE_REPLACING, STORE_REMOVING };

/* On whose behalf a datastore is changed. */
struct store_access {
    uint32_t session; /* of NETCONF; 0: the agent itself */
    const char *user; /* whose session it is; NULL: nobody's */
    bool recovery;    /* of root: it may confirm and cancel what another session's commit began */
    bool overwrites;  /* a startup file that was changed on the disk since it was read */
    /*
     * May this change be made? `diff` is a diff of libyang between the datastore as it is and as it
     * is to be. False with an error added (access-denied with the node's path). NULL: everything
     * may.
     */
    bool (*permits)(void *context, const struct lyd_node *diff, struct rpc_errors *errors);
    /*
     * May an edit look for this node, which is a child of `parent` (NULL: at the top)? `node` is
     * what the edit says, or NULL for a leaf without a value. False with an error added. NULL: for
     * any node.
     */
    bool (*may_name)(void *context, const struct lyd_node *parent, const struct lysc_node *schema,
                     const struct lyd_node *node, enum store_naming how, struct rpc_errors *errors);
    void *context;
};

struct store_options {
    struct loop *loop;
    struct ly_ctx *schema;
    const char
        *path; /* of the startup file (JSON, RFC 7951); the folder must be writable to save */
    struct config_capabilities capabilities;
    /* Running has changed to this; takes the settings over. Not called by store_new(). */
    void (*apply)(void *context, struct settings *settings);
    /* A confirmed commit ended: `kept` or rolled back, and for whom. May be NULL. */
    void (*confirm_ended)(void *context, bool kept);
    void *context;
};

/* Where running came from at the start. */
enum store_origin { STORE_FROM_STARTUP, STORE_FROM_LAST_GOOD, STORE_FROM_NOTHING };

/* How a change that needs the disk ends: out of the loop, once, unless the call returned false or
 * store_session_ended() came first for the session that asked. */
typedef void (*store_done)(void *context, bool ok, const struct rpc_errors *errors);

enum { STORE_CONFIRM_MAX = 86400, STORE_SAVE_MS = 1000 };

struct store_commit {
    bool confirmed;
    uint32_t timeout;       /* seconds, 1 to STORE_CONFIRM_MAX; 600 by default (RFC 6241, 8.4.1) */
    const char *persist;    /* NULL: bound to the session */
    const char *persist_id; /* NULL: none given */
};

#endif
