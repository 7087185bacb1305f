/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a valid data tree to the plain structs that the agent runs with, and the checks that YANG
 * cannot express: two spellings of one MAC or address, what this build is not capable of.
 */
#ifndef CONFIG_SETTINGS_APPLY_H
#define CONFIG_SETTINGS_APPLY_H

#include "agent/settings.h"
#include "config/errors/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct lyd_node;

/* What the build can do. All false: the least. */
struct config_capabilities {
    bool legacy_cipher; /* the TLS library has RSA key transport and TLS 1.0 */
};

/*
 * The tree holds all defaults. New settings, or NULL with every fault found in *error. Lists are
 * sorted by their keys (servers by host and port, users by MAC, others by name): their order in the
 * tree means nothing.
 */
struct settings *apply_settings(const struct lyd_node *tree,
                                const struct config_capabilities *capabilities,
                                struct config_error *error);

/*
 * Leaves that are accepted and kept, but that no part of this version acts on: schema paths, ended
 * by NULL. What else is not acted on, because of the value of another leaf, stands in the settings
 * only (`kept`).
 */
extern const char *const apply_kept[];

#endif
