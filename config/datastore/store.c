/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/store.h"

#include "agent/base/log.h"
#include "config/datastore/confirm.h"
#include "config/datastore/edit.h"
#include "config/datastore/locks.h"
#include "config/datastore/running.h"
#include "config/datastore/startup.h"
#include "config/schema/compat.h"

struct store {
    struct store_options options;
    struct running running;
    struct snapshot *candidate; /* NULL: nobody has changed it, it is running */
    struct startup startup;
    struct locks locks;
    struct confirm confirm;
};

/* The agent itself, who may do everything. */
static const struct store_access agent;

static const struct store_access *who_is(const struct store_access *access)
{
    return access != NULL ? access : &agent;
}

/* --- life ------------------------------------------------------------------------------------ */

static bool start(struct store *store)
{
    struct lyd_node *tree = NULL;
    struct settings *settings = startup_read_first(&store->startup, &tree);

    if (settings == NULL || !running_begin(&store->running, tree, settings))
        return false;
    if (store->startup.origin == STORE_FROM_STARTUP)
        startup_taken(&store->startup, store->running.now);
    return true;
}

struct store *store_new(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->options = *options;
    store->running.options = &store->options;
    if (confirm_init(&store->confirm, &store->running) &&
        startup_init(&store->startup, &store->options) && start(store))
        return store;
    store_free(store);
    return NULL;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    startup_fini(&store->startup);
    confirm_fini(&store->confirm);
    snapshot_drop(store->candidate);
    snapshot_drop(store->running.now);
    free(store);
}

struct settings *store_settings(struct store *store)
{
    struct config_error faults;

    config_error_clear(&faults);
    return apply_settings(store->running.now->tree, &store->options.capabilities, &faults);
}

enum store_origin store_origin(const struct store *store)
{
    return store->startup.origin;
}

const struct config_error *store_startup_fault(const struct store *store)
{
    return store->startup.has_fault ? &store->startup.fault : NULL;
}

const struct lyd_node *store_tree(const struct store *store, enum store_id id)
{
    const struct snapshot *snapshot = store->running.now;

    if (id == STORE_CANDIDATE && store->candidate != NULL)
        snapshot = store->candidate;
    if (id == STORE_STARTUP)
        snapshot = store->startup.has_fault ? NULL : store->startup.now;
    return snapshot != NULL ? snapshot->tree : NULL;
}

struct ly_ctx *store_schema(const struct store *store)
{
    return store->options.schema;
}

/* --- locks ----------------------------------------------------------------------------------- */

static bool may_change(const struct store *store, const struct store_access *access,
                       enum store_id id, struct rpc_errors *errors)
{
    if (!locks_permit(&store->locks, access->session, id, errors))
        return false;
    if (id != STORE_RUNNING || !confirm_waits_for_other(&store->confirm, access->session))
        return true;
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_IN_USE, NULL,
                        "running waits for the confirmation of a commit of %s: try again when it "
                        "was confirmed, cancelled or rolled back; root may commit or cancel-commit "
                        "it",
                        store->confirm.who);
    return false;
}

bool store_lock(struct store *store, uint32_t session, enum store_id id, struct rpc_errors *errors)
{
    bool held = store->locks.of[id].session != 0;

    if (!held && id == STORE_CANDIDATE && store->candidate != NULL)
        return locks_deny(errors, 0,
                          "the candidate has changes: commit or discard them before locking it");
    if (!held && id == STORE_RUNNING && confirm_waits_for_other(&store->confirm, session))
        return locks_deny(errors, store->confirm.session,
                          "a confirmed commit of another session waits for its confirmation");
    return locks_take(&store->locks, session, id, loop_wall(store->options.loop), errors);
}

bool store_unlock(struct store *store, uint32_t session, enum store_id id,
                  struct rpc_errors *errors)
{
    if (!locks_give_back(&store->locks, session, id, errors))
        return false;
    if (id == STORE_CANDIDATE)
        snapshot_swap(&store->candidate, NULL);
    return true;
}

uint32_t store_lock_holder(const struct store *store, enum store_id id, int64_t *since)
{
    if (store->locks.of[id].session != 0 && since != NULL)
        *since = store->locks.of[id].since;
    return store->locks.of[id].session;
}

void store_session_ended(struct store *store, uint32_t session)
{
    struct rpc_errors errors = {.count = 0};

    for (int id = 0; id < STORES; id++)
        if (store->locks.of[id].session == session)
            (void)store_unlock(store, session, (enum store_id)id, &errors);
    startup_session_ended(&store->startup, session);
    confirm_session_ended(&store->confirm, session);
}

/* --- changes --------------------------------------------------------------------------------- */

