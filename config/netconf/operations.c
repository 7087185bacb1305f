/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that change datastores, locks and sessions. What they mean is in
 * config/datastore/store.c.
 */
#include "agent/base/log.h"
#include "agent/base/number.h"
#include "config/netconf/internal.h"
#include "config/schema/compat.h"

#include <assert.h>

/* --- reading parameters ---------------------------------------------------------------------- */

enum rpc_outcome operation_refuse(struct rpc *rpc, enum rpc_error_type type, enum rpc_error_tag tag,
                                  const char *message)
{
    (void)rpc_error_add(rpc->errors, type, tag, NULL, "%s", message);
    return RPC_FAILED;
}

const struct lyd_node *operation_child(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = NULL;

    LY_LIST_FOR(parent != NULL ? lyd_child(parent) : NULL, node)
    {
        if (strcmp(LYD_NAME(node), name) == 0)
            return node;
    }
    return NULL;
}

const char *operation_leaf(const struct lyd_node *parent, const char *name)
{
    const struct lyd_node *node = operation_child(parent, name);
    return node != NULL ? lyd_get_value(node) : NULL;
}

enum store_id operation_datastore(const struct lyd_node *op, const char *parameter)
{
    const struct lyd_node *node = operation_child(op, parameter);

    if (operation_child(node, "running") != NULL)
        return STORE_RUNNING;
    return operation_child(node, "startup") != NULL ? STORE_STARTUP : STORE_CANDIDATE;
}

/* The content of a <config>; *present: there is one. */
static const struct lyd_node *config_in(const struct lyd_node *parent, bool *present)
{
    const struct lyd_node *node = operation_child(parent, "config");
    const struct lyd_node_any *any = (const struct lyd_node_any *)node;

    *present = node != NULL;
    return node != NULL && any->value_type == LYD_ANYDATA_DATATREE ? any->value.tree : NULL;
}

/* --- rights ---------------------------------------------------------------------------------- */

static bool permits(void *context, const struct lyd_node *diff, struct rpc_errors *errors)
{
    const struct nc_session *session = context;

    return nacm_permits_diff(session->server->options.nacm, &session->user, diff, errors);
}

_Static_assert((int)STORE_TELLING == (int)NACM_TELLING && (int)STORE_SETTING == (int)NACM_SETTING &&
                   (int)STORE_REPLACING == (int)NACM_REPLACING &&
                   (int)STORE_REMOVING == (int)NACM_REMOVING,
               "what an edit does with a node has one order");

static bool may_name(void *context, const struct lyd_node *parent, const struct lysc_node *schema,
                     const struct lyd_node *node, enum store_naming how, struct rpc_errors *errors)
{
    const struct nc_session *session = context;

    return nacm_permits_naming(session->server->options.nacm, &session->user, parent, schema, node,
                               (enum nacm_naming)how, errors);
}

static bool is_free(const struct rpc *rpc)
{
    return nc_session_recovery(rpc->session) || rpc->server->options.nacm == NULL;
}

static struct store_access access_of(const struct rpc *rpc)
{
    bool free = is_free(rpc);

    return (struct store_access){.session = rpc->session->id,
                                 .recovery = nc_session_recovery(rpc->session),
                                 .permits = free ? NULL : permits,
                                 .may_name = free ? NULL : may_name,
                                 .context = rpc->session};
}

/* What is wrong with a datastore may be wrong where the user does not see it. */
static void hide_errors(struct rpc *rpc)
{
    for (size_t i = 0; i < rpc->errors->count; i++) {
        struct rpc_error *error = &rpc->errors->items[i];
        struct rpc_errors instead = {.count = 0};
        if (error->path[0] == '\0' || error->tag == RPC_ACCESS_DENIED ||
            nacm_permits_path(rpc->server->options.nacm, &rpc->session->user, error->path))
            continue;
        *error = *rpc_error_add(&instead, RPC_ERROR_APPLICATION, RPC_ACCESS_DENIED, NULL,
                                "there is a fault in something that user %s may not read: ask an "
                                "administrator",
                                rpc->session->user.name);
    }
}

