/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why an operation of the management door failed: the fields of an <rpc-error> (RFC 6241, 4.3 and
 * appendix A; RFC 7950, 15), as plain data. config/netconf/ writes them as XML, the log as text.
 *
 * A set is bounded: further errors are counted and dropped. Texts are safe to print whatever the
 * client sent. Paths are instance identifiers in libyang's notation, with module names as prefixes
 * (/nmspd-aaa:aaa/attribute-list[name='NMSP']/password); empty: not about a node.
 */
#ifndef CONFIG_ERRORS_RPC_ERROR_H
#define CONFIG_ERRORS_RPC_ERROR_H

#include "config/errors/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ly_ctx;

enum rpc_error_type {
    RPC_ERROR_TRANSPORT,
    RPC_ERROR_RPC,
    RPC_ERROR_PROTOCOL,
    RPC_ERROR_APPLICATION
};

/* In the order of RFC 6241, appendix A. */
enum rpc_error_tag {
    RPC_IN_USE,
    RPC_INVALID_VALUE,
    RPC_TOO_BIG,
    RPC_MISSING_ATTRIBUTE,
    RPC_BAD_ATTRIBUTE,
    RPC_UNKNOWN_ATTRIBUTE,
    RPC_MISSING_ELEMENT,
    RPC_BAD_ELEMENT,
    RPC_UNKNOWN_ELEMENT,
    RPC_UNKNOWN_NAMESPACE,
    RPC_ACCESS_DENIED,
    RPC_LOCK_DENIED,
    RPC_RESOURCE_DENIED,
    RPC_ROLLBACK_FAILED,
    RPC_DATA_EXISTS,
    RPC_DATA_MISSING,
    RPC_OPERATION_NOT_SUPPORTED,
    RPC_OPERATION_FAILED,
    RPC_MALFORMED_MESSAGE
};

enum { RPC_ERRORS_MAX = 8, RPC_NAME_SIZE = 128 };

struct rpc_error {
    enum rpc_error_type type;
    enum rpc_error_tag tag;
    const char *app_tag;               /* static text, or NULL */
    char path[CONFIG_PATH_SIZE];       /* error-path */
    char message[CONFIG_REASON_SIZE];  /* error-message: what is wrong and what to do */
    char bad_attribute[RPC_NAME_SIZE]; /* error-info, as the tag asks; empty: none */
    char bad_element[RPC_NAME_SIZE];
    char bad_namespace[RPC_NAME_SIZE];
    bool has_session;
    uint32_t session; /* lock-denied: who holds it; 0: not a NETCONF session */
};

struct rpc_errors {
    size_t count;
    size_t omitted;
    struct rpc_error items[RPC_ERRORS_MAX];
};

void rpc_errors_clear(struct rpc_errors *errors);

/* Adds one and gives it, so that more fields can be set; never NULL: when the set is full it gives
 * a place that is thrown away. A NULL path is an empty one. */
struct rpc_error *rpc_error_add(struct rpc_errors *errors, enum rpc_error_type type,
                                enum rpc_error_tag tag, const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* What libyang holds against data, with the tags and app-tags of RFC 7950 15 (data-not-unique,
 * must-violation, missing-choice, too-few-elements, ...); at least one. */
struct lyd_node;
void rpc_errors_from_libyang(struct rpc_errors *errors, const struct ly_ctx *schema,
                             const struct lyd_node *tree);
/* What apply_settings() found: each fault an operation-failed or invalid-value with its path. */
void rpc_errors_from_faults(struct rpc_errors *errors, const struct config_error *faults);

const char *rpc_error_type_text(enum rpc_error_type type);
const char *rpc_error_tag_text(enum rpc_error_tag tag);

#endif
