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

#include "config/datastore/terms.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

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
