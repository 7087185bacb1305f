/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message as a tree of elements, before it has any meaning.
 *
 * The tree is one of libyang's opaque nodes, so that there is one parser of XML in the program. It
 * serves where the schema does not help: hello, the attributes of <rpc>, filters, and to find out
 * what is wrong with an rpc that libyang refuses.
 */
#ifndef CONFIG_NETCONF_XML_H
#define CONFIG_NETCONF_XML_H

#include "config/netconf/xml-clean.h"

struct ly_ctx;
struct lyd_node;

/* A schema without any meaning, which xml_parse() needs: in one that knows names, what stands deep
 * in a message would be taken for data. NULL: memory is out. Freed by ly_ctx_destroy(). */
struct ly_ctx *xml_schema(void);
/* NULL: it is not well-formed. The text is followed by a NUL. Freed by lyd_free_all(). */
struct lyd_node *xml_parse(struct ly_ctx *schema, const char *text);

/* The outermost element alone, with its attributes, of a message that is gone afterwards; NULL: it
 * cannot be read. */
struct lyd_node *xml_root(struct ly_ctx *schema, struct xml_message *message);

/* Of elements of such a tree. */
const char *xml_name(const struct lyd_node *node);
const char *xml_namespace(const struct lyd_node *node); /* "" if there is none */
const char *xml_value(const struct lyd_node *node);     /* its text, "" if there is none */
bool xml_is(const struct lyd_node *node, const char *space, const char *name);
const struct lyd_node *xml_child(const struct lyd_node *node, const char *space, const char *name);
/* An attribute without a namespace, or NULL. */
const char *xml_attribute(const struct lyd_node *node, const char *name);
/* The same for one of a <filter>, which some clients put into NETCONF's namespace. */
const char *xml_filter_attribute(const struct lyd_node *node, const char *name);

/* A text without the blanks around it: where it begins; its length goes to *len. */
const char *xml_trim(const char *text, size_t *len);

#endif