static enum rpc_outcome outcome(struct rpc *rpc, bool done)
{
    if (!done && !is_free(rpc))
        hide_errors(rpc);
    return done ? RPC_DONE : RPC_FAILED;
}

/* <force/> of ours. Root alone may overwrite what somebody else has written. */
static bool take_force(struct rpc *rpc, struct store_access *access)
{
    access->overwrites = operation_child(rpc->op, "force") != NULL;
    if (!access->overwrites || nc_session_recovery(rpc->session))
        return true;
    (void)operation_refuse(rpc, RPC_ERROR_APPLICATION, RPC_ACCESS_DENIED,
                           "only root may overwrite a startup file that was changed on the disk");
    return false;
}

/* --- edit-config ----------------------------------------------------------------------------- */

static unsigned index_of(const char *text, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (text != NULL && strcmp(text, names[i]) == 0)
            return i;
    return 0;
}

enum rpc_outcome operation_edit_config(struct rpc *rpc)
{
    static const char *const defaults[] = {"merge", "replace", "none"};
    static const char *const tests[] = {"test-then-set", "set", "test-only"};
    static const char *const errors[] = {"stop-on-error", "continue-on-error", "rollback-on-error"};
    const struct store_access access = access_of(rpc);
    bool present = false;
    const struct lyd_node *config = config_in(rpc->op, &present);

    return outcome(
        rpc,
        store_edit(
            rpc->server->options.store, &access, operation_datastore(rpc->op, "target"), config,
            (enum store_default_operation)index_of(operation_leaf(rpc->op, "default-operation"),
                                                   defaults, 3),
            (enum store_test_option)index_of(operation_leaf(rpc->op, "test-option"), tests, 3),
            (enum store_error_option)index_of(operation_leaf(rpc->op, "error-option"), errors, 3),
            rpc->errors));
}

/* --- copy-config, delete-config, validate ---------------------------------------------------- */

/* RFC 8341, 3.2.7: what the user may not read is not copied, but for running to startup. */
static bool readable_source(struct rpc *rpc, enum store_id source, enum store_id target,
                            struct lyd_node **tree)
{
    const struct lyd_node *all = store_tree(rpc->server->options.store, source);

    *tree = NULL;
    return is_free(rpc) || all == NULL || (source == STORE_RUNNING && target == STORE_STARTUP) ||
           operation_readable(rpc, all, tree);
}

static enum rpc_outcome copy(struct rpc *rpc, enum store_id target, enum store_id source,
                             const struct lyd_node *tree)
{
    struct store_access access = access_of(rpc);

    if (!take_force(rpc, &access))
        return RPC_FAILED;
    struct later *later = rpc_later(rpc);
    if (later == NULL)
        return RPC_FAILED;
    if (source == STORE_RUNNING && target == STORE_STARTUP)
        access.permits = NULL;
    if (store_copy(rpc->server->options.store, &access, target, source, tree, rpc_later_done, later,
                   rpc->errors))
        return RPC_LATER;
    rpc_later_cancel(later);
    return outcome(rpc, false);
}

enum rpc_outcome operation_copy_config(struct rpc *rpc)
{
    enum store_id target = operation_datastore(rpc->op, "target");
    enum store_id source = operation_datastore(rpc->op, "source");
    uint32_t options = 0;
    bool inlined = false;
    const struct lyd_node *config = config_in(operation_child(rpc->op, "source"), &inlined);
    struct lyd_node *readable = NULL;

    if (!operation_with_defaults(rpc, &options))
        return RPC_FAILED;
    if (inlined)
        return copy(rpc, target, STORES, config);
    if (source == target)
        return operation_refuse(rpc, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE,
                                "source and target are the same datastore");
    if (!readable_source(rpc, source, target, &readable))
        return RPC_FAILED;
    enum rpc_outcome result = copy(rpc, target, source, readable);
    lyd_free_all(readable);
    return result;
}

