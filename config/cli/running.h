/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration as commands: what the table says the other way round. What it writes can be
 * given back line by line.
 */
#ifndef CONFIG_CLI_RUNNING_H
#define CONFIG_CLI_RUNNING_H

#include "config/cli/tree.h"

/*
 * Each line of `data` (of <get-config>) in the order of IOS, without the end of line. With `all`,
 * data has its defaults as well, and what is switched off is written with no.
 */
void running_write(const struct tree *data, bool all, void (*line)(void *context, const char *text),
                   void *context);

#endif
