/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a configuration was refused: where, and what to do about it.
 *
 * Paths are instance paths of the data (RFC 7950, 6.4), such as
 * /nmspd-aaa:aaa/attribute-list[name='NMSP']/password; empty where the fault is in the text itself.
 * A reason is written to stand after the path. Both are safe to print whatever the file held.
 */
#ifndef CONFIG_ERRORS_FAULT_H
#define CONFIG_ERRORS_FAULT_H

#include <stddef.h>

enum {
    CONFIG_FAULTS_MAX = 8,
    CONFIG_PATH_SIZE = 512,
    CONFIG_REASON_SIZE = 512,
    CONFIG_TEXT_SIZE = CONFIG_PATH_SIZE + CONFIG_REASON_SIZE + 32,
};

enum config_status {
    CONFIG_OK,
    CONFIG_NOT_FOUND, /* there is no such file: whether that matters is for the caller to say */
    CONFIG_UNREADABLE,
    CONFIG_INVALID,
    CONFIG_NO_MEMORY
};

struct config_fault {
    unsigned line; /* of the file, 0: not known */
    char path[CONFIG_PATH_SIZE];
    char reason[CONFIG_REASON_SIZE];
};

struct config_error {
    enum config_status status;
    size_t count;   /* of faults; at least one if status is not CONFIG_OK */
    size_t omitted; /* further ones that found no room */
    struct config_fault faults[CONFIG_FAULTS_MAX];
};

/* Back to CONFIG_OK and no fault. */
void config_error_clear(struct config_error *error);

/*
 * Adds a fault; the same path and reason only once. The status stays what the first one made it. A
 * NULL path is an empty one.
 */
void config_error_add(struct config_error *error, enum config_status status, unsigned line,
                      const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* "line 3: /path: reason", as far as they are known. */
const char *config_fault_text(const struct config_fault *fault, char *buf, size_t size);

#endif
