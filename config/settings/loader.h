/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration, as main.c sees it: from a file to settings, or to the reasons why not.
 *
 * A configuration is taken whole or refused whole. Nothing here keeps a tree: each load makes new
 * settings, which belong to the caller and outlive the struct config.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "agent/settings.h"
#include "config/errors/fault.h"
#include "config/settings/apply.h"

#include <stddef.h>

struct config;

/* The schema, ready for use; NULL if it cannot be had (the log says why). NULL capabilities: none.
 */
struct config *config_new(const struct config_capabilities *capabilities);
/* May be freed between two loads to give its memory back. NULL is allowed. */
void config_free(struct config *config);

/*
 * The settings of a file, for settings_free(); or NULL with *error filled. What is set but not
 * acted on by this version is logged, once in the life of the struct config. Nothing else is
 * logged.
 */
struct settings *config_load(struct config *config, const char *path, struct config_error *error);

/* The same from memory. A NUL must follow the text; len does not count it. */
struct settings *config_parse(struct config *config, const char *text, size_t len,
                              struct config_error *error);

#endif
