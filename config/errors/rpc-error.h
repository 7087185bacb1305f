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

/* X(NAME, name): the types, and the tags in the order of RFC 6241, appendix A. */
#define RPC_ERROR_TYPES(X)    \
    X(TRANSPORT, "transport") \
    X(RPC, "rpc")             \
    X(PROTOCOL, "protocol")   \
    X(APPLICATION, "application")

#define RPC_ERROR_TAGS(X)                                 \
    X(IN_USE, "in-use")                                   \
    X(INVALID_VALUE, "invalid-value")                     \
    X(TOO_BIG, "too-big")                                 \
    X(MISSING_ATTRIBUTE, "missing-attribute")             \
    X(BAD_ATTRIBUTE, "bad-attribute")                     \
    X(UNKNOWN_ATTRIBUTE, "unknown-attribute")             \
    X(MISSING_ELEMENT, "missing-element")                 \
    X(BAD_ELEMENT, "bad-element")                         \
    X(UNKNOWN_ELEMENT, "unknown-element")                 \
    X(UNKNOWN_NAMESPACE, "unknown-namespace")             \
    X(ACCESS_DENIED, "access-denied")                     \
    X(LOCK_DENIED, "lock-denied")                         \
    X(RESOURCE_DENIED, "resource-denied")                 \
    X(ROLLBACK_FAILED, "rollback-failed")                 \
    X(DATA_EXISTS, "data-exists")                         \
    X(DATA_MISSING, "data-missing")                       \
    X(OPERATION_NOT_SUPPORTED, "operation-not-supported") \
    X(OPERATION_FAILED, "operation-failed")               \
    X(MALFORMED_MESSAGE, "malformed-message")

enum rpc_error_type {
#define RPC_TYPE(code, name) RPC_ERROR_##code,
    RPC_ERROR_TYPES(RPC_TYPE)
#undef RPC_TYPE
};

enum rpc_error_tag {
#define RPC_TAG(code, name) RPC_##code,
    RPC_ERROR_TAGS(RPC_TAG)
#undef RPC_TAG
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

/* The same for an error of an application that is about no node; gives false. */
bool rpc_error_refuse(struct rpc_errors *errors, enum rpc_error_tag tag, const char *text);

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
