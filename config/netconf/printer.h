/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data trees as XML. libyang's own printer formats and allocates for each piece, which is most of
 * what a <get-config> costs, and knows only whole trees; this one writes straight into the buffer,
 * and leaves out what is not to be seen. What stands there is the same.
 */
#ifndef CONFIG_NETCONF_PRINTER_H
#define CONFIG_NETCONF_PRINTER_H

#include "config/netconf/xmlbuf.h"

struct lyd_node;
struct lys_module;

struct printer {
    struct xmlbuf *out;
    uint32_t options; /* LYD_PRINT_WD_* */
    /* Asked from the top down: what is in a node that is not seen is not asked for. NULL: all is
     * seen. */
    bool (*is_seen)(void *context, const struct lyd_node *node);
    void *context;
};

/* A node with what is in it. `around`: the module whose namespace holds where it stands, or NULL.
 */
void printer_node(const struct printer *printer, const struct lyd_node *node,
                  const struct lys_module *around);
/* A whole tree: the node and those behind it. NULL is allowed. */
void printer_tree(const struct printer *printer, const struct lyd_node *first);

/* The same by hand, for a container or list entry in which only a part is told: its begin, and
 * behind what is in it its end. `inside`: the length of the buffer between the two. */
void printer_begin(const struct printer *printer, const struct lyd_node *node,
                   const struct lys_module *around);
void printer_end(const struct printer *printer, const struct lyd_node *node, size_t inside);

bool printer_sees(const struct printer *printer, const struct lyd_node *node);

#endif
