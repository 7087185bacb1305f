/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/store-internal.h"

#include "agent/base/log.h"
#include "config/datastore/store-edit.h"
#include "config/schema/compat.h"
#include "config/schema/schema.h"

static const char *const names[STORES] = {
    [STORE_RUNNING] = "running", [STORE_CANDIDATE] = "candidate", [STORE_STARTUP] = "startup"};

static const struct store_access anybody;

/* --- snapshots ------------------------------------------------------------------------------- */

struct snapshot *snapshot_new(struct lyd_node *tree)
{
    struct snapshot *snapshot = malloc(sizeof(*snapshot));

    if (snapshot == NULL) {
        lyd_free_all(tree);
        return NULL;
    }
    *snapshot = (struct snapshot){.users = 1, .tree = tree};
    return snapshot;
}

struct snapshot *snapshot_share(struct snapshot *snapshot)
{
    snapshot->users++;
    return snapshot;
}

void snapshot_drop(struct snapshot *snapshot)
{
    if (snapshot == NULL || --snapshot->users > 0)
        return;
    lyd_free_all(snapshot->tree);
    free(snapshot);
}

static void swap_in(struct snapshot **place, struct snapshot *snapshot)
{
    struct snapshot *old = *place;

    *place = snapshot;
    snapshot_drop(old);
}

/* --- errors ---------------------------------------------------------------------------------- */

static bool refuse(struct rpc_errors *errors, enum rpc_error_tag tag, const char *text)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, NULL, "%s", text);
    return false;
}

static bool refuse_for_memory(struct rpc_errors *errors)
{
    return refuse(errors, RPC_RESOURCE_DENIED, "memory is out");
}

uint32_t store_session(const struct store_access *access)
{
    return access != NULL ? access->session : 0;
}

/* --- life ------------------------------------------------------------------------------------ */

static char *join(const char *text, const char *more)
{
    size_t size = strlen(text) + strlen(more) + 1;
    char *joined = malloc(size);

    if (joined != NULL)
        (void)snprintf(joined, size, "%s%s", text, more);
    return joined;
}

struct store *store_new(const struct store_options *options)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->options = *options;
    store->path = join(options->path, "");
    store->good_path = join(options->path, ".good");
    if (store->path != NULL && store->good_path != NULL && store_commit_init(store) &&
        store_file_init(store) && store_file_start(store))
        return store;
    store_free(store);
    return NULL;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    store_file_fini(store);
    store_commit_fini(store);
    snapshot_drop(store->running);
    snapshot_drop(store->candidate);
    snapshot_drop(store->startup);
    free(store->path);
    free(store->good_path);
    free(store);
}

struct settings *store_settings(struct store *store)
{
    struct config_error faults;

    config_error_clear(&faults);
    return apply_settings(store->running->tree, &store->options.capabilities, &faults);
}

enum store_origin store_origin(const struct store *store)
{
    return store->origin;
}

const struct config_error *store_startup_fault(const struct store *store)
{
    return store->has_fault ? &store->fault : NULL;
}

const struct lyd_node *store_tree(const struct store *store, enum store_id id)
{
    const struct snapshot *snapshot = store->running;

    if (id == STORE_CANDIDATE && store->candidate != NULL)
        snapshot = store->candidate;
    if (id == STORE_STARTUP)
        snapshot = store->has_fault ? NULL : store->startup;
    return snapshot != NULL ? snapshot->tree : NULL;
}

struct ly_ctx *store_schema(const struct store *store)
{
    return store->options.schema;
}

/* --- trees ----------------------------------------------------------------------------------- */

bool store_dup(const struct lyd_node *tree, struct lyd_node **copy, struct rpc_errors *errors)
{
    *copy = NULL;
    if (tree == NULL ||
        lyd_dup_siblings(tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, copy) == LY_SUCCESS)
        return true;
    return refuse_for_memory(errors);
}

