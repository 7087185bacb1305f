/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds the locks of the datastores (RFC 6241, 7.5).
 */
#ifndef CONFIG_DATASTORE_LOCKS_H
#define CONFIG_DATASTORE_LOCKS_H

#include "config/datastore/terms.h"

/* All zero: nobody holds any. */
struct locks {
    struct {
        uint32_t session; /* 0: it is free */
        int64_t since;
    } of[STORES];
};

/* False with an in-use if another session holds it. */
bool locks_permit(const struct locks *locks, uint32_t session, enum store_id id,
                  struct rpc_errors *errors);
/* False with a lock-denied if somebody holds it. */
bool locks_take(struct locks *locks, uint32_t session, enum store_id id, int64_t wall,
                struct rpc_errors *errors);
/* The same for other reasons. `session`: who is in the way, 0: none of NETCONF. */
bool locks_deny(struct rpc_errors *errors, uint32_t session, const char *text);
/* False with an error if this session does not hold it. */
bool locks_give_back(struct locks *locks, uint32_t session, enum store_id id,
                     struct rpc_errors *errors);

#endif
