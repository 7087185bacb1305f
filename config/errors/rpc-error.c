/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/errors/rpc-error.h"

#include "agent/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *rpc_error_type_text(enum rpc_error_type type)
{
#define ROW(code, name) [RPC_ERROR_##code] = (name),
    static const char *const names[] = {RPC_ERROR_TYPES(ROW)};
#undef ROW

    return names[type];
}

const char *rpc_error_tag_text(enum rpc_error_tag tag)
{
#define ROW(code, name) [RPC_##code] = (name),
    static const char *const names[] = {RPC_ERROR_TAGS(ROW)};
#undef ROW

    return names[tag];
}

/* --- the set --------------------------------------------------------------------------------- */

void rpc_errors_clear(struct rpc_errors *errors)
{
    errors->count = 0;
    errors->omitted = 0;
}

struct rpc_error *rpc_error_add(struct rpc_errors *errors, enum rpc_error_type type,
                                enum rpc_error_tag tag, const char *path, const char *format, ...)
{
    static struct rpc_error thrown_away;
    char message[CONFIG_REASON_SIZE];
    struct rpc_error *error = &thrown_away;
    va_list arguments;

    if (errors->count < RPC_ERRORS_MAX)
        error = &errors->items[errors->count++];
    else
        errors->omitted++;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    *error = (struct rpc_error){.type = type, .tag = tag};
    (void)log_safe(path, path != NULL ? strlen(path) : 0, error->path, sizeof(error->path));
    (void)log_safe(message, strlen(message), error->message, sizeof(error->message));
    return error;
}

bool rpc_error_refuse(struct rpc_errors *errors, enum rpc_error_tag tag, const char *text)
{
    (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, NULL, "%s", text);
    return false;
}

void rpc_errors_from_faults(struct rpc_errors *errors, const struct config_error *faults)
{
    enum rpc_error_tag tag = RPC_OPERATION_FAILED;

    if (faults->status == CONFIG_INVALID)
        tag = RPC_INVALID_VALUE;
    else if (faults->status == CONFIG_NO_MEMORY)
        tag = RPC_RESOURCE_DENIED;
    for (size_t i = 0; i < faults->count; i++)
        (void)rpc_error_add(errors, RPC_ERROR_APPLICATION, tag, faults->faults[i].path, "%s",
                            faults->faults[i].reason);
    errors->omitted += faults->omitted;
}