/* The tree is taken over in any case. */
static bool set_candidate(struct store *store, const struct store_access *access,
                          struct lyd_node *tree, struct rpc_errors *errors)
{
    bool changes = false;
    bool permitted =
        running_permits(access, store_tree(store, STORE_CANDIDATE), tree, &changes, errors);

    if (!permitted || !changes) {
        lyd_free_all(tree);
        return permitted;
    }
    struct snapshot *snapshot = snapshot_new(tree);
    if (snapshot == NULL)
        return rpc_error_refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
    snapshot_swap(&store->candidate, snapshot);
    return true;
}

static bool set(struct store *store, const struct store_access *access, enum store_id target,
                struct lyd_node *tree, struct rpc_errors *errors)
{
    return target == STORE_RUNNING ? running_take(&store->running, access, tree, false, errors)
                                   : set_candidate(store, access, tree, errors);
}

/* What must hold before a tree may be what the target is. */
static bool may_be(struct store *store, const struct store_access *access,
                   const struct lyd_node *target, struct lyd_node **tree, struct rpc_errors *errors)
{
    bool changes = false;
    struct settings *settings = running_try(&store->running, tree, errors);

    if (settings == NULL)
        return false;
    settings_free(settings);
    return running_permits(access, target, *tree, &changes, errors);
}

bool store_edit(struct store *store, const struct store_access *access, enum store_id target,
                const struct lyd_node *config, enum store_default_operation default_operation,
                enum store_test_option test_option, enum store_error_option error_option,
                struct rpc_errors *errors)
{
    const struct store_access *who = who_is(access);
    struct lyd_node *tree = NULL;
    struct edit edit = {.schema = store->options.schema,
                        .tree = &tree,
                        .go_on = error_option == STORE_CONTINUE_ON_ERROR,
                        .access = who,
                        .errors = errors};

    if (target == STORE_STARTUP)
        return rpc_error_refuse(
            errors, RPC_OPERATION_NOT_SUPPORTED,
            "startup cannot be edited: edit running or the candidate, and copy that");
    if (!may_change(store, who, target, errors) ||
        !snapshot_copy(store_tree(store, target), &tree, errors))
        return false;
    bool whole = edit_apply(&edit, config, default_operation);
    if (!whole && !edit.go_on) {
        lyd_free_all(tree);
        return false;
    }
    if (test_option != STORE_TEST_ONLY)
        return set(store, who, target, tree, errors) && whole;
    bool fine = may_be(store, who, store_tree(store, target), &tree, errors);
    lyd_free_all(tree);
    return fine && whole;
}

/* The content of an inline <config>, or of a datastore: a tree of one's own. */
static bool copy_source(struct store *store, const struct store_access *access,
                        enum store_id source, const struct lyd_node *config, struct lyd_node **tree,
                        struct rpc_errors *errors)
{
    struct edit edit = {
        .schema = store->options.schema, .tree = tree, .access = access, .errors = errors};

    *tree = NULL;
    if (config != NULL || source == STORES) {
        if (edit_apply(&edit, config, STORE_MERGE))
            return true;
        lyd_free_all(*tree);
        return false;
    }
    if (source == STORE_STARTUP && !startup_exists(&store->startup))
        return rpc_error_refuse(errors, RPC_DATA_MISSING, "there is no startup configuration");
    if (source == STORE_STARTUP && store->startup.has_fault) {
        rpc_errors_from_faults(errors, &store->startup.fault);
        return false;
    }
    return snapshot_copy(store_tree(store, source), tree, errors);
}

/* The tree is taken over in any case. */
static bool save(struct store *store, const struct store_access *access, struct lyd_node *tree,
                 store_done done, void *context, struct rpc_errors *errors)
{
    const struct snapshot *now = store->startup.now;

    if (startup_is_free(&store->startup, errors) &&
        may_be(store, access, now != NULL ? now->tree : NULL, &tree, errors))
        return startup_save(&store->startup, access, tree, false, done, context, errors);
    lyd_free_all(tree);
    return false;
}

bool store_copy(struct store *store, const struct store_access *access, enum store_id target,
                enum store_id source, const struct lyd_node *config, store_done done, void *context,
                struct rpc_errors *errors)
{
    struct store_access who = *who_is(access);
    struct lyd_node *tree = NULL;

    if (config == NULL && source == target)
        return rpc_error_refuse(errors, RPC_INVALID_VALUE,
                                "source and target are the same datastore");
    if (!may_change(store, &who, target, errors) ||
        !copy_source(store, &who, source, config, &tree, errors))
        return false;
    if (target == STORE_STARTUP) {
        /* From running the right to copy is enough (RFC 8341, 3.2.4). */
        if (config == NULL && source == STORE_RUNNING)
            who.permits = NULL;
        return save(store, &who, tree, done, context, errors);
    }
    if (!set(store, &who, target, tree, errors))
        return false;
    if (done != NULL)
        done(context, true, errors);
    return true;
}

