/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The datastores startup, candidate and running (RFC 6241 5.1, 8.3, 8.4, 8.7): the one place where
 * configuration changes, whoever asks for it (a NETCONF session, SIGHUP, the start).
 *
 * Everything that reaches running was validated and turned into settings first; then it is handed
 * to the agent, which takes it over without touching what did not change. What is refused is
 * refused whole, with reasons, and changes nothing.
 *
 * This is the face, over modules that it alone uses (config/datastore/running.h, startup.h,
 * confirm.h, locks.h, edit.h).
 *
 * Trees given out belong to the store and are valid until the next call that may change them.
 * Everything happens inside the event loop. Writing startup is the only thing that takes time
 * (fsync): it runs in a child, and its result comes later.
 */
#ifndef CONFIG_DATASTORE_STORE_H
#define CONFIG_DATASTORE_STORE_H

#include "agent/base/loop.h"
#include "config/errors/rpc-error.h"
#include "config/settings/apply.h"

#include <stdbool.h>
#include <stdint.h>

struct ly_ctx;
struct lyd_node;
struct lysc_node;
struct store;

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

/*
 * Loads startup into running and candidate. A startup that does not validate stays where it is,
 * untouched, and is reported (store_startup_fault()); running is then the last good one, or empty.
 * What startup held when it was last taken or saved is kept beside it, in <path>.good: it is
 * written in a child, and that it cannot be written is logged and no more. A startup that is
 * missing means an empty running, for that is what <delete-config> asks for. NULL only if memory is
 * out.
 */
struct store *store_new(const struct store_options *options);
/* A save that is under way is given up: the file is the old one or the new one. NULL is allowed. */
void store_free(struct store *store);
/* The settings of running, for the start of the agent; the caller's. NULL if memory is out. */
struct settings *store_settings(struct store *store);
enum store_origin store_origin(const struct store *store);
/* Why the startup file was not taken when it was last read, at the start or by store_reload(); NULL
 * after a success of either, or of a save. */
const struct config_error *store_startup_fault(const struct store *store);

/*
 * Top-level nodes of the datastore with all defaults (flagged as such); NULL: it is empty. The
 * candidate may be invalid; as long as nobody has changed it, it is running. Startup is what the
 * file held when it was last read or written, and empty if it was not taken.
 */
const struct lyd_node *store_tree(const struct store *store, enum store_id id);
struct ly_ctx *store_schema(const struct store *store);

/*
 * <edit-config>: `config` is the content of the <config> element as libyang parsed it, opaque nodes
 * and all; it is left alone. STORE_RUNNING is validated and applied at once, STORE_CANDIDATE is
 * changed only: its constraints wait for <validate> or <commit> (RFC 7950, 8.3.3), unless
 * STORE_TEST_ONLY asks. Not for STORE_STARTUP. False with errors.
 *
 * An edit is taken whole or not at all, whatever the error option: STORE_STOP_ON_ERROR too.
 * STORE_CONTINUE_ON_ERROR alone does what can be done, and gives false with the errors of the rest.
 */
bool store_edit(struct store *store, const struct store_access *access, enum store_id target,
                const struct lyd_node *config, enum store_default_operation default_operation,
                enum store_test_option test_option, enum store_error_option error_option,
                struct rpc_errors *errors);

/* How a change that needs the disk ends: out of the loop, once, unless the call returned false or
 * store_session_ended() came first for the session that asked. */
typedef void (*store_done)(void *context, bool ok, const struct rpc_errors *errors);

/*
 * <copy-config>, <delete-config> (source NULL tree and not a store: of startup only). `tree`: an
 * inline <config>, else NULL and `source` counts; STORES: the inline <config> is empty. To
 * STORE_STARTUP the answer comes through `done`; otherwise `done` is called before it returns.
 * False with errors: `done` is not called. What does not validate is not saved.
 *
 * A second save while one is under way is refused as in-use, and one that comes within
 * STORE_SAVE_MS of the last waits for the rest of that time. What somebody else has written into
 * the file since it was read is not overwritten, unless access->overwrites: then it fails, with the
 * app-tag startup-changed.
 */
bool store_copy(struct store *store, const struct store_access *access, enum store_id target,
                enum store_id source, const struct lyd_node *tree, store_done done, void *context,
                struct rpc_errors *errors);
bool store_delete(struct store *store, const struct store_access *access, enum store_id target,
                  store_done done, void *context, struct rpc_errors *errors);

/* Startup without a file is empty, and that is valid; one that was not taken is told with its
 * faults. */
bool store_validate(struct store *store, enum store_id source, const struct lyd_node *tree,
                    struct rpc_errors *errors);

enum { STORE_CONFIRM_MAX = 86400, STORE_SAVE_MS = 1000 };

struct store_commit {
    bool confirmed;
    uint32_t timeout;       /* seconds, 1 to STORE_CONFIRM_MAX; 600 by default (RFC 6241, 8.4.1) */
    const char *persist;    /* NULL: bound to the session */
    const char *persist_id; /* NULL: none given */
};

/*
 * While a confirmed commit waits, all that would change running is refused as in-use for others
 * than its session, or, if it is persistent, for those who do not give its persist-id (which only
 * <commit> and <cancel-commit> can). Each further confirmed commit starts the time-out anew, and
 * what is rolled back to stays what was before the first. One that changes nothing waits for
 * nothing, if none waits already. Root may confirm and cancel whatever waits.
 */
bool store_commit(struct store *store, const struct store_access *access,
                  const struct store_commit *commit, struct rpc_errors *errors);
bool store_cancel_commit(struct store *store, const struct store_access *access,
                         const char *persist_id, struct rpc_errors *errors);
bool store_discard(struct store *store, const struct store_access *access,
                   struct rpc_errors *errors);

/* Locks (RFC 6241, 7.5): a lock on the candidate is refused while it has changes, one on running
 * while another session's confirmed commit waits. Unlocking the candidate discards its changes
 * (8.3.5.2). */
bool store_lock(struct store *store, uint32_t session, enum store_id id, struct rpc_errors *errors);
bool store_unlock(struct store *store, uint32_t session, enum store_id id,
                  struct rpc_errors *errors);
/* The session that holds it, 0: nobody; since when (loop_wall). */
uint32_t store_lock_holder(const struct store *store, enum store_id id, int64_t *since);

/* It is over: its locks go (with the candidate's changes if it held that lock), and a confirmed
 * commit of it that is not persistent is rolled back. */
void store_session_ended(struct store *store, uint32_t session);

/* SIGHUP: reads the startup file again and makes it running through a commit of its own. False with
 * errors: running is locked, or the file was refused; then store_startup_fault() says why, with the
 * lines. Settings are applied even if nothing changed. A confirmed commit that waits is over when
 * the file is taken (it is not rolled back to what was before it), and waits on when it is not. */
bool store_reload(struct store *store, struct rpc_errors *errors);

#endif