bool store_check(const struct store *store, struct lyd_node **tree, struct rpc_errors *errors)
{
    struct ly_ctx *schema = store->options.schema;
    uint32_t options = LYD_VALIDATE_NO_STATE | COMPAT_VALIDATE_ALL_FAULTS;

    ly_err_clean(schema, NULL);
    if (lyd_validate_all(tree, schema, options, NULL) == LY_SUCCESS)
        return true;
    rpc_errors_from_libyang(errors, schema, *tree);
    ly_err_clean(schema, NULL);
    return false;
}

struct settings *store_try(const struct store *store, struct lyd_node **tree,
                           struct rpc_errors *errors)
{
    struct config_error faults;

    if (!store_check(store, tree, errors))
        return NULL;
    config_error_clear(&faults);
    struct settings *settings = apply_settings(*tree, &store->options.capabilities, &faults);
    if (settings == NULL)
        rpc_errors_from_faults(errors, &faults);
    return settings;
}

bool store_permits(const struct store *store, const struct store_access *access,
                   const struct lyd_node *from, const struct lyd_node *to, bool *changes,
                   struct rpc_errors *errors)
{
    const struct store_access *who = access != NULL ? access : &anybody;
    struct lyd_node *diff = NULL;

    (void)store;
    if (lyd_diff_siblings(from, to, 0, &diff) != LY_SUCCESS)
        return refuse_for_memory(errors);
    *changes = diff != NULL;
    bool permitted =
        diff == NULL || who->permits == NULL || who->permits(who->context, diff, errors);
    lyd_free_all(diff);
    return permitted;
}

/* --- running --------------------------------------------------------------------------------- */

static bool is_told(const struct store *store, const char *path)
{
    for (size_t i = 0; i < store->kept_count; i++)
        if (store->kept[i] == path)
            return true;
    return false;
}

void store_tell_kept(struct store *store, const struct settings *settings)
{
    for (size_t i = 0; i < settings->kept_count; i++)
        if (!is_told(store, settings->kept[i]))
            log_info("%s: accepted and kept, but not acted on by this version", settings->kept[i]);
    store->kept_count = settings->kept_count;
    memcpy(store->kept, settings->kept, sizeof(store->kept));
}

static void adopt(struct store *store, struct snapshot *snapshot, struct settings *settings)
{
    swap_in(&store->running, snapshot);
    store_tell_kept(store, settings);
    store->options.apply(store->options.context, settings);
}

bool store_take(struct store *store, const struct store_access *access, struct lyd_node *tree,
                bool always, struct rpc_errors *errors)
{
    bool changes = false;
    struct settings *settings = store_try(store, &tree, errors);

    if (settings == NULL ||
        !store_permits(store, access, store->running->tree, tree, &changes, errors)) {
        settings_free(settings);
        lyd_free_all(tree);
        return false;
    }
    if (!changes && !always) {
        settings_free(settings);
        lyd_free_all(tree);
        return true;
    }
    struct snapshot *snapshot = snapshot_new(tree);
    if (snapshot == NULL) {
        settings_free(settings);
        return refuse_for_memory(errors);
    }
    adopt(store, snapshot, settings);
    return true;
}

bool store_take_back(struct store *store, struct snapshot *snapshot)
{
    struct config_error faults;

    config_error_clear(&faults);
    struct settings *settings =
        apply_settings(snapshot->tree, &store->options.capabilities, &faults);
    if (settings == NULL)
        return false;
    adopt(store, snapshot_share(snapshot), settings);
    return true;
}

/* --- locks ----------------------------------------------------------------------------------- */

static bool is_unlocked(const struct store *store, uint32_t session, enum store_id id,
                        struct rpc_errors *errors)
{
    const struct store_lock *lock = &store->locks[id];

    if (!lock->held || lock->session == session)
        return true;
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_IN_USE, NULL,
                        "%s is locked by session %u", names[id], lock->session);
    return false;
}

