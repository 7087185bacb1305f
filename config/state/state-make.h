/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making nodes of the state tree without asking after each whether memory was there; and of whole
 * structs by tables, a row for each leaf.
 */
#ifndef CONFIG_STATE_STATE_MAKE_H
#define CONFIG_STATE_STATE_MAKE_H

#include "agent/base/counter.h"
#include "agent/base/mac.h"
#include "config/schema/compat.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATE_TEXT_SIZE = 1024 };

/* Once memory is out it makes nothing more. A NULL parent makes nothing. */
struct state_maker {
    bool out_of_memory;
    bool output; /* nodes are the output of an rpc */
};

struct lyd_node *make_inner(struct state_maker *m, struct lyd_node *parent, const char *name);
/* A list entry; NULL where the list has no key, or no second one. */
struct lyd_node *make_entry(struct state_maker *m, struct lyd_node *parent, const char *name,
                            const char *first, const char *second);
/* A leaf or an entry of a leaf-list. What its type does not take is left out. */
void make_text(struct state_maker *m, struct lyd_node *parent, const char *name, const char *text);
/* The same, unless it is empty; made safe for XML. */
void make_some(struct state_maker *m, struct lyd_node *parent, const char *name, const char *text);
void make_safe(struct state_maker *m, struct lyd_node *parent, const char *name, const void *text,
               size_t len);
void make_number(struct state_maker *m, struct lyd_node *parent, const char *name, uint64_t number);
void make_mac(struct state_maker *m, struct lyd_node *parent, const char *name,
              const struct mac *mac);

/* --- tables ---------------------------------------------------------------------------------- */

enum field_kind {
    FIELD_NUMBER, /* unsigned, of any size */
    FIELD_SOME,   /* the same; 0 is not told */
    FIELD_SIGNED, /* int8_t */
    FIELD_DB,     /* the same; RADIO_DB_UNKNOWN is not told */
    FIELD_BOOL,
    FIELD_TEXT, /* an array of char; made safe, and not told if it is empty */
    FIELD_MAC,
    FIELD_NAME,    /* uint8_t; by its name */
    FIELD_MS,      /* int64_t; below 0 is not told, as in the next two */
    FIELD_SECONDS, /* of ms */
    FIELD_TIME,    /* of ms since 1970 */
};

/* A table of these ends with a name of NULL. */
struct state_field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    size_t size;
    const char *const *names; /* FIELD_NAME: up to NULL; all beyond are "unknown" */
};

#define FIELD(kind, type, member, name) FIELD_NAMED(kind, type, member, name, NULL)
#define FIELD_NAMED(kind, type, member, name, names)                                         \
    {                                                                                        \
        name, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), names \
    }
#define FIELD_END                      \
    {                                  \
        NULL, FIELD_NUMBER, 0, 0, NULL \
    }

void make_fields(struct state_maker *m, struct lyd_node *parent, const struct state_field *fields,
                 const void *of);
void make_counters(struct state_maker *m, struct lyd_node *parent, const struct counter *counters,
                   const void *of);

/* --- rpcs ------------------------------------------------------------------------------------ */

/* What an rpc was given; NULL or false: nothing. Defaults have been filled in. */
const char *input_text(const struct lyd_node *rpc, const char *name);
bool input_number(const struct lyd_node *rpc, const char *name, uint32_t *number);
bool input_mac(const struct lyd_node *rpc, const char *name, struct mac *mac);
/* Takes the input away; what is made from now on is output. */
void make_output(struct lyd_node *rpc, struct state_maker *m);

#endif
