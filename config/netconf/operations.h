/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of NETCONF: those that read, those that change datastores, locks and sessions, and
 * <create-subscription>. What they mean is in config/datastore/store.h. Each is called when its
 * user may, and its parameters are valid.
 */
#ifndef CONFIG_NETCONF_OPERATIONS_H
#define CONFIG_NETCONF_OPERATIONS_H

#include "config/netconf/request.h"

typedef enum request_outcome operation(struct request *request);

operation operation_get;
operation operation_get_config;
operation operation_get_schema;
operation operation_edit_config;
operation operation_copy_config;
operation operation_delete_config;
operation operation_validate;
operation operation_commit;
operation operation_cancel_commit;
operation operation_discard_changes;
operation operation_lock;
operation operation_unlock;
operation operation_close_session;
operation operation_kill_session;
operation operation_create_subscription;

/* The datastore of <source> or <target>; the schema has seen to it that there is one, or <config>.
 */
enum store_id operation_datastore(const struct lyd_node *op, const char *parameter);
/* A copy without what the user may not read; false with an error if memory is out. */
bool operation_readable(struct request *request, const struct lyd_node *tree,
                        struct lyd_node **copy);
/* What is to be printed, as <with-defaults> asks. False with an error. */
bool operation_with_defaults(struct request *request, uint32_t *options);

#endif