bool store_may_change(const struct store *store, uint32_t session, enum store_id id,
                      struct rpc_errors *errors)
{
    if (!is_unlocked(store, session, id, errors))
        return false;
    if (id == STORE_RUNNING && store_waits_for_other(store, session))
        return refuse(errors, RPC_IN_USE,
                      "running waits for the confirmation of another session's commit: try again "
                      "when it was confirmed, cancelled or rolled back; root may commit or "
                      "cancel-commit it");
    return true;
}

static bool deny_lock(struct rpc_errors *errors, uint32_t session, const char *text)
{
    struct rpc_error *error =
        rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_LOCK_DENIED, NULL, "%s", text);

    error->has_session = true;
    error->session = session;
    return false;
}

bool store_lock(struct store *store, uint32_t session, enum store_id id, struct rpc_errors *errors)
{
    struct store_lock *lock = &store->locks[id];

    if (lock->held)
        return deny_lock(errors, lock->session,
                         lock->session == session ? "this session holds the lock already"
                                                  : "another session holds the lock");
    if (id == STORE_CANDIDATE && store->candidate != NULL)
        return deny_lock(errors, 0,
                         "the candidate has changes: commit or discard them before locking it");
    if (id == STORE_RUNNING && store_waits_for_other(store, session))
        return deny_lock(errors, store->pending.session,
                         "a confirmed commit of another session waits for its confirmation");
    *lock = (struct store_lock){
        .held = true, .session = session, .since = loop_wall(store->options.loop)};
    return true;
}

static void release(struct store *store, enum store_id id)
{
    store->locks[id].held = false;
    if (id == STORE_CANDIDATE)
        swap_in(&store->candidate, NULL);
}

bool store_unlock(struct store *store, uint32_t session, enum store_id id,
                  struct rpc_errors *errors)
{
    const struct store_lock *lock = &store->locks[id];

    if (!lock->held)
        return refuse(errors, RPC_OPERATION_FAILED, "it is not locked");
    if (lock->session != session) {
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s is locked by session %u, and only that one can unlock it",
                            names[id], lock->session);
        return false;
    }
    release(store, id);
    return true;
}

uint32_t store_lock_holder(const struct store *store, enum store_id id, int64_t *since)
{
    const struct store_lock *lock = &store->locks[id];

    if (!lock->held)
        return 0;
    if (since != NULL)
        *since = lock->since;
    return lock->session;
}

void store_session_ended(struct store *store, uint32_t session)
{
    for (int id = 0; id < STORES; id++)
        if (store->locks[id].held && store->locks[id].session == session)
            release(store, (enum store_id)id);
    if (store->save.session == session)
        store->save.done = NULL;
    store_commit_session_ended(store, session);
}

/* --- changes --------------------------------------------------------------------------------- */

/* The tree is taken over in any case. */
static bool set_candidate(struct store *store, const struct store_access *access,
                          struct lyd_node *tree, struct rpc_errors *errors)
{
    bool changes = false;
    bool permitted =
        store_permits(store, access, store_tree(store, STORE_CANDIDATE), tree, &changes, errors);

    if (!permitted || !changes) {
        lyd_free_all(tree);
        return permitted;
    }
    struct snapshot *snapshot = snapshot_new(tree);
    if (snapshot == NULL)
        return refuse_for_memory(errors);
    swap_in(&store->candidate, snapshot);
    return true;
}

static bool test_only(struct store *store, const struct store_access *access, enum store_id target,
                      struct lyd_node *tree, struct rpc_errors *errors)
{
    bool changes = false;
    struct settings *settings = store_try(store, &tree, errors);
    bool ok = settings != NULL &&
              store_permits(store, access, store_tree(store, target), tree, &changes, errors);

    settings_free(settings);
    lyd_free_all(tree);
    return ok;
}

