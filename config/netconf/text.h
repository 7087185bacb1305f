/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML as it is written: a buffer that grows up to a limit. What is beyond the limit is dropped and
 * the text is `full` from then on, so that a writer writes on and is asked once, at the end.
 */
#ifndef CONFIG_NETCONF_TEXT_H
#define CONFIG_NETCONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lyd_node;

struct text {
    char *bytes; /* of malloc(), NULL if there are none */
    size_t len;
    size_t size;
    size_t limit;
    bool full; /* over the limit, or memory is out */
};

void text_fini(struct text *text);
void text_add(struct text *text, const void *bytes, size_t len);
/* As it is; for what we know to be XML. */
void text_put(struct text *text, const char *xml);
/* With the characters escaped that XML has a meaning for; > as well, so that the end-of-message
 * marker cannot come about. */
void text_escape(struct text *text, const char *content);
/* The same for the value of an attribute, whose line breaks are to stay. */
void text_attribute(struct text *text, const char *value);
/* <name>content</name>, escaped; nothing if the content is empty. */
void text_element(struct text *text, const char *name, const char *content);
/* A data tree (with its siblings) as XML; options of lyd_print_*(). */
void text_tree(struct text *text, const struct lyd_node *tree, bool siblings, uint32_t options);
/* The time in ms since 1970 as a date-and-time of RFC 6991. */
enum { TEXT_TIME_SIZE = 40 };
const char *text_time(int64_t wall, char buf[TEXT_TIME_SIZE]);

#endif
