/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands print: through a pipe (| include ...), into pages on a terminal, and so worded that
 * no program takes it for a failure. Programs that drive such boxes search all that comes back for
 * words like `connection timed out`; what was not an error must not hold them.
 */
#ifndef CONFIG_CLI_OUT_H
#define CONFIG_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct out;

/* `fd`: where it goes. */
struct out *out_new(int fd);
void out_free(struct out *out);

/* Pages of so many lines, the last for ` --More-- `; 0: none. `key` waits for a key and gives it,
 * or -1 when nobody is there any more. */
void out_set_pages(struct out *out, unsigned lines, int (*key)(void *context), void *context);

/* Before a command. `kind`: include, exclude, begin, section, count, or NULL. False: the regular
 * expression is none, and nothing was begun. */
bool out_begin(struct out *out, const char *kind, const char *pattern);
/* After it. */
void out_end(struct out *out);
/* A line; what is written for programs or to be given back (verbatim) is not reworded. */
void out_line(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_text(struct out *out, const char *line);
void out_verbatim(struct out *out, const char *line);
/* From now on lines are not written at all. */
void out_set_mute(struct out *out, bool mute);
/* From now on the last half of each MAC is written as x: for what is shown to others. */
void out_set_mask(struct out *out, bool mask);
/* Nobody wants to see the rest: the reader of a long table may stop. */
bool out_is_over(const struct out *out);
/* As it is, at once: prompts, echoes, errors. */
void out_raw(struct out *out, const char *text, size_t len);
void out_flush(struct out *out);

enum { OUT_QUOTED_SIZE = 512 };
/* What came from outside (a name, an SSID): as it is if it is a plain word, else in quotes with
 * everything escaped that could make it look like something else. */
const char *out_quoted(const char *text, char buf[static OUT_QUOTED_SIZE]);
/* The words that programs search for, in any text, replaced; in place of `text` of `size`. */
void out_reword(char *text, size_t size);

#endif
