/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that change datastores, locks and sessions. What they mean is in
 * config/datastore/store.c.
 */
#include "config/netconf/operations.h"
#include "agent/base/log.h"
#include "agent/base/number.h"
#include "config/schema/compat.h"

#include <assert.h>

/* --- reading parameters ---------------------------------------------------------------------- */

enum store_id operation_datastore(const struct lyd_node *op, const char *parameter)
{
    const struct lyd_node *node = request_child(op, parameter);

    if (request_child(node, "running") != NULL)
        return STORE_RUNNING;
    return request_child(node, "startup") != NULL ? STORE_STARTUP : STORE_CANDIDATE;
}

/* The content of a <config>; *present: there is one. */
static const struct lyd_node *config_in(const struct lyd_node *parent, bool *present)
{
    const struct lyd_node *node = request_child(parent, "config");
    const struct lyd_node_any *any = (const struct lyd_node_any *)node;

    *present = node != NULL;
    return node != NULL && any->value_type == LYD_ANYDATA_DATATREE ? any->value.tree : NULL;
}

/* --- rights ---------------------------------------------------------------------------------- */

static bool permits(void *context, const struct lyd_node *diff, struct rpc_errors *errors)
{
    const struct nc_session *session = context;

    return nacm_permits_diff(service_of(session)->nacm, &session->user, diff, errors);
}

_Static_assert((int)STORE_TELLING == (int)NACM_TELLING && (int)STORE_SETTING == (int)NACM_SETTING &&
                   (int)STORE_REPLACING == (int)NACM_REPLACING &&
                   (int)STORE_REMOVING == (int)NACM_REMOVING,
               "what an edit does with a node has one order");

static bool may_name(void *context, const struct lyd_node *parent, const struct lysc_node *schema,
                     const struct lyd_node *node, enum store_naming how, struct rpc_errors *errors)
{
    const struct nc_session *session = context;

    return nacm_permits_naming(service_of(session)->nacm, &session->user, parent, schema, node,
                               (enum nacm_naming)how, errors);
}

static bool is_free(const struct request *request)
{
    return request->session->user.recovery || request->service->nacm == NULL;
}

static struct store_access access_of(const struct request *request)
{
    bool free = is_free(request);

    return (struct store_access){.session = request->session->id,
                                 .user = request->session->user.name,
                                 .recovery = request->session->user.recovery,
                                 .permits = free ? NULL : permits,
                                 .may_name = free ? NULL : may_name,
                                 .context = request->session};
}

/* What is wrong with a datastore may be wrong where the user does not see it. */
static void hide_errors(struct request *request)
{
    for (size_t i = 0; i < request->errors->count; i++) {
        struct rpc_error *error = &request->errors->items[i];
        struct rpc_errors instead = {.count = 0};
        if (error->path[0] == '\0' || error->tag == RPC_ACCESS_DENIED ||
            nacm_permits_path(request->service->nacm, &request->session->user, error->path))
            continue;
        *error = *rpc_error_add(&instead, RPC_ERROR_APPLICATION, RPC_ACCESS_DENIED, NULL,
                                "there is a fault in something that user %s may not read: ask an "
                                "administrator",
                                request->session->user.name);
    }
}

static enum request_outcome outcome(struct request *request, bool done)
{
    if (!done && !is_free(request))
        hide_errors(request);
    return done ? REQUEST_DONE : REQUEST_FAILED;
}

