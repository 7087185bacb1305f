/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between libyang 2.1 and 3.x: the record of an error, and whose names in a value have
 * no prefix.
 *
 * 2.x says where in prose ("Data location "/a:b", line number 3."), 3.x in fields. Everything else
 * that config/ calls has one signature in both.
 */
#ifndef CONFIG_SCHEMA_COMPAT_H
#define CONFIG_SCHEMA_COMPAT_H

#include "agent/base/number.h"

#include <libyang/libyang.h>
#include <libyang/version.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where libyang can go on after the first fault, it is asked to. */
#ifdef LYD_VALIDATE_MULTI_ERROR
#define COMPAT_VALIDATE_ALL_FAULTS LYD_VALIDATE_MULTI_ERROR
#else
#define COMPAT_VALIDATE_ALL_FAULTS 0
#endif

#if LY_VERSION_MAJOR >= 3

/* The path of the data, else of the schema, else nothing; and the line, 0 if it is not known. */
static inline void compat_error_place(const struct ly_err_item *item, char *path, size_t size,
                                      unsigned *line)
{
    const char *found = item->data_path != NULL ? item->data_path : item->schema_path;
    (void)snprintf(path, size, "%s", found != NULL ? found : "");
    *line = (unsigned)item->line;
}

static inline LY_ERR compat_error_code(const struct ly_err_item *item)
{
    return item->err;
}

static inline void compat_tell_places(bool on)
{
    (void)on;
}

/* What stands in the set of modules for the prefixes of a value: first that of its node, whose
 * names have none; false if memory is out. */
enum { COMPAT_FIRST_PREFIX = 1 };
static inline bool compat_prefixes_of(const struct lyd_node *node, struct ly_set *modules)
{
    return ly_set_add(modules, node->schema->module, 1, NULL) == LY_SUCCESS;
}

/* Has it attributes that are to be printed? 3.x keeps its index of a sorted list among them. */
static inline bool compat_has_attributes(const struct lyd_node *node)
{
    const struct lyd_meta *meta = node->meta;

    while (meta != NULL && !lyd_metadata_should_print(meta))
        meta = meta->next;
    return meta != NULL;
}

#else

static inline void compat_error_place(const struct ly_err_item *item, char *path, size_t size,
                                      unsigned *line)
{
    const char *prose = item->path != NULL ? item->path : "";
    const char *first = strchr(prose, '"');
    const char *last = strrchr(prose, '"');
    const char *number = strstr(last != NULL ? last : prose, "ine number ");
    size_t len = first != last ? (size_t)(last - first - 1) : 0;

    (void)snprintf(path, size, "%.*s", (int)len, len > 0 ? first + 1 : "");
    uint64_t found = 0;
    if (number != NULL) {
        struct cursor text = cursor_of(number, strlen(number));
        cursor_skip(&text, sizeof("ine number ") - 1);
        (void)number_take(&text, UINT32_MAX, &found);
    }
    *line = (unsigned)found;
}

static inline LY_ERR compat_error_code(const struct ly_err_item *item)
{
    return item->no;
}

/* Do errors say where? For content of an anyxml, 2.x takes the path of nodes that are not connected
 * yet, and with assertions ends the program for it. */
static inline void compat_tell_places(bool on)
{
    ly_set_log_clb(NULL, on ? 1 : 0);
}

static inline bool compat_has_attributes(const struct lyd_node *node)
{
    return node->meta != NULL;
}

enum { COMPAT_FIRST_PREFIX = 0 };
static inline bool compat_prefixes_of(const struct lyd_node *node, struct ly_set *modules)
{
    (void)node;
    (void)modules;
    return true;
}

#endif

#endif