enum rpc_outcome operation_delete_config(struct rpc *rpc)
{
    struct store_access access = access_of(rpc);

    if (!take_force(rpc, &access))
        return RPC_FAILED;
    struct later *later = rpc_later(rpc);
    if (later == NULL)
        return RPC_FAILED;
    if (store_delete(rpc->server->options.store, &access, operation_datastore(rpc->op, "target"),
                     rpc_later_done, later, rpc->errors))
        return RPC_LATER;
    rpc_later_cancel(later);
    return RPC_FAILED;
}

enum rpc_outcome operation_validate(struct rpc *rpc)
{
    bool inlined = false;
    const struct lyd_node *config = config_in(operation_child(rpc->op, "source"), &inlined);

    if (inlined && config == NULL)
        return RPC_DONE; /* an empty configuration is a valid one */
    return outcome(rpc,
                   store_validate(rpc->server->options.store,
                                  operation_datastore(rpc->op, "source"), config, rpc->errors));
}

/* A leaf that its schema has found to be an uint32. */
static uint32_t number_in(const char *text)
{
    uint64_t number = 0;
    bool is_one = number_text(text, UINT32_MAX, &number);

    assert(is_one);
    (void)is_one;
    return (uint32_t)number;
}

/* --- commit ---------------------------------------------------------------------------------- */

enum rpc_outcome operation_commit(struct rpc *rpc)
{
    const struct store_access access = access_of(rpc);
    const char *timeout = operation_leaf(rpc->op, "confirm-timeout");
    const struct store_commit commit = {.confirmed = operation_child(rpc->op, "confirmed") != NULL,
                                        .timeout = timeout != NULL ? number_in(timeout) : 600,
                                        .persist = operation_leaf(rpc->op, "persist"),
                                        .persist_id = operation_leaf(rpc->op, "persist-id")};

    return outcome(rpc, store_commit(rpc->server->options.store, &access, &commit, rpc->errors));
}

enum rpc_outcome operation_cancel_commit(struct rpc *rpc)
{
    const struct store_access access = access_of(rpc);

    return outcome(rpc, store_cancel_commit(rpc->server->options.store, &access,
                                            operation_leaf(rpc->op, "persist-id"), rpc->errors));
}

enum rpc_outcome operation_discard_changes(struct rpc *rpc)
{
    const struct store_access access = access_of(rpc);

    return outcome(rpc, store_discard(rpc->server->options.store, &access, rpc->errors));
}

/* --- locks and sessions ---------------------------------------------------------------------- */

enum rpc_outcome operation_lock(struct rpc *rpc)
{
    return outcome(rpc, store_lock(rpc->server->options.store, rpc->session->id,
                                   operation_datastore(rpc->op, "target"), rpc->errors));
}

enum rpc_outcome operation_unlock(struct rpc *rpc)
{
    return outcome(rpc, store_unlock(rpc->server->options.store, rpc->session->id,
                                     operation_datastore(rpc->op, "target"), rpc->errors));
}

enum rpc_outcome operation_close_session(struct rpc *rpc)
{
    rpc->session->closing = true;
    return RPC_DONE;
}

enum rpc_outcome operation_kill_session(struct rpc *rpc)
{
    const char *text = operation_leaf(rpc->op, "session-id");
    uint32_t id = text != NULL ? number_in(text) : 0;
    struct nc_session *victim = nc_session_find(rpc->server, id);

    if (victim == NULL || victim == rpc->session)
        return operation_refuse(rpc, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE,
                                victim == NULL ? "there is no such session"
                                               : "this is your own session: use close-session");
    log_info("management: session %u (%s) ends session %u (%s)", (unsigned)rpc->session->id,
             rpc->session->user.name, (unsigned)id, victim->user.name);
    nc_session_end(victim, NC_KILLED, rpc->session->id);
    return RPC_DONE;
}
