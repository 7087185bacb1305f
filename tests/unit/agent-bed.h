/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bed for tests of the agent as a whole: a virtual clock, radios of paper, location servers on
 * real sockets (far-end.h), and the log.
 */
#ifndef TESTS_UNIT_AGENT_BED_H
#define TESTS_UNIT_AGENT_BED_H

#include "agent/agent.h"
#include "agent/state.h"
#include "tests/unit/far-end.h"
#include "tests/unit/session-bed.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENDS_MAX = 4, LINES_MAX = 400 };

struct scene {
    struct bed *bed;
    struct agent *agent;
    char state_dir[96];
    struct radio_operations radio;
    bool has_base_mac;
    struct mac base_mac;
    enum diagnosis_ntp (*ntp)(void);      /* NULL: nobody knows */
    const struct settings_radios *radios; /* as configured last */

    int listener; /* of the server that the agent dials */
    uint16_t port;
    uint16_t listen_port; /* of the agent */
    struct far_end *ends[ENDS_MAX];
    size_t end_count;
    bool stopped;
    char log[LINES_MAX][512];
    size_t lines;
};

/* How many lines of the log have this part. */
size_t scene_said(const char *part);

/* Both servers are users, nobody is dialled, nothing listens; and the same with more. */
struct settings *scene_base_settings(void);
void scene_add_server(struct settings *settings, const char *host, uint16_t port);
struct settings *scene_with_server(const struct scene *s);
struct settings *scene_with_listener(const struct scene *s, struct settings *settings);

/* Set-up and tear-down of each test. */
int scene_set_up(void **state);
int scene_tear_down(void **state);

/* Takes the settings over; scene_start() puts the agent into the scene. */
struct agent *scene_make_agent(struct scene *s, struct settings *settings);
void scene_start(struct scene *s, struct settings *settings);

/* What the agent tells of its peers. */
struct peer_status scene_peer_at(const struct scene *s, size_t place);
size_t scene_peer_count(const struct scene *s);
size_t scene_active_count(const struct scene *s);

/* Turns the loop and all far ends until the condition holds; the condition gets the scene. */
void scene_run_until(struct scene *s, bool (*holds)(void *context));
bool scene_last_end_is_closed(void *context);
bool scene_first_end_is_closed(void *context);
bool scene_one_is_active(void *context);
bool scene_two_are_active(void *context);
bool scene_none_is_active(void *context);

/* A far end on a connected socket; one that takes the agent's call; one that comes in. */
struct far_end *scene_add_end(struct scene *s, int fd, enum tls_role role, unsigned identity);
struct far_end *scene_take_call(struct scene *s, unsigned identity);
struct far_end *scene_come_in(struct scene *s, unsigned identity);
/* Waits for the Capability of the end that came last, and answers it. */
void scene_activate(struct scene *s, struct far_end *end);
/* One turn without time passing. */
void scene_turn(struct scene *s);

#endif
