/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the state tree, for state-tree.c and the report: what each module of ours fills in,
 * and its rpcs.
 */
#ifndef CONFIG_STATE_STATE_PARTS_H
#define CONFIG_STATE_STATE_PARTS_H

#include "config/state/state-make.h"
#include "config/state/state-tree.h"

enum {
    STATE_DIAGNOSES_MAX = 128,
    STATE_READINGS_MAX = 1024, /* in a page of devices, the last one's aside */
};

struct state_tree {
    struct state_tree_options options;
    struct registry_observer observer;
};

/* The containers at the top; `root` is a new node of theirs. */
typedef void state_fill(const struct state_tree *state, struct state_maker *m,
                        struct lyd_node *root);
state_fill state_fill_nmsp, state_fill_location, state_fill_radio, state_fill_system;

/* An rpc reads its input; then make_output() takes it away, before the first output node. */
typedef bool state_rpc(const struct state_tree *state, struct lyd_node *rpc, struct state_maker *m,
                       struct rpc_errors *errors);
state_rpc state_clear_statistics_rpc, state_reconnect_rpc, state_renew_certificate_rpc,
    state_live_summary_rpc;
state_rpc state_read_devices_rpc, state_read_aps_rpc, state_read_access_points_rpc;
state_rpc state_read_trace_rpc, state_clear_trace_rpc;

/* Of enum radio_band; as FIELD_NAMED() wants them. */
extern const char *const state_band_names[];

/* state-nmsp.c, for notifications too. */
void make_diagnosis(struct state_maker *m, struct lyd_node *node, const struct diagnosis *d);
void make_services(struct state_maker *m, struct lyd_node *node, uint64_t services);
void make_session_counters(struct state_maker *m, struct lyd_node *peer,
                           const struct session_counters *c);
void make_peer_name(struct state_maker *m, struct lyd_node *node, bool inbound, const char *host,
                    uint16_t port, const char *address);

/* state-events.c: begins and ends observing. */
void state_events_init(struct state_tree *state);
void state_events_fini(struct state_tree *state);

#endif
