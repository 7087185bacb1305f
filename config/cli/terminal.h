/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyboard and the screen: reads lines as an IOS box does. One reader serves people and
 * programs: what is typed at the end of a line is echoed as it is, once, and nothing is redrawn, so
 * that a program finds its own words; only keys that no program sends (arrows, control keys in the
 * middle of a line) move the cursor. No capabilities of the terminal are asked for. (Libraries that
 * edit lines redraw them, and would need a second reader for programs and a terminal database on
 * small routers; what they would spare is less than half of this file.)
 *
 * The terminal is taken over for the whole session: what is typed ahead of a prompt is echoed
 * behind it. CR, LF and CR LF are one Enter each. A signal that ends the program gives the terminal
 * back first.
 */
#ifndef CONFIG_CLI_TERMINAL_H
#define CONFIG_CLI_TERMINAL_H

#include "config/cli/shell.h"

struct terminal;

/* NULL: standard input is no terminal. */
struct terminal *terminal_open(struct shell *shell);
/* Gives the terminal back as it was. */
void terminal_close(struct terminal *terminal);
/* Reads and does lines until the session is left. */
void terminal_run(struct terminal *terminal);

#endif
