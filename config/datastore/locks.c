/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/datastore/locks.h"

static const char *const names[STORES] = {
    [STORE_RUNNING] = "running", [STORE_CANDIDATE] = "candidate", [STORE_STARTUP] = "startup"};

bool locks_permit(const struct locks *locks, uint32_t session, enum store_id id,
                  struct rpc_errors *errors)
{
    uint32_t holder = locks->of[id].session;

    if (holder == 0 || holder == session)
        return true;
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_IN_USE, NULL,
                        "%s is locked by session %u", names[id], holder);
    return false;
}

bool locks_deny(struct rpc_errors *errors, uint32_t session, const char *text)
{
    struct rpc_error *error =
        rpc_error_add(errors, RPC_ERROR_PROTOCOL, RPC_LOCK_DENIED, NULL, "%s", text);

    error->has_session = true;
    error->session = session;
    return false;
}

bool locks_take(struct locks *locks, uint32_t session, enum store_id id, int64_t wall,
                struct rpc_errors *errors)
{
    uint32_t holder = locks->of[id].session;

    if (holder != 0)
        return locks_deny(errors, holder,
                          holder == session ? "this session holds the lock already"
                                            : "another session holds the lock");
    locks->of[id].session = session;
    locks->of[id].since = wall;
    return true;
}

bool locks_give_back(struct locks *locks, uint32_t session, enum store_id id,
                     struct rpc_errors *errors)
{
    uint32_t holder = locks->of[id].session;

    if (holder == 0)
        return rpc_error_refuse(errors, RPC_OPERATION_FAILED, "it is not locked");
    if (holder != session) {
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, RPC_OPERATION_FAILED, NULL,
                            "%s is locked by session %u, and only that one can unlock it",
                            names[id], holder);
        return false;
    }
    locks->of[id].session = 0;
    return true;
}