bool store_delete(struct store *store, const struct store_access *access, enum store_id target,
                  store_done done, void *context, struct rpc_errors *errors)
{
    const struct store_access *who = who_is(access);

    if (target != STORE_STARTUP)
        return rpc_error_refuse(errors, RPC_OPERATION_NOT_SUPPORTED, "only startup can be deleted");
    return may_change(store, who, target, errors) && startup_is_free(&store->startup, errors) &&
           startup_save(&store->startup, who, NULL, true, done, context, errors);
}

bool store_validate(struct store *store, enum store_id source, const struct lyd_node *config,
                    struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;

    if (config == NULL && source == STORE_STARTUP && !startup_exists(&store->startup))
        source = STORES; /* nothing is an empty configuration, and that is a valid one */
    if (!copy_source(store, &agent, source, config, &tree, errors))
        return false;
    struct settings *settings = running_try(&store->running, &tree, errors);
    lyd_free_all(tree);
    settings_free(settings);
    return settings != NULL;
}

bool store_reload(struct store *store, struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;

    if (!locks_permit(&store->locks, agent.session, STORE_RUNNING, errors))
        return false;
    struct settings *settings = startup_read(&store->startup, &tree);
    if (settings == NULL) {
        rpc_errors_from_faults(errors, &store->startup.fault);
        return false;
    }
    settings_free(settings);
    if (!running_take(&store->running, &agent, tree, true, errors))
        return false;
    confirm_superseded(&store->confirm);
    startup_taken(&store->startup, store->running.now);
    return true;
}

/* --- commit ---------------------------------------------------------------------------------- */

static bool is_usable(const struct store_commit *commit, struct rpc_errors *errors)
{
    if (commit->persist != NULL && strlen(commit->persist) >= CONFIRM_PERSIST_SIZE)
        return rpc_error_refuse(errors, RPC_INVALID_VALUE, "the persist token is too long");
    if (commit->confirmed && commit->timeout == 0)
        return rpc_error_refuse(errors, RPC_INVALID_VALUE,
                                "confirm-timeout must be at least 1 second");
    if (commit->confirmed && commit->timeout > STORE_CONFIRM_MAX) {
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE, NULL,
                            "confirm-timeout must be at most %d seconds, which is a day",
                            STORE_CONFIRM_MAX);
        return false;
    }
    return true;
}

static bool take_candidate(struct store *store, const struct store_access *access,
                           struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;

    if (store->candidate == NULL)
        return true;
    if (!snapshot_copy(store->candidate->tree, &tree, errors) ||
        !running_take(&store->running, access, tree, false, errors))
        return false;
    snapshot_swap(&store->candidate, NULL);
    return true;
}

bool store_commit(struct store *store, const struct store_access *access,
                  const struct store_commit *commit, struct rpc_errors *errors)
{
    const struct store_access *who = who_is(access);

    if (!is_usable(commit, errors) ||
        !locks_permit(&store->locks, who->session, STORE_RUNNING, errors) ||
        !locks_permit(&store->locks, who->session, STORE_CANDIDATE, errors) ||
        !confirm_permits(&store->confirm, who, commit->persist_id, errors))
        return false;
    struct snapshot *before = snapshot_share(store->running.now);
    bool ok = take_candidate(store, who, errors);
    bool waits = confirm_waits(&store->confirm);
    if (ok && commit->confirmed && store->running.now == before && !waits)
        log_debug("commit: it changes nothing, so that nothing waits for a confirmation");
    else if (ok && commit->confirmed)
        confirm_begin(&store->confirm, who, commit, before);
    else if (ok && waits)
        (void)confirm_end(&store->confirm, true);
    snapshot_drop(before);
    return ok;
}

bool store_cancel_commit(struct store *store, const struct store_access *access,
                         const char *persist_id, struct rpc_errors *errors)
{
    const struct store_access *who = who_is(access);

    if (!confirm_waits(&store->confirm) && persist_id == NULL)
        return rpc_error_refuse(errors, RPC_OPERATION_FAILED,
                                "no confirmed commit waits: there is nothing to cancel");
    if (!locks_permit(&store->locks, who->session, STORE_RUNNING, errors) ||
        !confirm_permits(&store->confirm, who, persist_id, errors))
        return false;
    if (!confirm_end(&store->confirm, false))
        return rpc_error_refuse(errors, RPC_RESOURCE_DENIED,
                                "memory is out: it is tried again in a second");
    log_info("commit: cancelled: the configuration before it is back");
    return true;
}

bool store_discard(struct store *store, const struct store_access *access,
                   struct rpc_errors *errors)
{
    if (!may_change(store, who_is(access), STORE_CANDIDATE, errors))
        return false;
    snapshot_swap(&store->candidate, NULL);
    return true;
}
