/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the show commands have in common: texts of 80 columns, MACs and times as IOS writes them.
 */
#ifndef CONFIG_CLI_SHOW_H
#define CONFIG_CLI_SHOW_H

#include "config/cli/actions.h"
#include "config/cli/shell.h"

enum { SHOW_TEXT_SIZE = 64, SHOW_ADDRESS_SIZE = 64 };

/* A text behind a heading, broken at blanks; the further lines stand below its beginning. */
void show_wrapped(struct shell *shell, const char *heading, const char *text);
/* 0050.569c.3489; what is no MAC stays as it is. */
const char *show_mac(const char *mac, char buf[static SHOW_TEXT_SIZE]);
/* 1 day, 2 hours, 3 minutes */
const char *show_span(uint64_t seconds, char buf[static SHOW_TEXT_SIZE]);
/* A peer's IP address without port and zone; NULL: it is not known. */
const char *show_address(const struct tree *peer, char buf[static SHOW_ADDRESS_SIZE]);
/* nmsp-state, or a part of it; NULL: it failed, and that was said. */
const struct tree *show_nmsp_state(struct shell *shell, const char *part, struct answer *answer);
/* The configuration of a module with all defaults. */
bool show_config(struct shell *shell, const char *filter, struct answer *answer);

/* Calls for each element of a name in all pages of an rpc that reads in pages, or in so many.
 * `input`: what it is given besides the page. False: it failed, and that was said. */
enum { SHOW_ALL_PAGES = 0 };
bool show_pages(struct shell *shell, unsigned pages, const char *rpc, const char *module,
                const char *input, const char *element,
                void (*each)(struct shell *shell, const struct tree *one, void *context),
                void *context);

#endif
