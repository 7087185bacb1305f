/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/errors/fault.h"

#include "agent/base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void config_error_clear(struct config_error *error)
{
    error->status = CONFIG_OK;
    error->count = 0;
    error->omitted = 0;
}

static bool told_before(const struct config_error *error, const struct config_fault *fault)
{
    for (size_t i = 0; i < error->count; i++)
        if (strcmp(error->faults[i].path, fault->path) == 0 &&
            strcmp(error->faults[i].reason, fault->reason) == 0)
            return true;
    return false;
}

void config_error_add(struct config_error *error, enum config_status status, unsigned line,
                      const char *path, const char *format, ...)
{
    char reason[CONFIG_REASON_SIZE];
    va_list arguments;

    if (error->status == CONFIG_OK)
        error->status = status;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);

    struct config_fault fault = {.line = line};
    (void)log_safe(path, path != NULL ? strlen(path) : 0, fault.path, sizeof(fault.path));
    (void)log_safe(reason, strlen(reason), fault.reason, sizeof(fault.reason));
    if (told_before(error, &fault))
        return;
    if (error->count < CONFIG_FAULTS_MAX)
        error->faults[error->count++] = fault;
    else
        error->omitted++;
}

const char *config_fault_text(const struct config_fault *fault, char *buf, size_t size)
{
    char place[32] = "";

    if (fault->line > 0)
        (void)snprintf(place, sizeof(place), "line %u: ", fault->line);
    (void)snprintf(buf, size, "%s%s%s%s", place, fault->path, fault->path[0] != '\0' ? ": " : "",
                   fault->reason);
    return buf;
}
