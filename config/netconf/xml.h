/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message as a tree of elements without any meaning, and what is looked at before a parser is let
 * near it.
 *
 * The tree is one of libyang's opaque nodes, so that there is one parser of XML in the program. It
 * serves where the schema does not help: hello, the attributes of <rpc>, filters, and to find out
 * what is wrong with an rpc that libyang refuses.
 */
#ifndef CONFIG_NETCONF_XML_H
#define CONFIG_NETCONF_XML_H

#include <stdbool.h>
#include <stddef.h>

struct ly_ctx;
struct lyd_node;

enum {
    XML_DEPTH_MAX = 64,
    XML_ATTRIBUTES_MAX = 64,
    XML_ELEMENTS_MAX = 16384,
    XML_CHILDREN_MAX = 4096
};

#define XML_NETCONF "urn:ietf:params:xml:ns:netconf:base:1.0"

/*
 * May it be parsed? No deeper than XML_DEPTH_MAX, no more attributes to an element than
 * XML_ATTRIBUTES_MAX, no document type (RFC 6241, 3), no NUL: parsers recurse and search namespaces
 * in a row. At most XML_ELEMENTS_MAX elements, XML_CHILDREN_MAX in one: for each element that
 * stands twice, libyang walks along all that came before. What else XML demands is left to the
 * parser. Not: a reason, in English.
 */
bool xml_check(const char *text, size_t len, const char **reason);

/* A schema without any meaning, which xml_parse() needs: in one that knows names, what stands deep
 * in a message would be taken for data. NULL: memory is out. Freed by ly_ctx_destroy(). */
struct ly_ctx *xml_schema(void);
/* NULL: it is not well-formed. The text is followed by a NUL. Freed by lyd_free_all(). */
struct lyd_node *xml_parse(struct ly_ctx *schema, const char *text);

/* Of elements of such a tree. */
const char *xml_name(const struct lyd_node *node);
const char *xml_namespace(const struct lyd_node *node); /* "" if there is none */
const char *xml_value(const struct lyd_node *node);     /* its text, "" if there is none */
bool xml_is(const struct lyd_node *node, const char *space, const char *name);
const struct lyd_node *xml_child(const struct lyd_node *node, const char *space, const char *name);
/* An attribute without a namespace, or NULL. */
const char *xml_attribute(const struct lyd_node *node, const char *name);

/* A text without the blanks around it: where it begins; its length goes to *len. */
const char *xml_trim(const char *text, size_t *len);

#endif
