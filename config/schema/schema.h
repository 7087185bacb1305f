/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a configuration may say: the YANG modules, embedded in the program and compiled by libyang.
 *
 * No YANG folder is needed at run time. libyang's own log is caught: nothing of it reaches standard
 * error, and what it says about data is fetched with explain_errors().
 */
#ifndef CONFIG_SCHEMA_SCHEMA_H
#define CONFIG_SCHEMA_SCHEMA_H

#include <stddef.h>

struct ly_ctx;

/* An embedded module. The tables are generated at build time, sorted by name. */
struct schema_module {
    const char *name;
    const char *revision;
    const char *text;
};

extern const struct schema_module schema_modules[]; /* our own */
extern const size_t schema_module_count;
extern const struct schema_module schema_standard_modules[]; /* of NETCONF */
extern const size_t schema_standard_module_count;

/* The text of an embedded module; NULL revision: any. NULL: it is not one (libyang has some of its
 * own). */
const struct schema_module *schema_find(const char *name, const char *revision);

/*
 * All embedded modules, implemented; free it with schema_free(). NULL: memory is out, or this
 * libyang refuses a module; the log says which.
 */
struct ly_ctx *schema_new(void);
/* Every data tree of this schema must be gone. NULL is allowed. */
void schema_free(struct ly_ctx *schema);

#endif
