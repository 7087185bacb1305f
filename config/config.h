/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operator sees, as main.c sees it: the configuration file, the datastores behind it, and
 * the management socket.
 *
 * Everything that is refused, and why, stands in the log when these return. One process has one
 * struct config; it outlives the agent.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "agent/base/loop.h"
#include "agent/settings.h"
#include "config/settings/apply.h"

#include <stdbool.h>

struct agent;
struct config;

/* The strings outlive the config. */
struct config_options {
    struct loop *loop;
    const char *path; /* of the startup file */
    struct config_capabilities capabilities;
    /* Running became others: the settings are the callee's. Never called by config_open(). */
    void (*apply)(void *context, struct settings *settings);
    void *context;
};

/* Looks at a file only. False with the reasons in the log. */
bool config_check(const char *path, const struct config_capabilities *capabilities);

/*
 * Reads the startup file. One that is not taken is no end: the last good configuration runs, or an
 * empty one, and it can be mended meanwhile. NULL if memory is out.
 */
struct config *config_open(const struct config_options *options);
/* A save that is under way is given up: the file is the old one or the new one. NULL is allowed. */
void config_close(struct config *config);

/* What runs, for the start of the agent; the caller's. NULL if memory is out. */
struct settings *config_settings(struct config *config);

/* Opens the management socket to this group, with the agent's state behind it. The agent does its
 * work without it, too: failures are in the log only. */
void config_open_door(struct config *config, struct agent *agent, const char *path,
                      const char *group);
/* Ends its sessions; before the agent goes. */
void config_close_door(struct config *config);

/* Reads the startup file again (SIGHUP). One that is refused changes nothing. */
void config_reload(struct config *config);

/* Writes the state into the log (SIGUSR1). */
void config_report(const struct config *config, struct agent *agent);

#endif