/* <force/> of ours. Root alone may overwrite what somebody else has written. */
static bool take_force(struct request *request, struct store_access *access)
{
    access->overwrites = request_child(request->op, "force") != NULL;
    if (!access->overwrites || request->session->user.recovery)
        return true;
    (void)request_refuse(request, RPC_ERROR_APPLICATION, RPC_ACCESS_DENIED,
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

enum request_outcome operation_edit_config(struct request *request)
{
    static const char *const defaults[] = {"merge", "replace", "none"};
    static const char *const tests[] = {"test-then-set", "set", "test-only"};
    static const char *const errors[] = {"stop-on-error", "continue-on-error", "rollback-on-error"};
    const struct store_access access = access_of(request);
    bool present = false;
    const struct lyd_node *config = config_in(request->op, &present);

    return outcome(
        request,
        store_edit(
            request->service->store, &access, operation_datastore(request->op, "target"), config,
            (enum store_default_operation)index_of(request_leaf(request->op, "default-operation"),
                                                   defaults, 3),
            (enum store_test_option)index_of(request_leaf(request->op, "test-option"), tests, 3),
            (enum store_error_option)index_of(request_leaf(request->op, "error-option"), errors, 3),
            request->errors));
}

/* --- copy-config, delete-config, validate ---------------------------------------------------- */

/* RFC 8341, 3.2.7: what the user may not read is not copied, but for running to startup. */
static bool readable_source(struct request *request, enum store_id source, enum store_id target,
                            struct lyd_node **tree)
{
    const struct lyd_node *all = store_tree(request->service->store, source);

    *tree = NULL;
    return is_free(request) || all == NULL ||
           (source == STORE_RUNNING && target == STORE_STARTUP) ||
           operation_readable(request, all, tree);
}

/* What the disk answers, if it is asked. */
static enum request_outcome wait_if(struct request *request, bool asked)
{
    if (asked)
        return REQUEST_WAITS;
    request_resume(request);
    return outcome(request, false);
}

static enum request_outcome copy(struct request *request, enum store_id target,
                                 enum store_id source, const struct lyd_node *tree)
{
    struct store_access access = access_of(request);

    if (!take_force(request, &access))
        return REQUEST_FAILED;
    if (source == STORE_RUNNING && target == STORE_STARTUP)
        access.permits = NULL;
    request_wait(request);
    return wait_if(request, store_copy(request->service->store, &access, target, source, tree,
                                       request_done, request->session, request->errors));
}

enum request_outcome operation_copy_config(struct request *request)
{
    enum store_id target = operation_datastore(request->op, "target");
    enum store_id source = operation_datastore(request->op, "source");
    uint32_t options = 0;
    bool inlined = false;
    const struct lyd_node *config = config_in(request_child(request->op, "source"), &inlined);
    struct lyd_node *readable = NULL;

    if (!operation_with_defaults(request, &options))
        return REQUEST_FAILED;
    if (inlined)
        return copy(request, target, STORES, config);
    if (source == target)
        return request_refuse(request, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE,
                              "source and target are the same datastore");
    if (!readable_source(request, source, target, &readable))
        return REQUEST_FAILED;
    enum request_outcome result = copy(request, target, source, readable);
    lyd_free_all(readable);
    return result;
}

enum request_outcome operation_delete_config(struct request *request)
{
    struct store_access access = access_of(request);

    if (!take_force(request, &access))
        return REQUEST_FAILED;
    request_wait(request);
    return wait_if(request, store_delete(request->service->store, &access,
                                         operation_datastore(request->op, "target"), request_done,
                                         request->session, request->errors));
}

enum request_outcome operation_validate(struct request *request)
{
    bool inlined = false;
    const struct lyd_node *config = config_in(request_child(request->op, "source"), &inlined);

    if (inlined && config == NULL)
        return REQUEST_DONE; /* an empty configuration is a valid one */
    return outcome(request, store_validate(request->service->store,
                                           operation_datastore(request->op, "source"), config,
                                           request->errors));
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

enum request_outcome operation_commit(struct request *request)
{
    const struct store_access access = access_of(request);
    const char *timeout = request_leaf(request->op, "confirm-timeout");
    const struct store_commit commit = {.confirmed =
                                            request_child(request->op, "confirmed") != NULL,
                                        .timeout = timeout != NULL ? number_in(timeout) : 600,
                                        .persist = request_leaf(request->op, "persist"),
                                        .persist_id = request_leaf(request->op, "persist-id")};

    return outcome(request,
                   store_commit(request->service->store, &access, &commit, request->errors));
}

enum request_outcome operation_cancel_commit(struct request *request)
{
    const struct store_access access = access_of(request);

    return outcome(request,
                   store_cancel_commit(request->service->store, &access,
                                       request_leaf(request->op, "persist-id"), request->errors));
}

enum request_outcome operation_discard_changes(struct request *request)
{
    const struct store_access access = access_of(request);

    return outcome(request, store_discard(request->service->store, &access, request->errors));
}

/* --- locks and sessions ---------------------------------------------------------------------- */

enum request_outcome operation_lock(struct request *request)
{
    return outcome(request,
                   store_lock(request->service->store, request->session->id,
                              operation_datastore(request->op, "target"), request->errors));
}

enum request_outcome operation_unlock(struct request *request)
{
    return outcome(request,
                   store_unlock(request->service->store, request->session->id,
                                operation_datastore(request->op, "target"), request->errors));
}

enum request_outcome operation_close_session(struct request *request)
{
    request->session->closing = true;
    return REQUEST_DONE;
}

enum request_outcome operation_kill_session(struct request *request)
{
    const char *text = request_leaf(request->op, "session-id");
    uint32_t id = text != NULL ? number_in(text) : 0;
    struct nc_session *victim = nc_sessions_find(request->service->sessions, id);

    if (victim == NULL || victim == request->session)
        return request_refuse(request, RPC_ERROR_PROTOCOL, RPC_INVALID_VALUE,
                              victim == NULL ? "there is no such session"
                                             : "this is your own session: use close-session");
    log_info("management: session %u (%s) ends session %u (%s)", (unsigned)request->session->id,
             request->session->user.name, (unsigned)id, victim->user.name);
    nc_session_end(victim, NC_KILLED, request->session->id);
    return REQUEST_DONE;
}
