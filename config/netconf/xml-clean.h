/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message as a client wrote it, written anew as libyang gets it, so that a parser can be let near
 * it. libyang knows a part of XML, recurses, searches namespaces in a row, walks along all that
 * came before for each element that stands twice, and takes it for granted that none follows text.
 *
 * Left out: a byte order mark, comments, processing instructions, blanks between elements and
 * around parameters, xml:lang and the like. Written out: CDATA, line ends (XML 1.0, 2.11 and
 * 3.3.3), and the namespace that a client left out where it can be one only: <rpc> and <hello> are
 * NETCONF's, a parameter is its operation's. What has none in a <filter> or <config> has none.
 * Checked: all that a parser could trip over but names, prefixes, and characters.
 *
 * Bounded, too, is what libyang reads as XPath while it parses, before anybody could ask what it is
 * or whose: the attribute select, the paths of rules (ietf-netconf-acm), and what libyang has of
 * its own (ietf-yang-schema-mount). For each operator of a row it walks along all that came before,
 * so that 60 KB of "-" take 3 s. Therefore attributes, and what is in such an element, must be
 * short, and few in all.
 */
#ifndef CONFIG_NETCONF_XML_CLEAN_H
#define CONFIG_NETCONF_XML_CLEAN_H

#include "config/netconf/xmlbuf.h"

#include <stdbool.h>
#include <stddef.h>

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
    bool long_paths;    /* what libyang reads as XPath is over XML_PATH_MAX or XML_PATHS_MAX */
    const char *reason; /* in English */
    enum xml_fault fault;
    char element[128]; /* XML_MIXED: which */
};

/* False: a reason. Freed by xml_message_fini() in any case. */
bool xml_clean(const char *text, size_t len, struct xml_message *message);
void xml_message_fini(struct xml_message *message);

#endif
