/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration commands become one edit of the data model. Lines are gathered in a tree: a later
 * line takes back what an earlier one said of the same thing, as if each had been done by itself.
 */
#ifndef CONFIG_CLI_EDIT_H
#define CONFIG_CLI_EDIT_H

#include "config/cli/client.h"
#include "config/cli/parse.h"

struct edit;

struct edit *edit_new(void);
void edit_free(struct edit *edit);
bool edit_is_empty(const struct edit *edit);

/* Must the running configuration be known to say what this line means? */
bool edit_needs_running(const struct command_line *line);
/*
 * Adds a line. `context`: the key of the block that it stands in, or NULL. `running`: the <data> of
 * it, if it is needed. `number`: of the line, for edit_line_at(). False with a sentence in `why`.
 */
bool edit_add(struct edit *edit, const struct command_line *line, const char *context,
              const struct tree *running, unsigned number, char *why, size_t size);

/* The content of <config>. */
void edit_write(const struct edit *edit, struct buffer *out);
/* Which line an error-path is about; 0: not known. */
unsigned edit_line_at(const struct edit *edit, const char *path);

#endif
