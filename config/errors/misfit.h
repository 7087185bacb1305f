/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What does not fit the schema: libyang's own errors name neither the tag of RFC 6241 nor the
 * element, so elements are walked along the schema until the first that does not fit.
 *
 * The elements are opaque nodes: all those of a message of xml_parse(), or what libyang did not
 * understand in data. There is no other walk along both.
 */
#ifndef CONFIG_ERRORS_MISFIT_H
#define CONFIG_ERRORS_MISFIT_H

#include "config/errors/rpc-error.h"

#include <stdbool.h>

struct lyd_node;
struct lysc_node;

/* Where an element stands. All zero but the schema: above all of them. */
struct misfit_place {
    struct ly_ctx *schema;
    bool is_data; /* of a datastore: its errors have paths; else parameters of an operation */
    bool is_lost; /* not known, or in something that is not */
    const struct lysc_node *parent;
    const struct lysc_node *node; /* what the element is; NULL: not known */
    bool has_keys;                /* in its path: where nobody has to doubt them */
    char path[CONFIG_PATH_SIZE];  /* of the element as far as it is known */
};

/* From where the parent stands to where the element does. */
void misfit_enter(struct misfit_place *place, const struct lyd_node *element);

/* True: that is enough. */
typedef bool misfit_visit(const struct misfit_place *place, const struct lyd_node *element,
                          void *context);

/* Visits the element and all that is in it, but not what an anyxml holds; true if a visit was
 * enough. */
bool misfit_walk(const struct misfit_place *parent, const struct lyd_node *element,
                 misfit_visit *visit, void *context);
/* The same without the element. */
bool misfit_walk_below(const struct misfit_place *place, const struct lyd_node *element,
                       misfit_visit *visit, void *context);

/* The first that is unknown, no configuration, given twice, without a key, or no value of its type:
 * true with its error. */
bool misfit_find(const struct misfit_place *parent, const struct lyd_node *element,
                 struct rpc_errors *errors);

/* An error about the element. */
struct rpc_error *misfit_blame(const struct misfit_place *place, const struct lyd_node *element,
                               struct rpc_errors *errors, enum rpc_error_tag tag,
                               const char *message);

#endif
