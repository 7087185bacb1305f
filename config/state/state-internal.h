/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the state tree share: making nodes without asking after each whether memory was
 * there. Only for config/state-*.c.
 */
#ifndef CONFIG_STATE_STATE_INTERNAL_H
#define CONFIG_STATE_STATE_INTERNAL_H

#include "config/schema/compat.h"
#include "config/state/state-tree.h"

#include <inttypes.h>

struct state_tree {
    struct state_tree_options options;
    struct state_observer observer;
};

enum {
    STATE_DIAGNOSES_MAX = 128,
    STATE_READINGS_MAX = 1024, /* in a page of devices, the last one's aside */
    STATE_TEXT_SIZE = 1024,
    STATE_TIME_SIZE = 32,
};

/* Once memory is out it makes nothing more. A NULL parent makes nothing. */
struct state_maker {
    bool out_of_memory;
    bool output; /* nodes are the output of an rpc */
};

struct lyd_node *make_inner(struct state_maker *m, struct lyd_node *parent, const char *name);
/* A list entry without keys, or with one or two. */
struct lyd_node *make_entry(struct state_maker *m, struct lyd_node *parent, const char *name);
struct lyd_node *make_entry_of(struct state_maker *m, struct lyd_node *parent, const char *name,
                               const char *key);
struct lyd_node *make_entry_of_two(struct state_maker *m, struct lyd_node *parent, const char *name,
                                   const char *first, const char *second);
/* A leaf or an entry of a leaf-list. What its type does not take is left out. */
void make_text(struct state_maker *m, struct lyd_node *parent, const char *name, const char *text);
/* The same, unless it is empty; made safe for XML. */
void make_some_text(struct state_maker *m, struct lyd_node *parent, const char *name,
                    const char *text);
void make_safe(struct state_maker *m, struct lyd_node *parent, const char *name, const void *text,
               size_t len);
void make_number(struct state_maker *m, struct lyd_node *parent, const char *name, uint64_t number);
void make_signed(struct state_maker *m, struct lyd_node *parent, const char *name, int64_t number);
void make_bool(struct state_maker *m, struct lyd_node *parent, const char *name, bool is);
void make_mac(struct state_maker *m, struct lyd_node *parent, const char *name,
              const struct mac *mac);
/* Milliseconds since 1970. */
void make_time(struct state_maker *m, struct lyd_node *parent, const char *name, int64_t wall);

/* A list of counters of one struct, for make_counters(). */
struct state_counter {
    const char *name;
    size_t offset; /* of a uint64_t */
};

void make_counters(struct state_maker *m, struct lyd_node *parent,
                   const struct state_counter *counters, size_t count, const void *of);

/* What an rpc was given; NULL: nothing, and number: `otherwise`. Defaults have been filled in. */
const char *input_text(const struct lyd_node *rpc, const char *name);
bool input_number(const struct lyd_node *rpc, const char *name, uint32_t *number);
bool input_mac(const struct lyd_node *rpc, const char *name, struct mac *mac);

/* The containers at the top; `root` is a new node of theirs. */
void state_fill_nmsp(struct state_tree *state, struct state_maker *m, struct lyd_node *root);
void state_fill_location(struct state_tree *state, struct state_maker *m, struct lyd_node *root);
void state_fill_radio(struct state_tree *state, struct state_maker *m, struct lyd_node *root);
void state_fill_system(struct state_tree *state, struct state_maker *m, struct lyd_node *root);

/* An rpc reads its input; then state_output() takes it away, before the first output node. */
typedef bool state_rpc(struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
                       struct rpc_errors *errors);
void state_output(struct lyd_node *rpc, struct state_maker *m);

state_rpc state_clear_statistics_rpc, state_reconnect_rpc, state_renew_certificate_rpc,
    state_live_summary_rpc;
state_rpc state_read_devices_rpc, state_read_aps_rpc;
state_rpc state_read_trace_rpc, state_clear_trace_rpc;

/* state-nmsp.c, for notifications too. */
void make_diagnosis(struct state_maker *m, struct lyd_node *node, const struct diagnosis *d);
void make_peer_name(struct state_maker *m, struct lyd_node *node, bool inbound, const char *host,
                    uint16_t port, const char *address);

/* state-events.c: begins and ends observing. */
void state_events_init(struct state_tree *state);
void state_events_fini(struct state_tree *state);

#endif
