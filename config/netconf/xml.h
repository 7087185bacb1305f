/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message before it has any meaning: written anew so that a parser can be let near it, and as a
 * tree of elements.
 *
 * The tree is one of libyang's opaque nodes, so that there is one parser of XML in the program. It
 * serves where the schema does not help: hello, the attributes of <rpc>, filters, and to find out
 * what is wrong with an rpc that libyang refuses.
 */
#ifndef CONFIG_NETCONF_XML_H
#define CONFIG_NETCONF_XML_H

#include "config/netconf/xmlbuf.h"

#include <stdbool.h>
#include <stddef.h>

struct ly_ctx;
struct lyd_node;

enum {
    XML_DEPTH_MAX = 64,
    XML_ATTRIBUTES_MAX = 64,
    XML_ELEMENTS_MAX = 16384,
    XML_CHILDREN_MAX = 4096,
    XML_PATH_MAX = 2500, /* of an attribute, and of what is in a <path> */
    XML_PATHS_MAX = 32 * 1024
};

#define XML_NETCONF "urn:ietf:params:xml:ns:netconf:base:1.0"

enum xml_fault {
    XML_FINE,
    XML_MALFORMED, /* not XML, or with a document type (RFC 6241, 3) */
    XML_MIXED,     /* text beside elements, which no data of YANG has */
    XML_TOO_BIG,   /* over one of the bounds above */
    XML_NO_MEMORY
};

struct xml_message {
    struct xmlbuf text; /* if it is fine: all of it, with a NUL */
    size_t root;        /* how much of that is the first tag, without its end; 0: it was not read */
    unsigned elements;  /* so many were seen */
    bool attributes;    /* others than the outermost have some */
    bool action;        /* <action> stands in the outermost */
    const char *reason; /* in English */
    enum xml_fault fault;
    char element[128]; /* XML_MIXED: which */
};

/*
 * A message as a client wrote it, as libyang gets it. libyang knows a part of XML, recurses,
 * searches namespaces in a row, walks along all that came before for each element that stands
 * twice, and takes it for granted that none follows text.
 *
 * Left out: a byte order mark, comments, processing instructions, blanks between elements and
 * around parameters, xml:lang and the like. Written out: CDATA, line ends (XML 1.0, 2.11 and
 * 3.3.3), and the namespace that a client left out where it can be one only: <rpc> and <hello> are
 * NETCONF's, a parameter is its operation's. What has none in a <filter> or <config> has none.
 * Checked: all that a parser could trip over but names, prefixes, and characters.
 *
 * False: a reason. Freed by xml_message_fini() in any case.
 */
bool xml_clean(const char *text, size_t len, struct xml_message *message);
void xml_message_fini(struct xml_message *message);

/* Is there no XPath in it over which libyang could stand? No attribute and no <path> is longer than
 * XML_PATH_MAX bytes, and those that are not quite short are not more than XML_PATHS_MAX together.
 */
bool xml_paths_are_short(const char *text, size_t len);

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
