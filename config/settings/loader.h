/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file to settings, or to the reasons why not: what --check does, and tests and benchmarks.
 *
 * A configuration is taken whole or refused whole. Nothing here keeps a tree: each load makes new
 * settings, which belong to the caller and outlive the struct loader.
 */
#ifndef CONFIG_SETTINGS_LOADER_H
#define CONFIG_SETTINGS_LOADER_H

#include "agent/settings.h"
#include "config/errors/fault.h"
#include "config/settings/apply.h"

#include <stddef.h>

struct loader;

/* The schema, ready for use; NULL if it cannot be had (the log says why). NULL capabilities: none.
 */
struct loader *loader_new(const struct config_capabilities *capabilities);
/* May be freed between two loads to give its memory back. NULL is allowed. */
void loader_free(struct loader *loader);

/*
 * The settings of a file, for settings_free(); or NULL with *error filled. What is set but not
 * acted on by this version is logged, once in the life of the struct loader. Nothing else is
 * logged.
 */
struct settings *loader_file(struct loader *loader, const char *path, struct config_error *error);

/* The same from memory. A NUL must follow the text; len does not count it. */
struct settings *loader_text(struct loader *loader, const char *text, size_t len,
                             struct config_error *error);

#endif