bool store_edit(struct store *store, const struct store_access *access, enum store_id target,
                const struct lyd_node *config, enum store_default_operation default_operation,
                enum store_test_option test_option, enum store_error_option error_option,
                struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;
    struct edit edit = {.schema = store->options.schema,
                        .tree = &tree,
                        .go_on = error_option == STORE_CONTINUE_ON_ERROR,
                        .access = access,
                        .errors = errors};

    if (target == STORE_STARTUP)
        return refuse(errors, RPC_OPERATION_NOT_SUPPORTED,
                      "startup cannot be edited: edit running or the candidate, and copy that");
    if (!store_may_change(store, store_session(access), target, errors) ||
        !store_dup(store_tree(store, target), &tree, errors))
        return false;
    bool whole = edit_apply(&edit, config, default_operation);
    if (!whole && !edit.go_on) {
        lyd_free_all(tree);
        return false;
    }
    if (test_option == STORE_TEST_ONLY)
        return test_only(store, access, target, tree, errors) && whole;
    bool done = target == STORE_RUNNING ? store_take(store, access, tree, false, errors)
                                        : set_candidate(store, access, tree, errors);
    return done && whole;
}

/* Is there a file, be it a bad one? */
static bool has_startup(const struct store *store)
{
    return store->has_fault ? store->fault.status != CONFIG_NOT_FOUND : store->startup != NULL;
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
    if (source == STORE_STARTUP && !has_startup(store))
        return refuse(errors, RPC_DATA_MISSING, "there is no startup configuration");
    if (source == STORE_STARTUP && store->has_fault) {
        rpc_errors_from_faults(errors, &store->fault);
        return false;
    }
    return store_dup(store_tree(store, source), tree, errors);
}

bool store_copy(struct store *store, const struct store_access *access, enum store_id target,
                enum store_id source, const struct lyd_node *config, store_done done, void *context,
                struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;
    bool ok = false;

    if (config == NULL && source == target)
        return refuse(errors, RPC_INVALID_VALUE, "source and target are the same datastore");
    if (!store_may_change(store, store_session(access), target, errors) ||
        !copy_source(store, access, source, config, &tree, errors))
        return false;
    if (target == STORE_STARTUP) {
        /* From running the right to copy is enough (RFC 8341, 3.2.4). */
        struct store_access who = access != NULL ? *access : anybody;
        if (config == NULL && source == STORE_RUNNING)
            who.permits = NULL;
        return store_file_save(store, &who, tree, false, done, context, errors);
    }
    if (target == STORE_RUNNING)
        ok = store_take(store, access, tree, false, errors);
    else
        ok = set_candidate(store, access, tree, errors);
    if (ok && done != NULL)
        done(context, true, errors);
    return ok;
}

bool store_delete(struct store *store, const struct store_access *access, enum store_id target,
                  store_done done, void *context, struct rpc_errors *errors)
{
    if (target != STORE_STARTUP)
        return refuse(errors, RPC_OPERATION_NOT_SUPPORTED, "only startup can be deleted");
    if (!store_may_change(store, store_session(access), target, errors))
        return false;
    return store_file_save(store, access, NULL, true, done, context, errors);
}

bool store_validate(struct store *store, enum store_id source, const struct lyd_node *config,
                    struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;

    if (config == NULL && source == STORE_STARTUP && !has_startup(store))
        source = STORES; /* nothing is an empty configuration, and that is a valid one */
    if (!copy_source(store, NULL, source, config, &tree, errors))
        return false;
    struct settings *settings = store_try(store, &tree, errors);
    lyd_free_all(tree);
    settings_free(settings);
    return settings != NULL;
}

bool store_reload(struct store *store, struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;

    if (!is_unlocked(store, 0, STORE_RUNNING, errors))
        return false;
    struct settings *settings = store_file_read(store, store->path, &tree);
    if (settings == NULL) {
        rpc_errors_from_faults(errors, &store->fault);
        return false;
    }
    settings_free(settings);
    store->kept_count = 0;
    if (!store_take(store, NULL, tree, true, errors))
        return false;
    store_commit_superseded(store);
    swap_in(&store->startup, snapshot_share(store->running));
    store_file_keep_good(store);
    return true;
}
