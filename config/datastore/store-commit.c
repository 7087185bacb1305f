/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/store-internal.h"

#include "agent/base/log.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000 };

static bool refuse(struct rpc_errors *errors, enum rpc_error_tag tag, const char *text)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, NULL, "%s", text);
    return false;
}

static bool waits(const struct store *store)
{
    return store->pending.before != NULL;
}

bool store_waits_for_other(const struct store *store, uint32_t session)
{
    return waits(store) && (store->pending.persistent || store->pending.session != session);
}

/* --- the end of waiting ---------------------------------------------------------------------- */

/* False if it cannot be rolled back for want of memory: that is tried again. */
static bool end(struct store *store, bool kept)
{
    struct snapshot *before = store->pending.before;

    if (!kept && !store_take_back(store, before)) {
        log_error("commit: it cannot be rolled back yet, because memory is out");
        loop_timer_start(&store->pending.timer, RETRY_MS);
        return false;
    }
    store->pending.before = NULL;
    loop_timer_stop(&store->pending.timer);
    snapshot_drop(before);
    if (store->options.confirm_ended != NULL)
        store->options.confirm_ended(store->options.context, kept);
    return true;
}

static void on_timeout(void *context)
{
    struct store *store = context;

    if (end(store, false))
        log_warning("commit: it was not confirmed in time: the configuration before it is back");
}

void store_commit_superseded(struct store *store)
{
    if (!waits(store))
        return;
    snapshot_drop(store->pending.before);
    store->pending.before = NULL;
    loop_timer_stop(&store->pending.timer);
    log_warning("commit: the confirmed commit that waited for its confirmation is cancelled: what "
                "startup holds is running now");
    if (store->options.confirm_ended != NULL)
        store->options.confirm_ended(store->options.context, false);
}

bool store_commit_init(struct store *store)
{
    return loop_timer_init(store->options.loop, &store->pending.timer, on_timeout, store) == 0;
}

void store_commit_fini(struct store *store)
{
    loop_timer_fini(&store->pending.timer);
    snapshot_drop(store->pending.before);
}

void store_commit_session_ended(struct store *store, uint32_t session)
{
    if (!waits(store) || store->pending.persistent || store->pending.session != session)
        return;
    if (end(store, false))
        log_warning("commit: its session ended before it was confirmed: the configuration before "
                    "it is back");
}

/* --- commit ---------------------------------------------------------------------------------- */

static bool is_persist_id(const struct store *store, const char *persist_id)
{
    return waits(store) && store->pending.persistent && persist_id != NULL &&
           strcmp(store->pending.persist, persist_id) == 0;
}

/* May this session go on with what waits? RFC 6241, 8.4.1. */
static bool may_confirm(const struct store *store, const struct store_access *access,
                        const char *persist_id, struct rpc_errors *errors)
{
    if (persist_id != NULL && !is_persist_id(store, persist_id))
        return refuse(errors, RPC_INVALID_VALUE,
                      "no confirmed commit of this persist-id waits for its confirmation");
    if (!waits(store) || persist_id != NULL || (access != NULL && access->recovery))
        return true;
    if (store->pending.persistent)
        return refuse(errors, RPC_INVALID_VALUE,
                      "a persistent confirmed commit waits: give its persist-id");
    if (store->pending.session != store_session(access))
        return refuse(errors, RPC_IN_USE,
                      "another session's confirmed commit waits: only that session, or root, can "
                      "confirm or cancel it");
    return true;
}

static bool is_unlocked(const struct store *store, uint32_t session, enum store_id id,
                        const char *name, struct rpc_errors *errors)
{
    uint32_t holder = store_lock_holder(store, id, NULL);

    if (holder == 0 || holder == session)
        return true;
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_IN_USE, NULL,
                        "%s is locked by session %u", name, holder);
    return false;
}

static bool is_usable(const struct store_commit *commit, struct rpc_errors *errors)
{
    if (commit->persist != NULL && strlen(commit->persist) >= STORE_PERSIST_SIZE)
        return refuse(errors, RPC_INVALID_VALUE, "the persist token is too long");
    if (commit->confirmed && commit->timeout == 0)
        return refuse(errors, RPC_INVALID_VALUE, "confirm-timeout must be at least 1 second");
    if (commit->confirmed && commit->timeout > STORE_CONFIRM_MAX) {
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_INVALID_VALUE, NULL,
                            "confirm-timeout must be at most %d seconds, which is a day",
                            STORE_CONFIRM_MAX);
        return false;
    }
    return true;
}

/* What was before the first commit of a chain is what is rolled back to. */
static void wait_for(struct store *store, uint32_t session, const struct store_commit *commit,
                     struct snapshot *before)
{
    struct store_pending *pending = &store->pending;

    if (!waits(store)) {
        pending->before = snapshot_share(before);
        pending->persistent = false;
        pending->session = session;
    }
    if (commit->persist != NULL) {
        pending->persistent = true;
        pending->session = 0;
        (void)snprintf(pending->persist, sizeof(pending->persist), "%s", commit->persist);
    }
    loop_timer_start(&pending->timer, (int64_t)commit->timeout * 1000);
}

static bool take_candidate(struct store *store, const struct store_access *access,
                           struct rpc_errors *errors)
{
    struct lyd_node *tree = NULL;

    if (store->candidate == NULL)
        return true;
    if (!store_dup(store->candidate->tree, &tree, errors) ||
        !store_take(store, access, tree, false, errors))
        return false;
    snapshot_drop(store->candidate);
    store->candidate = NULL;
    return true;
}

bool store_commit(struct store *store, const struct store_access *access,
                  const struct store_commit *commit, struct rpc_errors *errors)
{
    uint32_t session = store_session(access);

    if (!is_usable(commit, errors) ||
        !is_unlocked(store, session, STORE_RUNNING, "running", errors) ||
        !is_unlocked(store, session, STORE_CANDIDATE, "the candidate", errors) ||
        !may_confirm(store, access, commit->persist_id, errors))
        return false;
    struct snapshot *before = snapshot_share(store->running);
    bool ok = take_candidate(store, access, errors);
    if (ok && commit->confirmed && store->running == before && !waits(store))
        log_debug("commit: it changes nothing, so that nothing waits for a confirmation");
    else if (ok && commit->confirmed)
        wait_for(store, session, commit, before);
    else if (ok && waits(store))
        (void)end(store, true);
    snapshot_drop(before);
    return ok;
}

bool store_cancel_commit(struct store *store, const struct store_access *access,
                         const char *persist_id, struct rpc_errors *errors)
{
    uint32_t session = store_session(access);

    if (!waits(store) && persist_id == NULL)
        return refuse(errors, RPC_OPERATION_FAILED,
                      "no confirmed commit waits: there is nothing to "
                      "cancel");
    if (!is_unlocked(store, session, STORE_RUNNING, "running", errors) ||
        !may_confirm(store, access, persist_id, errors))
        return false;
    if (!end(store, false))
        return refuse(errors, RPC_RESOURCE_DENIED, "memory is out: it is tried again in a second");
    log_info("commit: cancelled: the configuration before it is back");
    return true;
}

bool store_discard(struct store *store, const struct store_access *access,
                   struct rpc_errors *errors)
{
    if (!store_may_change(store, store_session(access), STORE_CANDIDATE, errors))
        return false;
    snapshot_drop(store->candidate);
    store->candidate = NULL;
    return true;
}
