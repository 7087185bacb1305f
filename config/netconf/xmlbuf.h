/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML as it is written: a buffer that grows up to a limit. What is beyond the limit is dropped and
 * the text is `full` from then on, so that a writer writes on and is asked once, at the end.
 */
#ifndef CONFIG_NETCONF_XMLBUF_H
#define CONFIG_NETCONF_XMLBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xmlbuf {
    char *bytes; /* of malloc(), NULL if there are none */
    size_t len;
    size_t size;
    size_t limit;
    bool full; /* over the limit, or memory is out */
};

void xmlbuf_fini(struct xmlbuf *text);
void xmlbuf_add(struct xmlbuf *text, const void *bytes, size_t len);
/* As it is; for what we know to be XML. */
void xmlbuf_put(struct xmlbuf *text, const char *xml);
/* With the characters escaped that XML has a meaning for; > as well, so that the end-of-message
 * marker cannot come about. */
void xmlbuf_escape(struct xmlbuf *text, const char *content);
/* The same for the value of an attribute, whose line breaks are to stay. */
void xmlbuf_attribute(struct xmlbuf *text, const char *value);
/* Within a tag: what a prefix stands for, or having none (NULL). */
void xmlbuf_namespace(struct xmlbuf *text, const char *prefix, const char *space);
void xmlbuf_end(struct xmlbuf *text, const char *name); /* </name> */
/* <name>content</name>, escaped; nothing if the content is empty. */
void xmlbuf_element(struct xmlbuf *text, const char *name, const char *content);
void xmlbuf_number(struct xmlbuf *text, const char *name, uint32_t number);
/* The time in ms since 1970 as a date-and-time of RFC 6991. */
enum { XMLBUF_TIME_SIZE = 40 };
const char *xmlbuf_time(int64_t wall, char buf[XMLBUF_TIME_SIZE]);

#endif
