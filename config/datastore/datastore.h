/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as data: read from a file, parsed strictly, validated against the schema.
 *
 * The file is JSON (RFC 7951). What the schema does not know is refused, not ignored.
 */
#ifndef CONFIG_DATASTORE_DATASTORE_H
#define CONFIG_DATASTORE_DATASTORE_H

#include "config/errors/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct ly_ctx;
struct lyd_node;

#define DATASTORE_FILE_MAX ((size_t)4 * 1024 * 1024) /* bytes */

/*
 * The whole file, followed by a NUL that *len does not count; free() it. NULL with *error set: not
 * found, not a regular file, larger than DATASTORE_FILE_MAX, or what the system says.
 */
char *datastore_read(const char *path, size_t *len, struct config_error *error);

/*
 * A valid tree with all its defaults, which the caller frees with datastore_free(); or NULL with
 * *error set. `text` is followed by a NUL that len does not count.
 */
struct lyd_node *datastore_parse(struct ly_ctx *schema, const char *text, size_t len,
                                 struct config_error *error);

/* NULL is allowed. */
void datastore_free(struct lyd_node *tree);

#endif
